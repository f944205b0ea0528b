//! Searches every state of a small cluster; `examples/explore.rs` searches larger ones.
#![allow(clippy::print_stdout, reason = "a search says how far it went")]

mod model;

use model::{Bounds, Progress, Verdict};
use quorate_log::Bug;

fn search(bounds: Bounds) -> usize {
    let (verdict, progress) = model::search(bounds.clone(), 2, u64::MAX, |_| ());
    let Progress { unique, depth, .. } = progress;
    println!("{bounds:?}: {unique} unique states, depth {depth}");
    match verdict {
        Verdict::Holds => unique,
        verdict => panic!("{verdict:?}"),
    }
}

/// The smallest bounds, except for terms and entries.
const SMALL: Bounds = Bounds {
    nodes: 3,
    witness: false,
    terms: 1,
    entries: 1,
    crashes: 0,
    link: 1,
    repeat: false,
    writes: 1,
    pre_votes: false,
    bug: None,
};

#[test]
fn a_crash_in_a_term_of_two_entries_breaks_no_invariant() {
    let states = search(Bounds {
        entries: 2,
        crashes: 1,
        ..SMALL
    });
    assert!(states > 100_000, "{states}");
}

#[test]
fn two_terms_break_no_invariant() {
    let states = search(Bounds { terms: 2, ..SMALL });
    assert!(states > 20_000, "{states}");
}

#[test]
fn pre_votes_on_the_wire_break_no_invariant() {
    let states = search(Bounds {
        pre_votes: true,
        ..SMALL
    });
    assert!(states > 10_000, "{states}");
}

#[test]
fn reordered_and_repeated_messages_break_no_invariant() {
    let states = search(Bounds {
        link: 2,
        repeat: true,
        ..SMALL
    });
    assert!(states > 1_000, "{states}");
}

/// Two nodes and a witness, as deep as three nodes are searched by hand.
#[test]
fn a_witness_breaks_no_invariant() {
    let states = search(Bounds {
        nodes: 2,
        witness: true,
        terms: 2,
        entries: 2,
        crashes: 1,
        ..SMALL
    });
    assert!(states > 1_000, "{states}");
}

/// The bounds that the full search has.
const FULL: Bounds = Bounds {
    terms: 2,
    entries: 2,
    crashes: 1,
    ..SMALL
};

#[test]
fn a_search_that_grows_too_large_is_unknown() {
    let (verdict, progress) = model::search(FULL, 2, 1 << 20, |_| ());
    assert!(matches!(verdict, Verdict::Unknown), "{verdict:?}");
    assert!(progress.peak > 1 << 20);
}

#[test]
fn planted_bugs_within_reach_are_found() {
    for (bug, bounds, invariant) in [
        (
            Bug::VoteIgnoresLog,
            Bounds { terms: 2, ..SMALL },
            "leader completeness",
        ),
        (
            Bug::AcknowledgeEarly,
            SMALL,
            "durability of what is committed",
        ),
        (Bug::CountLive, SMALL, "election safety"),
    ] {
        let bounds = Bounds {
            bug: Some(bug),
            ..bounds
        };
        let (verdict, progress) = model::search(bounds, 1, u64::MAX, |_| ());
        let Verdict::Broken(way, Some(violation)) = verdict else {
            panic!("{}: {verdict:?}", bug.name());
        };
        println!(
            "{}: {} after {} states, a way of {} steps",
            bug.name(),
            violation.invariant,
            progress.unique,
            way.len()
        );
        assert_eq!(violation.invariant, invariant, "{violation}");
    }
}
