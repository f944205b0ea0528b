//! Who coordinates the cluster, and for how long that may be relied on.

use std::time::Duration;

use quorate_log::NodeSet;
use quorate_model::{NodeId, Time};

use crate::bounds;

/// What only a coordinator keeps.
#[derive(Clone, Debug)]
struct Term {
    /// When its first update was committed.
    since: Time,
    /// It formed the cluster: groups wait a little for their nodes to come.
    formed: bool,
    /// A proposed view has not come back yet.
    view_pending: bool,
    /// A proposed takeover has not come back yet.
    takeover_pending: bool,
    /// When the next may be proposed, after one that was refused.
    takeover_from: Time,
    /// Whose identity was proposed.
    identified: NodeSet,
}

/// The office of coordinator as this node holds it, or hears of whoever does.
#[derive(Clone, Debug)]
pub(crate) struct Office {
    /// What is under way while this node coordinates.
    term: Option<Term>,
    /// The term in which this node leads the log and has committed something.
    led: Option<u64>,
    /// The node that the quorum disk's group was given to, until the disk is given up.
    heir: Option<NodeId>,
    /// Who held the quorum disk before this node.
    held_before: Option<NodeId>,
    /// When the quorum disk was known to be this node's: as it got it, or began to give it up.
    disk_confirmed: Time,
    /// When quorum was last confirmed.
    confirmed: Time,
    /// When the coordinator was last heard.
    heard: Time,
    /// When a coordinator last told this node to follow it in office: until then its word may have been confirmed.
    appointed: Option<Time>,
    /// It has been said that this node looks for a coordinator.
    regrouping: bool,
    /// It was last said that there is quorum.
    quorum_told: bool,
    /// Since when this node has been what it is without quorum, while not a member.
    idle_since: Time,
}

impl Office {
    pub(crate) fn new(now: Time) -> Self {
        Office {
            term: None,
            led: None,
            heir: None,
            held_before: None,
            disk_confirmed: now,
            confirmed: now,
            heard: now,
            appointed: None,
            regrouping: false,
            quorum_told: false,
            idle_since: now,
        }
    }
}

/// Taking office and laying it down.
impl Office {
    /// This node has won the log's lead, or has lost it. Whether it was in office.
    pub(crate) fn lead_changed(&mut self) -> bool {
        self.led = None;
        self.lay_down()
    }

    /// Something of this node's own term as the log's leader is committed.
    pub(crate) fn has_committed(&mut self, term: u64) {
        self.led = Some(term);
    }

    /// The term in which this node could begin to coordinate, and does not yet.
    pub(crate) fn to_begin(&self) -> Option<u64> {
        self.led.filter(|_| self.term.is_none())
    }

    /// This node begins to coordinate. It has `formed` the cluster if it was no member of one before.
    pub(crate) fn begin(&mut self, now: Time, formed: bool, confirmed: Time) {
        self.term = Some(Term {
            since: now,
            formed,
            view_pending: false,
            takeover_pending: false,
            takeover_from: now,
            identified: NodeSet::EMPTY,
        });
        self.heir = None;
        self.confirmed = confirmed;
        self.heard = now;
        self.regrouping = false;
    }

    /// This node coordinates no more. Whether it did.
    pub(crate) fn lay_down(&mut self) -> bool {
        self.term.take().is_some()
    }

    /// Whether this node is in office. That does not say that its word still stands: see
    /// [`lease_stands`](Self::lease_stands).
    pub(crate) fn is_held(&self) -> bool {
        self.term.is_some()
    }

    /// Whether this node has been in office for as long as it takes to find out that a member is lost.
    pub(crate) fn is_settled(&self, now: Time) -> bool {
        let mut term = self.term.iter();
        term.any(|term| now.since(term.since) >= bounds::MEMBER_SILENCE)
    }
}

/// For how long there is quorum.
impl Office {
    /// Whether the word of a coordinator stands that was last `confirmed` then.
    pub(crate) fn lease_stands(confirmed: Time, now: Time) -> bool {
        confirmed >= Office::lease_since(now)
    }

    /// Since when it must have been confirmed for its word to stand.
    pub(crate) fn lease_since(now: Time) -> Time {
        let lease = u64::try_from(bounds::COORDINATOR_LEASE.as_micros()).unwrap_or(u64::MAX);
        Time(now.0.saturating_sub(lease))
    }

    /// Until when that is.
    pub(crate) fn lease_ends(confirmed: Time) -> Time {
        confirmed + bounds::COORDINATOR_LEASE
    }

