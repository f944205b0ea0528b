//! What is known of a plugin library, and how libraries are kept apart.

mod info;
mod isolation;

pub use info::{LibraryInfo, PropertyInfo, PropertyKind, TypeInfo};
pub use isolation::Isolation;
