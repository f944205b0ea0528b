//! Completion: what may stand at a place.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use quorate_drill::{Noun, kinds};
use quorate_model::{
    CLUSTER_PROPERTIES, FieldKind, GROUP_PROPERTIES, PropertyDescriptor, RESOURCE_PROPERTIES,
    rules, types,
};
use quorate_script::WordDoc;
use quorate_script::editing;
use serde_json::{Value, json};

use super::cluster::{ClusterText, noun_of};
use super::drill::{Meaning, Script};
use super::language::Language;
use super::names::{Names, beside};
use super::text::Text;
use super::tokens::Kind;
use super::workspace::Workspace;

/// Kinds of completions, by the protocol's numbers.
const METHOD: u8 = 2;
const FUNCTION: u8 = 3;
const FIELD: u8 = 5;
const VARIABLE: u8 = 6;
const PROPERTY: u8 = 10;
const VALUE: u8 = 12;
const KEYWORD: u8 = 14;
const FILE: u8 = 17;

/// One completion, and what it takes the place of.
struct Item {
    label: String,
    kind: u8,
    detail: String,
    text: String,
}

impl Item {
    fn new(label: impl Into<String>, kind: u8, detail: impl Into<String>) -> Item {
        Item {
            label: label.into(),
            kind,
            detail: detail.into(),
            text: String::new(),
        }
    }

    fn told(mut self, text: impl Into<String>) -> Item {
        self.text = text.into();
        self
    }
}

fn shown(text: &Text, place: &Range<usize>, items: Vec<Item>) -> Value {
    let mut seen = BTreeSet::new();
    let mut list = Vec::new();
    for item in items {
        if !seen.insert(item.label.clone()) {
            continue;
        }
        let mut shown = json!({
            "label": item.label,
            "kind": item.kind,
            "detail": item.detail,
            "textEdit": { "range": text.range(place), "newText": item.label },
        });
        if !item.text.is_empty() {
            shown["documentation"] = json!({ "kind": "markdown", "value": item.text });
        }
        list.push(shown);
    }
    json!({ "isIncomplete": false, "items": list })
}

fn row(row: &PropertyDescriptor) -> Item {
    let text = format!(
        "{}\n\nTakes {}. By default {}.",
        row.doc,
        row.expected(),
        row.default
    );
    Item::new(row.name, PROPERTY, "property").told(text)
}

/// In a script.
pub(super) fn in_script(
    workspace: &Workspace,
    path: &Path,
    text: &Text,
    language: &Language,
    offset: usize,
) -> Value {
    let words = language.words.as_slice();
    let script = Script::of(&text.text, words);
    let tokens = &script.tokens;
    if let Some(at) = tokens.quoted_at(offset) {
        let items = script
            .meaning(at)
            .map_or_else(Vec::new, |it| in_quotes(workspace, path, &script, &it, at));
        return shown(text, &tokens.typed(at, offset), items);
    }
    // What is being typed, and what stands before it.
    let mut before = tokens.before(offset);
    let mut place = offset..offset;
    let typed = tokens.all.get(before).filter(|it| it.range.start < offset);
    if let Some(token) = typed.filter(|it| it.kind == Kind::Word) {
        place = token.range.clone();
    } else if before > 0
        && tokens.kind(before - 1) == Some(Kind::Word)
        && tokens.all[before - 1].range.end == offset
    {
        before -= 1;
        place = tokens.all[before].range.clone();
    }
    if typed.is_some_and(|it| it.kind == Kind::Back) {
        return shown(text, &place, Vec::new());
    }
    if before > 0 && tokens.is(before - 1, '.') {
        let kind = script.kind_before(before - 1);
        return shown(text, &place, members(&script, kind.as_deref()));
    }
    if before > 0 && tokens.is_word(before - 1, "fn") {
        return shown(text, &place, calls(&script, language));
    }
    let frames = tokens.frames(before);
    if let Some(map) = frames.last().filter(|it| it.is_map && it.key.is_none()) {
        let call = frames
            .iter()
            .rev()
            .find(|it| it.open < map.open && it.word.is_some());
        let word = call.and_then(|it| it.word).map_or("", |it| tokens.text(it));
        return shown(text, &place, keys(word));
    }
    let mut items = Vec::new();
    for name in script.variables(before) {
        items.push(Item::new(name, VARIABLE, "variable"));
    }
    for (name, ..) in script.functions() {
        items.push(Item::new(name, FUNCTION, "function of this file"));
    }
    for word in words.iter().filter(|it| it.on.is_none()) {
        items.push(Item::new(&word.name, FUNCTION, &word.usage).told(&word.text));
    }
    // Only drills have libraries.
    let keywords = KEYWORDS.iter();
    for word in keywords.filter(|it| language.calls.is_empty() || **it != "import") {
        items.push(Item::new(*word, KEYWORD, ""));
    }
    shown(text, &place, items)
}

