//! Where a group goes that cannot stay, and when.

use quorate_journal::{Cause, Event};
use quorate_model::{GroupDefinition, Lasting, Name, NodeId, Time};

use super::{Action, Groups, Licence, Local, Rest};
use crate::database::{Database, GroupRecord, Stop, Update};
use crate::policy_engine::{ASK_AGAIN, Chosen, PolicyEngine};
use crate::{ladder, placement};

impl Groups {
    /// Decides whether the group has to go elsewhere, and whether it can; ends a move under way.
    pub(super) fn decide(
        &mut self,
        database: &Database,
        definition: &GroupDefinition,
        record: &GroupRecord,
        (now, licence): (Time, Licence),
        policies: &mut PolicyEngine,
    ) {
        let Some(owned) = self.owned.get(&definition.name) else {
            return;
        };
        if owned.deciding {
            return;
        }
        let group = definition.name.clone();
        let epoch = record.epoch;
        if let Some(moving) = &record.moving {
            let down = definition.resources.iter().all(|resource| {
                let quorum =
                    licence.holds_quorum_resource && database.is_quorum_resource(&resource.name);
                quorum
                    || self
                        .locals
                        .get(&resource.name)
                        .is_none_or(|local| local.state.is_down() && !local.asked)
            });
            let still_there = database.is_member(moving.to)
                && database
                    .nodes
                    .get(&moving.to)
                    .is_some_and(|node| !node.paused);
            match (still_there, down) {
                (false, _) => self.propose_decision(
                    &group,
                    Update::MoveCancel {
                        group: group.clone(),
                        epoch,
                    },
                ),
                (true, true) => self.propose_decision(
                    &group,
                    Update::MoveCommit {
                        group: group.clone(),
                        epoch,
                    },
                ),
                (true, false) => {}
            }
            return;
        }
        let is_quorum_group = database.quorum_group() == Some(&group);
        if licence.leaving {
            if is_quorum_group && (self.office_offered || self.others_leave(database)) {
                return;
            }
            if is_quorum_group {
                // Whether a node takes it or not, its resources stop now.
                self.office_offered = true;
                self.look_again(now);
            }
            if record.wanted {
                let cause = Cause::NodeShutdown;
                let chosen = self.choose(database, definition, cause, now, policies);
                let mut to = chosen.to;
                if to.is_some_and(|to| licence.leavers.contains(to.0)) {
                    // A node that is stopping, too, would only hand it back.
                    let able = placement::candidates(database, definition, cause);
                    to = able
                        .into_iter()
                        .find(|node| !licence.leavers.contains(node.0));
                }
                if let Some(owned) = self.owned.get_mut(&group) {
                    owned.kept = chosen.kept_by.is_some() || to.is_none();
                }
                if let Some(to) = to {
                    let update = begin(&group, epoch, to, cause, licence);
                    self.propose_decision(&group, update);
                }
            }
            return;
        }
        if !owned.failover {
            return;
        }
        let cause = match record.stop {
            Stop::None => Cause::ResourceFailure,
            Stop::Stranded => Cause::NodeUp,
            Stop::GaveUp => return,
        };
        if !ladder::may_fail_over(&definition.properties, &record.failovers, licence.civil_ms) {
            self.propose_decision(
                &group,
                Update::GaveUp {
                    group: group.clone(),
                    epoch,
                },
            );
            return;
        }
        let candidates = placement::candidates(database, definition, cause);
        if self.rests(&group, &candidates, now) {
            return;
        }
        let chosen = self.choose(database, definition, cause, now, policies);
        match chosen.to {
            Some(to)
                if cause == Cause::ResourceFailure
                    && record.failed_on.contains(to.0)
                    && self.begin_rest(database, record, definition, candidates, now) => {}
            Some(to) => {
                let update = begin(&group, epoch, to, cause, licence);
                self.propose_decision(&group, update);
            }
            None if record.stop == Stop::None => {
                self.event(Event::GroupStranded {
                    subject: group.clone(),
                    reason: match chosen.kept_by {
                        Some(policy) => format!(
                            "the policy {policy} keeps it: it stays Failed until that gives it a node"
                        ),
                        None => "no other node can take it: it stays Failed until one can".to_owned(),
                    },
                });
                self.propose_decision(
                    &group,
                    Update::Stranded {
                        group: group.clone(),
                        epoch,
                    },
                );
            }
            None => {}
        }
    }

