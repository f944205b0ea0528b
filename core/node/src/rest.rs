//! When nothing can follow from a heartbeat, so that it ends where it came in.
//!
//! After every input a node does whatever follows from it ([`Node::follow_up`]): it looks at its log, its disks, the view,
//! lost nodes' groups, its own. A node at rest has done all of that, and waits for nothing but timers. What it does then
//! depends on others only by whether they are there, and a heartbeat of a member that was there before says nothing else.
//! A node that was told to [`doubt`](Node::doubt) this does all the same whatever would follow, and makes sure that it is
//! nothing.

use quorate_log::NodeSet;

use crate::node::{Node, Phase};
use crate::quorum::Candidacy;
use crate::witness_file::WITNESS;

/// How much of what a node does after an input is known to be nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Rest {
    /// Something may follow from what has happened.
    #[default]
    Unknown,
    /// Everything that follows was done. Whether more may follow from time or a heartbeat has not been asked.
    Done,
    /// More may.
    No,
    /// Nothing does.
    Yes,
}

/// What a coordinator found when it last looked after its cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fits {
    /// The view has the members that it should have.
    pub(crate) view: bool,
    /// Every group belongs to a member, and the quorum disk's to this node.
    pub(crate) owners: bool,
}

impl Node {
    /// Has this node do what a heartbeat makes unnecessary, and make sure each time that it was unnecessary.
    pub fn doubt(&mut self) {
        self.doubts = true;
    }

    /// Whether nothing follows from a heartbeat that brought nothing new.
    pub(crate) fn rests(&mut self) -> bool {
        if self.rest == Rest::Done {
            self.rest = match self.waits_for_timers_alone() {
                true => Rest::Yes,
                false => Rest::No,
            };
        }
        self.rest == Rest::Yes && self.has_quorum_at(self.now) == self.office.quorum_told()
    }

    fn waits_for_timers_alone(&self) -> bool {
        let leads = self.log.is_leader();
        let settled = self.phase == Phase::Member
            && leads == self.office.is_held()
            && self.office.to_begin().is_none()
            && self.office.heir().is_none()
            && !self.controls.await_answers()
            && !self.witness.recalls()
            && !self.groups.are_stale();
        settled && (!leads || (self.fits.view && self.fits.owners && self.voters_fit()))
    }

    /// Whether the nodes that vote are those that should.
    fn voters_fit(&self) -> bool {
        if self.quorum.candidacy() != Candidacy::Elect {
            return true;
        }
        let witness: NodeSet = self
            .witness_share()
            .map(|_| WITNESS.0)
            .into_iter()
            .collect();
        self.log.names_voters() && self.log.voters() == self.database.configured().union(witness)
    }

    /// Does what follows from a heartbeat from which nothing can.
    ///
    /// # Panics
    /// If anything does: what is left out of the ordinary way is then more than it may be.
    pub(crate) fn make_sure(&mut self) {
        let before = (
            self.outputs_waiting(),
            self.timers.clone(),
            self.random.clone(),
        );
        self.follow_up();
        let after = (
            self.outputs_waiting(),
            self.timers.clone(),
            self.random.clone(),
        );
        assert!(
            before == after && self.rest == Rest::Done,
            "at {}, something follows from a heartbeat of a member that was there before: {before:?} became {after:?}",
            self.now
        );
    }
}

#[cfg(test)]
mod tests;
