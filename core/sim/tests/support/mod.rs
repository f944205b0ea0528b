//! A resource monitor that needs no plugins. It does what the shipped types do in the simplest way, so that the world
//! can be tested without them.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::time::Duration;

use quorate_host::{Caller, ServiceState, Services};
use quorate_machine::{Monitors, ResourceMonitor, Resources};
use quorate_model::monitor::{MonitorCommand, MonitorEvent, ResourceSpec};
use quorate_model::{ClusterDefinition, GroupState, Name, Reason, ResourceState, Time, Value};
use quorate_sim::{World, WorldOptions};

const WORK: Duration = Duration::from_millis(500);
const HEALTH: Duration = Duration::from_secs(5);
const CHALLENGE: Duration = Duration::from_secs(7);
/// How long a disk must have been held before its reservation is broken: its owner may just have taken it again after
/// another challenger's bus reset.
const PATIENCE: Duration = Duration::from_secs(1);
const LOOK: Duration = Duration::from_millis(250);
/// The longest delay of a look at the disk. A later look says nothing about the time before it.
const LATE: Duration = Duration::from_millis(250);
/// The error of a disk that another machine has reserved.
const BUSY: u32 = 170;
const DEFENCE: Duration = Duration::from_secs(3);

struct Instance {
    spec: ResourceSpec,
    state: ResourceState,
    /// When the pending operation or the next health check is due.
    due: Option<Time>,
    /// When a challenge ends.
    challenge: Option<Time>,
    /// When a challenger next checks whether anybody defends the disk.
    look: Option<Time>,
    /// The disk was held: the challenger breaks the reservation if it is still held at this time.
    patience: Option<Time>,
    /// The challenger has seen a defender.
    defended: bool,
    /// When the reservation is renewed.
    defence: Option<Time>,
}

/// The monitor.
#[derive(Default)]
pub(crate) struct PlainMonitor {
    instances: BTreeMap<Name, Instance>,
    events: VecDeque<MonitorEvent>,
}

/// Makes plain monitors.
pub(crate) struct PlainMonitors;

impl Monitors for PlainMonitors {
    fn boot(&self) -> Box<dyn ResourceMonitor> {
        Box::new(PlainMonitor::default())
    }
}

fn caller(spec: &ResourceSpec) -> Caller<'_> {
    Caller {
        resource: &spec.name,
        kind: &spec.kind,
        group: &spec.group,
    }
}

fn text(spec: &ResourceSpec, property: &str) -> Option<String> {
    match spec.properties.private.get(property) {
        Some(Value::Text(text)) => Some(text.clone()),
        _ => None,
    }
}

fn service(kind: &str) -> Option<&'static str> {
    match kind {
        "Physical Disk" | "IP Address" | "Network Name" | "Majority Node Set" => None,
        "Microsoft Exchange System Attendant" => Some("MSExchangeSA"),
        "Microsoft Exchange Information Store" => Some("MSExchangeIS"),
        "Microsoft Exchange SMTP Server Instance" => Some("SMTPSVC"),
        _ => Some("service"),
    }
}

impl PlainMonitor {
    fn enter(&mut self, resource: &Name, state: ResourceState, reason: Option<Reason>) {
        if let Some(instance) = self.instances.get_mut(resource) {
            instance.state = state;
        }
        let resource = resource.clone();
        self.events.push_back(MonitorEvent::State {
            resource,
            state,
            reason,
        });
    }

    /// The address of the resource's group.
    fn address(&self, spec: &ResourceSpec) -> String {
        let mine = self
            .instances
            .values()
            .find(|other| other.spec.group == spec.group && other.spec.kind == *"IP Address");
        mine.and_then(|other| text(&other.spec, "Address"))
            .unwrap_or_default()
    }

