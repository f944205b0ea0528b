//! The files that a command is to look at, where folders may be named for what is in them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A file that is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Meant {
    /// As it was named or found. It need not be there.
    pub(crate) path: PathBuf,
    /// Whether it was named itself, and not found in a folder.
    pub(crate) named: bool,
}

/// The files that are meant, in order, each once: those named, and those below the folders named that end like one of
/// `endings`. A folder without one, and one that cannot be searched, stands for itself: reading it tells what is wrong.
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

/// The files in a folder and below, in order of their names, and folders that cannot be searched.
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

/// What a command writes must not replace what it reads, nor anything else that it writes.
///
/// # Errors
/// One sentence, if `path` is one of the files `taken`.
pub(crate) fn must_be_another(path: &Path, taken: &[&Path]) -> Result<(), String> {
    let place = |path: &Path| {
        let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).canonicalize();
        let beside = folder.map(|it| it.join(path.file_name().unwrap_or_default()));
        path.canonicalize().or(beside).ok()
    };
    // A device takes whatever comes.
    let replaced = !path.exists() || path.is_file();
    match taken.iter().find(|it| replaced && place(it) == place(path)) {
        Some(_) => Err(format!(
            "{}: what is written there would replace another file that this command names; nothing was run",
            path.display()
        )),
        None => Ok(()),
    }
}

/// Writes a file, and the folders that it lies in where they are not there.
///
/// # Errors
/// As those of the system.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, bytes)
}
