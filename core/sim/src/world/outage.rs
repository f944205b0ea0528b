//! How long groups are out of service, by what a client would find, and whether that was planned.

use std::cell::OnceCell;
use std::time::Duration;

use quorate_journal::{Cause, Event};
use quorate_journal::{Entry, What, WorldEvent};
use quorate_model::{GroupDefinition, GroupState, Name, ResourceState, Slot, Time};

use super::World;
use crate::WorldError;
use crate::env::Machine;
use crate::status::Outage;

/// The service of a group so far, by what a client would find.
#[derive(Clone, Debug, Default)]
pub(super) struct GroupTrack {
    /// Where machines most likely have the states of its resources.
    pub(super) slots: OnceCell<Vec<Slot>>,
    pub(super) online: bool,
    first_online: Option<Time>,
    /// The machine on which a client last found it.
    served_by: Option<Machine>,
    /// Since when it has been out of service, after having been in service.
    down_since: Option<Time>,
    /// The present outage, while it goes as planned.
    plan: Option<Plan>,
    /// The sum of all finished outages, and the planned part of it.
    total: Duration,
    planned: Duration,
    longest: Duration,
    count: u32,
}

/// A planned outage.
#[derive(Clone, Copy, Debug)]
struct Plan {
    since: Time,
    /// The number of journal entries at its begin.
    from: usize,
    /// How many entries have been checked.
    seen: usize,
}

impl World {
    /// Checks what clients find of each group, if that may have changed, and how planned outages go on.
    pub(super) fn look_at_groups(&mut self, noticeable: bool) {
        let now = self.env.now;
        for place in 0..self.current.groups.len() {
            let group = &self.current.groups[place];
            let known = self.groups.get(&group.name);
            if let Some(track) = known.filter(|it| !noticeable && it.plan.is_none()) {
                if self.env.options.checked_twice && self.serving(group).is_some() != track.online {
                    let text = format!(
                        "nobody was told that clients find {} anew, or no longer",
                        group.name
                    );
                    self.breach("missed_change", text, "what clients find".to_owned());
                }
                continue;
            }
            let serving = self.serving(group);
            let name = group.name.clone();
            let track = self.groups.get_or_insert_with(&name, GroupTrack::default);
            track.served_by = serving.or(track.served_by);
            let online = serving.is_some();
            if track.plan.is_some() {
                self.follow_plan(&name, online);
            }
            let track = self.groups.get_or_insert_with(&name, GroupTrack::default);
            if track.online == online {
                continue;
            }
            track.online = online;
            let mut planned = None;
            if online {
                track.first_online.get_or_insert(now);
                if let Some(plan) = track.plan.take() {
                    track.planned += now - plan.since;
                }
                if let Some(since) = track.down_since.take() {
                    track.total += now - since;
                    track.longest = track.longest.max(now - since);
                }
            } else {
                track.down_since = Some(now);
                track.count += 1;
                let server = track.served_by;
                let meant = self.is_planned(&self.current.groups[place], server);
                planned = Some(meant);
                let entries = self.events().len();
                let track = self.groups.get_or_insert_with(&name, GroupTrack::default);
                track.plan = meant.then_some(Plan {
                    since: now,
                    from: entries,
                    seen: entries,
                });
                if self.faulted
                    && !self.touched.contains(&name)
                    && self.disturbed.insert(name.clone())
                {
                    let subject = name.clone();
                    self.env.record(None, WorldEvent::Disturbed { subject });
                }
            }
            self.env.record(
                None,
                WorldEvent::ServiceLevel {
                    subject: name,
                    online,
                    planned,
                },
            );
        }
    }

    /// Whether a group goes out of service as planned: the node that ran it takes it offline in order, because an
    /// administrator ordered it, the node's service is being stopped, or the group fails back.
    fn is_planned(&self, group: &GroupDefinition, server: Option<Machine>) -> bool {
        let Some(machine) = server.filter(|machine| self.env.hosts[*machine].runs()) else {
            return false;
        };
        let Some(node) = self.stations[machine].service.node() else {
            return false;
        };
        let Some(view) = node.group(&group.name) else {
            return false;
        };
        let orderly = match view.moving_for {
            Some(Cause::Admin | Cause::NodeShutdown | Cause::Failback) => true,
            Some(Cause::ResourceFailure) => return false,
            Some(Cause::Form | Cause::NodeFailure | Cause::NodeUp) | None => false,
        };
        let mut resources = group.resources.iter();
        orderly
            || !view.persistent_state
            || self.asked_to_stop(machine)
            || resources.any(|one| node.persistent_state(&one.name) == Some(false))
    }

