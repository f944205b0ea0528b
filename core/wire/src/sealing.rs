//! ChaCha20-Poly1305 with the keys that are derived for it.

use chacha20poly1305::aead::inout::InOutBuf;
use chacha20poly1305::{AeadInOut, ChaCha20Poly1305, Key, KeyInit, Nonce, Tag};

use crate::envelope::{Header, TAG};
use crate::key::ClusterKey;
use crate::refused::TooLarge;

/// The bytes do not bear this seal: forged, damaged, or cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken;

/// What seals and opens for one purpose.
pub(crate) struct Sealing(ChaCha20Poly1305);

impl Sealing {
    /// For envelopes between two boots of two nodes on one network.
    pub(crate) fn of_envelope(key: &ClusterKey, header: &Header) -> Sealing {
        Sealing::of("quorate 2026-11 envelope", key, header, &[])
    }

    /// For the frames of one stream: `numbers` are the stream's at the sender and at the receiver.
    pub(crate) fn of_stream(key: &ClusterKey, header: &Header, numbers: [u64; 2]) -> Sealing {
        let [sender, receiver] = numbers.map(u64::to_le_bytes);
        let numbers: [&[u8]; 2] = [&sender, &receiver];
        Sealing::of("quorate 2026-11 stream", key, header, &numbers)
    }

    fn of(purpose: &str, key: &ClusterKey, header: &Header, more: &[&[u8]]) -> Sealing {
        let cluster = header.cluster.0.to_le_bytes();
        let network = header.network.0.to_le_bytes();
        let boots = [header.from_boot, header.to_boot].map(u64::to_le_bytes);
        let nodes = [header.from, header.to];
        let mut parts: Vec<&[u8]> = vec![&cluster, &network, &nodes, &boots[0], &boots[1]];
        parts.extend(more);
        let derived = key.derive(purpose, &parts);
        let derived: &Key = (&*derived).into();
        Sealing(ChaCha20Poly1305::new(derived))
    }

    /// Seals what stands in `bytes` from `start` on, and puts the tag behind it. `clear` is authenticated with it.
    pub(crate) fn seal(
        &self,
        nonce: [u8; 12],
        clear: &[u8],
        bytes: &mut Vec<u8>,
        start: usize,
    ) -> Result<(), TooLarge> {
        let nonce = Nonce::from(nonce);
        let (found, payload) = (bytes.len() - start, InOutBuf::from(&mut bytes[start..]));
        let sealed = self.0.encrypt_inout_detached(&nonce, clear, payload);
        // The cipher's own bound, 256 GB.
        let tag = sealed.map_err(|_| TooLarge { found, most: found })?;
        bytes.extend_from_slice(&tag);
        Ok(())
    }

    /// The payload in `sealed`, which ends with the tag.
    pub(crate) fn open(
        &self,
        nonce: [u8; 12],
        clear: &[u8],
        sealed: &[u8],
    ) -> Result<Vec<u8>, Broken> {
        let (payload, tag) = sealed.split_last_chunk::<TAG>().ok_or(Broken)?;
        let mut payload = payload.to_vec();
        let buffer = InOutBuf::from(payload.as_mut_slice());
        self.0
            .decrypt_inout_detached(&Nonce::from(nonce), clear, buffer, &Tag::from(*tag))
            .map_err(|_| Broken)?;
        Ok(payload)
    }
}
