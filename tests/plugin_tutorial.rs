//! The tutorial in docs/plugins.md, followed word for word in an empty folder, and the examples that it uses.

mod support;

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use support::{Run, finish, root};

/// The tutorial's commands in one language, in order: the texts between "```sh LANGUAGE" and "```".
fn commands(language: &str) -> String {
    let text = fs::read_to_string(root().join("docs/plugins.md")).expect("the document");
    let fence = format!("```sh {language}");
    let mut found = String::new();
    let mut inside = false;
    for line in text.lines() {
        if line == fence {
            inside = true;
        } else if line == "```" {
            inside = false;
        } else if inside {
            found.push_str(line);
            found.push('\n');
        }
    }
    found
}

/// A command in a folder, with the binary on the PATH and without the settings of the cargo that runs this test.
fn shell(script: &str, folder: &Path) -> Run {
    let program = Path::new(env!("CARGO_BIN_EXE_quorate"));
    let mut path = vec![program.parent().expect("a folder").to_owned()];
    path.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    let mut command = Command::new("sh");
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_PKG") {
            command.env_remove(name);
        }
    }
    finish(
        command
            .args(["-eu", "-c", script])
            .current_dir(folder)
            .env("PATH", env::join_paths(path).expect("a PATH"))
            // It needs the same crates as the workspace, which are here already.
            .env("CARGO_NET_OFFLINE", "true")
            .env_remove("CARGO_TARGET_DIR")
            .env_remove("QUORATE")
            .env_remove("QUORATE_PLUGIN_PATH")
            .env_remove("RUSTFLAGS"),
    )
}

/// Follows the tutorial in one language.
#[track_caller]
fn follow(language: &str, at_least: usize) -> String {
    let script = commands(language);
    let lines = script.lines().count();
    assert!(lines >= at_least, "{lines} commands for {language}");
    let folder = tempfile::tempdir().expect("a folder");
    let run = shell(&script, folder.path());
    assert_eq!(run.code, 0, "{script}\n{}\n{}", run.out, run.err);
    run.out
}

/// Checks that no check of plugins failed, and that only tests which measure real time have warned, as they may on a
/// slow machine. Returns how many checks there were.
#[track_caller]
fn sound_checks(out: &str) -> usize {
    let warned = out
        .lines()
        .map(str::trim_start)
        .filter(|line| line.starts_with("warning "));
    for line in warned {
        let by_the_clock = line.contains("contract-quick") || line.contains("library-scan-time");
        assert!(by_the_clock, "{line}\n{out}");
    }
    out.matches(" 0 failed, 0 crashed, ").count()
}

/// Whether C is tested: always, unless the environment says that there is no compiler.
fn with_c() -> bool {
    let has = |command: &str| Command::new(command).arg("--version").output().is_ok();
    let there = has("cc") && has("make");
    assert!(
        there || env::var_os("QUORATE_WITHOUT_C").is_some(),
        "plugins in C are tested with `cc` and `make`: install them, or leave that out by QUORATE_WITHOUT_C=1"
    );
    there
}

#[test]
fn the_tutorial_in_rust() {
    let out = follow("rust", 13);
    assert!(out.contains("5 passed"), "its own tests:\n{out}");
    assert!(out.contains("Web Proxy"), "the host lists it:\n{out}");
    assert!(out.contains("5 drills: 5 pass;"), "{out}");
    assert_eq!(
        sound_checks(&out),
        4,
        "the tester, and with values, and one sequence:\n{out}"
    );
    assert!(
        out.contains("random-healthy"),
        "a sequence is shown:\n{out}"
    );
}

#[test]
fn the_tutorial_in_c() {
    if !with_c() {
        return;
    }
    let out = follow("c", 5);
    assert!(out.contains("Web Cache"), "the host lists it:\n{out}");
    assert!(
        out.contains("5 tests, 0 checks failed"),
        "its own tests:\n{out}"
    );
    assert!(out.contains("5 drills: 5 pass;"), "{out}");
    assert!(sound_checks(&out) > 0, "{out}");
}

#[test]
fn the_tutorial_in_rhai() {
    let out = follow("rhai", 6);
    assert!(out.contains("no findings in 3 files"), "{out}");
    assert!(out.contains("5 drills: 5 pass;"), "{out}");
    assert!(sound_checks(&out) > 0, "{out}");
}

/// Whether Python is tested: always, unless the environment says that there is none.
fn with_python() -> bool {
    let there = Command::new("python3").arg("--version").output().is_ok();
    assert!(
        there || env::var_os("QUORATE_WITHOUT_PYTHON").is_some(),
        "plugins in Python are tested with `python3`: install it, or leave that out by QUORATE_WITHOUT_PYTHON=1"
    );
    there
}

#[test]
fn the_tutorial_in_python() {
    if !with_python() {
        return;
    }
    let out = follow("python", 5);
    assert!(out.contains("Web Store"), "the host lists it:\n{out}");
    assert!(out.contains("5 drills: 5 pass;"), "{out}");
    assert!(sound_checks(&out) > 0, "{out}");
}

