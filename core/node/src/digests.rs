//! What the database came to at each of the positions that were applied last.

use std::collections::VecDeque;

/// How many are remembered.
const KEPT: usize = 4_096;

/// Digests by position, so that two nodes' databases can be compared wherever both have been.
#[derive(Clone, Debug, Default)]
pub(crate) struct Digests(VecDeque<(u64, u64)>);

impl Digests {
    /// The database has this digest at this position. A checkpoint may have taken it back to there.
    pub(crate) fn remember(&mut self, position: u64, digest: u64) {
        let taken_back = |(later, _): &(u64, u64)| *later >= position;
        while self.0.back().is_some_and(taken_back) {
            self.0.pop_back();
        }
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back((position, digest));
    }

    /// The digest at a position, if it is still remembered.
    pub(crate) fn at(&self, position: u64) -> Option<u64> {
        let place = self.0.binary_search_by_key(&position, |(at, _)| *at).ok()?;
        self.0.get(place).map(|(_, digest)| *digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_kept_for_a_while_and_taken_back_with_what_they_are_of() {
        let mut digests = Digests::default();
        let mut applies = |position: u64, digest| {
            digests.remember(position, digest);
            [1, 2, 3].map(|at| digests.at(at))
        };
        applies(1, 11);
        applies(2, 12);
        assert_eq!(applies(3, 13), [Some(11), Some(12), Some(13)]);
        assert_eq!(applies(2, 99), [Some(11), Some(99), None]);
        for position in 3..=4_096 {
            applies(position, position);
        }
        assert_eq!(applies(4_097, 0), [None, Some(99), Some(3)]);
    }
}
