//! Where on a line an instant is.

use std::time::Duration;

use quorate_model::Time;

/// A stretch of time, and the columns it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) from: Time,
    pub(super) to: Time,
    pub(super) column: usize,
    pub(super) columns: usize,
    /// Whether nothing happens in it, and it is drawn shorter than it is.
    pub(super) cut: bool,
}

/// The columns of a window of time. They are to scale, except that long stretches in which nothing changes are cut short.
#[derive(Clone, Debug)]
pub(super) struct Scale {
    pub(super) from: Time,
    pub(super) to: Time,
    pub(super) columns: usize,
    pub(super) stretches: Vec<Stretch>,
}

/// How many columns a stretch that is cut short has.
const CUT: usize = 4;

/// The share of the window from which on a stretch without a change is cut short, as a divisor.
const LONG: u32 = 2;

impl Scale {
    /// `changes` are the instants at which something changes, in order. What is `busy` is never cut short.
    pub(super) fn new(
        from: Time,
        to: Time,
        columns: usize,
        changes: &[Time],
        busy: &[(Time, Time)],
    ) -> Scale {
        let inside = changes.iter().filter(|it| **it > from && **it < to);
        let mut marks: Vec<Time> = [from].into_iter().chain(inside.copied()).collect();
        marks.push(to);
        let quiet = long_quiet(&marks, columns, busy);
        // Stretches that are not cut, joined where they touch.
        let mut pieces: Vec<(Time, Time, bool)> = Vec::new();
        for (place, pair) in marks.windows(2).enumerate() {
            let cut = quiet.contains(&place);
            match pieces.last_mut() {
                Some(last) if !last.2 && !cut => last.1 = pair[1],
                _ => pieces.push((pair[0], pair[1], cut)),
            }
        }
        let cuts = pieces.iter().filter(|it| it.2).count();
        let open: Duration = pieces.iter().filter(|it| !it.2).map(|it| it.1 - it.0).sum();
        let left = columns.saturating_sub(cuts * CUT);
        let mut stretches = Vec::new();
        let (mut column, mut before) = (0, Duration::ZERO);
        let mut drawn = 0;
        for (from, to, cut) in pieces {
            let count = if cut {
                CUT
            } else {
                before += to - from;
                let until = share(before, open, left);
                let count = until - drawn;
                drawn = until;
                count
            };
            stretches.push(Stretch {
                from,
                to,
                column,
                columns: count,
                cut,
            });
            column += count;
        }
        Scale {
            from,
            to,
            columns: column.max(1),
            stretches,
        }
    }

    /// The column of an instant; those before and after the window are at its ends.
    pub(super) fn column(&self, at: Time) -> usize {
        let at = at.clamp(self.from, self.to);
        let last = self.columns - 1;
        let after = self.stretches.partition_point(|it| it.from <= at);
        let Some(stretch) = self.stretches[..after].last() else {
            return 0;
        };
        let part = share(
            at - stretch.from,
            stretch.to - stretch.from,
            stretch.columns,
        );
        (stretch.column + part).min(last)
    }

    /// The columns of something that lasted: at least one.
    pub(super) fn span(&self, from: Time, to: Time, open: bool) -> std::ops::Range<usize> {
        let first = self.column(from);
        let last = if open && to >= self.to {
            self.columns
        } else {
            self.column(to)
        };
        first..last.max(first + 1)
    }

    /// Whether something that lasted from one instant to another is to be seen.
    pub(super) fn shows(&self, from: Time, to: Time) -> bool {
        from <= self.to && to >= self.from
    }
}

/// `columns` times `part` of `all`, rounded.
fn share(part: Duration, all: Duration, columns: usize) -> usize {
    let (part, all) = (part.as_micros(), all.as_micros().max(1));
    let columns_wide = columns as u128;
    usize::try_from((part * columns_wide + all / 2) / all).map_or(columns, |it| it.min(columns))
}

/// The stretches between marks that are cut short: those in which nothing changes and which would take up most of the rest.
fn long_quiet(marks: &[Time], columns: usize, busy: &[(Time, Time)]) -> Vec<usize> {
    let lengths: Vec<Duration> = marks.windows(2).map(|it| it[1] - it[0]).collect();
    let mut cut = Vec::new();
    // With too few changes there is nothing to make room for.
    if lengths.len() < 4 {
        return cut;
    }
    while (cut.len() + 1) * CUT * 3 < columns {
        let left: Duration = left_over(&lengths, &cut);
        let longest = (0..lengths.len())
            .filter(|place| !cut.contains(place))
            .filter(|&place| {
                let (from, to) = (marks[place], marks[place + 1]);
                !busy.iter().any(|it| it.0 < to && it.1 > from)
            })
            .max_by_key(|place| lengths[*place]);
        match longest {
            Some(place) if lengths[place] * LONG > left => cut.push(place),
            _ => break,
        }
    }
    cut
}

fn left_over(lengths: &[Duration], cut: &[usize]) -> Duration {
    let left = lengths.iter().enumerate();
    left.filter(|(place, _)| !cut.contains(place))
        .map(|(_, length)| *length)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(all: &[u64]) -> Vec<Time> {
        all.iter().map(|it| Time(it * 1_000_000)).collect()
    }

    #[test]
    fn a_window_is_to_scale() {
        let scale = Scale::new(Time(0), Time(10_000_000), 50, &seconds(&[2, 4, 6, 8]), &[]);
        let columns = seconds(&[0, 1, 5, 10, 99])
            .into_iter()
            .map(|it| scale.column(it));
        assert_eq!(columns.collect::<Vec<_>>(), [0, 5, 25, 49, 49]);
        assert_eq!(scale.span(Time(0), Time(1), false), 0..1);
        assert_eq!(scale.span(Time(5_000_000), Time(10_000_000), true), 25..50);
    }

    #[test]
    fn long_quiet_stretches_are_cut_short_and_the_rest_stays_to_scale() {
        let marks = seconds(&[10, 20, 30, 40, 1800]);
        let scale = Scale::new(Time(0), Time(1_810_000_000), 54, &marks, &[]);
        let cut: Vec<_> = scale
            .stretches
            .iter()
            .map(|it| (it.cut, it.columns))
            .collect();
        assert_eq!(cut, [(false, 40), (true, CUT), (false, 10)]);
        assert_eq!(scale.columns, 54);
        assert_eq!(scale.column(Time(1_800_000_000)), 44);
        let busy = [(Time(1_000_000_000), Time(1_000_000_001))];
        let whole = Scale::new(Time(0), Time(1_810_000_000), 54, &marks, &busy);
        assert!(whole.stretches.iter().all(|it| !it.cut));
    }
}
