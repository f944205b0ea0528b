//! The way of events to nodes and monitors, and of their outputs to the world.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use quorate_journal::WorldEvent;
use quorate_machine::{ClusterService, ResourceMonitor, Stuck, Surroundings};
use quorate_model::{Breach, Name, NodeId, StartSwitches, Time};
use quorate_node::{Input, Message, Snapshot};

use super::World;
use super::around::Around;
use crate::clock::Clock;
use crate::env::{Environment, Happening, Machine};
use crate::monitor::Standing;

/// A cluster service that is being started.
pub(super) struct Start {
    /// The reason for the start.
    pub(super) reason: String,
    pub(super) switches: StartSwitches,
}

/// The software on one machine.
#[derive(Default)]
pub(super) struct Station {
    /// The cluster service.
    pub(super) service: ClusterService<Standing>,
    /// The resource monitor of an earlier boot, which nobody has ended yet, with everything that it runs.
    pub(super) left_over: Option<Standing>,
    /// How often the cluster service was started.
    pub(super) boot: u64,
    /// Changes on it stay on its own disk for now, and nobody promises that they last.
    pub(super) unlogged: bool,
    /// The inputs that wait while the machine stands still.
    pub(super) backlog: VecDeque<Input>,
    /// How many datagrams are in `backlog`.
    pub(super) datagrams: usize,
    /// The nodes added after the installation that its copy of the database knows.
    pub(super) known: BTreeSet<Name>,
    /// The machine was cleaned up: its cluster service does not start until it is a node again.
    pub(super) cleaned: bool,
    /// It became a node of an existing cluster.
    pub(super) joins: bool,
    /// When the resources of its last cluster service were ended, and which, and whether the node has told the others.
    pub(super) ended: Option<(Time, Vec<Name>)>,
    pub(super) said: bool,
    /// When it last went on after standing still.
    pub(super) thawed: Option<Time>,
    /// The machine goes off once its cluster service has stopped.
    pub(super) shutting_down: bool,
    /// How long it is off before it starts again, if it does.
    pub(super) comes_back: Option<Duration>,
    /// It is off, and starts by itself at this instant.
    pub(super) back_at: Option<Time>,
    /// The service has ended and will be started again.
    pub(super) restarting: bool,
    /// The service is being started, but its disk is not read yet.
    pub(super) starting: Option<Start>,
    /// The service was due for a restart while the machine stood still.
    pub(super) restart_due: bool,
    /// The wake-ups of node and monitor in the queue.
    node_wake: Alarm,
    monitor_wake: Alarm,
    /// The ways of its last heartbeat.
    ways: Option<Ways>,
    /// The node's own view after its last event.
    pub(super) snapshot: Option<Snapshot>,
    /// How often that was another one.
    pub(super) looks: u64,
    /// The boot and the revision of the monitor at the last check.
    pub(super) monitor_seen: Option<(u64, u64)>,
    /// The last applied log position at the last check.
    pub(super) seen_applied: u64,
}

/// Ways on which a node sends, and where they lie.
pub(super) struct Ways {
    of: Arc<[(NodeId, Name)]>,
    /// How many machines there were.
    machines: usize,
    /// The network of each, and the machine at its other end.
    places: Arc<[(usize, Machine)]>,
}

/// A wake-up that is in the queue.
#[derive(Clone, Copy, Debug, Default)]
struct Alarm {
    /// The earliest one.
    at: Option<Time>,
    /// When it was asked for last, and by which clock.
    asked: Option<(Time, Clock)>,
}

impl Alarm {
    /// It may have gone off.
    fn goes_off(&mut self, now: Time) {
        if self.at.is_some_and(|at| at <= now) {
            self.at = None;
        }
    }

    /// Asked for one at this instant of a machine's own clock, says when another has to be put into the queue.
    fn ask(&mut self, local: Option<Time>, clock: Clock, now: Time) -> Option<Time> {
        let asked = local.map(|local| (local, clock));
        // After most events it is the one that is there.
        if self.at.is_some() && self.asked == asked {
            return None;
        }
        self.asked = asked;
        let at = clock.world(local?).max(now);
        let sooner = at != Time::NEVER && self.at.is_none_or(|waits| at < waits);
        if sooner {
            self.at = Some(at);
        }
        sooner.then_some(at)
    }
}

