//! What must hold at every instant of every run, whether or not a drill asks for it. One property a file.
//!
//! A checker reads an [`Observation`], which is plain data, so that each has its own test with a planted breach. It
//! is told what has changed ([`Changes`]) and need not check anything else. A second set of the same checkers can be
//! told each time that everything has changed ([`Invariants::doubt`]): both must find the same.

mod acknowledged;
mod one_cluster;
mod one_mount;
mod one_owner;
mod one_virtual_server;
mod providers_first;
mod quorum_bound;
mod replicas_agree;

use std::collections::BTreeSet;
use std::time::Duration;

use quorate_model::{ClusterDefinition, Name, NameMap, ResourceState, Time};
use quorate_node::Snapshot;

/// A machine as the checkers see it.
#[derive(Clone, Debug)]
pub(crate) struct MachineView {
    pub(crate) name: Name,
    /// Whether it has power and does not stand still.
    pub(crate) runs: bool,
    /// The node's own view; `None` if no cluster service runs.
    pub(crate) snapshot: Option<Snapshot>,
    /// Since when, on the world's clock, its node has been without quorum.
    pub(crate) without_quorum_since: Option<Time>,
    /// The type and state of each resource, according to its monitor.
    pub(crate) resources: NameMap<(Name, ResourceState)>,
    /// How many of them are Online.
    pub(crate) online: usize,
    /// The log positions applied since the last check, each with the digest after it.
    pub(crate) applied: Vec<(u64, u64)>,
}

impl MachineView {
    /// The resources in service here, with their types.
    fn online(&self) -> impl Iterator<Item = (&Name, &Name)> {
        self.resources
            .iter()
            .filter(|(_, (_, state))| *state == ResourceState::Online)
            .map(|(name, (kind, _))| (name, kind))
    }
}

/// The changes since the last check, for what is expensive to check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// Possibly everything.
    pub(crate) everything: bool,
    /// The machines on which a resource has changed, or that have started or stopped running.
    pub(crate) machines: BTreeSet<usize>,
}

impl Changes {
    /// The changes when nothing is known about them.
    pub(crate) fn everything() -> Changes {
        Changes {
            everything: true,
            machines: BTreeSet::new(),
        }
    }

    fn any(&self) -> bool {
        self.everything || !self.machines.is_empty()
    }

    fn on(&self, machine: usize) -> bool {
        self.everything || self.machines.contains(&machine)
    }
}

/// The world after an event, for the checkers.
#[derive(Clone, Copy)]
pub(crate) struct Observation<'a> {
    pub(crate) now: Time,
    pub(crate) changes: &'a Changes,
    pub(crate) definition: &'a ClusterDefinition,
    pub(crate) machines: &'a [MachineView],
    /// By shared disk: the machines that have it mounted.
    pub(crate) mounts: &'a [(Name, Vec<usize>)],
    /// The highest log position whose effect was acknowledged to an administrator.
    pub(crate) acknowledged: u64,
}

impl Observation<'_> {
    /// The machines that run.
    fn running(&self) -> impl Iterator<Item = &MachineView> {
        self.machines.iter().filter(|machine| machine.runs)
    }
}

/// The findings of a checker: a sentence for each breach, and the latest time of the next check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Findings {
    broken: Vec<String>,
    again: Option<Time>,
}

impl Findings {
    fn broken(&mut self, text: String) {
        self.broken.push(text);
    }

    /// The deadline is not reached yet: check again then.
    fn again(&mut self, deadline: Time) {
        self.again = Some(self.again.map_or(deadline, |again| again.min(deadline)));
    }

    /// Adds other findings.
    fn add(&mut self, other: &Findings) {
        self.broken.extend(other.broken.iter().cloned());
        if let Some(deadline) = other.again {
            self.again(deadline);
        }
    }

    /// A breach with `text` if `bound` has passed since `since`; otherwise the check is repeated then.
    fn bounded(&mut self, now: Time, since: Time, bound: Duration, text: impl FnOnce() -> String) {
        let deadline = since + bound;
        if now > deadline {
            self.broken(text());
        } else {
            self.again(Time(deadline.0.saturating_add(1)));
        }
    }
}

