//! Clients that call a virtual server by its name, and what they see.

use std::time::Duration;

use quorate_journal::WorldEvent;
use quorate_model::{ClientCalls, ClientReport, ClientStatus, GroupDefinition, Name, Time, types};

use super::{World, service};
use crate::WorldError;
use crate::env::{Endpoint, Happening, Machine, PATIENCE};
use crate::options::Load;

/// The users of a group, who all call at the same instants.
pub(super) struct Population {
    status: ClientStatus,
    /// Whether the last call was answered.
    last: Option<bool>,
    /// When the population ended.
    ended: Option<Time>,
    /// Since when all calls have failed.
    failing_since: Option<Time>,
    /// Whether the last answer took long, or some users got none.
    slow: bool,
    /// The time of the next call.
    next: Time,
    /// The population that is counted here for a part of the time; `None` for clients of their own.
    of: Option<usize>,
}

/// The result of one call.
#[derive(Clone, Copy)]
struct Answer {
    at: Time,
    answered: bool,
    /// How long the answer takes, and how many of a hundred calls are answered.
    takes: Duration,
    of_hundred: u32,
}

impl Population {
    /// Counts a call of every user. Returns whether the result is the same as that of the call before.
    fn count(&mut self, call: Answer) -> bool {
        let users = u64::from(self.status.calls.users);
        let report = &mut self.status.report;
        report.requests += users;
        if call.answered {
            report.longest_response = report.longest_response.max(call.takes);
            report.failures += users * u64::from(100 - call.of_hundred) / 100;
            if let Some(since) = self.failing_since.take() {
                report.longest_outage = report.longest_outage.max(call.at - since);
            }
        } else {
            report.failures += users;
            self.failing_since.get_or_insert(call.at);
        }
        self.last.replace(call.answered) == Some(call.answered)
    }

    /// Ends the count.
    fn end(&mut self, now: Time) {
        if let Some(since) = self.failing_since.take() {
            let report = &mut self.status.report;
            report.longest_outage = report.longest_outage.max(now - since);
        }
        self.ended = Some(now);
        if let Some((_, to)) = &mut self.status.report.part {
            *to = Some(now);
        }
    }
}

/// How long an answer takes on an idle node at full speed.
const ANSWER: Duration = Duration::from_millis(50);
/// The time of an answer beyond which its users notice that it is slow: that of a node at 80 % of its capacity.
const SLOW: Duration = Duration::from_millis(250);

/// The effect of a node's load, in per cent, and of its slowness on calls: the mean time of an answer, and how many of a
/// hundred calls are answered. The closer the load is to the node's capacity, the longer the queue. What exceeds it is
/// never answered.
fn response(percent: u32, slowness: u32) -> (Duration, u32) {
    let alone = ANSWER * slowness;
    match percent {
        0..=99 => ((alone * 100 / (100 - percent)).min(PATIENCE), 100),
        _ => (PATIENCE, 10_000 / percent),
    }
}

impl World {
    /// Starts clients of a group: from now on `users` users each make a call `every` so often, all at the same
    /// instant. A call needs the address behind the group's network name, a machine with this address on a working
    /// card of a public network and, for an Exchange group, a service that answers there; any group needs such a
    /// service if a port or a protocol is named. Returns the number of the population, for
    /// [`client_status`](Self::client_status).
    ///
    /// # Errors
    /// An unknown group; one without a network name; a period below a millisecond.
    pub fn clients(&mut self, group: &str, calls: ClientCalls) -> Result<usize, WorldError> {
        let definition = self.known_group(group)?;
        if !definition.has_resource_of(types::NETWORK_NAME) {
            let names = self
                .current
                .groups
                .iter()
                .filter(|group| group.has_resource_of(types::NETWORK_NAME));
            return Err(crate::error::unknown(
                "group with a network name",
                group,
                names.map(|group| &group.name),
            ));
        }
        if calls.every < Duration::from_millis(1) {
            return Err(WorldError::Range {
                what: "the time between two calls",
                wanted: "at least 1 ms",
                found: format!("{:?}", calls.every),
            });
        }
        let status = ClientStatus {
            group: definition.name.clone(),
            calls,
            report: ClientReport::default(),
        };
        self.populations.push(Population {
            status,
            last: None,
            ended: None,
            failing_since: None,
            slow: false,
            next: self.env.now,
            of: None,
        });
        self.env
            .queue
            .push(self.env.now, Happening::Call(self.populations.len() - 1));
        Ok(self.populations.len() - 1)
    }

