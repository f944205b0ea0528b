//! What a world is made with, beside the cluster.

use std::collections::BTreeMap;
use std::time::Duration;

use quorate_model::Name;

/// What a virtual server's users are to its node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Concurrent users.
    pub users: u32,
    /// Average processor load of the store, in per cent of a node.
    pub cpu_percent: u32,
}

/// How long a service takes to start and to stop when nothing is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceTimes {
    /// The shortest start, without work such as log replay.
    pub start: Duration,
    /// The longest start beyond that; the world draws from it.
    pub start_spread: Duration,
    /// The stop.
    pub stop: Duration,
}

/// The settings of a world. The same options, cluster, plugins and calls give the same run, bit for bit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorldOptions {
    /// Seed of every generator in the world.
    pub seed: u64,
    /// Civil time at the world's time zero, in milliseconds since 1970 UTC.
    pub civil_start_ms: i64,
    /// The most that a machine's clock may gain or lose, in parts per million, 0 to 10,000. Each machine
    /// draws its own.
    pub drift_ppm_max: u32,
    /// Whether every datagram between nodes is written as bytes and read again, as it is on a real network. Slower, and no
    /// different, unless something does not survive it: that is a breach, `wire`.
    pub through_codec: bool,
    /// Whether the invariants, which look at what has changed, look a second time as if everything had. Slower, and no
    /// different, unless they were not told of something: that is a breach, `missed_change`.
    pub checked_twice: bool,
    /// How far a datagram may be later than its network's latency, in per cent of that latency.
    pub jitter_percent: u32,
    /// What a write, flushed, or a read of a disk takes.
    pub disk_delay: Duration,
    /// What one unit of work at a service's start takes: one transaction log to replay, for a store.
    pub work_unit: Duration,
    /// Times of services by service name, in place of the built-in ones ([`WorldOptions::service_times`]).
    pub services: BTreeMap<String, ServiceTimes>,
    /// What the users of virtual servers are to their nodes, by group.
    pub loads: BTreeMap<Name, Load>,
    /// How many datagrams wait at most for a frozen machine. What comes after is lost.
    pub socket_buffer: usize,
    /// For how long a DHCP lease is good, in seconds.
    pub lease_seconds: u32,
    /// The most that separates the first and the last machine when all are switched on together.
    pub power_on_spread: Duration,
}

impl Default for WorldOptions {
    /// Seed 1, Thursday 2003-06-12 08:00 UTC, clocks within 50 ppm, and times of the year's hardware.
    fn default() -> Self {
        WorldOptions {
            seed: 1,
            civil_start_ms: 1_055_404_800_000,
            drift_ppm_max: 50,
            through_codec: false,
            checked_twice: false,
            jitter_percent: 20,
            disk_delay: Duration::from_millis(1),
            work_unit: Duration::from_secs(1),
            services: BTreeMap::new(),
            loads: BTreeMap::new(),
            socket_buffer: 64,
            lease_seconds: 3_600,
            power_on_spread: Duration::from_secs(2),
        }
    }
}

impl WorldOptions {
    /// The options with another seed.
    pub fn with_seed(seed: u64) -> Self {
        WorldOptions {
            seed,
            ..WorldOptions::default()
        }
    }

    /// The times of the service called `name`: from [`services`](Self::services), else the built-in ones:
    /// 15 s for the store (`MSExchangeIS`), 5 s for the System Attendant (`MSExchangeSA`), 1 to 3 s for
    /// any other.
    pub fn service_times(&self, name: &str) -> ServiceTimes {
        let millis = Duration::from_millis;
        if let Some(times) = self.services.get(name) {
            return *times;
        }
        match name {
            "MSExchangeIS" => ServiceTimes {
                start: millis(14_000),
                start_spread: millis(2_000),
                stop: millis(8_000),
            },
            "MSExchangeSA" => ServiceTimes {
                start: millis(4_500),
                start_spread: millis(1_000),
                stop: millis(3_000),
            },
            _ => ServiceTimes {
                start: millis(1_000),
                start_spread: millis(2_000),
                stop: millis(1_000),
            },
        }
    }
}
