//! Taking a newly built library in place of the one that is loaded.

use std::path::PathBuf;

use quorate_model::nearest;

use super::error::PluginError;
use super::image::Image;
use super::mark::Mark;
use crate::library::LibraryInfo;

/// A library that was read anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reloaded {
    /// Its name.
    pub plugin: String,
    /// Its file.
    pub path: PathBuf,
    /// Its version before.
    pub before: String,
    /// Its version now.
    pub now: String,
}

/// Why a library cannot be loaded anew. What was loaded stays in place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReloadError {
    /// No library has that name.
    #[error("there is no plugin `{name}`{}; loaded are {}", suggest(near.as_deref()), known.join(", "))]
    Unknown {
        /// The name.
        name: String,
        /// The nearest name that there is.
        near: Option<String>,
        /// All names that there are.
        known: Vec<String>,
    },
    /// The file cannot be loaded.
    #[error("{0}; the image that was loaded before stays in place")]
    Plugin(#[from] PluginError),
    /// The file holds another plugin now.
    #[error("{}: holds the plugin `{found}`, not `{wanted}`; the image that was loaded before stays in place", file.display())]
    Other {
        /// The file.
        file: PathBuf,
        /// What it is now.
        found: String,
        /// What it was.
        wanted: String,
    },
    /// It lacks a type that it had.
    #[error("{}: no longer has the type `{kind}`; the image that was loaded before stays in place", file.display())]
    Lacks {
        /// The file.
        file: PathBuf,
        /// The type.
        kind: String,
    },
}

fn suggest(near: Option<&str>) -> String {
    near.map_or_else(String::new, |near| format!(": did you mean `{near}`?"))
}

impl ReloadError {
    pub(super) fn unknown<'a>(
        name: &str,
        known: impl Iterator<Item = &'a LibraryInfo>,
    ) -> ReloadError {
        let known: Vec<String> = known.map(|library| library.name.clone()).collect();
        let near = nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
        ReloadError::Unknown {
            name: name.to_owned(),
            near,
            known,
        }
    }

    /// Whether `new` can stand in for `old`.
    pub(super) fn check(old: &LibraryInfo, new: &LibraryInfo) -> Result<(), ReloadError> {
        if old.name != new.name {
            return Err(ReloadError::Other {
                file: new.path.clone(),
                found: new.name.clone(),
                wanted: old.name.clone(),
            });
        }
        let lacking = old
            .types
            .iter()
            .find(|kind| new.types.iter().all(|other| other.name != kind.name));
        match lacking {
            Some(kind) => Err(ReloadError::Lacks {
                file: new.path.clone(),
                kind: kind.name.clone(),
            }),
            None => Ok(()),
        }
    }
}

impl Image {
    /// Whether the file at its path has changed since it was read. One that cannot be asked counts as changed, so that
    /// whoever reads it says why.
    pub(super) fn has_changed(&self) -> bool {
        self.mark.is_none() || self.mark != Mark::of(&self.info.path)
    }
}
