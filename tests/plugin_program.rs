//! Plugins that are programs: found, checked, rehearsed and blamed as libraries are. And drills and tests in the process that
//! was started, for debuggers.

mod support;

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use support::{Run, finish, library, quorate, root};

/// Whether Python is tested: always, unless the environment says that there is none.
fn with_python() -> bool {
    let there = Command::new("python3").arg("--version").output().is_ok();
    assert!(
        there || env::var_os("QUORATE_WITHOUT_PYTHON").is_some(),
        "plugins in Python are tested with `python3`: install it, or leave that out by QUORATE_WITHOUT_PYTHON=1"
    );
    there
}

const EXAMPLE: &str = "quorate-plugin-python-file-server";

/// A folder with the example and its drills, with `from` in it replaced by `to`.
fn example(from: &str, to: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let there = root().join("plugins/examples/python-file-server");
    fs::create_dir(folder.path().join("drills")).expect("a folder");
    for name in [EXAMPLE, "drills/cluster.ron", "drills/failures.rhai"] {
        let text = fs::read_to_string(there.join(name)).expect("a file");
        if name == EXAMPLE {
            assert!(text.contains(from), "{from}");
        }
        fs::write(folder.path().join(name), text.replace(from, to)).expect("a file");
    }
    let program = folder.path().join(EXAMPLE);
    fs::set_permissions(program, fs::Permissions::from_mode(0o755)).expect("it can be run");
    folder
}

fn in_folder(folder: &Path, arguments: &[&str]) -> Run {
    finish(quorate().current_dir(folder).args(arguments))
}

#[test]
fn a_program_is_found_and_listed_as_a_library_is() {
    if !with_python() {
        return;
    }
    let folder = example("\"version\": 1", "\"version\": 1");
    let list = ["plugin", "list", "python-file-server", "--plugin-dir", "."];
    let run = in_folder(folder.path(), &list);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    for part in [
        "python-file-server 0.1.0",
        "a program: it runs in a process of its own",
        "Python File Server",
        "Port (DWORD, 1 to 65535, default 80, at the next Online)",
        "blake3:",
    ] {
        assert!(run.out.contains(part), "{part}: {}", run.out);
    }
    let page = in_folder(folder.path(), &[&list[..], &["--markdown"]].concat());
    assert!(
        page.out.contains("| `Port` | a number from 1 to 65535"),
        "{}",
        page.out
    );
    let man = in_folder(folder.path(), &[&list[..], &["--man"]].concat());
    assert!(
        man.out.starts_with(".TH \"PYTHON\\-FILE\\-SERVER\" 7"),
        "{}",
        man.out
    );
    // One that cannot be run is passed by, and that is told.
    let program = folder.path().join(EXAMPLE);
    fs::set_permissions(program, fs::Permissions::from_mode(0o644)).expect("it cannot be run");
    let run = in_folder(folder.path(), &["plugin", "list", "--plugin-dir", "."]);
    assert!(run.err.contains("chmod +x"), "{}", run.err);
}

#[test]
fn a_program_that_says_what_no_plugin_says_is_an_error_that_names_it() {
    if !with_python() {
        return;
    }
    for (from, to, why) in [
        (
            "\"version\": 1",
            "\"version\": 7",
            "it speaks version 7 of the lines, and this is version 1",
        ),
        ("\"max\": 65535", "\"most\": 65535", "unknown field `most`"),
        (
            "\"default\": 80",
            "\"default\": 0",
            "is `0` (of the property `Port`), expected a number from 1 to 65535",
        ),
        (
            "#!/usr/bin/env python3",
            "#!/nowhere/python3",
            "it cannot be run: ",
        ),
        (
            "def main():\n",
            "def main():\n    sys.exit(3)\n",
            "exit with status 3 before it had said what it is",
        ),
    ] {
        let folder = example(from, to);
        let run = in_folder(folder.path(), &["plugin", "list", "--plugin-dir", "."]);
        assert_eq!(run.code, 64, "{to}: {}{}", run.out, run.err);
        assert!(
            run.err.contains(why) && run.err.contains(EXAMPLE),
            "{to}: {}",
            run.err
        );
    }
}

