//! Faults of the processes behind resources, and of resource scripts.

use std::collections::BTreeSet;
use std::time::Duration;

use quorate_journal::ServiceEnd;
use quorate_model::{Fault, FaultId, Name, ProcessFault, ResourceDefinition, Value, types};

use super::super::World;
use super::some_time;
use crate::WorldError;
use crate::env::Machine;

impl World {
    pub(super) fn check_process_fault(&self, fault: &ProcessFault) -> Result<(), WorldError> {
        match fault {
            ProcessFault::ServiceCrash { resource } | ProcessFault::Hang { resource } => {
                self.has_process(resource)?;
                self.must_have_process(resource)
            }
            ProcessFault::SlowAnswers { resource, delay } => {
                self.has_process(resource)?;
                some_time("what an answer takes on top", *delay)?;
                self.must_have_process(resource)
            }
            ProcessFault::WrongAnswers { resource } => {
                self.has_process(resource)?;
                self.must_have_process(resource)
            }
            ProcessFault::Answers { resource, .. } => self.has_process(resource),
            ProcessFault::FailStarts { resource, left } => {
                self.has_process(resource)?;
                match left {
                    0 => Err(WorldError::Range {
                        what: "the number of starts that fail",
                        wanted: "1 or more",
                        found: left.to_string(),
                    }),
                    _ => Ok(()),
                }
            }
            ProcessFault::SlowStart { resource, delay } => {
                self.has_process(resource)?;
                some_time("what a start takes on top", *delay)
            }
            ProcessFault::ScriptLost { node, path } => {
                self.machine(node)?;
                match self.groups_with_script(path).is_empty() {
                    true => Err(WorldError::Nothing {
                        why: format!("no resource has the ScriptFilepath {path:?}"),
                    }),
                    false => Ok(()),
                }
            }
        }
    }

    /// Refuses a resource without a running process.
    fn must_have_process(&self, resource: &Name) -> Result<(), WorldError> {
        match self.processes_of(resource).is_empty() {
            true => Err(WorldError::NoProcess {
                resource: resource.clone(),
            }),
            false => Ok(()),
        }
    }

    /// Refuses an unknown resource, and one whose type starts no process.
    fn has_process(&self, resource: &str) -> Result<(), WorldError> {
        let (_, resource) = self.known_resource(resource)?;
        match types::starts_no_process(&resource.kind) {
            true => Err(WorldError::HasNoProcess {
                resource: resource.name.clone(),
                kind: resource.kind.clone(),
            }),
            false => Ok(()),
        }
    }

    /// For a process, its resource's group. For a script, the groups with a resource written in it.
    pub(super) fn touched_by_process(&self, fault: &ProcessFault) -> BTreeSet<Name> {
        match fault {
            ProcessFault::ServiceCrash { resource }
            | ProcessFault::Hang { resource }
            | ProcessFault::SlowAnswers { resource, .. }
            | ProcessFault::WrongAnswers { resource }
            | ProcessFault::Answers { resource, .. }
            | ProcessFault::FailStarts { resource, .. }
            | ProcessFault::SlowStart { resource, .. } => self
                .current
                .resource(resource)
                .map(|(group, _)| group.name.clone())
                .into_iter()
                .collect(),
            ProcessFault::ScriptLost { path, .. } => self.groups_with_script(path),
        }
    }

    pub(super) fn break_process(&mut self, fault: ProcessFault) {
        match fault {
            ProcessFault::ServiceCrash { resource } => {
                for (machine, service) in self.processes_of(&resource) {
                    self.env
                        .process_kill(machine, &resource, &service, ServiceEnd::Crashed);
                }
            }
            ProcessFault::Hang { resource } => {
                for (machine, service) in self.processes_of(&resource) {
                    self.env.process_hang(machine, &resource, &service, true);
                }
            }
            ProcessFault::SlowAnswers { resource, delay } => {
                self.env.change_processes(&resource, |it| it.late += delay);
            }
            ProcessFault::WrongAnswers { resource } => {
                self.env.change_processes(&resource, |it| it.wrong = true);
            }
            // These faults are looked for when a process is asked or started, or a script is loaded.
            ProcessFault::Answers { .. }
            | ProcessFault::FailStarts { .. }
            | ProcessFault::SlowStart { .. }
            | ProcessFault::ScriptLost { .. } => self.faults_changed(),
        }
    }

