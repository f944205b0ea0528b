//! The commands of the cluster service: what each does in each state of the resource.

use quorate_abi as abi;
use quorate_model::control::ControlOf;
use quorate_model::monitor::{MonitorCommand, MonitorEvent, ResourceSpec};
use quorate_model::{Name, Reason, ResourceState};

use super::Monitor;
use super::instance::{Operation, not_open};
use crate::Services;
use crate::table::Call;

impl Monitor {
    pub(super) fn carry_out(&mut self, services: &mut dyn Services, command: MonitorCommand) {
        match command {
            MonitorCommand::Open(spec) => self.open(services, spec),
            MonitorCommand::Update(spec) => {
                if self.directory.get(&spec.name).is_some() {
                    self.open(services, spec);
                }
            }
            MonitorCommand::Restore {
                resource,
                checkpoints,
            } => self.directory.restore(&resource, checkpoints),
            MonitorCommand::Close { resource } => self.close(services, &resource),
            MonitorCommand::Online { resource } => self.online(services, &resource),
            MonitorCommand::Offline { resource } => self.offline(services, &resource),
            MonitorCommand::Terminate { resource } => {
                let text = "terminated";
                self.terminate(
                    services,
                    &resource,
                    Reason::new(abi::ERROR_OPERATION_ABORTED, text),
                );
            }
            MonitorCommand::Fail { resource } => self.initiate_failure(services, &resource),
            MonitorCommand::Arbitrate { resource } => self.arbitrate(services, &resource),
            MonitorCommand::Release { resource } => self.release(services, &resource),
            MonitorCommand::Control {
                of,
                code,
                request,
                input,
            } => {
                let result = match of {
                    ControlOf::Resource(name) => self.control(services, &name, code, &input),
                    ControlOf::Type(kind) => self.type_control(&kind, code, &input),
                };
                self.events
                    .push_back(MonitorEvent::Controlled { request, result });
            }
        }
    }

    fn open(&mut self, services: &mut dyn Services, spec: ResourceSpec) {
        let name = spec.name.clone();
        match self.directory.get(&name) {
            Some(record) if record.spec.kind == spec.kind => {
                self.directory.update(spec);
                if self.instances.contains_key(&name) {
                    return;
                }
            }
            Some(_) => {
                self.close(services, &name);
                self.directory.insert(spec);
            }
            None => self.directory.insert(spec),
        }
        self.open_instance(services, &name);
    }

    /// Makes the instance of a resource if it has none. Returns whether it has one now; a failure is reported as an
    /// event.
    fn open_instance(&mut self, services: &mut dyn Services, name: &Name) -> bool {
        match self.make_instance(services, name) {
            Ok(()) => {
                self.directory.set_state(name, ResourceState::Offline);
                true
            }
            Err(reason) => {
                self.enter_state(name, ResourceState::Failed, Some(reason));
                false
            }
        }
    }

    fn close(&mut self, services: &mut dyn Services, name: &Name) {
        let Some(state) = self.state(name) else {
            return;
        };
        if let Some(instance) = self.instances.get(name) {
            if !state.is_down() || instance.pending.is_some() || instance.defending {
                let reason = Reason::new(abi::ERROR_OPERATION_ABORTED, "closed");
                self.terminate(services, name, reason);
            }
            self.close_instance(services, name);
        }
        self.directory.remove(name);
    }

    fn online(&mut self, services: &mut dyn Services, name: &Name) {
        match self.state(name) {
            None => self.enter_state(name, ResourceState::Failed, Some(not_open(name))),
            Some(ResourceState::OfflinePending) => {
                self.defer(
                    name,
                    MonitorCommand::Online {
                        resource: name.clone(),
                    },
                );
            }
            Some(ResourceState::Offline | ResourceState::Failed) => {
                if self.is_arbitrating(name) {
                    self.defer(
                        name,
                        MonitorCommand::Online {
                            resource: name.clone(),
                        },
                    );
                } else if self.instances.contains_key(name) || self.open_instance(services, name) {
                    self.start_online(services, name);
                }
            }
            Some(state) => self.enter_state(name, state, None),
        }
    }

    fn start_online(&mut self, services: &mut dyn Services, name: &Name) {
        let missing = self.directory.get(name).and_then(|record| {
            self.directory
                .missing_property(&record.spec)
                .map(str::to_owned)
        });
        if let Some(property) = missing {
            let text = format!("Online refused: the required property `{property}` is not set");
            let reason = Reason::new(abi::ERROR_RESOURCE_PROPERTY, text);
            self.enter_state(name, ResourceState::Failed, Some(reason));
            return;
        }
        self.begin(services, name, Operation::Online);
    }

    fn offline(&mut self, services: &mut dyn Services, name: &Name) {
        self.drop_deferred(name);
        match self.state(name) {
            None => self.enter_state(name, ResourceState::Offline, Some(not_open(name))),
            Some(ResourceState::Online) if !self.is_arbitrating(name) => {
                self.begin(services, name, Operation::Offline);
            }
            Some(ResourceState::OfflinePending) => {
                self.enter_state(name, ResourceState::OfflinePending, None);
            }
            // A resource that failed was terminated at that time, so there is nothing left to do.
            Some(ResourceState::Offline | ResourceState::Failed | ResourceState::Initializing)
                if !self.is_arbitrating(name) =>
            {
                self.enter_state(name, ResourceState::Offline, None);
            }
            Some(_) => {
                let text = "cancelled: taken offline";
                self.terminate(
                    services,
                    name,
                    Reason::new(abi::ERROR_OPERATION_ABORTED, text),
                );
            }
        }
    }

