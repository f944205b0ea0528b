//! Plugins in separate resource monitor processes.

mod support;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use support::processes::{children, ends};
use support::session::Session;
use support::{finish, library, quorate};

/// Longer than anything here takes on any machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// A folder with the plugins that crash and hang, under names that a search does find.
fn plugins() -> tempfile::TempDir {
    folder_of(&["crash", "stall"])
}

fn folder_of(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for name in names {
        let from = library(&format!("bad_{name}"));
        fs::copy(from, folder.path().join(format!("lib{name}.so"))).expect("a copy");
    }
    folder
}

/// A command with these plugins. Even on a slow machine no call reaches the limit unless it hangs for good.
fn with_plugins(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = quorate();
    command
        .args(arguments)
        .args(["--deadlock-timeout", "10m", "--plugin-dir"])
        .arg(folder);
    command
}

#[test]
fn a_crash_ends_one_process_and_repeated_ones_a_quarantine() {
    let folder = plugins();
    let journals = ["one.jsonl", "two.jsonl"].map(|name| {
        let journal = folder.path().join(name);
        let mut command = with_plugins(folder.path(), &["drill", "tests/isolation/crash.rhai"]);
        let run = finish(command.arg("--journal").arg(&journal));
        assert_eq!(run.code, 0, "{}{}", run.out, run.err);
        assert!(run.out.contains("2 drills: 2 pass"), "{}", run.out);
        fs::read(journal).expect("a journal")
    });
    assert!(journals[0] == journals[1], "the same drill, other bytes");
}

#[test]
fn a_hang_ends_one_process() {
    let folder = plugins();
    let mut command = quorate();
    command
        .args(["drill", "tests/isolation/hang.rhai", "--plugin-dir"])
        .arg(folder.path());
    let run = finish(&mut command);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
}

#[test]
fn a_cluster_file_keeps_a_library_apart() {
    let folder = plugins();
    let mut command = with_plugins(folder.path(), &["drill", "tests/isolation/library.rhai"]);
    let run = finish(&mut command);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
}

#[test]
fn a_cluster_file_that_names_no_plugin_is_told_where_and_which_there_are() {
    let folder = plugins();
    let told = |from: &str, to: &str| {
        let at = |name: &str| support::root().join("tests/isolation").join(name);
        for name in ["library.ron", "library.rhai"] {
            let text = fs::read_to_string(at(name)).expect("a file");
            fs::write(folder.path().join(name), text.replace(from, to)).expect("a file");
        }
        let script = folder.path().join("library.rhai").display().to_string();
        let run = finish(&mut with_plugins(folder.path(), &["drill", &script]));
        assert_eq!(run.code, 64, "{}{}", run.out, run.err);
        format!("{}{}", run.out, run.err)
    };
    let text = told("\"bad-crash\"", "\"bad-crsh\"");
    assert!(text.contains("library.ron:20:16"), "{text}");
    assert!(text.contains("did you mean `bad-crash`"), "{text}");
    let text = told("separate_monitor", "seperate_monitor");
    assert!(text.contains("did you mean `separate_monitor`"), "{text}");
}

#[test]
fn a_library_that_crashes_while_it_is_loaded_is_an_error_that_names_it() {
    let folder = folder_of(&["load"]);
    let naming = folder.path().join("naming.rhai");
    let cluster = support::root().join("tests/isolation/library.ron");
    let text = format!(
        "drill(\"it names its plugins\", #{{ cluster: {cluster:?}, plugins: #{{ \"bad-load\": \"make\" }} }}, || {{ }});"
    );
    fs::write(&naming, text).expect("a file");
    for how in ["crash initialiser", "crash startup"] {
        let told = |code: i32, command: &mut Command| {
            let run = finish(command.env("BAD_LOAD", how));
            assert_eq!(run.code, code, "{}{}", run.out, run.err);
            let text = format!("{}{}", run.out, run.err);
            assert!(text.contains("libload.so: SIGSEGV while"), "{text}");
        };
        let drill = ["drill", "scripts/drills/lost-node.rhai"];
        told(1, &mut with_plugins(folder.path(), &drill));
        told(
            1,
            with_plugins(folder.path(), &drill).args(["--isolate", "bad-load"]),
        );
        let naming = naming.to_str().expect("a name");
        told(1, &mut with_plugins(folder.path(), &["drill", naming]));
        told(
            64,
            quorate()
                .args(["plugin", "list", "--plugin-dir"])
                .arg(folder.path()),
        );
    }
}

