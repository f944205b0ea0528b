//! The virtual world as a stage for drills: what a cluster file names is set up with its plugins, and rehearsed.
//!
//! [`SimSource`] opens virtual clusters. What reads and runs the policy scripts that cluster files name is handed to it: a
//! [`PolicyLanguage`].
#![forbid(unsafe_code)]

mod foreign;
mod orders;
mod plugins;
mod policies;
mod properties;
mod source;
mod stage;

pub use foreign::{check_foreign, check_plugin_names};
pub use policies::PolicyLanguage;
pub use source::SimSource;
