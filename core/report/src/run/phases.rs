//! Splits a group's outages into what they were spent on, from the events about it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use quorate_model::{GroupState, Name, ResourceState, Time};

use super::outage::{Outage, Phase, PhaseKind, Slowest};

/// What the cluster is at with a group, and the outage that this belongs to.
#[derive(Clone, Debug, Default)]
pub(super) struct Phases {
    /// What it is at, and since which event. `None` while it knows of nothing wrong.
    stage: Option<(PhaseKind, u64)>,
    /// Whether it is on its way to another node.
    moving: bool,
    /// The event by which the last node lost quorum, while none has it.
    quorum_lost: Option<u64>,
    /// Whether what it waits for is quorum.
    without_quorum: bool,
    /// Whether all that is known is that a health check failed, which the next one may take back.
    doubted: bool,
    /// The first news of what is wrong, and the first decision about it.
    detected: Option<u64>,
    decided: Option<u64>,
    /// The event by which a resource was given up last.
    given_up: Option<u64>,
    /// Whether it is offline on purpose.
    unwanted: bool,
    /// The disks that the new owner does not have yet.
    disks_left: BTreeSet<Name>,
    /// The resources that come online, and since when.
    starting: BTreeMap<Name, Time>,
    served: bool,
    outage: Option<Outage>,
    done: Vec<Outage>,
}

impl Phases {
    /// The group is in service, or is not any more; `planned` is looked at in the latter case.
    pub(super) fn serve(
        &mut self,
        at: Time,
        n: u64,
        online: bool,
        planned: bool,
        owner: Option<&Name>,
    ) {
        if self.served == online {
            return;
        }
        self.served = online;
        if let Some(mut outage) = self.outage.take() {
            outage.ended = Some(n);
            outage.to_node = owner.cloned();
            self.close(outage, at, false);
            return;
        }
        if online {
            return;
        }
        let first = if planned {
            PhaseKind::Offline
        } else {
            PhaseKind::Detect
        };
        if let Some(lost) = self.quorum_lost.filter(|_| !planned) {
            self.detected.get_or_insert(lost);
            self.stage = Some((PhaseKind::Wait, lost));
            self.without_quorum = true;
        }
        let kind = self.stage.map_or(first, |(kind, _)| kind);
        self.outage = Some(Outage {
            from: at,
            to: at,
            open: true,
            began: n,
            ended: None,
            planned,
            spoilt: None,
            from_node: owner.cloned(),
            to_node: None,
            phases: vec![Phase {
                kind,
                from: at,
                to: at,
                n,
            }],
            detected: self.detected,
            decided: self.decided,
            slowest: None,
        });
        if self.stage.is_none() && planned {
            self.stage = Some((PhaseKind::Offline, n));
        }
    }

    /// Puts a finished outage away.
    fn close(&mut self, mut outage: Outage, at: Time, open: bool) {
        outage.to = at;
        outage.open = open;
        if let Some(last) = outage.phases.last_mut() {
            last.to = at;
        }
        outage.phases.retain(|it| it.to > it.from);
        // What comes at the very end is no failure: it was completed as planned.
        outage.spoilt = outage.spoilt.filter(|it| *it < at);
        self.done.push(outage);
    }

    /// From now on it is at something else.
    fn turn(&mut self, at: Time, n: u64, stage: Option<PhaseKind>) {
        self.stage = stage.map(|kind| (kind, n));
        if stage != Some(PhaseKind::Wait) {
            self.without_quorum = false;
        }
        let Some(outage) = &mut self.outage else {
            return;
        };
        // An outage goes on that the cluster takes for over: it does not know.
        let kind = stage.unwrap_or(PhaseKind::Detect);
        let Some(last) = outage.phases.last_mut().filter(|it| it.kind != kind) else {
            return;
        };
        last.to = at;
        if last.from == at {
            outage.phases.pop();
        }
        match outage.phases.last_mut() {
            Some(last) if last.kind == kind => {}
            _ => outage.phases.push(Phase {
                kind,
                from: at,
                to: at,
                n,
            }),
        }
    }

    fn stage(&self) -> Option<PhaseKind> {
        self.stage.map(|(kind, _)| kind)
    }

    fn detect(&mut self, n: u64) {
        self.detected.get_or_insert(n);
        if let Some(outage) = &mut self.outage {
            outage.detected.get_or_insert(n);
        }
    }

    fn decide(&mut self, n: u64) {
        self.detect(n);
        self.decided.get_or_insert(n);
        if let Some(outage) = &mut self.outage {
            outage.decided.get_or_insert(n);
        }
    }

    /// Whether it is out of service.
    pub(super) fn is_out(&self) -> bool {
        self.outage.is_some()
    }

    /// A health check fails.
    pub(super) fn doubt(&mut self, at: Time, n: u64) {
        let doubted = self.stage.is_none();
        self.bad_news(at, n);
        self.doubted = doubted;
    }

    /// Something failed in the group, or with its owner.
    pub(super) fn bad_news(&mut self, at: Time, n: u64) {
        self.detect(n);
        self.doubted = false;
        if matches!(self.stage(), None | Some(PhaseKind::Detect)) {
            self.turn(at, n, Some(PhaseKind::Decide));
        }
    }

    /// A health check answers.
    pub(super) fn good_news(&mut self) {
        if self.doubted && self.outage.is_none() {
            self.forget();
        }
    }

    fn forget(&mut self) {
        self.stage = None;
        self.detected = None;
        self.decided = None;
        self.without_quorum = false;
        self.doubted = false;
    }

