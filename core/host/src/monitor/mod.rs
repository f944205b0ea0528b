//! The resource monitor of one boot of one node.

mod claims;
mod commands;
mod control;
mod directory;
mod health;
mod home;
mod instance;
mod isolation;
mod operations;
mod shutdown;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use quorate_model::monitor::{MonitorCommand, MonitorEvent, ResourceSpec};
use quorate_model::{Name, NameMap, Reason, ResourceState, Time};

pub use self::directory::{Directory, Saved};
use self::instance::Instance;
pub use self::isolation::PluginStatus;
use self::isolation::Supervision;
use crate::plugins::Image;
use crate::process::MonitorProcess;
use crate::{PluginSet, Services};

/// How long an arbitration may take from beginning to end. The original wants every entry to return within 300 ms
/// (docs/semantics.md, 1.2). That cannot be kept here: a challenge alone takes 7 s (docs/semantics.md, 4.1).
pub const ARBITRATION_TIMEOUT: Duration = Duration::from_secs(60);

/// The resource monitor of one boot of one node: it opens resource instances, brings them online and takes them
/// offline, polls their health and reports every change of state (docs/semantics.md, 1).
///
/// - *Inputs*: [`command`](Self::command), [`wake`](Self::wake), [`terminate_all`](Self::terminate_all).
/// - *Outputs*: [`poll_event`](Self::poll_event) until it gives `None`, and [`next_wakeup`](Self::next_wakeup). Ask
///   both again after any input.
///
/// It reads no clock, starts no thread and draws no random number: the same inputs, with the same answers of the world,
/// give the same events. Only one entry of one instance runs at a time.
///
/// States go Offline or Failed → OnlinePending → Online or Failed, Online → OfflinePending → Offline or Failed, Online
/// → Failed. An operation that ends at once skips the pending state. Terminate leads to Offline from any state. Every
/// Online, Offline, Terminate and Fail is answered: one that finds nothing to do reports the state as it is. An Open is
/// only answered if it fails, since an open resource is Offline.
///
/// # Panics
///
/// If the world behind [`Services`] panics while a plugin calls it. The panic is held back until the plugin has
/// returned, and then goes on. A panic of a plugin's own code does not come this far.
#[derive(Debug)]
pub struct Monitor {
    directory: Directory,
    /// The open instances. A resource whose type could not be opened has none.
    instances: NameMap<Instance>,
    /// When something is due: at most one entry for each instance, equal to its `armed`.
    timers: BTreeSet<(Time, Name)>,
    events: VecDeque<MonitorEvent>,
    /// This boot's own copies of libraries that keep process-wide state, by the number of the copied image.
    copies: BTreeMap<u64, Image>,
    /// The resource monitor processes beside this one.
    processes: BTreeMap<u64, MonitorProcess>,
    /// Processes that died, and libraries in quarantine.
    supervision: Supervision,
}

impl Monitor {
    /// A monitor without resources. For each library that keeps process-wide state it maps a private copy when the
    /// first of its resources is opened.
    pub fn new(plugins: Arc<PluginSet>) -> Monitor {
        Monitor {
            directory: Directory::new(plugins),
            instances: NameMap::new(),
            timers: BTreeSet::new(),
            events: VecDeque::new(),
            copies: BTreeMap::new(),
            processes: BTreeMap::new(),
            supervision: Supervision::default(),
        }
    }

    /// Carries out a command of the cluster service. This never waits: an operation that takes time goes on in
    /// [`wake`](Self::wake).
    ///
    /// An Online is deferred while the resource is going offline or arbitrates, and an Arbitrate while it is going
    /// online or offline: it is carried out when that has ended. An Offline cancels a pending online with Terminate;
    /// the resource is then Offline.
    pub fn command(&mut self, services: &mut dyn Services, command: MonitorCommand) {
        let Some(resource) = command.resource().cloned() else {
            self.carry_out(services, command);
            self.reap(services);
            return;
        };
        if let MonitorCommand::Online { .. } = command {
            self.renew(services, &resource);
            self.reap(services);
        }
        self.carry_out(services, command);
        self.renew(services, &resource);
        self.reap(services);
        self.rearm(&resource);
    }

