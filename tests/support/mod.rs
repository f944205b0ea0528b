//! Running the binary.
#![allow(dead_code, reason = "no test file uses all of it")]

pub(crate) mod browser;
pub(crate) mod junit_schema;
pub(crate) mod processes;
pub(crate) mod session;
pub(crate) mod terminal;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use quorate_journal::{Record, Records};

/// The result of a run of the binary.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The top of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .expect("the repository")
}

/// The folder of the plugins that cargo has built.
pub(crate) fn plugin_folder() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_quorate"))
        .parent()
        .expect("a folder")
        .join("deps")
}

/// A library that cargo built.
pub(crate) fn library(name: &str) -> PathBuf {
    plugin_folder().join(format!("libquorate_{name}.so"))
}

/// The binary, ready to be run from the top of the repository, without the caller's settings.
pub(crate) fn quorate() -> Command {
    command(Path::new(env!("CARGO_BIN_EXE_quorate")))
}

/// As [`quorate`], from another place.
pub(crate) fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(root())
        .env_remove("NO_COLOR")
        .env_remove("QUORATE_PLUGIN_PATH")
        .env_remove("GITHUB_ACTIONS")
        // Nothing is remembered from one test to another.
        .env_remove("HOME")
        .env_remove("XDG_STATE_HOME");
    command
}

/// Runs the binary with these arguments.
pub(crate) fn run(args: &[&str]) -> Run {
    finish(quorate().args(args))
}

/// Runs a file of drills, given without its ending, from `scripts/drills`. All of them must pass, and their journals
/// must stay the same when they are read and written again.
#[track_caller]
pub(crate) fn passes(file: &str, drills: usize) -> Run {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal");
    let file = format!("scripts/drills/{file}.rhai");
    let run = run(&["drill", &file, "--journal", &journal.display().to_string()]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    is_read_as_written(&journal);
    let last = run.out.lines().last().unwrap_or_default();
    let noun = if drills == 1 { "drill" } else { "drills" };
    assert!(
        last.starts_with(&format!("{drills} {noun}: {drills} pass;")),
        "{last}"
    );
    run
}

/// Checks that each line of a journal file is a typed event, and is written again as it was read.
#[track_caller]
pub(crate) fn is_read_as_written(journal: &Path) {
    let text = std::fs::read_to_string(journal).expect("a journal");
    let mut read = 0;
    for (record, line) in Records::new(text.as_bytes()).zip(text.lines()) {
        let written = match record.unwrap_or_else(|why| panic!("{why}\n{line}")) {
            Record::Header(header) => serde_json::to_string(&header),
            Record::Entry(entry) => serde_json::to_string(&entry),
        };
        assert_eq!(written.expect("plain data"), line);
        read += 1;
    }
    assert!(read > 1 && read == text.lines().count(), "{read} lines");
}

/// Checks that the tests with this source run every file of drills in a folder.
#[track_caller]
pub(crate) fn all_are_run(folder: &str, tests: &str) {
    for entry in std::fs::read_dir(root().join(folder)).expect("the drills") {
        let path = entry.expect("a file").path();
        let name = path.file_stem().and_then(|name| name.to_str());
        let name = name.expect("a name");
        assert!(
            tests.contains(&format!("passes(\"{name}\", ")),
            "{name} is not run by any test"
        );
    }
}

/// Runs the binary with these arguments and this input.
pub(crate) fn run_with(args: &[&str], input: &str) -> Run {
    finish_with(quorate().args(args), input)
}

/// Runs a command with this input to its end.
pub(crate) fn finish_with(command: &mut Command, input: &str) -> Run {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    // It may end before it has read everything, as it must at the first error.
    let _ = child
        .stdin
        .take()
        .expect("a pipe")
        .write_all(input.as_bytes());
    told(child.wait_with_output().expect("the binary ends"))
}

/// Runs a command to its end.
pub(crate) fn finish(command: &mut Command) -> Run {
    told(
        command
            .stdin(Stdio::null())
            .output()
            .expect("the binary runs"),
    )
}

fn told(output: std::process::Output) -> Run {
    Run {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).expect("text"),
        err: String::from_utf8(output.stderr).expect("text"),
    }
}

/// Writes a drill script that uses the shipped clusters into a folder.
pub(crate) fn script(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    let clusters = root().join("scripts/clusters").display().to_string();
    std::fs::write(&path, text.replace("CLUSTERS", &clusters)).expect("a script");
    path.display().to_string()
}
