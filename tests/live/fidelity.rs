//! What a rehearsal says, and what then happens: the same outage.
//!
//! It measures real time to a second, so it runs where it is asked for: `cargo test --test live -- --ignored`.

use std::fs;
use std::time::{Duration, Instant};

use quorate_journal::{Record, Records};

use crate::rig::Rig;
use crate::support::{finish, plugin_folder, quorate};

/// How many seeds are rehearsed.
const SEEDS: u32 = 20;

/// By how much the live outage may be off the rehearsed ones: for how long a program really takes to start.
const OFF: Duration = Duration::from_millis(1_500);

const DRILL: &str = r#"
drill("the owner is lost", #{ cluster: "cluster.ron" }, || {
    settle();
    expect_eq(group("WEB").owner, "NODE1");
    node("NODE1").crash();
    recovers("WEB", 2.minutes);
    note(`outage ${outage("WEB")}`);
});
"#;

/// The outages that the drill says, over all seeds: the shortest and the longest.
fn rehearsed(rig: &Rig) -> (Duration, Duration) {
    let drill = rig.path("owner.rhai");
    fs::write(&drill, DRILL).expect("a file");
    let outages = (1..=SEEDS).map(|seed| {
        let journal = rig.path(&format!("rehearsed{seed}"));
        let run = finish(
            quorate()
                .arg("drill")
                .arg(&drill)
                .args(["--seed", &seed.to_string()])
                .arg("--journal")
                .arg(&journal)
                .arg("--plugin-dir")
                .arg(plugin_folder()),
        );
        assert_eq!(run.code, 0, "{}{}", run.out, run.err);
        let text = fs::read(&journal).expect("a journal");
        let notes = Records::new(&*text).filter_map(|record| match record {
            Ok(Record::Entry(entry)) => {
                let text = entry.fields().get("text")?.as_str()?.to_owned();
                let seconds = text.strip_prefix("outage ")?.strip_suffix('s')?.to_owned();
                seconds.parse().ok().map(Duration::from_secs_f64)
            }
            _ => None,
        });
        let notes: Vec<Duration> = notes.collect();
        assert_eq!(notes.len(), 1, "seed {seed}");
        notes[0]
    });
    let outages: Vec<Duration> = outages.collect();
    let shortest = outages.iter().min().expect("seeds");
    let longest = outages.iter().max().expect("seeds");
    (*shortest, *longest)
}

#[test]
#[ignore = "it measures real time to a second, on a machine that does nothing else"]
fn the_loss_of_an_owner_takes_as_long_as_it_was_rehearsed() {
    let mut rig = Rig::formed(96);
    let (shortest, longest) = rehearsed(&rig);
    let mut answered = Instant::now();
    rig.until("it has answered just now", |rig| {
        answered = Instant::now();
        rig.web().is_some()
    });
    rig.kill("NODE1");
    rig.until("another node serves", |rig| {
        rig.web().as_deref() == Some("Hello from NODE2\n")
    });
    let outage = answered.elapsed();
    let range = shortest.saturating_sub(OFF)..=longest + OFF;
    assert!(
        range.contains(&outage),
        "{outage:?}; {shortest:?} to {longest:?} were rehearsed"
    );
    eprintln!("{outage:?}; {shortest:?} to {longest:?} were rehearsed");
}
