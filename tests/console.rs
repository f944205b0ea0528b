//! `quorate repl` in a pipe.

mod support;

use support::run_with;

#[test]
fn a_session_drives_a_cluster() {
    let session = run_with(
        &["repl", "scripts/clusters/four-node.ron"],
        "let server = group(\"EVS3\")\n\
         server.owner\n\
         \n\
         fn away(g) {\n  g.owner != \"NODE3\" &&\n  g.is_online\n}\n\
         node(\"NODE3\").crash()\n\
         eventually(|| {\n  group(\"EVS3\").owner == \"NODE4\"\n  && group(\"EVS3\").is_online\n}, \"5m\")\n\
         away(server)\n\
         outage(server) < 3.minutes\n\
         :status\n\
         :events 1\n\
         :quit\n\
         this is never read\n",
    );
    assert_eq!(session.code, 0, "{}{}", session.out, session.err);
    assert_eq!(session.err, "");
    let lines: Vec<&str> = session.out.lines().collect();
    assert_eq!(lines[0], "\"NODE3\"");
    assert!(lines.contains(&"fault 1 open"), "{}", session.out);
    // What happens is told while time passes, and not what repeats it.
    let told = |text: &str| lines.iter().filter(|it| it.ends_with(text)).count();
    assert_eq!(
        told("NODE4 takes EVS3 over from NODE3: its owner was lost"),
        1
    );
    assert_eq!(told("NODE3 is no member any more (was Up)"), 1);
    assert!(!session.out.contains("IsAlive"), "{}", session.out);
    let head = lines
        .iter()
        .position(|line| line.contains("Standard quorum, coordinated by NODE"))
        .expect("the status");
    assert_eq!(lines[head - 2..head], ["true", "true"]);
    let row = |name: &str| {
        let row = lines[head..]
            .iter()
            .find(|line| line.trim_start().starts_with(name))
            .copied()
            .unwrap_or_default();
        row.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(row("NODE3"), ["NODE3", "Down"]);
    assert_eq!(row("NODE4"), ["NODE4", "Up", "EVS3"]);
    assert_eq!(row("EVS3 ").first().map(String::as_str), Some("EVS3"));
    assert!(!session.out.contains("quorate>"), "a prompt in a pipe");
}

#[test]
fn an_error_ends_a_session_with_its_place() {
    let session = run_with(
        &["repl"],
        "1 + 1\nlet n = node(\"NODE1\")\nn.crahs()\n2 + 2\n",
    );
    assert_eq!(session.code, 65);
    assert_eq!(session.out, "2\n");
    assert!(session.err.contains("^^^^^"), "{}", session.err);
    assert!(
        session.err.contains("crahs") && session.err.contains("\"crash\""),
        "{}",
        session.err
    );
}

#[test]
fn an_input_that_is_never_finished_is_an_error() {
    let session = run_with(&["repl"], "if true {\n");
    assert_eq!(session.code, 65);
    assert!(session.err.contains("error"), "{}", session.err);
}

#[test]
fn words_are_explained() {
    let session = run_with(
        &["repl"],
        ":doc eventually\n:doc node.crash\n:help\n:run 90s\nnow() > \"90s\"\n",
    );
    assert_eq!(session.code, 0, "{}", session.err);
    for wanted in [
        "eventually(condition, within)",
        "Takes the node's power away.",
        ":events [N]",
        "true",
    ] {
        assert!(
            session.out.contains(wanted),
            "no {wanted:?} in:\n{}",
            session.out
        );
    }
    let unknown = run_with(&["repl"], ":dco x\n");
    assert_eq!(unknown.code, 65);
    assert!(unknown.err.contains(":help"), "{}", unknown.err);
}

#[test]
fn a_seed_makes_a_session_repeatable() {
    let input =
        "node(\"NODE2\").crash()\nrun(\"5m\")\nevents().len()\nevents()[events().len() - 1].t\n";
    let first = run_with(&["repl", "--seed", "3"], input);
    assert_eq!(first.code, 0, "{}", first.err);
    assert_eq!(first.out, run_with(&["repl", "--seed", "3"], input).out);
    assert_ne!(first.out, run_with(&["repl", "--seed", "4"], input).out);
}

#[test]
fn drills_run_in_a_session_and_leave_its_cluster_alone() {
    let session = run_with(
        &["repl"],
        "let before = now()\n\
         drill(\"d\", #{ cluster: \"scripts/clusters/two-node-active-passive.ron\" }, || { run(\"1h\"); expect(false); })\n\
         now() == before\n",
    );
    assert_eq!(session.code, 0, "{}", session.err);
    assert!(
        session.out.contains("fail: this was expected to be true"),
        "{}",
        session.out
    );
    assert_eq!(session.out.lines().last(), Some("true"));
}

#[test]
fn a_cluster_file_with_mistakes_is_refused() {
    let session = run_with(&["repl", "no/such.ron"], "");
    assert_eq!(session.code, 64);
    assert!(session.err.contains("no/such.ron"), "{}", session.err);
}

#[test]
fn mistakes_are_told_with_the_line_of_the_input_and_its_text() {
    let session = run_with(&["repl"], "1 + 1\n\n:status\nlet n = 5\n  n.crahs()\n");
    assert_eq!(session.code, 65);
    assert!(session.err.contains("line 5, column 5"), "{}", session.err);
    assert!(session.err.contains("n.crahs()"), "{}", session.err);
    // An error in a function of an earlier input: its line, and below it the line of the call.
    let earlier = run_with(
        &["repl"],
        "fn far(n) {\n  let a = 1;\n  n.crahs()\n}\n:run 1s\nlet b = 2\nfar(5)\n",
    );
    assert_eq!(earlier.code, 65);
    assert!(earlier.err.contains("line 3, column "), "{}", earlier.err);
    assert!(earlier.err.contains("3  |   n.crahs()"), "{}", earlier.err);
    assert!(
        earlier.err.contains("called from: line 7, column 1"),
        "{}",
        earlier.err
    );
}

#[test]
fn texts_and_files_of_the_command_line_run_instead_of_what_is_typed() {
    let done = run_with(
        &[
            "repl",
            "-e",
            "let a = 20",
            "-e",
            "a + 22",
            "-e",
            ":run 5s\nnow()",
        ],
        "this is never read\n",
    );
    assert_eq!(done.code, 0, "{}", done.err);
    assert_eq!(done.out.lines().next(), Some("42"), "{}", done.out);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("session.rhai");
    let name = file.display().to_string();
    std::fs::write(
        &file,
        "let a = groups()\n  .len()\n\na > 0\nnode(\"NODE9\")\n1 + 1\n",
    )
    .expect("a file");
    let wrong = run_with(&["repl", "--file", &name], "");
    assert_eq!(wrong.code, 65);
    assert_eq!(wrong.out, "true\n");
    assert!(wrong.err.contains(&format!("{name}:5:1")), "{}", wrong.err);
    let dashed = run_with(&["repl", "--file", "-"], "1 + 1\n\n2 + 2\n");
    assert_eq!((dashed.code, dashed.out.as_str()), (0, "2\n4\n"));
    let missing = run_with(&["repl", "--file", "no/such.rhai"], "");
    assert_eq!(missing.code, 64);
    assert!(missing.err.contains("no/such.rhai"), "{}", missing.err);
    let both = run_with(&["repl", "--file", &name, "-e", "1"], "");
    assert_eq!(both.code, 64, "{}", both.err);
}

#[test]
fn administrators_words_run_as_ours() {
    let session = run_with(
        &["repl", "scripts/clusters/four-node.ron"],
        "cluster group EVS1 /move:NODE4 /wait:300\n\
         group(\"EVS1\").owner\n\
         Suspend-ClusterNode NODE3\n\
         node(\"NODE3\").state\n\
         cluster res \"EVS1 SMTP\" /prop RestartThreshold=7\n\
         (Get-ClusterResource \"EVS1 SMTP\").RestartThreshold\n\
         Move-ClusterGroup EVS2 -WhatIf\n\
         pcs node standby NODE2\n\
         node(\"NODE2\").state\n\
         \n\
         cluster group EVS9 /online\n\
         2 + 2\n",
    );
    assert_eq!(session.code, 65);
    for wanted in [
        "  group(\"EVS1\").move_to(\"NODE4\"); eventually(",
        "\n\"NODE4\"\n",
        "\n\"Paused\"\n",
        "  resource(\"EVS1 SMTP\").get(\"RestartThreshold\")\n7\n",
        "\n  group(\"EVS2\").move()\n",
        "pcs node standby is here `node(\"NODE2\").pause()`",
        "\n\"Up\"\n",
    ] {
        assert!(
            session.out.contains(wanted),
            "no {wanted:?} in\n{}",
            session.out
        );
    }
    assert!(session.err.contains("line 11, column 1"), "{}", session.err);
    assert!(
        session.err.contains("did you mean \"EVS1\"?") || session.err.contains("EVS9"),
        "{}",
        session.err
    );
    let slip = run_with(&["repl"], "cluster group EVS1 /mvoe:NODE4\n");
    assert_eq!(slip.code, 65);
    assert!(slip.err.contains("did you mean /move"), "{}", slip.err);
}

#[test]
fn a_timed_input_counts_its_line_once() {
    let session = run_with(&["repl"], ":time 1 + 1\n\n:time :faults\nlet a = nothing\n");
    assert_eq!(session.code, 65, "{}", session.out);
    assert!(session.err.contains("line 4, column 9"), "{}", session.err);
}

#[test]
fn a_variable_is_no_administrators_word() {
    let session = run_with(
        &["repl"],
        "let pcs = 3\npcs + 4\nlet crm = [1]\ncrm.len() + 8\n",
    );
    assert_eq!(session.code, 0, "{}", session.err);
    assert!(session.out.ends_with("7\n9\n"), "{}", session.out);
}

#[test]
fn the_status_of_a_session_says_what_was_wrong_with_its_last_input() {
    let wrong = [
        ("let = 5", 65),
        ("nodde(\"NODE1\")", 65),
        ("node(\"NODE9\")", 65),
        ("run(\"soon\")", 65),
        (":stauts", 65),
        (":tree EVS9", 65),
        ("cluster group EVS1 /mvoe:NODE4", 65),
        ("expect(!node(\"NODE1\").is_up)", 1),
        ("throw \"enough\"", 1),
        (
            "resource(\"EVS1 SMTP\").set(\"RestartThreshold\", \"many\")",
            3,
        ),
        ("cluster(\"no/such.ron\")", 64),
    ];
    for (input, code) in wrong {
        let text = format!("1 + 1\n\n  {input}\n2 + 2\n");
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("session.rhai");
        std::fs::write(&file, &text).expect("a file");
        let file = file.display().to_string();
        let place = |place: &str| format!("{place}3");
        for (session, place) in [
            (run_with(&["repl"], &text), place("line ")),
            (
                run_with(&["repl", "--file", &file], ""),
                place(&format!("{file}:")),
            ),
            (run_with(&["repl", "-e", &text], ""), place("-e:")),
        ] {
            let what = format!("{input}: {}{}", session.out, session.err);
            assert_eq!(session.code, code, "{what}");
            assert!(session.out.starts_with("2\n"), "{what}");
            assert!(!session.out.ends_with("4\n"), "it goes on: {what}");
            assert!(session.err.contains(&place), "no {place} in {what}");
        }
    }
}
