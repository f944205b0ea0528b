//! How a node without a coordinator becomes one: by arbitration for the quorum disk, or by election.

use std::collections::BTreeMap;
use std::time::Duration;

use quorate_journal::Event;
use quorate_log::Role;
use quorate_model::events::{
    EVENT_CONTRADICTION, EVENT_LOG_UNUSABLE, EVENT_NOT_FORMED, EVENT_QUORUM_DISK_LOST,
    EVENT_QUORUM_LOST,
};
use quorate_model::monitor::MonitorCommand;
use quorate_model::{Name, NodeId, Reason, ResourceState};

use crate::bounds;
use crate::io::{Device, DiskError, DiskOp, DiskRequest, Output};
use crate::node::{Node, Phase};
use crate::quorum::Candidacy;
use crate::store;
use crate::timers::Timer;

/// How far this node is with the quorum disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Arbitration {
    /// It is not trying to get it.
    Idle,
    /// The resource monitor arbitrates.
    Asked,
    /// Won; the resource is coming online.
    Won,
    /// The disk's log is being read.
    Reading(u64),
    /// This node holds the disk, and its log is the disk's.
    Holding,
    /// The disk is being given up in order.
    Releasing,
}

impl Arbitration {
    /// Whether the quorum resource is this node's to keep online.
    pub(crate) fn holds(&self) -> bool {
        matches!(self, Self::Won | Self::Reading(_) | Self::Holding)
    }

    pub(crate) fn is_reading(&self, ticket: u64) -> bool {
        *self == Self::Reading(ticket)
    }
}

impl Node {
    /// Tries to become coordinator, unless there is one.
    pub(crate) fn campaign(&mut self) {
        if self.log.is_leader() || self.phase == Phase::Leaving {
            return;
        }
        let again = self.random.below(1_200_000);
        let again = self.now + bounds::HEARTBEAT + Duration::from_micros(again);
        if self.phase == Phase::Joining && self.neighbours.hear_of_quorum(self.now) {
            // There is a cluster: it takes this node in.
            self.timers.set(Timer::Campaign, again);
            return;
        }
        match self.quorum.candidacy() {
            Candidacy::Alone => self.log.campaign(),
            Candidacy::Elect => {
                self.timers.set(Timer::Campaign, again);
                // A new candidacy would void the answers that are on their way.
                let begun = self.log.role() != Role::Follower && self.awaits_vote();
                if !self.kept_out.has_no_say() && self.log.may_campaign() && !begun {
                    self.announce_forming();
                    self.log.campaign();
                }
            }
            Candidacy::Arbitrate { resource, .. } => match self.arbitration {
                Arbitration::Idle => {
                    self.announce_forming();
                    self.arbitration = Arbitration::Asked;
                    self.command(MonitorCommand::Arbitrate { resource });
                }
                // It lost the lead to a higher term, and still has the disk.
                Arbitration::Holding => self.log.campaign(),
                _ => {}
            },
        }
    }

    fn announce_forming(&mut self) {
        if self.phase == Phase::Joining && self.office.begin_regroup() {
            self.event(Event::Forming);
        }
    }

    /// The resource monitor has arbitrated.
    pub(crate) fn arbitrated(&mut self, resource: &Name, result: Result<(), Reason>) {
        if self.arbitration != Arbitration::Asked {
            return;
        }
        match result {
            Ok(()) => {
                self.arbitration = Arbitration::Won;
                self.office.idle(self.now);
                self.command(MonitorCommand::Online {
                    resource: resource.clone(),
                });
            }
            Err(reason) => {
                self.arbitration = Arbitration::Idle;
                let text = format!("arbitration for {resource} was lost: {}", reason.text);
                self.event(Event::Notice {
                    id: EVENT_QUORUM_DISK_LOST,
                    text: text.clone(),
                });
                if self.phase == Phase::Joining && !self.neighbours.hear_of_quorum(self.now) {
                    self.halt(
                        Reason::new(
                            EVENT_NOT_FORMED,
                            format!("no cluster could be formed: {text}"),
                        ),
                        true,
                    );
                }
            }
        }
    }

