//! Handing the quorum disk over to another node, with the group that it belongs to.
//!
//! The quorum disk's group moves like any other, but the quorum resource stays online until the rest is offline and the
//! move is committed, which means: on that disk. Then its holder stops coordinating, takes the disk offline and tells the
//! group's new owner, which arbitrates for it, reads what is on it and coordinates from there.
//!
//! If that node dies meanwhile, or the message is lost, nothing else is lost with it. Every node that has heard no
//! coordinator for [`bounds::MEMBER_SILENCE`](crate::bounds::MEMBER_SILENCE) arbitrates, the former holder among them,
//! and the group follows the disk to whoever wins it.

use quorate_model::monitor::MonitorCommand;
use quorate_model::{Name, NodeId, Time};

use crate::candidacy::Arbitration;
use crate::io::Device;
use crate::message::Body;
use crate::node::Node;
use crate::quorum::Candidacy;
use crate::timers::Timer;

impl Node {
    /// A group has been given to `to` by its owner or an administrator.
    pub(crate) fn group_given(&mut self, group: &Name, to: NodeId) {
        if self.database.quorum_group() != Some(group) {
            return;
        }
        if to != self.me && self.office.is_held() {
            self.office.name_heir(to);
        } else {
            // The next coordinator is about to begin. It has as long for that as one that has fallen silent.
            self.office.hear_coordinator(self.now);
        }
    }

    /// Gives the quorum disk up for the node that its group has gone to, if that can be. Whether it does.
    pub(crate) fn hand_over_disk(&mut self) -> bool {
        let Some(heir) = self.office.heir() else {
            return false;
        };
        let Candidacy::Arbitrate { resource, .. } = self.quorum.candidacy() else {
            self.office.take_heir();
            return false;
        };
        // If the log is not on the disk, the next coordinator would not know what this one knows. If the heir is out of
        // reach, it might win the disk and reach nobody. The group comes back here instead.
        let able = self.arbitration == Arbitration::Holding
            && !self.config.switches.no_quorum_logging
            && self.database.is_member(heir)
            && self.neighbours.is_reachable(heir, self.now);
        if !able {
            self.office.take_heir();
            return false;
        }
        self.begin_release(resource);
        self.return_to_own_copy();
        true
    }

    /// Has the monitor take the quorum disk offline.
    pub(crate) fn begin_release(&mut self, resource: Name) {
        self.office.confirm_disk(self.confirmed());
        self.arbitration = Arbitration::Releasing;
        self.command(MonitorCommand::Offline { resource });
    }

    /// Until when nobody else can have the quorum disk, if this node may have it mounted and does not lead. A leader
    /// goes by its lease instead. The time matters because a resource monitor that stands still neither defends the
    /// disk nor takes it offline.
    pub(crate) fn disk_is_safe_until(&self) -> Option<Time> {
        if self.log.is_leader() {
            return None;
        }
        let proven = match (&self.arbitration, self.storage.device()) {
            (Arbitration::Holding, Device::Shared(_)) => self.storage.proven(),
            // What is written now goes to this node's own disk.
            (Arbitration::Releasing, _) => Time::ZERO,
            _ => return None,
        };
        Some(self.office.disk_is_safe_until(proven))
    }

    /// From now on this node follows with its own copy, and writes nothing to the quorum disk.
    fn return_to_own_copy(&mut self) {
        let stored = self.log.to_stored();
        self.storage.move_to(Device::System, stored, 0);
        self.log.set_rule(self.quorum.rule(self.me, false));
        self.pump_log();
    }

    /// The quorum disk has been taken offline: its heir may try for it.
    pub(crate) fn tell_heir(&mut self) {
        self.office.hear_coordinator(self.now);
        if let Some(heir) = self.office.take_heir() {
            self.send(heir, Body::HandOver);
        }
    }

    /// The member that has got the quorum disk's group from `holder`, and is to have the disk with it.
    pub(crate) fn quorum_disk_heir(&self, holder: NodeId) -> Option<NodeId> {
        let group = self.database.quorum_group()?;
        let owner = self.database.groups.get(group)?.owner;
        (owner != holder && self.database.is_member(owner)).then_some(owner)
    }

    /// The holder of the quorum disk has taken it offline, so that this node can win it and take office.
    pub(crate) fn take_office(&mut self, from: NodeId) {
        if self.log.leader() == Some(from.0) {
            self.office.hear_coordinator(self.now);
            self.timers.set(Timer::Campaign, self.now);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use quorate_model::Time;

    use super::*;
    use crate::neighbours::Peer;
    use crate::shipped::{leader, outputs};

    const ME: NodeId = NodeId(1);
    const TWO: NodeId = NodeId(2);
    const THREE: NodeId = NodeId(3);

    fn quorum_group(node: &Node) -> Name {
        node.database.quorum_group().unwrap().clone()
    }

    #[test]
    fn only_a_coordinator_has_an_heir_and_only_to_the_quorum_disks_group() {
        let given = |group: Option<&str>, to, coordinates: bool| {
            let mut node = leader();
            node.office.set_heard(Time::ZERO);
            if !coordinates {
                node.office.lay_down();
            }
            let group = group.map_or_else(|| quorum_group(&node), Name::from);
            node.group_given(&group, to);
            let heard = node.office.silence(node.now) == Duration::ZERO;
            (node.office.heir(), heard)
        };
        assert_eq!(given(None, TWO, true), (Some(TWO), false));
        assert_eq!(given(None, TWO, false), (None, true));
        assert_eq!(given(None, ME, true), (None, true));
        assert_eq!(given(None, ME, false), (None, true));
        assert_eq!(given(Some("EVS1"), TWO, true), (None, false));
    }

    #[test]
    fn the_quorum_disk_is_let_go_for_a_member_that_can_be_reached_and_with_its_log_alone() {
        let lets_go = |change: &dyn Fn(&mut Node)| {
            let mut node = leader();
            node.office.name_heir(TWO);
            let peer = Peer {
                contact: Some(node.now),
                ..Peer::default()
            };
            *node.neighbours.peer(TWO) = peer;
            change(&mut node);
            let goes = node.hand_over_disk();
            assert_eq!(node.office.heir().is_some(), goes);
            assert_eq!(node.arbitration == Arbitration::Releasing, goes);
            let offline = |it| {
                matches!(
                    it,
                    crate::io::Output::Monitor(MonitorCommand::Offline { .. })
                )
            };
            assert_eq!(outputs(&mut node).into_iter().any(offline), goes);
            goes
        };
        assert!(lets_go(&|_| {}));
        assert!(!lets_go(&|it| {
            it.office.take_heir();
        }));
        assert!(!lets_go(&|it| it.arbitration = Arbitration::Won));
        assert!(!lets_go(&|it| it.config.switches.no_quorum_logging = true));
        assert!(!lets_go(&|it| it.office.name_heir(THREE)));
        assert!(!lets_go(&|it| it.database.view.members.clear()));
        let silent = |it: &mut Node| it.neighbours.peer(TWO).contact = Some(Time::ZERO);
        assert!(!lets_go(&silent));
    }

    #[test]
    fn the_heir_is_the_member_that_has_the_group_and_is_not_its_holder() {
        let mut node = leader();
        let group = quorum_group(&node);
        for (owner, holder, heir) in [
            (TWO, ME, Some(TWO)),
            (ME, ME, None),
            (TWO, TWO, None),
            (THREE, ME, None),
        ] {
            node.database.groups.get_mut(&group).unwrap().owner = owner;
            assert_eq!(node.quorum_disk_heir(holder), heir, "{owner} {holder}");
        }
    }
}
