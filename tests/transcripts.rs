//! Stories as transcripts: all events of a drill are compared with a checked-in text. A test with a single
//! expectation does not notice other errors; a transcript shows an event that comes late, twice, or not at all.
//!
//! If a transcript differs for a good reason, `INSTA_UPDATE=always cargo test -p quorate --test transcripts` writes
//! it again. Read each changed line before you keep it.

mod support;

use quorate_drill::describe_line;
use serde_json::{Map, Value};
use support::{root, run};

/// Events that are so frequent that nobody could read the others.
const LEFT_OUT: [&str; 2] = ["health", "log"];

/// Runs the drill of a file with this text in its name, and compares its events with the file in `tests/transcripts`.
#[track_caller]
fn is_told_as_ever(story: &str, file: &str, drill: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal").display().to_string();
    let script = format!("scripts/drills/{file}.rhai");
    let run = run(&["drill", &script, "--filter", drill, "--journal", &journal]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let told = transcript(&std::fs::read_to_string(&journal).expect("a journal"));
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(root().join("tests/transcripts"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(story, told));
}

/// A journal of one drill, for people.
fn transcript(journal: &str) -> String {
    let mut lines = journal.lines().map(|line| {
        serde_json::from_str::<Map<String, Value>>(line).expect("a JSON object on each line")
    });
    let header = lines.next().expect("a header");
    let mut out = format!("{} with seed {}\n", header["cluster"], header["seed"]);
    for event in lines {
        let kind = event.get("kind").and_then(Value::as_str);
        // A second journal's header line has no kind.
        let kind = kind.expect("one drill is run");
        if !LEFT_OUT.contains(&kind) {
            out.push_str(&describe_line(&event));
            out.push('\n');
        }
    }
    out
}

#[test]
fn two_nodes_lose_the_witness_and_then_each_other() {
    is_told_as_ever(
        "two-nodes-lose-the-witness-and-then-each-other",
        "quorum/witness",
        "two nodes lose the witness and then each other",
    );
}

#[test]
fn what_only_the_dead_node_knows_nobody_decides() {
    is_told_as_ever(
        "what-only-the-dead-node-knows-nobody-decides",
        "quorum/witness",
        "what only the dead node knows, nobody decides",
    );
}

#[test]
fn a_witness_that_was_named_later_is_known() {
    is_told_as_ever(
        "a-witness-that-was-named-later-is-known",
        "quorum/witness",
        "a witness that was named later is known",
    );
}

#[test]
fn the_quorum_disk_moves_away_from_a_monitor_that_stands_still() {
    is_told_as_ever(
        "the-quorum-disk-moves-away-from-a-monitor-that-stands-still",
        "quorum/quorum-disk",
        "the Cluster Group moves away from a monitor that stands still",
    );
}

#[test]
fn a_card_and_its_network_fail_at_one_moment() {
    is_told_as_ever(
        "a-card-and-its-network-fail-at-one-moment",
        "quorum/carriers",
        "the same at one moment: the card",
    );
}

#[test]
fn a_coordinator_that_hears_nobody_keeps_nobody_waiting() {
    is_told_as_ever(
        "a-coordinator-that-hears-nobody-keeps-nobody-waiting",
        "quorum/one-way",
        "a coordinator that hears nobody for 20s does not keep the others waiting (three-node",
    );
}

#[test]
fn a_coordinator_that_hears_nobody_no_longer_leads() {
    is_told_as_ever(
        "a-coordinator-that-hears-nobody-no-longer-leads",
        "quorum/one-way",
        "a coordinator that everybody hears and that hears nobody no longer leads (three-node",
    );
}

#[test]
fn a_monitor_that_stands_still_for_good_is_replaced() {
    is_told_as_ever(
        "a-monitor-that-stands-still-for-good-is-replaced",
        "resources/monitor",
        "a monitor that stands still for good is replaced",
    );
}

#[test]
fn quorum_is_forced_and_another_is_kept_out() {
    is_told_as_ever(
        "quorum-is-forced-and-another-is-kept-out",
        "quorum/short",
        "quorum is forced by one of three",
    );
}

#[test]
fn a_cluster_without_its_quorum_disk() {
    is_told_as_ever(
        "a-cluster-without-its-quorum-disk",
        "quorum/short",
        "without its quorum disk a cluster comes up",
    );
}

#[test]
fn a_node_leaves() {
    is_told_as_ever(
        "a-node-leaves",
        "quorum/short",
        "a node leaves: one group goes",
    );
}

#[test]
fn a_move_is_called_back_and_the_node_evicted() {
    is_told_as_ever(
        "a-move-is-called-back-and-the-node-evicted",
        "quorum/short",
        "a group is on its way to a node that dies",
    );
}

#[test]
fn a_program_that_will_not_stay_up() {
    is_told_as_ever(
        "a-program-that-will-not-stay-up",
        "quorum/short",
        "a program that will not stay up",
    );
}

#[test]
fn a_network_and_then_a_card() {
    is_told_as_ever(
        "a-network-and-then-a-card",
        "quorum/short",
        "one network is lost, then a card",
    );
}
