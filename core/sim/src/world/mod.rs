//! The world: its public methods, and how time passes.

mod admin;
mod around;
mod clients;
mod drive;
mod faults;
mod in_flight;
mod margin;
mod marks;
mod new_nodes;
mod notice;
mod outage;
mod plugins;
mod power;
mod query;
mod service;
mod watch;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use quorate_host::PluginSet;
use quorate_journal::{Entry, Event, Journal, What, WorldEvent};
use quorate_machine::Monitors;
use quorate_model::{Breach, ClusterDefinition, Name, NameMap, ResourceState, Time, same_name};
use quorate_node::Policies;

use crate::env::{Environment, Machine};
use crate::error::unknown;
use crate::invariants::{Changes, Invariants};
use crate::options::WorldOptions;
use crate::{WorldError, rng::Stream};

use admin::Request;
use clients::Population;
use drive::Station;
use marks::Revisions;
use outage::GroupTrack;

/// How long nothing observable may change before a world counts as settled: longer than a node ever waits before it
/// acts.
const QUIET: Duration = Duration::from_secs(30);

/// A virtual world with one cluster in it.
///
/// Its methods come in five kinds:
/// - *time*: [`step`](Self::step), [`run_for`](Self::run_for), [`run_until`](Self::run_until),
///   [`run_until_change`](Self::run_until_change), [`settle`](Self::settle). Nothing else lets time pass;
/// - *power*: [`start_all`](Self::start_all), [`start`](Self::start), [`shutdown`](Self::shutdown),
///   [`start_service`](Self::start_service);
/// - *faults*: [`inject`](Self::inject) and methods for common ones, each undone by
///   [`heal`](Self::heal), [`heal_all`](Self::heal_all) or a
///   [`repair`](Self::repair);
/// - *administration*: [`admin`](Self::admin), [`admin_at`](Self::admin_at), [`reply`](Self::reply);
/// - *reading*: status as an operator's console shows it, the truth where the name says so, the journal,
///   outages, [`breaches`](Self::breaches).
///
/// Names are matched as the definition spells them; an unknown name gives [`WorldError::Unknown`] with the nearest
/// known ones.
pub struct World {
    /// Planted: every node takes over without waiting.
    #[cfg(feature = "planted")]
    hasty: bool,
    /// Planted: no node stops when quorum is lost.
    #[cfg(feature = "planted")]
    stubborn: bool,
    /// Planted: every node takes over too early by the safety margin.
    #[cfg(feature = "planted")]
    eager: bool,
    env: Environment,
    stations: Vec<Station>,
    monitors: Box<dyn Monitors>,
    /// Runs policy scripts on every node.
    policies: Option<Arc<dyn Policies>>,
    /// The cluster as installed. Its machines, networks and disks stay the same.
    installed: ClusterDefinition,
    /// The nodes added since, in order.
    added: Vec<quorate_model::NodeDefinition>,
    /// The highest node id that was ever requested.
    newest: u8,
    /// The definition in the cluster's database when it could last be read.
    current: Arc<ClusterDefinition>,
    /// The source of `current`: the machine, and the position of its database.
    current_of: Option<(Machine, u64, u64)>,
    /// The machines whose service may have been called since all were last looked at.
    called: Vec<Machine>,
    invariants: Invariants,
    /// The changes since the last check of the invariants.
    changes: Changes,
    views: Vec<crate::invariants::MachineView>,
    /// By shared disk: the machines that have it mounted.
    mounts: Vec<(Name, Vec<Machine>)>,
    /// What the monitors of the machines that run say of each resource, once that was asked.
    truth: OnceCell<NameMap<ResourceState>>,
    checked: u64,
    /// The value of `reach` in the environment when clients' views were last checked.
    reach: u64,
    check_at: Option<Time>,
    breaches: Vec<Breach>,
    acknowledged: u64,
    /// The value of `acknowledged` before a start switch that keeps changes to one node.
    aside: Option<u64>,
    groups: NameMap<GroupTrack>,
    /// Groups that any fault or request has concerned.
    touched: BTreeSet<Name>,
    disturbed: BTreeSet<Name>,
    faulted: bool,
    /// All faults so far, in the order of their numbers.
    injected: Vec<notice::Injected>,
    restarts: BTreeMap<Name, u32>,
    revisions: Revisions,
    requests: BTreeMap<u64, Request>,
    next_request: u64,
    next_fault: u64,
    /// The real time, while a later instant is being foreseen.
    present: Option<Time>,
    /// How many events are scheduled that happen by themselves: machines to be switched on, faults to be healed.
    scheduled: u32,
    populations: Vec<Population>,
    /// Random numbers for the clocks at power-on.
    boots: Stream,
    /// Random numbers for the user of the world.
    draws: Stream,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("cluster", &self.installed.name)
            .field("seed", &self.env.options.seed)
            .field("now", &self.env.now)
            .finish_non_exhaustive()
    }
}

