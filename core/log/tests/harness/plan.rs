//! Whole runs, drawn from seeds and shrunk when they fail.

use quorate_log::check::Violation;
use quorate_log::{BATCH_ENTRIES_MAX, Bug, Id, Witness};

use super::{Kind, Op, Rng, World};

/// A run drawn from a seed: the kind of quorum, the size, which faults happen and how often.
#[derive(Clone, Debug)]
pub struct Plan {
    pub seed: u64,
    pub kind: Kind,
    pub nodes: u8,
    pub voters: u8,
    /// A witness is one more voter.
    pub witness: bool,
    /// The most entries one message carries.
    pub batch: u64,
    pub bug: Option<Bug>,
    pub ops: Vec<Op>,
}

impl Plan {
    pub fn draw(seed: u64) -> Plan {
        let mut rng = Rng(seed);
        let kind = match rng.below(8) {
            0..=4 => Kind::Majority,
            5 | 6 => Kind::Holder,
            _ => Kind::Solo,
        };
        let nodes = match kind {
            Kind::Majority => 1 + rng.below(7) as u8,
            Kind::Holder => 1 + rng.below(6) as u8,
            Kind::Solo => 1,
        };
        let voters = if kind == Kind::Majority && nodes > 1 && rng.below(4) == 0 {
            nodes - 1
        } else {
            nodes
        };
        let batch = [1, 2, 3, BATCH_ENTRIES_MAX][rng.below(4) as usize];
        // Swarm testing: each fault is absent in some runs and frequent in others.
        let mut weight = |most: u64| {
            if rng.below(3) == 0 {
                0
            } else {
                1 + rng.below(most)
            }
        };
        let mut weights = [
            60 + weight(90),
            weight(12),
            weight(12),
            30 + weight(50),
            weight(4),
            10,
            1 + weight(6),
            6 + weight(12),
            4 + weight(10),
            weight(4),
            weight(3),
            weight(4),
            weight(2),
            weight(6),
            2,
            weight(3) * u64::from(kind == Kind::Holder),
            weight(2) * u64::from(kind == Kind::Holder),
        ];
        if kind == Kind::Holder {
            weights[6] = 1;
            weights[15] += 1;
        }
        let alive = rng.below(101);
        let witness = kind == Kind::Majority && rng.below(3) == 0;
        let total: u64 = weights.iter().sum();
        let mut ops: Vec<Op> = (1..=nodes).map(Op::Boot).collect();
        if kind == Kind::Majority && rng.below(3) == 0 {
            for _ in 0..3 + rng.below(24) {
                reign(&mut rng, nodes, &mut ops);
            }
        }
        for _ in 0..60 + rng.below(600) {
            let mut pick = rng.below(total);
            let mut which = 0;
            while pick >= weights[which] {
                pick -= weights[which];
                which += 1;
            }
            let node = 1 + rng.below(nodes.into()) as Id;
            let other = match rng.below(8) {
                0 if witness => Witness::ID,
                _ => 1 + rng.below(nodes.into()) as Id,
            };
            let leader = if rng.below(3) == 0 { node } else { 0 };
            let n = rng.next() as u32;
            ops.push(match which {
                0 => Op::Deliver(n, rng.below(101) < alive),
                1 => Op::Drop(n),
                2 => Op::Duplicate(n),
                3 => Op::Write(node),
                4 => Op::Crash(node, (n % 4) as u8),
                5 => Op::Boot(node),
                6 => Op::Campaign(node),
                7 => Op::Propose(leader),
                8 => Op::Resend(leader),
                9 => Op::Compact(node),
                10 => Op::Transfer(leader, other),
                11 if other != Witness::ID => Op::Voters(leader, other),
                12 => Op::StepDown(node),
                13 => Op::Cut(node, other),
                11 | 14 => Op::Heal,
                15 => Op::TakeDisk(node),
                _ => Op::BreakDisk,
            });
        }
        Plan {
            seed,
            kind,
            nodes,
            voters,
            witness,
            batch,
            bug: None,
            ops,
        }
    }

    /// Runs it: faults, checks after every step, then healing.
    pub fn run(&self, trace: bool) -> Result<World, Box<(Violation, World)>> {
        let mut world = World::new(self.kind, self.nodes, self.voters);
        world.trace = trace.then(Vec::new);
        world.batch = self.batch;
        world.bug = self.bug;
        if self.witness {
            world.add_witness();
        }
        for op in &self.ops {
            if let Err(violation) = world.run(*op) {
                return Err(Box::new((violation, world)));
            }
        }
        let mut rng = Rng(self.seed ^ 0x4ea1);
        match world.heal(&mut rng) {
            Ok(()) => Ok(world),
            Err(violation) => Err(Box::new((violation, world))),
        }
    }

    /// The same failure with fewer ops: removes smaller and smaller pieces as long as the run still breaks the same
    /// invariant.
    pub fn shrink(mut self, violation: &Violation) -> Plan {
        let mut piece = self.ops.len() / 2;
        while piece > 0 {
            let mut at = 0;
            while at < self.ops.len() {
                let mut fewer = self.clone();
                fewer.ops.drain(at..(at + piece).min(self.ops.len()));
                let alike = fewer
                    .run(false)
                    .err()
                    .is_some_and(|failed| failed.0.invariant == violation.invariant);
                if alike {
                    self = fewer;
                } else {
                    at += piece;
                }
            }
            piece /= 2;
        }
        self
    }
}

/// A leader that fails before its entries have got far. This leads to figure 8 of the paper, and is too rare among
/// ops that are drawn one by one.
fn reign(rng: &mut Rng, nodes: u8, ops: &mut Vec<Op>) {
    let node = |rng: &mut Rng| 1 + rng.below(nodes.into()) as Id;
    let (leader, friend) = (node(rng), node(rng));
    ops.extend((1..=nodes).map(Op::Boot));
    ops.extend([Op::Campaign(leader), Op::Campaign(leader)]);
    let slow = rng.below(3) == 0;
    for _ in 0..8 + rng.below(40) {
        ops.push(match rng.below(10) {
            0 => Op::Write(node(rng)),
            1 => Op::Propose(leader),
            2 if !slow => Op::Write(leader),
            2 | 3 => Op::Write(friend),
            _ => Op::Deliver(rng.next() as u32, false),
        });
    }
    if rng.below(2) == 0 {
        ops.push(Op::Crash(leader, rng.below(3) as u8));
    }
    for _ in 0..rng.below(12) {
        ops.push(Op::Drop(rng.next() as u32));
    }
}
