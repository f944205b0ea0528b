//! Many drills: which of them run, how often, with what, and what is said of them.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use quick_junit::{Report, TestCaseStatus};
use support::{Run, finish, quorate, root, run, script};

/// A drill on a small cluster that nothing happens to.
fn drill(name: &str, options: &str, body: &str) -> String {
    format!(
        "drill(\"{name}\", #{{ cluster: \"CLUSTERS/two-node-active-passive.ron\"{options} }}, || {{ {body} }});\n"
    )
}

const PASSES: &str = "expect(now() < \"1h\");";
const FAILS: &str = "expect(node(\"NODE1\").state == \"Down\");";

/// Two files: three drills that pass, one that fails, one that is skipped.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let first = [
        drill("one", ", tags: [\"quick\", \"red\"], seed: 3", PASSES),
        drill("one more", ", tags: [\"slow\"]", PASSES),
    ];
    script(folder.path(), "a.rhai", &first.concat());
    let second = [
        drill("fails", ", tags: [\"red\"]", FAILS),
        drill("not now", ", skip: \"not today\"", PASSES),
        drill("last", "", PASSES),
    ];
    script(folder.path(), "b.rhai", &second.concat());
    folder
}

fn path(folder: &tempfile::TempDir) -> String {
    folder.path().display().to_string()
}

/// The names of the drills that ran, by their first lines.
fn ran(run: &Run) -> Vec<&str> {
    let begun = run.out.lines().filter(|line| line.contains(", seed "));
    begun
        .filter(|line| !line.starts_with(' '))
        .map(|line| line.split(" (").next().unwrap_or_default())
        .collect()
}

fn last(run: &Run) -> &str {
    run.out.lines().last().unwrap_or_default()
}

/// Runs the command that a report gives.
fn again(command: &str) -> Run {
    let line = command.replacen("quorate", env!("CARGO_BIN_EXE_quorate"), 1);
    finish(
        Command::new("sh")
            .args(["-c", &line])
            .current_dir(root())
            .env_remove("HOME")
            .env_remove("XDG_STATE_HOME"),
    )
}

#[test]
fn tags_and_whole_names_choose() {
    let folder = folder();
    let path = path(&folder);
    for (more, wanted) in [
        (&["--tag", "red"][..], &["one", "fails"][..]),
        (
            &["--tag", "red", "--tag", "slow"],
            &["one", "one more", "fails"],
        ),
        (&["--tag", "red", "--not-tag", "quick"], &["fails"]),
        (&["--not-tag", "red"], &["one more", "last"]),
        (&["--filter", "one"], &["one", "one more"]),
        (&["--filter", "one", "--exact"], &["one"]),
        (&["--filter", "one", "--tag", "slow"], &["one more"]),
    ] {
        let run = run(&[&["drill", &path], more].concat());
        assert_eq!(ran(&run), wanted, "{more:?}: {}{}", run.out, run.err);
    }
}

#[test]
fn what_chooses_nothing_is_an_error_that_says_what_there_is() {
    let folder = folder();
    let path = path(&folder);
    for (more, wanted) in [
        (
            &["--tag", "rde"][..],
            "no drill has the tag \"rde\": did you mean \"red\"?",
        ),
        (
            &["--tag", "xyzzy"],
            "no drill has the tag \"xyzzy\": there is quick, red, slow",
        ),
        (
            &["--filter", "one mor", "--exact"],
            "no drill is called \"one mor\": did you mean \"one more\"?",
        ),
        (
            &["--filter", "last", "--not-tag", "x", "--tag", "red"],
            "no drill has \"last\" in its name or as a tag and has the tag \"red\" and is without the tag \"x\"",
        ),
        (&["--exact"], "--filter <TEXT>"),
    ] {
        for only in [&[][..], &["--list"], &["--dry-run"]] {
            let run = run(&[&["drill", &path], more, only].concat());
            assert_eq!(run.code, 64, "{more:?}{only:?}: {}{}", run.out, run.err);
            assert!(run.err.contains(wanted), "{more:?}{only:?}: {}", run.err);
            assert_eq!(run.out, "", "{more:?}{only:?}");
        }
    }
    // Where others run, too, nobody would notice.
    let typo = run(&["drill", &path, "--tag", "quick", "--not-tag", "solw"]);
    assert_eq!(typo.code, 0, "{}{}", typo.out, typo.err);
    let wanted = "warning: no drill has the tag \"solw\": did you mean \"slow\"?";
    assert!(typo.err.contains(wanted), "{}", typo.err);
}

