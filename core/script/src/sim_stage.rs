//! The virtual world as a stage.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use quorate_host::{Isolation, PluginSet, Reloaded, search_folders};
use quorate_model::{
    CLUSTER_GROUP, ClusterDefinition, Diagnostics, Facts, GROUP_PROPERTIES, Name, PERSISTENT_STATE,
    PluginSettings, QuorumKind, RESOURCE_PROPERTIES, Time, Value, types,
};
use quorate_node::{AdminOp, Object};
use quorate_sim::{Load, Reply, RequestId, ServiceTimes, World, WorldError, WorldOptions};

use crate::PluginReport;
use crate::finding::{Finding, Place, suggestion};
use crate::policy::{RhaiPolicies, attach_policies};
use crate::stage::{
    Answer, Breach, ClientCalls, ClientReport, Damage, DiskStatus, Fault, FaultHandle, GroupStatus,
    Line, NetworkStatus, NodeStatus, OpenError, Order, OrderHandle, QuorumStatus, Repair,
    ResourceStatus, Stage, StageError, StageRequest, StageSource,
};

/// The property of a resource that names the nodes which may own it; empty means all.
const POSSIBLE_OWNERS: &str = "PossibleOwners";
/// The property of a group that names its policy script.
pub(crate) const POLICY: &str = "Policy";

/// Opens virtual clusters, with the plugins found in a list of folders. They are loaded when the first cluster is
/// opened, and once.
#[derive(Debug, Default)]
pub struct SimSource {
    folders: Vec<PathBuf>,
    isolation: Isolation,
    plugins: Loaded,
}

/// The plugins as they were last loaded or reloaded, once they were; shared by a source and its stages.
type Loaded = Rc<RefCell<Option<Result<Arc<PluginSet>, String>>>>;

impl SimSource {
    /// Plugins are searched in `folders` first, then where the host searches by itself.
    pub fn new(folders: Vec<PathBuf>) -> SimSource {
        SimSource {
            folders,
            ..SimSource::default()
        }
    }

    /// With other settings of resource monitor processes.
    pub fn isolated(self, isolation: Isolation) -> SimSource {
        SimSource { isolation, ..self }
    }

    /// The plugins, which are loaded as `isolation` says if they were not before.
    fn plugins(&self, isolation: &Isolation) -> Result<Arc<PluginSet>, OpenError> {
        let mut plugins = self.plugins.borrow_mut();
        let load = || {
            let folders = search_folders(&self.folders);
            let mut set = PluginSet::load_under(&folders, isolation.clone())
                .map_err(|errors| errors.to_string())?;
            set.isolate(self.isolation.clone())
                .map_err(|error| error.to_string())?;
            Ok(Arc::new(set))
        };
        plugins
            .get_or_insert_with(load)
            .clone()
            .map_err(OpenError::Plugins)
    }

    /// The plugins as a cluster file wants them to run; what the operator said on top of that counts more.
    fn plugins_for(
        &self,
        path: &Path,
        text: &str,
        settings: &[PluginSettings],
    ) -> Result<Arc<PluginSet>, OpenError> {
        let mut isolation = self.isolation.clone();
        for it in settings {
            if let Some(apart) = it.separate_monitor
                && self.isolation.said(&it.plugin).is_none()
            {
                isolation.libraries.insert(it.plugin.clone(), apart);
            }
        }
        let mut plugins = self.plugins(&isolation)?;
        let named = settings.iter().filter(|it| it.plugin != Isolation::ALL);
        let unknown = named.filter_map(|it| {
            let error = plugins.require_library(&it.plugin).err()?;
            Some(it.error("unknown-plugin", error.to_string()))
        });
        let unknown: Vec<_> = unknown.collect();
        if !unknown.is_empty() {
            return Err(OpenError::Cluster {
                path: path.to_path_buf(),
                findings: findings_of(&Diagnostics(unknown), text),
            });
        }
        if *plugins.isolation() != isolation {
            Arc::make_mut(&mut plugins)
                .isolate(isolation)
                .map_err(|error| OpenError::Plugins(error.to_string()))?;
        }
        Ok(plugins)
    }
}

