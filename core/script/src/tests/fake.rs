//! A cluster of two nodes and one group, with just enough behaviour for the tests of the language: 20 s after its
//! owner dies the group moves to the other node, and 5 s after it dies the resource's process is restarted.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use quorate_drill::DrillReport;
use quorate_drill::stage::*;
use quorate_model::{
    AdminOp, Breach, ClientCalls, ClientStatus, DiskStatus, Fault, FaultId, GroupState,
    GroupStatus, MachineFault, Name, NetworkRole, NetworkStatus, NodeState, NodeStatus,
    ProcessFault, QuorumKind, QuorumStatus, Reason, Repair, ResourceState, ResourceStatus, Time,
    Value,
};

/// Opens [`Fake`] clusters, or refuses.
pub(super) struct FakeSource {
    /// The reason for refusing.
    pub(super) refuse: Option<OpenError>,
    /// A breach that the world reports at this time.
    pub(super) breach_at: Option<Time>,
    /// Whether reading the quorum panics, as a broken world would.
    pub(super) panics: bool,
}

impl FakeSource {
    pub(super) fn sound() -> FakeSource {
        FakeSource {
            refuse: None,
            breach_at: None,
            panics: false,
        }
    }
}

impl StageSource for FakeSource {
    fn open(&self, request: &StageRequest) -> Result<Box<dyn Stage>, OpenError> {
        match &self.refuse {
            Some(error) => Err(error.clone()),
            None => Ok(Box::new(Fake::new(
                request.seed,
                self.breach_at,
                self.panics,
            ))),
        }
    }

    fn has_plugin(&self, name: &str) -> bool {
        name != "absent"
    }
}

struct Fake {
    seed: u64,
    now: Time,
    revision: u64,
    up: BTreeMap<Name, bool>,
    owner: Name,
    online: bool,
    /// When and where the group comes online.
    comes: Option<(Time, Name)>,
    threshold: u32,
    faults: Vec<(u64, Fault)>,
    made: u64,
    lines: Vec<Line>,
    down_since: Option<Time>,
    down: Duration,
    breach_at: Option<Time>,
    panics: bool,
    present: Option<Time>,
}

impl Fake {
    fn new(seed: u64, breach_at: Option<Time>, panics: bool) -> Fake {
        let mut fake = Fake {
            seed,
            now: Time::ZERO,
            revision: 0,
            up: ["NODE1", "NODE2"]
                .map(|name| (Name::from(name), true))
                .into(),
            owner: "NODE1".into(),
            online: false,
            comes: Some((Time::from_millis(3_000), "NODE1".into())),
            threshold: 10,
            faults: Vec::new(),
            made: 0,
            lines: Vec::new(),
            down_since: None,
            down: Duration::ZERO,
            breach_at,
            panics,
            present: None,
        };
        fake.log("note", &[("text", "begun")]);
        fake
    }

    fn log(&mut self, kind: &str, fields: &[(&str, &str)]) {
        let mut line = Line::new();
        line.insert("t".into(), self.now.0.into());
        line.insert("n".into(), self.lines.len().into());
        line.insert("kind".into(), kind.into());
        for (key, value) in fields {
            line.insert((*key).into(), (*value).into());
        }
        self.lines.push(line);
        self.revision += 1;
    }

    fn go_down(&mut self) {
        if self.online {
            self.online = false;
            self.down_since = Some(self.now);
            self.log(
                "group-state",
                &[("subject", "EVS1"), ("from", "Online"), ("to", "Failed")],
            );
        }
    }

    fn heal_one(&mut self, fault: &Fault) {
        if let Fault::Machine(MachineFault::Crash { node }) = fault {
            self.up.insert(node.clone(), true);
        }
        let text = format!("{fault:?}");
        self.log("fault-healed", &[("text", &text)]);
    }
}

impl Timing for Fake {
    fn now(&self) -> Time {
        self.now
    }
    fn civil_ms(&self) -> i64 {
        1_055_404_800_000 + i64::try_from(self.now.as_millis()).unwrap_or(0)
    }
    fn clock_of(&self, _: &str) -> Result<i64, StageError> {
        Ok(self.civil_ms())
    }
    fn seed(&self) -> u64 {
        self.seed
    }
    fn draw(&mut self, max: u64) -> u64 {
        self.made += 1;
        (self.seed + self.made) % (max + 1)
    }
    fn revision(&self) -> u64 {
        self.revision
    }
    fn advance(&mut self, limit: Time) {
        match self.comes.clone() {
            Some((at, node)) if at <= limit => {
                self.now = at;
                self.comes = None;
                self.owner = node.clone();
                self.online = true;
                if let Some(since) = self.down_since.take() {
                    self.down += at - since;
                }
                self.log(
                    "group-state",
                    &[
                        ("subject", "EVS1"),
                        ("from", "Offline"),
                        ("to", "Online"),
                        ("node", &node),
                    ],
                );
            }
            _ => self.now = limit,
        }
    }
    fn foresee(&mut self, at: Option<Time>) -> Result<(), NotOffered> {
        let present = self.present.unwrap_or(self.now);
        self.present = at.map(|_| present);
        self.now = at.unwrap_or(present);
        Ok(())
    }
}

