//! Nothing is online without its providers. When a resource becomes Online, all its providers must be Online on that
//! machine, or must have been when it began, with one lost since. If a provider goes down, its dependents must follow
//! within a bound. A start that ends at the very moment a provider fails is no mistake: the node hears of both at
//! once.
//!
//! The bound is the sum of the pending timeouts of the group's resources: each dependent may use its whole timeout
//! before it is terminated, one after the other.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use quorate_model::{ClusterDefinition, GroupDefinition, Name, NameMap, ResourceState, Slot, Time};

use super::{Findings, Invariant, MachineView, Observation};

#[derive(Default)]
pub(super) struct ProvidersFirst {
    /// What each resource depends on, and how long its group may take: sought in the definition once for each.
    founded_on: NameMap<Founded>,
    machines: Vec<OnMachine>,
}

/// What a resource stands on.
struct Founded {
    /// What it depends on, and where that lay on the machine that was looked at last: most likely it lies there on others.
    providers: Vec<(Name, Cell<Slot>)>,
    /// How long its group may take to follow a provider that goes down.
    bound: Duration,
}

/// The last state of one machine.
#[derive(Debug, Default)]
struct OnMachine {
    /// By dependent and provider: since when the dependent is online and the provider is down.
    above: BTreeMap<(Name, Name), Time>,
    /// The resources that were online, in the order of their names.
    online: Vec<Name>,
    /// The OnlinePending resources whose providers were all Online at some time since they began.
    begun: BTreeSet<Name>,
    /// Conditions that have lasted too long, or still may.
    lasting: Findings,
}

fn bound(group: &GroupDefinition) -> Duration {
    let pending = |millis: u32| Duration::from_millis(millis.into());
    group
        .resources
        .iter()
        .map(|resource| pending(resource.properties.pending_timeout))
        .sum()
}

fn founded_on(definition: &ClusterDefinition) -> NameMap<Founded> {
    let groups = definition.groups.iter().map(|group| (group, bound(group)));
    let resources = groups.flat_map(|(group, bound)| {
        let resources = group.resources.iter();
        resources.map(move |it| {
            let providers = it.depends_on.iter();
            let providers = providers.map(|it| (it.clone(), Cell::default()));
            let founded = Founded {
                providers: providers.collect(),
                bound,
            };
            (it.name.clone(), founded)
        })
    });
    resources.collect()
}

/// The state of a provider on a machine, if it is there.
fn state_of((name, place): &(Name, Cell<Slot>), machine: &MachineView) -> Option<ResourceState> {
    let slot = machine.resources.slot_near(place.get(), name)?;
    place.set(slot);
    machine.resources.at(slot).map(|(_, state)| *state)
}

impl Invariant for ProvidersFirst {
    fn name(&self) -> &'static str {
        "providers_first"
    }

    fn check(&mut self, world: &Observation<'_>) -> Findings {
        let mut findings = Findings::default();
        if world.changes.everything {
            self.founded_on = founded_on(world.definition);
        }
        let count = world.machines.len();
        self.machines.resize_with(count, OnMachine::default);
        for (number, (seen, machine)) in self.machines.iter_mut().zip(world.machines).enumerate() {
            let due = seen.lasting.again.is_some_and(|at| at <= world.now);
            if due || world.changes.on(number) {
                seen.look(world, &self.founded_on, machine, &mut findings);
            }
            findings.add(&seen.lasting);
        }
        findings
    }

    fn memory(&self) -> String {
        format!("{:?}", self.machines)
    }
}

