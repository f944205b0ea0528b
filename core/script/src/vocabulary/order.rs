//! Giving orders and making faults on behalf of natives.

use std::collections::BTreeSet;
use std::time::Duration;

use quorate_drill::stage::{Answer, Order, PropertyOf, Stage};
use quorate_drill::{MadeFault, Thrown, suggestion};
use quorate_model::{
    AdminOp, Damage, DiskFault, Fault, Lasting, Name, NetworkFault, Object, Reason, Repair, Value,
    called,
};
use rhai::{Array, Dynamic, NativeCallContext};

use super::handles::FaultRef;
use crate::place::spot;
use crate::session::Session;
use crate::thrown::{Fallible, Raise};
use crate::values::{from_value, name_arg, show, sides_arg};
use crate::waits;

/// How long an order may go without an answer; one that stops a node so much longer than its groups may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(120);

/// Gives an order and lets time pass until it is answered. A refusal is an error of the script.
pub(crate) fn order(context: &NativeCallContext<'_>, order: impl Into<Order>) -> Fallible<()> {
    let order = order.into();
    let stopped = match &order {
        Order::NodeShutdown(node) | Order::NodeReboot(node, _) | Order::ServiceStop(node) => {
            Some(node.clone())
        }
        Order::Cluster(_)
        | Order::Control { .. }
        | Order::NodeStart(..)
        | Order::ServiceStart(..)
        | Order::NodeAdd(..)
        | Order::NodeForceCleanup(_) => None,
    };
    let (answer, limit) = answered(context, order, stopped.is_some())?;
    let at = context.call_position();
    match answer {
        Some(Answer::Done(_)) => Ok(()),
        Some(Answer::Refused(Reason { code: 0, text }) | Answer::Lost(text)) => {
            Err(Thrown::mistake(format!("refused: {text}")).at(at))
        }
        Some(Answer::Refused(Reason { code, text })) => {
            let text = format!("refused with error {code}: {text}");
            Err(Thrown::mistake(text).coded(code).at(at))
        }
        None => {
            let session = Session::of(context)?;
            let why = session.with_stage(context, |stage| unanswered(stage, stopped.as_ref()))?;
            Err(Thrown::mistake(format!(
                "\"{}\" was not answered within {}: {why}",
                context.fn_name(),
                Lasting(limit)
            ))
            .at(at))
        }
    }
}

/// The order to give a property a value; `None` resets it to its default.
pub(super) fn set(object: Object, property: String, value: Option<Value>) -> AdminOp {
    AdminOp::SetProperty {
        object,
        property,
        value,
    }
}

/// Gives an order and lets time pass until it is answered, or the limit is reached.
pub(super) fn answered(
    context: &NativeCallContext<'_>,
    order: Order,
    stops: bool,
) -> Fallible<(Option<Answer>, Duration)> {
    let session = Session::of(context)?;
    session.begin_act(context)?;
    let handle = session.try_stage(context, |stage| stage.order(order))?;
    let (began, stop) = session.with_stage(context, |stage| (stage.now(), stage.longest_stop()))?;
    let limit = match stops {
        true => stop + ANSWER_LIMIT,
        false => ANSWER_LIMIT,
    };
    let mut answer = None;
    waits::pass(context, &session, began + limit, || {
        answer = session.with_stage(context, |stage| stage.answer(handle))?;
        Ok(answer.is_some())
    })?;
    Ok((answer, limit))
}

/// What an order still waits for.
fn unanswered(stage: &dyn Stage, stopped: Option<&Name>) -> String {
    let statuses = stage.resource_statuses().into_iter();
    let pending: Vec<String> = statuses
        .filter(|one| {
            one.state.is_pending() && (stopped.is_none() || one.owner.as_ref() == stopped)
        })
        .map(|one| format!("{} is {}", one.name, one.state))
        .collect();
    match (pending.is_empty(), stage.quorum().has_quorum) {
        (false, _) => pending.join(", "),
        (true, true) => "the cluster has quorum, but has not confirmed it".to_owned(),
        (true, false) => "no quorate node is there to take the order".to_owned(),
    }
}

