//! Clocks that jump or drift, and changes of local time.

use std::collections::BTreeSet;
use std::time::Duration;

use quorate_model::{ClockFault, Fault, Name};
use quorate_node::Input;

use super::super::World;
use crate::WorldError;
use crate::clock::Clock;
use crate::env::Machine;

/// The longest step of a clock.
const STEP_MAX_MS: u64 = 365 * 86_400_000;
/// The greatest drift of a clock.
const DRIFT_MAX_PPM: u32 = 10_000;
/// The greatest change of local time: from one side of the date line to the other.
const LOCAL_MAX_MINUTES: u32 = 26 * 60;

impl World {
    pub(super) fn check_clock_fault(&self, fault: &ClockFault) -> Result<(), WorldError> {
        match fault {
            ClockFault::ClockStep { node, by_ms } => {
                self.machine(node)?;
                if *by_ms == 0 {
                    return Err(WorldError::Nothing {
                        why: "a step of 0 leaves a clock as it is".to_owned(),
                    });
                }
                if by_ms.unsigned_abs() > STEP_MAX_MS {
                    return Err(WorldError::Range {
                        what: "the step of a clock",
                        wanted: "at most 365 days forward or back",
                        found: format!("{:?}", Duration::from_millis(by_ms.unsigned_abs())),
                    });
                }
                Ok(())
            }
            ClockFault::ClockDrift { node, ppm } => {
                let machine = self.machine(node)?;
                if ppm.unsigned_abs() > DRIFT_MAX_PPM {
                    return Err(WorldError::Range {
                        what: "the drift of a clock",
                        wanted: "from -10000 to 10000 parts per million (1 %)",
                        found: ppm.to_string(),
                    });
                }
                match self.env.hosts[machine].clock.drift_ppm() == *ppm {
                    true => Err(WorldError::Nothing {
                        why: format!("the clock gains {ppm} parts per million already"),
                    }),
                    false => Ok(()),
                }
            }
            ClockFault::LocalTime { node, by_minutes } => {
                if let Some(node) = node {
                    self.machine(node)?;
                }
                if *by_minutes == 0 {
                    return Err(WorldError::Nothing {
                        why: "0 minutes leave local time as it is".to_owned(),
                    });
                }
                if by_minutes.unsigned_abs() > LOCAL_MAX_MINUTES {
                    return Err(WorldError::Range {
                        what: "how far local time moves",
                        wanted: "at most 26 h forward or back",
                        found: format!("{by_minutes} min"),
                    });
                }
                Ok(())
            }
        }
    }

    pub(super) fn touched_by_clock(&self, fault: &ClockFault) -> BTreeSet<Name> {
        match fault {
            ClockFault::ClockStep { node, .. } | ClockFault::ClockDrift { node, .. } => {
                self.groups_of_node(node)
            }
            ClockFault::LocalTime { .. } => self.all_groups(),
        }
    }

    pub(super) fn break_clock(&mut self, fault: ClockFault) {
        match fault {
            ClockFault::ClockStep { node, by_ms } => self.clock_stepped(&node, by_ms),
            ClockFault::ClockDrift { node, .. } => self.clock_drifts(&node),
            ClockFault::LocalTime { .. } => self.local_time_moved(),
        }
    }

    pub(super) fn heal_clock(&mut self, fault: ClockFault) {
        match fault {
            ClockFault::ClockStep { node, by_ms } => self.clock_stepped(&node, -by_ms),
            ClockFault::ClockDrift { node, .. } => self.clock_drifts(&node),
            ClockFault::LocalTime { .. } => self.local_time_moved(),
        }
    }

    fn active_clock_faults(&self) -> impl DoubleEndedIterator<Item = &ClockFault> {
        self.env.faults.values().filter_map(|fault| match fault {
            Fault::Clock(fault) => Some(fault),
            Fault::Machine(_)
            | Fault::Network(_)
            | Fault::Names(_)
            | Fault::Disk(_)
            | Fault::Process(_)
            | Fault::Share(_) => None,
        })
    }

    /// A machine's civil time jumps, and its cluster service is told.
    fn clock_stepped(&mut self, node: &str, by_ms: i64) {
        let Ok(machine) = self.machine(node) else {
            return;
        };
        let host = &mut self.env.hosts[machine];
        host.civil_origin_ms = host.civil_origin_ms.saturating_add(by_ms);
        if host.on {
            self.input(machine, Input::ClockStep { by_ms });
        }
        self.env.changed();
    }

    /// The sum of the active steps of a machine's civil time.
    pub(in crate::world) fn stepped_ms(&self, machine: Machine) -> i64 {
        let name = &self.env.hosts[machine].name;
        let steps = self.active_clock_faults().map(|fault| match fault {
            ClockFault::ClockStep { node, by_ms } if node == name => *by_ms,
            _ => 0,
        });
        steps.fold(0, i64::saturating_add)
    }

    /// Sets the rate of a machine's clock: that of the newest fault, or its own.
    fn clock_drifts(&mut self, node: &str) {
        let Ok(machine) = self.machine(node) else {
            return;
        };
        let now = self.env.now;
        let name = &self.env.hosts[machine].name;
        let ppm = self
            .active_clock_faults()
            .rev()
            .find_map(|fault| match fault {
                ClockFault::ClockDrift { node, ppm } if node == name => Some(*ppm),
                _ => None,
            });
        let host = &mut self.env.hosts[machine];
        let ppm = ppm.unwrap_or(host.own_drift_ppm);
        let shown = host.clock.local(now);
        host.clock = Clock::new(now, shown, ppm);
        let most = &mut self.env.drift_ppm_most;
        *most = (*most).max(ppm.unsigned_abs());
        // Timers are due at other instants of the world now.
        self.schedule(machine);
        self.env.changed();
    }

    /// The sum of the active changes of local time, in minutes: on a machine, or of the cluster if none is named.
    pub(in crate::world) fn local_shift_minutes(&self, machine: Option<Machine>) -> i32 {
        let name = machine.map(|machine| &self.env.hosts[machine].name);
        let shifts = self.active_clock_faults().map(|fault| match fault {
            ClockFault::LocalTime { node, by_minutes }
                if node.is_none() || node.as_ref() == name =>
            {
                *by_minutes
            }
            _ => 0,
        });
        shifts.fold(0, i32::saturating_add)
    }

    /// Sets the local time of each machine, and tells its cluster service.
    fn local_time_moved(&mut self) {
        for machine in 0..self.env.hosts.len() {
            let minutes = self.local_shift_minutes(Some(machine));
            let host = &mut self.env.hosts[machine];
            let before = std::mem::replace(&mut host.local_shift_minutes, minutes);
            if host.on && before != minutes {
                self.input(
                    machine,
                    Input::LocalTime {
                        shift_minutes: minutes,
                    },
                );
            }
        }
        self.env.changed();
    }
}
