//! A value as bytes, framed the same way on wire and disk: version, length, checksum, body.
//!
//! ```text
//! 0      version (1)
//! 1..5   length of the body, little-endian
//! 5..9   CRC-32 of bytes 0..5, little-endian
//! 9..13  CRC-32 of the body, little-endian
//! 13..   the body, in postcard's format
//! ```
//! The header has a checksum of its own, so that a damaged length is never mistaken for a torn end.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The version that this code writes and reads.
pub(crate) const VERSION: u8 = 1;
/// Bytes before the body.
pub(crate) const HEADER: usize = 13;

/// Why bytes could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodecError {
    /// Fewer bytes than the frame needs: for a file, its end was torn off.
    Short {
        /// Bytes needed.
        needed: usize,
        /// Bytes there.
        found: usize,
    },
    /// Written by another version of the format.
    Version {
        /// The version found.
        found: u8,
    },
    /// The header does not match its checksum.
    Header,
    /// The body does not match its checksum.
    Body,
    /// The checksums hold, but the body is not what is expected here.
    Content,
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short { needed, found } => {
                write!(f, "{needed} bytes are needed, {found} are there")
            }
            Self::Version { found } => {
                write!(
                    f,
                    "format version {found} is not the version {VERSION} that is read here"
                )
            }
            Self::Header => write!(f, "the header's checksum does not match"),
            Self::Body => write!(f, "the body's checksum does not match"),
            Self::Content => write!(f, "the checksums match, but the content is of another kind"),
        }
    }
}

impl std::error::Error for CodecError {}

pub(crate) fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    framed(&postcard::to_allocvec(value).unwrap_or_default())
}

/// How many bytes [`encode`] gives.
pub(crate) fn size<T: Serialize>(value: &T) -> usize {
    HEADER + postcard::experimental::serialized_size(value).unwrap_or_default()
}

/// A body in its frame.
pub(crate) fn framed(body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + body.len());
    bytes.push(VERSION);
    bytes.extend_from_slice(&u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes());
    let crc = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&crc.to_le_bytes());
    bytes.extend_from_slice(&crc32fast::hash(body).to_le_bytes());
    bytes.extend_from_slice(body);
    bytes
}

fn word(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}

/// The body of the frame at the start of `bytes`, and where the frame ends.
pub(crate) fn frame(bytes: &[u8]) -> Result<(&[u8], usize), CodecError> {
    if bytes.len() < HEADER {
        return Err(CodecError::Short {
            needed: HEADER,
            found: bytes.len(),
        });
    }
    if crc32fast::hash(&bytes[..5]) != word(bytes, 5) {
        return Err(CodecError::Header);
    }
    if bytes[0] != VERSION {
        return Err(CodecError::Version { found: bytes[0] });
    }
    let end = HEADER.saturating_add(word(bytes, 1) as usize);
    let Some(body) = bytes.get(HEADER..end) else {
        return Err(CodecError::Short {
            needed: end,
            found: bytes.len(),
        });
    };
    if crc32fast::hash(body) != word(bytes, 9) {
        return Err(CodecError::Body);
    }
    Ok((body, end))
}

pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    let (body, _) = frame(bytes)?;
    postcard::from_bytes(body).map_err(|_| CodecError::Content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(value: Vec<u32>) {
            prop_assert_eq!(decode::<Vec<u32>>(&encode(&value)), Ok(value));
        }

        #[test]
        fn any_bytes_are_an_answer_and_never_a_panic(bytes: Vec<u8>) {
            let _ = decode::<Vec<u32>>(&bytes);
        }

        #[test]
        fn a_flipped_bit_is_never_read_as_a_value(value: Vec<u32>, at: prop::sample::Index, bit in 0..8_u32) {
            let mut bytes = encode(&value);
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            prop_assert!(decode::<Vec<u32>>(&bytes).is_err());
        }
    }

    #[test]
    fn nothing_is_a_value_as_long_as_its_header() {
        let bytes = encode(&());
        assert_eq!(bytes.len(), HEADER);
        assert_eq!(decode::<()>(&bytes), Ok(()));
        let short = CodecError::Short {
            needed: HEADER,
            found: HEADER - 1,
        };
        assert_eq!(decode::<()>(&bytes[1..]), Err(short));
    }
}
