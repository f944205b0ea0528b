//! The margin on which taking over rests, looked at where it happens: when a lost node's group is given to another, the
//! lost node has stopped, and for as long as clocks that drift may take of the wait.

use std::time::Duration;

use quorate_journal::{Cause, Event};
use quorate_machine::ResourceMonitor;
use quorate_model::{Name, QuorumKind, Time};
use quorate_node::bounds;

use super::World;
use crate::env::Machine;

/// How many seconds two clocks count apart, at the most: the wait of the one that takes over, and that of the one that
/// stops.
const COUNTED: u32 = 50;

/// How long a node must have stopped before its groups are taken over, where no clock is further off than so much.
fn margin(drift_ppm: u32) -> Duration {
    let drift = Duration::from_micros(u64::from(drift_ppm));
    bounds::TAKEOVER_MARGIN.saturating_sub(drift * COUNTED)
}

impl World {
    /// A group has a new owner: if it was taken over, its former owner must have stopped in time.
    pub(super) fn check_margin(&mut self, machine: Machine, event: &Event) {
        let Event::GroupOwner {
            subject,
            from,
            to,
            cause: Cause::NodeFailure | Cause::Form | Cause::NodeUp,
        } = event
        else {
            return;
        };
        let loser = self.env.hosts.iter().position(|host| host.name == *from);
        let Some(loser) = loser.filter(|loser| from != to && self.env.hosts[*loser].runs()) else {
            return;
        };
        // A node that catches up with the log is told of what was long ago: it had no quorum before.
        let local = self.env.local(machine);
        let station = &self.stations[machine];
        let now = station.service.node().and_then(|node| node.snapshot(local));
        let had = [&station.snapshot, &now]
            .into_iter()
            .all(|seen| seen.as_ref().is_some_and(|seen| seen.has_quorum));
        if !had || self.follows_the_disk(subject) {
            return;
        }
        let problem = match self.still_has(loser, subject) {
            Some(resource) => Some(format!("{resource} has not stopped there")),
            None => {
                let station = &self.stations[loser];
                // One that stood still past its time stops in the instant in which it goes on, and had run nothing meanwhile.
                let late = |ended: &Time| station.thawed != Some(*ended);
                let ended = station.ended.filter(late).filter(|_| !station.said);
                let before = ended.map(|ended| self.env.now.since(ended));
                let short = before.filter(|before| *before < margin(self.env.drift_ppm_most));
                short.map(|before| format!("it stopped {before:?} before, without a word"))
            }
        };
        if let Some(problem) = problem {
            let text = format!("{subject} was taken over from {from}: {problem}");
            self.breach("takeover_margin", text, "a takeover".to_owned());
        }
    }

    /// The quorum disk's group goes where the disk is, which obeys one node alone.
    fn follows_the_disk(&self, group: &Name) -> bool {
        let QuorumKind::Standard { resource } = &self.current.quorum else {
            return false;
        };
        let of = self.current.resource(resource);
        of.is_some_and(|(of, _)| of.name == *group)
    }

    /// A resource of a group that a machine has not taken out of service.
    fn still_has(&self, machine: Machine, group: &Name) -> Option<Name> {
        let resources = &self.current.group(group)?.resources;
        let monitor = self.stations[machine].service.monitor()?;
        let mut open = monitor.resources().into_iter();
        open.find(|(name, _, state)| {
            !state.is_down() && resources.iter().any(|resource| resource.name == *name)
        })
        .map(|(name, ..)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The one that stops counts its time by the slowest clock, and the one that takes over by the fastest.
    #[test]
    fn clocks_that_drift_get_what_they_may_need_and_no_more() {
        let stops = bounds::MEMBER_SILENCE + bounds::REGROUP_GRACE;
        for ppm in [0, 50, 1_000, 10_000] {
            let drift = f64::from(ppm) / 1e6;
            let stops = stops.mul_f64(1.0 + drift);
            let left = bounds::TAKEOVER_WAIT.mul_f64(1.0 - drift) - stops;
            let off = left.abs_diff(margin(ppm));
            assert!(off < Duration::from_micros(1), "{ppm}: {left:?} are left");
        }
    }
}
