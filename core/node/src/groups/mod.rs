//! The group manager of one node: what it owns comes online in dependency order, is restarted, and fails over.
//!
//! It is level-triggered: [`Groups::drive`] compares what the database wants with what the resource monitor has
//! reported and asks for the next steps, whatever happened before. It speaks to the rest of the node by values.

mod checkpoints;
mod drive;
mod due;
mod elsewhere;
mod failure;
mod look;
mod ties;

use std::collections::{BTreeSet, VecDeque};

use quorate_journal::Event;
use quorate_log::NodeSet;
use quorate_model::monitor::{MonitorCommand, MonitorEvent, ResourceSpec};
use quorate_model::{GroupState, Name, NameMap, NodeId, Reason, ResourceState, Sought, Time};

use crate::database::{Database, Update};
use crate::policy_engine::PolicyEngine;
use crate::random::Random;

use due::Due;

/// What the group manager wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Monitor(MonitorCommand),
    Propose(Update),
    Event(Event),
}

/// What the group manager may do now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Licence {
    /// The node is a member of a cluster that has quorum: it may bring things online and change owners.
    pub(crate) quorate: bool,
    /// The node holds the quorum disk: the quorum resource stays online whoever owns its group.
    pub(crate) holds_quorum_resource: bool,
    /// It is taking the quorum disk offline.
    pub(crate) releases_quorum_resource: bool,
    /// The service was started without the quorum disk: only the cluster's address and name may come up.
    pub(crate) bare: bool,
    /// The service is stopping: groups go away or offline.
    pub(crate) leaving: bool,
    /// The other nodes that are stopping.
    pub(crate) leavers: NodeSet,
    /// Civil time in ms.
    pub(crate) civil_ms: i64,
}

/// What follows from a resource's failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Fine,
    /// To be restarted once its dependents are down, and not before this time.
    Restart {
        from: Time,
    },
    /// Stays Failed until then; `None` is for good.
    GivenUp {
        retry_at: Option<Time>,
    },
    /// Stays Failed until then, when its group's policy is asked again.
    Waiting {
        until: Time,
    },
}

/// One resource on this node.
#[derive(Clone, Debug)]
struct Local {
    group: Name,
    state: ResourceState,
    /// A command was given and the monitor has not said anything since.
    asked: bool,
    failures: VecDeque<Time>,
    /// The failure that nothing has been decided about yet.
    failure: Option<OpenFailure>,
    verdict: Verdict,
    failures_asked: u64,
    pardons: u64,
    /// The last state proposed to the database, and in which epoch of the group.
    proposed: Option<(u64, ResourceState)>,
    /// Which health checks have answered since it came online: LooksAlive and IsAlive.
    answered: [bool; 2],
}

/// A failure that is not decided about yet, because a policy lets it wait.
#[derive(Clone, Debug)]
struct OpenFailure {
    since: Time,
    reason: String,
    starting: bool,
    waits: u32,
}

/// One group this node owns.
#[derive(Clone, Debug)]
struct Owned {
    epoch: u64,
    state: GroupState,
    /// A resource failed past its threshold: the group has to go elsewhere.
    failover: bool,
    /// A decision about the group was proposed and its outcome is not known yet.
    deciding: bool,
    /// It stays on this node although the service is stopping: its policy keeps it, or every node that could take it is
    /// stopping, too.
    kept: bool,
    /// It waits before it fails over to a node that it has failed on already.
    rest: Option<Rest>,
}

/// A pause before a failover.
#[derive(Clone, Debug)]
struct Rest {
    until: Time,
    /// Which nodes could take the group when the rest began or was last looked at. If others can, the rest ends.
    candidates: Vec<NodeId>,
}

impl Owned {
    /// It need not go elsewhere.
    fn stay(&mut self) {
        self.failover = false;
        self.rest = None;
    }
}

/// A restart without a delay.
const AT_ONCE: Verdict = Verdict::Restart { from: Time::ZERO };

