//! The virtual world as a stage for drills: sets up and rehearses what a cluster file names, with its plugins.
//!
//! [`SimSource`] opens virtual clusters. Its user hands it a [`PolicyLanguage`], which reads and runs the policy
//! scripts that cluster files name.
#![forbid(unsafe_code)]

mod foreign;
mod noted;
mod orders;
mod plugins;
mod policies;
mod properties;
mod source;
mod stage;

pub use foreign::{check_foreign, check_plugins};
pub use policies::PolicyLanguage;
pub use source::SimSource;
