//! What becomes of a node.

use quorate_model::{Name, NodeState, Time};

use super::lanes::{Lane, NodeStory, Span, Standing};

/// A node, as far as it has been told of.
#[derive(Clone, Debug)]
pub(super) struct NodeTrack {
    pub(super) name: Name,
    on: bool,
    service: bool,
    frozen: bool,
    /// Whether the journal tells of its machine: a live node's tells of the others by hearsay alone.
    seen: bool,
    member: bool,
    /// Whether it has been a member since its service started.
    been_member: bool,
    evicted: bool,
    paused: bool,
    /// When it last stopped working, whatever the cluster knows.
    lost: Option<Time>,
    standing: Lane<Standing>,
    believed: Lane<NodeState>,
    quorum: Lane<()>,
    pub(super) office: Lane<Name>,
}

impl NodeTrack {
    pub(super) fn new(name: Name) -> Self {
        NodeTrack {
            name,
            on: false,
            service: false,
            frozen: false,
            seen: false,
            member: false,
            been_member: false,
            evicted: false,
            paused: false,
            lost: None,
            standing: Lane::default(),
            believed: Lane::default(),
            quorum: Lane::default(),
            office: Lane::default(),
        }
    }

    /// When it last stopped working, since `since`.
    pub(super) fn lost_since(&self, since: Time) -> Option<Time> {
        self.lost.filter(|lost| *lost >= since)
    }

    pub(super) fn holds_quorum(&self) -> bool {
        self.quorum.now().is_some()
    }

    /// Whether its service runs and has not been a member yet.
    pub(super) fn joins(&self) -> bool {
        self.standing() == Standing::Joining
    }

    fn standing(&self) -> Standing {
        if self.evicted {
            Standing::Evicted
        } else if !self.on {
            Standing::Off
        } else if self.frozen {
            Standing::Frozen
        } else if !self.service {
            Standing::Down
        } else if self.member && self.paused {
            Standing::Paused
        } else if self.member {
            Standing::Up
        } else if self.been_member {
            Standing::NoQuorum
        } else {
            Standing::Joining
        }
    }

    fn stand(&mut self, at: Time, n: u64) {
        let standing = self.standing();
        self.standing.turn(at, n, standing);
    }

    /// Its service ends, for whatever reason.
    fn end(&mut self, at: Time) {
        self.service = false;
        self.member = false;
        self.been_member = false;
        self.quorum.end(at);
        self.office.end(at);
    }

    fn join(&mut self) {
        self.member = true;
        self.been_member = true;
        self.evicted = false;
    }

    pub(super) fn power(&mut self, at: Time, n: u64, on: bool) {
        self.seen = true;
        self.on = on;
        self.frozen = false;
        if !on {
            self.lost = Some(at);
        }
        self.end(at);
        self.stand(at, n);
    }

    pub(super) fn freeze(&mut self, at: Time, n: u64, frozen: bool) {
        self.seen = true;
        self.frozen = frozen;
        if frozen {
            self.lost = Some(at);
        }
        self.stand(at, n);
    }

    pub(super) fn service(&mut self, at: Time, n: u64, runs: bool) {
        self.seen = true;
        self.end(at);
        if runs {
            self.on = true;
            self.service = true;
        } else {
            self.lost = Some(at);
        }
        self.stand(at, n);
    }

    /// The coordinator has it in this state.
    pub(super) fn believe(&mut self, at: Time, n: u64, state: NodeState) {
        self.believed.turn(at, n, state);
        if !self.seen {
            self.on = true;
            self.service = state != NodeState::Down;
        }
        match state {
            NodeState::Up | NodeState::Paused if self.service => self.join(),
            NodeState::Up | NodeState::Paused | NodeState::Joining => {}
            NodeState::Down => self.member = false,
            NodeState::Evicted => self.evicted = true,
        }
        self.paused = state == NodeState::Paused;
        self.stand(at, n);
    }

    /// It sees itself among the members.
    pub(super) fn sees_itself(&mut self, at: Time, n: u64) {
        self.join();
        self.stand(at, n);
    }

    pub(super) fn quorum(&mut self, at: Time, n: u64, held: bool) {
        if held {
            self.join();
            self.quorum.turn(at, n, ());
        } else {
            self.member = false;
            self.quorum.end(at);
        }
        self.stand(at, n);
    }

    pub(super) fn finish(self, until: Time) -> (NodeStory, Vec<Span<Name>>) {
        let story = NodeStory {
            name: self.name,
            standing: self.standing.finish(until),
            believed: self.believed.finish(until),
            quorum: self.quorum.finish(until),
        };
        (story, self.office.finish(until))
    }
}