impl Configuration for Fake {
    fn cluster_name(&self) -> Name {
        "FAKE".into()
    }
    fn nodes(&self) -> Vec<Name> {
        self.up.keys().cloned().collect()
    }
    fn groups(&self) -> Vec<Name> {
        vec!["EVS1".into()]
    }
    fn resources(&self) -> Vec<Name> {
        vec!["EVS1 Store".into()]
    }
    fn networks(&self) -> Vec<Name> {
        vec!["Public".into()]
    }
    fn disks(&self) -> Vec<Name> {
        vec!["Disk L:".into()]
    }
    fn configured(&self) -> Vec<Name> {
        self.nodes()
    }
    fn longest_stop(&self) -> Duration {
        Duration::ZERO
    }
    fn policy(&self, _: Option<&str>) -> Option<String> {
        None
    }
}

impl Belief for Fake {
    fn node(&self, name: &str) -> Option<NodeStatus> {
        let up = *self.up.get(name)?;
        Some(NodeStatus {
            name: name.into(),
            state: if up { NodeState::Up } else { NodeState::Down },
            groups: if self.owner == *name {
                vec!["EVS1".into()]
            } else {
                Vec::new()
            },
        })
    }
    fn group(&self, name: &str) -> Option<GroupStatus> {
        (name == "EVS1").then(|| GroupStatus {
            name: name.into(),
            state: if self.online {
                GroupState::Online
            } else {
                GroupState::Failed
            },
            owner: Some(self.owner.clone()),
            resources: self.resources(),
            failovers: 0,
            stopped: None,
            persistent_state: true,
            preferred_owners: vec!["NODE1".into(), "NODE2".into()],
            is_virtual_server: true,
        })
    }
    fn resource(&self, name: &str) -> Option<ResourceStatus> {
        (name == "EVS1 Store").then(|| ResourceStatus {
            name: name.into(),
            kind: "Microsoft Exchange Information Store".into(),
            group: "EVS1".into(),
            state: if self.online {
                ResourceState::Online
            } else {
                ResourceState::Failed
            },
            owner: Some(self.owner.clone()),
            persistent_state: None,
            restarts: 0,
            depends_on: Vec::new(),
            dependents: Vec::new(),
        })
    }
    fn quorum(&self) -> QuorumStatus {
        assert!(!self.panics, "the quorum is not there");
        QuorumStatus {
            kind: QuorumKind::Standard {
                resource: "Disk Q:".into(),
            },
            owner: Some(self.owner.clone()),
            has_quorum: true,
            members: Vec::new(),
            witness: None,
        }
    }
    fn coordinator(&self) -> Option<Name> {
        Some(self.owner.clone())
    }
    fn properties(&self, of: PropertyOf<'_>) -> Result<Vec<PropertyStatus>, StageError> {
        let property = |name: &str, value, private| PropertyStatus {
            name: name.to_owned(),
            value: Some(value),
            default: None,
            takes: "a number".to_owned(),
            doc: "A property.".to_owned(),
            private,
        };
        Ok(match of {
            PropertyOf::Cluster => Vec::new(),
            PropertyOf::Group(_) => {
                let threshold = Value::Dword(self.threshold);
                vec![property("FailoverThreshold", threshold, false)]
            }
            PropertyOf::Resource("EVS1 Store") => vec![
                property("Port", Value::Dword(25), true),
                property("PendingTimeout", Value::Dword(180_000), false),
            ],
            PropertyOf::Resource(name) => {
                return Err(StageError::refused(format!(
                    "there is no resource \"{name}\""
                )));
            }
        })
    }
}

impl Fake {
    fn served(&self) -> Result<(), String> {
        match self.online {
            true => Ok(()),
            false => Err("it does not run".to_owned()),
        }
    }
}

impl Truth for Fake {
    fn network(&self, name: &str) -> Option<NetworkStatus> {
        Some(NetworkStatus {
            name: name.into(),
            role: NetworkRole::Mixed,
            works: true,
            broken_cards: Vec::new(),
            refused: 0,
        })
    }
    fn disk(&self, name: &str) -> Option<DiskStatus> {
        Some(DiskStatus {
            name: name.into(),
            holder: Some(self.owner.clone()),
            stolen: false,
            mounted_on: Vec::new(),
            works: true,
        })
    }
    fn file_size(&self, _: &str, file: &str) -> Result<u64, StageError> {
        Err(StageError::refused(format!("there is no file {file}")))
    }
    fn group_service(&self, _: &str) -> Result<(), String> {
        self.served()
    }
    fn resource_service(&self, _: &str) -> Result<(), String> {
        self.served()
    }
    fn online_on(&self, _: &str) -> Vec<Name> {
        let owner = self.served().map(|()| self.owner.clone());
        owner.into_iter().collect()
    }
    fn service_running(&self, _: &str) -> Option<bool> {
        Some(self.online)
    }
    fn outage(&self, _: &str) -> Duration {
        self.down
            + self
                .down_since
                .map(|since| self.now - since)
                .unwrap_or_default()
    }
    fn planned_outage(&self, _: &str) -> Duration {
        Duration::ZERO
    }
    fn availability(&self, _: &str) -> f64 {
        1.0
    }
    fn disturbed(&self) -> Vec<Name> {
        Vec::new()
    }
    fn breaches(&self) -> Vec<Breach> {
        self.breach_at
            .filter(|at| self.now >= *at)
            .map(|at| Breach {
                at,
                invariant: "one-owner",
                text: "EVS1 Store is online twice".into(),
                cause: "resource-state".into(),
            })
            .into_iter()
            .collect()
    }
}

