//! Questions and orders that come by the control socket.

use std::collections::BTreeMap;
use std::sync::mpsc::Sender;

use quorate_journal::WorldEvent;
use quorate_model::control::{ControlRequest, spoken};
use quorate_model::errors::ERROR_CLUSTER_NODE_DOWN;
use quorate_model::{AdminOp, ClusterDefinition, Lasting, Reason};
use quorate_node::{Input, Node};

use super::Driver;
use crate::clock;
use crate::control::{
    Asked, Counts, Kept, LiveStatus, NetworkCounts, Request, Response, status_of,
};

/// Who waits for an answer of the node's.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    last: u64,
    orders: BTreeMap<u64, Order>,
}

#[derive(Debug)]
struct Order {
    answers: Sender<Response>,
    /// It asks the cluster service to stop.
    stops: bool,
}

impl Waiting {
    /// The number of the next request.
    pub(super) fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }
}

impl Driver {
    /// Answers, or begins to.
    pub(super) fn asked(&mut self, asked: Asked) {
        let Asked { request, answers } = asked;
        match request {
            Request::Status => {
                let status = Response::Status(Box::new(self.status()));
                let _ = answers.send(status);
            }
            Request::Watch => {
                let _ = answers.send(Response::Done);
                self.watchers.push(answers);
            }
            Request::Order { op } => self.order(op, answers),
            Request::Control { control } => self.control(control, answers),
            Request::Plugins => {
                let _ = answers.send(self.plugins());
            }
            Request::ReloadPlugins { plugin } => {
                let _ = answers.send(self.reload_plugins(plugin.as_deref()));
            }
            Request::ReleasePlugin { plugin } => {
                let _ = answers.send(self.release_plugin(&plugin));
            }
            Request::Stop if self.service.node().is_none() => {
                let _ = answers.send(Response::Done);
                self.stop_asked();
            }
            Request::Stop => {
                self.stops = true;
                self.systemd.stopping();
                self.order(AdminOp::ServiceStop, answers);
            }
        }
    }

    /// What the cluster is, for a request to the cluster service.
    ///
    /// # Errors
    /// The service does not run.
    fn asked_of(&self) -> Result<&ClusterDefinition, Reason> {
        let known = self.service.node().and_then(Node::definition);
        known.ok_or_else(|| {
            let text = match self.standing() {
                Some(standing) => format!("the cluster service does not run: {standing}"),
                None => "the cluster service does not run".to_owned(),
            };
            Reason::new(ERROR_CLUSTER_NODE_DOWN, text)
        })
    }

    /// Keeps whoever asks, and writes down what. Returns the request's number.
    fn begin(&mut self, answers: Sender<Response>, text: String, stops: bool) -> u64 {
        let request = self.waiting.number();
        self.tell(WorldEvent::Asked { request, text });
        self.waiting
            .orders
            .insert(request, Order { answers, stops });
        request
    }

    fn order(&mut self, op: AdminOp, answers: Sender<Response>) {
        let op = match self.asked_of() {
            Ok(definition) => op.spelled(definition),
            Err(Reason { code, text }) => {
                return drop(answers.send(Response::Refused { code, text }));
            }
        };
        let request = self.begin(answers, op.to_string(), op == AdminOp::ServiceStop);
        quorate_machine::input(self, Input::Admin { request, op });
    }

    fn control(&mut self, control: ControlRequest, answers: Sender<Response>) {
        let control = match self.asked_of() {
            Ok(definition) => control.spelled(definition),
            Err(Reason { code, text }) => {
                return drop(answers.send(Response::Refused { code, text }));
            }
        };
        let request = self.begin(answers, control.to_string(), false);
        quorate_machine::input(self, Input::Control { request, control });
    }

    /// The node has answered an order.
    pub(super) fn replied(&mut self, request: u64, result: Result<(), Reason>) {
        let order = self.waiting.orders.remove(&request);
        let refused = result.err();
        self.tell(WorldEvent::Answered {
            request,
            code: refused.as_ref().map_or(0, |why| why.code),
            text: refused.as_ref().map(|why| why.text.clone()),
        });
        let Some(Order { answers, stops }) = order else {
            return;
        };
        let response = match refused {
            None => Response::Done,
            Some(Reason { code, text }) => {
                self.stops &= !stops;
                Response::Refused { code, text }
            }
        };
        let _ = answers.send(response);
    }

    /// The node has answered a control code.
    pub(super) fn said(&mut self, request: u64, result: Result<Vec<u8>, Reason>) {
        let order = self.waiting.orders.remove(&request);
        let (code, text) = match &result {
            Ok(bytes) => (0, spoken(bytes)),
            Err(why) => (why.code, why.text.clone()),
        };
        let text = Some(text);
        self.tell(WorldEvent::Answered {
            request,
            code,
            text,
        });
        let Some(Order { answers, .. }) = order else {
            return;
        };
        let response = match result {
            Ok(bytes) => Response::Said {
                text: String::from_utf8(bytes.clone()).ok(),
                bytes,
            },
            Err(Reason { code, text }) => Response::Refused { code, text },
        };
        let _ = answers.send(response);
    }

    /// The cluster service has ended: nobody answers what waits. Who has asked for just that is served.
    pub(super) fn requests_ended(&mut self, in_order: bool) {
        for (_, order) in std::mem::take(&mut self.waiting.orders) {
            let response = match order.stops && in_order {
                true => Response::Done,
                false => Response::Lost {
                    text: "the cluster service ended before it answered".to_owned(),
                },
            };
            let _ = order.answers.send(response);
        }
    }

    /// Why the cluster service does not run, and what comes next; `None` while it runs.
    fn standing(&self) -> Option<String> {
        let (at, reason) = self.restart.as_ref()?;
        let left = Lasting(at.since(clock::now())).to(std::time::Duration::from_secs(1));
        Some(format!("{}; it is started again in {left}", reason.text))
    }

    fn status(&self) -> LiveStatus {
        let now = clock::now();
        let networks = self.networks.traffic().map(|(name, it)| {
            let counts = NetworkCounts {
                sent: it.sent,
                received: it.received,
                dropped: it.dropped,
            };
            (name.clone(), counts)
        });
        let kept = Kept {
            node: self.name(),
            installed: &self.plan.definition,
            standing: self.standing(),
            incarnation: self.incarnation,
            up_ms: u64::try_from(now.since(self.began).as_millis()).unwrap_or(u64::MAX),
            restarts: &self.restarts,
            keys: self.sealed.keys(),
            counts: Counts {
                networks: networks.collect(),
                wire: self.sealed.counts(),
            },
        };
        status_of(self.service.node(), now, kept)
    }
}
