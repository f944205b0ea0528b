//! Control codes: questions to a resource's type, on the node that owns the resource, or to a type on a given node.
//!
//! Any node can be asked. It finds the owner in its copy of the database, sends the question there, and answers with what that
//! node's resource monitor said. Nothing of it goes through the log: a code asks a type, and changes nothing in the database.
//!
//! *No code reaches a type twice.* A question is sent again until it is answered, always to the same boot of the same
//! node, which carries it out once and keeps the answer. Only where that node says that it does not own the resource, so
//! that certainly nothing was carried out, does the question go on to the owner that the database has then. An owner that
//! is lost while it is asked may or may not have carried the code out: that is an error, and says so. Whoever asks is
//! answered within [`bounds::CONTROL_PATIENCE`] in any case.

use std::collections::BTreeMap;
use std::time::Duration;

use quorate_model::control::{CONTROL_BYTES_MAX, ControlOf, ControlRequest};
use quorate_model::errors::{
    ERROR_CLUSTER_NO_QUORUM, ERROR_CLUSTER_NODE_DOWN, ERROR_CLUSTER_NODE_NOT_FOUND,
    ERROR_HOST_NODE_NOT_RESOURCE_OWNER, ERROR_INVALID_FUNCTION, ERROR_INVALID_PARAMETER,
    ERROR_MORE_DATA, ERROR_RESOURCE_FAILED, ERROR_RESOURCE_NOT_FOUND, ERROR_TIMEOUT,
};
use quorate_model::monitor::MonitorCommand;
use quorate_model::{Name, NodeId, Reason, Time};

use crate::bounds;
use crate::io::Output;
use crate::message::{Body, Outcome, Question};
use crate::node::{Node, Phase};
use crate::timers::Timer;

/// What an administrator asked of this node.
#[derive(Clone, Debug)]
struct Asked {
    request: u64,
    control: ControlRequest,
    until: Time,
    /// Who was asked, and which boot of it.
    whom: Option<(NodeId, u64)>,
    /// When somebody is asked again at the earliest.
    again: Time,
}

/// Who asked this node: which boot of it, under which number.
type Asker = (NodeId, u64, u64);

/// A question that this node carries out, or has carried out.
#[derive(Clone, Debug)]
struct Taken {
    since: Time,
    outcome: Option<Outcome>,
}

/// The control codes that this node was asked with, by administrators and by other nodes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Controls {
    tickets: u64,
    asked: BTreeMap<u64, Asked>,
    taken: BTreeMap<Asker, Taken>,
    /// The newest of each node's questions that is not remembered any more.
    forgotten: BTreeMap<NodeId, (u64, u64)>,
    calls: u64,
    /// Who waits for the resource monitor's answer, by the number that it was given.
    called: BTreeMap<u64, Asker>,
}

impl Controls {
    /// Whether an administrator waits for an answer.
    pub(crate) fn await_answers(&self) -> bool {
        !self.asked.is_empty()
    }

    /// Takes everything that administrators wait for.
    pub(crate) fn take_requests(&mut self) -> Vec<u64> {
        let asked = std::mem::take(&mut self.asked);
        asked.into_values().map(|asked| asked.request).collect()
    }
}

impl Node {
    /// An administrator asks.
    pub(crate) fn control(&mut self, request: u64, control: ControlRequest) {
        if self.phase == Phase::Joining {
            let name = self.database.node_name(self.me);
            let text = format!("node {name} is not a member of a cluster yet");
            self.controlled(request, refusal(ERROR_CLUSTER_NODE_DOWN, text));
            return;
        }
        let control = control.spelled(&self.database.definition);
        if let Err(refused) = allowed(&control) {
            self.controlled(request, Err(refused));
            return;
        }
        self.controls.tickets += 1;
        let asked = Asked {
            request,
            control,
            until: self.now + bounds::CONTROL_PATIENCE,
            whom: None,
            again: self.now,
        };
        self.controls.asked.insert(self.controls.tickets, asked);
    }