const KEYWORDS: &[&str] = &[
    "let", "const", "if", "else", "for", "in", "while", "loop", "switch", "fn", "return", "break",
    "continue", "try", "catch", "throw", "true", "false", "import",
];

/// The functions that somebody else calls, and that a script does not have yet.
fn calls(script: &Script<'_>, language: &Language) -> Vec<Item> {
    let own: Vec<String> = script.functions().into_iter().map(|it| it.0).collect();
    let missing = language.calls.iter().filter(|it| !own.contains(&it.name));
    missing
        .map(|call| {
            let usage = call.usage.strip_prefix("fn ").unwrap_or(&call.name);
            Item::new(usage, FUNCTION, &call.usage).told(&call.text)
        })
        .collect()
}

/// What can be read of an object, and done with it.
fn members(script: &Script<'_>, kind: Option<&str>) -> Vec<Item> {
    if kind.is_some_and(|it| it.starts_with('[')) {
        let all = [
            "all", "filter", "map", "len", "contains", "push", "sort", "find", "some",
        ];
        return all
            .iter()
            .map(|name| Item::new(*name, METHOD, "of a list"))
            .collect();
    }
    let of = |word: &&WordDoc| match kind {
        Some(kind) => word.on.as_deref() == Some(kind),
        None => word.on.is_some(),
    };
    let own = script.words().iter().filter(of);
    let mut items: Vec<Item> = own
        .map(|word| {
            let what = if word.is_property { PROPERTY } else { METHOD };
            Item::new(&word.name, what, &word.usage).told(&word.text)
        })
        .collect();
    if kind == Some("Event") {
        items.extend(
            kinds::field_names()
                .into_iter()
                .map(|name| Item::new(name, FIELD, "field of events")),
        );
    }
    items
}

/// The keys of the map that a word takes.
fn keys(word: &str) -> Vec<Item> {
    let own = editing::options(word).into_iter();
    let mut items: Vec<Item> = own
        .map(|(key, text)| Item::new(key, FIELD, format!("option of {word}")).told(text))
        .collect();
    if word == "events" {
        let fields = kinds::field_names().into_iter();
        items.extend(fields.map(|name| Item::new(name, FIELD, "field of events")));
    }
    items
}

fn in_quotes(
    workspace: &Workspace,
    path: &Path,
    script: &Script<'_>,
    meaning: &Meaning,
    at: usize,
) -> Vec<Item> {
    let offset = script.tokens.all[at].range.start;
    let names = |noun: Noun| -> Vec<Item> {
        let clusters = Names::at(workspace, script, path, offset);
        let all = clusters
            .iter()
            .flat_map(|it| it.all(noun).into_iter().map(move |name| (it, name)));
        all.map(|(cluster, (name, what))| {
            let card = cluster.card(Some(noun), &name).unwrap_or_default();
            Item::new(name, VALUE, what).told(card)
        })
        .collect()
    };
    match meaning {
        Meaning::Name(Some(noun)) => names(*noun),
        Meaning::Name(None) => Noun::ALL.into_iter().flat_map(names).collect(),
        Meaning::Words(words) => words.iter().map(|it| Item::new(it, VALUE, "")).collect(),
        Meaning::Cluster => files(workspace, path, "ron"),
        Meaning::Policy => files(workspace, path, "rhai"),
        Meaning::Property(kind) => properties(kind),
    }
}

/// The properties of an object.
fn properties(kind: &str) -> Vec<Item> {
    match kind {
        "Group" => GROUP_PROPERTIES.iter().map(row).collect(),
        "Quorum" => CLUSTER_PROPERTIES.iter().map(row).collect(),
        "Resource" => {
            let private = types::ALL
                .iter()
                .filter_map(|it| types::private_properties(it));
            let all = RESOURCE_PROPERTIES.iter().chain(private.flatten());
            all.map(row).collect()
        }
        _ => Vec::new(),
    }
}

