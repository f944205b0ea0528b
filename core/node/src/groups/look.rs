//! What a node knows of the resources of a group that it owns, and what follows for each of them.
//!
//! It is kept from one pass to the next. A pass looks again at what has changed, and at what stands on that: a group may have hundreds
//! of resources, and each of them changes several times while the group comes up.

use std::collections::BTreeSet;

use quorate_model::{CLUSTER_GROUP, GroupDefinition, Name, ResourceState, Time, types};

use super::ties::Ties;
use super::{Groups, Licence, Local, Verdict};
use crate::database::{Database, GroupRecord, ResourceRecord};

/// What all resources of a group go by. If any of it is not as it was, all of them are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Basis {
    epoch: u64,
    /// Whether its resources are wanted that have no wish of their own.
    wanted: bool,
    /// Whether any of it may run here now.
    runs: bool,
    is_quorum: bool,
    holds_quorum_resource: bool,
    bare: bool,
    resources: usize,
}

/// What there is of a group.
#[derive(Clone, Copy)]
pub(super) struct Group<'a> {
    pub(super) definition: &'a GroupDefinition,
    pub(super) record: &'a GroupRecord,
    pub(super) ties: &'a Ties,
}

/// What was seen of a group.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) look: Look,
    /// The resources that have changed since.
    pub(super) changed: Vec<Name>,
}

/// A group's resources, by their places in its definition.
#[derive(Clone, Debug)]
pub(super) struct Look {
    basis: Basis,
    here: Vec<Here>,
    /// Those that were looked at, until it is worked out what follows.
    seen: BTreeSet<usize>,
    /// Those that run and should not.
    pub(super) to_stop: BTreeSet<usize>,
    /// Those that should run and do not.
    pub(super) to_start: BTreeSet<usize>,
    /// Something is to be done before the next steps are looked for, or a time is waited for: the next pass looks at all.
    pub(super) asks: bool,
}

/// A resource.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Here {
    /// The monitor has it.
    is_open: bool,
    state: ResourceState,
    /// The monitor was asked for something and has not answered.
    asked: bool,
    /// Its state in the database, or what was last proposed for it, when it was looked at: only then it is told.
    known: ResourceState,
    /// Whether it is wanted, where that is not the same as for its group. It may be left from when it was not: a wish that is the same
    /// as the group's is dropped once the resource is online, and if that of the group changes all are looked at.
    own: Option<bool>,
    /// It has failed, and stays so for the time being.
    rests_failed: bool,
    /// It has failed, and may be tried again now.
    may_restart: bool,
    /// It should be online.
    wanted: bool,
    /// It should be, and all its providers are Online and sound themselves: it may stay or come up. A resource that has lost a
    /// provider takes all its dependents along, direct and indirect.
    sound: bool,
}

impl Groups {
    /// What a group's resources go by now.
    pub(super) fn basis(&self, database: &Database, group: Group<'_>, licence: Licence) -> Basis {
        let Group {
            definition, record, ..
        } = group;
        // The quorum group runs where the quorum resource is held, whoever owns the group for the moment.
        let is_quorum = database.quorum_group() == Some(&definition.name);
        let at_home = licence.holds_quorum_resource || licence.bare || !is_quorum;
        // A stopping node serves the cluster's own address last, until that goes elsewhere.
        let stops = licence.leaving && (!is_quorum || self.office_offered);
        Basis {
            epoch: record.epoch,
            wanted: record.wanted,
            runs: Database::runs(record) && !stops && at_home,
            is_quorum,
            holds_quorum_resource: licence.holds_quorum_resource,
            bare: licence.bare,
            resources: definition.resources.len(),
        }
    }

    /// Looks at a group: at the resources that have changed since it was looked at on the same basis, or at all.
    pub(super) fn look(
        &self,
        database: &Database,
        group: Group<'_>,
        (basis, kept): (Basis, Option<Kept>),
        now: Time,
    ) -> Look {
        let resources = &group.definition.resources;
        let kept = kept.filter(|kept| kept.look.basis == basis);
        let mut look = match kept {
            Some(Kept { mut look, changed }) => {
                let place = |name| resources.iter().position(|it| it.name == name);
                look.seen = changed.into_iter().filter_map(place).collect();
                look
            }
            None => Look {
                basis,
                here: Vec::with_capacity(resources.len()),
                seen: (0..resources.len()).collect(),
                to_stop: BTreeSet::new(),
                to_start: BTreeSet::new(),
                asks: false,
            },
        };
        for place in &look.seen {
            let Some(resource) = resources.get(*place) else {
                continue;
            };
            let record = group
                .ties
                .record(*place, &resource.name, &database.resources);
            let local = group.ties.local(*place, &resource.name, &self.locals);
            look.asks |= local.zip(record).is_some_and(|it| asks(it, now));
            let here = Here::of(local, record, basis.epoch, now);
            match look.here.get_mut(*place) {
                Some(known) => *known = here,
                None => look.here.push(here),
            }
        }
        look
    }

    /// Works out what follows for those that were looked at, and for all that stands on them if it matters.
    pub(super) fn weigh(&self, database: &Database, group: Group<'_>, look: &mut Look) {
        let mut due = std::mem::take(&mut look.seen);
        let seen = due.clone();
        // Providers stand before their dependents in a definition.
        while let Some(place) = due.pop_first() {
            let Some((stays, asked_for)) = self.asked_for(database, group, look, place) else {
                continue;
            };
            let differs = look.weigh(group.ties, place, stays, asked_for);
            if differs || seen.contains(&place) {
                let dependents = group.ties.dependents(place);
                due.extend(dependents.iter().filter(|it| **it > place));
            }
        }
    }

