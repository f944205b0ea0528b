//! Bugs that can be planted, to show that the checks find them. Nothing that ships has the feature.

use std::cell::Cell;

use quorate_model::Time;

use crate::bounds;
use crate::node::Node;

/// The bugs that are planted in a node, each with how often it has made a difference.
#[derive(Debug, Default)]
pub(crate) struct Planted {
    /// What lost nodes owned is taken over at once.
    hasty: Option<Cell<u64>>,
    /// What this node runs goes on though quorum is lost for good.
    stubborn: Option<Cell<u64>>,
    /// The margin is left out of the wait before a takeover.
    eager: Option<Cell<u64>>,
}

impl Planted {
    /// When a lost node's groups are taken over, if not when they are `due`.
    pub(crate) fn takeover(&self, due: Time, now: Time) -> Option<Time> {
        if let Some(hits) = &self.hasty {
            hits.set(hits.get() + u64::from(due > now));
            return Some(Time::ZERO);
        }
        let hits = self.eager.as_ref()?;
        let margin = bounds::TAKEOVER_MARGIN.as_micros() as u64;
        let early = Time(due.0.saturating_sub(margin));
        hits.set(hits.get() + u64::from(early <= now && now < due));
        Some(early)
    }

    /// Whether the node goes on where it would have to stop.
    pub(crate) fn goes_on(&self) -> bool {
        let Some(hits) = &self.stubborn else {
            return false;
        };
        hits.set(hits.get() + 1);
        true
    }
}

impl Node {
    /// Plants a bug: this node takes over what lost nodes owned without waiting until they have certainly
    /// stopped.
    pub fn plant_haste(&mut self) {
        self.planted.hasty = Some(Cell::new(0));
    }

    /// Plants a bug: this node does not stop when quorum is lost.
    pub fn plant_stubbornness(&mut self) {
        self.planted.stubborn = Some(Cell::new(0));
    }

    /// Plants a bug: this node takes over by [`TAKEOVER_MARGIN`](crate::bounds::TAKEOVER_MARGIN) too early.
    pub fn plant_eagerness(&mut self) {
        self.planted.eager = Some(Cell::new(0));
    }

    /// How often a planted bug has made a difference in this boot.
    pub fn planted_hits(&self) -> u64 {
        let Planted {
            hasty,
            stubborn,
            eager,
        } = &self.planted;
        let hits = [hasty, stubborn, eager].into_iter().flatten();
        hits.map(Cell::get).sum()
    }
}