    /// Ends the planned part of an outage once anything goes wrong.
    fn follow_plan(&mut self, name: &Name, online: bool) {
        let over = || self.is_over(name).filter(|_| !online);
        let wrong = self.goes_wrong(name).or_else(over);
        let entries = self.events().len();
        let Some(track) = self.groups.get_mut(name) else {
            return;
        };
        let Some(plan) = &mut track.plan else {
            return;
        };
        plan.seen = entries;
        if let Some(at) = wrong {
            track.planned += at.max(plan.since) - plan.since;
            track.plan = None;
        }
    }

    /// When the present planned outage of a group went wrong, if that is new.
    fn goes_wrong(&self, name: &Name) -> Option<Time> {
        let plan = self.groups.get(name)?.plan?;
        let events = self.events();
        let mut fresh = events.get(plan.seen..)?.iter();
        let entry = fresh.find(|entry| is_failure(entry, name))?;
        match &entry.what {
            // The node was lost before anybody noticed.
            What::Node(Event::GroupOwner { from, .. }) => {
                let mut since = events.get(plan.from..)?.iter();
                let lost = since.rfind(|it| it.at <= entry.at && is_lost(it, from));
                Some(lost.map_or(entry.at, |lost| lost.at))
            }
            _ => Some(entry.at),
        }
    }

    /// The present time, if the plan is completed: the group's owner has it online, and nobody wants it elsewhere or
    /// offline. If clients still do not find it, that was not planned.
    fn is_over(&self, name: &Name) -> Option<Time> {
        let group = self.current.group(name)?;
        let mut stations = self.stations.iter().enumerate();
        let done = stations.any(|(machine, station)| {
            let host = &self.env.hosts[machine].name;
            let node = station.service.node();
            node.is_some_and(|node| {
                node.group_owner(name).as_ref() == Some(host)
                    && node.group_state(name) == Some(GroupState::Online)
            }) && !self.is_planned(group, Some(machine))
        });
        done.then_some(self.env.now)
    }

    /// How long a group was out of full service, counted from the first time it was in service, by what a client
    /// would find ([`group_service`](Self::group_service)). A present outage counts up to now.
    ///
    /// # Errors
    /// An unknown group.
    pub fn outage(&self, group: &str) -> Result<Outage, WorldError> {
        let group = &self.known_group(group)?.name;
        let Some(track) = self.groups.get(group) else {
            return Ok(Outage::default());
        };
        let now = self.env.now;
        let present = track.down_since.map_or(Duration::ZERO, |since| now - since);
        let planned = track.plan.map_or(Duration::ZERO, |plan| {
            let until = self.goes_wrong(group).unwrap_or(now);
            until.max(plan.since) - plan.since
        });
        Ok(Outage {
            total: track.total + present,
            planned: track.planned + planned,
            longest: track.longest.max(present),
            count: track.count,
            first_online: track.first_online,
        })
    }
}

/// Whether an entry reports a failure of the group, or of something in it.
fn is_failure(entry: &Entry, name: &Name) -> bool {
    let What::Node(event) = &entry.what else {
        return false;
    };
    let failure = |cause: &Cause| matches!(cause, Cause::ResourceFailure | Cause::NodeFailure);
    match event {
        Event::ResourceState { group, to, .. } => group == name && *to == ResourceState::Failed,
        Event::GroupMoving { subject, cause, .. } | Event::GroupOwner { subject, cause, .. } => {
            subject == name && failure(cause)
        }
        _ => false,
    }
}

/// Whether an entry reports the end of a node.
fn is_lost(entry: &Entry, node: &Name) -> bool {
    let ends = match &entry.what {
        What::World(WorldEvent::Power { on, .. }) => !on,
        What::World(WorldEvent::ClusterService { running, .. }) => !running,
        What::World(WorldEvent::Frozen { frozen }) => *frozen,
        _ => false,
    };
    ends && entry.node.as_ref() == Some(node)
}
