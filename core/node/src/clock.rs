//! Civil time, which may jump. Failback windows go by it, and policies are told it.

use std::time::Duration;

use quorate_journal::Event;

use crate::node::Node;

/// A step of civil time is reported if it is larger than this.
const STEP_NOTICED_MS: u64 = 1_000;

impl Node {
    /// Civil time has jumped. Only failback windows and the times of failovers go by it. Every timer goes by the time
    /// since boot, which does not jump.
    pub(crate) fn clock_step(&mut self, by_ms: i64) {
        self.config.civil_origin_ms = self.config.civil_origin_ms.saturating_add(by_ms);
        self.tell_time();
        if by_ms.unsigned_abs() > STEP_NOTICED_MS {
            self.tell_step("the clock of this node", by_ms);
        }
    }

    /// Local time has moved against UTC. Failback windows go by it, and policies are told it.
    pub(crate) fn local_time(&mut self, shift_minutes: i32) {
        let by = shift_minutes - self.config.local_shift_minutes;
        self.config.local_shift_minutes = shift_minutes;
        self.tell_time();
        self.tell_step("local time on this node", i64::from(by) * 60_000);
    }

    /// Reports a step, which is never zero.
    fn tell_step(&mut self, what: &str, by_ms: i64) {
        let way = if by_ms < 0 { "back" } else { "forward" };
        let by = Duration::from_millis(by_ms.unsigned_abs());
        let text = format!("{what} was set {way} by {by:?}");
        self.event(Event::Notice { id: 0, text });
    }

    pub(crate) fn tell_time(&mut self) {
        let shift = self.config.local_shift_minutes;
        self.policies.set_time(self.civil_ms(), shift);
    }

    pub(crate) fn civil_ms(&self) -> i64 {
        let since = i64::try_from(self.now.as_millis()).unwrap_or(i64::MAX);
        self.config.civil_origin_ms.saturating_add(since)
    }
}

#[cfg(test)]
mod tests {
    use quorate_model::{NodeId, Time};

    use super::*;
    use crate::io::Output;
    use crate::shipped::{booted, outputs};

    /// What a node reports of a jump, in order.
    fn said(jump: impl FnOnce(&mut Node)) -> (Node, Vec<String>) {
        let mut node = booted("four-node.ron", NodeId(1), 1);
        outputs(&mut node);
        jump(&mut node);
        let said = outputs(&mut node).into_iter().map(|output| match output {
            Output::Event(Event::Notice { text, .. }) => text,
            other => panic!("{other:?}"),
        });
        let said = said.collect();
        (node, said)
    }

    #[test]
    fn a_step_of_more_than_a_second_is_told_and_every_step_is_followed() {
        for (by_ms, told) in [
            (1_000, None),
            (
                1_001,
                Some("the clock of this node was set forward by 1.001s"),
            ),
            (-1_000, None),
            (-1_500, Some("the clock of this node was set back by 1.5s")),
        ] {
            let (mut node, said) = said(|node| node.clock_step(by_ms));
            assert_eq!(said.first().map(String::as_str), told, "{by_ms} ms");
            assert_eq!(node.civil_ms(), by_ms);
            node.now = Time(2_000_000);
            assert_eq!(node.civil_ms(), by_ms + 2_000, "it goes on from there");
        }
    }

    #[test]
    fn local_time_moves_by_what_lies_between_two_shifts() {
        let (node, said) = said(|node| {
            node.local_time(60);
            node.local_time(-30);
        });
        let told = [
            "local time on this node was set forward by 3600s",
            "local time on this node was set back by 5400s",
        ];
        assert_eq!(said, told);
        assert_eq!(node.civil_ms(), 0, "the time of day by UTC has not moved");
    }
}
