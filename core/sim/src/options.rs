//! The options of a world.

use std::collections::BTreeMap;
use std::time::Duration;

use quorate_model::Name;

/// The load that a virtual server's users put on its node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Concurrent users.
    pub users: u32,
    /// Average processor load of the store, in per cent of a node.
    pub cpu_percent: u32,
}

/// How long a service takes to start and stop if nothing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceTimes {
    /// The shortest start, without extra work such as log replay.
    pub start: Duration,
    /// The longest time on top of `start`; the world draws from it.
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
    /// The most that a machine's clock may gain or lose, in parts per million, 0 to 10,000. Each machine draws its
    /// own drift.
    pub drift_ppm_max: u32,
    /// Whether every datagram between nodes is encoded and decoded, as on a real network. This is slower and changes
    /// nothing, unless a message does not survive it: that is the breach `wire`.
    pub through_codec: bool,
    /// Whether the invariants, which check what has changed, are checked a second time as if everything had changed.
    /// This is slower and changes nothing, unless a change was not reported to them: that is the breach
    /// `missed_change`.
    pub checked_twice: bool,
    /// The longest extra delay of a datagram, in per cent of its network's latency.
    pub jitter_percent: u32,
    /// How long a disk takes for a flushed write, or for a read.
    pub disk_delay: Duration,
    /// How long one unit of work takes at the start of a service; for a store, one transaction log to replay.
    pub work_unit: Duration,
    /// Times of services by service name, in place of the built-in ones ([`WorldOptions::service_times`]).
    pub services: BTreeMap<String, ServiceTimes>,
    /// The loads of virtual servers, by group.
    pub loads: BTreeMap<Name, Load>,
    /// The most datagrams that wait for a frozen machine. Later ones are lost.
    pub socket_buffer: usize,
    /// How long a DHCP lease is valid, in seconds.
    pub lease_seconds: u32,
    /// The longest time between the first and the last machine when all are switched on together.
    pub power_on_spread: Duration,
}

impl Default for WorldOptions {
    /// Seed 1, Thursday 2003-06-12 08:00 UTC, clocks within 50 ppm, and times typical of that year's hardware.
    fn default() -> Self {
        WorldOptions {
            seed: 1,
            civil_start_ms: 1_055_404_800_000,
            drift_ppm_max: 50,
            through_codec: false,
            checked_twice: false,
            jitter_percent: 20,
            disk_delay: Duration::from_millis(1),
            work_unit: quorate_host::WORK_UNIT,
            services: BTreeMap::new(),
            loads: BTreeMap::new(),
            socket_buffer: 64,
            lease_seconds: 3_600,
            power_on_spread: Duration::from_secs(2),
        }
    }
}

impl WorldOptions {
    /// The default options with another seed.
    pub fn with_seed(seed: u64) -> Self {
        WorldOptions {
            seed,
            ..WorldOptions::default()
        }
    }

    /// The times of the service called `name`: from [`services`](Self::services), else the built-in ones: 15 s for
    /// the store (`MSExchangeIS`), 5 s for the System Attendant (`MSExchangeSA`), 1 to 3 s for any other.
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