/// One property.
pub(crate) trait Invariant {
    /// The name of its file.
    fn name(&self) -> &'static str;
    /// Checks the world after an event that may matter. The result must not depend on whether all changes, or only
    /// the real ones, are reported.
    fn check(&mut self, world: &Observation<'_>) -> Findings;
    /// What the checker remembers, to compare it with the second set. It must be the same there.
    fn memory(&self) -> String {
        String::new()
    }
    /// An administrator has given up earlier promises.
    fn promise_void(&mut self) {}
    /// From now on the past does not count, and what happens now is judged separately, until the past is [taken
    /// up](Self::past_taken_up) again.
    fn past_set_aside(&mut self) {
        self.promise_void();
    }
    /// The past counts again, and what happened since it was set aside does not.
    fn past_taken_up(&mut self) {
        self.promise_void();
    }
}

/// All invariants, and the present breaches.
pub(crate) struct Invariants {
    all: Vec<Box<dyn Invariant>>,
    broken: BTreeSet<(&'static str, String)>,
    /// When to check again even if nothing happens.
    pub(crate) again: Option<Time>,
    /// A second set, which is told each time that everything has changed.
    plain: Option<Box<Invariants>>,
}

impl Invariants {
    pub(crate) fn new() -> Self {
        Invariants {
            all: vec![
                Box::new(one_cluster::OneCluster),
                Box::new(one_mount::OneMount),
                Box::new(one_owner::OneOwner::default()),
                Box::new(providers_first::ProvidersFirst::default()),
                Box::new(replicas_agree::ReplicasAgree::default()),
                Box::new(acknowledged::Acknowledged::default()),
                Box::new(quorum_bound::QuorumBound),
                Box::new(one_virtual_server::OneVirtualServer::default()),
            ],
            broken: BTreeSet::new(),
            again: None,
            plain: None,
        }
    }

    /// From now on everything is checked a second time as if all had changed. A different result is the breach
    /// `missed_change`.
    pub(crate) fn doubt(&mut self) {
        self.plain = Some(Box::new(Invariants::new()));
    }

    /// An administrator has given up earlier promises: only what happens from now on counts.
    pub(crate) fn promise_void(&mut self) {
        for invariant in &mut self.all {
            invariant.promise_void();
        }
        if let Some(plain) = &mut self.plain {
            plain.promise_void();
        }
    }

    /// A start switch keeps changes to one node from now on: the past is set aside until that ends.
    pub(crate) fn past_set_aside(&mut self) {
        for invariant in &mut self.all {
            invariant.past_set_aside();
        }
        if let Some(plain) = &mut self.plain {
            plain.past_set_aside();
        }
    }

    /// The past counts again.
    pub(crate) fn past_taken_up(&mut self) {
        for invariant in &mut self.all {
            invariant.past_taken_up();
        }
        if let Some(plain) = &mut self.plain {
            plain.past_taken_up();
        }
    }

    /// Checks what has changed. Returns the breaches that are new: the invariant and a sentence.
    pub(crate) fn check(&mut self, world: &Observation<'_>) -> Vec<(&'static str, String)> {
        let mut new = self.look(world);
        if let Some(plain) = &mut self.plain {
            let found = plain.look(&Observation {
                changes: &Changes::everything(),
                ..*world
            });
            if found != new || plain.again != self.again || memory(&plain.all) != memory(&self.all)
            {
                let text = format!(
                    "told that {:?} has changed, the invariants missed something",
                    world.changes
                );
                new.push(("missed_change", text));
            }
        }
        new
    }