    fn online(&mut self, services: &mut dyn Services, resource: &Name) {
        let Some(instance) = self.instances.get(resource) else {
            return;
        };
        let spec = instance.spec.clone();
        if matches!(
            instance.state,
            ResourceState::Online | ResourceState::OnlinePending
        ) {
            return self.enter(resource, instance.state, None);
        }
        let disk = text(&spec, "Disk").unwrap_or_else(|| spec.name.to_string());
        let done = match &*spec.kind {
            "Physical Disk" => services
                .disk_reserve(caller(&spec), &disk)
                .or_else(|_| {
                    services.disk_break_reservation(caller(&spec), &disk)?;
                    services.disk_reserve(caller(&spec), &disk)
                })
                .and_then(|()| services.disk_mount(caller(&spec), &disk)),
            "IP Address" => services.address_add(
                caller(&spec),
                &text(&spec, "Network").unwrap_or_default(),
                &text(&spec, "Address").unwrap_or_default(),
            ),
            "Network Name" => services.name_register(
                caller(&spec),
                &text(&spec, "Name").unwrap_or_default(),
                &self.address(&spec),
            ),
            kind => match service(kind) {
                None => Ok(()),
                Some(service) => {
                    self.enter(resource, ResourceState::OnlinePending, None);
                    let started = services.service_start(caller(&spec), service, 0);
                    if started.is_ok() {
                        if let Some(instance) = self.instances.get_mut(resource) {
                            instance.due = Some(services.now() + WORK);
                        }
                        return;
                    }
                    started
                }
            },
        };
        match done {
            Ok(()) => {
                self.enter(resource, ResourceState::Online, None);
                if let Some(instance) = self.instances.get_mut(resource) {
                    instance.due = Some(services.now() + HEALTH);
                }
            }
            Err(error) => {
                self.down(services, resource);
                let reason = Reason::new(error.code, error.text);
                self.enter(resource, ResourceState::Failed, Some(reason));
            }
        }
    }

    /// Takes a resource out of service at once.
    fn down(&mut self, services: &mut dyn Services, resource: &Name) {
        let Some(instance) = self.instances.get_mut(resource) else {
            return;
        };
        instance.due = None;
        let spec = instance.spec.clone();
        let defended = instance.defence.is_some();
        let disk = text(&spec, "Disk").unwrap_or_else(|| spec.name.to_string());
        let _ = match &*spec.kind {
            "Physical Disk" => {
                let _ = services.disk_unmount(caller(&spec), &disk, true);
                if defended {
                    Ok(())
                } else {
                    services.disk_release(caller(&spec), &disk)
                }
            }
            "IP Address" => services.address_remove(
                caller(&spec),
                &text(&spec, "Network").unwrap_or_default(),
                &text(&spec, "Address").unwrap_or_default(),
            ),
            "Network Name" => {
                services.name_unregister(caller(&spec), &text(&spec, "Name").unwrap_or_default())
            }
            kind => service(kind).map_or(Ok(()), |service| {
                services.service_kill(caller(&spec), service)
            }),
        };
    }

    fn offline(&mut self, services: &mut dyn Services, resource: &Name) {
        let Some(instance) = self.instances.get_mut(resource) else {
            return;
        };
        let spec = instance.spec.clone();
        if instance.state == ResourceState::Online
            && let Some(service) = service(&spec.kind)
        {
            instance.due = Some(services.now() + WORK);
            let _ = services.service_stop(caller(&spec), service);
            return self.enter(resource, ResourceState::OfflinePending, None);
        }
        self.down(services, resource);
        self.enter(resource, ResourceState::Offline, None);
    }

