//! What can happen to a cluster: faults, and work of administrators.

use std::time::Duration;

use quorate_model::{
    AdminOp, Chance, ClockFault, DiskFault, Drive, MachineFault, Name, NameFault, NetworkFault,
    ProcessFault, ShareFault, Value, types,
};
use quorate_sim::World;

use super::Trouble;
use super::admin::{again, dispensable, share, share_anew, share_lost, switched, wiped};
use super::cluster::SCRIPT;

/// An event. Nodes, networks, disks and resources are given by number, modulo how many there are, so that a step
/// keeps its meaning when others are removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Crash(usize),
    Start(usize),
    /// A machine stands still for this many milliseconds.
    Freeze(usize, u64),
    StopService(usize),
    StartService(usize),
    /// The nodes whose bits are set and the other nodes do not hear each other.
    Partition(u64),
    /// On all networks, datagrams from the first node do not reach the second.
    Cut(usize, usize),
    /// A link that comes and goes: cut in both directions for a while, then whole, this many times.
    Flap(usize, usize, u64),
    Card(usize, usize),
    Network(usize),
    /// A network loses this many per cent of its datagrams.
    Loss(usize, u64),
    /// The one-way latency of a network in milliseconds.
    Latency(usize, u64),
    /// Extra milliseconds for a machine's card in a network.
    CardLatency(usize, usize, u64),
    /// The DHCP server does not answer for this many milliseconds; 0 is until it is healed.
    DhcpSilent(u64),
    /// A network carries nothing, and no card notices.
    BlackHole(usize),
    /// A fault of this many per cent of the datagrams on a network.
    Datagrams(usize, Datagrams, u64),
    /// The same for a machine's card.
    CardDatagrams(usize, usize, Datagrams, u64),
    /// A fault of a shared disk for this many milliseconds; 0 is until it is healed.
    Disk(usize, Trouble, u64),
    /// The same for a machine's own disk.
    SystemDisk(usize, Trouble, u64),
    /// A machine gets no answer from a shared disk for this many milliseconds; 0 is until that is healed.
    PathLost(usize, usize, u64),
    /// A host outside takes the reservation of a shared disk, and gives it up after this many milliseconds; 0 is when
    /// it is healed.
    Stolen(usize, u64),
    /// A machine loses power during its next write to the log, after this many bytes.
    TornWrite(usize, u64),
    /// The same during its next checkpoint.
    TornCheckpoint(usize, u64),
    ServiceCrashes(usize),
    /// A resource's processes hang for this many milliseconds.
    ServiceHangs(usize, u64),
    /// Their answers are late by this many milliseconds.
    AnswersLate(usize, u64),
    /// They answer everybody with an error.
    AnswersWrong(usize),
    /// This many of their next starts fail.
    StartsFail(usize, u64),
    /// Their starts take this many milliseconds longer.
    StartsSlow(usize, u64),
    /// A machine's copy of the script is gone.
    ScriptLost(usize),
    /// A machine's resource monitor stands still for this many milliseconds; 0 is until it is healed.
    MonitorHangs(usize, u64),
    /// A machine's fan fails, for so many milliseconds, or until it is healed if that is 0.
    FanFails(usize, u64),
    /// A node and those whose bits are set do not hear each other; everybody else hears all of them.
    Apart(usize, u64),
    /// A machine is shut down in order.
    Shutdown(usize),
    Pause(usize),
    Resume(usize),
    /// A node is evicted, if it is down and enough are left for the virtual servers.
    Evict(usize),
    /// A node gets a new identity: it loses power, is evicted if it was not, is cleaned up, and is added again.
    Again(usize),
    /// A node loses everything on its system disk, and is a stranger until it is added again.
    Wiped(usize),
    /// A group is moved to a node.
    Move(usize, usize),
    GroupOffline(usize),
    GroupOnline(usize),
    /// "Initiate failure".
    ResourceFails(usize),
    /// A machine's civil clock is set forward by this many minutes; below zero back.
    ClockStep(usize, i64),
    /// A machine's clocks gain this many parts per million; below zero they lose.
    ClockDrift(usize, i64),
    /// Daylight saving begins or ends: local time moves by this many minutes.
    LocalTime(i64),
    /// The same on one machine only.
    LocalTimeOf(usize, i64),
    /// The cluster service is killed and started again while everything of its old boot goes on.
    ServiceRestarts(usize),
    /// Somebody else answers for the address of an IP Address resource.
    Stranger(usize),
    /// The name server is silent, refuses registrations, or takes this many milliseconds.
    NamesSilent,
    NamesRefused,
    NamesSlow(u64),
    /// The file server with the witness is silent.
    ShareFails,
    /// It answers this many milliseconds late.
    ShareSlows(u64),
    /// A machine does not get through to it.
    ShareCut(usize),
    /// The witness has forgotten everything.
    ShareLost,
    /// An administrator removes the witness, and configures it again a while later.
    ShareAnew,
    /// All faults are repaired, the whole cluster goes down, and comes back with a start switch: at first only the
    /// nodes whose bits are set, or the first of these if the switch is for one node; then all nodes in the usual
    /// way.
    Switched(Switch, u64),
    Heal,
}