impl StageSource for SimSource {
    fn open(&self, request: &StageRequest) -> Result<Box<dyn Stage>, OpenError> {
        let path = &request.cluster;
        let text = match &request.text {
            Some(text) => text.clone(),
            None => std::fs::read_to_string(path).map_err(|error| {
                let path = path.display();
                OpenError::Other(format!("cannot read the cluster file {path}: {error}"))
            })?,
        };
        let read = quorate_model::parse(&path.display().to_string(), &text);
        let mut loaded = read.map_err(|found| OpenError::Cluster {
            path: path.clone(),
            findings: findings_of(&found, &text),
        })?;
        attach_policies(path, &text, &mut loaded).map_err(|findings| OpenError::Cluster {
            path: path.clone(),
            findings,
        })?;
        let plugins = self.plugins_for(path, &text, &loaded.plugins)?;
        let kinds = loaded
            .definition
            .groups
            .iter()
            .flat_map(|group| &group.resources);
        plugins
            .require(kinds.map(|resource| resource.kind.as_str()))
            .map_err(|errors| OpenError::Plugins(errors.to_string()))?;
        check_private(&loaded.definition, &plugins).map_err(|error| {
            OpenError::Other(format!("the cluster file {}: {}", path.display(), error.0))
        })?;
        let options = options(request.seed, &loaded.facts);
        let mut world = World::open(loaded.definition, plugins.clone(), options);
        let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
        world.set_scripts(Box::new(move |script| {
            let path = folder.join(script);
            std::fs::read_to_string(&path)
                .map_err(|error| format!("cannot read {}: {error}", path.display()))
        }));
        world.set_policies(Arc::new(RhaiPolicies));
        world.start_all();
        Ok(Box::new(SimStage {
            world,
            plugins,
            loaded: Rc::clone(&self.plugins),
            reloads: BTreeMap::new(),
            orders: BTreeMap::new(),
            next: 1,
        }))
    }

    fn has_plugin(&self, name: &str) -> bool {
        self.plugins(&self.isolation)
            .map_or(true, |set| set.libraries().any(|it| it.name == name))
    }
}

/// What a cluster file says about its world.
fn options(seed: u64, facts: &Facts) -> WorldOptions {
    let mut options = WorldOptions {
        civil_start_ms: facts.civil_origin_ms,
        ..WorldOptions::with_seed(seed)
    };
    for (group, server) in &facts.virtual_servers {
        let load = Load {
            users: server.users.unwrap_or_default(),
            cpu_percent: server.cpu_percent.unwrap_or_default(),
        };
        options.loads.insert(group.clone(), load);
    }
    for (service, ms) in &facts.service_start_ms {
        let times = options.service_times(service);
        let start = Duration::from_millis(*ms);
        options
            .services
            .insert(service.clone(), ServiceTimes { start, ..times });
    }
    options
}

/// A world, and the orders it was given.
struct SimStage {
    world: World,
    plugins: Arc<PluginSet>,
    /// Where the next cluster finds them.
    loaded: Loaded,
    /// How often each was reloaded.
    reloads: BTreeMap<String, u32>,
    /// Orders that wait for a reply; `None` for those that took effect at once.
    orders: BTreeMap<u64, Option<RequestId>>,
    next: u64,
}

impl SimStage {
    fn definition(&self) -> &ClusterDefinition {
        self.world.definition()
    }

    fn ask(&mut self, op: AdminOp) -> Result<Option<RequestId>, WorldError> {
        self.world.admin(op).map(Some)
    }
}

/// What can be read of a world is what an operator's console shows; the truth where [`Stage`] asks for it.
impl Stage for SimStage {
    fn now(&self) -> Time {
        self.world.now()
    }

    fn civil_ms(&self) -> i64 {
        self.world.civil_ms()
    }

