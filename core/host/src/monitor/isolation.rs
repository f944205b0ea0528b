//! Resources that run in a process beside this one: which process each has, and what happens when one dies.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use quorate_abi as abi;
use quorate_model::events::EVENT_MONITOR_DIED;
use quorate_model::monitor::{MonitorCommand, MonitorEvent, ResourceSpec};
use quorate_model::{Lasting, Name, Reason, ResourceState, Time};

use super::Monitor;
use super::claims::{Claims, Noting};
use super::home::Home;
use super::instance::{Instance, Operation, Place, explained, not_open};
use crate::plugins::Image;
use crate::process::{CallContext, Death, MonitorProcess};
use crate::table::{Call, Returned, TypeCall};
use crate::{PluginSet, Services};

/// What is known of processes that died, and of what resources in processes hold.
#[derive(Debug, Default)]
pub(super) struct Supervision {
    /// The number of the next process.
    next: u64,
    /// Deaths that [`Monitor::reap`] has not dealt with yet.
    fallen: VecDeque<Fallen>,
    /// When processes of each library died. Only deaths within [`crash_period`](crate::Isolation::crash_period) are
    /// kept.
    deaths: BTreeMap<String, VecDeque<Time>>,
    /// The libraries that died too often.
    quarantined: BTreeSet<String>,
    /// How the last process of each library died, with the real time that the call took.
    last: BTreeMap<String, String>,
    /// What each resource in a process apart has taken in the world.
    pub(super) held: BTreeMap<Name, Claims>,
}

/// A process that died.
#[derive(Debug)]
struct Fallen {
    process: u64,
    plugin: String,
    /// The resource on whose behalf the process was called.
    resource: Name,
    call: &'static str,
    /// How it died. This text is the same in every run.
    text: String,
    /// What the resources in it had taken. They may be closed by the time it is given back.
    held: BTreeMap<Name, (ResourceSpec, Claims)>,
}

/// The state of one library in a resource monitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginStatus {
    /// The library's name.
    pub plugin: String,
    /// Its resources that still run an image from before the library was reloaded.
    pub outdated: Vec<Name>,
    /// Its resources that run in a process beside the host, with the process's id.
    pub apart: Vec<(Name, u32)>,
    /// Whether it is quarantined.
    pub quarantined: bool,
    /// How the last of its processes died, with the real time that the call took.
    pub last_death: Option<String>,
}

impl Monitor {
    /// Uses other plugins from now on. Nothing is stopped: an instance keeps its image until its resource is next
    /// offline. A library that has a new image is no longer quarantined.
    pub fn replace_plugins(&mut self, plugins: Arc<PluginSet>) {
        let before = Arc::clone(self.directory.plugins());
        for image in plugins.images() {
            let same = before.images().any(|other| other.id == image.id);
            if !same {
                self.release_plugin(&image.info.name);
            }
        }
        self.directory.replace_plugins(plugins);
    }

    /// Ends the quarantine of the library `plugin`. Returns whether it was quarantined.
    pub fn release_plugin(&mut self, plugin: &str) -> bool {
        self.supervision.deaths.remove(plugin);
        self.supervision.quarantined.remove(plugin)
    }

    /// The state of each library, in the order of the set.
    pub fn plugin_status(&self) -> Vec<PluginStatus> {
        let mut found = Vec::new();
        for image in self.directory.plugins().images() {
            let name = &image.info.name;
            let (mut outdated, mut apart) = (Vec::new(), Vec::new());
            for (resource, instance) in &self.instances {
                let Some(record) = self.directory.get(resource) else {
                    continue;
                };
                let library = self.directory.plugins().library_of(&record.spec.kind);
                if library.is_none_or(|library| library.name != *name) {
                    continue;
                }
                if instance.image != image.id && !record.state.is_down() {
                    outdated.push(resource.clone());
                }
                if let Place::Apart { process, .. } = &instance.place
                    && let Some(process) = self.processes.get(process)
                {
                    apart.push((resource.clone(), process.id()));
                }
            }
            found.push(PluginStatus {
                plugin: name.clone(),
                outdated,
                apart,
                quarantined: self.supervision.quarantined.contains(name),
                last_death: self.supervision.last.get(name).cloned(),
            });
        }
        found
    }

