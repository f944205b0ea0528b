//! The service controllers of all machines: the processes behind resources, with their start and stop times.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use quorate_host::ServiceState;
use quorate_journal::{ServiceEnd, WorldEvent};
use quorate_machine::step;
use quorate_model::{Fault, Name, NameMap, ProcessFault, Time};

use super::pace::{Task, in_proportion};
use super::{Environment, Happening, Machine};
use crate::rng::Stream;

/// An address, port and protocol that a process answers on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Endpoint {
    pub(crate) address: String,
    pub(crate) port: u16,
    pub(crate) protocol: String,
}

/// A process that is not stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) state: ServiceState,
    /// Runs, but answers nothing and does not stop when asked.
    pub(crate) hung: bool,
    /// By how much its answers are late.
    pub(crate) late: Duration,
    /// Answers with an error.
    pub(crate) wrong: bool,
    pub(crate) endpoints: BTreeSet<Endpoint>,
    /// Tells the end of this start or stop from that of an earlier one.
    generation: u64,
    /// When the start or stop is over.
    due: Option<Time>,
    /// Whether the start under way will fail.
    doomed: bool,
    /// The work of the present start or stop.
    task: Task,
}

impl Process {
    /// Whether it answers a call.
    pub(crate) fn answers(&self) -> bool {
        self.state == ServiceState::Running && !self.hung
    }
}

/// Processes by resource, then by service name. A process that is not listed is stopped.
type Table = NameMap<BTreeMap<String, Process>>;

/// The processes of every machine.
#[derive(Debug)]
pub(crate) struct Processes {
    tables: Vec<Table>,
    /// By machine: processes that ended by themselves and were not started since, by resource and service.
    died: Vec<BTreeSet<(Name, String)>>,
    next_generation: u64,
    seed: u64,
    spreads: BTreeMap<Name, Stream>,
}

impl Processes {
    pub(crate) fn new(machines: usize, seed: u64) -> Self {
        Processes {
            tables: vec![Table::new(); machines],
            died: vec![BTreeSet::new(); machines],
            next_generation: 0,
            seed,
            spreads: BTreeMap::new(),
        }
    }

    /// Adds a machine.
    pub(crate) fn add_machine(&mut self) {
        self.tables.push(Table::new());
        self.died.push(BTreeSet::new());
    }

    pub(crate) fn get(&self, machine: Machine, resource: &str, service: &str) -> Option<&Process> {
        self.tables[machine].get(resource)?.get(service)
    }

    pub(crate) fn get_mut(
        &mut self,
        machine: Machine,
        resource: &str,
        service: &str,
    ) -> Option<&mut Process> {
        self.tables[machine].get_mut(resource)?.get_mut(service)
    }

    /// The processes of a resource on a machine, with their service names.
    pub(crate) fn of(
        &self,
        machine: Machine,
        resource: &str,
    ) -> impl Iterator<Item = (&String, &Process)> {
        self.tables[machine].get(resource).into_iter().flatten()
    }

    /// Every process on a machine with its resource.
    pub(crate) fn on(&self, machine: Machine) -> impl Iterator<Item = (&Name, &Process)> {
        self.tables[machine]
            .iter()
            .flat_map(|(resource, services)| {
                services.values().map(move |process| (resource, process))
            })
    }

    fn remove(&mut self, machine: Machine, resource: &str, service: &str) -> Option<Process> {
        let services = self.tables[machine].get_mut(resource)?;
        let process = services.remove(service)?;
        if services.is_empty() {
            self.tables[machine].remove(resource);
        }
        Some(process)
    }

    /// The machine lost power.
    pub(crate) fn drop_machine(&mut self, machine: Machine) {
        self.tables[machine].clear();
        self.died[machine].clear();
    }

    /// Whether a process of the resource ended by itself on the machine and was not started since.
    pub(crate) fn died(&self, machine: Machine, resource: &str) -> bool {
        let mut died = self.died[machine].iter();
        died.any(|(of, _)| of.as_str() == resource)
    }
}

