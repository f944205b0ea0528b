//! What becomes of a group.

use std::collections::{BTreeMap, BTreeSet};

use quorate_journal::{Cause, HeaderGroup};
use quorate_model::{GroupState, Name, ResourceState, Time};

use super::lanes::{ClientState, GroupStory, Lane, OwnedState, ResourceStory};
use super::phases::Phases;

/// A resource, as far as it has been told of.
#[derive(Clone, Debug)]
struct ResourceTrack {
    name: Name,
    kind: Option<Name>,
    depends_on: Vec<Name>,
    states: Lane<(ResourceState, Option<Name>)>,
}

/// A group, as far as it has been told of.
#[derive(Clone, Debug)]
pub(super) struct GroupTrack {
    pub(super) name: Name,
    virtual_server: bool,
    resources: Vec<ResourceTrack>,
    places: BTreeMap<Name, usize>,
    owner: Option<Name>,
    state: GroupState,
    moving: Option<(Name, Cause)>,
    states: Lane<OwnedState>,
    service: Lane<bool>,
    belief: Lane<bool>,
    clients: Lane<ClientState>,
    /// Its outages by what clients find, and by what the cluster believes.
    truth: Phases,
    believed: Phases,
}

impl GroupTrack {
    pub(super) fn new(group: HeaderGroup) -> Self {
        let mut track = GroupTrack {
            name: group.name,
            virtual_server: group.virtual_server,
            resources: Vec::new(),
            places: BTreeMap::new(),
            owner: None,
            state: GroupState::Offline,
            moving: None,
            states: Lane::default(),
            service: Lane::default(),
            belief: Lane::default(),
            clients: Lane::default(),
            truth: Phases::default(),
            believed: Phases::default(),
        };
        for resource in group.resources {
            track.add(ResourceTrack {
                name: resource.name,
                kind: Some(resource.kind),
                depends_on: resource.depends_on,
                states: Lane::default(),
            });
        }
        track
    }

    fn add(&mut self, resource: ResourceTrack) -> usize {
        let place = self.resources.len();
        self.places.insert(resource.name.clone(), place);
        self.resources.push(resource);
        place
    }

    pub(super) fn owner(&self) -> Option<&Name> {
        self.owner.as_ref()
    }

    pub(super) fn has(&self, resource: &Name) -> bool {
        self.places.contains_key(resource)
    }

    /// The names of its resources.
    pub(super) fn names(&self) -> impl Iterator<Item = &Name> {
        self.resources.iter().map(|it| &it.name)
    }

    /// When the present outage began, whichever comes first of both kinds.
    pub(super) fn out_since(&self) -> Option<Time> {
        let both = [self.truth.out_since(), self.believed.out_since()];
        both.into_iter().flatten().min()
    }

    fn each(&mut self, mut told: impl FnMut(&mut Phases)) {
        told(&mut self.truth);
        told(&mut self.believed);
    }

    fn show(&mut self, at: Time, n: u64) {
        let now = OwnedState {
            owner: self.owner.clone(),
            state: self.state,
            moving_to: self.moving.as_ref().map(|(to, _)| to.clone()),
        };
        self.states.turn(at, n, now);
    }

    pub(super) fn resource(
        &mut self,
        at: Time,
        n: u64,
        node: Option<&Name>,
        name: &Name,
        to: ResourceState,
    ) {
        if self.owner.is_none() {
            self.owner = node.cloned();
        }
        let place = match self.places.get(name) {
            Some(&place) => place,
            None => self.add(ResourceTrack {
                name: name.clone(),
                kind: None,
                depends_on: Vec::new(),
                states: Lane::default(),
            }),
        };
        let states = &mut self.resources[place].states;
        states.turn(at, n, (to, node.cloned()));
        self.each(|phases| phases.resource(at, n, name, to));
    }