    pub(super) fn heal_process(&mut self, fault: ProcessFault) {
        match fault {
            ProcessFault::Hang { resource } => {
                let other = |fault: &Fault| matches!(fault, Fault::Process(ProcessFault::Hang { resource: other }) if *other == resource);
                if !self.env.faults.values().any(other) {
                    for (machine, service) in self.processes_of(&resource) {
                        self.env.process_hang(machine, &resource, &service, false);
                    }
                }
            }
            ProcessFault::SlowAnswers { resource, delay } => {
                self.env.change_processes(&resource, |it| {
                    it.late = it.late.saturating_sub(delay);
                });
            }
            ProcessFault::WrongAnswers { resource } => {
                let healed = ProcessFault::WrongAnswers {
                    resource: resource.clone(),
                };
                let other = |fault: &Fault| *fault == Fault::Process(healed.clone());
                let wrong = self.env.faults.values().any(other);
                self.env
                    .change_processes(&resource, |it| it.wrong = it.wrong && wrong);
            }
            ProcessFault::SlowStart { resource, delay } => {
                self.env.hasten_starts(&resource, delay);
                self.faults_changed();
            }
            ProcessFault::Answers { .. }
            | ProcessFault::FailStarts { .. }
            | ProcessFault::ScriptLost { .. } => {
                self.faults_changed();
            }
            // This cannot be healed.
            ProcessFault::ServiceCrash { .. } => {}
        }
    }

    /// The groups with a resource that is written in the script at `path`.
    fn groups_with_script(&self, path: &str) -> BTreeSet<Name> {
        let runs = |resource: &ResourceDefinition| {
            resource.properties.private.get("ScriptFilepath") == Some(&Value::Text(path.to_owned()))
        };
        let groups = self.current.groups.iter();
        groups
            .filter(|group| group.resources.iter().any(runs))
            .map(|group| group.name.clone())
            .collect()
    }

    /// The processes of a resource on every machine that has power: machine and service name.
    fn processes_of(&self, resource: &str) -> Vec<(Machine, String)> {
        let machines = 0..self.env.hosts.len();
        machines
            .flat_map(|machine| {
                let services = self.env.processes.of(machine, resource);
                services.map(move |(service, _)| (machine, service.clone()))
            })
            .collect()
    }

    /// The processes behind a resource die, wherever they are.
    ///
    /// # Errors
    /// An unknown resource; [`WorldError::NoProcess`].
    pub fn crash_process(&mut self, resource: &str) -> Result<FaultId, WorldError> {
        self.inject(ProcessFault::ServiceCrash {
            resource: resource.into(),
        })
    }

    /// The processes behind a resource hang, for `span` or until repaired: they run, but answer nothing and do not
    /// stop when asked to. Processes started later do not hang.
    ///
    /// # Errors
    /// An unknown resource; [`WorldError::NoProcess`].
    pub fn hang_process(
        &mut self,
        resource: &str,
        span: Option<Duration>,
    ) -> Result<FaultId, WorldError> {
        self.inject_for(
            ProcessFault::Hang {
                resource: resource.into(),
            },
            span,
        )
    }

    /// The processes behind a resource answer this much later, until repaired or started anew.
    ///
    /// # Errors
    /// An unknown resource; [`WorldError::NoProcess`]; no time at all.
    pub fn slow_answers(&mut self, resource: &str, delay: Duration) -> Result<FaultId, WorldError> {
        let resource = resource.into();
        self.inject(ProcessFault::SlowAnswers { resource, delay })
    }

    /// The processes behind a resource answer everybody with an error, until repaired or started anew.
    ///
    /// # Errors
    /// An unknown resource; [`WorldError::NoProcess`].
    pub fn wrong_answers(&mut self, resource: &str) -> Result<FaultId, WorldError> {
        let resource = resource.into();
        self.inject(ProcessFault::WrongAnswers { resource })
    }

    /// The next `starts` starts of the processes behind a resource fail, on whichever node.
    ///
    /// # Errors
    /// An unknown resource.
    pub fn fail_starts(&mut self, resource: &str, starts: u32) -> Result<FaultId, WorldError> {
        self.inject(ProcessFault::FailStarts {
            resource: resource.into(),
            left: starts,
        })
    }
}
