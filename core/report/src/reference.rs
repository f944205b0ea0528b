//! What a journal file holds, for people and for programs: `docs/journal.md` and `docs/journal.schema.json`. Both are made
//! from the types that journals are written from.

use std::fmt::Write as _;

use quorate_journal::{
    EventField, EventKind, Header, HeaderGroup, HeaderResource, Holds, JOURNAL_SCHEMA, PartField,
    event_kinds,
};
use serde_json::{Map, Value, json};

/// The fields of every event: name, whether it is left out where there is nothing to say, what it holds, what it is.
const COMMON: [(&str, bool, Kind, &str); 5] = [
    (
        "t",
        false,
        Kind::Count,
        "When, in microseconds since the cluster was switched on, or since a live node's clock began.",
    ),
    (
        "n",
        false,
        Kind::Count,
        "Its place in this journal, from 0, without gaps.",
    ),
    (
        "node",
        true,
        Kind::Text,
        "The node it happened on or to; left out where it concerns no single node.",
    ),
    (
        "because",
        true,
        Kind::Count,
        "The `n` of the event that caused it, which comes before it; left out where a chain of causes begins, and where the \
         cause is not known.",
    ),
    ("kind", false, Kind::Text, "Its kind: one of those below."),
];

/// What a field of a header, or of every event, holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Count,
    Integer,
    Flag,
    Texts,
    Hours,
    Groups,
    Resources,
}

impl Kind {
    /// What the field of this name in a header holds.
    fn of(field: &str) -> Kind {
        match field {
            "seed" => Kind::Count,
            "civil_start_ms" => Kind::Integer,
            "groups" => Kind::Groups,
            "resources" => Kind::Resources,
            "virtual_server" | "failback" => Kind::Flag,
            "failback_window" => Kind::Hours,
            "nodes"
            | "depends_on"
            | "preferred_owners"
            | "possible_owners"
            | "exclusive_class_names"
            | "anti_affinity_class_names" => Kind::Texts,
            _ => Kind::Text,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Kind::Text => "a text",
            Kind::Count | Kind::Integer => "a number",
            Kind::Flag => "true or false",
            Kind::Texts => "a list of texts",
            Kind::Hours => "two numbers from 0 to 23",
            Kind::Groups => "a list of groups",
            Kind::Resources => "a list of resources",
        }
    }

    fn schema(self) -> Value {
        match self {
            Kind::Text => json!({"type": "string"}),
            Kind::Count => json!({"type": "integer", "minimum": 0}),
            Kind::Integer => json!({"type": "integer"}),
            Kind::Flag => json!({"type": "boolean"}),
            Kind::Texts => json!({"type": "array", "items": {"type": "string"}}),
            Kind::Hours => json!({
                "type": "array", "minItems": 2, "maxItems": 2,
                "items": {"type": "integer", "minimum": 0, "maximum": 23}
            }),
            Kind::Groups => json!({"type": "array", "items": {"$ref": "#/$defs/group"}}),
            Kind::Resources => json!({"type": "array", "items": {"$ref": "#/$defs/resource"}}),
        }
    }
}

/// The page about journals, as Markdown.
pub fn journal_reference() -> String {
    let mut out = INTRODUCTION.replace("SCHEMA", JOURNAL_SCHEMA);
    let parts = [
        ("The header", HEADER, Header::fields()),
        ("A group in the header", GROUP, HeaderGroup::fields()),
        (
            "A resource in the header",
            RESOURCE,
            HeaderResource::fields(),
        ),
    ];
    for (title, text, fields) in parts {
        let _ = write!(out, "\n## {title}\n\n{text}\n{TABLE}");
        for field in fields {
            let kind = Kind::of(&field.name).words();
            row(&mut out, &field.name, kind, field.optional, &field.text);
        }
    }
    let _ = write!(out, "\n## Every event\n\n{EVENT}\n{TABLE}");
    for (name, optional, kind, text) in COMMON {
        row(&mut out, name, kind.words(), optional, text);
    }
    out.push_str(KINDS);
    for kind in event_kinds() {
        let _ = write!(out, "\n### {}\n\n{}\n", kind.name, kind.text);
        if kind.fields.is_empty() {
            continue;
        }
        let _ = write!(out, "\n{TABLE}");
        for field in &kind.fields {
            row(
                &mut out,
                field.name,
                &holds(field),
                field.optional,
                &field.text,
            );
        }
    }
    out
}

const TABLE: &str = "| field | holds | what it is |\n| --- | --- | --- |\n";

const INTRODUCTION: &str = "\
# Journals

