//! The cluster service of one machine.

use quorate_model::Time;
use quorate_node::{Node, Output};

use crate::monitor::ResourceMonitor;
use crate::stuck::{Stuck, WAKES_MAX};

/// A node and its resource monitor: both are there while the cluster service runs, and a monitor may outlive its node for
/// as long as nobody has ended what it runs.
#[derive(Debug)]
pub struct ClusterService<M> {
    pub(crate) node: Option<Node>,
    pub(crate) monitor: Option<M>,
    /// Whether they were called since somebody asked.
    pub(crate) node_called: bool,
    pub(crate) monitor_called: bool,
    /// How often one of them wanted to be woken at once, at the instant at which one did last.
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
    /// It runs from now on. What the node has to say first waits for [`drain`](crate::drain).
    pub fn begin(&mut self, node: Node, monitor: M) {
        self.node = Some(node);
        self.monitor = Some(monitor);
        self.node_called = true;
        self.monitor_called = true;
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

    /// The resource monitor, for whoever is about to call it; that it was called is known from then on.
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

    /// Counts that somebody is to be woken at the very instant at which it was last called.
    ///
    /// # Errors
    /// If that was so [`WAKES_MAX`] times: whatever it is does not let time go on.
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

    /// The process is gone without a word: its monitor notices, which is for [`end`](crate::end) to do. Whether it ran.
    pub fn kill(&mut self) -> bool {
        self.node_called = true;
        self.node.take().is_some()
    }

    /// The process is gone without a word, and its monitor goes on: the monitor, for whoever ends what it runs.
    pub fn orphan(&mut self) -> Option<M> {
        self.kill();
        self.monitor_called = true;
        self.monitor.take()
    }

    /// The machine has no power: node and monitor are gone, and nothing in the world is touched by either.
    pub fn power_off(&mut self) {
        if let Some(monitor) = self.orphan() {
            Box::new(monitor).power_off();
        }
    }

    pub(crate) fn poll_output(&mut self) -> Option<Output> {
        self.node.as_mut()?.poll_output()
    }
}
