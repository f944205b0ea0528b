//! The world: its facade, and how time passes in it.

mod admin;
mod around;
mod clients;
mod drive;
mod faults;
mod margin;
mod new_nodes;
mod notice;
mod outage;
mod plugins;
mod power;
mod query;
mod service;
mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use quorate_host::PluginSet;
use quorate_journal::{Entry, Journal, WorldEvent};
use quorate_machine::Monitors;
use quorate_model::{Breach, ClusterDefinition, Name, Time, same_name};
use quorate_node::Policies;

use crate::env::{Environment, Machine};
use crate::error::unknown;
use crate::invariants::{Changes, Invariants};
use crate::options::WorldOptions;
use crate::{WorldError, rng::Stream};

use admin::Request;
use clients::Population;
use drive::Station;
use outage::GroupTrack;

/// For how long nothing observable may have changed before a world counts as settled: longer than any wait
/// a node makes in silence before it acts.
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
/// Names are matched as the definition spells them; one that is none gives [`WorldError::Unknown`] with what
/// it may have meant.
pub struct World {
    /// Planted: every node takes over without waiting.
    #[cfg(feature = "planted")]
    hasty: bool,
    /// Planted: no node stops when quorum is lost.
    #[cfg(feature = "planted")]
    stubborn: bool,
    /// Planted: every node takes over too early by the margin.
    #[cfg(feature = "planted")]
    eager: bool,
    env: Environment,
    stations: Vec<Station>,
    monitors: Box<dyn Monitors>,
    /// What runs policy scripts on every node.
    policies: Option<Arc<dyn Policies>>,
    /// As installed: machines, networks and disks stay what they are here.
    installed: ClusterDefinition,
    /// The nodes added since, in their order.
    added: Vec<quorate_model::NodeDefinition>,
    /// The highest id that was asked for.
    newest: u8,
    /// As the cluster's database has it, when somebody could last be asked.
    current: ClusterDefinition,
    /// Who was asked for `current`, and how far its database was.
    current_of: Option<(Machine, u64, u64)>,
    invariants: Invariants,
    /// What has changed since they were checked last.
    changes: Changes,
    views: Vec<crate::invariants::MachineView>,
    checked: u64,
    /// How far what clients find was looked at.
    reach: u64,
    check_at: Option<Time>,
    breaches: Vec<Breach>,
    acknowledged: u64,
    /// What it was before a start switch kept all that came next to one node.
    aside: Option<u64>,
    groups: BTreeMap<Name, GroupTrack>,
    /// Groups that some fault or request was about.
    touched: BTreeSet<Name>,
    disturbed: BTreeSet<Name>,
    faulted: bool,
    /// Every fault so far, in the order of their numbers.
    injected: Vec<notice::Injected>,
    restarts: BTreeMap<Name, u32>,
    requests: BTreeMap<u64, Request>,
    next_request: u64,
    next_fault: u64,
    /// The present, while an instant to come is foreseen.
    present: Option<Time>,
    /// How many machines are about to be switched on, and faults to heal, without anybody's doing.
    scheduled: u32,
    populations: Vec<Population>,
    /// Clocks at power-on.
    boots: Stream,
    /// What whoever drives the world draws.
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
    /// A world at time zero in which `definition` is installed on machines that are switched off, with
    /// resource monitors that call the plugins of `plugins`.
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
            current: definition.clone(),
            current_of: None,
            added: Vec::new(),
            newest: 0,
            invariants,
            changes: Changes::everything(),
            views: watch::blank_views(&definition),
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

    /// From now on the scripts of resources come from `loader`, which is asked at every load.
    pub fn set_scripts(&mut self, loader: crate::ScriptLoader) {
        self.env.scripts.set(loader);
    }

    /// Plants a bug in every node that boots from now on: it takes over what lost nodes owned without
    /// waiting until they have certainly stopped.
    #[cfg(feature = "planted")]
    pub fn plant_haste(&mut self) {
        self.hasty = true;
    }

    /// Plants a bug in every node that boots from now on: it does not stop when quorum is lost.
    #[cfg(feature = "planted")]
    pub fn plant_stubbornness(&mut self) {
        self.stubborn = true;
    }

