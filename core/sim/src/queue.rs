//! The world's single queue of events, ordered by time and, for equal times, by the order in which they were added.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use quorate_model::Time;

/// An instant, and the place there in the order in which things were scheduled.
pub(crate) type Moment = (Time, u64);

/// A queue of things that happen at instants. For equal instants the one that was scheduled first comes first, so the
/// order is total and a run repeatable.
#[derive(Debug)]
pub struct Queue<T> {
    /// When it happens, and its place in `things`: small, since a heap moves what it holds often.
    heap: BinaryHeap<Reverse<(Moment, usize)>>,
    things: Vec<Option<Scheduled<T>>>,
    /// Places in `things` that are free.
    free: Vec<usize>,
    sequence: u64,
    /// When what was taken last happens.
    last: Moment,
    /// The number of the journal's event that what is scheduled now comes from.
    pub(crate) cause: Option<u64>,
}

#[derive(Debug)]
struct Scheduled<T> {
    cause: Option<u64>,
    what: T,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Queue::new()
    }
}

impl<T> Queue<T> {
    /// An empty queue.
    pub fn new() -> Self {
        Queue {
            heap: BinaryHeap::new(),
            things: Vec::new(),
            free: Vec::new(),
            sequence: 0,
            last: (Time::ZERO, 0),
            cause: None,
        }
    }

    /// Schedules something.
    pub fn push(&mut self, at: Time, what: T) {
        let moment = self.moment(at);
        self.push_at(moment, self.cause, what);
    }

    /// The moment of something that is scheduled now for an instant.
    pub(crate) fn moment(&mut self, at: Time) -> Moment {
        let moment = (at, self.sequence);
        self.sequence += 1;
        moment
    }

    /// Schedules something that was given its moment before, and comes from this event.
    pub(crate) fn push_at(&mut self, moment: Moment, cause: Option<u64>, what: T) {
        let scheduled = Some(Scheduled { cause, what });
        let place = match self.free.pop() {
            Some(place) => {
                self.things[place] = scheduled;
                place
            }
            None => {
                self.things.push(scheduled);
                self.things.len() - 1
            }
        };
        self.heap.push(Reverse((moment, place)));
    }

    /// Moves events forward: an event for which `sooner` gives an earlier instant happens then. Events of one instant
    /// stay in the order in which they were scheduled.
    pub fn hasten(&mut self, sooner: impl Fn(&T) -> Option<Time>) {
        let mut entries = std::mem::take(&mut self.heap).into_vec();
        for Reverse(((at, _), place)) in &mut entries {
            if let Some(scheduled) = &self.things[*place]
                && let Some(earlier) = sooner(&scheduled.what)
            {
                *at = earlier.min(*at);
            }
        }
        self.heap = BinaryHeap::from(entries);
    }

    /// When the next thing happens.
    pub fn next_time(&self) -> Option<Time> {
        self.heap.peek().map(|Reverse(((at, _), _))| *at)
    }

    /// Takes the next thing, with its instant. What is scheduled next comes from the same event as this.
    pub fn pop(&mut self) -> Option<(Time, T)> {
        let Reverse((moment, place)) = self.heap.pop()?;
        let scheduled = self.things[place].take()?;
        self.free.push(place);
        (self.last, self.cause) = (moment, scheduled.cause);
        Some((moment.0, scheduled.what))
    }

    /// When what was taken last happens.
    pub(crate) fn last(&self) -> Moment {
        self.last
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_hastened_comes_sooner_and_in_the_order_it_was_scheduled() {
        let mut queue = Queue::new();
        for (at, what) in [(50, "late"), (5, "other"), (40, "later"), (2, "early")] {
            queue.push(Time(at), what);
        }
        queue.hasten(|what| (*what != "other").then_some(Time(10)));
        let got: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(
            got,
            [
                (Time(2), "early"),
                (Time(5), "other"),
                (Time(10), "late"),
                (Time(10), "later")
            ]
        );
    }

    proptest! {
        #[test]
        fn pops_by_time_then_by_order_of_pushing(times in proptest::collection::vec(0_u64..20, 0..200)) {
            let mut queue = Queue::new();
            for (index, time) in times.iter().enumerate() {
                queue.push(Time(*time), index);
            }
            let mut wanted: Vec<(Time, usize)> =
                times.iter().enumerate().map(|(index, time)| (Time(*time), index)).collect();
            wanted.sort();
            let got: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
            prop_assert_eq!(got, wanted);
        }
    }
}
