//! The numbers for parts of a world: what they are for may only change when they do.

#![allow(clippy::unwrap_used)]

// Each test file uses a part of it.
#[allow(dead_code)]
mod support;
mod swarm;

use std::time::Duration;

use quorate_model::Name;
use quorate_sim::{World, WorldOptions};
use support::PlainMonitors;
use swarm::{By, Scenario};

const MINUTE: Duration = Duration::from_secs(60);

fn settled(cluster: &str) -> World {
    let options = WorldOptions::with_seed(5);
    let mut world =
        World::with_monitors(support::cluster(cluster), Box::new(PlainMonitors), options);
    world.start_all();
    assert!(world.settle(10 * MINUTE), "it does not settle");
    world.run_for(10 * MINUTE);
    world
}

/// What the marks are for, as it reads.
fn read(world: &World) -> [String; 3] {
    let resources = world.resources();
    let online: Vec<Vec<Name>> = resources.iter().map(|it| world.online_on(it)).collect();
    let names = (world.nodes(), world.groups(), &resources);
    let found: Vec<_> = world
        .groups()
        .iter()
        .map(|it| world.group_service(it))
        .collect();
    let found_of: Vec<_> = resources
        .iter()
        .map(|it| world.resource_service(it))
        .collect();
    let belief = (
        world.node_statuses(),
        world.group_statuses(),
        world.resource_statuses(),
        world.quorum(),
        world.coordinator(),
    );
    [
        format!("{online:?} {names:?}"),
        format!("{found:?} {found_of:?}"),
        format!("{belief:?}"),
    ]
}

fn marks(world: &World) -> [Vec<u64>; 3] {
    [
        world.online_mark().to_vec(),
        world.service_mark().to_vec(),
        world.belief_mark().to_vec(),
    ]
}

#[test]
fn in_a_quiet_cluster_no_mark_changes() {
    let mut world = settled("four-node.ron");
    let before = marks(&world);
    world.run_for(60 * MINUTE);
    assert_eq!(marks(&world), before);
}

/// What is read of a world and its marks, at the last look.
struct Looks {
    was: [String; 3],
    marked: [Vec<u64>; 3],
    /// How often each part read otherwise.
    changed: [usize; 3],
}

impl Looks {
    fn new(world: &World) -> Looks {
        Looks {
            was: read(world),
            marked: marks(world),
            changed: [0; 3],
        }
    }

    /// Makes sure that what reads otherwise has another mark.
    fn again(&mut self, world: &World) {
        let (is, marks) = (read(world), marks(world));
        for part in 0..3 {
            let same = self.was[part] == is[part];
            assert!(
                same || self.marked[part] != marks[part],
                "at {}, part {part} changed and its mark did not: {} became {}",
                world.now(),
                self.was[part],
                is[part]
            );
            self.changed[part] += usize::from(!same);
        }
        (self.was, self.marked) = (is, marks);
    }
}

#[test]
fn whatever_reads_otherwise_has_another_mark() {
    let mut changed = [0; 3];
    for seed in 0..12 {
        let mut looks: Option<Looks> = None;
        Scenario::draw(seed, 12).followed(By::Shipped, |world| {
            looks.get_or_insert_with(|| Looks::new(world)).again(world);
        });
        for (all, part) in changed.iter_mut().zip(looks.unwrap().changed) {
            *all += part;
        }
    }
    assert!(changed.iter().all(|count| *count > 100), "{changed:?}");
}
