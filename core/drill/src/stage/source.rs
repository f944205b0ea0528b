//! Where stages come from.

use std::path::{Path, PathBuf};

use super::Stage;
use crate::{CivilTime, Finding};

/// How a stage is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageRequest {
    /// The cluster file.
    pub cluster: PathBuf,
    /// Its contents, for a cluster that is built in and so has no file.
    pub text: Option<String>,
    /// The seed of everything random.
    pub seed: u64,
    /// What the cluster's local clock shows at time zero, in place of what the cluster file says.
    pub start: Option<CivilTime>,
}

/// Where stages come from.
pub trait StageSource {
    /// Sets up a cluster. All nodes are switched on at time zero.
    ///
    /// # Errors
    ///
    /// A cluster file that cannot be read or has errors, or plugins that cannot be loaded.
    fn open(&self, request: &StageRequest) -> Result<Box<dyn Stage>, OpenError>;

    /// A plugin of nearly this name, if there is one.
    fn nearest_plugin(&self, name: &str) -> Option<String> {
        let _ = name;
        None
    }

    /// Whether the plugin exists. If no plugins can be loaded at all, opening a cluster says why.
    fn has_plugin(&self, name: &str) -> bool;
}

/// Why a stage could not be set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The cluster file has mistakes.
    #[error("the cluster file {} has mistakes", path.display())]
    Cluster {
        /// The file.
        path: PathBuf,
        /// What is wrong, with places.
        findings: Vec<Finding>,
    },
    /// The plugins cannot be loaded.
    #[error("{0}")]
    Plugins(String),
    /// Something else, in one sentence.
    #[error("{0}")]
    Other(String),
}

impl OpenError {
    /// The cluster file that the error is about, if any.
    pub fn cluster(&self) -> Option<&Path> {
        match self {
            Self::Cluster { path, .. } => Some(path),
            Self::Plugins(_) | Self::Other(_) => None,
        }
    }
}
