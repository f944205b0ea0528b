//! How long the call that a process is inside of has lasted, for a thread that watches from beside it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// The number of the call of a plugin's entry that runs, 0 where none does.
static RUNNING: AtomicU64 = AtomicU64::new(0);

/// A call that runs, until it is dropped.
pub(super) struct Running;

impl Running {
    pub(super) fn begin() -> Running {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        RUNNING.store(NEXT.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        Running
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.store(0, Ordering::Relaxed);
    }
}

/// What was seen of calls so far.
#[derive(Debug, Default)]
struct Seen {
    last: u64,
    /// At how many looks in a row the same call ran.
    times: u128,
}

impl Seen {
    /// A look: the number of the call that runs. Gives at how many looks in a row it did.
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

/// Watches this process's calls of plugins' entries from a thread of its own, and runs `hung` if one lasts longer than
/// about `limit`. The call itself cannot be ended, so `hung` should end the process.
///
/// Time in which the whole process stands still does not count. Where several threads call at the same time, the last
/// one to begin is watched.
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
