//! The loop: events go in, and what node and monitor ask for is carried out until neither asks for anything more.

use quorate_host::Together;
use quorate_model::monitor::MonitorCommand;
use quorate_node::{Input, Output};

use crate::monitor::ResourceMonitor;
use crate::stuck::{EXCHANGES_MAX, Stuck};
use crate::surroundings::Surroundings;

/// Hands an input to the node and carries out all that follows. Does nothing while no service runs.
pub fn input<S: Surroundings>(world: &mut S, input: Input) {
    if tell(world, input) {
        drain(world);
    }
}

/// Wakes the node if one of its timers is due.
pub fn wake_node<S: Surroundings>(world: &mut S) {
    let now = world.now();
    match world.service().next_node_wakeup() {
        Some(due) if due <= now => input(world, Input::Wake),
        _ if world.service().runs() => world.at_rest(),
        _ => {}
    }
}

/// Wakes the resource monitor if one of its timers is due.
pub fn wake_monitor<S: Surroundings>(world: &mut S) {
    let now = world.now();
    let service = world.service();
    match service.next_monitor_wakeup() {
        Some(due) if due <= now => {
            let _together = Together::begin();
            world.with_monitor(|monitor, services| monitor.wake(services));
            drain(world);
        }
        _ if service.monitor().is_some() => world.at_rest(),
        _ => {}
    }
}

/// Gives the resource monitor a command, or with `None` asks it for a sign of life.
pub fn ask<S: Surroundings>(world: &mut S, asked: Option<MonitorCommand>) {
    match asked {
        Some(command) => {
            world.with_monitor(|monitor, services| monitor.command(services, command));
        }
        None => {
            let answers = world.with_monitor(|monitor, _| monitor.sign_of_life());
            if answers == Some(true) {
                tell(world, Input::MonitorAnswers);
            }
        }
    }
}

/// Carries out what the node wants and tells it what the monitor reports, until neither has anything more to say.
pub fn drain<S: Surroundings>(world: &mut S) {
    let _together = Together::begin();
    for _ in 0..EXCHANGES_MAX {
        let mut quiet = true;
        while let Some(output) = world.service().poll_output() {
            quiet = false;
            carry_out(world, output);
        }
        let now = world.now();
        let service = world.service();
        service.node_called = true;
        if let (Some(node), Some(monitor)) = (&mut service.node, &mut service.monitor) {
            while let Some(event) = monitor.poll_event() {
                quiet = false;
                node.handle(now, Input::Monitor(event));
            }
        }
        if quiet {
            world.at_rest();
            return;
        }
    }
    world.stuck(Stuck::Exchange);
    world.at_rest();
}

/// Ends the resource monitor and everything that it has started. Returns whether it is certain that nothing runs any
/// more.
pub fn end<S: Surroundings>(world: &mut S) -> bool {
    let Some(monitor) = world.service().monitor() else {
        return true;
    };
    let anything_runs = monitor.resources().any(|(.., state)| !state.is_down());
    if anything_runs {
        world.ends();
    }
    dismiss(world)
}

/// Has the resource monitor end everything that it has started, and drops it. Returns whether every resource has
/// confirmed that it is down.
fn dismiss<S: Surroundings>(world: &mut S) -> bool {
    let ended = world.with_monitor(|monitor, services| monitor.terminate_all(services));
    if let Some(monitor) = world.service().monitor.take() {
        Box::new(monitor).power_off();
    }
    ended.unwrap_or(true)
}

/// Hands an input to the node. Returns whether there is one.
fn tell<S: Surroundings>(world: &mut S, input: Input) -> bool {
    let now = world.now();
    match &mut world.service().node {
        Some(node) => {
            node.handle(now, input);
            true
        }
        None => false,
    }
}

fn carry_out<S: Surroundings>(world: &mut S, output: Output) {
    match output {
        Output::Send {
            to,
            network,
            message,
        } => world.send(to, &network, message),
        Output::SendAll { ways, message } => world.send_all(&ways, message),
        Output::Monitor(command) => ask(world, Some(command)),
        Output::AskMonitor => ask(world, None),
        Output::ReplaceMonitor => {
            dismiss(world);
            let another = world.another_monitor();
            world.service().monitor = Some(another);
        }
        Output::Disk(request) => {
            if let Err(done) = world.use_disk(request) {
                tell(world, Input::Disk(done));
            }
        }
        Output::Witness(request) => world.ask_witness(request),
        Output::Event(event) => world.record(event),
        Output::Reply { request, result } => world.reply(request, result),
        Output::Controlled { request, result } => world.controlled(request, result),
        Output::Halt { reason, restart } => {
            // The node may send one last message once the monitor has taken everything out of service.
            let node = world.service().node.take();
            if end(world)
                && let Some(mut node) = node
            {
                node.handle(world.now(), Input::Ended);
                while let Some(output) = node.poll_output() {
                    carry_out(world, output);
                }
            }
            world.halted(reason, restart);
        }
    }
}