/// The private copies of libraries that a process has mapped into its memory.
fn mapped_copies(process: u32) -> BTreeSet<String> {
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).expect("a host");
    let names = maps.lines().filter_map(|line| line.split_once('/'));
    let names = names.filter(|(_, name)| name.ends_with(".so (deleted)"));
    names.map(|(_, name)| name.to_owned()).collect()
}

/// The library runs all the same: its resources are online.
#[test]
fn a_library_that_asks_for_a_process_of_its_own_is_never_mapped_in_the_host() {
    let folder = folder_of(&["load", "crash"]);
    let template = support::root().join("tests/isolation/library.ron");
    let template = fs::read_to_string(template).expect("a file");
    let template = template.replace("plugins: { \"bad-crash\": (separate_monitor: true) },", "");
    let of_type = |kind: &str| {
        let text = template
            .replace("\"Bad Crash\"", kind)
            .replace("\"Bad Stall\"", kind);
        let cluster = folder.path().join("asking.ron");
        fs::write(&cluster, text).expect("a file");
        let cluster = cluster.to_str().expect("a name");
        let mut host = with_plugins(folder.path(), &["repl", cluster])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut input = host.stdin.take().expect("a pipe");
        let mut output = BufReader::new(host.stdout.take().expect("a pipe"));
        writeln!(input, "settle()\nresource(\"Neighbour\").state").expect("a pipe");
        let mut line = String::new();
        output.read_line(&mut line).expect("an answer");
        assert_eq!(line.trim(), "\"Online\"");
        let copies = mapped_copies(host.id());
        drop(input);
        assert!(host.wait().expect("a host").success());
        copies.len()
    };
    let in_host = of_type("\"Bad Crash\"");
    assert_eq!(of_type("\"Bad Load\""), in_host - 1);
}

#[test]
fn a_drill_writes_the_same_journal_wherever_its_plugins_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = |name: &str, more: &[&str]| {
        let journal = folder.path().join(name);
        let mut command = quorate();
        command
            .args([
                "drill",
                "scripts/drills/lost-node.rhai",
                "scripts/drills/store-crash.rhai",
            ])
            .args(more)
            .arg("--journal")
            .arg(&journal);
        let run = finish(&mut command);
        assert_eq!(run.code, 0, "{}{}", run.out, run.err);
        fs::read(journal).expect("a journal")
    };
    let here = journal("here.jsonl", &[]);
    let apart = journal("apart.jsonl", &["--isolate", "all"]);
    let again = journal(
        "again.jsonl",
        &["--isolate", "exres", "--isolate", "clusres"],
    );
    assert!(here.len() > 10_000, "{} bytes", here.len());
    assert!(here == apart, "in processes of their own: other bytes");
    assert!(apart == again, "a second time: other bytes");
}

/// A seventh of all shipped drills. `.ci/run` compares the journals of all of them, with the optimised program.
#[test]
fn a_sample_of_all_shipped_drills_writes_the_same_journal_in_processes_of_their_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = |name: &str, more: &[&str]| {
        let journal = folder.path().join(name);
        let sample = ["drill", "scripts/drills", "--shard", "1/7", "--brief"];
        let run = finish(
            quorate()
                .args(sample)
                .args(more)
                .arg("--journal")
                .arg(&journal),
        );
        assert_eq!(run.code, 0, "{}{}", run.out, run.err);
        fs::read_to_string(journal).expect("a journal")
    };
    let (here, apart) = (
        journal("here", &[]),
        journal("apart", &["--isolate", "all"]),
    );
    let differs = here.lines().zip(apart.lines()).find(|(a, b)| a != b);
    assert_eq!(differs, None, "the first line that is another one");
    assert_eq!(here.len(), apart.len());
    let drills = here.matches("\"kind\":\"end\"").count();
    assert!(drills >= 40, "only {drills} drills");
}

