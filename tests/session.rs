//! A person's session on a terminal: keys go in, and what stands on the screen is read.

mod support;

use std::fs;
use std::io::Write;
use std::path::Path;

use support::quorate;
use support::terminal::Terminal;

/// What a person types in the first ten minutes.
const FIRST: [&str; 14] = [
    "help",
    ":status",
    "group(\"EVS3\")",
    "node(\"NODE3\").crash()",
    "run(\"2m\")",
    ":status",
    ":why EVS3",
    ":faults",
    "heal(1)",
    ":events 8",
    ":step",
    "groups()",
    "outage(\"EVS3\")",
    ":timeline EVS3",
];

fn first_ten_minutes(columns: u16, lines: u16) -> String {
    let home = tempfile::tempdir().expect("a folder");
    let mut session = Terminal::prompted(home.path(), columns, lines, &[]);
    let mut screen = String::new();
    for input in FIRST {
        let shown = session.types(input);
        let wide = shown
            .lines()
            .find(|it| it.chars().count() > usize::from(columns));
        assert_eq!(wide, None, "{input} is wider than {columns} columns");
        screen.push_str(&format!("> {input}\n{shown}\n\n"));
    }
    assert_eq!(session.ends(), 0);
    screen
}

#[test]
fn the_first_ten_minutes_on_a_small_screen() {
    insta::assert_snapshot!(first_ten_minutes(80, 24));
}

#[test]
fn the_first_ten_minutes_on_a_large_screen() {
    insta::assert_snapshot!(first_ten_minutes(120, 40));
}

#[test]
fn a_run_is_stopped_where_it_is_and_goes_on_from_there() {
    let home = tempfile::tempdir().expect("a folder");
    let mut session = Terminal::prompted(home.path(), 100, 30, &[]);
    session.press("node(\"NODE3\").crash(); run(\"900d\")\r");
    // It runs: time has told something.
    session.until("NODE3 is no member any more");
    session.press("\u{3}");
    let stopped = session.until("the next input goes on");
    assert!(stopped.contains("stopped at "), "{stopped}");
    session.until(" > ");
    let now = session.types("now()");
    assert_eq!(session.types("now()"), now, "the clock stands");
    assert_eq!(
        session.types("let before = now(); run(\"1s\"); now() - before"),
        "1s"
    );
    // The same place is found again by doing everything again.
    session.types("let after = now()");
    session.types(":undo 2");
    assert_eq!(
        session.types("now()"),
        now,
        "it stopped at the same instant"
    );
    session.types(":undo");
    assert_eq!(session.types("node(\"NODE3\").is_up"), "true");
    assert_eq!(session.ends(), 0);
}

#[test]
fn the_prompt_says_where_when_and_what_is_wrong() {
    let home = tempfile::tempdir().expect("a folder");
    for (environment, mark) in [
        (&[][..], "\u{25b2}1 > "),
        (&[("LC_ALL", "C")][..], "!1 > "),
        (&[("TERM", "dumb")][..], "!1 > "),
    ] {
        let mut session = Terminal::prompted(home.path(), 80, 24, environment);
        session.press("node(\"NODE2\").crash(); run(\"5m\")\r");
        let prompt = session.until(mark);
        assert!(prompt.contains("CLUSTER1 0:0"), "{prompt}");
        assert_eq!(session.ends(), 0);
    }
}

/// Runs a session in a pipe.
fn piped(folder: &Path, input: &str) -> (i32, String, String) {
    let mut command = quorate();
    let mut child = command
        .args(["repl", "--seed", "5"])
        .current_dir(folder)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    pipe.write_all(input.as_bytes()).expect("an input");
    drop(pipe);
    let output = child.wait_with_output().expect("its end");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let code = output.status.code().unwrap_or(-1);
    (code, text(&output.stdout), text(&output.stderr))
}

#[test]
fn what_is_undone_is_as_if_it_had_not_been() {
    let folder = tempfile::tempdir().expect("a folder");
    let (code, plain, err) = piped(
        folder.path(),
        "let a = 1\nrun(\"1m\")\nnode(\"NODE1\").crash()\nrun(\"3m\")\nevents().len()\n:events 400 all\n",
    );
    assert_eq!(code, 0, "{err}");
    let (code, back, err) = piped(
        folder.path(),
        "let a = 1\nrun(\"1m\")\nnode(\"NODE2\").crash()\nrun(\"30m\")\na = 7\n:undo 3\na\n\
         node(\"NODE1\").crash()\nrun(\"3m\")\nevents().len()\n:events 400 all\n",
    );
    assert_eq!(code, 0, "{err}");
    let end = |text: &str| {
        let lines: Vec<&str> = text.lines().collect();
        let from = lines.len().saturating_sub(402);
        lines[from..].join("\n")
    };
    assert!(
        back.contains("undone: node(\"NODE2\").crash(); run(\"30m\"); a = 7"),
        "{back}"
    );
    assert_eq!(end(&back), end(&plain), "the same journal, event for event");
}

#[test]
fn both_ways_can_be_tried_and_compared() {
    let folder = tempfile::tempdir().expect("a folder");
    let (code, out, err) = piped(
        folder.path(),
        ":snapshot before\nnode(\"NODE3\").crash()\nrun(\"4m\")\n:snapshot crash\n:restore before\n\
         node(\"NODE3\").shutdown()\nrun(\"4m\")\n:diff crash\n:branches\n:undo\n:redo\n:redo\n",
    );
    assert_eq!(code, 65, "there was one thing to do again, not two: {out}");
    assert!(err.contains("nothing was undone"), "{err}");
    for wanted in [
        "before is crash, after is here",
        "Then they part:",
        "EVS3",
        "done again: run(\"4m\")",
    ] {
        assert!(out.contains(wanted), "no {wanted:?} in:\n{out}");
    }
    for wanted in ["\nbefore  0:01:", "\ncrash   0:05:", "\nlast    0:05:"] {
        assert!(out.contains(wanted), "no {wanted:?} in:\n{out}");
    }
}

