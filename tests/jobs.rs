//! Drills that run at the same time: the output does not depend on how many do.

mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus};
use support::processes::{child_with, children, ends};
use support::{Run, finish, library, quorate, run, script};

/// Files in the order of their names: fast and slow ones, with every way in which a drill or a file can end.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [
        (
            "a-slow.rhai",
            r#"drill("slow", #{ cluster: "CLUSTERS/eight-node.ron" }, || { step("hours pass"); run("2h"); note("they have"); expect(now() > "1h"); });"#,
        ),
        (
            "b-fails.rhai",
            r#"drill("fails", #{ cluster: "CLUSTERS/two-node-active-passive.ron" }, || { step("look"); expect(node("NODE1").state == "Down"); });
               drill("passes", #{ cluster: "CLUSTERS/two-node-active-passive.ron" }, || { print("said"); expect(now() < "1h"); });"#,
        ),
        (
            "c-mistake.rhai",
            "drill(\"mistake\", #{ cluster: \"CLUSTERS/two-node-active-passive.ron\" }, || { expct(true); });",
        ),
        (
            "d-unknown.rhai",
            r#"drill("unknown", #{ cluster: "CLUSTERS/two-node-active-passive.ron", limit: "5m" }, || { eventually(|| now() > "9h", "20m"); });
               drill("endless", #{ cluster: "CLUSTERS/two-node-active-passive.ron", cold: true }, || { eventually(|| now() > "2h", "1m"); });"#,
        ),
        (
            "e-error.rhai",
            r#"drill("error", #{ cluster: "CLUSTERS/two-node-active-passive.ron" }, || { node("NODE7").crash(); });
               drill("skipped", #{ cluster: "CLUSTERS/two-node-active-passive.ron", skip: "not today" }, || { });"#,
        ),
        (
            "f-outside.rhai",
            "let list = []; list[3]; drill(\"never\", #{ cluster: \"CLUSTERS/two-node-active-passive.ron\" }, || { });",
        ),
        (
            "g-remark.rhai",
            r#"drill("remark", #{ cluster: "CLUSTERS/two-node-active-passive.ron" }, || { eventually(|| now() > "0s", "1m"); });"#,
        ),
        ("h-empty.rhai", "let nothing = 1;"),
        (
            "i-policy.rhai",
            r#"drill("lost", #{ cluster: "CLUSTERS/four-node.ron" }, || { node("NODE1").crash(); eventually(|| group("EVS1").is_online, "10m", "it comes back"); });"#,
        ),
    ] {
        script(folder.path(), name, text);
    }
    folder
}

/// The text without its real times, which are different in every run.
fn timeless(text: &str) -> String {
    let mut lines = String::new();
    for line in text.lines() {
        let kept = match line.split_once(" of virtual time in ") {
            Some((before, after)) => {
                let rest = after.find([',', ';']).map_or("", |at| &after[at..]);
                format!("{before} of virtual time{rest}")
            }
            None => line.to_owned(),
        };
        lines.push_str(&kept);
        lines.push('\n');
    }
    lines
}

/// A run with this many jobs: status, both outputs, and the journal.
fn with_jobs(paths: &[&str], jobs: &str, more: &[&str]) -> (Run, Vec<u8>) {
    let journal = tempfile::NamedTempFile::new().expect("a file");
    let path = journal.path().display().to_string();
    let mut command = quorate();
    command.arg("drill").args(paths).args(more);
    let mut run = finish(command.args(["--journal", &path, "--jobs", jobs]));
    run.out = timeless(&run.out);
    (run, fs::read(journal.path()).expect("the journal"))
}

/// Checks that one, two and five jobs give the same result, and returns it.
#[track_caller]
fn the_same(paths: &[&str], more: &[&str]) -> (Run, Vec<u8>) {
    let (one, journal) = with_jobs(paths, "1", more);
    for jobs in ["2", "5"] {
        let (run, other) = with_jobs(paths, jobs, more);
        assert_eq!(run.out, one.out, "{jobs} at a time");
        assert_eq!(run.err, one.err, "{jobs} at a time");
        assert_eq!(run.code, one.code, "{jobs} at a time");
        assert!(other == journal, "{jobs} at a time: another journal");
    }
    (one, journal)
}

#[test]
fn what_is_printed_and_written_is_the_same_with_any_number_of_jobs() {
    let folder = folder();
    let path = folder.path().display().to_string();
    let (run, journal) = the_same(&[&path], &[]);
    assert_eq!(run.code, 64, "{}{}", run.out, run.err);
    let last = run.out.lines().last().unwrap_or_default();
    assert!(
        last.starts_with("9 drills: 4 pass, 2 fail, 1 unknown, 1 error, 1 skipped,"),
        "{last}"
    );
    assert!(
        last.contains("with remarks; 2 files with an error; 1 file without a drill"),
        "{last}"
    );
    let begun: Vec<&str> = run
        .out
        .lines()
        .filter(|line| line.contains(", seed 1)"))
        .collect();
    let order: Vec<Option<&str>> = begun.iter().map(|line| line.split(' ').next()).collect();
    let wanted = [
        "slow", "fails", "passes", "unknown", "endless", "error", "remark", "lost",
    ];
    assert_eq!(order, wanted.map(Some));
    let journal = String::from_utf8(journal).expect("text");
    assert_eq!(journal.matches("\"kind\":\"end\"").count(), 8);
    let brief = the_same(&[&path], &["--brief"]).0;
    assert!(brief.out.len() < run.out.len(), "{}", brief.out);
    the_same(&[&path], &["--isolate", "all", "--filter", "s"]);
}

/// The result of a case, in a word.
fn ended(case: &TestCase) -> &'static str {
    match &case.status {
        TestCaseStatus::Success { .. } => "success",
        TestCaseStatus::Skipped { .. } => "skipped",
        TestCaseStatus::NonSuccess { kind, .. } => match kind {
            NonSuccessKind::Failure => "failure",
            NonSuccessKind::Error => "error",
        },
    }
}