#[test]
fn an_unknown_plugin_cannot_be_isolated() {
    let run = finish(quorate().args([
        "drill",
        "scripts/drills/lost-node.rhai",
        "--isolate",
        "exras",
    ]));
    assert_eq!(run.code, 64, "nothing ran: {}", run.out);
    assert!(run.err.contains("did you mean `exres`"), "{}", run.err);
}

#[test]
fn monitors_end_with_a_host_that_is_killed_even_inside_a_call() {
    let folder = plugins();
    // Every monitor has this as its standard error, so it is closed when the last monitor has ended.
    let (ours, theirs) = UnixStream::pair().expect("a socket");
    ours.set_read_timeout(Some(PATIENCE)).expect("a limit");
    let mut command = quorate();
    command
        .args(["repl", "tests/isolation/cluster.ron", "--isolate", "all"])
        .args(["--deadlock-timeout", "1h", "--plugin-dir"])
        .arg(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::from(OwnedFd::from(theirs)));
    let mut host = command.spawn().expect("the binary starts");
    drop(command);
    let mut input = host.stdin.take().expect("a pipe");
    writeln!(
        input,
        "resource(\"Hang\").set(\"In\", \"is_alive\")\nrun(\"2m\")"
    )
    .expect("a pipe");
    let mut said = BufReader::new(ours);
    let mut line = String::new();
    while !line.contains("hanging in is_alive") {
        line.clear();
        let read = said.read_line(&mut line).expect("a monitor that hangs");
        assert!(read > 0, "the monitors ended first");
    }
    host.kill().expect("a host");
    host.wait().expect("a host");
    let mut rest = String::new();
    said.read_to_string(&mut rest).expect("every monitor ends");
}

/// Runs a session in which the process of the stock types on a node is killed `times` times, while the world checks
/// its invariants. Returns the last output of `:plugin list`, and the owner of `EVS2`.
fn with_processes_killed(node: &str, times: usize) -> (String, String) {
    let mut session = Session::begin(
        quorate()
            .args(["repl", "scripts/clusters/four-node.ron", "--isolate", "all"])
            .args(["--deadlock-timeout", "10m"]),
    );
    session.ask("settle()");
    for _ in 0..times {
        let list = session.ask(":plugin list");
        let at = format!("MSDTC on {node} runs in process ");
        let (_, rest) = list.split_once(&at).expect("a process");
        let process = rest.lines().next().expect("a number");
        let done = Command::new("kill").args(["-9", process]).status();
        assert!(done.expect("it runs").success());
        session.ask("run(\"2m\")");
    }
    let end = (
        session.ask(":plugin list"),
        session.ask("[group(\"EVS2\").state, group(\"EVS2\").owner]"),
    );
    let run = session.end();
    assert_eq!((run.code, &*run.err), (0, ""));
    end
}

/// Disks and addresses that were left behind would exist twice once their group is online elsewhere.
#[test]
fn what_a_killed_process_had_taken_is_free_for_the_next_owner() {
    let (list, _) = with_processes_killed("NODE1", 1);
    assert!(!list.contains("quarantined"), "{list}");
    let (list, end) = with_processes_killed("NODE2", 3);
    assert!(list.contains("quarantined on NODE2"), "{list}");
    assert_eq!(end, "[\"Online\", \"NODE4\"]");
}

