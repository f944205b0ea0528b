//! What happened, one typed event after the other: the source of every report.
//!
//! Written out, a journal is JSON lines: a [`Header`], then one [`Entry`] a line. Equal seeds, scripts and
//! plugins give equal bytes.

use std::cell::OnceCell;
use std::io::{self, Write};

use quorate_model::{Fault, FaultId, Name, NodeId, Time};
use quorate_node::{Event, EventKind};
use serde::Serialize;
use serde_json::{Map, Value};

/// The name and version of the journal's format, in its header line. The number goes up when a reader of
/// the old format would misread the new one.
pub const JOURNAL_SCHEMA: &str = "quorate-journal/2";

/// The first line of a written journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Header {
    /// [`JOURNAL_SCHEMA`].
    pub schema: &'static str,
    /// The seed that repeats the run.
    pub seed: u64,
    /// The cluster's name.
    pub cluster: Name,
    /// Civil time at `t` 0, in milliseconds since 1970 UTC.
    pub civil_start_ms: i64,
    /// The nodes, in the order of their ids.
    pub nodes: Vec<Name>,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// When, on the world's clock, in microseconds.
    #[serde(rename = "t", serialize_with = "time")]
    pub at: Time,
    /// Its place in the journal, from 0.
    pub n: u64,
    /// The node it happened on or to; `None` for what concerns no single node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<Name>,
    /// What.
    #[serde(flatten)]
    pub what: What,
    #[serde(skip)]
    fields: Fields,
}

/// The entry as JSON, made when it is first asked for.
#[derive(Clone, Debug, Default)]
struct Fields(OnceCell<Map<String, Value>>);

