//! Who is kept out, and what becomes of that.

use super::*;
use crate::io::Output;
use crate::shipped::{booted, outputs};

const TWO: NodeId = NodeId(2);

fn node(phase: Phase) -> Node {
    let mut node = booted("three-node-majority.ron", NodeId(1), 3);
    node.phase = phase;
    outputs(&mut node);
    node
}

/// What a node says.
fn said(node: &mut Node) -> Vec<String> {
    let said = outputs(node).into_iter().filter_map(|output| match output {
        Output::Event(Event::Notice { text, .. }) => Some(text),
        _ => None,
    });
    said.collect()
}

#[test]
fn who_is_kept_out_says_so_once_and_remembers_it_where_quorum_was_forced() {
    for (forced, why) in [
        (true, "quorum was forced without it"),
        (
            false,
            "it was started with a switch by which it takes nobody in",
        ),
    ] {
        let mut node = node(Phase::Joining);
        node.told_kept_out(TWO, 3, forced);
        let told = said(&mut node);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains(why), "{told:?}");
        assert_eq!(node.outside.is_some(), forced);
        node.told_kept_out(TWO, 3, forced);
        assert_eq!(said(&mut node), [""; 0], "it is said once");
    }
}

#[test]
fn a_word_to_another_boot_or_to_a_member_keeps_nobody_out() {
    for (phase, boot) in [(Phase::Joining, 2), (Phase::Member, 3), (Phase::Leaving, 3)] {
        let mut node = node(phase);
        node.told_kept_out(TWO, boot, true);
        assert_eq!(node.outside, None);
        assert_eq!(said(&mut node), [""; 0]);
    }
}

/// Quorum was forced after a switch had kept this node out: that is a newer word, and one to remember.
#[test]
fn quorum_that_is_forced_later_is_remembered_then() {
    let mut node = node(Phase::Joining);
    node.told_kept_out(TWO, 3, false);
    assert_eq!(node.outside, None);
    node.told_kept_out(TWO, 3, true);
    assert_eq!(node.outside, Some("NODE2".into()));
    node.told_kept_out(NodeId(3), 3, true);
    assert_eq!(node.outside, Some("NODE2".into()), "who said so first");
    node.let_in_again();
    assert_eq!(node.outside, None);
}

#[test]
fn whom_a_node_keeps_out_it_names_once() {
    let mut node = node(Phase::Member);
    node.keep_out(TWO);
    node.keep_out(TWO);
    let told = said(&mut node);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("NODE2 is kept out"), "{told:?}");
    node.keep_out(NodeId(3));
    assert_eq!(said(&mut node).len(), 1);
}

#[test]
fn a_boot_knows_what_an_earlier_one_was_told() {
    for (written, outside) in [(&b"NODE3"[..], Some("NODE3")), (b"", None)] {
        let mut node = node(Phase::Joining);
        node.recall_outside(&[(OUTSIDE_FILE.to_owned(), written.to_vec())].into());
        assert_eq!(node.outside.as_deref(), outside);
        assert_eq!(said(&mut node).len(), usize::from(outside.is_some()));
    }
    let mut node = node(Phase::Joining);
    node.config.switches.force_quorum = vec!["NODE1".into()];
    node.recall_outside(&[(OUTSIDE_FILE.to_owned(), b"NODE3".to_vec())].into());
    assert_eq!(node.outside, None, "who forces quorum has the newer word");
}
