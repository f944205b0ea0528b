//! What the coordinator alone does: views, taking over from lost nodes, failback.

use std::collections::BTreeMap;
use std::time::Duration;

use quorate_journal::{Cause, Event};
use quorate_log::{CommitRule, NodeSet};
use quorate_model::errors::ERROR_CLUSTER_NODE_NOT_FOUND;
use quorate_model::{AutoFailback, GroupDefinition, Name, NodeId, Reason, Time};

use crate::bounds;
use crate::database::{Database, Stop, Update};
use crate::node::{Node, Phase};
use crate::office::Office;
use crate::policy_engine::ASK_AGAIN;
use crate::quorum::Candidacy;
use crate::rest::Fits;
use crate::timers::Timer;
use crate::witness_file::WITNESS;

/// How often groups are looked at for failback.
const FAILBACK_CHECK: Duration = Duration::from_secs(30);

impl Node {
    /// The first update of this node's term is committed, and its quorum is confirmed: it coordinates.
    fn begin_coordination(&mut self, term: u64) {
        if self.database.definition.node_by_id(self.me).is_none() {
            // This node won the quorum disk, and the log on it says that the node was evicted. The others are waiting
            // for the disk.
            let me = self.config.definition.node_by_id(self.me);
            let me = me.map_or_else(|| self.me.to_string(), |me| me.name.to_string());
            let text = format!(
                "{me} was evicted from this cluster: it gives up the quorum disk and stops. Clean it up (forcecleanup), \
                 and add it again"
            );
            self.halt(Reason::new(ERROR_CLUSTER_NODE_NOT_FOUND, text), false);
            return;
        }
        let formed = self.phase == Phase::Joining;
        self.office.begin(self.now, formed, self.confirmed());
        self.timers.stop(Timer::Campaign);
        self.timers.set(Timer::Failback, self.now + FAILBACK_CHECK);
        self.event(Event::Coordinator { term });
        self.report_switch();
        self.propose_view();
        self.send_heartbeats();
        self.send_proposals();
    }

    /// Looks after membership and lost nodes' groups. Called after every input.
    pub(crate) fn coordinate(&mut self) {
        self.fits = Fits::default();
        if let Some(term) = self.office.to_begin()
            && Office::lease_stands(self.confirmed(), self.now)
        {
            self.begin_coordination(term);
        }
        if !self.coordinates_at(self.now) || self.hand_over_disk() {
            return;
        }
        self.propose_voters();
        self.propose_view();
        self.propose_identities();
        self.take_over();
        self.pump_log();
    }

    /// Makes the configured nodes the voters, one change at a time: evicted nodes cease to vote, and members begin to.
    fn propose_voters(&mut self) {
        if self.quorum.candidacy() == Candidacy::Elect
            && let Some(wanted) = self.next_voters()
        {
            // It is refused while another change is under way. After the next input it is proposed again.
            let _ = self.log.propose_voters(wanted);
        }
    }

    /// The next set of voters, if it has to change. A change never needs votes that are not there: a new node votes
    /// only once it is a member and has the log, and the nodes in contact must be a majority of the new set.
    fn next_voters(&self) -> Option<NodeSet> {
        let voters = self.log.voters();
        if !self.log.names_voters() {
            // The voters are written into the log before anything else, so that whoever has the log knows who votes,
            // however many nodes are added later.
            return Some(voters);
        }
        let configured = self.database.should_vote();
        let mut wanted = voters;
        if let Some(gone) = voters.difference(configured).iter().next() {
            wanted.remove(gone);
        } else {
            let mut new = configured.difference(voters).iter();
            wanted.insert(new.find(|node| self.may_vote(NodeId(*node)))?);
        }
        let here = wanted.iter().filter(|node| self.is_here(NodeId(*node)));
        CommitRule::Majority(wanted)
            .is_durable(here.collect())
            .then_some(wanted)
    }

    fn may_vote(&self, node: NodeId) -> bool {
        let has_log = self.log.match_index(node.0) >= Some(self.log.commit_index());
        if node == WITNESS {
            return has_log && self.witness_is_here();
        }
        has_log && self.lets_in(node) && self.database.is_member(node) && self.is_here(node)
    }

    /// Whether there has just been contact both ways.
    fn is_here(&self, node: NodeId) -> bool {
        if node == WITNESS {
            return self.witness_is_here();
        }
        node == self.me || self.neighbours.is_here(node, self.now)
    }