What happened in a run, one event after the other. `quorate drill --journal FILE` writes one for each drill, and a live node
keeps one of its own. Everything that `quorate report` and `quorate explain` say is made from journals and from nothing else.
This page is generated from the code, and so is the JSON Schema of a line, [journal.schema.json](journal.schema.json). What
scripts find of events is on the [page of events](events.md).

## The file

A journal is a file of JSON lines, in UTF-8: one object a line, and a line break after each. A line with a `schema` is a header,
and a journal begins there; every other line is an event of the journal that began last. Several journals may follow one
another in one file. Equal seeds, scripts and plugins give equal bytes.

A file may end in the middle of a line: whoever wrote it was ended, or still writes. What stands before that line is whole.
`quorate report` warns, and reports it.

## Versions, and what a reader may rely on

The header's `schema` is the name and version of the format, `SCHEMA`. The number goes up when a reader of the old
format would misread the new one; `quorate report` and `quorate explain` refuse any other than their own, and say so. Within a
version

- no field changes what it means, and none that is not marked \"or nothing\" is ever missing,
- fields and kinds of events may be added: pass over what you do not know,
- events stand in the order in which they happened; `t` never goes back, and `n` counts them without gaps,
- a `because` is the `n` of an earlier event of the same journal,
- a name is always spelt as it is defined in the cluster, though the cluster does not mind case.

What is not promised: that the same drill writes the same events in another version of Quorate, and the wording of fields
that hold a text. Rely on kinds, names, words and numbers.
";

const HEADER: &str = "The first line of each journal. What is marked \"or nothing\" is left out where there is nothing to say.\n";

const GROUP: &str = "A group as the journal begins. What changes later, such as a resource that is added, is told by events.\n";

const RESOURCE: &str = "A resource as the journal begins.\n";

const EVENT: &str = "Besides the fields of its kind, an event has these.\n";

const KINDS: &str = "
## Kinds

What an event tells is its kind and the fields of that kind. A node tells what it did and decided, and what it knew; the rest,
such as `power` or `service-level`, is what happened in the world around the nodes, whatever they knew. A live node's journal
has only the former.
";

fn row(out: &mut String, name: &str, holds: &str, optional: bool, text: &str) {
    let optional = if optional { ", or nothing" } else { "" };
    let _ = writeln!(out, "| `{name}` | {holds}{optional} | {text} |");
}

/// What a field of an event holds, in words.
fn holds(field: &EventField) -> String {
    match field.holds {
        Holds::Flag => "true or false".to_owned(),
        Holds::Number => "a number".to_owned(),
        Holds::Text => "a text".to_owned(),
        Holds::Texts => "a list of texts".to_owned(),
        Holds::Fields => "an object".to_owned(),
        Holds::Word(words) => {
            let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
            words.join(", ")
        }
        Holds::Name => "a name".to_owned(),
        Holds::Names => "a list of names".to_owned(),
    }
}

fn holds_schema(field: &EventField) -> Value {
    match field.holds {
        Holds::Flag => json!({"type": "boolean"}),
        Holds::Number => json!({"type": "integer", "minimum": 0}),
        Holds::Text | Holds::Name => json!({"type": "string"}),
        Holds::Texts | Holds::Names => json!({"type": "array", "items": {"type": "string"}}),
        Holds::Fields => json!({"type": "object"}),
        Holds::Word(words) => json!({"enum": words}),
    }
}

/// The JSON Schema of a line of a journal, as text that ends in a line break.
pub fn journal_schema() -> String {
    let kinds: Vec<&str> = event_kinds().iter().map(|it| it.name.as_str()).collect();
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for (name, optional, kind, text) in COMMON {
        let schema = match name {
            "kind" => json!({"enum": kinds}),
            _ => kind.schema(),
        };
        properties.insert(name.to_owned(), described(schema, text));
        if !optional {
            required.push(name);
        }
    }
    let each: Vec<Value> = event_kinds()
        .iter()
        .map(|kind| {
            json!({
                "if": {"properties": {"kind": {"const": kind.name}}},
                "then": {"$ref": format!("#/$defs/{}", kind.name)},
            })
        })
        .collect();
    let mut defs = Map::new();
    let mut header = part("The first line of a journal.", &Header::fields());
    header["properties"]["schema"]["const"] = JOURNAL_SCHEMA.into();
    defs.insert("header".to_owned(), header);
    let group = part("A group as the journal begins.", &HeaderGroup::fields());
    defs.insert("group".to_owned(), group);
    let resource = part(
        "A resource as the journal begins.",
        &HeaderResource::fields(),
    );
    defs.insert("resource".to_owned(), resource);
    let event = json!({
        "description": "An event.",
        "type": "object",
        "required": required,
        "properties": properties,
        "allOf": each,
    });
    defs.insert("event".to_owned(), event);
    for kind in event_kinds() {
        defs.insert(kind.name.clone(), kind_schema(kind));
    }
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": JOURNAL_SCHEMA,
        "description": "A line of a journal of Quorate: a header, or an event of the journal that began last.",
        "type": "object",
        "if": {"required": ["schema"]},
        "then": {"$ref": "#/$defs/header"},
        "else": {"$ref": "#/$defs/event"},
        "$defs": defs,
    });
    let text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    format!("{text}\n")
}

