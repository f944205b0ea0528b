//! The interface between a node's world and its resource monitor.

use std::sync::Arc;

use quorate_host::{PluginSet, PluginStatus, Services};
use quorate_model::monitor::{MonitorCommand, MonitorEvent};
use quorate_model::{Name, ResourceState, Time};

/// The resources of a monitor, each with its type and its state.
pub type Resources<'a> = Box<dyn Iterator<Item = (&'a Name, &'a Name, ResourceState)> + 'a>;

/// One node's resource monitor, from the start of the machine's cluster service to its end.
///
/// `quorate_host::Monitor`, which calls real plugins, is one. A world may put another in front of it, such as a
/// monitor that can stand still, or use several, one for each group. A test uses a smaller one.
pub trait ResourceMonitor {
    /// Carries a command out as far as it can without waiting.
    fn command(&mut self, services: &mut dyn Services, command: MonitorCommand);
    /// Does what is due. Called at [`next_wakeup`](Self::next_wakeup); an earlier call does no harm.
    fn wake(&mut self, services: &mut dyn Services);
    /// Asks for a sign of life. Returns whether the monitor gives it at once; if not, the caller hands
    /// [`Input::MonitorAnswers`](quorate_node::Input::MonitorAnswers) in once the monitor has dealt with all earlier
    /// commands.
    fn sign_of_life(&mut self) -> bool {
        true
    }
    /// When [`wake`](Self::wake) is due next, on the node's own clock.
    fn next_wakeup(&self) -> Option<Time>;
    /// The next report; `None` if there are no more.
    fn poll_event(&mut self) -> Option<MonitorEvent>;
    /// Every open resource with its type and its state on this machine: the truth, not a database's view.
    fn resources(&self) -> Resources<'_>;
    /// A number that changes whenever the result of [`resources`](Self::resources) changes. With `None`, `resources`
    /// is called again after every call of the monitor.
    fn revision(&self) -> Option<u64> {
        None
    }
    /// The cluster service has ended: takes everything out of service at once. Returns whether every resource has
    /// confirmed that it is down, so that it is certain that nothing runs any more.
    fn terminate_all(&mut self, services: &mut dyn Services) -> bool;
    /// The machine lost power: drops all instances without touching anything in the world.
    fn power_off(self: Box<Self>);
    /// Replaces the plugins, for each resource when it is next offline. A monitor without plugins ignores this.
    fn replace_plugins(&mut self, plugins: Arc<PluginSet>) {
        drop(plugins);
    }
    /// Ends the quarantine of a plugin. Returns whether it was quarantined.
    fn release_plugin(&mut self, plugin: &str) -> bool {
        let _ = plugin;
        false
    }
    /// The state of each plugin.
    fn plugin_status(&self) -> Vec<PluginStatus> {
        Vec::new()
    }
}

/// Makes resource monitors: one for each boot of a node.
pub trait Monitors {
    /// A fresh monitor with no resource open.
    fn boot(&self) -> Box<dyn ResourceMonitor>;
    /// The plugin behind a resource type, if it runs threads of its own. The world cannot decide what these do, and
    /// when, so a run with such a plugin does not repeat.
    fn threads_of(&self, kind: &str) -> Option<String> {
        let _ = kind;
        None
    }
}

impl ResourceMonitor for quorate_host::Monitor {
    fn command(&mut self, services: &mut dyn Services, command: MonitorCommand) {
        quorate_host::Monitor::command(self, services, command);
    }

    fn wake(&mut self, services: &mut dyn Services) {
        quorate_host::Monitor::wake(self, services);
    }

    fn next_wakeup(&self) -> Option<Time> {
        quorate_host::Monitor::next_wakeup(self)
    }

    fn poll_event(&mut self) -> Option<MonitorEvent> {
        quorate_host::Monitor::poll_event(self)
    }

    fn resources(&self) -> Resources<'_> {
        Box::new(quorate_host::Monitor::resources(self))
    }

    fn revision(&self) -> Option<u64> {
        Some(quorate_host::Monitor::revision(self))
    }

    fn terminate_all(&mut self, services: &mut dyn Services) -> bool {
        quorate_host::Monitor::terminate_all(self, services)
    }

    fn power_off(self: Box<Self>) {
        quorate_host::Monitor::power_off(*self);
    }

    fn replace_plugins(&mut self, plugins: Arc<PluginSet>) {
        quorate_host::Monitor::replace_plugins(self, plugins);
    }

    fn release_plugin(&mut self, plugin: &str) -> bool {
        quorate_host::Monitor::release_plugin(self, plugin)
    }

    fn plugin_status(&self) -> Vec<PluginStatus> {
        quorate_host::Monitor::plugin_status(self)
    }
}

/// Makes monitors that call the plugins of a set.
impl Monitors for Arc<PluginSet> {
    fn boot(&self) -> Box<dyn ResourceMonitor> {
        Box::new(quorate_host::Monitor::new(Arc::clone(self)))
    }

    fn threads_of(&self, kind: &str) -> Option<String> {
        let library = self.library_of(kind)?;
        library.has_threads().then(|| library.name.clone())
    }
}
