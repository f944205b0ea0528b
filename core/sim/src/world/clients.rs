//! Clients that call a virtual server by its name, and what they feel.

use std::time::Duration;

use quorate_model::{GroupDefinition, Name, Time, Value};

use super::World;
use crate::WorldError;
use crate::env::Happening;
use crate::journal::WorldEvent;
use crate::status::{ClientSpan, ClientStatus};

/// A group's users, who all call at once, again and again.
pub(super) struct Population {
    status: ClientStatus,
    /// Since when calls fail, up to now.
    failing_since: Option<Time>,
}

impl World {
    /// Sends clients to a group: from now on `users` users each make a call `every` so often, all at the
    /// same instant. A call finds the address behind the group's network name, a machine that has this
    /// address on a working card of a public network and, for an Exchange group, a service that answers
    /// there.
    ///
    /// # Errors
    /// An unknown group; one without a network name; a period below a millisecond.
    pub fn clients(&mut self, group: &str, users: u32, every: Duration) -> Result<(), WorldError> {
        let definition = self.known_group(group)?;
        if network_name(definition).is_none() {
            let names = self
                .current
                .groups
                .iter()
                .filter(|group| network_name(group).is_some());
            return Err(crate::error::unknown(
                "group with a network name",
                group,
                names.map(|group| &group.name),
            ));
        }
        if every < Duration::from_millis(1) {
            return Err(WorldError::Range {
                what: "the time between two calls",
                wanted: "at least 1 ms",
                found: format!("{every:?}"),
            });
        }
        let status = ClientStatus {
            group: definition.name.clone(),
            users,
            every,
            requests: 0,
            failures: 0,
            longest_outage: Duration::ZERO,
            spans: Vec::new(),
        };
        self.populations.push(Population {
            status,
            failing_since: None,
        });
        self.env
            .queue
            .push(self.env.now, Happening::Call(self.populations.len() - 1));
        Ok(())
    }

    /// What each population of clients felt so far, in the order they were sent.
    pub fn client_status(&self) -> Vec<ClientStatus> {
        let now = self.env.now;
        let populations = self.populations.iter().map(|population| {
            let mut status = population.status.clone();
            let present = population
                .failing_since
                .map_or(Duration::ZERO, |since| now - since);
            status.longest_outage = status.longest_outage.max(present);
            status
        });
        populations.collect()
    }

    /// A population calls.
    pub(super) fn call(&mut self, place: usize) {
        let now = self.env.now;
        let group = self.populations[place].status.group.clone();
        let result = self.try_call(&group);
        let answered = result.is_ok();
        let population = &mut self.populations[place];
        let status = &mut population.status;
        let users = status.users;
        status.requests += u64::from(users);
        if answered {
            if let Some(since) = population.failing_since.take() {
                status.longest_outage = status.longest_outage.max(now - since);
            }
        } else {
            status.failures += u64::from(users);
            population.failing_since.get_or_insert(now);
        }
        self.env
            .queue
            .push(now + status.every, Happening::Call(place));
        match status.spans.last_mut() {
            Some(span) if span.answered == answered => span.to = now,
            _ => {
                status.spans.push(ClientSpan {
                    from: now,
                    to: now,
                    answered,
                });
                let reason = result.err();
                self.env.record(
                    None,
                    WorldEvent::Client {
                        subject: group,
                        users,
                        answered,
                        reason,
                    },
                );
            }
        }
    }

    fn try_call(&self, group: &str) -> Result<(), String> {
        let definition = self.current.group(group).ok_or("the group is gone")?;
        let name = network_name(definition).ok_or("the group has no network name")?;
        let addresses = &self.env.addresses;
        let address = addresses
            .lookup(&name)
            .ok_or_else(|| format!("{name} does not resolve"))?;
        let exchange = definition
            .resources
            .iter()
            .any(|one| is_exchange(&one.kind));
        let mut reason = format!("{address} does not answer");
        for machine in 0..self.env.hosts.len() {
            let Some(network) = addresses.network_of(machine, address) else {
                continue;
            };
            if !self.env.hosts[machine].runs()
                || !self.env.networks.role(network).carries_clients()
                || !self.env.networks.usable(network, machine)
            {
                continue;
            }
            let serves = |resource: &Name| {
                let known = definition
                    .resources
                    .iter()
                    .find(|one| one.name == *resource);
                known.is_some_and(|one| is_exchange(&one.kind))
            };
            let answers = self.env.processes.on(machine).any(|(resource, process)| {
                serves(resource)
                    && process.answers()
                    && process
                        .endpoints
                        .iter()
                        .any(|endpoint| endpoint.address == address)
            });
            if answers || !exchange {
                return Ok(());
            }
            reason = format!("no service answers on {address}");
        }
        Err(reason)
    }
}

/// The name that clients call a group by: that of its Network Name resource.
fn network_name(group: &GroupDefinition) -> Option<String> {
    let resource = group
        .resources
        .iter()
        .find(|one| one.kind == *"Network Name")?;
    match resource.properties.private.get("Name") {
        Some(Value::Text(name)) => Some(name.clone()),
        _ => Some(resource.name.to_string()),
    }
}

fn is_exchange(kind: &str) -> bool {
    kind.starts_with("Microsoft Exchange ")
}