impl Environment {
    /// What the machine's clock shows now.
    pub(super) fn local(&self, machine: Machine) -> Time {
        self.hosts[machine].clock.local(self.now)
    }

    pub(super) fn machine_of(&self, id: NodeId) -> Option<Machine> {
        self.hosts.iter().position(|host| host.id == id)
    }
}

impl World {
    /// Lets one thing happen. Returns a description of it.
    pub(super) fn dispatch(&mut self, happening: Happening) -> Cause {
        match happening {
            Happening::Deliver {
                to,
                from,
                network,
                message,
            } => {
                let kind = message.kind();
                if self.env.networks.usable(network, to) && !self.hears(to, from, network, &message)
                {
                    let network = self.env.networks.name(network).clone();
                    self.input(
                        to,
                        Input::Message {
                            from,
                            network,
                            message,
                        },
                    );
                }
                Cause::Message { from, to, kind }
            }
            Happening::Streamed {
                to,
                from,
                network,
                takes,
                message,
            } => {
                self.env.stream_ends((network, from, to), takes, message);
                Cause::Machine("the end of a stream", from)
            }
            Happening::Damaged {
                to,
                from,
                network,
                bytes,
            } => {
                self.damaged(to, from, network, &bytes);
                Cause::Machine("a damaged datagram", to)
            }
            Happening::Disk { disk, request } => {
                if let Some(machine) = self.crash_in_write(disk, request) {
                    return Cause::Machine("a crash in the middle of a write", machine);
                }
                let Some(done) = self.env.disks.finish(disk, request) else {
                    return Cause::Nothing;
                };
                let station = &mut self.stations[done.machine];
                if station.boot == done.boot {
                    match station.starting.take() {
                        Some(start) => self.service_read(done.machine, start, done.done.result),
                        None => self.input(done.machine, Input::Disk(done.done)),
                    }
                }
                Cause::Machine("a disk request ended", done.machine)
            }
            Happening::Asked {
                machine,
                boot,
                request,
            } => {
                let name = &self.env.hosts[machine].name;
                if self.env.networks.reaches_clients(machine)
                    && let Some(reply) = self.env.shares.answer(name, &request)
                {
                    let at = self.env.now + self.env.shares.way(&request.share);
                    let answered = Happening::Answered {
                        machine,
                        boot,
                        share: request.share,
                        reply: Box::new(reply),
                    };
                    self.env.queue.push(at, answered);
                }
                Cause::Machine("a question to the file share witness", machine)
            }
            Happening::Answered {
                machine,
                boot,
                share,
                reply,
            } => {
                let same = self.stations[machine].boot == boot;
                let name = &self.env.hosts[machine].name;
                let through = self.env.networks.reaches_clients(machine)
                    && self.env.shares.is_reached(name, &share);
                if same && through {
                    self.input(machine, Input::Witness(*reply));
                }
                Cause::Machine("an answer of the file share witness", machine)
            }
            Happening::Process {
                machine,
                resource,
                service,
                generation,
            } => {
                // The processes of a frozen machine stand still as well; the thaw gives them new times.
                if self.env.hosts[machine].runs() {
                    self.env
                        .process_due(machine, &resource, &service, generation);
                }
                Cause::Machine("a service changed state", machine)
            }
            Happening::NodeWake(machine) => {
                self.node_wake(machine);
                Cause::Machine("a timer of the node", machine)
            }
            Happening::MonitorWake(machine) => {
                self.monitor_wake(machine);
                Cause::Machine("a timer of the resource monitor", machine)
            }
            Happening::PowerOn(machine) => {
                self.scheduled -= 1;
                self.power_on(machine);
                Cause::Machine("power on", machine)
            }
            Happening::Reboot(machine) => {
                self.scheduled -= 1;
                self.rebooted(machine);
                Cause::Machine("the end of a reboot", machine)
            }
            Happening::ServiceRestart { machine, boot } => {
                self.service_restart(machine, boot);
                Cause::Machine("the cluster service is started again", machine)
            }
            Happening::Heal(id) => {
                self.scheduled -= 1;
                // It may be healed already.
                let _ = self.heal_quietly(id);
                Cause::Text(format!("fault {id} ends"))
            }
            Happening::Call(population) => {
                self.call(population);
                Cause::Nothing
            }
            Happening::Check => {
                if self.check_at.is_some_and(|at| at <= self.env.now) {
                    self.check_at = None;
                    self.env.checked += 1;
                }
                Cause::Text("a bound ran out".to_owned())
            }
        }
    }

