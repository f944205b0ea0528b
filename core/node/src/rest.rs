//! When nothing can follow from a heartbeat, so that it ends where it came in.
//!
//! After every input a node does whatever follows from it ([`Node::follow_up`]): it looks at its log, its disks, the view,
//! lost nodes' groups, its own. A node at rest has done all of that, and waits for nothing but timers. What it does then
//! depends on others only by whether they are there, and a heartbeat of a member that was there before says nothing else.
//! A node that was told to [`doubt`](Node::doubt) this does all the same whatever would follow, and makes sure that it is
//! nothing.

use quorate_model::{Name, NodeId, Time};

use crate::io::Input;
use crate::message::{Beat, Standing};
use crate::node::{Node, Phase};
use crate::quorum::Candidacy;
use crate::timers::{Timer, Timers};

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
        self.log.names_voters() && self.log.voters() == self.database.should_vote()
    }

    /// Whether a heartbeat, on a network, will do nothing but that it comes, if until then nothing happens to this node but that
    /// others come in the same way. Most do nothing else. If it does, [`handle`](Node::handle) has to take it.
    pub fn only_hears(&self, now: Time, from: NodeId, network: &Name, beat: &Beat) -> bool {
        let now = self.now.max(now);
        !self.doubts && self.only_comes(now, from, network, beat)
    }

    /// Whether a heartbeat of which [`only_hears`](Node::only_hears) has said so for one network does nothing else on another, if it
    /// comes no later there: what holds at a moment held before it.
    pub fn only_hears_too(&self, from: NodeId, network: &Name) -> bool {
        self.neighbours.has_card_up(from, network)
    }

    /// Takes in a heartbeat that does nothing but that it comes, as [`only_hears`](Node::only_hears) has said: nothing is to be
    /// done then, and nothing that can be read of this node has changed.
    pub fn take_in(&mut self, now: Time, from: NodeId, network: &Name, beat: &Beat) {
        let now = self.now.max(now);
        debug_assert!(
            self.only_hears(now, from, network, beat),
            "at {now}, something follows from a heartbeat of {from:?} from which nothing was to follow"
        );
        (self.now, self.rest) = (now, Rest::Yes);
        let nothing_new = self.heartbeat(from, network, &beat.heartbeat);
        debug_assert!(nothing_new, "a heartbeat that only comes brings nothing");
    }

    /// Whether a heartbeat does nothing but that it comes. What is looked at after each input, and where time alone would
    /// change something, is in order.
    pub(crate) fn only_comes(
        &self,
        now: Time,
        from: NodeId,
        network: &Name,
        Beat {
            incarnation,
            heartbeat,
        }: &Beat,
    ) -> bool {
        let waits = self.timers.is_set(Timer::Silence)
            && !self.timers.is_set(Timer::Campaign)
            && self.timers.next().is_some_and(|next| next > now);
        let led = heartbeat
            .coordinates
            .is_some_and(|(term, _)| term >= self.log.term());
        let rests = match self.rest {
            Rest::Yes => true,
            Rest::Done => self.waits_for_timers_alone(),
            Rest::No | Rest::Unknown => false,
        };
        let neighbours = &self.neighbours;
        rests
            && waits
            && self.has_quorum_at(now)
            && self.office.quorum_told()
            && !(led && self.log.is_leader())
            && heartbeat.standing == Standing::Member
            && heartbeat.view <= self.database.view.number
            && self.is_member(from, *incarnation)
            && neighbours.says_the_same(from, *incarnation, network, heartbeat, now)
    }

    /// In a node that doubts: its timers, if an input is a heartbeat that does nothing but that it comes.
    pub(crate) fn sure_of(&self, input: &Input) -> Option<Timers> {
        match input {
            Input::Message {
                from,
                network,
                message,
            } if self.doubts => {
                let beat = message.beat()?;
                let comes = self.only_comes(self.now, *from, network, &beat);
                comes.then(|| self.timers.clone())
            }
            _ => None,
        }
    }

    /// Makes sure that such a heartbeat did nothing else.
    ///
    /// # Panics
    /// If it did.
    pub(crate) fn was_sure(&self, sure: Option<Timers>, ended: bool) {
        let Some(timers) = sure else { return };
        assert!(
            ended && timers == self.timers && self.outputs_waiting() == 0,
            "at {}, a heartbeat does more than that it comes: {timers:?} became {:?}",
            self.now,
            self.timers
        );
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
