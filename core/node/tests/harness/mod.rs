//! A few nodes on a small stage: messages with a fixed delay, a resource monitor that does what it is told, one quorum
//! disk that obeys reservations. Just enough to watch the node itself; the virtual world has the rest.
#![allow(clippy::unwrap_used)]

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::time::Duration;

use quorate_journal::*;
use quorate_model::control::{ControlCode, ControlOf, ControlRequest};
use quorate_model::monitor::{MonitorCommand, MonitorEvent};
use quorate_model::*;
use quorate_node::*;

const LATENCY: Duration = Duration::from_micros(300);
const START: Duration = Duration::from_secs(1);

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Deliver(NodeId, u64),
    Wake(NodeId),
    Boot(NodeId),
}

#[derive(Default)]
pub(crate) struct Machine {
    pub(crate) node: Option<Node>,
    pub(crate) on: bool,
    files: BTreeMap<String, Vec<u8>>,
    pub(crate) states: BTreeMap<Name, ResourceState>,
    boots: u64,
    frozen: bool,
    wake: Option<Time>,
}

/// The stage.
pub(crate) struct Stage {
    pub(crate) now: Time,
    pub(crate) definition: ClusterDefinition,
    pub(crate) machines: BTreeMap<NodeId, Machine>,
    pub(crate) holder: Option<NodeId>,
    disk: BTreeMap<String, Vec<u8>>,
    queue: BinaryHeap<Reverse<(Time, u64, What)>>,
    parcels: BTreeMap<u64, Input>,
    sequence: u64,
    /// Pairs (from, to) that do not reach each other.
    pub(crate) cut: BTreeSet<(NodeId, NodeId)>,
    /// The file of a file share witness.
    witness: Option<Vec<u8>>,
    pub(crate) events: Vec<(Time, NodeId, Event)>,
    pub(crate) replies: BTreeMap<u64, Result<(), Reason>>,
    pub(crate) controlled: BTreeMap<u64, Result<Vec<u8>, Reason>>,
    /// The control codes that came to a resource monitor, and whose.
    pub(crate) codes: Vec<(NodeId, ControlCode)>,
    /// Nodes whose resource monitors answer no control code.
    pub(crate) mute: BTreeSet<NodeId>,
    /// Nodes whose resource monitors take nothing offline, however long one waits.
    pub(crate) stuck: BTreeSet<NodeId>,
}

impl Stage {
    pub(crate) fn new(definition: ClusterDefinition) -> Stage {
        let ids: Vec<NodeId> = definition.nodes.iter().map(|node| node.id).collect();
        let mut stage = Stage {
            now: Time::ZERO,
            definition,
            machines: ids.iter().map(|id| (*id, Machine::default())).collect(),
            holder: None,
            disk: BTreeMap::new(),
            queue: BinaryHeap::new(),
            parcels: BTreeMap::new(),
            sequence: 0,
            cut: BTreeSet::new(),
            witness: None,
            events: Vec::new(),
            replies: BTreeMap::new(),
            controlled: BTreeMap::new(),
            codes: Vec::new(),
            mute: BTreeSet::new(),
            stuck: BTreeSet::new(),
        };
        for id in ids {
            stage.boot(id);
        }
        stage
    }

    pub(crate) fn boot(&mut self, id: NodeId) {
        let machine = self.machines.get_mut(&id).unwrap();
        machine.boots += 1;
        machine.wake = None;
        machine.frozen = false;
        machine.on = true;
        machine.states.clear();
        let config = NodeConfig {
            joins: false,
            switches: Default::default(),
            id,
            definition: self.definition.clone(),
            incarnation: machine.boots,
            seed: u64::from(id.0) * 1_000 + machine.boots,
            civil_origin_ms: 1_055_404_800_000,
            local_shift_minutes: 0,
        };
        let image = BootImage {
            files: machine.files.clone(),
        };
        machine.node = Some(Node::boot(config, image, self.now));
        self.drain(id);
    }

    pub(crate) fn crash(&mut self, id: NodeId) {
        let machine = self.machines.get_mut(&id).unwrap();
        machine.node = None;
        machine.on = false;
        machine.states.clear();
    }

    pub(crate) fn freeze(&mut self, id: NodeId) {
        self.machines.get_mut(&id).unwrap().frozen = true;
    }

    pub(crate) fn thaw(&mut self, id: NodeId) {
        self.machines.get_mut(&id).unwrap().frozen = false;
        self.input(id, Input::Wake);
    }

