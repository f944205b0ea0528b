//! Control codes: who is asked, how often, and what whoever asks is told.

use std::time::Duration;

use quorate_model::control::ControlCode;
use quorate_model::{AdminOp, NodeId, Reason};
use quorate_node::bounds;

use super::harness::Stage;
use super::{MINUTE, formed};

/// A code of a plugin's own.
const OWN: u32 = 0x0120_0000;
const SECOND: Duration = Duration::from_secs(1);

/// A resource of the group that NODE1 owns.
fn of_first(stage: &Stage) -> String {
    let group = stage.definition.group("EVS1").expect("a group");
    group.resources[0].name.to_string()
}

fn code_of(stage: &Stage, request: u64) -> Option<u32> {
    let answer = stage.controlled.get(&request)?;
    Some(answer.as_ref().map_or_else(|refused| refused.code, |_| 0))
}

#[test]
fn every_node_can_be_asked_and_the_owner_answers_once() {
    for standard in [true, false] {
        let mut stage = formed(4, standard);
        let name = of_first(&stage);
        for asked in 1..=4_u8 {
            stage.control(NodeId(asked), asked.into(), &name, OWN);
        }
        stage.run(SECOND);
        for asked in 1..=4_u64 {
            assert_eq!(
                stage.controlled.get(&asked),
                Some(&Ok(vec![1, 7])),
                "{asked}"
            );
        }
        assert_eq!(stage.codes, [(NodeId(1), ControlCode(OWN)); 4]);
    }
}

#[test]
fn a_question_or_an_answer_that_is_lost_is_sent_again_and_carried_out_once() {
    for way in [(NodeId(2), NodeId(1)), (NodeId(1), NodeId(2))] {
        let mut stage = formed(3, false);
        let name = of_first(&stage);
        stage.cut.insert(way);
        stage.control(NodeId(2), 1, &name, OWN);
        stage.run(SECOND);
        assert_eq!(code_of(&stage, 1), None, "{way:?}");
        stage.cut.clear();
        stage.run(SECOND);
        assert_eq!(code_of(&stage, 1), Some(0), "{way:?}");
        stage.run(MINUTE);
        assert_eq!(stage.codes.len(), 1, "{way:?}");
    }
}

#[test]
fn an_owner_that_is_lost_is_an_error_and_nobody_else_is_asked_instead() {
    let mut stage = formed(4, false);
    let name = of_first(&stage);
    stage.mute.insert(NodeId(1));
    stage.control(NodeId(2), 1, &name, OWN);
    stage.run(SECOND);
    assert_eq!(stage.codes.len(), 1);
    stage.crash(NodeId(1));
    stage.run(bounds::MEMBER_SILENCE + 4 * bounds::HEARTBEAT);
    let lost = code_of(&stage, 1);
    assert_eq!(lost, Some(5050), "{:?}", stage.controlled);
    // Whoever asks now waits for the next owner.
    stage.control(NodeId(2), 2, &name, OWN);
    stage.run(bounds::CONTROL_PATIENCE);
    assert_eq!(code_of(&stage, 2), Some(0), "{:?}", stage.controlled);
    let owner = stage.codes.last().map(|(node, _)| *node);
    assert!(owner.is_some_and(|owner| owner != NodeId(1)));
    assert_eq!(stage.codes.len(), 2, "the first was asked of nobody else");
}

#[test]
fn whoever_asks_a_monitor_that_never_answers_is_told_so_in_time() {
    let mut stage = formed(3, true);
    let name = of_first(&stage);
    stage.mute.insert(NodeId(1));
    for asked in 1..=3_u8 {
        stage.control(NodeId(asked), asked.into(), &name, OWN);
    }
    stage.run(bounds::CONTROL_PATIENCE - SECOND);
    assert!(stage.controlled.is_empty(), "{:?}", stage.controlled);
    stage.run(SECOND + bounds::HEARTBEAT);
    for asked in 1..=3_u64 {
        assert_eq!(code_of(&stage, asked), Some(1460), "{asked}");
    }
    assert_eq!(stage.codes.len(), 3);
}

#[test]
fn a_group_that_moves_meanwhile_has_its_new_owner_asked() {
    let mut stage = formed(4, false);
    let name = of_first(&stage);
    let op = AdminOp::GroupMove {
        group: "EVS1".into(),
        to: Some("NODE4".into()),
    };
    stage.admin(NodeId(3), 9, op);
    for request in 1..=100 {
        stage.control(NodeId(2), request, &name, OWN);
        stage.run(Duration::from_millis(100));
    }
    stage.run(SECOND);
    for request in 1..=100 {
        assert_eq!(code_of(&stage, request), Some(0), "{request}");
    }
    assert_eq!(stage.codes.len(), 100, "each was carried out once");
    let last = stage.codes.last().map(|(node, _)| *node);
    assert_eq!(last, Some(NodeId(4)));
}

#[test]
fn who_asks_by_an_old_copy_of_the_database_comes_to_the_new_owner() {
    let mut stage = formed(4, false);
    let leader = stage.coordinator().expect("a coordinator");
    let mut others = (1..=3).map(NodeId).filter(|node| *node != leader);
    let (owner, asked) = (others.next().expect("one"), others.next().expect("another"));
    let group = format!("EVS{}", owner.0);
    let name = stage.definition.group(&group).expect("a group").resources[0]
        .name
        .to_string();
    // The coordinator's word does not get to the node that is asked, for less long than it would mind.
    stage.cut.insert((leader, asked));
    let op = AdminOp::GroupMove {
        group: group.as_str().into(),
        to: Some("NODE4".into()),
    };
    stage.admin(leader, 9, op);
    stage.run(3 * SECOND);
    stage.control(asked, 1, &name, OWN);
    stage.run(SECOND);
    assert_eq!(
        code_of(&stage, 1),
        None,
        "the old owner says that it is none"
    );
    assert_eq!(stage.codes, []);
    stage.cut.clear();
    stage.run(3 * SECOND);
    assert_eq!(stage.controlled.get(&1), Some(&Ok(vec![4, 7])));
    assert_eq!(stage.codes, [(NodeId(4), ControlCode(OWN))]);
}

#[test]
fn a_node_that_stops_answers_what_it_was_asked() {
    let mut stage = formed(3, false);
    let name = of_first(&stage);
    stage.mute.insert(NodeId(1));
    stage.control(NodeId(3), 1, &name, OWN);
    stage.run(SECOND);
    stage.admin(NodeId(3), 2, AdminOp::ServiceStop);
    stage.run(20 * SECOND);
    assert_eq!(code_of(&stage, 1), Some(5050));
}

#[test]
fn what_is_no_code_for_a_resource_reaches_no_monitor() {
    let mut stage = formed(3, true);
    let name = of_first(&stage);
    for (request, code) in (1..).zip([0xdead_beef, 0x0200_0005, 0x0150_0006, 7]) {
        stage.control(NodeId(1), request, &name, code);
        let refused = stage.controlled.get(&request).cloned();
        let refused: Option<Result<Vec<u8>, Reason>> = refused;
        assert!(
            matches!(&refused, Some(Err(refused)) if refused.code == 1),
            "{code:#x}: {refused:?}"
        );
    }
    stage.control(NodeId(1), 9, "no such resource", OWN);
    assert_eq!(code_of(&stage, 9), Some(5007));
    stage.run(SECOND);
    assert_eq!(stage.codes, []);
}
