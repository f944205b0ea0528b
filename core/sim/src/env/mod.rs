//! The environment of the nodes: all that they and their plugins can touch.

mod address;
mod below;
mod causes;
mod disk;
mod in_flight;
mod lag;
mod network;
mod pace;
mod process;
mod scripts;
mod share;
mod stores;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use quorate_journal::{HeaderGroup, Journal, ReservationChange, What, WorldEvent};
use quorate_model::{ClusterDefinition, Fault, FaultId, Name, NodeDefinition, NodeId, Time};
use quorate_node::{Message, WitnessReply, WitnessRequest};

pub(crate) use address::Addresses;
pub(crate) use disk::{Disk, Disks};
pub(crate) use in_flight::{Coming, InFlight};
pub(crate) use lag::{Lags, PATIENCE};
pub(crate) use network::{Networks, Passage, StreamPassage};
pub(crate) use process::{Endpoint, Processes};
pub use scripts::ScriptLoader;
pub(crate) use scripts::Scripts;
pub(crate) use share::Shares;
pub(crate) use stores::Stores;

use crate::clock::Clock;
use crate::options::WorldOptions;
use crate::queue::Queue;
use crate::rng::Stream;

/// A machine's index in the world's lists: that of its node in the definition.
pub(crate) type Machine = usize;

/// A host outside the cluster, as the holder of a disk's reservation.
pub(crate) const STRANGER: Machine = usize::MAX;

/// An event of the future.
#[derive(Debug)]
pub(crate) enum Happening {
    /// A datagram arrives.
    Deliver {
        to: Machine,
        from: NodeId,
        network: usize,
        message: Message,
    },
    /// The last of a stream is sent; it takes so long to arrive.
    Streamed {
        to: Machine,
        from: Machine,
        network: usize,
        takes: Duration,
        message: Message,
    },
    /// A damaged datagram arrives.
    Damaged {
        to: Machine,
        from: NodeId,
        network: usize,
        bytes: Vec<u8>,
    },
    /// A disk finishes the request at the head of its queue, if it is still this one.
    Disk { disk: usize, request: u64 },
    /// A question reaches the file share witness; `boot` is that of the cluster service that asked.
    Asked {
        machine: Machine,
        boot: u64,
        request: Box<WitnessRequest>,
    },
    /// The witness's answer arrives.
    Answered {
        machine: Machine,
        boot: u64,
        share: Name,
        reply: Box<WitnessReply>,
    },
    /// The start or stop of a service is over.
    Process {
        machine: Machine,
        resource: Name,
        service: String,
        generation: u64,
    },
    /// A node's timer may be due.
    NodeWake(Machine),
    /// A monitor's timer may be due.
    MonitorWake(Machine),
    /// The machine is switched on, if it is still off.
    PowerOn(Machine),
    /// A machine that was shut down for a reboot starts again.
    Reboot(Machine),
    /// The cluster service is started again, if no other boot has come in between.
    ServiceRestart { machine: Machine, boot: u64 },
    /// A fault with a limited duration ends.
    Heal(FaultId),
    /// A population of clients calls.
    Call(usize),
    /// The deadline of an invariant is reached.
    Check,
}

/// The part of a machine that everybody in the world may see.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) name: Name,
    pub(crate) id: NodeId,
    pub(crate) clock: Clock,
    /// Its clock's drift unless a fault sets another.
    pub(crate) own_drift_ppm: i32,
    /// Civil time, in milliseconds since 1970 UTC, at the origin of `clock`.
    pub(crate) civil_origin_ms: i64,
    /// How far its local time is ahead of the cluster's definition.
    pub(crate) local_shift_minutes: i32,
    pub(crate) on: bool,
    /// Since when it has stood still.
    pub(crate) frozen: Option<Time>,
    /// By how much its processors are slower than they should be: 1 is full speed, 3 takes three times as long.
    pub(crate) slowness: u32,
    /// The address of its own card in each network.
    pub(crate) interfaces: BTreeMap<Name, String>,
    /// How many journal entries are about it.
    pub(crate) said: u64,
}