    /// This node coordinates, and its quorum was last `confirmed` then. Whether its word still stands.
    pub(crate) fn renew(&mut self, confirmed: Time, now: Time) -> bool {
        self.confirmed = self.confirmed.max(confirmed);
        let stands = Self::lease_stands(confirmed, now);
        self.heard = if stands { now } else { self.confirmed };
        stands
    }

    /// The coordinator that this node follows had quorum then.
    pub(crate) fn follow(&mut self, confirmed: Time) {
        self.confirmed = self.confirmed.max(confirmed);
    }

    /// Whether a member that does not coordinate may rely on there being quorum.
    pub(crate) fn has_quorum(&self, now: Time) -> bool {
        now.since(self.confirmed) <= bounds::MEMBER_SILENCE
    }

    /// When a member has to stop everything that it runs, unless quorum is confirmed again.
    pub(crate) fn stops_at(&self) -> Time {
        Self::stops_after(self.confirmed)
    }

    /// When it has to, where quorum was last `confirmed` then.
    pub(crate) fn stops_after(confirmed: Time) -> Time {
        confirmed + bounds::MEMBER_SILENCE + bounds::REGROUP_GRACE
    }

    /// Since when a node without quorum has had none.
    pub(crate) fn without_quorum_since(&self, is_member: bool) -> Time {
        match is_member {
            true => self.confirmed,
            false => self.idle_since,
        }
    }

    /// This node is no member, and begins anew without quorum.
    pub(crate) fn idle(&mut self, now: Time) {
        self.idle_since = now;
    }

    /// Whether there was quorum when that was last told.
    pub(crate) fn quorum_told(&self) -> bool {
        self.quorum_told
    }

    /// There is quorum, or none. Whether that is news.
    pub(crate) fn quorum_news(&mut self, held: bool) -> bool {
        std::mem::replace(&mut self.quorum_told, held) != held
    }
}

/// Hearing the coordinator.
impl Office {
    /// Somebody who coordinates, or is about to, is heard.
    pub(crate) fn hear_coordinator(&mut self, now: Time) {
        self.heard = now;
    }

    /// Whoever coordinated has ended, and is not waited for.
    pub(crate) fn expect_no_coordinator(&mut self, now: Time) {
        let silence = u64::try_from(bounds::MEMBER_SILENCE.as_micros()).unwrap_or(u64::MAX);
        self.heard = Time(now.0.saturating_sub(silence));
    }

    /// For how long no coordinator was heard.
    pub(crate) fn silence(&self, now: Time) -> Duration {
        now.since(self.heard)
    }

    /// Whether no coordinator was heard for so long that another may take its place.
    pub(crate) fn is_vacant(&self, now: Time) -> bool {
        self.silence(now) >= bounds::MEMBER_SILENCE
    }

    /// When that will be, if none is heard before.
    pub(crate) fn vacant_at(&self) -> Time {
        self.heard + bounds::MEMBER_SILENCE
    }

    /// This node looks for a coordinator. Whether it did not until now.
    pub(crate) fn begin_regroup(&mut self) -> bool {
        !std::mem::replace(&mut self.regrouping, true)
    }

    /// This node looks for none any more.
    pub(crate) fn end_regroup(&mut self) {
        self.regrouping = false;
    }

    /// A coordinator tells this node to follow it in office.
    pub(crate) fn appointed(&mut self, now: Time) {
        self.appointed = Some(now);
    }
}

/// The quorum disk on its way to another node.
impl Office {
    /// The quorum disk is this node's, and was that node's before, as far as the disk says so.
    pub(crate) fn take_disk_from(&mut self, holder: Option<NodeId>) {
        self.held_before = holder;
    }

    /// Who held the quorum disk before this node.
    pub(crate) fn held_before(&self) -> Option<NodeId> {
        self.held_before
    }

    /// The quorum disk is known to be this node's.
    pub(crate) fn confirm_disk(&mut self, at: Time) {
        self.disk_confirmed = at;
    }

    /// Until when nobody else can have the quorum disk, where the newest write that it took was asked for at `proven`.
    pub(crate) fn disk_is_safe_until(&self, proven: Time) -> Time {
        self.disk_confirmed.max(proven) + bounds::COORDINATOR_LEASE
    }

    /// The quorum disk's group was given to another node, and the disk is to follow it.
    pub(crate) fn name_heir(&mut self, heir: NodeId) {
        self.heir = Some(heir);
    }

    /// The node that is to have the quorum disk.
    pub(crate) fn heir(&self) -> Option<NodeId> {
        self.heir
    }

