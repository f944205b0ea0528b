//! Finding, checking and loading plugin libraries.

mod block;
mod copies;
mod elf;
mod error;
mod held;
mod image;
mod mark;
mod near;
mod program;
mod reload;
mod search;
mod set;
#[cfg(test)]
pub(crate) mod tests;

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use crate::library::target as host_target;
pub use block::read as read_block;
pub use copies::KeptCopies;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use elf::has_entry;
pub use error::{LoadErrors, NearMiss, PluginError};
pub use held::Held;
pub use image::{Image, check_table};
pub use near::near_misses;
pub use program::is_program;
pub use reload::{ReloadError, Reloaded};
pub use search::search_folders;
pub use set::PluginSet;
