//! The journal of a run in memory, and how it is written.

use std::io::{self, Write};

use quorate_model::{Name, NodeId, Time};
use serde::Serialize;

use crate::Trail;
use crate::entry::{Entry, Header, HeaderGroup, JOURNAL_SCHEMA, What};

/// A run's events so far.
#[derive(Clone, Debug)]
pub struct Journal {
    header: Header,
    entries: Vec<Entry>,
    trail: Trail,
}

impl Journal {
    /// An empty journal. `civil_start_ms` is the civil time at its beginning, in milliseconds since 1970 UTC.
    pub fn new(
        seed: u64,
        cluster: Name,
        civil_start_ms: i64,
        nodes: impl IntoIterator<Item = (NodeId, Name)>,
    ) -> Self {
        let mut nodes: Vec<_> = nodes.into_iter().collect();
        nodes.sort();
        let nodes = nodes.into_iter().map(|(_, name)| name).collect();
        let header = Header {
            schema: JOURNAL_SCHEMA.to_owned(),
            seed,
            cluster,
            civil_start_ms,
            nodes,
            groups: Vec::new(),
        };
        Journal {
            header,
            entries: Vec::new(),
            trail: Trail::default(),
        }
    }

    /// Names the groups in the header.
    #[must_use]
    pub fn with_groups(mut self, groups: Vec<HeaderGroup>) -> Self {
        self.header.groups = groups;
        self
    }

    /// Adds a node to the header.
    pub fn add_node(&mut self, name: Name) {
        self.header.nodes.push(name);
    }

    /// Appends an event, with what caused it as far as the [`Trail`] knows.
    pub fn push(&mut self, at: Time, node: Option<Name>, what: impl Into<What>) {
        let n = self.entries.len() as u64;
        let entry = Entry::new(at, n, node, what);
        let cause = self.trail.follow(&entry);
        self.entries.push(entry.because(cause));
    }

    /// What leads from one event to the next.
    pub fn trail(&mut self) -> &mut Trail {
        &mut self.trail
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
    use quorate_model::{Fault, FaultId, NetworkFault};

    use super::*;
    use crate::{Event, WorldEvent};

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
                r#"{"t":4,"n":1,"node":"A","because":0,"kind":"forming"}"#,
                "\n"
            )
        );
        assert_eq!(journal.entries()[1].kind(), "forming");
        assert_eq!(journal.entries()[0].subject(), Some("A"));
    }
}