#[test]
fn a_list_has_names_places_and_tags_and_runs_nothing() {
    let folder = folder();
    let path = path(&folder);
    let list = run(&["drill", &path, "--list"]);
    assert_eq!(list.code, 0, "{}", list.err);
    assert_eq!(
        list.out.replace(&path, "F"),
        "F/a.rhai:1: one [quick, red]\nF/a.rhai:2: one more [slow]\nF/b.rhai:1: fails [red]\n\
         F/b.rhai:2: not now (skipped: not today)\nF/b.rhai:3: last\n5 drills\n"
    );
    let some = run(&["drill", &path, "--list", "--tag", "slow"]);
    assert!(
        some.out.ends_with("one more [slow]\n1 drill\n"),
        "{}",
        some.out
    );
    let json = run(&["drill", &path, "--list", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
    let drills = json["drills"].as_array().expect("a list");
    assert_eq!(drills.len(), 5);
    assert_eq!(drills[0]["name"], "one");
    assert_eq!(drills[0]["tags"], serde_json::json!(["quick", "red"]));
    assert_eq!(drills[0]["seed"], 3);
    assert_eq!(drills[0]["skipped"], serde_json::Value::Null);
    assert_eq!(drills[1]["line"], 2);
    assert_eq!(drills[3]["skipped"], "not today");
    let alone = run(&["drill", &path, "--format", "json"]);
    assert_eq!(alone.code, 64, "{}", alone.out);
    // A drill that is declared in another file has its place there.
    let shared = "fn told(name) { drill(name, #{ cluster: \"CLUSTERS/four-node.ron\" }, || { }); }";
    script(folder.path(), "shared.rhai", &format!("\n\n{shared}"));
    let imports = "import \"shared\" as other;\nother::told(\"from there\");";
    let file = script(folder.path(), "imports.rhai", imports);
    let list = run(&["drill", &file, "--list"]);
    let place = list.out.replace(&path, "F");
    assert!(
        place.starts_with("F/shared.rhai:3: from there\n"),
        "{place}{}",
        list.err
    );
}

#[test]
fn a_dry_run_checks_everything_and_says_what_would_run() {
    let folder = folder();
    let path = path(&folder);
    let dry = run(&[
        "drill",
        &path,
        "--dry-run",
        "--repeat",
        "3",
        "--tag",
        "quick",
        "--tag",
        "red",
    ]);
    assert_eq!(dry.code, 0, "{}{}", dry.out, dry.err);
    assert_eq!(
        dry.out.replace(&path, "F"),
        "F/a.rhai:1: one (seeds 3 to 5)\nF/b.rhai:1: fails (seeds 1 to 3)\n\
         2 drills would run, 3 times each; nothing was run\n"
    );
    let all = run(&["drill", &path, "--dry-run"]);
    let total = "4 drills would run; 1 would be skipped; nothing was run";
    assert_eq!(last(&all), total, "{}", all.out);
    // What only a run would find otherwise: the cluster file, and a name that it does not have.
    let cluster = root().join("scripts/clusters/two-node-active-passive.ron");
    let cluster = fs::read_to_string(cluster).expect("a file");
    let broken = cluster.replacen("role: Internal", "role: Internl", 1);
    assert_ne!(cluster, broken);
    fs::write(folder.path().join("broken.ron"), broken).expect("a file");
    let text = "drill(\"x\", #{ cluster: \"broken.ron\" }, || { expect(true); });";
    script(folder.path(), "c.rhai", text);
    script(
        folder.path(),
        "d.rhai",
        &drill("y", "", "expect(group(\"EVS7\").is_online);"),
    );
    let dry = run(&["drill", &path, "--dry-run"]);
    assert_eq!(dry.code, 64, "{}{}", dry.out, dry.err);
    for wanted in ["broken.ron:", "Internl", "EVS7"] {
        assert!(dry.err.contains(wanted), "no {wanted}: {}", dry.err);
    }
    assert!(dry.out.contains("nothing was run"), "{}", dry.out);
}

#[test]
fn quiet_is_only_what_did_not_pass_and_the_totals() {
    let folder = folder();
    let quiet = run(&["drill", &path(&folder), "--quiet"]);
    assert_eq!(quiet.code, 1);
    let out = &quiet.out;
    assert!(out.starts_with("fails\nfail: "), "{out}");
    for name in ["one", "not now", "not today"] {
        // As a name stands in a report: what led to a failure may have the same words.
        let told = |line: &str| line.starts_with(name) || line.contains(&format!("  {name}"));
        assert!(!out.lines().any(told), "{out}");
    }
    assert!(
        last(&quiet).starts_with("5 drills: 3 pass, 1 fail, 1 skipped"),
        "{out}"
    );
    let fine = run(&["drill", &path(&folder), "-q", "--not-tag", "red"]);
    assert_eq!(fine.out.lines().count(), 1, "{}", fine.out);
    let both = run(&["drill", &path(&folder), "-q", "--brief"]);
    assert_eq!(both.code, 64, "{}", both.out);
}

/// A drill with an outage that depends on chance.
const LOST: &str = r#"drill("lost", #{ cluster: "CLUSTERS/four-node.ron", seed: 7, tags: ["lost"] }, || {
    run(random(1, 60).seconds);
    node("NODE1").crash();
    recovers("EVS1", 10.minutes);
    print(outage("EVS1"));
    expect(outage("EVS1") < var("most", 10.minutes));
});
"#;

