//! Several nodes together: forming, taking over, parting, coming back.

mod control;
mod harness;

use std::time::Duration;

use harness::{Stage, definition};
use quorate_journal::Event;
use quorate_model::{AdminOp, GroupState, NodeId, Time};
use quorate_node::{BootImage, DiskDone, Input, Node, NodeConfig, Output, bounds};

const MINUTE: Duration = Duration::from_secs(60);

fn formed(nodes: u8, standard: bool) -> Stage {
    let mut stage = Stage::new(definition(nodes, standard));
    stage.run(MINUTE);
    for n in 1..nodes {
        let found = stage.group(&format!("EVS{n}"));
        assert_eq!(
            found,
            Some((format!("NODE{n}"), GroupState::Online)),
            "{}",
            stage.transcript()
        );
    }
    stage
}

fn expect(stage: &Stage, group: &str, owner: &str, state: GroupState) {
    assert_eq!(
        stage.group(group),
        Some((owner.to_owned(), state)),
        "{}",
        stage.transcript()
    );
}

#[test]
fn a_cluster_forms_and_every_group_is_at_home() {
    for standard in [true, false] {
        let stage = formed(4, standard);
        let views: Vec<u64> = stage
            .machines
            .values()
            .map(|machine| {
                machine
                    .node
                    .as_ref()
                    .unwrap()
                    .snapshot(stage.now)
                    .unwrap()
                    .view
            })
            .collect();
        assert!(views.iter().all(|view| *view == views[0]), "{views:?}");
    }
}

#[test]
fn a_lost_nodes_group_goes_to_the_standby_and_the_next_stays_failed() {
    for standard in [true, false] {
        let mut stage = formed(5, standard);
        stage.crash(NodeId(3));
        stage.run(MINUTE);
        expect(&stage, "EVS3", "NODE5", GroupState::Online);
        stage.crash(NodeId(2));
        stage.run(MINUTE);
        expect(&stage, "EVS2", "NODE2", GroupState::Failed);
        expect(&stage, "EVS1", "NODE1", GroupState::Online);
        stage.boot(NodeId(2));
        stage.run(MINUTE);
        expect(&stage, "EVS2", "NODE2", GroupState::Online);
    }
}

#[test]
fn losing_the_coordinator_is_like_losing_any_other() {
    for standard in [true, false] {
        let mut stage = formed(4, standard);
        let coordinator = stage.coordinator().unwrap();
        stage.crash(coordinator);
        stage.run(2 * MINUTE);
        let group = format!("EVS{coordinator}");
        let owner = if coordinator.0 < 4 { "NODE4" } else { "NODE3" };
        if coordinator.0 < 4 {
            expect(&stage, &group, owner, GroupState::Online);
        }
        assert!(
            stage.coordinator().is_some_and(|now| now != coordinator),
            "{}",
            stage.transcript()
        );
    }
}

#[test]
fn two_sides_never_run_the_same_and_join_again() {
    for standard in [true, false] {
        let mut stage = formed(5, standard);
        for a in [1, 2] {
            for b in [3, 4, 5] {
                stage.cut.insert((NodeId(a), NodeId(b)));
                stage.cut.insert((NodeId(b), NodeId(a)));
            }
        }
        stage.run(3 * MINUTE);
        let coordinator = stage.coordinator().expect("one side goes on");
        if !standard {
            assert!(coordinator.0 >= 3, "the majority side goes on");
            expect(&stage, "EVS3", "NODE3", GroupState::Online);
        }
        stage.cut.clear();
        stage.run(5 * MINUTE);
        let node = stage.machines[&stage.coordinator().unwrap()]
            .node
            .as_ref()
            .unwrap();
        let members = node.snapshot(stage.now).unwrap().members.len();
        assert_eq!(members, 5, "{}", stage.transcript());
        for n in 1..5 {
            let state = stage.group(&format!("EVS{n}")).unwrap().1;
            assert_eq!(state, GroupState::Online, "EVS{n}\n{}", stage.transcript());
        }
    }
}

#[test]
fn a_coordinator_that_hears_nobody_says_so_when_its_lease_ends_and_another_begins_later() {
    let mut stage = formed(5, false);
    let old = stage.coordinator().unwrap();
    for other in (1..=5).map(NodeId).filter(|other| *other != old) {
        stage.cut.insert((old, other));
        stage.cut.insert((other, old));
    }
    let coordinates = |stage: &Stage, id: NodeId| {
        let node = stage.machines[&id].node.as_ref();
        let seen = node.and_then(|node| node.snapshot(stage.now));
        seen.is_some_and(|seen| seen.coordinates)
    };
    assert!(coordinates(&stage, old));
    stage.run(bounds::COORDINATOR_LEASE);
    assert!(!coordinates(&stage, old), "{}", stage.transcript());
    let others = || (1..=5).map(NodeId).filter(|other| *other != old);
    assert!(!others().any(|id| coordinates(&stage, id)));
    stage.run(MINUTE);
    assert!(others().any(|id| coordinates(&stage, id)));
    assert!(!coordinates(&stage, old));
}

