//! Operations that take time, and the work that a type does by itself in between.

use std::time::Duration;

use quorate_abi as abi;
use quorate_model::monitor::MonitorEvent;
use quorate_model::{Lasting, Name, Reason, ResourceProperties, ResourceState, Time};

use super::instance::{Answer, Operation, Pending};
use super::{ARBITRATION_TIMEOUT, Monitor};
use crate::Services;
use crate::table::{Call, Work};

/// How often the monitor looks for reports of a plugin's own threads while an operation is pending.
const MAIL_PERIOD_MS: u32 = 100;

/// The shortest `PendingTimeout` (docs/semantics.md, 3.1).
const PENDING_TIMEOUT_MIN_MS: u32 = 10;

impl Monitor {
    /// Starts an operation. No other may be pending.
    pub(super) fn begin(&mut self, services: &mut dyn Services, name: &Name, operation: Operation) {
        if let Some(instance) = self.instances.get_mut(name) {
            instance.expect_reports(true);
            if operation == Operation::Online {
                instance.has_event = false;
            }
        }
        let answer = self.call_work(services, name, operation.call());
        let Some(answer) = answer else {
            if operation == Operation::Arbitrate {
                let reason = self.why_gone(name);
                self.arbitrated(name, Err(reason));
            }
            return;
        };
        let now = services.now();
        if answer.code == abi::ERROR_IO_PENDING {
            let timeout = self.timeout(name, operation);
            if let Some(instance) = self.instances.get_mut(name) {
                instance.pending = Some(Pending {
                    operation,
                    checkpoint: answer.work.checkpoint,
                    deadline: now + timeout,
                });
            }
            match operation {
                Operation::Online => self.enter_state(name, ResourceState::OnlinePending, None),
                Operation::Offline => self.enter_state(name, ResourceState::OfflinePending, None),
                Operation::Arbitrate => {}
            }
        }
        self.took(services, name, now, operation, answer);
    }

    /// Calls `work`: for the pending operation, or else for what the type does by itself.
    pub(super) fn work(&mut self, services: &mut dyn Services, name: &Name, now: Time) {
        let Some(instance) = self.instances.get(name) else {
            return;
        };
        let operation = instance.operation();
        if !instance.abilities.work {
            // It was only due to look for reports of its threads.
            if let Some(instance) = self.instances.get_mut(name)
                && operation.is_some()
            {
                instance.schedule_work(now, MAIL_PERIOD_MS);
            }
            return;
        }
        let Some(answer) = self.call_work(services, name, Call::Work) else {
            return;
        };
        match operation {
            Some(operation) => {
                if answer.work.quorum_lost {
                    self.lose_quorum(services, name);
                }
                self.took(services, name, now, operation, answer);
            }
            None => self.worked(services, name, now, answer),
        }
    }

    /// Acts on an entry's answer about the pending operation.
    fn took(
        &mut self,
        services: &mut dyn Services,
        name: &Name,
        now: Time,
        operation: Operation,
        answer: Answer,
    ) {
        match answer.code {
            abi::ERROR_SUCCESS => self.ended(services, name, now, operation, &answer.work),
            abi::ERROR_IO_PENDING => {
                self.note_progress(name, now, answer.work.checkpoint);
                let Some(instance) = self.instances.get_mut(name) else {
                    return;
                };
                instance.has_event |= answer.work.has_event;
                if instance.abilities.work {
                    instance.schedule_work(now, answer.work.wait_ms);
                } else if instance.has_threads {
                    instance.schedule_work(now, MAIL_PERIOD_MS);
                } else {
                    let text = format!(
                        "{} is pending, but the type has no `work` entry to end it",
                        operation.as_str()
                    );
                    let reason = Reason::new(abi::ERROR_INVALID_FUNCTION, text);
                    self.broke_off(services, name, operation, reason);
                }
            }
            code => {
                if operation == Operation::Arbitrate
                    && answer.work.wait_ms > 0
                    && let Some(instance) = self.instances.get_mut(name)
                {
                    // The type has other work of its own while the resource is online, and that goes on.
                    instance.schedule_work(now, answer.work.wait_ms);
                }
                let reason = self.why(services, name, operation.as_str(), code, answer.refused);
                self.broke_off(services, name, operation, reason);
            }
        }
    }

