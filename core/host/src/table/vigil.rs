//! Watches how long the running call of an entry lasts, from a thread beside it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use super::record;
use super::slow::note_slow;
use super::whom::Whom;

/// The number of the running call of an entry; 0 if none runs.
static RUNNING: AtomicU64 = AtomicU64::new(0);

/// A running call, until it is dropped.
pub(crate) struct Running<'a> {
    whom: Whom<'a>,
    began: Duration,
}

impl Running<'_> {
    pub(crate) fn begin(whom: Whom<'_>) -> Running<'_> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        record::entered(whom);
        RUNNING.store(NEXT.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        Running {
            whom,
            began: about_now(),
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        RUNNING.store(0, Ordering::Relaxed);
        record::left();
        note_slow(self.whom, about_now().saturating_sub(self.began));
    }
}

/// The time since some moment, to some milliseconds: exact enough for slow calls, and a tenth of the cost around every call.
fn about_now() -> Duration {
    let now = clock_gettime(ClockId::MonotonicCoarse);
    let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(now.tv_nsec).unwrap_or_default())
}

/// What the watching thread has seen of calls so far.
#[derive(Debug, Default)]
struct Seen {
    last: u64,
    /// For how many looks in a row the same call has been running.
    times: u128,
}

impl Seen {
    /// Looks once: `now` is the number of the running call. Returns for how many looks in a row it has been running.
    fn look(&mut self, now: u64) -> u128 {
        self.times = if now != 0 && now == self.last {
            self.times + 1
        } else {
            0
        };
        self.last = now;
        self.times
    }
}

/// Watches this process's calls of entries from a thread of its own, and runs `hung` if one lasts longer than about
/// `limit`. The call itself cannot be stopped, so `hung` should end the process.
///
/// Time in which the whole process is stopped does not count. If several threads call at the same time, the call that
/// began last is watched.
pub fn watch_calls(limit: Duration, hung: impl FnOnce() + Send + 'static) {
    let step = (limit / 20).clamp(Duration::from_millis(1), Duration::from_millis(250));
    let most = limit.as_nanos().div_ceil(step.as_nanos());
    thread::spawn(move || {
        let mut seen = Seen::default();
        while seen.look(RUNNING.load(Ordering::Relaxed)) <= most {
            thread::sleep(step);
        }
        hung();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_and_the_same_call_counts() {
        let mut seen = Seen::default();
        let looks = [0, 0, 0, 7, 7, 7, 8, 9, 9, 0, 9].map(|now| seen.look(now));
        assert_eq!(looks, [0, 0, 0, 0, 1, 2, 0, 0, 1, 0, 0]);
    }
}
