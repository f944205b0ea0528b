//! The JSON Schema of cluster files, for editors that check by one, and a cluster file as the JSON that it is about.
//!
//! Records and maps become objects, a word alone a text, a record with a word before it an object with that word as its only key:
//! `Standard(resource: "Disk Q:")` is `{"Standard": {"resource": "Disk Q:"}}`. What is `Some(…)` is what is in it.

use serde_json::{Map, Value, json};

use super::fields::{self, FILE_FIELDS, FILE_RECORDS, FieldKind, FileField};
use super::reader;
use super::tree::{Node, Tree};
use crate::source::Spanned;

/// The schema, as it is shipped in `docs/cluster.schema.json`.
pub fn cluster_file_schema() -> String {
    let records: Map<String, Value> = FILE_RECORDS
        .iter()
        .map(|record| (key(record), record_schema(record)))
        .collect();
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A cluster file of Quorate",
        "description": "For the JSON that a cluster file in RON stands for: a record is an object, a word alone a text, a record with \
            a word before it an object with that word as its only key.",
        "$ref": reference(fields::CLUSTER),
        "$defs": records,
    });
    format!("{schema:#}\n")
}

/// The JSON that a cluster file's text stands for; `None` if it is not RON.
pub fn cluster_file_as_json(text: &str) -> Option<Value> {
    reader::read(text).ok().map(|node| as_json(&node))
}

fn as_json(node: &Node) -> Value {
    let object = |fields: &[(Spanned<String>, Node)]| -> Value {
        let fields = fields.iter();
        fields
            .map(|(name, value)| (name.value.clone(), as_json(value)))
            .collect::<Map<_, _>>()
            .into()
    };
    let named = |name: &Option<Spanned<String>>, value: Value| match name {
        None => value,
        Some(name) => json!({ name.value.clone(): value }),
    };
    match &node.value {
        Tree::Unit => Value::Null,
        Tree::Bool(value) => json!(value),
        Tree::Integer(value) => i64::try_from(*value).map_or(Value::Null, Value::from),
        Tree::Float(value) => json!(value),
        Tree::Text(text) => json!(text),
        Tree::Char(character) => json!(character),
        Tree::Word(word) if word == "None" => Value::Null,
        Tree::Word(word) => json!(word),
        Tree::List(items) => items.iter().map(as_json).collect(),
        Tree::Map(pairs) => {
            let pairs = pairs.iter().map(|(name, value)| {
                let name = match as_json(name) {
                    Value::String(name) => name,
                    other => other.to_string(),
                };
                (name, as_json(value))
            });
            pairs.collect::<Map<_, _>>().into()
        }
        Tree::Struct { name, fields } => named(name, object(fields)),
        Tree::Tuple { name, items } => match (name, items.as_slice()) {
            (Some(name), [item]) if name.value == "Some" => as_json(item),
            (name, items) => named(name, items.iter().map(as_json).collect()),
        },
    }
}

/// What a record is called among the definitions: `a storage group` is `storage group`.
fn key(record: &str) -> String {
    let bare = record.strip_prefix("a ").or(record.strip_prefix("an "));
    bare.unwrap_or(record).to_owned()
}

fn reference(record: &str) -> Value {
    // A space must not stand in a reference.
    json!(format!("#/$defs/{}", key(record).replace(' ', "%20")))
}

