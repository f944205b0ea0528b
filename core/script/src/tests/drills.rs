//! What drills do and say.

use quorate_drill::stage::OpenError;
use quorate_drill::{Choice, RunOptions, Silent, Verdict};
use quorate_model::Time;

use super::fake::FakeSource;
use super::{drill, fails, passes, run, run_on};

#[test]
fn a_lost_node_passes() {
    passes(
        r#"
        steady("mail flows", || group("EVS1").is_online);
        always("one owner", || resource("EVS1 Store").owners.len() <= 1);
        sometimes("it is out", || !group("EVS1").is_online);
        never("both down", || !node("NODE1").is_up && !node("NODE2").is_up);
        step("NODE1 loses power");
        let before = now();
        node("NODE1").crash();
        eventually(|| group("EVS1").is_online && group("EVS1").owner == "NODE2", 5.minutes);
        expect(outage("EVS1") < 3.minutes);
        expect_eq(outage("EVS1"), "20s");
        expect_eq(now() - before, 20.seconds);
        expect_eq(events(#{kind: "group-state", to: "Online"}).len(), 2);
        expect_eq(nodes().filter(|n| n.is_up).len(), 1);
        expect_eq(group("EVS1").preferred_owners, ["NODE1", "NODE2"]);
        "#,
    );
}

#[test]
fn words_of_lists_give_their_functions_the_item_or_the_item_and_its_number_or_this() {
    passes(
        r#"
        expect_eq([3, 1, 2].filter(|n| n > 1), [3, 2]);
        expect_eq([3, 1, 2].filter(|n, place| place > 0 && n < 2), [1]);
        expect_eq([3, 1, 2].filter(|| this > 1), [3, 2]);
        let least = 2;
        expect_eq([3, 1, 2].filter(|n| n >= least), [3, 2]);
        expect_eq([3, 1].map(|n| n * 2), [6, 2]);
        expect_eq([3, 1].map(|n, place| n + place), [3, 2]);
        expect_eq([3, 1].map(|| this + 1), [4, 2]);
        expect([3, 1].some(|n| n == 1) && ![3, 1].some(|n| n == 2) && ![].some(|n| true));
        expect(![3, 2].some(|n, place| n == place) && [3, 1].some(|n, place| n == place));
        expect([3, 1].all(|n| n > 0) && ![3, 1].all(|n| n > 1) && [3, 1].all(|| this > 0));
        expect_eq([].map(|n| n), []);
        "#,
    );
}

#[test]
fn an_error_in_a_function_of_a_list_is_told_at_its_place() {
    let (_, failure) = fails("let l = [1];\nl.filter(|n| nodes()[7].is_up);");
    assert_eq!(failure.place.clone().map(|place| place.line), Some(3));
    assert!(failure.message.contains("7"), "{failure:#?}");
    let (_, failure) = fails("[1].map(|a, b, c| a);");
    assert!(
        failure.message.contains("takes something else"),
        "{failure:#?}"
    );
}

#[test]
fn a_condition_sees_its_variables_change_at_once() {
    for condition in ["|| limit > 3", "|| enough.call()"] {
        let (_, failure) = fails(&format!(
            "let limit = 2; let enough = || limit > 3;\nafter(\"300ms\", || limit = 5);\n\
             never(\"enough\", {condition});\nrun(\"10s\");"
        ));
        let told = &failure.message;
        assert!(
            told.starts_with("never \"enough\"") && told.ends_with(".300"),
            "{told}"
        );
    }
}

#[test]
fn a_closure_that_holds_itself_is_a_condition_like_any_other() {
    passes(
        r#"
        let state = #{ n: 0 };
        state.next = || state.n + 1;
        node("NODE1").crash();
        eventually(|| state.n == 0 && !group("EVS1").is_online, "1m");
        "#,
    );
}

#[test]
fn a_false_expectation_shows_both_values_and_its_line() {
    let (verdict, failure) =
        fails("node(\"NODE1\").crash();\nrun(\"1m\");\nexpect(outage(\"EVS1\") < \"5s\");");
    assert_eq!(verdict, Verdict::Fail);
    assert_eq!(failure.actual.as_deref(), Some("20s"));
    assert_eq!(failure.wanted.as_deref(), Some("< \"5s\""));
    let place = failure.place.clone().expect("a place");
    assert_eq!(place.line, 4);
    assert_eq!(
        &place.text[place.column - 1..],
        "outage(\"EVS1\") < \"5s\");"
    );
    assert_eq!(failure.seen, ["outage(\"EVS1\") was 20s"]);
    assert_eq!(failure.called_from, []);
    assert!(
        failure
            .events
            .last()
            .is_some_and(|last| last.contains("Offline -> Online")),
        "{failure:#?}"
    );
}

#[test]
fn expect_takes_a_message_and_only_two_arguments() {
    let (_, failure) = fails("expect(1 > 2, `one is ${1}`);");
    assert_eq!(failure.message, "one is 1");
    assert_eq!(
        (failure.actual.as_deref(), failure.wanted.as_deref()),
        (Some("1"), Some("> 2"))
    );
    let run = run(&drill("expect(true, \"a\", \"b\");"));
    assert_eq!(run.findings.len(), 1, "{run:#?}");
}

#[test]
fn expect_eq_shows_both_values() {
    let (verdict, failure) = fails("expect_eq(group(\"EVS1\").owner, \"NODE2\");");
    assert_eq!(verdict, Verdict::Fail);
    assert_eq!(failure.actual.as_deref(), Some("\"NODE1\""));
    assert_eq!(failure.wanted.as_deref(), Some("\"NODE2\""));
    assert_eq!(
        failure.place.map(|place| (place.line, place.column)),
        Some((2, 1))
    );
}

#[test]
fn what_does_not_come_is_told_with_what_was_last_seen() {
    let (verdict, failure) = fails("eventually(|| group(\"EVS1\").owner == \"NODE2\", \"90s\");");
    assert_eq!(verdict, Verdict::Fail);
    assert!(failure.message.contains("1m30s"), "{}", failure.message);
    assert_eq!(failure.seen, ["group(\"EVS1\").owner was \"NODE1\""]);
}

#[test]
fn an_always_that_breaks_between_two_statements_is_seen() {
    // The whole outage is inside one run.
    let (verdict, failure) = fails(
        "always(\"mail flows\", || group(\"EVS1\").is_online);\nservice(\"EVS1 Store\").crash();\nrun(\"1m\");",
    );
    assert_eq!(verdict, Verdict::Fail);
    assert!(
        failure.message.contains("always \"mail flows\""),
        "{}",
        failure.message
    );
    assert_eq!(failure.place.map(|place| place.line), Some(2));
}

#[test]
fn a_never_that_becomes_true_fails_inside_a_run() {
    let (_, failure) = fails(
        "node(\"NODE1\").crash();\nnever(\"NODE2 owns it\", || group(\"EVS1\").owner == \"NODE2\");\nrun(\"1m\");",
    );
    assert!(
        failure.message.starts_with("never \"NODE2 owns it\""),
        "{}",
        failure.message
    );
}

#[test]
fn a_steady_state_is_looked_at_before_and_after_but_not_between() {
    passes(
        "steady(\"mail\", || group(\"EVS1\").is_online);\nservice(\"EVS1 Store\").crash();\nrun(\"1m\");",
    );
    let (_, failure) = fails(
        "steady(\"mail\", || group(\"EVS1\").is_online);\nservice(\"EVS1 Store\").crash();\nrun(\"1ms\");",
    );
    assert!(failure.message.starts_with("steady \"mail\""));
    let (_, failure) = fails("steady(\"never so\", || group(\"EVS1\").owner == \"NODE2\");");
    assert!(failure.message.starts_with("steady \"never so\""));
}

#[test]
fn a_sometimes_that_never_comes_fails() {
    let (verdict, failure) =
        fails("sometimes(\"moved\", || group(\"EVS1\").owner == \"NODE2\");\nrun(\"1m\");");
    assert_eq!(verdict, Verdict::Fail);
    assert!(failure.message.contains("never seen"));
}

#[test]
fn a_condition_may_not_act() {
    let (verdict, failure) = fails("eventually(|| { run(\"1s\"); true }, \"5s\");");
    assert_eq!(verdict, Verdict::Error);
    assert!(
        failure.message.contains("may only look"),
        "{}",
        failure.message
    );
    let (_, failure) = fails("always(\"x\", || { node(\"NODE2\").crash(); true });");
    assert!(
        failure.message.contains("\"crash\" acts"),
        "{}",
        failure.message
    );
}

#[test]
fn refusals_are_errors_that_a_drill_can_expect() {
    passes(
        "node(\"NODE2\").crash();\nrun(\"1s\");\nexpect_error(|| group(\"EVS1\").move_to(\"NODE2\"), \"down\");\nexpect_eq(group(\"EVS1\").owner, \"NODE1\");",
    );
    let (verdict, failure) =
        fails("node(\"NODE2\").crash();\nrun(\"1s\");\ngroup(\"EVS1\").move_to(\"NODE2\");");
    assert_eq!(verdict, Verdict::Error);
    assert!(failure.message.contains("5050"), "{}", failure.message);
    let (verdict, failure) =
        fails("expect_error(|| group(\"EVS1\").move_to(\"NODE2\"), \"down\");");
    assert_eq!(verdict, Verdict::Fail);
    assert!(failure.message.contains("none came"));
}

#[test]
fn unknown_names_are_told_with_what_was_meant() {
    let (verdict, failure) = fails("node(\"NOD1\").crash();\nrun(\"1s\");");
    assert_eq!(verdict, Verdict::Error);
    assert_eq!(
        failure.message,
        "the cluster FAKE has no node \"NOD1\": did you mean \"NODE1\"?"
    );
    assert_eq!(failure.place.map(|place| place.line), Some(2));
}

#[test]
fn faults_are_healed_in_reverse_however_a_drill_ends() {
    let script = drill("node(\"NODE2\").crash();\ndisk(\"Disk L:\").fail();\nexpect(false);");
    let options = RunOptions {
        journal: true,
        ..RunOptions::default()
    };
    let run = run_on(FakeSource::sound(), &script, options);
    let journal = String::from_utf8(run.journal).expect("text");
    let healed: Vec<&str> = journal
        .lines()
        .filter(|line| line.contains("fault-healed"))
        .collect();
    assert_eq!(healed.len(), 2, "{journal}");
    assert!(healed[0].contains("Disk L:") && healed[1].contains("Crash"));
    assert!(journal.starts_with("{\"schema\""));
    assert_eq!(run.reports[0].verdict, Verdict::Fail);
}

#[test]
fn one_drill_that_fails_does_not_hide_the_next() {
    let script = format!(
        "{}\n{}",
        drill("expect(false);"),
        "drill(\"second\", #{ cluster: \"fake.ron\", tags: [\"good\"], seed: 9 }, || { run(\"1s\"); });"
    );
    let run = run(&script);
    let verdicts: Vec<Verdict> = run.reports.iter().map(|report| report.verdict).collect();
    assert_eq!(verdicts, [Verdict::Fail, Verdict::Pass]);
    assert_eq!(run.reports[1].seed, 9);
    let by_tag = RunOptions {
        choice: Choice {
            text: Some("good".into()),
            ..Choice::default()
        },
        seed: Some(3),
        ..RunOptions::default()
    };
    let filtered = run_on(FakeSource::sound(), &script, by_tag);
    let verdicts: Vec<Verdict> = filtered
        .reports
        .iter()
        .map(|report| report.verdict)
        .collect();
    assert_eq!(verdicts, [Verdict::Skipped, Verdict::Pass]);
    assert_eq!(filtered.reports[1].seed, 3);
    assert_eq!(
        filtered.reports[1].repeat,
        "quorate drill t.rhai --seed 3 --filter second --exact"
    );
}

#[test]
fn a_drill_whose_plugin_was_not_built_is_skipped_with_the_way_to_get_it() {
    let needs = |plugins: &str| {
        run(&format!(
            "drill(\"t\", #{{ cluster: \"f\", plugins: {plugins} }}, || {{ run(\"1m\"); }});"
        ))
        .reports
        .remove(0)
    };
    let there = needs("#{ \"present\": \"make\" }");
    assert_eq!(there.verdict, Verdict::Pass);
    let absent = needs("#{ \"present\": \"make\", \"absent\": \"make absent\" }");
    assert_eq!((absent.verdict, absent.filtered), (Verdict::Skipped, false));
    assert_eq!(
        absent.skipped.as_deref(),
        Some("the plugin `absent` is not there: make absent")
    );
    for wrong in ["[\"absent\"]", "#{ \"absent\": 1 }"] {
        let script = format!("drill(\"t\", #{{ cluster: \"f\", plugins: {wrong} }}, || {{ }});");
        let failure = run(&script).failure.expect("a mistake");
        assert!(failure.message.contains("a map of plugins"), "{failure:?}");
    }
}

#[test]
fn the_limit_of_a_drill_makes_it_unknown() {
    let run = run("drill(\"t\", #{ cluster: \"f\", limit: \"10s\" }, || { run(\"1m\"); });");
    assert_eq!(run.reports[0].verdict, Verdict::Unknown);
    assert!(
        run.reports[0]
            .failure
            .as_ref()
            .is_some_and(|why| why.message.contains("limit"))
    );
}

#[test]
fn options_are_checked() {
    for (options, wanted) in [
        ("cluster: \"f\", sed: 1", "did you mean \"seed\"?"),
        ("seed: 1", "needs its cluster"),
        ("cluster: 5", "takes a text"),
        ("cluster: \"f\", seed: -1", "must not be negative"),
        ("cluster: \"f\", limit: \"5\"", "no unit"),
        ("cluster: \"f\", tags: \"x\"", "a list of texts"),
    ] {
        let run = run(&format!("drill(\"t\", #{{ {options} }}, || {{ }});"));
        // The check finds its mistakes before the drill runs.
        let found = run.findings.iter().map(|it| {
            let help = it.help.as_deref().unwrap_or_default();
            format!("{}: {help}", it.message)
        });
        let failed = run.failure.into_iter().map(|it| it.message);
        let told: Vec<String> = found.chain(failed).collect();
        assert!(
            told.iter().any(|text| text.contains(wanted)),
            "{options}: {told:?}"
        );
    }
}

#[test]
fn a_breach_of_the_world_fails_the_drill_at_once() {
    let source = FakeSource {
        breach_at: Some(Time::from_millis(60_000)),
        ..FakeSource::sound()
    };
    let run = run_on(source, &drill("run(\"10m\");"), RunOptions::default());
    assert_eq!(run.reports[0].verdict, Verdict::Fail);
    assert!(
        run.reports[0]
            .failure
            .as_ref()
            .is_some_and(|why| why.message.contains("one-owner"))
    );
    assert_eq!(run.reports[0].virtual_time, Time::from_millis(60_000));
}

#[test]
fn a_world_that_panics_is_our_error_and_ends_that_drill_only() {
    let source = FakeSource {
        panics: true,
        ..FakeSource::sound()
    };
    let script = format!(
        "{}\ndrill(\"second\", #{{ cluster: \"f\" }}, || {{ run(\"1s\"); }});",
        drill("quorum().has_quorum;")
    );
    let run = run_on(source, &script, RunOptions::default());
    assert_eq!(run.reports[0].verdict, Verdict::Error);
    let failure = run.reports[0].failure.clone().expect("a failure");
    assert!(
        failure.internal && failure.message.contains("the quorum is not there"),
        "{failure:#?}"
    );
    assert_eq!(run.reports[1].verdict, Verdict::Pass);
}

#[test]
fn a_cluster_that_cannot_be_opened_is_an_error() {
    let source = FakeSource {
        refuse: Some(OpenError::Plugins(
            "no plugins found; folders searched: /a, /b".into(),
        )),
        ..FakeSource::sound()
    };
    let run = run_on(source, &drill("run(\"1s\");"), RunOptions::default());
    assert_eq!(run.reports[0].verdict, Verdict::Error);
    assert!(
        run.reports[0]
            .failure
            .as_ref()
            .is_some_and(|why| why.message.contains("/a, /b"))
    );
}

#[test]
fn clocks_dice_and_waits_of_the_engine_are_replaced() {
    passes(
        "let a = timestamp();\nsleep(\"5s\");\nexpect_eq(timestamp() - a, \"5s\");\nexpect_eq(clock().len(), 19);",
    );
    // Rhai's own `sleep` would let no virtual time pass, and make the test wait.
    passes("let a = now();\nsleep(3600);\nsleep(0.5);\nexpect_eq(now() - a, \"1h500ms\");");
    assert_eq!(fails("sleep(-1);").0, Verdict::Error);
    let (verdict, failure) = fails("rand();");
    assert_eq!(verdict, Verdict::Error);
    assert!(failure.message.contains("seed"), "{}", failure.message);
}

#[test]
fn durations_compare_with_texts_and_each_other() {
    passes(
        r#"
        expect(5.minutes == "5m" && "300s" == 5.minutes && 5.minutes != "6m");
        expect(90.seconds < "2m" && "1m" < 90.seconds && 1.5.minutes == 90.seconds);
        expect(2 * 30.seconds <= 1.minutes && 1.hours - 59.minutes >= "60s");
        expect_eq(`${90.seconds}`, "1m30s");
        expect_eq(250.milliseconds.as_milliseconds, 250);
        "#,
    );
    let (_, failure) = fails("run(5);");
    assert!(failure.message.contains("5 is none"), "{}", failure.message);
    let (_, failure) = fails("expect(outage(\"EVS1\") < \"5 minutes\");");
    assert!(
        failure.message.contains("not a duration"),
        "{}",
        failure.message
    );
}

#[test]
fn properties_go_both_ways() {
    passes(
        r#"
        expect_eq(group("EVS1").get("FailoverThreshold"), 10);
        group("EVS1").set("FailoverThreshold", 3);
        expect_eq(group("EVS1").get("FailoverThreshold"), 3);
        group("EVS1").set("FailoverThreshold", ());
        expect_eq(group("EVS1").get("FailoverThreshold"), 10);
        expect_error(|| group("EVS1").get("Nonsense"), "no property");
        "#,
    );
}

#[test]
fn closures_may_use_what_stands_around_them() {
    passes(
        r#"
        let wanted = "NODE2";
        let server = group("EVS1");
        node("NODE1").crash();
        eventually(|| server.is_online && server.owner == wanted, "5m");
        fn is_there(name) { group("EVS1").owner == name }
        always("there", || is_there(wanted));
        run("10s");
        "#
        .replace("fn is_there(name) { group(\"EVS1\").owner == name }", "")
        .replace("is_there(wanted)", "group(\"EVS1\").owner == wanted")
        .as_str(),
    );
}

#[test]
fn an_endless_script_ends() {
    let run =
        run("fn deep(n) { deep(n + 1) }\ndrill(\"t\", #{ cluster: \"f\" }, || { deep(0); });");
    assert_eq!(run.reports[0].verdict, Verdict::Error);
    assert!(
        run.reports[0]
            .failure
            .as_ref()
            .is_some_and(|why| why.message.contains("overflow")),
        "{run:#?}"
    );
}

#[test]
fn a_run_can_be_stopped_from_outside() {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;
    let cancel = Arc::new(AtomicBool::new(true));
    let script = drill("run(\"1m\");");
    let run = crate::run_script(
        std::path::Path::new("t.rhai"),
        &script,
        std::rc::Rc::new(FakeSource::sound()),
        RunOptions::default(),
        Box::new(Silent),
        cancel,
    );
    assert!(run.interrupted);
}

/// Runs a drill body with these variables.
fn run_given(body: &str, given: &[(&str, &str)]) -> quorate_drill::Run {
    let given = given.iter();
    let variables = given.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let options = RunOptions {
        variables: variables.collect(),
        ..RunOptions::default()
    };
    run_on(FakeSource::sound(), &drill(body), options)
}

#[test]
fn a_variable_is_what_the_run_gives_or_its_default() {
    let body = r#"
        expect_eq(var("count", 3), 5);
        expect_eq(var("patience", 5.minutes), 90.seconds);
        expect_eq(var("other", "as it is"), "as it is");
        run("1s");
    "#;
    let given = [("count", "5"), ("patience", "90s"), ("unused", "x")];
    let run = run_given(body, &given);
    assert_eq!(run.reports[0].verdict, Verdict::Pass, "{:#?}", run.reports);
    let asked: Vec<&str> = run.asked.iter().map(String::as_str).collect();
    assert_eq!(asked, ["count", "other", "patience"]);
    let repeat = &run.reports[0].repeat;
    assert!(
        repeat.ends_with(" --var count=5 --var patience=90s"),
        "{repeat}"
    );
}

#[test]
fn a_variable_of_another_type_says_what_it_takes() {
    for (body, value, wanted) in [
        (
            "var(\"a\", 3)",
            "many",
            "--var a=many cannot be read: var(\"a\", 3) takes a whole number",
        ),
        (
            "var(\"a\", 5.minutes)",
            "5",
            "var(\"a\", 5m) takes a duration: \"5\" has no unit",
        ),
        ("var(\"a\", [1])", "1", "and [1] is none"),
    ] {
        let run = run_given(body, &[("a", value)]);
        let report = &run.reports[0];
        assert_eq!(report.verdict, Verdict::Error);
        let failure = report.failure.as_ref().expect("a failure");
        assert!(failure.message.contains(wanted), "{}", failure.message);
        assert_eq!(failure.place.as_ref().map(|it| it.line), Some(2));
    }
}

#[test]
fn a_known_fault_needs_its_reason() {
    for (options, wanted) in [
        ("expect: \"fail\"", "says why: write expect"),
        ("expect: \"fail\", because: \" \"", "says why"),
        ("because: \"x\"", "\"because\" says why a drill is expected"),
        ("expect: \"error\", because: \"x\"", "and not \"error\""),
    ] {
        // In a variable, where no check before the run sees it.
        let script = format!(
            "let options = #{{ cluster: \"fake.ron\", {options} }}; drill(\"t\", options, || {{ run(\"1s\"); }});"
        );
        let run = run(&script);
        let failure = run.failure.expect("a failure");
        assert!(failure.message.contains(wanted), "{}", failure.message);
    }
    let script = "drill(\"t\", #{ cluster: \"fake.ron\", expect: \"fail\" }, || { run(\"1s\"); });";
    let found = crate::check_script("t.rhai", script);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].message.contains("says why"), "{found:?}");
}
