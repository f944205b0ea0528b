//! The driver: one thread that hands a node what happens on its machine, and carries out what it wants.

mod around;
mod ask;
mod event;
mod plugins;
mod refused;
mod service;
mod signals;
mod storage;
mod systemd;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use quorate_host::PluginSet;
use quorate_journal::{Entry, Header, HeaderGroup, JOURNAL_SCHEMA, Trail, What, WorldEvent};
use quorate_machine::ClusterService;
use quorate_model::{ClusterDefinition, Name, NodeId, Reason, Time};
use quorate_node::{Input, Message, Policies, bounds};
use quorate_wire::KeyRing;

use crate::cgroup::Cgroup;
use crate::clock;
use crate::control::{Admins, ControlError, Hear, Owed, Response, serve};
use crate::disks::SharedFolder;
use crate::held::HANDOVER;
use crate::journal::JournalFiles;
use crate::memory;
use crate::metrics;
use crate::monitors::{GroupMonitors, Report, Reported};
use crate::net::{Arrival, NetError, Networks, Sealed, What as Came};
use crate::services::{Disks, Machine, Programs, SharedMachine};
use crate::settings::Settings;
use crate::share::Share;
use crate::state::{Disk, StateError, StateFolder, SystemFiles, Writer};
use crate::warden::Licence;
use ask::Waiting;
use event::Happened;
use refused::Refused;
use storage::{file_shares, shared_disks};
use systemd::Systemd;

/// The longest sleep: civil time is compared at least so often.
const SLEEP_MAX: Duration = Duration::from_secs(1);

/// How long the last answers may take to be written before the process ends.
const ANSWERS: Duration = Duration::from_secs(1);

/// By how much longer than the node itself the warden waits, so that an ordered end comes first.
const LICENCE_SLACK: Duration = Duration::from_millis(400);

const _: () = assert!(
    2 * LICENCE_SLACK.as_millis() < bounds::TAKEOVER_MARGIN.as_millis(),
    "what the warden ends is gone before a takeover"
);

/// A change of civil time by more than this is a step, and told to the node.
const STEP_MIN_MS: i64 = 1_000;

/// What a node is run with.
pub struct Plan {
    /// The node file.
    pub settings: Settings,
    /// The cluster, as it was installed.
    pub definition: ClusterDefinition,
    /// The plugins.
    pub plugins: Arc<PluginSet>,
    /// What runs the cluster's policy scripts.
    pub policies: Option<Arc<dyn Policies>>,
    /// The program, with its first arguments, that runs another one so that it ends with this process.
    pub helper: Vec<String>,
    /// The control group of the node's services, if there is one: the warden's [`CGROUP`](crate::CGROUP).
    pub group: Option<PathBuf>,
    /// The other end is the warden's, if there is one.
    pub warden: Option<UnixStream>,
    /// Who is told what happens, as it happens.
    pub observer: Box<dyn Observer>,
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan").finish_non_exhaustive()
    }
}

/// Is told what happens on a node, as it happens.
pub trait Observer {
    /// An entry of the journal, and the civil time that it is, in milliseconds since 1970 UTC.
    fn happened(&mut self, entry: &Entry, civil_ms: i64);
    /// Something about the process itself, as a sentence.
    fn remark(&mut self, text: &str);
    /// The node file was read again. Nothing is to be done about what this does not ask for.
    fn settings(&mut self, settings: &Settings) {
        let _ = settings;
    }
}

/// Why a node cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its state folder cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// A network cannot be used.
    #[error(transparent)]
    Net(#[from] NetError),
    /// The control socket cannot be made.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// The node file does not fit the cluster.
    #[error("{0}")]
    Settings(String),
    /// The system refuses something else.
    #[error("{what}: {why}")]
    System {
        /// What was tried.
        what: &'static str,
        /// What the system says.
        why: std::io::Error,
    },
}

/// How a node's process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It was asked to stop, and has.
    Stopped,
    /// It was told to stop at once.
    Cut,
    /// The cluster service ended by itself and is not to be started again.
    GaveUp(Reason),
}