    /// Does what is due at `services.now()`: pending work, timeouts, health checks. If it is called early it does
    /// nothing; if late, it does everything that is due by then.
    pub fn wake(&mut self, services: &mut dyn Services) {
        let now = services.now();
        while let Some((due, _)) = self.timers.first()
            && *due <= now
        {
            let Some((_, name)) = self.timers.pop_first() else {
                return;
            };
            if let Some(instance) = self.instances.get_mut(&name) {
                instance.armed = None;
                self.due(services, &name, now);
                self.renew(services, &name);
                self.reap(services);
                let armed = self.rearm(&name);
                assert!(
                    armed.is_none_or(|next| next > now),
                    "`{name}` has something due for ever"
                );
            }
        }
    }

    /// When [`wake`](Self::wake) is to be called next, by the clock of `services.now()`.
    pub fn next_wakeup(&self) -> Option<Time> {
        self.timers.first().map(|(due, _)| *due)
    }

    /// The next event, in the order they happened.
    pub fn poll_event(&mut self) -> Option<MonitorEvent> {
        self.events.pop_front()
    }

    /// The resources it was told to open, in the order of their names: name, type and state.
    pub fn resources(&self) -> impl Iterator<Item = (&Name, &Name, ResourceState)> {
        self.directory
            .iter()
            .map(|(name, record)| (name, &record.spec.kind, record.state))
    }

    /// A number that grows whenever the result of [`resources`](Self::resources) changes.
    pub fn revision(&self) -> u64 {
        self.directory.revision()
    }

    /// Another monitor of the same node has this resource open, and it is in this state there: plugins may ask for the
    /// resources of other groups. Nothing happens if this monitor has it open itself.
    pub fn hear_of(&mut self, spec: ResourceSpec, state: ResourceState) {
        self.directory.hear_of(spec, state);
    }

    /// No other monitor of the node has this resource open any more.
    pub fn hear_no_more(&mut self, resource: &str) {
        self.directory.forget(resource);
    }

    /// Whether the quorum resource `resource` has won its reservation and is defending it.
    pub fn is_defending(&self, resource: &str) -> bool {
        self.instances
            .get(resource)
            .is_some_and(|instance| instance.defending)
    }

    /// Does everything of one instance that is due. Afterwards nothing of it is due at `now` or before, so that `wake`
    /// comes to an end.
    fn due(&mut self, services: &mut dyn Services, name: &Name, now: Time) {
        self.read_mail(services, name, now);
        let Some(instance) = self.instances.get_mut(name) else {
            return;
        };
        if instance.work_at.take_if(|at| *at <= now).is_some() {
            self.work(services, name, now);
        }
        let pending = self.instances.get(name).and_then(|it| it.pending.as_ref());
        if pending.is_some_and(|pending| pending.deadline <= now) {
            self.time_out(services, name);
        }
        self.poll_health(services, name, now);
    }

    /// Enters the instance's next deadline into the timers, and returns it.
    fn rearm(&mut self, name: &Name) -> Option<Time> {
        let instance = self.instances.get_mut(name)?;
        let next = instance.next_deadline();
        if next == instance.armed {
            return next;
        }
        if let Some(armed) = instance.armed.take() {
            self.timers.remove(&(armed, name.clone()));
        }
        if let Some(next) = next {
            self.timers.insert((next, name.clone()));
            instance.armed = Some(next);
        }
        next
    }

    /// The state of a resource, if it was opened.
    fn state(&self, name: &Name) -> Option<ResourceState> {
        self.directory.get(name).map(|record| record.state)
    }

    /// Sets a state and reports it.
    fn enter_state(&mut self, name: &Name, state: ResourceState, reason: Option<Reason>) {
        self.directory.set_state(name, state);
        self.events.push_back(MonitorEvent::State {
            resource: name.clone(),
            state,
            reason,
        });
    }
}