#[test]
fn a_saved_session_is_a_drill_that_passes_and_can_be_gone_on_with() {
    let folder = tempfile::tempdir().expect("a folder");
    let session = "fn away(g) {\n  !group(g).is_online\n}\nlet victim = \"NODE3\"\nnode(victim).crash()\n\
        away(\"EVS3\")\n";
    let (code, out, err) = piped(
        folder.path(),
        &format!(
            "{session}:run 3m\n:step\nnow()\n_ > 1.minutes\ngroup(\"EVS3\").owner\n:save kept/session.rhai\n"
        ),
    );
    assert_eq!(code, 0, "{out}{err}");
    let text = fs::read_to_string(folder.path().join("kept/session.rhai")).expect("the drill");
    assert!(text.contains("expect_eq(group(\"EVS3\").owner, "), "{text}");
    let ran = quorate()
        .args(["drill", "kept/session.rhai"])
        .current_dir(folder.path())
        .output()
        .expect("the binary starts");
    let shown = String::from_utf8_lossy(&ran.stdout);
    assert_eq!(
        ran.status.code(),
        Some(0),
        "{text}\n{shown}{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    // What was seen is expected in earnest.
    let other = text.replace("owner, \"NODE4\"", "owner, \"NODE1\"");
    assert_ne!(other, text);
    fs::write(folder.path().join("kept/other.rhai"), other).expect("another drill");
    let ran = quorate()
        .args(["drill", "kept/other.rhai"])
        .current_dir(folder.path())
        .output()
        .expect("the binary starts");
    assert_eq!(ran.status.code(), Some(1));
    let (code, out, err) = piped(
        folder.path(),
        ":load kept/session.rhai\nvictim\ngroup(\"EVS3\").owner\n",
    );
    assert_eq!(code, 0, "{out}{err}");
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[lines.len() - 2..], ["\"NODE3\"", "\"NODE4\""]);
}

#[test]
fn another_seed_is_gone_back_from() {
    let folder = tempfile::tempdir().expect("a folder");
    let (code, out, err) = piped(
        folder.path(),
        ":snapshot before\n:set seed 7\n:restore last\n:set\n:restore last\n:set\n:restore before\n:set\n",
    );
    assert_eq!(code, 0, "{err}");
    let seeds: Vec<&str> = out.lines().filter(|it| it.starts_with("seed ")).collect();
    assert_eq!(seeds, ["seed 5", "seed 7", "seed 5"], "{out}");
}

#[test]
fn whatever_was_typed_can_be_saved() {
    let folder = tempfile::tempdir().expect("a folder");
    let session = "fn f() { 1 }\nfn f() { 2 }\nrun(\"1m\") // wait\nlet list = []\nlist.push(f()) // two\n\
        expect(list.len() == 1)\nlist\n:save session.rhai\n";
    let (code, out, err) = piped(folder.path(), session);
    assert_eq!(code, 0, "{out}{err}");
    let text = fs::read_to_string(folder.path().join("session.rhai")).expect("the drill");
    assert!(text.contains("expect(list.len() == 1);"), "{text}");
    assert_eq!(text.matches("\nfn f()").count(), 1, "{text}");
    let ran = quorate()
        .args(["drill", "session.rhai"])
        .current_dir(folder.path())
        .output()
        .expect("the binary starts");
    let shown = String::from_utf8_lossy(&ran.stdout);
    assert_eq!(ran.status.code(), Some(0), "{text}\n{shown}");
}

#[test]
fn a_mistake_says_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    for (input, wanted) in [
        ("group(\"EVS3\").onwer", "did you mean \"owner\"?"),
        ("group(\"EVS\").owner", "did you mean \"EVS1\"?"),
        ("nodee(\"NODE1\")", "did you mean \"node\"?"),
        ("run(\"2 parsecs\")", "parsecs"),
        ("heal(7)", "nothing is broken"),
        (
            "node(\"NODE1\").crash()\nheal(7)",
            "what is broken has the numbers 1",
        ),
        (":staus", "did you mean \":status\"?"),
        (":why EVS", "did you mean \"EVS1\"?"),
        (":explain netbios-nam", "did you mean \"netbios-name\"?"),
        (":undo", "nothing was done that could be undone"),
        (":restore nowhere", ":snapshot NAME makes one"),
        (":watch everything", ":watch takes off, events or all"),
        (":save session", ":save session.rhai"),
        (":set width 3", "between 40 and 1000"),
        (":run", ":run takes a duration"),
    ] {
        let (code, out, err) = piped(folder.path(), &format!("{input}\n"));
        assert_eq!(code, 65, "{input}: {out}");
        assert!(err.contains(wanted), "{input}: no {wanted:?} in {err}");
    }
}

#[test]
fn an_editor_changes_the_last_input() {
    let folder = tempfile::tempdir().expect("a folder");
    let editor = folder.path().join("editor");
    fs::write(&editor, "#!/bin/sh\nsed -i s/20/21/ \"$1\"\n").expect("an editor");
    let mut command = quorate();
    let mut child = command
        .arg("repl")
        .env_remove("VISUAL")
        .env("EDITOR", format!("sh {}", editor.display()))
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    pipe.write_all(b"20 * 2\n:edit\n").expect("inputs");
    drop(pipe);
    let output = child.wait_with_output().expect("its end");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "40\n42\n");
}