    fn propose_view(&mut self) {
        let Some(since) = self.office.may_propose_view() else {
            return;
        };
        let mut desired = std::mem::take(&mut self.desired);
        desired.clear();
        self.desired_members(since, &mut desired);
        let view = &self.database.view.members;
        let is_member = |(node, boot): &(NodeId, u64)| view.get(node) == Some(boot);
        self.fits.view = desired.len() == view.len() && desired.iter().all(is_member);
        self.desired = desired;
        if self.fits.view {
            return;
        }
        let members: BTreeMap<NodeId, u64> = self.desired.iter().copied().collect();
        if !self.is_quorate(&members) {
            return;
        }
        let silent: Vec<Name> = view
            .keys()
            .filter(|node| !members.contains_key(node))
            .filter(|node| !self.neighbours.has_left(**node))
            // Whoever is on its way back is heard.
            .filter(|node| !self.neighbours.asks_to_join(**node, self.now))
            .map(|node| self.database.node_name(*node))
            .collect();
        if !silent.is_empty() {
            self.event(Event::Regroup { silent });
        }
        self.office.view_proposed();
        self.propose(Update::View { members });
    }

    /// Whether these members could commit a view. If not, this node is about to lose its office, and a view without the
    /// others would stay in its log and expel them when all are together again.
    fn is_quorate(&self, members: &BTreeMap<NodeId, u64>) -> bool {
        let witness = self.witness_is_here().then_some(WITNESS.0);
        let members = members.keys().map(|node| node.0).chain(witness).collect();
        self.log.rule().is_durable(members)
    }

    /// Who should be a member: whoever is one and was in contact within the silence bound, and whoever wants to be
    /// one, is in contact now, and has the log: one that cannot follow would get groups and never hear of it.
    fn desired_members(&mut self, since: Time, members: &mut Vec<(NodeId, u64)>) {
        members.push((self.me, self.config.incarnation));
        let mut next_silence = Time::NEVER;
        let mut kept_out = Vec::new();
        for node in self.database.definition.nodes.iter().map(|node| node.id) {
            if node == self.me {
                continue;
            }
            if !self.lets_in(node) {
                if self.neighbours.asks_to_join(node, self.now) {
                    kept_out.push(node);
                }
                continue;
            }
            let boot = self.database.view.members.get(&node).copied();
            let until = boot.and_then(|boot| self.neighbours.stays_until(node, boot, since));
            if let (Some(boot), Some(until)) = (boot, until.filter(|until| self.now < *until)) {
                members.push((node, boot));
                next_silence = next_silence.min(until);
            } else if let Some(newcomer) = self.neighbours.newcomer(node, boot, self.now)
                && self.log.acked_round(node.0).is_some()
                && self.log.follows(node.0)
            {
                members.push((node, newcomer));
            }
        }
        for node in kept_out {
            self.keep_out(node);
        }
        // There may be nothing to wait for.
        if next_silence < Time::NEVER {
            self.timers.set_earlier(Timer::Silence, next_silence);
        }
    }

    /// Gives the groups of nodes that are not members to members, one at a time, when it is safe to.
    fn take_over(&mut self) {
        let from = self.office.takeover_from();
        let Some(from) = from.filter(|_| self.phase != Phase::Joining) else {
            return;
        };
        if self.now < from {
            self.timers.set(Timer::Takeover, from);
            return;
        }
        let mut next = Time::NEVER;
        let mut chosen = None;
        let mut kept_by = None;
        let mut told = Vec::new();
        let mut owned = true;
        let quorum = self.database.quorum_group();
        for group in &self.database.definition.groups {
            let Some(record) = self.database.groups.get(&group.name) else {
                continue;
            };
            if quorum == Some(&group.name) && record.owner != self.me {
                // This group follows the quorum disk, which is here. Its owner lost the disk long enough ago to have
                // noticed.
                let (epoch, to, cause) = (record.epoch, self.me, self.takeover_cause(false));
                chosen = Some(Update::Takeover {
                    group: group.name.clone(),
                    epoch,
                    to,
                    cause,
                });
                break;
            }
            if self.database.is_member(record.owner) {
                continue;
            }
            owned = false;
            if self.config.switches.fix_quorum {
                continue;
            }
            let due = self.takeover_due(record.owner);
            if due > self.now {
                next = next.min(due);
                continue;
            }
            let cause = self.takeover_cause(record.stop == Stop::Stranded);
            let epoch = record.epoch;
            let found = self
                .policies
                .choose(&self.database, group, cause, &mut self.random);
            told.extend(found.event);
            if found.kept_by.is_some() {
                next = next.min(self.now + ASK_AGAIN);
            }
            match found.to {
                Some(to) => {
                    chosen = Some(Update::Takeover {
                        group: group.name.clone(),
                        epoch,
                        to,
                        cause,
                    });
                    break;
                }
                None if record.stop == Stop::None => {
                    kept_by = found.kept_by;
                    chosen = Some(Update::Stranded {
                        group: group.name.clone(),
                        epoch,
                    });
                    break;
                }
                None => {}
            }
        }
        self.fits.owners = owned && chosen.is_none();
        // There may be nothing to wait for.
        if next < Time::NEVER {
            self.timers.set(Timer::Takeover, next);
        }
        for event in told {
            self.event(event);
        }
        let Some(update) = chosen else { return };
        if let Update::Stranded { group, .. } = &update {
            self.event(Event::GroupStranded {
                subject: group.clone(),
                reason: match kept_by {
                    Some(policy) => format!(
                        "its owner is lost, and the policy {policy} keeps it: it stays Failed until that gives it \
                         a node"
                    ),
                    None => "its owner is lost and no other node can take it: it stays Failed until one can"
                        .to_owned(),
                },
            });
        }
        self.office.takeover_proposed();
        self.propose(update);
    }

