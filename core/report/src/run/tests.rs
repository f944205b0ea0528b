//! Runs made of journals that are written by hand.

use std::time::Duration;

use quorate_journal::ReadError;

use super::*;
use crate::{Diff, Explain, Timeline};

const HEADER: &str = concat!(
    r#"{"schema":"quorate-journal/2","seed":7,"cluster":"C","civil_start_ms":0,"nodes":["A","B"],"groups":["#,
    r#"{"name":"WEB","virtual_server":true,"resources":[{"name":"Disk","type":"Physical Disk"},"#,
    r#"{"name":"Site","type":"Generic Service","depends_on":["Disk"]}]}]}"#
);

/// A journal of these events: second, node, cause, kind, and the fields of the kind.
fn journal(events: &[(f64, &str, Option<u64>, &str, &str)]) -> String {
    let mut text = format!("{HEADER}\n");
    for (n, (second, node, because, kind, fields)) in events.iter().enumerate() {
        let micros = (second * 1e6) as u64;
        text.push_str(&format!(r#"{{"t":{micros},"n":{n}"#));
        if !node.is_empty() {
            text.push_str(&format!(r#","node":"{node}""#));
        }
        if let Some(because) = because {
            text.push_str(&format!(r#","because":{because}"#));
        }
        text.push_str(&format!(r#","kind":"{kind}""#));
        if !fields.is_empty() {
            text.push_str(&format!(",{fields}"));
        }
        text.push_str("}\n");
    }
    text
}

fn run(events: &[(f64, &str, Option<u64>, &str, &str)]) -> Run {
    let text = journal(events);
    let mut runs = Runs::new(text.as_bytes());
    let run = runs.next().unwrap().unwrap();
    assert!(runs.next().is_none());
    run
}

const CRASH: &str =
    r#""id":1,"subject":"A","fault":{"what":"crash","node":"A"},"text":"A loses power""#;

/// An event: second, node, cause, kind, and the fields of the kind.
type Line = (f64, &'static str, Option<u64>, &'static str, &'static str);

/// A takeover: A is lost at 60 s, B has the group at 86 s, its disk at 93 s, and serves from 100 s on.
#[rustfmt::skip]
const TAKEOVER: &[Line] = &[
(0.0,
            "A",
            None,
            "power",
            r#""on":true,"reason":"switched on""#,
        ),
(0.0,
            "A",
            Some(0),
            "cluster-service",
            r#""running":true,"reason":"the machine starts""#,
        ),
(1.0,
            "B",
            None,
            "power",
            r#""on":true,"reason":"switched on""#,
        ),
(1.0,
            "B",
            Some(2),
            "cluster-service",
            r#""running":true,"reason":"the machine starts""#,
        ),
        (9.0, "B", Some(3), "coordinator", r#""term":1"#),
(9.0,
            "B",
            Some(4),
            "node-state",
            r#""subject":"A","from":"Down","to":"Up""#,
        ),
(9.0,
            "B",
            Some(4),
            "quorum",
            r#""held":true,"reason":"this node coordinates""#,
        ),
(9.0,
            "B",
            Some(4),
            "node-state",
            r#""subject":"B","from":"Down","to":"Up""#,
        ),
(10.0,
            "A",
            None,
            "resource-state",
            r#""subject":"Site","group":"WEB","from":"OnlinePending","to":"Online""#,
        ),
(10.0,
            "A",
            None,
            "group-state",
            r#""subject":"WEB","from":"Pending","to":"Online""#,
        ),
(10.0,
            "",
            None,
            "service-level",
            r#""subject":"WEB","online":true"#,
        ),
        (60.0, "", None, "fault-injected", CRASH),
(60.0,
            "A",
            Some(11),
            "power",
            r#""on":false,"reason":"power lost""#,
        ),
(60.0,
            "",
            Some(12),
            "service-level",
            r#""subject":"WEB","online":false,"planned":false"#,
        ),
(62.0,
            "B",
            Some(12),
            "interface",
            r#""peer":"A","network":"N","up":false"#,
        ),
        (67.0, "B", Some(14), "regroup", r#""silent":["A"]"#),
(67.0,
            "B",
            Some(15),
            "node-state",
            r#""subject":"A","from":"Up","to":"Down""#,
        ),
(86.0,
            "B",
            Some(16),
            "group-owner",
            r#""subject":"WEB","from":"A","to":"B","cause":"NodeFailure""#,
        ),
(93.0,
            "B",
            Some(17),
            "resource-state",
            r#""subject":"Disk","group":"WEB","from":"OnlinePending","to":"Online""#,
        ),
(93.0,
            "B",
            Some(18),
            "resource-state",
            r#""subject":"Site","group":"WEB","from":"Offline","to":"OnlinePending""#,
        ),
(100.0,
            "B",
            Some(19),
            "resource-state",
            r#""subject":"Site","group":"WEB","from":"OnlinePending","to":"Online""#,
        ),
(100.0,
            "B",
            Some(20),
            "group-state",
            r#""subject":"WEB","from":"Pending","to":"Online""#,
        ),
(100.0,
            "",
            Some(21),
            "service-level",
            r#""subject":"WEB","online":true"#,
        ),
        (110.0, "", None, "end", r#""disturbed":0,"groups":[]"#),
(110.0,
            "",
            None,
            "fault-healed",
            r#""id":1,"subject":"A","fault":{"what":"crash","node":"A"}"#,
        ),
(110.0,
            "A",
            None,
            "power",
            r#""on":true,"reason":"switched on""#,
        ),
];

fn takeover() -> Run {
    run(TAKEOVER)
}

fn seconds(span: u64) -> Duration {
    Duration::from_secs(span)
}

#[test]
fn an_outage_is_split_into_what_it_was_spent_on() {
    let run = takeover();
    let web = run.group("web").unwrap();
    let [outage] = web.outages.as_slice() else {
        panic!("{:?}", web.outages);
    };
    let spent: Vec<_> = PhaseKind::ALL.map(|kind| outage.spent(kind)).into();
    assert_eq!(spent, [2, 24, 0, 0, 7, 7].map(seconds));
    let phases: Duration = outage.phases.iter().map(Phase::lasted).sum();
    assert_eq!(phases, outage.lasted());
    assert_eq!((outage.detected, outage.decided), (Some(14), Some(17)));
    assert_eq!(outage.slowest.as_ref().unwrap().resource, "Site");
    assert_eq!(outage.from_node.as_deref(), Some("A"));
    assert_eq!(outage.to_node.as_deref(), Some("B"));
    assert_eq!(outage.longest(), Some(PhaseKind::Decide));
    let served = web.served();
    assert_eq!(
        (served.span, served.out, served.count),
        (seconds(100), seconds(40), 1)
    );
    assert_eq!(served.availability(), Some(0.6));
    assert_eq!(served.planned, Duration::ZERO);
}

#[test]
fn spans_end_with_the_drill_and_what_its_clearing_up_does_is_in_none() {
    let run = takeover();
    assert_eq!(run.until, Time::from_millis(110_000));
    let node = run.node("A").unwrap();
    let standing: Vec<_> = node.standing.iter().map(|it| it.what).collect();
    assert_eq!(standing, [Standing::Joining, Standing::Up, Standing::Off]);
    assert_eq!(
        node.standing_at(Time::from_millis(60_000)),
        Some(Standing::Off)
    );
    let [fault] = run.faults.as_slice() else {
        panic!("{:?}", run.faults);
    };
    assert!(fault.open && fault.healed.is_none() && fault.to == run.until);
    assert_eq!(run.coordinators.len(), 1);
    assert_eq!(run.len(), 26);
}

#[test]
fn a_chain_of_causes_begins_with_the_first() {
    let run = takeover();
    let numbers = |n| run.chain(n).iter().map(|it| it.n).collect::<Vec<_>>();
    assert_eq!(numbers(17), [11, 12, 14, 15, 16, 17]);
    assert_eq!(numbers(0), [0]);
    assert!(run.chain(99).is_empty());
    let effects: Vec<_> = run.effects(12).map(|it| it.n).collect();
    assert_eq!(effects, [13, 14]);
    assert_eq!(run.moment(17).unwrap().kind, "group-owner");
    assert_eq!(run.first_at(Time::from_millis(60_001)).unwrap().n, 14);
}

#[test]
fn a_cause_that_comes_later_ends_a_chain() {
    let run = run(&[
        (1.0, "A", Some(1), "forming", ""),
        (2.0, "A", Some(0), "forming", ""),
    ]);
    assert_eq!(run.chain(1).len(), 2);
    assert_eq!(run.chain(0).len(), 1);
}

#[test]
fn a_planned_outage_in_which_something_fails_is_planned_until_then() {
    let run = run(&[
        (
            0.0,
            "A",
            None,
            "resource-state",
            r#""subject":"Site","group":"WEB","from":"OnlinePending","to":"Online""#,
        ),
        (
            0.0,
            "A",
            None,
            "group-state",
            r#""subject":"WEB","from":"Pending","to":"Online""#,
        ),
        (
            0.0,
            "",
            None,
            "service-level",
            r#""subject":"WEB","online":true"#,
        ),
        (
            10.0,
            "A",
            None,
            "group-moving",
            r#""subject":"WEB","from":"A","to":"B","cause":"Admin""#,
        ),
        (
            10.0,
            "",
            None,
            "service-level",
            r#""subject":"WEB","online":false,"planned":true"#,
        ),
        (
            15.0,
            "B",
            None,
            "group-owner",
            r#""subject":"WEB","from":"A","to":"B","cause":"Admin""#,
        ),
        (
            18.0,
            "B",
            None,
            "resource-state",
            r#""subject":"Site","group":"WEB","from":"OnlinePending","to":"Failed""#,
        ),
        (
            19.0,
            "B",
            None,
            "given-up",
            r#""subject":"Site","reason":"it is not to be restarted""#,
        ),
        (40.0, "", None, "end", r#""disturbed":0,"groups":[]"#),
    ]);
    let outage = &run.group("WEB").unwrap().outages[0];
    assert!(outage.planned && outage.open);
    assert_eq!(outage.planned(), seconds(8));
    let phases: Vec<_> = outage
        .phases
        .iter()
        .map(|it| (it.kind, it.lasted().as_secs()))
        .collect();
    assert_eq!(
        phases,
        [
            (PhaseKind::Offline, 5),
            (PhaseKind::Move, 3),
            (PhaseKind::Decide, 1),
            (PhaseKind::Wait, 21)
        ]
    );
}

#[test]
fn what_clients_miss_and_the_cluster_does_not_is_never_detected() {
    let run = run(&[
        (
            0.0,
            "A",
            None,
            "group-state",
            r#""subject":"WEB","from":"Pending","to":"Online""#,
        ),
        (
            0.0,
            "",
            None,
            "service-level",
            r#""subject":"WEB","online":true"#,
        ),
        (
            10.0,
            "",
            None,
            "service-level",
            r#""subject":"WEB","online":false,"planned":false"#,
        ),
        (
            30.0,
            "",
            None,
            "service-level",
            r#""subject":"WEB","online":true"#,
        ),
    ]);
    let outage = &run.group("WEB").unwrap().outages[0];
    assert_eq!(outage.spent(PhaseKind::Detect), seconds(20));
    assert_eq!((outage.detected, outage.decided), (None, None));
    let told = Explain::default().tell(&run).unwrap();
    assert!(told.contains("The cluster never knew"), "{told}");
}

#[test]
fn clients_are_answered_slowly_or_not_at_all() {
    let felt = |second, felt| (second, "", None, "client", felt);
    let run = run(&[
        felt(
            0.0,
            r#""subject":"WEB","users":5,"answered":true,"slow":false"#,
        ),
        felt(
            10.0,
            r#""subject":"WEB","users":5,"answered":true,"slow":true,"reason":"an answer takes 1s""#,
        ),
        felt(20.0, r#""subject":"WEB","users":5,"answered":false"#),
        // As journals had it before they told of slow ones.
        felt(30.0, r#""subject":"WEB","users":5,"answered":true"#),
        felt(40.0, r#""subject":"WEB","users":5,"answered":true"#),
    ]);
    let clients = &run.group("WEB").unwrap().clients;
    let felt: Vec<_> = clients.iter().map(|it| it.what.felt).collect();
    assert_eq!(
        felt,
        [Felt::Answered, Felt::Slow, Felt::Failed, Felt::Answered]
    );
    assert_eq!(
        clients[1].what.reason.as_deref(),
        Some("an answer takes 1s")
    );
    let drawn = Timeline::default().draw(&run);
    let line = drawn.lines().find(|it| it.contains("clients")).unwrap();
    let marks = line.trim_start().trim_start_matches("clients").trim();
    let turns: String = marks.chars().fold(String::new(), |mut seen, mark| {
        if !seen.ends_with(mark) {
            seen.push(mark);
        }
        seen
    });
    assert_eq!(turns, "=~x=", "{drawn}");
}

#[test]
fn without_clients_word_the_cluster_is_believed() {
    let run = run(&[
        (0.0, "A", None, "service-started", r#""incarnation":1"#),
        (
            1.0,
            "A",
            None,
            "group-state",
            r#""subject":"WEB","from":"Pending","to":"Online""#,
        ),
        (
            5.0,
            "A",
            None,
            "group-state",
            r#""subject":"WEB","from":"Online","to":"Failed""#,
        ),
        (
            9.0,
            "A",
            None,
            "group-state",
            r#""subject":"WEB","from":"Failed","to":"Online""#,
        ),
        (11.0, "A", None, "halted", r#""reason":"stopped""#),
    ]);
    assert!(!run.truth);
    let web = run.group("WEB").unwrap();
    assert_eq!(web.served().out, seconds(4));
    assert!(!web.outages[0].planned);
    let node = run.node("A").unwrap();
    assert_eq!(node.standing_at(run.until), Some(Standing::Down));
}

#[test]
fn a_file_may_hold_several_runs_and_end_in_the_middle_of_a_line() {
    let one = journal(&[(1.0, "A", None, "forming", "")]);
    let text = format!("{one}{one}{{\"t\":4,\"n");
    let runs: Vec<Run> = Runs::new(text.as_bytes()).map(|it| it.unwrap()).collect();
    assert_eq!(
        runs.iter().map(|it| it.cut).collect::<Vec<_>>(),
        [None, Some(5)]
    );
    assert_eq!(runs[1].len(), 1);
    assert_eq!(Runs::new(&b""[..]).count(), 0);
    let newer = one.replace("journal/2", "journal/3");
    let read: Vec<_> = Runs::new(newer.as_bytes()).collect();
    assert!(matches!(
        read.as_slice(),
        [Err(ReadError::Schema { line: 1, .. })]
    ));
}

#[test]
fn a_run_that_differs_in_a_decision_is_told_where() {
    let one = takeover();
    assert!(Diff::of(&one, &takeover()).is_same());
    let text = journal(&[(
        0.0,
        "A",
        None,
        "power",
        r#""on":true,"reason":"switched on""#,
    )]);
    let other = Runs::new(text.as_bytes()).next().unwrap().unwrap();
    let diff = Diff::of(&one, &other);
    assert_eq!(diff.same, 1);
    let (before, after) = diff.parts.unwrap();
    assert_eq!((before.unwrap().n, after), (1, None));
}

#[test]
fn a_timeline_is_as_wide_as_it_is_asked_to_be() {
    let run = takeover();
    for width in [40, 64, 80, 120] {
        let drawn = Timeline {
            width,
            ..Timeline::default()
        }
        .draw(&run);
        let lanes = drawn.lines().take_while(|it| !it.starts_with("fault 1:"));
        let longest = lanes.map(str::len).max().unwrap();
        assert!(
            longest <= width && longest > width - 8,
            "{width}: {longest}\n{drawn}"
        );
        assert!(drawn.is_ascii());
    }
}
