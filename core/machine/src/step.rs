//! What plugins see of a service, in the journal's terms.

use quorate_host::ServiceState;
use quorate_journal::ServiceStep;

/// A service's state as the journal tells it.
pub fn step(state: ServiceState) -> ServiceStep {
    match state {
        ServiceState::Stopped => ServiceStep::Stopped,
        ServiceState::StartPending => ServiceStep::StartPending,
        ServiceState::Running => ServiceStep::Running,
        ServiceState::StopPending => ServiceStep::StopPending,
    }
}
