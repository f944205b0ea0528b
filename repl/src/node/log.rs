//! What a node tells on standard error, where a service's messages go.

use quorate_drill::{civil, describe_line};
use quorate_journal::{Entry, Event, ServiceEnd, What, WorldEvent};
use quorate_live::{Observer, Settings};
use quorate_model::{GroupState, LogLevel, NodeState, ResourceState};

use crate::output::Output;

/// From which level on a resource type's own line is a warning: the original's LOG_WARNING.
const TYPE_WARNING: u32 = 1;

/// Tells what happens, a line each.
pub(super) struct Lines {
    pub(super) output: Output,
    pub(super) level: LogLevel,
}

impl Observer for Lines {
    fn happened(&mut self, entry: &Entry, civil_ms: i64) {
        if level(&entry.what) > self.level {
            return;
        }
        let line = describe_line(entry.fields());
        // Its own clock says nothing to a reader.
        let what = line.split_once("  ").map_or(&*line, |(_, what)| what);
        self.output
            .err_line(&format!("{}  {what}", civil::shown(civil_ms)));
    }

    fn remark(&mut self, text: &str) {
        self.output.warn(text);
    }

    fn settings(&mut self, settings: &Settings) {
        self.level = settings.file.log;
    }
}

/// From which level on something is told.
fn level(what: &What) -> LogLevel {
    let care = match what {
        What::Node(event) => match event {
            // Every resource is looked at every few seconds; what changes is told besides.
            Event::Health { alive: true, .. } => return LogLevel::Debug,
            Event::Health { alive: false, .. }
            | Event::Regroup { .. }
            | Event::CoordinatorLost { .. }
            | Event::StartSwitch { .. }
            | Event::Halted { .. }
            | Event::GroupMoveCancelled { .. }
            | Event::GroupStranded { .. }
            | Event::GroupResting { .. }
            | Event::Restart { .. }
            | Event::GivenUp { .. }
            | Event::PolicyFailed { .. }
            | Event::Notice { .. } => true,
            Event::Interface { up: works, .. } | Event::Quorum { held: works, .. } => !works,
            Event::NodeState { to, .. } => *to == NodeState::Down,
            Event::ResourceState { to, .. } => *to == ResourceState::Failed,
            Event::GroupState { to, .. } => *to == GroupState::Failed,
            Event::Log { level, .. } => *level >= TYPE_WARNING,
            _ => false,
        },
        What::World(event) => match event {
            WorldEvent::ClusterService { running, .. } => !running,
            WorldEvent::DatagramRefused { .. } => true,
            WorldEvent::Answered { code, .. } => *code != 0,
            WorldEvent::Service { reason, .. } => {
                matches!(reason, Some(ServiceEnd::Crashed | ServiceEnd::StartFailed))
            }
            _ => false,
        },
    };
    match care {
        true => LogLevel::Warning,
        false => LogLevel::Info,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_somebody_is_told_at_every_level_and_routine_at_none_but_the_last() {
        let lost = Event::Quorum {
            held: false,
            reason: String::new(),
        };
        assert_eq!(level(&lost.into()), LogLevel::Warning);
        let won = Event::Quorum {
            held: true,
            reason: String::new(),
        };
        assert_eq!(level(&won.into()), LogLevel::Info);
        let looked_at = |alive| Event::Health {
            subject: "R".into(),
            check: quorate_model::monitor::HealthCheck::IsAlive,
            alive,
            reason: None,
        };
        assert_eq!(level(&looked_at(true).into()), LogLevel::Debug);
        assert_eq!(level(&looked_at(false).into()), LogLevel::Warning);
        let refused = WorldEvent::Answered {
            request: 1,
            code: 5,
            text: None,
        };
        assert_eq!(level(&refused.into()), LogLevel::Warning);
        assert!(LogLevel::Warning < LogLevel::Info && LogLevel::Info < LogLevel::Debug);
    }
}