#[test]
fn a_program_that_dies_is_an_event_of_its_drill_and_named() {
    if !with_python() {
        return;
    }
    let dies = "def is_alive(self):\n        import os, signal\n        os.kill(os.getpid(), signal.SIGSEGV)\n";
    let folder = example("def is_alive(self):\n", dies);
    let drill = "drill(\"it dies\", #{ cluster: \"drills/cluster.ron\" }, || { run(\"10m\"); });";
    fs::write(folder.path().join("dies.rhai"), drill).expect("a drill");
    let run = in_folder(folder.path(), &["drill", "dies.rhai", "--plugin-dir", "."]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let told =
        "Resource monitor of `python-file-server` terminated: SIGSEGV in IsAlive of `Files Server`";
    assert!(run.out.contains(told), "{}", run.out);
}

#[test]
fn what_a_plugin_printed_before_it_died_is_shown_and_kept_as_a_whole() {
    if !with_python() {
        return;
    }
    let folder = example(
        "def online(self):\n",
        "def online(self):\n        raise ValueError(\"planted\")\n",
    );
    let check = [
        "plugin",
        "check",
        EXAMPLE,
        "--filter",
        "life-online",
        "--json",
        "found.json",
    ];
    let run = in_folder(folder.path(), &check);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    let text = fs::read_to_string(folder.path().join("found.json")).expect("results");
    let found: Value = serde_json::from_str(&text).expect("JSON");
    let test = found["tests"].as_array().expect("tests").iter();
    let test = test
        .clone()
        .find(|it| it["id"] == "life-online")
        .expect("the test");
    assert_eq!(test["verdict"], "crashed");
    let output = test["output"].as_str().expect("what it printed");
    for part in ["Traceback (most recent call last)", "ValueError: planted"] {
        assert!(output.contains(part), "{output}");
        assert!(run.out.contains(part), "{}", run.out);
    }
}

#[test]
fn a_cluster_has_the_version_and_the_file_of_a_plugin_that_it_wants_or_says_so() {
    if !with_python() {
        return;
    }
    let folder = example("\"version\": 1", "\"version\": 1");
    let cluster = folder.path().join("drills/cluster.ron");
    let plain = fs::read_to_string(&cluster).expect("the cluster");
    let told = |wanted: &str| {
        let plugins = format!("plugins: {{ \"python-file-server\": ({wanted}) }},\n    groups: [");
        fs::write(&cluster, plain.replacen("groups: [", &plugins, 1)).expect("a cluster");
        let check = ["check", "--plugin-dir", ".", "drills/cluster.ron"];
        let checked = in_folder(folder.path(), &check);
        let drilled = in_folder(folder.path(), &["drill", "--plugin-dir", ".", "drills"]);
        (checked, drilled)
    };
    let list = [
        "plugin",
        "list",
        "python-file-server",
        "--plugin-dir",
        ".",
        "--format",
        "json",
    ];
    let list = in_folder(folder.path(), &list).out;
    let list: Value = serde_json::from_str(&list).expect("JSON");
    let digest = list["libraries"][0]["digest"]
        .as_str()
        .expect("a digest")
        .to_owned();
    let (checked, drilled) = told(&format!("version: \">=0.1, <1\", digest: \"{digest}\""));
    assert_eq!(
        (checked.code, drilled.code),
        (0, 0),
        "{}{}",
        checked.out,
        drilled.out
    );
    let (checked, drilled) = told("version: \">=0.2\"");
    assert_eq!(
        (checked.code, drilled.code),
        (1, 64),
        "{}{}",
        checked.out,
        drilled.out
    );
    for out in [&checked.out, &drilled.out] {
        let why = "the plugin `python-file-server` is 0.1.0 here, and this cluster wants >=0.2";
        assert!(
            out.contains(why) && out.contains("plugin-mismatch"),
            "{out}"
        );
    }
    let hex = digest.strip_prefix("blake3:").expect("its kind");
    let other = format!("blake3:{}", hex.replace(|c: char| c.is_ascii_digit(), "0"));
    let (checked, _) = told(&format!("digest: \"{other}\""));
    assert_eq!(checked.code, 1, "{}", checked.out);
    assert!(
        checked.out.contains(&digest) && checked.out.contains(&other),
        "{}",
        checked.out
    );
}

#[test]
fn a_drill_in_the_process_that_was_started_tells_and_writes_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let journals = [&[][..], &["--in-process"]].map(|more| {
        let journal = folder.path().join("journal.jsonl");
        let mut command = quorate();
        command.args(["drill", "scripts/drills/store-crash.rhai", "--journal"]);
        let run = finish(command.arg(&journal).args(more));
        assert_eq!(run.code, 0, "{}{}", run.out, run.err);
        assert!(run.out.contains(" pass; "), "{}", run.out);
        fs::read(journal).expect("a journal")
    });
    assert!(journals[0] == journals[1], "other bytes");
}

