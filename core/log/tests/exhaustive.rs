//! Every state of a small cluster is searched; the large bound is `examples/explore.rs`.
#![allow(clippy::print_stdout, reason = "a search says how far it went")]

mod model;

use model::{Bounds, Cluster};
use stateright::{Checker, Model};

fn search(bounds: Bounds) -> usize {
    let checker = Cluster::new(bounds.clone())
        .checker()
        .threads(2)
        .spawn_dfs()
        .join();
    println!(
        "{bounds:?}: {} unique states, depth {}",
        checker.unique_state_count(),
        checker.max_depth()
    );
    if let Some(path) = checker.discovery("every invariant holds") {
        panic!("{:?}", path.last_state().broken);
    }
    checker.unique_state_count()
}

/// Everything but the bound on terms and on entries as small as it goes.
const SMALL: Bounds = Bounds {
    nodes: 3,
    terms: 1,
    entries: 1,
    crashes: 0,
    link: 1,
    repeat: false,
    writes: 1,
    pre_votes: false,
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
