//! Private copies of libraries that keep their names, for debuggers.

use parking_lot::Mutex;
use tempfile::NamedTempFile;

/// The copies, while somebody wants them to stay.
static COPIES: Mutex<Option<Vec<NamedTempFile>>> = Mutex::new(None);

/// While it is held, one at a time, the files of private copies of libraries stay where they are, where a debugger finds the symbols
/// and the frames that it shows. Otherwise a copy's file is deleted as soon as the library is mapped.
#[derive(Debug)]
pub struct KeptCopies(());

impl KeptCopies {
    /// Copies stay from now on.
    #[must_use]
    pub fn begin() -> KeptCopies {
        COPIES.lock().get_or_insert_default();
        KeptCopies(())
    }
}

impl Drop for KeptCopies {
    fn drop(&mut self) {
        COPIES.lock().take();
    }
}

/// Whether copies stay, and are looked into.
pub(super) fn stay() -> bool {
    COPIES.lock().is_some()
}

/// Keeps a copy, or deletes it.
pub(super) fn keep(copy: NamedTempFile) {
    if let Some(kept) = &mut *COPIES.lock() {
        kept.push(copy);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_a_copy_stays_for_a_debugger_and_no_longer() {
        let copy = || NamedTempFile::new().unwrap();
        let kept = KeptCopies::begin();
        let stays = copy();
        let path = stays.path().to_owned();
        keep(stays);
        assert!(path.exists());
        drop(kept);
        assert!(!path.exists());
        let goes = copy();
        let path = goes.path().to_owned();
        keep(goes);
        assert!(!path.exists());
    }
}
