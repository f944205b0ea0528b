//! The dependencies in a group, by the places of its resources.

use std::collections::BTreeMap;

use quorate_model::GroupDefinition;

/// Who depends on whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ties {
    /// What each resource depends on. A provider that is in no group has no place, and is never there.
    providers: Vec<Vec<Option<usize>>>,
    /// What depends on each, directly.
    dependents: Vec<Vec<usize>>,
}

impl Ties {
    pub(super) fn of(group: &GroupDefinition) -> Ties {
        let resources = &group.resources;
        let places: BTreeMap<_, _> = resources.iter().map(|it| &it.name).zip(0..).collect();
        let mut ties = Ties {
            providers: Vec::with_capacity(resources.len()),
            dependents: vec![Vec::new(); resources.len()],
        };
        for (place, resource) in resources.iter().enumerate() {
            let providers = resource.depends_on.iter();
            let providers: Vec<_> = providers.map(|name| places.get(name).copied()).collect();
            for provider in providers.iter().flatten() {
                if ties.dependents[*provider].last() != Some(&place) {
                    ties.dependents[*provider].push(place);
                }
            }
            ties.providers.push(providers);
        }
        ties
    }

    /// Whether all that a resource depends on is so.
    pub(super) fn all_providers(&self, place: usize, are: impl Fn(usize) -> bool) -> bool {
        let mut providers = self.providers[place].iter();
        providers.all(|provider| provider.is_some_and(&are))
    }

    /// Whether all that depends on a resource is so.
    pub(super) fn all_dependents(&self, place: usize, are: impl Fn(usize) -> bool) -> bool {
        self.dependents[place].iter().copied().all(are)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_depends_on_what_is_found_by_its_place() {
        let definition = crate::shipped::cluster("four-node.ron");
        for group in &definition.groups {
            let ties = Ties::of(group);
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
        assert!(!Ties::of(&group).all_providers(0, |_| true));
    }
}
