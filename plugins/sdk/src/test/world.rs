//! The world of a test.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;
use std::rc::{Rc, Weak};
use std::time::Duration;

use super::controls::{
    AddressControl, DhcpControl, DiskControl, NameControl, NodeControl, ServiceControl, millis,
};
use super::instance::{Facts, Instance, Opened, Provider, Source, State};
use super::physical::Physical;
use crate::{Error, Resource};

/// A world for tests: a clock that only [`run`](World::run) moves, and everything that resources may use.
///
/// A clone refers to the same world.
#[derive(Clone, Debug, Default)]
pub struct World {
    inner: Rc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    physical: RefCell<Physical>,
    instances: RefCell<Vec<Weak<Opened>>>,
    frozen: RefCell<BTreeSet<String>>,
}

impl World {
    /// An empty world with two configured nodes, at 2003-06-12 08:00 UTC.
    pub fn new() -> Self {
        World::default()
    }

    /// Begins to open a resource of the type `T`: on `NODE1` and in the group `Group`, unless the builder says
    /// otherwise.
    pub fn resource<T: Resource>(&self, name: &str) -> Builder<T> {
        Builder {
            world: self.clone(),
            facts: Facts {
                name: name.to_owned(),
                kind: T::TYPE.name,
                node: "NODE1".to_owned(),
                group: "Group".to_owned(),
                properties: RefCell::new(defaults::<T>()),
                published: RefCell::default(),
                providers: Vec::new(),
                pending_timeout_ms: match T::TYPE.pending_timeout_ms {
                    0 => 180_000,
                    ms => ms.into(),
                },
            },
            of: PhantomData,
        }
    }

    /// Lets `time` pass. Pending work, polls and timeouts are carried out as they become due.
    pub fn run(&self, time: Duration) {
        let end = self.now_ms().saturating_add(millis(time));
        while self.step_until(end) {}
        self.physical(|physical| physical.now_ms = end);
    }

    /// How long the world has existed.
    pub fn now(&self) -> Duration {
        Duration::from_millis(self.now_ms())
    }

    /// How many nodes the cluster says are configured: 2 unless set.
    pub fn set_configured_nodes(&self, nodes: u32) {
        self.physical(|physical| physical.configured_nodes = nodes);
    }

    /// A node.
    pub fn node(&self, name: &str) -> NodeControl {
        NodeControl {
            world: self.clone(),
            node: name.to_owned(),
        }
    }

    /// A service of a resource.
    pub fn service(&self, resource: &str, service: &str) -> ServiceControl {
        let (resource, service) = (resource.to_owned(), service.to_owned());
        ServiceControl {
            world: self.clone(),
            resource,
            service,
        }
    }

    /// A shared disk, which exists from its first mention on.
    pub fn disk(&self, name: &str) -> DiskControl {
        let control = DiskControl {
            world: self.clone(),
            disk: name.to_owned(),
        };
        control.with(|_| ());
        control
    }

    /// An address.
    pub fn address(&self, network: &str, address: &str) -> AddressControl {
        let (network, address) = (network.to_owned(), address.to_owned());
        AddressControl {
            world: self.clone(),
            network,
            address,
        }
    }

    /// A network's DHCP server, which does not answer until it has an address to give.
    pub fn dhcp(&self, network: &str) -> DhcpControl {
        DhcpControl {
            world: self.clone(),
            network: network.to_owned(),
        }
    }

    /// A name in the directory.
    pub fn name(&self, name: &str) -> NameControl {
        NameControl {
            world: self.clone(),
            name: name.to_owned(),
        }
    }

    /// Stores a script under its path, where resources can read it; `None` removes it.
    pub fn set_script(&self, path: &str, text: Option<&str>) {
        let path = path.to_owned();
        self.physical(|physical| match text {
            Some(text) => physical.scripts.insert(path, text.to_owned()),
            None => physical.scripts.remove(&path),
        });
    }

    /// The lines in the cluster log: resource, level (0 information to 3 severe), text.
    pub fn log(&self) -> Vec<(String, u32, String)> {
        self.physical(|physical| physical.log.clone())
    }

    pub(super) fn physical<R>(&self, f: impl FnOnce(&mut Physical) -> R) -> R {
        f(&mut self.inner.physical.borrow_mut())
    }

    pub(super) fn now_ms(&self) -> u64 {
        self.physical(|physical| physical.now_ms)
    }

    pub(super) fn opened(&self) -> Vec<Rc<Opened>> {
        self.inner
            .instances
            .borrow()
            .iter()
            .filter_map(Weak::upgrade)
            .collect()
    }

    pub(super) fn is_frozen(&self, node: &str) -> bool {
        self.inner.frozen.borrow().contains(node)
    }

    pub(super) fn set_frozen(&self, node: &str, frozen: bool) {
        let mut all = self.inner.frozen.borrow_mut();
        if frozen {
            all.insert(node.to_owned());
        } else {
            all.remove(node);
        }
    }

    pub(super) fn crash(&self, node: &str) {
        for opened in self.opened() {
            if opened.facts.node == node {
                opened.die();
            }
        }
        self.physical(|physical| physical.lose_node(node));
    }

