//! One pass over the groups: what is wanted, what is, and the next steps between them.

use std::collections::BTreeSet;

use quorate_journal::{Cause, Event};
use quorate_model::monitor::MonitorCommand;
use quorate_model::{
    CLUSTER_GROUP, GroupDefinition, GroupState, Lasting, Name, NodeId, ResourceState, Time, types,
};

use super::{AT_ONCE, Action, Groups, Licence, Local, Owned, Rest, Verdict};
use crate::database::{Database, GroupRecord, Stop, Update};
use crate::policy_engine::{ASK_AGAIN, Chosen, PolicyEngine};
use crate::{ladder, placement};

impl Groups {
    /// Looks at every group and asks for the next steps. Call after anything changed, and when
    /// [`Groups::deadline`] is reached.
    pub(crate) fn drive(
        &mut self,
        database: &Database,
        now: Time,
        licence: Licence,
        policies: &mut PolicyEngine,
    ) {
        self.deadline = None;
        for definition in &database.definition.groups {
            let Some(record) = database.groups.get(&definition.name) else {
                continue;
            };
            if record.owner == self.me && database.is_member(self.me) {
                self.own(database, definition, record);
                self.drive_owned(database, definition, record, (now, licence), policies);
            } else {
                self.owned.remove(&definition.name);
                self.terminate_unowned(database, definition, licence);
            }
        }
    }

    /// Nothing of a group that belongs to another node may run here: what does is terminated.
    fn terminate_unowned(
        &mut self,
        database: &Database,
        definition: &GroupDefinition,
        licence: Licence,
    ) {
        for resource in definition.resources.iter().rev() {
            let in_hand = licence.holds_quorum_resource || licence.releases_quorum_resource;
            if in_hand && database.is_quorum_resource(&resource.name) {
                continue;
            }
            let Some(local) = self.locals.get_mut(&resource.name) else {
                continue;
            };
            local.verdict = Verdict::Fine;
            local.failures.clear();
            local.proposed = None;
            if !local.state.is_down() && !local.asked {
                local.asked = true;
                self.command(MonitorCommand::Terminate {
                    resource: resource.name.clone(),
                });
            }
        }
    }

    /// Notices that a group is this node's, in a new epoch.
    fn own(&mut self, database: &Database, definition: &GroupDefinition, record: &GroupRecord) {
        if self
            .owned
            .get(&definition.name)
            .is_some_and(|owned| owned.epoch == record.epoch)
        {
            return;
        }
        for resource in &definition.resources {
            let Some(local) = self.locals.get_mut(&resource.name) else {
                continue;
            };
            // The group has been elsewhere since: what failed here before has a new start.
            if local.state == ResourceState::Failed {
                local.verdict = AT_ONCE;
            }
            // A failure that an administrator initiated on the former owner is over. Else the quorum disk, which is
            // online before its group comes, would fail on one node after the other.
            if let Some(record) = database.resources.get(&resource.name) {
                local.failures_asked = record.failures_asked;
            }
        }
        let owned = Owned {
            epoch: record.epoch,
            state: database.group_state(&definition.name),
            failover: false,
            deciding: false,
            kept: false,
            rest: None,
        };
        self.owned.insert(definition.name.clone(), owned);
        self.restore_checkpoints(database, definition);
        self.refresh_group_state(database, &definition.name);
    }

    fn drive_owned(
        &mut self,
        database: &Database,
        definition: &GroupDefinition,
        record: &GroupRecord,
        (now, licence): (Time, Licence),
        policies: &mut PolicyEngine,
    ) {
        self.follow_requests(database, definition, now, policies);
        self.report(database, definition, record);
        if !licence.quorate {
            return;
        }
        let wanted = self.wanted(database, definition, record, licence);
        let sound = self.sound(definition, &wanted);
        self.stop_unwanted(definition, &sound);
        self.start_wanted(definition, &sound, now);
        self.decide(database, definition, record, (now, licence), policies);
    }