/// A node, and the machine around it.
struct Driver {
    plan: Plan,
    me: NodeId,
    state: StateFolder,
    service: ClusterService<GroupMonitors>,
    machine: SharedMachine,
    /// Where resource monitors report.
    report: Report,
    /// The number of the newest resource monitors.
    generation: u64,
    networks: Networks,
    sealed: Sealed,
    disk: Writer<Disk>,
    /// The shared disks that this machine has.
    shared: Vec<(Name, Writer<Arc<SharedFolder>>)>,
    /// The file shares that this machine has mounted.
    shares: Vec<(Name, Share)>,
    licence: Option<Licence>,
    owed: Owed,
    systemd: Systemd,
    journal: JournalFiles,
    /// The number of the next entry of the journal.
    entries: u64,
    /// What leads from one entry to the next.
    trail: Trail,
    /// Who is told each entry.
    watchers: Vec<Sender<Response>>,
    /// Where other nodes receive, as was last found out.
    peers: BTreeMap<(NodeId, Name), SocketAddr>,
    refused: Refused,
    waiting: Waiting,
    restarts: BTreeMap<Name, u32>,
    /// By plugin, how often its file was read again.
    reloads: BTreeMap<String, u32>,
    incarnation: u64,
    began: Time,
    civil_origin_ms: i64,
    /// When the cluster service is started again, and why it ended.
    restart: Option<(Time, Reason)>,
    /// It was asked to stop for good.
    stops: bool,
    end: Option<End>,
    /// How often the node was woken within one second, and which.
    woken: (u64, u32),
}

/// Runs a node until its process is to end.
///
/// # Errors
/// It cannot be started.
pub fn run(plan: Plan) -> Result<End, StartError> {
    let kept = memory::keep();
    let (to, happened) = channel();
    let mut driver = Driver::prepare(plan, &to)?;
    if let Err(why) = kept {
        let text = format!("the node's memory cannot be kept from being paged out: {why}");
        driver.plan.observer.remark(&text);
    }
    driver.boot("the machine starts it")?;
    driver.systemd.ready();
    driver.go_on(&happened);
    driver.owed.settle(ANSWERS);
    Ok(driver.end.take().unwrap_or(End::Cut))
}

/// The number of this start of the node.
fn next_incarnation(state: &StateFolder) -> Result<NonZeroU64, StateError> {
    let seconds = u64::try_from(clock::civil_ms() / 1_000).unwrap_or(0);
    let next = state.next_incarnation(&mut SystemFiles, seconds)?;
    Ok(NonZeroU64::new(next).unwrap_or(NonZeroU64::MIN))
}

/// The cluster's key.
fn key(settings: &Settings) -> Result<KeyRing, StartError> {
    let failed = |text: String| StartError::Settings(text);
    let Some(file) = settings.key() else {
        let text = "the node file names no `key`: `quorate key new FILE` makes one for all nodes";
        return Err(failed(text.to_owned()));
    };
    let name = file.display();
    let text = std::fs::read_to_string(&file)
        .map_err(|why| failed(format!("the key file {name} cannot be read: {why}")))?;
    KeyRing::parse(&text)
        .map_err(|why| failed(format!("the key file {name} cannot be used: {why}")))
}

impl Driver {
    /// Everything but the node itself.
    fn prepare(mut plan: Plan, to: &Sender<Happened>) -> Result<Driver, StartError> {
        let system = |what| move |why| StartError::System { what, why };
        let settings = plan.settings.clone();
        let settings = &settings;
        let cards = settings
            .networks(&plan.definition)
            .map_err(|(_, text)| StartError::Settings(text))?;
        let node = plan.definition.node(&settings.file.node).cloned();
        let node = node.ok_or_else(|| StartError::Settings("there is no such node".to_owned()))?;
        let admins = Admins::of(settings.file.admins.as_deref()).map_err(StartError::Settings)?;
        let state = StateFolder::open(&settings.state(), HANDOVER)?;
        let root = state.root().to_path_buf();
        let group = plan.group.clone().map(Cgroup::at);
        if let Some(number) = group.as_ref().and_then(Cgroup::number) {
            state.keep_group(number)?;
        }
        let ring = key(settings)?;
        let incarnation = next_incarnation(&state)?;
        let sealed = Sealed::new(ring, &plan.definition.name, node.id, incarnation);
        let disk = Disk::open(root.join("disk"), Box::new(SystemFiles))
            .map_err(system("the folder of the system disk cannot be made"))?;
        let told = to.clone();
        let disk = Writer::start(disk, move |boot, done| {
            let _ = told.send(Happened::Disk { boot, done });
        })
        .map_err(system("no thread can be started"))?;
        let (folders, shared) = shared_disks(settings, &plan.definition, to)?;
        let shares = file_shares(settings, to)?;
        let deliver = to.clone();
        let networks = Networks::open(
            &cards,
            &sealed,
            &(Arc::new(move |arrival| deliver.send(Happened::Arrived(arrival)).is_ok()) as _),
        )?;
        let asked = to.clone();
        let hear: Hear = Arc::new(move |question| asked.send(Happened::Asked(question)).is_ok());
        let owed = serve(&settings.socket(), admins, &hear)?;
        if let Some(at) = settings.file.metrics {
            metrics::serve(at, &hear).map_err(|why| {
                StartError::Settings(format!("no metrics can be given at {at}: {why}"))
            })?;
        }
        signals::watch(to).map_err(system("signals cannot be handled"))?;
        let licence = plan.warden.take().map(Licence::new).transpose();
        let licence = licence.map_err(system("the warden cannot be told anything"))?;
        let journal = JournalFiles::open(&root.join("journal"))
            .map_err(system("no thread can be started"))?;
        let programs = Programs {
            services: settings.services(),
            home: root.clone(),
            logs: root.join("log"),
            // Beside the control socket: a folder that every user of a service reaches, and whose path is short.
            sockets: settings
                .socket()
                .parent()
                .map_or_else(|| root.clone(), PathBuf::from),
            helper: plan.helper.clone(),
            node: node.name.clone(),
            group,
        };
        let cluster_file = settings.cluster();
        let scripts = cluster_file
            .parent()
            .map_or_else(PathBuf::new, PathBuf::from);
        let networks_of_node = node.interfaces.keys().cloned().collect();
        let machine = Machine::new(programs, networks_of_node, settings.file.port);
        let machine = SharedMachine::new(machine, Disks::new(folders), scripts);
        let reports = to.clone();
        Ok(Driver {
            me: node.id,
            state,
            service: ClusterService::default(),
            machine,
            report: Arc::new(move |report| reports.send(Happened::Reported(report)).is_ok()),
            generation: 0,
            networks,
            sealed,
            disk,
            shared,
            shares,
            licence,
            owed,
            systemd: Systemd::new().map_err(system("no thread can be started"))?,
            journal,
            entries: 0,
            trail: Trail::default(),
            watchers: Vec::new(),
            peers: BTreeMap::new(),
            refused: Refused::default(),
            waiting: Waiting::default(),
            restarts: BTreeMap::new(),
            reloads: BTreeMap::new(),
            incarnation: incarnation.get(),
            began: clock::now(),
            civil_origin_ms: clock::civil_origin_ms(),
            restart: None,
            stops: false,
            end: None,
            woken: (0, 0),
            plan,
        })
    }