    /// A machine receives a datagram that was changed on its way, and refuses it. The refusals are counted, and
    /// recorded at the first, the tenth, the hundredth and so on.
    fn damaged(&mut self, to: Machine, from: NodeId, network: usize, bytes: &[u8]) {
        let runs = self.env.hosts[to].runs() && self.stations[to].service.runs();
        if !runs || !self.env.networks.usable(network, to) {
            return;
        }
        let name = self.env.networks.name(network).clone();
        match Message::decode(bytes) {
            Err(why) => {
                let count = self.env.networks.refuse(network);
                if 10_u64.pow(count.ilog10()) == count {
                    let sender = self.env.machine_of(from);
                    let sender = sender.map(|sender| self.env.hosts[sender].name.clone());
                    self.env.record(
                        Some(to),
                        WorldEvent::DatagramRefused {
                            network: name,
                            sender,
                            reason: why.to_string(),
                            count,
                        },
                    );
                }
            }
            // A message that passes all checks is taken as it is.
            Ok(message) => self.input(
                to,
                Input::Message {
                    from,
                    network: name,
                    message,
                },
            ),
        }
    }

    /// Schedules something that happens by itself: the world is not at rest before it has happened.
    pub(super) fn schedule_alone(&mut self, after: Duration, happening: Happening) {
        self.scheduled += 1;
        self.env.queue.push(self.env.now + after, happening);
    }

    /// A machine's cluster service, for a caller that may call it: it is looked at when the event is over.
    pub(super) fn calls(&mut self, machine: Machine) -> &mut ClusterService<Standing> {
        self.arrive(machine, self.env.queue.last());
        if self.called.last() != Some(&machine) {
            self.called.push(machine);
        }
        &mut self.stations[machine].service
    }

    /// Where the ways lie on which a machine sends to others, as machine and network.
    pub(super) fn places_of(
        &mut self,
        machine: Machine,
        ways: &Arc<[(NodeId, Name)]>,
    ) -> Arc<[(usize, Machine)]> {
        let (env, machines) = (&self.env, self.env.hosts.len());
        if let Some(known) = &self.stations[machine].ways
            && Arc::ptr_eq(&known.of, ways)
            && known.machines == machines
        {
            return Arc::clone(&known.places);
        }
        let place =
            |(to, network): &(NodeId, Name)| env.networks.find(network).zip(env.machine_of(*to));
        let places: Arc<[_]> = ways.iter().filter_map(place).collect();
        self.stations[machine].ways = Some(Ways {
            of: Arc::clone(ways),
            machines,
            places: Arc::clone(&places),
        });
        places
    }