    /// That node is told, or is not to have the disk after all.
    pub(crate) fn take_heir(&mut self) -> Option<NodeId> {
        self.heir.take()
    }
}

/// What a coordinator has proposed, and when it may take over.
impl Office {
    /// Since when this node coordinates, if it may propose a view now: no other is under way.
    pub(crate) fn may_propose_view(&self) -> Option<Time> {
        let term = self.term.as_ref()?;
        (!term.view_pending).then_some(term.since)
    }

    /// A view was proposed.
    pub(crate) fn view_proposed(&mut self) {
        if let Some(term) = &mut self.term {
            term.view_pending = true;
        }
    }

    /// That view has come back.
    pub(crate) fn view_done(&mut self) {
        if let Some(term) = &mut self.term {
            term.view_pending = false;
        }
    }

    /// From when on this node may propose a takeover; not while one is under way, or a view.
    pub(crate) fn takeover_from(&self) -> Option<Time> {
        let term = self.term.as_ref()?;
        (!term.takeover_pending && !term.view_pending).then_some(term.takeover_from)
    }

    /// A takeover was proposed.
    pub(crate) fn takeover_proposed(&mut self) {
        if let Some(term) = &mut self.term {
            term.takeover_pending = true;
        }
    }

    /// That takeover has come back. Where it was `refused`, nothing is likely to have changed before the next heartbeat.
    pub(crate) fn takeover_done(&mut self, refused: bool, now: Time) {
        if let Some(term) = &mut self.term {
            term.takeover_pending = false;
            if refused {
                term.takeover_from = now + bounds::HEARTBEAT;
            }
        }
    }

    /// The identity of a node is to be proposed. Whether this node coordinates and has not proposed it yet.
    pub(crate) fn identify(&mut self, node: NodeId) -> bool {
        let term = self.term.as_mut();
        term.is_some_and(|term| term.identified.insert(node.0))
    }

    /// Whoever comes under this number next is another node.
    pub(crate) fn identify_anew(&mut self, node: NodeId) {
        if let Some(term) = &mut self.term {
            term.identified.remove(node.0);
        }
    }

    /// Whether this node has just formed the cluster, so that what it takes over belongs to that.
    pub(crate) fn is_forming(&self, now: Time) -> bool {
        let mut term = self.term.iter();
        term.any(|term| term.formed && now.since(term.since) < bounds::FORM_WAIT * 2)
    }

    /// Until when a coordinator that has formed the cluster waits for configured nodes to come.
    pub(crate) fn forms_until(&self) -> Time {
        let term = self.term.as_ref().filter(|term| term.formed);
        term.map_or(Time::ZERO, |term| term.since + bounds::FORM_WAIT)
    }

    /// From when on whoever followed an earlier coordinator, and was never heard by this one, has stopped. `wait` is what
    /// the quorum kind asks for; in an office that was handed over nobody's silence was waited for.
    pub(crate) fn earlier_ended_at(&self, wait: Duration) -> Option<Time> {
        let begun = self.term.as_ref()?.since + wait;
        let told = self.appointed.map(|told| told + bounds::TAKEOVER_WAIT);
        Some(told.map_or(begun, |told| begun.max(told)))
    }
}

/// What a test makes of it.
#[cfg(test)]
impl Office {
    /// Quorum was last confirmed then.
    pub(crate) fn set_confirmed(&mut self, at: Time) {
        self.confirmed = at;
    }

    /// The coordinator was last heard then.
    pub(crate) fn set_heard(&mut self, at: Time) {
        self.heard = at;
    }