/// The numbers of open descriptors and of children of a process, reaped or not.
fn descriptors_and_children(process: u32) -> (usize, usize) {
    let folder = PathBuf::from(format!("/proc/{process}"));
    let descriptors = fs::read_dir(folder.join("fd"))
        .expect("descriptors")
        .count();
    (descriptors, children(process).len())
}

#[test]
fn processes_that_died_leave_nothing_behind() {
    let folder = plugins();
    let mut command = with_plugins(folder.path(), &["repl", "tests/isolation/cluster.ron"]);
    let mut session = Session::begin(&mut command);
    session.ask("");
    let before = descriptors_and_children(session.id());
    assert_eq!(
        before.1, 6,
        "three resources in processes of their own on two nodes"
    );
    session.ask(
        "resource(\"Crash\").set(\"In\", \"is_alive\")\nrun(\"65s\")\nresource(\"Crash\").set(\"In\", \"never\")\nrun(\"1m\")\n\
         node(\"NODE2\").crash()\nrun(\"1m\")\nnode(\"NODE2\").start()\nsettle()\n:plugin list",
    );
    assert_eq!(descriptors_and_children(session.id()), before);
    let run = session.end();
    assert_eq!(run.code, 0, "{}", run.err);
}

#[test]
fn what_a_plugin_has_started_ends_with_its_process() {
    let folder = folder_of(&["load"]);
    let cluster = support::root().join("tests/isolation/library.ron");
    let text = fs::read_to_string(cluster).expect("a file");
    let text = text
        .replace("plugins: { \"bad-crash\": (separate_monitor: true) },", "")
        .replace("\"Bad Crash\"", "\"Bad Load\"")
        .replace("\"Bad Stall\"", "\"Bad Load\"");
    fs::write(folder.path().join("leaving.ron"), text).expect("a file");
    let drill = folder.path().join("leaving.rhai");
    let text = r#"drill("it leaves", #{ cluster: "leaving.ron", seed: 1 }, || { run("1m"); });"#;
    fs::write(&drill, text).expect("a file");
    let started = tempfile::NamedTempFile::new().expect("a file");
    let run = finish(
        with_plugins(folder.path(), &["drill"])
            .arg(drill)
            .env("BAD_LOAD", "leave startup")
            .env("BAD_LOAD_FILE", started.path()),
    );
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let started = fs::read_to_string(started.path()).expect("a file");
    // One while the library is examined, and one on each node.
    assert_eq!(started.lines().count(), 3, "{started}");
    for line in started.lines() {
        ends(line.parse().expect("a number"));
    }
}

/// A library's bytes with each `text` replaced by another text of the same length.
fn with_other<const N: usize>(library: &[u8], text: &[u8; N], other: &[u8; N]) -> Vec<u8> {
    let mut bytes = library.to_vec();
    let found = |bytes: &[u8]| bytes.windows(N).position(|it| it == text);
    while let Some(at) = found(&bytes) {
        bytes[at..at + N].copy_from_slice(other);
    }
    bytes
}

