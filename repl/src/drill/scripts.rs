//! The scripts of a run.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A script that is to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Script {
    /// Its file, as it was named or found. It need not be there.
    pub(super) path: PathBuf,
    /// Whether it was named itself, and not found in a folder.
    pub(super) named: bool,
}

/// The scripts that are meant, in order, each once. A folder without one, and one that cannot be searched, stands for
/// itself: reading it tells what is wrong.
pub(super) fn named(paths: &[PathBuf]) -> Vec<Script> {
    let mut found: Vec<Script> = Vec::new();
    for path in paths {
        let mut below = Vec::new();
        if path.is_dir() {
            search(path, &mut below);
        }
        if below.is_empty() {
            below.push(Script {
                path: path.clone(),
                named: true,
            });
        }
        for script in below {
            if !found.iter().any(|known| known.path == script.path) {
                found.push(script);
            }
        }
    }
    found
}

/// The scripts in a folder and below, in order of their names, and folders that cannot be searched.
fn search(folder: &Path, found: &mut Vec<Script>) {
    let list = |folder: &Path| -> io::Result<Vec<PathBuf>> {
        let entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
        entries.collect()
    };
    let Ok(mut entries) = list(folder) else {
        found.push(Script {
            path: folder.to_owned(),
            named: false,
        });
        return;
    };
    entries.sort();
    for path in entries {
        if path.is_dir() {
            search(&path, found);
        } else if path.extension().is_some_and(|end| end == "rhai") {
            found.push(Script { path, named: false });
        }
    }
}
