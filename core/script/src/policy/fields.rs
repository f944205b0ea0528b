//! The maps that policy scripts get. `docs/policies.md` lists every field, and a test compares the two.

use std::collections::BTreeMap;

use quorate_model::{Name, Value};
use quorate_node::{
    LocalTime, PolicyFailure, PolicyGroup, PolicyHosted, PolicyNode, PolicyResource, Reaction,
};
use rhai::{Dynamic, Map};

use crate::values::{from_value, names};

type Attributes = BTreeMap<String, Value>;

/// The first argument of `choose_owner`.
pub(crate) fn group(group: &PolicyGroup) -> Map {
    let built_in = group.built_in.as_ref();
    let nodes: Vec<Dynamic> = group.nodes.iter().map(|it| node(it).into()).collect();
    let classes = group.anti_affinity_classes.iter().cloned();
    let mut map = map([
        ("name", text(&group.name)),
        ("owner", text(&group.owner)),
        ("cause", format!("{:?}", group.cause).into()),
        ("built_in", built_in.map_or(Dynamic::UNIT, text)),
        ("preferred_owners", names(&group.preferred_owners).into()),
        (
            "anti_affinity_classes",
            classes.map(Dynamic::from).collect::<Vec<_>>().into(),
        ),
        ("failovers", number(group.failovers)),
        ("failover_threshold", number(group.failover_threshold)),
        ("nodes", nodes.into()),
    ]);
    declared(&mut map, &group.attributes, [&group.attributes]);
    clock(&mut map, group.time);
    map
}

/// A node, and so one of the candidates: the second argument of `choose_owner`.
pub(crate) fn node(node: &PolicyNode) -> Map {
    let groups: Vec<Dynamic> = node.groups.iter().map(|it| hosted(it).into()).collect();
    let preferred = node.preferred.and_then(|at| i64::try_from(at).ok());
    let mut map = map([
        ("name", text(&node.name)),
        ("id", number(node.id.0)),
        ("state", node.state.to_string().into()),
        ("groups", groups.into()),
        ("preferred", preferred.unwrap_or(-1).into()),
        ("possible", node.possible.into()),
        ("anti_affine", node.anti_affine.into()),
    ]);
    let loads = node.groups.iter().map(|group| &group.attributes);
    declared(&mut map, &node.attributes, loads);
    map
}

/// A group that a node hosts.
pub(crate) fn hosted(group: &PolicyHosted) -> Map {
    let mut map = map([("name", text(&group.name))]);
    declared(&mut map, &group.attributes, [&group.attributes]);
    map
}

/// The first argument of `on_resource_failed`.
pub(crate) fn resource(resource: &PolicyResource) -> Map {
    map([
        ("name", text(&resource.name)),
        ("kind", text(&resource.kind)),
        ("group", text(&resource.group)),
        ("owner", text(&resource.owner)),
        ("depends_on", names(&resource.depends_on).into()),
        ("dependents", names(&resource.dependents).into()),
        ("restart_action", number(resource.restart_action)),
        ("restart_threshold", number(resource.restart_threshold)),
        ("restart_period", number(resource.restart_period)),
        ("attributes", attributes(&resource.attributes).into()),
    ])
}

/// The second argument of `on_resource_failed`.
pub(crate) fn failure(failure: &PolicyFailure) -> Map {
    let built_in = match failure.built_in {
        Reaction::Restart => "restart",
        Reaction::Move => "move",
        _ => "give up",
    };
    let waited = i64::try_from(failure.waited.as_secs()).unwrap_or(i64::MAX);
    let mut map = map([
        ("reason", failure.reason.clone().into()),
        ("starting", failure.starting.into()),
        ("failures", number(failure.failures)),
        ("built_in", built_in.into()),
        ("waits", number(failure.waits)),
        ("waited", waited.into()),
    ]);
    clock(&mut map, failure.time);
    map
}

/// The attributes of a thing, and the sums of those of its groups.
fn declared<'a>(
    map: &mut Map,
    own: &Attributes,
    groups: impl IntoIterator<Item = &'a Attributes> + Clone,
) {
    let sum = |of: fn(&Attributes) -> i64| -> Dynamic {
        groups
            .clone()
            .into_iter()
            .map(of)
            .fold(0_i64, i64::saturating_add)
            .into()
    };
    map.insert("attributes".into(), attributes(own).into());
    // Without a declared load, the number of users is the best measure.
    let load = |of: &Attributes| dword(of, "load").or(dword(of, "users")).unwrap_or(0);
    map.insert("load".into(), sum(load));
    map.insert("users".into(), sum(|of| dword(of, "users").unwrap_or(0)));
    let cpu = |of: &Attributes| dword(of, "cpu_percent").unwrap_or(0);
    map.insert("cpu_percent".into(), sum(cpu));
}

fn dword(attributes: &Attributes, name: &str) -> Option<i64> {
    match attributes.get(name) {
        Some(Value::Dword(number)) => Some(i64::from(*number)),
        _ => None,
    }
}

fn clock(map: &mut Map, time: LocalTime) {
    map.insert("hour".into(), number(time.hour));
    map.insert("minute".into(), number(time.minute));
    map.insert("weekday".into(), number(time.weekday));
}

fn attributes(attributes: &Attributes) -> Map {
    let values = attributes.iter();
    values
        .map(|(name, value)| (name.as_str().into(), from_value(value.clone())))
        .collect()
}

fn map<const N: usize>(entries: [(&'static str, Dynamic); N]) -> Map {
    entries
        .into_iter()
        .map(|(name, value)| (name.into(), value))
        .collect()
}

fn text(name: &Name) -> Dynamic {
    name.to_string().into()
}

fn number(number: impl Into<u32>) -> Dynamic {
    i64::from(number.into()).into()
}

/// The field names of each kind of map.
pub(crate) fn known() -> BTreeMap<&'static str, Vec<String>> {
    let keys = |map: Map| map.keys().map(ToString::to_string).collect();
    let time = LocalTime {
        hour: 0,
        minute: 0,
        weekday: 1,
    };
    let hosted_group = PolicyHosted {
        name: "".into(),
        attributes: Attributes::new(),
    };
    let a_node = PolicyNode {
        name: "".into(),
        id: quorate_model::NodeId(1),
        state: quorate_model::NodeState::Up,
        attributes: Attributes::new(),
        groups: Vec::new(),
        preferred: None,
        possible: true,
        anti_affine: false,
    };
    let a_group = PolicyGroup {
        name: "".into(),
        owner: "".into(),
        cause: quorate_journal::Cause::Admin,
        built_in: None,
        attributes: Attributes::new(),
        preferred_owners: Vec::new(),
        anti_affinity_classes: Vec::new(),
        failovers: 0,
        failover_threshold: 0,
        nodes: Vec::new(),
        time,
    };
    let a_resource = PolicyResource {
        name: "".into(),
        kind: "".into(),
        group: "".into(),
        owner: "".into(),
        depends_on: Vec::new(),
        dependents: Vec::new(),
        restart_action: 0,
        restart_threshold: 0,
        restart_period: 0,
        attributes: Attributes::new(),
    };
    let a_failure = PolicyFailure {
        reason: String::new(),
        starting: false,
        failures: 0,
        built_in: Reaction::Restart,
        waits: 0,
        waited: std::time::Duration::ZERO,
        time,
    };
    BTreeMap::from([
        ("group", keys(group(&a_group))),
        ("candidate", keys(node(&a_node))),
        ("hosted group", keys(hosted(&hosted_group))),
        ("resource", keys(resource(&a_resource))),
        ("failure", keys(failure(&a_failure))),
    ])
}
