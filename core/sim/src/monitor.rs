//! A resource monitor that can stand still.

use std::collections::VecDeque;
use std::sync::Arc;

use quorate_host::{PluginSet, PluginStatus, Services};
use quorate_machine::{ResourceMonitor, Resources};
use quorate_model::Time;
use quorate_model::monitor::{MonitorCommand, MonitorEvent};

/// A machine's resource monitor. While it stands still it does nothing, and its commands wait.
pub(crate) struct Standing {
    inner: Box<dyn ResourceMonitor>,
    stands_still: bool,
    /// The commands that wait; `None` is a request for a sign of life.
    asked: VecDeque<Option<MonitorCommand>>,
}

impl Standing {
    pub(crate) fn new(inner: Box<dyn ResourceMonitor>) -> Self {
        Standing {
            inner,
            stands_still: false,
            asked: VecDeque::new(),
        }
    }

    pub(crate) fn stand_still(&mut self, stands_still: bool) {
        self.stands_still = stands_still;
    }

    /// Takes the commands that wait, if the monitor no longer stands still.
    pub(crate) fn catch_up(&mut self) -> Option<VecDeque<Option<MonitorCommand>>> {
        (!self.stands_still).then(|| std::mem::take(&mut self.asked))
    }

    /// Whether a new command has to wait, behind those that wait already.
    fn waits(&self) -> bool {
        self.stands_still || !self.asked.is_empty()
    }
}

impl ResourceMonitor for Standing {
    fn command(&mut self, services: &mut dyn Services, command: MonitorCommand) {
        match self.waits() {
            true => self.asked.push_back(Some(command)),
            false => self.inner.command(services, command),
        }
    }

    fn wake(&mut self, services: &mut dyn Services) {
        if !self.stands_still {
            self.inner.wake(services);
        }
    }

    fn sign_of_life(&mut self) -> bool {
        match self.waits() {
            true => {
                self.asked.push_back(None);
                false
            }
            false => self.inner.sign_of_life(),
        }
    }

    fn next_wakeup(&self) -> Option<Time> {
        self.inner.next_wakeup().filter(|_| !self.stands_still)
    }

    fn poll_event(&mut self) -> Option<MonitorEvent> {
        match self.stands_still {
            true => None,
            false => self.inner.poll_event(),
        }
    }

    fn resources(&self) -> Resources<'_> {
        self.inner.resources()
    }

    fn revision(&self) -> Option<u64> {
        self.inner.revision()
    }

    fn terminate_all(&mut self, services: &mut dyn Services) -> bool {
        self.inner.terminate_all(services)
    }

    fn power_off(self: Box<Self>) {
        self.inner.power_off();
    }

    fn replace_plugins(&mut self, plugins: Arc<PluginSet>) {
        self.inner.replace_plugins(plugins);
    }

    fn release_plugin(&mut self, plugin: &str) -> bool {
        self.inner.release_plugin(plugin)
    }

    fn plugin_status(&self) -> Vec<PluginStatus> {
        self.inner.plugin_status()
    }
}