impl World {
    /// A world at time zero. `definition` is installed on machines that are switched off, and their resource monitors
    /// call the plugins of `plugins`.
    pub fn open(
        definition: ClusterDefinition,
        plugins: Arc<PluginSet>,
        options: WorldOptions,
    ) -> World {
        Self::with_monitors(definition, Box::new(plugins), options)
    }

    /// As [`open`](Self::open), with resource monitors of another kind.
    pub fn with_monitors(
        definition: ClusterDefinition,
        monitors: Box<dyn Monitors>,
        options: WorldOptions,
    ) -> World {
        let machines = definition.nodes.len();
        let boots = Stream::new(options.seed, "boots");
        let draws = Stream::new(options.seed, "draws");
        let groups = definition.groups.iter().map(|group| group.name.clone());
        let mut invariants = Invariants::new();
        if options.checked_twice {
            invariants.doubt();
        }
        World {
            #[cfg(feature = "planted")]
            hasty: false,
            #[cfg(feature = "planted")]
            stubborn: false,
            #[cfg(feature = "planted")]
            eager: false,
            stations: (0..machines).map(|_| Station::default()).collect(),
            monitors,
            policies: None,
            current: Arc::new(definition.clone()),
            current_of: None,
            called: Vec::new(),
            added: Vec::new(),
            newest: 0,
            invariants,
            changes: Changes::everything(),
            views: watch::blank_views(&definition),
            mounts: Vec::new(),
            truth: OnceCell::new(),
            checked: 0,
            reach: 0,
            check_at: None,
            breaches: Vec::new(),
            acknowledged: 0,
            aside: None,
            groups: groups.map(|name| (name, GroupTrack::default())).collect(),
            touched: BTreeSet::new(),
            disturbed: BTreeSet::new(),
            faulted: false,
            injected: Vec::new(),
            restarts: BTreeMap::new(),
            revisions: Revisions::default(),
            requests: BTreeMap::new(),
            next_request: 1,
            next_fault: 1,
            present: None,
            scheduled: 0,
            populations: Vec::new(),
            boots,
            draws,
            env: Environment::new(&definition, options),
            installed: definition,
        }
    }

    /// Sets the source of resource scripts, which is asked at every load.
    pub fn set_scripts(&mut self, loader: crate::ScriptLoader) {
        self.env.scripts.set(loader);
    }

    /// Plants a bug in every node that boots from now on: it takes over the groups of lost nodes without waiting
    /// until these have certainly stopped.
    #[cfg(feature = "planted")]
    pub fn plant_haste(&mut self) {
        self.hasty = true;
    }

    /// Plants a bug in every node that boots from now on: it does not stop when quorum is lost.
    #[cfg(feature = "planted")]
    pub fn plant_stubbornness(&mut self) {
        self.stubborn = true;
    }

    /// Plants a bug in every node that boots from now on: it takes over too early, by the part of the wait that is
    /// meant for clocks that drift.
    #[cfg(feature = "planted")]
    pub fn plant_eagerness(&mut self) {
        self.eager = true;
    }

    /// How often a planted bug has made a difference in the running nodes.
    #[cfg(feature = "planted")]
    pub fn planted_hits(&self) -> u64 {
        let nodes = self.stations.iter().filter_map(|s| s.service.node());
        nodes.map(quorate_node::Node::planted_hits).sum()
    }