    /// The quorum resource changed state on this node.
    pub(crate) fn quorum_resource_state(&mut self, state: ResourceState, reason: Option<Reason>) {
        match (&self.arbitration, state) {
            (Arbitration::Won, ResourceState::Online) => {
                let Candidacy::Arbitrate { disk, .. } = self.quorum.candidacy() else {
                    return;
                };
                if self.config.switches.no_quorum_logging {
                    self.lead_without_log(disk);
                    return;
                }
                let ticket = self.storage.ticket();
                self.arbitration = Arbitration::Reading(ticket);
                let op = DiskOp::ReadAll {
                    prefix: store::FOLDER.to_owned(),
                };
                self.output(Output::Disk(DiskRequest {
                    ticket,
                    device: Device::Shared(disk),
                    op,
                }));
            }
            (
                Arbitration::Won | Arbitration::Reading(_) | Arbitration::Holding,
                ResourceState::Failed,
            ) => {
                let why = reason.map_or_else(String::new, |reason| format!(": {}", reason.text));
                let text = format!("the quorum resource failed{why}");
                self.halt(Reason::new(EVENT_QUORUM_LOST, text), true);
            }
            (Arbitration::Releasing, ResourceState::Offline | ResourceState::Failed) => {
                self.arbitration = Arbitration::Idle;
                self.released();
            }
            _ => {}
        }
    }

    /// The reservation of the quorum disk is gone.
    pub(crate) fn quorum_resource_lost(&mut self, reason: Reason) {
        let text = format!("the quorum disk was lost: {}", reason.text);
        self.halt(Reason::new(EVENT_QUORUM_DISK_LOST, text), true);
    }

    /// The quorum disk has been read: this node leads with what is on it.
    pub(crate) fn quorum_disk_read(
        &mut self,
        result: Result<BTreeMap<String, Vec<u8>>, DiskError>,
    ) {
        let files = match result {
            Ok(files) => files,
            Err(error) => {
                let text = format!("the quorum disk could not be read: {error}");
                self.halt(Reason::new(EVENT_LOG_UNUSABLE, text), true);
                return;
            }
        };
        let Candidacy::Arbitrate { disk, .. } = self.quorum.candidacy() else {
            return;
        };
        let recovered = store::recover(&files);
        if let Some(why) = self.rebuilds(&recovered) {
            self.rebuild_quorum_log(disk, &why);
            return;
        }
        let recovered = match recovered {
            Ok(recovered) => recovered,
            Err(error) => {
                let text = format!(
                    "on {disk}, {error}. Restore the file, or start the service with the log reset (resetquorumlog) to go \
                     on from this node's own copy"
                );
                self.halt(Reason::new(EVENT_LOG_UNUSABLE, text), false);
                return;
            }
        };
        if recovered.is_blank() && self.log.last_index() > 0 {
            let text = format!(
                "{} and {} are missing on {disk}, and this node knows that they were there. Nothing was changed. \
                 Restore them, or start the service with the log reset (resetquorumlog) to go on from this node's own \
                 copy",
                store::LOG_FILE,
                store::CHECKPOINT_FILE
            );
            self.halt(Reason::new(EVENT_LOG_UNUSABLE, text), false);
            return;
        }
        if let Err(error) = self.log.adopt(recovered.stored.clone()) {
            let text = format!("the quorum disk's log contradicts what this node knows: {error}");
            self.halt(Reason::new(EVENT_CONTRADICTION, text), false);
            return;
        }
        let holder = recovered.stored.hard.voted_for;
        self.office.take_disk_from(holder.map(NodeId));
        self.storage
            .switch(Device::Shared(disk), recovered.stored, recovered.log_length);
        if recovered.torn {
            let file = store::LOG_FILE.to_owned();
            self.storage.write(DiskOp::Truncate {
                file,
                len: recovered.log_length,
            });
        }
        self.lead_with_disk();
    }

