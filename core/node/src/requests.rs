//! Administrators' requests that have not been answered yet.

use std::collections::BTreeMap;
use std::time::Duration;

use quorate_model::Time;

/// How long a request may wait for a cluster with quorum.
const PATIENCE: Duration = Duration::from_secs(20);

/// Who waits for what: each is answered once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Requests {
    /// By the number of its proposal: the request, and when it came.
    proposed: BTreeMap<u64, (u64, Time)>,
    /// The request that the service be stopped.
    stop: Option<u64>,
}

impl Requests {
    /// A request was put on its way as the proposal of this number.
    pub(crate) fn proposed(&mut self, sequence: u64, request: u64, now: Time) {
        self.proposed.insert(sequence, (request, now));
    }

    /// The service is asked to stop.
    pub(crate) fn stop(&mut self, request: u64) {
        self.stop = Some(request);
    }

    /// The proposal of this number has come back: the request that it was made of, if that still waits.
    pub(crate) fn take(&mut self, sequence: u64) -> Option<u64> {
        self.proposed.remove(&sequence).map(|(request, _)| request)
    }

    /// The requests that have waited for quorum for too long.
    pub(crate) fn take_late(&mut self, now: Time) -> Vec<u64> {
        let mut late = Vec::new();
        self.proposed.retain(|_, (request, since)| {
            let waits = now.since(*since) < PATIENCE;
            if !waits {
                late.push(*request);
            }
            waits
        });
        late
    }

    /// The request to stop, for a service that has stopped.
    pub(crate) fn take_stop(&mut self) -> Option<u64> {
        self.stop.take()
    }

    /// All that were proposed, for a service that has stopped.
    pub(crate) fn take_all(&mut self) -> Vec<u64> {
        let proposed = std::mem::take(&mut self.proposed);
        proposed.into_values().map(|(request, _)| request).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_answered_once_and_late_when_it_has_waited_for_as_long_as_it_may() {
        let mut requests = Requests::default();
        let (first, second) = (Time::from_millis(1_000), Time::from_millis(2_000));
        requests.proposed(1, 11, first);
        requests.proposed(2, 12, second);
        assert_eq!(requests.take_late(Time((first + PATIENCE).0 - 1)), [0; 0]);
        assert_eq!(requests.take_late(first + PATIENCE), [11]);
        assert_eq!(requests.take(1), None);
        assert_eq!(requests.take(2), Some(12));
        assert_eq!(requests.take_all(), [0; 0]);
    }
}