    pub(crate) fn admin(&mut self, id: NodeId, request: u64, op: AdminOp) {
        self.input(id, Input::Admin { request, op });
    }

    /// Asks a resource by a control code, through the node `id`.
    pub(crate) fn control(&mut self, id: NodeId, request: u64, resource: &str, code: u32) {
        let control = ControlRequest {
            of: ControlOf::Resource(resource.into()),
            on: None,
            code: ControlCode(code),
            input: vec![7],
        };
        self.input(id, Input::Control { request, control });
    }

    pub(crate) fn run(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(Reverse((at, _, _))) = self.queue.peek()
            && *at <= end
        {
            let Some(Reverse((at, _, what))) = self.queue.pop() else {
                break;
            };
            self.now = self.now.max(at);
            match what {
                What::Deliver(id, parcel) => {
                    let input = self.parcels.remove(&parcel).unwrap();
                    self.input(id, input);
                }
                What::Wake(id) => {
                    let machine = self.machines.get_mut(&id).unwrap();
                    if machine.wake == Some(at) {
                        machine.wake = None;
                        self.input(id, Input::Wake);
                    }
                }
                What::Boot(id) => self.boot(id),
            }
            self.check();
        }
        self.now = end;
    }

    /// At most one coordinator, and no resource online twice, on machines that run.
    fn check(&self) {
        let live = || {
            self.machines
                .iter()
                .filter(|(_, machine)| machine.on && !machine.frozen)
        };
        let coordinators: Vec<NodeId> = live()
            .filter(|(_, m)| {
                m.node
                    .as_ref()
                    .and_then(|n| n.snapshot(self.now))
                    .is_some_and(|s| s.coordinates)
            })
            .map(|(id, _)| *id)
            .collect();
        assert!(
            coordinators.len() <= 1,
            "{}: two coordinators: {coordinators:?}",
            self.now
        );
        let mut online = BTreeMap::new();
        for (id, machine) in live() {
            for (name, state) in &machine.states {
                if *state == ResourceState::Online
                    && let Some(other) = online.insert(name, id)
                {
                    panic!("{}: {name} is online on {other} and {id}", self.now);
                }
            }
        }
    }

    fn post(&mut self, at: Time, id: NodeId, input: Input) {
        self.sequence += 1;
        self.parcels.insert(self.sequence, input);
        self.queue.push(Reverse((
            at,
            self.sequence,
            What::Deliver(id, self.sequence),
        )));
    }

    fn input(&mut self, id: NodeId, input: Input) {
        let now = self.now;
        let machine = self.machines.get_mut(&id).unwrap();
        if !machine.on || machine.frozen {
            return;
        }
        if let Input::Monitor(MonitorEvent::State {
            resource, state, ..
        }) = &input
        {
            machine.states.insert(resource.clone(), *state);
        }
        let disk = definition_disk(&self.definition);
        match &input {
            Input::Monitor(MonitorEvent::Arbitrated {
                resource,
                result: Ok(()),
            }) if *resource == disk => {
                // The reservation is decided when the wait is over, not when it began.
                let defended = self.holder.is_some_and(|holder| {
                    let machine = &self.machines[&holder];
                    holder != id && machine.on && !machine.frozen
                });
                if defended {
                    let refused = Err(Reason::new(170, "the owner defended it"));
                    let resource = resource.clone();
                    let event = MonitorEvent::Arbitrated {
                        resource,
                        result: refused,
                    };
                    return self.feed(id, Input::Monitor(event));
                }
                self.holder = Some(id);
            }
            _ => {}
        }
        let _ = now;
        self.feed(id, input);
    }

    fn feed(&mut self, id: NodeId, input: Input) {
        let now = self.now;
        if let Some(node) = &mut self.machines.get_mut(&id).unwrap().node {
            node.handle(now, input);
        }
        self.drain(id);
    }

    fn send(&mut self, from: NodeId, to: NodeId, network: Name, message: Message) {
        let bytes = message.encode();
        assert_eq!(Message::decode(&bytes).as_ref(), Ok(&message));
        if !self.cut.contains(&(from, to)) {
            let input = Input::Message {
                from,
                network,
                message,
            };
            self.post(self.now + LATENCY, to, input);
        }
    }