    /// Takes every open question as far as it can go now.
    pub(crate) fn pump_controls(&mut self) {
        let open: Vec<u64> = self.controls.asked.keys().copied().collect();
        for ticket in open {
            self.pursue(ticket);
        }
        let asked = self.controls.asked.values();
        let next = asked.map(|asked| match asked.whom {
            Some((node, _)) if node == self.me => asked.until,
            // Nobody can be asked yet. Only an input can change that, so there is no time to wait for.
            None if asked.again <= self.now => asked.until,
            Some(_) | None => asked.again.min(asked.until),
        });
        match next.min() {
            Some(at) => self.timers.set(Timer::Control, at),
            None => self.timers.stop(Timer::Control),
        }
    }

    /// Asks the node that can answer, and asks it again if no answer comes.
    fn pursue(&mut self, ticket: u64) {
        let Some(asked) = self.controls.asked.get(&ticket).cloned() else {
            return;
        };
        if let Some((node, boot)) = asked.whom
            && node != self.me
            && !self.is_member(node, boot)
        {
            let text = format!(
                "node {} left the cluster while it was asked: whether {} was carried out is not known",
                self.database.node_name(node),
                asked.control.code
            );
            self.conclude(ticket, refusal(ERROR_CLUSTER_NODE_DOWN, text));
            return;
        }
        if self.now >= asked.until {
            let late = self.late(&asked);
            self.conclude(ticket, Err(late));
            return;
        }
        match asked.whom {
            Some((node, boot)) if node != self.me && self.now >= asked.again => {
                self.put(ticket, node, boot, &asked.control);
            }
            Some(_) => {}
            None if self.now >= asked.again && self.has_quorum_at(self.now) => {
                match self.find(&asked.control) {
                    Err(refused) => self.conclude(ticket, Err(refused)),
                    Ok(None) => {}
                    Ok(Some((node, boot))) => self.put(ticket, node, boot, &asked.control),
                }
            }
            None => {}
        }
    }

    /// The node that has what is asked about, and which boot of it. `None` while no member does.
    fn find(&self, control: &ControlRequest) -> Result<Option<(NodeId, u64)>, Reason> {
        let on = match &control.on {
            Some(name) => match self.database.node_id(name) {
                Some(node) => Some(node),
                None => {
                    return Err(refused(
                        ERROR_CLUSTER_NODE_NOT_FOUND,
                        format!("there is no node {name}"),
                    ));
                }
            },
            None => None,
        };
        let node = match &control.of {
            ControlOf::Type(_) => on.unwrap_or(self.me),
            ControlOf::Resource(resource) => {
                let group = self.database.resources.get(resource).map(|it| &it.group);
                let group = group.and_then(|group| self.database.groups.get(group));
                let Some(group) = group else {
                    let text = format!("there is no resource {resource}");
                    return Err(refused(ERROR_RESOURCE_NOT_FOUND, text));
                };
                if let Some(on) = on.filter(|on| *on != group.owner) {
                    let text = format!(
                        "node {} does not own {resource}: {} does",
                        self.database.node_name(on),
                        self.database.node_name(group.owner)
                    );
                    return Err(refused(ERROR_HOST_NODE_NOT_RESOURCE_OWNER, text));
                }
                group.owner
            }
        };
        let boot = self.database.view.members.get(&node).copied();
        if let (None, ControlOf::Type(_)) = (boot, &control.of) {
            let text = format!("node {} is down", self.database.node_name(node));
            return Err(refused(ERROR_CLUSTER_NODE_DOWN, text));
        }
        Ok(boot.map(|boot| (node, boot)))
    }

    /// Asks a node, this one or another.
    fn put(&mut self, ticket: u64, node: NodeId, boot: u64, control: &ControlRequest) {
        if let Some(asked) = self.controls.asked.get_mut(&ticket) {
            asked.whom = Some((node, boot));
            asked.again = self.now + bounds::RESEND;
        }
        let question = Question {
            ticket,
            incarnation: boot,
            of: control.of.clone(),
            code: control.code,
            input: control.input.clone(),
        };
        if node == self.me {
            self.take_question(self.me, self.config.incarnation, question);
        } else {
            self.send(node, Body::Control(question));
        }
    }