    /// Starts a second count of a population's calls, from zero, until [`end_clients`](Self::end_clients): the calls
    /// of a part of the time. Returns its number, for [`client_status`](Self::client_status).
    ///
    /// # Errors
    /// [`WorldError::Nothing`] if the clients have ended.
    pub fn part_of_clients(&mut self, number: usize) -> Result<usize, WorldError> {
        let now = self.env.now;
        let population = self.calling(number)?;
        let mut status = population.status.clone();
        status.report = ClientReport {
            part: Some((now, None)),
            ..ClientReport::default()
        };
        let part = Population {
            status,
            last: None,
            ended: None,
            // Clients without an answer before are still waiting.
            failing_since: population.failing_since.map(|_| now),
            slow: false,
            next: Time::NEVER,
            of: Some(population.of.unwrap_or(number)),
        };
        self.populations.push(part);
        Ok(self.populations.len() - 1)
    }

    /// Ends a population, or a second count of its calls. The result so far stays.
    ///
    /// # Errors
    /// [`WorldError::Nothing`] if it has ended already.
    pub fn end_clients(&mut self, number: usize) -> Result<(), WorldError> {
        let now = self.env.now;
        let whole = self.calling(number)?.of.is_none();
        let ends = |(place, one): &(usize, &mut Population)| {
            *place == number || one.of == Some(number) && one.ended.is_none()
        };
        let all = self.populations.iter_mut().enumerate();
        all.filter(ends).for_each(|(_, one)| one.end(now));
        if whole {
            let group = &self.populations[number].status.group;
            let text = format!("the clients of {group} call no more");
            self.mark_note(&text);
        }
        self.env.reach_changed();
        Ok(())
    }

    /// A population, if it has not ended.
    fn calling(&self, number: usize) -> Result<&Population, WorldError> {
        let found = self.populations.get(number);
        found
            .filter(|one| one.ended.is_none())
            .ok_or_else(|| WorldError::Nothing {
                why: "these clients have ended already".to_owned(),
            })
    }

    /// Sets the load of a virtual server: how much log its store writes, and how much of its node it takes.
    ///
    /// # Errors
    /// An unknown group; more than 100 per cent.
    pub fn set_load(&mut self, group: &str, load: Load) -> Result<(), WorldError> {
        self.known_group(group)?;
        if load.cpu_percent > 100 {
            return Err(WorldError::Range {
                what: "the processor load of a store",
                wanted: "from 0 to 100 per cent",
                found: load.cpu_percent.to_string(),
            });
        }
        self.env.set_load(group, load);
        self.mark_note(&format!(
            "{group} has {} users, and its store takes {} % of a node",
            load.users, load.cpu_percent
        ));
        Ok(())
    }

    /// What the clients with this number have seen so far. Numbers count up from 0 in the order of starting. `None`
    /// if there are none.
    pub fn client_status(&self, number: usize) -> Option<ClientStatus> {
        let population = self.populations.get(number)?;
        let mut status = population.status.clone();
        let present = population
            .failing_since
            .map_or(Duration::ZERO, |since| self.env.now - since);
        let report = &mut status.report;
        report.longest_outage = report.longest_outage.max(present);
        Some(status)
    }

    /// When the next call is due.
    pub fn next_call(&self) -> Option<Time> {
        let all = self.populations.iter();
        let calling = all.filter(|one| one.of.is_none() && one.ended.is_none());
        calling.map(|it| it.next).min()
    }

    /// A population calls.
    pub(super) fn call(&mut self, place: usize) {
        let now = self.env.now;
        if self.populations[place].ended.is_some() {
            return;
        }
        let ClientStatus { group, calls, .. } = self.populations[place].status.clone();
        let result = self.try_call(&group, &calls);
        let (percent, slowness) = result
            .as_ref()
            .map_or((0, 1), |(machine, _)| self.env.strain(*machine));
        let (takes, of_hundred) = response(percent, slowness);
        // The time of the disks is added to that of the node.
        let takes = takes.saturating_add(result.as_ref().map_or(Duration::ZERO, |(_, lag)| *lag));
        let result = result.and_then(|(machine, _)| {
            if takes <= PATIENCE {
                return Ok(machine);
            }
            Err(format!(
                "an answer takes {takes:?}, and nobody waits longer than {PATIENCE:?}"
            ))
        });
        let answered = result.is_ok();
        let call = Answer {
            at: now,
            answered,
            takes,
            of_hundred,
        };
        for part in &mut self.populations {
            if part.of == Some(place) && part.ended.is_none() {
                part.count(call);
            }
        }
        let slow = answered && (takes > SLOW || of_hundred < 100);
        let population = &mut self.populations[place];
        let went_on = population.count(call);
        let changed = answered && population.slow != slow;
        if answered {
            population.slow = slow;
        }
        population.next = now + calls.every;
        self.env.wakes(population.next, Happening::Call(place));
        if went_on && !changed {
            return;
        }
        let reason = match result {
            Err(reason) => Some(reason),
            Ok(_) if !slow => None,
            Ok(machine) => {
                let node = &self.env.hosts[machine].name;
                let because = match percent {
                    0 => String::new(),
                    percent => format!(", which carries {percent} %"),
                };
                let lost = match 100 - of_hundred {
                    0 => String::new(),
                    lost => format!(", and {lost} of 100 calls get none"),
                };
                Some(format!(
                    "an answer of {node}{because} takes {takes:?}{lost}"
                ))
            }
        };
        self.env.record(
            None,
            WorldEvent::Client {
                subject: group,
                users: calls.users,
                answered,
                slow,
                reason,
            },
        );
    }

