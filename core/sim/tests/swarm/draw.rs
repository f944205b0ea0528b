//! A run drawn from a seed: the cluster, which faults happen, how often and how close together.

use std::time::Duration;

use super::{Act, Cluster, Datagrams, Failback, Kind, Scenario, Step, Switch, Trouble};

/// SplitMix64: the random numbers of the swarm, independent of the world's.
#[derive(Debug)]
pub struct Choices(pub u64);

impl Choices {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound.max(1)
    }

    pub fn index(&mut self, bound: usize) -> usize {
        self.below(bound as u64) as usize
    }
}

impl Scenario {
    /// The run of a seed, with up to `longest` steps.
    pub fn draw(seed: u64, longest: u64) -> Scenario {
        let mut choices = Choices(seed);
        let cluster = cluster(&mut choices);
        let nodes = cluster.nodes;
        // Each kind of fault is absent in some runs and frequent in others.
        let weights: Vec<u64> = (0..KINDS_OF_ACTS)
            .map(|kind| {
                let weight = match choices.below(3) {
                    0 => 0,
                    _ => 1 + choices.below(6),
                };
                weight * worth(kind, &cluster)
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
            // For that long, four times as long, or until it is healed.
            let lasting = [ms, 4 * ms, 0][choices.index(3)];
            let act = match which {
                0 => Act::Crash(a),
                1 => Act::Start(a),
                // Half of them for about as long as the other nodes wait.
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
                11 if thing % 2 == 0 => Act::CardLatency(a, n, ms % 1_500),
                11 => Act::Latency(n, ms % 1_500),
                12 => Act::Disk(thing, trouble(number + ms, ms), lasting),
                13 => Act::SystemDisk(a, trouble(number + ms, ms), lasting),
                14 => Act::TornWrite(a, ms % 60),
                15 => Act::TornCheckpoint(a, ms % 400),
                16 => Act::ServiceCrashes(thing),
                17 => Act::ServiceHangs(thing, ms),
                18 if nodes > 1 => Act::Apart(a, number),
                19 => Act::Shutdown(a),
                20 => Act::Pause(a),
                21 => Act::Resume(a),
                // A node and its witness are two votes and neither may be lost, as the rule `witness-of-odd` warns.
                22 if nodes == 2 && cluster.kind == Kind::Witness => Act::Pause(a),
                22 => Act::Evict(a),
                23 => Act::Move(thing, b),
                24 => Act::GroupOffline(thing),
                25 => Act::GroupOnline(thing),
                26 => Act::ResourceFails(thing),
                27 => Act::Again(a),
                28 => Act::Datagrams(n, datagrams(number, ms), 1 + ms % 60),
                29 => Act::CardDatagrams(a, n, datagrams(number, ms), 1 + ms % 60),
                30 => Act::BlackHole(n),
                SHARES => match thing % 5 {
                    0 => Act::ShareFails,
                    1 => Act::ShareSlows(ms % 6_000),
                    2 => Act::ShareCut(a),
                    3 => Act::ShareLost,
                    _ => Act::ShareAnew,
                },
                // A switch takes the whole cluster down, so one in four of them is enough.
                32 if thing % 4 == 0 => Act::Switched(switch(cluster.kind, thing / 4), number),
                32 => Act::ServiceCrashes(thing),
                33 => Act::ClockStep(a, thing as i64 * 60 - 32 * 60),
                34 => Act::ClockDrift(a, ms as i64 % 20_001 - 10_000),
                35 if thing % 2 == 0 => Act::LocalTimeOf(a, thing as i64 * 15 - 6 * 60),
                35 => Act::LocalTime([-60, 60][n]),
                36 => Act::ServiceRestarts(a),
                37 => Act::Stranger(thing),
                38 => match thing % 3 {
                    0 => Act::NamesSilent,
                    1 => Act::NamesRefused,
                    _ => Act::NamesSlow(ms % 20_000),
                },
                39 => Act::PathLost(a, thing, lasting),
                40 => Act::Stolen(thing, lasting),
                41 if n == 0 => Act::FanFails(a, lasting),
                41 => Act::MonitorHangs(a, lasting),
                // Some are too short to be noticed, and some longer than anybody waits.
                42 if n == 0 => Act::AnswersLate(thing, ms % 45_000),
                42 => Act::AnswersWrong(thing),
                43 if n == 0 => Act::StartsFail(thing, 1 + ms % 6),
                43 => Act::StartsSlow(thing, ms),
                SCRIPTS => Act::ScriptLost(a),
                LEASES => Act::DhcpSilent(lasting),
                46 => Act::Wiped(a),
                _ => Act::Heal,
            };
            let wait = Duration::from_millis(choices.below(pace));
            Step { act, wait }
        });
        let steps = steps.collect();
        Scenario {
            seed,
            cluster,
            haste: false,
            steps,
        }
    }
}