#[test]
fn a_ci_server_gets_each_drill_and_each_broken_script_as_a_case() {
    let folder = folder();
    let path = folder.path().display().to_string();
    let results = folder.path().join("new folder/drills.xml");
    let file = results.display().to_string();
    let run = run(&["drill", &path, "--brief", "--junit", &file]);
    assert_eq!(run.code, 64, "{}{}", run.out, run.err);
    let xml = fs::read_to_string(&results).expect("results");
    let report = Report::deserialize_from_str(&xml).expect("JUnit");
    let cases: Vec<(&str, &str)> = report
        .test_suites
        .iter()
        .flat_map(|suite| &suite.test_cases)
        .map(|case| (case.name.as_str(), ended(case)))
        .collect();
    assert_eq!(
        cases,
        [
            ("slow", "success"),
            ("fails", "failure"),
            ("passes", "success"),
            ("unknown", "error"),
            ("endless", "failure"),
            ("error", "error"),
            ("skipped", "skipped"),
            ("the script", "error"),
            ("remark", "success"),
            ("lost", "success"),
            ("the script", "error"),
        ]
    );
    let counted = (report.tests, report.failures, report.errors);
    assert_eq!(counted, (11, 2, 4), "{xml}");
    for wanted in [
        // The place, the values and the command to repeat it.
        "b-fails.rhai:1:",
        "found: &quot;Up&quot;",
        "repeat: quorate drill",
        "not today",
        "EVS1",
        "remark[",
        "b-fails\" time=",
    ] {
        assert!(xml.contains(wanted), "no {wanted} in:\n{xml}");
    }
    assert!(!xml.contains('\u{1b}'), "colours");
}

#[test]
fn nothing_that_is_named_is_written_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = r#"drill("one", #{ cluster: "CLUSTERS/two-node-active-passive.ron" }, || { expect(now() < "1h"); });"#;
    let path = script(folder.path(), "one.rhai", text);
    let before = fs::read(&path).expect("a script");
    let other = folder.path().join("out").display().to_string();
    for more in [
        ["--journal", &path, "--junit", &other],
        ["--junit", &path, "--journal", &other],
        ["--junit", &other, "--journal", &other],
    ] {
        let run = run(&[&["drill", &path], &more[..]].concat());
        assert_eq!(run.code, 64, "{}{}", run.out, run.err);
        let wanted = "would replace another file that this command names; nothing was run";
        assert!(run.err.contains(wanted), "{}", run.err);
        assert!(run.out.is_empty(), "{}", run.out);
    }
    assert_eq!(fs::read(&path).expect("a script"), before);
    // Nor is a file that cannot be written.
    let run = run(&[
        "drill",
        &path,
        "--junit",
        &folder.path().display().to_string(),
    ]);
    assert_eq!(run.code, 64, "{}{}", run.out, run.err);
    assert!(run.err.contains("cannot write the results"), "{}", run.err);
    assert!(run.out.contains("1 drill: 1 pass"), "{}", run.out);
}

