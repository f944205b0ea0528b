//! A cluster that really runs as a stage: what its node believes, and orders.

use std::cell::{Cell, Ref, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

use quorate_drill::DrillReport;
use quorate_drill::stage::{
    Answer, Belief, Clients, Configuration, Faults, Line, Machines, Order, OrderHandle, Orders,
    Plugins, PropertyOf, PropertyStatus, Record, StageError, Timing, Truth,
};
use quorate_live::{Client, LiveStatus, Request, Response};
use quorate_model::{
    Breach, CLUSTER_PROPERTIES, DiskStatus, GROUP_PROPERTIES, GroupStatus, Name, NetworkStatus,
    NodeStatus, PropertyDescriptor, QuorumStatus, RESOURCE_PROPERTIES, Reason, ResourceStatus,
    Time, Value, types,
};

/// How long an answer may take: longer than a lost coordinator is missed.
const PATIENCE: Duration = Duration::from_secs(90);
/// For how long what was read counts as what is.
const FRESH: Duration = Duration::from_millis(200);

/// A node, by its control socket.
pub(super) struct Node {
    socket: PathBuf,
    client: RefCell<Option<Client>>,
    status: RefCell<LiveStatus>,
    read: Cell<Instant>,
    revision: Cell<u64>,
}

impl Node {
    pub(super) fn connect(socket: PathBuf) -> Result<Node, String> {
        let mut client = connect(&socket)?;
        let status = ask_status(&mut client)?;
        Ok(Node {
            socket,
            client: RefCell::new(Some(client)),
            status: RefCell::new(status),
            read: Cell::new(Instant::now()),
            revision: Cell::new(0),
        })
    }

    pub(super) fn socket(&self) -> &Path {
        &self.socket
    }

    /// What it believes, as it was last read.
    pub(super) fn status(&self) -> Ref<'_, LiveStatus> {
        self.status.borrow()
    }

    /// Asks. A connection that has ended, as it does after a minute of silence, is made anew.
    pub(super) fn ask(&self, request: &Request) -> Result<Response, String> {
        let mut client = self.client.borrow_mut();
        // Who only asks may ask twice; an order is not given twice.
        let old = client.take().filter(|_| !request.changes());
        if let Some(mut old) = old
            && let Ok(response) = old.ask(request)
        {
            *client = Some(old);
            return Ok(response);
        }
        let mut fresh = connect(&self.socket)?;
        let response = fresh.ask(request).map_err(|why| why.to_string())?;
        *client = Some(fresh);
        Ok(response)
    }

    /// Reads what it believes now.
    pub(super) fn refresh(&self) -> Result<(), String> {
        match self.ask(&Request::Status)? {
            Response::Status(status) => {
                *self.status.borrow_mut() = *status;
                self.read.set(Instant::now());
                self.revision.set(self.revision.get() + 1);
                Ok(())
            }
            other => Err(no_status(&other)),
        }
    }

    /// What it believes, read again if that is some time ago. A node that does not answer is told of with the next input.
    fn now(&self) -> Ref<'_, LiveStatus> {
        if self.read.get().elapsed() >= FRESH {
            let _ = self.refresh();
        }
        self.status.borrow()
    }
}

fn connect(socket: &Path) -> Result<Client, String> {
    Client::connect(socket, Some(PATIENCE)).map_err(|why| why.to_string())
}

fn ask_status(client: &mut Client) -> Result<LiveStatus, String> {
    match client
        .ask(&Request::Status)
        .map_err(|why| why.to_string())?
    {
        Response::Status(status) => Ok(*status),
        other => Err(no_status(&other)),
    }
}

fn no_status(response: &Response) -> String {
    match response {
        Response::Refused { text, .. } | Response::Lost { text } => {
            format!("the node gave no status: {text}")
        }
        _ => "the node gave no status: it is of another version, perhaps".to_owned(),
    }
}

/// The stage.
pub(super) struct LiveStage {
    node: Rc<Node>,
    answers: BTreeMap<u64, Answer>,
}

impl LiveStage {
    pub(super) fn new(node: Rc<Node>) -> LiveStage {
        LiveStage {
            node,
            answers: BTreeMap::new(),
        }
    }
}

/// Time passes by itself, and words that go by it are refused before they get here.
impl Timing for LiveStage {
    fn now(&self) -> Time {
        Time::ZERO + Duration::from_millis(self.node.status().up_ms)
    }
    fn civil_ms(&self) -> i64 {
        0
    }
    fn seed(&self) -> u64 {
        0
    }
    fn draw(&mut self, _: u64) -> u64 {
        0
    }
    fn revision(&self) -> u64 {
        self.node.revision.get()
    }
    fn advance(&mut self, _: Time) {}
}

