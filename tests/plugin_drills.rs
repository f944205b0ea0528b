//! Drills with third parties' plugins: faulty ones still end in a verdict, and the properties of good ones are
//! checked.

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use support::{Run, finish, finish_with, library, quorate};

/// A cluster of two nodes with one resource of a type.
const CLUSTER: &str = r#"(
    name: "CLUSTER1",
    address: "10.0.0.20",
    quorum: Standard(resource: "Disk Q:"),
    start: "2003-06-12 08:00:00",
    networks: [
        (name: "Private", role: Internal, subnet: "192.168.0.0/24"),
        (name: "Public", role: Mixed, subnet: "10.0.0.0/24"),
    ],
    nodes: [
        (name: "NODE1", interfaces: { "Public": "10.0.0.11", "Private": "192.168.0.11" }),
        (name: "NODE2", interfaces: { "Public": "10.0.0.12", "Private": "192.168.0.12" }),
    ],
    disks: [(name: "Disk Q:", raid: true)],
    groups: [
        (
            name: "Bad",
            preferred_owners: ["NODE1", "NODE2"],
            resources: [(name: "Bad Resource", type: "TYPE"MORE)],
        ),
    ],
)"#;

/// The cluster survives whatever the plugin does, and the loss of a node.
const DRILL: &str = r#"drill("a bad plugin", #{ cluster: "cluster.ron", seed: 1 }, || {
    run("10m");
    expect_eq(group("Bad").state, "STATE");
    step("its node loses power");
    node("NODE1").crash();
    eventually(|| group("Cluster Group").is_online && group("Cluster Group").owner == "NODE2", "5m");
    node("NODE1").start();
    run("10m");
    expect(node("NODE1").is_up && node("NODE2").is_up);
    expect_eq(group("Bad").state, "STATE");
});
"#;

/// Puts the resource into a process of its own.
const ISOLATED: &str = r#", properties: { "SeparateMonitor": true }"#;

/// Runs the drill with one resource of a fixture's type.
fn drill(fixture: &str, kind: &str, more: &str, state: &str) -> Run {
    drill_with(fixture, kind, more, state, &[])
}

fn drill_with(fixture: &str, kind: &str, more: &str, state: &str, arguments: &[&str]) -> Run {
    let folder = drill_folder(fixture, kind, more, state);
    finish(drill_in(folder.path()).args(arguments))
}

/// A folder with the drill `bad.rhai`, its cluster, and the folder `plugins` with the fixture.
fn drill_folder(fixture: &str, kind: &str, more: &str, state: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let cluster = CLUSTER.replace("TYPE", kind).replace("MORE", more);
    fs::write(folder.path().join("cluster.ron"), cluster).expect("a cluster");
    let script = folder.path().join("bad.rhai");
    fs::write(&script, DRILL.replace("STATE", state)).expect("a drill");
    // A search ignores files whose names begin with "bad".
    let plugins = folder.path().join("plugins");
    fs::create_dir(&plugins).expect("a folder");
    fs::copy(
        library(&format!("bad_{fixture}")),
        plugins.join(format!("lib{fixture}.so")),
    )
    .expect("a copy");
    folder
}

/// Runs the drill in such a folder.
fn drill_in(folder: &Path) -> Command {
    let mut command = quorate();
    command
        .arg("drill")
        .arg(folder.join("bad.rhai"))
        .arg("--plugin-dir")
        .arg(folder.join("plugins"));
    command
}

#[test]
fn a_drill_with_a_bad_plugin_ends_in_a_verdict() {
    for (fixture, kind, state) in [
        ("panic", "Bad Panic", "Failed"),
        ("late", "Bad Late", "Online"),
        ("twice", "Bad Twice", "Online"),
        ("chance", "Bad Chance", "Online"),
        ("leak", "Bad Leak Descriptors", "Online"),
        ("leak", "Bad Leak Threads", "Online"),
        ("leak", "Bad Leak Memory", "Online"),
    ] {
        let run = drill(fixture, kind, "", state);
        assert_eq!(run.code, 0, "{kind}: {}{}", run.out, run.err);
        assert!(run.out.contains("1 drill: 1 pass;"), "{kind}: {}", run.out);
    }
}

#[test]
fn an_online_without_an_end_is_given_up_after_its_time() {
    let more = r#", properties: { "PendingTimeout": 20000, "RestartThreshold": 0 }"#;
    let run = drill("never", "Bad Never", more, "Failed");
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    // With the default of three minutes it would be tried again and again.
    let run = drill("never", "Bad Never", "", "Failed");
    assert_eq!(run.code, 2, "{}{}", run.out, run.err);
    let why = "30m after it was switched on: Bad Resource is OnlinePending";
    assert!(run.out.contains(why), "{}", run.out);
}

