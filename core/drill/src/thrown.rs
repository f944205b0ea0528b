//! A failure on its way to the report, with all that the report shows of it.

use crate::{Finding, Spot, Verdict};

/// A failure on its way through the language of a drill.
#[derive(Clone, Debug)]
pub struct Thrown {
    /// The verdict it leads to if nobody catches it.
    pub verdict: Verdict,
    /// One sentence.
    pub message: String,
    /// The value found.
    pub actual: Option<String>,
    /// The value wanted.
    pub wanted: Option<String>,
    /// What was read.
    pub seen: Vec<Seen>,
    /// Mistakes of a file.
    pub findings: Vec<Finding>,
    /// Whether a file that the script names cannot be used.
    pub unusable: bool,
    /// Whether it is our own mistake.
    pub internal: bool,
    /// The cluster's error code, where it refused something with one; 0 else.
    pub code: u32,
    /// Whether it is a name of a thing that the cluster does not have.
    pub unknown_name: bool,
    /// Where in the script it came from.
    pub position: Spot,
}

/// Something that a condition read of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The object's name, for finding its events; empty for the cluster itself.
    pub subject: String,
    /// What was read, as a script spells it: `group("EVS3").owner`.
    pub what: String,
    /// What it was.
    pub value: String,
}

impl Thrown {
    /// A mistake of the script.
    pub fn mistake(message: impl Into<String>) -> Thrown {
        Thrown::new(Verdict::Error, message)
    }

    /// Something expected was not seen.
    pub fn failed(message: impl Into<String>) -> Thrown {
        Thrown::new(Verdict::Fail, message)
    }

    /// Time ran out.
    pub fn unknown(message: impl Into<String>) -> Thrown {
        Thrown::new(Verdict::Unknown, message)
    }

    /// A mistake of ours.
    pub fn internal(message: impl Into<String>) -> Thrown {
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
            position: Spot::NONE,
        }
    }

    /// With the two values of a comparison.
    #[must_use]
    pub fn values(mut self, actual: impl Into<String>, wanted: impl Into<String>) -> Thrown {
        self.actual = Some(actual.into());
        self.wanted = Some(wanted.into());
        self
    }

    /// With what was read.
    #[must_use]
    pub fn seen(mut self, seen: Vec<Seen>) -> Thrown {
        self.seen = seen;
        self
    }

    /// With the cluster's error code.
    #[must_use]
    pub fn coded(mut self, code: u32) -> Thrown {
        self.code = code;
        self
    }
}

impl std::fmt::Display for Thrown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}
