//! The restart ladder of a failed resource (SEMANTICS 3.3; the source text's steps 4 and 5).

use std::collections::VecDeque;
use std::time::Duration;

use quorate_model::{ResourceProperties, RestartAction, Time};

/// What a failure leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Restart on the same node: the how-manieth failure inside the period this is.
    Restart { failures: u32 },
    /// Stay Failed, leave the rest of the group alone.
    StayFailed,
    /// Fail the group over.
    FailOver,
}

/// Decides over one more failure at `now`. `failures` holds the earlier ones inside the period and is kept so.
///
/// The window slides: a threshold of N tolerates N restarts in any stretch of `RestartPeriod`, and the (N+1)th
/// failure inside one escalates.
pub(crate) fn decide(
    properties: &ResourceProperties,
    failures: &mut VecDeque<Time>,
    now: Time,
) -> Decision {
    let period = Duration::from_millis(u64::from(properties.restart_period));
    failures.retain(|failure| now.since(*failure) < period);
    if properties.restart_action == RestartAction::DontRestart {
        return Decision::StayFailed;
    }
    failures.push_back(now);
    let count = u32::try_from(failures.len()).unwrap_or(u32::MAX);
    if count <= properties.restart_threshold {
        return Decision::Restart { failures: count };
    }
    match properties.restart_action {
        RestartAction::RestartNotify => Decision::FailOver,
        RestartAction::RestartNoNotify | RestartAction::DontRestart => Decision::StayFailed,
    }
}

/// When a resource that stays Failed is tried again, if ever.
pub(crate) fn retry_at(properties: &ResourceProperties, now: Time) -> Option<Time> {
    match properties.retry_period_on_failure {
        u32::MAX => None,
        ms => Some(now + Duration::from_millis(u64::from(ms))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Time {
        Time::from_millis(seconds * 1_000)
    }

    #[test]
    fn three_restarts_within_900_seconds_then_failover() {
        let properties = ResourceProperties::default();
        let mut failures = VecDeque::new();
        for (second, wanted) in [
            (0, Decision::Restart { failures: 1 }),
            (10, Decision::Restart { failures: 2 }),
            (20, Decision::Restart { failures: 3 }),
            (899, Decision::FailOver),
        ] {
            assert_eq!(
                decide(&properties, &mut failures, at(second)),
                wanted,
                "at {second} s"
            );
        }
    }

    #[test]
    fn a_failure_901_seconds_old_no_longer_counts() {
        let properties = ResourceProperties::default();
        let mut failures = VecDeque::from([at(0), at(10), at(20)]);
        assert_eq!(
            decide(&properties, &mut failures, at(901)),
            Decision::Restart { failures: 3 }
        );
    }

    #[test]
    fn restart_actions() {
        let mut properties = ResourceProperties {
            restart_action: RestartAction::DontRestart,
            ..ResourceProperties::default()
        };
        let mut failures = VecDeque::new();
        assert_eq!(
            decide(&properties, &mut failures, at(0)),
            Decision::StayFailed
        );
        properties.restart_action = RestartAction::RestartNoNotify;
        properties.restart_threshold = 1;
        assert_eq!(
            decide(&properties, &mut failures, at(1)),
            Decision::Restart { failures: 1 }
        );
        assert_eq!(
            decide(&properties, &mut failures, at(2)),
            Decision::StayFailed
        );
    }
}
