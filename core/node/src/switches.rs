//! What the start switches do: see [`quorate_model::StartSwitches`].

use std::collections::BTreeMap;

use quorate_journal::Event;
use quorate_log::NodeSet;
use quorate_model::events::{
    EVENT_CONTRADICTION, EVENT_DATABASE_UNUSABLE, EVENT_LOG_UNUSABLE, EVENT_NOT_JOINED,
};
use quorate_model::{NodeId, Reason};

use crate::candidacy::Arbitration;
use crate::io::{Device, DiskOp};
use crate::message::Body;
use crate::node::{Node, Phase};
use crate::store::{self, Recovered};

/// File that says that quorum was forced without this node, and who coordinated then. Empty, it says nothing.
const OUTSIDE_FILE: &str = "MSCS/kept-out";
/// The original's event: a node attempted to join but was refused.
const REFUSED: u32 = 1071;
/// The original's event: the node failed to begin the process of joining the cluster.
const NOT_JOINED: u32 = EVENT_NOT_JOINED;

impl Node {
    /// Looks at the switches this node was started with; halts and says so if they make no sense here.
    pub(crate) fn refuse_switches(&mut self) -> bool {
        let switches = &self.config.switches;
        let name = self.database.node_name(self.me);
        let refused = switches.check(&self.config.definition, &name).err();
        // A node that has never been a member has nothing to go on from.
        let blank = switches.keeps_to_itself() && self.log.last_index() == 0;
        let refused =
            refused.or_else(|| blank.then(|| (EVENT_DATABASE_UNUSABLE, blank_copy(&name))));
        if let Some((code, text)) = refused {
            self.halt(Reason::new(code, text), false);
            return true;
        }
        let listed = self.listed();
        if !listed.is_empty() {
            self.log.force_voters(listed);
        }
        false
    }

    /// A node that was started with a switch gives up updates that others may know. It must not lead in a term in which
    /// somebody else leads or has led with those updates: nodes that follow it later would take that leader's entries
    /// for its own.
    pub(crate) fn leave_others_terms(&mut self) {
        if !self.listed().is_empty() || self.config.switches.keeps_to_itself() {
            self.skip_terms();
        }
    }

    fn skip_terms(&mut self) {
        let terms = 1 + self.random.below(1 << 32);
        self.log.skip_terms(terms);
    }

    /// The nodes that quorum is forced with; empty in an ordinary start.
    pub(crate) fn listed(&self) -> NodeSet {
        // Asked at every event, and nearly always nobody.
        if self.config.switches.force_quorum.is_empty() {
            return NodeSet::EMPTY;
        }
        let listed = self.config.switches.force_quorum.iter();
        listed
            .filter_map(|name| self.config.definition.node(name))
            .map(|node| node.id.0)
            .collect()
    }

    /// Whether a node may become or stay a member, by how this one was started.
    pub(crate) fn lets_in(&self, node: NodeId) -> bool {
        let listed = self.listed();
        node == self.me
            || (!self.config.switches.keeps_to_itself()
                && (listed.is_empty() || listed.contains(node.0)))
    }

    /// A node would join that is kept out: says so, once.
    pub(crate) fn keep_out(&mut self, node: NodeId) {
        if !self.neighbours.keep_out(node) {
            return;
        }
        let (name, switch) = (
            self.database.node_name(node),
            self.config.switches.name().unwrap_or_default(),
        );
        let text = format!(
            "{name} is kept out: this cluster was started with {switch}. Start it again without the switch to take \
             {name} in"
        );
        self.event(Event::Notice { id: REFUSED, text });
    }

    /// Tells those that are kept out. They ask with every heartbeat, and are answered as often.
    pub(crate) fn tell_kept_out(&mut self) {
        if !self.coordinates_at(self.now) {
            return;
        }
        let forced = !self.listed().is_empty();
        for (node, incarnation) in self.neighbours.kept_out_that_ask(self.now) {
            let body = Body::KeptOut {
                incarnation,
                forced,
            };
            self.send(node, body);
        }
    }

    /// A coordinator keeps this node out. If quorum was forced without it, that is written down: even after a restart
    /// this node votes for nobody and forms no cluster with others that were left out, or there would be two clusters.
    pub(crate) fn told_kept_out(&mut self, from: NodeId, incarnation: u64, forced: bool) {
        if incarnation != self.config.incarnation || self.phase != Phase::Joining {
            return;
        }
        let first = self.kept_out.told();
        let from = self.database.node_name(from);
        if first {
            let me = self.database.node_name(self.me);
            let rest = match forced {
                true => "quorum was forced without it",
                false => "it was started with a switch by which it takes nobody in",
            };
            let text = format!(
                "{me} is kept out of the cluster that {from} coordinates: {rest}. {me} waits until that is started \
                 without the switch"
            );
            self.event(Event::Notice {
                id: NOT_JOINED,
                text,
            });
        }
        let bytes = from.as_bytes().to_vec();
        if forced && self.kept_out.force(from) {
            self.remember_outside(bytes);
        }
    }

