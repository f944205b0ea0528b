//! What the stage of several nodes cannot see: what is kept, for how long, and what is sent how often.

use quorate_model::control::ControlCode;

use super::*;
use crate::shipped::{booted, outputs};

const ONE: NodeId = NodeId(1);
const TWO: NodeId = NodeId(2);

/// NODE1 of four, a member with NODE2, and nothing on its way.
fn member() -> Node {
    let mut node = booted("four-node.ron", ONE, 3);
    node.phase = Phase::Member;
    node.database.view.members = [(ONE, 3), (TWO, 8)].into();
    outputs(&mut node);
    node
}

fn question(ticket: u64) -> Question {
    Question {
        ticket,
        incarnation: 3,
        of: ControlOf::Type("File Share".into()),
        code: ControlCode(0x0220_0000),
        input: Vec::new(),
    }
}

/// The numbers that the resource monitor was called with.
fn calls(node: &mut Node) -> Vec<u64> {
    let called = outputs(node).into_iter().filter_map(|output| match output {
        Output::Monitor(MonitorCommand::Control { request, .. }) => Some(request),
        _ => None,
    });
    called.collect()
}

/// The tickets that were asked, and those that were answered, each counted once for all networks.
fn sent(node: &mut Node) -> (Vec<u64>, Vec<(u64, Outcome)>) {
    let (mut asked, mut answered) = (Vec::new(), Vec::new());
    for output in outputs(node) {
        let Output::Send { message, .. } = output else {
            continue;
        };
        match message.body {
            Body::Control(question) => asked.push(question.ticket),
            Body::ControlOutcome {
                ticket, outcome, ..
            } => answered.push((ticket, outcome)),
            _ => {}
        }
    }
    asked.dedup();
    answered.dedup();
    (asked, answered)
}

#[test]
fn an_answer_is_kept_for_as_long_as_it_may_be_asked_for_and_the_code_is_never_given_again() {
    let mut node = member();
    node.take_question(TWO, 8, question(5));
    assert_eq!(calls(&mut node), [1]);
    node.control_answered(1, Ok(vec![9]));
    let answer = || vec![(5, Outcome::Said(Ok(vec![9])))];
    assert_eq!(sent(&mut node).1, answer());

    let old = bounds::CONTROL_PATIENCE * 2;
    node.now = Time::ZERO + (old - Duration::from_micros(1));
    node.forget_controls();
    node.take_question(TWO, 8, question(5));
    assert_eq!(sent(&mut node).1, answer(), "it is kept");

    node.now = Time::ZERO + old;
    node.forget_controls();
    assert!(
        node.controls.taken.is_empty(),
        "nobody asks for it any more"
    );
    node.take_question(TWO, 8, question(5));
    node.take_question(TWO, 8, question(4));
    node.take_question(TWO, 7, question(6));
    assert_eq!(
        calls(&mut node),
        [0_u64; 0],
        "each is older than what was forgotten"
    );
    node.take_question(TWO, 8, question(6));
    node.take_question(NodeId(3), 1, question(1));
    assert_eq!(calls(&mut node), [2, 3], "and these are not");
}

#[test]
fn whoever_waits_longer_than_is_remembered_is_not_answered() {
    let mut node = member();
    node.take_question(TWO, 8, question(5));
    node.now = Time::ZERO + bounds::CONTROL_PATIENCE * 2;
    node.take_question(TWO, 8, question(6));
    outputs(&mut node);
    node.forget_controls();
    node.control_answered(1, Ok(vec![1]));
    node.control_answered(2, Ok(vec![2]));
    assert_eq!(sent(&mut node).1, [(6, Outcome::Said(Ok(vec![2])))]);
}

#[test]
fn what_a_lost_monitor_was_asked_is_answered_with_an_error() {
    let mut node = member();
    node.take_question(TWO, 8, question(5));
    outputs(&mut node);
    node.control_calls_lost();
    let answered = sent(&mut node).1;
    let [(5, Outcome::Said(Err(refusal)))] = &answered[..] else {
        panic!("{answered:?}");
    };
    assert_eq!(refusal.code, ERROR_RESOURCE_FAILED);
    node.control_answered(1, Ok(vec![9]));
    assert_eq!(outputs(&mut node), [], "its word comes too late");
}