    /// The number of the process for an instance of `image`, or for a call of one of its types. The process is started
    /// if it does not run. `name` is the resource or type on whose behalf this is.
    pub(super) fn process_for(
        &mut self,
        name: &Name,
        image: &Image,
        home: Home,
    ) -> Result<u64, Reason> {
        let plugin = &image.info.name;
        if self.supervision.quarantined.contains(plugin) {
            return Err(quarantined(plugin));
        }
        let there = self
            .processes
            .iter()
            .find(|(_, it)| home == Home::Library && it.is_shared() && it.image() == image.id)
            .map(|(id, _)| *id);
        match there {
            Some(id) => Ok(id),
            None => {
                let settings = self.directory.plugins().isolation();
                let id = self.supervision.next;
                self.supervision.next += 1;
                match MonitorProcess::start(
                    settings,
                    &image.info,
                    image.file.as_deref().map(|file| &**file),
                    image.id,
                    home == Home::Library,
                ) {
                    Ok(process) => self.processes.insert(id, process),
                    Err(error) => {
                        let reason = Reason::new(abi::ERROR_NOT_READY, error.to_string());
                        if let Some(death) = error.into_death() {
                            self.fell(id, plugin.clone(), name, *death);
                        }
                        return Err(reason);
                    }
                };
                Ok(id)
            }
        }
    }

    /// Calls the entry of a type as a whole in a process beside this one.
    pub(super) fn type_call_apart(
        &mut self,
        id: u64,
        whom: &Name,
        call: TypeCall,
    ) -> Result<Returned, Reason> {
        let Some(process) = self.processes.get_mut(&id) else {
            return Err(not_open(whom));
        };
        process.type_call(call).map_err(|death| {
            self.died(id, whom, death);
            self.why_gone(whom)
        })
    }

    /// Opens an instance in a process beside this one. The process is started if it does not run.
    pub(super) fn open_apart(
        &mut self,
        services: &mut dyn Services,
        name: &Name,
        image: &Image,
        home: Home,
    ) -> Result<Instance, Reason> {
        let id = self.process_for(name, image, home)?;
        let (Some(record), Some(process)) = (self.directory.get(name), self.processes.get_mut(&id))
        else {
            return Err(not_open(name));
        };
        // A program that says its type can arbitrate has the entry, as a library's table must.
        let mut types = image.info.types.iter();
        let capable =
            image.info.program && types.any(|it| it.name == *record.spec.kind && it.quorum_capable);
        let mut services = Noting {
            services,
            held: self.supervision.held.entry(name.clone()).or_default(),
        };
        let mut context = CallContext {
            services: &mut services,
            known: &self.directory,
            spec: &record.spec,
        };
        let opened = process.open(&mut context);
        self.note_checkpoints();
        match opened {
            Err(death) => {
                self.died(id, name, death);
                Err(self.why_gone(name))
            }
            Ok(opened) => {
                let complaint = opened.traces.complaint();
                self.write_log(name, opened.traces.log);
                if opened.code != abi::ERROR_SUCCESS {
                    self.end_if_idle(id);
                    let refused = opened.traces.refused;
                    return Err(explained("Open", opened.code, complaint, refused));
                }
                let place = Place::Apart {
                    process: id,
                    number: opened.number,
                };
                let mut abilities = opened.abilities;
                abilities.arbitrate |= capable;
                Ok(Instance::new(place, abilities, &image.info, image.id))
            }
        }
    }

    /// Calls Close and forgets the instance. If it was the last one in its process, the process is ended.
    pub(super) fn close_instance(&mut self, services: &mut dyn Services, name: &Name) {
        self.call(services, name, Call::Close);
        if let Some(Place::Apart { process, .. }) = self.forget(name).map(|it| it.place) {
            // What a type has not given back by now it leaves on purpose, and nobody else gives it back.
            self.supervision.held.remove(name);
            self.end_if_idle(process);
        }
    }

    /// Removes the instance from the instances and the timers.
    fn forget(&mut self, name: &Name) -> Option<Instance> {
        let instance = self.instances.remove(name)?;
        if let Some(armed) = instance.armed {
            self.timers.remove(&(armed, name.clone()));
        }
        Some(instance)
    }

