//! What the monitor knows of every open resource. Plugins may ask for it.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use quorate_abi as abi;
use quorate_model::monitor::ResourceSpec;
use quorate_model::{
    Checkpoints, Name, NameMap, RESOURCE_PROPERTIES, Reason, ResourceProperties, ResourceState,
    Sought, Value, descriptor,
};

use super::health::intervals;
use crate::library::TypeInfo;
use crate::table::Knowledge;
use crate::{PluginSet, ServiceResult};

/// The open resources, and the defaults of their types.
#[derive(Debug)]
pub struct Directory {
    plugins: Arc<PluginSet>,
    records: NameMap<Record>,
    /// Resources that other monitors of the node have open.
    elsewhere: NameMap<Record>,
    /// The names of both by type, each with its group.
    kinds: NameMap<BTreeMap<Name, Name>>,
    /// A number that grows whenever a resource, its type or its state changes.
    revision: u64,
    /// Checkpoints that were stored since [`take_saved`](Self::take_saved) was last called. Entries store them while
    /// they run, hence the cell.
    saved: RefCell<Vec<Saved>>,
}

/// A checkpoint that was stored; without bytes, one that was deleted.
#[derive(Debug)]
pub struct Saved {
    /// The resource whose checkpoint it is.
    pub resource: Name,
    /// Its key.
    pub key: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

// The limits of the contract are those of the database that keeps checkpoints.
const _: () = {
    assert!(abi::CHECKPOINT_KEY_MAX as usize == quorate_model::CHECKPOINT_KEY_MAX);
    assert!(abi::CHECKPOINT_BYTES_MAX as usize == quorate_model::CHECKPOINT_BYTES_MAX);
    assert!(abi::CHECKPOINTS_MAX as usize == quorate_model::CHECKPOINTS_MAX);
};

/// One open resource.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) spec: ResourceSpec,
    pub(crate) state: ResourceState,
    /// The set of plugins from which its instance was made.
    plugins: Arc<PluginSet>,
    /// The intervals of its LooksAlive and IsAlive, which each poll asks for.
    pub(crate) intervals: (Duration, Duration),
    /// What the resource publishes about itself while it is in service, by the name in lower case. Its entries write
    /// this while they run, when the directory is lent to them.
    published: RefCell<BTreeMap<String, String>>,
    /// Its checkpoints: those that the cluster service handed over, and those stored since.
    checkpoints: RefCell<Checkpoints>,
}

impl Record {
    fn new(spec: ResourceSpec, state: ResourceState, plugins: Arc<PluginSet>) -> Record {
        Record {
            intervals: intervals(&spec.properties, plugins.type_info(&spec.kind)),
            spec,
            state,
            plugins,
            published: RefCell::default(),
            checkpoints: RefCell::default(),
        }
    }

    /// Its properties or its type may be others.
    fn changed(&mut self) {
        self.intervals = intervals(&self.spec.properties, self.kind());
    }

    /// Its type, as described by the plugin that its instance was made from.
    pub(crate) fn kind(&self) -> Option<&TypeInfo> {
        self.plugins.type_info(&self.spec.kind)
    }
}

/// Most values that a resource may publish; more are refused.
const PUBLISHED_MAX: usize = 100;

impl Directory {
    /// The directory of a monitor that has not opened any resource yet.
    pub fn new(plugins: Arc<PluginSet>) -> Directory {
        Directory {
            plugins,
            records: NameMap::new(),
            elsewhere: NameMap::new(),
            kinds: NameMap::new(),
            revision: 0,
            saved: RefCell::default(),
        }
    }

    pub(crate) fn plugins(&self) -> &Arc<PluginSet> {
        &self.plugins
    }

    /// Replaces the plugins for instances that are made from now on.
    pub(crate) fn replace_plugins(&mut self, plugins: Arc<PluginSet>) {
        self.plugins = plugins;
    }

    /// Notes that the instance of `resource` is now made from the current plugins.
    pub(crate) fn renew(&mut self, resource: &str) {
        if let Some(record) = self.records.get_mut(resource) {
            record.plugins = Arc::clone(&self.plugins);
            record.changed();
        }
    }

    /// Another monitor of the node has this resource open, and it is in this state there.
    pub(crate) fn hear_of(&mut self, spec: ResourceSpec, state: ResourceState) {
        if self.records.contains_key(&spec.name) {
            return;
        }
        self.forget(&spec.name);
        let (name, kind, group) = (spec.name.clone(), spec.kind.clone(), spec.group.clone());
        let record = Record::new(spec, state, Arc::clone(&self.plugins));
        self.elsewhere.insert(name.clone(), record);
        self.of_kind(&kind).insert(name, group);
    }

    /// No other monitor has this resource open any more.
    pub(crate) fn forget(&mut self, resource: &str) {
        if let Some(record) = self.elsewhere.remove(resource)
            && let Some(names) = self.kinds.get_mut(&record.spec.kind)
        {
            names.remove(resource);
        }
    }

