//! The node's end of the wire, which the threads that send and receive share.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};
use quorate_model::NodeId;
use quorate_wire::{ClusterId, KeyRing, Wire};

/// The wire of the present boot.
#[derive(Clone, Debug)]
pub(crate) struct Sealed(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    wire: Wire,
    cluster: ClusterId,
    me: NodeId,
    /// What the wires of earlier boots have counted.
    before: BTreeMap<&'static str, u64>,
}

/// The wire, for as long as this is held.
pub(super) struct Held<'a>(MutexGuard<'a, Inner>);

impl Held<'_> {
    pub(super) fn wire(&mut self) -> &mut Wire {
        &mut self.0.wire
    }
}

impl Sealed {
    /// For a node of this cluster, in its first boot.
    pub(crate) fn new(ring: KeyRing, cluster: &str, me: NodeId, boot: NonZeroU64) -> Sealed {
        let cluster = ClusterId::of_name(cluster);
        Sealed(Arc::new(Mutex::new(Inner {
            wire: Wire::new(ring, cluster, me.0, boot),
            cluster,
            me,
            before: BTreeMap::new(),
        })))
    }

    /// The node starts anew: nothing that was made for an earlier boot is taken any more.
    pub(crate) fn boot(&self, boot: NonZeroU64) {
        let mut inner = self.0.lock();
        let (ring, cluster, me) = (inner.wire.ring().clone(), inner.cluster, inner.me);
        for (name, count) in inner.wire.counts().each() {
            *inner.before.entry(name).or_default() += count;
        }
        inner.wire = Wire::new(ring, cluster, me.0, boot);
    }

    /// Goes by other keys from now on.
    pub(crate) fn set_ring(&self, ring: KeyRing) {
        self.0.lock().wire.set_ring(ring);
    }

    /// Its keys by their fingerprints: the one that it seals with, and then the other that it takes.
    pub(crate) fn keys(&self) -> Vec<String> {
        let inner = self.0.lock();
        let ring = inner.wire.ring();
        let keys = [ring.sealing()].into_iter().chain(ring.other());
        keys.map(|key| key.fingerprint().to_string()).collect()
    }

    pub(super) fn hold(&self) -> Held<'_> {
        Held(self.0.lock())
    }

    /// What was counted since the process began, by names; what never was is left out.
    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        let inner = self.0.lock();
        let counts = inner.wire.counts().each().into_iter();
        let all = counts.map(|(name, count)| {
            let before = inner.before.get(name).copied().unwrap_or_default();
            (name.to_owned(), before + count)
        });
        all.filter(|(_, count)| *count > 0).collect()
    }
}