/// The outages of EVS1 by seed, as the tables of a run have them.
fn outages(out: &str) -> BTreeMap<u64, String> {
    let mut seed = 0;
    let mut found = BTreeMap::new();
    for line in out.lines() {
        if let Some((_, rest)) = line.split_once(", seed ") {
            seed = rest.trim_end_matches(')').parse().expect("a seed");
        }
        let cells: Vec<&str> = line.split_whitespace().collect();
        if let ["EVS1", _, _, outage] = cells[..] {
            found.insert(seed, outage.to_owned());
        }
    }
    found
}

fn seconds(text: &str) -> f64 {
    let span: quorate_drill::Span = text.parse().expect("a duration");
    span.0.as_secs_f64()
}

#[test]
fn repetitions_have_other_luck_and_their_outages_are_summed_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = script(folder.path(), "lost.rhai", LOST);
    let run = run(&["drill", &file, "--repeat", "4"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(last(&run).starts_with("4 drills: 4 pass; "), "{}", run.out);
    let outages = outages(&run.out);
    let seeds: Vec<&u64> = outages.keys().collect();
    assert_eq!(seeds, [&7, &8, &9, &10], "{}", run.out);
    let rows = run
        .out
        .lines()
        .map(|line| line.split_whitespace().collect());
    let mut rows = rows.filter(|row: &Vec<&str>| row.starts_with(&["lost", "EVS1"]));
    let row = rows.next().expect("a row");
    let [_, _, runs, minimum, median, maximum, worst] = row[..] else {
        panic!("{row:?}")
    };
    assert_eq!(runs, "4");
    let mut sorted: Vec<f64> = outages.values().map(|it| seconds(it)).collect();
    sorted.sort_by(f64::total_cmp);
    assert!(sorted[0] < sorted[3], "chance plays no part: {sorted:?}");
    let near = |text: &str, wanted: f64| (seconds(text) - wanted).abs() < 0.002;
    assert!(near(minimum, sorted[0]), "{row:?} {sorted:?}");
    assert!(
        near(median, f64::midpoint(sorted[1], sorted[2])),
        "{row:?} {sorted:?}"
    );
    assert!(near(maximum, sorted[3]), "{row:?} {sorted:?}");
    let worst: u64 = worst.parse().expect("a seed");
    assert_eq!(outages[&worst], maximum);
}

#[test]
fn each_repetition_counts_and_repeats_by_its_seed() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = [
        drill("unlucky", ", seed: 5", "expect(seed() != 7);"),
        drill("not now", ", skip: \"not today\"", PASSES),
    ];
    let file = script(folder.path(), "unlucky.rhai", &text.concat());
    let xml = folder.path().join("results.xml").display().to_string();
    let run = run(&["drill", &file, "--repeat", "3", "--brief", "--junit", &xml]);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    assert!(
        last(&run).starts_with("4 drills: 2 pass, 1 fail, 1 skipped; "),
        "{}",
        run.out
    );
    assert!(
        run.out.contains("unlucky (") && run.out.contains(", seed 6; "),
        "{}",
        run.out
    );
    let repeats = run
        .out
        .lines()
        .filter_map(|line| line.split_once("repeat: "));
    let repeats: BTreeSet<&str> = repeats.map(|(_, command)| command).collect();
    assert_eq!(repeats.len(), 1, "{}", run.out);
    for command in repeats {
        assert!(command.contains(" --seed 7 "), "{command}");
        let again = again(command);
        assert_eq!(again.code, 1, "{}{}", again.out, again.err);
    }
    let xml = fs::read_to_string(xml).expect("results");
    let report = Report::deserialize_from_str(&xml).expect("JUnit");
    assert_eq!(report.test_suites.len(), 1, "{xml}");
    let names = report.test_suites[0].test_cases.iter();
    let names: Vec<&str> = names.map(|case| case.name.as_str()).collect();
    let wanted = [
        "unlucky (seed 5)",
        "not now (seed 1)",
        "unlucky (seed 6)",
        "unlucky (seed 7)",
    ];
    assert_eq!(names, wanted);
    for times in ["0", "-1", "many"] {
        let wrong = support::run(&["drill", &file, &format!("--repeat={times}")]);
        assert_eq!(wrong.code, 64, "{times}");
        assert!(
            wrong.err.contains("a whole number from 1 on"),
            "{}",
            wrong.err
        );
    }
}

