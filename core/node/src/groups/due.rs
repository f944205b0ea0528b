//! Which groups are to be looked at: those about which something was reported, and not all of them after every event.
//!
//! To look at a group again about which nothing has changed asks for nothing, apart from a few that depend on more than what
//! is theirs: see [`Due::looked_at`].

use std::collections::{BTreeMap, BTreeSet};

use quorate_model::{ClusterDefinition, Name, Time};

use super::look::{Kept, Look};
use super::ties::Ties;

/// What is to be looked at. A group is known by its place in the definition.
#[derive(Clone, Debug, Default)]
pub(super) struct Due {
    /// Something has changed since this was last asked.
    changed: bool,
    /// It may concern any group, or what groups there are.
    all: bool,
    /// The groups that it concerns.
    groups: BTreeSet<usize>,
    /// Those that may go elsewhere: where to depends on the other groups, on nodes and on time.
    restless: BTreeSet<usize>,
    /// Those that wait for a time.
    deadlines: BTreeMap<usize, Time>,
    /// Where each group is in the definition.
    places: BTreeMap<Name, usize>,
    /// The dependencies in those that were looked at.
    ties: BTreeMap<usize, Ties>,
    /// What was seen there. What is not here is to be looked at as a whole.
    looks: BTreeMap<usize, Kept>,
}

impl Due {
    /// Something has changed that no group depends on by itself.
    pub(super) fn changed(&mut self) {
        self.changed = true;
    }

    /// Something has changed about a group.
    pub(super) fn group(&mut self, group: &Name) {
        if let Some(place) = self.changed_in(group) {
            self.forget(place);
        }
    }

    /// Something has changed about a resource of a group, and about that alone.
    pub(super) fn resource(&mut self, group: &Name, resource: &Name) {
        let place = self.changed_in(group);
        let look = place.and_then(|place| self.looks.get_mut(&place));
        if let Some(Kept { changed, .. }) = look
            && !changed.contains(resource)
        {
            changed.push(resource.clone());
        }
    }

    /// A group is to be looked at: its place, if it is known.
    fn changed_in(&mut self, group: &Name) -> Option<usize> {
        self.changed = true;
        let place = self.places.get(group).copied();
        match place {
            Some(place) => {
                self.groups.insert(place);
            }
            None => self.all = true,
        }
        place
    }

    /// Something has changed that any group may depend on, or there are other groups.
    pub(super) fn all(&mut self) {
        (self.changed, self.all) = (true, true);
    }

    pub(super) fn is_changed(&self) -> bool {
        self.changed
    }

    /// Whether something has changed since this was last asked.
    pub(super) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// The groups to look at now, in the order of the definition.
    pub(super) fn take(&mut self, definition: &ClusterDefinition, now: Time) -> Vec<usize> {
        if std::mem::take(&mut self.all) {
            let groups = definition.groups.iter();
            let places = groups
                .zip(0..)
                .map(|(group, place)| (group.name.clone(), place));
            *self = Due {
                changed: self.changed,
                places: places.collect(),
                ..Due::default()
            };
            return (0..definition.groups.len()).collect();
        }
        let mut groups = std::mem::take(&mut self.groups);
        groups.extend(&self.restless);
        let due = self.deadlines.iter().filter(|(_, at)| **at <= now);
        groups.extend(due.map(|(place, _)| *place));
        groups.into_iter().collect()
    }

    /// A group was looked at. It waits until `deadline`, and is looked at whenever any group is if it is `restless`.
    pub(super) fn looked_at(&mut self, place: usize, deadline: Option<Time>, restless: bool) {
        match deadline {
            Some(at) => self.deadlines.insert(place, at),
            None => self.deadlines.remove(&place),
        };
        match restless {
            true => self.restless.insert(place),
            false => self.restless.remove(&place),
        };
    }

    /// The groups that need not be looked at, as far as is known.
    pub(super) fn others(&self) -> Vec<usize> {
        let places = self.places.values().copied();
        places
            .filter(|place| !self.restless.contains(place))
            .collect()
    }

    /// When the first group is to be looked at even if nothing happens.
    pub(super) fn deadline(&self) -> Option<Time> {
        self.deadlines.values().min().copied()
    }

    /// The dependencies in a group, if it was looked at and they are not lent.
    pub(super) fn known_ties(&self, group: &Name) -> Option<&Ties> {
        self.ties.get(self.places.get(group)?)
    }

    /// Lends the dependencies in a group, which stay until there may be other groups, and what was seen of it.
    pub(super) fn lend(&mut self, place: usize) -> (Option<Ties>, Option<Kept>) {
        (self.ties.remove(&place), self.forget(place))
    }

    /// Takes them back.
    pub(super) fn keep(&mut self, place: usize, ties: Ties, look: Option<Look>) {
        self.ties.insert(place, ties);
        if let Some(look) = look {
            let changed = Vec::new();
            self.remember(place, Kept { look, changed });
        }
    }

    /// The groups of which what was seen is all that there is to see, each with what that is.
    pub(super) fn settled(&self) -> impl Iterator<Item = (usize, &Ties, &Look)> {
        let settled = self
            .looks
            .iter()
            .filter(|(_, kept)| kept.changed.is_empty());
        settled.filter_map(|(place, kept)| Some((*place, self.ties.get(place)?, &kept.look)))
    }

    /// A group is to be looked at as a whole when it is looked at. Returns what was seen of it.
    pub(super) fn forget(&mut self, place: usize) -> Option<Kept> {
        self.looks.remove(&place)
    }

    /// It need not be, since this is known of it.
    pub(super) fn remember(&mut self, place: usize, kept: Kept) {
        self.looks.insert(place, kept);
    }
}
