//! Somebody on the networks who records every datagram and sends what they like, to whom they like: what was recorded, once or
//! often, in any order, to another node, back to its sender, on another network, after restarts, with bits flipped, cut short,
//! with the header of one on the rest of another. They do not have the key.
//!
//! What is delivered is each genuine message once at most, to the boot that it was made for, and never anything else.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{CLUSTER, NETWORKS, boot, ring, state};
use proptest::prelude::*;
use proptest::sample::Index;
use quorate_wire::{Opened, StreamOut, Wire};

const NODES: u8 = 3;
/// Bytes of the header.
const HEADER: usize = 48;

#[derive(Clone, Debug)]
enum Op {
    /// A node says something to another.
    Say {
        from: u8,
        to: u8,
        network: usize,
    },
    /// A node says so much that what was said before is far behind, and all of it arrives.
    Burst {
        from: u8,
        to: u8,
        network: usize,
    },
    /// A node begins a stream, whose first bytes are recorded like any.
    Stream {
        from: u8,
        to: u8,
        network: usize,
    },
    /// The oldest datagram that has not arrived does.
    Arrive,
    /// A recorded datagram comes to a node on a network.
    Play {
        which: Index,
        at: Option<u8>,
        network: Option<usize>,
    },
    /// The same, with a bit flipped.
    Flip {
        which: Index,
        bit: Index,
    },
    /// The same, cut short or made longer.
    Cut {
        which: Index,
        to: Index,
    },
    Grow {
        which: Index,
        by: u8,
    },
    /// The header of one on the rest of another.
    Splice {
        head: Index,
        tail: Index,
    },
    /// Bytes of the header are those of another one.
    Claim {
        which: Index,
        of: Index,
        from: usize,
        bytes: usize,
    },
    /// A node starts again.
    Restart {
        node: u8,
    },
    /// A node gets the next key file, if all have the one before.
    Rotate {
        node: u8,
    },
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let node = || 1..=NODES;
    let network = || 0..NETWORKS.len();
    let which = any::<Index>;
    let op = prop_oneof![
        12 => (node(), node(), network()).prop_map(|(from, to, network)| Op::Say { from, to, network }),
        1 => (node(), node(), network()).prop_map(|(from, to, network)| Op::Burst { from, to, network }),
        1 => (node(), node(), network()).prop_map(|(from, to, network)| Op::Stream { from, to, network }),
        12 => Just(Op::Arrive),
        8 => (which(), prop::option::weighted(0.3, node()), prop::option::weighted(0.3, network()))
            .prop_map(|(which, at, network)| Op::Play { which, at, network }),
        2 => (which(), which()).prop_map(|(which, bit)| Op::Flip { which, bit }),
        1 => (which(), which()).prop_map(|(which, to)| Op::Cut { which, to }),
        1 => (which(), 1_u8..40).prop_map(|(which, by)| Op::Grow { which, by }),
        1 => (which(), which()).prop_map(|(head, tail)| Op::Splice { head, tail }),
        2 => (which(), which(), 0..HEADER, 1_usize..16)
            .prop_map(|(which, of, from, bytes)| Op::Claim { which, of, from, bytes }),
        1 => node().prop_map(|node| Op::Restart { node }),
        1 => node().prop_map(|node| Op::Rotate { node }),
    ];
    prop::collection::vec(op, 1..400)
}

/// A datagram that a node has made.
#[derive(Clone, Debug)]
struct Made {
    bytes: Vec<u8>,
    from: u8,
    from_boot: u64,
    to: u8,
    network: usize,
    /// The boot for which it carries something: what its sender knew.
    carries_to: Option<u64>,
    arrived: bool,
}

struct World {
    wires: BTreeMap<u8, Wire>,
    steps: BTreeMap<u8, u8>,
    boots: u64,
    made: Vec<Made>,
    /// What was delivered: the place in `made`.
    delivered: BTreeSet<usize>,
    headers: BTreeSet<Vec<u8>>,
}

impl World {
    fn new() -> World {
        let mut world = World {
            wires: BTreeMap::new(),
            steps: (1..=NODES).map(|node| (node, 0)).collect(),
            boots: 0,
            made: Vec::new(),
            delivered: BTreeSet::new(),
            headers: BTreeSet::new(),
        };
        (1..=NODES).for_each(|node| world.start(node));
        world
    }

    fn start(&mut self, node: u8) {
        self.boots += 1;
        let wire = Wire::new(ring(self.steps[&node]), CLUSTER, node, boot(self.boots));
        self.wires.insert(node, wire);
    }