impl Environment {
    fn service_event(
        &mut self,
        machine: Machine,
        resource: &str,
        service: &str,
        change: (ServiceState, ServiceState),
        reason: Option<ServiceEnd>,
    ) {
        self.record(
            Some(machine),
            WorldEvent::Service {
                subject: resource.into(),
                service: service.to_owned(),
                from: step(change.0),
                to: step(change.1),
                reason,
                parameters: String::new(),
                directory: String::new(),
            },
        );
        self.reach_changed();
    }

    /// Starts a process. Nothing changes if it runs or starts already; if it is stopping, that is an error.
    #[cfg(test)]
    pub(crate) fn process_start(
        &mut self,
        machine: Machine,
        resource: &str,
        service: &str,
        work_units: u64,
    ) -> Result<(), &'static str> {
        self.process_start_with(machine, resource, service, work_units, ("", ""))
    }

    /// As `process_start`, with parameters and a working directory.
    pub(crate) fn process_start_with(
        &mut self,
        machine: Machine,
        resource: &str,
        service: &str,
        work_units: u64,
        (parameters, directory): (&str, &str),
    ) -> Result<(), &'static str> {
        match self
            .processes
            .get(machine, resource, service)
            .map(|process| process.state)
        {
            Some(ServiceState::StopPending) => return Err("it is still stopping"),
            Some(_) => return Ok(()),
            None => {}
        }
        let name = Name::from(resource);
        let times = self.options.service_times(service);
        let seed = self.processes.seed;
        let spread = self
            .processes
            .spreads
            .entry(name.clone())
            .or_insert_with(|| Stream::new(seed, &format!("service/{resource}")))
            .span(times.start_spread);
        let work = self
            .options
            .work_unit
            .saturating_mul(u32::try_from(work_units).unwrap_or(u32::MAX));
        let work = times.start.saturating_add(spread + work);
        let mut later = Duration::ZERO;
        let mut doomed = false;
        for fault in self.faults.values_mut() {
            let Fault::Process(fault) = fault else {
                continue;
            };
            match fault {
                ProcessFault::SlowStart { resource, delay } => {
                    if *resource == name {
                        later += *delay;
                    }
                }
                ProcessFault::FailStarts { resource, left } => {
                    if *resource == name && *left > 0 && !doomed {
                        *left -= 1;
                        doomed = true;
                    }
                }
                ProcessFault::ServiceCrash { .. }
                | ProcessFault::Hang { .. }
                | ProcessFault::SlowAnswers { .. }
                | ProcessFault::WrongAnswers { .. }
                | ProcessFault::Answers { .. }
                | ProcessFault::ScriptLost { .. } => {}
            }
        }
        // The program is on the machine's own disk.
        doomed |= self.disks.system(machine).wrong.failed;
        let process = Process {
            state: ServiceState::StartPending,
            hung: false,
            late: Duration::ZERO,
            wrong: false,
            endpoints: BTreeSet::new(),
            generation: 0,
            due: None,
            doomed,
            task: Task {
                work,
                beside: self.stores.busy(machine, Some(resource)),
                later,
                slowness: self.hosts[machine].slowness,
                // One request for the program, and one for each unit of work.
                requests: u32::try_from(work_units.saturating_add(1)).unwrap_or(u32::MAX),
                lag: self.lag_of_start(machine, resource),
            },
        };
        let same = (name.clone(), service.to_owned());
        self.processes.died[machine].remove(&same);
        let takes = process.task.all();
        self.processes.tables[machine]
            .get_or_insert_with(&name, BTreeMap::new)
            .insert(service.to_owned(), process);
        self.record(
            Some(machine),
            WorldEvent::Service {
                subject: resource.into(),
                service: service.to_owned(),
                from: step(ServiceState::Stopped),
                to: step(ServiceState::StartPending),
                reason: None,
                parameters: parameters.to_owned(),
                directory: directory.to_owned(),
            },
        );
        self.process_schedule(machine, resource, service, takes);
        Ok(())
    }

    /// Asks a process to stop. Nothing changes if it is stopped or stopping; a process that hangs does not react, and
    /// only a kill ends it.
    pub(crate) fn process_stop(&mut self, machine: Machine, resource: &str, service: &str) {
        let task = Task {
            work: self.options.service_times(service).stop,
            beside: 0,
            later: Duration::ZERO,
            slowness: self.hosts[machine].slowness,
            requests: 1,
            lag: self.lag(resource),
        };
        let takes = task.all();
        let Some(process) = self.processes.get_mut(machine, resource, service) else {
            return;
        };
        if process.state == ServiceState::StopPending {
            return;
        }
        process.task = task;
        let from = std::mem::replace(&mut process.state, ServiceState::StopPending);
        process.endpoints.clear();
        let hung = process.hung;
        let change = (from, ServiceState::StopPending);
        self.service_event(machine, resource, service, change, None);
        if !hung {
            self.process_schedule(machine, resource, service, takes);
        }
    }

    /// Ends a process at once. Returns whether it ran.
    pub(crate) fn process_kill(
        &mut self,
        machine: Machine,
        resource: &str,
        service: &str,
        reason: ServiceEnd,
    ) -> bool {
        let Some(process) = self.processes.remove(machine, resource, service) else {
            return false;
        };
        let dead = (resource.into(), service.to_owned());
        self.processes.died[machine].insert(dead);
        self.store_ended(resource, machine, false);
        let change = (process.state, ServiceState::Stopped);
        self.service_event(machine, resource, service, change, Some(reason));
        true
    }

    /// Makes a process hang, or lets it go on.
    pub(crate) fn process_hang(
        &mut self,
        machine: Machine,
        resource: &str,
        service: &str,
        hung: bool,
    ) {
        let Some(process) = self.processes.get_mut(machine, resource, service) else {
            return;
        };
        let takes = process.task.all();
        if process.hung == hung {
            return;
        }
        process.hung = hung;
        let stopping = process.state == ServiceState::StopPending;
        if hung && stopping {
            process.due = None;
            process.generation = u64::MAX;
        }
        if !hung && stopping {
            self.process_schedule(machine, resource, service, takes);
        }
        self.reach_changed();
    }

    /// Changes something about every process of a resource, wherever it is.
    pub(crate) fn change_processes(&mut self, resource: &str, change: impl Fn(&mut Process)) {
        for table in &mut self.processes.tables {
            let services = table.get_mut(resource).into_iter().flatten();
            services.for_each(|(_, process)| change(process));
        }
        self.reach_changed();
    }

    fn process_schedule(
        &mut self,
        machine: Machine,
        resource: &str,
        service: &str,
        takes: Duration,
    ) {
        let due = self.now + takes;
        let generation = self.processes.next_generation;
        let Some(process) = self.processes.get_mut(machine, resource, service) else {
            return;
        };
        process.due = Some(due);
        process.generation = generation;
        self.processes.next_generation += 1;
        self.queue.push(
            due,
            Happening::Process {
                machine,
                resource: resource.into(),
                service: service.to_owned(),
                generation,
            },
        );
    }

    /// Shortens the starts of a resource's processes that are under way by `delay`, at most by the time that is left.
    pub(crate) fn hasten_starts(&mut self, resource: &str, delay: Duration) {
        for machine in 0..self.hosts.len() {
            let less = delay.saturating_mul(self.hosts[machine].slowness);
            let starting: Vec<(String, Time)> = self
                .processes
                .of(machine, resource)
                .filter(|(_, process)| process.state == ServiceState::StartPending)
                .filter_map(|(service, process)| Some((service.clone(), process.due?)))
                .collect();
            for (service, due) in starting {
                // Not earlier than now.
                let takes = due.since(self.now).saturating_sub(less);
                self.process_schedule(machine, resource, &service, takes);
                if let Some(process) = self.processes.get_mut(machine, resource, &service) {
                    process.task.later = process.task.later.saturating_sub(delay);
                }
            }
        }
    }

    /// Disks or machines have become slower or faster: adjusts the remaining time of starts and stops.
    pub(super) fn processes_paced(&mut self) {
        let mut moved = Vec::new();
        for (machine, table) in self.processes.tables.iter().enumerate() {
            let now = self.hosts[machine].frozen.unwrap_or(self.now);
            for (resource, services) in table {
                let (starting, otherwise) =
                    (self.lag_of_start(machine, resource), self.lag(resource));
                for (service, process) in services {
                    let lag = match process.state {
                        ServiceState::StartPending => starting,
                        _ => otherwise,
                    };
                    let task = Task {
                        slowness: self.hosts[machine].slowness,
                        lag,
                        ..process.task
                    };
                    if process.task != task {
                        let left = process.due.map(|due| due - now);
                        moved.push((machine, resource.clone(), service.clone(), task, left));
                    }
                }
            }
        }
        for (machine, resource, service, task, left) in moved {
            let Some(process) = self.processes.get_mut(machine, &resource, &service) else {
                continue;
            };
            let before = std::mem::replace(&mut process.task, task);
            let Some(left) = left else { continue };
            let takes = in_proportion(left, before.all(), task.all());
            self.process_schedule(machine, &resource, &service, takes);
            // For a frozen machine the time counts from the moment it froze.
            if let Some(since) = self.hosts[machine].frozen
                && let Some(process) = self.processes.get_mut(machine, &resource, &service)
            {
                process.due = Some(since + takes);
            }
        }
    }

    /// The end of a start or stop, unless it was replaced by another one.
    pub(crate) fn process_due(
        &mut self,
        machine: Machine,
        resource: &str,
        service: &str,
        generation: u64,
    ) {
        let Some(process) = self.processes.get_mut(machine, resource, service) else {
            return;
        };
        if process.generation != generation || process.due.is_none() {
            return;
        }
        process.due = None;
        let starts = process.state == ServiceState::StartPending;
        if starts && !process.doomed {
            process.state = ServiceState::Running;
            self.store_runs(resource, machine);
            let change = (ServiceState::StartPending, ServiceState::Running);
            self.service_event(machine, resource, service, change, None);
        } else {
            let reason = starts.then_some(ServiceEnd::StartFailed);
            let change = (process.state, ServiceState::Stopped);
            self.processes.remove(machine, resource, service);
            self.store_ended(resource, machine, !starts);
            self.service_event(machine, resource, service, change, reason);
        }
    }

    /// A machine stood still: its processes need that much longer.
    pub(crate) fn processes_delayed(&mut self, machine: Machine, since: Time) {
        let mut moved = Vec::new();
        for (resource, services) in &self.processes.tables[machine] {
            for (service, process) in services {
                if let Some(due) = process.due {
                    moved.push((resource.clone(), service.clone(), due - since));
                }
            }
        }
        for (resource, service, left) in moved {
            self.process_schedule(machine, &resource, &service, left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::tests::environment;

    const IS: &str = "MSExchangeIS";
    const STORE: &str = "EVS1 Information Store";

    fn state(env: &Environment) -> ServiceState {
        env.processes
            .get(0, STORE, IS)
            .map_or(ServiceState::Stopped, |process| process.state)
    }

    /// Lets everything happen that is due within `span`.
    fn pass(env: &mut Environment, span: Duration) {
        let until = env.now + span;
        while env.queue.next_time().is_some_and(|at| at <= until) {
            let (at, what) = env.queue.pop().unwrap();
            env.now = at;
            if let Happening::Process {
                machine,
                resource,
                service,
                generation,
            } = what
            {
                env.process_due(machine, &resource, &service, generation);
            }
        }
        env.now = until;
    }

    #[test]
    fn a_store_takes_its_time_to_start_and_to_stop() {
        let mut env = environment(2);
        env.process_start(0, STORE, IS, 3).unwrap();
        pass(&mut env, Duration::from_secs(16));
        assert_eq!(state(&env), ServiceState::StartPending);
        pass(&mut env, Duration::from_secs(3));
        assert_eq!(state(&env), ServiceState::Running);
        env.process_stop(0, STORE, IS);
        assert_eq!(state(&env), ServiceState::StopPending);
        assert!(env.process_start(0, STORE, IS, 0).is_err());
        pass(&mut env, Duration::from_secs(8));
        assert_eq!(state(&env), ServiceState::Stopped);
    }

    #[test]
    fn starts_fail_as_often_as_was_said_wherever_they_are() {
        let mut env = environment(2);
        env.faults.insert(
            quorate_model::FaultId(1),
            ProcessFault::FailStarts {
                resource: STORE.into(),
                left: 2,
            }
            .into(),
        );
        for (machine, works) in [(0, false), (1, false), (0, true)] {
            env.process_start(machine, STORE, IS, 0).unwrap();
            pass(&mut env, Duration::from_secs(20));
            assert_eq!(env.processes.get(machine, STORE, IS).is_some(), works);
        }
    }

    #[test]
    fn what_hangs_runs_but_neither_answers_nor_stops() {
        let mut env = environment(2);
        env.process_start(0, STORE, IS, 0).unwrap();
        pass(&mut env, Duration::from_secs(20));
        env.process_hang(0, STORE, IS, true);
        assert!(!env.processes.get(0, STORE, IS).unwrap().answers());
        assert_eq!(state(&env), ServiceState::Running);
        env.process_stop(0, STORE, IS);
        pass(&mut env, Duration::from_secs(600));
        assert_eq!(state(&env), ServiceState::StopPending);
        assert!(env.process_kill(0, STORE, IS, ServiceEnd::Killed));
        assert_eq!(state(&env), ServiceState::Stopped);
    }

    #[test]
    fn a_start_waits_out_a_freeze() {
        let mut env = environment(2);
        env.process_start(0, STORE, IS, 0).unwrap();
        pass(&mut env, Duration::from_secs(10));
        let since = env.now;
        env.now = since + Duration::from_secs(60);
        env.processes_delayed(0, since);
        pass(&mut env, Duration::from_secs(3));
        assert_eq!(state(&env), ServiceState::StartPending);
        pass(&mut env, Duration::from_secs(4));
        assert_eq!(state(&env), ServiceState::Running);
    }

    #[test]
    fn an_old_end_of_a_start_does_not_end_a_new_one() {
        let mut env = environment(2);
        env.process_start(0, STORE, IS, 0).unwrap();
        pass(&mut env, Duration::from_secs(10));
        env.process_kill(0, STORE, IS, ServiceEnd::Killed);
        env.process_start(0, STORE, IS, 0).unwrap();
        pass(&mut env, Duration::from_secs(10));
        assert_eq!(state(&env), ServiceState::StartPending);
    }

    #[test]
    fn a_process_that_hangs_still_comes_up_and_does_not_end() {
        let mut env = environment(2);
        env.process_start(0, STORE, IS, 3).unwrap();
        env.process_hang(0, STORE, IS, true);
        pass(&mut env, Duration::from_secs(60));
        assert_eq!(state(&env), ServiceState::Running);
        env.process_hang(0, STORE, IS, false);
        env.process_stop(0, STORE, IS);
        env.process_hang(0, STORE, IS, true);
        pass(&mut env, Duration::from_secs(600));
        assert_eq!(state(&env), ServiceState::StopPending);
        env.process_hang(0, STORE, IS, false);
        pass(&mut env, Duration::from_secs(60));
        assert_eq!(state(&env), ServiceState::Stopped);
    }

    #[test]
    fn a_store_that_is_stopped_leaves_nothing_to_replay() {
        let mut env = environment(2);
        let (users, cpu_percent) = (4_000, 0);
        env.set_load("EVS1", crate::options::Load { users, cpu_percent });
        env.store_starts(STORE, "EVS1", 2);
        env.process_start(0, STORE, IS, 3).unwrap();
        pass(&mut env, Duration::from_secs(3_600));
        env.process_stop(0, STORE, IS);
        pass(&mut env, Duration::from_secs(600));
        assert_eq!(state(&env), ServiceState::Stopped);
        assert_eq!(env.store_starts(STORE, "EVS1", 2), 0);
    }

    /// Whatever is left of it when the fan fails takes three times as long, and a third of that once it is mended.
    #[test]
    fn a_start_takes_as_long_as_its_machines_fan_makes_it() {
        use quorate_model::{FaultId, MachineFault};
        let mut env = environment(2);
        let fails = |env: &mut Environment, node: &str| {
            let node = node.into();
            let fan = MachineFault::FanFailure { node };
            env.faults.insert(FaultId(1), fan.into());
            env.apply_faults();
        };
        let left = |env: &Environment| {
            let process = env.processes.get(0, STORE, IS).unwrap();
            (process.due.unwrap() - env.now).as_millis()
        };
        env.process_start(0, STORE, IS, 0).unwrap();
        pass(&mut env, Duration::from_secs(10));
        let before = left(&env);
        fails(&mut env, "NODE2");
        assert_eq!(left(&env), before, "another machine's");
        fails(&mut env, "NODE1");
        let slow = left(&env);
        assert!((3 * before..=3 * before + 2).contains(&slow), "{slow}");
        pass(&mut env, Duration::from_secs(3));
        env.faults.clear();
        env.apply_faults();
        let mended = left(&env);
        let wanted = (slow - 3_000) / 3;
        assert!((wanted..=wanted + 1).contains(&mended), "{mended}");
        pass(&mut env, Duration::from_secs(10));
        assert_eq!(state(&env), ServiceState::Running);

        env.process_stop(0, STORE, IS);
        let usual = left(&env);
        fails(&mut env, "NODE1");
        assert_eq!(left(&env), 3 * usual);
    }

    /// What makes a start slow is taken from what is left of it, at the speed of its machine.
    #[test]
    fn a_slow_start_that_is_mended_without_a_fan_is_over_sooner() {
        use quorate_model::{FaultId, MachineFault};
        let mut env = environment(2);
        let (resource, delay) = (Name::from(STORE), Duration::from_secs(60));
        let slow = ProcessFault::SlowStart { resource, delay };
        let node = "NODE1".into();
        env.faults
            .insert(FaultId(1), MachineFault::FanFailure { node }.into());
        env.faults.insert(FaultId(2), slow.into());
        env.apply_faults();
        env.process_start(0, STORE, IS, 0).unwrap();
        let due = |env: &Environment| env.processes.get(0, STORE, IS).unwrap().due.unwrap();
        let before = due(&env);
        env.faults.remove(&FaultId(2));
        env.hasten_starts(STORE, delay);
        assert_eq!(before - due(&env), 3 * delay);
    }

    /// Other faults begin and end meanwhile.
    #[test]
    fn a_start_takes_as_long_as_its_machines_disk_makes_it() {
        use quorate_model::{DiskFault, Drive, FaultId};
        let mut env = environment(2);
        let (disk, delay) = (Drive::System("NODE1".into()), Duration::from_secs(60));
        let slow = DiskFault::SlowDisk { disk, delay };
        env.faults.insert(FaultId(1), slow.into());
        env.apply_faults();
        env.process_start(0, STORE, IS, 3).unwrap();
        env.apply_faults();
        pass(&mut env, Duration::from_secs(40));
        assert_eq!(state(&env), ServiceState::StartPending);
        env.faults.clear();
        env.apply_faults();
        pass(&mut env, Duration::from_secs(40));
        assert_eq!(state(&env), ServiceState::Running);
    }
}
