//! Breaking things, and healing them.

use std::collections::BTreeSet;
use std::time::Duration;

use quorate_model::Name;
use quorate_node::Input;

use super::World;
use super::drive::Cause;
use crate::WorldError;
use crate::env::{Happening, Machine};
use crate::fault::{Fault, FaultId};
use crate::journal::WorldEvent;

const MILLION: u32 = 1_000_000;

impl World {
    /// Breaks something, until it is healed.
    ///
    /// # Errors
    /// An unknown name, a value out of range, or something that cannot break as it is: a machine that is off
    /// cannot crash, a service that does not run cannot hang. Nothing is changed then.
    pub fn inject(&mut self, fault: Fault) -> Result<FaultId, WorldError> {
        self.inject_for(fault, None)
    }

    /// As [`inject`](Self::inject); with a span the fault heals by itself after it.
    ///
    /// # Errors
    /// As [`inject`](Self::inject).
    pub fn inject_for(
        &mut self,
        fault: Fault,
        span: Option<Duration>,
    ) -> Result<FaultId, WorldError> {
        self.check_fault(&fault)?;
        let id = FaultId(self.next_fault);
        self.next_fault += 1;
        self.faulted = true;
        let text = fault.to_string();
        let touched = self.touched_by(&fault);
        self.touched.extend(touched);
        self.env.record(
            None,
            WorldEvent::FaultInjected {
                id,
                subject: fault.subject().cloned(),
                fault: fault.clone(),
                text: text.clone(),
            },
        );
        self.break_it(id, fault);
        if let Some(span) = span {
            self.schedule_alone(span, Happening::Heal(id));
        }
        self.watch(&Cause::Text(text));
        Ok(id)
    }

    fn check_fault(&self, fault: &Fault) -> Result<(), WorldError> {
        match fault {
            Fault::Crash { node } => {
                let machine = self.machine(node)?;
                match self.env.hosts[machine].on {
                    true => Ok(()),
                    false => Err(self.machine_error(machine, "is off")),
                }
            }
            Fault::Freeze { node } => self.must_run(self.machine(node)?),
            Fault::ServiceStop { node } => {
                let machine = self.machine(node)?;
                self.must_run(machine)?;
                match &self.stations[machine].node {
                    Some(_) => Ok(()),
                    None => Err(self.machine_error(machine, "does not run the cluster service")),
                }
            }
            Fault::Card { node, network } => {
                let (machine, place) = (self.machine(node)?, self.network(network)?);
                match self.env.networks.card(place, machine) {
                    Some(_) => Ok(()),
                    None => Err(WorldError::NoCard {
                        node: node.clone(),
                        network: network.clone(),
                    }),
                }
            }
            Fault::Network { network }
            | Fault::Latency { network, .. }
            | Fault::Dhcp { network } => self.network(network).map(drop),
            Fault::Loss {
                network,
                per_million,
            } => {
                self.network(network)?;
                if *per_million > MILLION {
                    return Err(WorldError::Range {
                        what: "the loss of a network",
                        wanted: "from 0 to 1",
                        found: (f64::from(*per_million) / f64::from(MILLION)).to_string(),
                    });
                }
                Ok(())
            }
            Fault::Cut { network, links } => {
                if let Some(network) = network {
                    self.network(network)?;
                }
                for (from, to) in links {
                    self.machine(from)?;
                    self.machine(to)?;
                }
                Ok(())
            }
            Fault::Disk { disk } | Fault::SlowDisk { disk, .. } => self.known_disk(disk).map(drop),
            Fault::FileDamage { disk, file, damage } => self.check_damage(disk, file, *damage),
            Fault::Wipe { node } => {
                let machine = self.machine(node)?;
                match self.env.hosts[machine].on {
                    true => Err(self.machine_error(machine, "is on: its system disk is in use")),
                    false => Ok(()),
                }
            }
            Fault::CrashWriting { node, .. } => self.must_run(self.machine(node)?),
            Fault::ServiceCrash { resource } | Fault::Hang { resource } => {
                self.known_resource(resource)?;
                if self.processes_of(resource).is_empty() {
                    return Err(WorldError::NoProcess {
                        resource: resource.clone(),
                    });
                }
                Ok(())
            }
            Fault::FailStarts { resource, .. } | Fault::SlowStart { resource, .. } => {
                self.known_resource(resource).map(drop)
            }
            Fault::ScriptLost { node, .. } => self.machine(node).map(drop),
        }
    }

