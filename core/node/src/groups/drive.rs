//! One pass over the groups: what is wanted, what is, and the next steps between them.

use quorate_model::monitor::MonitorCommand;
use quorate_model::{
    CLUSTER_GROUP, GroupDefinition, GroupState, Name, ResourceState, Slot, Time, types,
};

use super::ties::Ties;
use super::{AT_ONCE, Action, Groups, Licence, Owned, Verdict};
use crate::database::{Database, GroupRecord, ResourceRecord};
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

    /// Looks at the groups that need not be looked at, too.
    ///
    /// # Panics
    /// If anything follows from it: groups are looked at too seldom.
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
        let (before, until) = (self.actions.len(), self.due.deadline());
        for place in self.due.others() {
            self.drive_one(database, place, (now, licence), policies);
        }
        let found: Vec<&Action> = self.actions.iter().skip(before).collect();
        assert!(
            found.is_empty() && until == self.due.deadline(),
            "at {now}, groups that nothing was reported about were not looked at, and ask for {found:?}"
        );
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
            let ties = self.due.ties(place);
            let ties =
                ties.unwrap_or_else(|| Ties::of(definition, &database.resources, &self.locals));
            let group = (definition, record, &ties);
            self.drive_owned(database, group, (now, licence), policies);
            self.due.keep_ties(place, ties);
        } else {
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

    fn drive_owned(
        &mut self,
        database: &Database,
        (definition, record, ties): (&GroupDefinition, &GroupRecord, &Ties),
        (now, licence): (Time, Licence),
        policies: &mut PolicyEngine,
    ) {
        let records: Vec<_> = definition
            .resources
            .iter()
            .enumerate()
            .map(|(place, resource)| {
                let slot = ties.record(place, &resource.name, &database.resources)?;
                database.resources.at(slot)
            })
            .collect();
        let slots: Vec<_> = definition
            .resources
            .iter()
            .enumerate()
            .map(|(place, resource)| ties.local(place, &resource.name, &self.locals))
            .collect();
        self.follow_requests(database, (definition, &records, &slots), now, policies);
        let mut here = self.here(&slots);
        self.report((definition, record, &records), &here);
        if !licence.quorate {
            return;
        }
        let group = (definition, record, ties);
        let wanted = self.wanted(database, group, (&records, &here), licence);
        let sound = sound(ties, &wanted, &here);
        self.stop_unwanted((definition, ties), &sound, &mut here);
        self.start_wanted((definition, ties), &sound, &mut here, now);
        self.decide(database, definition, record, (now, licence), policies);
    }

    /// What is known here of a group's resources, which lie in these slots.
    fn here(&self, slots: &[Option<Slot>]) -> Vec<Here> {
        let here = slots.iter().map(|slot| {
            let local = slot.and_then(|slot| self.locals.at(slot));
            Here {
                is_open: local.is_some(),
                state: local.map_or(ResourceState::Offline, |local| local.state),
                asked: local.is_some_and(|local| local.asked),
                proposed: local.and_then(|local| local.proposed),
                verdict: local.map_or(Verdict::Fine, |local| local.verdict),
            }
        });
        here.collect()
    }

    /// Acts on what administrators asked for since last time, and on retries that are due.
    fn follow_requests(
        &mut self,
        database: &Database,
        (definition, records, slots): (
            &GroupDefinition,
            &[Option<&ResourceRecord>],
            &[Option<Slot>],
        ),
        now: Time,
        policies: &mut PolicyEngine,
    ) {
        let known = records.iter().zip(slots);
        for (resource, (record, slot)) in definition.resources.iter().zip(known) {
            let (Some(record), Some(slot)) = (record, slot) else {
                continue;
            };
            let Some(local) = self.locals.at_mut(*slot) else {
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

    /// Brings the database up to date where it differs from this node's monitor.
    fn report(
        &mut self,
        (definition, record, records): (&GroupDefinition, &GroupRecord, &[Option<&ResourceRecord>]),
        here: &[Here],
    ) {
        let known = here.iter().zip(records);
        for (resource, (here, known)) in definition.resources.iter().zip(known) {
            let known = match here.proposed {
                Some((epoch, state)) if epoch == record.epoch => state,
                _ => known.map_or(ResourceState::Offline, |known| known.state),
            };
            if here.is_open && known != here.state {
                self.propose_state(&resource.name, record.epoch);
            }
        }
    }

    /// Which resources of a group should be online.
    fn wanted(
        &self,
        database: &Database,
        (definition, record, ties): (&GroupDefinition, &GroupRecord, &Ties),
        (records, here): (&[Option<&ResourceRecord>], &[Here]),
        licence: Licence,
    ) -> Vec<bool> {
        let mut wanted = vec![false; definition.resources.len()];
        // The quorum group runs where the quorum resource is held, whoever owns the group for the moment.
        let is_quorum = database.quorum_group() == Some(&definition.name);
        let at_home = licence.holds_quorum_resource || licence.bare || !is_quorum;
        // A stopping node serves the cluster's own address last, until that goes elsewhere.
        let stops = licence.leaving && (!is_quorum || self.office_offered);
        let runs = Database::runs(record) && !stops && at_home;
        // Providers stand before their dependents in a definition.
        for (place, resource) in definition.resources.iter().enumerate() {
            let stays =
                licence.holds_quorum_resource && database.is_quorum_resource(&resource.name);
            let own = records[place].and_then(|record| record.wanted);
            let allowed = !licence.bare
                || (definition.name == *CLUSTER_GROUP
                    && [types::IP_ADDRESS, types::NETWORK_NAME].contains(&resource.kind.as_str()));
            // The quorum group goes where the disk is, even to a node that is no possible owner of all its resources.
            let possible = !is_quorum || database.is_possible_for(resource, self.me);
            let asked_for = own.unwrap_or(record.wanted) && runs && allowed && possible;
            let given_up = !here[place].is_open
                || matches!(
                    here[place].verdict,
                    Verdict::GivenUp { .. } | Verdict::Waiting { .. }
                );
            let founded = ties.all_providers(place, |provider| wanted[provider]);
            wanted[place] = stays || (asked_for && !given_up && founded);
        }
        wanted
    }

    /// Takes offline what is not wanted or has lost a provider, dependents first.
    fn stop_unwanted(
        &mut self,
        (definition, ties): (&GroupDefinition, &Ties),
        sound: &[bool],
        here: &mut [Here],
    ) {
        for (place, resource) in definition.resources.iter().enumerate().rev() {
            let this = &here[place];
            if sound[place] || !this.is_open || this.asked {
                continue;
            }
            if !ties.all_dependents(place, |dependent| here[dependent].rests()) {
                continue;
            }
            let command = match this.state {
                ResourceState::Online => MonitorCommand::Offline {
                    resource: resource.name.clone(),
                },
                ResourceState::OnlinePending => MonitorCommand::Terminate {
                    resource: resource.name.clone(),
                },
                _ => continue,
            };
            self.ask(&resource.name, &mut here[place], command);
        }
    }

    /// Brings online what is wanted and has all its providers, those first.
    fn start_wanted(
        &mut self,
        (definition, ties): (&GroupDefinition, &Ties),
        sound: &[bool],
        here: &mut [Here],
        now: Time,
    ) {
        for (place, resource) in definition.resources.iter().enumerate() {
            let this = &here[place];
            if !sound[place] || !this.is_open || this.asked {
                continue;
            }
            let may_start = match this.state {
                ResourceState::Offline => true,
                ResourceState::Failed => {
                    matches!(this.verdict, Verdict::Restart { from } if from <= now)
                }
                _ => false,
            };
            if may_start && ties.all_dependents(place, |dependent| here[dependent].rests()) {
                let command = MonitorCommand::Online {
                    resource: resource.name.clone(),
                };
                self.ask(&resource.name, &mut here[place], command);
            }
        }
    }

    fn ask(&mut self, resource: &Name, here: &mut Here, command: MonitorCommand) {
        here.asked = true;
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

/// A resource of a group that is being looked at.
struct Here {
    /// The monitor has it.
    is_open: bool,
    state: ResourceState,
    /// The monitor was asked for something and has not answered.
    asked: bool,
    /// The state that was last proposed, and in which epoch.
    proposed: Option<(u64, ResourceState)>,
    verdict: Verdict,
}

impl Here {
    fn rests(&self) -> bool {
        !self.is_open || (self.state.is_down() && !self.asked)
    }
}

/// The wanted resources whose providers are all Online and sound themselves: these may stay or come up. A resource that
/// has lost a provider takes all its dependents along, direct and indirect.
fn sound(ties: &Ties, wanted: &[bool], here: &[Here]) -> Vec<bool> {
    let mut sound = vec![false; wanted.len()];
    for (place, wanted) in wanted.iter().enumerate() {
        let stands =
            |provider: usize| sound[provider] && here[provider].state == ResourceState::Online;
        sound[place] = *wanted && ties.all_providers(place, stands);
    }
    sound
}