impl Configuration for LiveStage {
    fn cluster_name(&self) -> Name {
        self.node.status().cluster.clone()
    }
    fn nodes(&self) -> Vec<Name> {
        let status = self.node.now();
        status.nodes.iter().map(|it| it.name.clone()).collect()
    }
    fn configured(&self) -> Vec<Name> {
        self.nodes()
    }
    fn groups(&self) -> Vec<Name> {
        let status = self.node.now();
        status
            .groups
            .iter()
            .map(|(it, _)| it.name.clone())
            .collect()
    }
    fn resources(&self) -> Vec<Name> {
        let status = self.node.now();
        let resources = status.groups.iter().flat_map(|(_, resources)| resources);
        resources.map(|it| it.name.clone()).collect()
    }
    fn networks(&self) -> Vec<Name> {
        let status = self.node.status();
        let networks = status.definition.networks.iter();
        networks.map(|it| it.name.clone()).collect()
    }
    fn disks(&self) -> Vec<Name> {
        let status = self.node.status();
        let disks = status.definition.disks.iter();
        disks.map(|it| it.name.clone()).collect()
    }
    fn policy(&self, group: Option<&str>) -> Option<String> {
        let status = self.node.now();
        let policy = match group {
            None => status.definition.policy.as_ref(),
            Some(group) => status.definition.group(group)?.policy.as_ref(),
        };
        policy.map(|policy| policy.file.clone())
    }
    fn longest_stop(&self) -> Duration {
        PATIENCE
    }
}

impl Belief for LiveStage {
    fn node(&self, name: &str) -> Option<NodeStatus> {
        let status = self.node.now();
        status.nodes.iter().find(|it| *it.name == *name).cloned()
    }
    fn group(&self, name: &str) -> Option<GroupStatus> {
        let status = self.node.now();
        let mut groups = status.groups.iter();
        groups
            .find(|(it, _)| *it.name == *name)
            .map(|(it, _)| it.clone())
    }
    fn resource(&self, name: &str) -> Option<ResourceStatus> {
        let status = self.node.now();
        let mut resources = status.groups.iter().flat_map(|(_, resources)| resources);
        resources.find(|it| *it.name == *name).cloned()
    }
    fn quorum(&self) -> QuorumStatus {
        self.node.now().quorum.clone()
    }
    fn coordinator(&self) -> Option<Name> {
        self.node.now().coordinator.clone()
    }

    fn properties(&self, of: PropertyOf<'_>) -> Result<Vec<PropertyStatus>, StageError> {
        let status = self.node.now();
        let definition = &status.definition;
        Ok(match of {
            PropertyOf::Cluster => {
                let own = &definition.properties;
                let known = CLUSTER_PROPERTIES.iter();
                known
                    .map(|it| PropertyStatus::common(it, own.get(it.name)))
                    .collect()
            }
            PropertyOf::Group(name) => {
                let group = definition.group(name);
                let group = group
                    .ok_or_else(|| StageError::refused(format!("there is no group \"{name}\"")))?;
                let known = GROUP_PROPERTIES.iter();
                let own = known.map(|it| PropertyStatus::common(it, group.properties.get(it.name)));
                let mut all: Vec<_> = own.collect();
                let wanted = status.groups.iter().find(|(it, _)| *it.name == *name);
                let wanted = wanted.map_or(group.persistent_state, |(it, _)| it.persistent_state);
                all.push(PropertyStatus::group_persistent_state(wanted));
                all
            }
            PropertyOf::Resource(name) => {
                let found = definition.resource(name);
                let (_, resource) = found.ok_or_else(|| {
                    StageError::refused(format!("there is no resource \"{name}\""))
                })?;
                let own = &resource.properties;
                let private = types::private_properties(&resource.kind).unwrap_or_default();
                let private = private.iter();
                let mut all: Vec<_> = private.map(|it| of_type(it, own.get(it.name))).collect();
                // Properties of a type that a plugin brings: what they take is the plugin's to say.
                let others = own
                    .private
                    .iter()
                    .filter(|(name, _)| !all.iter().any(|it| it.name == **name));
                let others: Vec<_> = others
                    .map(|(name, value)| PropertyStatus {
                        name: name.clone(),
                        value: Some(value.clone()),
                        default: None,
                        takes: "what its type makes of it".to_owned(),
                        doc: format!("A property of {}.", resource.kind),
                        private: true,
                    })
                    .collect();
                all.extend(others);
                let known = RESOURCE_PROPERTIES.iter();
                all.extend(known.map(|it| PropertyStatus::common(it, own.get(it.name))));
                all.push(PropertyStatus::resource_persistent_state(
                    resource.persistent_state,
                ));
                all.push(PropertyStatus::possible_owners(&resource.possible_owners));
                all
            }
        })
    }
}

