//! Power of machines, and the start and end of their cluster services.

use std::collections::BTreeMap;
use std::time::Duration;

use quorate_journal::WorldEvent;
use quorate_machine::ResourceMonitor;
use quorate_model::{AdminOp, Fault, FaultId, MachineFault, Name, Reason, StartSwitches, Time};
use quorate_node::{
    BootImage, Device, DiskError, DiskOp, DiskRequest, Input, Node, NodeConfig, bounds,
};

use super::World;
use super::drive::{Cause, Start};
use super::faults::some_time;
use crate::clock::Clock;
use crate::env::{Happening, Machine};
use crate::monitor::Standing;
use crate::services::Local;
use crate::{RequestId, WorldError};

/// The longest uptime that a machine's monotonic clock may show when it is switched on.
const UPTIME_MAX: Duration = Duration::from_secs(600);

impl World {
    /// Switches on every machine that is off, in the order of their ids, within
    /// [`WorldOptions::power_on_spread`](crate::WorldOptions::power_on_spread).
    pub fn start_all(&mut self) {
        let machines = self.env.hosts.len() as u32;
        let step = self.env.options.power_on_spread / machines.max(1);
        for machine in 0..self.env.hosts.len() {
            if !self.env.hosts[machine].on {
                let wait = step * (machine as u32) + self.boots.span(step);
                self.schedule_alone(wait, Happening::PowerOn(machine));
            }
        }
    }

    /// Switches a machine on; its cluster service starts with it. Heals a [`crash`](Self::crash).
    ///
    /// # Errors
    /// An unknown node; a machine that is on.
    pub fn start(&mut self, node: &str) -> Result<(), WorldError> {
        self.start_with(node, StartSwitches::default())
    }

    /// As [`start`](Self::start), with the cluster service's start switches.
    ///
    /// # Errors
    /// As [`start`](Self::start); switches that are not allowed on this node.
    pub fn start_with(&mut self, node: &str, switches: StartSwitches) -> Result<(), WorldError> {
        let machine = self.machine(node)?;
        if self.env.hosts[machine].on {
            return Err(self.machine_error(machine, "is on already"));
        }
        self.check_switches(node, &switches)?;
        self.power_on_with(machine, switches);
        self.watch(&Cause::Machine("power on", machine));
        Ok(())
    }

    /// A machine loses power: node, monitor, services, mounts and addresses are gone at once. What its disks had
    /// finished stays, and so do its reservations.
    ///
    /// # Errors
    /// An unknown node; a machine that is off.
    pub fn crash(&mut self, node: &str) -> Result<FaultId, WorldError> {
        self.inject(MachineFault::Crash { node: node.into() })
    }

    /// Shuts a machine down in order: its cluster service is asked to stop, its groups move away, and once it has
    /// stopped the machine goes off. The request is answered like any other.
    ///
    /// # Errors
    /// An unknown node; a machine that is off or stands still; one whose cluster service does not run goes
    /// off at once and gives [`WorldError::NobodyToAsk`].
    pub fn shutdown(&mut self, node: &str) -> Result<RequestId, WorldError> {
        let machine = self.machine(node)?;
        self.must_run(machine)?;
        if !self.stations[machine].service.runs() {
            self.powered_down(machine);
            self.watch(&Cause::Machine("shutdown", machine));
            return Err(WorldError::NobodyToAsk);
        }
        self.stations[machine].shutting_down = true;
        self.admin_at(node, AdminOp::ServiceStop)
    }

    /// Shuts a machine down in order, as [`shutdown`](Self::shutdown), and starts it again by itself after it has
    /// been off for `takes`.
    ///
    /// # Errors
    /// As [`shutdown`](Self::shutdown); a duration of zero. A machine whose cluster service does not run goes off at
    /// once, starts again as well, and gives [`WorldError::NobodyToAsk`].
    pub fn reboot(&mut self, node: &str, takes: Duration) -> Result<RequestId, WorldError> {
        let machine = self.machine(node)?;
        self.must_run(machine)?;
        some_time("what a reboot takes", takes)?;
        self.stations[machine].comes_back = Some(takes);
        let asked = self.shutdown(node);
        if asked.is_err() && self.env.hosts[machine].on {
            self.stations[machine].comes_back = None;
        }
        asked
    }