    /// The processes of a resource on every machine that has power: machine and service name.
    fn processes_of(&self, resource: &str) -> Vec<(Machine, String)> {
        let machines = 0..self.env.hosts.len();
        machines
            .flat_map(|machine| {
                let services = self.env.processes.of(machine, resource);
                services.map(move |(service, _)| (machine, service.clone()))
            })
            .collect()
    }

    fn break_it(&mut self, id: FaultId, fault: Fault) {
        self.env.faults.insert(id, fault.clone());
        match fault {
            Fault::Crash { node } => {
                if let Ok(machine) = self.machine(&node) {
                    self.power_cut(machine, "power lost");
                }
            }
            Fault::Freeze { node } => {
                if let Ok(machine) = self.machine(&node) {
                    self.frozen(machine);
                }
            }
            Fault::ServiceStop { node } => {
                if let Ok(machine) = self.machine(&node) {
                    self.service_ended(machine, "killed", false);
                }
            }
            Fault::ServiceCrash { resource } => {
                for (machine, service) in self.processes_of(&resource) {
                    self.env
                        .process_kill(machine, &resource, &service, "it crashed");
                }
                // It happened, and there is nothing about it that lasts.
                self.env.faults.remove(&id);
            }
            Fault::Hang { resource } => {
                for (machine, service) in self.processes_of(&resource) {
                    self.env.process_hang(machine, &resource, &service, true);
                }
            }
            Fault::FileDamage { disk, file, damage } => {
                self.damage(&disk, &file, damage);
                self.env.faults.remove(&id);
            }
            Fault::Wipe { node } => {
                if let Ok(machine) = self.machine(&node) {
                    self.env.disks.system_mut(machine).files.clear();
                }
                self.env.faults.remove(&id);
            }
            _ => self.faults_changed(),
        }
    }

    /// Networks and disks are what the active faults say; nodes hear of their own cards.
    fn faults_changed(&mut self) {
        for (machine, network, up) in self.env.apply_faults() {
            let network = self.env.networks.name(network).clone();
            self.input(machine, Input::Link { network, up });
        }
        self.env.changed();
    }

    /// The active faults, oldest first.
    pub fn faults(&self) -> impl Iterator<Item = (FaultId, &Fault)> {
        self.env.faults.iter().map(|(id, fault)| (*id, fault))
    }

    /// Undoes a fault: power comes back, cards and disks work again. What came of it in the meantime is for
    /// the cluster to put right.
    ///
    /// # Errors
    /// [`WorldError::NoFault`] if there is no such fault, or it is healed already.
    pub fn heal(&mut self, id: FaultId) -> Result<(), WorldError> {
        self.heal_quietly(id)?;
        self.watch(&Cause::Text(format!("fault {id} is healed")));
        Ok(())
    }

    /// As [`heal`](Self::heal), without a look at the invariants: for whoever looks later.
    pub(super) fn heal_quietly(&mut self, id: FaultId) -> Result<(), WorldError> {
        let fault = self
            .env
            .faults
            .remove(&id)
            .ok_or(WorldError::NoFault(id.0))?;
        let subject = fault.subject().cloned();
        self.env.record(
            None,
            WorldEvent::FaultHealed {
                id,
                subject,
                fault: fault.clone(),
            },
        );
        match fault {
            Fault::Crash { node } => {
                if let Ok(machine) = self.machine(&node) {
                    self.power_on(machine);
                }
            }
            Fault::Freeze { node } => {
                if let Ok(machine) = self.machine(&node) {
                    self.thawed(machine);
                }
            }
            Fault::ServiceStop { node } => {
                if let Ok(machine) = self.machine(&node)
                    && self.must_run(machine).is_ok()
                    && self.stations[machine].node.is_none()
                {
                    self.service_start(machine, "started by hand");
                }
            }
            Fault::Hang { resource } => {
                let other = |fault: &Fault| matches!(fault, Fault::Hang { resource: other } if *other == resource);
                if !self.env.faults.values().any(other) {
                    for (machine, service) in self.processes_of(&resource) {
                        self.env.process_hang(machine, &resource, &service, false);
                    }
                }
            }
            _ => self.faults_changed(),
        }
        Ok(())
    }

    /// Undoes every fault, the newest first.
    pub fn heal_all(&mut self) {
        self.heal_where(|_| true);
    }

    /// Undoes the faults that `which` picks, the newest first. How many there were.
    fn heal_where(&mut self, which: impl Fn(&Fault) -> bool) -> usize {
        let ids: Vec<FaultId> = self
            .env
            .faults
            .iter()
            .rev()
            .filter(|(_, fault)| which(fault))
            .map(|(id, _)| *id)
            .collect();
        // Healing one may have undone another: that one is gone, and that is what was wanted.
        ids.into_iter().filter(|id| self.heal(*id).is_ok()).count()
    }

