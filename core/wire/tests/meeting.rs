//! Nodes that meet, start again and lose each other's datagrams: what honest nodes say arrives, and each refusal has its
//! reason.
#![allow(clippy::unwrap_used)]

mod common;

use common::{
    CLUSTER, NETWORKS, PUBLIC, boot, carries, exchange, key, ring, say, state, two, wire,
};
use proptest::prelude::*;
use quorate_wire::{
    ClusterId, Counts, DATAGRAM_MAX, ENVELOPE, KeyRing, Opened, Refused, TooLarge, Wire,
};

#[test]
fn a_hello_carries_nothing_and_is_answered_by_the_boot() {
    let (mut one, mut two) = (wire(1, 100), wire(2, 200));
    let hello = one.seal(2, PUBLIC, b"secret").unwrap();
    assert_eq!(hello.len(), ENVELOPE);
    let Opened::Challenge {
        from,
        meant,
        answer,
    } = two.open(PUBLIC, &hello).unwrap()
    else {
        panic!("no challenge");
    };
    assert_eq!((from, meant, answer.len()), (1, 0, ENVELOPE));
    assert_eq!((two.knows(1), two.counts().hellos), (None, 1));
    let met = one.open(PUBLIC, &answer).unwrap();
    assert_eq!(met, Opened::Met { from: 2, boot: 200 });
    carries(&mut one, &mut two);
    // Who was carried to has learnt the boot as well.
    assert_eq!(two.knows(1), Some(100));
    carries(&mut two, &mut one);
    assert_eq!((one.counts().refused(), two.counts().refused()), (0, 0));
}

#[test]
fn traffic_flows_after_one_exchange_whoever_started_again() {
    for restarts in [vec![1], vec![2], vec![1, 2], vec![2, 1]] {
        for first in [1, 2] {
            let (mut one, mut two) = two();
            for node in &restarts {
                match node {
                    1 => one = wire(1, one.boot() + 1),
                    _ => two = wire(2, two.boot() + 1),
                }
            }
            match first {
                1 => exchange(&mut one, &mut two),
                _ => exchange(&mut two, &mut one),
            }
        }
    }
}

#[test]
fn nothing_that_was_recorded_before_a_restart_is_delivered_after_it() {
    let (mut one, mut two) = two();
    let withheld = one.seal(2, PUBLIC, b"goodbye").unwrap();
    let hello = wire(1, 100).seal(2, PUBLIC, b"").unwrap();
    two = Wire::new(ring(0), CLUSTER, 2, boot(two.boot() + 1));
    // The receiver has started again, and the sender does not know it.
    let opened = two.open(PUBLIC, &withheld).unwrap();
    assert!(matches!(
        opened,
        Opened::Challenge {
            from: 1,
            meant: 200,
            ..
        }
    ));
    assert_eq!(two.counts().unknown_boot, 1);
    exchange(&mut one, &mut two);
    assert!(matches!(
        two.open(PUBLIC, &withheld).unwrap(),
        Opened::Challenge { .. }
    ));

    // The sender has started again, and this is proven: nothing of its former boot counts.
    let withheld = one.seal(2, PUBLIC, b"goodbye").unwrap();
    one = wire(1, 101);
    exchange(&mut one, &mut two);
    let before = state(&two);
    for datagram in [&withheld, &hello] {
        let refused = Refused::OldBoot {
            from: 1,
            found: 100,
            known: 101,
        };
        assert_eq!(two.open(PUBLIC, datagram), Err(refused));
    }
    assert_eq!(state(&two), before);
}

#[test]
fn a_node_whose_boots_were_counted_backwards_is_told_apart_on_either_side() {
    let (mut one, mut two) = two();
    let meant = one.seal(2, PUBLIC, b"").unwrap();
    let mut back = wire(2, 199);
    let refused = Refused::LaterBoot {
        from: 1,
        found: 200,
        ours: 199,
    };
    assert_eq!(back.open(PUBLIC, &meant), Err(refused));
    let hello = back.seal(1, PUBLIC, b"").unwrap();
    let refused = Refused::OldBoot {
        from: 2,
        found: 199,
        known: 200,
    };
    assert_eq!(one.open(PUBLIC, &hello), Err(refused));
    carries(&mut two, &mut one);
}

