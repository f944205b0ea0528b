//! Conditions that depend on time, and words for time. The fake cluster has settled 33 s after its power-on, which is
//! at 08:00:00 on 2003-06-12.

use std::time::Duration;

use quorate_drill::{RunOptions, Silent, Verdict};

use super::{drill, fails, passes, run, run_on};
use crate::tests::fake::FakeSource;

#[test]
fn an_always_that_reads_the_clock_breaks_when_the_hour_begins() {
    // The group is away from 8:08:20 to 8:08:40 only, and nothing else happens at 8:08:30.
    let (verdict, failure) = fails(
        r#"
        always("mail in business hours", || !between("8:08:30", "9:00") || group("EVS1").is_online);
        run_until("8:08:20");
        node("NODE1").crash();
        run("2m");"#,
    );
    assert_eq!(verdict, Verdict::Fail);
    assert_eq!(
        failure.message,
        "always \"mail in business hours\" does not hold at 0:08:30.000"
    );
    // Comparisons work with texts as well, and in promises of what must never be.
    let (_, failure) = fails(
        r#"
        never("away in business hours", || clock() >= "2003-06-12 08:08:30" && !group("EVS1").is_online);
        run_until("8:08:20");
        node("NODE1").crash();
        run("2m");"#,
    );
    assert!(
        failure.message.ends_with("does not hold at 0:08:30.000"),
        "{}",
        failure.message
    );
}

#[test]
fn an_always_that_reads_a_running_outage_breaks_at_its_bound() {
    let (verdict, failure) = fails(
        r#"
        always("never away for long", || outage("EVS1") <= "7.25s");
        run("1m 333ms");
        node("NODE1").crash();
        run("10m");"#,
    );
    assert_eq!(verdict, Verdict::Fail);
    // The cluster has settled at 33 s; the crash is at 1:33.333.
    assert_eq!(
        failure.message,
        "always \"never away for long\" does not hold at 0:01:40.583"
    );
    assert_eq!(failure.seen, ["outage(\"EVS1\") was 7.250001s"]);
}

#[test]
fn a_window_of_the_clock_is_seen_by_sometimes_and_the_end_of_a_wait_is_exact() {
    passes(
        r#"
        sometimes("the hour", || clock() == "2003-06-12 08:20:00");
        sometimes("the minute before", || between("8:19", "8:20"));
        let crashed = now();
        node("NODE1").crash();
        eventually(|| outage("EVS1") > "7.25s", "1h");
        expect_eq(now() - crashed, "7s250ms1us");
        eventually(|| now() >= "15m", "1h");
        expect_eq(now(), "15m");
        run("1h");
        "#,
    );
    let (_, failure) = fails("sometimes(\"never\", || between(\"7:00\", \"7:30\"));\nrun(\"1h\");");
    assert!(
        failure.message.contains("never seen"),
        "{}",
        failure.message
    );
}

#[test]
fn what_a_condition_captured_learns_of_no_instant_that_did_not_come() {
    passes(
        r#"
        let latest = now();
        always("time goes on", || {
            let held = now() >= latest;
            latest = now();
            held
        });
        run("1m");
        expect(latest <= now());
        "#,
    );
}

