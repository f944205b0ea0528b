//! What natives throw: a failure with everything a report wants to say about it.

use quorate_drill::Verdict;
use rhai::{Dynamic, EvalAltResult, Position};

/// What a native returns.
pub(crate) type Fallible<T> = Result<T, Box<EvalAltResult>>;

/// A failure on its way through the engine.
#[derive(Clone, Debug)]
pub(crate) struct Thrown {
    /// The verdict it leads to if nobody catches it.
    pub(crate) verdict: Verdict,
    /// One sentence.
    pub(crate) message: String,
    /// The value found.
    pub(crate) actual: Option<String>,
    /// The value wanted.
    pub(crate) wanted: Option<String>,
    /// What was read.
    pub(crate) seen: Vec<Seen>,
    /// Mistakes of a file.
    pub(crate) findings: Vec<quorate_drill::Finding>,
    /// Whether a file that the script names cannot be used.
    pub(crate) unusable: bool,
    /// Whether it is our own mistake.
    pub(crate) internal: bool,
    /// The cluster's error code, where it refused something with one; 0 else.
    pub(crate) code: u32,
    /// Whether it is a name of a thing that the cluster does not have.
    pub(crate) unknown_name: bool,
    /// Where in the script it came from.
    pub(crate) position: Position,
}

/// Something that a condition read of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The object's name, for finding its events; empty for the cluster itself.
    pub(crate) subject: String,
    /// What was read, as a script spells it: `group("EVS3").owner`.
    pub(crate) what: String,
    /// What it was.
    pub(crate) value: String,
}

impl Thrown {
    /// A mistake of the script.
    pub(crate) fn mistake(message: impl Into<String>) -> Thrown {
        Thrown::new(Verdict::Error, message)
    }

    /// Something expected was not seen.
    pub(crate) fn failed(message: impl Into<String>) -> Thrown {
        Thrown::new(Verdict::Fail, message)
    }

    /// Time ran out.
    pub(crate) fn unknown(message: impl Into<String>) -> Thrown {
        Thrown::new(Verdict::Unknown, message)
    }

    /// A mistake of ours.
    pub(crate) fn internal(message: impl Into<String>) -> Thrown {
        Thrown {
            internal: true,
            ..Thrown::new(Verdict::Error, message)
        }
    }

    fn new(verdict: Verdict, message: impl Into<String>) -> Thrown {
        Thrown {
            verdict,
            message: message.into(),
            actual: None,
            wanted: None,
            seen: Vec::new(),
            findings: Vec::new(),
            unusable: false,
            internal: false,
            code: 0,
            unknown_name: false,
            position: Position::NONE,
        }
    }

    /// With the two values of a comparison.
    pub(crate) fn values(mut self, actual: impl Into<String>, wanted: impl Into<String>) -> Thrown {
        self.actual = Some(actual.into());
        self.wanted = Some(wanted.into());
        self
    }

    /// With what was read.
    pub(crate) fn seen(mut self, seen: Vec<Seen>) -> Thrown {
        self.seen = seen;
        self
    }

    /// With the cluster's error code.
    pub(crate) fn coded(mut self, code: u32) -> Thrown {
        self.code = code;
        self
    }

    /// As an error of the engine. The engine fills the position of the call in if none is given.
    pub(crate) fn at(mut self, position: Position) -> Box<EvalAltResult> {
        self.position = position;
        Box::new(EvalAltResult::ErrorRuntime(Dynamic::from(self), position))
    }
}

impl std::fmt::Display for Thrown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}