/// A datagram, why it is refused, and the count of that.
type Case = (Vec<u8>, Refused, fn(&Counts) -> u64);

#[test]
fn each_refusal_has_its_reason_and_is_counted_alone() {
    let (mut one, mut two) = two();
    let good = one.seal(2, PUBLIC, b"said").unwrap();
    let changed = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        bytes
    };
    let foreign = KeyRing::new(key(9));
    let foreign_key = foreign.sealing().fingerprint();
    let mut stranger = Wire::new(foreign, CLUSTER, 1, boot(100));
    let mut elsewhere = Wire::new(ring(0), ClusterId(5), 1, boot(100));
    let (found, most) = (ENVELOPE + DATAGRAM_MAX + 1, ENVELOPE + DATAGRAM_MAX);
    let cases: Vec<Case> = vec![
        (
            good[..ENVELOPE - 1].to_vec(),
            Refused::Truncated {
                found: ENVELOPE - 1,
                needed: ENVELOPE,
            },
            |counts| counts.truncated,
        ),
        (vec![1; found], Refused::Oversized { found, most }, |it| {
            it.oversized
        }),
        (changed(0, 2), Refused::Version { found: 2 }, |it| {
            it.wrong_version
        }),
        (
            stranger.seal(2, PUBLIC, b"").unwrap(),
            Refused::ForeignKey {
                from: 1,
                found: foreign_key,
            },
            |it| it.foreign_key,
        ),
        (
            elsewhere.seal(2, PUBLIC, b"").unwrap(),
            Refused::ForeignCluster {
                found: ClusterId(5),
                ours: CLUSTER,
            },
            |it| it.foreign_cluster,
        ),
        (
            one.seal(3, PUBLIC, b"").unwrap(),
            Refused::WrongReceiver { from: 1, to: 3 },
            |it| it.wrong_receiver,
        ),
        // What it has sent itself comes back to it.
        (
            two.seal(1, PUBLIC, b"").unwrap(),
            Refused::WrongReceiver { from: 2, to: 1 },
            |it| it.wrong_receiver,
        ),
        (
            one.seal(2, NETWORKS[1], b"").unwrap(),
            Refused::WrongNetwork {
                from: 1,
                found: NETWORKS[1],
                ours: PUBLIC,
            },
            |it| it.wrong_network,
        ),
        (changed(2, 3), Refused::Forged { from: 3 }, |it| it.forged),
        (
            good[..good.len() - 1].to_vec(),
            Refused::Forged { from: 1 },
            |it| it.forged,
        ),
    ];
    for (bytes, refused, count) in cases {
        let (before, counts) = (state(&two), two.counts());
        assert_eq!(two.open(PUBLIC, &bytes), Err(refused));
        assert_eq!(state(&two), before, "{refused}");
        assert_eq!(count(&two.counts()), count(&counts) + 1, "{refused}");
        assert_eq!(two.counts().refused(), counts.refused() + 1, "{refused}");
    }
    assert!(two.open(PUBLIC, &good).is_ok());
    let again = two.open(PUBLIC, &good).unwrap_err();
    assert!(matches!(again, Refused::Replayed { from: 1, .. }));
    let early = one.seal(2, PUBLIC, b"").unwrap();
    (0..64).for_each(|_| carries(&mut one, &mut two));
    let late = two.open(PUBLIC, &early).unwrap_err();
    assert!(matches!(late, Refused::TooOld { from: 1, .. }));
    assert_eq!((two.counts().replayed, two.counts().too_old), (1, 1));
}

