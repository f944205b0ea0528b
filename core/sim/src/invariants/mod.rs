//! What must hold at every instant of every run, asked for or not. One property a file.
//!
//! A checker reads an [`Observation`], which is plain data, so that each has a test of its own in which a
//! planted breach is seen. It is told what has changed ([`Changes`]) and need not look at anything else. A second set of
//! the same checkers can be told each time that everything has ([`Invariants::doubt`]): both must find the same.

mod acknowledged;
mod one_cluster;
mod one_mount;
mod one_owner;
mod one_virtual_server;
mod providers_first;
mod quorum_bound;
mod replicas_agree;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use quorate_model::{ClusterDefinition, Name, ResourceState, Time};
use quorate_node::Snapshot;

/// A machine as the checkers see it.
#[derive(Clone, Debug)]
pub(crate) struct MachineView {
    pub(crate) name: Name,
    /// Whether it has power and does not stand still.
    pub(crate) runs: bool,
    /// What its node says of itself; `None` if no cluster service runs.
    pub(crate) snapshot: Option<Snapshot>,
    /// Since when, on the world's clock, its node has had no quorum.
    pub(crate) without_quorum_since: Option<Time>,
    /// By resource: its type and its state, by the truth of its monitor.
    pub(crate) resources: BTreeMap<Name, (Name, ResourceState)>,
    /// Positions of the log it applied since it was looked at last, with the digest after each.
    pub(crate) applied: Vec<(u64, u64)>,
}

impl MachineView {
    /// Whether the resource is in service here.
    fn is_online(&self, resource: &Name) -> bool {
        self.resources
            .get(resource)
            .is_some_and(|(_, state)| *state == ResourceState::Online)
    }

    /// The resources in service here, with their types.
    fn online(&self) -> impl Iterator<Item = (&Name, &Name)> {
        self.resources
            .iter()
            .filter(|(_, (_, state))| *state == ResourceState::Online)
            .map(|(name, (kind, _))| (name, kind))
    }
}

/// What has changed since the checkers last looked, of what is costly to look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// Everything, for all that is known.
    pub(crate) everything: bool,
    /// The machines on which a resource is no longer what it was, or that have begun or ceased to run.
    pub(crate) machines: BTreeSet<usize>,
}

impl Changes {
    /// As if nobody knew what has changed.
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

/// The world as the checkers see it after an event.
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

/// What a checker found: sentences for what is broken now, and when it must look again at the latest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Findings {
    broken: Vec<String>,
    again: Option<Time>,
}

impl Findings {
    fn broken(&mut self, text: String) {
        self.broken.push(text);
    }

    /// `deadline` has not passed: look again when it has.
    fn again(&mut self, deadline: Time) {
        self.again = Some(self.again.map_or(deadline, |again| again.min(deadline)));
    }

    /// What was found elsewhere as well.
    fn add(&mut self, other: &Findings) {
        self.broken.extend(other.broken.iter().cloned());
        if let Some(deadline) = other.again {
            self.again(deadline);
        }
    }

    /// Broken with `text` if `bound` has passed since `since`; to be looked at again otherwise.
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
    /// Looks at the world after an event that may have mattered. What is found is the same whether all or only what has
    /// changed is told to have changed.
    fn check(&mut self, world: &Observation<'_>) -> Findings;
    /// What it remembers of what it has seen, to be compared. Whatever stands here is the same for both.
    fn memory(&self) -> String {
        String::new()
    }
    /// An administrator gave up what was promised about the past.
    fn promise_void(&mut self) {}
    /// What happens from now on is by itself, and so was what came before, until it is [taken
    /// up](Self::past_taken_up) again.
    fn past_set_aside(&mut self) {
        self.promise_void();
    }
    /// What came before it was set aside counts again, and nothing since.
    fn past_taken_up(&mut self) {
        self.promise_void();
    }
}

/// All of them, and what is broken at present.
pub(crate) struct Invariants {
    all: Vec<Box<dyn Invariant>>,
    broken: BTreeSet<(&'static str, String)>,
    /// When to look again although nothing happens.
    pub(crate) again: Option<Time>,
    /// The same, told each time that everything has changed.
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

    /// From now on whatever is looked at is looked at a second time as if everything had changed. Anything else that is
    /// found then is a breach, `missed_change`.
    pub(crate) fn doubt(&mut self) {
        self.plain = Some(Box::new(Invariants::new()));
    }

    /// An administrator gave up what was promised about the past: only what happens from now on counts.
    pub(crate) fn promise_void(&mut self) {
        for invariant in &mut self.all {
            invariant.promise_void();
        }
        if let Some(plain) = &mut self.plain {
            plain.promise_void();
        }
    }

    /// A start switch keeps what happens from now on to one node: the past is set aside until that ends.
    pub(crate) fn past_set_aside(&mut self) {
        for invariant in &mut self.all {
            invariant.past_set_aside();
        }
        if let Some(plain) = &mut self.plain {
            plain.past_set_aside();
        }
    }

    /// It has ended: the past counts again.
    pub(crate) fn past_taken_up(&mut self) {
        for invariant in &mut self.all {
            invariant.past_taken_up();
        }
        if let Some(plain) = &mut self.plain {
            plain.past_taken_up();
        }
    }

    /// Looks at what has changed. What is broken and was not broken the time before is returned: the invariant
    /// and a sentence.
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

    /// A machine that runs and whose node is a plain member.
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
            resources: BTreeMap::new(),
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
        machine
    }

    pub(crate) fn snapshot(machine: &mut MachineView) -> &mut Snapshot {
        machine.snapshot.as_mut().unwrap()
    }

    /// A group `EVS1` in which `name` depends on `address`, and that on nothing.
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

    /// What a checker says about machines at an instant.
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

    /// They stand in drills' results, in journals and in the manual.
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

    /// One that remembers, finds and waits for what it is told to where all has changed, and nothing where it is told
    /// what has.
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
        // The invariant and its double.
        invariants.promise_void();
        assert_eq!(void.get(), 2);
        invariants.past_set_aside();
        assert_eq!(void.get(), 4);
        invariants.past_taken_up();
        assert_eq!(void.get(), 6);
    }
}
