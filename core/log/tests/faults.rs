//! Random faults, drawn from seeds: safety at every step, then healing and progress.

#![allow(clippy::print_stdout, reason = "a long run says what it saw")]

mod harness;

use harness::{Case, Kind, Plan};
use quorate_log::Bug;

/// The seeds of a test run. `QUORATE_SEEDS` sets how many, `QUORATE_SEED` runs a single one with its trace.
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
    let mut confirmations = 0;
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
                confirmations += world.confirmations;
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
    // Faults that let nothing happen would prove nothing.
    if all {
        assert!(elections > 3_000, "{elections} elections");
        assert!(acknowledged > 8_000, "{acknowledged} updates acknowledged");
        assert!(installs > 300, "{installs} snapshots installed");
        assert!(adoptions > 1_500, "{adoptions} disks taken over");
        assert!(
            confirmations > 1_000,
            "{confirmations} messages with no news"
        );
    }
    println!(
        "{elections} elections, {acknowledged} updates, {installs} snapshots, {adoptions} take-overs of the disk, \
         {confirmations} messages with no news"
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

/// The files in `cases`: runs that once failed or that show a planted bug, with the expected result.
#[test]
fn every_kept_case_ends_as_it_says() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut seen = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let case = Case::read(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let ended = case.plan.run(false);
        let broken = ended
            .as_ref()
            .err()
            .map(|failed| failed.0.invariant.to_owned());
        assert_eq!(broken, case.breaks, "{}", path.display());
        let hits = ended.map_or_else(|failed| failed.1.hits(), |world| world.hits());
        assert_eq!(hits > 0, case.plan.bug.is_some(), "{}", path.display());
        if case.plan.bug.is_some() {
            // Without the bug the same run is sound.
            let sound = Plan {
                bug: None,
                ..case.plan
            };
            assert!(sound.run(false).is_ok(), "{}", path.display());
        }
        seen += 1;
    }
    assert!(seen >= 5, "{seen} cases");
}

/// Each bug makes a difference in many runs before it is caught in one.
#[test]
fn planted_bugs_are_found() {
    for (bug, within) in [
        (Bug::VoteIgnoresLog, 2_000),
        (Bug::AcknowledgeEarly, 200),
        (Bug::CountLive, 200),
    ] {
        let (mut reached, mut found) = (0, None);
        for seed in 0..within {
            let mut plan = Plan::draw(seed);
            plan.bug = Some(bug);
            match plan.run(false) {
                Ok(world) => reached += u64::from(world.hits() > 0),
                Err(failed) => {
                    assert!(failed.1.hits() > 0, "{bug:?} was never reached");
                    found = Some((seed, failed.0.invariant));
                    break;
                }
            }
        }
        println!("{}: reached in {reached} runs before {found:?}", bug.name());
        assert!(found.is_some(), "{bug:?} was not found in {within} seeds");
    }
}

#[test]
fn a_case_is_read_as_it_was_written() {
    for seed in 0..50 {
        let plan = Plan::draw(seed);
        let case = Case {
            plan,
            breaks: Some("log matching".into()),
        };
        let text = case.to_string();
        assert_eq!(Case::read(&text).unwrap().to_string(), text);
    }
    let error = Case::read("kind majority\n\nbott 1").unwrap_err();
    assert_eq!(error, "line 3: \"bott 1\" is nothing that can happen");
    assert!(
        Case::read("kind rainbow")
            .unwrap_err()
            .contains("majority, holder, solo")
    );
    assert!(Case::read("nodes 3\nvoting 4").is_err());
}

#[test]
fn every_kind_of_quorum_is_drawn() {
    for kind in [Kind::Majority, Kind::Holder, Kind::Solo] {
        assert!((0..100).any(|seed| Plan::draw(seed).kind == kind));
    }
}
