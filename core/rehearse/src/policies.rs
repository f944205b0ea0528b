//! The language of the policy scripts that cluster files name. Whoever opens clusters chooses it.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use quorate_drill::Finding;
use quorate_model::Loaded;
use quorate_node::Policies;

/// Reads policy scripts into a cluster's definition, and runs them on its nodes.
#[derive(Clone)]
pub struct PolicyLanguage {
    /// Reads and checks the scripts that a cluster file names and puts them into its definition. The arguments are
    /// the file's path, its text and what was read of it. Each mistake in a script is a finding.
    pub attach: fn(&Path, &str, &mut Loaded) -> Result<(), Vec<Finding>>,
    /// Runs them on every node.
    pub run: Arc<dyn Policies>,
}

impl fmt::Debug for PolicyLanguage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyLanguage").finish_non_exhaustive()
    }
}