    fn revision(&self) -> u64 {
        self.world.revision()
    }

    fn advance(&mut self, limit: Time) {
        self.world.run_until_change(limit);
    }

    fn cluster_name(&self) -> Name {
        self.definition().name.clone()
    }

    fn nodes(&self) -> Vec<Name> {
        self.world.nodes()
    }

    fn groups(&self) -> Vec<Name> {
        self.world.groups()
    }

    fn resources(&self) -> Vec<Name> {
        self.world.resources()
    }

    fn networks(&self) -> Vec<Name> {
        self.world.networks()
    }

    fn disks(&self) -> Vec<Name> {
        self.world.disks()
    }

    fn node(&self, name: &str) -> Option<NodeStatus> {
        let node = self.world.node(name).ok()?;
        Some(NodeStatus {
            name: node.name,
            state: node.state,
            groups: node.groups,
        })
    }

    fn group(&self, name: &str) -> Option<GroupStatus> {
        let group = self.world.group(name).ok()?;
        let definition = self.definition().group(name)?;
        let has_name = definition
            .resources
            .iter()
            .any(|it| it.kind == types::NETWORK_NAME);
        Some(GroupStatus {
            is_virtual_server: has_name && group.name != *CLUSTER_GROUP,
            name: group.name,
            state: group.state,
            owner: group.owner,
            resources: group.resources,
            failovers: group.failovers,
            preferred_owners: definition.properties.preferred_owners.clone(),
        })
    }

    fn resource(&self, name: &str) -> Option<ResourceStatus> {
        let resource = self.world.resource(name).ok()?;
        Some(ResourceStatus {
            name: resource.name,
            kind: resource.kind,
            group: resource.group,
            state: resource.state,
            owner: resource.owner,
            owners: resource.owners,
            restarts: resource.restarts,
            depends_on: resource.depends_on,
            dependents: resource.dependents,
        })
    }

    fn network(&self, name: &str) -> Option<NetworkStatus> {
        let network = self.world.network_status(name).ok()?;
        Some(NetworkStatus {
            name: network.name,
            role: network.role,
        })
    }

    fn disk(&self, name: &str) -> Option<DiskStatus> {
        let disk = self.world.disk(name).ok()?;
        Some(DiskStatus {
            name: disk.name,
            owner: disk.holder,
            mounted_on: disk.mounted_on,
        })
    }

    fn service_running(&self, resource: &str) -> Option<bool> {
        self.world.process_running(resource).ok()
    }

    fn quorum(&self) -> QuorumStatus {
        let quorum = self.world.quorum();
        QuorumStatus {
            kind: match quorum.kind {
                QuorumKind::Standard { .. } => "Standard",
                QuorumKind::MajorityNodeSet => "MajorityNodeSet",
                QuorumKind::Local => "Local",
            },
            owner: quorum.owner,
            has_quorum: quorum.has_quorum,
        }
    }

    fn coordinator(&self) -> Option<Name> {
        self.world.coordinator()
    }

    fn group_property(&self, group: &str, property: &str) -> Result<Value, StageError> {
        let definition = self
            .definition()
            .group(group)
            .ok_or_else(|| StageError(format!("there is no group \"{group}\"")))?;
        if property.eq_ignore_ascii_case(POLICY) {
            let file = self.policy(Some(group)).unwrap_or_default();
            return Ok(Value::Text(file));
        }
        if property.eq_ignore_ascii_case(PERSISTENT_STATE.name)
            && let Ok(status) = self.world.group(group)
        {
            return Ok(Value::Dword(u32::from(status.persistent_state)));
        }
        definition.properties.get(property).ok_or_else(|| {
            no_property(
                "group",
                property,
                GROUP_PROPERTIES
                    .iter()
                    .map(|known| known.name)
                    .chain([PERSISTENT_STATE.name, POLICY]),
            )
        })
    }