    /// Whether a group still rests, and nothing has changed about where it could go.
    fn rests(&mut self, group: &str, candidates: &[NodeId], now: Time) -> bool {
        let rest = self.owned.get(group).and_then(|owned| owned.rest.as_ref());
        let until = match rest {
            Some(rest) if rest.candidates == candidates && now < rest.until => rest.until,
            _ => return false,
        };
        self.look_again(until);
        true
    }

    /// Lets a group rest that would go to a node which it has failed on since it was last in service, unless it has
    /// rested. Whether it rests.
    fn begin_rest(
        &mut self,
        database: &Database,
        record: &GroupRecord,
        definition: &GroupDefinition,
        candidates: Vec<NodeId>,
        now: Time,
    ) -> bool {
        let span = ladder::rest(record.fruitless.saturating_add(1));
        let Some(owned) = self.owned.get_mut(&definition.name) else {
            return false;
        };
        let began = owned.rest.is_none();
        let until = owned.rest.as_ref().map_or(now + span, |rest| rest.until);
        if until <= now {
            return false;
        }
        owned.rest = Some(Rest { until, candidates });
        self.look_again(until);
        if began {
            let mut failed = record.failed_on;
            failed.insert(record.owner.0);
            let failed: Vec<String> = failed
                .iter()
                .map(|node| database.node_name(NodeId(node)).to_string())
                .collect();
            self.event(Event::GroupResting {
                subject: definition.name.clone(),
                reason: format!(
                    "it has failed on {} without having been in service: it rests for {} before it fails over again",
                    failed.join(", "),
                    Lasting(span)
                ),
            });
        }
        true
    }

    /// The node that is to take a group. If its policy keeps it, the policy is asked again after a while.
    fn choose(
        &mut self,
        database: &Database,
        definition: &GroupDefinition,
        cause: Cause,
        now: Time,
        policies: &mut PolicyEngine,
    ) -> Chosen {
        let mut chosen = policies.choose(database, definition, cause, &mut self.random);
        if chosen.kept_by.is_some() {
            self.look_again(now + ASK_AGAIN);
        }
        if let Some(event) = chosen.event.take() {
            self.event(event);
        }
        chosen
    }

    /// Whether a group of this node's, whose service is stopping, is on its way to another node or may still go.
    pub(crate) fn may_leave(
        &self,
        database: &Database,
        group: &Name,
        record: &GroupRecord,
    ) -> bool {
        if record.moving.is_some() {
            return true;
        }
        let Some(definition) = database.group_definition(group) else {
            return false;
        };
        let is_quorum = database.quorum_group() == Some(group);
        let stays = match is_quorum {
            true => self.office_offered,
            false => self.owned.get(group).is_some_and(|owned| owned.kept),
        };
        let nodes = placement::candidates(database, definition, Cause::NodeShutdown);
        record.wanted && !stays && !nodes.is_empty()
    }

    /// Whether groups other than the quorum disk's still leave this node, or still stop on it.
    pub(super) fn others_leave(&self, database: &Database) -> bool {
        let quorum = database.quorum_group();
        let others = database
            .groups
            .iter()
            .filter(|(name, record)| record.owner == self.me && Some(*name) != quorum);
        let leaves = |(name, record)| self.may_leave(database, name, record);
        let runs =
            |local: &Local| Some(&local.group) != quorum && (!local.state.is_down() || local.asked);
        others.into_iter().any(leaves) || self.locals.values().any(runs)
    }

    fn propose_decision(&mut self, group: &Name, update: Update) {
        if let Some(owned) = self.owned.get_mut(group) {
            owned.deciding = true;
        }
        self.actions.push_back(Action::Propose(update));
    }
}

fn begin(group: &Name, epoch: u64, to: NodeId, cause: Cause, licence: Licence) -> Update {
    Update::MoveBegin {
        group: group.clone(),
        epoch,
        to,
        cause,
        at: licence.civil_ms,
    }
}
