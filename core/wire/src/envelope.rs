//! The envelope: what stands around a sealed message, in clear and authenticated.
//!
//! ```text
//! 0       version: 1
//! 1       kind: 0 message, 1 challenge, 2 stream, 3 stream's answer
//! 2       sender, 3 receiver: node numbers
//! 4..12   fingerprint of the key
//! 12..20  cluster
//! 20..24  network
//! 24..32  sender's boot
//! 32..40  receiver's boot; 0: the sender does not know it
//! 40..48  counter
//! 48..    the sealed payload, and 16 bytes of tag
//! ```
//! Numbers are little-endian.

use crate::ids::{ClusterId, NetworkId};
use crate::key::Fingerprint;

/// The version that is written and read.
pub const VERSION: u8 = 1;
/// Bytes of the header.
pub(crate) const HEADER: usize = 48;
/// Bytes of the seal's tag.
pub(crate) const TAG: usize = 16;
/// Bytes that an envelope adds to its payload.
pub const ENVELOPE: usize = HEADER + TAG;
/// Bytes that a datagram carries at most: with envelope, UDP and IP around them they fit an Ethernet frame. What is longer
/// goes by stream.
pub const DATAGRAM_MAX: usize = 1_400;

/// What an envelope is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A message; with receiver's boot 0 a hello, which carries nothing and asks for that boot.
    Message,
    /// The answer to a hello, and to a message for an earlier boot. Its sender's boot is what it says.
    Challenge,
    /// The first bytes of a stream: the counter is the stream's number at the end that sends.
    Stream,
    /// The answer: the counter is the stream's number at this end, the payload the other end's number.
    StreamAnswer,
}

impl Kind {
    fn from_byte(byte: u8) -> Option<Kind> {
        Some(match byte {
            0 => Kind::Message,
            1 => Kind::Challenge,
            2 => Kind::Stream,
            3 => Kind::StreamAnswer,
            _ => return None,
        })
    }

    fn byte(self) -> u8 {
        match self {
            Kind::Message => 0,
            Kind::Challenge => 1,
            Kind::Stream => 2,
            Kind::StreamAnswer => 3,
        }
    }
}

/// The header of an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) kind: Kind,
    pub(crate) from: u8,
    pub(crate) to: u8,
    pub(crate) key: Fingerprint,
    pub(crate) cluster: ClusterId,
    pub(crate) network: NetworkId,
    pub(crate) from_boot: u64,
    pub(crate) to_boot: u64,
    pub(crate) counter: u64,
}

/// Why bytes have no header of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoHeader {
    Version(u8),
    /// Nobody who has the key writes this.
    Nonsense,
}

impl Header {
    pub(crate) fn bytes(&self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[0] = VERSION;
        bytes[1] = self.kind.byte();
        bytes[2] = self.from;
        bytes[3] = self.to;
        bytes[4..12].copy_from_slice(&self.key.0);
        bytes[12..20].copy_from_slice(&self.cluster.0.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.network.0.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.from_boot.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.to_boot.to_le_bytes());
        bytes[40..48].copy_from_slice(&self.counter.to_le_bytes());
        bytes
    }

    pub(crate) fn read(bytes: &[u8; HEADER]) -> Result<Header, NoHeader> {
        if bytes[0] != VERSION {
            return Err(NoHeader::Version(bytes[0]));
        }
        let header = Header {
            kind: Kind::from_byte(bytes[1]).ok_or(NoHeader::Nonsense)?,
            from: bytes[2],
            to: bytes[3],
            key: Fingerprint(number(bytes, 4)),
            cluster: ClusterId(u64::from_le_bytes(number(bytes, 12))),
            network: NetworkId(u32::from_le_bytes(number(bytes, 20))),
            from_boot: u64::from_le_bytes(number(bytes, 24)),
            to_boot: u64::from_le_bytes(number(bytes, 32)),
            counter: u64::from_le_bytes(number(bytes, 40)),
        };
        match header.from_boot {
            0 => Err(NoHeader::Nonsense),
            _ => Ok(header),
        }
    }

    /// What the seal is made with once and never again, beside its key: that is bound to the two nodes, their boots and the
    /// network.
    pub(crate) fn nonce(&self) -> [u8; 12] {
        let mut nonce = [0; 12];
        nonce[0] = self.kind.byte();
        nonce[4..].copy_from_slice(&self.counter.to_le_bytes());
        nonce
    }
}

fn number<const BYTES: usize>(bytes: &[u8; HEADER], at: usize) -> [u8; BYTES] {
    let mut number = [0; BYTES];
    number.copy_from_slice(&bytes[at..at + BYTES]);
    number
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_header_is_the_same_when_written_anew(bytes in any::<[u8; HEADER]>(), kind in 0..6_u8, version in 0..3_u8) {
            let mut bytes = bytes;
            (bytes[0], bytes[1]) = (version, kind);
            let boot = bytes[24..32].iter().any(|byte| *byte != 0);
            match Header::read(&bytes) {
                Ok(header) => prop_assert_eq!(header.bytes(), bytes),
                Err(NoHeader::Version(found)) => prop_assert!(found == version && version != VERSION),
                Err(NoHeader::Nonsense) => prop_assert!(kind > 3 || !boot),
            }
        }
    }
}
