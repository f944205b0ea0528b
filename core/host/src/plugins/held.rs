//! An open file that survives its descriptor's being closed by a plugin.

use std::fs::File;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::os::unix::fs::MetadataExt;

/// An open file, and which one it is. A plugin that closes every descriptor of its process takes this one along: its number then
/// stands for no file or for somebody else's, and is not closed once more.
#[derive(Debug)]
pub struct Held {
    file: ManuallyDrop<File>,
    identity: Option<(u64, u64)>,
}

/// Which file an open one is: its device and number there.
fn identity(file: &File) -> Option<(u64, u64)> {
    let known = file.metadata().ok()?;
    Some((known.dev(), known.ino()))
}

impl Held {
    /// Holds an open file.
    pub fn new(file: File) -> Held {
        let identity = identity(&file);
        Held {
            file: ManuallyDrop::new(file),
            identity,
        }
    }

    /// Whether the descriptor still leads to the file.
    pub fn is_open(&self) -> bool {
        self.identity.is_some() && identity(&self.file) == self.identity
    }
}

impl Deref for Held {
    type Target = File;

    fn deref(&self) -> &File {
        &self.file
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.is_open() {
            // SAFETY: this is its end: nobody uses it afterwards.
            unsafe { ManuallyDrop::drop(&mut self.file) };
        }
    }
}
