//! The binary on a terminal: the test presses keys and reads the screen.

mod support;

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::Stdio;

use pty_process::blocking::Command;
use support::terminal::Terminal;
use support::{quorate, root};

/// The end of the prompt.
const PROMPT: &str = "> ";
/// The end of the prompt of a line that continues an input.
const MORE: &str = "... ";

impl Terminal {
    fn begin(home: &Path, args: &[&str]) -> Terminal {
        Terminal::with(home, args, &[("TERM", "xterm"), ("NO_COLOR", "1")], 200)
    }

    /// The same with these variables, and as many columns.
    fn with(home: &Path, args: &[&str], variables: &[(&str, &str)], columns: u16) -> Terminal {
        let program = Command::new(env!("CARGO_BIN_EXE_quorate"))
            .args(args)
            .current_dir(root())
            .env("XDG_STATE_HOME", home)
            .env("XDG_CONFIG_HOME", home)
            .env_remove("NO_COLOR")
            .envs(variables.iter().copied())
            .env_remove("QUORATE_PLUGIN_PATH");
        Terminal::open(program, 40, columns)
    }

    /// Drops what was typed, and waits for the next prompt: keys that are pressed before it may be dropped, too.
    fn begin_anew(&mut self) {
        self.press("\u{3}");
        // The editor ends, and begins again.
        self.until("\u{1b}[?2004l");
        self.until("\u{1b}[?2004h");
        self.until(PROMPT);
    }
}

#[test]
fn lines_that_are_pasted_at_once_are_all_carried_out() {
    let home = tempfile::tempdir().expect("a folder");
    let mut session = Terminal::begin(home.path(), &["repl"]);
    session.until(PROMPT);
    session.press("1 + 10\r2 + 20\r3 + 30\r");
    for wanted in ["11\r\n", "22\r\n", "33\r\n"] {
        session.until(wanted);
    }
    session.press(":quit\r");
    assert_eq!(session.ended(), 0);
}

#[test]
fn an_input_goes_on_until_it_is_complete() {
    let home = tempfile::tempdir().expect("a folder");
    let mut session = Terminal::begin(home.path(), &["repl"]);
    session.until(PROMPT);
    session.press("fn twice(x) {\r");
    session.until(MORE);
    session.press("x * 2\r");
    session.until(MORE);
    session.press("}\r");
    session.until(PROMPT);
    session.press("twice(21) +\r");
    session.until(MORE);
    session.press("100\r");
    session.until("142\r\n");
    // Ctrl-C drops what was begun.
    session.until(PROMPT);
    session.press("twice(\r");
    session.until(MORE);
    session.press("\u{3}");
    session.until(PROMPT);
    session.press("twice(4)\r");
    session.until("8\r\n");
    session.until(PROMPT);
    // Up brings the whole input back.
    session.press("\u{1b}[A\u{1b}[A");
    session.until("100");
    session.press("\r");
    session.until("142\r\n");
    session.press(":quit\r");
    assert_eq!(session.ended(), 0);
}