/// How many kinds of acts there are, healing among them.
const KINDS_OF_ACTS: usize = 48;
const SHARES: usize = 31;
const SCRIPTS: usize = 44;
const LEASES: usize = 45;

/// The weight of a kind of acts in a cluster: 0 if the cluster has nothing for it.
fn worth(kind: usize, cluster: &Cluster) -> u64 {
    match kind {
        // Few clusters have a witness, and it has five kinds of acts.
        SHARES if cluster.kind == Kind::Witness => 4,
        SHARES => 0,
        SCRIPTS => u64::from(cluster.scripts),
        LEASES => u64::from(cluster.dhcp && cluster.plain > 0),
        _ => 1,
    }
}

fn cluster(choices: &mut Choices) -> Cluster {
    let kind = match choices.below(12) {
        0..=4 => Kind::Standard,
        5..=8 => Kind::Majority,
        9 | 10 => Kind::Witness,
        _ => Kind::Local,
    };
    // Small clusters are faster, and show most problems.
    let nodes = match kind {
        Kind::Local => 1,
        Kind::Witness if choices.below(2) == 0 => 2,
        _ if choices.below(8) == 0 => 6 + choices.index(3),
        _ => 2 + choices.index(4),
    };
    let most = nodes.saturating_sub(1).clamp(1, 3);
    let servers = choices.index(most + 1);
    // Half of the clusters have groups without Exchange, and some have no others.
    let plain = match choices.below(2) {
        0 if servers > 0 => 0,
        _ => 1 + choices.index(3),
    };
    let hour = |choices: &mut Choices| choices.index(24) as u8;
    let failback = match choices.below(4) {
        0 | 1 => Failback::Never,
        2 => Failback::AtOnce,
        _ => Failback::Window(hour(choices), hour(choices)),
    };
    Cluster {
        kind,
        nodes,
        servers,
        plain,
        // Two of three runs make checkpoints.
        log: [None, Some(1_024), Some(8 * 1_024)][choices.index(3)],
        failback,
        // From -12:00 to +14:00.
        offset: [0, choices.below(26 * 4 + 1) as i32 * 15 - 12 * 60][choices.index(2)],
        drift: [None, Some(1_000), Some(10_000)][choices.index(3)],
        codec: choices.below(4) == 0,
        dice: choices.below(4) == 0,
        ports: choices.below(2) == 0,
        scripts: choices.below(3) == 0,
        dhcp: choices.below(4) == 0,
    }
}

fn trouble(which: u64, ms: u64) -> Trouble {
    match which % 7 {
        0 => Trouble::Fails,
        // Mostly shorter than a heartbeat or two, sometimes longer than anybody waits.
        1 => Trouble::Slows(ms % [3_000, 20_000][(ms % 2) as usize]),
        2 => Trouble::Unsteady(1 + ms % 20, ms % 10_000),
        3 => Trouble::Hangs,
        4 => Trouble::Full,
        5 => Trouble::ReadOnly,
        _ => Trouble::FlushFails,
    }
}

fn datagrams(which: u64, ms: u64) -> Datagrams {
    match which % 4 {
        0 => Datagrams::Lost,
        1 => Datagrams::Doubled,
        2 => Datagrams::Late(100 + ms % 5_000),
        _ => Datagrams::Damaged,
    }
}

fn switch(kind: Kind, which: usize) -> Switch {
    match kind {
        Kind::Majority | Kind::Witness => Switch::ForceQuorum,
        Kind::Standard | Kind::Local => [
            Switch::FixQuorum,
            Switch::ResetQuorumLog,
            Switch::NoQuorumLogging,
        ][which % 3],
    }
}
