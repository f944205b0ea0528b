//! The keys that a node has: one, or two while one takes the place of the other.

use crate::key::{ClusterKey, Fingerprint, NoRandomness};

/// Where a ring stands while a key is replaced.
///
/// Every node that is a step ahead of or behind another understands it, in both directions. So a running cluster is never cut,
/// whatever the order in which the nodes get a new file, as long as *all* have one before the next is made:
///
/// 1. [`RotationStep::Announced`]: the next key is accepted; the one in use still seals.
/// 2. [`RotationStep::Replaced`]: the next key seals; the one that was in use is still accepted.
/// 3. [`RotationStep::Alone`]: the old key is gone. Whoever has only that one is cut off from here on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotationStep {
    /// One key: it seals, and nothing else is accepted.
    Alone,
    /// The next key is accepted already.
    Announced,
    /// The former key is accepted still.
    Replaced,
}

/// The two keys of a ring are the same one: nothing would be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key {0} cannot take its own place: the next key must be another")]
pub struct SameKey(pub Fingerprint);

/// Why a ring did not come to its next step. It is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RotateError {
    /// No key was made.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The key that was made is the one in use.
    #[error(transparent)]
    SameKey(#[from] SameKey),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Second {
    Next(ClusterKey),
    Old(ClusterKey),
}

/// The keys that a node has: the one that seals, and perhaps another that is accepted as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRing {
    sealing: ClusterKey,
    second: Option<Second>,
}

impl KeyRing {
    /// A ring of one key.
    pub fn new(key: ClusterKey) -> KeyRing {
        KeyRing {
            sealing: key,
            second: None,
        }
    }

    pub(crate) fn second(&self) -> Option<&Second> {
        self.second.as_ref()
    }

    pub(crate) fn with(sealing: ClusterKey, second: Second) -> Result<KeyRing, SameKey> {
        let (Second::Next(other) | Second::Old(other)) = &second;
        // Keys are told apart by their fingerprints on the wire.
        if other.fingerprint() == sealing.fingerprint() {
            return Err(SameKey(other.fingerprint()));
        }
        Ok(KeyRing {
            sealing,
            second: Some(second),
        })
    }

    /// The ring of the next step. `fresh` gives the key that is announced, where this is the step that needs one:
    /// [`ClusterKey::generate`].
    pub fn rotate(
        &self,
        fresh: impl FnOnce() -> Result<ClusterKey, NoRandomness>,
    ) -> Result<KeyRing, RotateError> {
        let in_use = self.sealing.clone();
        Ok(match &self.second {
            None => KeyRing::with(in_use, Second::Next(fresh()?))?,
            Some(Second::Next(next)) => KeyRing::with(next.clone(), Second::Old(in_use))?,
            Some(Second::Old(_)) => KeyRing::new(in_use),
        })
    }

    /// Where the ring stands.
    pub fn step(&self) -> RotationStep {
        match &self.second {
            None => RotationStep::Alone,
            Some(Second::Next(_)) => RotationStep::Announced,
            Some(Second::Old(_)) => RotationStep::Replaced,
        }
    }

    /// The key that seals.
    pub fn sealing(&self) -> &ClusterKey {
        &self.sealing
    }

    /// The key that is accepted besides, if there is one.
    pub fn other(&self) -> Option<&ClusterKey> {
        self.second
            .as_ref()
            .map(|(Second::Next(key) | Second::Old(key))| key)
    }

    /// The key with this fingerprint.
    pub fn find(&self, fingerprint: Fingerprint) -> Option<&ClusterKey> {
        let mut keys = [Some(&self.sealing), self.other()].into_iter().flatten();
        keys.find(|key| key.fingerprint() == fingerprint)
    }
}
