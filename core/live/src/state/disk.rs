//! A node's disk as a folder: each request is durable when it is answered.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use quorate_node::{DiskError, DiskOp};

use super::files::{Files, How, folder_of, make, make_to_stay};

/// The beginning of the name of a file that is being written to take another one's place.
const UNFINISHED: &str = ".new-";

/// What carries out a node's requests to a disk.
pub(crate) trait Drive {
    /// Carries a request out, and flushes.
    ///
    /// # Errors
    /// What the node is to be told.
    fn carry_out(&mut self, op: DiskOp) -> Result<BTreeMap<String, Vec<u8>>, DiskError>;
}

impl Drive for Disk {
    fn carry_out(&mut self, op: DiskOp) -> Result<BTreeMap<String, Vec<u8>>, DiskError> {
        self.carry_out(op)
    }
}

/// A folder that carries out a node's disk requests.
#[derive(Debug)]
pub(crate) struct Disk {
    root: PathBuf,
    files: Box<dyn Files>,
    /// A flush has failed: nobody knows what the medium holds, so nothing is written any more.
    broken: bool,
}

/// An error of the system's, and where it came from.
enum Failed {
    /// Nothing, or nothing that counts, was written.
    Write(io::Error),
    /// It was written, and may or may not be on the medium.
    Flush,
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Failed::Write(error)
    }
}

fn flushed(result: io::Result<()>) -> Result<(), Failed> {
    result.map_err(|_| Failed::Flush)
}

/// What the node is told.
fn told(error: &io::Error) -> DiskError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            DiskError::Full
        }
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            DiskError::WriteProtected
        }
        _ => DiskError::Device,
    }
}

