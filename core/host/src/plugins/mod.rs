//! Finding, checking and loading plugin libraries.

mod block;
mod elf;
mod error;
mod image;
mod info;
mod search;
mod set;
#[cfg(test)]
pub(crate) mod tests;

pub use error::{LoadErrors, PluginError};
pub(crate) use image::{Entries, Image, WorkEntry};
pub use info::{LibraryInfo, PropertyInfo, PropertyKind, TypeInfo};
pub use search::search_folders;
pub use set::PluginSet;