    fn drain(&mut self, id: NodeId) {
        while let Some(output) = self
            .machines
            .get_mut(&id)
            .unwrap()
            .node
            .as_mut()
            .and_then(Node::poll_output)
        {
            match output {
                Output::Send {
                    to,
                    network,
                    message,
                } => self.send(id, to, network, message),
                Output::SendAll { ways, message } => {
                    for (to, network) in ways.iter() {
                        self.send(id, *to, network.clone(), message.clone());
                    }
                }
                Output::Monitor(command) => self.monitor(id, command),
                Output::AskMonitor => self.post(self.now, id, Input::MonitorAnswers),
                Output::ReplaceMonitor => panic!("a monitor that answers is replaced"),
                Output::Disk(request) => {
                    let done = DiskDone {
                        ticket: request.ticket,
                        result: self.disk(id, request),
                    };
                    self.post(self.now + Duration::from_millis(1), id, Input::Disk(done));
                }
                Output::Witness(request) => {
                    let (file, reply) = request.answer(self.witness.as_deref());
                    self.witness = file.or(self.witness.take());
                    let input = Input::Witness(reply);
                    self.post(self.now + 2 * LATENCY, id, input);
                }
                Output::Event(event) => self.events.push((self.now, id, event)),
                Output::Reply { request, result } => {
                    self.replies.insert(request, result);
                }
                Output::Controlled { request, result } => {
                    self.controlled.insert(request, result);
                }
                Output::Halt { restart, .. } => {
                    let machine = self.machines.get_mut(&id).unwrap();
                    machine.node = None;
                    machine.on = false;
                    machine.states.clear();
                    if self.holder == Some(id) {
                        self.holder = None;
                    }
                    if restart {
                        self.sequence += 1;
                        let at = self.now + bounds::SERVICE_RESTART;
                        self.queue
                            .push(Reverse((at, self.sequence, What::Boot(id))));
                    }
                }
            }
        }
        if let Some(at) = self.machines[&id].node.as_ref().and_then(Node::next_wakeup) {
            let at = at.max(self.now);
            let machine = self.machines.get_mut(&id).unwrap();
            if machine
                .wake
                .is_none_or(|wake| wake <= self.now || at < wake)
            {
                machine.wake = Some(at);
                self.sequence += 1;
                self.queue
                    .push(Reverse((at, self.sequence, What::Wake(id))));
            }
        }
    }

    fn monitor(&mut self, id: NodeId, command: MonitorCommand) {
        let state = |state| {
            let resource = command.resource().cloned().unwrap_or_else(|| "".into());
            Input::Monitor(MonitorEvent::State {
                resource,
                state,
                reason: None,
            })
        };
        use ResourceState::*;
        match &command {
            MonitorCommand::Online { .. } => {
                self.post(self.now, id, state(OnlinePending));
                self.post(self.now + START, id, state(Online));
            }
            MonitorCommand::Offline { .. } => {
                self.post(self.now, id, state(OfflinePending));
                if self.stuck.contains(&id) {
                    return;
                }
                self.post(self.now + START, id, state(Offline));
                if command.resource() == Some(&definition_disk(&self.definition)) {
                    self.holder = None;
                }
            }
            MonitorCommand::Terminate { .. } => self.post(self.now, id, state(Offline)),
            MonitorCommand::Fail { .. } => self.post(self.now, id, state(Failed)),
            MonitorCommand::Arbitrate { resource } => {
                let wait = match self.holder {
                    None => Duration::ZERO,
                    // A live owner takes a broken reservation again before the challenger is back.
                    Some(_) => Duration::from_secs(8),
                };
                let resource = resource.clone();
                let event = MonitorEvent::Arbitrated {
                    resource,
                    result: Ok(()),
                };
                self.post(self.now + wait, id, Input::Monitor(event));
            }
            MonitorCommand::Control {
                code,
                request,
                input,
                ..
            } => {
                self.codes.push((id, *code));
                if !self.mute.contains(&id) {
                    let event = MonitorEvent::Controlled {
                        request: *request,
                        result: Ok([&[id.0], &input[..]].concat()),
                    };
                    self.post(self.now + LATENCY, id, Input::Monitor(event));
                }
            }
            MonitorCommand::Open(_)
            | MonitorCommand::Update(_)
            | MonitorCommand::Restore { .. }
            | MonitorCommand::Close { .. }
            | MonitorCommand::Release { .. } => {}
        }
    }

