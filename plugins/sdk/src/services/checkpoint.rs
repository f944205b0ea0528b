//! `quorate.checkpoint/1`: bytes that follow the resource to its next owner.

use quorate_abi::QrCheckpoint;

use crate::raw::{answer, entry, outcome, text};
use crate::{Context, Error};

/// Bytes under a key that follow the resource to its next owner. They are part of the cluster database.
///
/// A key has 1 to 255 bytes ([`CHECKPOINT_KEY_MAX`](quorate_abi::CHECKPOINT_KEY_MAX)), a checkpoint at most 16,384
/// ([`CHECKPOINT_BYTES_MAX`](quorate_abi::CHECKPOINT_BYTES_MAX)), and a resource at most 16 of them
/// ([`CHECKPOINTS_MAX`](quorate_abi::CHECKPOINTS_MAX)).
#[derive(Clone, Copy, Debug)]
pub struct Checkpoint<'a> {
    ctx: &'a Context,
    key: &'a str,
}

impl<'a> Checkpoint<'a> {
    pub(crate) fn new(ctx: &'a Context, key: &'a str) -> Self {
        Checkpoint { ctx, key }
    }

    /// Stores the bytes; without any it removes what is stored.
    ///
    /// The next owner has everything that was stored before an orderly offline. After a crash of the node the last
    /// bytes may be lost, since the cluster needs a few writes and messages to commit them.
    ///
    /// # Errors
    /// `ERROR_INVALID_PARAMETER` beyond a limit; other errors of the host.
    pub fn save(&self, bytes: &[u8]) -> Result<(), Error> {
        let save = entry!(self.ctx.tables.checkpoint, QrCheckpoint, save)?;
        // SAFETY: the host's function with the instance it gave; text and bytes live for the call.
        let code = unsafe {
            save(
                self.ctx.instance(),
                text(self.key),
                bytes.as_ptr(),
                bytes.len() as u64,
            )
        };
        outcome(code, || {
            format!(
                "save {} bytes as checkpoint `{}` (16 of 16384 bytes at most, with keys of 1 to 255)",
                bytes.len(),
                self.key
            )
        })
    }

    /// The bytes that were stored last; `None` if there are none. A new owner gets the previous owner's bytes before
    /// `online`; in `open` there may be none, or old ones.
    ///
    /// # Errors
    /// Any error of the host.
    pub fn load(&self) -> Result<Option<Vec<u8>>, Error> {
        let load = entry!(self.ctx.tables.checkpoint, QrCheckpoint, load)?;
        let bytes = answer(
            || format!("load checkpoint `{}`", self.key),
            // SAFETY: as in `save`; the buffer lives for the call.
            |buffer, len, needed| unsafe {
                load(self.ctx.instance(), text(self.key), buffer, len, needed)
            },
        );
        match bytes {
            Err(error) if error.is_not_found() => Ok(None),
            other => other.map(Some),
        }
    }
}