/// Forty lines as somebody has them in an editor: statements without semicolons, functions, chains, blank lines, comments,
/// commands.
#[test]
fn forty_lines_that_are_pasted_run_as_they_are_meant() {
    let home = tempfile::tempdir().expect("a folder");
    let mut lines = vec![
        "// how long is mail away?".to_owned(),
        "let before = now()".to_owned(),
        String::new(),
        "fn online(name) {".to_owned(),
        "    group(name).is_online".to_owned(),
        "}".to_owned(),
        "let servers = groups()".to_owned(),
        "    .filter(|g| g.name.starts_with(\"EVS\"))".to_owned(),
        "    .map(|g| g.name)".to_owned(),
        "if servers.is_empty() {".to_owned(),
        "    throw \"no servers\"".to_owned(),
        "}".to_owned(),
        "else {".to_owned(),
        "    print(\"some servers\")".to_owned(),
        "}".to_owned(),
        ":run 1s".to_owned(),
        "now() - before == 1.seconds".to_owned(),
    ];
    for number in lines.len()..40 {
        lines.push(format!("let value{number} = {number}"));
    }
    lines.push("value39 + 1000".to_owned());
    let mut session = Terminal::begin(home.path(), &["repl"]);
    session.until(PROMPT);
    session.press(&format!("\u{1b}[200~{}\u{1b}[201~", lines.join("\r")));
    session.until("value39 + 1000");
    session.press("\r");
    session.until("some servers");
    session.until("true\r\n");
    session.until("1039\r\n");
    // The paste is one input of the history.
    session.press("\u{1b}[A");
    session.until("value39 + 1000");
    session.press("\r");
    session.until("1039\r\n");
    session.until(PROMPT);
    // What follows a mistake does not run.
    session.press("\u{1b}[200~1 + 1\rnoode(\"NODE1\")\r5000 + 5\r\u{1b}[201~\r");
    session.until("did you mean \"node\"?");
    session.until("1 more input of what was pasted did not run");
    session.press(":quit\r");
    let rest = session.rest();
    assert!(!rest.contains("5005"), "{rest}");
    assert_eq!(session.ended(), 0);
}

#[test]
fn the_tab_key_completes_and_says_what_each_is() {
    let home = tempfile::tempdir().expect("a folder");
    let mut session = Terminal::begin(home.path(), &["repl"]);
    session.until(PROMPT);
    session.press("group(\"EVS3\").ow\t");
    session.until("owner");
    session.press("\r");
    session.until("\"NODE3\"\r\n");
    session.until(PROMPT);
    for (typed, wanted) in [
        ("group(\"EVS3\").o\t", "Takes the group offline"),
        ("nod\t", "A node by its name."),
        ("node(\"NODE\t", "Up, owns EVS3"),
        ("clients(\"EVS1\", #{ \t", "How many people call."),
        ("resource(\"EVS1 SMTP\").get(\"\t", "RestartThreshold"),
        (
            "cluster(\"scripts/clusters/two-node-active-p\t",
            "two-node-active-passive.ron\")",
        ),
        (":pl\t", ":plugin"),
        (":doc even\t", "eventually"),
        ("cluster group EVS1 /mo\t", "/moveto:"),
        ("Suspend-C\t", "lusterNode"),
    ] {
        session.press(typed);
        session.until(wanted);
        session.begin_anew();
    }
    session.press(":quit\r");
    assert_eq!(session.ended(), 0);
}

#[test]
fn the_history_is_searched_and_has_every_input_once() {
    let home = tempfile::tempdir().expect("a folder");
    let mut session = Terminal::begin(home.path(), &["repl"]);
    for (typed, answer) in [
        ("100 + 1", "101"),
        ("200 + 2", "202"),
        ("100 + 1", "101"),
        ("300 + 3", "303"),
    ] {
        session.until(PROMPT);
        session.press(&format!("{typed}\r"));
        session.until(&format!("{answer}\r\n"));
    }
    session.until(PROMPT);
    session.press(":quit\r");
    assert_eq!(session.ended(), 0);
    let mut session = Terminal::begin(home.path(), &["repl"]);
    session.until(PROMPT);
    session.press("\u{12}00 + 2");
    session.until("200 + 2");
    session.press("\r");
    session.until("202\r\n");
    session.until(PROMPT);
    // Once each, so the third from the end is the second that was typed.
    session.press("\u{1b}[A\u{1b}[A\u{1b}[A\u{1b}[A");
    session.until("100 + 1");
    session.press("\r");
    session.until("101\r\n");
    session.press("\u{4}");
    assert_eq!(session.ended(), 0);
}

