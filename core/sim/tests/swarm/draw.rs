//! A run drawn whole from a seed: the cluster, which faults there are, how often and how close together.

use std::time::Duration;

use super::{Act, Kind, Scenario, Step};

/// SplitMix64: the swarm's own choices, apart from the world's.
struct Choices(u64);

impl Choices {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound.max(1)
    }

    fn index(&mut self, bound: usize) -> usize {
        self.below(bound as u64) as usize
    }
}

impl Scenario {
    /// The run of a seed, with up to `longest` steps.
    pub fn draw(seed: u64, longest: u64) -> Scenario {
        let mut choices = Choices(seed);
        let kind = match choices.below(10) {
            0..=4 => Kind::Standard,
            5..=8 => Kind::Majority,
            _ => Kind::Local,
        };
        // Small clusters are quicker, and have most of the trouble.
        let nodes = match kind {
            Kind::Local => 1,
            _ if choices.below(8) == 0 => 6 + choices.index(3),
            _ => 2 + choices.index(4),
        };
        let most = nodes.saturating_sub(1).clamp(1, 3);
        let servers = 1 + choices.index(most);
        // Each kind of fault is absent in some runs and frequent in others.
        let weights: Vec<u64> = (0..29)
            .map(|_| match choices.below(3) {
                0 => 0,
                _ => 1 + choices.below(6),
            })
            .collect();
        let pace = [3_000, 20_000, 60_000, 180_000][choices.index(4)];
        let total: u64 = weights.iter().sum::<u64>().max(1);
        let steps = (0..2 + choices.below(longest)).map(|_| {
            let mut pick = choices.below(total);
            let mut which = 0;
            while weights.get(which).is_some_and(|weight| pick >= *weight) {
                pick -= weights[which];
                which += 1;
            }
            let (a, b) = (choices.index(nodes), choices.index(nodes));
            let b = if a == b { (b + 1) % nodes } else { b };
            let (n, thing) = (choices.index(2), choices.index(64));
            let number = choices.below(1 << nodes.max(1));
            let ms = choices.below(90_000);
            let act = match which {
                0 => Act::Crash(a),
                1 => Act::Start(a),
                // Half of them about as long as the others wait.
                2 if thing % 2 == 0 => Act::Freeze(a, 6_000 + ms % 24_000),
                2 => Act::Freeze(a, ms),
                3 => Act::StopService(a),
                4 => Act::StartService(a),
                5 => Act::Partition(number),
                6 if nodes > 1 => Act::Cut(a, b),
                7 if nodes > 1 => Act::Flap(a, b, 1 + ms % 6),
                8 => Act::Card(a, n),
                9 => Act::Network(n),
                10 => Act::Loss(n, 1 + ms % 60),
                11 => Act::Latency(n, ms % 1_500),
                12 => Act::DiskFails(thing),
                13 => Act::DiskSlows(thing, ms % 3_000),
                14 => Act::TornWrite(a, ms % 60),
                15 => Act::TornCheckpoint(a, ms % 400),
                16 => Act::ServiceCrashes(thing),
                17 => Act::ServiceHangs(thing, ms),
                18 if nodes > 1 => Act::Apart(a, number),
                19 => Act::Shutdown(a),
                20 => Act::Pause(a),
                21 => Act::Resume(a),
                22 => Act::Evict(a),
                23 => Act::Move(thing, b),
                24 => Act::GroupOffline(thing),
                25 => Act::GroupOnline(thing),
                26 => Act::ResourceFails(thing),
                27 => Act::Again(a),
                _ => Act::Heal,
            };
            let wait = Duration::from_millis(choices.below(pace));
            Step { act, wait }
        });
        let steps = steps.collect();
        // Two of three runs make checkpoints.
        let log = match choices.below(3) {
            0 => None,
            1 => Some(1_024),
            _ => Some(8 * 1_024),
        };
        Scenario {
            seed,
            kind,
            nodes,
            servers,
            haste: false,
            log,
            steps,
        }
    }
}