/// Makes a fault.
pub(crate) fn inject(
    context: &NativeCallContext<'_>,
    what: impl Into<String>,
    fault: impl Into<Fault>,
) -> Fallible<FaultRef> {
    inject_for(context, what, fault, None)
}

/// Makes a fault that heals by itself after a while, if a span is given.
pub(crate) fn inject_for(
    context: &NativeCallContext<'_>,
    what: impl Into<String>,
    fault: impl Into<Fault>,
    lasting: Option<Duration>,
) -> Fallible<FaultRef> {
    let session = Session::of(context)?;
    session.begin_act(context)?;
    let handle = session.try_stage(context, |stage| stage.inject(fault.into(), lasting))?;
    let what = what.into();
    let made = MadeFault {
        handle,
        at: spot(context.call_position()),
        what: what.clone(),
        may_go_unnoticed: false,
    };
    session.with(|play| play.made(made));
    waits::look(context, &session)?;
    Ok(FaultRef { handle, what })
}

/// Cuts what one node sends to another, on one network or on all.
pub(crate) fn cut(
    context: &NativeCallContext<'_>,
    network: Option<Name>,
    from: &Dynamic,
    to: &Dynamic,
) -> Fallible<FaultRef> {
    let node = |name: &Dynamic| {
        let name = name_arg(context, name)?;
        known(context, "node", &name, |stage| stage.nodes())
    };
    let (from, to) = (node(from)?, node(to)?);
    if from == to {
        let text = format!("a node always hears itself: {from} is named twice");
        return Err(Thrown::mistake(text).at(context.call_position()));
    }
    let place = network.as_ref().map_or("all networks", Name::as_str);
    let what = format!("{to} was cut off from {from} on {place}");
    let links = vec![(from, to)];
    inject(context, what, NetworkFault::Cut { network, links })
}

/// Cuts the nodes into sides that do not hear each other, on one network or on all.
pub(crate) fn partition(
    context: &NativeCallContext<'_>,
    what: String,
    network: Option<Name>,
    sides: &Array,
) -> Fallible<FaultRef> {
    let sides = sides_arg(context, sides)?;
    let mistake = |text: String| Thrown::mistake(text).at(context.call_position());
    let mut named = BTreeSet::new();
    for side in &sides {
        if side.is_empty() {
            let text =
                "a side of a partition without a node: name the nodes on it, or leave it out";
            return Err(mistake(text.to_owned()));
        }
        for node in side {
            known(context, "node", node, |stage| stage.nodes())?;
            if !named.insert(node) {
                return Err(mistake(format!(
                    "{node} is named twice: a node is on one side of a partition. For a bridge between two sides \
                     cut the links that are gone, one by one: cut(from, to)"
                )));
            }
        }
    }
    let nodes = Session::of(context)?.with_stage(context, |stage| stage.nodes())?;
    inject(
        context,
        what,
        NetworkFault::partition(network, &nodes, &sides),
    )
}

/// Damages a file on a shared disk, or on the system disk of the node of that name.
pub(crate) fn damage(
    context: &NativeCallContext<'_>,
    disk: &Name,
    file: &str,
    damage: Damage,
) -> Fallible<FaultRef> {
    let fault = DiskFault::FileDamage {
        disk: disk.clone(),
        file: file.to_owned(),
        damage,
    };
    inject(context, format!("{file} on {disk} was damaged"), fault)
}

/// A number of bytes, or a byte's place.
pub(crate) fn bytes_arg(context: &NativeCallContext<'_>, number: i64, what: &str) -> Fallible<u64> {
    u64::try_from(number).map_err(|_| {
        Thrown::mistake(format!("{what} is 0 or more: {number}")).at(context.call_position())
    })
}