    fn resource_property(
        &self,
        resource: &str,
        property: &str,
    ) -> Result<Option<Value>, StageError> {
        let (_, definition) = self
            .definition()
            .resource(resource)
            .ok_or_else(|| StageError(format!("there is no resource \"{resource}\"")))?;
        if property.eq_ignore_ascii_case(POSSIBLE_OWNERS) {
            let owners = definition.possible_owners.iter();
            return Ok(Some(Value::List(owners.map(ToString::to_string).collect())));
        }
        if property.eq_ignore_ascii_case(PERSISTENT_STATE.name)
            && let Ok(status) = self.world.resource(resource)
        {
            let own = status.persistent_state;
            return Ok(own.map(|wanted| Value::Dword(u32::from(wanted))));
        }
        if let Some(value) = definition.properties.get(property) {
            return Ok(Some(value));
        }
        // Not set: what the type takes it to be.
        let kind = self.plugins.type_info(&definition.kind);
        if let Some(known) = kind.and_then(|kind| kind.property(property)) {
            return Ok(Some(default_of(known)));
        }
        let common = RESOURCE_PROPERTIES.iter().map(|known| known.name);
        let private = kind
            .iter()
            .flat_map(|kind| &kind.properties)
            .map(|known| known.name.as_str());
        Err(no_property(
            &definition.kind,
            property,
            common
                .chain(private)
                .chain([PERSISTENT_STATE.name, POSSIBLE_OWNERS]),
        ))
    }

    fn policy(&self, group: Option<&str>) -> Option<String> {
        let definition = self.definition();
        let policy = match group {
            None => definition.policy.as_ref(),
            Some(group) => definition.group(group)?.policy.as_ref(),
        };
        policy.map(|policy| policy.file.clone())
    }

    fn outage(&self, group: &str) -> Duration {
        self.world
            .outage(group)
            .map(|outage| outage.total)
            .unwrap_or_default()
    }

    fn availability(&self, group: &str) -> f64 {
        self.world.availability(group).unwrap_or_default()
    }

    fn unrepeatable(&self) -> Vec<String> {
        self.world.unrepeatable()
    }

    fn disturbed(&self) -> Vec<Name> {
        self.world.disturbed()
    }

    fn order(&mut self, order: Order) -> Result<OrderHandle, StageError> {
        let given = match order {
            Order::NodeStart(node) => self.world.start(&node).map(|()| None),
            Order::NodeStartWith(node, switches) => {
                self.world.start_with(&node, switches).map(|()| None)
            }
            Order::ServiceStartWith(node, switches) => {
                let started = self.world.start_service_with(&node, switches);
                started.map(|()| None)
            }
            Order::NodeShutdown(node) => match self.world.shutdown(&node) {
                // Its cluster service did not run: the machine is off already.
                Err(WorldError::NobodyToAsk) => Ok(None),
                given => given.map(Some),
            },
            Order::ServiceStop(node) => self.world.admin_at(&node, AdminOp::ServiceStop).map(Some),
            Order::ServiceStart(node) => self.world.start_service(&node).map(|()| None),
            Order::NodePause(node) => self.ask(AdminOp::NodePause { node }),
            Order::NodeResume(node) => self.ask(AdminOp::NodeResume { node }),
            Order::NodeAdd(node, interfaces) => self.world.add_node(&node, interfaces).map(Some),
            Order::NodeEvict(node) => self.ask(AdminOp::NodeEvict { node }),
            Order::NodeForceCleanup(node) => self.world.force_cleanup(&node).map(|()| None),
            Order::GroupOnline(group) => self.ask(AdminOp::GroupOnline { group }),
            Order::GroupOffline(group) => self.ask(AdminOp::GroupOffline { group }),
            Order::GroupMove { group, to } => self.ask(AdminOp::GroupMove { group, to }),
            Order::ResourceOnline(resource) => self.ask(AdminOp::ResourceOnline { resource }),
            Order::ResourceOffline(resource) => self.ask(AdminOp::ResourceOffline { resource }),
            Order::ResourceFail(resource) => self.ask(AdminOp::ResourceFail { resource }),
            Order::GroupSet {
                group,
                property,
                value,
            } => self.ask(AdminOp::SetProperty {
                object: Object::Group(group),
                property,
                value,
            }),
            Order::ResourceSet {
                resource,
                property,
                value,
            } => {
                // A type's plugin knows which properties there are.
                if value.is_some() {
                    self.resource_property(&resource, &property)?;
                }
                self.ask(AdminOp::SetProperty {
                    object: Object::Resource(resource),
                    property,
                    value,
                })
            }
            Order::PolicySet { group, policy } => self.ask(AdminOp::SetPolicy { group, policy }),
            Order::VirtualServerCreate(request) => {
                self.ask(AdminOp::VirtualServerCreate { request })
            }
            Order::ResourceDelete(resource) => self.ask(AdminOp::ResourceDelete { resource }),
            Order::ResourceControl { resource, code } => self.ask(AdminOp::ResourceControl {
                resource,
                code,
                input: Vec::new(),
            }),
        };
        let request = given.map_err(refused)?;
        let handle = self.next;
        self.next += 1;
        self.orders.insert(handle, request);
        Ok(OrderHandle(handle))
    }