    /// The resources of a type, each with its group.
    fn of_kind(&mut self, kind: &Name) -> &mut BTreeMap<Name, Name> {
        self.kinds.get_or_insert_with(kind, BTreeMap::new)
    }

    /// A resource of this monitor or of another one of the node.
    fn known<Q: Sought + ?Sized>(&self, resource: &Q) -> Option<&Record> {
        self.get(resource).or_else(|| self.elsewhere.get(resource))
    }

    /// A resource's type, as described by the plugin that its instance was made from.
    pub(crate) fn kind_of<Q: Sought + ?Sized>(&self, resource: &Q) -> Option<&TypeInfo> {
        self.known(resource)?.kind()
    }

    /// Whether a resource is open.
    pub fn contains(&self, resource: &str) -> bool {
        self.records.contains_key(resource)
    }

    /// The names of the open resources.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.records.keys()
    }

    pub(crate) fn get<Q: Sought + ?Sized>(&self, resource: &Q) -> Option<&Record> {
        self.records.get(resource)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Name, &Record)> {
        self.records.iter()
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    pub(crate) fn remove(&mut self, resource: &str) {
        self.revision += 1;
        if let Some(record) = self.records.remove(resource)
            && let Some(names) = self.kinds.get_mut(&record.spec.kind)
        {
            names.remove(resource);
        }
    }

    /// Adds a resource that is being opened.
    pub fn insert(&mut self, spec: ResourceSpec) {
        self.forget(&spec.name);
        let plugins = Arc::clone(&self.plugins);
        let record = Record::new(spec, ResourceState::Initializing, plugins);
        self.revision += 1;
        let (name, kind) = (record.spec.name.clone(), record.spec.kind.clone());
        let group = record.spec.group.clone();
        if let Some(before) = self.records.insert(name.clone(), record)
            && let Some(names) = self.kinds.get_mut(&before.spec.kind)
        {
            names.remove(&name);
        }
        self.of_kind(&kind).insert(name, group);
    }

    /// Replaces the spec of an open resource with another of the same type.
    pub(crate) fn update(&mut self, spec: ResourceSpec) {
        if let Some(record) = self.records.get_mut(&spec.name) {
            if let Some(names) = self.kinds.get_mut(&spec.kind) {
                names.insert(spec.name.clone(), spec.group.clone());
            }
            record.spec = spec;
            record.changed();
        }
    }

    /// Replaces a resource's checkpoints.
    pub fn restore(&mut self, resource: &str, checkpoints: Checkpoints) {
        if let Some(record) = self.records.get_mut(resource) {
            record.checkpoints = RefCell::new(checkpoints);
        }
    }

    /// A resource's checkpoints.
    pub fn checkpoints(&self, resource: &str) -> Checkpoints {
        self.get(resource)
            .map(|record| record.checkpoints.borrow().clone())
            .unwrap_or_default()
    }

    /// The checkpoints that were stored since the last call, in order.
    pub fn take_saved(&mut self) -> Vec<Saved> {
        std::mem::take(self.saved.get_mut())
    }

    /// Sets a resource's state and returns the one before.
    pub fn set_state(&mut self, resource: &str, state: ResourceState) -> Option<ResourceState> {
        let record = self.records.get_mut(resource)?;
        if matches!(state, ResourceState::Offline | ResourceState::Failed) {
            record.published.get_mut().clear();
        }
        self.revision += u64::from(record.state != state);
        Some(std::mem::replace(&mut record.state, state))
    }

    /// The first property that the type requires and the specification does not set.
    pub(crate) fn missing_property(&self, spec: &ResourceSpec) -> Option<&str> {
        let kind = self.kind_of(&spec.name)?;
        kind.properties
            .iter()
            .find(|property| {
                property.required && private(&spec.properties, &property.name).is_none()
            })
            .map(|property| property.name.as_str())
    }

    /// The resources of a type in other groups than `group`, in the order of their names, each with its group.
    fn elsewhere(&self, group: &str, kind: &str) -> impl Iterator<Item = (&Name, &Name)> {
        let all = self.kinds.get(kind).into_iter().flatten();
        all.filter(move |(_, of)| **of != *group)
    }

    /// The resources that a resource depends on, in reverse order.
    fn depends_on<'a, Q: Sought + ?Sized>(
        &'a self,
        resource: &Q,
    ) -> impl Iterator<Item = &'a Name> + use<'a, Q> {
        self.get(resource)
            .into_iter()
            .flat_map(|record| record.spec.depends_on.iter().rev())
    }

    /// All resources: each before those that it depends on, otherwise by name.
    pub(crate) fn dependents_first(&self) -> Vec<Name> {
        let mut order = Vec::with_capacity(self.records.len());
        let mut done = BTreeSet::new();
        for name in self.records.keys() {
            self.after_providers(name, &mut done, &mut order);
        }
        order.reverse();
        order
    }

    /// Adds to `order` everything that `name` depends on, and then `name`. Dependencies of a definition have no loop;
    /// if there were one, this would still end, at the first resource that it meets again.
    fn after_providers<'a>(
        &'a self,
        name: &'a Name,
        done: &mut BTreeSet<&'a Name>,
        order: &mut Vec<Name>,
    ) {
        let Some((name, record)) = self.records.get_key_value(name) else {
            return;
        };
        if done.insert(name) {
            for provider in &record.spec.depends_on {
                self.after_providers(provider, done, order);
            }
            order.push(name.clone());
        }
    }
}

