//! What a plugin does to the process that it shares with a drill, and who is named when it takes long.

mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use support::{finish, finish_with, library, quorate};

/// A folder with two nodes that run a resource of this type of a fixture's, and with this drill.
fn folder_of(fixture: &str, kind: &str, body: &str) -> tempfile::TempDir {
    let cluster = format!(
        r#"(
    name: "CLUSTER1",
    address: "10.0.0.20",
    quorum: Standard(resource: "Disk Q:"),
    start: "2003-06-12 08:00:00",
    networks: [
        (name: "Private", role: Internal, subnet: "192.168.0.0/24"),
        (name: "Public", role: Mixed, subnet: "10.0.0.0/24"),
    ],
    nodes: [
        (name: "NODE1", interfaces: {{ "Public": "10.0.0.11", "Private": "192.168.0.11" }}),
        (name: "NODE2", interfaces: {{ "Public": "10.0.0.12", "Private": "192.168.0.12" }}),
    ],
    disks: [(name: "Disk Q:", raid: true)],
    groups: [
        (name: "Bad", preferred_owners: ["NODE1", "NODE2"], resources: [(name: "Bad Resource", type: "{kind}")]),
    ],
)"#
    );
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("plugins")).expect("a folder");
    let copy = at("plugins").join(format!("lib{fixture}.so"));
    fs::copy(library(&format!("bad_{fixture}")), copy).expect("a copy");
    fs::write(at("cluster.ron"), cluster).expect("a cluster");
    let drill = format!(
        "drill(\"a bad plugin\", #{{ cluster: \"cluster.ron\", seed: 1 }}, || {{ {body} }});\n"
    );
    fs::write(at("bad.rhai"), drill).expect("a drill");
    folder
}

fn drill_in(folder: &Path) -> Command {
    let mut command = quorate();
    command
        .current_dir(folder)
        .args(["drill", "bad.rhai", "--plugin-dir", "plugins"]);
    command
}

#[test]
fn how_a_plugin_rounds_is_no_matter_of_the_drill_s() {
    let body = "run(\"10m\"); expect_eq(group(\"Bad\").state, \"Online\"); let one = 1.0; let three = 3.0; \
                expect_eq((one / three).to_string(), \"0.3333333333333333\");";
    for kind in ["Bad Rounding", "Bad Traps"] {
        let folder = folder_of("habits", kind, body);
        let journals = [&[][..], &["--isolate", "all"]].map(|more| {
            let journal = folder.path().join("journal.jsonl");
            let mut command = drill_in(folder.path());
            let run = finish(command.args(more).arg("--journal").arg(&journal));
            assert_eq!(run.code, 0, "{kind}: {}{}", run.out, run.err);
            fs::read(journal).expect("a journal")
        });
        assert!(journals[0] == journals[1], "{kind}: other bytes apart");
    }
}

#[test]
fn a_plugin_that_ignores_an_interrupt_does_not_have_the_drill_ignore_it() {
    let body = "run(\"10m\"); step(\"begun\"); loop { run(\"1h\"); }";
    for kind in ["Bad Handler", "Bad Handler Later"] {
        let folder = folder_of("habits", kind, body);
        let mut child = drill_in(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut text = String::new();
        while !text.contains("begun") {
            assert!(out.read_line(&mut text).expect("text") > 0, "{text}");
        }
        let killed = Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status();
        assert!(killed.expect("kill").success());
        while out.read_line(&mut text).expect("text") > 0 {}
        assert_eq!(
            child.wait().expect("its end").code(),
            Some(130),
            "{kind}: {text}"
        );
        assert!(text.contains("interrupted"), "{kind}: {text}");
    }
}

#[test]
fn a_drill_that_took_long_by_slow_calls_says_whose_they_were() {
    let body = "run(\"3m\"); expect_eq(group(\"Bad\").state, \"Online\");";
    let folder = folder_of("slow", "Bad Far Too Slow", body);
    for more in [&[][..], &["--isolate", "all"]] {
        let run = finish(drill_in(folder.path()).args(more));
        assert_eq!(run.code, 0, "{}{}", run.out, run.err);
        let told = "slow plugin: IsAlive of `Bad Resource` (plugin `bad-slow`) took ";
        assert!(run.out.contains(told), "{}", run.out);
    }
}

#[test]
fn a_process_above_which_nobody_is_says_itself_in_which_call_it_dies() {
    let folder = folder_of("null", "Bad Null", "");
    let mut command = quorate();
    command
        .current_dir(folder.path())
        .args(["repl", "cluster.ron", "--plugin-dir", "plugins"]);
    let run = finish_with(&mut command, "run(\"2m\")\n\"never\"\n");
    assert!(!run.out.contains("never"), "{}", run.out);
    let told = "quorate: SIGSEGV in Online of `Bad Resource` (plugin `bad-null`)\n";
    assert!(run.err.contains(told), "{}", run.err);
}