impl Host {
    /// Whether the machine is on and does not stand still.
    pub(crate) fn runs(&self) -> bool {
        self.on && self.frozen.is_none()
    }
}

/// The world without nodes and monitors, so that a monitor's call may change it.
#[derive(Debug)]
pub(crate) struct Environment {
    pub(crate) now: Time,
    pub(crate) options: WorldOptions,
    pub(crate) queue: Queue<Happening>,
    pub(crate) in_flight: InFlight,
    pub(crate) journal: Journal,
    pub(crate) hosts: Vec<Host>,
    pub(crate) networks: Networks,
    pub(crate) disks: Disks,
    pub(crate) lags: Lags,
    pub(crate) shares: Shares,
    pub(crate) processes: Processes,
    pub(crate) addresses: Addresses,
    pub(crate) scripts: Scripts,
    pub(crate) stores: Stores,
    pub(crate) faults: BTreeMap<FaultId, Fault>,
    /// The faults that have been an answer to somebody who asked.
    pub(crate) asked_of: BTreeSet<FaultId>,
    /// The greatest drift of any clock so far, in parts per million.
    pub(crate) drift_ppm_most: u32,
    /// How many nodes the cluster has now.
    pub(crate) configured_nodes: u32,
    /// Grows whenever anything observable changes.
    pub(crate) revision: u64,
    /// Grows whenever anything changes that an invariant checks.
    pub(crate) checked: u64,
    /// Grows whenever anything changes that clients may notice: a machine, a resource, a disk, a process, an address,
    /// a name.
    pub(crate) reach: u64,
    randoms: BTreeMap<(Machine, Name), Stream>,
    /// When the last stream of a connection arrives: by network, sender and receiver. None overtakes another.
    streams: BTreeMap<(usize, Machine, Machine), Time>,
}

impl Environment {
    pub(crate) fn new(definition: &ClusterDefinition, options: WorldOptions) -> Self {
        let seed = options.seed;
        let mut drifts = Stream::new(seed, "clocks");
        let hosts = definition.nodes.iter().map(|node| {
            let most = u64::from(options.drift_ppm_max.min(10_000));
            let drift = drifts.up_to(2 * most) as i32 - most as i32;
            Host {
                name: node.name.clone(),
                id: node.id,
                clock: Clock::new(Time::ZERO, Time::ZERO, drift),
                own_drift_ppm: drift,
                civil_origin_ms: options.civil_start_ms,
                local_shift_minutes: 0,
                on: false,
                frozen: None,
                slowness: 1,
                interfaces: node.interfaces.clone(),
                said: 0,
            }
        });
        let mut env = Environment {
            now: Time::ZERO,
            queue: Queue::new(),
            in_flight: InFlight::default(),
            journal: Journal::new(
                seed,
                definition.name.clone(),
                options.civil_start_ms,
                definition
                    .nodes
                    .iter()
                    .map(|node| (node.id, node.name.clone())),
            )
            .with_groups(definition.groups.iter().map(HeaderGroup::from).collect()),
            hosts: hosts.collect(),
            networks: Networks::new(definition, seed, options.jitter_percent),
            disks: Disks::new(definition, seed, options.disk_delay),
            lags: Lags::new(definition),
            shares: Shares::default(),
            processes: Processes::new(definition.nodes.len(), seed),
            addresses: Addresses::new(definition, options.lease_seconds),
            scripts: Scripts::default(),
            stores: Stores::new(options.loads.clone()),
            faults: BTreeMap::new(),
            asked_of: BTreeSet::new(),
            drift_ppm_most: options.drift_ppm_max.min(10_000),
            configured_nodes: definition.nodes.len() as u32,
            revision: 0,
            checked: 0,
            reach: 0,
            randoms: BTreeMap::new(),
            streams: BTreeMap::new(),
            options,
        };
        env.defined(definition);
        env
    }

    /// The holder of a disk, in words.
    pub(crate) fn holder_name(&self, holder: Machine) -> &str {
        match self.hosts.get(holder) {
            Some(host) => &host.name,
            None => "a host outside the cluster",
        }
    }