    fn look(&mut self, world: &Observation<'_>) -> Vec<(&'static str, String)> {
        let mut now_broken = BTreeSet::new();
        self.again = None;
        for invariant in &mut self.all {
            let findings = invariant.check(world);
            now_broken.extend(
                findings
                    .broken
                    .into_iter()
                    .map(|text| (invariant.name(), text)),
            );
            if let Some(again) = findings.again {
                self.again = Some(self.again.map_or(again, |earliest| earliest.min(again)));
            }
        }
        let new = now_broken.difference(&self.broken).cloned().collect();
        self.broken = now_broken;
        new
    }
}

fn memory(all: &[Box<dyn Invariant>]) -> Vec<String> {
    all.iter().map(|invariant| invariant.memory()).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use quorate_model::{GroupDefinition, NodeId, ResourceDefinition};

    use super::*;

    /// A machine that runs, with a node that is an ordinary member.
    pub(crate) fn member(id: u8) -> MachineView {
        MachineView {
            name: format!("NODE{id}").into(),
            runs: true,
            snapshot: Some(Snapshot {
                has_quorum: true,
                coordinates: false,
                coordinator: Some(NodeId(1)),
                term: 1,
                view: 1,
                members: vec![NodeId(1), NodeId(2)],
                applied: (0, 0),
                committed: 0,
                without_quorum_since: None,
            }),
            without_quorum_since: None,
            resources: NameMap::new(),
            online: 0,
            applied: Vec::new(),
        }
    }

    pub(crate) fn with(
        mut machine: MachineView,
        resources: &[(&str, &str, ResourceState)],
    ) -> MachineView {
        for (name, kind, state) in resources {
            machine
                .resources
                .insert((*name).into(), ((*kind).into(), *state));
        }
        machine.online = machine.online().count();
        machine
    }

    pub(crate) fn snapshot(machine: &mut MachineView) -> &mut Snapshot {
        machine.snapshot.as_mut().unwrap()
    }

    /// A group `EVS1` in which `name` depends on `address`, which depends on nothing.
    pub(crate) fn definition(nodes: u8) -> ClusterDefinition {
        let resource = |name: &str, depends_on: &[&str]| ResourceDefinition {
            name: name.into(),
            kind: name.into(),
            depends_on: depends_on.iter().map(|name| Name::from(*name)).collect(),
            possible_owners: Vec::new(),
            persistent_state: None,
            properties: Default::default(),
        };
        ClusterDefinition {
            groups: vec![GroupDefinition {
                name: "EVS1".into(),
                properties: Default::default(),
                resources: vec![resource("address", &[]), resource("name", &["address"])],
                persistent_state: true,
                policy: None,
                attributes: Default::default(),
            }],
            ..crate::env::tests::definition(nodes)
        }
    }

    /// The findings of a checker about machines at an instant.
    pub(crate) fn check(
        invariant: &mut impl Invariant,
        now: Time,
        machines: &[MachineView],
    ) -> (Vec<String>, Option<Time>) {
        check_with(invariant, now, machines, &[], 0)
    }

    pub(crate) fn check_with(
        invariant: &mut impl Invariant,
        now: Time,
        machines: &[MachineView],
        mounts: &[(Name, Vec<usize>)],
        acknowledged: u64,
    ) -> (Vec<String>, Option<Time>) {
        let definition = definition(machines.len() as u8);
        let world = Observation {
            now,
            changes: &Changes::everything(),
            definition: &definition,
            machines,
            mounts,
            acknowledged,
        };
        let findings = invariant.check(&world);
        (findings.broken, findings.again)
    }

    /// The findings of a checker that is told that something has changed on these machines, and nowhere else.
    pub(crate) fn told(
        invariant: &mut impl Invariant,
        changed: &[usize],
        machines: &[MachineView],
    ) -> Vec<String> {
        let changes = Changes {
            everything: false,
            machines: changed.iter().copied().collect(),
        };
        let definition = definition(machines.len() as u8);
        let world = Observation {
            now: Time::ZERO,
            changes: &changes,
            definition: &definition,
            machines,
            mounts: &[],
            acknowledged: 0,
        };
        invariant.check(&world).broken
    }

    #[test]
    fn a_breach_is_told_once_as_long_as_it_lasts_and_again_when_it_returns() {
        let mut invariants = Invariants::new();
        let definition = definition(2);
        let mut tell = |owners: &[u8]| {
            let machines: Vec<MachineView> = [1, 2]
                .map(|id| {
                    let state = if owners.contains(&id) {
                        ResourceState::Online
                    } else {
                        ResourceState::Offline
                    };
                    with(member(id), &[("address", "IP Address", state)])
                })
                .into();
            let world = Observation {
                now: Time::ZERO,
                changes: &Changes::everything(),
                definition: &definition,
                machines: &machines,
                mounts: &[],
                acknowledged: 0,
            };
            invariants.check(&world).len()
        };
        assert_eq!(tell(&[1]), 0);
        assert_eq!(tell(&[1, 2]), 1);
        assert_eq!(tell(&[1, 2]), 0);
        assert_eq!(tell(&[2]), 0);
        assert_eq!(tell(&[1, 2]), 1);
    }

    /// The names appear in the results of drills, in journals and in the manual.
    #[test]
    fn each_is_called_as_its_file_is() {
        let names: Vec<&str> = Invariants::new().all.iter().map(|it| it.name()).collect();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/invariants");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| {
                file.unwrap()
                    .path()
                    .file_stem()
                    .unwrap()
                    .to_string_lossy()
                    .into()
            })
            .filter(|file| file != "mod")
            .collect();
        files.sort_by_key(|file| names.iter().position(|name| name == file));
        assert_eq!(files, names);
    }

