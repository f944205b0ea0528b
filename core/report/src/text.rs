//! Events in plain words.

use quorate_journal::{Cause, Event, PolicyFunction, ServiceStep, What, WorldEvent};
use quorate_model::monitor::HealthCheck;
use quorate_model::{Name, NodeState, ResourceState};

/// What happened, as one sentence without a full stop, for somebody who reads the run from outside. `node` is the one it
/// happened on or to.
pub fn sentence(what: &What, node: Option<&str>) -> String {
    let node = node.unwrap_or("the cluster");
    match what {
        What::Node(event) => node_sentence(event, node),
        What::World(event) => world_sentence(event, node),
    }
}

/// Why a group is moved, in words that follow a colon.
pub const fn cause_in_words(cause: Cause) -> &'static str {
    match cause {
        Cause::Form => "the cluster has formed",
        Cause::Admin => "an administrator asked for it",
        Cause::ResourceFailure => "a resource failed past its threshold",
        Cause::NodeFailure => "its owner was lost",
        Cause::NodeShutdown => "its owner is being shut down",
        Cause::Failback => "a preferred owner is back",
        Cause::NodeUp => "a node came up that can take it",
    }
}

/// `A`, `A and B`, `A, B and C`; `nobody` for none.
pub(crate) fn listed<T: AsRef<str>>(names: &[T]) -> String {
    match names {
        [] => "nobody".to_owned(),
        [one] => one.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", first.join(", "), last.as_ref())
        }
    }
}

/// The text, and what follows a colon if there is anything.
fn with(text: String, more: Option<&str>) -> String {
    match more.filter(|it| !it.is_empty()) {
        Some(more) => format!("{text}: {more}"),
        None => text,
    }
}

fn check_name(check: HealthCheck) -> &'static str {
    match check {
        HealthCheck::LooksAlive => "LooksAlive",
        HealthCheck::IsAlive => "IsAlive",
    }
}

fn node_sentence(event: &Event, node: &str) -> String {
    match event {
        Event::ServiceStarted { incarnation } => {
            format!("{node}'s cluster service starts (boot {incarnation}) and looks for a cluster")
        }
        Event::Forming => format!("{node} has found no cluster and tries to form one"),
        Event::Coordinator { term } => format!("{node} coordinates from now on (term {term})"),
        Event::StartSwitch { name, text } => format!("{node} was started with {name}: {text}"),
        Event::CoordinatorLost { reason } => format!("{node} stops coordinating: {reason}"),
        Event::Interface {
            peer,
            network,
            up: true,
        } => format!("{node} hears {peer} on {network}"),
        Event::Interface { peer, network, .. } => {
            format!("{node} misses the heartbeats of {peer} on {network}")
        }
        Event::Regroup { silent } => format!(
            "{node} has heard nothing of {} on any network and begins a regroup",
            listed(silent)
        ),
        Event::View { view, members } => {
            format!("{node} has {} as members (view {view})", listed(members))
        }
        Event::NodeState { subject, from, to } => node_state(subject, *from, *to),
        Event::Quorum { held: true, reason } => format!("{node} has quorum: {reason}"),
        Event::Quorum { reason, .. } => format!("{node} has no quorum any more: {reason}"),
        Event::Halted { reason } => format!("{node}'s cluster service ends: {reason}"),
        Event::ResourceState {
            subject,
            to,
            reason,
            ..
        } => {
            let state = match to {
                ResourceState::Initializing => "is being created",
                ResourceState::Online => "is online",
                ResourceState::Offline => "is offline",
                ResourceState::Failed => "failed",
                ResourceState::OnlinePending => "comes online",
                ResourceState::OfflinePending => "goes offline",
            };
            with(format!("{subject} {state} on {node}"), reason.as_deref())
        }
        Event::GroupState { subject, from, to } => {
            format!("{subject} is {to} (was {from}), as {node} has it")
        }
        Event::GroupMoving {
            subject,
            from,
            to,
            cause,
        } => format!(
            "{subject} is to move from {from} to {to}: {}",
            cause_in_words(*cause)
        ),
        Event::GroupMoveCancelled {
            subject,
            from,
            to,
            reason,
            ..
        } => format!("{subject} stays on {from} instead of moving to {to}: {reason}"),
        Event::GroupOwner {
            subject,
            from,
            to,
            cause,
        } if from == to => format!("{to} owns {subject}: {}", cause_in_words(*cause)),
        Event::GroupOwner {
            subject,
            from,
            to,
            cause,
        } => format!(
            "{to} takes {subject} over from {from}: {}",
            cause_in_words(*cause)
        ),
        Event::GroupStranded { subject, reason } => {
            format!("{subject} cannot go anywhere: {reason}")
        }
        Event::GroupResting { subject, reason } => format!("{subject} rests: {reason}"),
        Event::Restart {
            subject,
            failures,
            threshold,
        } => format!(
            "{subject} is to be restarted on {node}: failure {failures} in its period, with a threshold of {threshold}"
        ),
        Event::GivenUp { subject, reason } => {
            format!("{subject} is not restarted on {node} any more: {reason}")
        }
        Event::Health {
            subject,
            check,
            alive: true,
            ..
        } => format!("{} of {subject} answers on {node}", check_name(*check)),
        Event::Health {
            subject,
            check,
            reason,
            ..
        } => with(
            format!("{} of {subject} fails on {node}", check_name(*check)),
            reason.as_deref(),
        ),
        Event::Property { subject, property } => format!("{property} of {subject} is changed"),
        Event::Log { subject, text, .. } => format!("{subject} on {node}: {text}"),
        Event::Notice { id: 0, text } => format!("{node}: {text}"),
        Event::Notice { id, text } => format!("{node}, event {id}: {text}"),
        Event::Policy { .. } | Event::PolicyFailed { .. } => policy(event),
    }
}

