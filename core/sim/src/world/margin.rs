//! Checks the safety margin of every takeover: when a lost node's group gets another owner, the lost node must have
//! stopped, and long enough before to leave room for clocks that drift.

use std::time::Duration;

use quorate_journal::{Cause, Event};
use quorate_machine::ResourceMonitor;
use quorate_model::{Name, QuorumKind, Time};
use quorate_node::bounds;

use super::World;
use crate::env::Machine;

/// The most seconds that the two clocks measure together: the wait of the node that takes over, and that of the node
/// that stops.
const COUNTED: u32 = 50;

/// How long before a takeover the lost node must have stopped, if no clock drifts more than this.
fn margin(drift_ppm: u32) -> Duration {
    let drift = Duration::from_micros(u64::from(drift_ppm));
    bounds::TAKEOVER_MARGIN.saturating_sub(drift * COUNTED)
}

impl World {
    /// Checks a change of owner: if the group was taken over, its former owner must have stopped in time.
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
        let Some(loser) = loser.filter(|loser| from != to && self.env.hosts[*loser].on) else {
            return;
        };
        // A node without quorum before this event is only catching up with old changes in the log.
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
            _ if self.env.hosts[loser].frozen.is_some() => self.licensed(loser),
            Some(resource) => Some(format!("{resource} has not stopped there")),
            None => {
                let station = &self.stations[loser];
                // A node that stood still past its time stops at the instant it goes on, and ran nothing in between.
                let late = |ended: &Time| station.thawed != Some(*ended);
                let ended = station.ended.as_ref();
                let ended = ended.filter(|(_, up)| up.iter().any(|it| self.is_in(it, subject)));
                let ended = ended.map(|(at, _)| *at);
                let ended = ended.filter(late).filter(|_| !station.said);
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

    /// Why it is too early to take over from a machine that stands still. Here nothing goes on there, but on a machine of
    /// which only the node stands still its services do, until somebody else ends them by the node's licence.
    fn licensed(&self, machine: Machine) -> Option<String> {
        let until = self.stations[machine].service.node()?.licence()?;
        let until = self.env.hosts[machine].clock.world(until);
        let late = self.env.now.since(until) < margin(self.env.drift_ppm_most);
        late.then(|| format!("it stands still, and might run it until {until}"))
    }

    /// The quorum disk's group follows the disk, which only obeys one node.
    fn follows_the_disk(&self, group: &Name) -> bool {
        let QuorumKind::Standard { resource } = &self.current.quorum else {
            return false;
        };
        self.is_in(resource, group)
    }

    fn is_in(&self, resource: &Name, group: &Name) -> bool {
        let of = self.current.resource(resource);
        of.is_some_and(|(of, _)| of.name == *group)
    }

    /// A resource of the group that the machine has not taken out of service.
    fn still_has(&self, machine: Machine, group: &Name) -> Option<Name> {
        let resources = &self.current.group(group)?.resources;
        let monitor = self.stations[machine].service.monitor()?;
        let mut open = monitor.resources();
        open.find(|(name, _, state)| {
            !state.is_down() && resources.iter().any(|resource| resource.name == **name)
        })
        .map(|(name, ..)| name.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The node that stops may have the slowest clock, and the node that takes over the fastest.
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
