//! Random faults, drawn whole from seeds: safety at every step, then healing and progress.

#![allow(clippy::print_stdout, reason = "a long run says what it saw")]

mod harness;

use harness::{Kind, Plan};

/// So many seeds in a test run; `QUORATE_SEEDS` asks for more, `QUORATE_SEED` for one, with its trace.
fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    match number("QUORATE_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("QUORATE_SEEDS").unwrap_or(3_000),
    }
}

#[test]
fn no_fault_breaks_an_invariant() {
    let (mut elections, mut acknowledged, mut installs, mut adoptions) = (0, 0, 0, 0);
    let range = seeds();
    let all = range.end - range.start > 1_000;
    for seed in range {
        let plan = Plan::draw(seed);
        match plan.run(false) {
            Ok(world) => {
                elections += world.elections;
                acknowledged += world.acknowledged.len();
                installs += world.installs;
                adoptions += world.adoptions;
            }
            Err(failed) => {
                let plan = plan.shrink(&failed.0);
                let (violation, world) = *plan.run(true).expect_err("shrinking keeps the failure");
                let trace = world.trace.unwrap_or_default().join("\n");
                panic!(
                    "seed {seed}, {:?}, {} nodes, {} voters: {violation}\n{trace}",
                    plan.kind, plan.nodes, plan.voters
                );
            }
        }
    }
    // Faults that never let anything happen would prove nothing.
    if all {
        assert!(elections > 3_000, "{elections} elections");
        assert!(acknowledged > 8_000, "{acknowledged} updates acknowledged");
        assert!(installs > 300, "{installs} snapshots installed");
        assert!(adoptions > 1_500, "{adoptions} disks taken over");
    }
    println!(
        "{elections} elections, {acknowledged} updates, {installs} snapshots, {adoptions} take-overs of the disk"
    );
}

#[test]
fn a_seed_always_gives_the_same_run() {
    for seed in 0..40 {
        let once = Plan::draw(seed)
            .run(true)
            .map_err(|failed| failed.0)
            .unwrap();
        let again = Plan::draw(seed)
            .run(true)
            .map_err(|failed| failed.0)
            .unwrap();
        assert_eq!(once.trace, again.trace, "seed {seed}");
    }
}

#[test]
fn every_kind_of_quorum_is_drawn() {
    for kind in [Kind::Majority, Kind::Holder, Kind::Solo] {
        assert!((0..100).any(|seed| Plan::draw(seed).kind == kind));
    }
}
