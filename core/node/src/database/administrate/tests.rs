//! What an administrator asks of the database, at the edges of what is allowed.

use std::collections::BTreeMap;

use quorate_model::{PolicyScript, Value};

use super::*;
use crate::database::{Proposal, Update};

/// A cluster of `scripts/clusters` of which every node is a member.
fn database(file: &str) -> Database {
    let mut database = Database::install(crate::shipped::cluster(file));
    let nodes = database.definition.nodes.iter();
    let members: BTreeMap<NodeId, u64> = nodes.map(|node| (node.id, 1)).collect();
    change(&mut database, Update::View { members }).unwrap();
    database
}

fn change(database: &mut Database, update: Update) -> Result<(), Reason> {
    let proposal = Proposal {
        node: NodeId(1),
        incarnation: 1,
        sequence: database.nodes[&NodeId(1)].last.1 + 1,
        update,
    };
    database.apply(&proposal).unwrap().map(drop)
}

fn ask(database: &mut Database, op: AdminOp) -> Result<(), u32> {
    change(database, Update::Admin { op }).map_err(|refusal| refusal.code)
}

#[test]
fn a_policy_may_be_as_long_as_is_promised() {
    let mut database = database("four-node.ron");
    let mut set = |bytes: usize| {
        let script = PolicyScript {
            file: "policy.rhai".into(),
            text: "x".repeat(bytes),
        };
        let (group, policy) = (None, Some(script));
        ask(&mut database, AdminOp::SetPolicy { group, policy })
    };
    assert_eq!(set(POLICY_MAX_BYTES), Ok(()));
    assert_eq!(set(POLICY_MAX_BYTES + 1), Err(87));
    assert_eq!(set(2 * POLICY_MAX_BYTES), Err(87));
}

#[test]
fn an_evicted_node_is_named_by_no_list_of_owners_and_the_others_still_are() {
    let mut database = database("four-node.ron");
    let named = |database: &Database, node: &str| {
        let groups = database.definition.groups.iter();
        let lists = groups.flat_map(|group| {
            let possible = group.resources.iter().map(|one| &one.possible_owners);
            possible.chain([&group.properties.preferred_owners])
        });
        lists
            .filter(|list| list.iter().any(|it| *it == node))
            .count()
    };
    for resource in ["EVS1 SMTP", "EVS2 SMTP"] {
        let owners = ["NODE1", "NODE2", "NODE3", "NODE4"]
            .map(str::to_owned)
            .to_vec();
        let set = AdminOp::SetProperty {
            object: Object::Resource(resource.into()),
            property: "PossibleOwners".into(),
            value: Some(Value::List(owners)),
        };
        ask(&mut database, set).unwrap();
    }
    let (gone, stays) = (named(&database, "NODE3"), named(&database, "NODE4"));
    assert!(
        gone >= 3 && stays >= 3,
        "both are preferred and possible owners"
    );
    change(
        &mut database,
        Update::View {
            members: [(NodeId(1), 1), (NodeId(2), 1), (NodeId(4), 1)].into(),
        },
    )
    .unwrap();
    ask(
        &mut database,
        AdminOp::NodeEvict {
            node: "NODE3".into(),
        },
    )
    .unwrap();
    assert_eq!(named(&database, "NODE3"), 0);
    assert_eq!(named(&database, "NODE4"), stays);
}

/// Two virtual servers on one node are allowed with two nodes (active/active), and not with more.
#[test]
fn a_third_node_is_added_when_no_node_runs_two_virtual_servers() {
    for (state, answer) in [
        (ResourceState::Online, Err(5069)),
        (ResourceState::OnlinePending, Err(5069)),
        (ResourceState::Offline, Ok(())),
        (ResourceState::Failed, Ok(())),
    ] {
        let mut database = database("two-node-active-active.ron");
        for record in database.groups.values_mut() {
            record.owner = NodeId(1);
        }
        for record in database.resources.values_mut() {
            record.state = state;
        }
        let mut node = database.definition.nodes[0].clone();
        (node.id, node.name) = (NodeId(3), "NODE3".into());
        for address in node.interfaces.values_mut() {
            let (net, _) = address.rsplit_once('.').unwrap();
            *address = format!("{net}.93");
        }
        let add = AdminOp::NodeAdd {
            node: Box::new(node),
        };
        assert_eq!(ask(&mut database, add.clone()), answer, "{state:?}");
        if answer.is_ok() {
            assert_eq!(
                ask(&mut database, add),
                Ok(()),
                "the same node again changes nothing"
            );
        }
    }
}