    fn disk(
        &mut self,
        id: NodeId,
        request: DiskRequest,
    ) -> Result<BTreeMap<String, Vec<u8>>, DiskError> {
        let files = match &request.device {
            Device::System => &mut self.machines.get_mut(&id).unwrap().files,
            Device::Shared(_) if self.holder == Some(id) => &mut self.disk,
            Device::Shared(_) => return Err(DiskError::NotReserved),
        };
        Ok(request.op.carry_out(files))
    }

    /// The coordinator, if there is one.
    pub(crate) fn coordinator(&self) -> Option<NodeId> {
        self.machines
            .iter()
            .filter(|(_, machine)| machine.on && !machine.frozen)
            .find_map(|(id, machine)| {
                machine
                    .node
                    .as_ref()?
                    .snapshot(self.now)?
                    .coordinates
                    .then_some(*id)
            })
    }

    /// A group as the coordinator has it: owner's name and state.
    pub(crate) fn group(&self, name: &str) -> Option<(String, GroupState)> {
        let node = self.machines[&self.coordinator()?].node.as_ref()?;
        let view = node.group(name)?;
        Some((view.owner.to_string(), view.state))
    }

    /// The events as text, for messages.
    pub(crate) fn transcript(&self) -> String {
        let lines = self.events.iter().filter(|(_, _, event)| {
            !matches!(event, Event::Interface { .. } | Event::ResourceState { .. })
        });
        lines
            .map(|(at, node, event)| format!("{at} {node} {event:?}\n"))
            .collect()
    }
}

fn definition_disk(definition: &ClusterDefinition) -> Name {
    match &definition.quorum {
        QuorumKind::Standard { resource } => resource.clone(),
        _ => "no quorum disk".into(),
    }
}

/// A cluster of `nodes` nodes with one exclusive group for all but the last.
pub(crate) fn definition(nodes: u8, standard: bool) -> ClusterDefinition {
    let network = |name: &str, role| NetworkDefinition {
        name: name.into(),
        role,
        latency_us: 300,
        dhcp: false,
    };
    let resource = |name: String, kind: &str, depends_on: Vec<Name>| ResourceDefinition {
        name: name.into(),
        kind: kind.into(),
        depends_on,
        possible_owners: Vec::new(),
        persistent_state: None,
        properties: ResourceProperties::default(),
    };
    let group = |name: &str, resources, preferred: Vec<Name>| GroupDefinition {
        name: name.into(),
        properties: GroupProperties {
            exclusive_class_names: match preferred.is_empty() {
                true => Vec::new(),
                false => vec!["EVS".to_owned()],
            },
            preferred_owners: preferred,
            ..GroupProperties::default()
        },
        resources,
        persistent_state: true,
        policy: None,
        attributes: Default::default(),
    };
    let cluster_group = group(
        "Cluster Group",
        vec![resource("Disk Q:".into(), "Physical Disk", vec![])],
        vec![],
    );
    let servers = (1..nodes).map(|n| {
        let [disk, name, store] = ["Disk", "Name", "Store"].map(|part| format!("EVS{n} {part}"));
        let resources = vec![
            resource(disk.clone(), "Physical Disk", vec![]),
            resource(name.clone(), "Network Name", vec![]),
            resource(
                store,
                "Store",
                vec![disk.as_str().into(), name.as_str().into()],
            ),
        ];
        let preferred = vec![format!("NODE{n}").into(), format!("NODE{nodes}").into()];
        group(&format!("EVS{n}"), resources, preferred)
    });
    ClusterDefinition {
        name: "CLUSTER".into(),
        quorum: match standard {
            true => QuorumKind::Standard {
                resource: "Disk Q:".into(),
            },
            false => QuorumKind::MajorityNodeSet,
        },
        nodes: (1..=nodes)
            .map(|n| NodeDefinition {
                id: NodeId(n),
                name: format!("NODE{n}").into(),
                interfaces: ["Public", "Private"]
                    .map(|net| (net.into(), format!("{net}.{n}")))
                    .into_iter()
                    .collect(),
                attributes: Default::default(),
            })
            .collect(),
        networks: vec![
            network("Private", NetworkRole::Internal),
            network("Public", NetworkRole::Mixed),
        ],
        disks: vec![DiskDefinition {
            name: "Disk Q:".into(),
        }],
        groups: std::iter::once(cluster_group).chain(servers).collect(),
        utc_offset_minutes: 0,
        properties: Default::default(),
        policy: None,
    }
}