/// What may happen to datagrams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Datagrams {
    Lost,
    Doubled,
    /// Held back for up to this many milliseconds.
    Late(u64),
    Damaged,
}

impl Datagrams {
    fn fault(self, network: Name, node: Option<Name>, percent: u64) -> Option<NetworkFault> {
        let per_million = Chance::of(percent as f64 / 100.0)?;
        Some(match self {
            Datagrams::Lost => NetworkFault::Loss {
                network,
                node,
                per_million,
            },
            Datagrams::Doubled => NetworkFault::Duplicate {
                network,
                node,
                per_million,
            },
            Datagrams::Late(ms) => NetworkFault::Reorder {
                network,
                node,
                per_million,
                by: Duration::from_millis(ms),
            },
            Datagrams::Damaged => NetworkFault::Corrupt {
                network,
                node,
                per_million,
            },
        })
    }
}

/// The original's start switches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    ForceQuorum,
    FixQuorum,
    ResetQuorumLog,
    NoQuorumLogging,
}

fn nth(names: Vec<Name>, at: usize) -> Option<Name> {
    let len = names.len().max(1);
    names.into_iter().nth(at % len)
}

/// How long something lasts: 0 is until it is healed.
fn lasting(ms: u64) -> Option<Duration> {
    (ms > 0).then(|| Duration::from_millis(ms))
}

impl Act {
    /// Carries it out. An act that is impossible at present does nothing.
    pub fn carry_out(self, world: &mut World) {
        // An error means that it is impossible at present, and then nothing has happened.
        let _ = self.attempt(world);
    }