    /// After a boot: what this node was told before.
    pub(crate) fn recall_outside(&mut self, files: &BTreeMap<String, Vec<u8>>) {
        let bytes = files.get(OUTSIDE_FILE).filter(|bytes| !bytes.is_empty());
        let Some(from) = bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned()) else {
            return;
        };
        if !self.listed().is_empty() {
            // An administrator forces quorum with this node, which is the newer decision.
            self.remember_outside(Vec::new());
            return;
        }
        let me = self.database.node_name(self.me);
        let text = format!(
            "quorum was forced without {me}, by {from}: {me} waits for that cluster to take it in. Start it with \
             forcequorum, or clean it up (forcecleanup), if there is none any more"
        );
        self.kept_out.force(from.as_str().into());
        self.event(Event::Notice {
            id: NOT_JOINED,
            text,
        });
    }

    /// This node has become a member: whatever kept it out is over.
    pub(crate) fn let_in_again(&mut self) {
        if self.kept_out.take_in() {
            self.remember_outside(Vec::new());
        }
    }

    fn remember_outside(&mut self, bytes: Vec<u8>) {
        self.storage.write_identity(DiskOp::Replace {
            file: OUTSIDE_FILE.to_owned(),
            bytes,
        });
    }

    /// This node begins to coordinate: says what its switch has done.
    pub(crate) fn report_switch(&mut self) {
        let Some(switch) = self.config.switches.name() else {
            return;
        };
        let text = match switch {
            "forcequorum" => {
                "a majority of the nodes on the list is a quorum: what only others knew is lost"
            }
            "fixquorum" => {
                "the cluster runs without its quorum disk: what is changed now stays on this node's own disk"
            }
            "noquorumlogging" => {
                "the quorum log is neither read nor written: what is changed now stays on this node's own disk"
            }
            // Reported when it takes effect, if it does.
            _ => return,
        };
        self.event(Event::StartSwitch {
            name: switch.to_owned(),
            text: text.to_owned(),
        });
    }

    /// The quorum disk is online, and what is on it is left alone.
    pub(crate) fn lead_without_log(&mut self, disk: quorate_model::Name) {
        let own = self.log.to_stored();
        if let Err(error) = self.log.adopt(own) {
            let text = format!("this node's own copy cannot be used: {error}");
            self.halt(Reason::new(EVENT_CONTRADICTION, text), false);
            return;
        }
        self.office.take_disk_from(None);
        self.storage.lease(Device::Shared(disk));
        self.lead_with_disk();
    }

    /// Whether the log on the quorum disk is to be written anew from this node's own copy, and why.
    pub(crate) fn rebuilds(
        &self,
        recovered: &Result<Recovered, store::StoreError>,
    ) -> Option<String> {
        if !self.config.switches.reset_quorum_log {
            return None;
        }
        match recovered {
            Err(error) => Some(format!("it was damaged: {} {}", error.file, error.error)),
            Ok(recovered) if recovered.is_blank() => Some("it was missing".to_owned()),
            Ok(recovered) => {
                let own = (self.log.last_term(), self.log.last_index());
                (recovered.position() < own)
                    .then(|| "it was older than this node's own copy".to_owned())
            }
        }
    }

    /// Writes the quorum log anew from this node's own copy and leads with that.
    pub(crate) fn rebuild_quorum_log(&mut self, disk: quorate_model::Name, why: &str) {
        if self.log.last_index() == 0 {
            let text = format!(
                "the log on {disk} cannot be written anew: {why}, and {}",
                blank_copy(&self.database.node_name(self.me))
            );
            self.halt(Reason::new(EVENT_LOG_UNUSABLE, text), false);
            return;
        }
        let own = self.log.to_stored();
        if let Err(error) = self.log.adopt(own.clone()) {
            let text = format!("this node's own copy cannot be used: {error}");
            self.halt(Reason::new(EVENT_CONTRADICTION, text), false);
            return;
        }
        self.skip_terms();
        self.office.take_disk_from(None);
        self.storage.move_to(Device::Shared(disk.clone()), own, 0);
        self.event(Event::StartSwitch {
            name: "resetquorumlog".to_owned(),
            text: format!("the log on {disk} was written anew from this node's own copy: {why}"),
        });
        self.lead_with_disk();
    }

    pub(crate) fn lead_with_disk(&mut self) {
        self.arbitration = Arbitration::Holding;
        self.office.confirm_disk(self.now);
        self.log.set_rule(self.quorum.rule(self.me, true));
        self.log.campaign();
    }
}

fn blank_copy(name: &str) -> String {
    format!("{name} has no copy of the database: start a node that was a member of the cluster")
}

#[cfg(test)]
mod tests;
