//! Bugs that can be planted, to show that the checks find them. Nothing that ships has the feature.

use std::cell::Cell;

use crate::node::Node;

impl Node {
    /// Plants a bug: this node takes over what lost nodes owned without waiting until they have certainly
    /// stopped.
    pub fn plant_haste(&mut self) {
        self.hasty = Some(Cell::new(0));
    }

    /// Plants a bug: this node does not stop when quorum is lost.
    pub fn plant_stubbornness(&mut self) {
        self.stubborn = Some(Cell::new(0));
    }

    /// Plants a bug: this node takes over by [`TAKEOVER_MARGIN`](crate::bounds::TAKEOVER_MARGIN) too early.
    pub fn plant_eagerness(&mut self) {
        self.eager = Some(Cell::new(0));
    }

    /// How often a planted bug has made a difference in this boot.
    pub fn planted_hits(&self) -> u64 {
        let planted = [&self.hasty, &self.stubborn, &self.eager];
        let hits = planted.into_iter().flatten().map(Cell::get);
        hits.sum()
    }
}