impl Disk {
    /// The folder `root`, which is made if it is missing.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn open(root: PathBuf, mut files: Box<dyn Files>) -> io::Result<Disk> {
        make_to_stay(&mut *files, &root)?;
        Ok(Disk {
            root,
            files,
            broken: false,
        })
    }

    /// A node that starts again writes anew what it has read, so an earlier failure to flush is past.
    pub(crate) fn mend(&mut self) {
        self.broken = false;
    }

    /// Every file on it, for a node that starts. What was being written to take another file's place is thrown away. A
    /// node writes anew what it has read, so an earlier failure to flush is past.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn boot(&mut self) -> io::Result<BTreeMap<String, Vec<u8>>> {
        self.mend();
        let mut folders = BTreeSet::from([self.root.clone()]);
        for name in self.names("")? {
            let place = self.root.join(&name);
            let file = name.rsplit('/').next().unwrap_or_default();
            if file.starts_with(UNFINISHED) {
                self.files.remove(&place)?;
            }
            folders.extend(
                place
                    .ancestors()
                    .skip(1)
                    .take_while(|it| **it != *self.root)
                    .map(Path::to_path_buf),
            );
        }
        // Who was killed before it flushed a name has left one that a power loss would take away.
        for folder in folders {
            self.files.flush_folder(&folder)?;
        }
        self.read_all("")
    }

    /// Throws away what was being written to take another file's place when its writer was killed, in these folders and not
    /// in those inside them.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn tidy(&mut self, folders: &[&str]) -> io::Result<()> {
        for folder in folders {
            let place = self.root.join(folder);
            let names = match self.files.list(&place) {
                Err(why) if why.kind() == io::ErrorKind::NotFound => continue,
                listed => listed?,
            };
            for name in names {
                if name.starts_with(UNFINISHED) && !name.ends_with('/') {
                    self.files.remove(&place.join(name))?;
                }
            }
            // As at the start of a node: names that whoever was killed has not flushed.
            self.files.flush_folder(&place)?;
        }
        Ok(())
    }

    /// Carries a request out, and flushes.
    ///
    /// # Errors
    /// What the node is to be told. After a flush that failed every request is refused.
    pub(crate) fn carry_out(&mut self, op: DiskOp) -> Result<BTreeMap<String, Vec<u8>>, DiskError> {
        if self.broken {
            return Err(DiskError::Device);
        }
        let done = match op {
            DiskOp::Append { file, bytes } => self.append(&file, &bytes),
            DiskOp::Replace { file, bytes } => self.replace(&file, &bytes),
            DiskOp::Truncate { file, len } => self.truncate(&file, len),
            DiskOp::Remove { file } => self.remove(&file),
            DiskOp::ReadAll { prefix } => {
                return self.read_all(&prefix).map_err(|error| told(&error));
            }
        };
        match done {
            Ok(()) => Ok(BTreeMap::new()),
            Err(Failed::Write(error)) => Err(told(&error)),
            Err(Failed::Flush) => {
                self.broken = true;
                Err(DiskError::NotFlushed)
            }
        }
    }

    /// The place of a file, whose folder is made if it is missing.
    fn place(&mut self, file: &str) -> Result<PathBuf, Failed> {
        let place = self.root.join(file);
        let folder = folder_of(&place);
        if !self.files.is_there(&folder) {
            for named in make(&mut *self.files, &folder)? {
                flushed(self.files.flush_folder(&named))?;
            }
        }
        Ok(place)
    }

    fn append(&mut self, file: &str, bytes: &[u8]) -> Result<(), Failed> {
        let place = self.place(file)?;
        let is_new = !self.files.is_there(&place);
        let mut open = self.files.open(&place, How::Further)?;
        let before = open.length()?;
        if let Err(error) = open.write(bytes) {
            // What was written of it would stand before the next append.
            return Err(match open.cut(before).and_then(|()| open.flush()) {
                Ok(()) => Failed::Write(error),
                Err(_) => Failed::Flush,
            });
        }
        flushed(open.flush())?;
        if is_new {
            flushed(self.files.flush_folder(&folder_of(&place)))?;
        }
        Ok(())
    }

    fn replace(&mut self, file: &str, bytes: &[u8]) -> Result<(), Failed> {
        let place = self.place(file)?;
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        let aside = place.with_file_name(format!("{UNFINISHED}{name}"));
        let mut open = self.files.open(&aside, How::Anew)?;
        if let Err(error) = open.write(bytes) {
            // The old file is as it was. What is left of the new one takes room, and the next boot removes it, too.
            let _ = self.files.remove(&aside);
            return Err(error.into());
        }
        flushed(open.flush())?;
        self.files.rename(&aside, &place)?;
        flushed(self.files.flush_folder(&folder_of(&place)))
    }

    fn truncate(&mut self, file: &str, len: u64) -> Result<(), Failed> {
        let place = self.root.join(file);
        if !self.files.is_there(&place) {
            return Ok(());
        }
        let mut open = self.files.open(&place, How::There)?;
        if open.length()? > len {
            open.cut(len)?;
        }
        flushed(open.flush())
    }

    fn remove(&mut self, file: &str) -> Result<(), Failed> {
        let place = self.root.join(file);
        if !self.files.is_there(&place) {
            return Ok(());
        }
        self.files.remove(&place)?;
        flushed(self.files.flush_folder(&folder_of(&place)))
    }

    /// The names of all files on it.
    ///
    /// # Errors
    /// As [`carry_out`](Self::carry_out).
    pub(crate) fn list(&mut self) -> Result<Vec<String>, DiskError> {
        match self.broken {
            true => Err(DiskError::Device),
            false => self.names("").map_err(|error| told(&error)),
        }
    }

    fn read_all(&mut self, prefix: &str) -> io::Result<BTreeMap<String, Vec<u8>>> {
        let mut found = BTreeMap::new();
        // What is in other folders is not this reader's.
        let folder = prefix.rfind('/').map_or("", |end| &prefix[..=end]);
        for name in self.names(folder)? {
            if name.starts_with(prefix) {
                let bytes = self.files.read(&self.root.join(&name))?;
                found.insert(name, bytes);
            }
        }
        Ok(found)
    }

    /// The names of all files below a folder, as nodes write them.
    fn names(&mut self, folder: &str) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        let listed = match self.files.list(&self.root.join(folder)) {
            // It was never made, or has been removed meanwhile.
            Err(why) if why.kind() == io::ErrorKind::NotFound && !folder.is_empty() => Vec::new(),
            listed => listed?,
        };
        for name in listed {
            let name = format!("{folder}{name}");
            match name.ends_with('/') {
                true => names.extend(self.names(&name)?),
                false => names.push(name),
            }
        }
        Ok(names)
    }
}

#[cfg(test)]
mod tests;
