//! The node's deadlines. They are few and known, so an array holds them.

use quorate_model::Time;

/// What a node may be waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Timer {
    /// Send the next heartbeats.
    Heartbeat,
    /// Look whether interfaces, members or quorum went silent.
    Silence,
    /// Try to lead: an election or an arbitration.
    Campaign,
    /// Send proposals again.
    Resend,
    /// Retry a disk request that was refused while the reservation was being defended.
    Disk,
    /// Take over what lost nodes owned.
    Takeover,
    /// Restart a resource, or try it again.
    Groups,
    /// Look whether a group should go back to a preferred owner.
    Failback,
    /// Give up waiting for an orderly stop.
    Leave,
    /// Ask again for what a control code gives, or give it up.
    Control,
}

const COUNT: usize = Timer::Control as usize + 1;
const ALL: [Timer; COUNT] = [
    Timer::Heartbeat,
    Timer::Silence,
    Timer::Campaign,
    Timer::Resend,
    Timer::Disk,
    Timer::Takeover,
    Timer::Groups,
    Timer::Failback,
    Timer::Leave,
    Timer::Control,
];

/// One deadline per timer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Timers([Option<Time>; COUNT]);

impl Timers {
    pub(crate) fn set(&mut self, timer: Timer, at: Time) {
        self.0[timer as usize] = Some(at);
    }

    /// Sets the timer unless it is due earlier.
    pub(crate) fn set_earlier(&mut self, timer: Timer, at: Time) {
        let slot = &mut self.0[timer as usize];
        *slot = Some(slot.map_or(at, |old| old.min(at)));
    }

    pub(crate) fn stop(&mut self, timer: Timer) {
        self.0[timer as usize] = None;
    }

    pub(crate) fn is_set(&self, timer: Timer) -> bool {
        self.0[timer as usize].is_some()
    }

    /// The earliest deadline.
    pub(crate) fn next(&self) -> Option<Time> {
        self.0.iter().flatten().min().copied()
    }

    /// A timer that is due, which is stopped thereby.
    pub(crate) fn take_due(&mut self, now: Time) -> Option<Timer> {
        let due = ALL
            .into_iter()
            .filter_map(|timer| self.0[timer as usize].map(|at| (at, timer)))
            .filter(|(at, _)| *at <= now)
            .min_by_key(|(at, _)| *at)?;
        self.stop(due.1);
        Some(due.1)
    }
}