/// The commands of the worked example. What cargo has built already replaces the commands that would build it.
#[test]
fn the_worked_example_step_by_step() {
    let built = support::plugin_folder().display().to_string();
    let script = commands("example")
        .replace("cargo run -- ", "quorate ")
        .replace("target/debug", &built);
    let lines = script
        .lines()
        .filter(|line| !line.starts_with("cargo build"));
    let script = lines.collect::<Vec<_>>().join("\n");
    assert_eq!(script.matches("quorate ").count(), 5, "{script}");
    let run = shell(&script, &root());
    assert_eq!(run.code, 0, "{script}\n{}\n{}", run.out, run.err);
    for part in [
        "no findings in 1 file",
        "3 drills: 3 pass;",
        "6 drills: 6 pass;",
    ] {
        assert!(run.out.contains(part), "{part}: {}", run.out);
    }
}

#[test]
fn the_examples_build_and_pass_their_drills() {
    let built = Path::new(env!("CARGO_TARGET_TMPDIR")).join("examples");
    let built = built.display();
    let examples = root().join("plugins/examples");
    if with_c() {
        let run = shell(
            &format!("BUILD='{built}/c' ./ci.sh"),
            &examples.join("c-file-server"),
        );
        assert_eq!(run.code, 0, "{}\n{}", run.out, run.err);
        assert!(run.out.contains("5 drills: 5 pass;"), "{}", run.out);
        assert!(sound_checks(&run.out) > 0, "{}", run.out);
        let run = shell(
            &format!("BUILD='{built}/c-store' ./ci.sh"),
            &examples.join("c-store"),
        );
        assert_eq!(run.code, 0, "{}\n{}", run.out, run.err);
        assert!(run.out.contains("7 tests, 0 checks failed"), "{}", run.out);
        assert!(run.out.contains("5 drills: 5 pass;"), "{}", run.out);
        assert!(sound_checks(&run.out) > 0, "{}", run.out);
    }
    if with_python() {
        let run = shell("./ci.sh", &examples.join("python-file-server"));
        assert_eq!(run.code, 0, "{}\n{}", run.out, run.err);
        assert!(run.out.contains("5 drills: 5 pass;"), "{}", run.out);
        assert!(sound_checks(&run.out) > 0, "{}", run.out);
    }
    let script = format!("export CARGO_TARGET_DIR='{built}/rust'; ./ci.sh");
    let run = shell(&script, &examples.join("rust-file-server"));
    assert_eq!(run.code, 0, "{}\n{}", run.out, run.err);
    assert!(run.out.contains("5 drills: 5 pass;"), "{}", run.out);
    assert!(sound_checks(&run.out) > 0, "{}", run.out);
}

#[test]
fn a_project_builds_with_the_sdk_of_a_checkout_too_and_its_own_can_be_replaced() {
    let folder = tempfile::tempdir().expect("a folder");
    let checkout = root().join("plugins/sdk");
    let script = format!(
        "quorate plugin new web-proxy --sdk '{}'\ntest ! -e web-proxy/sdk\ncd web-proxy\ncargo check -q\n\
         cd ..\nquorate plugin new web-cache\ncd web-cache\necho broken > sdk/quorate-sdk/src/lib.rs\n\
         quorate plugin sdk\ncargo check -q",
        checkout.display()
    );
    let run = shell(&script, folder.path());
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
}

#[test]
fn a_project_builds_where_there_is_no_registry() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = "quorate plugin new web-proxy && cd web-proxy && export CARGO_HOME=\"$PWD/../nothing\" \
                  && cargo test -q --offline && cargo build -q --offline && quorate plugin check --brief target/debug/libweb_proxy.so";
    let run = shell(script, folder.path());
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
}

#[test]
fn a_plugin_whose_panics_would_end_the_host_does_not_compile() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = "quorate plugin new web-proxy && cd web-proxy && cargo check -q";
    let sound = shell(script, folder.path());
    assert_eq!(sound.code, 0, "{}{}", sound.out, sound.err);
    let script = "cd web-proxy && printf '[profile.dev]\\npanic = \"abort\"\\n' >> Cargo.toml && cargo check -q";
    let abort = shell(script, folder.path());
    assert_eq!(abort.code, 101, "{}{}", abort.out, abort.err);
    assert!(
        abort
            .err
            .contains("a Quorate plugin needs `panic = \"unwind\"`")
            || abort.err.contains("quorate-sdk needs `panic = \"unwind\"`"),
        "{}",
        abort.err
    );
}

#[test]
fn a_project_is_refused_with_a_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    for (script, reason) in [
        ("quorate plugin new Web_Proxy", "is no name for a plugin"),
        (
            "quorate plugin new web --sdk nowhere",
            "without --sdk the project gets one",
        ),
        (
            "mkdir web; quorate plugin new web --lang c",
            "web is there already, and nothing in it was touched; choose another name",
        ),
        (
            "touch file; quorate plugin new other --lang c --path file",
            "the folder file/other cannot be made: ",
        ),
    ] {
        let run = shell(script, folder.path());
        assert_eq!(run.code, 64, "{script}: {}{}", run.out, run.err);
        assert!(run.err.contains(reason), "{script}: {}", run.err);
    }
}