    /// A machine stands still, for `span` or until it is thawed: nothing on it runs, its clocks go on, and datagrams
    /// wait in a small buffer.
    ///
    /// # Errors
    /// An unknown node; a machine that is off or stands still already.
    pub fn freeze(&mut self, node: &str, span: Option<Duration>) -> Result<FaultId, WorldError> {
        self.inject_for(MachineFault::Freeze { node: node.into() }, span)
    }

    /// Lets a machine that stands still go on: node and monitor wake at the same instant, the node first.
    ///
    /// # Errors
    /// An unknown node; a machine that does not stand still.
    pub fn thaw(&mut self, node: &str) -> Result<(), WorldError> {
        let machine = self.machine(node)?;
        if self.env.hosts[machine].frozen.is_none() {
            return Err(self.machine_error(machine, "does not stand still"));
        }
        self.thawed(machine);
        self.watch(&Cause::Machine("a thaw", machine));
        Ok(())
    }

    /// Kills the process of a machine's cluster service, which can tell nobody. The resource monitor notices and
    /// takes everything out of service. The service only starts again by [`start_service`](Self::start_service) or
    /// healing. For an ordered stop see [`AdminOp::ServiceStop`] with [`admin_at`](Self::admin_at).
    ///
    /// # Errors
    /// An unknown node; a machine that is off, stands still or does not run the service.
    pub fn stop_service(&mut self, node: &str) -> Result<FaultId, WorldError> {
        self.inject(MachineFault::ServiceStop { node: node.into() })
    }

    /// Starts a machine's cluster service, however it ended.
    ///
    /// # Errors
    /// An unknown node; a machine that is off or stands still, or whose service runs.
    pub fn start_service(&mut self, node: &str) -> Result<(), WorldError> {
        self.start_service_with(node, StartSwitches::default())
    }

    /// As [`start_service`](Self::start_service), with start switches.
    ///
    /// # Errors
    /// As [`start_service`](Self::start_service); switches that are not allowed on this node.
    pub fn start_service_with(
        &mut self,
        node: &str,
        switches: StartSwitches,
    ) -> Result<(), WorldError> {
        let machine = self.machine(node)?;
        self.must_run(machine)?;
        if self.stations[machine].service.runs() {
            return Err(self.machine_error(machine, "runs the cluster service already"));
        }
        if self.stations[machine].starting.is_some() {
            let problem = "is starting the cluster service: its system disk has not been read yet";
            return Err(self.machine_error(machine, problem));
        }
        if self.stations[machine].cleaned {
            let problem = "is no node of a cluster since it was cleaned up: add it";
            return Err(self.machine_error(machine, problem));
        }
        self.check_switches(node, &switches)?;
        self.service_start_with(machine, "started by hand", switches);
        self.watch(&Cause::Machine("start of the cluster service", machine));
        Ok(())
    }

    fn check_switches(&self, node: &str, switches: &StartSwitches) -> Result<(), WorldError> {
        let refused = |(code, text)| WorldError::Refused(Reason { code, text });
        switches.check(&self.installed, node).map_err(refused)
    }

    /// A start switch has taken effect.
    ///
    /// A log that is written again from one node's copy, or a cluster that goes on with a list of nodes, may lack
    /// updates that only other nodes had: earlier acknowledgements are no longer promised. What a node keeps to
    /// itself is promised to nobody after its service ends; then the past counts again as it was.
    pub(super) fn switched(&mut self, machine: Machine) {
        if !self.stations[machine].unlogged {
            self.acknowledged = 0;
            self.aside = None;
            self.invariants.promise_void();
        }
    }

    /// A node that keeps changes to itself is about to apply something, even before it reports that it leads.
    pub(super) fn past_set_aside(&mut self) {
        if self.aside.is_none() {
            self.aside = Some(std::mem::take(&mut self.acknowledged));
            self.invariants.past_set_aside();
        }
    }

    /// A node that kept changes to itself has ended.
    fn past_taken_up(&mut self) {
        if self.stations.iter().any(|station| station.unlogged) {
            return;
        }
        if let Some(acknowledged) = self.aside.take() {
            self.acknowledged = acknowledged;
            self.invariants.past_taken_up();
        }
    }

    pub(super) fn machine_error(&self, machine: Machine, problem: &'static str) -> WorldError {
        WorldError::Machine {
            node: self.env.hosts[machine].name.clone(),
            problem,
        }
    }

