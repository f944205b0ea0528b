//! Help texts, exit statuses and colours.

mod support;

use support::{finish, quorate, run};

#[test]
fn helps_have_examples_and_statuses() {
    let help = run(&["--help"]);
    assert_eq!(help.code, 0);
    for wanted in [
        "Examples:",
        "quorate drill",
        "Exit status:",
        "130",
        "completions",
    ] {
        assert!(help.out.contains(wanted), "no {wanted:?} in:\n{}", help.out);
    }
    for command in ["drill", "check", "repl", "plugin", "completions"] {
        let help = run(&[command, "--help"]);
        assert_eq!(help.code, 0, "{command}");
        assert!(help.out.contains("Usage: quorate"), "{}", help.out);
    }
    assert!(run(&["--version"]).out.starts_with("quorate "));
}

#[test]
fn a_mistake_in_the_command_line_is_64() {
    for args in [
        &["dril"][..],
        &["drill"],
        &["drill", "--sed", "1", "x"],
        &["drill", "x", "--seed", "many"],
        &[],
    ] {
        let run = run(args);
        assert_eq!(run.code, 64, "{args:?}: {}", run.err);
        assert!(!run.err.is_empty());
    }
    assert!(
        run(&["dril"]).err.contains("drill"),
        "a mistyped command has its suggestion"
    );
}

#[test]
fn completions_are_made_for_each_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = run(&["completions", shell]);
        assert_eq!(run.code, 0, "{shell}");
        assert!(run.out.contains("plugin-dir"), "{shell}");
    }
}

#[test]
fn colours_come_only_when_asked_for() {
    let args = ["check", "Cargo.lock", "scripts/clusters/four-node.ron"];
    assert!(!run(&args).out.contains('\u{1b}'));
    assert!(
        run(&[
            "check",
            "--color",
            "always",
            "scripts/clusters/four-node.ron"
        ])
        .out
        .contains('\u{1b}')
    );
    let never = finish(
        quorate()
            .args(["check", "scripts/clusters/four-node.ron"])
            .env("NO_COLOR", "1"),
    );
    assert!(!never.out.contains('\u{1b}'));
}