    /// The world around one machine's cluster service.
    pub(super) fn around(&mut self, machine: Machine) -> Around<'_> {
        Around {
            world: self,
            machine,
        }
    }

    /// Gives a node a message that does nothing but that it comes, as nearly all heartbeats. Returns whether this was one.
    fn hears(&mut self, to: Machine, from: NodeId, network: usize, message: &Message) -> bool {
        self.arrive(to, self.env.queue.last());
        let (env, service) = (&self.env, &mut self.stations[to].service);
        let (now, network) = (env.local(to), env.networks.name(network));
        let beat = message.beat().filter(|beat| {
            env.hosts[to].frozen.is_none() && service.only_hears(now, from, network, beat)
        });
        if let Some(beat) = &beat {
            service.take_in(now, from, network, beat);
        }
        beat.is_some()
    }

    /// Gives a node an input, or keeps it while the machine stands still.
    pub(super) fn input(&mut self, machine: Machine, input: Input) {
        let station = &mut self.stations[machine];
        if self.env.hosts[machine].frozen.is_none() {
            return quorate_machine::input(&mut self.around(machine), input);
        }
        if !station.service.runs() {
            return;
        }
        if matches!(input, Input::Message { .. }) {
            if station.datagrams >= self.env.options.socket_buffer {
                return;
            }
            station.datagrams += 1;
        }
        station.backlog.push_back(input);
    }

    fn node_wake(&mut self, machine: Machine) {
        let now = self.env.now;
        self.stations[machine].node_wake.goes_off(now);
        if self.env.hosts[machine].frozen.is_none() {
            quorate_machine::wake_node(&mut self.around(machine));
        }
    }

    fn monitor_wake(&mut self, machine: Machine) {
        let now = self.env.now;
        self.stations[machine].monitor_wake.goes_off(now);
        if self.env.hosts[machine].frozen.is_none() {
            quorate_machine::wake_monitor(&mut self.around(machine));
        }
    }

    /// A machine goes on after standing still: the node's timers are late, then come the inputs that have waited,
    /// then the monitor's timers.
    pub(super) fn catch_up(&mut self, machine: Machine) {
        self.input(machine, Input::Wake);
        let backlog = std::mem::take(&mut self.stations[machine].backlog);
        self.stations[machine].datagrams = 0;
        for input in backlog {
            self.input(machine, input);
        }
        self.monitor_catches_up(machine);
    }

    /// A monitor goes on after standing still, alone or with its machine: its waiting commands come first, then its
    /// late timers.
    pub(super) fn monitor_catches_up(&mut self, machine: Machine) {
        let _together = quorate_host::Together::begin();
        let mut around = self.around(machine);
        if around.host().frozen.is_none()
            && let Some(asked) = around.service().monitor_mut().and_then(Standing::catch_up)
        {
            for asked in asked {
                quorate_machine::ask(&mut around, asked);
            }
            around.with_monitor(|monitor, services| monitor.wake(services));
        }
        quorate_machine::drain(&mut around);
    }

    /// A message after it was encoded and decoded.
    pub(super) fn read_back(&mut self, message: Message) -> Message {
        match Message::decode(&message.encode()) {
            Ok(read) if read == message => read,
            other => {
                let text = format!("{message:?} was read back as {other:?}");
                self.breach("wire", text, "a datagram was sent".to_owned());
                message
            }
        }
    }

    /// Adds a machine's next wake-ups to the queue, unless they are there.
    pub(super) fn schedule(&mut self, machine: Machine) {
        let now = self.env.now;
        let host = &self.env.hosts[machine];
        if !host.runs() {
            return;
        }
        let clock = host.clock;
        let station = &mut self.stations[machine];
        let mut again = false;
        let wake = station.service.next_node_wakeup();
        if let Some(at) = station.node_wake.ask(wake, clock, now) {
            again |= at == now;
            self.env.wakes(at, Happening::NodeWake(machine));
        }
        let wake = station.service.next_monitor_wakeup();
        if let Some(at) = station.monitor_wake.ask(wake, clock, now) {
            again |= at == now;
            self.env.wakes(at, Happening::MonitorWake(machine));
        }
        if again && let Err(stuck) = station.service.wakes_at_once(now) {
            self.stuck(machine, stuck);
        }
    }

    /// Node or monitor keeps time from going on: this is a bug, reported as a breach, and the end of this node.
    pub(super) fn stuck(&mut self, machine: Machine, how: Stuck) {
        let name = &self.env.hosts[machine].name;
        let text = format!("{name}: {how}");
        self.breach("time_goes_on", text, "itself".to_owned());
        self.power_cut(machine, "it does not let time go on");
    }

    /// Records that an invariant does not hold.
    pub(super) fn breach(&mut self, invariant: &'static str, text: String, cause: String) {
        self.env.record(
            None,
            WorldEvent::Breach {
                invariant: invariant.to_owned(),
                text: text.clone(),
                cause: cause.clone(),
            },
        );
        self.breaches.push(Breach {
            at: self.env.now,
            invariant,
            text,
            cause,
        });
    }
}

/// A description of an event, which is only made if somebody asks.
pub(super) enum Cause {
    Nothing,
    Text(String),
    Machine(&'static str, Machine),
    Message {
        from: NodeId,
        to: Machine,
        kind: &'static str,
    },
}

impl Cause {
    /// As part of a sentence.
    pub(super) fn text(&self, env: &Environment) -> String {
        match self {
            Cause::Nothing => "nothing in particular".to_owned(),
            Cause::Text(text) => text.clone(),
            Cause::Machine(what, machine) => format!("{what} on {}", env.hosts[*machine].name),
            Cause::Message { from, to, kind } => {
                let from = env
                    .machine_of(*from)
                    .map_or("?", |from| &env.hosts[from].name);
                format!("a {kind} message from {from} to {}", env.hosts[*to].name)
            }
        }
    }
}
