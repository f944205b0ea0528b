//! A resource monitor for each group, each on a thread of its own: a plugin that hangs holds up its own group, and neither
//! another one nor the node.
//!
//! The node knows one monitor, which gives a sign of life once all of them do. So one that hangs for too long is ended with
//! the others, as the original ends a resource monitor process with all that is in it.

mod worker;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use quorate_host::{PluginSet, PluginStatus, Services};
use quorate_machine::{ResourceMonitor, Resources};
use quorate_model::monitor::{MonitorCommand, MonitorEvent, ResourceSpec};
use quorate_model::{Name, ResourceState, Time};

use crate::services::SharedMachine;
pub(crate) use worker::Reported;
use worker::{Order, Worker};

/// How long all monitors together may take to end what they have started. Whatever then still runs is killed without them.
const END_PATIENCE: Duration = match cfg!(test) {
    true => Duration::from_millis(200),
    false => Duration::from_secs(5),
};

/// The group of what belongs to none: control codes for types.
const NO_GROUP: &str = "";

/// Takes what a monitor has to report. Returns false once nobody listens.
pub(crate) type Report = Arc<dyn Fn(Reported) -> bool + Send + Sync>;

/// The resource monitors of one boot of a node.
pub(crate) struct GroupMonitors {
    /// Tells the reports of these monitors from those of earlier ones.
    generation: u64,
    plugins: Arc<PluginSet>,
    machine: SharedMachine,
    report: Report,
    workers: BTreeMap<Name, Worker>,
    /// The open resources.
    specs: BTreeMap<Name, ResourceSpec>,
    /// Their types and states, as they were last reported.
    states: BTreeMap<Name, (Name, ResourceState)>,
    /// By group: its plugins, as they were last reported.
    plugin_states: BTreeMap<Name, Vec<PluginStatus>>,
    events: VecDeque<MonitorEvent>,
    revision: u64,
    /// The number of the newest question for a sign of life.
    asked: u64,
    /// The event that leads to the commands that are given now.
    cause: Option<u64>,
}

impl fmt::Debug for GroupMonitors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupMonitors").finish_non_exhaustive()
    }
}

impl GroupMonitors {
    /// Monitors without resources. What they report comes with `generation`.
    pub(crate) fn new(
        generation: u64,
        plugins: Arc<PluginSet>,
        machine: &SharedMachine,
        report: Report,
    ) -> GroupMonitors {
        GroupMonitors {
            generation,
            plugins,
            machine: machine.with_a_leash(),
            report,
            workers: BTreeMap::new(),
            specs: BTreeMap::new(),
            states: BTreeMap::new(),
            plugin_states: BTreeMap::new(),
            events: VecDeque::new(),
            revision: 0,
            asked: 0,
            cause: None,
        }
    }

    /// What is commanded from now on was led to by the event with this number.
    pub(crate) fn because(&mut self, cause: Option<u64>) {
        self.cause = cause;
    }

    /// Takes in what one of these monitors has reported. Returns whether all of them have answered the newest question for a
    /// sign of life by it.
    pub(crate) fn reported(&mut self, reported: Reported) -> bool {
        if reported.generation != self.generation {
            return false;
        }
        for (name, kind, state) in reported.states {
            let before = self.states.insert(name.clone(), (kind, state));
            let before = before.map(|(_, state)| state);
            self.revision += u64::from(before != Some(state));
            if before != Some(state)
                && let Some(spec) = self.specs.get(&name)
            {
                let order = Order::Elsewhere(spec.clone(), state);
                self.tell_others(&reported.group, &order);
            }
        }
        self.plugin_states
            .insert(reported.group.clone(), reported.plugins);
        self.events.extend(reported.events);
        let Some(worker) = self.workers.get_mut(&reported.group) else {
            return false;
        };
        let news = reported.answered > worker.answered;
        worker.answered = worker.answered.max(reported.answered);
        let mut workers = self.workers.values();
        news && workers.all(|worker| worker.answered == self.asked)
    }

    fn tell_others(&self, group: &Name, order: &Order) {
        for (of, worker) in &self.workers {
            if of != group {
                worker.order(order.clone());
            }
        }
    }

    /// The monitor of a group; it is started if there is none.
    fn worker(&mut self, group: &Name) -> Option<&Worker> {
        if !self.workers.contains_key(group) {
            let started = Worker::start(
                self.generation,
                group.clone(),
                Arc::clone(&self.plugins),
                self.machine.clone(),
                Arc::clone(&self.report),
            );
            match started {
                Ok(mut worker) => {
                    worker.answered = self.asked;
                    for (name, spec) in &self.specs {
                        let state = self.states.get(name).map(|(_, state)| *state);
                        let state = state.unwrap_or(ResourceState::Offline);
                        worker.order(Order::Elsewhere(spec.clone(), state));
                    }
                    self.workers.insert(group.clone(), worker);
                }
                Err(why) => self.events.push_back(MonitorEvent::Notice {
                    id: 0,
                    text: format!("no resource monitor can be started for group {group}: {why}"),
                }),
            }
        }
        self.workers.get(group)
    }