    /// Refuses a machine that is off or stands still.
    pub(super) fn must_run(&self, machine: Machine) -> Result<(), WorldError> {
        let host = &self.env.hosts[machine];
        match (host.on, host.frozen) {
            (false, _) => Err(self.machine_error(machine, "is off")),
            (true, Some(_)) => Err(self.machine_error(machine, "stands still")),
            (true, None) => Ok(()),
        }
    }

    /// Forgets faults of machines that were undone in another way.
    fn forget(&mut self, undone: impl Fn(&MachineFault) -> bool) {
        let ids: Vec<FaultId> = self
            .env
            .faults
            .iter()
            .filter(|(_, fault)| matches!(fault, Fault::Machine(fault) if undone(fault)))
            .map(|(id, _)| *id)
            .collect();
        for id in ids {
            if let Some(fault) = self.env.faults.remove(&id) {
                let subject = fault.subject().cloned();
                self.env
                    .record(None, WorldEvent::FaultHealed { id, subject, fault });
            }
        }
    }

    pub(super) fn name(&self, machine: Machine) -> Name {
        self.env.hosts[machine].name.clone()
    }

    pub(super) fn power_on(&mut self, machine: Machine) {
        self.power_on_with(machine, StartSwitches::default());
    }

    fn power_on_with(&mut self, machine: Machine, switches: StartSwitches) {
        if self.env.hosts[machine].on {
            return;
        }
        let name = self.name(machine);
        self.forget(|fault| matches!(fault, MachineFault::Crash { node } if *node == name));
        self.stations[machine].back_at = None;
        // Its clock starts at a random value, so that comparing instants of two machines shows up as a bug.
        let now = self.env.now;
        let shown = Time(0) + self.boots.span(UPTIME_MAX);
        let stepped = self.stepped_ms(machine);
        let host = &mut self.env.hosts[machine];
        host.on = true;
        host.frozen = None;
        host.clock = Clock::new(now, shown, host.clock.drift_ppm());
        let passed = now.as_millis() as i64 - shown.as_millis() as i64;
        let origin = self.env.options.civil_start_ms.saturating_add(passed);
        host.civil_origin_ms = origin.saturating_add(stepped);
        self.env.record(
            Some(machine),
            WorldEvent::Power {
                on: true,
                reason: "switched on".to_owned(),
            },
        );
        self.env.changed();
        if !self.stations[machine].cleaned {
            self.service_start_with(machine, "the machine starts", switches);
        }
    }

    /// Switches the machine off at once.
    pub(super) fn power_cut(&mut self, machine: Machine, reason: &str) {
        if !self.env.hosts[machine].on {
            return;
        }
        self.calls(machine).power_off();
        let station = &mut self.stations[machine];
        station.shutting_down = false;
        station.comes_back = None;
        station.restarting = false;
        self.emptied(machine);
        self.env.power_off(machine);
        self.env.record(
            Some(machine),
            WorldEvent::Power {
                on: false,
                reason: reason.to_owned(),
            },
        );
        self.requests_lost(machine);
        let name = self.name(machine);
        self.forget(|fault| match fault {
            MachineFault::Freeze { node } | MachineFault::ServiceStop { node } => *node == name,
            MachineFault::Crash { .. }
            | MachineFault::CrashWriting { .. }
            | MachineFault::MonitorHang { .. }
            | MachineFault::FanFailure { .. }
            | MachineFault::ServiceRestart { .. } => false,
        });
    }

    /// The machine goes off in order, and starts again later if it is to.
    fn powered_down(&mut self, machine: Machine) {
        let Some(takes) = self.stations[machine].comes_back else {
            return self.power_cut(machine, "shut down");
        };
        self.power_cut(machine, "restarts");
        let at = self.env.now + takes;
        self.stations[machine].back_at = Some(at);
        self.schedule_alone(takes, Happening::Reboot(machine));
    }

    /// Switches on a machine that reboots, unless somebody has done so already.
    pub(super) fn rebooted(&mut self, machine: Machine) {
        if self.stations[machine].back_at == Some(self.env.now) {
            self.power_on(machine);
        }
    }

    /// Clears everything of the cluster service from the machine's memory.
    fn emptied(&mut self, machine: Machine) {
        self.remember_the_last();
        self.monitor_ended(machine);
        if std::mem::take(&mut self.stations[machine].unlogged) {
            self.past_taken_up();
        }
        let station = &mut self.stations[machine];
        station.backlog.clear();
        station.datagrams = 0;
        station.restart_due = false;
        station.starting = None;
        station.seen_applied = 0;
    }