    /// A card breaks: the node is told that the link is down.
    ///
    /// # Errors
    /// Unknown names; [`WorldError::NoCard`].
    pub fn fail_card(&mut self, node: &str, network: &str) -> Result<FaultId, WorldError> {
        self.inject(Fault::Card {
            node: node.into(),
            network: network.into(),
        })
    }

    /// Heals whatever is wrong with a card.
    ///
    /// # Errors
    /// Unknown names.
    pub fn repair_card(&mut self, node: &str, network: &str) -> Result<(), WorldError> {
        self.machine(node)?;
        self.network(network)?;
        self.heal_where(|fault| {
            matches!(fault, Fault::Card { node: n, network: w } if *n == *node && *w == *network)
        });
        Ok(())
    }

    /// A network carries nothing more. No card notices.
    ///
    /// # Errors
    /// An unknown network.
    pub fn fail_network(&mut self, network: &str) -> Result<FaultId, WorldError> {
        self.inject(Fault::Network {
            network: network.into(),
        })
    }

    /// A network loses datagrams with this probability, 0 to 1.
    ///
    /// # Errors
    /// An unknown network; a probability out of range.
    pub fn network_loss(&mut self, network: &str, probability: f64) -> Result<FaultId, WorldError> {
        if !(0.0..=1.0).contains(&probability) {
            return Err(WorldError::Range {
                what: "the loss of a network",
                wanted: "from 0 to 1",
                found: probability.to_string(),
            });
        }
        let per_million = (probability * f64::from(MILLION)).round() as u32;
        self.inject(Fault::Loss {
            network: network.into(),
            per_million,
        })
    }

    /// A network's one-way latency, in place of its own.
    ///
    /// # Errors
    /// An unknown network.
    pub fn network_latency(
        &mut self,
        network: &str,
        latency: Duration,
    ) -> Result<FaultId, WorldError> {
        self.inject(Fault::Latency {
            network: network.into(),
            latency,
        })
    }

    /// Heals whatever is wrong with a network itself: failure, loss, latency, cuts that name it and its DHCP
    /// server, but not cards.
    ///
    /// # Errors
    /// An unknown network.
    pub fn repair_network(&mut self, network: &str) -> Result<(), WorldError> {
        self.network(network)?;
        self.heal_where(|fault| match fault {
            Fault::Network { network: n }
            | Fault::Loss { network: n, .. }
            | Fault::Latency { network: n, .. }
            | Fault::Dhcp { network: n }
            | Fault::Cut {
                network: Some(n), ..
            } => *n == *network,
            _ => false,
        });
        Ok(())
    }

    /// Cuts the nodes into sets that do not hear each other, on one network or on all. Nodes that are in no
    /// set are together in one of their own; a node in several sets hears all of them.
    ///
    /// # Errors
    /// Unknown names.
    pub fn partition(
        &mut self,
        network: Option<&str>,
        sets: &[Vec<Name>],
    ) -> Result<FaultId, WorldError> {
        let mut sides: Vec<BTreeSet<&Name>> = sets.iter().map(|set| set.iter().collect()).collect();
        let named: BTreeSet<&Name> = sides.iter().flatten().copied().collect();
        for name in &named {
            self.machine(name)?;
        }
        let rest = self.env.hosts.iter().map(|host| &host.name);
        sides.push(rest.filter(|name| !named.contains(name)).collect());
        let together = |a: &Name, b: &Name| {
            sides
                .iter()
                .any(|side| side.contains(a) && side.contains(b))
        };
        let hosts = &self.env.hosts;
        let links = hosts
            .iter()
            .flat_map(|from| hosts.iter().map(move |to| (&from.name, &to.name)))
            .filter(|(from, to)| from != to && !together(from, to))
            .map(|(from, to)| (from.clone(), to.clone()))
            .collect();
        self.inject(Fault::Cut {
            network: network.map(Name::from),
            links,
        })
    }

    /// Cuts one direction: what `from` sends does not reach `to`, on one network or on all.
    ///
    /// # Errors
    /// Unknown names.
    pub fn cut(
        &mut self,
        network: Option<&str>,
        from: &str,
        to: &str,
    ) -> Result<FaultId, WorldError> {
        let links = vec![(from.into(), to.into())];
        self.inject(Fault::Cut {
            network: network.map(Name::from),
            links,
        })
    }

    /// Heals every partition and cut, on all networks.
    pub fn heal_partitions(&mut self) {
        self.heal_where(|fault| matches!(fault, Fault::Cut { .. }));
    }