    pub(super) fn end_if_idle(&mut self, id: u64) {
        let used = self.instances.values().any(|it| it.lives_in(id));
        if !used {
            self.processes.remove(&id);
        }
    }

    /// Notes that a process died during a call on behalf of `name`. [`reap`](Self::reap) does the rest later.
    pub(super) fn died(&mut self, id: u64, name: &Name, death: Death) {
        if let Some(process) = self.processes.remove(&id) {
            self.fell(id, process.plugin().to_owned(), name, death);
        }
    }

    fn fell(&mut self, id: u64, plugin: String, name: &Name, death: Death) {
        self.write_log(name, death.log);
        let text = format!("{} in {} of `{name}`", death.how, death.call);
        let names = self.instances.iter().filter(|(_, it)| it.lives_in(id));
        // What these resources hold is moved out now: what their next instances take belongs to another process.
        let held = names
            .map(|(name, _)| name)
            .chain([name])
            .filter_map(|name| {
                let (name, held) = self.supervision.held.remove_entry(name)?;
                let spec = self.directory.get(&name)?.spec.clone();
                Some((name, (spec, held)))
            })
            .collect();
        let took = format!(
            "{text}, after {}",
            Lasting(death.took).to(Duration::from_millis(1))
        );
        self.supervision.last.insert(plugin.clone(), took);
        self.supervision.fallen.push_back(Fallen {
            process: id,
            plugin,
            resource: name.clone(),
            call: death.call,
            text,
            held,
        });
    }

    /// Why a call on behalf of `name` got no answer.
    pub(super) fn why_gone(&self, name: &Name) -> Reason {
        let fallen = self.supervision.fallen.iter().rev();
        match fallen.clone().find(|fallen| fallen.resource == *name) {
            Some(fallen) => terminated(&fallen.text),
            None => not_open(name),
        }
    }

    /// Deals with the processes that died. Their resources have failed. Unless the library is quarantined now, a
    /// replacement is started, and in it every resource that was in use is terminated. In any case everything is given
    /// back that the dead process had taken through its host.
    pub(super) fn reap(&mut self, services: &mut dyn Services) {
        while let Some(mut fallen) = self.supervision.fallen.pop_front() {
            let quarantined = self.count(&fallen.plugin, services.now());
            let names: Vec<Name> = self
                .instances
                .iter()
                .filter(|(_, it)| it.lives_in(fallen.process))
                .map(|(name, _)| name.clone())
                .collect();
            // The process may have been about to end, and the resource may already have an instance in another one.
            let replaced = !names.is_empty() || self.instances.contains_key(&fallen.resource);
            self.tell(&fallen, quarantined, replaced);
            // A resource whose process died in `open` has no instance yet, but may have taken something.
            let mut dirty = BTreeSet::from([fallen.resource.clone()]);
            for name in &names {
                if self.lose(&fallen, name) {
                    dirty.insert(name.clone());
                }
            }
            for name in names.iter().filter(|_| !quarantined) {
                match self.make_instance(services, name) {
                    Ok(()) if dirty.contains(name) => {
                        self.call(services, name, Call::Terminate);
                    }
                    Ok(()) => {}
                    Err(reason) => self.enter_state(name, ResourceState::Failed, Some(reason)),
                }
                self.rearm(name);
            }
            for name in &dirty {
                if let Some((spec, held)) = fallen.held.remove(name) {
                    self.give_back(services, &spec, held);
                }
            }
        }
    }

    /// Gives back what a resource had taken whose process died. What another resource or its own next instance has
    /// taken as well is left alone.
    pub(super) fn give_back(
        &mut self,
        services: &mut dyn Services,
        spec: &ResourceSpec,
        mut held: Claims,
    ) {
        self.supervision
            .held
            .values()
            .for_each(|taken| held.leave(taken));
        let lines = held.give_back(services, spec);
        self.write_log(&spec.name, lines);
    }