#[test]
fn the_first_failure_in_the_order_of_the_files_is_the_last_that_is_told_of() {
    let folder = folder();
    let path = folder.path().display().to_string();
    fs::remove_file(folder.path().join("c-mistake.rhai")).expect("it was there");
    let (run, _) = the_same(&[&path], &["--fail-fast"]);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    let last = run.out.lines().last().unwrap_or_default();
    assert!(
        last.starts_with("2 drills: 1 pass, 1 fail; 6 files left out; "),
        "{}",
        run.out
    );
}

/// The plugin writes and then takes its process down, while files before and after it run.
#[test]
fn a_plugin_that_takes_its_host_down_is_told_of_the_same_way() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::copy(library("bad_null"), folder.path().join("libnull.so")).expect("a copy");
    let cluster = support::root().join("tests/isolation/library.ron");
    let text = fs::read_to_string(cluster).expect("a file");
    let text = text
        .replace("plugins: { \"bad-crash\": (separate_monitor: true) },", "")
        .replace("\"Bad Crash\"", "\"Bad Null\"")
        .replace("\"Bad Stall\"", "\"Bad Null\"");
    fs::write(folder.path().join("null.ron"), text).expect("a file");
    let drills = folder.path().join("drills");
    fs::create_dir(&drills).expect("a folder");
    script(
        &drills,
        "a.rhai",
        r#"drill("slow", #{ cluster: "CLUSTERS/four-node.ron" }, || { run("2h"); expect(now() > "1h"); });"#,
    );
    script(
        &drills,
        "b.rhai",
        r#"drill("null", #{ cluster: "../null.ron", cold: true }, || { step("it comes up"); run("2m"); });"#,
    );
    script(
        &drills,
        "c.rhai",
        r#"drill("quick", #{ cluster: "CLUSTERS/two-node-active-passive.ron" }, || { expect(now() < "1h"); });"#,
    );
    let drills = drills.display().to_string();
    let plugins = folder.path().display().to_string();
    let (run, _) = the_same(&[&drills], &["--plugin-dir", &plugins]);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    assert!(
        run.err
            .contains("gone (SIGSEGV in Online of `Crash` (plugin `bad-null`))"),
        "{}",
        run.err
    );
    assert_eq!(run.out.matches("it comes up").count(), 2, "{}", run.out);
}

/// Starts long drills, and waits until this many processes run them.
fn long(folder: &Path, files: usize, more: &[&str]) -> (std::process::Child, Vec<u32>) {
    for file in 0..files {
        script(
            folder,
            &format!("{file}.rhai"),
            r#"drill("long", #{ cluster: "CLUSTERS/four-node.ron" }, || { step("here"); run("8760h"); expect(true); });"#,
        );
    }
    let child = quorate()
        .arg("drill")
        .arg(folder)
        .args(["--jobs", "2"])
        .args(more)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    child_with(child.id(), "--jobs");
    let mut below = children(child.id());
    while below.len() < 2 {
        std::thread::yield_now();
        below = children(child.id());
    }
    (child, below)
}

#[test]
fn an_interrupt_ends_all_of_them_and_what_ran_is_told() {
    for more in [&[][..], &["--isolate", "all"]] {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut child, below) = long(folder.path(), 4, more);
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut text = String::new();
        while !text.contains("here") {
            assert!(out.read_line(&mut text).expect("text") > 0, "{text}");
        }
        let monitors: Vec<u32> = below.iter().flat_map(|it| children(*it)).collect();
        assert!(more.is_empty() || !monitors.is_empty());
        let killed = Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status();
        assert!(killed.expect("kill").success());
        while out.read_line(&mut text).expect("text") > 0 {}
        assert_eq!(child.wait().expect("its end").code(), Some(130), "{text}");
        let last = text.lines().last().unwrap_or_default();
        assert!(
            last.starts_with("2 drills: 2 unknown, ") || last.starts_with("1 drill: 1 unknown, "),
            "{text}"
        );
        assert!(last.contains("interrupted; 2 files left out; "), "{last}");
        below.into_iter().chain(monitors).for_each(ends);
    }
}

#[test]
fn processes_below_end_with_the_one_above() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut child, below) = long(folder.path(), 2, &[]);
    child.kill().expect("a kill");
    child.wait().expect("its end");
    below.into_iter().for_each(ends);
}

#[test]
fn a_number_of_jobs_is_one_or_more() {
    for text in ["0", "-1", "many", "1.5", ""] {
        let jobs = format!("--jobs={text}");
        let run = run(&["drill", "scripts/drills/lost-node.rhai", &jobs]);
        assert_eq!(run.code, 64, "{text}: {}{}", run.out, run.err);
        assert!(
            run.err.contains("is a whole number from 1 on, such as "),
            "{text}: {}",
            run.err
        );
    }
}
