//! The texts there are: those that are open in the editor, and the files below its folders.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use quorate_drill::{MAX_BYTES, read_text};

use super::text::Text;
use crate::files::plain;

/// How many files are looked at, at most: a folder may be a whole disk.
const FILES_MAX: usize = 20_000;

/// What is open, and where to look for more.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    pub(super) open: BTreeMap<PathBuf, Text>,
    pub(super) roots: Vec<PathBuf>,
}

impl Workspace {
    /// The text of a file: the one in the editor, if it is open there.
    ///
    /// # Errors
    /// One sentence, if there is none.
    pub(super) fn text(&self, path: &Path) -> Result<String, String> {
        match self.open.get(&plain(path)) {
            Some(text) => Ok(text.text.clone()),
            None => read_text(path, Some(MAX_BYTES)),
        }
    }

    /// The files with these endings, in order, and whether these are all.
    pub(super) fn files(&self, endings: &[&str]) -> (Vec<PathBuf>, bool) {
        let has = |path: &Path| {
            path.extension()
                .is_some_and(|end| endings.iter().any(|it| end == *it))
        };
        let mut found: Vec<PathBuf> = self.open.keys().filter(|it| has(it)).cloned().collect();
        let mut folders = self.roots.clone();
        let mut seen = 0;
        let mut whole = true;
        'folders: while let Some(folder) = folders.pop() {
            let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
            for entry in entries {
                seen += 1;
                if seen > FILES_MAX {
                    whole = false;
                    break 'folders;
                }
                let (path, name) = (entry.path(), entry.file_name());
                let name = name.to_string_lossy();
                // A link may lead to a folder above.
                let folder = entry.file_type().is_ok_and(|it| it.is_dir());
                let other = name.starts_with('.') || name == "target" || name == "node_modules";
                if folder && !other {
                    folders.push(path);
                } else if !folder && has(&path) {
                    found.push(path);
                }
            }
        }
        found.sort();
        found.dedup();
        (found, whole)
    }
}