    /// A node asks this one.
    pub(crate) fn take_question(&mut self, from: NodeId, boot: u64, question: Question) {
        let asker = (from, boot, question.ticket);
        if question.incarnation != self.config.incarnation {
            let text = format!(
                "node {} was started again while it was asked: whether {} was carried out is not known",
                self.database.node_name(self.me),
                question.code
            );
            self.reply(asker, Outcome::Said(refusal(ERROR_CLUSTER_NODE_DOWN, text)));
            return;
        }
        if let Some(taken) = self.controls.taken.get(&asker) {
            if let Some(outcome) = taken.outcome.clone() {
                self.reply(asker, outcome);
            }
            return;
        }
        let forgotten = self.controls.forgotten.get(&from);
        if forgotten.is_some_and(|newest| (boot, question.ticket) <= *newest) {
            return;
        }
        if let ControlOf::Resource(resource) = &question.of
            && !self.owns(resource)
        {
            self.remember(asker, Some(Outcome::NotOwner));
            self.reply(asker, Outcome::NotOwner);
            return;
        }
        self.remember(asker, None);
        self.controls.calls += 1;
        let call = self.controls.calls;
        self.controls.called.insert(call, asker);
        self.command(MonitorCommand::Control {
            of: question.of,
            code: question.code,
            request: call,
            input: question.input,
        });
    }

    fn remember(&mut self, asker: Asker, outcome: Option<Outcome>) {
        let since = self.now;
        let taken = Taken { since, outcome };
        self.controls.taken.insert(asker, taken);
    }

    fn owns(&self, resource: &Name) -> bool {
        let group = self.database.resources.get(resource).map(|it| &it.group);
        let group = group.and_then(|group| self.database.groups.get(group));
        self.phase != Phase::Joining && group.is_some_and(|group| group.owner == self.me)
    }

    /// The resource monitor has answered.
    pub(crate) fn control_answered(&mut self, call: u64, result: Result<Vec<u8>, Reason>) {
        let Some(asker) = self.controls.called.remove(&call) else {
            return;
        };
        let said = match result {
            Ok(bytes) if bytes.len() > CONTROL_BYTES_MAX => refusal(
                ERROR_MORE_DATA,
                format!(
                    "the type answered with {} bytes, and an answer has {CONTROL_BYTES_MAX} at most",
                    bytes.len()
                ),
            ),
            Ok(bytes) => Ok(bytes),
            Err(reason) => refusal(reason.code, reason.text),
        };
        self.record_outcome(asker, Outcome::Said(said));
    }

    /// The resource monitor was replaced: what it was asked it will never answer.
    pub(crate) fn control_calls_lost(&mut self) {
        for asker in std::mem::take(&mut self.controls.called).into_values() {
            let text = "its resource monitor was terminated: whether the code was carried out is not known";
            let said = refusal(ERROR_RESOURCE_FAILED, text.to_owned());
            self.record_outcome(asker, Outcome::Said(said));
        }
    }

    fn record_outcome(&mut self, asker: Asker, outcome: Outcome) {
        if let Some(taken) = self.controls.taken.get_mut(&asker) {
            taken.outcome = Some(outcome.clone());
        }
        self.reply(asker, outcome);
    }

    fn reply(&mut self, (from, incarnation, ticket): Asker, outcome: Outcome) {
        if from == self.me {
            self.take_outcome(self.me, incarnation, ticket, outcome);
        } else {
            let body = Body::ControlOutcome {
                incarnation,
                ticket,
                outcome,
            };
            self.send(from, body);
        }
    }