/// The group manager.
#[derive(Clone, Debug)]
pub(crate) struct Groups {
    me: NodeId,
    locals: NameMap<Local>,
    owned: NameMap<Owned>,
    random: Random,
    actions: VecDeque<Action>,
    /// When the group that is being looked at is to be looked at again.
    deadline: Option<Time>,
    /// What has changed since groups were last looked at.
    due: Due,
    /// What they were allowed then: quorate, holds the quorum resource, leaving, and which others are.
    allowed: (bool, bool, bool, NodeSet),
    /// The service is stopping, and it has been tried to send the quorum disk's group away. That is tried once.
    office_offered: bool,
}

impl Groups {
    pub(crate) fn new(me: NodeId, seed: u64) -> Self {
        let mut groups = Groups {
            me,
            locals: NameMap::new(),
            owned: NameMap::new(),
            random: Random::new(seed),
            actions: VecDeque::new(),
            deadline: None,
            due: Due::default(),
            allowed: (false, false, false, NodeSet::EMPTY),
            office_offered: false,
        };
        groups.look_again_now();
        groups
    }

    pub(crate) fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Something has changed that any group may depend on: [`Groups::drive`] is due.
    pub(crate) fn look_again_now(&mut self) {
        self.due.all();
    }

    /// As [`look_again_now`](Self::look_again_now), where it is known what has changed: an update is about to be applied.
    pub(crate) fn look_again_after(&mut self, database: &Database, update: &Update) {
        match update {
            Update::View { .. } | Update::Admin { .. } => self.due.all(),
            Update::MoveBegin { group, .. }
            | Update::MoveCommit { group, .. }
            | Update::MoveCancel { group, .. }
            | Update::Takeover { group, .. }
            | Update::Stranded { group, .. }
            | Update::GaveUp { group, .. } => self.due.group(group),
            // What this node has said of what it runs comes back to it: nothing follows from that, though the resource's wish to
            // run may be dropped where it is that of its group.
            Update::ResourceState {
                resource,
                epoch,
                state,
            } if self.has_said(database, resource, (*epoch, *state)) => self.due.changed(),
            Update::ResourceState { resource, .. } | Update::Checkpoint { resource, .. } => {
                let record = database.resources.get(resource);
                match record.filter(|record| self.owned.contains_key(&record.group)) {
                    Some(record) => self.due.resource(&record.group, resource),
                    // What another node reports of what it runs.
                    None => self.due.changed(),
                }
            }
            Update::Identity { .. } => self.due.changed(),
        }
    }

    /// Whether this is what this node last said of a resource, since its group came here.
    fn has_said(&self, database: &Database, resource: &Name, said: (u64, ResourceState)) -> bool {
        let local = self.locals.get(resource);
        local.is_some_and(|local| local.proposed == Some(said) && local.state == said.1)
            && database.resources.get(resource).is_some_and(|record| {
                let group = database.groups.get(&record.group);
                group.is_some_and(|group| group.epoch == said.0)
            })
    }

    /// The time has come for which some group waits.
    pub(crate) fn look_again_in_time(&mut self) {
        self.due.changed();
    }

    /// Whether something has changed since groups were last looked at.
    pub(crate) fn are_stale(&self) -> bool {
        self.due.is_changed()
    }

    /// Whether [`Groups::drive`] is due: something has changed since this was last asked, or what is allowed has.
    pub(crate) fn are_due(&mut self, licence: Licence) -> bool {
        let allowed = (
            licence.quorate,
            licence.holds_quorum_resource,
            licence.leaving,
            licence.leavers,
        );
        if std::mem::replace(&mut self.allowed, allowed) != allowed {
            self.due.all();
        }
        self.due.take_changed()
    }

    /// When [`Groups::drive`] is due even if nothing happens.
    pub(crate) fn deadline(&self) -> Option<Time> {
        self.due.deadline()
    }

    pub(crate) fn state<Q: Sought + ?Sized>(&self, resource: &Q) -> ResourceState {
        self.locals
            .get(resource)
            .map_or(ResourceState::Offline, |local| local.state)
    }

    /// Whether everything on this node is down, the quorum resource aside.
    pub(crate) fn all_down(&self, database: &Database) -> bool {
        self.locals.iter().all(|(name, local)| {
            database.is_quorum_resource(name) || (local.state.is_down() && !local.asked)
        })
    }