    fn record(&mut self, made: Made) -> Result<(), TestCaseError> {
        // What makes key and nonce is in the header: no two are the same, or a seal is no seal.
        let header = made.bytes[..HEADER].to_vec();
        prop_assert!(self.headers.insert(header), "a nonce came twice: {made:?}");
        self.made.push(made);
        Ok(())
    }

    fn say(&mut self, from: u8, to: u8, network: usize) -> Result<(), TestCaseError> {
        let place = self.made.len() as u64;
        let wire = self.wires.get_mut(&from).unwrap();
        let carries_to = wire.knows(to);
        let sealed = wire.seal(to, NETWORKS[network], &place.to_le_bytes());
        self.makes(from, to, network, carries_to, sealed.unwrap())
    }

    fn makes(
        &mut self,
        from: u8,
        to: u8,
        network: usize,
        carries_to: Option<u64>,
        bytes: Vec<u8>,
    ) -> Result<(), TestCaseError> {
        let made = Made {
            bytes,
            from,
            from_boot: self.wires[&from].boot(),
            to,
            network,
            carries_to,
            arrived: false,
        };
        self.record(made)
    }

    /// Bytes come to a node. Says what a wrong answer is.
    fn comes(&mut self, node: u8, network: usize, bytes: &[u8]) -> Result<(), TestCaseError> {
        let genuine = self.made.iter().position(|made| made.bytes == bytes);
        let wire = self.wires.get_mut(&node).unwrap();
        let (before, counts, knew) = (state(wire), wire.counts(), wire.clone_known());
        let opened = wire.open(NETWORKS[network], bytes);
        match opened {
            Err(refused) => {
                prop_assert_eq!(state(wire), before, "{} changed something", refused);
                prop_assert_eq!(wire.counts().refused(), counts.refused() + 1);
            }
            Ok(Opened::Message {
                from,
                boot,
                payload,
            }) => {
                let place = genuine.ok_or_else(|| TestCaseError::fail("nobody made this"))?;
                let made = &self.made[place];
                prop_assert_eq!(payload, (place as u64).to_le_bytes().to_vec());
                prop_assert_eq!((from, boot), (made.from, made.from_boot));
                prop_assert_eq!((made.to, made.network), (node, network));
                prop_assert_eq!(made.carries_to, Some(wire.boot()), "for another boot");
                prop_assert!(knew.get(&from).is_none_or(|known| boot >= *known));
                prop_assert!(self.delivered.insert(place), "delivered twice");
                prop_assert_eq!(wire.counts().refused(), counts.refused());
            }
            Ok(Opened::Challenge { from, answer, .. }) => {
                let place = genuine.ok_or_else(|| TestCaseError::fail("nobody made this"))?;
                let made = &self.made[place];
                prop_assert_eq!((from, node, network), (made.from, made.to, made.network));
                prop_assert_ne!(made.carries_to, Some(wire.boot()));
                prop_assert_eq!(wire.clone_known(), knew);
                prop_assert!(
                    answer.len() <= bytes.len(),
                    "more is answered than was sent"
                );
                self.makes(node, from, network, None, answer)?;
            }
            Ok(Opened::Met { from, boot }) => {
                let place = genuine.ok_or_else(|| TestCaseError::fail("nobody made this"))?;
                let made = &self.made[place];
                prop_assert_eq!((from, boot), (made.from, made.from_boot));
                prop_assert_eq!((made.to, made.network), (node, network));
                prop_assert!(knew.get(&from).is_none_or(|known| boot >= *known));
                prop_assert_eq!(wire.knows(from), Some(boot));
            }
        }
        Ok(())
    }

    /// Altered bytes come to whom they seem to be for.
    fn altered(&mut self, which: usize, bytes: &[u8]) -> Result<(), TestCaseError> {
        let (to, network) = (self.made[which].to, self.made[which].network);
        let there = bytes.get(3).filter(|node| (1..=NODES).contains(*node));
        self.comes(there.copied().unwrap_or(to), network, bytes)
    }