#[test]
fn acts_come_due_while_the_drill_waits() {
    passes(
        r#"
        let began = now();
        let crashed = ();
        after("10s", || { node("NODE1").crash(); crashed = now(); });
        at("8:05", || note("five past eight"));
        after("1m", || expect_eq(now() - began, "1m"));
        eventually(|| !group("EVS1").is_online, "1m");
        expect_eq(crashed - began, "10s");
        expect_eq(now(), crashed);
        run("10m");
        expect_eq(events(#{ kind: "note", text: "five past eight" })[0].time, "5m");
        "#,
    );
}

#[test]
fn acts_of_one_instant_come_in_the_order_they_were_said() {
    passes(
        r#"
        let order = [];
        after("10s", || order.push(2));
        after("5s", || order.push(1));
        after("10s", || order.push(3));
        run("10s");
        expect_eq(order, [1, 2, 3]);
        "#,
    );
}

#[test]
fn an_act_that_never_came_due_is_an_error_where_it_stands() {
    let (verdict, failure) =
        fails("run(\"1s\");\nafter(\"10m\", || node(\"NODE1\").crash());\nrun(\"5m\");");
    assert_eq!(verdict, Verdict::Error);
    assert!(
        failure.message.starts_with("after(\"10m\") never came due"),
        "{}",
        failure.message
    );
    assert_eq!(
        failure.place.map(|place| (place.line, place.column)),
        Some((3, 1))
    );
}

#[test]
fn what_goes_wrong_in_an_act_has_its_place() {
    let (_, failure) = fails(
        "after(\"10s\", || {\n    expect_eq(group(\"EVS1\").owner, \"NODE2\");\n});\nrun(\"5m\");",
    );
    assert_eq!(
        failure.place.map(|place| (place.line, place.column)),
        Some((3, 5))
    );
    assert_eq!(failure.actual.as_deref(), Some("\"NODE1\""));
}

#[test]
fn an_act_lets_no_time_pass_and_plans_nothing() {
    for (word, said) in [
        ("run(\"1s\")", "\"run\" lets time pass"),
        ("run_until(\"9:00\")", "\"run_until\" lets time pass"),
        ("sleep(1)", "\"sleep\" lets time pass"),
        ("settle()", "\"settle\" lets time pass"),
        (
            "eventually(|| true, \"1s\")",
            "\"eventually\" lets time pass",
        ),
        ("after(\"1s\", || 1)", "\"after\" stands inside"),
        ("at(\"9:00\", || 1)", "\"at\" stands inside"),
    ] {
        let (verdict, failure) = fails(&format!("after(\"10s\", || {{ {word}; }});\nrun(\"1m\");"));
        assert_eq!(verdict, Verdict::Error, "{word}");
        assert!(
            failure.message.starts_with(said),
            "{word}: {}",
            failure.message
        );
    }
    let (_, failure) = fails("eventually(|| { after(\"1s\", || 1); true }, \"1s\");");
    assert!(
        failure.message.contains("a condition may only look"),
        "{}",
        failure.message
    );
}

#[test]
fn an_order_in_an_act_is_waited_for() {
    passes(
        r#"
        after("10s", || { group("EVS1").move_to("NODE2"); });
        run("1m");
        expect_eq(group("EVS1").owner, "NODE2");
        "#,
    );
    let (_, failure) = fails(
        "node(\"NODE2\").crash();\nafter(\"10s\", || { group(\"EVS1\").move_to(\"NODE2\"); });\nrun(\"1m\");",
    );
    assert!(failure.message.contains("5050"), "{}", failure.message);
}

#[test]
fn an_hour_is_waited_for() {
    passes(
        r#"
        run("250us");
        run_until("9:00");
        expect_eq(clock(), "2003-06-12 09:00:00");
        expect_eq(now(), "1h");
        run_until("9:00");
        expect_eq(clock(), "2003-06-13 09:00:00");
        expect_eq(weekday(), "Friday");
        run_until("2003-06-14 00:30");
        expect_eq(weekday(), "Saturday");
        expect(between("23:00", "1:00"));
        expect(!between("1:00", "23:00"));
        expect_error(|| run_until("2003-06-14 00:30"), "is over");
        expect_error(|| run_until("25:00"), "0:00 to 23:59");
        expect_error(|| run_until("half past nine"), "is no time of day");
        expect_error(|| between("2003-06-14 00:30", "1:00"), "has a date");
        "#,
    );
}

#[test]
fn a_drill_draws_from_its_own_seed() {
    passes(
        r#"
        expect_eq(seed(), 1);
        for n in 0..100 {
            let drawn = random(-1, 2);
            expect(drawn >= -1 && drawn <= 2);
        }
        expect_eq(random(5, 5), 5);
        let list = [1, 2, 3, 4, 5];
        let other = shuffle(list);
        expect_eq(list, [1, 2, 3, 4, 5]);
        other.sort();
        expect_eq(other, list);
        expect_eq(shuffle([]), []);
        expect_error(|| random(3, 0), "write random(0, 3)");
        expect_error(|| rand(), "write random(0, 3)");
        expect_error(|| rand(0, 3), "write random(0, 3)");
        "#,
    );
    let (_, failure) = fails("eventually(|| random(0, 3) == 2, \"1m\");");
    assert!(
        failure.message.contains("a condition may only look"),
        "{}",
        failure.message
    );
}

#[test]
fn a_loop_that_never_ends_is_stopped_where_it_is_and_the_next_drill_goes_on() {
    for (body, line) in [
        ("let n = 0;\nrun(\"1s\");\nloop { n += 1; }", 3),
        ("loop {\n    run(\"1h\");\n}", 3),
    ] {
        let script = format!(
            "{}\n{}",
            drill(body),
            drill("run(\"1m\");").replace("drill(\"t\"", "drill(\"u\"")
        );
        let options = RunOptions {
            timeout: Some(Duration::from_millis(300)),
            ..RunOptions::default()
        };
        let run = run_on(FakeSource::sound(), &script, options);
        assert!(!run.interrupted && run.failure.is_none(), "{run:?}");
        let verdicts: Vec<_> = run.reports.iter().map(|it| it.verdict).collect();
        assert_eq!(verdicts, [Verdict::Unknown, Verdict::Pass], "{body}");
        let failure = run.reports[0].failure.clone().expect("a failure");
        assert!(
            failure.message.contains("300ms of real time"),
            "{}",
            failure.message
        );
        assert_eq!(failure.place.map(|place| place.line), Some(line), "{body}");
    }
}

#[test]
fn a_loop_outside_every_drill_is_stopped() {
    let options = RunOptions {
        timeout: Some(Duration::from_millis(300)),
        ..RunOptions::default()
    };
    let run = run_on(FakeSource::sound(), "loop { }", options);
    let failure = run.failure.expect("a failure");
    assert!(
        failure.message.contains("of real time"),
        "{}",
        failure.message
    );
}

#[test]
fn what_is_caught_says_message_kind_and_place() {
    passes(
        r#"
        node("NODE2").crash();
        run("1m");
        let caught = ();
        try {
            group("EVS1").move_to("NODE2");
        } catch (error) {
            caught = error;
        }
        expect(caught.message.contains("5050"));
        expect_eq(caught.kind, "error");
        expect_eq(caught.place, "t.rhai:7:27");
        expect_eq(caught.line, 7);
        expect_eq(`${caught}`, caught.message);
        try { expect_eq(1, 2); } catch (error) { expect_eq(error.kind, "fail"); }
        try { throw caught; } catch (error) { expect_eq(error.message, caught.message); }
        "#,
    );
}

#[test]
fn a_full_list_of_events_fits() {
    passes(
        r#"
        for n in 0..5000 { note(`a remark of some length, as they are, with its number: ${n}`); }
        expect(events().len() > 5000);
        expect_eq(events(#{ kind: "note" }).filter(|e| e.text.ends_with(": 17")).len(), 1);
        for n in 0..6000 { note("one more"); }
        expect_error(|| events(), "a list holds at most 10000");
        "#,
    );
}

#[test]
fn what_fails_in_an_imported_file_is_shown_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let imported = folder.path().join("lib.rhai");
    std::fs::write(
        &imported,
        "// A library.\n\nfn check() {\n    expect_eq(1, 2);\n}\n",
    )
    .expect("a file");
    let path = folder.path().join("main.rhai");
    let text = "import \"lib\" as lib;\ndrill(\"t\", #{ cluster: \"fake.ron\" }, || {\n    lib::check();\n});\n";
    let run = crate::run_script(
        &path,
        text,
        std::rc::Rc::new(FakeSource::sound()),
        RunOptions::default(),
        Box::new(Silent),
        Default::default(),
    );
    assert_eq!(run.failure, None, "{run:?}");
    let failure = run.reports[0].failure.clone().expect("a failure");
    let place = failure.place.expect("a place");
    assert_eq!(place.file, imported.display().to_string());
    assert_eq!((place.line, place.column), (4, 5));
    assert_eq!(place.text, "    expect_eq(1, 2);");
    let from: Vec<_> = failure
        .called_from
        .iter()
        .map(|it| (it.file.clone(), it.line))
        .collect();
    assert_eq!(from, [(path.display().to_string(), 3)]);

    let text = "import \"lib\" as lib;\ndrill(\"t\", #{ cluster: \"fake.ron\" }, || {\n    try { lib::check(); } catch (error) { expect_eq(error.place, \"HERE:4:5\"); }\n});\n";
    let text = text.replace("HERE", &imported.display().to_string());
    let run = crate::run_script(
        &path,
        &text,
        std::rc::Rc::new(FakeSource::sound()),
        RunOptions::default(),
        Box::new(Silent),
        Default::default(),
    );
    assert_eq!(run.reports[0].failure, None, "{run:?}");
}

#[test]
fn a_mistake_that_is_found_twice_is_one() {
    let run = run(&drill("rand(1);"));
    assert!(run.findings.is_empty(), "{:?}", run.findings);
}
