//! Checkpoints of resources as part of the database.

use std::collections::BTreeMap;

use quorate_model::{CHECKPOINT_BYTES_MAX, NodeId};

use super::{Database, Proposal, Update};
use crate::io::{AdminOp, Cause, Refusal};

const GROUP: &str = "Counter";
const RESOURCE: &str = "Start Counter";

struct Rig {
    database: Database,
    sequence: u64,
}

impl Rig {
    /// NODE1 and NODE2 are members; NODE2 owns the group.
    fn new() -> Rig {
        let database = Database::install(crate::shipped::cluster("three-node-counter.ron"));
        let mut rig = Rig {
            database,
            sequence: 0,
        };
        let members = BTreeMap::from([(NodeId(1), 1), (NodeId(2), 1)]);
        rig.change(Update::View { members }).unwrap();
        rig
    }

    fn change(&mut self, update: Update) -> Result<(), Refusal> {
        self.sequence += 1;
        let proposal = Proposal {
            node: NodeId(1),
            incarnation: 1,
            sequence: self.sequence,
            update,
        };
        self.database.apply(&proposal).unwrap().map(drop)
    }

    fn store(&mut self, epoch: u64, key: &str, bytes: &[u8]) -> Result<(), Refusal> {
        self.change(Update::Checkpoint {
            resource: RESOURCE.into(),
            epoch,
            key: key.to_owned(),
            bytes: bytes.to_owned(),
        })
    }

    fn stored(&self, key: &str) -> Option<&[u8]> {
        self.database.resources.get(RESOURCE)?.checkpoints.get(key)
    }

    fn epoch(&self) -> u64 {
        self.database.groups[GROUP].epoch
    }
}

#[test]
fn a_checkpoint_of_an_owner_that_was_overtaken_changes_nothing() {
    let mut rig = Rig::new();
    let first = rig.epoch();
    rig.store(first, "starts", b"1").unwrap();
    assert_eq!(rig.stored("starts"), Some(&b"1"[..]));
    let group = || GROUP.into();
    let (to, cause) = (NodeId(1), Cause::Admin);
    rig.change(Update::MoveBegin {
        group: group(),
        epoch: first,
        to,
        cause,
        at: 0,
    })
    .unwrap();
    rig.store(first, "starts", b"2").unwrap();
    assert_eq!(rig.stored("starts"), Some(&b"2"[..]), "still its owner");
    rig.change(Update::MoveCommit {
        group: group(),
        epoch: first,
    })
    .unwrap();
    rig.store(first, "starts", b"3").unwrap();
    assert_eq!(rig.stored("starts"), Some(&b"2"[..]), "overtaken");
    rig.store(rig.epoch(), "starts", b"4").unwrap();
    assert_eq!(rig.stored("starts"), Some(&b"4"[..]), "the new owner's");
}

#[test]
fn a_limit_that_is_passed_is_a_refusal_on_every_node() {
    let mut rig = Rig::new();
    let epoch = rig.epoch();
    let long = vec![0; CHECKPOINT_BYTES_MAX + 1];
    let refusal = rig.store(epoch, "long", &long).unwrap_err();
    assert_eq!(refusal.code, 87);
    assert_eq!(rig.stored("long"), None);
}

#[test]
fn a_resource_that_is_deleted_takes_its_checkpoints_along_and_an_eviction_changes_nothing() {
    let mut rig = Rig::new();
    rig.store(rig.epoch(), "starts", b"1").unwrap();
    let node = "NODE3".into();
    rig.change(Update::Admin {
        op: AdminOp::NodeEvict { node },
    })
    .unwrap();
    assert_eq!(rig.stored("starts"), Some(&b"1"[..]));
    let resource = RESOURCE.into();
    rig.change(Update::Admin {
        op: AdminOp::ResourceDelete { resource },
    })
    .unwrap();
    assert_eq!(rig.stored("starts"), None);
    assert!(!rig.database.resources.contains_key(RESOURCE));
    rig.store(rig.epoch(), "starts", b"2").unwrap();
    assert_eq!(rig.stored("starts"), None, "it comes too late");
}