#[test]
fn a_variable_has_the_value_that_was_given() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = script(folder.path(), "lost.rhai", LOST);
    let other = script(
        folder.path(),
        "other.rhai",
        &drill("other", "", "expect_eq(var(\"count\", 3), 3);"),
    );
    let given = run(&["drill", &file, "--var", "most=2s"]);
    assert_eq!(given.code, 1, "{}{}", given.out, given.err);
    assert!(given.out.contains("= wanted: < 2s"), "{}", given.out);
    let both = run(&[
        "drill", &file, &other, "--var", "most=2s", "--var", "count=4",
    ]);
    assert!(last(&both).starts_with("2 drills: 2 fail"), "{}", both.out);
    // Each command gives what its drill reads, or it would not run.
    let repeats = both
        .out
        .lines()
        .filter_map(|line| line.trim().strip_prefix("repeat: "));
    let repeats: BTreeSet<&str> = repeats.collect();
    assert_eq!(repeats.len(), 2, "{}", both.out);
    for (command, (own, strange)) in repeats
        .iter()
        .zip([("most=2s", "count"), ("count=4", "most")])
    {
        assert!(
            command.contains(own) && !command.contains(strange),
            "{command}"
        );
        assert_eq!(again(command).code, 1, "{command}");
    }
    let text = run(&["drill", &file, "--var", "most=long"]);
    assert_eq!(text.code, 1, "{}{}", text.out, text.err);
    let wanted = "--var most=long cannot be read: var(\"most\", 10m) takes a duration: \"long\" is not a duration";
    assert!(text.out.contains(wanted), "{}", text.out);
}

