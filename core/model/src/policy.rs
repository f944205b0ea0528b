//! Policy scripts, which decide for a cluster or a group in place of the built-in rules. Nothing here runs them.

use serde::{Deserialize, Serialize};

use crate::{Diagnostic, Name};

/// The most bytes a policy script may have: every node keeps it in its database.
pub const POLICY_MAX_BYTES: usize = 32 * 1_024;

/// A policy script as the cluster database carries it: the same text on every node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PolicyScript {
    /// The file it came from, as it was named; for messages only.
    pub file: String,
    /// Its text.
    pub text: String,
}

/// A cluster file names a policy script. Whoever reads the cluster file reads the script, too, and puts it into the
/// definition.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyReference {
    /// The group it is for; `None` for the whole cluster.
    pub group: Option<Name>,
    /// The script's file as it is written, relative to the cluster file.
    pub file: String,
    /// A finding at the place where the script is named, still without a message.
    place: Diagnostic,
}

impl PolicyReference {
    pub(crate) fn new(group: Option<Name>, file: String, place: Diagnostic) -> Self {
        PolicyReference { group, file, place }
    }

    /// An error at the place where the script is named.
    pub fn error(&self, rule: &'static str, message: impl Into<String>) -> Diagnostic {
        let mut finding = self.place.clone();
        finding.rule = rule;
        finding.message = message.into();
        finding
    }
}
