//! Exit statuses: part of the command line's contract.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything passed.
    Pass,
    /// A drill failed, a check found a mistake, an input of the REPL went wrong.
    Fail,
    /// A drill's time ran out before anything was shown.
    Unknown,
    /// The command line, or a file it names, cannot be used; nothing ran.
    Usage,
    /// A mistake of ours.
    Internal,
    /// Ctrl-C.
    Interrupted,
}

impl Exit {
    /// The status.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Fail => 1,
            Self::Unknown => 2,
            Self::Usage => 64,
            Self::Internal => 70,
            Self::Interrupted => 130,
        }
    }

    /// The one of this status.
    pub(crate) fn of(code: u8) -> Option<Exit> {
        [
            Self::Pass,
            Self::Fail,
            Self::Unknown,
            Self::Usage,
            Self::Internal,
            Self::Interrupted,
        ]
        .into_iter()
        .find(|exit| exit.code() == code)
    }

    /// The graver of two.
    pub(crate) fn and(self, other: Exit) -> Exit {
        let rank = |exit: Exit| match exit {
            Self::Pass => 0,
            Self::Unknown => 1,
            Self::Fail => 2,
            Self::Usage => 3,
            Self::Internal => 4,
            Self::Interrupted => 5,
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
}