impl OnMachine {
    /// Checks a machine. Breaches of this instant only go to `findings`.
    fn look(
        &mut self,
        world: &Observation<'_>,
        founded_on: &NameMap<Founded>,
        machine: &MachineView,
        findings: &mut Findings,
    ) {
        let begun = std::mem::take(&mut self.begun);
        let mut above = BTreeMap::new();
        self.lasting = Findings::default();
        let resources = machine.resources.iter();
        for (resource, _) in
            resources.filter(|(_, (_, state))| *state == ResourceState::OnlinePending)
        {
            let founded = || {
                let found = founded_on.get(resource);
                found.is_none_or(|founded| {
                    let mut states = founded.providers.iter().map(|it| state_of(it, machine));
                    states.all(|state| state == Some(ResourceState::Online))
                })
            };
            if begun.contains(resource) || founded() {
                self.begun.insert(resource.clone());
            }
        }
        // Both are in the order of names, and nearly always of the same resources.
        let mut all_founded = founded_on.iter().peekable();
        for (resource, _) in machine.online() {
            let known = || self.online.binary_search(resource).is_ok() || begun.contains(resource);
            while all_founded.next_if(|(name, _)| *name < resource).is_some() {}
            let Some((_, founded)) = all_founded.next_if(|(name, _)| *name == resource) else {
                continue;
            };
            for provider in &founded.providers {
                let state = state_of(provider, machine);
                if state == Some(ResourceState::Online) {
                    continue;
                }
                let provider = &provider.0;
                let what = || format!("{resource} is online on {} above {provider}", machine.name);
                if machine.runs && !known() {
                    findings.broken(format!("{}, which is not", what()));
                }
                // A provider that is starting or stopping is not counted as down.
                if state.is_some_and(|state| !state.is_down()) {
                    continue;
                }
                let key = (resource.clone(), provider.clone());
                let since = self.above.get(&key).copied().unwrap_or(world.now);
                above.insert(key, since);
                if machine.runs {
                    let bound = founded.bound;
                    self.lasting.bounded(world.now, since, bound, || {
                        format!("{}, which has been down for more than {bound:?}", what())
                    });
                }
            }
        }
        self.above = above;
        let online = || machine.online().map(|(name, _)| name);
        if !online().eq(&self.online) {
            self.online = online().cloned().collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use quorate_model::ResourceState::{Failed, Offline, OfflinePending, Online, OnlinePending};

    use super::super::tests::{check, member, with};
    use super::*;

    fn at(
        secs: u64,
        address: ResourceState,
        name: ResourceState,
        checker: &mut ProvidersFirst,
    ) -> usize {
        let machine = with(member(1), &[("address", "a", address), ("name", "n", name)]);
        check(checker, Time::from_millis(secs * 1_000), &[machine])
            .0
            .len()
    }

    #[test]
    fn a_resource_that_comes_online_before_its_provider_is_seen() {
        let mut checker = ProvidersFirst::default();
        assert_eq!(at(0, Offline, Offline, &mut checker), 0);
        assert_eq!(at(1, Offline, Online, &mut checker), 1);
        let mut checker = ProvidersFirst::default();
        assert_eq!(at(0, Online, Offline, &mut checker), 0);
        assert_eq!(at(1, Online, Online, &mut checker), 0);
    }

    #[test]
    fn a_start_that_ends_as_a_provider_fails_is_no_mistake_and_one_that_began_without_is() {
        let mut checker = ProvidersFirst::default();
        assert_eq!(at(0, Online, OnlinePending, &mut checker), 0);
        assert_eq!(at(1, Failed, Online, &mut checker), 0);
        assert_eq!(at(360, Failed, Online, &mut checker), 0);
        assert_eq!(at(362, Failed, Online, &mut checker), 1, "it must follow");
        let mut checker = ProvidersFirst::default();
        assert_eq!(at(0, OnlinePending, OnlinePending, &mut checker), 0);
        assert_eq!(at(1, OnlinePending, Online, &mut checker), 1);
        let mut checker = ProvidersFirst::default();
        assert_eq!(at(0, Online, OnlinePending, &mut checker), 0);
        assert_eq!(at(1, Online, Offline, &mut checker), 0);
        assert_eq!(
            at(2, Failed, Online, &mut checker),
            1,
            "that start was another"
        );
    }

    #[test]
    fn a_resource_that_stays_above_a_failed_provider_is_seen_after_the_bound() {
        let mut checker = ProvidersFirst::default();
        assert_eq!(at(0, Online, Online, &mut checker), 0);
        let machine = with(
            member(1),
            &[("address", "a", Failed), ("name", "n", Online)],
        );
        let failed = Time::from_millis(10_000);
        let (broken, again) = check(&mut checker, failed, &[machine]);
        assert!(broken.is_empty());
        // Two resources with 180 s each.
        assert_eq!(again, Some(Time(failed.0 + 360_000_000 + 1)));
        assert_eq!(at(370, Failed, Online, &mut checker), 0);
        assert_eq!(at(371, Failed, Online, &mut checker), 1);
    }

    #[test]
    fn a_provider_that_is_still_going_down_does_not_count() {
        let mut checker = ProvidersFirst::default();
        at(0, Online, Online, &mut checker);
        at(1, OfflinePending, Online, &mut checker);
        assert_eq!(at(1_000, OfflinePending, Online, &mut checker), 0);
    }

    /// Nothing changes any more, and then the deadline passes.
    #[test]
    fn what_lasts_too_long_is_found_though_nothing_changes() {
        use super::super::{Changes, tests};
        let definition = tests::definition(1);
        let mut checker = ProvidersFirst::default();
        let mut look = |now: Time, changes: &Changes, address| {
            let machine = with(
                member(1),
                &[("address", "a", address), ("name", "n", Online)],
            );
            let findings = checker.check(&Observation {
                now,
                changes,
                definition: &definition,
                machines: &[machine],
                mounts: &[],
                acknowledged: 0,
            });
            (findings.broken.len(), findings.again, checker.memory())
        };
        let nothing = Changes {
            everything: false,
            machines: Default::default(),
        };
        let (_, _, sound) = look(Time::ZERO, &Changes::everything(), Online);
        let (broken, again, failed) = look(Time(1), &Changes::everything(), Failed);
        assert_eq!(broken, 0);
        assert_ne!(sound, failed, "it remembers since when");
        let due = again.expect("it looks again");
        let early = Time(due.0 - 1);
        assert_eq!(look(early, &nothing, Failed), (0, Some(due), failed));
        assert_eq!(look(due, &nothing, Failed).0, 1);
    }
}