    /// The pending operation or health check of a resource is due.
    fn due(&mut self, services: &mut dyn Services, resource: &Name) {
        let address = match self.instances.get(resource) {
            Some(instance) => self.address(&instance.spec),
            None => return,
        };
        let Some(instance) = self.instances.get_mut(resource) else {
            return;
        };
        instance.due = None;
        let spec = instance.spec.clone();
        let name = service(&spec.kind);
        let state = match name {
            Some(name) => services.service_state(caller(&spec), name),
            None => Ok(ServiceState::Running),
        };
        let state = state.unwrap_or(ServiceState::Stopped);
        match (instance.state, state) {
            (ResourceState::OnlinePending, ServiceState::StartPending)
            | (ResourceState::OfflinePending, ServiceState::StopPending) => {
                instance.due = Some(services.now() + WORK);
            }
            (ResourceState::OnlinePending, ServiceState::Running) => {
                instance.due = Some(services.now() + HEALTH);
                if spec.kind == *"Microsoft Exchange SMTP Server Instance" {
                    let name = name.unwrap_or_default();
                    let listening =
                        services.service_listen(caller(&spec), name, &address, 25, "smtp", true);
                    // The address may have been lost together with its card.
                    if let Err(error) = listening {
                        self.down(services, resource);
                        let reason = Reason::new(error.code, error.text);
                        return self.enter(resource, ResourceState::Failed, Some(reason));
                    }
                }
                self.enter(resource, ResourceState::Online, None);
            }
            (ResourceState::OfflinePending, _) => {
                self.down(services, resource);
                self.enter(resource, ResourceState::Offline, None);
            }
            (ResourceState::Online, _) => {
                let alive = match (name, &*spec.kind) {
                    (Some(name), _) => services.probe_service(caller(&spec), name),
                    (None, "IP Address") => services.address_works(
                        caller(&spec),
                        &text(&spec, "Network").unwrap_or_default(),
                        &address,
                    ),
                    (None, "Physical Disk") => {
                        let disk = text(&spec, "Disk").unwrap_or_else(|| spec.name.to_string());
                        // A challenger may have broken the reservation a moment ago.
                        services
                            .disk_reserve(caller(&spec), &disk)
                            .and_then(|()| services.disk_list(caller(&spec), &disk))
                            .map(drop)
                    }
                    _ => Ok(()),
                };
                match alive {
                    Ok(()) => instance.due = Some(services.now() + HEALTH),
                    Err(error) => {
                        self.down(services, resource);
                        let reason = Reason::new(error.code, error.text);
                        self.enter(resource, ResourceState::Failed, Some(reason));
                    }
                }
            }
            (ResourceState::OnlinePending, _) => {
                self.down(services, resource);
                let reason = Reason::new(1062, "the service did not start");
                self.enter(resource, ResourceState::Failed, Some(reason));
            }
            _ => {}
        }
    }

    /// Begins a challenge for the quorum disk, or begins it again.
    fn challenge(&mut self, services: &mut dyn Services, resource: &Name) {
        let Some(instance) = self.instances.get_mut(resource) else {
            return;
        };
        let spec = instance.spec.clone();
        let disk = text(&spec, "Disk").unwrap_or_else(|| spec.name.to_string());
        let now = services.now();
        (instance.challenge, instance.look) = (None, None);
        instance.defended = false;
        let patient = instance.patience.take();
        let held = services
            .disk_list(caller(&spec), &disk)
            .is_err_and(|error| error.code == BUSY);
        match patient {
            // This is the first look, or the second one came too late.
            None if held => {
                instance.patience = Some(now + PATIENCE);
                return;
            }
            Some(due) if now > due + LATE => {
                instance.patience = held.then_some(now + PATIENCE);
                if held {
                    return;
                }
            }
            _ => {}
        }
        // A free disk has no reservation to break.
        let broken = match held {
            true => services.disk_break_reservation(caller(&spec), &disk),
            false => Ok(()),
        };
        match broken {
            Ok(()) => {
                instance.challenge = Some(now + CHALLENGE);
                instance.look = Some(now + LOOK);
            }
            Err(error) => {
                let resource = resource.clone();
                let result = Err(Reason::new(error.code, error.text));
                self.events
                    .push_back(MonitorEvent::Arbitrated { resource, result });
            }
        }
    }

