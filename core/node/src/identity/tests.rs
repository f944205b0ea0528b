//! What a node makes of somebody whom its database does not have, and of what others say of the nodes there are.

use quorate_log::NodeSet;

use super::*;
use crate::io::Output;
use crate::message::Heartbeat;
use crate::neighbours::Peer;
use crate::shipped::{booted, leads, outputs};

const ME: NodeId = NodeId(1);
const TWO: NodeId = NodeId(2);
const FOREIGN: NodeId = NodeId(9);

fn node(phase: Phase) -> Node {
    let mut node = booted("three-node-majority.ron", ME, 3);
    node.phase = phase;
    outputs(&mut node);
    node
}

/// What a node answers to a stranger's heartbeat.
fn answered(phase: Phase, standing: Standing, coordinates: Option<(u64, u64)>) -> Vec<Body> {
    let mut node = node(phase);
    node.neighbours.expect_copy(TWO, 22);
    let heartbeat = Heartbeat {
        sent: 1,
        echoes: Vec::new(),
        standing,
        view: 1,
        members: NodeSet::EMPTY,
        coordinates,
        quorate: false,
    };
    let message = Message {
        incarnation: 7,
        body: Body::Heartbeat(heartbeat.into()),
    };
    node.unknown_sender(FOREIGN, &"Private".into(), message);
    let sent = outputs(&mut node).into_iter().map(|output| match output {
        Output::Send { to, message, .. } if to == FOREIGN => message.body,
        other => panic!("{other:?}"),
    });
    sent.collect()
}

#[test]
fn who_looks_for_a_cluster_asks_an_unknown_coordinator_and_nobody_else() {
    let coordinates = Some((1, 0));
    for standing in [Standing::Joining, Standing::Member, Standing::Leaving] {
        let asked = answered(Phase::Joining, standing, coordinates);
        assert_eq!(asked, [Body::WhoAreYou], "{standing:?}");
        assert_eq!(answered(Phase::Joining, standing, None), []);
    }
    for phase in [Phase::Member, Phase::Leaving] {
        assert_eq!(
            answered(phase.clone(), Standing::Member, coordinates),
            [],
            "{phase:?}"
        );
    }
}

#[test]
fn a_member_names_whom_it_knows_to_one_that_looks_for_a_cluster() {
    let named = answered(Phase::Member, Standing::Joining, None);
    let [Body::Nodes(named)] = &named[..] else {
        panic!("{named:?}");
    };
    let named: Vec<(NodeId, u64)> = named.iter().map(|it| (it.node.id, it.identity)).collect();
    assert_eq!(named, [(TWO, 22)], "those whose copies its log names");
    assert_eq!(answered(Phase::Member, Standing::Member, None), []);
    assert_eq!(answered(Phase::Leaving, Standing::Joining, None), []);
}

#[test]
fn the_goodbye_of_an_evicted_node_is_about_the_boot_that_said_it() {
    for (said, gone) in [(6, false), (7, true), (8, false)] {
        let mut node = node(Phase::Member);
        let evicted = Peer {
            incarnation: 7,
            ..Peer::default()
        };
        *node.neighbours.evicted(FOREIGN) = evicted;
        let message = Message {
            incarnation: said,
            body: Body::Goodbye,
        };
        node.unknown_sender(FOREIGN, &"Private".into(), message);
        assert_eq!(node.neighbours.evicted(FOREIGN).gone, gone, "boot {said}");
    }
}

fn introduction(node: &Node, id: NodeId, identity: u64) -> Introduction {
    let node = NodeDefinition {
        id,
        ..node.database.definition.nodes[0].clone()
    };
    Introduction { node, identity }
}

#[test]
fn an_introduction_teaches_only_who_looks_for_a_cluster() {
    for (phase, learns) in [
        (Phase::Joining, true),
        (Phase::Member, false),
        (Phase::Leaving, false),
    ] {
        let mut node = node(phase);
        let nodes = vec![introduction(&node, FOREIGN, 99)];
        node.introduced(nodes);
        assert_eq!(node.log.identity_of(FOREIGN.0), learns.then_some(99));
        assert_eq!(node.database.nodes.contains_key(&FOREIGN), learns);
    }
}

/// Whoever says so may know less: a copy that is known is another's only if that node has shown it itself.
#[test]
fn an_introduction_takes_the_place_of_what_is_known_only_where_the_node_has_shown_it() {
    for (shown, held) in [(None, 22), (Some(98), 22), (Some(99), 99)] {
        let mut node = node(Phase::Joining);
        node.expect_identity(TWO, 22);
        node.neighbours.peer(TWO).shown = shown;
        let nodes = vec![introduction(&node, TWO, 99), introduction(&node, ME, 11)];
        node.introduced(nodes);
        assert_eq!(node.log.identity_of(TWO.0), Some(held), "{shown:?}");
        let nodes = vec![introduction(&node, TWO, 0)];
        node.introduced(nodes);
        assert_eq!(node.log.identity_of(TWO.0), Some(held), "0 says nothing");
        assert!(
            node.neighbours.expected_copy(ME).is_none(),
            "of itself nobody tells it anything"
        );
    }
}