fn kind_schema(kind: &EventKind) -> Value {
    let mut properties = Map::new();
    for field in &kind.fields {
        let schema = described(holds_schema(field), &field.text);
        properties.insert(field.name.to_owned(), schema);
    }
    let required = kind.fields.iter().filter(|it| !it.optional);
    let required: Vec<&str> = required.map(|it| it.name).collect();
    json!({"description": kind.text, "required": required, "properties": properties})
}

fn part(text: &str, fields: &[PartField]) -> Value {
    let mut properties = Map::new();
    for field in fields {
        let schema = described(Kind::of(&field.name).schema(), &field.text);
        properties.insert(field.name.clone(), schema);
    }
    let required = fields.iter().filter(|it| !it.optional);
    let required: Vec<&str> = required.map(|it| it.name.as_str()).collect();
    json!({"description": text, "type": "object", "required": required, "properties": properties})
}

fn described(mut schema: Value, text: &str) -> Value {
    schema["description"] = text.into();
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The file of the docs, which `QUORATE_WRITE_DOCS=1` writes anew.
    fn holds_to(file: &str, text: &str) {
        let path = format!("{}/../../docs/{file}", env!("CARGO_MANIFEST_DIR"));
        #[expect(
            clippy::disallowed_methods,
            reason = "whoever runs the tests asks for it so"
        )]
        if std::env::var_os("QUORATE_WRITE_DOCS").is_some() {
            std::fs::write(&path, text).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            kept == text,
            "docs/{file} is not what the code says: QUORATE_WRITE_DOCS=1 writes it anew"
        );
    }

    #[test]
    fn the_page_of_journals_is_what_the_code_says() {
        holds_to("journal.md", &journal_reference());
    }

    #[test]
    fn the_schema_of_journals_is_what_the_code_says() {
        holds_to("journal.schema.json", &journal_schema());
    }

    #[test]
    fn every_field_that_is_written_is_described() {
        let resource = HeaderResource {
            name: "EVS1 Disk E:".into(),
            kind: "Physical Disk".into(),
            depends_on: vec!["x".into()],
            possible_owners: vec!["NODE1".into()],
        };
        let group = HeaderGroup {
            virtual_server: true,
            preferred_owners: vec!["NODE1".into()],
            exclusive_class_names: vec!["x".to_owned()],
            anti_affinity_class_names: vec!["x".to_owned()],
            failback: true,
            failback_window: Some((1, 5)),
            resources: vec![resource.clone()],
            ..HeaderGroup::named("EVS1".into())
        };
        let header = Header {
            schema: JOURNAL_SCHEMA.to_owned(),
            seed: 7,
            cluster: "C".into(),
            civil_start_ms: -1,
            nodes: vec!["NODE1".into()],
            groups: vec![group.clone()],
        };
        let written = |value: Value| {
            let fields = value.as_object().unwrap().clone();
            fields.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        let told = |fields: Vec<PartField>| {
            let mut names: Vec<String> = fields.into_iter().map(|it| it.name).collect();
            names.sort_unstable();
            names
        };
        let mut all = written(json!(header));
        all.sort_unstable();
        assert_eq!(all, told(Header::fields()));
        let mut all = written(json!(group));
        all.sort_unstable();
        assert_eq!(all, told(HeaderGroup::fields()));
        let mut all = written(json!(resource));
        all.sort_unstable();
        assert_eq!(all, told(HeaderResource::fields()));
    }

    #[test]
    fn the_fields_of_every_event_are_those_that_are_written() {
        let entry = quorate_journal::Entry::new(
            quorate_model::Time(3),
            4,
            Some("NODE1".into()),
            quorate_journal::Event::Forming,
        );
        let entry = json!(entry.because(Some(1)));
        let written: Vec<&String> = entry.as_object().unwrap().keys().collect();
        let mut told: Vec<&str> = COMMON.iter().map(|it| it.0).collect();
        told.sort_unstable();
        let mut written: Vec<&str> = written.iter().map(|it| it.as_str()).collect();
        written.sort_unstable();
        assert_eq!(written, told);
    }
}