/// Repairs a thing.
pub(crate) fn repair(context: &NativeCallContext<'_>, what: &Repair) -> Fallible<()> {
    let session = Session::of(context)?;
    session.begin_act(context)?;
    session.try_stage(context, |stage| stage.repair(what))?;
    waits::look(context, &session)
}

/// Changes a file on a shared disk.
pub(crate) fn disk_file(
    context: &NativeCallContext<'_>,
    disk: &Name,
    file: &str,
    text: Option<&str>,
) -> Fallible<()> {
    let session = Session::of(context)?;
    session.begin_act(context)?;
    session.try_stage(context, |stage| stage.disk_file(disk, file, text))?;
    waits::look(context, &session)
}

/// Reads one thing of the cluster and remembers what was read: `kind("name").property`.
pub(crate) fn read<T>(
    context: &NativeCallContext<'_>,
    kind: &str,
    name: &Name,
    property: &str,
    look: impl FnOnce(&dyn Stage) -> Option<T>,
    show: impl FnOnce(&T) -> String,
) -> Fallible<T> {
    let session = Session::of(context)?;
    let found = session.with_stage(context, |stage| look(stage))?;
    let Some(found) = found else {
        return Err(Thrown::mistake(format!(
            "the {kind} \"{name}\" is gone: the open cluster has none of that name"
        ))
        .at(context.call_position()));
    };
    session.saw(
        context,
        name,
        || format!("{kind}(\"{name}\").{property}"),
        show(&found),
    );
    Ok(found)
}

/// The value of a property, as scripts have it: `()` where there is none of its own.
pub(super) fn property(
    context: &NativeCallContext<'_>,
    of: PropertyOf<'_>,
    name: &str,
) -> Fallible<Dynamic> {
    let session = Session::of(context)?;
    let value = session.try_stage(context, |stage| stage.property(of, name))?;
    let value = value.map_or(Dynamic::UNIT, from_value);
    let (subject, object) = match of {
        PropertyOf::Cluster => ("", "quorum()".to_owned()),
        PropertyOf::Group(group) => (group, format!("group(\"{group}\")")),
        PropertyOf::Resource(resource) => (resource, format!("resource(\"{resource}\")")),
    };
    let read = || format!("{object}.get(\"{name}\")");
    session.saw(context, subject, read, show(&value));
    Ok(value)
}

/// The name of the open cluster's thing that is called so, whatever case that is written in, as it is defined; else an
/// error that says what there is.
pub(crate) fn known(
    context: &NativeCallContext<'_>,
    kind: &str,
    name: &str,
    list: impl FnOnce(&dyn Stage) -> Vec<Name>,
) -> Fallible<Name> {
    let session = Session::of(context)?;
    let (names, cluster) =
        session.with_stage(context, |stage| (list(stage), stage.cluster_name()))?;
    if let Some(found) = called(&names, name, |known| *known) {
        return Ok(found.clone());
    }
    let hint = suggestion(name, names.iter().map(Name::as_str)).map(|hint| format!(": {hint}"));
    let text = format!(
        "the cluster {cluster} has no {kind} \"{name}\"{}",
        hint.unwrap_or_default()
    );
    Err(Thrown {
        unknown_name: true,
        ..Thrown::mistake(text)
    }
    .at(context.call_position()))
}

/// How many bytes a file has.
pub(super) fn file_size(context: &NativeCallContext<'_>, disk: &Name, file: &str) -> Fallible<i64> {
    let session = Session::of(context)?;
    // Files grow without a word to anybody.
    session.read_time();
    let bytes = session.try_stage(context, |stage| stage.file_size(disk, file))?;
    session.saw(
        context,
        disk,
        || format!("\"{disk}\".size(\"{file}\")"),
        bytes.to_string(),
    );
    Ok(i64::try_from(bytes).unwrap_or(i64::MAX))
}