#[test]
fn a_variable_that_no_drill_reads_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = script(folder.path(), "lost.rhai", LOST);
    for (value, wanted) in [
        (
            "moist=2s",
            "no drill here reads a variable \"moist\": did you mean \"most\"?",
        ),
        ("most", "write the name of a variable and its value"),
        ("=5", "write the name of a variable and its value"),
    ] {
        let run = run(&["drill", &file, "--var", value]);
        assert_eq!(run.code, 64, "{value}: {}{}", run.out, run.err);
        assert!(run.err.contains(wanted), "{value}: {}", run.err);
        assert_eq!(run.out, "", "nothing runs");
    }
    let twice = run(&["drill", &file, "--var", "most=1m", "--var", "most=2m"]);
    assert_eq!(twice.code, 64, "{}{}", twice.out, twice.err);
    assert!(
        twice.err.contains("gives \"most\" two values"),
        "{}",
        twice.err
    );
    // Which names a script makes up is known when it has run.
    let made = drill(
        "made",
        "",
        "for name in [\"aa\", \"bb\"] { expect(var(name, 1) == 1); }",
    );
    let made = script(folder.path(), "made.rhai", &made);
    let known = run(&["drill", &made, "--var", "aa=1"]);
    assert_eq!(known.code, 0, "{}{}", known.out, known.err);
    let strange = run(&["drill", &made, "--var", "cc=1"]);
    assert_eq!(strange.code, 64, "{}{}", strange.out, strange.err);
    let wanted = "no drill here reads a variable \"cc\"";
    assert!(strange.err.contains(wanted), "{}", strange.err);
    assert!(
        last(&strange).starts_with("1 drill: 1 pass"),
        "{}",
        strange.out
    );
}

#[test]
fn only_those_that_failed_run_again() {
    let folder = folder();
    let state = tempfile::tempdir().expect("a folder");
    let home = state.path().join("home");
    let drill = |more: &[&str]| {
        let mut command = quorate();
        command.env("XDG_STATE_HOME", &home);
        finish(command.arg("drill").arg(folder.path()).args(more))
    };
    let first = drill(&["--failed"]);
    assert_eq!(first.code, 64, "{}{}", first.out, first.err);
    let wanted = "no run of these drills is recorded";
    assert!(first.err.contains(wanted), "{}", first.err);
    assert_eq!(drill(&[]).code, 1);
    assert!(home.join("quorate/last-drills.json").is_file());
    let failed = drill(&["--failed"]);
    assert_eq!(ran(&failed), ["fails"], "{}{}", failed.out, failed.err);
    // What others did meanwhile changes nothing of it.
    drill(&["--filter", "last"]);
    let list = drill(&["--failed", "--list"]);
    assert!(list.out.ends_with("fails [red]\n1 drill\n"), "{}", list.out);
    // A script that cannot be run has failed as a whole.
    let sound = fs::read_to_string(folder.path().join("a.rhai")).expect("a script");
    let broken = folder.path().join("a.rhai");
    fs::write(&broken, format!("{sound}\nlet a = [1]; a[7];")).expect("a script");
    drill(&[]);
    fs::write(&broken, sound).expect("a script");
    let failed = drill(&["--failed"]);
    assert_eq!(ran(&failed), ["one", "one more", "fails"], "{}", failed.out);
    let text = fs::read_to_string(folder.path().join("b.rhai")).expect("a script");
    fs::write(
        folder.path().join("b.rhai"),
        text.replace("\"Down\"", "\"Up\""),
    )
    .expect("a script");
    let mended = drill(&["--failed"]);
    assert_eq!(ran(&mended), ["fails"], "{}", mended.out);
    let none = drill(&["--failed"]);
    assert_eq!(none.code, 0, "{}{}", none.out, none.err);
    assert_eq!(
        none.out,
        "there is nothing to run: none of these drills failed when it last ran\n"
    );
    // Another folder knows nothing, and a broken file is said.
    let other = state.path().join("other");
    let dir = other.display().to_string();
    assert_eq!(drill(&["--failed", "--state-dir", &dir]).code, 64);
    assert_eq!(drill(&["--state-dir", &dir]).code, 0);
    fs::write(other.join("last-drills.json"), "{").expect("a file");
    let unreadable = drill(&["--failed", "--state-dir", &dir]);
    assert_eq!(unreadable.code, 64, "{}", unreadable.out);
    assert!(
        unreadable.err.contains("cannot be read"),
        "{}",
        unreadable.err
    );
}

