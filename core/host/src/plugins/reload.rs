//! Reloading: a newly built library takes the place of the loaded one.

use std::path::PathBuf;

use quorate_model::nearest;

use super::error::PluginError;
use super::image::Image;
use super::mark::Mark;
use crate::library::LibraryInfo;

/// A library that was reloaded.
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

/// Why a library cannot be reloaded. The loaded one stays in place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReloadError {
    /// No library has that name.
    #[error("there is no plugin `{name}`{}; loaded are {}", suggest(near.as_deref()), known.join(", "))]
    Unknown {
        /// The name.
        name: String,
        /// The most similar name that there is.
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
    /// The new library lacks a type that the old one had.
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

    /// Checks that `new` can take the place of `old`.
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
    /// Whether the file at its path has changed since it was read. A file that cannot be read counts as changed: the
    /// attempt to reload it will then say why.
    pub(super) fn has_changed(&self) -> bool {
        self.mark.is_none() || self.mark != Mark::of(&self.info.path)
    }
}