    /// Whether a resource stays online whatever else, and whether it is asked for.
    fn asked_for(
        &self,
        database: &Database,
        group: Group<'_>,
        look: &Look,
        place: usize,
    ) -> Option<(bool, bool)> {
        let resource = group.definition.resources.get(place)?;
        let basis = look.basis;
        let stays = basis.holds_quorum_resource && database.is_quorum_resource(&resource.name);
        let allowed = !basis.bare
            || (group.definition.name == *CLUSTER_GROUP
                && [types::IP_ADDRESS, types::NETWORK_NAME].contains(&resource.kind.as_str()));
        // The quorum group goes where the disk is, even to a node that is no possible owner of all its resources.
        let possible = !basis.is_quorum || database.is_possible_for(resource, self.me);
        let wanted = look.here.get(place)?.own.unwrap_or(basis.wanted);
        Some((stays, wanted && basis.runs && allowed && possible))
    }
}

impl Look {
    /// The resources whose state the database does not know, among those that were looked at.
    pub(super) fn unknown(&self) -> impl Iterator<Item = usize> {
        let seen = self.seen.iter().copied();
        seen.filter(|place| self.here.get(*place).is_some_and(Here::is_unknown))
    }

    /// Works out what follows for a resource from what is known of it and of its providers. Whether that is not what it was.
    fn weigh(&mut self, ties: &Ties, place: usize, stays: bool, asked_for: bool) -> bool {
        let all = &self.here;
        let this = &all[place];
        let may = this.is_open && !this.rests_failed;
        let founded = || ties.all_providers(place, |provider| all[provider].wanted);
        let wanted = stays || (asked_for && may && founded());
        let stands =
            |provider: usize| all[provider].sound && all[provider].state == ResourceState::Online;
        let sound = wanted && ties.all_providers(place, stands);
        let this = &mut self.here[place];
        let differs = (this.wanted, this.sound) != (wanted, sound);
        (this.wanted, this.sound) = (wanted, sound);
        let (stop, start) = (this.may_stop(), this.may_start());
        have(&mut self.to_stop, place, stop);
        have(&mut self.to_start, place, start);
        differs
    }

    /// Whether a look at everything on the same basis finds the same.
    pub(super) fn agrees(&self, anew: &Look) -> bool {
        let plain = |here: &Here| Here {
            known: ResourceState::Offline,
            own: None,
            ..here.clone()
        };
        self.basis != anew.basis
            || self.asks
            || ((&self.to_stop, &self.to_start) == (&anew.to_stop, &anew.to_start)
                && self.here.iter().map(plain).eq(anew.here.iter().map(plain)))
    }

    /// Whether nothing that depends on a resource runs.
    pub(super) fn is_free(&self, ties: &Ties, place: usize) -> bool {
        ties.all_dependents(place, |dependent| self.here[dependent].rests())
    }

    /// Whether a resource is starting.
    pub(super) fn starts(&self, place: usize) -> bool {
        self.here[place].state == ResourceState::OnlinePending
    }

    /// The monitor is asked for something.
    pub(super) fn ask(&mut self, place: usize) {
        self.here[place].asked = true;
        self.to_stop.remove(&place);
        self.to_start.remove(&place);
    }
}

/// Has a set have this member, or not.
fn have(set: &mut BTreeSet<usize>, member: usize, is_there: bool) {
    match is_there {
        true => set.insert(member),
        false => set.remove(&member),
    };
}

/// Whether an administrator has asked for something that was not done yet, or a time is waited for.
fn asks((local, record): (&Local, &ResourceRecord), now: Time) -> bool {
    let at_rest = match local.verdict {
        Verdict::Fine => true,
        Verdict::Restart { from } => from <= now,
        Verdict::GivenUp { retry_at } => retry_at.is_none(),
        Verdict::Waiting { .. } => false,
    };
    !at_rest || local.pardons != record.pardons || local.failures_asked != record.failures_asked
}

impl Here {
    fn of(local: Option<&Local>, record: Option<&ResourceRecord>, epoch: u64, now: Time) -> Here {
        let verdict = local.map_or(Verdict::Fine, |local| local.verdict);
        let proposed = local.and_then(|local| local.proposed);
        let known = match proposed {
            Some((of, state)) if of == epoch => state,
            _ => record.map_or(ResourceState::Offline, |record| record.state),
        };
        Here {
            is_open: local.is_some(),
            state: local.map_or(ResourceState::Offline, |local| local.state),
            asked: local.is_some_and(|local| local.asked),
            known,
            own: record.and_then(|record| record.wanted),
            rests_failed: matches!(verdict, Verdict::GivenUp { .. } | Verdict::Waiting { .. }),
            may_restart: matches!(verdict, Verdict::Restart { from } if from <= now),
            wanted: false,
            sound: false,
        }
    }

    /// Whether the database does not know of its state.
    fn is_unknown(&self) -> bool {
        self.is_open && self.known != self.state
    }

    /// Whether it is down and stays so until it is asked for.
    fn rests(&self) -> bool {
        !self.is_open || (self.state.is_down() && !self.asked)
    }

    fn may_stop(&self) -> bool {
        let runs = matches!(
            self.state,
            ResourceState::Online | ResourceState::OnlinePending
        );
        !self.sound && self.is_open && !self.asked && runs
    }

    fn may_start(&self) -> bool {
        let down = match self.state {
            ResourceState::Offline => true,
            ResourceState::Failed => self.may_restart,
            _ => false,
        };
        self.sound && self.is_open && !self.asked && down
    }
}

#[cfg(test)]
mod tests;
