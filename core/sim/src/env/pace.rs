//! How fast machines are, and how long what their processors do takes there.

use std::time::Duration;

use quorate_model::{Fault, MachineFault};

use super::stores::UNFELT_PERCENT;
use super::{Environment, Machine};

/// How many times as long everything takes that the processors of a machine without a fan do: they run at a third of their
/// speed.
const WITHOUT_FAN: u32 = 3;
/// Processor, in per cent, that is always left to others.
const LEFT_PERCENT: u32 = 5;

/// What a start or stop has to do: by its machine's processors, and by its disks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Task {
    /// What it takes on a machine at its full speed with nothing else to do.
    pub(super) work: Duration,
    /// How much of the machine, at its full speed, other stores took when it began, in per cent.
    pub(super) beside: u32,
    /// What it takes on top because it is a slow start.
    pub(super) later: Duration,
    /// How many times as long as they should the machine's processors take.
    pub(super) slowness: u32,
    /// Requests to its disks that it makes one after the other.
    pub(super) requests: u32,
    /// How much longer each of them takes.
    pub(super) lag: Duration,
}

impl Task {
    /// What it takes. A slow machine makes its disks no slower.
    pub(super) fn all(&self) -> Duration {
        let busy = self.beside.saturating_mul(self.slowness);
        let work = crowded(self.work, busy).saturating_add(self.later);
        work.saturating_mul(self.slowness)
            .saturating_add(self.lag.saturating_mul(self.requests))
    }
}

/// What a start takes on a machine whose other stores leave what is not `busy`, in per cent.
fn crowded(takes: Duration, busy: u32) -> Duration {
    if busy <= UNFELT_PERCENT {
        return takes;
    }
    let left = 100u32.saturating_sub(busy).max(LEFT_PERCENT);
    takes * (100 - UNFELT_PERCENT) / left
}

/// What is left of something that takes `after` now where it took `before`.
pub(super) fn in_proportion(left: Duration, before: Duration, after: Duration) -> Duration {
    if before.is_zero() {
        return after;
    }
    let micros = left.as_micros() * after.as_micros() / before.as_micros();
    Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
}

impl Environment {
    /// Takes over what the active faults say about fans.
    pub(super) fn apply_fans(&mut self) {
        let failed = |fault: &Fault, of: &str| matches!(fault, Fault::Machine(MachineFault::FanFailure { node }) if *node == *of);
        for host in &mut self.hosts {
            let mut faults = self.faults.values();
            host.slowness = match faults.any(|fault| failed(fault, &host.name)) {
                true => WITHOUT_FAN,
                false => 1,
            };
        }
    }

    /// How much of a machine its stores take, in per cent of what it can do as it is, and how many times as long as they
    /// should its processors take.
    pub(crate) fn strain(&self, machine: Machine) -> (u32, u32) {
        let slowness = self.hosts[machine].slowness;
        let busy = self.stores.busy(machine, None);
        (busy.saturating_mul(slowness), slowness)
    }
}

#[cfg(test)]
mod tests {
    use quorate_model::FaultId;

    use super::*;
    use crate::env::tests::environment;
    use crate::options::Load;

    const STORE: &str = "EVS1 Information Store";
    const SECOND: Duration = Duration::from_secs(1);

    fn task(beside: u32, slowness: u32) -> Task {
        Task {
            work: SECOND,
            beside,
            later: Duration::ZERO,
            slowness,
            requests: 0,
            lag: Duration::ZERO,
        }
    }

    #[test]
    fn a_store_beyond_the_limit_slows_down_what_starts_beside_it() {
        let takes = |beside| task(beside, 1).all();
        assert_eq!(takes(40), SECOND);
        assert_eq!(takes(70), 2 * SECOND);
        assert_eq!(takes(100), 12 * SECOND);
        assert_eq!(takes(u32::MAX), 12 * SECOND);
    }

    #[test]
    fn a_slow_machine_multiplies_what_its_processors_do_and_not_what_its_disks_do() {
        let start = Task {
            later: 2 * SECOND,
            requests: 4,
            lag: 5 * SECOND,
            ..task(0, 3)
        };
        assert_eq!(start.all(), (3 * (1 + 2) + 4 * 5) * SECOND);
        assert_eq!(task(10, 3).all(), 3 * SECOND, "30 % are not felt");
        // 40 % of a machine are 120 % of a third of it.
        assert_eq!(task(40, 3).all(), 3 * 12 * SECOND);
    }

    #[test]
    fn without_its_fan_a_machine_is_as_busy_as_with_three_times_its_load() {
        let mut env = environment(2);
        let (users, cpu_percent) = (0, 40);
        env.set_load("EVS1", Load { users, cpu_percent });
        env.store_starts(STORE, "EVS1", 1);
        env.store_runs(STORE, 0);
        assert_eq!((env.strain(0), env.strain(1)), ((40, 1), (0, 1)));
        let node = "NODE1".into();
        env.faults
            .insert(FaultId(1), MachineFault::FanFailure { node }.into());
        env.apply_faults();
        assert_eq!((env.strain(0), env.strain(1)), ((120, 3), (0, 1)));
        let late = |machine| env.answer_takes(machine, STORE, SECOND);
        assert_eq!((late(0), late(1)), (Ok(3 * SECOND), Ok(SECOND)));
        env.faults.clear();
        env.apply_faults();
        assert_eq!(env.strain(0), (40, 1));
    }
}
