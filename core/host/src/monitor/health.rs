//! The health checks LooksAlive and IsAlive.

use std::time::Duration;

use quorate_abi as abi;
use quorate_model::monitor::{HealthCheck, MonitorEvent};
use quorate_model::{Name, Reason, ResourceProperties, ResourceState, Time};

use super::Monitor;
use crate::Services;
use crate::library::TypeInfo;
use crate::table::Call;

/// The value of a poll interval that means: as the type says (docs/semantics.md, 3.1).
const TYPES_OWN: u32 = u32::MAX;
/// The shortest poll interval (docs/semantics.md, 3.1).
const INTERVAL_MIN_MS: u32 = 10;
/// The original's intervals. They are used if the type's description is not available.
const LOOKS_ALIVE_MS: u32 = 5_000;
const IS_ALIVE_MS: u32 = 60_000;

impl Monitor {
    /// Starts polling a resource that has come online: both checks are first made one interval from now. LooksAlive is
    /// not called if the type watches the resource itself (docs/semantics.md, 1.2).
    pub(super) fn start_polls(&mut self, name: &Name, now: Time) {
        let Some((looks_alive, is_alive)) = self.directory.get(name).map(|it| it.intervals) else {
            return;
        };
        let Some(instance) = self.instances.get_mut(name) else {
            return;
        };
        instance.answered = (false, false);
        instance.looks_alive_at = (!instance.has_event).then(|| now + looks_alive);
        instance.is_alive_at = Some(now + is_alive);
    }

    /// Makes the checks that are due. If both are, only IsAlive is made: it is the thorough one.
    pub(super) fn poll_health(&mut self, services: &mut dyn Services, name: &Name, now: Time) {
        let Some(instance) = self.instances.get(name) else {
            return;
        };
        let at = (instance.looks_alive_at, instance.is_alive_at);
        if at == (None, None) {
            return;
        }
        if self.state(name) != Some(ResourceState::Online) {
            // The resource is going offline, so it is no longer checked.
            if let Some(instance) = self.instances.get_mut(name) {
                (instance.looks_alive_at, instance.is_alive_at) = (None, None);
            }
            return;
        }
        let is_due = |at: Option<Time>| at.is_some_and(|at| at <= now);
        let (looks_alive_due, is_alive_due) = (is_due(at.0), is_due(at.1));
        if !looks_alive_due && !is_alive_due {
            return;
        }
        let Some((looks_alive, is_alive)) = self.directory.get(name).map(|it| it.intervals) else {
            return;
        };
        if let Some(instance) = self.instances.get_mut(name) {
            if looks_alive_due {
                instance.looks_alive_at = Some(now + looks_alive);
            }
            if is_alive_due {
                instance.is_alive_at = Some(now + is_alive);
            }
        }
        if is_alive_due {
            self.check_is_alive(services, name);
        } else {
            self.check_looks_alive(services, name);
        }
    }

    fn check_looks_alive(&mut self, services: &mut dyn Services, name: &Name) {
        let Some((answer, refused)) = self.call(services, name, Call::LooksAlive) else {
            return;
        };
        // Any answer but 1 means no, including the code of a panic.
        let alive = answer.code == 1;
        let reason = (!alive).then(|| refused.map(|error| error.text));
        let reason = reason.map(|text| self.why_not(services, name, text, "LooksAlive said no"));
        let Some(instance) = self.instances.get_mut(name) else {
            return;
        };
        if !std::mem::replace(&mut instance.answered.0, true) || !alive {
            self.report_health(name, HealthCheck::LooksAlive, alive, reason);
        }
        if !alive {
            self.check_is_alive(services, name);
        }
    }

    /// Calls IsAlive. If it says no, the resource is Failed and terminated.
    pub(super) fn check_is_alive(&mut self, services: &mut dyn Services, name: &Name) {
        let Some((answer, refused)) = self.call(services, name, Call::IsAlive) else {
            return;
        };
        let alive = answer.code == 1;
        let Some(instance) = self.instances.get_mut(name) else {
            return;
        };
        let first = !std::mem::replace(&mut instance.answered.1, true);
        if alive {
            if first {
                self.report_health(name, HealthCheck::IsAlive, true, None);
            }
            return;
        }
        let text = refused.map(|error| error.text);
        let reason = self.why_not(services, name, text, "IsAlive said no");
        self.report_health(name, HealthCheck::IsAlive, false, Some(reason.clone()));
        self.fail(services, name, reason);
    }

    fn why_not(
        &mut self,
        services: &mut dyn Services,
        name: &Name,
        refused: Option<String>,
        otherwise: &str,
    ) -> Reason {
        let text = match self.last_error(services, name).or(refused) {
            Some(text) => format!("{otherwise}: {text}"),
            None => otherwise.to_owned(),
        };
        Reason::new(abi::ERROR_RESOURCE_FAILED, text)
    }

    fn report_health(
        &mut self,
        name: &Name,
        check: HealthCheck,
        alive: bool,
        reason: Option<Reason>,
    ) {
        let resource = name.clone();
        self.events.push_back(MonitorEvent::Health {
            resource,
            check,
            alive,
            reason,
        });
    }
}

/// The intervals of LooksAlive and IsAlive: the resource's own, or those of its type if that is known.
pub(super) fn intervals(own: &ResourceProperties, kind: Option<&TypeInfo>) -> (Duration, Duration) {
    let pick = |own: u32, kind: Option<u32>, original: u32| {
        let own = Some(own).filter(|own| *own != TYPES_OWN);
        let ms = own.or(kind).unwrap_or(original).max(INTERVAL_MIN_MS);
        Duration::from_millis(u64::from(ms))
    };
    let looks_alive = kind.map(|kind| kind.looks_alive_ms);
    let is_alive = kind.map(|kind| kind.is_alive_ms);
    (
        pick(own.looks_alive_poll_interval, looks_alive, LOOKS_ALIVE_MS),
        pick(own.is_alive_poll_interval, is_alive, IS_ALIVE_MS),
    )
}