    /// Counts a death. Returns whether the library is quarantined now.
    fn count(&mut self, plugin: &str, now: Time) -> bool {
        let settings = self.directory.plugins().isolation();
        let deaths = self
            .supervision
            .deaths
            .entry(plugin.to_owned())
            .or_default();
        deaths.retain(|at| *at + settings.crash_period > now);
        deaths.push_back(now);
        if deaths.len() >= settings.crash_threshold as usize {
            self.supervision.quarantined.insert(plugin.to_owned());
        }
        self.supervision.quarantined.contains(plugin)
    }

    fn tell(&mut self, fallen: &Fallen, quarantined: bool, replaced: bool) {
        let Fallen { plugin, text, .. } = fallen;
        let what_now = if quarantined {
            let settings = self.directory.plugins().isolation();
            let period = Lasting(settings.crash_period);
            format!(
                "That is {} times within {period}: `{plugin}` is quarantined, and its resources in monitor \
                 processes stay Failed here until `:plugin release {plugin}`, a reload or the next start of the cluster \
                 service",
                settings.crash_threshold
            )
        } else if replaced {
            "A replacement is started".to_owned()
        } else {
            "The next Online starts a replacement".to_owned()
        };
        self.events.push_back(MonitorEvent::Notice {
            id: EVENT_MONITOR_DIED,
            text: format!("Resource monitor of `{plugin}` terminated: {text}. {what_now}"),
        });
    }

    /// Removes an instance that has died with its process, and reports what that means. Returns whether it may have
    /// left something behind.
    fn lose(&mut self, fallen: &Fallen, name: &Name) -> bool {
        let Some(mut instance) = self.forget(name) else {
            return false;
        };
        let state = self.state(name).unwrap_or(ResourceState::Offline);
        let reason = terminated(&fallen.text);
        let deferred = instance.deferred.take();
        let arbitrates = instance.operation() == Some(Operation::Arbitrate)
            || matches!(deferred, Some(MonitorCommand::Arbitrate { .. }));
        let asked_online = matches!(deferred, Some(MonitorCommand::Online { .. }));
        if arbitrates {
            self.arbitrated(name, Err(reason.clone()));
        }
        let caller = fallen.resource == *name;
        let failed_online = caller && fallen.call == Call::Online.as_str();
        if !state.is_down() || failed_online || asked_online {
            self.enter_state(name, ResourceState::Failed, Some(reason.clone()));
        }
        if instance.defending {
            self.events.push_back(MonitorEvent::QuorumLost {
                resource: name.clone(),
                reason,
            });
        }
        instance.defending || arbitrates || caller || state != ResourceState::Offline
    }

    /// Closes and opens the instance of a resource that is down, if its library was reloaded since it was made, or if
    /// it is to live in another process now (`SeparateMonitor`).
    pub(super) fn renew(&mut self, services: &mut dyn Services, name: &Name) {
        let record = self.directory.get(name);
        let Some(record) = record.filter(|record| record.state.is_down()) else {
            return;
        };
        let Some(instance) = self.instances.get(name) else {
            return;
        };
        // A deferred command need not be asked for: there is one only while an operation is pending.
        if instance.pending.is_some() || instance.defending {
            return;
        }
        let plugins = self.directory.plugins();
        let Some((_, image)) = plugins.find(&record.spec.kind) else {
            return;
        };
        let lives = match &instance.place {
            Place::Here { .. } => Home::Host,
            Place::Apart { process, .. } => match self.processes.get(process) {
                Some(process) if process.is_shared() => Home::Library,
                Some(_) => Home::Resource,
                // The process died, and the instance will be made again when that is dealt with.
                None => return,
            },
        };
        if instance.image == image.id && lives == Home::of(plugins, image, &record.spec) {
            return;
        }
        self.close_instance(services, name);
        if let Err(reason) = self.make_instance(services, name) {
            self.enter_state(name, ResourceState::Failed, Some(reason));
        }
    }
}

/// The failure of a resource whose process died.
fn terminated(text: &str) -> Reason {
    let text = format!("the resource monitor terminated: {text}");
    Reason::new(abi::ERROR_RESOURCE_FAILED, text)
}

fn quarantined(plugin: &str) -> Reason {
    Reason::new(
        abi::ERROR_RESOURCE_NOT_AVAILABLE,
        format!(
            "`{plugin}` is quarantined on this node, since its resource monitor died again and again: \
             `:plugin release {plugin}` or a reload lifts that"
        ),
    )
}