    /// Acts on what administrators asked for since last time, and on retries that are due.
    fn follow_requests(
        &mut self,
        database: &Database,
        definition: &GroupDefinition,
        now: Time,
        policies: &mut PolicyEngine,
    ) {
        for resource in &definition.resources {
            let Some(record) = database.resources.get(&resource.name) else {
                continue;
            };
            let Some(local) = self.locals.get_mut(&resource.name) else {
                continue;
            };
            if local.pardons != record.pardons {
                local.pardons = record.pardons;
                local.failures.clear();
                local.verdict = AT_ONCE;
                if let Some(owned) = self.owned.get_mut(&definition.name) {
                    owned.stay();
                }
            }
            if local.failures_asked != record.failures_asked {
                local.failures_asked = record.failures_asked;
                if local.state == ResourceState::Online {
                    self.command(MonitorCommand::Fail {
                        resource: resource.name.clone(),
                    });
                }
                continue;
            }
            match local.verdict {
                Verdict::GivenUp { retry_at: Some(at) } if at <= now => {
                    local.failures.clear();
                    local.verdict = AT_ONCE;
                }
                Verdict::Waiting { until } if until <= now => {
                    self.waited(database, now, &resource.name, policies);
                }
                _ => {}
            }
            let verdict = self.locals.get(&resource.name).map(|local| local.verdict);
            match verdict {
                Some(Verdict::GivenUp { retry_at: Some(at) } | Verdict::Waiting { until: at }) => {
                    self.look_again(at)
                }
                Some(Verdict::Restart { from }) if from > now => self.look_again(from),
                _ => {}
            }
        }
    }

    /// Has [`Groups::drive`] called at `at`, if not before.
    fn look_again(&mut self, at: Time) {
        self.deadline = Some(self.deadline.map_or(at, |deadline| deadline.min(at)));
    }

    /// Brings the database up to date where it differs from this node's monitor.
    fn report(&mut self, database: &Database, definition: &GroupDefinition, record: &GroupRecord) {
        for resource in &definition.resources {
            let Some(local) = self.locals.get(&resource.name) else {
                continue;
            };
            let wanted = (record.epoch, local.state);
            let known = match local.proposed {
                Some(proposed) if proposed.0 == record.epoch => proposed.1,
                _ => database.resource_state(&resource.name),
            };
            if known != wanted.1 {
                self.propose_state(&resource.name, record.epoch);
            }
        }
    }

