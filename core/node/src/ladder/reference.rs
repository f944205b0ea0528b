//! The ladder once more, written from the sentences of docs/semantics.md, 3.3 and as plainly as can be, for a test to
//! compare with. It keeps every failure and failover there ever was and counts anew each time, in minutes.

use quorate_model::{GroupProperties, ResourceProperties, RestartAction};

/// What follows from one more failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Restarted on the same node, at that ms: so many failures inside the period, this one included.
    Restart { failures: u32, at: u64 },
    /// The resource stays Failed, the group stays.
    StayFailed,
    /// The group moves.
    FailOver,
    /// The group has moved too often and stays Failed.
    GiveUp,
}

/// One group, with all its failures and failovers so far.
pub(super) struct Reference {
    resources: Vec<ResourceProperties>,
    group: GroupProperties,
    /// Which resource failed, and when.
    failures: Vec<(usize, u64)>,
    failovers: Vec<u64>,
}

impl Reference {
    pub(super) fn new(resources: Vec<ResourceProperties>, group: GroupProperties) -> Reference {
        Reference {
            resources,
            group,
            failures: Vec::new(),
            failovers: Vec::new(),
        }
    }

    pub(super) fn failure(&mut self, failed: usize, minute: u64) -> Step {
        let properties = &self.resources[failed];
        // "RestartAction 0: stop."
        if properties.restart_action == RestartAction::DontRestart {
            return Step::StayFailed;
        }
        // "Threshold N tolerates N restarts inside RestartPeriod; the (N+1)th failure inside the window escalates."
        let period = u64::from(properties.restart_period) / 60_000;
        let mut inside = 1;
        for (resource, when) in &self.failures {
            if *resource == failed && minute - when < period {
                inside += 1;
            }
        }
        self.failures.push((failed, minute));
        if inside <= properties.restart_threshold {
            // RestartDelay: the failed resource is left alone for that long.
            return Step::Restart {
                failures: inside,
                at: minute * 60_000 + u64::from(properties.restart_delay),
            };
        }
        // "Escalate with action 1: resource stays Failed, siblings keep running, group not moved."
        if properties.restart_action == RestartAction::RestartNoNotify {
            return Step::StayFailed;
        }
        // "Failovers > FailoverThreshold within FailoverPeriod: no move; whole group is failed."
        let hours = u64::from(self.group.failover_period);
        let mut made = 0;
        for when in &self.failovers {
            if minute - when < hours * 60 {
                made += 1;
            }
        }
        if made + 1 > self.group.failover_threshold {
            return Step::GiveUp;
        }
        // "Escalate with action 2: group failover." On another node every resource begins anew.
        self.failovers.push(minute);
        self.failures.clear();
        Step::FailOver
    }
}