#[test]
fn one_test_in_the_process_that_was_started_names_its_calls_and_what_it_dies_of() {
    let check = |name: &str, more: &[&str]| {
        let mut command = quorate();
        command.args(["plugin", "check", "--in-process"]).args(more);
        finish(command.arg(library(name)))
    };
    let sound = check("static_site", &["life-online"]);
    assert_eq!(sound.code, 0, "{}{}", sound.out, sound.err);
    assert!(
        sound.out.contains("Static Site: life-online: passed"),
        "{}",
        sound.out
    );
    assert!(sound.err.contains("  online\n"), "{}", sound.err);
    let dies = check("bad_null", &["life-online"]);
    assert!(
        dies.err
            .contains("quorate: SIGSEGV in online of `Tester 0` (plugin `bad-null`)"),
        "{}",
        dies.err
    );
    let which = check("clusres", &["life-online"]);
    assert_eq!(which.code, 64, "{}", which.out);
    assert!(which.err.contains("name it with --type"), "{}", which.err);
    let none = check("static_site", &["life-onlin"]);
    assert!(
        none.err.contains("did you mean `life-online`?"),
        "{}",
        none.err
    );
}

#[test]
fn what_a_plugin_measures_is_what_a_drill_says_that_its_service_answers() {
    if !with_python() {
        return;
    }
    let measures = "def is_alive(self):\n        lag = ask(\"probe_ask\", address=self.address, port=self.port, request=\"LAG\\r\\n\")\n        \
                    if lag.isdecimal() and int(lag) > 1000:\n            raise Refused(NOT_ACTIVE, f\"it lags {lag} ms behind\")\n        \
                    assert ask(\"probe_ask\", address=self.address, port=self.port, request=\"PING\") == \"+PONG\"\n";
    let folder = example("def is_alive(self):\n", measures);
    let drill = "drill(\"it lags\", #{ cluster: \"drills/cluster.ron\" }, || {\n\
                 let lag = service(\"Files Server\").answers(\"LAG\", \"900\"); run(\"10m\");\n\
                 expect_eq(resource(\"Files Server\").restarts, 0);\n\
                 service(\"Files Server\").answers(\"LAG\", \"4000\");\n\
                 eventually(|| resource(\"Files Server\").restarts > 0, \"2m\");\n\
                 service(\"Files Server\").repair(); recovers(\"Files\", \"5m\"); });";
    fs::write(folder.path().join("lags.rhai"), drill).expect("a drill");
    let run = in_folder(folder.path(), &["drill", "lags.rhai", "--plugin-dir", "."]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
}

/// The tester's results for a library's type that depends on a type of the program in this folder.
fn above(folder: &Path, more: &[&str]) -> Run {
    let library = library("bad_sound");
    let mut arguments = vec!["plugin", "check", "--plugin-dir", "."];
    arguments.extend(["--type", "Sound Above Late"]);
    arguments.extend(more);
    arguments.push(library.to_str().expect("a path"));
    in_folder(folder, &arguments)
}

#[test]
fn a_library_whose_provider_is_a_program_is_not_charged_with_the_program() {
    if !with_python() {
        return;
    }
    let folder = example("Python File Server", "Bad Late");
    let only = [
        "life-online",
        "life-leak-*",
        "contract-process",
        "contract-files",
    ];
    let only: Vec<_> = only.iter().flat_map(|it| ["--include", it]).collect();
    let run = above(folder.path(), &only);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(run.out.contains(" 6 passed"), "{}", run.out);
}

#[test]
fn what_a_provider_dies_of_or_hangs_in_is_not_the_tested_types_fault() {
    if !with_python() {
        return;
    }
    for (online, ends, limit) in [
        ("sys.exit(3)", "in `online of ", "60"),
        ("hear()", "did not return", "4"),
    ] {
        let folder = example("Python File Server", "Bad Late");
        let program = folder.path().join(EXAMPLE);
        let text = fs::read_to_string(&program).expect("a program");
        let online = format!("def online(self):\n        {online}\n");
        fs::write(&program, text.replace("def online(self):\n", &online)).expect("a program");
        let only = ["--include", "life-o*", "--time-limit", limit];
        let run = above(folder.path(), &only);
        assert_eq!(run.code, 2, "{}{}", run.out, run.err);
        for part in [
            ends,
            "that is a call of what it depends on",
            " 0 failed, 0 crashed, ",
        ] {
            assert!(run.out.contains(part), "{part}: {}", run.out);
        }
    }
}
