//! What a plugin library says of itself, and the settings for running libraries in processes of their own.

mod info;
mod isolation;

pub(crate) use info::target;
pub use info::{LibraryInfo, PropertyInfo, PropertyKind, TypeInfo};
pub use isolation::Isolation;