#[test]
fn every_bit_of_a_datagram_is_under_the_seal() {
    let (mut one, mut two) = two();
    let good = one.seal(2, PUBLIC, b"said").unwrap();
    let before = state(&two);
    for bit in 0..good.len() * 8 {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(two.open(PUBLIC, &bytes).is_err(), "bit {bit}");
    }
    assert_eq!(state(&two), before);
    assert!(two.open(PUBLIC, &good).is_ok());
}

#[test]
fn a_message_is_as_long_as_a_datagram_may_be() {
    let (mut one, mut two) = two();
    let payload = vec![7; DATAGRAM_MAX];
    let opened = say(&mut one, &mut two, &payload);
    assert!(matches!(opened, Opened::Message { payload: got, .. } if got == payload));
    let (found, most) = (DATAGRAM_MAX + 1, DATAGRAM_MAX);
    let refused = one.seal(2, PUBLIC, &vec![7; found]);
    assert_eq!(refused, Err(TooLarge { found, most }));
}

#[derive(Clone, Debug)]
enum Traffic {
    Said(usize),
    /// One that is among the 64 that are next on its network.
    Arrives(usize, usize),
}

fn traffic() -> impl Strategy<Value = Vec<Traffic>> {
    let network = 0..NETWORKS.len();
    prop::collection::vec(
        prop_oneof![
            network.clone().prop_map(Traffic::Said),
            (network, 0_usize..64).prop_map(|(network, which)| Traffic::Arrives(network, which)),
        ],
        1..600,
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    /// However far one network is behind the other, and in whatever order datagrams overtake each other within 64.
    #[test]
    fn what_overtakes_within_the_window_all_arrives(
        traffic in traffic(),
        slow in 0..NETWORKS.len(),
        patience in 0_usize..300,
    ) {
        let (mut one, mut two) = two();
        let mut queues: Vec<Vec<(u64, Vec<u8>)>> = vec![Vec::new(); NETWORKS.len()];
        let (mut said, mut delivered) = ([0; NETWORKS.len()], two.counts().delivered);
        let mut arrives = |two: &mut Wire, network: usize, queue: &mut Vec<(u64, Vec<u8>)>, which: usize| {
            let near = queue.iter().take_while(|(number, _)| number - queue[0].0 < 64).count();
            if near > 0 {
                let (_, datagram) = queue.remove(which % near);
                let opened = two.open(NETWORKS[network], &datagram);
                prop_assert!(matches!(opened, Ok(Opened::Message { .. })), "{opened:?}");
                delivered += 1;
            }
            Ok(())
        };
        for (at, step) in traffic.into_iter().enumerate() {
            match step {
                Traffic::Said(network) => {
                    let datagram = one.seal(2, NETWORKS[network], b"said").unwrap();
                    queues[network].push((said[network], datagram));
                    said[network] += 1;
                }
                // Nothing arrives on the slow one for a long time.
                Traffic::Arrives(network, _) if network == slow && at < patience => {}
                Traffic::Arrives(network, which) => arrives(&mut two, network, &mut queues[network], which)?,
            }
        }
        for (network, queue) in queues.iter_mut().enumerate() {
            while !queue.is_empty() {
                arrives(&mut two, network, queue, 63)?;
            }
        }
        prop_assert_eq!(two.counts().delivered, delivered);
        prop_assert_eq!(two.counts().refused(), 0);
    }

    /// Any bytes at all, and any rest on a genuine header.
    #[test]
    fn bytes_of_any_kind_get_an_answer(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        long in 0_usize..3_000,
        keep in 0_usize..64,
    ) {
        let (mut one, mut two) = two();
        let before = state(&two);
        let good = one.seal(2, PUBLIC, b"said").unwrap();
        let mut mixed = good[..keep.min(good.len())].to_vec();
        mixed.extend_from_slice(&bytes);
        for bytes in [&bytes, &mixed, &vec![1; long]] {
            prop_assert!(two.open(PUBLIC, bytes).is_err());
        }
        prop_assert_eq!(two.counts().refused(), 3);
        prop_assert_eq!(state(&two), before);
    }
}
