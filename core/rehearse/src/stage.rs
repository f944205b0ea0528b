//! A world as a [`Stage`].

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use quorate_drill::stage::{
    Answer, Belief, Clients, Configuration, Entry, Faults, Line, Machines, Mark, NotOffered, Order,
    OrderHandle, Orders, Part, Parts, Plugins, PropertyOf, PropertyStatus, Record, StageError,
    Timing, Truth,
};
use quorate_drill::{DrillReport, PluginReport};
use quorate_host::{PluginSet, Reloaded};
use quorate_model::{
    Breach, ClientCalls, ClientStatus, ClusterDefinition, DiskStatus, Facts, Fault, FaultId,
    GroupStatus, Name, NetworkStatus, NodeStatus, QuorumStatus, Repair, ResourceState,
    ResourceStatus, Time, types,
};
use quorate_node::bounds;
use quorate_sim::{Load, Reply, RequestId, WorldError};

use crate::noted::Noted;

/// The plugins as they were last loaded or reloaded; `None` before the first time. A source and its stages share
/// them.
pub(crate) type Loaded = Rc<RefCell<Option<Result<Arc<PluginSet>, String>>>>;

/// A world, and the orders it was given.
pub(crate) struct SimStage {
    pub(crate) world: Noted,
    /// The facts of the cluster file.
    pub(crate) facts: Facts,
    pub(crate) plugins: Arc<PluginSet>,
    /// The plugins for the next cluster.
    pub(crate) loaded: Loaded,
    /// How often each plugin was reloaded.
    pub(crate) reloads: BTreeMap<String, u32>,
    /// Orders that wait for a reply; `None` for those that took effect at once.
    pub(crate) orders: BTreeMap<u64, Option<RequestId>>,
    pub(crate) next: u64,
}

impl SimStage {
    pub(crate) fn definition(&self) -> &ClusterDefinition {
        self.world.at(Part::Online).definition()
    }
}

impl Timing for SimStage {
    fn now(&self) -> Time {
        self.world.at(Part::Rest).now()
    }

    fn civil_ms(&self) -> i64 {
        self.world.at(Part::Rest).civil_ms()
    }

    fn clock_of(&self, node: &str) -> Result<i64, StageError> {
        self.world.at(Part::Rest).clock_of(node).map_err(refused)
    }

    fn seed(&self) -> u64 {
        self.world.at(Part::Online).seed()
    }

    fn draw(&mut self, max: u64) -> u64 {
        self.world.acts().draw(max)
    }

    fn revision(&self) -> u64 {
        self.world.revision()
    }

    fn begin_reading(&self) {
        self.world.begin();
    }

    fn parts_read(&self) -> Parts {
        self.world.read()
    }

    fn mark(&self, parts: Parts) -> Mark {
        self.world.mark(parts)
    }

    fn advance(&mut self, limit: Time) {
        self.world.acts().run_until_change(limit);
    }

    fn foresee(&mut self, at: Option<Time>) -> Result<(), NotOffered> {
        self.world.acts().foresee(at);
        Ok(())
    }

    fn next_call(&self) -> Result<Option<Time>, NotOffered> {
        Ok(self.world.at(Part::Rest).next_call())
    }
}

impl Configuration for SimStage {
    fn cluster_name(&self) -> Name {
        self.definition().name.clone()
    }

    fn nodes(&self) -> Vec<Name> {
        self.world.at(Part::Online).nodes()
    }

    fn configured(&self) -> Vec<Name> {
        let mut nodes = self.world.at(Part::Online).nodes();
        nodes.retain(|node| self.definition().node(node).is_some());
        nodes
    }

    fn groups(&self) -> Vec<Name> {
        self.world.at(Part::Online).groups()
    }

    fn resources(&self) -> Vec<Name> {
        self.world.at(Part::Online).resources()
    }

    fn has_group(&self, name: &str) -> bool {
        self.definition().group(name).is_some()
    }

    fn has_resource(&self, name: &str) -> bool {
        self.definition().resource(name).is_some()
    }

    fn networks(&self) -> Vec<Name> {
        self.world.at(Part::Rest).networks()
    }

    fn disks(&self) -> Vec<Name> {
        self.world.at(Part::Rest).disks()
    }

    fn resource_types(&self) -> Result<Vec<Name>, NotOffered> {
        self.world.reads(Part::Rest);
        Ok(self.plugins.type_names().map(Name::from).collect())
    }

    fn policy(&self, group: Option<&str>) -> Option<String> {
        let definition = self.definition();
        let policy = match group {
            None => definition.policy.as_ref(),
            Some(group) => definition.group(group)?.policy.as_ref(),
        };
        policy.map(|policy| policy.file.clone())
    }

