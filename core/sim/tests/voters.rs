//! Majority Node Sets of every size, with every number of running nodes that is a majority. Nodes are added, evicted
//! and cleaned up, one or two at once, and the cluster must never stop for it. Afterwards a majority is one of the
//! configured nodes.

#![allow(clippy::unwrap_used)]

// Each test file uses a part of it.
#[allow(dead_code)]
mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use quorate_model::{AdminOp, ClusterDefinition, GroupState, Name};
use quorate_sim::{Reply, RequestId, World, WorldOptions};
use support::{PlainMonitors, journal, sound};

const MINUTE: Duration = Duration::from_secs(60);

/// A change that is ordered, with what follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// A new node, which is set up and joins.
    Add,
    /// A new node whose machine nobody ever sets up.
    AddBare,
    /// A node that is down goes for good.
    Evict,
    /// A node that is down is cleaned up, evicted, and added again.
    Again,
    /// A node that is down is cleaned up, and nothing else.
    CleanUp,
}

use Change::{Add, AddBare, Again, CleanUp, Evict};

const CHANGES: [&[Change]; 12] = [
    &[Add],
    &[AddBare],
    &[Evict],
    &[Again],
    &[CleanUp],
    &[Add, Add],
    &[Add, AddBare],
    &[AddBare, AddBare],
    &[Add, Evict],
    &[Evict, Add],
    &[Evict, Evict],
    &[Evict, Again],
];

