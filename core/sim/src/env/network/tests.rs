//! Cards, cuts, and what happens to datagrams and streams.

use super::*;
use crate::env::tests::definition;

fn networks() -> (Networks, Vec<Name>) {
    let definition = definition(3);
    let names = definition
        .nodes
        .iter()
        .map(|node| node.name.clone())
        .collect();
    (Networks::new(&definition, 1, 20), names)
}

#[test]
fn both_ends_need_a_working_card() {
    let (mut networks, names) = networks();
    assert!(networks.reaches(0, 0, 1));
    let fault = NetworkFault::Card {
        node: "NODE2".into(),
        network: "Public".into(),
    };
    assert_eq!(
        networks.apply(&names, [&fault].into_iter()),
        [(1, 0, false)]
    );
    assert!(!networks.reaches(0, 0, 1));
    assert!(!networks.reaches(0, 1, 0));
    assert!(networks.reaches(0, 0, 2));
    assert!(
        networks.reaches(1, 0, 1),
        "the other network is not touched"
    );
    assert_eq!(networks.apply(&names, std::iter::empty()), [(1, 0, true)]);
}

#[test]
fn a_switch_without_power_takes_every_link_and_a_black_hole_none() {
    let (mut networks, names) = networks();
    let network = Name::from("Public");
    let hole = NetworkFault::BlackHole {
        network: network.clone(),
    };
    assert!(networks.apply(&names, [&hole].into_iter()).is_empty());
    assert!(!networks.reaches(0, 0, 1));
    assert_eq!(networks.link(0, 0), Some(true));
    let dead = NetworkFault::Network { network };
    let lost = networks.apply(&names, [&dead].into_iter());
    assert_eq!(lost, [(0, 0, false), (1, 0, false), (2, 0, false)]);
    assert_eq!(networks.card(0, 0), Some(true), "the cards are sound");
}

#[test]
fn a_card_troubles_its_own_machine_alone_and_both_ways() {
    let (mut networks, names) = networks();
    let (network, node) = (Name::from("Public"), Some(Name::from("NODE2")));
    let chance = Chance::of(1.0).unwrap();
    let faults = [
        NetworkFault::Latency {
            network: network.clone(),
            node: node.clone(),
            latency: Duration::from_secs(5),
        },
        NetworkFault::Duplicate {
            network: network.clone(),
            node: node.clone(),
            per_million: chance,
        },
        NetworkFault::Corrupt {
            network,
            node,
            per_million: chance,
        },
    ];
    networks.apply(&names, faults.iter());
    for (from, to) in [(0, 1), (1, 0)] {
        let passage = networks.send(0, from, to).expect("no loss");
        assert!(passage.takes >= Duration::from_secs(5));
        assert!(passage.again.is_some_and(|again| again >= passage.takes));
        assert!(passage.flipped.is_some());
    }
    let other = networks.send(0, 0, 2).expect("no loss");
    assert!(other.takes < Duration::from_millis(1));
    assert_eq!((other.again, other.flipped), (None, None));
}

#[test]
fn a_cut_works_in_its_own_direction_only() {
    let (mut networks, names) = networks();
    let links = vec![("NODE1".into(), "NODE2".into())];
    let fault = NetworkFault::Cut {
        network: None,
        links,
    };
    networks.apply(&names, [&fault].into_iter());
    assert!(networks.send(0, 0, 1).is_none());
    assert!(networks.send(1, 0, 1).is_none());
    assert!(networks.send(0, 1, 0).is_some());
}

#[test]
fn latency_has_jitter_within_its_bound_and_loss_its_rate() {
    let (mut networks, names) = networks();
    for _ in 0..1_000 {
        let took = networks.send(0, 0, 1).expect("no loss").takes;
        assert!((500..=600).contains(&took.as_micros()), "{took:?}");
    }
    let fault = NetworkFault::Loss {
        network: "Public".into(),
        node: None,
        per_million: Chance::of(0.25).unwrap(),
    };
    networks.apply(&names, [&fault].into_iter());
    let lost = (0..10_000)
        .filter(|_| networks.send(0, 0, 1).is_none())
        .count();
    assert!((2_300..2_700).contains(&lost), "{lost}");
}

#[test]
fn a_network_is_up_while_its_switch_has_power_and_it_carries() {
    let (mut networks, names) = networks();
    let network = Name::from("Public");
    let (address, at) = ("10.0.0.99", "10.0.0.98");
    let stranger = NetworkFault::Stranger {
        network: network.clone(),
        address: address.into(),
    };
    let hole = NetworkFault::BlackHole {
        network: network.clone(),
    };
    let dead = NetworkFault::Network { network };
    let seen = |networks: &Networks| {
        let strangers = [address, at].map(|it| networks.has_stranger(0, it));
        (networks.is_up(0), networks.has_power(0), strangers)
    };
    networks.apply(&names, [&stranger].into_iter());
    assert_eq!(seen(&networks), (true, true, [true, false]));
    assert!(!networks.has_stranger(1, address), "it is on the other one");
    networks.apply(&names, [&stranger, &hole].into_iter());
    assert_eq!(seen(&networks), (false, true, [false, false]));
    networks.apply(&names, [&stranger, &dead].into_iter());
    assert_eq!(seen(&networks), (false, false, [false, false]));
}

