//! How a file is told from one that was written since.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Length and change time of a file, by which a file that was written since is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark(u64, i64, i64);

impl Mark {
    /// `None` for a file that cannot be asked.
    pub(super) fn of(path: &Path) -> Option<Mark> {
        let file = fs::metadata(path).ok()?;
        Some(Mark(file.len(), file.mtime(), file.mtime_nsec()))
    }
}
