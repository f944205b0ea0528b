//! The restart ladder of a failed resource (docs/semantics.md, 3.3).

use std::collections::VecDeque;
use std::time::Duration;

use quorate_model::{GroupProperties, ResourceProperties, RestartAction, Time};

/// What a failure leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Restart on the same node, after `RestartDelay`. `failures` is how many there were inside the period, this one
    /// included.
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
    forget_old(properties, failures, now);
    if properties.restart_action != RestartAction::DontRestart {
        failures.push_back(now);
    }
    judge(properties, failures.len())
}

/// Decides anew, at `now`, over the last of the failures that were counted.
pub(crate) fn again(
    properties: &ResourceProperties,
    failures: &mut VecDeque<Time>,
    now: Time,
) -> Decision {
    forget_old(properties, failures, now);
    judge(properties, failures.len())
}

fn forget_old(properties: &ResourceProperties, failures: &mut VecDeque<Time>, now: Time) {
    let period = Duration::from_millis(u64::from(properties.restart_period));
    failures.retain(|failure| now.since(*failure) < period);
}

fn judge(properties: &ResourceProperties, failures: usize) -> Decision {
    let failures = u32::try_from(failures).unwrap_or(u32::MAX);
    match properties.restart_action {
        RestartAction::DontRestart => Decision::StayFailed,
        _ if failures <= properties.restart_threshold => Decision::Restart { failures },
        RestartAction::RestartNotify => Decision::FailOver,
        RestartAction::RestartNoNotify => Decision::StayFailed,
    }
}

/// When a resource that failed at `now` is restarted.
pub(crate) fn restart_at(properties: &ResourceProperties, now: Time) -> Time {
    now + Duration::from_millis(u64::from(properties.restart_delay))
}

/// The first rest of a group before it fails over to a node that it has failed on already.
const REST: Duration = Duration::from_secs(5);
/// The longest one.
const REST_MAX: Duration = Duration::from_secs(60);

/// How long a group rests before it fails over to a node that it has failed on already. `count` is the number of that
/// failover since the group was last in service; each rest is twice as long as the one before. Haste does not help a
/// group that fails everywhere for a reason outside it.
pub(crate) fn rest(count: u32) -> Duration {
    let doublings = count.saturating_sub(2).min(8);
    (REST * (1 << doublings)).min(REST_MAX)
}

/// When a resource that stays Failed is tried again, if ever.
pub(crate) fn retry_at(properties: &ResourceProperties, now: Time) -> Option<Time> {
    match properties.retry_period_on_failure {
        u32::MAX => None,
        ms => Some(now + Duration::from_millis(u64::from(ms))),
    }
}

/// Whether a group that failed over at `failovers` (civil ms) may do so once more.
pub(crate) fn may_fail_over(
    properties: &GroupProperties,
    failovers: &[i64],
    civil_ms: i64,
) -> bool {
    let period = properties.failover_period;
    let recent = failovers
        .iter()
        .filter(|at| is_recent(period, **at, civil_ms));
    recent.count() < usize::try_from(properties.failover_threshold).unwrap_or(usize::MAX)
}

/// Whether a failover at `at` (civil ms) is within FailoverPeriod (hours) of `civil_ms`.
///
/// A failover that seems to lie in the future counts as well, since the clocks of two nodes differ. One that lies a
/// whole period ahead does not: a clock has been set back since, and nobody should wait until it gets there again.
pub(crate) fn is_recent(failover_period: u32, at: i64, civil_ms: i64) -> bool {
    let period = i64::from(failover_period) * 3_600_000;
    civil_ms.saturating_sub(at).saturating_abs() < period
}

#[cfg(test)]
mod reference;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::reference::{Reference, Step};
    use super::*;

    /// What the node's own functions make of one more failure of a group's resource.
    fn decided(
        properties: &[ResourceProperties],
        group: &GroupProperties,
        failures: &mut [VecDeque<Time>],
        failovers: &mut Vec<i64>,
        failed: usize,
        now: Time,
    ) -> Step {
        let civil = i64::try_from(now.as_millis()).unwrap();
        match decide(&properties[failed], &mut failures[failed], now) {
            Decision::Restart { failures } => Step::Restart {
                failures,
                at: restart_at(&properties[failed], now).as_millis(),
            },
            Decision::StayFailed => Step::StayFailed,
            Decision::FailOver if may_fail_over(group, failovers, civil) => {
                failovers.push(civil);
                failures.iter_mut().for_each(VecDeque::clear);
                Step::FailOver
            }
            Decision::FailOver => Step::GiveUp,
        }
    }

    prop_compose! {
        fn resource()(
            action in 0..3, threshold in 0..5_u32, period in 0..40_u32, delay in prop::option::of(0..200_000_u32),
        ) -> ResourceProperties {
            ResourceProperties {
                restart_action: match action {
                    0 => RestartAction::DontRestart,
                    1 => RestartAction::RestartNoNotify,
                    _ => RestartAction::RestartNotify,
                },
                restart_threshold: threshold,
                restart_period: period * 60_000,
                restart_delay: delay.unwrap_or(ResourceProperties::default().restart_delay),
                ..ResourceProperties::default()
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

        /// Random failures of three resources of one group, minutes apart or at one instant.
        #[test]
        fn every_decision_is_the_references(
            properties in prop::collection::vec(resource(), 3),
            threshold in 0..5_u32,
            period in 0..4_u32,
            failures in prop::collection::vec((0..3_usize, 0..30_u64), 1..120),
        ) {
            let group = GroupProperties {
                failover_threshold: threshold,
                failover_period: period,
                ..GroupProperties::default()
            };
            let mut reference = Reference::new(properties.clone(), group.clone());
            let mut counted = vec![VecDeque::new(); 3];
            let mut failovers = Vec::new();
            let mut minutes = 0;
            for (failed, wait) in failures {
                minutes += wait;
                let now = at(minutes * 60);
                let found = decided(&properties, &group, &mut counted, &mut failovers, failed, now);
                prop_assert_eq!(found, reference.failure(failed, minutes), "minute {}", minutes);
            }
        }
    }

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
    fn a_group_that_goes_round_rests_twice_as_long_each_time_and_never_longer_than_a_minute() {
        let rests: Vec<u64> = (1..=10).map(|count| rest(count).as_secs()).collect();
        assert_eq!(rests, [5, 5, 10, 20, 40, 60, 60, 60, 60, 60]);
        assert_eq!(rest(u32::MAX), REST_MAX);
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

    #[test]
    fn what_stays_failed_is_tried_again_after_its_retry_period_if_it_has_one() {
        let now = Time::from_millis(1_000);
        for (period, at) in [
            (0, Some(now)),
            (5_000, Some(Time::from_millis(6_000))),
            (u32::MAX, None),
        ] {
            let properties = ResourceProperties {
                retry_period_on_failure: period,
                ..ResourceProperties::default()
            };
            assert_eq!(retry_at(&properties, now), at);
        }
    }
}
