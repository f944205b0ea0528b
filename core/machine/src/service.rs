//! The cluster service of one machine.

use quorate_model::{Name, NodeId, Time};
use quorate_node::{Beat, Node, Output};

use crate::monitor::ResourceMonitor;
use crate::stuck::{Stuck, WAKES_MAX};

/// A node and its resource monitor. Both exist while the cluster service runs. A monitor may outlive its node, until
/// somebody ends what it runs.
#[derive(Debug)]
pub struct ClusterService<M> {
    pub(crate) node: Option<Node>,
    pub(crate) monitor: Option<M>,
    /// Whether the node, or the monitor, was called since this was last asked.
    pub(crate) node_called: bool,
    pub(crate) monitor_called: bool,
    /// The last instant at which one of them wanted to be woken at once, and how often that happened at this instant.
    woken: (Time, u32),
}

impl<M> Default for ClusterService<M> {
    fn default() -> Self {
        ClusterService {
            node: None,
            monitor: None,
            node_called: false,
            monitor_called: false,
            woken: (Time::ZERO, 0),
        }
    }
}

impl<M: ResourceMonitor> ClusterService<M> {
    /// The service runs from now on. The node's first outputs wait for [`drain`](crate::drain).
    pub fn begin(&mut self, node: Node, monitor: M) {
        self.node = Some(node);
        self.monitor = Some(monitor);
        self.node_called = true;
        self.monitor_called = true;
    }

    /// Whether a heartbeat will do nothing to the node but that it comes, if nothing else happens to the node before
    /// ([`Node::only_hears`]).
    pub fn only_hears(&self, now: Time, from: NodeId, network: &Name, beat: &Beat) -> bool {
        let node = self.node.as_ref();
        node.is_some_and(|node| node.only_hears(now, from, network, beat))
    }

    /// Gives the node a heartbeat of which that was said ([`Node::take_in`]): nobody has to be called after that.
    pub fn take_in(&mut self, now: Time, from: NodeId, network: &Name, beat: &Beat) {
        if let Some(node) = &mut self.node {
            node.take_in(now, from, network, beat);
        }
    }

    /// The node, while the service runs.
    pub fn node(&self) -> Option<&Node> {
        self.node.as_ref()
    }

    /// Whether the service runs.
    pub fn runs(&self) -> bool {
        self.node.is_some()
    }

    /// The resource monitor.
    pub fn monitor(&self) -> Option<&M> {
        self.monitor.as_ref()
    }

    /// The resource monitor, for a caller that is about to use it: this counts as a call of it.
    pub fn monitor_mut(&mut self) -> Option<&mut M> {
        self.monitor_called = true;
        self.monitor.as_mut()
    }

    /// When the node's next timer is due, on the machine's own clock.
    pub fn next_node_wakeup(&self) -> Option<Time> {
        self.node.as_ref()?.next_wakeup()
    }

    /// When the monitor's next timer is due, on the machine's own clock.
    pub fn next_monitor_wakeup(&self) -> Option<Time> {
        self.monitor.as_ref()?.next_wakeup()
    }

    /// Whether the node was called, or came or went, since this was asked last.
    pub fn node_was_called(&mut self) -> bool {
        std::mem::take(&mut self.node_called)
    }

    /// Whether the monitor was called, or came or went, since this was asked last.
    pub fn monitor_was_called(&mut self) -> bool {
        std::mem::take(&mut self.monitor_called)
    }

    /// Counts a wake-up at the same instant as the last call.
    ///
    /// # Errors
    /// After more than [`WAKES_MAX`] of them at one instant: node or monitor keeps time from going on.
    pub fn wakes_at_once(&mut self, now: Time) -> Result<(), Stuck> {
        self.woken = match self.woken {
            (at, times) if at == now => (now, times + 1),
            _ => (now, 1),
        };
        if self.woken.1 > WAKES_MAX {
            self.woken = (now, 0);
            return Err(Stuck::Timer);
        }
        Ok(())
    }

    /// The process was killed. Its monitor notices that and ends everything: the caller sees to it with
    /// [`end`](crate::end). Returns whether the service ran.
    pub fn kill(&mut self) -> bool {
        self.node_called = true;
        self.node.take().is_some()
    }

    /// The process was killed and its monitor goes on. Returns the monitor, for whoever ends what it runs.
    pub fn orphan(&mut self) -> Option<M> {
        self.kill();
        self.monitor_called = true;
        self.monitor.take()
    }

    /// The machine lost power: node and monitor are gone, and neither touches anything in the world.
    pub fn power_off(&mut self) {
        if let Some(monitor) = self.orphan() {
            Box::new(monitor).power_off();
        }
    }

    pub(crate) fn poll_output(&mut self) -> Option<Output> {
        self.node.as_mut()?.poll_output()
    }
}
