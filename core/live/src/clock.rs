//! The machine's clocks.

use quorate_model::Time;
use rustix::time::{ClockId, Timespec, clock_gettime};

/// The machine's monotonic clock, which goes on while the machine is suspended: a node that slept must find out what it has
/// missed.
pub(crate) fn now() -> Time {
    let Timespec { tv_sec, tv_nsec } = clock_gettime(ClockId::Boottime);
    let micros = i128::from(tv_sec) * 1_000_000 + i128::from(tv_nsec) / 1_000;
    Time(u64::try_from(micros).unwrap_or(0))
}

/// Milliseconds since 1970 UTC, as the machine has them.
pub(crate) fn civil_ms() -> i64 {
    let Timespec { tv_sec, tv_nsec } = clock_gettime(ClockId::Realtime);
    tv_sec
        .saturating_mul(1_000)
        .saturating_add(tv_nsec / 1_000_000)
}

/// Civil time at the origin of the monotonic clock, in milliseconds since 1970 UTC. It changes when civil time is set.
pub(crate) fn civil_origin_ms() -> i64 {
    civil_ms().saturating_sub(i64::try_from(now().as_millis()).unwrap_or(i64::MAX))
}
