//! One look around several calls.

use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;

use super::process::Process;

#[derive(Default)]
struct Looked {
    /// How many [`Together`] there are on this thread.
    depth: usize,
    /// The state before the first call in them that was to be looked at.
    before: Option<Box<Process>>,
}

thread_local! {
    static LOOKED: RefCell<Looked> = RefCell::default();
}

/// While one of these lives, what the calls on its thread change of the process is put back at its end, and no longer after
/// each of them; only how they compute is. A look takes some microseconds and a hundred system calls, and a node that boots
/// opens all of its resources at once.
#[must_use = "it ends where it is dropped"]
pub struct Together(PhantomData<*const ()>);

impl Together {
    /// Begins. Inside another one it does nothing.
    pub fn begin() -> Together {
        LOOKED.with_borrow_mut(|looked| looked.depth += 1);
        Together(PhantomData)
    }
}

impl Drop for Together {
    fn drop(&mut self) {
        let before = LOOKED.with_borrow_mut(|looked| {
            looked.depth -= 1;
            if looked.depth > 0 {
                return None;
            }
            looked.before.take()
        });
        if let Some(before) = before {
            before.put_back(&mut Vec::new());
        }
    }
}

impl fmt::Debug for Together {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Together").finish_non_exhaustive()
    }
}

/// Whether the state before a call that begins now is kept already, with that of others.
pub(super) fn keep() -> bool {
    LOOKED.with_borrow_mut(|looked| {
        if looked.depth == 0 {
            return false;
        }
        looked
            .before
            .get_or_insert_with(|| Box::new(Process::now()));
        true
    })
}

#[cfg(test)]
mod tests {
    use std::mem::zeroed;
    use std::ptr;

    use super::super::{Change, Kept};
    use super::*;

    /// Has this thread block a signal that it did not, or the other way round. Returns whether it did.
    fn flip() -> bool {
        // SAFETY: a set of zeros is an empty one, and all sets outlive the calls.
        unsafe {
            let (mut one, mut was) = (zeroed(), zeroed());
            libc::sigaddset(&raw mut one, libc::SIGUSR1);
            libc::pthread_sigmask(libc::SIG_BLOCK, &raw const one, &raw mut was);
            let blocked = libc::sigismember(&raw const was, libc::SIGUSR1) == 1;
            if blocked {
                libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const one, ptr::null_mut());
            }
            blocked
        }
    }

    /// Whether this thread blocks the signal.
    fn blocks() -> bool {
        flip();
        !flip()
    }

    #[test]
    fn what_calls_change_together_is_put_back_at_their_end() {
        assert!(!blocks());
        {
            let _outer = Together::begin();
            for call in 1..=3 {
                let _inner = Together::begin();
                let kept = Kept::now(true);
                flip();
                assert_eq!(kept.put_back(), [], "call {call}");
            }
            assert!(blocks(), "the outer one has not ended");
        }
        assert!(!blocks());
        let kept = Kept::now(true);
        flip();
        assert_eq!(kept.put_back(), [Change::SignalMask]);
        assert!(!blocks());
    }
}