    /// Notes a checkpoint. If it is higher than the last one, the operation gets its full time again. An arbitration
    /// does not: it has a limit from beginning to end.
    fn note_progress(&mut self, name: &Name, now: Time, checkpoint: u32) {
        let Some(operation) = self.instances.get(name).and_then(|it| it.operation()) else {
            return;
        };
        let timeout = self.timeout(name, operation);
        if let Some(instance) = self.instances.get_mut(name)
            && let Some(pending) = &mut instance.pending
            && checkpoint > pending.checkpoint
        {
            pending.checkpoint = checkpoint;
            if operation != Operation::Arbitrate {
                pending.deadline = now + timeout;
            }
        }
    }

    /// Ends an operation that succeeded.
    fn ended(
        &mut self,
        services: &mut dyn Services,
        name: &Name,
        now: Time,
        operation: Operation,
        work: &Work,
    ) {
        let Some(instance) = self.instances.get_mut(name) else {
            return;
        };
        instance.pending = None;
        instance.expect_reports(false);
        if operation == Operation::Offline {
            instance.rest();
        } else {
            if work.wait_ms > 0 {
                // If the answer asks for no wait, the schedule stays as it is: a defence goes on.
                instance.schedule_work(now, work.wait_ms);
            }
            instance.has_event |= work.has_event;
        }
        match operation {
            Operation::Online => {
                self.start_polls(name, now);
                self.enter_state(name, ResourceState::Online, None);
            }
            Operation::Offline => self.enter_state(name, ResourceState::Offline, None),
            Operation::Arbitrate => {
                instance.defending = true;
                self.arbitrated(name, Ok(()));
            }
        }
        self.go_on(services, name);
    }

    /// Ends an operation that failed.
    fn broke_off(
        &mut self,
        services: &mut dyn Services,
        name: &Name,
        operation: Operation,
        reason: Reason,
    ) {
        match operation {
            Operation::Online | Operation::Offline => self.fail(services, name, reason),
            Operation::Arbitrate => {
                let online = self.state(name) == Some(ResourceState::Online);
                if let Some(instance) = self.instances.get_mut(name) {
                    instance.pending = None;
                    instance.defending = false;
                    instance.expect_reports(false);
                    if !online {
                        instance.work_at = None;
                    }
                }
                self.arbitrated(name, Err(reason));
            }
        }
        self.go_on(services, name);
    }

    /// Ends a pending operation that has made no progress for too long.
    pub(super) fn time_out(&mut self, services: &mut dyn Services, name: &Name) {
        let Some(operation) = self.instances.get(name).and_then(|it| it.operation()) else {
            return;
        };
        let timeout = self.timeout(name, operation);
        if operation == Operation::Arbitrate {
            let text = format!("Arbitrate took longer than {}", Lasting(timeout));
            let reason = Reason::new(abi::ERROR_TIMEOUT, text);
            if self.state(name).is_some_and(ResourceState::is_down) {
                // This cancels the pending arbitration.
                self.call(services, name, Call::Terminate);
            } else {
                self.call_release(services, name);
            }
            self.broke_off(services, name, operation, reason);
        } else {
            let text = format!(
                "{} made no progress for {} (PendingTimeout)",
                operation.as_str(),
                Lasting(timeout)
            );
            self.fail(services, name, Reason::new(abi::ERROR_TIMEOUT, text));
            self.go_on(services, name);
        }
    }