    fn guard(&mut self, services: &mut dyn Services, resource: &Name) {
        let now = services.now();
        let Some(instance) = self.instances.get_mut(resource) else {
            return;
        };
        let spec = instance.spec.clone();
        let disk = text(&spec, "Disk").unwrap_or_else(|| spec.name.to_string());
        if instance.patience.is_some() {
            if instance.patience.is_some_and(|at| at <= now) {
                self.challenge(services, resource);
            }
            return;
        }
        if instance.challenge.is_some() {
            if instance.look.is_some_and(|look| now > look + LATE) {
                return self.challenge(services, resource);
            }
            // Several nodes may challenge at once. A node that only looks at the end may come just after another
            // one's bus reset, and take the disk from a living defender.
            let read = services.disk_list(caller(&spec), &disk);
            instance.defended |= read.is_err_and(|error| error.code == BUSY);
            instance.look = Some(now + LOOK);
            if instance.challenge.is_some_and(|at| at > now) {
                return;
            }
            (instance.challenge, instance.look) = (None, None);
            if std::mem::take(&mut instance.defended) {
                let resource = resource.clone();
                let result = Err(Reason::new(BUSY, format!("{disk} is defended")));
                return self
                    .events
                    .push_back(MonitorEvent::Arbitrated { resource, result });
            }
        }
        let challenged = instance.defence.is_none();
        let reserved = services.disk_reserve(caller(&spec), &disk);
        let reserved = reserved.map_err(|error| Reason::new(error.code, error.text));
        if challenged {
            if reserved.is_ok() {
                instance.defence = Some(now + DEFENCE);
            }
            let resource = resource.clone();
            self.events.push_back(MonitorEvent::Arbitrated {
                resource,
                result: reserved,
            });
        } else if instance.defence.take_if(|at| *at <= now).is_some() {
            match reserved {
                Ok(()) => instance.defence = Some(now + DEFENCE),
                Err(reason) => {
                    let resource = resource.clone();
                    self.events
                        .push_back(MonitorEvent::QuorumLost { resource, reason });
                }
            }
        }
    }
}

impl ResourceMonitor for PlainMonitor {
    fn command(&mut self, services: &mut dyn Services, command: MonitorCommand) {
        let Some(resource) = command.resource().cloned() else {
            // It has no plugins, and so no types to name.
            return;
        };
        match command {
            MonitorCommand::Open(spec) | MonitorCommand::Update(spec) => {
                match self.instances.get_mut(&resource) {
                    Some(instance) => instance.spec = spec,
                    None => {
                        let instance = Instance {
                            spec,
                            state: ResourceState::Offline,
                            due: None,
                            challenge: None,
                            look: None,
                            patience: None,
                            defended: false,
                            defence: None,
                        };
                        self.instances.insert(resource, instance);
                    }
                }
            }
            MonitorCommand::Restore { .. } => {}
            MonitorCommand::Close { .. } => {
                self.down(services, &resource);
                self.instances.remove(&resource);
            }
            MonitorCommand::Online { .. } => self.online(services, &resource),
            MonitorCommand::Offline { .. } => self.offline(services, &resource),
            MonitorCommand::Terminate { .. } => {
                self.down(services, &resource);
                self.enter(&resource, ResourceState::Offline, None);
            }
            MonitorCommand::Fail { .. } => {
                self.down(services, &resource);
                let reason = Reason::new(5038, "failed by the administrator");
                self.enter(&resource, ResourceState::Failed, Some(reason));
            }
            MonitorCommand::Arbitrate { .. } => {
                let Some(instance) = self.instances.get_mut(&resource) else {
                    return;
                };
                if instance.defence.is_some() {
                    self.events.push_back(MonitorEvent::Arbitrated {
                        resource,
                        result: Ok(()),
                    });
                    return;
                }
                self.challenge(services, &resource);
            }
            MonitorCommand::Release { .. } => {
                let Some(instance) = self.instances.get_mut(&resource) else {
                    return;
                };
                (instance.challenge, instance.look) = (None, None);
                (instance.patience, instance.defence) = (None, None);
                let spec = instance.spec.clone();
                let disk = text(&spec, "Disk").unwrap_or_else(|| spec.name.to_string());
                let _ = services.disk_release(caller(&spec), &disk);
            }
            MonitorCommand::Control { request, .. } => {
                let result = Err(Reason::new(1, "no control codes here"));
                self.events
                    .push_back(MonitorEvent::Controlled { request, result });
            }
        }
    }