#[test]
fn as_many_bytes_go_in_and_come_out_as_are_promised() {
    let (fits, too_many) = (vec![7; CONTROL_BYTES_MAX], vec![7; CONTROL_BYTES_MAX + 1]);
    let request = |input: &Vec<u8>| ControlRequest {
        input: input.clone(),
        ..of_node_two()
    };
    assert_eq!(allowed(&request(&fits)), Ok(()));
    let refused = allowed(&request(&too_many)).unwrap_err();
    assert_eq!(refused.code, ERROR_INVALID_PARAMETER);

    let mut node = member();
    let mut answered = |ticket: u64, bytes: &Vec<u8>| {
        node.take_question(TWO, 8, question(ticket));
        node.control_answered(ticket, Ok(bytes.clone()));
        match sent(&mut node).1.pop() {
            Some((_, Outcome::Said(said))) => said.map_err(|refusal| refusal.code),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(answered(1, &fits), Ok(fits.clone()));
    assert_eq!(answered(2, &too_many), Err(ERROR_MORE_DATA));
    let far_too_many = vec![7; 2 * CONTROL_BYTES_MAX];
    assert_eq!(answered(3, &far_too_many), Err(ERROR_MORE_DATA));
}

/// A question for NODE2.
fn of_node_two() -> ControlRequest {
    ControlRequest {
        of: ControlOf::Type("File Share".into()),
        on: Some("NODE2".into()),
        code: ControlCode(0x0220_0000),
        input: Vec::new(),
    }
}

/// NODE1 has asked NODE2, and nobody has answered.
fn asked() -> Node {
    let mut node = member();
    node.control(1, of_node_two());
    node.office.follow(node.now);
    node.pump_controls();
    assert_eq!(sent(&mut node).0, [1]);
    node
}

#[test]
fn a_question_is_put_again_when_it_is_time_and_not_before() {
    let mut node = asked();
    node.pump_controls();
    node.now = Time::ZERO + (bounds::RESEND - Duration::from_micros(1));
    node.pump_controls();
    assert_eq!(sent(&mut node).0, [0_u64; 0]);
    node.now = Time::ZERO + bounds::RESEND;
    node.pump_controls();
    assert_eq!(sent(&mut node).0, [1]);
    node.pump_controls();
    assert_eq!(sent(&mut node).0, [0_u64; 0]);
}

/// Only what the node that was asked says to this boot is an answer.
#[test]
fn an_answer_is_taken_from_whom_was_asked_and_in_this_boot() {
    let outcome = || Outcome::Said(Ok(vec![1]));
    let mut node = asked();
    node.take_outcome(NodeId(3), 3, 1, outcome());
    node.take_outcome(TWO, 2, 1, outcome());
    node.take_outcome(TWO, 3, 2, outcome());
    assert_eq!(outputs(&mut node), []);
    node.take_outcome(TWO, 3, 1, outcome());
    let result = Ok(vec![1]);
    assert_eq!(
        outputs(&mut node),
        [Output::Controlled { request: 1, result }]
    );
}

#[test]
fn without_quorum_nobody_is_asked_and_the_answer_says_why() {
    let mut node = member();
    let silent = bounds::MEMBER_SILENCE + Duration::from_micros(1);
    node.now = Time::ZERO + silent;
    node.office.set_confirmed(Time::ZERO);
    node.control(1, of_node_two());
    node.pump_controls();
    assert_eq!(outputs(&mut node), []);
    node.now += bounds::CONTROL_PATIENCE;
    node.pump_controls();
    let said = outputs(&mut node);
    let [
        Output::Controlled {
            request: 1,
            result: Err(refusal),
        },
    ] = &said[..]
    else {
        panic!("{said:?}");
    };
    assert_eq!(refusal.code, ERROR_CLUSTER_NO_QUORUM);
}

#[test]
fn what_comes_late_is_carried_out_as_long_as_nothing_newer_was_forgotten() {
    let mut node = member();
    node.take_question(TWO, 8, question(5));
    node.forget_controls();
    node.take_question(TWO, 8, question(4));
    assert_eq!(calls(&mut node), [1, 2]);
}

#[test]
fn a_control_code_is_looked_at_again_when_somebody_is_to_be_asked_again_or_nobody_answers() {
    let now = Time::from_millis(60_000);
    let (again, until) = (now + Duration::from_secs(1), now + bounds::CONTROL_PATIENCE);
    for (whom, again, due) in [
        (Some((ONE, 3)), again, until),
        (Some((TWO, 8)), again, again),
        (None, again, again),
    ] {
        let mut node = member();
        node.now = now;
        let asked = Asked {
            request: 1,
            control: of_node_two(),
            until,
            whom,
            again,
        };
        node.controls.asked.insert(1, asked);
        node.timers = crate::timers::Timers::default();
        node.pump_controls();
        assert_eq!(node.timers.next(), Some(due), "{whom:?}");
    }
}