    fn longest_stop(&self) -> Duration {
        bounds::leave_patience(self.definition())
    }

    fn protocols(&self) -> (Vec<String>, bool) {
        types::protocols(self.definition())
    }
}

impl Belief for SimStage {
    fn node(&self, name: &str) -> Option<NodeStatus> {
        self.world.at(Part::Belief).node(name).ok()
    }

    fn group(&self, name: &str) -> Option<GroupStatus> {
        self.world.at(Part::Belief).group(name).ok()
    }

    fn resource(&self, name: &str) -> Option<ResourceStatus> {
        self.world.at(Part::Belief).resource(name).ok()
    }

    fn node_statuses(&self) -> Vec<NodeStatus> {
        self.world.at(Part::Belief).node_statuses()
    }

    fn group_statuses(&self) -> Vec<GroupStatus> {
        self.world.at(Part::Belief).group_statuses()
    }

    fn resource_statuses(&self) -> Vec<ResourceStatus> {
        self.world.at(Part::Belief).resource_statuses()
    }

    fn resource_states(&self) -> Vec<ResourceState> {
        self.world.at(Part::Belief).resource_states()
    }

    fn is_busy(&self) -> bool {
        self.world.at(Part::Belief).is_busy()
    }

    fn quorum(&self) -> QuorumStatus {
        self.world.at(Part::Belief).quorum()
    }

    fn coordinator(&self) -> Option<Name> {
        self.world.at(Part::Belief).coordinator()
    }

    fn properties(&self, of: PropertyOf<'_>) -> Result<Vec<PropertyStatus>, StageError> {
        self.properties_of(of)
    }
}

impl Truth for SimStage {
    fn network(&self, name: &str) -> Option<NetworkStatus> {
        self.world.at(Part::Rest).network_status(name).ok()
    }

    fn disk(&self, name: &str) -> Option<DiskStatus> {
        self.world.at(Part::Rest).disk(name).ok()
    }

    fn file_size(&self, disk: &str, file: &str) -> Result<u64, StageError> {
        self.world
            .at(Part::Rest)
            .file_size(disk, file)
            .map_err(refused)
    }

    fn group_service(&self, group: &str) -> Result<(), String> {
        self.world.at(Part::Service).group_service(group).map(drop)
    }

    fn resource_service(&self, resource: &str) -> Result<(), String> {
        self.world
            .at(Part::Service)
            .resource_service(resource)
            .map(drop)
    }

    fn online_on(&self, resource: &str) -> Vec<Name> {
        self.world.at(Part::Online).online_on(resource)
    }

    fn service_running(&self, resource: &str) -> Option<bool> {
        self.world.at(Part::Rest).process_running(resource).ok()
    }

    fn outage(&self, group: &str) -> Duration {
        self.world
            .at(Part::Rest)
            .outage(group)
            .map(|outage| outage.total)
            .unwrap_or_default()
    }

    fn planned_outage(&self, group: &str) -> Duration {
        self.world
            .at(Part::Rest)
            .outage(group)
            .map(|outage| outage.planned)
            .unwrap_or_default()
    }

    fn availability(&self, group: &str) -> f64 {
        self.world
            .at(Part::Rest)
            .availability(group)
            .unwrap_or_default()
    }

    fn disturbed(&self) -> Vec<Name> {
        self.world.at(Part::Rest).disturbed()
    }

    fn breaches(&self) -> Vec<Breach> {
        self.world.at(Part::Rest).breaches().to_vec()
    }
}

impl Orders for SimStage {
    fn order(&mut self, order: Order) -> Result<OrderHandle, StageError> {
        let request = self.give(order)?;
        let handle = self.next;
        self.next += 1;
        self.orders.insert(handle, request);
        Ok(OrderHandle(handle))
    }

    fn answer(&self, order: OrderHandle) -> Option<Answer> {
        match self.orders.get(&order.0)? {
            None => Some(Answer::DONE),
            Some(request) => match self.world.at(Part::Rest).reply(*request) {
                Reply::Pending => None,
                Reply::Done => Some(Answer::DONE),
                Reply::Answered(bytes) => Some(Answer::Done(bytes)),
                Reply::Refused(reason) => Some(Answer::Refused(reason)),
                Reply::Lost { node } => Some(Answer::Lost(WorldError::Lost { node }.to_string())),
            },
        }
    }
}

impl Faults for SimStage {
    fn inject(&mut self, fault: Fault, lasting: Option<Duration>) -> Result<FaultId, StageError> {
        self.world
            .acts()
            .inject_for(fault, lasting)
            .map_err(refused)
    }

