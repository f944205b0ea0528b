//! The end of a monitor: its cluster service ends, or its machine dies.

use quorate_abi as abi;
use quorate_model::{Name, Reason, ResourceState};

use super::Monitor;
use super::instance::Place;
use crate::Services;
use crate::table::{Call, Frame, enter, run};

impl Monitor {
    /// The cluster service has ended: this takes everything out of service now, dependents first. What can go offline
    /// at once does so in order; the rest is terminated (docs/semantics.md, 1.5). Afterwards nothing is online and
    /// nothing is defended; the instances stay open.
    ///
    /// Returns whether everything that ran has answered. A resource whose process died in its last call has not: nobody
    /// knows what it has left behind.
    pub fn terminate_all(&mut self, services: &mut dyn Services) -> bool {
        let mut answered = true;
        for name in self.directory.dependents_first() {
            let ran = self.state(&name).is_some_and(|state| !state.is_down());
            self.stop(services, &name);
            self.reap(services);
            self.rearm(&name);
            answered &= !ran || self.state(&name) == Some(ResourceState::Offline);
        }
        answered
    }

    fn stop(&mut self, services: &mut dyn Services, name: &Name) {
        let reason = Reason::new(abi::ERROR_OPERATION_ABORTED, "the cluster service stopped");
        let Some(instance) = self.instances.get_mut(name) else {
            return;
        };
        instance.deferred = None;
        let (pending, defending) = (instance.pending.is_some(), instance.defending);
        match self.state(name) {
            Some(ResourceState::Online) if !pending => {
                let answer = self.call_work(services, name, Call::Offline);
                if answer.is_some_and(|answer| answer.code == abi::ERROR_SUCCESS) {
                    if let Some(instance) = self.instances.get_mut(name) {
                        instance.rest();
                    }
                    self.enter_state(name, ResourceState::Offline, Some(reason));
                } else {
                    self.terminate(services, name, reason);
                }
            }
            Some(state) if !state.is_down() || pending => self.terminate(services, name, reason),
            _ => {
                if defending {
                    self.call_release(services, name);
                }
            }
        }
    }

    /// The machine has died: this destroys the instances, while every service of the host answers `ERROR_NOT_READY`.
    /// Nothing in the world is touched. Dropping the monitor does the same.
    pub fn power_off(self) {}

    /// Terminates what runs and closes every instance, without a world to reach.
    fn destroy(&mut self) {
        for name in self.directory.dependents_first() {
            let Some(instance) = self.instances.remove(&name) else {
                continue;
            };
            let Some(record) = self.directory.get(&name) else {
                continue;
            };
            // An instance in a process beside this one ends with that process.
            let Place::Here {
                entries,
                resid,
                handle,
                ..
            } = &instance.place
            else {
                continue;
            };
            let running =
                !record.state.is_down() || instance.pending.is_some() || instance.defending;
            let make = |call: Call| {
                let frame = Frame::new(*handle, None, &self.directory, &record.spec)
                    .calling(&instance.plugin, call.as_str());
                // SAFETY: Terminate is allowed in any state of an open instance, and afterwards it is offline. It was
                // removed above, so after Close it is never used again.
                enter(frame, || unsafe { run(entries, *resid, &call) });
            };
            if running {
                make(Call::Terminate);
            }
            make(Call::Close);
        }
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.destroy();
    }
}