    fn carry_out(&mut self, op: Op) -> Result<(), TestCaseError> {
        let all = self.made.len();
        match op {
            Op::Say { from, to, network } if from != to => self.say(from, to, network),
            Op::Burst { from, to, network } if from != to => {
                for _ in 0..70 {
                    self.say(from, to, network)?;
                    let made = self.made.last_mut().unwrap();
                    made.arrived = true;
                    let bytes = made.bytes.clone();
                    self.comes(to, network, &bytes)?;
                }
                Ok(())
            }
            Op::Stream { from, to, network } if from != to => {
                let wire = self.wires.get_mut(&from).unwrap();
                let (_, first) = StreamOut::open(wire, to, NETWORKS[network]);
                self.makes(from, to, network, None, first)
            }
            Op::Restart { node } => {
                self.start(node);
                Ok(())
            }
            Op::Rotate { node } => {
                let least = self.steps.values().copied().min().unwrap();
                let step = self.steps.get_mut(&node).unwrap();
                if *step == least && least < 30 {
                    *step += 1;
                    self.wires.get_mut(&node).unwrap().set_ring(ring(least + 1));
                }
                Ok(())
            }
            _ if all == 0 => Ok(()),
            Op::Arrive => {
                let Some(made) = self.made.iter_mut().find(|made| !made.arrived) else {
                    return Ok(());
                };
                made.arrived = true;
                let made = made.clone();
                self.comes(made.to, made.network, &made.bytes)
            }
            Op::Play { which, at, network } => {
                let made = self.made[which.index(all)].clone();
                let (at, network) = (at.unwrap_or(made.to), network.unwrap_or(made.network));
                self.comes(at, network, &made.bytes)
            }
            Op::Flip { which, bit } => {
                let which = which.index(all);
                let mut bytes = self.made[which].bytes.clone();
                let bit = bit.index(bytes.len() * 8);
                bytes[bit / 8] ^= 1 << (bit % 8);
                self.altered(which, &bytes)
            }
            Op::Cut { which, to } => {
                let which = which.index(all);
                let bytes = self.made[which].bytes.clone();
                self.altered(which, &bytes[..to.index(bytes.len())])
            }
            Op::Grow { which, by } => {
                let which = which.index(all);
                let mut bytes = self.made[which].bytes.clone();
                bytes.extend(std::iter::repeat_n(by, usize::from(by)));
                self.altered(which, &bytes)
            }
            Op::Splice { head, tail } => {
                let (head, tail) = (head.index(all), tail.index(all));
                let mut bytes = self.made[head].bytes[..HEADER].to_vec();
                bytes.extend_from_slice(&self.made[tail].bytes[HEADER..]);
                self.altered(head, &bytes)
            }
            Op::Claim {
                which,
                of,
                from,
                bytes: many,
            } => {
                let (which, of) = (which.index(all), of.index(all));
                let mut bytes = self.made[which].bytes.clone();
                let claimed = from..(from + many).min(HEADER);
                bytes[claimed.clone()].copy_from_slice(&self.made[of].bytes[claimed]);
                self.altered(which, &bytes)
            }
            Op::Say { .. } | Op::Burst { .. } | Op::Stream { .. } => Ok(()),
        }
    }
}

/// What a wire knows of all nodes.
trait Known {
    fn clone_known(&self) -> BTreeMap<u8, u64>;
}

impl Known for Wire {
    fn clone_known(&self) -> BTreeMap<u8, u64> {
        let all = 1..=NODES;
        all.filter_map(|node| Some((node, self.knows(node)?)))
            .collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn what_is_delivered_was_said_to_this_boot_and_is_delivered_once(ops in ops()) {
        let mut world = World::new();
        for op in ops {
            world.carry_out(op)?;
        }
        // Whatever happened, the nodes find each other again.
        for one in 1..=NODES {
            for other in (1..=NODES).filter(|other| *other != one) {
                let mut first = world.wires.remove(&one).unwrap();
                let mut second = world.wires.remove(&other).unwrap();
                common::exchange(&mut first, &mut second);
                world.wires.insert(one, first);
                world.wires.insert(other, second);
            }
        }
    }
}

/// That the attacker is one: what is drawn does deliver, refuse for many reasons, and challenge.
#[test]
fn the_attacker_comes_to_every_kind_of_refusal() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let (mut runner, mut sums) = (TestRunner::deterministic(), BTreeMap::new());
    for _ in 0..60 {
        let mut world = World::new();
        for op in ops().new_tree(&mut runner).unwrap().current() {
            world.carry_out(op).unwrap();
        }
        for wire in world.wires.values() {
            for (name, count) in wire.counts().each() {
                *sums.entry(name).or_insert(0) += count;
            }
        }
    }
    // No second cluster and no wire that was set back are in this world, and a datagram is too short to hold too much.
    let none: Vec<&str> = sums
        .into_iter()
        .filter(|(_, count)| *count == 0)
        .map(|(name, _)| name)
        .collect();
    assert_eq!(none, ["later_boot", "oversized"]);
}
