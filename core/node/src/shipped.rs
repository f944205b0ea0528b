//! The clusters of `scripts/clusters`, and a node of one, for tests.

use quorate_journal::Event;
use quorate_log::{Body, Entry, Message};
use quorate_model::{ClusterDefinition, NodeId, Time, VirtualServerRequest};

use crate::io::{BootImage, DiskDone, NodeConfig, Output};
use crate::node::{Node, Phase};
use crate::timers::Timers;

/// The cluster in the file of this name.
pub(crate) fn cluster(file: &str) -> ClusterDefinition {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/clusters");
    quorate_model::load(&folder.join(file)).unwrap().definition
}

/// An Exchange virtual server to be made of which nothing is said but its name and address.
pub(crate) fn virtual_server(name: &str) -> VirtualServerRequest {
    VirtualServerRequest::new(name, "10.0.0.99")
}

/// A node of the cluster in the file of this name, booted at time 0 with nothing on its disk.
pub(crate) fn booted(file: &str, id: NodeId, incarnation: u64) -> Node {
    let config = NodeConfig {
        id,
        definition: cluster(file),
        incarnation,
        seed: 1,
        civil_origin_ms: 0,
        local_shift_minutes: 0,
        switches: Default::default(),
        joins: false,
    };
    Node::boot(config, BootImage::default(), Time::ZERO)
}

/// What a node has given out since it was last asked.
pub(crate) fn outputs(node: &mut Node) -> Vec<Output> {
    std::iter::from_fn(|| node.poll_output()).collect()
}

/// Every disk does what it was asked for; whatever else the node has given out is dropped.
pub(crate) fn disks_answer(node: &mut Node) {
    loop {
        let asked = outputs(node).into_iter().filter_map(|output| match output {
            Output::Disk(request) => Some(request.ticket),
            _ => None,
        });
        let asked: Vec<u64> = asked.collect();
        if asked.is_empty() {
            return;
        }
        for ticket in asked {
            let result = Ok(Default::default());
            node.disk_done(DiskDone { ticket, result });
            node.pump_storage();
        }
    }
}

/// A node of four that holds the quorum disk and leads with it, at one minute.
pub(crate) fn leader() -> Node {
    let mut node = booted("four-node.ron", NodeId(1), 3);
    disks_answer(&mut node);
    node.now = Time::from_millis(60_000);
    node.phase = Phase::Member;
    node.database.view.number = 1;
    node.database.view.members = [(NodeId(1), 3), (NodeId(2), 1)].into();
    let own = node.log.to_stored();
    node.log.adopt(own).unwrap();
    node.lead_with_disk();
    // Its vote for itself is written, and then its first entry.
    for _ in 0..3 {
        node.pump_log();
        disks_answer(&mut node);
    }
    node.office.begin(node.now, false, node.now);
    node.timers = Timers::default();
    outputs(&mut node);
    assert!(node.coordinates_at(node.now));
    node
}

/// What a node that leads the log in its first term, as copy 22, says when it sends these entries.
pub(crate) fn leaders_word(entries: Vec<Entry>) -> Message {
    Message {
        term: 1,
        identity: 22,
        body: Body::Append {
            prev_index: 0,
            prev_term: 0,
            entries,
            commit: 0,
            round: None,
        },
    }
}

/// The node of this number does, and has sent these entries.
pub(crate) fn leads(node: &mut Node, from: u8, entries: Vec<Entry>) {
    node.log.step(from, leaders_word(entries), false);
}

/// The events among that.
pub(crate) fn events(node: &mut Node) -> Vec<Event> {
    let given = outputs(node).into_iter().filter_map(|output| match output {
        Output::Event(event) => Some(event),
        _ => None,
    });
    given.collect()
}

/// The code that it halted with, if it did.
pub(crate) fn halted(node: &mut Node) -> Option<u32> {
    outputs(node).into_iter().find_map(|output| match output {
        Output::Halt { reason, .. } => Some(reason.code),
        _ => None,
    })
}
