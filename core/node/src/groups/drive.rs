//! One pass over the groups: what is wanted, what is, and the next steps between them.

use quorate_model::monitor::MonitorCommand;
use quorate_model::{GroupDefinition, GroupState, ResourceState, Time};

use super::look::{Group, Kept, Look};
use super::ties::Ties;
use super::{AT_ONCE, Action, Groups, Licence, Owned, Verdict};
use crate::database::{Database, GroupRecord};
use crate::policy_engine::PolicyEngine;

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
        if licence.leaving {
            // Which groups still leave decides about the others.
            self.due.all();
        }
        for place in self.due.take(&database.definition, now) {
            self.drive_one(database, place, (now, licence), policies);
        }
    }

    /// Looks at the groups that need not be looked at, too, and at all that is known of any.
    ///
    /// # Panics
    /// If anything follows from it, or is not as it is known: groups are looked at too seldom.
    pub(crate) fn make_sure(
        &mut self,
        database: &Database,
        now: Time,
        licence: Licence,
        policies: &mut PolicyEngine,
    ) {
        if licence.leaving {
            return;
        }
        self.make_sure_of_looks(database, now, licence);
        let (before, until) = (self.actions.len(), self.due.deadline());
        for place in self.due.others() {
            let kept = self.due.forget(place);
            self.drive_one(database, place, (now, licence), policies);
            // It is to last as long as where nobody doubts it.
            if let Some(kept) = kept {
                self.due.remember(place, kept);
            }
        }
        let found: Vec<&Action> = self.actions.iter().skip(before).collect();
        assert!(
            found.is_empty() && until == self.due.deadline(),
            "at {now}, groups that nothing was reported about were not looked at, and ask for {found:?}"
        );
    }

    /// What was seen of each group on the present basis must be what a look at everything sees.
    fn make_sure_of_looks(&self, database: &Database, now: Time, licence: Licence) {
        for (place, ties, look) in self.due.settled() {
            let Some(definition) = database.definition.groups.get(place) else {
                continue;
            };
            let Some(record) = database.groups.get(&definition.name) else {
                continue;
            };
            let group = Group {
                definition,
                record,
                ties,
            };
            let basis = self.basis(database, group, licence);
            let mut anew = self.look(database, group, (basis, None), now);
            self.weigh(database, group, &mut anew);
            assert!(
                look.agrees(&anew),
                "at {now}, of {} something has changed that nobody was told of: {look:?} is {anew:?}",
                definition.name
            );
        }
    }

    /// Looks at the group at this place in the definition.
    fn drive_one(
        &mut self,
        database: &Database,
        place: usize,
        (now, licence): (Time, Licence),
        policies: &mut PolicyEngine,
    ) {
        let Some(definition) = database.definition.groups.get(place) else {
            return;
        };
        let Some(record) = database.groups.get(&definition.name) else {
            return;
        };
        self.deadline = None;
        if record.owner == self.me && database.is_member(self.me) {
            self.own(database, definition, record);
            let (ties, look) = self.due.lend(place);
            let ties =
                ties.unwrap_or_else(|| Ties::of(definition, &database.resources, &self.locals));
            let group = Group {
                definition,
                record,
                ties: &ties,
            };
            let look = self.drive_owned(database, group, look, (now, licence), policies);
            self.due.keep(place, ties, look);
        } else {
            self.due.forget(place);
            self.owned.remove(&definition.name);
            self.terminate_unowned(database, definition, licence);
        }
        let owned = self.owned.get(&definition.name);
        let moves = owned.is_some_and(|owned| owned.failover || owned.rest.is_some());
        let restless = moves || database.quorum_group() == Some(&definition.name);
        self.due.looked_at(place, self.deadline, restless);
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

    /// Looks at a group that this node owns. Returns what the next pass goes on from, if all was worked out.
    fn drive_owned(
        &mut self,
        database: &Database,
        group: Group<'_>,
        kept: Option<Kept>,
        (now, licence): (Time, Licence),
        policies: &mut PolicyEngine,
    ) -> Option<Look> {
        let Group {
            definition, record, ..
        } = group;
        let basis = self.basis(database, group, licence);
        let mut look = self.look(database, group, (basis, kept), now);
        if look.asks {
            self.follow_requests(database, definition, now, policies);
            look = self.look(database, group, (basis, None), now);
        }
        // The database is brought up to date where it differs from this node's monitor.
        for place in look.unknown() {
            self.propose_state(&definition.resources[place].name, record.epoch);
        }
        if !licence.quorate {
            return None;
        }
        self.weigh(database, group, &mut look);
        self.stop_unwanted(group, &mut look);
        self.start_wanted(group, &mut look);
        self.decide(database, definition, record, (now, licence), policies);
        Some(look)
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
            let record = database.resources.get(&resource.name);
            let (Some(record), Some(local)) = (record, self.locals.get_mut(&resource.name)) else {
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
            if let Verdict::GivenUp { retry_at: Some(at) } = local.verdict
                && at <= now
            {
                local.failures.clear();
                local.verdict = AT_ONCE;
            }
            let mut verdict = Some(local.verdict);
            if let Verdict::Waiting { until } = local.verdict
                && until <= now
            {
                self.waited(database, now, &resource.name, policies);
                verdict = self.locals.get(&resource.name).map(|local| local.verdict);
            }
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
    pub(super) fn look_again(&mut self, at: Time) {
        self.deadline = Some(self.deadline.map_or(at, |deadline| deadline.min(at)));
    }

    /// Takes offline what is not wanted or has lost a provider, dependents first.
    fn stop_unwanted(&mut self, group: Group<'_>, look: &mut Look) {
        for place in look.to_stop.clone().into_iter().rev() {
            if !look.is_free(group.ties, place) {
                continue;
            }
            let resource = group.definition.resources[place].name.clone();
            let command = match look.starts(place) {
                true => MonitorCommand::Terminate { resource },
                false => MonitorCommand::Offline { resource },
            };
            self.ask(group, place, look, command);
        }
    }

    /// Brings online what is wanted and has all its providers, those first.
    fn start_wanted(&mut self, group: Group<'_>, look: &mut Look) {
        for place in look.to_start.clone() {
            if look.is_free(group.ties, place) {
                let resource = group.definition.resources[place].name.clone();
                self.ask(group, place, look, MonitorCommand::Online { resource });
            }
        }
    }

    fn ask(&mut self, group: Group<'_>, place: usize, look: &mut Look, command: MonitorCommand) {
        look.ask(place);
        let resource = &group.definition.resources[place].name;
        if let Some(local) = self.locals.get_mut(resource) {
            local.asked = true;
        }
        self.command(command);
    }

    /// The state of a group that this node owns, by its own monitor.
    pub(crate) fn owned_state(&self, group: &str) -> Option<GroupState> {
        self.owned.get(group).map(|owned| owned.state)
    }
}