    /// Takes a resource out of service at once; it is Offline afterwards. `reason` is reported if this cuts something
    /// short.
    pub(super) fn terminate(&mut self, services: &mut dyn Services, name: &Name, reason: Reason) {
        self.drop_deferred(name);
        let Some(state) = self.state(name) else {
            self.enter_state(name, ResourceState::Offline, Some(not_open(name)));
            return;
        };
        self.cancel_arbitration(name, &reason);
        let had = self.instances.contains_key(name);
        if self.call(services, name, Call::Terminate).is_none() && had && !state.is_down() {
            // Its process died of the call. That is reported as a failure.
            return;
        }
        if let Some(instance) = self.instances.get_mut(name) {
            instance.rest();
        }
        let reason = state.is_pending().then_some(reason);
        self.enter_state(name, ResourceState::Offline, reason);
    }

    fn initiate_failure(&mut self, services: &mut dyn Services, name: &Name) {
        match self.state(name) {
            None => self.enter_state(name, ResourceState::Offline, Some(not_open(name))),
            Some(state) if state.is_down() => self.enter_state(name, state, None),
            Some(_) => {
                self.drop_deferred(name);
                let text = "an administrator initiated failure";
                self.fail(
                    services,
                    name,
                    Reason::new(abi::ERROR_RESOURCE_FAILED, text),
                );
            }
        }
    }

    fn arbitrate(&mut self, services: &mut dyn Services, name: &Name) {
        let refused = match self.instances.get(name) {
            None => Some(not_open(name)),
            Some(instance) if !instance.abilities.arbitrate => Some(Reason::new(
                abi::ERROR_NOT_QUORUM_CAPABLE,
                format!("the type of `{name}` cannot be the quorum resource"),
            )),
            Some(instance) => match instance.operation() {
                // It is asked already, and there is one answer for both.
                Some(Operation::Arbitrate) => return,
                Some(_) => {
                    self.defer(
                        name,
                        MonitorCommand::Arbitrate {
                            resource: name.clone(),
                        },
                    );
                    return;
                }
                None => None,
            },
        };
        match refused {
            Some(reason) => self.arbitrated(name, Err(reason)),
            None => self.begin(services, name, Operation::Arbitrate),
        }
    }

    fn release(&mut self, services: &mut dyn Services, name: &Name) {
        let reason = Reason::new(abi::ERROR_OPERATION_ABORTED, "released");
        if let Some(instance) = self.instances.get_mut(name)
            && let Some(MonitorCommand::Arbitrate { .. }) = instance.deferred
        {
            instance.deferred = None;
            self.arbitrated(name, Err(reason.clone()));
        }
        self.cancel_arbitration(name, &reason);
        self.call_release(services, name);
        self.go_on(services, name);
    }

    /// Calls `release` and stops defending.
    pub(super) fn call_release(&mut self, services: &mut dyn Services, name: &Name) {
        if let Some((answer, refused)) = self.call(services, name, Call::Release)
            && answer.code != abi::ERROR_SUCCESS
        {
            let reason = self.why(services, name, "Release", answer.code, refused);
            self.write_log(name, vec![(abi::LOG_WARNING, reason.text)]);
        }
        let busy = self.state(name).is_some_and(|state| !state.is_down());
        if let Some(instance) = self.instances.get_mut(name) {
            instance.defending = false;
            if !busy {
                instance.work_at = None;
            }
        }
    }

    /// Keeps a command until the pending operation ends. A newer one replaces it.
    fn defer(&mut self, name: &Name, command: MonitorCommand) {
        self.drop_deferred(name);
        if let Some(instance) = self.instances.get_mut(name) {
            instance.deferred = Some(command);
        }
    }

    /// Drops the deferred command, if there is one.
    fn drop_deferred(&mut self, name: &Name) {
        let deferred = self
            .instances
            .get_mut(name)
            .and_then(|it| it.deferred.take());
        if let Some(MonitorCommand::Arbitrate { .. }) = deferred {
            let text = "something else was asked for first";
            self.arbitrated(name, Err(Reason::new(abi::ERROR_OPERATION_ABORTED, text)));
        }
    }

    /// Carries out the deferred command, if nothing is in its way any more.
    pub(super) fn go_on(&mut self, services: &mut dyn Services, name: &Name) {
        let deferred = self
            .instances
            .get_mut(name)
            .filter(|instance| instance.pending.is_none())
            .and_then(|instance| instance.deferred.take());
        if let Some(command) = deferred {
            self.carry_out(services, command);
        }
    }

    fn is_arbitrating(&self, name: &Name) -> bool {
        self.instances.get(name).and_then(|it| it.operation()) == Some(Operation::Arbitrate)
    }

    /// Answers a pending arbitration that will not be finished.
    pub(super) fn cancel_arbitration(&mut self, name: &Name, reason: &Reason) {
        if self.is_arbitrating(name) {
            if let Some(instance) = self.instances.get_mut(name) {
                instance.pending = None;
                instance.expect_reports(false);
            }
            self.arbitrated(name, Err(reason.clone()));
        }
    }

    pub(super) fn arbitrated(&mut self, name: &Name, result: Result<(), Reason>) {
        self.events.push_back(MonitorEvent::Arbitrated {
            resource: name.clone(),
            result,
        });
    }
}