    fn answer(&self, order: OrderHandle) -> Option<Answer> {
        match self.orders.get(&order.0)? {
            None => Some(Ok(())),
            Some(request) => match self.world.reply(*request) {
                Reply::Pending => None,
                Reply::Done => Some(Ok(())),
                Reply::Refused(refusal) => Some(Err((refusal.code, refusal.text))),
                lost @ Reply::Lost { .. } => Some(Err((0, lost_text(&lost)))),
            },
        }
    }

    fn inject(&mut self, fault: Fault) -> Result<FaultHandle, StageError> {
        let world = &mut self.world;
        let made = match fault {
            Fault::NodeCrash { node } => world.crash(&node),
            Fault::NodeFreeze { node, lasting } => world.freeze(&node, lasting),
            Fault::ServiceProcessKill { node } => world.stop_service(&node),
            Fault::NicFail { node, network } => world.fail_card(&node, &network),
            Fault::NetworkFail { network } => world.fail_network(&network),
            Fault::NetworkLoss {
                network,
                probability,
            } => world.network_loss(&network, probability),
            Fault::NetworkLatency { network, latency } => world.network_latency(&network, latency),
            Fault::Partition { network, sides } => world.partition(network.as_deref(), &sides),
            Fault::Cut { network, from, to } => world.cut(network.as_deref(), &from, &to),
            Fault::CrashWriting { node, file, kept } => world.crash_writing(&node, &file, kept),
            Fault::Wipe { node } => world.wipe(&node),
            Fault::FileDamage { disk, file, damage } => {
                world.damage_file(&disk, &file, damage_of(damage))
            }
            Fault::DhcpFail { network } => world.fail_dhcp(&network),
            Fault::DiskFail { disk } => world.fail_disk(&disk),
            Fault::DiskSlow { disk, delay } => world.slow_disk(&disk, delay),
            Fault::ServiceCrash { resource } => world.crash_process(&resource),
            Fault::ServiceHang { resource, lasting } => world.hang_process(&resource, lasting),
            Fault::ServiceFailStarts { resource, count } => world.fail_starts(&resource, count),
            Fault::ScriptLost { node, path } => world.lose_script(&node, &path),
            Fault::ServiceSlowStart { resource, delay } => world.slow_start(&resource, delay),
        };
        made.map(|id| FaultHandle(id.0)).map_err(refused)
    }

    fn heal(&mut self, fault: FaultHandle) {
        // The only error is that it is healed already.
        let _ = self.world.heal(quorate_sim::FaultId(fault.0));
    }

    fn heal_all(&mut self) {
        self.world.heal_all();
    }

