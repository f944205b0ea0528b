//! Checkpoints of resources as part of the database, what counts as a failover, and names.

use std::collections::BTreeMap;

use quorate_journal::Cause;
use quorate_log::NodeSet;
use quorate_model::{
    AdminOp, CHECKPOINT_BYTES_MAX, Name, NodeDefinition, NodeId, Object, Reason, ResourceState,
    Value,
};

use super::{Database, Proposal, Stop, Update};
use crate::witness_file::WITNESS;

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

    fn change(&mut self, update: Update) -> Result<(), Reason> {
        self.sequence += 1;
        let proposal = Proposal {
            node: NodeId(1),
            incarnation: 1,
            sequence: self.sequence,
            update,
        };
        self.database.apply(&proposal).unwrap().map(drop)
    }

    fn store(&mut self, epoch: u64, key: &str, bytes: &[u8]) -> Result<(), Reason> {
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

impl Rig {
    fn begin(&mut self, to: u8, at: i64) {
        self.change(Update::MoveBegin {
            group: GROUP.into(),
            epoch: self.epoch(),
            to: NodeId(to),
            cause: Cause::ResourceFailure,
            at,
        })
        .unwrap();
    }

    fn commit(&mut self) {
        self.change(Update::MoveCommit {
            group: GROUP.into(),
            epoch: self.epoch(),
        })
        .unwrap();
    }

    fn online(&mut self) {
        let names: Vec<Name> = self.database.resources.keys().cloned().collect();
        for resource in names {
            let epoch = self.database.groups[&self.database.resources[&resource].group].epoch;
            self.change(Update::ResourceState {
                resource,
                epoch,
                state: ResourceState::Online,
            })
            .unwrap();
        }
    }

    fn admin(&mut self, op: AdminOp) -> Result<(), Reason> {
        self.change(Update::Admin { op })
    }
}

#[test]
fn a_failover_that_was_cancelled_does_not_count_and_those_before_it_do() {
    let mut rig = Rig::new();
    rig.begin(1, 1_000);
    rig.commit();
    rig.begin(2, 2_000);
    let group = &rig.database.groups[GROUP];
    assert_eq!(
        (group.failovers.as_slice(), group.fruitless),
        (&[1_000, 2_000][..], 2)
    );
    let epoch = rig.epoch();
    rig.change(Update::MoveCancel {
        group: GROUP.into(),
        epoch,
    })
    .unwrap();
    let group = &rig.database.groups[GROUP];
    assert_eq!(
        (group.failovers.as_slice(), group.fruitless),
        (&[1_000][..], 1)
    );
    assert_eq!((group.owner, group.moving.is_none()), (NodeId(1), true));
    // A move of an administrator's that is called off was no failover.
    let (group, to, cause) = (GROUP.into(), NodeId(2), Cause::Admin);
    let begin = Update::MoveBegin {
        group,
        epoch,
        to,
        cause,
        at: 3_000,
    };
    rig.change(begin).unwrap();
    rig.change(Update::MoveCancel {
        group: GROUP.into(),
        epoch,
    })
    .unwrap();
    assert_eq!(rig.database.groups[GROUP].failovers, [1_000]);
}

#[test]
fn failovers_older_than_the_period_are_forgotten() {
    let mut rig = Rig::new();
    let period = 6 * 3_600_000;
    rig.begin(1, 1_000);
    rig.commit();
    rig.begin(2, 1_000 + period - 1);
    rig.commit();
    assert_eq!(rig.database.groups[GROUP].failovers.len(), 2);
    rig.begin(1, 1_000 + period);
    assert_eq!(
        rig.database.groups[GROUP].failovers,
        [1_000 + period - 1, 1_000 + period]
    );
}

#[test]
fn failovers_a_whole_period_ahead_are_forgotten_since_the_clock_was_set_back() {
    let mut rig = Rig::new();
    let period = 6 * 3_600_000;
    rig.begin(1, 5_000 + period);
    rig.commit();
    rig.begin(2, 5_001);
    rig.commit();
    assert_eq!(rig.database.groups[GROUP].failovers.len(), 2);
    rig.begin(1, 5_000);
    assert_eq!(rig.database.groups[GROUP].failovers, [5_001, 5_000]);
}

#[test]
fn where_a_group_failed_is_known_until_it_is_in_service() {
    let mut rig = Rig::new();
    rig.begin(1, 1_000);
    rig.commit();
    rig.begin(2, 2_000);
    rig.commit();
    let group = &rig.database.groups[GROUP];
    assert_eq!(group.failed_on, NodeSet::from([1, 2]));
    assert_eq!(group.fruitless, 2);
    rig.online();
    let group = &rig.database.groups[GROUP];
    assert_eq!((group.failed_on.len(), group.fruitless), (0, 0));
    assert_eq!(
        group.failovers.len(),
        2,
        "the threshold counts all the same"
    );
    assert_eq!(rig.database.stopped(GROUP), None);
    let epoch = rig.epoch();
    rig.change(Update::GaveUp {
        group: GROUP.into(),
        epoch,
    })
    .unwrap();
    let why = rig.database.stopped(GROUP).unwrap();
    assert!(
        why.contains("failed over 2 times within 6h") && why.contains("brought online"),
        "{why}"
    );
    rig.begin(1, 3_000);
    rig.admin(AdminOp::GroupOnline {
        group: GROUP.into(),
    })
    .unwrap();
    let group = &rig.database.groups[GROUP];
    assert_eq!(
        (
            group.failovers.len(),
            group.failed_on.len(),
            group.fruitless
        ),
        (0, 0, 0)
    );
}

#[test]
fn names_match_without_case_and_keep_the_spelling_of_the_definition() {
    let mut rig = Rig::new();
    rig.online();
    let set = |object: Object, property: &str, value: Option<Value>| AdminOp::SetProperty {
        object,
        property: property.to_owned(),
        value,
    };
    let group = || Object::Group("counter".into());
    let owners = Value::List(vec!["node2".to_owned(), "Node1".to_owned()]);
    rig.admin(set(group(), "preferredowners", Some(owners.clone())))
        .unwrap();
    let resource = || Object::Resource("start COUNTER".into());
    rig.admin(set(resource(), "POSSIBLEOWNERS", Some(owners)))
        .unwrap();
    rig.admin(set(resource(), "RestartDelay", Some(Value::Dword(7))))
        .unwrap();
    let definition = rig.database.group_definition(GROUP).unwrap();
    assert_eq!(definition.properties.preferred_owners, ["NODE2", "NODE1"]);
    let resource = rig.database.resource_definition(RESOURCE).unwrap();
    assert_eq!(resource.possible_owners, ["NODE2", "NODE1"]);
    assert_eq!(resource.properties.restart_delay, 7);
    rig.admin(AdminOp::GroupOffline {
        group: "COUNTER".into(),
    })
    .unwrap();
    assert!(!rig.database.groups[GROUP].wanted);
    rig.admin(AdminOp::GroupOnline {
        group: "COUNTER".into(),
    })
    .unwrap();
    rig.admin(AdminOp::ResourceFail {
        resource: "START counter".into(),
    })
    .unwrap();
    assert_eq!(rig.database.resources[RESOURCE].failures_asked, 1);
    rig.admin(AdminOp::NodePause {
        node: "node1".into(),
    })
    .unwrap();
    assert!(rig.database.nodes[&NodeId(1)].paused);
    rig.admin(AdminOp::NodeResume {
        node: "node1".into(),
    })
    .unwrap();
    rig.admin(AdminOp::GroupMove {
        group: "counter".into(),
        to: Some("node1".into()),
    })
    .unwrap();
    assert_eq!(
        rig.database.groups[GROUP].moving.as_ref().unwrap().to,
        NodeId(1)
    );
    rig.admin(AdminOp::NodeEvict {
        node: "nOdE3".into(),
    })
    .unwrap();
    assert_eq!(rig.database.definition.nodes.len(), 2);
    let node = rig.database.definition.nodes[0].clone();
    let twin = Box::new(NodeDefinition {
        id: NodeId(9),
        name: "node1".into(),
        ..node
    });
    let refusal = rig.admin(AdminOp::NodeAdd { node: twin }).unwrap_err();
    assert!(
        refusal.text.contains("there is a node NODE1 already"),
        "{}",
        refusal.text
    );
}

/// Who hears of a newer view without itself knows by its number that it was expelled.
#[test]
fn every_view_has_a_higher_number() {
    let mut rig = Rig::new();
    let first = rig.database.view.number;
    for (more, members) in [
        (1, vec![(1, 1)]),
        (2, vec![(1, 1), (2, 2)]),
        (3, vec![(1, 1), (2, 3)]),
    ] {
        let members = members.into_iter().map(|(node, boot)| (NodeId(node), boot));
        let members = members.collect();
        rig.change(Update::View { members }).unwrap();
        assert_eq!(rig.database.view.number, first + more);
    }
}

#[test]
fn a_group_on_its_way_is_bound_for_both_ends() {
    let mut rig = Rig::new();
    let bound = |rig: &Rig, node: u8| {
        let mut bound = rig.database.groups_bound_for(NodeId(node));
        bound.any(|group| *group == GROUP)
    };
    let ends = |rig: &Rig| [1, 2, 3].map(|node| bound(rig, node));
    assert_eq!(ends(&rig), [false, true, false]);
    rig.begin(1, 0);
    assert_eq!(ends(&rig), [true, true, false]);
    rig.commit();
    assert_eq!(ends(&rig), [true, false, false]);
}

#[test]
fn a_stranded_group_is_free_again_when_its_owner_is_there_and_nothing_is_failed() {
    let failed = |rig: &mut Rig, state| {
        let (resource, epoch) = (RESOURCE.into(), rig.epoch());
        let update = Update::ResourceState {
            resource,
            epoch,
            state,
        };
        rig.change(update).unwrap();
    };
    let stop = |rig: &Rig| rig.database.groups[GROUP].stop.clone();
    let mut rig = Rig::new();
    rig.online();
    failed(&mut rig, ResourceState::Failed);
    let (group, epoch) = (GROUP.into(), rig.epoch());
    rig.change(Update::Stranded { group, epoch }).unwrap();
    assert_eq!(stop(&rig), Stop::Stranded);
    let members = |nodes: &[u8]| nodes.iter().map(|node| (NodeId(*node), 1)).collect();
    rig.change(Update::View {
        members: members(&[1]),
    })
    .unwrap();
    failed(&mut rig, ResourceState::Online);
    assert_eq!(stop(&rig), Stop::Stranded, "its owner is away");
    rig.change(Update::View {
        members: members(&[1, 2]),
    })
    .unwrap();
    failed(&mut rig, ResourceState::Failed);
    assert_eq!(stop(&rig), Stop::Stranded, "a resource is failed");
    failed(&mut rig, ResourceState::Online);
    assert_eq!(stop(&rig), Stop::None);
}

#[test]
fn what_decides_about_a_group_names_it_and_nothing_else_does() {
    let group = || Name::from(GROUP);
    let epoch = 1;
    for update in [
        Update::MoveBegin {
            group: group(),
            epoch,
            to: NodeId(1),
            cause: Cause::Admin,
            at: 0,
        },
        Update::MoveCommit {
            group: group(),
            epoch,
        },
        Update::MoveCancel {
            group: group(),
            epoch,
        },
        Update::Stranded {
            group: group(),
            epoch,
        },
    ] {
        assert_eq!(update.decides(), Some(&group()), "{update:?}");
    }
    let state = ResourceState::Online;
    let resource = RESOURCE.into();
    assert_eq!(
        Update::ResourceState {
            resource,
            epoch,
            state
        }
        .decides(),
        None
    );
}

#[test]
fn the_first_identity_of_a_node_and_of_the_witness_stays_until_it_is_evicted() {
    let mut rig = Rig::new();
    let identify = |rig: &mut Rig, node: NodeId, identity: u64| {
        rig.change(Update::Identity { node, identity }).unwrap();
    };
    for identity in [5, 6] {
        identify(&mut rig, NodeId(3), identity);
        identify(&mut rig, WITNESS, identity + 10);
        assert_eq!(rig.database.nodes[&NodeId(3)].identity, 5);
        assert_eq!(rig.database.witness.identity, 15);
    }
    let before = rig.database.nodes.len();
    identify(&mut rig, NodeId(9), 7);
    assert_eq!(rig.database.nodes.len(), before, "nobody has that number");
}

/// A resource that was wanted online by itself has the group's PersistentState again once it is there.
#[test]
fn what_is_online_is_wanted_as_its_group_is() {
    let resource = || Name::from(RESOURCE);
    let wanted = |rig: &Rig| rig.database.resources[RESOURCE].wanted;
    for (group_wanted, becomes, left) in [
        (true, ResourceState::Online, None),
        (true, ResourceState::OnlinePending, Some(true)),
        (false, ResourceState::Online, Some(true)),
    ] {
        let mut rig = Rig::new();
        rig.database.groups.get_mut(GROUP).unwrap().wanted = group_wanted;
        let record = rig.database.resources.get_mut(RESOURCE).unwrap();
        (record.wanted, record.state) = (Some(true), ResourceState::Offline);
        let update = Update::ResourceState {
            resource: resource(),
            epoch: rig.epoch(),
            state: becomes,
        };
        rig.change(update).unwrap();
        assert_eq!(wanted(&rig), left, "{group_wanted}, {becomes:?}");
    }
}

fn exchange() -> Rig {
    let mut rig = Rig {
        database: Database::install(crate::shipped::cluster("four-node.ron")),
        sequence: 0,
    };
    let members = [1, 2, 3, 4].map(|id| (NodeId(id), 1)).into();
    rig.change(Update::View { members }).unwrap();
    rig
}

/// The coordinator may not know yet what has come back meanwhile.
#[test]
fn only_the_quorum_disks_group_is_taken_from_a_member_and_given_whatever_rules_say() {
    let takeover = |rig: &mut Rig, group: &Name, to| {
        let epoch = rig.database.groups[group].epoch;
        rig.change(Update::Takeover {
            group: group.clone(),
            epoch,
            to: NodeId(to),
            cause: Cause::NodeFailure,
        })
    };
    let mut rig = exchange();
    let evs1 = Name::from("EVS1");
    let owner = rig.database.groups[&evs1].owner;
    assert_eq!(owner, NodeId(1));
    assert!(takeover(&mut rig, &evs1, 4).is_ok());
    assert_eq!(rig.database.groups[&evs1].owner, owner, "which is there");
    let quorum = rig.database.quorum_group().unwrap().clone();
    let other = if rig.database.groups[&quorum].owner == NodeId(4) {
        3
    } else {
        4
    };
    assert!(takeover(&mut rig, &quorum, other).is_ok());
    assert_eq!(rig.database.groups[&quorum].owner, NodeId(other));

    let epoch = rig.database.groups[&evs1].epoch;
    let members = [2, 3, 4].map(|id| (NodeId(id), 1)).into();
    rig.change(Update::View { members }).unwrap();
    assert_eq!(
        rig.database.groups[&evs1].epoch,
        epoch + 1,
        "updates of its owner's are void"
    );
    assert!(takeover(&mut rig, &evs1, 2).is_err(), "NODE2 has EVS2");
    assert!(takeover(&mut rig, &evs1, 4).is_ok());
    assert_eq!(rig.database.groups[&evs1].owner, NodeId(4));
}

#[test]
fn a_node_that_is_paused_is_so_while_it_is_a_member_and_was_so_when_it_left() {
    use quorate_model::NodeState::{Down, Paused, Up};
    let mut rig = Rig::new();
    for paused in [false, true] {
        let states = |rig: &Rig| {
            let states = [1, 2, 3].map(|id| rig.database.node_state(NodeId(id)));
            (states, rig.database.state_as_member(NodeId(2)))
        };
        rig.database.nodes.get_mut(&NodeId(2)).unwrap().paused = paused;
        let as_member = if paused { Paused } else { Up };
        assert_eq!(states(&rig), ([Up, as_member, Down], as_member));
    }
}