/// Nothing makes it step down between two inputs: whoever looks at it then is told what stands at that time.
#[test]
fn a_coordinators_word_ends_with_its_lease_though_nothing_happens() {
    for standard in [true, false] {
        let stage = formed(3, standard);
        let coordinator = &stage.machines[&stage.coordinator().unwrap()];
        let stands = |after: Duration| {
            let seen = coordinator.node.as_ref().unwrap();
            let seen = seen.snapshot(stage.now + after).unwrap();
            (seen.coordinates, seen.has_quorum)
        };
        assert_eq!(stands(Duration::ZERO), (true, true));
        let later = bounds::COORDINATOR_LEASE + Duration::from_micros(1);
        assert_eq!(stands(later), (false, false), "standard: {standard}");
    }
}

#[test]
fn a_frozen_node_that_wakes_stops_before_it_touches_anything() {
    for standard in [true, false] {
        let mut stage = formed(4, standard);
        for victim in [2, stage.coordinator().unwrap().0] {
            stage.freeze(NodeId(victim));
            stage.run(3 * MINUTE);
            stage.thaw(NodeId(victim));
            assert!(
                !stage.machines[&NodeId(victim)].on,
                "it halts as soon as it wakes"
            );
            stage.run(5 * MINUTE);
            assert!(stage.coordinator().is_some(), "{}", stage.transcript());
        }
    }
}

#[test]
fn a_group_is_moved_on_request() {
    let mut stage = formed(4, true);
    let op = AdminOp::GroupMove {
        group: "EVS1".into(),
        to: Some("NODE4".into()),
    };
    stage.admin(NodeId(2), 1, op);
    stage.run(MINUTE);
    assert_eq!(stage.replies.get(&1), Some(&Ok(())));
    expect(&stage, "EVS1", "NODE4", GroupState::Online);
    let op = AdminOp::GroupMove {
        group: "EVS2".into(),
        to: Some("NODE4".into()),
    };
    stage.admin(NodeId(2), 2, op);
    stage.run(MINUTE);
    let refusal = stage.replies[&2].clone().unwrap_err();
    assert!(refusal.text.contains("already hosts EVS1"), "{refusal:?}");
    expect(&stage, "EVS2", "NODE2", GroupState::Online);
}

#[test]
fn a_resource_restarts_three_times_and_the_fourth_failure_moves_the_group() {
    let mut stage = formed(4, true);
    for failure in 1..=4_u64 {
        stage.admin(
            NodeId(1),
            failure,
            AdminOp::ResourceFail {
                resource: "EVS1 Store".into(),
            },
        );
        stage.run(MINUTE);
        assert_eq!(stage.replies[&failure], Ok(()));
        let owner = if failure < 4 { "NODE1" } else { "NODE4" };
        expect(&stage, "EVS1", owner, GroupState::Online);
    }
    let restarts = stage
        .events
        .iter()
        .filter(|(_, _, event)| matches!(event, Event::Restart { .. }));
    assert_eq!(restarts.count(), 3);
}

#[test]
fn a_service_that_stops_in_order_leaves_its_groups_to_others() {
    for standard in [true, false] {
        let mut stage = formed(4, standard);
        let coordinator = stage.coordinator().unwrap();
        stage.admin(coordinator, 1, AdminOp::ServiceStop);
        stage.run(2 * MINUTE);
        assert_eq!(
            stage.replies.get(&1),
            Some(&Ok(())),
            "{}",
            stage.transcript()
        );
        assert!(!stage.machines[&coordinator].on);
        if coordinator.0 < 4 {
            expect(
                &stage,
                &format!("EVS{coordinator}"),
                "NODE4",
                GroupState::Online,
            );
        }
    }
}

/// Nobody is left who could confirm anything, so nobody waits for that.
#[test]
fn services_that_are_all_stopped_at_once_end_as_soon_as_what_they_run_is_offline() {
    for standard in [true, false] {
        for nodes in [2, 3, 4, 5] {
            let mut stage = formed(nodes, standard);
            for node in 1..=nodes {
                stage.admin(NodeId(node), node.into(), AdminOp::ServiceStop);
            }
            let mut waited = Duration::ZERO;
            while stage.machines.values().any(|machine| machine.on) {
                stage.run(Duration::from_millis(100));
                waited += Duration::from_millis(100);
                assert!(
                    waited < Duration::from_secs(5),
                    "{nodes} nodes, {standard}: {}",
                    stage.transcript()
                );
            }
            for node in 1..=nodes {
                assert_eq!(stage.replies.get(&node.into()), Some(&Ok(())));
            }
        }
    }
}