#[test]
fn a_drill_with_a_plugin_that_runs_threads_says_that_it_is_not_repeatable() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal.jsonl");
    let ran = |more: &str| {
        let run = drill_with(
            "threads",
            "Bad Threads",
            more,
            "Online",
            &["--journal", &journal.display().to_string()],
        );
        let text = fs::read_to_string(&journal).expect("a journal");
        let end = text.lines().find(|line| line.contains("\"kind\":\"end\""));
        (run, end.expect("an end").to_owned())
    };
    // Whether its thread reports in time is not certain, only that the drill says so.
    for more in ["", ISOLATED] {
        let (run, end) = ran(more);
        assert!(
            run.out
                .contains("not repeatable: threads of their own run in bad-threads"),
            "{}{}",
            run.out,
            run.err
        );
        assert!(run.out.contains(", 1 not repeatable;"), "{}", run.out);
        assert!(end.contains("\"unrepeatable\":[\"bad-threads\"]"), "{end}");
    }
    // A plugin that is not in use changes nothing.
    let other = drill("late", "Bad Late", "", "Online");
    assert!(!other.out.contains("not repeatable"), "{}", other.out);
}

#[test]
fn a_drill_with_a_plugin_that_crashes_or_hangs_in_a_process_of_its_own_ends_in_a_verdict() {
    let ran = |fixture: &'static str, kind: String, state: &'static str| {
        let limit = ["--deadlock-timeout", "5s"];
        let run = drill_with(fixture, &kind, ISOLATED, state, &limit);
        assert_eq!(run.code, 0, "{kind}: {}{}", run.out, run.err);
        assert!(run.out.contains("1 drill: 1 pass"), "{kind}: {}", run.out);
        // The summary names the processes that died and why, if any did.
        let died = run.out.contains("Resource monitor of `bad-");
        assert_eq!(died, state == "Failed", "{kind}: {}", run.out);
    };
    std::thread::scope(|scope| {
        scope.spawn(|| ran("null", "Bad Null".to_owned(), "Failed"));
        // A plugin that hangs during Online or a check fails; an entry that this drill does not call cannot hang.
        for (entry, state) in [
            ("Open", "Failed"),
            ("Close", "Online"),
            ("Online", "Failed"),
            ("Offline", "Online"),
            ("Terminate", "Online"),
            ("LooksAlive", "Failed"),
            ("IsAlive", "Failed"),
            ("Work", "Failed"),
            ("Control", "Online"),
            ("TypeControl", "Online"),
            ("LastError", "Failed"),
            ("Extension", "Online"),
        ] {
            scope.spawn(move || ran("hang", format!("Bad Hang {entry}"), state));
        }
    });
}

/// A folder with a cluster of one resource of the worked example's type, and its plugin in the folder `plugins`.
fn site_folder(kind: &str, more: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let cluster = CLUSTER.replace("TYPE", kind).replace("MORE", more);
    fs::write(folder.path().join("cluster.ron"), cluster).expect("a cluster");
    let plugins = folder.path().join("plugins");
    fs::create_dir(&plugins).expect("a folder");
    fs::copy(library("static_site"), plugins.join("libsite.so")).expect("a copy");
    folder
}