fn record_schema(record: &str) -> Value {
    let own = || FILE_FIELDS.iter().filter(|field| field.record == record);
    let properties: Map<String, Value> = own()
        .map(|field| (field.name.to_owned(), field_schema(field)))
        .collect();
    let required: Vec<&str> = own()
        .filter(|field| field.required)
        .map(|field| field.name)
        .collect();
    let mut schema = json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn field_schema(field: &FileField) -> Value {
    let mut schema = kind_schema(field.kind);
    schema["description"] = json!(field.text);
    schema
}

fn kind_schema(kind: FieldKind) -> Value {
    let by_name = |each: Value| json!({ "type": "object", "additionalProperties": each });
    let list = |each: Value| json!({ "type": "array", "items": each });
    let text = || json!({ "type": "string" });
    let settings = || by_name(json!({ "type": ["string", "integer", "boolean", "array"] }));
    let record = |name| json!({ "$ref": reference(name) });
    match kind {
        FieldKind::Text => text(),
        FieldKind::Flag => json!({ "type": "boolean" }),
        FieldKind::Whole(from, to) => {
            json!({ "type": "integer", "minimum": from, "maximum": to })
        }
        FieldKind::Word(words) => json!({ "enum": words() }),
        FieldKind::Texts => list(text()),
        FieldKind::Quorum => json!({
            "oneOf": [
                { "enum": ["MajorityNodeSet", "Local"] },
                form("Standard", fields::STANDARD),
                form("MajorityNodeSet", fields::MAJORITY),
            ],
        }),
        FieldKind::Settings => settings(),
        FieldKind::SettingsByResource => by_name(settings()),
        FieldKind::TextsByName => by_name(text()),
        FieldKind::NumbersByName => by_name(json!({ "type": "integer", "minimum": 0 })),
        FieldKind::RecordsByName(name) => by_name(record(name)),
        FieldKind::Records(name) => list(record(name)),
        FieldKind::RecordsOrTexts(name) => list(json!({ "anyOf": [text(), record(name)] })),
    }
}

/// A word with a record behind it.
fn form(word: &str, name: &str) -> Value {
    json!({
        "type": "object",
        "properties": { word: { "$ref": reference(name) } },
        "required": [word],
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_that_is_shipped_is_what_the_reader_takes() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../docs/cluster.schema.json"
        );
        let text = cluster_file_schema();
        #[expect(
            clippy::disallowed_methods,
            reason = "whoever runs the tests asks for it so"
        )]
        if std::env::var_os("QUORATE_WRITE_DOCS").is_some() {
            std::fs::write(path, &text).unwrap();
        }
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            kept == text,
            "docs/cluster.schema.json is not what the code says: QUORATE_WRITE_DOCS=1 writes it anew"
        );
    }

    #[test]
    fn every_record_is_defined_and_every_reference_leads_to_one() {
        let schema: Value = serde_json::from_str(&cluster_file_schema()).unwrap();
        let defined = schema["$defs"].as_object().unwrap();
        assert_eq!(defined.len(), FILE_RECORDS.len());
        for record in FILE_RECORDS {
            let fields = defined[&key(record)]["properties"].as_object().unwrap();
            assert_eq!(fields.len(), fields::names(record).len(), "{record}");
        }
        let text = schema.to_string();
        let mut found = 0;
        for rest in text.split("#/$defs/").skip(1) {
            let name = rest.split('"').next().unwrap().replace("%20", " ");
            assert!(defined.contains_key(&name), "{name}");
            found += 1;
        }
        assert!(found >= 10, "{found}");
    }

    #[test]
    fn a_cluster_file_is_json_in_other_letters() {
        let text = r#"(
            name: "C", quorum: Standard(resource: "Q"), windows: Enterprise, start: Some("x"), address: None,
            nodes: [(name: "A", n: 3, f: 1.5, up: true)], service_start_ms: { "T": 5 }, odd: Pair(1, 2), none: (),
        )"#;
        let expected = json!({
            "name": "C", "quorum": { "Standard": { "resource": "Q" } }, "windows": "Enterprise", "start": "x",
            "address": null, "nodes": [{ "name": "A", "n": 3, "f": 1.5, "up": true }],
            "service_start_ms": { "T": 5 }, "odd": { "Pair": [1, 2] }, "none": null,
        });
        assert_eq!(cluster_file_as_json(text), Some(expected));
        assert_eq!(cluster_file_as_json("(name: "), None);
    }
}