impl Orders for Fake {
    fn order(&mut self, order: Order) -> Result<OrderHandle, StageError> {
        self.made += 1;
        let handle = OrderHandle(self.made);
        match order {
            Order::Cluster(AdminOp::GroupMove { to: Some(to), .. }) => {
                let up = self.up.get(&to).copied().unwrap_or(false);
                if up {
                    self.go_down();
                    self.comes = Some((self.now + Duration::from_secs(2), to));
                } else {
                    return Ok(OrderHandle(0));
                }
            }
            Order::Cluster(AdminOp::SetProperty { value, .. }) => {
                self.threshold = match value {
                    Some(Value::Dword(number)) => number,
                    _ => 10,
                };
                self.revision += 1;
            }
            _ => return Err(StageError::refused("the fake does not do that")),
        }
        Ok(handle)
    }
    fn answer(&self, order: OrderHandle) -> Option<Answer> {
        match order.0 {
            0 => Some(Answer::Refused(Reason::new(
                5050,
                "the cluster node is down",
            ))),
            _ => Some(Answer::DONE),
        }
    }
}

impl Faults for Fake {
    fn inject(&mut self, fault: Fault, _: Option<Duration>) -> Result<FaultId, StageError> {
        self.made += 1;
        let text = format!("{fault:?}");
        self.log("fault-injected", &[("text", &text)]);
        match &fault {
            Fault::Machine(MachineFault::Crash { node }) => {
                self.up.insert(node.clone(), false);
                let other = self
                    .up
                    .iter()
                    .find(|(_, up)| **up)
                    .map(|(name, _)| name.clone());
                if self.owner == *node {
                    self.go_down();
                    self.comes = other.map(|other| (self.now + Duration::from_secs(20), other));
                }
            }
            Fault::Process(ProcessFault::ServiceCrash { .. }) => {
                self.go_down();
                self.comes = Some((self.now + Duration::from_secs(5), self.owner.clone()));
            }
            _ => {}
        }
        self.faults.push((self.made, fault));
        Ok(FaultId(self.made))
    }
    fn heal(&mut self, fault: FaultId) {
        if let Some(at) = self.faults.iter().position(|(id, _)| *id == fault.0) {
            let (_, fault) = self.faults.remove(at);
            self.heal_one(&fault);
        }
    }
    fn heal_all(&mut self) {
        while let Some((_, fault)) = self.faults.pop() {
            self.heal_one(&fault);
        }
    }
    fn repair(&mut self, _: &Repair) -> Result<(), StageError> {
        Ok(())
    }
}

impl Machines for Fake {}

impl Clients for Fake {
    fn clients(&mut self, _: &str, _: &ClientCalls) -> Result<usize, StageError> {
        Ok(0)
    }
    fn part_of_clients(&mut self, number: usize) -> Result<usize, StageError> {
        Ok(number)
    }
    fn end_clients(&mut self, _: usize) -> Result<(), StageError> {
        Ok(())
    }
    fn client_status(&self, _: usize) -> Option<ClientStatus> {
        None
    }
}

impl Record for Fake {
    fn mark_step(&mut self, title: &str) {
        self.log("step", &[("title", title)]);
    }
    fn mark_note(&mut self, text: &str) {
        self.log("note", &[("text", text)]);
    }
    fn mark_remark(&mut self, rule: &'static str, text: &str) {
        self.log("remark", &[("rule", rule), ("text", text)]);
    }
    fn mark_end(&mut self) {}
    fn mark_verdict(&mut self, _: &DrillReport) {}
    fn lines(&self, from: usize) -> Vec<Line> {
        self.lines[from..].to_vec()
    }
    fn write_journal(&self, out: &mut dyn io::Write) -> io::Result<()> {
        writeln!(out, "{{\"schema\":\"fake/1\",\"seed\":{}}}", self.seed)?;
        for line in &self.lines {
            writeln!(out, "{}", serde_json::Value::Object(line.clone()))?;
        }
        Ok(())
    }
}

impl Plugins for Fake {
    fn unrepeatable(&self) -> Vec<String> {
        Vec::new()
    }
}
