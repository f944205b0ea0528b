//! The files of a new project.

use std::fs;
use std::io;
use std::path::Path;

/// A file of a project: its path, its text, and whether it is executable.
pub(super) struct File {
    pub(super) path: String,
    pub(super) text: String,
    runs: bool,
}

impl File {
    /// A file; it is executable if its name ends in `.sh`, or if it begins as a script does.
    pub(super) fn new(path: impl Into<String>, text: impl Into<String>) -> File {
        let (path, text) = (path.into(), text.into());
        File {
            runs: path.ends_with(".sh") || text.starts_with("#!"),
            text,
            path,
        }
    }
}

/// Writes files into a folder that was made for them. If one cannot be written, the folder is removed: a part of a
/// project is worse than none, and would hinder the next attempt.
///
/// # Errors
/// The file, and why it could not be written.
pub(super) fn write_all(folder: &Path, files: &[File]) -> Result<(), String> {
    for file in files {
        let path = folder.join(&file.path);
        if let Err(error) = write(&path, file) {
            // If the folder cannot be removed either, the first error is enough.
            let _ = fs::remove_dir_all(folder);
            return Err(format!("{}: {error}", path.display()));
        }
    }
    Ok(())
}

fn write(path: &Path, file: &File) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, &file.text)?;
    #[cfg(unix)]
    if file.runs {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_written_whole_is_not_there_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join("project");
        // There is a file where a folder is needed.
        let files = [
            File::new("drills", "text"),
            File::new("drills/one.rhai", "text"),
        ];
        let error = write_all(&project, &files).unwrap_err();
        assert!(error.contains("project/drills/one.rhai: "), "{error}");
        assert!(!project.exists());
    }
}
