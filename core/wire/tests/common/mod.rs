//! What the tests of this folder share: keys, rings and wires that are the same in every run.
#![allow(clippy::unwrap_used, dead_code)]

use std::num::NonZeroU64;

use quorate_wire::{ClusterId, ClusterKey, KeyRing, NetworkId, Opened, Wire};

pub(crate) const CLUSTER: ClusterId = ClusterId(0x4d41_494c);
pub(crate) const NETWORKS: [NetworkId; 2] = [NetworkId(10), NetworkId(20)];
pub(crate) const PUBLIC: NetworkId = NETWORKS[0];

pub(crate) fn key(number: u8) -> ClusterKey {
    ClusterKey::from_bytes(&[number; 32])
}

/// The ring after so many steps of rotation. Key 1 is the first, and each that is announced has the next number.
pub(crate) fn ring(steps: u8) -> KeyRing {
    let mut ring = KeyRing::new(key(1));
    let mut number = 1;
    for _ in 0..steps {
        ring = ring
            .rotate(|| {
                number += 1;
                Ok(key(number))
            })
            .unwrap();
    }
    ring
}

pub(crate) fn boot(number: u64) -> NonZeroU64 {
    NonZeroU64::new(number).unwrap()
}

pub(crate) fn wire(me: u8, at: u64) -> Wire {
    Wire::new(ring(0), CLUSTER, me, boot(at))
}

/// Two nodes that know each other: 1 in boot 100, 2 in boot 200.
pub(crate) fn two() -> (Wire, Wire) {
    let (mut one, mut two) = (wire(1, 100), wire(2, 200));
    exchange(&mut one, &mut two);
    (one, two)
}

/// Says `payload` and gives what the other end makes of it.
pub(crate) fn say(from: &mut Wire, to: &mut Wire, payload: &[u8]) -> Opened {
    let datagram = from.seal(to.me(), PUBLIC, payload).unwrap();
    to.open(PUBLIC, &datagram).unwrap()
}

/// One exchange, after which each carries to the other.
pub(crate) fn exchange(one: &mut Wire, two: &mut Wire) {
    if let Opened::Challenge { answer, .. } = say(one, two, b"lost") {
        let met = one.open(PUBLIC, &answer).unwrap();
        let (from, boot) = (two.me(), two.boot());
        assert_eq!(met, Opened::Met { from, boot });
    }
    carries(one, two);
    carries(two, one);
}

pub(crate) fn carries(from: &mut Wire, to: &mut Wire) {
    let expected = Opened::Message {
        from: from.me(),
        boot: from.boot(),
        payload: b"carried".to_vec(),
    };
    assert_eq!(say(from, to, b"carried"), expected);
}

/// All that a wire knows but its counts, as text.
pub(crate) fn state(wire: &Wire) -> String {
    let shown = format!("{wire:?}");
    let (state, counts) = shown.split_once(", counts: ").unwrap();
    assert!(counts.starts_with("Counts"));
    state.to_owned()
}
