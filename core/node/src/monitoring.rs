//! Whether the resource monitor of this node still does anything.
//!
//! The monitor is a process of its own, and everything that is known of resources comes from it. A monitor that hangs
//! is as silent as one that has nothing to report, so it is asked for a sign of life. If it owes one for too long it is
//! ended, with all that it has started, and another takes its place. Every resource that was not down then counts as
//! failed (docs/semantics.md, 1.5).

use quorate_journal::Event;
use quorate_model::events::EVENT_MONITOR_DIED;
use quorate_model::monitor::MonitorEvent;
use quorate_model::{Reason, ResourceState};

use crate::bounds;
use crate::candidacy::Arbitration;
use crate::io::Output;
use crate::node::{Node, Phase};
use crate::timers::Timer;

/// For how long the resource monitor has given no sign of life.
#[derive(Clone, Debug, Default)]
pub(crate) struct MonitorWatch {
    /// Heartbeats since the last one.
    beats: u32,
}

/// What is due for a monitor that gives none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    /// To ask for one.
    Question,
    /// To say that it owes one.
    Report,
    /// To end the monitor and start another.
    Replacement,
}

impl MonitorWatch {
    /// One more heartbeat, and what is due at it. They are counted rather than measured: a node that stood still did so
    /// with its monitor.
    fn beat(&mut self) -> Option<Due> {
        self.beats += 1;
        match self.beats.checked_sub(bounds::MONITOR_ASKED_BEATS)? {
            0 => Some(Due::Question),
            bounds::MONITOR_SILENT_BEATS => Some(Due::Report),
            owed if owed >= bounds::MONITOR_PATIENCE_BEATS => Some(Due::Replacement),
            _ => None,
        }
    }

    /// The monitor has given a sign of life, or another has taken its place.
    fn answered(&mut self) {
        self.beats = 0;
    }
}

impl Node {
    /// One more heartbeat.
    pub(crate) fn watch_monitor(&mut self) {
        if self.phase == Phase::Halted {
            return;
        }
        match self.monitor_watch.beat() {
            Some(Due::Question) => self.output(Output::AskMonitor),
            Some(Due::Report) => {
                let waited = bounds::HEARTBEAT * bounds::MONITOR_SILENT_BEATS;
                let text = format!("the resource monitor has not answered for {waited:?}");
                self.event(Event::Notice { id: 0, text });
            }
            Some(Due::Replacement) => self.replace_monitor(),
            None => {}
        }
    }

    /// The monitor has given a sign of life.
    pub(crate) fn monitor_answers(&mut self) {
        self.monitor_watch.answered();
    }

    fn replace_monitor(&mut self) {
        let waited = bounds::HEARTBEAT * bounds::MONITOR_PATIENCE_BEATS;
        let text = format!(
            "[FM] Resource monitor terminated! It has not answered for {waited:?}. A replacement is started, and what was \
             not offline counts as failed"
        );
        self.event(Event::Notice {
            id: EVENT_MONITOR_DIED,
            text,
        });
        self.monitor_watch.answered();
        self.output(Output::ReplaceMonitor);
        self.control_calls_lost();
        let lost = self.groups.monitor_replaced(&self.database);
        if self.arbitration == Arbitration::Asked {
            self.arbitration = Arbitration::Idle;
            self.timers.set_earlier(Timer::Campaign, self.now);
        }
        for resource in lost {
            if self.phase == Phase::Halted {
                return;
            }
            let reason = Reason::new(EVENT_MONITOR_DIED, "its resource monitor was terminated");
            self.monitor(MonitorEvent::State {
                resource,
                state: ResourceState::Failed,
                reason: Some(reason),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use quorate_model::NodeId;

    use super::*;
    use crate::shipped::{booted, outputs};

    /// Asked once, missed once, and ended in the end.
    #[test]
    fn a_monitor_is_asked_then_reported_and_in_the_end_replaced() {
        let mut node = booted("four-node.ron", NodeId(1), 1);
        outputs(&mut node);
        let mut seen = Vec::new();
        for beat in 1..=205 {
            node.watch_monitor();
            for output in outputs(&mut node) {
                match output {
                    Output::AskMonitor => seen.push((beat, "asked".to_owned())),
                    Output::ReplaceMonitor => seen.push((beat, "replaced".to_owned())),
                    Output::Event(Event::Notice { text, .. }) => seen.push((beat, text)),
                    _ => {}
                }
            }
        }
        assert_eq!(seen[0], (4, "asked".to_owned()));
        assert_eq!(seen[1].0, 12);
        assert!(seen[1].1.contains("9.6s"), "{seen:?}");
        assert_eq!(seen[2].0, 204);
        assert!(seen[2].1.contains("has not answered for 240s"), "{seen:?}");
        assert_eq!(seen[3], (204, "replaced".to_owned()));
        assert_eq!(seen.len(), 4, "it begins anew: {seen:?}");
    }
}