    /// Plants a bug in every node that boots from now on: it takes over by so much too early as the wait leaves for
    /// clocks that drift.
    #[cfg(feature = "planted")]
    pub fn plant_eagerness(&mut self) {
        self.eager = true;
    }

    /// How often a planted bug has made a difference in the nodes that run.
    #[cfg(feature = "planted")]
    pub fn planted_hits(&self) -> u64 {
        let nodes = self.stations.iter().filter_map(|s| s.service.node());
        nodes.map(quorate_node::Node::planted_hits).sum()
    }

    /// Has every node that is started from now on run policy scripts with `policies`.
    pub fn set_policies(&mut self, policies: Arc<dyn Policies>) {
        self.policies = Some(policies);
    }

    /// The time since the world began, on its own clock: no machine's.
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

    /// A number from 0 to `max`, both included, for whoever drives the world: nothing in it draws from this generator.
    pub fn draw(&mut self, max: u64) -> u64 {
        self.draws.up_to(max)
    }

    /// A number that goes up whenever something that can be read may have changed: a journal entry, a
    /// status, a node's view, a monitor's truth. Time alone does not change it.
    pub fn revision(&self) -> u64 {
        self.env.revision
    }

    /// Until it is called with `None`, everything that can be read is as it will be at that instant to come if nothing
    /// happens until then. Time must not pass meanwhile: what lets it pass ends the foresight first.
    pub fn foresee(&mut self, at: Option<Time>) {
        let present = self.present.unwrap_or(self.env.now);
        self.present = at.map(|_| present);
        self.env.now = at.map_or(present, |at| at.max(present));
    }

    /// Lets the next thing happen and returns when that was; `None` if nothing will ever happen again.
    pub fn step(&mut self) -> Option<Time> {
        self.foresee(None);
        let (at, happening) = self.env.queue.pop()?;
        self.env.now = at.max(self.env.now);
        let cause = self.dispatch(happening);
        self.watch(&cause);
        Some(self.env.now)
    }

    /// Lets `span` of virtual time pass.
    pub fn run_for(&mut self, span: Duration) {
        self.run_until(self.env.now + span);
    }

    /// Lets time pass until `until`, what happens at that very instant included. Nothing happens if that
    /// is past.
    pub fn run_until(&mut self, until: Time) {
        self.foresee(None);
        while self.env.queue.next_time().is_some_and(|at| at <= until) {
            self.step();
        }
        self.env.now = self.env.now.max(until);
    }

    /// Lets time pass until something observable changes ([`revision`](Self::revision)), and at most until
    /// `limit`. Whether something did.
    pub fn run_until_change(&mut self, limit: Time) -> bool {
        self.foresee(None);
        let before = self.env.revision;
        while self.env.queue.next_time().is_some_and(|at| at <= limit) {
            self.step();
            if self.env.revision != before {
                return true;
            }
        }
        self.env.now = self.env.now.max(limit);
        false
    }

    /// Lets time pass until the cluster has come to rest: nothing observable has changed for 30 s, which is
    /// longer than any wait a node makes before it acts, no resource is pending, no machine is about to be
    /// switched on and no fault to heal by itself. As long as something is broken, a cluster service that
    /// stops and is started again each minute does not count; once nothing is, it does. At most `limit`
    /// passes; whether it came to rest.
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

    /// The cluster as its database has it now: with every property changed, group made and node evicted
    /// since. While no cluster has quorum, as it was last known.
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

    /// Writes the journal as JSON lines, its header first.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn write_journal(&self, writer: &mut impl io::Write) -> io::Result<()> {
        self.env.journal.write(writer)
    }

    /// Every breach of an invariant so far. Any at all fails a drill.
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

    /// Writes a drill's remark into the journal.
    pub fn mark_note(&mut self, text: &str) {
        self.env.record(
            None,
            WorldEvent::Note {
                text: text.to_owned(),
            },
        );
    }

    /// Writes into the journal that something in a drill showed nothing: what it is about, and one sentence.
    pub fn mark_remark(&mut self, rule: &'static str, text: &str) {
        self.env.record(
            None,
            WorldEvent::Remark {
                rule: rule.to_owned(),
                text: text.to_owned(),
            },
        );
    }

    /// Writes into the journal that a drill ends, how many groups its faults disturbed, and whether it repeats.
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