    pub(super) fn state(&mut self, at: Time, n: u64, to: GroupState) {
        self.state = to;
        if to == GroupState::Online {
            self.moving = None;
        }
        self.show(at, n);
        let online = to == GroupState::Online;
        // Without clients' word: an outage is planned if nothing has failed as it begins.
        let planned = matches!(&self.moving, Some((_, cause)) if wanted(*cause))
            || (self.moving.is_none() && matches!(to, GroupState::Offline | GroupState::Pending));
        let owner = self.owner.clone();
        if !online {
            let (phases, owner) = (&mut self.believed, owner.as_ref());
            phases.serve(at, n, false, planned, owner);
        }
        self.each(|phases| phases.state(at, n, to));
        if online {
            let (phases, owner) = (&mut self.believed, owner.as_ref());
            phases.serve(at, n, true, false, owner);
        }
        self.belief.turn(at, n, online);
    }

    pub(super) fn moves(&mut self, at: Time, n: u64, from: &Name, to: &Name, cause: Cause) {
        self.owner = Some(from.clone());
        self.moving = Some((to.clone(), cause));
        self.show(at, n);
        self.each(|phases| {
            if !wanted(cause) {
                phases.spoil(at);
            }
            phases.moves(at, n);
        });
    }

    pub(super) fn stays(&mut self, at: Time, n: u64, from: &Name) {
        self.owner = Some(from.clone());
        self.moving = None;
        self.show(at, n);
        self.each(|phases| phases.stays(at, n));
    }

    /// `lost` is when the owner before was lost, for a takeover from the dead.
    pub(super) fn arrives(&mut self, at: Time, n: u64, to: &Name, cause: Cause, lost: Time) {
        self.owner = Some(to.clone());
        self.moving = None;
        self.show(at, n);
        let disks = self.resources.iter();
        let disks = disks.filter(|it| it.kind.as_ref().is_some_and(|it| it == "Physical Disk"));
        let disks: BTreeSet<Name> = disks.map(|it| it.name.clone()).collect();
        self.each(|phases| {
            if !wanted(cause) {
                phases.spoil(if cause == Cause::NodeFailure {
                    lost
                } else {
                    at
                });
            }
            phases.arrives(at, n, disks.clone());
        });
    }

    pub(super) fn waits(&mut self, at: Time, n: u64) {
        self.each(|phases| phases.waits(at, n));
    }

    pub(super) fn gives_up(&mut self, at: Time, n: u64) {
        self.each(|phases| phases.gives_up(at, n));
    }

    pub(super) fn restarts(&mut self, at: Time, n: u64) {
        self.each(|phases| phases.restarts(at, n));
    }

    /// Its owner is in trouble. That is news of the group only while the group is out of service.
    pub(super) fn owner_troubled(&mut self, at: Time, n: u64) {
        self.each(|phases| {
            if phases.is_out() {
                phases.bad_news(at, n);
            }
        });
    }

    pub(super) fn health(&mut self, at: Time, n: u64, alive: bool) {
        self.each(|phases| {
            if alive {
                phases.good_news();
            } else {
                phases.doubt(at, n);
            }
        });
    }

    pub(super) fn quorum(&mut self, at: Time, n: u64, held: bool) {
        self.each(|phases| phases.quorum(at, n, held));
    }

    pub(super) fn serve(&mut self, at: Time, n: u64, online: bool, planned: bool) {
        let owner = self.owner.as_ref();
        self.truth.serve(at, n, online, planned, owner);
        self.service.turn(at, n, online);
    }

    pub(super) fn client(&mut self, at: Time, n: u64, state: ClientState) {
        self.clients.turn(at, n, state);
    }

    pub(super) fn finish(self, until: Time, truth: bool) -> GroupStory {
        let resources = self.resources.into_iter().map(|it| ResourceStory {
            name: it.name,
            kind: it.kind,
            depends_on: it.depends_on,
            states: it.states.finish(until),
        });
        let (service, phases) = if truth {
            (self.service, self.truth)
        } else {
            (self.belief, self.believed)
        };
        GroupStory {
            name: self.name,
            virtual_server: self.virtual_server,
            resources: resources.collect(),
            states: self.states.finish(until),
            service: service.finish(until),
            clients: self.clients.finish(until),
            outages: phases.finish(until, self.owner.as_ref()),
        }
    }
}

/// Whether somebody wants what is done for this reason.
const fn wanted(cause: Cause) -> bool {
    match cause {
        Cause::Admin | Cause::NodeShutdown | Cause::Failback => true,
        Cause::Form | Cause::ResourceFailure | Cause::NodeFailure | Cause::NodeUp => false,
    }
}
