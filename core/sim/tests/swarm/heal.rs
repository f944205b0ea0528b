//! The end of every run: everything is repaired and switched on, and all that can be in service must be.

use std::time::Duration;

use quorate_model::{AdminOp, GroupState, Name, NodeState};
use quorate_sim::World;

use super::admin::{again, strangers};
use super::{Failure, sound};

/// The time within which everything must come to rest.
const HOUR: Duration = Duration::from_secs(3_600);

/// Repairs everything and switches it on. Then everything must be in service that can be.
pub fn heal(world: &mut World) -> Result<(), Failure> {
    let fail = |world: &World, what: &str, detail: String| {
        sound(world)?;
        Err(Failure {
            what: what.to_owned(),
            detail,
        })
    };
    world.heal_all();
    if let Some((_, fault)) = world.faults().next() {
        return fail(world, "a fault was not healed", fault.to_string());
    }
    // Machines that are shutting down finish that first.
    world.settle(HOUR / 2);
    for node in world.nodes() {
        // A machine that is on already stays as it is.
        let _ = world.start(&node);
        let _ = world.start_service(&node);
    }
    if !world.settle(HOUR) {
        return fail(world, "no rest after an hour", String::new());
    }
    // A node that has lost its database, and with it its identity, must be added again by an administrator.
    for node in strangers(world) {
        if again(world, &node).is_none() || !world.settle(HOUR) {
            return fail(world, "a stranger was not added again", node.to_string());
        }
    }
    // Some of them only finish now: a node that stops hands over what it has first, and until a stranger is gone nobody may be
    // there to take it.
    let mut started = false;
    for node in world.nodes() {
        started |= world.start(&node).is_ok();
    }
    if started && !world.settle(HOUR) {
        return fail(world, "no rest after an hour", String::new());
    }
    let nodes: Vec<Name> = world
        .definition()
        .nodes
        .iter()
        .map(|node| node.name.clone())
        .collect();
    // A node that was added again in an act without an answer has not been set up.
    let bare: Vec<&Name> = nodes.iter().filter(|node| is_bare(world, node)).collect();
    for node in &bare {
        let _ = world.install(node);
    }
    if !bare.is_empty() && !world.settle(HOUR) {
        return fail(world, "no rest after an hour", String::new());
    }
    for node in nodes.iter().cloned() {
        let _ = world.admin_wait(AdminOp::NodeResume { node }, Duration::from_secs(60));
    }
    // An evicted node learns of that and stays out.
    let mut down = nodes;
    down.retain(|node| world.node(node).unwrap().state != NodeState::Up);
    if !down.is_empty() {
        return fail(world, "a node did not come back", format!("{down:?}"));
    }
    // Groups that failed over too often, or had nowhere to go, wait for an administrator, who comes now.
    for group in offline(world) {
        let _ = world.admin_wait(AdminOp::GroupOnline { group }, Duration::from_secs(60));
    }
    world.settle(HOUR / 2);
    let offline = offline(world);
    if !offline.is_empty() {
        return fail(world, "a group did not come back", format!("{offline:?}"));
    }
    sound(world)
}

/// Whether a machine was cleaned up and its cluster service not started since.
fn is_bare(world: &World, node: &Name) -> bool {
    let mut events = world.events().iter().rev();
    let last = events.find(|event| {
        event.node.as_ref() == Some(node)
            && ["cleaned-up", "cluster-service"].contains(&event.kind())
    });
    last.is_some_and(|event| event.kind() == "cleaned-up")
}

fn offline(world: &World) -> Vec<Name> {
    let in_service = |group: &Name| world.group(group).unwrap().state == GroupState::Online;
    world
        .groups()
        .into_iter()
        .filter(|group| !in_service(group))
        .collect()
}