/// A property of a shipped type: one that is not set has the type's default.
fn of_type(known: &PropertyDescriptor, value: Option<Value>) -> PropertyStatus {
    let value = value.unwrap_or_else(|| known.default.clone());
    PropertyStatus {
        private: true,
        ..PropertyStatus::common(known, Some(value))
    }
}

const UNKNOWN: &str = "only a rehearsal knows what is true";

/// A node knows what its cluster believes, and no more: the words for the truth are refused before they get here.
impl Truth for LiveStage {
    fn network(&self, _: &str) -> Option<NetworkStatus> {
        None
    }
    fn disk(&self, _: &str) -> Option<DiskStatus> {
        None
    }
    fn group_service(&self, _: &str) -> Result<(), String> {
        Err(UNKNOWN.to_owned())
    }
    fn resource_service(&self, _: &str) -> Result<(), String> {
        Err(UNKNOWN.to_owned())
    }
    fn online_on(&self, _: &str) -> Vec<Name> {
        Vec::new()
    }
    fn service_running(&self, _: &str) -> Option<bool> {
        None
    }
    fn outage(&self, _: &str) -> Duration {
        Duration::ZERO
    }
    fn planned_outage(&self, _: &str) -> Duration {
        Duration::ZERO
    }
    fn availability(&self, _: &str) -> f64 {
        0.0
    }
    fn disturbed(&self) -> Vec<Name> {
        Vec::new()
    }
    fn breaches(&self) -> Vec<Breach> {
        Vec::new()
    }
}

impl Orders for LiveStage {
    fn order(&mut self, order: Order) -> Result<OrderHandle, StageError> {
        let request = match order {
            Order::Cluster(op) => Request::Order { op },
            Order::Control { control, .. } => Request::Control { control },
            other => return Err(StageError::Refused(by_hand(&other))),
        };
        let answer = match self.node.ask(&request).map_err(StageError::Refused)? {
            Response::Said { bytes, .. } => Answer::Done(bytes),
            Response::Refused { code, text } => Answer::Refused(Reason { code, text }),
            Response::Lost { text } => {
                Answer::Lost(format!("nobody knows what became of it: {text}"))
            }
            _ => Answer::DONE,
        };
        // What it has changed is seen by the next word.
        let _ = self.node.refresh();
        let handle = u64::try_from(self.answers.len()).unwrap_or_default();
        self.answers.insert(handle, answer);
        Ok(OrderHandle(handle))
    }

    fn answer(&self, order: OrderHandle) -> Option<Answer> {
        self.answers.get(&order.0).cloned()
    }
}

/// What people do to machines themselves.
fn by_hand(order: &Order) -> String {
    match order {
        Order::ServiceStop(node) => format!(
            "the cluster service of {node} is stopped on its own machine: quorate ctl --node {node} stop"
        ),
        Order::ServiceStart(node, _) => {
            format!(
                "the cluster service of {node} is started on its own machine: quorate node --config NODE.ron"
            )
        }
        Order::NodeAdd(node, _) => format!(
            "a machine is added in a shell: quorate ctl add {node} Public=10.0.0.14 Private=10.1.0.14"
        ),
        Order::NodeForceCleanup(node) => {
            format!(
                "what {node} has kept is taken off it on its own machine: remove its state folder"
            )
        }
        Order::NodeStart(node, _) | Order::NodeShutdown(node) | Order::NodeReboot(node, _) => {
            format!(
                "{node} is a real machine: it is switched on and off where it stands, and not from here"
            )
        }
        Order::Cluster(_) | Order::Control { .. } => String::new(),
    }
}

impl Faults for LiveStage {}
impl Machines for LiveStage {}
impl Clients for LiveStage {}

/// Each node keeps its journal itself.
impl Record for LiveStage {
    fn mark_step(&mut self, _: &str) {}
    fn mark_note(&mut self, _: &str) {}
    fn mark_remark(&mut self, _: &'static str, _: &str) {}
    fn mark_end(&mut self) {}
    fn mark_verdict(&mut self, _: &DrillReport) {}
    fn lines(&self, _: usize) -> Vec<Line> {
        Vec::new()
    }
    fn write_journal(&self, _: &mut dyn io::Write) -> io::Result<()> {
        Ok(())
    }
}

impl Plugins for LiveStage {
    fn unrepeatable(&self) -> Vec<String> {
        Vec::new()
    }
}
