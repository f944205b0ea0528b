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

/// Watches this process's calls of plugins' entries from a thread of its own, and runs `hung` if one lasts longer than
/// `limit`, as near as makes no difference. The call itself cannot be ended: `hung` had better end the process.
///
/// Time in which the whole process stands still does not count. Where several threads call at the same time, the last
/// one to begin is watched.
pub fn watch_calls(limit: Duration, hung: impl FnOnce() + Send + 'static) {
    let step = (limit / 20).clamp(Duration::from_millis(1), Duration::from_millis(250));
    let steps = limit.as_nanos().div_ceil(step.as_nanos());
    thread::spawn(move || {
        let (mut last, mut seen) = (0, 0);
        while seen <= steps {
            thread::sleep(step);
            let now = RUNNING.load(Ordering::Relaxed);
            seen = if now != 0 && now == last { seen + 1 } else { 0 };
            last = now;
        }
        hung();
    });
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_call_that_lasts_too_long_is_noticed_and_others_are_not() {
        let (tell, told) = mpsc::channel();
        watch_calls(Duration::from_millis(20), move || {
            tell.send(()).unwrap();
        });
        for _ in 0..1_000 {
            let _call = Running::begin();
        }
        assert!(told.try_recv().is_err(), "none of them lasted");
        let _call = Running::begin();
        told.recv_timeout(Duration::from_secs(60)).unwrap();
    }
}