    fn noticed(&self, fault: FaultId) -> Result<bool, NotOffered> {
        Ok(self.world.at(Part::Rest).noticed(fault))
    }

    fn was_asked(&self, fault: FaultId) -> Option<bool> {
        self.world.at(Part::Rest).was_asked(fault)
    }

    fn heal(&mut self, fault: FaultId) {
        // The only error is that the fault is healed already.
        let _ = self.world.acts().heal(fault);
    }

    fn heal_all(&mut self) {
        self.world.acts().heal_all();
    }

    fn repair(&mut self, what: &Repair) -> Result<(), StageError> {
        self.world.acts().repair(what).map_err(refused)
    }
}

impl Machines for SimStage {
    fn install_node(&mut self, name: &str) -> Result<(), StageError> {
        self.world.acts().install(name).map_err(refused)
    }

    fn set_load(&mut self, group: &str, users: u32, cpu_percent: u32) -> Result<(), StageError> {
        let load = Load { users, cpu_percent };
        self.world.acts().set_load(group, load).map_err(refused)?;
        self.declare(group, users, cpu_percent);
        Ok(())
    }

    fn disk_file(&mut self, disk: &str, file: &str, text: Option<&str>) -> Result<(), StageError> {
        self.world
            .acts()
            .disk_file(disk, file, text)
            .map_err(refused)
    }
}

impl Clients for SimStage {
    fn clients(&mut self, group: &str, calls: &ClientCalls) -> Result<usize, StageError> {
        self.world
            .acts()
            .clients(group, calls.clone())
            .map_err(refused)
    }

    fn part_of_clients(&mut self, number: usize) -> Result<usize, StageError> {
        self.world.acts().part_of_clients(number).map_err(refused)
    }

    fn end_clients(&mut self, number: usize) -> Result<(), StageError> {
        self.world.acts().end_clients(number).map_err(refused)
    }

    fn client_status(&self, number: usize) -> Option<ClientStatus> {
        self.world.at(Part::Rest).client_status(number)
    }
}

impl Record for SimStage {
    fn mark_step(&mut self, title: &str) {
        self.world.acts().mark_step(title);
    }

    fn mark_note(&mut self, text: &str) {
        self.world.acts().mark_note(text);
    }

    fn mark_remark(&mut self, rule: &'static str, text: &str) {
        self.world.acts().mark_remark(rule, text);
    }

    fn mark_end(&mut self) {
        self.world.acts().mark_end();
    }

    fn mark_verdict(&mut self, report: &DrillReport) {
        self.world.acts().mark_verdict(report.as_event());
    }

    fn lines(&self, from: usize) -> Vec<Line> {
        self.world
            .at(Part::Rest)
            .events()
            .iter()
            .skip(from)
            .map(|entry| entry.fields().clone())
            .collect()
    }

    fn line_count(&self) -> usize {
        self.world.at(Part::Rest).events().len()
    }

    fn entries(&self, from: usize) -> Vec<Entry> {
        self.world
            .at(Part::Rest)
            .events()
            .iter()
            .skip(from)
            .cloned()
            .collect()
    }

    fn notices(&self, id: u32) -> Vec<Line> {
        let found = self.world.at(Part::Rest).notices(id);
        found.map(|entry| entry.fields().clone()).collect()
    }

    fn write_journal(&self, mut out: &mut dyn io::Write) -> io::Result<()> {
        self.world.at(Part::Rest).write_journal(&mut out)
    }
}

impl Plugins for SimStage {
    fn plugins(&self) -> Result<Vec<PluginReport>, NotOffered> {
        Ok(self.plugin_reports())
    }

    fn reload_plugins(&mut self, name: Option<&str>) -> Result<Vec<Reloaded>, StageError> {
        let (set, reloaded) = self
            .plugins
            .reload(name)
            .map_err(|error| StageError::Refused(error.to_string()))?;
        if !reloaded.is_empty() {
            self.plugins = Arc::new(set);
            self.world.acts().replace_plugins(&self.plugins);
            *self.loaded.borrow_mut() = Some(Ok(Arc::clone(&self.plugins)));
            for library in &reloaded {
                *self.reloads.entry(library.plugin.clone()).or_default() += 1;
            }
        }
        Ok(reloaded)
    }

    fn release_plugin(&mut self, name: &str) -> Result<Vec<Name>, StageError> {
        self.plugins
            .require_library(name)
            .map_err(|error| StageError::Refused(error.to_string()))?;
        Ok(self.world.acts().release_plugin(name))
    }

    fn unrepeatable(&self) -> Vec<String> {
        self.world.at(Part::Rest).unrepeatable()
    }
}

pub(crate) fn refused(error: WorldError) -> StageError {
    StageError::Refused(error.to_string())
}
