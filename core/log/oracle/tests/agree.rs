//! Both verdicts agree, and the comparison is able to fail.

use quorate_oracle::ours::Ours;
use quorate_oracle::schedule::{Event, Schedule};
use quorate_oracle::theirs::Theirs;
use quorate_oracle::world::World;
use quorate_oracle::{Bug, compare, run};

#[test]
fn both_are_safe_and_make_progress_under_the_same_schedules() {
    let (mut elections, mut acknowledged) = ((0, 0), (0, 0));
    for seed in 0..200 {
        let comparison = compare(&Schedule::draw(seed), None);
        assert_eq!(comparison.complaint(), None, "seed {seed}");
        elections.0 += comparison.ours.elections;
        elections.1 += comparison.theirs.elections;
        acknowledged.0 += comparison.ours.acknowledged;
        acknowledged.1 += comparison.theirs.acknowledged;
    }
    // Enough happened in both.
    assert!(elections.0 > 400 && elections.1 > 400, "{elections:?}");
    assert!(
        acknowledged.0 > 5_000 && acknowledged.1 > 5_000,
        "{acknowledged:?}"
    );
}

#[test]
fn a_run_repeats() {
    let schedule = Schedule::draw(7);
    let (once, again) = (compare(&schedule, None), compare(&schedule, None));
    for (once, again) in [(once.ours, again.ours), (once.theirs, again.theirs)] {
        assert_eq!(
            (once.elections, once.acknowledged),
            (again.elections, again.acknowledged)
        );
    }
}

#[test]
fn a_planted_bug_makes_the_verdicts_differ() {
    for bug in [Bug::VoteIgnoresLog, Bug::AcknowledgeEarly, Bug::CountLive] {
        let complaint = (0..500)
            .find_map(|seed| compare(&Schedule::draw(seed), Some(bug)).complaint())
            .unwrap_or_default();
        assert!(
            complaint.starts_with("verdicts differ: ours breaks"),
            "{}: {complaint:?}",
            bug.name()
        );
    }
}

/// A quiet cluster in which one node loses its disk.
fn wiped(node: u8) -> Schedule {
    let mut events: Vec<(u64, Event)> = (40..80).map(|tick| (tick, Event::Propose)).collect();
    events.push((100, Event::Wipe(node)));
    events.extend((150..160).map(|tick| (tick, Event::Propose)));
    Schedule {
        seed: 1,
        nodes: 3,
        ticks: 200,
        loss: 0,
        twice: 0,
        delay: 1,
        write: 0,
        events,
    }
}

#[test]
fn a_wiped_node_that_returns_is_refused_here_and_brings_raft_down() {
    let mut panics = 0;
    for node in 1..=3 {
        let schedule = wiped(node);
        let mut world = World::<Ours>::new(&schedule, None);
        // A wiped node stays outside until an administrator lets it join again; the other two go on.
        let broken = world.run().err().unwrap_or_default();
        assert!(broken.starts_with("no progress"), "{broken}");
        assert!(world.refusals() > 0);
        assert!(world.judge.acknowledged() >= 50);

        let broken = run::<Theirs>(&schedule, None).broken.unwrap_or_default();
        panics += u32::from(broken.starts_with("a panic: to_commit"));
    }
    assert!(panics > 0);
}
