//! What a node keeps on its machine.
//!
//! In the folder: `lock`, held while the node runs; `boot`, its incarnation; `disk`, the files of its system disk;
//! `journal` and `log`, what happened and what its services wrote; `group`, the number of the control group they ran in.

mod disk;
mod files;
mod writer;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::held::lock_within;

pub(crate) use disk::{Disk, Drive};
pub(crate) use files::{Files, How, SystemFiles, make_to_stay};
pub(crate) use writer::Writer;

/// Why a state folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// It, or a file in it, cannot be made, read or written.
    #[error("the state folder {folder} cannot be used: {what}: {why}")]
    Io {
        /// The folder.
        folder: PathBuf,
        /// What was tried.
        what: String,
        /// What the system says.
        why: io::Error,
    },
    /// Another process runs a node in it.
    #[error("the state folder {folder} is in use by process {holder}: a node runs in it")]
    InUse {
        /// The folder.
        folder: PathBuf,
        /// The process, as far as it says so.
        holder: String,
    },
    /// The file with the incarnation holds something else.
    #[error(
        "{file} holds {found:?} and not the number of this node's last start: a smaller one than the other nodes know would \
         make them take this node for its past; remove the file if the machine's clock is right"
    )]
    Boot {
        /// The file.
        file: PathBuf,
        /// What it holds.
        found: String,
    },
}

/// A state folder that this process has for itself.
#[derive(Debug)]
pub(crate) struct StateFolder {
    root: PathBuf,
    /// Held for as long as this is.
    _lock: File,
}

impl StateFolder {
    /// Makes the folder if it is missing, and takes its lock, which is waited for for so long.
    ///
    /// # Errors
    /// It cannot be used, or is in use.
    pub(crate) fn open(root: &Path, patience: Duration) -> Result<StateFolder, StateError> {
        let failed = |what: &str, why: io::Error| StateError::Io {
            folder: root.to_path_buf(),
            what: what.to_owned(),
            why,
        };
        make_to_stay(&mut SystemFiles, root).map_err(|why| failed("make it", why))?;
        for folder in ["journal", "log"] {
            fs::create_dir_all(root.join(folder)).map_err(|why| failed("make it", why))?;
        }
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(root.join("lock"))
            .map_err(|why| failed("open lock", why))?;
        let taken = lock_within(&lock, patience).map_err(|why| failed("lock it", why))?;
        if !taken {
            let mut holder = String::new();
            let _ = lock.read_to_string(&mut holder);
            let holder = match holder.trim() {
                "" => "unknown",
                known => known,
            };
            return Err(StateError::InUse {
                folder: root.to_path_buf(),
                holder: holder.to_owned(),
            });
        }
        lock.set_len(0)
            .and_then(|()| writeln!(lock, "{}", std::process::id()))
            .map_err(|why| failed("write lock", why))?;
        Ok(StateFolder {
            root: root.to_path_buf(),
            _lock: lock,
        })
    }

    /// Its place.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Keeps the number of the control group that services run in, for whoever clears up after a node that was killed.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn keep_group(&self, number: u64) -> Result<(), StateError> {
        let written = fs::write(self.root.join(GROUP), format!("{number}\n"));
        written.map_err(|why| StateError::Io {
            folder: self.root.clone(),
            what: "write group".to_owned(),
            why,
        })
    }

    /// The number of this start of the node, larger than that of any before, durable when this returns: also where the
    /// folder was restored from an old copy, as long as the clock is right.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub(crate) fn next_incarnation(
        &self,
        files: &mut dyn Files,
        unix_seconds: u64,
    ) -> Result<u64, StateError> {
        let file = self.root.join("boot");
        let failed = |what: &str, why: io::Error| StateError::Io {
            folder: self.root.clone(),
            what: what.to_owned(),
            why,
        };
        let stored = match files.is_there(&file) {
            false => 0,
            true => {
                let bytes = files.read(&file).map_err(|why| failed("read boot", why))?;
                let text = String::from_utf8_lossy(&bytes).trim().to_owned();
                text.parse::<u64>().map_err(|_| StateError::Boot {
                    file: file.clone(),
                    found: text,
                })?
            }
        };
        let next = stored.saturating_add(1).max(unix_seconds);
        let aside = self.root.join("boot.new");
        let mut write = || {
            let mut open = files.open(&aside, How::Anew)?;
            open.write(format!("{next}\n").as_bytes())?;
            open.flush()?;
            files.rename(&aside, &file)?;
            files.flush_folder(&self.root)
        };
        write().map_err(|why| failed("write boot", why))?;
        Ok(next)
    }
}

/// The file with the number of a control group.
const GROUP: &str = "group";

/// The number of the control group that the node with this state folder had last.
pub(crate) fn group_of(state: &Path) -> Option<u64> {
    let text = fs::read_to_string(state.join(GROUP)).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    const LITTLE: Duration = Duration::from_millis(20);

    #[test]
    fn a_folder_is_one_nodes_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let held = StateFolder::open(folder.path(), LITTLE).unwrap();
        let error = StateFolder::open(folder.path(), LITTLE).unwrap_err();
        let error = error.to_string();
        let me = std::process::id();
        assert!(
            error.ends_with(&format!("is in use by process {me}: a node runs in it")),
            "{error}"
        );
        drop(held);
        StateFolder::open(folder.path(), LITTLE).unwrap();
    }

    #[test]
    fn a_folder_whose_node_is_just_ending_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let held = StateFolder::open(folder.path(), LITTLE).unwrap();
        let place = folder.path().to_path_buf();
        let next = std::thread::spawn(move || {
            // Longer than anything here takes on any machine.
            StateFolder::open(&place, Duration::from_secs(30)).map(drop)
        });
        let lock = folder.path().join("lock");
        let waits = || {
            let open = fs::read_dir("/proc/self/fd").unwrap().flatten();
            let of_lock = open.filter(|it| fs::read_link(it.path()).is_ok_and(|it| it == lock));
            of_lock.count() == 2
        };
        // It has it open, and for a while after the first look.
        let mut since = Instant::now();
        while since.elapsed() < LITTLE {
            if !waits() {
                assert!(!next.is_finished(), "it does not wait");
                since = Instant::now();
            }
            std::thread::yield_now();
        }
        drop(held);
        next.join().unwrap().unwrap();
    }

    #[test]
    fn incarnations_only_grow_also_after_an_old_copy_was_restored() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateFolder::open(folder.path(), LITTLE).unwrap();
        let next = |seconds| state.next_incarnation(&mut SystemFiles, seconds).unwrap();
        assert_eq!([next(0), next(0)], [1, 2]);
        let copy = fs::read(folder.path().join("boot")).unwrap();
        assert_eq!([next(1_000), next(1_000), next(5)], [1_000, 1_001, 1_002]);
        fs::write(folder.path().join("boot"), copy).unwrap();
        assert_eq!(next(1_005), 1_005);
        fs::write(folder.path().join("boot"), "soon").unwrap();
        let error = state.next_incarnation(&mut SystemFiles, 1).unwrap_err();
        assert!(error.to_string().contains("holds \"soon\""), "{error}");
    }
}
