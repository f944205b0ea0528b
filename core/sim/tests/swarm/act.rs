//! What can happen to a cluster: what breaks, and what administrators do.

use std::collections::BTreeMap;
use std::time::Duration;

use quorate_model::{Name, NetworkFault};
use quorate_node::AdminOp;
use quorate_sim::{Reply, World};

/// Something that happens. Nodes, networks, disks and resources go by number, modulo what there is, so
/// that a step keeps its meaning when others are taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Crash(usize),
    Start(usize),
    /// A machine stands still for so many milliseconds.
    Freeze(usize, u64),
    StopService(usize),
    StartService(usize),
    /// Nodes whose bit is set, and the others, hear nothing of each other.
    Partition(u64),
    /// Nothing gets from the first to the second; all networks.
    Cut(usize, usize),
    /// A link that comes and goes: cut both ways for a while, then whole, so many times.
    Flap(usize, usize, u64),
    Card(usize, usize),
    Network(usize),
    /// A network loses so many per cent.
    Loss(usize, u64),
    /// A network takes so many milliseconds one way.
    Latency(usize, u64),
    DiskFails(usize),
    /// A disk takes so many milliseconds more.
    DiskSlows(usize, u64),
    /// A machine loses power in the middle of its next write to the log, so many bytes into it.
    TornWrite(usize, u64),
    /// The same in its next checkpoint.
    TornCheckpoint(usize, u64),
    ServiceCrashes(usize),
    /// A resource's processes hang for so many milliseconds.
    ServiceHangs(usize, u64),
    /// A node, and those whose bit is set, hear nothing of each other, and everybody else of both.
    Apart(usize, u64),
    /// A machine is shut down in order.
    Shutdown(usize),
    Pause(usize),
    Resume(usize),
    /// A node is evicted, if it is down and enough are left for the virtual servers.
    Evict(usize),
    /// A node is made another: it loses power, is evicted if that has not been done, cleaned up, and added again.
    Again(usize),
    /// A group is moved to a node.
    Move(usize, usize),
    GroupOffline(usize),
    GroupOnline(usize),
    /// "Initiate failure".
    ResourceFails(usize),
    Heal,
}

fn nth(names: Vec<Name>, at: usize) -> Option<Name> {
    let len = names.len().max(1);
    names.into_iter().nth(at % len)
}

impl Act {
    /// Breaks it. What cannot break as it is stays as it is.
    pub fn carry_out(self, world: &mut World) {
        // An error says that it is impossible as things stand; then nothing has happened.
        let _ = self.attempt(world);
    }

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
                    // Sometimes shorter than the patience of the others, sometimes longer.
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
            Act::DiskFails(d) => drop(world.fail_disk(&disk(world, d)?)),
            Act::DiskSlows(d, ms) => drop(world.slow_disk(&disk(world, d)?, span(ms))),
            Act::TornWrite(a, kept) => drop(world.crash_writing(&node(a)?, "quolog.log", kept)),
            Act::TornCheckpoint(a, kept) => {
                drop(world.crash_writing(&node(a)?, "chk001.tmp", kept));
            }
            Act::ServiceCrashes(r) => drop(world.crash_process(&resource(world, r)?)),
            Act::ServiceHangs(r, ms) => {
                drop(world.hang_process(&resource(world, r)?, Some(span(ms))));
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
                let definition = world.definition();
                let servers = definition.groups.len() - 1;
                if definition.nodes.len() > servers + 1 {
                    drop(world.admin(AdminOp::NodeEvict { node: node(a)? }));
                }
            }
            Act::Again(a) => {
                let name = node(a)?;
                let definition = world.definition();
                if definition.node(&name).is_some() {
                    if definition.nodes.len() <= definition.groups.len() {
                        return None;
                    }
                    let _ = world.crash(&name);
                    world.run_for(span(20_000));
                    let op = AdminOp::NodeEvict { node: name.clone() };
                    world.admin_wait(op, span(20_000)).ok()?;
                }
                // On, and without its cluster service: an administrator sits at it.
                let _ = world.start(&name);
                let _ = world.stop_service(&name);
                world.force_cleanup(&name).ok()?;
                let asked = world.add_node(&name, BTreeMap::new()).ok()?;
                world.run_for(span(20_000));
                if world.reply(asked) == Reply::Done {
                    world.install(&name).ok()?;
                }
            }
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
            Act::Heal => world.heal_all(),
        }
        Some(())
    }
}