    fn wake(&mut self, services: &mut dyn Services) {
        let now = services.now();
        let due = |at: Option<Time>| at.is_some_and(|at| at <= now);
        let names: Vec<Name> = self.instances.keys().cloned().collect();
        for name in names {
            let Some(instance) = self.instances.get(&name) else {
                continue;
            };
            if due(instance.challenge)
                || due(instance.look)
                || due(instance.patience)
                || due(instance.defence)
            {
                self.guard(services, &name);
            }
            if self
                .instances
                .get(&name)
                .is_some_and(|instance| due(instance.due))
            {
                self.due(services, &name);
            }
        }
    }

    fn next_wakeup(&self) -> Option<Time> {
        self.instances
            .values()
            .flat_map(|instance| {
                [
                    instance.due,
                    instance.challenge,
                    instance.look,
                    instance.patience,
                    instance.defence,
                ]
            })
            .flatten()
            .min()
    }

    fn poll_event(&mut self) -> Option<MonitorEvent> {
        self.events.pop_front()
    }

    fn resources(&self) -> Resources<'_> {
        let instances = self.instances.values();
        Box::new(instances.map(|it| (&it.spec.name, &it.spec.kind, it.state)))
    }

    fn terminate_all(&mut self, services: &mut dyn Services) -> bool {
        let names: Vec<Name> = self.instances.keys().cloned().collect();
        for name in names {
            if let Some(instance) = self.instances.get_mut(&name) {
                (instance.challenge, instance.look) = (None, None);
                (instance.patience, instance.defence) = (None, None);
            }
            self.down(services, &name);
            self.enter(&name, ResourceState::Offline, None);
        }
        true
    }

    fn power_off(self: Box<Self>) {}
}

/// A shipped cluster.
pub(crate) fn cluster(name: &str) -> ClusterDefinition {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/clusters");
    let loaded = quorate_model::load(&folder.join(name));
    loaded
        .unwrap_or_else(|errors| panic!("{name}: {errors:?}"))
        .definition
}

/// A shipped cluster in a world where every machine is switched off.
pub(crate) fn installed(name: &str, seed: u64) -> World {
    let options = WorldOptions::with_seed(seed);
    World::with_monitors(cluster(name), Box::new(PlainMonitors), options)
}

/// A shipped cluster in a world where every machine is on and the cluster has settled.
pub(crate) fn settled(name: &str, seed: u64) -> World {
    let mut world = installed(name, seed);
    world.start_all();
    world.settle(Duration::from_secs(600));
    world
}

/// The journal as text, for a failing test.
pub(crate) fn journal(world: &World) -> String {
    let mut bytes = Vec::new();
    world
        .write_journal(&mut bytes)
        .expect("a vector takes everything");
    String::from_utf8(bytes).expect("JSON is UTF-8")
}

/// The owner of a group by the cluster's database; empty if nobody knows it.
pub(crate) fn owner(world: &World, group: &str) -> String {
    world
        .group(group)
        .unwrap()
        .owner
        .map(|owner| owner.to_string())
        .unwrap_or_default()
}

/// Asserts that every group is in full service.
pub(crate) fn all_online(world: &World) {
    for group in world.groups() {
        let state = world.group(&group).unwrap().state;
        assert_eq!(state, GroupState::Online, "{group}\n{}", journal(world));
    }
}

/// Asserts that no invariant was broken.
pub(crate) fn sound(world: &World) {
    assert!(
        world.breaches().is_empty(),
        "{:#?}\n{}",
        world.breaches(),
        journal(world)
    );
}