    /// The resources of a group that should be online.
    fn wanted<'a>(
        &self,
        database: &Database,
        definition: &'a GroupDefinition,
        record: &GroupRecord,
        licence: Licence,
    ) -> BTreeSet<&'a Name> {
        let mut wanted = BTreeSet::new();
        // The quorum group runs where the quorum resource is held, whoever owns the group for the moment.
        let is_quorum = database
            .quorum_group()
            .is_some_and(|quorum| quorum.name == definition.name);
        let at_home = licence.holds_quorum_resource || licence.bare || !is_quorum;
        // A stopping node serves the cluster's own address last, until that goes elsewhere.
        let stops = licence.leaving && (!is_quorum || self.office_offered);
        let runs = Database::runs(record) && !stops && at_home;
        // Providers stand before their dependents in a definition.
        for resource in &definition.resources {
            let stays =
                licence.holds_quorum_resource && database.is_quorum_resource(&resource.name);
            let own = database
                .resources
                .get(&resource.name)
                .and_then(|record| record.wanted);
            let allowed = !licence.bare
                || (definition.name == *CLUSTER_GROUP
                    && [types::IP_ADDRESS, types::NETWORK_NAME].contains(&resource.kind.as_str()));
            // The quorum group goes where the disk is, even to a node that is no possible owner of all its resources.
            let possible = !is_quorum || database.is_possible_for(resource, self.me);
            let asked_for = own.unwrap_or(record.wanted) && runs && allowed && possible;
            let given_up = self.locals.get(&resource.name).is_none_or(|local| {
                matches!(
                    local.verdict,
                    Verdict::GivenUp { .. } | Verdict::Waiting { .. }
                )
            });
            let founded = resource
                .depends_on
                .iter()
                .all(|provider| wanted.contains(provider));
            if stays || (asked_for && !given_up && founded) {
                wanted.insert(&resource.name);
            }
        }
        wanted
    }

    /// The wanted resources whose providers are all Online and sound themselves: these may stay or come up. A resource
    /// that has lost a provider takes all its dependents along, direct and indirect.
    fn sound<'a>(
        &self,
        definition: &'a GroupDefinition,
        wanted: &BTreeSet<&'a Name>,
    ) -> BTreeSet<&'a Name> {
        let mut sound = BTreeSet::new();
        for resource in &definition.resources {
            let founded = resource.depends_on.iter().all(|provider| {
                sound.contains(provider) && self.state(provider) == ResourceState::Online
            });
            if wanted.contains(&resource.name) && founded {
                sound.insert(&resource.name);
            }
        }
        sound
    }

    /// Takes offline what is not wanted or has lost a provider, dependents first.
    fn stop_unwanted(&mut self, definition: &GroupDefinition, sound: &BTreeSet<&Name>) {
        for resource in definition.resources.iter().rev() {
            if sound.contains(&resource.name) {
                continue;
            }
            let dependents_down = dependents(definition, &resource.name).all(|name| {
                self.locals
                    .get(name)
                    .is_none_or(|d| d.state.is_down() && !d.asked)
            });
            let Some(local) = self.locals.get_mut(&resource.name) else {
                continue;
            };
            if local.asked || !dependents_down {
                continue;
            }
            let command = match local.state {
                ResourceState::Online => MonitorCommand::Offline {
                    resource: resource.name.clone(),
                },
                ResourceState::OnlinePending => MonitorCommand::Terminate {
                    resource: resource.name.clone(),
                },
                _ => continue,
            };
            local.asked = true;
            self.command(command);
        }
    }

    /// Brings online what is wanted and has all its providers, those first.
    fn start_wanted(&mut self, definition: &GroupDefinition, sound: &BTreeSet<&Name>, now: Time) {
        for resource in &definition.resources {
            if !sound.contains(&resource.name) {
                continue;
            }
            let dependents_down = dependents(definition, &resource.name).all(|name| {
                self.locals
                    .get(name)
                    .is_none_or(|d| d.state.is_down() && !d.asked)
            });
            let Some(local) = self.locals.get_mut(&resource.name) else {
                continue;
            };
            let may_start = match local.state {
                ResourceState::Offline => true,
                ResourceState::Failed => {
                    matches!(local.verdict, Verdict::Restart { from } if from <= now)
                }
                _ => false,
            };
            if may_start && dependents_down && !local.asked {
                local.asked = true;
                self.command(MonitorCommand::Online {
                    resource: resource.name.clone(),
                });
            }
        }
    }

    /// Decides whether the group has to go elsewhere, and whether it can; ends a move under way.
    fn decide(
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
        let is_quorum_group = database
            .quorum_group()
            .is_some_and(|quorum| quorum.name == group);
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
        let quorum = database.quorum_group();
        let is_quorum = quorum.is_some_and(|quorum| quorum.name == *group);
        let stays = match is_quorum {
            true => self.office_offered,
            false => self.owned.get(group).is_some_and(|owned| owned.kept),
        };
        let nodes = placement::candidates(database, definition, Cause::NodeShutdown);
        record.wanted && !stays && !nodes.is_empty()
    }

    /// Whether groups other than the quorum disk's still leave this node, or still stop on it.
    pub(super) fn others_leave(&self, database: &Database) -> bool {
        let quorum = database.quorum_group().map(|quorum| &quorum.name);
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

    /// The state of a group that this node owns, by its own monitor.
    pub(crate) fn owned_state(&self, group: &str) -> Option<GroupState> {
        self.owned.get(group).map(|owned| owned.state)
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

fn dependents<'a>(
    definition: &'a GroupDefinition,
    provider: &'a Name,
) -> impl Iterator<Item = &'a Name> {
    definition
        .resources
        .iter()
        .filter(move |resource| resource.depends_on.contains(provider))
        .map(|resource| &resource.name)
}
