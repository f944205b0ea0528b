//! Who is kept out, and what becomes of that.

use quorate_log::Stored;
use quorate_model::{StartSwitches, Time};

use super::*;
use crate::io::{BootImage, NodeConfig, Output};
use crate::message::Standing;
use crate::neighbours::Peer;
use crate::shipped::{booted, cluster, events, halted, leader, outputs};

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
        assert_eq!(node.kept_out.has_no_say(), forced);
        node.told_kept_out(TWO, 3, forced);
        assert_eq!(said(&mut node), [""; 0], "it is said once");
    }
}

#[test]
fn a_word_to_another_boot_or_to_a_member_keeps_nobody_out() {
    for (phase, boot) in [(Phase::Joining, 2), (Phase::Member, 3), (Phase::Leaving, 3)] {
        let mut node = node(phase);
        node.told_kept_out(TWO, boot, true);
        assert_eq!(node.kept_out.forced_by(), None);
        assert_eq!(said(&mut node), [""; 0]);
    }
}

/// Quorum was forced after a switch had kept this node out: that is a newer word, and one to remember.
#[test]
fn quorum_that_is_forced_later_is_remembered_then() {
    let mut node = node(Phase::Joining);
    node.told_kept_out(TWO, 3, false);
    assert_eq!(node.kept_out.forced_by(), None);
    node.told_kept_out(TWO, 3, true);
    assert_eq!(node.kept_out.forced_by(), Some("NODE2"));
    node.told_kept_out(NodeId(3), 3, true);
    assert_eq!(
        node.kept_out.forced_by(),
        Some("NODE2"),
        "who said so first"
    );
    node.let_in_again();
    assert_eq!(node.kept_out.forced_by(), None);
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
        assert_eq!(node.kept_out.forced_by(), outside);
        assert_eq!(said(&mut node).len(), usize::from(outside.is_some()));
    }
    let mut node = node(Phase::Joining);
    node.config.switches.force_quorum = vec!["NODE1".into()];
    node.recall_outside(&[(OUTSIDE_FILE.to_owned(), b"NODE3".to_vec())].into());
    assert_eq!(
        node.kept_out.forced_by(),
        None,
        "who forces quorum has the newer word"
    );
}

/// NODE1 of the cluster in this file, started with these switches and nothing on its disk.
fn started(file: &str, switches: StartSwitches) -> Node {
    let config = NodeConfig {
        id: NodeId(1),
        definition: cluster(file),
        incarnation: 1,
        seed: 1,
        civil_origin_ms: 0,
        local_shift_minutes: 0,
        switches,
        joins: false,
    };
    Node::boot(config, BootImage::default(), Time::ZERO)
}

fn forced(names: &[&str]) -> StartSwitches {
    StartSwitches {
        force_quorum: names.iter().map(|name| (*name).into()).collect(),
        ..StartSwitches::default()
    }
}

#[test]
fn switches_that_make_no_sense_stop_the_node_that_was_started_with_them() {
    let mut without = started("five-node-majority.ron", forced(&["NODE2", "NODE3"]));
    assert!(halted(&mut without).is_some(), "it is not on its own list");
    let switches = StartSwitches {
        no_quorum_logging: true,
        ..StartSwitches::default()
    };
    let mut blank = started("three-node.ron", switches);
    assert_eq!(
        halted(&mut blank),
        Some(1057),
        "it has nothing to go on from"
    );
}

#[test]
fn quorum_is_forced_with_those_on_the_list_and_in_a_term_of_its_own() {
    let file = "five-node-majority.ron";
    let mut plain = started(file, StartSwitches::default());
    assert_eq!(halted(&mut plain), None);
    assert_eq!(plain.log.voters().len(), 5);
    assert_eq!(plain.log.term(), 0);
    let mut node = started(file, forced(&["NODE1", "NODE3"]));
    assert_eq!(halted(&mut node), None);
    let voters: Vec<u8> = node.log.voters().iter().collect();
    assert_eq!(voters, [1, 3]);
    assert!(node.log.term() > 1 << 16, "in {}", node.log.term());
}

#[test]
fn a_node_that_gives_up_some_of_the_past_skips_as_many_terms_as_are_drawn() {
    let (mut listed, mut alone) = (StartSwitches::default(), StartSwitches::default());
    listed.force_quorum = vec!["NODE1".into()];
    alone.no_quorum_logging = true;
    for (switches, skips) in [
        (StartSwitches::default(), false),
        (listed, true),
        (alone, true),
    ] {
        let mut node = node(Phase::Joining);
        node.config.switches = switches;
        let (before, mut random) = (node.log.term(), node.random.clone());
        node.leave_others_terms();
        let skipped = if skips { 1 + random.below(1 << 32) } else { 0 };
        assert_eq!(node.log.term() - before, skipped);
    }
}