    pub(super) fn frozen(&mut self, machine: Machine) {
        self.env.hosts[machine].frozen = Some(self.env.now);
        self.env
            .record(Some(machine), WorldEvent::Frozen { frozen: true });
        self.env.changed();
    }

    pub(super) fn thawed(&mut self, machine: Machine) {
        let Some(since) = self.env.hosts[machine].frozen.take() else {
            return;
        };
        let name = self.name(machine);
        self.forget(|fault| matches!(fault, MachineFault::Freeze { node } if *node == name));
        self.env
            .record(Some(machine), WorldEvent::Frozen { frozen: false });
        self.env.changed();
        self.stations[machine].thawed = Some(self.env.now);
        self.env.processes_delayed(machine, since);
        self.catch_up(machine);
        if std::mem::take(&mut self.stations[machine].restart_due) {
            match self.stations[machine].starting.take() {
                Some(start) => self.service_start_with(machine, &start.reason, start.switches),
                None => self.service_restart(machine, self.stations[machine].boot),
            }
        }
    }

    pub(super) fn service_start(&mut self, machine: Machine, reason: &str) {
        self.service_start_with(machine, reason, StartSwitches::default());
    }

    fn service_start_with(&mut self, machine: Machine, reason: &str, switches: StartSwitches) {
        let name = self.name(machine);
        self.forget(|fault| matches!(fault, MachineFault::ServiceStop { node } if *node == name));
        self.left_over_ended(machine);
        let station = &mut self.stations[machine];
        station.boot += 1;
        station.ended = None;
        station.said = false;
        station.restarting = false;
        let start = Start {
            reason: reason.to_owned(),
            switches,
        };
        let disk = self.env.disks.system(machine);
        if disk.is_idle() {
            let files = disk.files.clone();
            self.service_boot(machine, start, files);
            return;
        }
        // The read of its files waits for the disk's earlier requests, and takes as long as any other.
        let boot = station.boot;
        station.starting = Some(start);
        let request = DiskRequest {
            ticket: 0,
            device: Device::System,
            op: DiskOp::ReadAll {
                prefix: String::new(),
            },
        };
        let submitted = self.env.disks.submit(machine, boot, request, self.env.now);
        if let Ok((disk, request, at)) = submitted {
            self.env.queue.push(at, Happening::Disk { disk, request });
        }
    }

    /// The cluster service that is being started has read its files, or could not.
    pub(super) fn service_read(
        &mut self,
        machine: Machine,
        start: Start,
        read: Result<BTreeMap<String, Vec<u8>>, DiskError>,
    ) {
        if self.env.hosts[machine].frozen.is_some() {
            self.stations[machine].starting = Some(start);
            self.stations[machine].restart_due = true;
            return;
        }
        match read {
            Ok(files) => self.service_boot(machine, start, files),
            Err(why) => {
                let reason = format!("the cluster service cannot read its disk: {why}");
                self.service_gone(machine, &reason, true);
            }
        }
    }

    /// Starts the cluster service with the files from the machine's disk.
    fn service_boot(&mut self, machine: Machine, start: Start, files: BTreeMap<String, Vec<u8>>) {
        let Start { reason, switches } = start;
        let local = self.env.local(machine);
        let definition = self.installed_on(machine);
        let station = &mut self.stations[machine];
        station.unlogged = switches.keeps_to_itself();
        let config = NodeConfig {
            switches,
            id: self.env.hosts[machine].id,
            definition,
            incarnation: station.boot,
            seed: self.boots.next(),
            joins: station.joins,
            civil_origin_ms: self.env.hosts[machine].civil_origin_ms,
            local_shift_minutes: self.env.hosts[machine].local_shift_minutes,
        };
        let image = BootImage { files };
        self.env.record(
            Some(machine),
            WorldEvent::ClusterService {
                running: true,
                reason,
            },
        );
        self.env.changed();
        station.seen_applied = 0;
        let mut node = Node::boot(config, image, local);
        if let Some(policies) = &self.policies {
            node.set_policies(policies.clone());
        }
        if self.env.options.checked_twice {
            node.doubt();
        }
        #[cfg(feature = "planted")]
        if self.hasty {
            node.plant_haste();
        }
        #[cfg(feature = "planted")]
        if self.stubborn {
            node.plant_stubbornness();
        }
        #[cfg(feature = "planted")]
        if self.eager {
            node.plant_eagerness();
        }
        let monitor = Standing::new(self.monitors.boot());
        self.calls(machine).begin(node, monitor);
        // A service notices cards without a link when it opens its sockets.
        let cards = 0..self.env.networks.names().count();
        for network in cards {
            if self.env.networks.link(network, machine) == Some(false) {
                let network = self.env.networks.name(network).clone();
                self.input(machine, Input::Link { network, up: false });
            }
        }
        quorate_machine::drain(&mut self.around(machine));
    }