#[test]
fn the_longest_way_is_that_of_the_network_and_of_both_cards() {
    let (mut networks, names) = networks();
    let (slow, held) = (Duration::from_secs(5), Duration::from_secs(2));
    let network = Name::from("Public");
    let faults = [
        NetworkFault::Latency {
            network: network.clone(),
            node: Some("NODE2".into()),
            latency: slow,
        },
        NetworkFault::Reorder {
            network,
            node: None,
            per_million: Chance::of(0.5).unwrap(),
            by: held,
        },
    ];
    let way = Duration::from_micros(500);
    assert_eq!(networks.latency(0), way);
    networks.apply(&names, faults.iter());
    let delays = networks.delays();
    assert_eq!(delays.len(), 2);
    assert_eq!(delays[0].iter().map(Vec::len).collect::<Vec<_>>(), [3; 3]);
    assert_eq!(delays[0][0][2], way + held);
    assert_eq!(delays[0][0][1], way + held + slow);
    assert_eq!(delays[0][1][0], way + held + slow);
    assert_eq!(delays[1][0][1], networks.latency(1), "the other is sound");
}

#[test]
fn what_comes_twice_comes_again_within_ten_times_the_way() {
    let (mut networks, names) = networks();
    let fault = NetworkFault::Duplicate {
        network: "Public".into(),
        node: None,
        per_million: Chance::of(1.0).unwrap(),
    };
    networks.apply(&names, [&fault].into_iter());
    let way = networks.latency(0);
    let mut latest = Duration::ZERO;
    for _ in 0..200 {
        let passage = networks.send(0, 0, 1).expect("no loss");
        let later = passage.again.expect("twice") - passage.takes;
        assert!(later <= way * DUPLICATE_LAG);
        latest = latest.max(later);
    }
    assert!(latest > way * (DUPLICATE_LAG - 2), "{latest:?}");
}

/// A stream's fate on a network that has faults, from the first machine to the second.
fn stream(faults: &[NetworkFault], bytes: usize) -> Option<StreamPassage> {
    let (mut networks, names) = networks();
    networks.apply(&names, faults.iter());
    networks.stream(0, 0, 1, bytes)
}

#[test]
fn a_stream_takes_as_long_as_a_datagram_and_longer_the_more_often_it_waits() {
    let (mut networks, _) = networks();
    let way = networks.latency(0);
    let datagram = networks.send(0, 0, 1).expect("no loss").takes;
    let packet = 1_448;
    for (bytes, waits) in [
        (1_201, 0),
        (10 * packet, 0),
        (10 * packet + 1, 1),
        (30 * packet, 1),
        (30 * packet + 1, 2),
        (70 * packet, 2),
        (160_000, 3),
    ] {
        let passage = stream(&[], bytes).expect("no loss");
        assert_eq!(passage.takes, datagram, "the same draw: {bytes}");
        assert_eq!(passage.sends, way * 2 * waits, "{bytes} bytes");
    }
    // What is drawn later is drawn as after a datagram.
    let mut other = self::networks().0;
    other.stream(0, 0, 1, 160_000);
    assert_eq!(other.send(0, 0, 1), networks.send(0, 0, 1));
}

#[test]
fn what_a_stream_loses_is_sent_again_until_the_connection_is_given_up() {
    let loss = |chance| NetworkFault::Loss {
        network: "Public".into(),
        node: None,
        per_million: Chance::of(chance).unwrap(),
    };
    let corrupt = |chance| NetworkFault::Corrupt {
        network: "Public".into(),
        node: Some("NODE2".into()),
        per_million: Chance::of(chance).unwrap(),
    };
    let sound = stream(&[], 100_000).expect("no loss").sends;
    for fault in [loss(0.1), corrupt(0.1)] {
        let again = stream(&[fault], 100_000).expect("a tenth is lost").sends;
        assert!(again >= sound + Duration::from_millis(200), "{again:?}");
        assert!(again < sound + Duration::from_secs(4), "{again:?}");
    }
    assert_eq!(stream(&[loss(1.0)], 2_000), None);
    assert_eq!(stream(&[corrupt(1.0)], 2_000), None);
}

#[test]
fn a_stream_needs_both_directions() {
    let cut = |from: &str, to: &str| NetworkFault::Cut {
        network: None,
        links: vec![(from.into(), to.into())],
    };
    assert_eq!(stream(&[cut("NODE1", "NODE2")], 2_000), None);
    assert_eq!(stream(&[cut("NODE2", "NODE1")], 2_000), None);
    assert!(stream(&[cut("NODE1", "NODE3")], 2_000).is_some());
}