impl PartialEq for Fields {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

fn time<S: serde::Serializer>(time: &Time, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(time.0)
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

quorate_node::described! {
/// What happens in the world outside the nodes' own logic.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum WorldEvent {
    /// Something was broken.
    FaultInjected {
        /// Its number.
        id: FaultId,
        /// The name of what was broken.
        #[serde(skip_serializing_if = "Option::is_none")]
        subject: Option<Name>,
        /// What was broken.
        fault: Fault,
        /// The same as a sentence.
        text: String,
    },
    /// A fault was healed.
    FaultHealed {
        /// Its number.
        id: FaultId,
        /// The name of what had been broken.
        #[serde(skip_serializing_if = "Option::is_none")]
        subject: Option<Name>,
        /// What had been broken.
        fault: Fault,
    },
    /// A machine was switched on, or went off.
    Power {
        /// Whether it is on now.
        on: bool,
        /// Why.
        reason: String,
    },
    /// A machine stood still, or went on.
    Frozen {
        /// Whether it stands still now.
        frozen: bool,
    },
    /// The process of the cluster service started or ended.
    ClusterService {
        /// Whether it runs now.
        running: bool,
        /// Why.
        reason: String,
    },
    /// A machine refused a datagram that was damaged on its way. Said of the first on each network, the tenth, the
    /// hundredth and so on.
    DatagramRefused {
        /// The network.
        network: Name,
        /// Who sent it.
        #[serde(skip_serializing_if = "Option::is_none")]
        sender: Option<Name>,
        /// What is wrong with it.
        reason: String,
        /// How many there were on this network until now.
        count: u64,
    },
    /// Everything that belongs to the cluster was taken off a machine (forcecleanup).
    CleanedUp {},
    /// A service behind a resource changed state.
    Service {
        /// The resource.
        subject: Name,
        /// The service's name.
        service: String,
        /// The state before.
        #[words("StartPending", "Running", "StopPending", "Stopped")]
        from: &'static str,
        /// The state now: `StartPending`, `Running`, `StopPending` or `Stopped`.
        #[words("StartPending", "Running", "StopPending", "Stopped")]
        to: &'static str,
        /// Why, where it was not simply asked for.
        #[words("killed", "it crashed", "the start failed")]
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'static str>,
        /// What it was given at its start.
        #[serde(skip_serializing_if = "String::is_empty")]
        parameters: String,
        /// The directory it was started in, where one was named.
        #[serde(skip_serializing_if = "String::is_empty")]
        directory: String,
    },
    /// A disk's reservation was taken, given up or broken.
    Reservation {
        /// The disk.
        subject: Name,
        /// The node that held it before.
        #[serde(skip_serializing_if = "Option::is_none")]
        from: Option<Name>,
        /// The node that holds it now.
        #[serde(skip_serializing_if = "Option::is_none")]
        to: Option<Name>,
        /// `reserve`, `release`, `bus reset`, or `stolen` by a host outside the cluster.
        #[words("reserve", "release", "bus reset", "stolen")]
        how: &'static str,
    },
    /// A disk was mounted or dismounted.
    Mount {
        /// The disk.
        subject: Name,
        /// Whether it is mounted on the node now.
        mounted: bool,
    },
    /// An address was plumbed or taken away.
    Address {
        /// The address.
        subject: String,
        /// Its network.
        network: Name,
        /// Whether it is plumbed on the node now.
        plumbed: bool,
    },
    /// A network name resolves to something else now.
    NameResolves {
        /// The network name.
        subject: String,
        /// To what; `None` when it is gone.
        #[serde(skip_serializing_if = "Option::is_none")]
        address: Option<String>,
    },
    /// An administrator asked for something.
    Asked {
        /// The request's number.
        request: u64,
        /// What was asked.
        text: String,
    },
    /// An administrator was answered.
    Answered {
        /// The request's number.
        request: u64,
        /// The error code, or 0.
        code: u32,
        /// Why it was refused, or what a control code gave.
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// What clients feel changed.
    Client {
        /// The group.
        subject: Name,
        /// How many users call it.
        users: u32,
        /// Whether they are answered now.
        answered: bool,
        /// Why not.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A group came into full service or left it, by what a client would find.
    ServiceLevel {
        /// The group.
        subject: Name,
        /// Whether every resource of it is online, and in reach, on one running node.
        online: bool,
        /// Where it left service, whether somebody wanted that: an administrator's move or offline, an ordered stop of
        /// its node's service, or a failback.
        #[serde(skip_serializing_if = "Option::is_none")]
        planned: Option<bool>,
    },
    /// A fault moved or stopped a group that it was not about.
    Disturbed {
        /// The group.
        subject: Name,
    },
    /// A drill ended.
    End {
        /// How many groups were disturbed in it.
        disturbed: usize,
        /// Which.
        groups: Vec<Name>,
        /// The plugins that ran threads of their own, so that the drill does not repeat.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        unrepeatable: Vec<String>,
    },
    /// A drill's step begins.
    Step {
        /// Its title.
        title: String,
    },
    /// A drill's remark.
    Note {
        /// Its text.
        text: String,
    },
    /// Something in a drill showed nothing.
    Remark {
        /// What it is about, such as `held-at-once`.
        rule: &'static str,
        /// One sentence.
        text: String,
    },
    /// An invariant does not hold.
    Breach {
        /// Which invariant.
        invariant: &'static str,
        /// What was seen.
        text: String,
        /// The event after which it was seen.
        cause: String,
    },
}
}

impl From<Event> for What {
    fn from(event: Event) -> Self {
        What::Node(event)
    }
}

/// Every kind of event that a journal can have, in order of their names.
pub fn event_kinds() -> Vec<EventKind> {
    let mut kinds = Event::kinds();
    kinds.append(&mut WorldEvent::kinds());
    kinds.sort_by(|left, right| left.name.cmp(&right.name));
    kinds
}

impl From<WorldEvent> for What {
    fn from(event: WorldEvent) -> Self {
        What::World(event)
    }
}

impl Entry {
    /// The entry as the fields of its line: `t`, `n`, `node`, `kind` and those of its kind.
    pub fn fields(&self) -> &Map<String, Value> {
        self.fields
            .0
            .get_or_init(|| match serde_json::to_value(self) {
                Ok(Value::Object(fields)) => fields,
                // Every entry is a struct of plain data, so it becomes an object.
                _ => Map::new(),
            })
    }

    /// Its kind, such as `group-state` or `fault-injected`.
    pub fn kind(&self) -> &str {
        self.text("kind").unwrap_or_default()
    }

    /// What it is about, where it is about one named thing.
    pub fn subject(&self) -> Option<&str> {
        self.text("subject")
    }

    fn text(&self, field: &str) -> Option<&str> {
        self.fields().get(field)?.as_str()
    }
}

/// A run's events so far, in memory.
#[derive(Clone, Debug)]
pub struct Journal {
    header: Header,
    entries: Vec<Entry>,
}

impl Journal {
    pub(crate) fn new(
        seed: u64,
        cluster: Name,
        civil_start_ms: i64,
        nodes: impl IntoIterator<Item = (NodeId, Name)>,
    ) -> Self {
        let mut nodes: Vec<_> = nodes.into_iter().collect();
        nodes.sort();
        let nodes = nodes.into_iter().map(|(_, name)| name).collect();
        let header = Header {
            schema: JOURNAL_SCHEMA,
            seed,
            cluster,
            civil_start_ms,
            nodes,
        };
        Journal {
            header,
            entries: Vec::new(),
        }
    }

    /// One more node.
    pub(crate) fn add_node(&mut self, name: Name) {
        self.header.nodes.push(name);
    }

    pub(crate) fn push(&mut self, at: Time, node: Option<Name>, what: impl Into<What>) {
        let n = self.entries.len() as u64;
        self.entries.push(Entry {
            at,
            n,
            node,
            what: what.into(),
            fields: Fields::default(),
        });
    }

    /// The header line's contents.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Every event so far, oldest first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Writes the journal as JSON lines, the header first.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn write(&self, writer: &mut impl Write) -> io::Result<()> {
        line(writer, &self.header)?;
        for entry in &self.entries {
            line(writer, entry)?;
        }
        Ok(())
    }
}

fn line(writer: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *writer, value)?;
    writer.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use quorate_model::NetworkFault;

    use super::*;

    #[test]
    fn kinds_and_fields_are_told_as_they_are_written() {
        let event = Event::GroupOwner {
            subject: "EVS1".into(),
            from: "NODE1".into(),
            to: "NODE2".into(),
            cause: quorate_node::Cause::Failback,
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
        let words = quorate_node::Holds::Word(quorate_node::Cause::WORDS);
        assert_eq!(kind.field("cause").unwrap().holds, words);
    }

    #[test]
    fn entries_are_flat_lines_after_a_header() {
        let mut journal = Journal::new(
            7,
            "CLUSTER1".into(),
            5,
            [(NodeId(2), "B".into()), (NodeId(1), "A".into())],
        );
        let fault = Fault::from(NetworkFault::Card {
            node: "A".into(),
            network: "Public".into(),
        });
        journal.push(
            Time(3),
            Some("A".into()),
            WorldEvent::FaultInjected {
                id: FaultId(1),
                subject: fault.subject().cloned(),
                text: fault.to_string(),
                fault,
            },
        );
        journal.push(Time(4), Some("A".into()), Event::Forming);
        let mut bytes = Vec::new();
        journal.write(&mut bytes).unwrap();
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            concat!(
                r#"{"schema":"quorate-journal/2","seed":7,"cluster":"CLUSTER1","civil_start_ms":5,"#,
                r#""nodes":["A","B"]}"#,
                "\n",
                r#"{"t":3,"n":0,"node":"A","kind":"fault-injected","id":1,"subject":"A","#,
                r#""fault":{"what":"card","node":"A","network":"Public"},"text":"A's card in Public breaks"}"#,
                "\n",
                r#"{"t":4,"n":1,"node":"A","kind":"forming"}"#,
                "\n"
            )
        );
        assert_eq!(journal.entries()[1].kind(), "forming");
        assert_eq!(journal.entries()[0].subject(), Some("A"));
    }
}
