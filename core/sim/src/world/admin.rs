//! Requests of administrators to the cluster, and the answers.

use std::time::Duration;

use quorate_journal::WorldEvent;
use quorate_model::control::{ControlOf, ControlRequest, spoken};
use quorate_model::{AdminOp, Name, Object, Reason};
use quorate_node::Input;

use super::World;
use super::drive::Cause;
use crate::WorldError;
use crate::env::Machine;
use crate::status::{Reply, RequestId};

/// A request and its result.
pub(super) struct Request {
    machine: Machine,
    /// It asks this cluster service to stop.
    stops: bool,
    reply: Reply,
}

impl World {
    /// Sends an order to the cluster, as an administrator's console does: through the coordinator if there is one,
    /// else through any node with quorum, else through any node that runs the cluster service. The answer takes time:
    /// see [`reply`](Self::reply).
    ///
    /// # Errors
    /// Unknown names; [`WorldError::NobodyToAsk`].
    pub fn admin(&mut self, op: AdminOp) -> Result<RequestId, WorldError> {
        let op = op.spelled(&self.current);
        self.check_names(&op)?;
        let machine = self.somebody()?;
        Ok(self.ask(machine, op))
    }

    /// The node that is asked when the administrator names none.
    fn somebody(&self) -> Result<Machine, WorldError> {
        let anybody = || {
            (0..self.stations.len()).find(|machine| {
                self.env.hosts[*machine].runs() && self.stations[*machine].service.runs()
            })
        };
        self.observer()
            .or_else(anybody)
            .ok_or(WorldError::NobodyToAsk)
    }

    /// Asks a resource, or a resource type, by a control code, as [`admin`](Self::admin) does, or through a given
    /// node. The node that is asked finds the owner and forwards the code. See [`reply`](Self::reply).
    ///
    /// # Errors
    /// As [`admin`](Self::admin), or [`admin_at`](Self::admin_at) with a node.
    pub fn control(
        &mut self,
        through: Option<&str>,
        control: ControlRequest,
    ) -> Result<RequestId, WorldError> {
        match &control.of {
            ControlOf::Resource(resource) => self.known_resource(resource).map(drop)?,
            // Types are known to their plugins only.
            ControlOf::Type(_) => {}
        }
        if let Some(node) = &control.on {
            self.known_node(node)?;
        }
        let machine = match through {
            Some(node) => self.asked_machine(node)?,
            None => self.somebody()?,
        };
        let text = control.to_string();
        let id = self.begin(machine, text.clone(), false);
        let input = Input::Control {
            request: id,
            control,
        };
        self.input(machine, input);
        self.watch(&Cause::Text(format!("request {id}: {text}")));
        Ok(RequestId(id))
    }

    /// As [`admin`](Self::admin), through a given node.
    ///
    /// # Errors
    /// Unknown names; a machine that is off, stands still or does not run the cluster service.
    pub fn admin_at(&mut self, node: &str, op: AdminOp) -> Result<RequestId, WorldError> {
        self.check_names(&op)?;
        let machine = self.asked_machine(node)?;
        Ok(self.ask(machine, op))
    }

    fn asked_machine(&self, node: &str) -> Result<Machine, WorldError> {
        let machine = self.machine(node)?;
        self.must_run(machine)?;
        if !self.stations[machine].service.runs() {
            return Err(self.machine_error(machine, "does not run the cluster service"));
        }
        Ok(machine)
    }

    /// The result of a request; [`Reply::Pending`] for a request that does not exist.
    pub fn reply(&self, request: RequestId) -> Reply {
        self.requests
            .get(&request.0)
            .map_or(Reply::Pending, |request| request.reply.clone())
    }

    /// Sends an order, and lets time pass until the answer comes.
    ///
    /// # Errors
    /// As [`admin`](Self::admin); [`WorldError::Refused`]; [`WorldError::Lost`]; [`WorldError::NoAnswer`]
    /// after `limit`.
    pub fn admin_wait(&mut self, op: AdminOp, limit: Duration) -> Result<(), WorldError> {
        let request = self.admin(op)?;
        let end = self.env.now + limit;
        loop {
            match self.reply(request) {
                Reply::Done | Reply::Answered(_) => return Ok(()),
                Reply::Refused(refusal) => return Err(WorldError::Refused(refusal)),
                Reply::Lost { node } => return Err(WorldError::Lost { node }),
                Reply::Pending if self.env.now >= end => return Err(WorldError::NoAnswer(limit)),
                Reply::Pending => {
                    self.run_until_change(end);
                }
            }
        }
    }

    fn check_names(&self, op: &AdminOp) -> Result<(), WorldError> {
        match op {
            AdminOp::GroupOnline { group } | AdminOp::GroupOffline { group } => {
                self.known_group(group).map(drop)
            }
            AdminOp::GroupMove { group, to } => {
                self.known_group(group)?;
                to.as_ref().map_or(Ok(()), |to| self.machine(to).map(drop))
            }
            AdminOp::ResourceOnline { resource }
            | AdminOp::ResourceOffline { resource }
            | AdminOp::ResourceFail { resource }
            | AdminOp::ResourceDelete { resource } => self.known_resource(resource).map(drop),
            AdminOp::NodePause { node }
            | AdminOp::NodeResume { node }
            | AdminOp::NodeEvict { node } => self.known_node(node),
            AdminOp::SetProperty { object, .. } => match object {
                Object::Cluster => Ok(()),
                Object::Node(node) => self.known_node(node),
                Object::Group(group) => self.known_group(group).map(drop),
                Object::Resource(resource) => self.known_resource(resource).map(drop),
            },
            AdminOp::SetPolicy { group, .. } => group
                .as_ref()
                .map_or(Ok(()), |group| self.known_group(group).map(drop)),
            AdminOp::VirtualServerCreate { .. }
            | AdminOp::NodeAdd { .. }
            | AdminOp::ServiceStop => Ok(()),
        }
    }