    /// The time from which on a lost node certainly runs nothing any more.
    fn takeover_due(&self, owner: NodeId) -> Time {
        let led = self.office.held_before() == Some(owner);
        let wait = self.quorum.takeover_wait(led);
        let Some(unheard) = self.office.earlier_ended_at(wait) else {
            return Time::NEVER;
        };
        let mut nodes = self.database.definition.nodes.iter();
        let forms_until = match nodes.all(|node| self.database.is_member(node.id)) {
            true => Time::ZERO,
            false => self.office.forms_until(),
        };
        let stopped = match self.neighbours.has_ended(owner, self.last_member(owner)) {
            true => Time::ZERO,
            false => {
                let heard = self.neighbours.last_heard(owner);
                heard.map_or(unheard, |heard| unheard.max(heard + bounds::TAKEOVER_WAIT))
            }
        };
        let due = stopped.max(forms_until);
        #[cfg(feature = "planted")]
        let due = self.planted.takeover(due, self.now).unwrap_or(due);
        due
    }

    /// Which boot of a node was last a member.
    fn last_member(&self, node: NodeId) -> Option<u64> {
        self.database
            .nodes
            .get(&node)
            .map(|record| record.last_member)
    }

    /// Begins the failback of each group for which it is due and allowed.
    pub(crate) fn check_failback(&mut self) {
        if !self.coordinates_at(self.now) {
            return;
        }
        self.timers.set(Timer::Failback, self.now + FAILBACK_CHECK);
        let civil = self.civil_ms();
        let shift = self.config.local_shift_minutes;
        let mut moves = Vec::new();
        let mut told = Vec::new();
        for group in &self.database.definition.groups {
            let Some(home) = failback_target(&self.database, group, civil, shift) else {
                continue;
            };
            let chosen = self.policies.fail_back(&self.database, group, home);
            told.extend(chosen.event);
            if let Some(to) = chosen.to
                && let Some(record) = self.database.groups.get(&group.name)
            {
                moves.push(Update::MoveBegin {
                    group: group.name.clone(),
                    epoch: record.epoch,
                    to,
                    cause: Cause::Failback,
                    at: civil,
                });
            }
        }
        for event in told {
            self.event(event);
        }
        for update in moves {
            self.propose(update);
        }
    }
}

/// The preferred owner that a group should go back to at this (UTC) time, if any. `shift_minutes` is how far local time
/// is ahead of what the definition says.
fn failback_target(
    database: &Database,
    group: &GroupDefinition,
    civil_ms: i64,
    shift_minutes: i32,
) -> Option<NodeId> {
    let properties = &group.properties;
    let record = database.groups.get(&group.name)?;
    let settled = record.homing
        && record.moving.is_none()
        && database.is_member(record.owner)
        && database.in_service(&group.name);
    if properties.auto_failback_type != AutoFailback::Allow || !settled {
        return None;
    }
    let offset = i64::from(database.definition.utc_offset_minutes + shift_minutes) * 60_000;
    let hour = (civil_ms + offset).rem_euclid(86_400_000) / 3_600_000;
    if !properties.failback_open_at(u8::try_from(hour).unwrap_or(0)) {
        return None;
    }
    properties
        .preferred_owners
        .iter()
        .filter_map(|name| database.node_id(name))
        .take_while(|node| *node != record.owner)
        .find(|node| database.may_take(group, *node).is_ok())
}

#[cfg(test)]
mod tests;