    /// Makes this machine, or nobody, the holder of a disk's reservation. A host outside that has stolen the disk
    /// takes it again as soon as it is free.
    pub(crate) fn set_holder(
        &mut self,
        by: Option<Machine>,
        name: &str,
        holder: Option<Machine>,
        how: ReservationChange,
    ) {
        let Some(disk) = self.disks.find_mut(name) else {
            return;
        };
        let (subject, before) = (disk.name.clone(), disk.holder);
        let holder = holder.or_else(|| disk.wrong.stolen.then_some(STRANGER));
        if before == holder {
            return;
        }
        disk.holder = holder;
        self.lags.forget(name, None);
        let node = |holder: Option<Machine>| Some(self.hosts.get(holder?)?.name.clone());
        let event = WorldEvent::Reservation {
            subject,
            from: node(before),
            to: node(holder),
            how: match holder {
                Some(STRANGER) => ReservationChange::Stolen,
                _ => how,
            },
        };
        self.record(by, event);
        self.changed();
    }

    /// Writes a journal entry, which is observable by definition.
    pub(crate) fn record(&mut self, machine: Option<Machine>, what: impl Into<What>) {
        let node = machine.map(|machine| {
            let host = &mut self.hosts[machine];
            host.said += 1;
            host.name.clone()
        });
        self.journal.push(self.now, node, what);
        self.queue.cause = self.journal.trail().present();
        self.revision += 1;
    }

    /// Something has changed that invariants check, and that clients may notice.
    pub(crate) fn changed(&mut self) {
        self.node_changed();
        self.reach += 1;
    }

    /// A node's own state has changed, which clients do not notice.
    pub(crate) fn node_changed(&mut self) {
        self.revision += 1;
        self.checked += 1;
    }

    /// Something has changed that clients may notice, and that no invariant checks.
    pub(crate) fn reach_changed(&mut self) {
        self.revision += 1;
        self.reach += 1;
    }

    /// The next number of the generator for this resource on this machine.
    pub(crate) fn random(&mut self, machine: Machine, resource: &str) -> u64 {
        let key = (machine, Name::from(resource));
        let (seed, node) = (self.options.seed, &self.hosts[machine].name);
        self.randoms
            .entry(key)
            .or_insert_with(|| Stream::new(seed, &format!("random/{node}/{resource}")))
            .next()
    }

    /// Applies the active faults to networks, disks and fans. Returns the links that changed.
    pub(crate) fn apply_faults(&mut self) -> Vec<(Machine, usize, bool)> {
        let names: Vec<Name> = self.hosts.iter().map(|host| host.name.clone()).collect();
        let disks = self.faults.values().filter_map(Fault::of_disk);
        self.disks.apply(disks);
        self.shares
            .apply(self.faults.values().filter_map(Fault::of_share));
        self.apply_fans();
        self.processes_paced();
        let faults = self.faults.values().filter_map(Fault::of_network);
        self.networks.apply(&names, faults)
    }

    /// The last of a stream is due to be sent, if its sender lives and the two still reach each other.
    pub(crate) fn stream_ends(
        &mut self,
        way: (usize, Machine, Machine),
        takes: Duration,
        message: Message,
    ) {
        let (network, from, to) = way;
        if self.hosts[from].runs() && self.networks.connects(network, from, to) {
            self.stream_sent(way, takes, message);
        }
    }

    /// The last of a stream is sent: the message arrives.
    pub(crate) fn stream_sent(
        &mut self,
        (network, from, to): (usize, Machine, Machine),
        takes: Duration,
        message: Message,
    ) {
        let last = self.streams.entry((network, from, to)).or_default();
        *last = (*last).max(self.now + takes);
        let arrives = Happening::Deliver {
            to,
            from: self.hosts[from].id,
            network,
            message,
        };
        self.queue.push(*last, arrives);
    }