    /// A node that was added has no machine until it is set up.
    fn known_node(&self, node: &str) -> Result<(), WorldError> {
        match self.current.node(node) {
            Some(_) => Ok(()),
            None => self.machine(node).map(drop),
        }
    }

    fn ask(&mut self, machine: Machine, op: AdminOp) -> RequestId {
        let touched: Vec<Name> = match &op {
            AdminOp::GroupOnline { group }
            | AdminOp::GroupOffline { group }
            | AdminOp::GroupMove { group, .. } => vec![group.clone()],
            AdminOp::ResourceOnline { resource }
            | AdminOp::ResourceOffline { resource }
            | AdminOp::ResourceFail { resource } => self
                .current
                .resource(resource)
                .map(|(group, _)| group.name.clone())
                .into_iter()
                .collect(),
            AdminOp::ServiceStop => self.groups_on(machine).into_iter().collect(),
            AdminOp::SetProperty { .. }
            | AdminOp::SetPolicy { .. }
            | AdminOp::ResourceDelete { .. }
            | AdminOp::NodePause { .. }
            | AdminOp::NodeResume { .. }
            | AdminOp::NodeEvict { .. }
            | AdminOp::NodeAdd { .. }
            | AdminOp::VirtualServerCreate { .. } => Vec::new(),
        };
        self.touched.extend(touched);
        let text = op.to_string();
        let stops = op == AdminOp::ServiceStop;
        let id = self.begin(machine, text.clone(), stops);
        self.input(machine, Input::Admin { request: id, op });
        self.watch(&Cause::Text(format!("request {id}: {text}")));
        RequestId(id)
    }

    /// Records that a machine is being asked.
    fn begin(&mut self, machine: Machine, text: String, stops: bool) -> u64 {
        let id = self.next_request;
        self.next_request += 1;
        let asked = WorldEvent::Asked { request: id, text };
        self.env.record(Some(machine), asked);
        self.requests.insert(
            id,
            Request {
                machine,
                stops,
                reply: Reply::Pending,
            },
        );
        id
    }

    /// A node has answered a control code.
    pub(super) fn controlled(
        &mut self,
        machine: Machine,
        id: u64,
        result: Result<Vec<u8>, Reason>,
    ) {
        let said = result.as_ref().ok().map(|bytes| spoken(bytes));
        self.answered(machine, id, result.map(Reply::Answered), said);
    }

    /// A node has answered an order.
    pub(super) fn replied(&mut self, machine: Machine, id: u64, result: Result<(), Reason>) {
        let Some((code, stops)) = self.answered(machine, id, result.map(|()| Reply::Done), None)
        else {
            return;
        };
        if code == 0 {
            let local = self.env.local(machine);
            let node = self.stations[machine].service.node();
            if let Some(snapshot) = node.and_then(|node| node.snapshot(local)) {
                self.acknowledged = self.acknowledged.max(snapshot.applied.0);
            }
        } else if stops {
            self.stations[machine].shutting_down = false;
            self.stations[machine].comes_back = None;
        }
    }

    /// Completes a pending request; the journal shows `said`. Returns its code, and whether it asked the cluster
    /// service to stop.
    fn answered(
        &mut self,
        machine: Machine,
        id: u64,
        result: Result<Reply, Reason>,
        said: Option<String>,
    ) -> Option<(u32, bool)> {
        let request = self.requests.get_mut(&id)?;
        if request.reply != Reply::Pending {
            return None;
        }
        let (reply, code, text) = match result {
            Ok(reply) => (reply, 0, said),
            Err(refusal) => {
                let (code, text) = (refusal.code, refusal.text.clone());
                (Reply::Refused(refusal), code, Some(text))
            }
        };
        request.reply = reply;
        let stops = request.stops;
        let answered = WorldEvent::Answered {
            request: id,
            code,
            text,
        };
        self.env.record(Some(machine), answered);
        Some((code, stops))
    }

    /// Whether a request for this machine's cluster service to stop is pending.
    pub(super) fn asked_to_stop(&self, machine: Machine) -> bool {
        let mut requests = self.requests.values();
        requests.any(|one| one.machine == machine && one.stops && one.reply == Reply::Pending)
    }

    /// The cluster service of a machine has ended: requests for it to stop are answered, all others never will be.
    pub(super) fn requests_ended(&mut self, machine: Machine, restart: bool) {
        let stopped: Vec<u64> = self
            .requests
            .iter()
            .filter(|(_, one)| one.machine == machine && one.stops && one.reply == Reply::Pending)
            .map(|(id, _)| *id)
            .collect();
        if !restart {
            for id in stopped {
                self.replied(machine, id, Ok(()));
            }
        }
        self.requests_lost(machine);
    }

    /// The pending requests to this machine will never be answered.
    pub(super) fn requests_lost(&mut self, machine: Machine) {
        let node = self.env.hosts[machine].name.clone();
        for request in self.requests.values_mut() {
            if request.machine == machine && request.reply == Reply::Pending {
                request.reply = Reply::Lost { node: node.clone() };
                self.env.revision += 1;
            }
        }
    }
}