impl Knowledge for Directory {
    fn property(&self, resource: &str, name: &str) -> Option<Cow<'_, str>> {
        let spec = &self.known(resource)?.spec;
        if let Some(value) = private(&spec.properties, name) {
            return Some(value_text(value));
        }
        let declared = self.kind_of(resource).and_then(|kind| kind.property(name));
        match declared {
            Some(property) if property.required => None,
            Some(property) => Some(Cow::Borrowed(&property.default)),
            None => common(&spec.properties, name).map(|number| Cow::Owned(number.to_string())),
        }
    }

    fn providers(&self, resource: &str, kind: &str) -> Vec<Name> {
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        // The last one pushed is taken first, so they are pushed in reverse to keep the definition's order.
        let mut ahead: Vec<&Name> = self.depends_on(resource).collect();
        while let Some(name) = ahead.pop() {
            if !seen.insert(name) {
                continue;
            }
            if let Some(record) = self.get(name) {
                if record.spec.kind == *kind {
                    found.push(name.clone());
                }
                ahead.extend(self.depends_on(name));
            }
        }
        found
    }

    fn publish(&self, resource: &str, name: &str, value: &str) -> bool {
        let Some(record) = self.get(resource) else {
            return false;
        };
        let (mut published, name) = (record.published.borrow_mut(), name.to_ascii_lowercase());
        if value.is_empty() {
            published.remove(&name);
            return true;
        }
        let room = published.len() < PUBLISHED_MAX || published.contains_key(&name);
        if name.is_empty() || !room {
            return false;
        }
        published.insert(name, value.to_owned());
        true
    }

    fn published(&self, resource: &str, name: &str) -> Option<String> {
        let published = self.get(resource)?.published.borrow();
        published.get(&name.to_ascii_lowercase()).cloned()
    }

    fn online_here(&self, group: &str, kind: &str) -> u32 {
        let here = self.elsewhere(group, kind).filter(|&(name, _)| {
            self.known(name).is_some_and(|record| {
                matches!(
                    record.state,
                    ResourceState::Online | ResourceState::OnlinePending
                )
            })
        });
        u32::try_from(here.count()).unwrap_or(u32::MAX)
    }

    fn others(&self, group: &str, kind: &str) -> Vec<(Name, Name)> {
        let others = self.elsewhere(group, kind);
        others
            .map(|(name, group)| (name.clone(), group.clone()))
            .collect()
    }

    fn other(&self, group: &str, kind: &str, index: usize) -> Option<(Name, Name)> {
        let (name, group) = self.elsewhere(group, kind).nth(index)?;
        Some((name.clone(), group.clone()))
    }

    fn save_checkpoint(&self, resource: &str, key: &str, bytes: &[u8]) -> ServiceResult<()> {
        let Some(record) = self.get(resource) else {
            return Err(not_open(resource));
        };
        let mut checkpoints = record.checkpoints.borrow_mut();
        checkpoints
            .set(key, bytes)
            .map_err(|error| Reason::new(abi::ERROR_INVALID_PARAMETER, error.to_string()))?;
        self.saved.borrow_mut().push(Saved {
            resource: record.spec.name.clone(),
            key: key.to_owned(),
            bytes: bytes.to_owned(),
        });
        Ok(())
    }

    fn checkpoint(&self, resource: &str, key: &str) -> ServiceResult<Vec<u8>> {
        let Some(record) = self.get(resource) else {
            return Err(not_open(resource));
        };
        let checkpoints = record.checkpoints.borrow();
        checkpoints.get(key).map(<[u8]>::to_vec).ok_or_else(|| {
            let text = format!("{resource} has no checkpoint {key}");
            Reason::new(abi::ERROR_NOT_FOUND, text)
        })
    }
}

fn not_open(resource: &str) -> Reason {
    let text = format!("`{resource}` is not open in this resource monitor");
    Reason::new(abi::ERROR_RESOURCE_NOT_AVAILABLE, text)
}

fn private<'a>(properties: &'a ResourceProperties, name: &str) -> Option<&'a Value> {
    properties.private.get(name).or_else(|| {
        properties
            .private
            .iter()
            .find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value))
    })
}

fn value_text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Dword(number) => Cow::Owned(number.to_string()),
        Value::Text(text) => Cow::Borrowed(text),
        Value::List(lines) => Cow::Owned(lines.join("\n")),
    }
}

/// A common property by its original name, as the original's number.
fn common(properties: &ResourceProperties, name: &str) -> Option<u32> {
    descriptor(RESOURCE_PROPERTIES, name)?;
    match properties.get(name)? {
        Value::Dword(number) => Some(number),
        Value::Text(_) | Value::List(_) => None,
    }
}