    /// The node's name.
    fn name(&self) -> &Name {
        &self.plan.settings.file.node
    }

    /// Takes in what happens until the process is to end.
    fn go_on(&mut self, happened: &Receiver<Happened>) {
        while self.end.is_none() {
            match happened.recv_timeout(self.sleep()) {
                Ok(what) => {
                    self.trail.begin(None);
                    self.take(what);
                }
                Err(RecvTimeoutError::Timeout) => {}
                // The driver's own threads hold the other end for as long as it lives.
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.trail.begin(None);
            self.look_at_civil_time();
            self.wake();
            self.tell_warden();
        }
    }

    /// The warden is told until when services may run.
    fn tell_warden(&mut self) {
        let Some(licence) = &mut self.licence else {
            return;
        };
        match self.service.node() {
            Some(node) => {
                if let Some(until) = node.licence() {
                    licence.tell(until + LICENCE_SLACK);
                }
            }
            None => licence.give_up(self.plan.group.clone().map(Cgroup::at).as_ref()),
        }
    }

    /// For how long nothing needs to be done, unless something happens.
    fn sleep(&self) -> Duration {
        let due = [
            self.service.next_node_wakeup(),
            self.restart.as_ref().map(|(at, _)| *at),
        ];
        let first = due.into_iter().flatten().min();
        first.map_or(SLEEP_MAX, |at| at.since(clock::now()).min(SLEEP_MAX))
    }

    fn take(&mut self, what: Happened) {
        match what {
            Happened::Arrived(arrival) => {
                self.arrived(arrival);
            }
            Happened::Disk { boot, done } if boot == self.incarnation => {
                quorate_machine::input(self, Input::Disk(done));
            }
            Happened::Witness { boot, reply } if boot == self.incarnation => {
                quorate_machine::input(self, Input::Witness(reply));
            }
            // It was asked by a boot that has ended meanwhile.
            Happened::Disk { .. } | Happened::Witness { .. } => {}
            Happened::Asked(asked) => self.asked(asked),
            Happened::Reported(reported) => self.reported(reported),
            Happened::Stop => self.stop_asked(),
            Happened::Reload => self.reload(),
        }
    }

    /// Something came in on a network.
    fn arrived(&mut self, arrival: Arrival) {
        let network = arrival.network.clone();
        match arrival.what {
            Came::Message {
                from,
                to_boot,
                bytes,
            } if to_boot == self.incarnation => {
                match Message::decode(&bytes) {
                    Ok(message) => {
                        let input = Input::Message {
                            from,
                            network,
                            message,
                        };
                        quorate_machine::input(self, input);
                    }
                    // Genuine all the same: another release's, perhaps.
                    Err(why) => self.refuse(network, Some(from), why.to_string()),
                }
            }
            // It was made for a boot that has ended meanwhile.
            Came::Message { .. } => {}
            Came::Answer { to, datagram } => {
                if let Some(place) = self.place_of(to, &network) {
                    self.networks.answer(&network, place, &datagram);
                }
            }
            Came::Refused { why } => self.refuse(network, None, why),
        }
    }

    /// Counts what was refused, and tells of it now and then.
    fn refuse(&mut self, network: Name, from: Option<NodeId>, reason: String) {
        let Some(count) = self.refused.count(&network) else {
            return;
        };
        let named = |id| self.plan.definition.node_by_id(id);
        let sender = from.and_then(named).map(|node| node.name.clone());
        self.tell(WorldEvent::DatagramRefused {
            network,
            sender,
            reason,
            count,
        });
    }

    /// Does what is due.
    fn wake(&mut self) {
        let now = clock::now();
        let due = |at: Option<Time>| at.is_some_and(|at| at <= now);
        if due(self.service.next_node_wakeup()) {
            let second = now.as_millis() / 1_000;
            self.woken = match self.woken {
                (at, times) if at == second => (second, times + 1),
                _ => (second, 1),
            };
            quorate_machine::wake_node(self);
        }
        if self.woken.1 > 100 * quorate_machine::WAKES_MAX {
            self.woken.1 = 0;
            quorate_machine::Surroundings::stuck(self, quorate_machine::Stuck::Timer);
        }
        if self.restart.as_ref().is_some_and(|(at, _)| *at <= now) {
            self.boot_again();
        }
    }

    /// The node is told when somebody sets the machine's clock. No timer runs by it.
    fn look_at_civil_time(&mut self) {
        let origin = clock::civil_origin_ms();
        let by_ms = origin - self.civil_origin_ms;
        if by_ms.abs() > STEP_MIN_MS {
            self.civil_origin_ms = origin;
            self.journal.civil_start(origin);
            quorate_machine::input(self, Input::ClockStep { by_ms });
        }
    }

    /// Begins another file of the journal.
    fn begin_journal(&mut self, seed: u64) {
        let nodes = self.plan.definition.nodes.iter();
        let groups = self.plan.definition.groups.iter();
        let groups: Vec<HeaderGroup> = groups.map(HeaderGroup::from).collect();
        self.trail = Trail::default();
        self.trail.knows(&groups);
        self.journal.begin(Header {
            schema: JOURNAL_SCHEMA.to_owned(),
            seed,
            cluster: self.plan.definition.name.clone(),
            civil_start_ms: self.civil_origin_ms,
            nodes: nodes.map(|node| node.name.clone()).collect(),
            groups,
        });
        self.entries = 0;
    }

    /// Writes down what has happened.
    fn tell(&mut self, what: impl Into<What>) {
        let node = Some(self.name().clone());
        let entry = Entry::new(clock::now(), self.entries, node, what);
        let cause = self.trail.follow(&entry);
        let entry = entry.because(cause);
        self.entries += 1;
        self.plan.observer.happened(&entry, clock::civil_ms());
        self.watchers.retain(|watcher| {
            let entry = entry.clone();
            watcher.send(Response::Happened { entry }).is_ok()
        });
        self.journal.push(entry);
    }

    /// A resource monitor has something to report.
    fn reported(&mut self, reported: Reported) {
        self.trail.begin(reported.cause);
        self.tell_of_machine();
        if reported.panicked {
            return quorate_machine::Surroundings::stuck(self, quorate_machine::Stuck::Monitor);
        }
        let Some(monitors) = self.service.monitor_mut() else {
            return;
        };
        let answered = monitors.reported(reported);
        quorate_machine::drain(self);
        if answered {
            quorate_machine::input(self, Input::MonitorAnswers);
        }
    }

    /// Writes down what has happened to services and addresses.
    fn tell_of_machine(&mut self) {
        for told in self.machine.take_told() {
            self.tell(told);
        }
    }

    /// Goes by the services that the node file names now, and by the keys of its key file.
    fn reload(&mut self) {
        self.systemd.reloading();
        let read = Settings::load(&self.plan.settings.path).map_err(|found| found.to_string());
        let both = read.and_then(|settings| {
            let ring = key(&settings).map_err(|why| why.to_string())?;
            Ok((settings, ring))
        });
        let text = match both {
            Ok((settings, ring)) => {
                self.machine.reload(settings.services());
                self.plan.observer.settings(&settings);
                self.sealed.set_ring(ring);
                let keys = self.sealed.keys().join(" and ");
                format!(
                    "the node file was read again: its services count from their next start on, key {keys} at once"
                )
            }
            Err(found) => {
                format!("the node file was read again and nothing of it is used:\n{found}")
            }
        };
        self.plan.observer.remark(&text);
        self.systemd.ready();
    }
}