fn node_state(subject: &Name, from: NodeState, to: NodeState) -> String {
    match to {
        NodeState::Up if from == NodeState::Paused => format!("{subject} is resumed"),
        NodeState::Up => format!("{subject} is a member (was {from})"),
        NodeState::Down => format!("{subject} is no member any more (was {from})"),
        NodeState::Paused => format!("{subject} is paused (was {from})"),
        NodeState::Joining => format!("{subject} joins (was {from})"),
        NodeState::Evicted => format!("{subject} is evicted (was {from})"),
    }
}

fn policy(event: &Event) -> String {
    match event {
        Event::Policy {
            subject,
            policy,
            function,
            decision,
            built_in,
            ..
        } => {
            let about = asked_for(*function);
            let built_in = if decision == built_in {
                "so do the built-in rules".to_owned()
            } else {
                format!("the built-in rules say \"{built_in}\"")
            };
            format!("policy {policy} decides {about} of {subject}: \"{decision}\"; {built_in}")
        }
        Event::PolicyFailed {
            subject,
            policy,
            function,
            reason,
            built_in,
            ..
        } => format!(
            "policy {policy} gives no answer that will do about {} of {subject}, so the built-in decision \"{built_in}\" stands: {reason}",
            asked_for(*function)
        ),
        _ => String::new(),
    }
}

const fn asked_for(function: PolicyFunction) -> &'static str {
    match function {
        PolicyFunction::ChooseOwner => "the owner",
        PolicyFunction::OnResourceFailed => "the failure",
    }
}

