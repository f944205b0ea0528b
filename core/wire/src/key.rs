//! The secret that the nodes of a cluster share.

use std::fmt;

use zeroize::{Zeroize, Zeroizing};

/// Bytes of a cluster key.
pub(crate) const KEY: usize = 32;

/// The system gave no random bytes, so no key was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random bytes ({0}); no key was made")]
pub struct NoRandomness(getrandom::Error);

/// The secret of a cluster: whoever has it can speak for every node of it.
///
/// It is wiped from memory when it is dropped, compared in constant time, and never printed: `Debug` gives the fingerprint.
#[derive(Clone)]
pub struct ClusterKey {
    /// On the heap, so that moving the key leaves no copy behind.
    bytes: Box<[u8; KEY]>,
    fingerprint: Fingerprint,
}

impl ClusterKey {
    /// A new key, from the system's randomness.
    pub fn generate() -> Result<ClusterKey, NoRandomness> {
        let mut bytes = Box::new([0; KEY]);
        getrandom::fill(bytes.as_mut_slice()).map_err(NoRandomness)?;
        Ok(ClusterKey::from_box(bytes))
    }

    /// The key with these bytes. What they were copied from is the caller's to wipe.
    pub fn from_bytes(bytes: &[u8; KEY]) -> ClusterKey {
        ClusterKey::from_box(Box::new(*bytes))
    }

    fn from_box(bytes: Box<[u8; KEY]>) -> ClusterKey {
        let digest = blake3::derive_key("quorate 2026-11 cluster key fingerprint", &*bytes);
        let mut fingerprint = [0; 8];
        fingerprint.copy_from_slice(&digest[..8]);
        ClusterKey {
            bytes,
            fingerprint: Fingerprint(fingerprint),
        }
    }

    /// What names the key in logs and on the wire, and tells nothing of it.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    pub(crate) fn bytes(&self) -> &[u8; KEY] {
        &self.bytes
    }

    /// A key for one purpose, bound to all of `parts`. The parts of one purpose have the same lengths always.
    pub(crate) fn derive(&self, purpose: &str, parts: &[&[u8]]) -> Zeroizing<[u8; KEY]> {
        let mut hasher = blake3::Hasher::new_derive_key(purpose);
        hasher.update(&*self.bytes);
        for part in parts {
            hasher.update(part);
        }
        let mut derived = Zeroizing::new([0; KEY]);
        let mut output = hasher.finalize_xof();
        output.fill(derived.as_mut_slice());
        output.zeroize();
        hasher.zeroize();
        derived
    }
}

impl Drop for ClusterKey {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl PartialEq for ClusterKey {
    fn eq(&self, other: &ClusterKey) -> bool {
        // The fingerprints are no secret. The bytes are, and such hashes are compared in constant time.
        self.fingerprint == other.fingerprint
            && blake3::hash(&*self.bytes) == blake3::hash(&*other.bytes)
    }
}

impl Eq for ClusterKey {}

impl fmt::Debug for ClusterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClusterKey({})", self.fingerprint)
    }
}

/// Names a key without telling anything of it: 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fingerprint(pub(crate) [u8; 8]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::ClusterKey;

    #[test]
    fn a_key_shows_its_fingerprint_and_nothing_else() {
        let key = ClusterKey::from_bytes(&[0xab; 32]);
        let shown = format!("{key:?} {key:#?} {:?}", key.fingerprint());
        assert!(!shown.to_lowercase().contains("abab"), "{shown}");
        assert!(
            shown.contains(&key.fingerprint().to_string()) && !shown.contains("171"),
            "{shown}"
        );
    }

    #[test]
    fn keys_are_the_same_by_their_bytes() {
        let key = ClusterKey::from_bytes(&[7; 32]);
        assert_eq!(key, key.clone());
        let mut other = [7; 32];
        other[31] ^= 1;
        let other = ClusterKey::from_bytes(&other);
        assert_ne!(key, other);
        assert_ne!(key.fingerprint(), other.fingerprint());
        assert_ne!(
            ClusterKey::generate().unwrap(),
            ClusterKey::generate().unwrap()
        );
    }

    #[test]
    fn a_derived_key_is_bound_to_its_purpose_and_to_every_part() {
        let key = ClusterKey::from_bytes(&[7; 32]);
        let derived = key.derive("a", &[&[1, 2], &[3]]);
        assert_eq!(derived, key.derive("a", &[&[1, 2], &[3]]));
        assert_ne!(derived, key.derive("b", &[&[1, 2], &[3]]));
        assert_ne!(derived, key.derive("a", &[&[1, 2], &[4]]));
        let other = ClusterKey::from_bytes(&[8; 32]);
        assert_ne!(derived, other.derive("a", &[&[1, 2], &[3]]));
    }
}