#[test]
fn what_is_typed_while_something_runs_is_kept_for_the_next_prompt() {
    let home = tempfile::tempdir().expect("a folder");
    let mut session = Terminal::begin(home.path(), &["repl"]);
    session.until(PROMPT);
    session.press("let sum = 0; for n in 0..3000000 { sum += 1 } print(\"done \" + sum)\r");
    session.until("\r\n");
    session.press("4000 + 4\r5000 + 5\r:quit\r");
    let shown = session.until("done 3000000");
    assert!(!shown.contains("4000"), "shown where it was typed: {shown}");
    session.until("4000 + 4");
    session.until("4004\r\n");
    session.until("5005\r\n");
    assert_eq!(session.ended(), 0);
}

/// Ctrl-D is a key like others while something runs.
#[test]
fn an_end_that_is_typed_ahead_ends_the_session() {
    let home = tempfile::tempdir().expect("a folder");
    let mut session = Terminal::begin(home.path(), &["repl"]);
    session.until(PROMPT);
    session.press("let sum = 0; for n in 0..3000000 { sum += 1 } print(\"done\")\r");
    session.until("\r\n");
    session.press("\u{4}");
    session.until("done");
    assert_eq!(session.ended(), 0);
}

#[test]
fn a_session_begins_with_the_file_of_its_user() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join("quorate");
    fs::create_dir(&folder).expect("a folder");
    let file = folder.join("init.rhai");
    fs::write(&file, "fn mine(x) {\n  x + 1\n}\nlet n = 41\n").expect("a file");
    let mut session = Terminal::begin(home.path(), &["repl"]);
    session.until(PROMPT);
    session.press("mine(n)\r");
    session.until("42\r\n");
    session.press(":quit\r");
    assert_eq!(session.ended(), 0);
    let mut without = Terminal::begin(home.path(), &["repl", "--no-init"]);
    without.until(PROMPT);
    without.press("mine(1)\r");
    without.until("mine");
    without.until("error");
    without.press(":quit\r");
    assert_eq!(without.ended(), 0);
    fs::write(&file, "let n = 41\noops(n)\nlet m = 5\n").expect("a file");
    let mut wrong = Terminal::begin(home.path(), &["repl"]);
    wrong.until("quorate/init.rhai:2:1");
    wrong.until("ends there: 1 more of its inputs did not run");
    wrong.until(PROMPT);
    wrong.press("n\r");
    wrong.until("41\r\n");
    wrong.press(":quit\r");
    assert_eq!(wrong.ended(), 0);
}

#[test]
fn colours_hints_and_narrow_lists_are_for_terminals_that_have_them() {
    let home = tempfile::tempdir().expect("a folder");
    let mut session = Terminal::with(home.path(), &["repl"], &[("TERM", "xterm-256color")], 60);
    session.until(PROMPT);
    session.press("groups().len()\r");
    session.until("\r\n");
    session.until(PROMPT);
    // The rest of what was typed before is shown, and the right arrow takes it.
    session.press("groups");
    session.until("().len()");
    session.press("\u{1b}[C\r");
    session.until("\r\n");
    session.until(PROMPT);
    session.press("\"a\" + ");
    session.until("\u{1b}[32m\"a\"");
    session.begin_anew();
    session.press("group(\"EVS3\").mov\t");
    let list = session.until("move_to(node)");
    assert!(list.contains("\u{1b}["), "{list}");
    let line = session.until("\r\n");
    let visible = line
        .split('\u{1b}')
        .map(|part| part.split_once('m').map_or(part, |(_, it)| it));
    let width: usize = visible.map(|part| part.trim_end().chars().count()).sum();
    assert!(width + "move_to(node)".len() <= 60, "{line:?}");
    session.begin_anew();
    session.press(":quit\r");
    assert_eq!(session.ended(), 0);
}