    /// Sets the state to Failed, and then calls Terminate (docs/semantics.md, 1.2).
    pub(super) fn fail(&mut self, services: &mut dyn Services, name: &Name, reason: Reason) {
        self.cancel_arbitration(name, &reason);
        self.enter_state(name, ResourceState::Failed, Some(reason.clone()));
        self.call(services, name, Call::Terminate);
        let Some(instance) = self.instances.get_mut(name) else {
            return;
        };
        let defended = instance.defending;
        instance.rest();
        if defended {
            // Terminate has given up the reservation.
            self.events.push_back(MonitorEvent::QuorumLost {
                resource: name.clone(),
                reason,
            });
        }
    }

    /// Acts on the answer of `work` while no operation was pending.
    fn worked(&mut self, services: &mut dyn Services, name: &Name, now: Time, answer: Answer) {
        let Answer {
            code,
            work,
            refused,
        } = answer;
        if let Some(instance) = self.instances.get_mut(name)
            && work.wait_ms > 0
        {
            instance.schedule_work(now, work.wait_ms);
        }
        let online = self.state(name) == Some(ResourceState::Online);
        let broken = !matches!(code, abi::ERROR_SUCCESS | abi::ERROR_IO_PENDING);
        if work.quorum_lost || (broken && !online) {
            self.lose_quorum(services, name);
        }
        if !online {
            return;
        }
        if code == abi::ERROR_PANIC {
            let reason = self.why(services, name, "Work", code, refused);
            self.fail(services, name, reason);
        } else if broken || work.signal {
            self.check_is_alive(services, name);
        }
    }

    /// Reports that a reservation that was defended is lost.
    fn lose_quorum(&mut self, services: &mut dyn Services, name: &Name) {
        let Some(instance) = self.instances.get_mut(name) else {
            return;
        };
        if !std::mem::take(&mut instance.defending) {
            return;
        }
        let text = self
            .last_error(services, name)
            .unwrap_or_else(|| "the reservation is lost".to_owned());
        if self.state(name).is_some_and(ResourceState::is_down)
            && let Some(instance) = self.instances.get_mut(name)
        {
            instance.work_at = None;
        }
        self.events.push_back(MonitorEvent::QuorumLost {
            resource: name.clone(),
            reason: Reason::new(abi::ERROR_RESOURCE_FAILED, text),
        });
    }

    /// Takes the reports of the plugin's threads, and acts on them.
    pub(super) fn read_mail(&mut self, services: &mut dyn Services, name: &Name, now: Time) {
        let Some(instance) = self.instances.get(name) else {
            return;
        };
        if !instance.has_threads {
            return;
        }
        let operation = instance.operation();
        let Some((report, log)) = self.take_mail(name) else {
            return;
        };
        self.write_log(name, log);
        let Some(operation) = operation else { return };
        self.note_progress(name, now, report.checkpoint);
        if report.ended.is_some()
            && let Some(instance) = self.instances.get_mut(name)
        {
            // This was scheduled for the operation, which has ended.
            instance.work_at = None;
        }
        match report.ended {
            None => {}
            Some(abi::ERROR_SUCCESS) => {
                self.ended(services, name, now, operation, &Work::default());
            }
            Some(code) => {
                let reason = self.why(services, name, operation.as_str(), code, None);
                self.broke_off(services, name, operation, reason);
            }
        }
    }

    /// How long an operation may go on without progress; for an arbitration, how long it may take from beginning to
    /// end.
    ///
    /// If the resource has the cluster's default `PendingTimeout`, its type's applies, if the type has one.
    fn timeout(&self, name: &Name, operation: Operation) -> Duration {
        if operation == Operation::Arbitrate {
            return ARBITRATION_TIMEOUT;
        }
        let cluster = ResourceProperties::default().pending_timeout;
        let Some(record) = self.directory.get(name) else {
            return Duration::from_millis(u64::from(cluster));
        };
        let own = record.spec.properties.pending_timeout;
        let kind = self
            .directory
            .kind_of(name)
            .map_or(0, |kind| kind.pending_timeout_ms);
        let ms = if own == cluster && kind != 0 {
            kind
        } else {
            own
        };
        Duration::from_millis(u64::from(ms.max(PENDING_TIMEOUT_MIN_MS)))
    }
}