    /// A network's DHCP server falls silent.
    ///
    /// # Errors
    /// An unknown network.
    pub fn fail_dhcp(&mut self, network: &str) -> Result<FaultId, WorldError> {
        self.inject(Fault::Dhcp {
            network: network.into(),
        })
    }

    /// A shared disk reports errors to whoever asks.
    ///
    /// # Errors
    /// An unknown disk.
    pub fn fail_disk(&mut self, disk: &str) -> Result<FaultId, WorldError> {
        self.inject(Fault::Disk { disk: disk.into() })
    }

    /// Every request to a shared disk takes this much longer.
    ///
    /// # Errors
    /// An unknown disk.
    pub fn slow_disk(&mut self, disk: &str, delay: Duration) -> Result<FaultId, WorldError> {
        self.inject(Fault::SlowDisk {
            disk: disk.into(),
            delay,
        })
    }

    /// Heals whatever is wrong with a shared disk. Its reservation and its files are what they are.
    ///
    /// # Errors
    /// An unknown disk.
    pub fn repair_disk(&mut self, disk: &str) -> Result<(), WorldError> {
        self.known_disk(disk)?;
        self.heal_where(|fault| match fault {
            Fault::Disk { disk: name } | Fault::SlowDisk { disk: name, .. } => *name == *disk,
            _ => false,
        });
        Ok(())
    }

    /// Somebody puts a file on a shared disk by hand, or takes it away (`None`), on a node that has it mounted.
    ///
    /// # Errors
    /// An unknown disk; one that no node has mounted, or that is broken.
    pub fn disk_file(
        &mut self,
        disk: &str,
        file: &str,
        text: Option<&str>,
    ) -> Result<(), WorldError> {
        let known = self.known_disk(disk)?;
        if known.failed || known.mounted.is_empty() {
            return Err(WorldError::NotMounted {
                disk: known.name.clone(),
            });
        }
        if let Some(disk) = self.env.disks.find_mut(disk) {
            match text {
                Some(text) => disk.files.insert(file.to_owned(), text.as_bytes().to_vec()),
                None => disk.files.remove(file),
            };
        }
        let text = match text {
            Some(_) => format!("somebody puts the file {file} on {disk}"),
            None => format!("somebody takes the file {file} off {disk}"),
        };
        self.mark_note(&text);
        Ok(())
    }

    /// The processes behind a resource die, wherever they are.
    ///
    /// # Errors
    /// An unknown resource; [`WorldError::NoProcess`].
    pub fn crash_process(&mut self, resource: &str) -> Result<FaultId, WorldError> {
        self.inject(Fault::ServiceCrash {
            resource: resource.into(),
        })
    }

    /// The processes behind a resource hang, for `span` or until repaired: they run, but answer nothing and
    /// do not stop when asked to. Processes started later are not concerned.
    ///
    /// # Errors
    /// An unknown resource; [`WorldError::NoProcess`].
    pub fn hang_process(
        &mut self,
        resource: &str,
        span: Option<Duration>,
    ) -> Result<FaultId, WorldError> {
        self.inject_for(
            Fault::Hang {
                resource: resource.into(),
            },
            span,
        )
    }

    /// The next `starts` starts of the processes behind a resource fail, on whichever node.
    ///
    /// # Errors
    /// An unknown resource.
    pub fn fail_starts(&mut self, resource: &str, starts: u32) -> Result<FaultId, WorldError> {
        self.inject(Fault::FailStarts {
            resource: resource.into(),
            left: starts,
        })
    }

    /// The processes behind a resource take this much longer to start, on whichever node.
    ///
    /// # Errors
    /// An unknown resource.
    pub fn slow_start(&mut self, resource: &str, delay: Duration) -> Result<FaultId, WorldError> {
        self.inject(Fault::SlowStart {
            resource: resource.into(),
            delay,
        })
    }

    /// A machine's copy of a resource's script is gone. A resource that runs goes on: it has read it.
    ///
    /// # Errors
    /// An unknown node.
    pub fn lose_script(&mut self, node: &str, path: &str) -> Result<FaultId, WorldError> {
        self.inject(Fault::ScriptLost {
            node: node.into(),
            path: path.to_owned(),
        })
    }

    /// Heals whatever is wrong with the processes behind a resource. It starts none that is stopped.
    ///
    /// # Errors
    /// An unknown resource.
    pub fn repair_process(&mut self, resource: &str) -> Result<(), WorldError> {
        self.known_resource(resource)?;
        self.heal_where(|fault| match fault {
            Fault::Hang { resource: name }
            | Fault::FailStarts { resource: name, .. }
            | Fault::SlowStart { resource: name, .. } => *name == *resource,
            _ => false,
        });
        Ok(())
    }
}