#[test]
fn a_terminal_without_any_abilities_is_only_read_from() {
    let home = tempfile::tempdir().expect("a folder");
    let mut session = Terminal::with(home.path(), &["repl"], &[("TERM", "dumb")], 80);
    let mut seen = session.until(PROMPT);
    session.press("fn half(x) {\n");
    seen += &session.until(MORE);
    session.press("x / 2 }\n");
    seen += &session.until(PROMPT);
    session.press("half(84)\n");
    seen += &session.until("42\r\n");
    session.press("run(\"1h\")\n");
    seen += &session.until(PROMPT);
    session.press(":quit\n");
    assert_eq!(session.ended(), 0);
    assert!(!seen.contains('\u{1b}'), "{seen:?}");
}

#[test]
fn two_sessions_keep_the_history_of_both() {
    let home = tempfile::tempdir().expect("a folder");
    let mut first = Terminal::begin(home.path(), &["repl"]);
    let mut second = Terminal::begin(home.path(), &["repl"]);
    first.until(PROMPT);
    second.until(PROMPT);
    first.press("100 + 1\r");
    first.until("101\r\n");
    first.until(PROMPT);
    second.press("200 + 2\r");
    second.until("202\r\n");
    second.until(PROMPT);
    first.press("300 + 3\r");
    first.until("303\r\n");
    first.until(PROMPT);
    // It is written at once, since a session may end without order.
    let kept = fs::read_to_string(home.path().join("quorate/history")).expect("a history");
    for line in ["100 + 1", "200 + 2", "300 + 3"] {
        assert_eq!(kept.matches(line).count(), 1, "{line}: {kept}");
    }
    for mut session in [first, second] {
        session.press("\u{4}");
        assert_eq!(session.ended(), 0);
    }
}

#[test]
fn a_new_disk_is_asked_about() {
    let home = tempfile::tempdir().expect("a folder");
    let path = home.path().join("cluster.ron");
    fs::copy(root().join("scripts/clusters/two-node-empty.ron"), &path).expect("a copy");
    let file = path.display().to_string();
    let storage = "First Storage Group|EVS1 Disk E:|EVS1 Disk X:";
    let words = ["cluster", "add-virtual-server", &file, "--name", "EVS1"];
    let words = [
        &words[..],
        &["--address", "10.0.0.21", "--storage-group", storage],
    ]
    .concat();
    for (answer, code, added) in [("n\r", 64, false), ("y\r", 0, true)] {
        let mut terminal = Terminal::begin(home.path(), &words);
        terminal.until("Add \"EVS1 Disk X:\" to its disks? [y/N] ");
        terminal.press(answer);
        assert_eq!(terminal.ended(), code);
        let text = fs::read_to_string(&path).expect("the file");
        assert_eq!(text.contains("EVS1 Disk X:"), added, "{text}");
    }
}

#[test]
fn the_number_of_the_drill_is_shown_while_it_runs() {
    let home = tempfile::tempdir().expect("a folder");
    let file = support::script(
        home.path(),
        "two.rhai",
        "for number in 0..2 { drill(`drill ${number}`, #{ cluster: \"CLUSTERS/four-node.ron\" }, || { run(\"2h\"); expect(now() > \"2h\"); }); }",
    );
    let mut terminal = Terminal::begin(home.path(), &["drill", &file]);
    terminal.until("1 of 2 done");
    terminal.until("2 drills: 2 pass");
    assert_eq!(terminal.ended(), 0);
}

#[test]
fn the_first_interrupt_ends_a_session_in_a_pipe_that_waits() {
    let mut command = quorate();
    let mut session = command
        .arg("repl")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut input = session.stdin.take().expect("a pipe");
    input.write_all(b"1 + 1\n").expect("an input");
    let mut answer = [0; 2];
    let mut output = session.stdout.take().expect("a pipe");
    output.read_exact(&mut answer).expect("an answer");
    let id = session.id().to_string();
    let killed = std::process::Command::new("kill")
        .args(["-INT", &id])
        .status();
    assert!(killed.expect("kill").success());
    assert_eq!(session.wait().expect("its end").code(), Some(130));
    drop(input);
}