    /// Has every monitor do something, and waits until they have or patience ends. Returns whether all have, and have all
    /// said yes.
    fn all(&self, order: impl Fn(Sender<bool>) -> Order) -> bool {
        let (done, waits) = channel();
        for worker in self.workers.values() {
            worker.order(order(done.clone()));
        }
        drop(done);
        let begun = Instant::now();
        let mut yes = true;
        for _ in &self.workers {
            let left = END_PATIENCE.saturating_sub(begun.elapsed());
            match waits.recv_timeout(left) {
                Ok(answer) => yes &= answer,
                Err(_) => return false,
            }
        }
        yes
    }
}

impl ResourceMonitor for GroupMonitors {
    fn command(&mut self, _services: &mut dyn Services, command: MonitorCommand) {
        let group = match &command {
            MonitorCommand::Open(spec) | MonitorCommand::Update(spec) => {
                if !self.specs.contains_key(&spec.name) {
                    // What was reported late of one that had been closed.
                    self.states.remove(&spec.name);
                }
                let state = self.states.get(&spec.name).map(|(_, state)| *state);
                let state = state.unwrap_or(ResourceState::Offline);
                self.tell_others(&spec.group, &Order::Elsewhere(spec.clone(), state));
                self.specs.insert(spec.name.clone(), spec.clone());
                spec.group.clone()
            }
            other => {
                let spec = other.resource().and_then(|name| self.specs.get(name));
                spec.map_or_else(|| NO_GROUP.into(), |spec| spec.group.clone())
            }
        };
        if let MonitorCommand::Close { resource } = &command {
            self.specs.remove(resource);
            self.states.remove(resource);
            self.revision += 1;
            self.tell_others(&group, &Order::Forget(resource.clone()));
        }
        let cause = self.cause;
        if let Some(worker) = self.worker(&group) {
            worker.order(Order::Command(Box::new(command), cause));
        }
    }

    /// Each wakes by itself.
    fn wake(&mut self, _services: &mut dyn Services) {}

    fn sign_of_life(&mut self) -> bool {
        self.asked += 1;
        for worker in self.workers.values() {
            worker.order(Order::Answer(self.asked));
        }
        self.workers.is_empty()
    }

    fn next_wakeup(&self) -> Option<Time> {
        None
    }

    fn poll_event(&mut self) -> Option<MonitorEvent> {
        self.events.pop_front()
    }

    fn resources(&self) -> Resources<'_> {
        let resources = self.specs.iter().map(|(name, spec)| {
            let state = self.states.get(name).map(|(_, state)| *state);
            let state = state.unwrap_or(ResourceState::Initializing);
            (name, &spec.kind, state)
        });
        Box::new(resources)
    }

    fn revision(&self) -> Option<u64> {
        Some(self.revision)
    }

    /// Whoever does not answer in time is left behind: nothing that it still asks of the machine is done, and what it had
    /// started is ended without it.
    fn terminate_all(&mut self, _services: &mut dyn Services) -> bool {
        let ended = self.all(Order::Terminate);
        self.machine.cut_off(!ended);
        ended
    }

    fn power_off(self: Box<Self>) {
        self.machine.cut_off(false);
    }

    fn replace_plugins(&mut self, plugins: Arc<PluginSet>) {
        for worker in self.workers.values() {
            worker.order(Order::Plugins(Arc::clone(&plugins)));
        }
        self.plugins = plugins;
    }

    fn release_plugin(&mut self, plugin: &str) -> bool {
        for worker in self.workers.values() {
            worker.order(Order::Release(plugin.to_owned()));
        }
        let mut known = self.plugin_states.values().flatten();
        known.any(|it| it.plugin == plugin && it.quarantined)
    }

    /// A plugin is quarantined here if it is in one group.
    fn plugin_status(&self) -> Vec<PluginStatus> {
        let mut all: Vec<PluginStatus> = Vec::new();
        for it in self.plugin_states.values().flatten() {
            match all.iter_mut().find(|known| known.plugin == it.plugin) {
                Some(known) => {
                    known.outdated.extend(it.outdated.iter().cloned());
                    known.apart.extend(it.apart.iter().cloned());
                    known.quarantined |= it.quarantined;
                    if it.last_death.is_some() {
                        known.last_death.clone_from(&it.last_death);
                    }
                }
                None => all.push(it.clone()),
            }
        }
        all
    }
}

#[cfg(test)]
mod tests;