    /// Sets what runs policy scripts on every node that starts from now on.
    pub fn set_policies(&mut self, policies: Arc<dyn Policies>) {
        self.policies = Some(policies);
    }

    /// The time since the world began, on its own clock, which is not that of any machine.
    pub fn now(&self) -> Time {
        self.env.now
    }

    /// Civil time in the cluster's local time zone, in milliseconds since 1970.
    pub fn civil_ms(&self) -> i64 {
        let passed = i64::try_from(self.env.now.as_millis()).unwrap_or(i64::MAX);
        let offset = self.installed.utc_offset_minutes + self.local_shift_minutes(None);
        self.env
            .options
            .civil_start_ms
            .saturating_add(passed)
            .saturating_add(i64::from(offset) * 60_000)
    }

    /// What a machine's own clock shows, in its local time, in milliseconds since 1970.
    ///
    /// # Errors
    /// An unknown node; a machine that is off.
    pub fn clock_of(&self, node: &str) -> Result<i64, WorldError> {
        let machine = self.machine(node)?;
        let host = &self.env.hosts[machine];
        if !host.on {
            return Err(self.machine_error(machine, "is off"));
        }
        let shown = host.clock.local(self.env.now).as_millis();
        let passed = i64::try_from(shown).unwrap_or(i64::MAX);
        let offset = self.installed.utc_offset_minutes + host.local_shift_minutes;
        let local = i64::from(offset) * 60_000;
        Ok(host
            .civil_origin_ms
            .saturating_add(passed)
            .saturating_add(local))
    }

    /// The seed of the run.
    pub fn seed(&self) -> u64 {
        self.env.options.seed
    }

    /// A number from 0 to `max`, both included, for the user of the world: nothing inside draws from this generator.
    pub fn draw(&mut self, max: u64) -> u64 {
        self.draws.up_to(max)
    }

    /// A number that grows whenever anything readable may have changed: a journal entry, a status, a node's view, the
    /// real state of a monitor. Passing time alone does not change it.
    pub fn revision(&self) -> u64 {
        self.env.revision
    }

    /// From now on everything is read as it will be at instant `at` if nothing happens before; `None` ends this.
    /// Letting time pass ends it first.
    pub fn foresee(&mut self, at: Option<Time>) {
        let present = self.present.unwrap_or(self.env.now);
        self.present = at.map(|_| present);
        self.env.now = at.map_or(present, |at| at.max(present));
    }

    /// Lets the next event happen and returns its time; `None` if nothing will ever happen again.
    pub fn step(&mut self) -> Option<Time> {
        self.foresee(None);
        let (at, happening) = self.env.queue.pop()?;
        self.env.now = at.max(self.env.now);
        self.land_before(&happening);
        let led_by = self.env.queue.cause;
        self.env.begins(led_by);
        let cause = self.dispatch(happening);
        self.watch(&cause);
        Some(self.env.now)
    }

    /// Lets `span` of virtual time pass.
    pub fn run_for(&mut self, span: Duration) {
        self.run_until(self.env.now + span);
    }

    /// Lets time pass until `until`, including the events of that instant. Does nothing if that is past.
    pub fn run_until(&mut self, until: Time) {
        self.pass(until, |_| false);
    }

    /// Lets time pass until anything observable changes ([`revision`](Self::revision)), at most until `limit`.
    /// Returns whether it did.
    pub fn run_until_change(&mut self, limit: Time) -> bool {
        let before = self.env.revision;
        self.pass(limit, |world| world.env.revision != before)
    }

    /// Lets time pass until the cluster is at rest: nothing observable has changed for 30 s, which is longer than a
    /// node ever waits before it acts, no resource is pending, and no machine is about to be switched on, nor a fault
    /// to be healed, by itself. While something is broken, a cluster service that stops and restarts every minute is
    /// ignored. At most `limit` passes. Returns whether the cluster came to rest.
    pub fn settle(&mut self, limit: Duration) -> bool {
        let end = self.env.now + limit;
        while self.env.now < end {
            let quiet = self.env.now + QUIET;
            if !self.run_until_change(quiet.min(end)) && quiet <= end && self.at_rest() {
                return true;
            }
        }
        false
    }

