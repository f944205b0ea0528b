//! Administrators' requests, and the orderly stop of the service.

use quorate_journal::{Cause, Event};
use quorate_log::CommitRule;
use quorate_model::errors::{
    ERROR_CLUSTER_NO_QUORUM, ERROR_CLUSTER_NODE_DOWN, ERROR_HOST_NODE_NOT_AVAILABLE,
    ERROR_SERVICE_REQUEST_TIMEOUT,
};
use quorate_model::{AdminOp, NodeId, Reason};

use crate::bounds;
use crate::candidacy::Arbitration;
use crate::database::Update;
use crate::io::Output;
use crate::message::Body;
use crate::node::{Node, Phase};
use crate::quorum::Candidacy;
use crate::timers::Timer;

impl Node {
    pub(crate) fn admin(&mut self, request: u64, op: AdminOp) {
        if op == AdminOp::ServiceStop {
            self.begin_leaving(request);
            return;
        }
        if self.phase == Phase::Joining {
            let name = self.database.node_name(self.me);
            self.refuse(
                request,
                ERROR_CLUSTER_NODE_DOWN,
                format!("node {name} is not a member of a cluster yet"),
            );
            return;
        }
        let op = match op {
            AdminOp::GroupMove { group, to: None } => {
                let chosen = self.database.group_definition(&group).map(|definition| {
                    let (database, random) = (&self.database, &mut self.random);
                    self.policies
                        .choose(database, definition, Cause::Admin, random)
                });
                let (mut to, mut kept_by) = (None, None);
                if let Some(chosen) = chosen {
                    to = chosen.to.map(|node| self.database.node_name(node));
                    kept_by = chosen.kept_by;
                    if let Some(event) = chosen.event {
                        self.event(event);
                    }
                }
                if let Some(policy) = kept_by {
                    let text = format!(
                        "the policy {policy} keeps group {group} where it is: name the node to move it there"
                    );
                    self.refuse(request, ERROR_HOST_NODE_NOT_AVAILABLE, text);
                    return;
                }
                AdminOp::GroupMove { group, to }
            }
            AdminOp::SetPolicy {
                group,
                policy: Some(policy),
            } => {
                if let Err(error) = self.policies.try_out(&policy) {
                    let text = format!("the policy {} cannot be used: {error}", policy.file);
                    self.refuse(request, 87, text);
                    return;
                }
                AdminOp::SetPolicy {
                    group,
                    policy: Some(policy),
                }
            }
            op => op,
        };
        let sequence = self.proposals.add(Update::Admin { op });
        self.requests.proposed(sequence, request, self.now);
        self.send_proposals();
    }

    pub(crate) fn refuse(&mut self, request: u64, code: u32, text: String) {
        self.output(Output::Reply {
            request,
            result: Err(Reason { code, text }),
        });
    }

    /// Refuses requests that have waited too long for quorum. If quorum comes back they may still be carried out.
    pub(crate) fn expire_requests(&mut self) {
        if self.has_quorum_at(self.now) {
            return;
        }
        for request in self.requests.take_late(self.now) {
            let text = "the cluster has no quorum: the request was not confirmed".to_owned();
            self.refuse(request, ERROR_CLUSTER_NO_QUORUM, text);
        }
    }

    fn begin_leaving(&mut self, request: u64) {
        self.requests.stop(request);
        match self.phase {
            Phase::Member => {
                self.phase = Phase::Leaving;
                let patience = bounds::leave_patience(&self.database.definition);
                self.timers.set(Timer::Leave, self.now + patience);
                self.send_heartbeats();
            }
            Phase::Leaving => {}
            Phase::Joining | Phase::Halted => self.halt(stopped(), false),
        }
    }

