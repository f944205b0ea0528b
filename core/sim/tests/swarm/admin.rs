//! Work that takes an administrator several steps.

use std::collections::BTreeMap;
use std::time::Duration;

use quorate_journal::{Entry, Event, What, WorldEvent};
use quorate_model::{
    AdminOp, DiskFault, FILE_SHARE_WITNESS, Fault, Name, NodeState, Object, QuorumKind, ShareFault,
    StartSwitches, Value, types,
};
use quorate_sim::{Reply, World};

use super::Switch;
use super::cluster::{SHARE, servers};

fn configured(world: &World) -> Vec<Name> {
    let nodes = world.definition().nodes.iter();
    nodes.map(|node| node.name.clone()).collect()
}

/// Whether a node can be evicted so that enough nodes are left for the virtual servers. While any node is a stranger
/// to its cluster, only strangers can.
pub fn dispensable(world: &World, node: &Name) -> bool {
    let definition = world.definition();
    let strangers = strangers(world);
    definition.nodes.len() > servers(definition) + 1
        && (strangers.is_empty() || strangers.contains(node))
}

/// Gives a node a new identity: it loses power, is evicted if it was not, is cleaned up, and is added again.
pub fn again(world: &mut World, name: &Name) -> Option<()> {
    let span = Duration::from_secs(20);
    if world.definition().node(name).is_some() {
        if !dispensable(world, name) {
            return None;
        }
        let _ = world.crash(name);
        world.run_for(span);
        let op = AdminOp::NodeEvict { node: name.clone() };
        world.admin_wait(op, span).ok()?;
    }
    // The machine is on, without its cluster service: an administrator works on it.
    let _ = world.start(name);
    let _ = world.stop_service(name);
    world.force_cleanup(name).ok()?;
    let asked = world.add_node(name, BTreeMap::new()).ok()?;
    world.run_for(span);
    if world.reply(asked) == Reply::Done {
        world.install(name).ok()?;
    }
    Some(())
}

/// A node loses power and everything on its system disk, and is switched on: it is a stranger, and has no vote any
/// more. Only one node at a time, and only if the others can do without it for good.
pub fn wiped(world: &mut World, name: &Name) -> Option<()> {
    let nodes = configured(world);
    let members = world.quorum().members;
    let majority = world.definition().quorum == QuorumKind::MajorityNodeSet;
    let least = match majority {
        true if witness_was_lost(world) => 4,
        true => 3,
        false => 2,
    };
    // With a witness, what only this node and the witness have seen would keep the others from electing anybody.
    let runs = |node: &Name| {
        let machine = world.machine_status(node).ok();
        machine.is_some_and(|it| it.service_running && !it.frozen)
    };
    let all = nodes
        .iter()
        .all(|node| members.contains(node) && runs(node));
    if !all || nodes.len() < least || !strangers(world).is_empty() || !dispensable(world, name) {
        return None;
    }
    let _ = world.crash(name);
    let node = name.clone();
    world.inject(DiskFault::Wipe { node }).ok()?;
    world.start(name).ok()
}

/// The witness loses its memory, and with it its vote. Not while a node has no vote either, since the two may be half
/// of all votes.
pub fn share_lost(world: &mut World) -> Option<()> {
    let share = share(world)?;
    if !strangers(world).is_empty() || !newcomers(world).is_empty() {
        return None;
    }
    world.inject(ShareFault::ShareLost { share }).ok().map(drop)
}

/// Whether the witness has ever lost its memory: it may not vote since then.
fn witness_was_lost(world: &World) -> bool {
    world.events().iter().any(|entry| {
        let What::World(WorldEvent::FaultInjected { fault, .. }) = &entry.what else {
            return false;
        };
        matches!(fault, Fault::Share(ShareFault::ShareLost { .. }))
    })
}

/// The nodes whose system disk was wiped, and that have not been cleaned up since.
pub fn strangers(world: &World) -> Vec<Name> {
    let mut nodes = configured(world);
    nodes.retain(|node| {
        let wiped = world
            .events()
            .iter()
            .rev()
            .find_map(|entry| match &entry.what {
                What::World(WorldEvent::FaultInjected {
                    fault: Fault::Disk(DiskFault::Wipe { node: wiped }),
                    ..
                }) if wiped == node => Some(true),
                What::World(WorldEvent::CleanedUp {}) if entry.node.as_ref() == Some(node) => {
                    Some(false)
                }
                What::World(_) | What::Node(_) => None,
            });
        wiped == Some(true)
    });
    nodes
}