    fn at_rest(&self) -> bool {
        let restarts = self.env.faults.is_empty()
            && (0..self.stations.len()).any(|machine| self.restart_pending(machine));
        self.scheduled == 0 && !restarts && !self.anything_pending()
    }

    /// The cluster as it was installed.
    pub fn installed(&self) -> &ClusterDefinition {
        &self.installed
    }

    /// The cluster as its database has it now, with all changes since the installation. While no cluster has quorum,
    /// the last known state.
    pub fn definition(&self) -> &ClusterDefinition {
        &self.current
    }

    /// Everything that happened so far.
    pub fn journal(&self) -> &Journal {
        &self.env.journal
    }

    /// The journal's entries so far, oldest first.
    pub fn events(&self) -> &[Entry] {
        self.env.journal.entries()
    }

    /// Those that are a notice with this id.
    pub fn notices(&self, id: u32) -> impl Iterator<Item = &Entry> {
        let is_one = move |entry: &&Entry| matches!(&entry.what, What::Node(Event::Notice { id: of, .. }) if *of == id);
        self.events().iter().filter(is_one)
    }

    /// Writes the journal as JSON lines, its header first.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn write_journal(&self, writer: &mut impl io::Write) -> io::Result<()> {
        self.env.journal.write(writer)
    }

    /// All breaches of invariants so far. A single one fails a drill.
    pub fn breaches(&self) -> &[Breach] {
        &self.breaches
    }

    /// Writes into the journal that a drill's step begins.
    pub fn mark_step(&mut self, title: &str) {
        self.env.record(
            None,
            WorldEvent::Step {
                title: title.to_owned(),
            },
        );
    }

    /// Writes a drill's note into the journal.
    pub fn mark_note(&mut self, text: &str) {
        self.env.record(
            None,
            WorldEvent::Note {
                text: text.to_owned(),
            },
        );
    }

    /// Writes a drill's remark into the journal: its kind, and one sentence.
    pub fn mark_remark(&mut self, rule: &'static str, text: &str) {
        self.env.record(
            None,
            WorldEvent::Remark {
                rule: rule.to_owned(),
                text: text.to_owned(),
            },
        );
    }

    /// Writes the end of a drill into the journal, with the number of groups its faults disturbed and whether it
    /// repeats.
    pub fn mark_end(&mut self) {
        let groups = self.disturbed();
        let unrepeatable = self.unrepeatable();
        self.env.record(
            None,
            WorldEvent::End {
                disturbed: groups.len(),
                groups,
                unrepeatable,
            },
        );
    }

    /// Writes what a drill showed into the journal.
    pub fn mark_verdict(&mut self, verdict: WorldEvent) {
        self.env.record(None, verdict);
    }

    fn machine(&self, node: &str) -> Result<Machine, WorldError> {
        let hosts = &self.env.hosts;
        hosts
            .iter()
            .position(|host| same_name(&host.name, node))
            .ok_or_else(|| unknown("node", node, hosts.iter().map(|host| &host.name)))
    }

    fn network(&self, name: &str) -> Result<usize, WorldError> {
        let networks = &self.env.networks;
        networks
            .find(name)
            .ok_or_else(|| unknown("network", name, networks.names()))
    }

    fn known_group(&self, name: &str) -> Result<&quorate_model::GroupDefinition, WorldError> {
        let groups = &self.current.groups;
        self.current
            .group(name)
            .ok_or_else(|| unknown("group", name, groups.iter().map(|group| &group.name)))
    }

    fn known_resource(
        &self,
        name: &str,
    ) -> Result<
        (
            &quorate_model::GroupDefinition,
            &quorate_model::ResourceDefinition,
        ),
        WorldError,
    > {
        self.current.resource(name).ok_or_else(|| {
            let resources = self
                .current
                .groups
                .iter()
                .flat_map(|group| &group.resources);
            unknown("resource", name, resources.map(|resource| &resource.name))
        })
    }

    fn known_disk(&self, name: &str) -> Result<&crate::env::Disk, WorldError> {
        let disks = &self.env.disks;
        disks
            .find(name)
            .ok_or_else(|| unknown("disk", name, disks.shared().iter().map(|disk| &disk.name)))
    }
}
