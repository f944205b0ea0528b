//! Which counters of a sender were seen: each is taken once, and none that is far behind the newest.

/// How far behind the newest a counter may be, itself included.
pub(crate) const WINDOW: u64 = 64;

/// Why a counter is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stale {
    /// It was seen.
    Seen,
    /// It is so far behind the newest that nobody knows whether it was seen.
    TooOld,
}

/// The counters seen on one network, from one boot of one sender.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Window {
    /// The newest that was seen.
    newest: u64,
    /// Bit n: whether `newest - n` was seen. 0 before anything was.
    seen: u64,
}

impl Window {
    /// Takes a counter, or says why not and stays as it is.
    pub(crate) fn take(&mut self, counter: u64) -> Result<(), Stale> {
        if self.seen == 0 {
            (self.newest, self.seen) = (counter, 1);
        } else if let Some(ahead) = counter.checked_sub(self.newest).filter(|it| *it > 0) {
            let moved = u32::try_from(ahead)
                .ok()
                .and_then(|it| self.seen.checked_shl(it));
            self.seen = moved.unwrap_or(0) | 1;
            self.newest = counter;
        } else {
            let behind = self.newest - counter;
            if behind >= WINDOW {
                return Err(Stale::TooOld);
            }
            let bit = 1 << behind;
            if self.seen & bit != 0 {
                return Err(Stale::Seen);
            }
            self.seen |= bit;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::{Stale, WINDOW, Window};

    #[test]
    fn the_edges_of_the_window() {
        let mut window = Window::default();
        assert_eq!(window.take(100), Ok(()));
        assert_eq!(window.take(37), Ok(()));
        assert_eq!(window.take(36), Err(Stale::TooOld));
        assert_eq!(window.take(37), Err(Stale::Seen));
        assert_eq!(window.take(163), Ok(()));
        assert_eq!(window.take(100), Err(Stale::Seen));
        assert_eq!(window.take(164), Ok(()));
        assert_eq!(window.take(100), Err(Stale::TooOld));
        assert_eq!(window.take(u64::MAX), Ok(()));
        assert_eq!(window.take(u64::MAX - 63), Ok(()));
        assert_eq!(window.take(164), Err(Stale::TooOld));
        assert_eq!(window.take(u64::MAX), Err(Stale::Seen));
    }

    proptest! {
        /// Against all counters ever seen, kept in a set.
        #[test]
        fn a_window_takes_what_a_set_would_take(
            counters in prop::collection::vec(prop_oneof![0_u64..200, any::<u64>()], 1..300),
        ) {
            let (mut window, mut all) = (Window::default(), BTreeSet::new());
            for counter in counters {
                let newest = all.last().copied().unwrap_or(counter);
                let expected = match () {
                    () if newest.saturating_sub(counter) >= WINDOW => Err(Stale::TooOld),
                    () if !all.insert(counter) => Err(Stale::Seen),
                    () => Ok(()),
                };
                let before = window;
                prop_assert_eq!(window.take(counter), expected);
                prop_assert!(expected.is_ok() || window == before);
            }
        }
    }
}
