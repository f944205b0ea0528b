//! How often conditions are evaluated. The stage of these tests changes ten times a second for ten seconds, the group in it
//! never.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use quorate_model::Time;

use crate::tests::{Story, Told};
use crate::watch::{Promise, watch};
use crate::{Face, Play, RunOptions, Span, Spot, Verdict, wait};

/// A story at the time when things begin to change.
fn story(options: RunOptions) -> Story {
    let story = Story::open_with(options);
    wait::run(&story, Span(Duration::from_secs(100))).expect("time passes");
    story
}

/// Whether the group is in service, and how often that was asked, with what else is done each time.
fn counted(also: impl Fn(&Story) + 'static) -> (Told, Rc<Cell<usize>>) {
    let count = Rc::new(Cell::new(0));
    let counts = Rc::clone(&count);
    let condition: Told = Rc::new(move |story| {
        counts.set(counts.get() + 1);
        also(story);
        story.online()
    });
    (condition, count)
}

/// How often a watched condition is evaluated while things change.
fn evaluations(story: &Story, also: impl Fn(&Story) + 'static) -> usize {
    let (condition, count) = counted(also);
    watch(story, "online", Promise::Always, condition).expect("it is online");
    count.set(0);
    wait::run(story, Span(Duration::from_secs(10))).expect("it stays online");
    count.get()
}

#[test]
fn a_condition_is_passed_over_while_nothing_that_it_reads_changes_but_once_a_second() {
    assert_eq!(evaluations(&story(RunOptions::default()), |_| {}), 10);
}

#[test]
fn a_change_of_what_a_condition_reads_is_seen_at_its_very_instant() {
    let told = Story::open();
    wait::run(&told, Span(Duration::from_millis(9_700))).expect("time passes");
    let away: Told = Rc::new(|story| story.online().map(|online| !online));
    wait::eventually(&told, &away, Span(Duration::from_secs(60)), false).expect("it goes away");
    assert_eq!(told.now(), Time::from_millis(10_000));
}

#[test]
fn a_condition_that_reads_the_time_or_says_something_is_evaluated_at_every_change() {
    let reads_time = |story: &Story| story.with(Play::read_time);
    let says = |story: &Story| story.with(Play::says);
    // Before any time has passed, too.
    assert_eq!(evaluations(&story(RunOptions::default()), reads_time), 101);
    assert_eq!(evaluations(&story(RunOptions::default()), says), 100);
}

#[test]
fn a_condition_is_evaluated_again_when_its_variables_have_changed() {
    // Somebody else changes them.
    let told = story(RunOptions::default());
    let (condition, count) = counted(|_| {});
    watch(&told, "online", Promise::Always, condition).expect("it is online");
    told.captured.set(Some(1));
    count.set(0);
    wait::run(&told, Span(Duration::from_millis(300))).expect("it stays online");
    assert_eq!(count.get(), 1);
    // It changes them itself.
    let counts = |story: &Story| {
        let more = story.captured.get().map(|count| count + 1);
        story.captured.set(more);
    };
    assert_eq!(evaluations(&story(RunOptions::default()), counts), 100);
    // They cannot be compared.
    let told = story(RunOptions::default());
    told.captured.set(None);
    assert_eq!(evaluations(&told, |_| {}), 100);
}

#[test]
fn a_condition_that_is_waited_for_is_passed_over_and_shows_what_it_read_last() {
    let told = story(RunOptions::default());
    let (condition, count) = counted(|_| {});
    let never: Told = Rc::new(move |story| condition(story).map(|online| !online));
    let end = wait::eventually(&told, &never, Span(Duration::from_secs(5)), false);
    let end = end.expect_err("it stays online");
    assert_eq!((end.verdict, count.get()), (Verdict::Fail, 6));
    assert_eq!(end.seen.len(), 1);
    assert_eq!(end.seen[0].value, "true");
    assert!(told.with(|play| play.take_seen(Spot::NONE)).is_empty());
}

#[test]
fn a_run_that_doubts_finds_a_condition_that_was_passed_over_and_has_changed() {
    let doubts = || RunOptions {
        doubt: true,
        ..RunOptions::default()
    };
    let told = story(doubts());
    assert_eq!(evaluations(&told, |_| {}), 100);
    // It goes by something that nobody knows of.
    let (condition, count) = counted(|_| {});
    let lies: Told = Rc::new(move |story| Ok(condition(story)? && count.get() < 3));
    let told = story(doubts());
    let end = wait::eventually(&told, &lies, Span(Duration::from_secs(5)), true);
    end.expect("it holds at once");
    let found = wait::becomes(&told, &lies, Span(Duration::from_secs(5)));
    let found = found.expect_err("it holds no more");
    assert!(found.message.contains("passed over"), "{found}");
}