    #[test]
    fn a_change_that_nobody_is_told_of_is_found_where_it_is_looked_for_twice() {
        for (doubted, told, found) in [
            (true, Changes::default(), vec!["missed_change"]),
            (true, Changes::everything(), vec!["one_owner"]),
            (false, Changes::default(), vec![]),
        ] {
            let mut invariants = Invariants::new();
            if doubted {
                invariants.doubt();
            }
            let definition = definition(2);
            let mut look = |second: ResourceState, changes: &Changes| {
                let address = |state| [("address", "IP Address", state)];
                let machines = [
                    with(member(1), &address(ResourceState::Online)),
                    with(member(2), &address(second)),
                ];
                let breaches = invariants.check(&Observation {
                    now: Time::ZERO,
                    changes,
                    definition: &definition,
                    machines: &machines,
                    mounts: &[],
                    acknowledged: 0,
                });
                breaches
                    .into_iter()
                    .map(|(name, _)| name)
                    .collect::<Vec<_>>()
            };
            let none: [&str; 0] = [];
            assert_eq!(look(ResourceState::Offline, &Changes::everything()), none);
            assert_eq!(look(ResourceState::Online, &told), found, "{told:?}");
        }
    }

    /// A checker that finds, remembers and waits for what the test sets if it is told that everything has changed,
    /// and otherwise does nothing.
    #[derive(Default)]
    struct Fake {
        found: Option<&'static str>,
        again: Option<Time>,
        remembers: &'static str,
        void: std::rc::Rc<std::cell::Cell<u32>>,
        memory: &'static str,
    }

    impl Invariant for Fake {
        fn name(&self) -> &'static str {
            "fake"
        }

        fn check(&mut self, world: &Observation<'_>) -> Findings {
            let mut findings = Findings::default();
            if world.changes.everything {
                self.memory = self.remembers;
                self.found
                    .iter()
                    .for_each(|text| findings.broken((*text).to_owned()));
                self.again.iter().for_each(|at| findings.again(*at));
            }
            findings
        }

        fn memory(&self) -> String {
            self.memory.to_owned()
        }

        fn promise_void(&mut self) {
            self.void.set(self.void.get() + 1);
        }
    }

    fn fakes(fake: impl Fn() -> Fake) -> Invariants {
        let of = |fake: Fake| Invariants {
            all: vec![Box::new(fake)],
            broken: BTreeSet::new(),
            again: None,
            plain: None,
        };
        Invariants {
            plain: Some(Box::new(of(fake()))),
            ..of(fake())
        }
    }

    #[test]
    fn whatever_is_missed_by_who_is_told_too_little_is_found() {
        let missed = |fake: fn() -> Fake| {
            let mut invariants = fakes(fake);
            let definition = definition(1);
            let changes = Changes {
                everything: false,
                machines: [1].into(),
            };
            assert!(changes.on(1) && !changes.on(0));
            let found = invariants.check(&Observation {
                now: Time::ZERO,
                changes: &changes,
                definition: &definition,
                machines: &[],
                mounts: &[],
                acknowledged: 0,
            });
            found.iter().map(|(name, _)| *name).collect::<Vec<_>>()
        };
        assert_eq!(missed(Fake::default), [""; 0]);
        let found = || Fake {
            found: Some("it is broken"),
            ..Fake::default()
        };
        assert_eq!(missed(found), ["missed_change"]);
        let again = || Fake {
            again: Some(Time(1)),
            ..Fake::default()
        };
        assert_eq!(missed(again), ["missed_change"]);
        let remembers = || Fake {
            remembers: "something",
            ..Fake::default()
        };
        assert_eq!(missed(remembers), ["missed_change"]);
    }

    #[test]
    fn a_past_that_is_set_aside_or_taken_up_promises_nothing_to_whoever_knows_no_better() {
        let void = std::rc::Rc::default();
        let mut invariants = fakes(|| Fake {
            void: std::rc::Rc::clone(&void),
            ..Fake::default()
        });
        // The checker is in both sets.
        invariants.promise_void();
        assert_eq!(void.get(), 2);
        invariants.past_set_aside();
        assert_eq!(void.get(), 4);
        invariants.past_taken_up();
        assert_eq!(void.get(), 6);
    }
}