    /// The holder of the quorum disk has ended without an heir: the members try for the disk in the order of their
    /// numbers.
    ///
    /// An heir may have been named that this node has not heard of. That one tries at once, and so is ahead of those
    /// that wait for their turn.
    pub(crate) fn queue_for_quorum_disk(&mut self) {
        let below = self.database.view.members.keys();
        let rank = below
            .filter(|node| **node < self.me && self.log.leader() != Some(node.0))
            .count();
        let rank = u32::try_from(rank).unwrap_or(u32::MAX);
        self.office.expect_no_coordinator(self.now);
        self.timers.set(
            Timer::Campaign,
            self.now + bounds::HEARTBEAT * (2 * rank + 1),
        );
    }
}

#[cfg(test)]
mod tests {
    use quorate_model::Time;

    use super::*;
    use crate::timers::Timers;

    /// One after the other. Each waits a heartbeat longer, in which the one before it can say that it has the disk.
    #[test]
    fn members_try_for_a_free_quorum_disk_in_the_order_of_their_numbers() {
        for (me, beats) in [(1, 1), (3, 3), (4, 5)] {
            let mut node = crate::shipped::booted("four-node.ron", NodeId(me), 1);
            node.database.view.members = [1, 3, 4].map(|id| (NodeId(id), 1)).into();
            node.now = Time::from_millis(60_000);
            node.timers = Timers::default();
            node.queue_for_quorum_disk();
            let due = node.now + bounds::HEARTBEAT * beats;
            assert_eq!(node.timers.take_due(due), Some(Timer::Campaign), "NODE{me}");
            assert_eq!(node.timers.next(), None, "NODE{me}");
            assert!(node.office.is_vacant(node.now), "nobody is waited for");
            node.queue_for_quorum_disk();
            let early = Time(due.0 - 1);
            assert_eq!(node.timers.take_due(early), None, "NODE{me}");
        }
    }

    #[test]
    fn who_leads_or_leaves_campaigns_no_more_and_who_has_the_disk_does_at_once() {
        let mut node = crate::shipped::leader();
        let term = node.log.term();
        node.campaign();
        assert_eq!(node.log.term(), term, "it leads already");
        // A higher term was heard of.
        node.log.step_down();
        node.phase = Phase::Leaving;
        node.campaign();
        assert_eq!(node.log.role(), Role::Follower);
        node.phase = Phase::Member;
        node.campaign();
        assert_eq!(
            node.log.role(),
            Role::Candidate,
            "the disk is still its own"
        );
        assert!(node.log.term() > term);
    }

    #[test]
    fn who_lost_the_arbitration_waits_for_a_cluster_that_is_there_and_stops_where_none_is() {
        let lost = |phase: Phase, quorate, ago| {
            let mut node = crate::shipped::booted("four-node.ron", NodeId(1), 1);
            (node.phase, node.now) = (phase, Time::from_millis(60_000));
            let heard: Duration = ago;
            let peer = crate::neighbours::Peer {
                quorate,
                heard: Some(Time((node.now - (Time::ZERO + heard)).as_micros() as u64)),
                ..crate::neighbours::Peer::default()
            };
            *node.neighbours.peer(NodeId(2)) = peer;
            node.arbitration = Arbitration::Asked;
            crate::shipped::outputs(&mut node);
            let reason = Reason::new(5, "another has it");
            node.arbitrated(&"Disk Q:".into(), Err(reason));
            assert_eq!(node.arbitration, Arbitration::Idle);
            crate::shipped::halted(&mut node)
        };
        let (now, long_ago) = (Duration::ZERO, Duration::from_secs(10));
        assert_eq!(lost(Phase::Joining, true, now), None);
        assert_eq!(lost(Phase::Joining, false, now), Some(1092));
        assert_eq!(lost(Phase::Joining, true, long_ago), Some(1092));
        assert_eq!(lost(Phase::Member, false, now), None);
    }
}