    /// Lets datagrams that are under way arrive earlier on a path that is faster than `before`.
    pub(crate) fn hasten_datagrams(&mut self, before: &[Vec<Vec<Duration>>]) {
        let after = self.networks.delays();
        if before == after {
            return;
        }
        self.streams.clear();
        let (now, hosts) = (self.now, &self.hosts);
        self.queue.hasten(|what| {
            let (to, from, network) = match what {
                Happening::Deliver {
                    to, from, network, ..
                }
                | Happening::Damaged {
                    to, from, network, ..
                } => (*to, *from, *network),
                Happening::Streamed { .. }
                | Happening::Disk { .. }
                | Happening::Asked { .. }
                | Happening::Answered { .. }
                | Happening::Process { .. }
                | Happening::NodeWake(_)
                | Happening::MonitorWake(_)
                | Happening::PowerOn(_)
                | Happening::Reboot(_)
                | Happening::ServiceRestart { .. }
                | Happening::Heal(_)
                | Happening::Call(_)
                | Happening::Check => return None,
            };
            let from = hosts.iter().position(|host| host.id == from)?;
            let takes = after[network][from][to];
            (takes < before[network][from][to]).then(|| now + takes)
        });
    }

    /// Lets waiting requests to disks that have become faster be done earlier.
    pub(crate) fn hasten_disks(&mut self) {
        for (disk, request, at) in self.disks.hasten(self.now) {
            self.queue.push(at, Happening::Disk { disk, request });
        }
    }

    /// Adds a machine, which is off. Networks, disks and faults stay as they are.
    pub(crate) fn add_host(&mut self, node: &NodeDefinition) {
        let most = u64::from(self.options.drift_ppm_max.min(10_000));
        let mut drifts = Stream::new(self.options.seed, &format!("clocks/{}", node.name));
        let drift = drifts.up_to(2 * most) as i32 - most as i32;
        self.hosts.push(Host {
            name: node.name.clone(),
            id: node.id,
            clock: Clock::new(Time::ZERO, Time::ZERO, drift),
            own_drift_ppm: drift,
            civil_origin_ms: self.options.civil_start_ms,
            local_shift_minutes: 0,
            on: false,
            frozen: None,
            slowness: 1,
            interfaces: node.interfaces.clone(),
            said: 0,
        });
        self.networks.add_machine(node);
        self.disks
            .add_machine(node.name.clone(), self.hosts.len() - 1);
        self.processes.add_machine();
        self.addresses.add_machine();
        self.journal.add_node(node.name.clone());
        self.apply_faults();
        self.changed();
    }

