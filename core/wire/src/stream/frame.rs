//! The frames of a stream, once its key is known.

use crate::envelope::TAG;
use crate::key::Fingerprint;
use crate::refused::{Refused, TooLarge};
use crate::sealing::Sealing;
use crate::wire::Wire;

/// Bytes that a message on a stream has at most: 16 MB.
pub const STREAM_MAX: usize = 16 * 1024 * 1024;
/// Bytes of a frame's length.
const LENGTH: usize = 4;

/// The frames of one stream, in order, at either end.
pub(super) struct Frames {
    pub(super) sealing: Sealing,
    /// The node at the other end, and its boot.
    pub(super) peer: u8,
    pub(super) peer_boot: u64,
    /// This node's boot when the stream began. A driver may start a node again and still have its streams.
    pub(super) our_boot: u64,
    /// The cluster key beneath: when that goes, the stream goes.
    pub(super) key: Fingerprint,
    /// The number of the next frame.
    pub(super) next: u64,
}

impl Frames {
    fn nonce(&self) -> [u8; 12] {
        let mut nonce = [0; 12];
        nonce[4..].copy_from_slice(&self.next.to_le_bytes());
        nonce
    }

    /// Whether the stream may go on: its key is still accepted, and neither node has started again since.
    pub(super) fn stands(&self, wire: &Wire) -> Result<(), Refused> {
        let (from, found) = (self.peer, self.key);
        let key = wire.ring().find(found);
        key.ok_or(Refused::ForeignKey { from, found })?;
        wire.present(from, self.our_boot)?;
        wire.current(from, self.peer_boot)
    }

    pub(super) fn seal(&mut self, payload: &[u8]) -> Result<Vec<u8>, TooLarge> {
        let (found, most) = (payload.len(), STREAM_MAX);
        let length = u32::try_from(found + TAG).ok().filter(|_| found <= most);
        let length = length.ok_or(TooLarge { found, most })?.to_le_bytes();
        let mut bytes = Vec::with_capacity(LENGTH + found + TAG);
        bytes.extend_from_slice(&length);
        bytes.extend_from_slice(payload);
        self.sealing
            .seal(self.nonce(), &length, &mut bytes, LENGTH)?;
        self.next += 1;
        Ok(bytes)
    }

    /// The message in the frame at the start of `bytes`, and how many bytes that is; nothing while some are missing. `most` is
    /// what a message may have here.
    pub(super) fn open(
        &mut self,
        bytes: &[u8],
        most: usize,
    ) -> Result<Option<(Vec<u8>, usize)>, Refused> {
        let from = self.peer;
        let Some((length, rest)) = bytes.split_first_chunk::<LENGTH>() else {
            return Ok(None);
        };
        let found = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let Some(payload) = found.checked_sub(TAG) else {
            let needed = TAG;
            return Err(Refused::Truncated { found, needed });
        };
        if payload > most {
            let found = payload;
            return Err(Refused::Oversized { found, most });
        }
        let Some(sealed) = rest.get(..found) else {
            return Ok(None);
        };
        let opened = self.sealing.open(self.nonce(), length, sealed);
        let payload = opened.map_err(|_| Refused::Forged { from })?;
        self.next += 1;
        Ok(Some((payload, LENGTH + found)))
    }
}