    /// Opens every resource of the database that is not open yet, and closes what is gone from it.
    pub(crate) fn open_all(&mut self, database: &Database) {
        self.due.all();
        let gone: Vec<Name> = self
            .locals
            .keys()
            .filter(|name| !database.resources.contains_key(*name))
            .cloned()
            .collect();
        for name in gone {
            self.locals.remove(&name);
            self.command(MonitorCommand::Close { resource: name });
        }
        for group in &database.definition.groups {
            for resource in &group.resources {
                if self.locals.contains_key(&resource.name) {
                    continue;
                }
                let record = database.resources.get(&resource.name);
                self.locals.insert(
                    resource.name.clone(),
                    Local {
                        group: group.name.clone(),
                        state: ResourceState::Offline,
                        asked: false,
                        failures: VecDeque::new(),
                        failure: None,
                        verdict: Verdict::Fine,
                        failures_asked: record.map_or(0, |record| record.failures_asked),
                        pardons: record.map_or(0, |record| record.pardons),
                        proposed: None,
                        answered: [false; 2],
                    },
                );
                if let Some(spec) = spec(database, &resource.name) {
                    self.command(MonitorCommand::Open(spec));
                }
            }
        }
        // A group may have changed although none of its resources has.
        let owned: Vec<Name> = self.owned.keys().cloned().collect();
        for group in owned {
            self.refresh_group_state(database, &group);
        }
    }

    /// Another resource monitor has taken the place of this node's: it opens everything anew. What was not down with the
    /// old one, which has failed.
    pub(crate) fn monitor_replaced(&mut self, database: &Database) -> Vec<Name> {
        self.due.all();
        let mut lost = Vec::new();
        self.locals.change_each(|name, local| {
            local.asked = false;
            if !local.state.is_down() {
                lost.push(name.clone());
            }
        });
        let open: Vec<Name> = self.locals.keys().cloned().collect();
        for name in open {
            if let Some(spec) = spec(database, &name) {
                self.command(MonitorCommand::Open(spec));
            }
        }
        let owned: Vec<Name> = self.owned.keys().cloned().collect();
        for group in owned {
            if let Some(definition) = database.group_definition(&group) {
                self.restore_checkpoints(database, definition);
            }
        }
        lost
    }

    /// A property of a resource changed.
    pub(crate) fn update(&mut self, database: &Database, resource: &Name) {
        if let Some(spec) = spec(database, resource) {
            self.command(MonitorCommand::Update(spec));
        }
    }

    /// A decision about `group` that this node had proposed has been applied, or refused.
    pub(crate) fn decided(&mut self, group: &Name) {
        self.due.group(group);
        if let Some(owned) = self.owned.get_mut(group) {
            owned.deciding = false;
        }
    }

    /// Of the decisions that this node had proposed, only those about `groups` can still come back.
    pub(crate) fn deciding_only(&mut self, groups: &BTreeSet<&Name>) {
        self.owned
            .change_each(|group, owned| owned.deciding &= groups.contains(group));
    }

    /// The resource monitor reports.
    pub(crate) fn monitor(
        &mut self,
        database: &Database,
        now: Time,
        event: MonitorEvent,
        policies: &mut PolicyEngine,
    ) {
        self.due.changed();
        match event {
            MonitorEvent::State {
                resource,
                state,
                reason,
            } => {
                self.state_changed(database, now, &resource, state, reason, policies);
            }
            MonitorEvent::Health {
                resource,
                check,
                alive,
                reason,
            } => {
                let Some(local) = self.locals.get_mut(&resource) else {
                    return;
                };
                let answered = &mut local.answered[check as usize];
                if alive && std::mem::replace(answered, true) {
                    return;
                }
                self.event(Event::Health {
                    subject: resource,
                    check,
                    alive,
                    reason: reason.map(|reason| reason.text),
                });
            }
            MonitorEvent::Log {
                resource,
                level,
                text,
            } => {
                self.event(Event::Log {
                    subject: resource,
                    level,
                    text,
                });
            }
            MonitorEvent::Checkpoint {
                resource,
                key,
                bytes,
            } => self.checkpoint_stored(resource, key, bytes),
            MonitorEvent::Notice { id, text } => self.event(Event::Notice { id, text }),
            MonitorEvent::Arbitrated { .. }
            | MonitorEvent::QuorumLost { .. }
            | MonitorEvent::Controlled { .. } => {}
        }
    }