/// The nodes that have a new identity and have not been members with it for a while: they may have no vote yet.
fn newcomers(world: &World) -> Vec<Name> {
    let settled = |name: &Name| {
        let mut last = world.events().iter().rev();
        last.find_map(|entry| match &entry.what {
            What::World(WorldEvent::CleanedUp {}) if entry.node.as_ref() == Some(name) => {
                Some(false)
            }
            What::Node(Event::NodeState { subject, to, .. })
                if subject == name
                    && *to == NodeState::Up
                    && world.now().since(entry.at) >= Duration::from_secs(10) =>
            {
                Some(true)
            }
            What::World(_) | What::Node(_) => None,
        })
    };
    let mut nodes = world.nodes();
    nodes.retain(|node| settled(node) == Some(false));
    nodes
}

/// The file share witness, if there is one.
pub fn share(world: &World) -> Option<Name> {
    world.definition().file_share_witness().map(Name::from)
}

/// Removes the witness, and configures it again a while later.
pub fn share_anew(world: &mut World) -> Option<()> {
    share(world)?;
    for name in ["", SHARE] {
        let _ = world.admin_wait(name_witness(world, name)?, Duration::from_secs(20));
        world.run_for(Duration::from_secs(10));
    }
    Some(())
}

fn name_witness(world: &World, share: &str) -> Option<AdminOp> {
    let mut resources = world
        .definition()
        .groups
        .iter()
        .flat_map(|it| &it.resources);
    let quorum = resources.find(|resource| *resource.kind == *types::MAJORITY_NODE_SET)?;
    Some(AdminOp::SetProperty {
        object: Object::Resource(quorum.name.clone()),
        property: FILE_SHARE_WITNESS.into(),
        value: Some(Value::Text(share.to_owned())),
    })
}

/// The work of an administrator who follows the manual: no other node runs while a switch takes effect, and when
/// quorum is forced, the nodes left out are told before the switch is taken away.
pub fn switched(world: &mut World, switch: Switch, mask: u64) -> Option<()> {
    let span = Duration::from_secs;
    // The manual says to add a stranger again first.
    if !strangers(world).is_empty() {
        return None;
    }
    let nodes = configured(world);
    let inside = (0..).zip(&nodes).filter(|(bit, _)| mask >> bit & 1 == 1);
    let mut inside: Vec<Name> = inside.map(|(_, name)| name.clone()).collect();
    let first = inside.first().or(nodes.first())?.clone();
    let majority = world.definition().quorum == QuorumKind::MajorityNodeSet;
    let mut switches = StartSwitches::default();
    match switch {
        Switch::ForceQuorum if majority && !inside.is_empty() => {
            switches.force_quorum = inside.clone();
        }
        Switch::FixQuorum if !majority => switches.fix_quorum = true,
        Switch::ResetQuorumLog if !majority => switches.reset_quorum_log = true,
        Switch::NoQuorumLogging if !majority => switches.no_quorum_logging = true,
        _ => return None,
    }
    if !majority {
        inside = vec![first];
    }
    // Who was away while a node was given a new identity takes it for a stranger.
    let members = world.quorum().members;
    let renewed = |entry: &Entry| matches!(entry.what, What::World(WorldEvent::CleanedUp {}));
    if world.events().iter().any(renewed) && !inside.iter().all(|node| members.contains(node)) {
        return None;
    }
    world.heal_all();
    world.run_for(span(5));
    for node in world.nodes() {
        let _ = world.crash(&node);
    }
    world.run_for(span(10));
    for node in &inside {
        let _ = world.start_with(node, switches.clone());
    }
    world.run_for(span(90));
    let others = || nodes.iter().filter(|node| !inside.contains(node));
    for node in others() {
        let _ = world.start(node);
    }
    world.run_for(span(60));
    for node in &inside {
        let _ = world.stop_service(node);
    }
    world.run_for(span(60));
    for node in &inside {
        let _ = world.start_service(node);
    }
    world.run_for(span(60));
    Some(())
}
