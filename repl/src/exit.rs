//! Exit statuses: part of the command line's contract.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything has passed.
    Pass,
    /// A drill failed, a check found a mistake, something that an input of the REPL expects is not so.
    Fail,
    /// A drill's time ran out before anything was shown.
    Unknown,
    /// A running cluster, or its node, does not do what it was told to.
    Refused,
    /// No node answers.
    Unreachable,
    /// The command line, or a file that it names, is unusable; nothing has run.
    Usage,
    /// An input of the REPL is wrong in itself.
    Wrong,
    /// An error in Quorate itself.
    Internal,
    /// Ctrl-C.
    Interrupted,
}

/// The meaning of each status: the only table, which the help prints and the README contains.
const TABLE: [(Exit, u8, &str); 9] = [
    (Exit::Pass, 0, "everything passed"),
    (
        Exit::Fail,
        1,
        "a drill failed or ended in an error, a check found a mistake, or what an input of the REPL expects is not so",
    ),
    (
        Exit::Unknown,
        2,
        "unknown: the time of a drill or an input ran out before anything was shown, or the tester of plugins lacked what a type needs",
    ),
    (
        Exit::Refused,
        3,
        "refused: a cluster, or its node, does not do what it was told to",
    ),
    (
        Exit::Unreachable,
        4,
        "unreachable: no node answers, or nobody knows what became of an order",
    ),
    (
        Exit::Usage,
        64,
        "the command line, or a file that it or a drill names, cannot be used",
    ),
    (
        Exit::Wrong,
        65,
        "an input of the REPL is wrong: its syntax, a word, a name, or what a word or command is given",
    ),
    (Exit::Internal, 70, "a mistake in quorate itself"),
    (Exit::Interrupted, 130, "interrupted"),
];

/// The table of statuses, for the help.
pub(crate) fn help() -> String {
    let mut text = "Exit status:\n".to_owned();
    for (_, code, what) in TABLE {
        text.push_str(&format!("  {code:<4} {what}\n"));
    }
    text.push_str("Where several apply it is the first of 130, 70, 64, 1 and 2.");
    text
}

impl Exit {
    /// The number of the status.
    pub(crate) fn code(self) -> u8 {
        let row = TABLE.iter().find(|(exit, ..)| *exit == self);
        row.map_or(70, |(_, code, _)| *code)
    }

    /// The exit with this number.
    pub(crate) fn of(code: u8) -> Option<Exit> {
        let row = TABLE.iter().find(|(_, it, _)| *it == code);
        row.map(|(exit, ..)| *exit)
    }

    /// The graver of two exits.
    pub(crate) fn and(self, other: Exit) -> Exit {
        let rank = |exit: Exit| match exit {
            Self::Pass => 0,
            Self::Unknown => 1,
            Self::Refused | Self::Unreachable => 2,
            Self::Fail => 3,
            Self::Wrong => 4,
            Self::Usage => 5,
            Self::Internal => 6,
            Self::Interrupted => 7,
        };
        if rank(other) > rank(self) {
            other
        } else {
            self
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_graver_status_wins() {
        assert_eq!(Exit::Pass.and(Exit::Unknown), Exit::Unknown);
        assert_eq!(Exit::Fail.and(Exit::Unknown), Exit::Fail);
        assert_eq!(Exit::Interrupted.and(Exit::Fail), Exit::Interrupted);
        assert_eq!(Exit::Usage.and(Exit::Internal), Exit::Internal);
    }

    #[test]
    fn the_readme_has_the_table_of_the_help() {
        let readme = include_str!("../../README.md");
        for (exit, code, what) in TABLE {
            assert!(
                readme.contains(&format!("| {code} | {what} |")),
                "README.md has no row for {code}: {what}"
            );
            assert_eq!(Exit::of(code), Some(exit));
        }
        assert!(readme.contains(help().lines().last().unwrap_or_default()));
    }
}
