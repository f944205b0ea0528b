//! The lines of a journal.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use quorate_model::{AutoFailback, GroupDefinition, Name, Time, nearest};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::described::{EventKind, described_part};
use crate::{Event, WorldEvent};

/// The name and version of the journal's format, in its header line. The number goes up when a reader of
/// the old format would misread the new one.
pub const JOURNAL_SCHEMA: &str = "quorate-journal/2";

described_part! {
/// The first line of a written journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The name and version of the format: `quorate-journal/2`.
    pub schema: String,
    /// The seed that repeats the run.
    pub seed: u64,
    /// The cluster's name.
    pub cluster: Name,
    /// Civil time at `t` 0, in milliseconds since 1970 UTC.
    pub civil_start_ms: i64,
    /// The nodes, in the order of their ids.
    pub nodes: Vec<Name>,
    /// The groups as the journal begins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<HeaderGroup>,
}
}

described_part! {
/// A group, in a journal's header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeaderGroup {
    /// Its name.
    pub name: Name,
    /// Whether it is a virtual server: clients reach it by a network name of its own.
    #[serde(default, skip_serializing_if = "is_false")]
    pub virtual_server: bool,
    /// Its preferred owners, best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub preferred_owners: Vec<Name>,
    /// The classes of which one node hosts at most one group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclusive_class_names: Vec<String>,
    /// The classes whose groups keep away from each other while they can.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub anti_affinity_class_names: Vec<String>,
    /// Whether it goes back to a preferred owner that returns (`AutoFailbackType` 1).
    #[serde(default, skip_serializing_if = "is_false")]
    pub failback: bool,
    /// The hours of day between which it does, where they are set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failback_window: Option<(u8, u8)>,
    /// Its resources.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<HeaderResource>,
}
}

described_part! {
/// A resource, in a journal's header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeaderResource {
    /// Its name.
    pub name: Name,
    /// Its type, such as `Physical Disk`.
    #[serde(rename = "type")]
    pub kind: Name,
    /// What it depends on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<Name>,
    /// The nodes that may own it; left out where every node may.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub possible_owners: Vec<Name>,
}
}

impl HeaderGroup {
    /// A group of which nothing but its name is known.
    pub fn named(name: Name) -> HeaderGroup {
        HeaderGroup {
            name,
            virtual_server: false,
            preferred_owners: Vec::new(),
            exclusive_class_names: Vec::new(),
            anti_affinity_class_names: Vec::new(),
            failback: false,
            failback_window: None,
            resources: Vec::new(),
        }
    }
}

impl From<&GroupDefinition> for HeaderGroup {
    fn from(group: &GroupDefinition) -> Self {
        let resources = group.resources.iter().map(|it| HeaderResource {
            name: it.name.clone(),
            kind: it.kind.clone(),
            depends_on: it.depends_on.clone(),
            possible_owners: it.possible_owners.clone(),
        });
        let properties = &group.properties;
        let (start, end) = (
            properties.failback_window_start,
            properties.failback_window_end,
        );
        HeaderGroup {
            name: group.name.clone(),
            virtual_server: group.is_virtual_server(),
            preferred_owners: properties.preferred_owners.clone(),
            exclusive_class_names: properties.exclusive_class_names.clone(),
            anti_affinity_class_names: properties.anti_affinity_class_names.clone(),
            failback: properties.auto_failback_type == AutoFailback::Allow,
            failback_window: start.zip(end),
            resources: resources.collect(),
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands in a reference"
)]
fn is_false(it: &bool) -> bool {
    !it
}

/// One event.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// When, on the world's clock, in microseconds.
    #[serde(rename = "t")]
    pub at: Time,
    /// Its place in the journal, from 0.
    pub n: u64,
    /// The node it happened on or to; `None` for what concerns no single node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<Name>,
    /// The number of the event that caused it; `None` where a chain begins, and where the cause is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<u64>,
    /// The event itself.
    #[serde(flatten)]
    pub what: What,
    #[serde(skip)]
    fields: Fields,
}

/// The entry as JSON, made at the first request.
#[derive(Clone, Debug, Default)]
struct Fields(OnceCell<Map<String, Value>>);

impl PartialEq for Fields {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// What an [`Entry`] tells.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum What {
    /// A node's own event.
    Node(Event),
    /// An event of the world around the nodes.
    World(WorldEvent),
}

impl What {
    /// Its kind, such as `group-state` or `fault-injected`.
    pub fn kind(&self) -> &'static str {
        match self {
            What::Node(event) => event.kind(),
            What::World(event) => event.kind(),
        }
    }
}

impl From<Event> for What {
    fn from(event: Event) -> Self {
        What::Node(event)
    }
}

impl From<WorldEvent> for What {
    fn from(event: WorldEvent) -> Self {
        What::World(event)
    }
}

static KINDS: LazyLock<Vec<EventKind>> = LazyLock::new(|| {
    let mut kinds = Event::kinds();
    kinds.append(&mut WorldEvent::kinds());
    kinds.sort_by(|left, right| left.name.cmp(&right.name));
    kinds
});

/// Every kind of event that a journal can have, in order of their names.
pub fn event_kinds() -> &'static [EventKind] {
    &KINDS
}