    /// The machine that answers a call, and the time of its disks for it.
    fn try_call(&self, group: &str, calls: &ClientCalls) -> Result<(Machine, Duration), String> {
        let definition = self.current.group(group).ok_or("the group is gone")?;
        let named = calls.port.is_some() || calls.protocol.is_some();
        let wanted = |endpoint: &Endpoint| {
            calls.port.is_none_or(|port| endpoint.port == port)
                && calls
                    .protocol
                    .as_ref()
                    .is_none_or(|protocol| endpoint.protocol.eq_ignore_ascii_case(protocol))
        };
        let name = network_name(definition).ok_or("the group has no network name")?;
        let addresses = &self.env.addresses;
        let (address, asking) = self.env.found_by_clients(&name)?;
        if asking > PATIENCE {
            return Err(format!(
                "{name} takes {asking:?} to resolve, and nobody waits longer than {PATIENCE:?}"
            ));
        }
        if let Some(network) = self.env.stranger_at(address) {
            return Err(format!(
                "{address} in {network} leads to a machine that is none of the cluster's"
            ));
        }
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
                known.is_some_and(|one| named || is_exchange(&one.kind))
            };
            let mut processes = self.env.processes.on(machine);
            let answering = processes.find(|&(resource, process)| {
                serves(resource)
                    && process.answers()
                    && process
                        .endpoints
                        .iter()
                        .any(|endpoint| endpoint.address == address && wanted(endpoint))
            });
            if let Some((resource, process)) = answering {
                match self.env.answer_takes(machine, resource, process.late) {
                    Ok(_) if process.wrong => {
                        reason = format!("the service of {resource} answers with an error");
                    }
                    Ok(lag) => return Ok((machine, asking + lag)),
                    Err(why) => reason = why,
                }
                continue;
            }
            if !(exchange || named) {
                return self
                    .share_answers(definition, machine)
                    .map(|lag| (machine, asking + lag));
            }
            reason = match (calls.port, &calls.protocol) {
                (Some(port), Some(protocol)) => {
                    format!("nothing answers {protocol} on {address}:{port}")
                }
                (Some(port), None) => format!("nothing answers on {address}:{port}"),
                (None, Some(protocol)) => format!("nothing answers {protocol} on {address}"),
                (None, None) => format!("no service answers on {address}"),
            };
        }
        Err(reason)
    }
}

impl World {
    /// How long a call to a group without services of its own takes on the machine that has its address: the time of
    /// the disks under its shares.
    fn share_answers(&self, group: &GroupDefinition, machine: Machine) -> Result<Duration, String> {
        let mut takes = Duration::ZERO;
        let shares = group
            .resources
            .iter()
            .filter(|one| one.kind == *types::FILE_SHARE);
        for share in shares {
            if let Some(why) = self.env.out_of_reach(machine, &share.name) {
                return Err(why);
            }
            takes = takes.max(
                self.env
                    .answer_takes(machine, &share.name, Duration::ZERO)?,
            );
        }
        Ok(takes)
    }
}

/// The name that clients use for a group: that of its Network Name resource.
fn network_name(group: &GroupDefinition) -> Option<String> {
    let mut resources = group.resources.iter();
    let resource = resources.find(|one| one.kind == types::NETWORK_NAME)?;
    Some(service::network_name(resource))
}

fn is_exchange(kind: &str) -> bool {
    kind.starts_with("Microsoft Exchange ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_take_longer_the_nearer_a_node_is_to_its_limit_and_fail_beyond() {
        assert_eq!(response(0, 1), (ANSWER, 100));
        assert_eq!(response(80, 1), (5 * ANSWER, 100));
        assert_eq!(response(99, 1), (100 * ANSWER, 100));
        assert_eq!(response(100, 1), (PATIENCE, 100));
        assert_eq!(response(120, 1), (PATIENCE, 83));
        assert_eq!(response(200, 1), (PATIENCE, 50));
        assert_eq!(response(0, 3), (3 * ANSWER, 100), "a slow node");
        assert_eq!(response(60, 3), (3 * ANSWER * 100 / 40, 100));
        assert_eq!(response(120, 3), (PATIENCE, 83), "the load counts as it is");
    }
}