fn definition(nodes: usize) -> ClusterDefinition {
    let nodes: String = (1..=nodes)
        .map(|node| {
            let address = 10 + node;
            format!(
                "(name: \"NODE{node}\", interfaces: {{ \"Public\": \"10.0.0.{address}\", \"Private\": \"192.168.0.{address}\" }}),"
            )
        })
        .collect();
    let text = format!(
        "(name: \"CLUSTER1\", address: \"10.0.0.20\", quorum: MajorityNodeSet, start: \"2003-06-12 08:00:00\",
          networks: [(name: \"Private\", role: Internal, subnet: \"192.168.0.0/24\"),
                     (name: \"Public\", role: Mixed, subnet: \"10.0.0.0/24\")],
          nodes: [{nodes}], disks: [], groups: [(name: \"PRINT1\", resources: [(name: \"PRINT1 IP Address\",
          type: \"IP Address\", properties: {{ \"Address\": \"10.0.0.21\", \"Network\": \"Public\" }})])])"
    );
    let loaded = quorate_model::parse("voters", &text);
    loaded
        .unwrap_or_else(|errors| panic!("{errors:?}\n{text}"))
        .definition
}

struct Trial {
    world: World,
    what: String,
    up: Vec<Name>,
    down: Vec<Name>,
    configured: usize,
    next: usize,
}

impl Trial {
    fn new(nodes: usize, up: usize, changes: &[Change]) -> Trial {
        let options = WorldOptions::with_seed((nodes * 10 + up) as u64);
        let mut world = World::with_monitors(definition(nodes), Box::new(PlainMonitors), options);
        world.start_all();
        world.settle(10 * MINUTE);
        let names = world.nodes();
        let (up, down) = names.split_at(up);
        for node in down {
            world.crash(node).unwrap();
        }
        let trial = Trial {
            what: format!("{} of {nodes} up, {changes:?}", up.len()),
            up: up.to_vec(),
            down: down.to_vec(),
            configured: nodes,
            next: nodes + 1,
            world,
        };
        trial.then(2 * MINUTE)
    }

    /// Lets time pass, after which the cluster must be whole: it has quorum, is in service, and no invariant is
    /// broken.
    fn then(mut self, span: Duration) -> Trial {
        self.world.run_for(span);
        sound(&self.world);
        let story = || format!("{}\n{}", self.what, journal(&self.world));
        assert!(self.world.quorum().has_quorum, "{}", story());
        for group in self.world.groups() {
            assert_eq!(
                self.world.group(&group).unwrap().state,
                GroupState::Online,
                "{}",
                story()
            );
        }
        self
    }

    fn add(&mut self) -> (RequestId, Name) {
        let name = Name::from(format!("NODE{}", self.next).as_str());
        let address = 30 + self.next;
        self.next += 1;
        self.configured += 1;
        let cards = [("Public", "10.0.0"), ("Private", "192.168.0")];
        let cards: BTreeMap<Name, String> = cards
            .map(|(network, net)| (network.into(), format!("{net}.{address}")))
            .into();
        (self.world.add_node(&name, cards).unwrap(), name)
    }

    fn evict(&mut self, node: &Name) -> RequestId {
        self.configured -= 1;
        let op = AdminOp::NodeEvict { node: node.clone() };
        self.world.admin(op).unwrap()
    }

    fn clean_up(&mut self, node: &Name) {
        self.world.start(node).unwrap();
        self.world.stop_service(node).unwrap();
        self.world.force_cleanup(node).unwrap();
    }

    /// Orders all changes at one instant, and prepares the machines once the cluster has answered.
    fn change(mut self, changes: &[Change]) -> Trial {
        let before = self.world.events().len();
        let mut asked = Vec::new();
        let mut machines = Vec::new();
        for change in changes {
            match change {
                Add | AddBare => {
                    let (request, name) = self.add();
                    asked.push(request);
                    machines.extend((*change == Add).then_some(name));
                }
                Evict => {
                    let node = self.down.pop().unwrap();
                    asked.push(self.evict(&node));
                }
                Again | CleanUp => {
                    let node = self.down.pop().unwrap();
                    self.clean_up(&node);
                    if *change == Again {
                        asked.push(self.evict(&node));
                        machines.push(node);
                    }
                }
            }
        }
        self = self.then(Duration::from_secs(10));
        for request in asked {
            assert_eq!(self.world.reply(request), Reply::Done, "{}", self.what);
        }
        for node in machines {
            if self.world.definition().node(&node).is_none() {
                self.configured += 1;
                let request = self.world.add_node(&node, BTreeMap::new()).unwrap();
                self = self.then(Duration::from_secs(10));
                assert_eq!(self.world.reply(request), Reply::Done, "{}", self.what);
            }
            self.world.install(&node).unwrap();
            self.up.push(node);
        }
        self = self.then(3 * MINUTE);
        let halts = self.world.events()[before..]
            .iter()
            .filter(|event| event.kind() == "halted");
        assert_eq!(halts.count(), 0, "{}\n{}", self.what, journal(&self.world));
        self
    }

    /// Nodes crash, the oldest first, until only a majority of the voters is left; one more is too many.
    fn counts(mut self, voters: usize) {
        let majority = voters / 2 + 1;
        self.up.reverse();
        while self.up.len() > majority {
            let node = self.up.pop().unwrap();
            self.world.crash(&node).unwrap();
            self = self.then(5 * MINUTE);
        }
        let node = self.up.pop().unwrap();
        self.world.crash(&node).unwrap();
        self.world.run_for(MINUTE);
        sound(&self.world);
        assert!(
            !self.world.quorum().has_quorum,
            "{}: {majority} are a majority of {voters}",
            self.what
        );
    }
}

#[test]
fn a_change_of_nodes_never_needs_more_votes_than_are_there() {
    let mut trials = 0;
    for nodes in 1..=5 {
        for up in nodes / 2 + 1..=nodes {
            for changes in CHANGES {
                let gone = changes
                    .iter()
                    .filter(|change| !matches!(change, Add | AddBare));
                if gone.count() > nodes - up {
                    continue;
                }
                let trial = Trial::new(nodes, up, changes).change(changes);
                // A node that was added and never came does not vote.
                let bare = changes.iter().filter(|change| **change == AddBare).count();
                let voters = trial.configured - bare;
                trial.counts(voters);
                trials += 1;
            }
        }
    }
    assert!(trials > 60, "{trials}");
}

/// A node that was added and never came can be evicted like any other node that is down.
#[test]
fn an_added_node_that_never_came_can_be_evicted() {
    for nodes in 1..=5 {
        let mut trial = Trial::new(nodes, nodes / 2 + 1, &[AddBare, Evict]).change(&[AddBare]);
        let node = trial.world.definition().nodes.last().unwrap().name.clone();
        let request = trial.evict(&node);
        trial = trial.then(MINUTE);
        assert_eq!(trial.world.reply(request), Reply::Done, "{}", trial.what);
        let voters = trial.configured;
        trial.counts(voters);
    }
}

/// Two nodes that were added and never heard the cluster do not form one of their own while it is down.
#[test]
fn who_was_added_forms_no_cluster_without_those_that_were_there() {
    for nodes in 1..=3 {
        let mut trial = Trial::new(nodes, nodes, &[Add, Add]);
        let added = [trial.add(), trial.add()];
        trial = trial.then(10 * Duration::from_secs(1));
        for node in trial.up.clone() {
            trial.world.crash(&node).unwrap();
        }
        for (_, node) in &added {
            trial.world.install(node).unwrap();
        }
        trial.world.run_for(10 * MINUTE);
        sound(&trial.world);
        assert!(
            !trial.world.quorum().has_quorum,
            "{nodes}\n{}",
            journal(&trial.world)
        );
        for node in trial.up.clone() {
            trial.world.start(&node).unwrap();
        }
        trial.up.extend(added.map(|(_, node)| node));
        trial = trial.then(10 * MINUTE);
        let voters = trial.configured;
        trial.counts(voters);
    }
}

/// It is no node of a cluster any more, and would form one of its own by what it was installed with.
#[test]
fn a_fault_that_ends_starts_no_service_on_a_machine_that_was_cleaned_up() {
    for cleaned in [true, false] {
        let options = WorldOptions::with_seed(3);
        let mut world = World::with_monitors(definition(3), Box::new(PlainMonitors), options);
        world.start_all();
        assert!(world.settle(5 * MINUTE));
        world.stop_service("NODE3").unwrap();
        if cleaned {
            world.force_cleanup("NODE3").unwrap();
        }
        world.heal_all();
        let machine = world.machine_status("NODE3").unwrap();
        assert_eq!(machine.service_running, !cleaned);
        world.run_for(MINUTE);
        let machine = world.machine_status("NODE3").unwrap();
        assert_eq!(machine.service_running, !cleaned);
    }
}