    fn state_changed(
        &mut self,
        database: &Database,
        now: Time,
        resource: &Name,
        state: ResourceState,
        reason: Option<Reason>,
        policies: &mut PolicyEngine,
    ) {
        let Some(local) = self.locals.get_mut(resource) else {
            return;
        };
        let asked = std::mem::take(&mut local.asked);
        self.due.resource(&local.group, resource);
        let from = std::mem::replace(&mut local.state, state);
        // A restart that fails at once goes from Failed to Failed, and is a failure like any other.
        let failed_again = asked && state == ResourceState::Failed;
        if from == state && !failed_again {
            return;
        }
        let group = local.group.clone();
        match state {
            ResourceState::OnlinePending => local.answered = [false; 2],
            ResourceState::Online => local.verdict = Verdict::Fine,
            // It would not go offline and was terminated. That is no reason not to bring it online again.
            ResourceState::Failed if from == ResourceState::OfflinePending => {
                local.verdict = AT_ONCE;
            }
            _ => {}
        }
        if state == ResourceState::Online {
            self.recovered(&group);
        }
        let reason = reason.map(|reason| reason.text);
        self.event(Event::ResourceState {
            subject: resource.clone(),
            group: group.clone(),
            from,
            to: state,
            reason: reason.clone(),
        });
        let Some(epoch) = self.owned.get(&group).map(|owned| owned.epoch) else {
            return;
        };
        self.propose_state(resource, epoch);
        if state == ResourceState::Failed && from != ResourceState::OfflinePending {
            let starting = from != ResourceState::Online;
            let found = failure::Found {
                reason: reason.unwrap_or_default(),
                starting,
            };
            self.failed(database, now, resource, found, policies);
        }
        self.refresh_group_state(database, &group);
    }

    /// A group in which nothing is given up any more need not go elsewhere.
    fn recovered(&mut self, group: &Name) {
        let owned = self.owned.get(group);
        if !owned.is_some_and(|owned| owned.failover || owned.rest.is_some()) {
            return;
        }
        let given_up = self
            .locals
            .values()
            .any(|local| local.group == *group && matches!(local.verdict, Verdict::GivenUp { .. }));
        if !given_up && let Some(owned) = self.owned.get_mut(group) {
            owned.stay();
        }
    }

    fn propose_state(&mut self, resource: &Name, epoch: u64) {
        let Some(local) = self.locals.get_mut(resource) else {
            return;
        };
        let state = local.state;
        local.proposed = Some((epoch, state));
        self.actions
            .push_back(Action::Propose(Update::ResourceState {
                resource: resource.clone(),
                epoch,
                state,
            }));
    }

    fn refresh_group_state(&mut self, database: &Database, group: &Name) {
        let Some(definition) = database.group_definition(group) else {
            return;
        };
        let ties = self.due.known_ties(group);
        let resources = definition.resources.iter().enumerate();
        let to = GroupState::of(resources.map(|(place, resource)| {
            let local = match ties {
                Some(ties) => ties.local(place, &resource.name, &self.locals),
                None => self.locals.get(&resource.name),
            };
            local.map_or(ResourceState::Offline, |local| local.state)
        }));
        let Some(owned) = self.owned.get_mut(group) else {
            return;
        };
        let from = std::mem::replace(&mut owned.state, to);
        if from != to {
            self.event(Event::GroupState {
                subject: group.clone(),
                from,
                to,
            });
        }
    }

    fn command(&mut self, command: MonitorCommand) {
        self.actions.push_back(Action::Monitor(command));
    }

    fn event(&mut self, event: Event) {
        self.actions.push_back(Action::Event(event));
    }
}

/// A resource as the monitor has to know it.
fn spec(database: &Database, resource: &str) -> Option<ResourceSpec> {
    let (group, resource) = database.definition.resource(resource)?;
    Some(ResourceSpec {
        name: resource.name.clone(),
        kind: resource.kind.clone(),
        group: group.name.clone(),
        depends_on: resource.depends_on.clone(),
        properties: resource.properties.clone(),
    })
}

#[cfg(test)]
mod tests;