#[test]
fn parts_for_several_machines_are_all_drills_together() {
    let folder = folder();
    let path = path(&folder);
    let mut all = Vec::new();
    for part in ["1/3", "2/3", "3/3"] {
        let run = run(&[
            "drill", &path, "--shard", part, "--list", "--format", "json",
        ]);
        let json: serde_json::Value = serde_json::from_str(&run.out).expect("JSON");
        let drills = json["drills"].as_array().expect("a list");
        let names = drills
            .iter()
            .map(|it| it["name"].as_str().expect("a name").to_owned());
        all.push(names.collect::<Vec<_>>());
    }
    assert_eq!(
        all,
        [&["one", "not now"][..], &["one more", "last"], &["fails"]]
    );
    let second = run(&["drill", &path, "--shard", "2/3"]);
    assert_eq!(ran(&second), ["one more", "last"], "{}", second.out);
    assert!(
        last(&second).starts_with("5 drills: 2 pass, 3 skipped"),
        "{}",
        second.out
    );
    let empty = run(&["drill", &path, "--shard", "9/9"]);
    assert_eq!((empty.code, empty.err.as_str()), (0, ""));
    assert_eq!(
        empty.out,
        "part 9/9 of 5 drills is empty: there is nothing to run\n"
    );
    for (part, wanted) in [
        ("0/5", "the first is 1/5"),
        ("6/5", "the last is 5/5"),
        ("two", "the second of five parts"),
    ] {
        let wrong = run(&["drill", &path, "--shard", part]);
        assert_eq!(wrong.code, 64, "{part}");
        assert!(wrong.err.contains(wanted), "{part}: {}", wrong.err);
    }
}

#[test]
fn a_known_fault_is_shown_with_its_reason_and_is_missed_when_it_is_gone() {
    let folder = tempfile::tempdir().expect("a folder");
    let known = ", expect: \"fail\", because: \"ticket 7\"";
    let text = [drill("known", known, FAILS), drill("fine", "", PASSES)];
    let file = script(folder.path(), "known.rhai", &text.concat());
    let xml = folder.path().join("results.xml").display().to_string();
    let run = run(&["drill", &file, "--fail-fast", "--junit", &xml]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(run.out.contains(", a known fault: ticket 7"), "{}", run.out);
    assert!(
        last(&run).starts_with("2 drills: 1 pass, 1 known fault; "),
        "{}",
        run.out
    );
    let xml = fs::read_to_string(xml).expect("results");
    let report = Report::deserialize_from_str(&xml).expect("JUnit");
    let case = &report.test_suites[0].test_cases[0];
    assert!(
        matches!(case.status, TestCaseStatus::Skipped { .. }),
        "{xml}"
    );
    assert!(xml.contains("ticket 7"), "{xml}");
    let brief = support::run(&["drill", &file, "--brief"]);
    let line = brief.out.lines().next().unwrap_or_default();
    assert!(
        line.starts_with("  known  known (") && line.contains("ticket 7"),
        "{line}"
    );

    let gone = script(folder.path(), "gone.rhai", &drill("gone", known, PASSES));
    let gone = support::run(&["drill", &gone]);
    assert_eq!(gone.code, 1, "{}{}", gone.out, gone.err);
    let wanted = "it was expected to fail (ticket 7), and it passes: the known fault is gone";
    assert!(gone.out.contains(wanted), "{}", gone.out);
    let without = drill("why", ", expect: \"fail\"", FAILS);
    let without = script(folder.path(), "why.rhai", &without);
    let without = support::run(&["drill", &without]);
    assert_eq!(without.code, 64, "{}{}", without.out, without.err);
    let wanted = "a drill that is expected to fail says why";
    assert!(without.err.contains(wanted), "{}", without.err);
}

#[test]
fn a_ci_server_of_github_gets_annotations() {
    let folder = folder();
    let name = folder.path().join("a:b,c.rhai");
    fs::rename(folder.path().join("b.rhai"), name).expect("a name");
    let remark = drill("remark", "", "eventually(|| now() > \"0s\", \"1m\");");
    script(folder.path(), "r.rhai", &remark);
    script(
        folder.path(),
        "wrong.rhai",
        "drill(\"wrong\", #{}, || { expct(1); });",
    );
    let mut command = quorate();
    command
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_WORKSPACE", folder.path());
    let annotated = finish(command.arg("drill").arg(folder.path()).arg("--quiet"));
    let notes: Vec<&str> = annotated
        .out
        .lines()
        .filter(|it| it.starts_with("::"))
        .collect();
    let about = |text: &str| {
        let found = notes.iter().find(|note| note.contains(text));
        *found.unwrap_or_else(|| panic!("none with {text}: {notes:#?}"))
    };
    let fails = about("title=fail%3A fails::");
    assert!(
        fails.starts_with("::error file=a%3Ab%2Cc.rhai,line=1,col=")
            && fails.contains("%0Afound: \"Up\"%0A"),
        "{fails}"
    );
    assert!(fails.contains("%0Arepeat: quorate drill "), "{fails}");
    let remark = about("held-at-once");
    assert!(
        remark.starts_with("::warning file=r.rhai,line=1,col="),
        "{remark}"
    );
    let wrong = about("expct");
    assert!(
        wrong.starts_with("::error file=wrong.rhai,line=1,col="),
        "{wrong}"
    );
    let plain = run(&["drill", &path(&folder), "--quiet"]);
    assert!(!plain.out.contains("::error"), "{}", plain.out);
}

#[test]
fn a_duration_reads_the_same_in_what_a_drill_prints_and_in_tables() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = script(folder.path(), "lost.rhai", LOST);
    let run = run(&["drill", &file, "--repeat", "3"]);
    let printed = run
        .out
        .lines()
        .filter(|line| line.starts_with("  0:") && line.contains("    "));
    let printed: Vec<&str> = printed
        .filter_map(|line| line.split_once("    "))
        .map(|(_, text)| text)
        .collect();
    let outages = outages(&run.out);
    let tables: Vec<&String> = outages.values().collect();
    assert_eq!(printed, tables, "{}", run.out);
    assert!(printed.iter().any(|it| it.contains('.')), "{printed:?}");
}

