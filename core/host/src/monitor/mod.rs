//! The resource monitor of one boot of one node.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use quorate_model::monitor::{MonitorCommand, MonitorEvent};
use quorate_model::{Name, ResourceState, Time};

use crate::{PluginSet, Services};

/// The resource monitor of one boot of one node: it opens resource instances, takes them online and offline,
/// polls their health and reports every change of state (SEMANTICS.md, section 1).
///
/// - *Inputs*: [`command`](Self::command), [`wake`](Self::wake), [`terminate_all`](Self::terminate_all).
/// - *Outputs*: [`poll_event`](Self::poll_event) until `None`, and [`next_wakeup`](Self::next_wakeup), each to be
///   asked again after any input.
#[derive(Debug)]
pub struct Monitor {
    plugins: Arc<PluginSet>,
    resources: BTreeMap<Name, (Name, ResourceState)>,
    events: VecDeque<MonitorEvent>,
}

impl Monitor {
    /// A monitor without resources. Libraries that keep process-wide state are loaded for it anew.
    pub fn new(plugins: Arc<PluginSet>) -> Monitor {
        Monitor {
            plugins,
            resources: BTreeMap::new(),
            events: VecDeque::new(),
        }
    }

    /// Carries out a command of the cluster service. It never waits: what takes time goes on in
    /// [`wake`](Self::wake).
    pub fn command(&mut self, services: &mut dyn Services, command: MonitorCommand) {
        let _ = (services, command, &self.plugins);
    }

    /// Does what is due by `services.now()`: pending work, timeouts, health checks. Early calls do nothing.
    pub fn wake(&mut self, services: &mut dyn Services) {
        let _ = services;
    }

    /// When [`wake`](Self::wake) is to be called next, by the clock of `services.now()`.
    pub fn next_wakeup(&self) -> Option<Time> {
        None
    }

    /// The next event, in the order they happened.
    pub fn poll_event(&mut self) -> Option<MonitorEvent> {
        self.events.pop_front()
    }

    /// The open resources in the order of their names: name, type and state.
    pub fn resources(&self) -> impl Iterator<Item = (&Name, &Name, ResourceState)> {
        self.resources
            .iter()
            .map(|(name, (kind, state))| (name, kind, *state))
    }

    /// The cluster service is gone: takes everything out of service now, dependents first, gracefully where
    /// that takes no time and by Terminate where it does. Nothing is online afterwards.
    pub fn terminate_all(&mut self, services: &mut dyn Services) {
        let _ = services;
    }

    /// The machine died: destroys the instances while every service of the host answers `ERROR_NOT_READY`.
    /// Nothing in the world is touched. Dropping the monitor does the same.
    pub fn power_off(self) {}
}