    #[allow(clippy::too_many_lines, reason = "one arm for each act there is")]
    fn attempt(self, world: &mut World) -> Option<()> {
        let nodes = world.nodes();
        let node = |at: usize| nth(nodes.clone(), at);
        let network = |world: &World, at| nth(world.networks(), at);
        let disk = |world: &World, at| nth(world.disks(), at);
        let resource = |world: &World, at| nth(world.resources(), at);
        let span = Duration::from_millis;
        match self {
            Act::Crash(a) => drop(world.crash(&node(a)?)),
            Act::Start(a) => drop(world.start(&node(a)?)),
            Act::Freeze(a, ms) => drop(world.freeze(&node(a)?, Some(span(ms)))),
            Act::StopService(a) => drop(world.stop_service(&node(a)?)),
            Act::StartService(a) => drop(world.start_service(&node(a)?)),
            Act::Partition(mask) => {
                let inside = (0..).zip(&nodes).filter(|(bit, _)| mask >> bit & 1 == 1);
                let inside: Vec<Name> = inside.map(|(_, name)| name.clone()).collect();
                drop(world.partition(None, &[inside]));
            }
            Act::Cut(a, b) => drop(world.cut(None, &node(a)?, &node(b)?)),
            Act::Flap(a, b, times) => {
                let links = vec![(node(a)?, node(b)?), (node(b)?, node(a)?)];
                let broken = NetworkFault::Cut {
                    network: None,
                    links,
                };
                for time in 0..times {
                    // Sometimes shorter than the other nodes wait, sometimes longer.
                    let down = span(1_500 + time * 2_500 % 9_000);
                    let _ = world.inject_for(broken.clone(), Some(down));
                    world.run_for(down + span(2_000));
                }
            }
            Act::Card(a, n) => drop(world.fail_card(&node(a)?, &network(world, n)?)),
            Act::Network(n) => drop(world.fail_network(&network(world, n)?)),
            Act::Loss(n, percent) => {
                let part = percent as f64 / 100.0;
                drop(world.network_loss(&network(world, n)?, part));
            }
            Act::Latency(n, ms) => drop(world.network_latency(&network(world, n)?, span(ms))),
            Act::CardLatency(a, n, ms) => {
                let fault = NetworkFault::Latency {
                    network: network(world, n)?,
                    node: Some(node(a)?),
                    latency: span(ms),
                };
                drop(world.inject(fault));
            }
            Act::DhcpSilent(ms) => {
                for network in world.networks() {
                    let fault = NetworkFault::Dhcp { network };
                    drop(world.inject_for(fault, lasting(ms)));
                }
            }
            Act::BlackHole(n) => {
                let network = network(world, n)?;
                drop(world.inject(NetworkFault::BlackHole { network }));
            }
            Act::Datagrams(n, what, percent) => {
                let fault = what.fault(network(world, n)?, None, percent)?;
                drop(world.inject(fault));
            }
            Act::CardDatagrams(a, n, what, percent) => {
                let fault = what.fault(network(world, n)?, Some(node(a)?), percent)?;
                drop(world.inject(fault));
            }
            Act::Disk(d, trouble, ms) => {
                let fault = trouble.fault(Drive::Shared(disk(world, d)?))?;
                drop(world.inject_for(fault, lasting(ms)));
            }
            Act::SystemDisk(a, trouble, ms) => {
                let fault = trouble.fault(Drive::System(node(a)?))?;
                drop(world.inject_for(fault, lasting(ms)));
            }
            Act::PathLost(a, d, ms) => {
                let (node, disk) = (node(a)?, disk(world, d)?);
                drop(world.inject_for(DiskFault::Path { node, disk }, lasting(ms)));
            }
            Act::Stolen(d, ms) => {
                let disk = disk(world, d)?;
                drop(world.inject_for(DiskFault::Stolen { disk }, lasting(ms)));
            }
            Act::TornWrite(a, kept) => drop(world.crash_writing(&node(a)?, "quolog.log", kept)),
            Act::TornCheckpoint(a, kept) => {
                drop(world.crash_writing(&node(a)?, "chk001.tmp", kept));
            }
            Act::ServiceCrashes(r) => drop(world.crash_process(&resource(world, r)?)),
            Act::ServiceHangs(r, ms) => {
                drop(world.hang_process(&resource(world, r)?, Some(span(ms))));
            }
            Act::AnswersLate(r, ms) => drop(world.slow_answers(&resource(world, r)?, span(ms))),
            Act::AnswersWrong(r) => drop(world.wrong_answers(&resource(world, r)?)),
            Act::StartsFail(r, times) => {
                let times = u32::try_from(times).ok()?;
                drop(world.fail_starts(&resource(world, r)?, times));
            }
            Act::StartsSlow(r, ms) => {
                let (resource, delay) = (resource(world, r)?, span(ms));
                drop(world.inject(ProcessFault::SlowStart { resource, delay }));
            }
            Act::ScriptLost(a) => {
                let (node, path) = (node(a)?, SCRIPT.to_owned());
                drop(world.inject(ProcessFault::ScriptLost { node, path }));
            }
            Act::MonitorHangs(a, ms) => {
                let node = node(a)?;
                drop(world.inject_for(MachineFault::MonitorHang { node }, lasting(ms)));
            }
            Act::FanFails(a, ms) => {
                let node = node(a)?;
                drop(world.inject_for(MachineFault::FanFailure { node }, lasting(ms)));
            }
            Act::Apart(a, mask) => {
                let one = node(a)?;
                let others = (0..).zip(&nodes).filter(|(bit, _)| mask >> bit & 1 == 1);
                let others = others.map(|(_, name)| name).filter(|name| **name != one);
                let links = others.flat_map(|other| {
                    let (one, other) = (one.clone(), other.clone());
                    [(one.clone(), other.clone()), (other, one)]
                });
                let links: Vec<(Name, Name)> = links.collect();
                let network = None;
                drop(world.inject(NetworkFault::Cut { network, links }));
            }
            Act::Shutdown(a) => drop(world.shutdown(&node(a)?)),
            Act::Pause(a) => drop(world.admin(AdminOp::NodePause { node: node(a)? })),
            Act::Resume(a) => drop(world.admin(AdminOp::NodeResume { node: node(a)? })),
            Act::Evict(a) => {
                let node = node(a)?;
                if dispensable(world, &node) {
                    drop(world.admin(AdminOp::NodeEvict { node }));
                }
            }
            Act::Again(a) => again(world, &node(a)?)?,
            Act::Wiped(a) => wiped(world, &node(a)?)?,
            Act::Move(g, a) => {
                let (group, to) = (nth(world.groups(), g)?, node(a));
                drop(world.admin(AdminOp::GroupMove { group, to }));
            }
            Act::GroupOffline(g) => {
                let group = nth(world.groups(), g)?;
                drop(world.admin(AdminOp::GroupOffline { group }));
            }
            Act::GroupOnline(g) => {
                let group = nth(world.groups(), g)?;
                drop(world.admin(AdminOp::GroupOnline { group }));
            }
            Act::ResourceFails(r) => {
                let resource = resource(world, r)?;
                drop(world.admin(AdminOp::ResourceFail { resource }));
            }
            Act::ClockStep(a, minutes) => {
                let (node, by_ms) = (node(a)?, minutes * 60_000);
                drop(world.inject(ClockFault::ClockStep { node, by_ms }));
            }
            Act::ClockDrift(a, ppm) => {
                let (node, ppm) = (node(a)?, i32::try_from(ppm).ok()?);
                drop(world.inject(ClockFault::ClockDrift { node, ppm }));
            }
            Act::LocalTime(minutes) => {
                let by_minutes = i32::try_from(minutes).ok()?;
                let node = None;
                drop(world.inject(ClockFault::LocalTime { node, by_minutes }));
            }
            Act::LocalTimeOf(a, minutes) => {
                let by_minutes = i32::try_from(minutes).ok()?;
                let node = Some(node(a)?);
                drop(world.inject(ClockFault::LocalTime { node, by_minutes }));
            }
            Act::ServiceRestarts(a) => {
                let node = node(a)?;
                drop(world.inject(MachineFault::ServiceRestart { node }));
            }
            Act::Stranger(r) => {
                let (network, address) = address(world, r)?;
                drop(world.inject(NetworkFault::Stranger { network, address }));
            }
            Act::NamesSilent => drop(world.inject(NameFault::NamesSilent)),
            Act::NamesRefused => drop(world.inject(NameFault::NamesRefused)),
            Act::NamesSlow(ms) => {
                drop(world.inject(NameFault::NamesSlow { delay: span(ms) }));
            }
            Act::ShareFails => {
                let share = share(world)?;
                drop(world.inject(ShareFault::Share { share }));
            }
            Act::ShareSlows(ms) => {
                let (share, delay) = (share(world)?, span(ms));
                drop(world.inject(ShareFault::SlowShare { share, delay }));
            }
            Act::ShareCut(a) => {
                let (share, node) = (share(world)?, node(a)?);
                drop(world.inject(ShareFault::SharePath { share, node }));
            }
            Act::ShareLost => share_lost(world)?,
            Act::ShareAnew => share_anew(world)?,
            Act::Switched(switch, mask) => switched(world, switch, mask)?,
            Act::Heal => world.heal_all(),
        }
        Some(())
    }
}

/// The network and the address of an IP Address resource.
fn address(world: &World, at: usize) -> Option<(Name, String)> {
    let resources = world
        .definition()
        .groups
        .iter()
        .flat_map(|it| &it.resources);
    let addresses = resources.filter(|resource| *resource.kind == *types::IP_ADDRESS);
    let addresses: Vec<_> = addresses.collect();
    let resource = addresses.get(at % addresses.len().max(1))?;
    match (
        resource.properties.get("Network")?,
        resource.properties.get("Address")?,
    ) {
        (Value::Text(network), Value::Text(address)) => Some((network.into(), address)),
        _ => None,
    }
}
