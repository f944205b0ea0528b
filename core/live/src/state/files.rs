//! The file system beneath a node's state, as far as it is used: a small face, so that tests can see every write and flush
//! in its order, and make each fail.

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// To be written from its beginning; made if it is missing.
    Anew,
    /// To be written on from its end; made if it is missing.
    Further,
    /// To be cut; it must be there.
    There,
}

/// What is done to files. Nothing is durable before it was flushed.
pub(crate) trait Files: Debug + Send {
    /// Opens a file to write to it.
    ///
    /// # Errors
    /// The system's.
    fn open(&mut self, file: &Path, how: How) -> io::Result<Box<dyn Written>>;
    /// Whether there is such a file.
    fn is_there(&mut self, file: &Path) -> bool;
    /// Reads a file.
    ///
    /// # Errors
    /// The system's.
    fn read(&mut self, file: &Path) -> io::Result<Vec<u8>>;
    /// The names in a folder, those of folders with a slash at their end.
    ///
    /// # Errors
    /// The system's.
    fn list(&mut self, folder: &Path) -> io::Result<Vec<String>>;
    /// Gives a file another name, in place of the file that has it.
    ///
    /// # Errors
    /// The system's.
    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    ///
    /// # Errors
    /// The system's.
    fn remove(&mut self, file: &Path) -> io::Result<()>;
    /// Makes a folder, with those above it.
    ///
    /// # Errors
    /// The system's.
    fn make_folder(&mut self, folder: &Path) -> io::Result<()>;
    /// Flushes a folder: the names in it.
    ///
    /// # Errors
    /// The system's.
    fn flush_folder(&mut self, folder: &Path) -> io::Result<()>;
}

/// A file that is open to be written to.
pub(crate) trait Written {
    /// Its length, in bytes.
    ///
    /// # Errors
    /// The system's.
    fn length(&mut self) -> io::Result<u64>;
    /// Writes; a part may have been written where that fails.
    ///
    /// # Errors
    /// The system's.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Cuts it to a length.
    ///
    /// # Errors
    /// The system's.
    fn cut(&mut self, length: u64) -> io::Result<()>;
    /// Flushes its contents, and what is needed to find them.
    ///
    /// # Errors
    /// The system's.
    fn flush(&mut self) -> io::Result<()>;
}

/// Makes a folder, with those above it, so that a power loss does not take it away.
///
/// # Errors
/// The system's.
pub(crate) fn make_to_stay(files: &mut dyn Files, folder: &Path) -> io::Result<()> {
    let was_there = files.is_there(folder);
    for named in make(files, folder)? {
        match files.flush_folder(&named) {
            // Nothing was made, and who made it has put it into a folder of their own.
            Err(why) if was_there && why.kind() == io::ErrorKind::PermissionDenied => {}
            flushed => flushed?,
        }
    }
    Ok(())
}

/// Makes a folder, with those above it. Returns the folders that are to be flushed for it to stay.
///
/// # Errors
/// The system's.
pub(super) fn make(files: &mut dyn Files, folder: &Path) -> io::Result<Vec<PathBuf>> {
    let missing = folder.ancestors().take_while(|it| !files.is_there(it));
    // One that is there may have been made by somebody who ended before it was flushed.
    let count = missing.count().max(1);
    files.make_folder(folder)?;
    Ok(folder.ancestors().take(count).map(folder_of).collect())
}

/// The folder that a file or folder is in.
pub(crate) fn folder_of(place: &Path) -> PathBuf {
    match place.parent() {
        Some(folder) if folder.as_os_str().is_empty() => PathBuf::from("."),
        Some(folder) => folder.to_path_buf(),
        None => PathBuf::from("/"),
    }
}

/// Whether anything is flushed: not where a test has planted that, which wants its judge to find it.
#[cfg(feature = "planted")]
fn flushes() -> bool {
    std::env::var("QUORATE_PLANT").as_deref() != Ok("no-fsync")
}

#[cfg(not(feature = "planted"))]
const fn flushes() -> bool {
    true
}

/// The files of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SystemFiles;

impl Files for SystemFiles {
    fn open(&mut self, file: &Path, how: How) -> io::Result<Box<dyn Written>> {
        let mut options = OpenOptions::new();
        match how {
            How::Anew => options.write(true).create(true).truncate(true),
            How::Further => options.append(true).create(true),
            How::There => options.write(true),
        };
        Ok(Box::new(options.open(file)?))
    }

    fn is_there(&mut self, file: &Path) -> bool {
        file.exists()
    }

    fn read(&mut self, file: &Path) -> io::Result<Vec<u8>> {
        fs::read(file)
    }

    fn list(&mut self, folder: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let mut name = entry.file_name().to_string_lossy().into_owned();
            if entry.file_type()?.is_dir() {
                name.push('/');
            }
            names.push(name);
        }
        names.sort();
        Ok(names)
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&mut self, file: &Path) -> io::Result<()> {
        fs::remove_file(file)
    }

    fn make_folder(&mut self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)
    }

    fn flush_folder(&mut self, folder: &Path) -> io::Result<()> {
        match flushes() {
            true => File::open(folder)?.sync_all(),
            false => Ok(()),
        }
    }
}

impl Written for File {
    fn length(&mut self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        match flushes() {
            true => self.sync_data(),
            false => Ok(()),
        }
    }
}
