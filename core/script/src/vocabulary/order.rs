//! Orders and faults, for the native functions.

use std::collections::BTreeSet;
use std::time::Duration;

use quorate_drill::stage::{Answer, Order, PropertyOf, Stage, StageError};
use quorate_drill::{Span, Thrown, order as told, suggestion};
use quorate_journal::{What, WorldEvent};
use quorate_model::{
    AdminOp, Damage, DiskFault, Fault, FaultId, Name, NetworkFault, Object, Repair, Value, called,
};
use rhai::{Array, Dynamic, NativeCallContext};

use crate::handles::FaultRef;
use crate::session::{Here, Session};
use crate::thrown::{Fallible, Raise};
use crate::values::{from_value, name_arg, plain, show, spoken};

/// Gives an order and lets time pass until the answer comes. A refusal is an error of the script.
pub(crate) fn order(context: &NativeCallContext<'_>, order: impl Into<Order>) -> Fallible<()> {
    let session = Session::of(context)?;
    told::order(&Here::new(context, &session), order.into())
}

/// The order that sets a property; `None` resets it to its default.
pub(super) fn set(object: Object, property: String, value: Option<Value>) -> AdminOp {
    AdminOp::SetProperty {
        object,
        property,
        value,
    }
}

/// Gives an order and lets time pass until the answer comes, or the limit is reached.
pub(super) fn answered(
    context: &NativeCallContext<'_>,
    order: Order,
) -> Fallible<(Option<Answer>, Duration)> {
    let session = Session::of(context)?;
    told::answered(&Here::new(context, &session), order, false)
}

/// Makes a fault.
pub(crate) fn inject(
    context: &NativeCallContext<'_>,
    what: impl Into<String>,
    fault: impl Into<Fault>,
) -> Fallible<FaultRef> {
    inject_for(context, what, fault, None)
}

/// Makes a fault, which heals by itself after `span` if there is one.
pub(crate) fn inject_for(
    context: &NativeCallContext<'_>,
    what: impl Into<String>,
    fault: impl Into<Fault>,
    lasting: Option<Duration>,
) -> Fallible<FaultRef> {
    let session = Session::of(context)?;
    let what = what.into();
    let handle = told::inject(&Here::new(context, &session), &what, fault.into(), lasting)?;
    Ok(FaultRef { handle, what })
}

/// Cuts one direction between two nodes, on one network or on all.
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

/// Cuts nodes into sides that do not hear each other, on one network or on all.
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

/// Heals the fault with this number.
pub(crate) fn heal_number(context: &NativeCallContext<'_>, number: i64) -> Fallible<()> {
    let session = Session::of(context)?;
    let events = session.with_stage(context, |stage| stage.entries(0))?;
    let mut open = BTreeSet::new();
    for event in events {
        match event.what {
            What::World(WorldEvent::FaultInjected { id, fault, .. }) if fault.stands() => {
                open.insert(id);
            }
            What::World(WorldEvent::FaultHealed { id, .. }) => {
                open.remove(&id);
            }
            _ => {}
        }
    }
    let wanted = u64::try_from(number).map(FaultId);
    let Some(fault) = wanted.ok().filter(|it| open.contains(it)) else {
        let open: Vec<String> = open.iter().map(|it| it.0.to_string()).collect();
        let text = match &open[..] {
            [] => format!("there is no fault {number} to heal: nothing is broken"),
            open => format!(
                "there is no fault {number} to heal: what is broken has the numbers {}",
                open.join(", ")
            ),
        };
        return Err(Thrown::mistake(text).at(context.call_position()));
    };
    act(context, |stage| {
        stage.heal(fault);
        Ok(())
    })
}

/// Damages a file on a shared disk, or on the system disk of the node with that name.
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

/// A number of bytes, or the position of a byte.
pub(crate) fn bytes_arg(context: &NativeCallContext<'_>, number: i64, what: &str) -> Fallible<u64> {
    u64::try_from(number).map_err(|_| {
        Thrown::mistake(format!("{what} is 0 or more: {number}")).at(context.call_position())
    })
}

/// Acts on the cluster or its world, without letting time pass.
pub(super) fn act(
    context: &NativeCallContext<'_>,
    deed: impl FnOnce(&mut dyn Stage) -> Result<(), StageError>,
) -> Fallible<()> {
    let session = Session::of(context)?;
    told::act(&Here::new(context, &session), deed)
}

/// Repairs a thing.
pub(crate) fn repair(context: &NativeCallContext<'_>, what: &Repair) -> Fallible<()> {
    act(context, |stage| stage.repair(what))
}

/// Changes a file on a shared disk.
pub(crate) fn disk_file(
    context: &NativeCallContext<'_>,
    disk: &Name,
    file: &str,
    text: Option<&str>,
) -> Fallible<()> {
    act(context, |stage| stage.disk_file(disk, file, text))
}

/// Reads a value of the cluster and remembers the reading: `kind("name").property`.
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

/// The value of a property for a script: `()` if it has none of its own.
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

/// The name of the cluster's thing called `name`, spelled as it is defined; case does not matter. Otherwise an error
/// with the known names.
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
    // A file may grow without any event, so this counts as reading time.
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

/// A list of lists of names: the sides of a partition.
fn sides_arg(context: &NativeCallContext<'_>, sides: &rhai::Array) -> Fallible<Vec<Vec<Name>>> {
    sides
        .iter()
        .map(|side| {
            let side = side.as_array_ref().map_err(|kind| {
                Thrown::mistake(format!(
                    "a partition is a list of sides, each a list of nodes, such as [[\"NODE1\"], [\"NODE2\", \"NODE3\"]]; one side is {}",
                    spoken(kind)
                ))
                .at(context.call_position())
            })?;
            side.iter()
                .map(|node| {
                    let name = name_arg(context, node)?;
                    known(context, "node", &name, |stage| stage.nodes())
                })
                .collect()
        })
        .collect()
}

/// The value of a property from a script's value; `None` for `()`, which resets it. A value of no usable type is
/// refused with a description of what the property takes.
pub(crate) fn to_value(
    context: &NativeCallContext<'_>,
    of: PropertyOf<'_>,
    property: &str,
    value: &Dynamic,
) -> Fallible<Option<Value>> {
    if value.is_unit() {
        return Ok(None);
    }
    if let Some(value) = plain(value) {
        return Ok(Some(value));
    }
    let session = Session::of(context)?;
    let known = session.try_stage(context, |stage| {
        // An unknown property is reported first.
        stage.property(of, property)?;
        stage.properties(of)
    })?;
    let known = known
        .iter()
        .find(|it| it.name.eq_ignore_ascii_case(property));
    let takes = known.map_or("a number, a text or a list of texts", |it| {
        it.takes.as_str()
    });
    let hint = if value.read_lock::<Span>().is_some() {
        ": a plain number in that unit, not a duration"
    } else {
        ""
    };
    Err(Thrown::mistake(format!(
        "`{property}` takes {takes}{hint}; {} is none",
        show(value)
    ))
    .at(context.call_position()))
}