#[test]
fn who_is_told_that_it_is_a_stranger_stops_if_it_looks_for_a_cluster_and_is_meant() {
    for (phase, boot, stops) in [
        (Phase::Joining, 3, true),
        (Phase::Joining, 2, false),
        (Phase::Member, 3, false),
        (Phase::Leaving, 3, false),
    ] {
        let mut node = node(phase.clone());
        node.told_stranger(TWO, boot);
        assert_eq!(node.phase == Phase::Halted, stops, "{phase:?}, boot {boot}");
    }
}

#[test]
fn until_it_has_joined_a_node_knows_whom_its_log_takes_in() {
    let mut node = node(Phase::Joining);
    let taken_in = introduction(&node, FOREIGN, 0).node;
    node.neighbours.recall(vec![taken_in.clone()]);
    assert_eq!(node.known_node(FOREIGN), Some(&taken_in));
    assert_eq!(node.known_node(NodeId(8)), None);
    node.phase = Phase::Member;
    assert_eq!(
        node.known_node(FOREIGN),
        None,
        "the database has all of them"
    );
}

#[test]
fn what_is_to_be_forgotten_is_what_the_database_does_not_name() {
    let mut node = node(Phase::Joining);
    node.expect_identity(TWO, 22);
    node.expect_identity(NodeId(3), 33);
    let mut database = node.database.clone();
    database.nodes.get_mut(&TWO).unwrap().identity = 23;
    node.expect_identities(database.identities());
    assert_eq!(node.log.identity_of(2), Some(23));
    assert_eq!(node.log.identity_of(3), None);
    assert_eq!(node.neighbours.expected_copy(TWO), Some(23));
    assert_eq!(node.neighbours.expected_copy(NodeId(3)), None);
    node.expect_identity(ME, 5);
    assert_eq!(
        node.neighbours.expected_copy(ME),
        None,
        "a node is not held to anything by itself"
    );
}

#[test]
fn an_identity_is_proposed_once_and_only_where_the_database_has_none() {
    let proposed = |node: &mut Node| {
        node.propose_identities();
        let all = node.proposals.outstanding();
        let all = all.filter_map(|proposal| match proposal.update {
            Update::Identity { node, identity } => Some((node, identity)),
            _ => None,
        });
        all.collect::<Vec<_>>()
    };
    let mut node = crate::shipped::leader();
    let own = node.log.identity();
    node.log.set_identity(2, 22);
    node.database.nodes.get_mut(&TWO).unwrap().identity = 22;
    assert_eq!(proposed(&mut node), [(ME, own)], "NODE2's is known");
    assert_eq!(proposed(&mut node).len(), 1, "it is on its way");
}

#[test]
fn a_coordinator_names_every_node_with_its_own_identity() {
    let mut node = crate::shipped::leader();
    let own = node.log.identity();
    node.log.set_identity(2, 22);
    outputs(&mut node);
    node.introduce(FOREIGN, &"Private".into());
    let sent = outputs(&mut node)
        .into_iter()
        .find_map(|output| match output {
            Output::Send { message, .. } => Some(message.body),
            _ => None,
        });
    let Some(Body::Nodes(named)) = sent else {
        panic!("{sent:?}");
    };
    let named: Vec<(u8, u64)> = named.iter().map(|it| (it.node.id.0, it.identity)).collect();
    assert_eq!(named, [(1, own), (2, 22), (3, 0), (4, 0)]);
}

/// The checkpoint is older than the log: whom that evicts is nobody's former self any more.
#[test]
fn who_boots_forgets_the_identities_of_those_that_its_log_evicts_and_no_others() {
    let mut node = node(Phase::Joining);
    for id in [2, 3] {
        node.log.set_identity(id, u64::from(id) * 11);
        node.database.nodes.get_mut(&NodeId(id)).unwrap().identity = u64::from(id) * 11;
    }
    node.recall();
    assert_eq!(node.log.identity_of(2), Some(22));
    assert_eq!(node.log.identity_of(3), Some(33));

    let evicts = Proposal {
        node: TWO,
        incarnation: 1,
        sequence: 1,
        update: Update::Admin {
            op: quorate_model::AdminOp::NodeEvict {
                node: "NODE3".into(),
            },
        },
    };
    let entry = quorate_log::Entry {
        index: 1,
        term: 1,
        kind: EntryKind::Update(postcard::to_allocvec(&evicts).unwrap()),
    };
    leads(&mut node, 2, vec![entry]);
    node.recall();
    assert_eq!(node.log.identity_of(2), Some(22));
    assert_eq!(node.log.identity_of(3), None);
}

#[test]
fn who_the_witness_is_is_proposed_until_the_database_knows() {
    for (known, proposed) in [(0, 1), (7, 0)] {
        let mut node = booted("two-node-witness.ron", ME, 1);
        node.office.begin(node.now, false, node.now);
        node.log.set_identity(WITNESS.0, 7);
        node.database.witness.identity = known;
        node.propose_identities();
        assert_eq!(node.proposals.outstanding().len(), proposed);
    }
}