    /// A node that was asked has answered.
    pub(crate) fn take_outcome(
        &mut self,
        from: NodeId,
        incarnation: u64,
        ticket: u64,
        outcome: Outcome,
    ) {
        let Some(asked) = self.controls.asked.get_mut(&ticket) else {
            return;
        };
        let meant = asked.whom.is_some_and(|(node, _)| node == from);
        if incarnation != self.config.incarnation || !meant {
            return;
        }
        match outcome {
            Outcome::Said(said) => self.conclude(ticket, said),
            // That node may have applied less of the database than this one, or more. The next question has a number of
            // its own, so that no late answer to this one is taken for its answer.
            Outcome::NotOwner => {
                asked.whom = None;
                if let Some(asked) = self.controls.asked.remove(&ticket) {
                    self.controls.tickets += 1;
                    self.controls.asked.insert(self.controls.tickets, asked);
                }
            }
        }
    }

    fn conclude(&mut self, ticket: u64, result: Result<Vec<u8>, Reason>) {
        if let Some(asked) = self.controls.asked.remove(&ticket) {
            self.controlled(asked.request, result);
        }
    }

    pub(crate) fn controlled(&mut self, request: u64, result: Result<Vec<u8>, Reason>) {
        self.output(Output::Controlled { request, result });
    }

    /// Forgets the questions that were carried out so long ago that nobody can ask for the answer again.
    pub(crate) fn forget_controls(&mut self) {
        let old = bounds::CONTROL_PATIENCE * 2;
        let now = self.now;
        let forgotten = &mut self.controls.forgotten;
        self.controls.taken.retain(|(node, boot, ticket), taken| {
            let keep = now.since(taken.since) < old;
            if !keep {
                let newest = forgotten.entry(*node).or_default();
                *newest = (*newest).max((*boot, *ticket));
            }
            keep
        });
        let taken = &self.controls.taken;
        self.controls
            .called
            .retain(|_, asker| taken.contains_key(asker));
    }

    /// Why nobody has answered in time.
    fn late(&self, asked: &Asked) -> Reason {
        let waited: Duration = bounds::CONTROL_PATIENCE;
        let Some((node, _)) = asked.whom else {
            if !self.has_quorum_at(self.now) {
                let text = "the cluster has no quorum: nobody was asked";
                return refused(ERROR_CLUSTER_NO_QUORUM, text.to_owned());
            }
            let text = format!(
                "no node that runs has owned the {} for {waited:?}: nobody was asked",
                asked.control.of
            );
            return refused(ERROR_CLUSTER_NODE_DOWN, text);
        };
        let text = format!(
            "node {} has not answered for {waited:?}: whether {} was carried out is not known",
            self.database.node_name(node),
            asked.control.code
        );
        refused(ERROR_TIMEOUT, text)
    }
}

/// Whether a code may be sent at all.
fn allowed(control: &ControlRequest) -> Result<(), Reason> {
    let (code, wanted) = (control.code, control.of.object());
    match code.object() {
        Some(object) if object == wanted => {}
        Some(object) => {
            let text = format!("control code {code} is for {object}, and was sent to {wanted}");
            return Err(refused(ERROR_INVALID_FUNCTION, text));
        }
        None => {
            let text = format!(
                "{code} is no control code: its uppermost byte names nothing that has any (1 is a resource, 2 a resource \
                 type)"
            );
            return Err(refused(ERROR_INVALID_FUNCTION, text));
        }
    }
    if code.is_internal() {
        let text = format!(
            "control code {code} is a notification: only the cluster service itself sends it to a type"
        );
        return Err(refused(ERROR_INVALID_FUNCTION, text));
    }
    if control.input.len() > CONTROL_BYTES_MAX {
        let text = format!(
            "{} bytes go in with the control code, and there may be {CONTROL_BYTES_MAX}",
            control.input.len()
        );
        return Err(refused(ERROR_INVALID_PARAMETER, text));
    }
    Ok(())
}

fn refused(code: u32, text: String) -> Reason {
    Reason { code, text }
}

fn refusal(code: u32, text: String) -> Result<Vec<u8>, Reason> {
    Err(refused(code, text))
}

#[cfg(test)]
mod tests;