    /// The cluster service has ended without telling anybody: the monitor takes everything out of service.
    pub(super) fn service_ended(&mut self, machine: Machine, reason: &str, restart: bool) {
        if self.calls(machine).kill() {
            quorate_machine::end(&mut self.around(machine));
            self.service_gone(machine, reason, restart);
        }
    }

    /// Makes a machine's resource monitor stand still, or go on.
    pub(super) fn monitor_stands_still(&mut self, machine: Machine, stands_still: bool) {
        if let Some(monitor) = self.calls(machine).monitor_mut() {
            monitor.stand_still(stands_still);
        }
    }

    /// A machine's resource monitor has ended, and with it its standing still.
    pub(super) fn monitor_ended(&mut self, machine: Machine) {
        let name = self.name(machine);
        self.forget(|fault| matches!(fault, MachineFault::MonitorHang { node } if *node == name));
    }

    /// The cluster service of a machine and its monitor have ended.
    pub(super) fn service_gone(&mut self, machine: Machine, reason: &str, restart: bool) {
        self.emptied(machine);
        self.env.record(
            Some(machine),
            WorldEvent::ClusterService {
                running: false,
                reason: reason.to_owned(),
            },
        );
        self.env.changed();
        self.requests_ended(machine, restart);
        if self.stations[machine].shutting_down {
            self.powered_down(machine);
        } else if restart {
            let boot = self.stations[machine].boot;
            self.stations[machine].restarting = true;
            let at = self.env.now + bounds::SERVICE_RESTART;
            self.env
                .queue
                .push(at, Happening::ServiceRestart { machine, boot });
        }
    }

    /// Kills the process of the cluster service and starts it again at once. The monitor of its old boot, with
    /// everything that it runs, goes on until somebody ends it.
    pub(super) fn service_restarted_over(&mut self, machine: Machine) {
        if !self.stations[machine].service.runs() {
            return;
        }
        let left_over = self.calls(machine).orphan();
        let running = left_over.as_ref().map_or(0, |monitor| {
            let resources = monitor.resources();
            resources.filter(|(.., state)| !state.is_down()).count()
        });
        self.stations[machine].left_over = left_over;
        self.emptied(machine);
        self.env.record(
            Some(machine),
            WorldEvent::ClusterService {
                running: false,
                reason: format!("killed, and its {running} resources go on"),
            },
        );
        self.env.changed();
        self.requests_ended(machine, true);
        self.service_start(machine, "started again at once");
    }

    /// Ends what an earlier boot of the cluster service left running, before the new boot sends anything: its
    /// resources may belong to another node by then.
    fn left_over_ended(&mut self, machine: Machine) {
        let Some(mut left_over) = self.stations[machine].left_over.take() else {
            return;
        };
        left_over.terminate_all(&mut Local {
            env: &mut self.env,
            machine,
        });
        Box::new(left_over).power_off();
    }

    /// Whether the machine's cluster service is being started, or is about to be by the service control manager.
    pub(super) fn restart_pending(&self, machine: Machine) -> bool {
        let station = &self.stations[machine];
        self.env.hosts[machine].on && (station.restarting || station.starting.is_some())
    }

    /// The service control manager starts the cluster service again, unless somebody has done so.
    pub(super) fn service_restart(&mut self, machine: Machine, boot: u64) {
        let host = &self.env.hosts[machine];
        let station = &mut self.stations[machine];
        let comes = station.service.runs() || station.starting.is_some();
        if !host.on || comes || station.boot != boot || station.cleaned {
            return;
        }
        if host.frozen.is_some() {
            station.restart_due = true;
            return;
        }
        self.service_start(machine, "started again after it had stopped");
    }
}