    /// Goes on with an orderly stop: groups away, everything down, office handed over, goodbye.
    pub(crate) fn leave(&mut self) {
        if self.phase != Phase::Leaving || !self.groups.all_down(&self.database) {
            return;
        }
        let me = self.me;
        let movable = self.database.groups.iter().any(|(name, record)| {
            record.owner == me && self.groups.may_leave(&self.database, name, record)
        });
        let waits = movable || self.proposals.outstanding().len() > 0;
        if waits && !self.is_left_alone() {
            return;
        }
        match (&self.arbitration, self.quorum.candidacy()) {
            (Arbitration::Holding, Candidacy::Arbitrate { resource, .. }) => {
                self.begin_release(resource);
            }
            (Arbitration::Releasing, _) => {}
            _ => self.say_goodbye(),
        }
    }

    /// Whether nobody is left who could confirm a change of the database: too few of those who vote have not said goodbye,
    /// or each of the others has, or stops as this node does and will not coordinate.
    fn is_left_alone(&self) -> bool {
        let (me, neighbours) = (self.me, &self.neighbours);
        let has_left = |node: u8| neighbours.has_left(NodeId(node));
        let leaving = neighbours.leaving();
        let members = self.database.view.members.keys().map(|node| node.0);
        let mut others = members.filter(|node| *node != me.0);
        match self.quorum.candidacy() {
            Candidacy::Elect => {
                let voters = self.log.voters();
                let here = voters.iter().filter(|node| !has_left(*node)).count();
                here < CommitRule::majority(voters)
                    || (!self.has_quorum_at(self.now)
                        && others.all(|node| has_left(node) || leaving.contains(node)))
            }
            Candidacy::Arbitrate { .. } => {
                let leads = self.log.leader();
                !self.arbitration.holds()
                    && others.all(|node| {
                        has_left(node) || (leaving.contains(node) && leads != Some(node))
                    })
            }
            Candidacy::Alone => false,
        }
    }

    /// The quorum disk has been given up in order.
    pub(crate) fn released(&mut self) {
        self.tell_heir();
        if self.phase == Phase::Leaving {
            self.say_goodbye();
        }
    }

    fn say_goodbye(&mut self) {
        let voters = self.log.voters();
        let members = self.database.view.members.keys().copied();
        let mut others = members.filter(|node| *node != self.me && voters.contains(node.0));
        // A node that has the whole log can begin at once.
        let last = Some(self.log.last_index());
        let ready = others
            .clone()
            .find(|node| self.log.match_index(node.0) == last);
        let heir = ready.or_else(|| others.next());
        if let (true, Some(heir), Candidacy::Elect) =
            (self.log.is_leader(), heir, self.quorum.candidacy())
        {
            // If the transfer fails, the others elect a coordinator without it.
            let _ = self.log.transfer(heir.0);
            self.pump_log();
        }
        self.tell_all_goodbye();
        self.halt(stopped(), false);
        self.owes_word = false;
    }

    /// Everything that ran here has ended. The others are told, so that they need not wait until a silent node has
    /// certainly stopped. The message is about this boot alone, which will never run anything again.
    pub(crate) fn all_ended(&mut self) {
        if !std::mem::take(&mut self.owes_word) {
            return;
        }
        self.tell_all_goodbye();
        let text = "everything on this node has ended, and the other nodes are told so";
        self.event(Event::Notice {
            id: 0,
            text: text.to_owned(),
        });
    }

    /// It is sent only once, so on every network.
    fn tell_all_goodbye(&mut self) {
        for node in self.other_nodes().iter().map(NodeId) {
            for network in self.networks_to(node) {
                self.send_on(node, network, Body::Goodbye);
            }
        }
    }

    pub(crate) fn leave_by_force(&mut self) {
        if self.phase == Phase::Leaving {
            let text = "the orderly stop took too long: what still runs is terminated";
            self.halt(Reason::new(ERROR_SERVICE_REQUEST_TIMEOUT, text), false);
        }
    }
}

fn stopped() -> Reason {
    Reason::new(0, "the cluster service was stopped in order")
}

#[cfg(test)]
mod tests;