    /// Does the next thing that is due by `end`. Returns whether there was one.
    pub(super) fn step_until(&self, end: u64) -> bool {
        let now = self.now_ms();
        let next = self
            .opened()
            .into_iter()
            .filter(|opened| !self.is_frozen(&opened.facts.node))
            .filter_map(|opened| {
                opened
                    .next_due()
                    .map(|(at, due)| (at.max(now), due, opened))
            })
            // Of those due at the same time, the resource that was opened first.
            .min_by_key(|(at, _, _)| *at);
        let Some((at, due, opened)) = next.filter(|(at, _, _)| *at <= end) else {
            return false;
        };
        self.physical(|physical| physical.now_ms = at);
        opened.perform(due);
        true
    }

    /// Resources of a type that are Online or OnlinePending on a node, in other groups than `group`.
    pub(super) fn online_here(&self, node: &str, group: &str, kind: &str) -> u32 {
        let here = self.opened().into_iter().filter(|opened| {
            opened.facts.kind == kind
                && opened.facts.node == node
                && opened.facts.group != group
                && matches!(opened.state.get(), State::Online | State::OnlinePending)
        });
        u32::try_from(here.count()).unwrap_or(u32::MAX)
    }

    /// For resource number `index` of a type in other groups than `group`: a property, or the group's name if
    /// `property` is empty.
    pub(super) fn other(
        &self,
        group: &str,
        kind: &str,
        index: u32,
        property: &str,
    ) -> Option<String> {
        let other = self.elsewhere(group, kind).nth(index as usize)?;
        match property {
            "" => Some(other.facts.group.clone()),
            _ => other.facts.properties.borrow().get(property).cloned(),
        }
    }

    /// The group and the property of each resource of a type in other groups than `group` that has it.
    pub(super) fn others(&self, group: &str, kind: &str, property: &str) -> Vec<[String; 2]> {
        let others = self.elsewhere(group, kind).filter_map(|other| {
            let value = other.facts.properties.borrow().get(property).cloned()?;
            Some([other.facts.group.clone(), value])
        });
        others.collect()
    }

    fn elsewhere(&self, group: &str, kind: &str) -> impl Iterator<Item = Rc<Opened>> {
        let opened = self.opened().into_iter();
        opened.filter(move |opened| opened.facts.kind == kind && opened.facts.group != group)
    }
}

fn defaults<T: Resource>() -> BTreeMap<String, String> {
    let properties = T::TYPE.properties.iter();
    properties
        .map(|one| (one.name().to_owned(), one.default_text().to_owned()))
        .collect()
}

/// Fails the test for a property that does not exist: setting it would change nothing, and the test would pass for
/// another reason.
#[track_caller]
pub(super) fn must_be_listed(facts: &Facts, name: &str) {
    let known = facts.properties.borrow();
    let names: Vec<_> = known.keys().map(String::as_str).collect();
    assert!(
        known.contains_key(name),
        "`{}` has no property `{name}`; those it has: {}",
        facts.kind,
        names.join(", ")
    );
}

/// A resource that is about to be opened.
#[derive(Debug)]
pub struct Builder<T> {
    world: World,
    facts: Facts,
    of: PhantomData<T>,
}

impl<T: Resource> Builder<T> {
    /// On this node.
    #[must_use]
    pub fn on(mut self, node: &str) -> Self {
        self.facts.node = node.to_owned();
        self
    }

    /// In this group.
    #[must_use]
    pub fn in_group(mut self, group: &str) -> Self {
        self.facts.group = group.to_owned();
        self
    }

    /// With a private property: decimal for numbers, one line an entry for lists.
    ///
    /// # Panics
    /// If the type lists none of this name.
    #[must_use]
    #[track_caller]
    pub fn property(self, name: &str, value: impl ToString) -> Self {
        must_be_listed(&self.facts, name);
        self.own_property(name, value)
    }

    /// With a property that the type need not list, such as a script's own.
    #[must_use]
    pub fn own_property(self, name: &str, value: impl ToString) -> Self {
        self.facts
            .properties
            .borrow_mut()
            .insert(name.to_owned(), value.to_string());
        self
    }

    /// With a `PendingTimeout` of its own.
    #[must_use]
    pub fn pending_timeout(mut self, timeout: Duration) -> Self {
        self.facts.pending_timeout_ms = millis(timeout);
        self
    }

    /// Depends on a resource that is open in this world, and on what that one depends on.
    #[must_use]
    pub fn depends_on(mut self, provider: &Instance) -> Self {
        self.facts.providers.extend(provider.as_providers());
        self
    }

    /// Depends on a resource outside this world, of which only the type, name and properties exist.
    #[must_use]
    pub fn depends_on_facts(
        mut self,
        type_name: &str,
        name: &str,
        properties: &[(&str, &str)],
    ) -> Self {
        self.facts.providers.push(Provider {
            kind: type_name.to_owned(),
            name: name.to_owned(),
            source: Source::Facts(
                properties
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                    .collect(),
            ),
        });
        self
    }

    /// Opens it.
    ///
    /// # Errors
    /// The error of its `open`; the sentence is in the cluster log.
    pub fn open(self) -> Result<Instance, Error> {
        let opened = Opened::open::<T>(self.world.clone(), self.facts)?;
        self.world
            .inner
            .instances
            .borrow_mut()
            .push(Rc::downgrade(&opened));
        Ok(Instance { opened })
    }
}
