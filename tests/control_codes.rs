//! Control codes, end to end: with plugins in this process or another one, and with plugins that crash or hang on a
//! code.

mod support;

use std::fs;
use std::path::Path;

use support::{Run, finish, library, quorate, run_with};

const DRILLS: &str = "scripts/drills/resources/control-codes.rhai";

/// The journal of the drills, with these arguments.
fn journal(more: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("journal.jsonl");
    let mut command = quorate();
    command.args(["drill", DRILLS, "--journal"]).arg(&file);
    let run = finish(command.args(more));
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    fs::read(file).expect("a journal")
}

#[test]
fn a_type_answers_the_same_in_a_process_of_its_own() {
    assert!(journal(&[]) == journal(&["--isolate", "all"]));
}

const CLUSTER: &str = r#"(
    name: "CLUSTER1",
    address: "10.0.0.20",
    quorum: MajorityNodeSet,
    networks: [(name: "Public", role: Mixed, subnet: "10.0.0.0/24")],
    nodes: [
        (name: "NODE1", interfaces: { "Public": "10.0.0.11" }),
        (name: "NODE2", interfaces: { "Public": "10.0.0.12" }),
        (name: "NODE3", interfaces: { "Public": "10.0.0.13" }),
    ],
    groups: [(
        name: "Bad",
        preferred_owners: ["NODE2"],
        resources: [(name: "Thing", type: "TYPE" MORE)],
    )],
)"#;

/// Runs one drill with a resource `Thing` of a faulty plugin's type.
fn bad(folder: &Path, plugin: &str, kind: &str, more: &str, body: &str) -> Run {
    let cluster = CLUSTER.replace("TYPE", kind).replace("MORE", more);
    fs::write(folder.join("cluster.ron"), cluster).expect("a cluster");
    let from = library(&format!("bad_{plugin}"));
    fs::copy(from, folder.join(format!("lib{plugin}.so"))).expect("a copy");
    let drill = format!(
        "drill(\"bad\", #{{ cluster: \"cluster.ron\", seed: 1 }}, || {{\nsettle();\n{body}\n}});\n"
    );
    fs::write(folder.join("bad.rhai"), drill).expect("a drill");
    let arguments = ["drill", "bad.rhai", "--plugin-dir", ".", "--isolate", "all"];
    let mut command = quorate();
    command.current_dir(folder).args(arguments);
    finish(command.args(["--deadlock-timeout", "5s"]))
}

#[test]
fn a_plugin_that_dies_or_hangs_of_a_code_is_an_error_and_its_resource_fails_and_is_restarted() {
    let crash = r#", properties: { "In": "control" }"#;
    for (plugin, kind, more, how) in [
        ("crash", "Bad Crash", crash, "SIGSEGV in ResourceControl"),
        (
            "hang",
            "Bad Hang Control",
            "",
            "no answer within 5s in ResourceControl",
        ),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let body = format!(
            r#"
            expect_error(|| resource("Thing").control("GET_NAME", (), #{{ through: "NODE1" }}), "{how}");
            expect_error(|| resource("Thing").control("GET_NAME"), "ERROR_RESOURCE_FAILED");
            eventually(|| resource("Thing").state == "Online" && resource("Thing").restarts > 0, "2m");"#
        );
        let run = bad(folder.path(), plugin, kind, more, &body);
        assert_eq!(run.code, 0, "{kind}: {}{}", run.out, run.err);
        assert!(run.out.contains("1 drill: 1 pass"), "{kind}: {}", run.out);
    }
}

#[test]
fn a_type_that_hangs_when_it_is_asked_as_a_whole_takes_no_resource_along() {
    let folder = tempfile::tempdir().expect("a folder");
    let body = r#"
        let kind = resource_type("Bad Hang TypeControl");
        expect_error(|| kind.control("GET_CHARACTERISTICS", (), #{ on: "NODE1" }), "no answer within 5s in ResourceTypeControl");
        run("1m");
        expect_eq(resource("Thing").state, "Online");
        expect_eq(resource("Thing").restarts, 0);"#;
    let run = bad(folder.path(), "hang", "Bad Hang TypeControl", "", body);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(run.out.contains("1 drill: 1 pass"), "{}", run.out);
}

#[test]
fn the_console_asks_too() {
    let lines = "cluster(\"scripts/clusters/four-node.ron\");\n\
                 settle();\n\
                 resource(\"EVS1 SMTP\").control(\"GET_NAME\")\n\
                 resource_type(\"Physical Disk\").control(\"GET_CHARACTERISTICS\").number\n\
                 :doc control\n\
                 resource(\"EVS1 SMTP\").control(0xdeadbeef)\n";
    let run = run_with(&["repl"], lines);
    for text in [
        "EVS1 SMTP",
        "answered with error 1 (ERROR_INVALID_FUNCTION)",
        "by a control code (CLUSCTL)",
    ] {
        assert!(
            format!("{}{}", run.out, run.err).contains(text),
            "{text}: {}{}",
            run.out,
            run.err
        );
    }
}
