//! How a run is asked for, and what a drill is told with.

use std::time::Duration;

use crate::{CivilTime, Span};

/// The seed of a drill that names none.
pub const DEFAULT_SEED: u64 = 1;

/// How a run is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunOptions {
    /// A seed in place of the one each drill names.
    pub seed: Option<u64>,
    /// Run only drills whose name contains this, or that carry it as a tag.
    pub filter: Option<String>,
    /// Whether the drills are only to be listed: each is reported as skipped, and none runs.
    pub list: bool,
    /// Whether a script ends with its first drill that does not pass.
    pub fail_fast: bool,
    /// Whether the journals are wanted.
    pub journal: bool,
    /// The real time that a drill may take, and the script between two drills: a story that does not end is stopped. Any if
    /// none is said.
    pub timeout: Option<Duration>,
    /// What else the command says that decides what runs, such as where plugins are: for the command that repeats a
    /// drill.
    pub repeat_with: Vec<String>,
}

/// What `drill` takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrillOptions {
    /// The cluster file, relative to the script.
    pub cluster: String,
    /// The seed.
    pub seed: Option<u64>,
    /// Words to filter by.
    pub tags: Vec<String>,
    /// Why it is not to be run.
    pub skip: Option<String>,
    /// The virtual time its body may take.
    pub limit: Option<Span>,
    /// What the cluster's local clock shows at power-on.
    pub start: Option<CivilTime>,
    /// Whether the body begins at power-on instead of when the cluster is up.
    pub cold: bool,
    /// Plugins that do not come with the program, and how to get each. Without one of them the drill is skipped.
    pub plugins: Vec<(String, String)>,
}
