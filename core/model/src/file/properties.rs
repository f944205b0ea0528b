//! Properties in a cluster file: common and private ones stand in one map and are separated here.

use std::collections::BTreeMap;

use crate::{
    CLUSTER_PROPERTIES, ClusterProperties, GROUP_PROPERTIES, GroupDefinition, PERSISTENT_STATE,
    PropertyDescriptor, PropertyError, RESOURCE_PROPERTIES, ResourceDefinition, Value, suggest,
    types,
};

use super::decoder::{Decoder, Say};
use super::elsewhere;
use super::format::Properties;
use crate::source::{Span, Spanned};

/// The properties of the cluster itself.
pub(crate) fn cluster(decoder: &mut Decoder<'_>, written: &Properties) -> ClusterProperties {
    let mut properties = ClusterProperties::default();
    for (name, value) in written {
        if decoder.meaningless(value, named(CLUSTER_PROPERTIES, name)) {
            continue;
        }
        match properties.set(&name.value, value.value.clone()) {
            Ok(()) => {}
            Err(PropertyError::Unknown { .. }) => {
                let known = CLUSTER_PROPERTIES.iter().map(|known| known.name);
                unknown(decoder, name, "a cluster", known);
            }
            Err(error) => refuse(decoder, error, value.span),
        }
    }
    properties
}

/// Sets a group's properties.
pub(crate) fn set_group(
    decoder: &mut Decoder<'_>,
    group: &mut GroupDefinition,
    written: &Properties,
) {
    for (name, value) in written {
        if name.value.eq_ignore_ascii_case(PERSISTENT_STATE.name) {
            if let Some(state) = persistent_state(decoder, value) {
                group.persistent_state = state;
            }
            continue;
        }
        if decoder.meaningless(value, named(GROUP_PROPERTIES, name)) {
            continue;
        }
        match group.properties.set(&name.value, value.value.clone()) {
            Ok(()) => {}
            Err(PropertyError::Unknown { .. }) => {
                let known = GROUP_PROPERTIES.iter().map(|known| known.name);
                unknown(
                    decoder,
                    name,
                    "a group",
                    known.chain([PERSISTENT_STATE.name]),
                );
            }
            Err(error) => refuse(decoder, error, value.span),
        }
    }
    if !both_ends(decoder, written) {
        // The finding is already made, at the end that is set.
        group.properties.failback_window_start = None;
        group.properties.failback_window_end = None;
    }
}

/// The property called `name`. Case does not matter.
fn named<'p>(
    known: &'p [PropertyDescriptor],
    name: &Spanned<String>,
) -> Option<&'p PropertyDescriptor> {
    known
        .iter()
        .find(|known| known.name.eq_ignore_ascii_case(&name.value))
}

/// Whether the failback window has both ends or none, as it must (docs/semantics.md, 3.2). Notes one that has a
/// single end.
fn both_ends(decoder: &mut Decoder<'_>, written: &Properties) -> bool {
    let end = |wanted: &str| {
        written.iter().find(|(name, value)| {
            name.value.eq_ignore_ascii_case(wanted) && value.value != Value::Dword(u32::MAX)
        })
    };
    let (start, end) = (end("FailbackWindowStart"), end("FailbackWindowEnd"));
    let (alone, missing) = match (start, end) {
        (Some((name, _)), None) => (name, "FailbackWindowEnd"),
        (None, Some((name, _))) => (name, "FailbackWindowStart"),
        _ => return true,
    };
    let say = Say::new(format!(
        "the failback window has `{}` but no `{missing}`",
        alone.value
    ))
    .help(Some(format!(
        "add `\"{missing}\": …`: a window has both ends or none"
    )));
    decoder.error("failback-window", alone.span, say);
    false
}