    /// Switches a machine off: its memory is lost, and its disks keep their contents.
    pub(crate) fn power_off(&mut self, machine: Machine) {
        self.hosts[machine].on = false;
        self.hosts[machine].frozen = None;
        self.disks.drop_machine(machine, self.now);
        self.hasten_disks();
        self.lags.drop_machine(machine);
        self.processes.drop_machine(machine);
        self.stores_lost(machine);
        self.addresses.drop_machine(machine);
        self.changed();
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use quorate_model::{
        DiskDefinition, NetworkDefinition, NetworkRole, NodeDefinition, QuorumKind,
    };

    use super::*;

    /// `nodes` nodes with cards in Public (0.5 ms, DHCP) and Private, and the disks Q: and L:.
    pub(crate) fn definition(nodes: u8) -> ClusterDefinition {
        let network = |name: &str, role, dhcp| NetworkDefinition {
            name: name.into(),
            role,
            latency_us: 500,
            dhcp,
        };
        ClusterDefinition {
            name: "CLUSTER1".into(),
            quorum: QuorumKind::Standard {
                resource: "Disk Q:".into(),
            },
            nodes: (1..=nodes)
                .map(|id| NodeDefinition {
                    id: NodeId(id),
                    name: format!("NODE{id}").into(),
                    interfaces: [
                        ("Public".into(), format!("10.0.0.{id}")),
                        ("Private".into(), format!("192.168.0.{id}")),
                    ]
                    .into(),
                    attributes: Default::default(),
                })
                .collect(),
            networks: vec![
                network("Public", NetworkRole::Mixed, true),
                network("Private", NetworkRole::Internal, false),
            ],
            disks: ["Disk Q:", "Disk L:"]
                .map(|name| DiskDefinition { name: name.into() })
                .into(),
            groups: Vec::new(),
            utc_offset_minutes: 0,
            properties: Default::default(),
            policy: None,
        }
    }

    /// An environment of machines that are all on.
    pub(crate) fn environment(nodes: u8) -> Environment {
        let mut env = Environment::new(&definition(nodes), WorldOptions::default());
        env.hosts.iter_mut().for_each(|host| host.on = true);
        env
    }

    #[test]
    fn what_is_seen_to_change_is_counted_for_whoever_looks_again() {
        let mut env = environment(1);
        let counts = |env: &Environment| (env.revision, env.checked, env.reach);
        let (revision, checked, reach) = counts(&env);
        env.node_changed();
        assert_eq!(counts(&env), (revision + 1, checked + 1, reach));
        env.reach_changed();
        assert_eq!(counts(&env), (revision + 2, checked + 1, reach + 1));
        env.changed();
        assert_eq!(counts(&env), (revision + 3, checked + 2, reach + 2));
    }

    #[test]
    fn a_machine_runs_while_it_is_on_and_does_not_stand_still() {
        let mut env = environment(1);
        for (on, frozen, runs) in [
            (true, None, true),
            (true, Some(Time::ZERO), false),
            (false, None, false),
            (false, Some(Time::ZERO), false),
        ] {
            (env.hosts[0].on, env.hosts[0].frozen) = (on, frozen);
            assert_eq!(env.hosts[0].runs(), runs);
        }
    }

    #[test]
    fn each_resource_on_each_machine_has_chances_of_its_own_and_the_same_in_every_run() {
        let drawn = |machine, resource| {
            let mut env = environment(2);
            [0; 3].map(|_| env.random(machine, resource))
        };
        let first = drawn(0, "one");
        assert_eq!(first, drawn(0, "one"));
        let mut all = [first, drawn(1, "one"), drawn(0, "other")].concat();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 9, "{all:?}");
    }

    #[test]
    fn clocks_drift_both_ways_as_far_as_they_may_and_no_further() {
        let most = 100;
        let options = WorldOptions {
            drift_ppm_max: most,
            ..WorldOptions::default()
        };
        let mut env = Environment::new(&definition(2), options);
        for node in &definition(40).nodes[2..] {
            env.add_host(node);
        }
        let drifts: Vec<i32> = env.hosts.iter().map(|host| host.own_drift_ppm).collect();
        let (least, largest) = (drifts.iter().min().unwrap(), drifts.iter().max().unwrap());
        assert!(*least >= -100 && *largest <= 100, "{drifts:?}");
        assert!(*least < -50 && *largest > 50, "{drifts:?}");
    }

    /// A datagram on another path still arrives at its old time.
    #[test]
    fn what_is_under_way_on_a_path_that_has_become_faster_is_there_as_soon_as_that_allows() {
        let (soon, late) = (Time::from_millis(1), Time::from_millis(4_000));
        let datagram = |from: u8, to| Happening::Damaged {
            to,
            from: NodeId(from),
            network: 0,
            bytes: Vec::new(),
        };
        let arrives = |env: &mut Environment, from, to| {
            env.queue.push(late, datagram(from, to));
            let before = env.networks.delays();
            env.faults.clear();
            env.apply_faults();
            env.hasten_datagrams(&before);
            let (at, _) = env.queue.pop().expect("a datagram");
            at
        };
        for (from, to, hastened) in [(3, 0, true), (1, 2, true), (1, 1, false), (2, 0, false)] {
            let mut env = environment(3);
            let slow = quorate_model::NetworkFault::Latency {
                network: "Public".into(),
                node: Some("NODE3".into()),
                latency: Duration::from_secs(5),
            };
            let slow = (quorate_model::FaultId(1), slow.into());
            env.faults.extend([slow]);
            env.apply_faults();
            let at = arrives(&mut env, from, to);
            assert_eq!(at < soon, hastened, "NODE{from} to machine {to}: {at}");
            assert!(hastened || at == late, "{at}");
        }
    }
}