    fn repair(&mut self, what: Repair) -> Result<(), StageError> {
        match what {
            Repair::NodeThaw(node) => self.world.thaw(&node),
            Repair::Nic { node, network } => self.world.repair_card(&node, &network),
            Repair::Network(network) => self.world.repair_network(&network),
            Repair::Disk(disk) => self.world.repair_disk(&disk),
            Repair::Service(resource) => self.world.repair_process(&resource),
            Repair::Partitions => {
                self.world.heal_partitions();
                Ok(())
            }
        }
        .map_err(refused)
    }

    fn disk_file(&mut self, disk: &str, file: &str, text: Option<&str>) -> Result<(), StageError> {
        self.world.disk_file(disk, file, text).map_err(refused)
    }

    fn clients(&mut self, group: &str, calls: &ClientCalls) -> Result<usize, StageError> {
        let calls = quorate_sim::ClientCalls {
            users: calls.users,
            every: calls.every,
            port: calls.port,
            protocol: calls.protocol.clone(),
        };
        self.world.clients(group, calls).map_err(refused)
    }

    fn client_report(&self, number: usize) -> Option<(Name, ClientCalls, ClientReport)> {
        let found = self.world.client_status().into_iter().nth(number)?;
        let calls = ClientCalls {
            users: found.users,
            every: found.every,
            port: found.port,
            protocol: found.protocol,
        };
        let report = ClientReport {
            requests: found.requests,
            failures: found.failures,
            longest_outage: found.longest_outage,
            longest_response: found.longest_response,
        };
        Some((found.group, calls, report))
    }

    fn install_node(&mut self, name: &str) -> Result<(), StageError> {
        self.world.install(name).map_err(refused)
    }

    fn set_load(&mut self, group: &str, users: u32, cpu_percent: u32) -> Result<(), StageError> {
        let load = Load { users, cpu_percent };
        self.world.set_load(group, load).map_err(refused)
    }

    fn mark_step(&mut self, title: &str) {
        self.world.mark_step(title);
    }

    fn mark_end(&mut self) {
        self.world.mark_end();
    }

    fn mark_note(&mut self, text: &str) {
        self.world.mark_note(text);
    }

    fn lines(&self, from: usize) -> Vec<Line> {
        self.world
            .events()
            .iter()
            .skip(from)
            .map(|entry| entry.fields().clone())
            .collect()
    }

    fn write_journal(&self, mut out: &mut dyn io::Write) -> io::Result<()> {
        self.world.write_journal(&mut out)
    }

    fn breaches(&self) -> Vec<Breach> {
        self.world
            .breaches()
            .iter()
            .map(|breach| Breach {
                time: breach.at,
                invariant: breach.invariant.to_owned(),
                text: breach.text.clone(),
                event: breach.cause.clone(),
            })
            .collect()
    }

    fn plugins(&self) -> Vec<PluginReport> {
        let nodes = self.world.plugin_status();
        let of = |name: &str| {
            let name = name.to_owned();
            nodes.iter().flat_map(move |(node, all)| {
                let name = name.clone();
                let mine = all.iter().filter(move |it| it.plugin == name);
                mine.map(move |it| (node, it))
            })
        };
        self.plugins
            .libraries()
            .map(|library| {
                let name = library.name.as_str();
                PluginReport {
                    name: name.to_owned(),
                    version: library.version.clone(),
                    path: library.path.clone(),
                    reloads: self.reloads.get(name).copied().unwrap_or_default(),
                    outdated: of(name)
                        .flat_map(|(node, it)| {
                            it.outdated.iter().map(|of| (node.clone(), of.clone()))
                        })
                        .collect(),
                    apart: of(name)
                        .flat_map(|(node, it)| {
                            let each = it.apart.iter();
                            each.map(|(of, id)| (node.clone(), of.clone(), *id))
                        })
                        .collect(),
                    quarantined: of(name)
                        .filter(|(_, it)| it.quarantined)
                        .map(|(node, _)| node.clone())
                        .collect(),
                    last_deaths: of(name)
                        .filter_map(|(node, it)| Some((node.clone(), it.last_death.clone()?)))
                        .collect(),
                }
            })
            .collect()
    }