/// Sets a resource's properties. `span` is where the resource stands.
pub(crate) fn set_resource(
    decoder: &mut Decoder<'_>,
    resource: &mut ResourceDefinition,
    written: &Properties,
    span: Span,
) {
    let private = types::private_properties(&resource.kind);
    for (name, value) in written {
        if name.value.eq_ignore_ascii_case(PERSISTENT_STATE.name) {
            resource.persistent_state =
                persistent_state(decoder, value).or(resource.persistent_state);
            continue;
        }
        let same = |known: &&PropertyDescriptor| known.name.eq_ignore_ascii_case(&name.value);
        let common = RESOURCE_PROPERTIES.iter().find(same);
        let known = common.or_else(|| private.and_then(|private| private.iter().find(same)));
        if decoder.meaningless(value, known) {
            continue;
        }
        match (known, private) {
            (Some(known), _) => {
                if let Err(error) = known.check(&value.value) {
                    refuse(decoder, error, value.span);
                    continue;
                }
            }
            (None, Some(private)) if !types::takes_any_property(&resource.kind) => {
                let known = RESOURCE_PROPERTIES
                    .iter()
                    .chain(private)
                    .map(|known| known.name);
                let what = format!("the type `{}`", resource.kind);
                unknown(decoder, name, &what, known.chain([PERSISTENT_STATE.name]));
                continue;
            }
            // A script, and a third party's type, knows its own properties.
            (None, _) => {}
        }
        let spelt = known.map_or(name.value.as_str(), |known| known.name);
        if let Err(error) = resource.properties.assign(spelt, value.value.clone()) {
            refuse(decoder, error, value.span);
        }
    }
    if let Err(error) = resource.properties.consistent() {
        let at = |wanted: &str| {
            written
                .iter()
                .find(|(name, _)| name.value.eq_ignore_ascii_case(wanted))
                .map(|(_, value)| value.span)
        };
        let place = at("RetryPeriodOnFailure")
            .or_else(|| at("RestartPeriod"))
            .unwrap_or(span);
        refuse(decoder, error, place);
    }
}

fn persistent_state(decoder: &mut Decoder<'_>, value: &Spanned<Value>) -> Option<bool> {
    if let Err(error) = PERSISTENT_STATE.check(&value.value) {
        refuse(decoder, error, value.span);
        return None;
    }
    Some(value.value == Value::Dword(1))
}

fn refuse(decoder: &mut Decoder<'_>, error: PropertyError, span: Span) {
    let rule = error.rule();
    let (message, found, expected) = match error {
        PropertyError::Unknown { .. } => return,
        PropertyError::WrongType {
            name,
            found,
            expected,
        } => (
            format!("`{name}` has a value of the wrong type"),
            found,
            expected,
        ),
        PropertyError::OutOfRange {
            name,
            found,
            expected,
        } => (format!("`{name}` is out of its range"), found, expected),
        PropertyError::Conflict {
            name,
            found,
            expected,
        } => (
            format!("`{name}` does not go with the others"),
            found,
            expected,
        ),
    };
    decoder.error(
        rule,
        span,
        Say::new(message).found(found).expected(expected),
    );
}

fn unknown(
    decoder: &mut Decoder<'_>,
    name: &Spanned<String>,
    what: &str,
    known: impl Iterator<Item = &'static str>,
) {
    let known: Vec<&str> = known.collect();
    let near = suggest::nearest(&name.value, known.iter().copied());
    let help = match (elsewhere::word(&name.value), near) {
        (Some(here), _) => here,
        (None, Some(near)) => format!("did you mean `{near}`?"),
        (None, None) => format!("it has {}", suggest::list(&known)),
    };
    let say = Say::new(format!("{what} has no property `{}`", name.value)).help(Some(help));
    decoder.error("unknown-property", name.span, say);
}

/// Attributes by name. Of a name that is written twice the first value counts; the reader has noted the second.
pub(super) fn attributes(written: &Properties) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for (name, value) in written {
        all.entry(name.value.clone())
            .or_insert_with(|| value.value.clone());
    }
    all
}
