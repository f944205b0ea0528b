//! A machine's own clock, which has an origin of its own and drifts.

use quorate_model::Time;

const MILLION: i64 = 1_000_000;

/// The relation between a machine's monotonic clock and the world's.
///
/// It has an origin of its own, since instants of two machines must never be compared, and it runs fast or slow by a
/// fixed number of parts per million.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clock {
    /// The world's time at which the clock showed `shown`.
    anchor: Time,
    /// What the clock showed at `anchor`.
    shown: Time,
    /// Gain in parts per million; below zero it is a loss.
    drift_ppm: i32,
}

impl Clock {
    /// A clock that shows `shown` when the world's time is `anchor`.
    pub(crate) fn new(anchor: Time, shown: Time, drift_ppm: i32) -> Self {
        Clock {
            anchor,
            shown,
            drift_ppm,
        }
    }

    /// Gain in parts per million; below zero it is a loss.
    pub(crate) fn drift_ppm(&self) -> i32 {
        self.drift_ppm
    }

    /// What the clock shows at the world's time `world`, which must not be before the anchor.
    pub(crate) fn local(&self, world: Time) -> Time {
        if world == Time::NEVER {
            return Time::NEVER;
        }
        let elapsed = i128::from(world.0.saturating_sub(self.anchor.0));
        let gained = scaled(elapsed, self.drift_ppm.into(), MILLION);
        saturate(i128::from(self.shown.0) + elapsed + gained)
    }

    /// The earliest instant of the world at which the clock shows `local` or later. Before the anchor the clock is
    /// taken to have run at its present rate, since a clock that begins to drift has a past.
    pub(crate) fn world(&self, local: Time) -> Time {
        if local == Time::NEVER {
            return Time::NEVER;
        }
        let rate = MILLION + i64::from(self.drift_ppm);
        if local <= self.shown {
            let ago = i128::from(self.shown.0 - local.0);
            return saturate(i128::from(self.anchor.0) - scaled(ago, MILLION, rate));
        }
        let wanted = i128::from(local.0) - i128::from(self.shown.0);
        let mut world = saturate(i128::from(self.anchor.0) + scaled(wanted, MILLION, rate));
        // Each rounding is off by less than a microsecond, so two steps are enough.
        while world.0 > self.anchor.0 && self.local(Time(world.0 - 1)) >= local {
            world.0 -= 1;
        }
        while self.local(world) < local {
            world.0 += 1;
        }
        world
    }
}

/// `value * by / per`. Every event reads clocks, and the values usually fit into a machine word.
fn scaled(value: i128, by: i64, per: i64) -> i128 {
    let short = i64::try_from(value).ok();
    match short.and_then(|value| value.checked_mul(by)) {
        Some(product) => i128::from(product / per),
        None => value * i128::from(by) / i128::from(per),
    }
}

fn saturate(micros: i128) -> Time {
    Time(u64::try_from(micros.max(0)).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn world_is_the_earliest_instant_that_shows_it(
            anchor in 0_u64..1 << 40,
            shown in 0_u64..1 << 40,
            ahead in 0_u64..1 << 45,
            drift in -10_000_i32..=10_000,
        ) {
            let clock = Clock::new(Time(anchor), Time(shown), drift);
            let local = Time(shown + ahead);
            let world = clock.world(local);
            prop_assert!(clock.local(world) >= local);
            if world.0 > anchor {
                prop_assert!(clock.local(Time(world.0 - 1)) < local);
            }
        }
    }

    #[test]
    fn a_clock_that_begins_to_drift_keeps_its_past() {
        let before = Clock::new(Time(5_000_000), Time(70_000_000), 0);
        let now = Time(65_000_000);
        let fast = Clock::new(now, before.local(now), 10_000);
        let then = Time(30_000_000);
        let found = fast.world(before.local(then)).0;
        assert!(found.abs_diff(then.0) < 400_000, "{found}");
        assert_eq!(fast.world(Time(0)), Time(0), "nothing is before the world");
    }

    #[test]
    fn a_fast_clock_gains() {
        let clock = Clock::new(Time::ZERO, Time::ZERO, 50);
        assert_eq!(clock.local(Time(1_000_000)), Time(1_000_050));
        assert_eq!(clock.world(Time::NEVER), Time::NEVER);
    }
}
