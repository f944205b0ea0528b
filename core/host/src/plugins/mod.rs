//! Finding, checking and loading plugin libraries.

mod block;
mod elf;
mod error;
mod image;
mod info;
mod isolation;
mod near;
mod reload;
mod search;
mod set;
#[cfg(test)]
pub(crate) mod tests;

pub use block::read as read_block;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use block::target as host_target;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use elf::has_entry;
pub use error::{LoadErrors, PluginError};
pub(crate) use image::WorkEntry;
pub use image::{Entries, Image, check_table};
pub use info::{LibraryInfo, PropertyInfo, PropertyKind, TypeInfo};
pub use isolation::Isolation;
pub use near::{NearMiss, near_misses};
pub use reload::{ReloadError, Reloaded};
pub use search::search_folders;
pub use set::PluginSet;