/// The text without its real times.
fn timeless(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| match line.split_once(" of virtual time in ") {
            Some((before, after)) => {
                let rest = after.find([',', ';']).map_or("", |at| &after[at..]);
                format!("{before}{rest}\n")
            }
            None => format!("{line}\n"),
        });
    lines.collect()
}

#[test]
fn whatever_is_asked_the_number_of_jobs_changes_nothing() {
    let folder = folder();
    script(folder.path(), "lost.rhai", LOST);
    for more in [
        &["--repeat", "3", "--var", "most=20s"][..],
        &["--repeat", "2", "--fail-fast", "--quiet"],
        &["--shard", "1/2", "--not-tag", "slow"],
        &["--tag", "red", "--brief"],
    ] {
        let with = |jobs: &str| {
            let journal = folder.path().join("journal");
            let mut command = quorate();
            command.env("GITHUB_ACTIONS", "true");
            command.arg("drill").arg(folder.path()).args(more);
            let run = finish(command.args(["--jobs", jobs, "--journal"]).arg(&journal));
            let journal = fs::read(journal).expect("a journal");
            (timeless(&run.out), run.err, run.code, journal)
        };
        let one = with("1");
        assert!(!one.3.is_empty());
        for jobs in ["2", "5"] {
            assert!(with(jobs) == one, "{more:?} with {jobs} jobs: {}", one.0);
        }
    }
}

#[test]
fn help_and_completions_know_them() {
    let help = run(&["drill", "--help"]);
    let completions = run(&["completions", "bash"]);
    for flag in [
        "--tag",
        "--not-tag",
        "--exact",
        "--list",
        "--format",
        "--dry-run",
        "--quiet",
        "--repeat",
        "--var",
        "--failed",
        "--state-dir",
        "--shard",
    ] {
        let long = format!(", {flag}");
        let mut lines = help.out.lines().map(str::trim);
        let shown = lines.any(|line| line.starts_with(flag) || line.contains(&long));
        assert!(shown, "{flag}: {}", help.out);
        assert!(completions.out.contains(flag), "{flag}");
    }
    assert!(help.out.contains("last-drills.json"), "{}", help.out);
    let doc = support::run_with(&["repl"], ":doc var\n");
    assert!(
        doc.out.contains("--var name=value"),
        "{}{}",
        doc.out,
        doc.err
    );
}
