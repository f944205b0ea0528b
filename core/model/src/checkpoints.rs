//! What a resource has stored to follow it to its next owner.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The most bytes (of UTF-8) that a checkpoint's key may have.
pub const CHECKPOINT_KEY_MAX: usize = 255;
/// The most bytes of one checkpoint: every node keeps it in its database, and it travels in one update.
pub const CHECKPOINT_BYTES_MAX: usize = 16 * 1_024;
/// The most checkpoints of one resource.
pub const CHECKPOINTS_MAX: usize = 16;

/// The checkpoints of one resource by key, never more or longer than the limits allow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Checkpoints(BTreeMap<String, Vec<u8>>);

/// Why a checkpoint is not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CheckpointError {
    /// The key is empty, or longer than [`CHECKPOINT_KEY_MAX`].
    #[error(
        "a checkpoint's key has 1 to {CHECKPOINT_KEY_MAX} bytes, this one has {found}: choose {}",
        if *.found == 0 { "one" } else { "a shorter one" }
    )]
    Key {
        /// How many bytes it has.
        found: usize,
    },
    /// More bytes than [`CHECKPOINT_BYTES_MAX`].
    #[error(
        "checkpoint `{key}` has {found} bytes and may have {CHECKPOINT_BYTES_MAX}: keep what is larger on a disk of \
         the group"
    )]
    TooLong {
        /// The checkpoint's key.
        key: String,
        /// How many bytes it has.
        found: usize,
    },
    /// One more than [`CHECKPOINTS_MAX`].
    #[error(
        "checkpoint `{key}` would be one more than the {CHECKPOINTS_MAX} that a resource may have: take one away (store \
         no bytes under its key) first"
    )]
    TooMany {
        /// The key of the one too many.
        key: String,
    },
}

impl Checkpoints {
    /// The bytes stored under `key`; never empty.
    pub fn get(&self, key: &str) -> Option<&[u8]> {
        self.0.get(key).map(Vec::as_slice)
    }

    /// Stores `bytes` under `key`; without any bytes it takes away what is there.
    ///
    /// # Errors
    ///
    /// On a breach of a limit. Nothing is changed then.
    pub fn set(&mut self, key: &str, bytes: &[u8]) -> Result<(), CheckpointError> {
        if key.is_empty() || key.len() > CHECKPOINT_KEY_MAX {
            return Err(CheckpointError::Key { found: key.len() });
        }
        if bytes.is_empty() {
            self.0.remove(key);
            return Ok(());
        }
        let key = key.to_owned();
        if bytes.len() > CHECKPOINT_BYTES_MAX {
            let found = bytes.len();
            return Err(CheckpointError::TooLong { key, found });
        }
        if self.0.len() >= CHECKPOINTS_MAX && !self.0.contains_key(&key) {
            return Err(CheckpointError::TooMany { key });
        }
        self.0.insert(key, bytes.to_owned());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_holds_and_what_is_refused_changes_nothing() {
        let mut kept = Checkpoints::default();
        let longest = "k".repeat(CHECKPOINT_KEY_MAX);
        kept.set(&longest, &vec![1; CHECKPOINT_BYTES_MAX]).unwrap();
        for number in 1..CHECKPOINTS_MAX {
            kept.set(&number.to_string(), &[1]).unwrap();
        }
        let before = kept.clone();
        let refused = |kept: &mut Checkpoints, key: &str, bytes: &[u8]| {
            kept.set(key, bytes).unwrap_err().to_string()
        };
        let text = refused(&mut kept, "", &[1]);
        assert!(text.contains("1 to 255 bytes, this one has 0"), "{text}");
        let text = refused(&mut kept, &format!("{longest}k"), &[1]);
        assert!(text.contains("this one has 256"), "{text}");
        let text = refused(&mut kept, "1", &vec![1; CHECKPOINT_BYTES_MAX + 1]);
        assert!(
            text.contains("has 16385 bytes and may have 16384"),
            "{text}"
        );
        let text = refused(&mut kept, "one more", &[1]);
        assert!(text.contains("the 16 that a resource may have"), "{text}");
        assert_eq!(kept, before);
        kept.set("1", &[2]).unwrap();
        assert_eq!(kept.get("1"), Some(&[2][..]), "another in its place");
        kept.set("1", &[]).unwrap();
        assert_eq!(kept.get("1"), None);
        kept.set("one more", &[1]).unwrap();
    }
}