    pub(crate) fn is_regrouping(&self) -> bool {
        self.regrouping
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGAN: Time = Time::from_millis(60_000);
    const INSTANT: Duration = Duration::from_micros(1);

    fn in_office(formed: bool) -> Office {
        let mut office = Office::new(Time::ZERO);
        office.begin(BEGAN, formed, BEGAN);
        office
    }

    #[test]
    fn a_word_stands_for_the_lease_and_quorum_may_be_relied_on_for_a_heartbeat_longer() {
        let mut office = in_office(false);
        let lease = BEGAN + bounds::COORDINATOR_LEASE;
        assert!(office.renew(BEGAN, lease));
        assert_eq!(office.silence(lease), Duration::ZERO, "its own");
        assert!(!office.renew(BEGAN, lease + INSTANT));
        assert_eq!(office.vacant_at(), BEGAN + bounds::MEMBER_SILENCE);
        // Whoever follows knows what was confirmed, and not what is said.
        let silence = BEGAN + bounds::MEMBER_SILENCE;
        assert!(office.has_quorum(silence) && !office.has_quorum(silence + INSTANT));
        assert_eq!(office.stops_at(), silence + bounds::REGROUP_GRACE);
        office.follow(Time::ZERO);
        assert_eq!(office.stops_at(), silence + bounds::REGROUP_GRACE);
        office.follow(BEGAN + INSTANT);
        assert!(office.has_quorum(silence + INSTANT));
    }

    #[test]
    fn a_node_begins_to_coordinate_once_in_a_term_in_which_it_has_committed_something() {
        let mut office = Office::new(Time::ZERO);
        assert_eq!(office.to_begin(), None);
        office.has_committed(3);
        assert_eq!(office.to_begin(), Some(3));
        office.begin(BEGAN, false, BEGAN);
        assert_eq!(office.to_begin(), None);
        assert!(office.lead_changed() && !office.is_held());
        assert_eq!(office.to_begin(), None, "it leads no more");
        assert!(!office.lead_changed());
    }

    #[test]
    fn one_view_and_one_takeover_are_under_way_at_a_time() {
        let mut office = in_office(false);
        assert_eq!(office.may_propose_view(), Some(BEGAN));
        assert_eq!(office.takeover_from(), Some(BEGAN));
        office.view_proposed();
        assert_eq!(office.may_propose_view(), None);
        assert_eq!(office.takeover_from(), None, "whom to wait for may change");
        office.view_done();
        office.takeover_proposed();
        assert_eq!(office.takeover_from(), None);
        assert_eq!(office.may_propose_view(), Some(BEGAN));
        office.takeover_done(false, BEGAN + INSTANT);
        assert_eq!(office.takeover_from(), Some(BEGAN));
        office.takeover_proposed();
        office.takeover_done(true, BEGAN + INSTANT);
        let next = BEGAN + INSTANT + bounds::HEARTBEAT;
        assert_eq!(office.takeover_from(), Some(next));
    }

    /// Whoever was told to follow has waited for nobody, and makes up for that.
    #[test]
    fn who_was_told_to_follow_in_office_waits_as_long_as_if_the_earlier_one_had_just_been_heard() {
        let wait = bounds::TAKEOVER_WAIT - bounds::MEMBER_SILENCE;
        let mut office = in_office(false);
        assert_eq!(office.earlier_ended_at(wait), Some(BEGAN + wait));
        office.appointed(BEGAN);
        let longer = BEGAN + bounds::TAKEOVER_WAIT;
        assert_eq!(office.earlier_ended_at(wait), Some(longer));
        office.appointed(Time::ZERO);
        assert_eq!(
            office.earlier_ended_at(wait),
            Some(BEGAN + wait),
            "long ago"
        );
        office.lay_down();
        assert_eq!(office.earlier_ended_at(wait), None);
    }

    #[test]
    fn who_formed_the_cluster_waits_for_its_nodes_and_nobody_else_does() {
        assert_eq!(in_office(true).forms_until(), BEGAN + bounds::FORM_WAIT);
        assert_eq!(in_office(false).forms_until(), Time::ZERO);
        let end = BEGAN + bounds::FORM_WAIT * 2;
        assert!(in_office(true).is_forming(Time(end.0 - 1)));
        assert!(!in_office(true).is_forming(end));
        assert!(!in_office(false).is_forming(BEGAN));
    }

    #[test]
    fn a_quorum_disk_is_safe_for_a_lease_after_what_last_showed_that_it_is_held() {
        let mut office = Office::new(Time::ZERO);
        office.confirm_disk(BEGAN);
        let until = BEGAN + bounds::COORDINATOR_LEASE;
        assert_eq!(office.disk_is_safe_until(Time::ZERO), until);
        assert_eq!(office.disk_is_safe_until(BEGAN + INSTANT), until + INSTANT);
    }

    #[test]
    fn quorum_and_regrouping_are_news_once() {
        let mut office = Office::new(Time::ZERO);
        assert!(!office.quorum_news(false));
        assert!(office.quorum_news(true) && !office.quorum_news(true));
        assert!(office.quorum_news(false));
        assert!(office.begin_regroup() && !office.begin_regroup());
        office.end_regroup();
        assert!(office.begin_regroup());
    }

    #[test]
    fn after_an_end_that_was_told_nobody_is_waited_for() {
        let mut office = in_office(false);
        office.hear_coordinator(BEGAN);
        assert!(!office.is_vacant(BEGAN));
        office.expect_no_coordinator(BEGAN);
        assert!(office.is_vacant(BEGAN));
    }
}