/// Runs a drill of one line with such a resource.
fn site(kind: &str, more: &str, line: &str) -> Run {
    let folder = site_folder(kind, more);
    let drill =
        format!(r#"drill("a site", #{{ cluster: "cluster.ron", seed: 1 }}, || {{ {line} }});"#);
    let script = folder.path().join("site.rhai");
    fs::write(&script, drill).expect("a drill");
    finish(quorate().current_dir(folder.path()).args([
        "drill",
        "site.rhai",
        "--plugin-dir",
        "plugins",
    ]))
}

/// Three mistakes in the properties of a resource, on three lines.
const MISTAKES: &str = ", properties: {\n\"Attempst\": 3,\n\"ProbeInterval\": \"often\",\n  \"Attempts\": 4000000000 }";

/// Whether the output of a run contains all three mistakes, each with its place.
#[track_caller]
fn tells_the_mistakes(run: &Run, code: i32) {
    let line = 1 + CLUSTER
        .lines()
        .position(|it| it.contains("MORE"))
        .expect("it");
    assert_eq!(run.code, code, "{}{}", run.out, run.err);
    for (below, column, message) in [
        (1, 1, "the type `Static Site` has no property `Attempst`"),
        (2, 18, "`ProbeInterval` is \"often\", but takes a number"),
        (
            3,
            15,
            "`Attempts` is 4000000000, but must be a number from 1 to",
        ),
    ] {
        let place = format!("cluster.ron:{}:{column}", line + below);
        assert!(run.out.contains(&place), "{place}: {}", run.out);
        assert!(run.out.contains(message), "{message}: {}", run.out);
    }
    assert!(
        run.out.contains("did you mean \"Attempts\"?"),
        "{}",
        run.out
    );
}

#[test]
fn what_repeats_a_drill_names_its_plugins() {
    let folder = site_folder("Static Site", "");
    let script = folder.path().join("fails.rhai");
    let text = r#"drill("fails", #{ cluster: "cluster.ron", seed: 1 }, || { expect(false); });"#;
    fs::write(script, text).expect("a drill");
    let drill = |arguments: &[&str]| {
        let mut command = quorate();
        finish(command.current_dir(folder.path()).args(arguments))
    };
    let run = drill(&["drill", "fails.rhai", "--plugin-dir", "plugins"]);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    let repeat = "quorate drill fails.rhai --seed 1 --filter fails --exact --plugin-dir plugins";
    assert!(run.out.contains(repeat), "{}", run.out);
    let words: Vec<&str> = repeat.split(' ').skip(1).collect();
    let again = drill(&words);
    let without_times = |text: &str| text.replace(char::is_numeric, "");
    assert_eq!(without_times(&again.out), without_times(&run.out));
}

#[test]
fn a_drill_whose_host_a_plugin_takes_along_runs_again_without_that_plugin_in_it() {
    std::thread::scope(|scope| {
        for (fixture, kind, why) in [
            (
                "null",
                "Bad Null",
                "(SIGSEGV in Online of `Bad Resource` (plugin `bad-null`))",
            ),
            (
                "quit",
                "Bad Quit",
                "(exit with status 0 in IsAlive of `Bad Resource` (plugin `bad-quit`))",
            ),
            (
                "hang",
                "Bad Hang IsAlive",
                "(a call of a plugin's has not returned within 5s: IsAlive of `Bad Resource` (plugin `bad-hang`))",
            ),
        ] {
            scope.spawn(move || {
                let journal = tempfile::NamedTempFile::new().expect("a file");
                let path = journal.path().display().to_string();
                let limit = ["--deadlock-timeout", "5s", "--journal", &path];
                let run = drill_with(fixture, kind, "", "Failed", &limit);
                // It would pass in a process of its own, but that is not how it was to run.
                assert_eq!(run.code, 1, "{kind}: {}{}", run.out, run.err);
                assert!(
                    run.out.contains("1 drill: 1 pass, 1 with plugins"),
                    "{kind}: {}",
                    run.out
                );
                assert!(
                    run.out.contains("of `Bad Resource`, "),
                    "{kind}: {}",
                    run.out
                );
                assert!(run.err.contains(why), "{kind}: {}", run.err);
                assert!(run.err.contains("They run again"), "{kind}: {}", run.err);
                assert!(
                    run.err.contains("mend it, or keep it apart"),
                    "{kind}: {}",
                    run.err
                );
                let journal = fs::read_to_string(journal.path()).expect("a journal");
                assert!(
                    journal.contains("\"id\":1146") && journal.contains("\"kind\":\"end\""),
                    "{kind}: {journal}"
                );
            });
        }
    });
}

#[test]
fn a_plugin_that_goes_to_another_directory_takes_no_later_drill_along() {
    let folder = drill_folder("place", "Bad Place Directory", "", "Online");
    let script = r#"for name in ["first", "second"] {
        drill(name, #{ cluster: "cluster.ron", seed: 1 }, || { run("1m"); });
    }"#;
    fs::write(folder.path().join("two.rhai"), script).expect("drills");
    let mut command = quorate();
    command.current_dir(folder.path()).args([
        "drill",
        "two.rhai",
        "--plugin-dir",
        "plugins",
        "--journal",
        "journal.jsonl",
    ]);
    let run = finish(&mut command);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(run.out.contains("2 drills: 2 pass"), "{}", run.out);
    assert!(folder.path().join("journal.jsonl").is_file());
}

#[test]
fn a_plugin_that_stops_its_host_is_found_out() {
    let more = ", properties: { \"In\": \"is_alive\", \"Stop\": 1 }";
    let limit = ["--deadlock-timeout", "3s"];
    let run = drill_with("stall", "Bad Stall", more, "Failed", &limit);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    assert!(run.err.contains("SIGSTOP stopped it"), "{}", run.err);
    assert!(run.out.contains("1 drill: 1 pass"), "{}", run.out);
}

#[test]
fn a_session_says_that_a_call_did_not_return() {
    let folder = drill_folder("stall", "Bad Stall", "", "Online");
    let mut command = quorate();
    command
        .arg("repl")
        .arg(folder.path().join("cluster.ron"))
        .args(["--deadlock-timeout", "3s", "--plugin-dir"])
        .arg(folder.path().join("plugins"));
    let input = "resource(\"Bad Resource\").set(\"In\", \"is_alive\")\nrun(\"2m\")\n\"never\"\n";
    let run = finish_with(&mut command, input);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    let told = "the session is gone (a call of a plugin's has not returned within 3s: IsAlive of `Bad Resource` (plugin \
                `bad-stall`))";
    assert!(run.err.contains(told), "{}", run.err);
    assert!(!run.out.contains("never"), "{}", run.out);
}

#[test]
fn a_hang_ends_the_host_whatever_its_plugins_do_at_the_end_of_a_process() {
    // Another faulty plugin is in the host, too, and hangs when the process ends in good order.
    let more = ", properties: { \"In\": \"looks_alive\" }), (name: \"Other\", type: \"Bad Load\"";
    let folder = drill_folder("stall", "Bad Stall", more, "Failed");
    let cluster = folder.path().join("cluster.ron");
    let text = fs::read_to_string(&cluster).expect("it").replace(
        "    groups: [",
        "    plugins: { \"bad-load\": (separate_monitor: false) },\n    groups: [",
    );
    fs::write(&cluster, text).expect("a cluster");
    fs::copy(
        library("bad_load"),
        folder.path().join("plugins/libload.so"),
    )
    .expect("a copy");
    let run = finish(
        drill_in(folder.path())
            .args(["--deadlock-timeout", "5s"])
            .env("BAD_LOAD", "hang finaliser"),
    );
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    assert!(run.err.contains("They run again"), "{}", run.err);
    // If nothing hangs before, its code for the end of the process is not run, either.
    let text = fs::read_to_string(&cluster).expect("it");
    let text = text.replace("\"In\": \"looks_alive\"", "\"In\": \"never\"");
    fs::write(&cluster, text).expect("a cluster");
    let script = folder.path().join("bad.rhai");
    let text = fs::read_to_string(&script).expect("it");
    fs::write(&script, text.replace("\"Failed\"", "\"Online\"")).expect("a drill");
    let run = finish(drill_in(folder.path()).env("BAD_LOAD", "hang finaliser"));
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let mut session = quorate();
    session
        .arg("repl")
        .arg(&cluster)
        .arg("--plugin-dir")
        .arg(folder.path().join("plugins"))
        .env("BAD_LOAD", "hang finaliser");
    // At worst it is killed, but it does end.
    let run = finish_with(&mut session, "\"hello\"\n");
    assert!(run.out.contains("hello"), "{}{}", run.out, run.err);
}

#[test]
fn mistakes_in_a_third_partys_properties_are_told_all_at_once_with_their_places() {
    tells_the_mistakes(&site("Static Site", MISTAKES, ""), 64);
}

#[test]
fn a_check_knows_what_a_third_partys_type_takes_where_its_plugin_is() {
    let check = |folder: &tempfile::TempDir, arguments: &[&str]| {
        let mut command = quorate();
        command
            .current_dir(folder.path())
            .args(["check", "cluster.ron"]);
        finish(command.args(arguments))
    };
    let folder = site_folder("Static Site", MISTAKES);
    tells_the_mistakes(&check(&folder, &["--plugin-dir", "plugins"]), 1);
    // An unknown type is a remark, unless the folders of plugins are given.
    let folder = site_folder("Statix Sitting", "");
    let here = check(&folder, &[]);
    assert_eq!(here.code, 0, "{}{}", here.out, here.err);
    assert!(here.out.contains("warning[unknown-type]"), "{}", here.out);
    let there = check(&folder, &["--plugin-dir", "plugins"]);
    assert_eq!(there.code, 1, "{}{}", there.out, there.err);
    assert!(there.out.contains("error[unknown-type]"), "{}", there.out);
    // The same holds for names of plugins.
    let cluster = folder.path().join("cluster.ron");
    let text = fs::read_to_string(&cluster).expect("it");
    let text = text.replace("Statix Sitting", "Static Site").replace(
        "    groups: [",
        "    plugins: { \"statix\": (separate_monitor: true) },\n    groups: [",
    );
    fs::write(&cluster, text).expect("a cluster");
    let there = check(&folder, &["--plugin-dir", "plugins"]);
    assert_eq!(there.code, 1, "{}{}", there.out, there.err);
    assert!(there.out.contains("error[unknown-plugin]"), "{}", there.out);
}

#[test]
fn a_repl_lists_and_sets_what_a_third_partys_type_takes() {
    let folder = site_folder("Static Site", ", properties: { \"Attempts\": 7 }");
    let repl = |input: &str| {
        let file = folder.path().join("input");
        fs::write(&file, input).expect("the input");
        let mut command = quorate();
        command.args(["repl", "cluster.ron", "--plugin-dir", "plugins"]);
        let output = command
            .current_dir(folder.path())
            .stdin(fs::File::open(file).expect("the input"))
            .output()
            .expect("the binary runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (text(&output.stdout), text(&output.stderr))
    };
    let (out, err) = repl(
        ":properties Bad Resource\nresource(\"Bad Resource\").set(\"Attempts\", 9)\n:properties Bad Resource\n",
    );
    for line in [
        "  Attempts = 7  (a number from 1 to 100; from the next Online)",
        "      How many times in a row it must give no good answer until the site counts as failed",
        "  ProbeInterval = 10  (a number from 1 to 600 s)",
        "  RestartThreshold = 3  (a number)",
        "  Attempts = 9  (a number from 1 to 100; from the next Online)",
    ] {
        assert!(out.lines().any(|it| it == line), "{line}: {out}{err}");
    }
    let (_, err) = repl(":properties Bad Resourec\n");
    assert!(err.contains("did you mean \"Bad Resource\"?"), "{err}");
}

#[test]
fn a_misspelt_type_of_a_third_party_is_told_where_it_stands() {
    let run = site("Static Sit", "", "");
    let (at, text) = CLUSTER
        .lines()
        .enumerate()
        .find(|(_, it)| it.contains("MORE"))
        .expect("it");
    let column = 1 + text.find("\"TYPE\"").expect("it");
    assert_eq!(run.code, 64, "{}{}", run.out, run.err);
    for part in [
        &format!("cluster.ron:{}:{column}", at + 1),
        "no plugin implements the resource type `Static Sit` (did you mean `Static Site`?)",
        "folders searched: plugins",
    ] {
        assert!(run.out.contains(part), "{part}: {}", run.out);
    }
}

#[test]
fn a_value_that_a_third_partys_property_does_not_take_is_refused_when_it_is_set() {
    for (line, why) in [
        (
            r#"set("Attempts", 0)"#,
            "`Attempts` is 0, but must be a number from 1 to",
        ),
        (
            r#"set("Attempts", "3")"#,
            "`Attempts` is \"3\", but takes a number",
        ),
        (r#"set("Attempst", 3)"#, "has no property \"Attempst\""),
        (r#"set("Attempst", 1.5)"#, "has no property \"Attempst\""),
        (
            r#"set("Attempts", 1.5)"#,
            "`Attempts` takes a number from 1 to 100; from the next Online; 1.5 is none",
        ),
        (
            r#"set("ProbeInterval", 5.seconds)"#,
            "`ProbeInterval` takes a number from 1 to 600 s: a plain number in that unit, not a duration",
        ),
        (
            r#"set("Attempts", -1)"#,
            "`Attempts` is 4294967295 (-1), but must be a number from 1 to 100",
        ),
    ] {
        let line = format!(r#"resource("Bad Resource").{line};"#);
        let run = site("Static Site", "", &line);
        assert_eq!(run.code, 1, "{line}: {}{}", run.out, run.err);
        assert!(run.out.contains(why), "{line}: {}", run.out);
    }
    let good = r#"resource("Bad Resource").set("Attempts", 5); expect_eq(resource("Bad Resource").get("Attempts"), 5);"#;
    let run = site("Static Site", "", good);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
}

#[test]
fn a_drill_with_a_plugin_that_cannot_be_loaded_says_why() {
    for (fixture, kind, why) in [
        ("magic", "Bad Magic", "field `magic`"),
        ("abi", "Bad ABI", "field `abi_version`"),
        ("version", "Bad Version", "it offers 0x300"),
        ("table", "Bad Table", "table field `size`"),
        ("entry", "Bad Entry", "`is_alive` is NULL"),
    ] {
        let run = drill(fixture, kind, "", "Online");
        assert_eq!(run.code, 1, "{kind}: {}{}", run.out, run.err);
        assert!(run.out.contains("1 error"), "{kind}: {}", run.out);
        assert!(run.out.contains(why), "{kind}: {}", run.out);
    }
}