#[test]
fn whom_a_node_lets_in_is_as_it_was_started() {
    let (mut listed, mut alone) = (StartSwitches::default(), StartSwitches::default());
    listed.force_quorum = vec!["NODE1".into(), "NODE3".into()];
    alone.no_quorum_logging = true;
    for (switches, lets_in) in [
        (StartSwitches::default(), [true, true, true]),
        (listed, [true, false, true]),
        (alone, [true, false, false]),
    ] {
        let mut node = node(Phase::Joining);
        node.config.switches = switches;
        assert_eq!([1, 2, 3].map(|id| node.lets_in(NodeId(id))), lets_in);
    }
}

#[test]
fn who_asks_to_come_in_and_is_kept_out_is_told_so_by_the_coordinator() {
    let told = |force: bool, change: &dyn Fn(&mut Node)| {
        let mut node = leader();
        if force {
            node.config.switches.force_quorum = vec!["NODE1".into()];
        }
        node.neighbours.keep_out(TWO);
        let peer = Peer {
            incarnation: 7,
            standing: Standing::Joining,
            heard: Some(node.now),
            ..Peer::default()
        };
        *node.neighbours.peer(TWO) = peer;
        change(&mut node);
        node.tell_kept_out();
        let said = outputs(&mut node)
            .into_iter()
            .find_map(|output| match output {
                Output::Send { to, message, .. } => Some((to, message.body)),
                _ => None,
            });
        said.map(|(to, body)| {
            assert_eq!(to, TWO);
            match body {
                Body::KeptOut {
                    incarnation,
                    forced,
                } => (incarnation, forced),
                body => panic!("{body:?}"),
            }
        })
    };
    assert_eq!(told(true, &|_| {}), Some((7, true)));
    assert_eq!(told(false, &|_| {}), Some((7, false)));
    let peer = |node: &mut Node, change: fn(&mut Peer)| change(node.neighbours.peer(TWO));
    assert_eq!(
        told(true, &|it| {
            it.office.lay_down();
        }),
        None
    );
    assert_eq!(told(true, &|it| peer(it, |it| it.gone = true)), None);
    let unheard: fn(&mut Peer) = |it| it.heard = Some(Time::ZERO);
    assert_eq!(told(true, &|it| peer(it, unheard)), None);
    let member: fn(&mut Peer) = |it| it.standing = Standing::Member;
    assert_eq!(told(true, &|it| peer(it, member)), None);
}

#[test]
fn a_switch_that_lets_a_cluster_go_on_is_reported_by_whoever_coordinates() {
    let (mut fixed, mut reset) = (StartSwitches::default(), StartSwitches::default());
    fixed.fix_quorum = true;
    reset.reset_quorum_log = true;
    for (switches, name) in [
        (StartSwitches::default(), None),
        (fixed, Some("fixquorum")),
        (reset, None),
        (forced(&["NODE1"]), Some("forcequorum")),
    ] {
        let mut node = node(Phase::Member);
        node.config.switches = switches;
        node.report_switch();
        let said = events(&mut node).into_iter().map(|event| match event {
            Event::StartSwitch { name, .. } => name,
            event => panic!("{event:?}"),
        });
        assert_eq!(said.collect::<Vec<_>>(), Vec::from_iter(name));
    }
}

#[test]
fn the_quorum_log_is_written_anew_where_it_is_missing_damaged_or_older_than_the_own_copy() {
    let mut node = leader();
    let own = node.log.to_stored();
    assert!(own.last_index() > 0);
    let on_disk = |stored: &Stored| {
        Ok(Recovered {
            stored: stored.clone(),
            ..Recovered::default()
        })
    };
    assert_eq!(
        node.rebuilds(&on_disk(&Stored::default())),
        None,
        "not asked"
    );
    node.config.switches.reset_quorum_log = true;
    let why = |recovered| node.rebuilds(&recovered).unwrap_or_default();
    assert!(why(on_disk(&Stored::default())).contains("missing"));
    let older = Stored {
        hard: own.hard,
        ..Stored::default()
    };
    assert!(why(on_disk(&older)).contains("older"));
    assert_eq!(why(on_disk(&own)), "", "it is as new");
    let mut newer = own.clone();
    newer.entries.last_mut().unwrap().term += 1;
    assert_eq!(why(on_disk(&newer)), "");
    let damage = store::StoreError {
        file: store::LOG_FILE,
        record: 1,
        offset: 0,
        error: String::new(),
    };
    assert!(why(Err(damage)).contains("damaged"));
}
