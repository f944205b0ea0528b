//! What tells a file from one that was written since.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What tells a file from one that was written since: its length and when it was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark(u64, i64, i64);

impl Mark {
    /// `None` for a file that cannot be asked.
    pub(super) fn of(path: &Path) -> Option<Mark> {
        let file = fs::metadata(path).ok()?;
        Some(Mark(file.len(), file.mtime(), file.mtime_nsec()))
    }
}
