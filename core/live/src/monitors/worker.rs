//! The resource monitor of one group, on its thread.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use quorate_host::{Monitor, PluginSet, PluginStatus};
use quorate_model::monitor::{MonitorCommand, MonitorEvent, ResourceSpec};
use quorate_model::{Name, ResourceState};

use super::Report;
use crate::clock;
use crate::services::SharedMachine;

/// The longest sleep: the clock by which the system wakes a thread stands still while the machine is suspended.
const SLEEP_MAX: Duration = Duration::from_secs(1);

/// Something that a monitor is to do.
#[derive(Clone, Debug)]
pub(super) enum Order {
    /// A command of the cluster service, and the number of the event that led to it.
    Command(Box<MonitorCommand>, Option<u64>),
    /// Give this sign of life.
    Answer(u64),
    /// A resource of another group is known, or has changed.
    Elsewhere(ResourceSpec, ResourceState),
    /// A resource of another group is there no more.
    Forget(Name),
    /// Use other plugins.
    Plugins(Arc<PluginSet>),
    /// End the quarantine of a plugin.
    Release(String),
    /// Take everything out of service, and end. Whether everything has confirmed that it is down is the answer.
    Terminate(Sender<bool>),
}

/// What a monitor has to report.
#[derive(Debug)]
pub(crate) struct Reported {
    /// Of which monitors of the node it is one.
    pub(super) generation: u64,
    /// Its group.
    pub(super) group: Name,
    /// What has happened.
    pub(super) events: Vec<MonitorEvent>,
    /// Its resources with their types and states.
    pub(super) states: Vec<(Name, Name, ResourceState)>,
    /// Its plugins.
    pub(super) plugins: Vec<PluginStatus>,
    /// The event that led to the command in whose course it happened.
    pub(crate) cause: Option<u64>,
    /// The newest sign of life that it was asked for and gives.
    pub(super) answered: u64,
    /// It is a mistake of this program: the thread has panicked.
    pub(crate) panicked: bool,
}

/// A monitor's thread, as the others see it.
#[derive(Debug)]
pub(super) struct Worker {
    orders: Sender<Order>,
    /// The newest sign of life that it has given.
    pub(super) answered: u64,
}

impl Worker {
    pub(super) fn start(
        generation: u64,
        group: Name,
        plugins: Arc<PluginSet>,
        machine: SharedMachine,
        report: Report,
    ) -> io::Result<Worker> {
        let (orders, waiting) = channel();
        let name = format!("monitor {group}");
        let run = move || {
            let mut at_work = AtWork {
                generation,
                group,
                monitor: Some(Monitor::new(plugins)),
                machine,
                report,
                answered: 0,
                revision: None,
                cause: None,
            };
            at_work.run(&waiting);
        };
        thread::Builder::new().name(name).spawn(run)?;
        Ok(Worker {
            orders,
            answered: 0,
        })
    }

    pub(super) fn order(&self, order: Order) {
        // One that has ended does nothing more, and the node finds that out as with one that hangs.
        let _ = self.orders.send(order);
    }
}

struct AtWork {
    generation: u64,
    group: Name,
    monitor: Option<Monitor>,
    machine: SharedMachine,
    report: Report,
    answered: u64,
    /// That of the states that were last reported.
    revision: Option<u64>,
    /// What led to what is done at present.
    cause: Option<u64>,
}

impl Drop for AtWork {
    fn drop(&mut self) {
        if thread::panicking() {
            let mut reported = self.reported(Vec::new());
            reported.panicked = true;
            (self.report)(reported);
        }
    }
}

impl AtWork {
    fn run(&mut self, waiting: &Receiver<Order>) {
        while let Some(monitor) = &mut self.monitor {
            let due = monitor.next_wakeup();
            let sleep = due.map_or(SLEEP_MAX, |at| at.since(clock::now()).min(SLEEP_MAX));
            match waiting.recv_timeout(sleep) {
                Ok(order) => self.carry_out(order),
                Err(RecvTimeoutError::Timeout) => {}
                // The node has gone on without this monitor.
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.tell();
            self.cause = None;
            let now = clock::now();
            let Some(monitor) = &mut self.monitor else {
                return;
            };
            if monitor.next_wakeup().is_some_and(|at| at <= now) {
                monitor.wake(&mut self.machine);
                self.tell();
            }
        }
    }

    fn carry_out(&mut self, order: Order) {
        let Some(monitor) = &mut self.monitor else {
            return;
        };
        match order {
            Order::Command(command, cause) => {
                self.cause = cause;
                monitor.command(&mut self.machine, *command);
            }
            Order::Answer(number) => {
                self.answered = number;
                // It is told even if there is nothing else to tell.
                self.revision = None;
            }
            Order::Elsewhere(spec, state) => monitor.hear_of(spec, state),
            Order::Forget(resource) => monitor.hear_no_more(&resource),
            Order::Plugins(plugins) => {
                monitor.replace_plugins(plugins);
                self.revision = None;
            }
            Order::Release(plugin) => {
                monitor.release_plugin(&plugin);
                self.revision = None;
            }
            Order::Terminate(done) => {
                let ended = monitor.terminate_all(&mut self.machine);
                self.tell();
                // In this order: what its end does to the machine is done before anybody goes on.
                if let Some(monitor) = self.monitor.take() {
                    monitor.power_off();
                }
                let _ = done.send(ended);
            }
        }
    }

    /// Reports what is new.
    fn tell(&mut self) {
        let Some(monitor) = &mut self.monitor else {
            return;
        };
        let mut events = Vec::new();
        while let Some(event) = monitor.poll_event() {
            events.push(event);
        }
        let revision = Some(monitor.revision());
        if events.is_empty() && revision == self.revision && !self.machine.has_told() {
            return;
        }
        self.revision = revision;
        let reported = self.reported(events);
        (self.report)(reported);
    }

    fn reported(&self, events: Vec<MonitorEvent>) -> Reported {
        let monitor = self.monitor.as_ref();
        let states = monitor.into_iter().flat_map(Monitor::resources);
        let states = states.map(|(name, kind, state)| (name.clone(), kind.clone(), state));
        Reported {
            generation: self.generation,
            group: self.group.clone(),
            events,
            states: states.collect(),
            plugins: monitor.map(Monitor::plugin_status).unwrap_or_default(),
            cause: self.cause,
            answered: self.answered,
            panicked: false,
        }
    }
}