#[test]
fn a_resource_comes_with_everything_below_it_once() {
    let database = database("four-node.ron");
    let all = database.with_providers(&"EVS1 SMTP".into());
    let mut once = all.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), all.len());
    let below = |name: &str| all.iter().any(|it| *it == name);
    assert!(below("EVS1 SMTP") && below("EVS1 System Attendant") && below("EVS1 Network Name"));
    assert!(below("EVS1 IP Address"), "{all:?}");
    assert!(
        !below("EVS1 Information Store"),
        "what depends on it is not below it: {all:?}"
    );
}

#[test]
fn nothing_is_started_on_a_paused_node_and_what_belongs_there_is_called_home_when_it_is_resumed() {
    let mut database = database("four-node.ron");
    let pause = || AdminOp::NodePause {
        node: "NODE1".into(),
    };
    let start = || AdminOp::GroupOnline {
        group: "EVS1".into(),
    };
    database.groups.get_mut("EVS1").unwrap().owner = NodeId(1);
    assert_eq!(ask(&mut database, start()), Ok(()));
    assert_eq!(ask(&mut database, pause()), Ok(()));
    assert_eq!(ask(&mut database, start()), Err(5070));
    let record = database.groups.get_mut("EVS1").unwrap();
    (record.owner, record.homing) = (NodeId(4), false);
    assert_eq!(
        ask(&mut database, start()),
        Ok(()),
        "its owner is not paused"
    );
    assert_eq!(ask(&mut database, pause()), Ok(()));
    assert!(!database.groups["EVS1"].homing, "nobody goes home to it");
    let resume = AdminOp::NodeResume {
        node: "NODE1".into(),
    };
    assert_eq!(ask(&mut database, resume), Ok(()));
    assert!(database.groups["EVS1"].homing);
    assert!(!database.groups["EVS2"].homing, "that is at home elsewhere");
}

/// Where the owner is lost there is nothing to stop, and the cluster places the group by itself.
#[test]
fn a_group_whose_owner_is_lost_is_not_moved_by_hand() {
    let mut database = database("four-node.ron");
    let members = [(NodeId(2), 1), (NodeId(3), 1), (NodeId(4), 1)].into();
    database.groups.get_mut("EVS1").unwrap().owner = NodeId(1);
    change(&mut database, Update::View { members }).unwrap();
    let mut moved = |to: &str| {
        let op = AdminOp::GroupMove {
            group: "EVS1".into(),
            to: Some(to.into()),
        };
        let refusal = change(&mut database, Update::Admin { op }).unwrap_err();
        (refusal.code, refusal.text)
    };
    assert_eq!(moved("NODE1"), (5050, "node NODE1 is down".to_owned()));
    let (code, text) = moved("NODE4");
    assert_eq!(code, 5050);
    assert!(text.contains("NODE1, was just lost"), "{text}");
}

/// Two nodes may both be active: only with a third must one be passive.
#[test]
fn a_second_node_comes_to_one_that_runs_two_virtual_servers_and_a_third_does_not() {
    let mut database = database("two-node-active-active.ron");
    let nodes = database.definition.nodes.clone();
    for record in database.groups.values_mut() {
        record.owner = NodeId(1);
    }
    for record in database.resources.values_mut() {
        record.state = ResourceState::Online;
    }
    let members = [(NodeId(1), 1)].into();
    change(&mut database, Update::View { members }).unwrap();
    let node = "NODE2".into();
    assert_eq!(ask(&mut database, AdminOp::NodeEvict { node }), Ok(()));
    let add = |node: &NodeDefinition| AdminOp::NodeAdd {
        node: Box::new(node.clone()),
    };
    assert_eq!(ask(&mut database, add(&nodes[1])), Ok(()));
    let mut third = nodes[1].clone();
    (third.id, third.name) = (NodeId(3), "NODE3".into());
    for address in third.interfaces.values_mut() {
        *address = address.replace(".12", ".13");
    }
    assert_eq!(ask(&mut database, add(&third)), Err(5069));
}