/// What a property is, as Markdown.
pub(super) fn property(kind: &str, name: &str) -> Option<String> {
    let all = properties(kind).into_iter();
    let mut found = all.filter(|it| it.label.eq_ignore_ascii_case(name));
    found
        .next()
        .map(|it| format!("**{}**\n\n{}", it.label, it.text))
}

/// The files of the workspace with an ending, as another file names them.
fn files(workspace: &Workspace, path: &Path, ending: &str) -> Vec<Item> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let (found, _) = workspace.files(&[ending]);
    let others = found.iter().filter(|it| it.as_path() != path);
    others
        .map(|file| Item::new(relative(folder, file), FILE, ""))
        .collect()
}

/// A file, relative to a folder.
fn relative(folder: &Path, file: &Path) -> String {
    let (from, to): (Vec<_>, Vec<_>) = (folder.components().collect(), file.components().collect());
    let same = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let mut parts: Vec<String> = vec!["..".to_owned(); from.len() - same];
    let rest = to[same..].iter().map(|it| it.as_os_str().to_string_lossy());
    parts.extend(rest.map(|it| it.into_owned()));
    parts.join("/")
}

/// In a cluster file.
pub(super) fn in_cluster(workspace: &Workspace, path: &Path, text: &Text, offset: usize) -> Value {
    let cluster = ClusterText::of(&text.text);
    let tokens = &cluster.tokens;
    let quoted = tokens.quoted_at(offset);
    let mut at = quoted.unwrap_or_else(|| tokens.before(offset));
    let mut place = quoted.map_or(offset..offset, |it| tokens.typed(it, offset));
    if quoted.is_none() {
        let word = |it: usize| tokens.kind(it) == Some(Kind::Word);
        let inside = tokens.all.get(at).is_some_and(|it| it.range.start < offset);
        if inside && word(at) {
            place = tokens.all[at].range.clone();
        } else if at > 0 && word(at - 1) && tokens.all[at - 1].range.end == offset {
            at -= 1;
            place = tokens.all[at].range.clone();
        }
    }
    let frames = tokens.frames(at);
    let Some((record, last)) = cluster.record(&frames) else {
        return shown(text, &place, Vec::new());
    };
    if cluster.is_key(&frames) && frames.len() == last + 1 && quoted.is_none() {
        let own = quorate_model::FILE_FIELDS
            .iter()
            .filter(|it| it.record == record);
        let items = own.map(|it| {
            let must = if it.required { "must be there" } else { "" };
            Item::new(it.name, FIELD, must).told(it.text)
        });
        return shown(text, &place, items.collect());
    }
    let Some((field, of)) = cluster.value(at) else {
        return shown(text, &place, Vec::new());
    };
    let own = Names::of(path, &text.text);
    let names = |noun: Noun| -> Vec<Item> {
        let all = own.all(noun).into_iter();
        all.map(|(name, what)| Item::new(name, VALUE, what))
            .collect()
    };
    let key = frames
        .last()
        .is_some_and(|it| it.mark == '{' && it.key.is_none());
    let items = match (field.kind, field.name, quoted) {
        (FieldKind::Word(words), _, None) => words()
            .into_iter()
            .map(|it| Item::new(it, VALUE, ""))
            .collect(),
        (FieldKind::Quorum, _, None) => [
            "Standard(resource: \"\")",
            "MajorityNodeSet",
            "MajorityNodeSet(MNSFileShare: \"\")",
            "Local",
        ]
        .iter()
        .map(|it| Item::new(*it, VALUE, "quorum"))
        .collect(),
        (FieldKind::Flag, _, None) => ["true", "false"]
            .iter()
            .map(|it| Item::new(*it, VALUE, ""))
            .collect(),
        (FieldKind::TextsByName, _, Some(_)) if key => names(Noun::Network),
        (FieldKind::Settings, "properties", Some(_)) if key => properties(match record {
            "a cluster" => "Quorum",
            "a resource" => "Resource",
            _ => "Group",
        }),
        (FieldKind::SettingsByResource, _, Some(_)) if key => properties("Resource"),
        (_, "type", Some(_)) => types::ALL
            .iter()
            .map(|it| Item::new(*it, VALUE, "resource type"))
            .collect(),
        (_, "accept", Some(_)) => rules::CATALOGUE
            .iter()
            .map(|it| {
                Item::new(it.id, VALUE, it.section).told(format!("{}\n\n{}", it.why, it.remedy))
            })
            .collect(),
        (_, "policy", Some(_)) => files(workspace, path, "rhai"),
        (_, name, Some(_)) => match noun_of(record, name, of) {
            Some((noun, false)) => names(noun),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    shown(text, &place, items)
}

/// The file that a quoted text names, if it names one.
pub(super) fn file_named(
    path: &Path,
    script: &Script<'_>,
    at: usize,
) -> Option<std::path::PathBuf> {
    match script.meaning(at)? {
        Meaning::Cluster | Meaning::Policy => Some(beside(path, script.tokens.quoted(at))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = "/w/policies/p.rhai";
    const RESOURCE: &str = "/w/resources/r.rhai";
    const FOUR: &str = include_str!("../../../scripts/clusters/four-node.ron");

    /// The labels at the `|` of a text.
    fn labels(name: &str, marked: &str) -> Vec<String> {
        let offset = marked.find('¦').expect("a mark");
        let text = Text::new(marked.replace('¦', ""));
        let mut workspace = Workspace::default();
        workspace
            .open
            .insert("/w/four.ron".into(), Text::new(FOUR.to_owned()));
        let path = Path::new(name);
        let found = match name.ends_with("ron") {
            true => in_cluster(&workspace, path, &text, offset),
            false => {
                let language = match name {
                    POLICY => Language::of_policies(),
                    RESOURCE => Language::of_resources(),
                    _ => Language::of_drills(),
                };
                in_script(&workspace, path, &text, &language, offset)
            }
        };
        let items = found["items"].as_array().expect("a list");
        items
            .iter()
            .map(|it| it["label"].as_str().expect("a text").to_owned())
            .collect()
    }

    fn drill(body: &str) -> Vec<String> {
        labels(
            "/w/a.rhai",
            &format!("drill(\"x\", #{{ cluster: \"four.ron\" }}, || {{ {body}"),
        )
    }

    #[test]
    fn what_may_stand_in_a_drill_is_offered() {
        assert_eq!(drill("node(\"¦"), ["NODE1", "NODE2", "NODE3", "NODE4"]);
        assert_eq!(
            drill("node(\"NO¦\").crash() });"),
            ["NODE1", "NODE2", "NODE3", "NODE4"]
        );
        assert!(drill("resource(\"¦").contains(&"EVS3 SMTP".to_owned()));
        assert!(drill("node(\"NODE1\").¦").contains(&"freeze".to_owned()));
        assert!(!drill("node(\"NODE1\").cr¦").contains(&"move_to".to_owned()));
        assert!(drill("let n = node(\"NODE1\"); n.¦").contains(&"freeze".to_owned()));
        assert_eq!(drill("node(\"NODE1\").nic(\"¦"), ["Private", "Public"]);
        assert!(drill("clients(\"EVS1\", #{ us¦").contains(&"users".to_owned()));
        assert!(drill("events(#{ kind: \"¦").contains(&"group-owner".to_owned()));
        assert!(drill("group(\"EVS1\").set(\"¦").contains(&"FailoverThreshold".to_owned()));
        assert!(drill("expect(group(\"EVS1\").state == \"¦").contains(&"PartialOnline".to_owned()));
        assert!(drill("rec¦").contains(&"recovers".to_owned()));
        assert!(drill("let mine = 1; mi¦").contains(&"mine".to_owned()));
        assert_eq!(drill("note(\"¦"), Vec::<String>::new());
        assert_eq!(
            labels("/w/b/a.rhai", "drill(\"x\", #{ cluster: \"¦"),
            ["../four.ron"]
        );
    }

    #[test]
    fn what_may_stand_in_a_policy_is_offered() {
        let owner = |body: &str| {
            let text = format!("fn choose_owner(group, candidates) {{ {body}");
            labels(POLICY, &text)
        };
        let failed = |body: &str| {
            let text = format!("fn on_resource_failed(what, why) {{ {body}");
            labels(POLICY, &text)
        };
        assert_eq!(
            labels(POLICY, "fn ¦"),
            [
                "choose_owner(group, candidates)",
                "on_resource_failed(resource, failure)"
            ]
        );
        assert_eq!(
            labels(POLICY, "fn choose_owner(group, candidates) { }\nfn ¦"),
            ["on_resource_failed(resource, failure)"]
        );
        let group = owner("group.¦");
        assert!(group.contains(&"built_in".to_owned()), "{group:?}");
        assert!(!group.contains(&"anti_affine".to_owned()), "{group:?}");
        for body in [
            "candidates[0].¦",
            "group.nodes[0].¦",
            "for it in candidates { it.¦",
            "candidates.filter(|it| it.¦",
            "let best = candidates[0]; best.¦",
        ] {
            let shown = owner(body);
            assert!(
                shown.contains(&"anti_affine".to_owned()),
                "{body}: {shown:?}"
            );
            assert!(!shown.contains(&"cause".to_owned()), "{body}: {shown:?}");
        }
        assert_eq!(
            owner("candidates[0].groups[0].¦"),
            ["name", "load", "users", "cpu_percent", "attributes"]
        );
        assert!(owner("candidates.¦").contains(&"filter".to_owned()));
        assert!(owner("group.cause == \"¦").contains(&"Failback".to_owned()));
        assert_eq!(
            owner("candidates[0].state != \"¦"),
            ["Up", "Down", "Paused"]
        );
        assert!(failed("what.¦").contains(&"dependents".to_owned()));
        assert!(failed("why.¦").contains(&"waits".to_owned()));
        assert_eq!(
            failed("why.built_in == \"¦"),
            ["restart", "move", "give up"]
        );
        let words = owner("¦");
        for word in ["stay", "wait", "group", "candidates"] {
            assert!(words.contains(&word.to_owned()), "{word}: {words:?}");
        }
        // Neither the words of drills nor the other function's arguments.
        for word in ["node", "run", "import"] {
            assert!(!words.contains(&word.to_owned()), "{word}: {words:?}");
        }
        // A function of the script's own takes whatever it is given.
        let own = labels(POLICY, "fn mine(group) { group.¦");
        assert!(own.contains(&"waits".to_owned()), "{own:?}");
    }

    #[test]
    fn what_may_stand_in_a_resource_script_is_offered() {
        let online = |body: &str| labels(RESOURCE, &format!("fn online() {{ {body}"));
        let calls = labels(RESOURCE, "fn online() {}\nfn ¦");
        assert!(calls.contains(&"is_alive()".to_owned()), "{calls:?}");
        assert!(!calls.contains(&"online()".to_owned()), "{calls:?}");
        assert!(online("service(\"a\").¦").contains(&"listen".to_owned()));
        assert!(online("let p = service(\"a\").start(); p.¦").contains(&"is_done".to_owned()));
        assert!(online("¦").contains(&"publish".to_owned()));
        assert!(!online("¦").contains(&"recovers".to_owned()));
    }

    #[test]
    fn what_may_stand_in_a_cluster_file_is_offered() {
        let ron = |text: &str| labels("/w/c.ron", text);
        assert!(ron("(nodes: [(name: \"A\", ¦").contains(&"interfaces".to_owned()));
        assert!(ron("(na¦").contains(&"name".to_owned()));
        assert_eq!(
            ron("(networks: [(role: ¦"),
            ["Internal", "ClientAccess", "Mixed"]
        );
        assert!(ron("(groups: [(resources: [(type: \"¦").contains(&"Generic Script".to_owned()));
        assert!(ron("(accept: [\"¦").contains(&"dhcp-address".to_owned()));
        let owners = FOUR.replacen("[\"NODE1\", \"NODE4\"]", "[\"¦\", \"NODE4\"]", 1);
        assert_eq!(ron(&owners), ["NODE1", "NODE2", "NODE3", "NODE4"]);
        let networks = FOUR.replacen("{ \"Public\": \"10.0.0.11\"", "{ \"¦\": \"10.0.0.11\"", 1);
        assert_eq!(ron(&networks), ["Private", "Public"]);
        assert!(ron("(groups: [(properties: { \"¦").contains(&"FailoverThreshold".to_owned()));
    }
}