    fn reload_plugins(&mut self, name: Option<&str>) -> Result<Vec<Reloaded>, StageError> {
        let (set, reloaded) = self
            .plugins
            .reload(name)
            .map_err(|error| StageError(error.to_string()))?;
        if !reloaded.is_empty() {
            self.plugins = Arc::new(set);
            self.world.replace_plugins(&self.plugins);
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
            .map_err(|error| StageError(error.to_string()))?;
        Ok(self.world.release_plugin(name))
    }
}

fn refused(error: WorldError) -> StageError {
    StageError(error.to_string())
}

fn lost_text(reply: &Reply) -> String {
    match reply {
        Reply::Lost { node } => WorldError::Lost { node: node.clone() }.to_string(),
        _ => String::new(),
    }
}

fn no_property<'a>(of: &str, property: &str, known: impl Iterator<Item = &'a str>) -> StageError {
    let hint = suggestion(property, known)
        .map(|hint| format!(": {hint}"))
        .unwrap_or_default();
    StageError(format!("{of} has no property \"{property}\"{hint}"))
}

/// Refuses private properties that a resource's type does not have. The cluster file's own checks know the shipped types
/// only; what a third party's type has, its plugin says.
fn check_private(definition: &ClusterDefinition, plugins: &PluginSet) -> Result<(), StageError> {
    let resources = definition.groups.iter().flat_map(|group| &group.resources);
    for resource in resources {
        let Some(kind) = plugins.type_info(&resource.kind) else {
            continue;
        };
        for name in resource.properties.private.keys() {
            if kind.property(name).is_none() {
                let known = kind.properties.iter().map(|known| known.name.as_str());
                let common = RESOURCE_PROPERTIES.iter().map(|known| known.name);
                let of = format!("\"{}\" ({})", resource.name, resource.kind);
                return Err(no_property(&of, name, known.chain(common)));
            }
        }
    }
    Ok(())
}

/// The default of a private property, which plugins state as text.
fn default_of(property: &quorate_host::PropertyInfo) -> Value {
    use quorate_host::PropertyKind;
    match property.kind {
        PropertyKind::Dword | PropertyKind::Bool => {
            Value::Dword(property.default.parse().unwrap_or_default())
        }
        PropertyKind::Text => Value::Text(property.default.clone()),
        PropertyKind::List => Value::List(property.default.lines().map(str::to_owned).collect()),
    }
}

fn damage_of(damage: Damage) -> quorate_sim::Damage {
    match damage {
        Damage::FlippedBit { byte } => quorate_sim::Damage::FlippedBit { byte },
        Damage::LostTail { bytes } => quorate_sim::Damage::LostTail { bytes },
        Damage::Lost => quorate_sim::Damage::Lost,
    }
}

/// What the reader of cluster files found, with the lines it is about.
pub fn findings_of(diagnostics: &Diagnostics, source: &str) -> Vec<Finding> {
    diagnostics
        .iter()
        .map(|found| {
            let text = match found.line {
                0 => String::new(),
                line => source.lines().nth(line - 1).unwrap_or_default().to_owned(),
            };
            let mut message = found.message.clone();
            match (&found.found, &found.expected) {
                (Some(found), Some(expected)) => {
                    message.push_str(&format!(" (found {found}, expected {expected})"));
                }
                (Some(found), None) => message.push_str(&format!(" (found {found})")),
                (None, Some(expected)) => message.push_str(&format!(" (expected {expected})")),
                (None, None) => {}
            }
            Finding {
                place: Place {
                    file: found.file.clone(),
                    line: found.line,
                    column: found.column,
                    length: found.length.max(1),
                    text,
                },
                rule: found.rule.to_owned(),
                severity: found.severity,
                message,
                help: found.help.clone(),
            }
        })
        .collect()
}