/// Whether a node or the world reports events of a kind.
#[derive(Clone, Copy)]
enum Teller {
    Node,
    World,
}

/// The kinds by their names.
static TELLERS: LazyLock<BTreeMap<String, Teller>> = LazyLock::new(|| {
    let told = |kinds: Vec<EventKind>, teller| kinds.into_iter().map(move |it| (it.name, teller));
    told(Event::kinds(), Teller::Node)
        .chain(told(WorldEvent::kinds(), Teller::World))
        .collect()
});

impl Entry {
    /// The entry with number `n` of a journal.
    pub fn new(at: Time, n: u64, node: Option<Name>, what: impl Into<What>) -> Entry {
        Entry {
            at,
            n,
            node,
            because: None,
            what: what.into(),
            fields: Fields::default(),
        }
    }

    /// The same entry, caused by the one with this number.
    #[must_use]
    pub fn because(mut self, cause: Option<u64>) -> Entry {
        self.because = cause;
        self
    }

    /// The entry as the fields of its JSON line: `t`, `n`, `node`, `because`, `kind` and those of its kind.
    pub fn fields(&self) -> &Map<String, Value> {
        self.fields
            .0
            .get_or_init(|| match serde_json::to_value(self) {
                Ok(Value::Object(fields)) => fields,
                // Cannot happen: every entry is a struct of plain data, which becomes an object.
                _ => Map::new(),
            })
    }

    /// Its kind, such as `group-state` or `fault-injected`.
    pub fn kind(&self) -> &'static str {
        self.what.kind()
    }

    /// The name of the thing that the event is about, if it is about a single one.
    pub fn subject(&self) -> Option<&str> {
        self.text("subject")
    }

    fn text(&self, field: &str) -> Option<&str> {
        self.fields().get(field)?.as_str()
    }
}

/// The fields that every event has, and those of its kind.
#[derive(Deserialize)]
struct Line {
    t: Time,
    n: u64,
    node: Option<Name>,
    because: Option<u64>,
    kind: String,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// The kind decides which fields are required. Unknown fields are ignored: a newer writer of the same schema may have
/// added them.
impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Line {
            t,
            n,
            node,
            because,
            kind,
            mut rest,
        } = Line::deserialize(deserializer)?;
        let Some(teller) = TELLERS.get(&kind) else {
            let hint = nearest(&kind, TELLERS.keys().map(String::as_str))
                .map_or_else(String::new, |it| format!(": did you mean \"{it}\"?"));
            let text = format!("\"{kind}\" is no kind of event{hint}");
            return Err(D::Error::custom(text));
        };
        rest.insert("kind".to_owned(), Value::from(kind.as_str()));
        let rest = Value::Object(rest);
        let what = match teller {
            Teller::Node => serde_json::from_value(rest).map(What::Node),
            Teller::World => serde_json::from_value(rest).map(What::World),
        };
        let what =
            what.map_err(|why| D::Error::custom(format!("a {kind} event is told wrongly: {why}")))?;
        Ok(Entry::new(t, n, node, what).because(because))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cause, Holds};

    #[test]
    fn kinds_and_fields_are_told_as_they_are_written() {
        let event = Event::GroupOwner {
            subject: "EVS1".into(),
            from: "NODE1".into(),
            to: "NODE2".into(),
            cause: Cause::Failback,
        };
        let line = serde_json::to_value(&event).unwrap();
        let line = line.as_object().unwrap();
        let kinds = event_kinds();
        let mut found = kinds.iter().filter(|kind| line["kind"] == *kind.name);
        let kind = found.next().unwrap();
        let told: Vec<&str> = kind.fields.iter().map(|field| field.name).collect();
        assert!(
            told.iter().all(|field| line.contains_key(*field)),
            "{told:?}"
        );
        assert_eq!(told.len() + 1, line.len());
        let words = Holds::Word(Cause::WORDS);
        assert_eq!(kind.field("cause").unwrap().holds, words);
    }

    #[test]
    fn a_kind_that_is_none_and_a_field_that_is_wrong_are_named() {
        let why = |line: &str| serde_json::from_str::<Entry>(line).unwrap_err().to_string();
        let slip = why(r#"{"t":3,"n":0,"kind":"group-ownr"}"#);
        assert!(slip.contains(r#"did you mean "group-owner"?"#), "{slip}");
        let lacks = why(r#"{"t":3,"n":0,"kind":"group-state","subject":"EVS1","from":"Online"}"#);
        assert!(
            lacks.contains("a group-state event") && lacks.contains("`to`"),
            "{lacks}"
        );
        let word = why(r#"{"t":3,"n":0,"kind":"reservation","subject":"Q:","how":"begged"}"#);
        assert!(
            word.contains("begged") && word.contains("bus reset"),
            "{word}"
        );
    }

    #[test]
    fn a_field_of_a_later_day_is_passed_over() {
        let line = r#"{"t":3,"n":0,"kind":"forming","weather":"fine"}"#;
        let entry: Entry = serde_json::from_str(line).unwrap();
        assert_eq!(entry, Entry::new(Time(3), 0, None, Event::Forming));
    }
}
