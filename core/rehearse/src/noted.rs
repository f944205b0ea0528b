//! A world that notes which parts of it are read.

use std::cell::Cell;

use quorate_drill::stage::{Mark, Part, Parts};
use quorate_sim::World;

/// A world. Nobody reads it without saying which part.
pub(crate) struct Noted {
    world: World,
    read: Cell<Parts>,
}

impl Noted {
    pub(crate) fn new(world: World) -> Noted {
        Noted {
            world,
            read: Cell::default(),
        }
    }

    /// Notes that this part is read.
    pub(crate) fn reads(&self, part: Part) {
        self.read.set(self.read.get().with(part));
    }

    /// The world, for reading what belongs to this part and nothing else.
    pub(crate) fn at(&self, part: Part) -> &World {
        self.reads(part);
        &self.world
    }

    /// The world, for changing it.
    pub(crate) fn acts(&mut self) -> &mut World {
        &mut self.world
    }

    /// A number that changes whenever anything readable changes.
    pub(crate) fn revision(&self) -> u64 {
        self.world.revision()
    }

    /// From now on it is noted which parts are read.
    pub(crate) fn begin(&self) {
        self.read.take();
    }

    /// The parts that were read since then.
    pub(crate) fn read(&self) -> Parts {
        self.read.get()
    }

    /// Numbers for these parts.
    pub(crate) fn mark(&self, parts: Parts) -> Mark {
        let world = &self.world;
        let mut mark = Mark::default();
        if parts.has(Part::Online) {
            mark.add(&world.online_mark());
        }
        if parts.has(Part::Service) {
            mark.add(&world.service_mark());
        }
        if parts.has(Part::Belief) {
            mark.add(&world.belief_mark());
        }
        if parts.has(Part::Rest) {
            mark.add(&[world.revision(), world.now().0]);
        }
        mark
    }
}
