//! The options of a run, and those of a drill.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::{Choice, CivilTime, Span};

/// The seed of a drill without one.
pub const DEFAULT_SEED: u64 = 1;

/// The options of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunOptions {
    /// A seed in place of the one each drill names.
    pub seed: Option<u64>,
    /// How much is added to each drill's seed, for another run of the same drills. Beyond the greatest seed it goes on
    /// with 0.
    pub offset: u64,
    /// Which drills run.
    pub choice: Choice,
    /// The variables that drills may read, by name.
    pub variables: BTreeMap<String, String>,
    /// Whether the drills are only listed: each is reported as skipped.
    pub list: bool,
    /// Whether the scripts were checked before, and have no mistakes.
    pub checked: bool,
    /// Whether a script ends with its first drill that does not pass.
    pub fail_fast: bool,
    /// Whether conditions are evaluated although nothing that they read has changed: one that has is an internal error. For
    /// tests.
    pub doubt: bool,
    /// Whether the journals are wanted.
    pub journal: bool,
    /// The real time that a drill, or the script between two drills, may take before it is stopped; `None` is no
    /// limit.
    pub timeout: Option<Duration>,
    /// The other options on the command line that decide what runs, such as the plugin folders. They become part of
    /// the command that repeats a drill.
    pub repeat_with: Vec<String>,
    /// Those that say where plugins run. They are part of the command, too, but not of a journal, which is the same
    /// wherever that is.
    pub repeat_where: Vec<String>,
}

/// The options of `drill`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrillOptions {
    /// The cluster file, relative to the script.
    pub cluster: String,
    /// The seed.
    pub seed: Option<u64>,
    /// Words to filter by.
    pub tags: Vec<String>,
    /// Why it is skipped.
    pub skip: Option<String>,
    /// Why it is expected to fail: a known fault.
    pub known: Option<String>,
    /// The limit on the virtual time of its body.
    pub limit: Option<Span>,
    /// What the cluster's local clock shows at power-on.
    pub start: Option<CivilTime>,
    /// Whether the body begins at power-on rather than when the cluster is up.
    pub cold: bool,
    /// Plugins that are not shipped, each with the command that builds it. If one is missing, the drill is skipped.
    pub plugins: Vec<(String, String)>,
}
