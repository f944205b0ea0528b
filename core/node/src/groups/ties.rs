//! The dependencies in a group, by the places of its resources.

use std::collections::BTreeMap;

use quorate_model::{GroupDefinition, Name, NameMap, Slot};

/// Who depends on whom, and where what is known of each resource most likely lies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ties {
    /// What each resource depends on. A provider that is in no group has no place, and is never there.
    providers: Vec<Vec<Option<usize>>>,
    /// What depends on each, directly.
    dependents: Vec<Vec<usize>>,
    /// In the database, and in this node's own resources.
    slots: Vec<(Slot, Slot)>,
}

impl Ties {
    pub(super) fn of<R, L>(
        group: &GroupDefinition,
        records: &NameMap<R>,
        locals: &NameMap<L>,
    ) -> Ties {
        let resources = &group.resources;
        let places: BTreeMap<_, _> = resources.iter().map(|it| &it.name).zip(0..).collect();
        let mut ties = Ties {
            providers: Vec::with_capacity(resources.len()),
            dependents: vec![Vec::new(); resources.len()],
            slots: Vec::with_capacity(resources.len()),
        };
        // One that is not there yet is sought each time.
        let slot = |found: Option<Slot>| found.unwrap_or_default();
        for (place, resource) in resources.iter().enumerate() {
            let providers = resource.depends_on.iter();
            let providers: Vec<_> = providers.map(|name| places.get(name).copied()).collect();
            for provider in providers.iter().flatten() {
                if ties.dependents[*provider].last() != Some(&place) {
                    ties.dependents[*provider].push(place);
                }
            }
            ties.providers.push(providers);
            let name = &resource.name;
            let slots = (slot(records.slot(name)), slot(locals.slot(name)));
            ties.slots.push(slots);
        }
        ties
    }

    /// Of a resource that these ties do not know, as after a checkpoint of another history, whatever slot: it is sought then.
    fn slot(&self, place: usize) -> (Slot, Slot) {
        self.slots.get(place).copied().unwrap_or_default()
    }

    /// What the database has of a resource.
    pub(super) fn record<'a, R>(
        &self,
        place: usize,
        name: &Name,
        records: &'a NameMap<R>,
    ) -> Option<&'a R> {
        records.near(self.slot(place).0, name)
    }

    /// What this node has of a resource.
    pub(super) fn local<'a, L>(
        &self,
        place: usize,
        name: &Name,
        locals: &'a NameMap<L>,
    ) -> Option<&'a L> {
        locals.near(self.slot(place).1, name)
    }

    /// Whether all that a resource depends on is so.
    pub(super) fn all_providers(&self, place: usize, are: impl Fn(usize) -> bool) -> bool {
        let mut providers = self.providers[place].iter();
        providers.all(|provider| provider.is_some_and(&are))
    }

    /// The places of what depends on a resource directly.
    pub(super) fn dependents(&self, place: usize) -> &[usize] {
        self.dependents.get(place).map_or(&[], Vec::as_slice)
    }

    /// Whether all that depends on a resource is so.
    pub(super) fn all_dependents(&self, place: usize, are: impl Fn(usize) -> bool) -> bool {
        self.dependents[place].iter().copied().all(are)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(group: &GroupDefinition) -> Ties {
        Ties::of(group, &NameMap::<()>::new(), &NameMap::<()>::new())
    }

    #[test]
    fn what_depends_on_what_is_found_by_its_place() {
        let definition = crate::shipped::cluster("four-node.ron");
        for group in &definition.groups {
            let ties = of(group);
            let name = |place: usize| &group.resources[place].name;
            for (place, resource) in group.resources.iter().enumerate() {
                let provider = |one: usize| resource.depends_on.contains(name(one));
                assert!(ties.all_providers(place, provider));
                let dependent = |one: usize| group.resources[one].depends_on.contains(name(place));
                assert!(ties.all_dependents(place, dependent));
                let others = group
                    .resources
                    .iter()
                    .filter(|it| it.depends_on.contains(name(place)));
                assert_eq!(ties.dependents[place].len(), others.count());
            }
        }
    }

    #[test]
    fn a_provider_that_is_in_no_group_is_never_there() {
        let mut group = crate::shipped::cluster("four-node.ron").groups.remove(0);
        group.resources[0].depends_on = vec!["nowhere".into()];
        assert!(!of(&group).all_providers(0, |_| true));
    }

    #[test]
    fn what_is_known_of_a_resource_is_found_wherever_it_lies_by_now() {
        let group = crate::shipped::cluster("four-node.ron").groups.remove(0);
        let names = || group.resources.iter().map(|it| it.name.clone());
        let records: NameMap<usize> = names().zip(0..).collect();
        let locals: NameMap<usize> = names().rev().zip(100..).collect();
        let ties = Ties::of(&group, &records, &locals);
        let mut fewer = group.clone();
        fewer.resources.pop();
        let of_fewer = Ties::of(&fewer, &records, &locals);
        for (place, name) in names().enumerate() {
            assert_eq!(of_fewer.local(place, &name, &locals), locals.get(&name));
            assert_eq!(ties.record(place, &name, &records), records.get(&name));
            assert_eq!(ties.local(place, &name, &locals), locals.get(&name));
            assert_eq!(ties.record(place, &name, &locals), locals.get(&name));
            assert_eq!(ties.local(place, &name, &NameMap::<()>::new()), None);
        }
    }
}