    /// It is to move: everything goes offline.
    pub(super) fn moves(&mut self, at: Time, n: u64) {
        self.decide(n);
        self.moving = true;
        // Between giving a resource up and moving its group nothing waits.
        let gave_up = self.stage == self.given_up.map(|n| (PhaseKind::Wait, n));
        if let Some(last) = self.outage.as_mut().and_then(|it| it.phases.last_mut())
            && gave_up
            && last.kind == PhaseKind::Wait
        {
            last.kind = PhaseKind::Decide;
        }
        self.turn(at, n, Some(PhaseKind::Offline));
    }

    /// It does not move after all.
    pub(super) fn stays(&mut self, at: Time, n: u64) {
        self.moving = false;
        self.decide(n);
        self.turn(at, n, Some(PhaseKind::Decide));
    }

    /// It has a new owner, who is to get these disks.
    pub(super) fn arrives(&mut self, at: Time, n: u64, disks: BTreeSet<Name>) {
        self.decide(n);
        self.moving = false;
        self.disks_left = disks;
        self.starting.clear();
        if !self.unwanted {
            self.turn(at, n, Some(PhaseKind::Move));
        }
    }

    /// A resource is restarted where it is.
    pub(super) fn restarts(&mut self, at: Time, n: u64) {
        self.decide(n);
        if !self.moving {
            self.turn(at, n, Some(PhaseKind::Offline));
        }
    }

    /// A resource of it is not restarted any more; what follows is told next, if anything does.
    pub(super) fn gives_up(&mut self, at: Time, n: u64) {
        self.waits(at, n);
        self.given_up = Some(n);
    }

    /// Nothing is done for now.
    pub(super) fn waits(&mut self, at: Time, n: u64) {
        self.decide(n);
        self.turn(at, n, Some(PhaseKind::Wait));
    }

    /// No node has quorum, or one has again.
    pub(super) fn quorum(&mut self, at: Time, n: u64, held: bool) {
        self.quorum_lost = (!held).then_some(n);
        if !held && self.outage.is_some() && self.stage() != Some(PhaseKind::Wait) {
            self.turn(at, n, Some(PhaseKind::Wait));
            self.without_quorum = true;
        } else if held && self.without_quorum {
            self.turn(at, n, Some(PhaseKind::Decide));
        }
    }

    /// A resource of it changes state.
    pub(super) fn resource(&mut self, at: Time, n: u64, name: &Name, to: ResourceState) {
        match to {
            ResourceState::Failed => {
                self.starting.remove(name);
                self.spoil(at);
                self.detect(n);
                self.doubted = false;
                if !matches!(
                    self.stage(),
                    Some(PhaseKind::Wait | PhaseKind::Offline | PhaseKind::Decide)
                ) {
                    self.turn(at, n, Some(PhaseKind::Decide));
                }
            }
            ResourceState::OnlinePending => {
                self.unwanted = false;
                self.starting.entry(name.clone()).or_insert(at);
                self.comes_online(at, n);
            }
            ResourceState::Online => {
                self.unwanted = false;
                self.came_online(at, n, name);
                self.comes_online(at, n);
            }
            ResourceState::Initializing
            | ResourceState::Offline
            | ResourceState::OfflinePending => {
                self.starting.remove(name);
            }
        }
    }

    /// Something in it comes online: the owner has everything that comes before that.
    fn comes_online(&mut self, at: Time, n: u64) {
        let begins = match self.stage() {
            Some(PhaseKind::Move) => self.disks_left.is_empty(),
            Some(PhaseKind::Decide | PhaseKind::Wait | PhaseKind::Offline) => !self.moving,
            Some(PhaseKind::Detect | PhaseKind::Online) | None => false,
        };
        if begins {
            self.turn(at, n, Some(PhaseKind::Online));
        }
    }

    fn came_online(&mut self, at: Time, n: u64, name: &Name) {
        self.disks_left.remove(name);
        let (Some(outage), Some(from)) = (&mut self.outage, self.starting.remove(name)) else {
            return;
        };
        let longest = outage
            .slowest
            .as_ref()
            .map_or(Duration::ZERO, |it| it.to - it.from);
        if at - from > longest {
            outage.slowest = Some(Slowest {
                resource: name.clone(),
                from,
                to: at,
                n,
            });
        }
    }

    /// The cluster has it in this state.
    pub(super) fn state(&mut self, at: Time, n: u64, to: GroupState) {
        match to {
            GroupState::Online => {
                // Whoever was to serve it does: if clients still find nothing, that was nobody's plan.
                self.spoil(at);
                self.moving = false;
                self.turn(at, n, None);
                self.forget();
            }
            GroupState::Failed => self.bad_news(at, n),
            GroupState::Offline if self.stage() == Some(PhaseKind::Offline) && !self.moving => {
                self.unwanted = true;
                self.turn(at, n, Some(PhaseKind::Wait));
            }
            GroupState::Offline | GroupState::PartialOnline | GroupState::Pending => {}
        }
    }

    /// What was planned has gone wrong, at `at`.
    pub(super) fn spoil(&mut self, at: Time) {
        if let Some(outage) = self.outage.as_mut().filter(|it| it.planned) {
            outage.spoilt.get_or_insert(at.max(outage.from));
        }
    }

    /// Since when it has been out of service.
    pub(super) fn out_since(&self) -> Option<Time> {
        self.outage.as_ref().map(|it| it.from)
    }

    /// Every outage, the present one up to the end of the run.
    pub(super) fn finish(mut self, until: Time, owner: Option<&Name>) -> Vec<Outage> {
        if let Some(mut outage) = self.outage.take() {
            outage.to_node = owner.cloned();
            self.close(outage, until, true);
        }
        self.done
    }
}