#[test]
fn separate_monitor_counts_from_the_next_offline_and_online() {
    let input = "resource(\"Neighbour\").set(\"SeparateMonitor\", 1)\nrun(\"5m\")\n:plugin list\n\"then\"\n\
                 resource(\"Neighbour\").offline()\nresource(\"Neighbour\").online()\nrun(\"1m\")\n:plugin list\n\
                 \"back\"\nresource(\"Neighbour\").set(\"SeparateMonitor\", 0)\nrun(\"5m\")\n:plugin list\n\"then\"\n\
                 resource(\"Neighbour\").offline()\nresource(\"Neighbour\").online()\nrun(\"1m\")\n:plugin list\n";
    let folder = plugins();
    let commands = folder.path().join("commands");
    fs::write(&commands, input).expect("a file");
    let mut command = with_plugins(folder.path(), &["repl", "tests/isolation/cluster.ron"]);
    let output = command
        .stdin(File::open(&commands).expect("a file"))
        .output()
        .expect("the binary runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let apart: Vec<bool> = text
        .split("\"then\"")
        .flat_map(|part| part.split("\"back\""))
        .map(|part| part.contains("Neighbour on NODE1 runs in process"))
        .collect();
    assert_eq!(apart, [false, true, true, false], "{text}");
}

#[test]
fn a_session_tells_of_a_death_once() {
    let folder = plugins();
    let commands = folder.path().join("commands");
    let input = ":watch off\nresource(\"Crash\").set(\"In\", \"is_alive\")\nrun(\"2m\")\nresource(\"Crash\").set(\"In\", \
                 \"never\")\nrun(\"5m\")\n";
    fs::write(&commands, input).expect("a file");
    let mut command = with_plugins(folder.path(), &["repl", "tests/isolation/cluster.ron"]);
    let output = command
        .stdin(File::open(&commands).expect("a file"))
        .output()
        .expect("the binary runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let told = text
        .matches("terminated: SIGSEGV in IsAlive of `Crash`")
        .count();
    assert!((1..=3).contains(&told), "{text}");
    assert_eq!(text.lines().count(), told, "and of nothing else: {text}");
}

#[test]
fn a_newly_built_plugin_is_taken_at_the_next_offline() {
    let folder = plugins();
    let there = folder.path().join("libcrash.so");
    // Replaced as linkers do it, so that the loaded file keeps its content.
    let put = |from: &Path| {
        let new = folder.path().join("new");
        fs::copy(from, &new).expect("a copy");
        File::open(&new)
            .expect("a file")
            .sync_all()
            .expect("a file");
        fs::rename(&new, &there).expect("a file");
    };
    let broken = library("bad_magic");
    let good = library("bad_crash");
    let mut command = with_plugins(folder.path(), &["repl", "tests/isolation/cluster.ron"]);
    let mut session = Session::begin(&mut command);
    let text = session.ask(":plugin reload");
    assert!(text.contains("no plugin's file has changed"), "{text}");
    // The next version: the same code with another number in its block.
    let newer = folder.path().join("newer");
    fs::write(
        &newer,
        with_other(&fs::read(&good).expect("it"), b"0.1.0", b"0.1.9"),
    )
    .expect("a file");
    put(&newer);
    let text = session.ask(":plugin reload");
    assert!(
        text.contains("bad-crash 0.1.9 (was 0.1.0) is loaded from"),
        "{text}"
    );
    assert!(text.contains("Crash on NODE1"), "{text}");
    assert!(text.contains("Bystander on NODE1"), "{text}");
    assert!(!text.contains("NODE2"), "nothing is online there: {text}");
    assert!(!text.contains("bad-stall"), "its file is the same: {text}");
    let text = session.ask(
        "group(\"Crashing\").offline()\nrun(\"1m\")\ngroup(\"Crashing\").online()\nrun(\"1m\")\n:plugin list",
    );
    assert!(!text.contains("Crash on NODE1 still runs"), "{text}");
    assert!(text.contains("Bystander on NODE1 still runs"), "{text}");
    assert!(text.contains("reloaded once"), "{text}");
    let text = session.ask("resource(\"Crash\").is_online && resource(\"Bystander\").is_online");
    assert!(text.starts_with("true"), "{text}");
    // Values that it no longer takes are reported.
    session.ask("resource(\"Crash\").set(\"Service\", \"httpd\")");
    let text = fs::read(&good).expect("it");
    fs::write(&newer, with_other(&text, b"Service", b"Dienste")).expect("a file");
    put(&newer);
    let text = session.ask(":plugin reload");
    let misfit = "Crash: `Bad Crash` has no property `Service`";
    assert!(text.contains(misfit), "{text}");
    assert!(session.ask(":plugin list").contains(misfit));
    // A library that cannot be loaded changes nothing; in a pipe the error ends the session.
    put(&broken);
    session.send(":plugin reload bad-crash");
    let told = session.end().err;
    assert!(told.contains("field `magic`"), "{told}");
    assert!(told.contains("stays in place"), "{told}");
}