/// Who gives the quorum disk away says so to the member that has its group then, and that takes it: nobody waits for
/// anybody's silence.
#[test]
fn a_quorum_disk_that_is_given_away_is_taken_by_whoever_has_its_group_then() {
    let mut stage = formed(4, true);
    let leaves = stage.coordinator().unwrap();
    stage.admin(leaves, 1, AdminOp::ServiceStop);
    while stage.machines[&leaves].on {
        stage.run(Duration::from_millis(1));
    }
    // A disk takes a second to come online on this stage.
    stage.run(Duration::from_millis(1_100));
    let next = stage.coordinator().expect("somebody has taken it");
    let owner = format!("NODE{next}");
    expect(&stage, "Cluster Group", &owner, GroupState::Online);
}

/// Ten minutes, where nothing in the cluster may take longer to go offline.
#[test]
fn a_service_that_cannot_stop_in_order_stops_in_the_end() {
    let mut stage = formed(4, false);
    stage.stuck.insert(NodeId(2));
    stage.admin(NodeId(2), 1, AdminOp::ServiceStop);
    stage.run(10 * MINUTE - Duration::from_micros(1));
    assert!(stage.machines[&NodeId(2)].on, "{}", stage.transcript());
    expect(&stage, "EVS2", "NODE2", GroupState::Pending);
    stage.run(Duration::from_micros(1));
    assert!(!stage.machines[&NodeId(2)].on, "{}", stage.transcript());
    let why = stage
        .events
        .iter()
        .find_map(|(_, node, event)| match event {
            Event::Halted { reason } if *node == NodeId(2) => Some(reason.as_str()),
            _ => None,
        });
    let too_long = why.is_some_and(|why| why.contains("took too long"));
    assert!(too_long, "{why:?}");
    stage.run(MINUTE);
    expect(&stage, "EVS2", "NODE4", GroupState::Online);
}

#[test]
fn a_whole_cluster_that_lost_power_comes_back_with_what_was_acknowledged() {
    for standard in [true, false] {
        let mut stage = formed(4, standard);
        stage.admin(
            NodeId(3),
            1,
            AdminOp::GroupOffline {
                group: "EVS3".into(),
            },
        );
        stage.run(MINUTE);
        for n in 1..=4 {
            stage.crash(NodeId(n));
        }
        stage.run(MINUTE);
        for n in [4, 3, 2, 1] {
            stage.boot(NodeId(n));
            stage.run(Duration::from_secs(5));
        }
        stage.run(3 * MINUTE);
        assert_eq!(
            stage.group("EVS3").unwrap().1,
            GroupState::Offline,
            "{}",
            stage.transcript()
        );
        expect(&stage, "EVS1", "NODE1", GroupState::Online);
    }
}

#[test]
fn the_quorum_disk_goes_where_its_group_is_moved() {
    let mut stage = formed(4, true);
    for (request, to) in [(1, "NODE2"), (2, "NODE4"), (3, "NODE1")] {
        let op = AdminOp::GroupMove {
            group: "Cluster Group".into(),
            to: Some(to.into()),
        };
        stage.admin(NodeId(3), request, op);
        stage.run(MINUTE);
        assert_eq!(stage.replies[&request], Ok(()), "{}", stage.transcript());
        expect(&stage, "Cluster Group", to, GroupState::Online);
        for (group, owner) in [("EVS1", "NODE1"), ("EVS2", "NODE2"), ("EVS3", "NODE3")] {
            expect(&stage, group, owner, GroupState::Online);
        }
    }
}

/// A node that nobody answers, whose disk answers nothing until `answers_from`: what of its log's messages left before
/// and after that.
fn log_messages_left(answers_from: Time) -> (usize, usize) {
    let config = NodeConfig {
        joins: false,
        id: NodeId(1),
        definition: definition(3, false),
        incarnation: 1,
        seed: 1,
        civil_origin_ms: 0,
        local_shift_minutes: 0,
        switches: Default::default(),
    };
    let mut node = Node::boot(config, BootImage::default(), Time::ZERO);
    let (mut before, mut after, mut asked) = (0, 0, Vec::new());
    for second in 0..60 {
        let now = Time(second * 1_000_000);
        node.handle(now, Input::Wake);
        loop {
            while let Some(output) = node.poll_output() {
                match output {
                    Output::Send { message, .. } if message.kind() == "log" => {
                        match now < answers_from {
                            true => before += 1,
                            false => after += 1,
                        }
                    }
                    Output::Disk(request) => asked.push(request.ticket),
                    _ => {}
                }
            }
            let Some(ticket) = asked.pop_if(|_| now >= answers_from) else {
                break;
            };
            let result = Ok(Default::default());
            node.handle(now, Input::Disk(DiskDone { ticket, result }));
        }
    }
    (before, after)
}

#[test]
fn nobody_is_told_an_identity_that_a_crash_would_take_back() {
    let (_, left) = log_messages_left(Time::ZERO);
    assert!(left > 0, "it asks for votes where the disk answers");
    let (early, late) = log_messages_left(Time(10_000_000));
    assert_eq!(
        early, 0,
        "it asked for votes under a name that is not on its disk"
    );
    assert!(late > 0, "it asks for votes once the disk has answered");
}
