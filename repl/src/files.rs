//! The files for a command, whose arguments may be files or folders.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// A file for a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Meant {
    /// Its path, as named or found. It need not exist.
    pub(crate) path: PathBuf,
    /// Whether it was named itself rather than found in a folder.
    pub(crate) named: bool,
}

/// The files for a command, in order, each once: the named files, and those in and below the named folders with one
/// of `endings`. A folder without such a file, or one that cannot be searched, is returned itself: reading it gives
/// the error.
pub(crate) fn meant(paths: &[PathBuf], endings: &[&str]) -> Vec<Meant> {
    let mut found: Vec<Meant> = Vec::new();
    for path in paths {
        let mut below = Vec::new();
        if path.is_dir() {
            search(path, endings, &mut below);
        }
        if below.is_empty() {
            below.push(Meant {
                path: path.clone(),
                named: true,
            });
        }
        for file in below {
            if !found.iter().any(|known| known.path == file.path) {
                found.push(file);
            }
        }
    }
    found
}

/// Finds the files in and below a folder, in the order of their names, and folders that cannot be searched.
fn search(folder: &Path, endings: &[&str], found: &mut Vec<Meant>) {
    let list = |folder: &Path| -> io::Result<Vec<PathBuf>> {
        let entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
        entries.collect()
    };
    let Ok(mut entries) = list(folder) else {
        found.push(Meant {
            path: folder.to_owned(),
            named: false,
        });
        return;
    };
    entries.sort();
    for path in entries {
        if path.is_dir() {
            search(&path, endings, found);
        } else if path
            .extension()
            .is_some_and(|end| endings.iter().any(|it| end == *it))
        {
            found.push(Meant { path, named: false });
        }
    }
}

/// A command must not overwrite a file that it reads or another that it writes.
///
/// # Errors
/// One sentence, if `path` is one of the files `taken`.
pub(crate) fn must_be_another(path: &Path, taken: &[&Path]) -> Result<(), String> {
    let place = |path: &Path| {
        let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).canonicalize();
        let beside = folder.map(|it| it.join(path.file_name().unwrap_or_default()));
        // Of a folder that is yet to be made there is the name alone.
        let named = || std::path::absolute(path);
        path.canonicalize().or(beside).or_else(|_| named()).ok()
    };
    // A device can be written to in any case.
    let replaced = !path.exists() || path.is_file();
    match taken.iter().find(|it| replaced && place(it) == place(path)) {
        Some(_) => Err(format!(
            "{}: what is written there would replace another file that this command names; nothing was run",
            path.display()
        )),
        None => Ok(()),
    }
}

/// A path without `.` and `..`.
pub(crate) fn plain(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out
}

/// Writes a file, and creates the missing folders above it.
///
/// # Errors
/// Errors of the system.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, bytes)
}