fn world_sentence(event: &WorldEvent, node: &str) -> String {
    match event {
        WorldEvent::FaultInjected { text, .. } => text.clone(),
        WorldEvent::FaultHealed { fault, .. } => format!("healed: {fault}"),
        WorldEvent::Power { on, reason } => {
            let text = if *on { "is switched on" } else { "goes off" };
            let said = reason == "switched on";
            with(
                format!("{node} {text}"),
                Some(reason.as_str()).filter(|_| !said),
            )
        }
        WorldEvent::Frozen { frozen: true } => format!("{node} stands still"),
        WorldEvent::Frozen { .. } => format!("{node} goes on"),
        WorldEvent::ClusterService { running, reason } => {
            let text = if *running { "starts" } else { "has ended" };
            with(
                format!("the cluster service of {node} {text}"),
                Some(reason),
            )
        }
        WorldEvent::DatagramRefused {
            network,
            sender,
            reason,
            count,
        } => {
            let from = sender
                .as_ref()
                .map_or_else(String::new, |it| format!(" from {it}"));
            format!("{node} refuses a datagram{from} on {network}, its {count}. there: {reason}")
        }
        WorldEvent::CleanedUp {} => {
            format!("everything that belongs to the cluster was taken off {node}")
        }
        WorldEvent::Service {
            subject,
            service,
            to,
            reason,
            ..
        } => {
            let state = match to {
                ServiceStep::StartPending => "starts",
                ServiceStep::Running => "runs",
                ServiceStep::StopPending => "stops",
                ServiceStep::Stopped => "has stopped",
            };
            with(
                format!("service {service} of {subject} {state} on {node}"),
                reason.map(|it| it.as_str()),
            )
        }
        WorldEvent::Reservation {
            subject,
            from,
            to,
            how,
        } => reservation(subject, from.as_deref(), to.as_deref(), how.as_str()),
        WorldEvent::Mount {
            subject,
            mounted: true,
        } => format!("{subject} is mounted on {node}"),
        WorldEvent::Mount { subject, .. } => format!("{subject} is dismounted on {node}"),
        WorldEvent::Address {
            subject,
            network,
            plumbed: true,
        } => format!("{node} has the address {subject} on {network}"),
        WorldEvent::Address {
            subject, network, ..
        } => format!("{node} gives the address {subject} on {network} up"),
        WorldEvent::NameResolves {
            subject,
            address: Some(address),
        } => format!("the name {subject} resolves to {address}"),
        WorldEvent::NameResolves { subject, .. } => {
            format!("the name {subject} resolves to nothing any more")
        }
        WorldEvent::Asked { request, text } => {
            format!("an administrator asks (request {request}): {text}")
        }
        WorldEvent::Answered {
            request,
            code,
            text,
        } => {
            let answer = match code {
                0 => "done".to_owned(),
                code => format!("refused with {code}"),
            };
            with(format!("request {request}: {answer}"), text.as_deref())
        }
        WorldEvent::Client {
            subject,
            answered,
            slow,
            users,
            reason,
        } => {
            let felt = match (answered, slow) {
                (true, false) => "are answered",
                (true, true) => "are answered slowly",
                (false, _) => "are not answered",
            };
            let reason = reason.as_deref();
            with(format!("the {users} users of {subject} {felt}"), reason)
        }
        WorldEvent::ServiceLevel {
            subject,
            online: true,
            ..
        } => format!("{subject} is in full service: clients find all of it"),
        WorldEvent::ServiceLevel {
            subject, planned, ..
        } => {
            let planned = match planned {
                Some(true) => ", as planned",
                Some(false) | None => "",
            };
            format!("{subject} is out of service for clients{planned}")
        }
        WorldEvent::Disturbed { subject } => {
            format!("{subject} is disturbed by a fault that it has no part in")
        }
        WorldEvent::End { .. } => "the drill ends".to_owned(),
        WorldEvent::Verdict {
            drill,
            verdict,
            text,
            ..
        } => with(format!("{drill}: {verdict}"), text.as_deref()),
        WorldEvent::Step { title } => format!("step: {title}"),
        WorldEvent::Note { text } => format!("note: {text}"),
        WorldEvent::Remark { rule, text } => format!("remark ({rule}): {text}"),
        WorldEvent::Breach {
            invariant,
            text,
            cause,
        } => format!("invariant {invariant} does not hold: {text}; seen after: {cause}"),
    }
}

fn reservation(disk: &str, from: Option<&str>, to: Option<&str>, how: &str) -> String {
    match (how, from, to) {
        ("bus reset", Some(from), _) => {
            format!("a reset of the bus breaks the reservation of {disk} by {from}")
        }
        ("stolen", Some(from), _) => {
            format!("a host outside the cluster takes the reservation of {disk} from {from}")
        }
        ("stolen", None, _) => format!("a host outside the cluster reserves {disk}"),
        (_, _, Some(to)) => format!("{to} reserves {disk}"),
        (_, Some(from), None) => format!("{from} gives the reservation of {disk} up"),
        (how, None, None) => format!("the reservation of {disk} is broken: {how}"),
    }
}
