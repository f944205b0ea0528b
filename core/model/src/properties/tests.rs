//! Properties by name: which values are kept, which are refused, and how.

use proptest::prelude::*;

use super::*;

/// Any value that `kind` takes.
fn good(kind: PropertyKind) -> BoxedStrategy<Value> {
    match kind {
        PropertyKind::Dword { min, max, special } => {
            let range = (min..=max).prop_map(Value::Dword);
            match special {
                Some((value, _)) => prop_oneof![range, Just(Value::Dword(value))].boxed(),
                None => range.boxed(),
            }
        }
        PropertyKind::Bool => (0..=1_u32).prop_map(Value::Dword).boxed(),
        PropertyKind::Choice(choices) => prop::sample::select(choices)
            .prop_map(|(value, _)| Value::Dword(value))
            .boxed(),
        PropertyKind::Text => any::<String>().prop_map(Value::Text).boxed(),
        PropertyKind::List => prop::collection::vec("[A-Z]{1,8}", 0..4)
            .prop_map(Value::List)
            .boxed(),
    }
}

fn property_and_value(
    table: &'static [PropertyDescriptor],
) -> impl Strategy<Value = (&'static str, Value)> {
    prop::sample::select(table).prop_flat_map(|property| (Just(property.name), good(property.kind)))
}

#[test]
fn the_tables_defaults_are_the_types_defaults() {
    for property in RESOURCE_PROPERTIES {
        assert_eq!(
            ResourceProperties::default().get(property.name).as_ref(),
            Some(&property.default),
            "{}",
            property.name
        );
        property.check(&property.default).unwrap();
    }
    for property in GROUP_PROPERTIES {
        assert_eq!(
            GroupProperties::default().get(property.name).as_ref(),
            Some(&property.default),
            "{}",
            property.name
        );
        property.check(&property.default).unwrap();
    }
}

proptest! {
    #[test]
    fn a_resource_keeps_what_it_is_given((name, value) in property_and_value(RESOURCE_PROPERTIES)) {
        // Nothing conflicts with a restart period of 0.
        let before = ResourceProperties { restart_period: 0, ..ResourceProperties::default() };
        let mut changed = before.clone();
        changed.set(&name.to_uppercase(), value.clone()).unwrap();
        prop_assert_eq!(changed.get(name), Some(value));
        changed.reset(name).unwrap();
        changed.set("RestartPeriod", Value::Dword(0)).unwrap();
        prop_assert_eq!(changed, before);
    }

    #[test]
    fn a_group_keeps_what_it_is_given((name, value) in property_and_value(GROUP_PROPERTIES)) {
        let mut changed = GroupProperties::default();
        changed.set(&name.to_lowercase(), value.clone()).unwrap();
        prop_assert_eq!(changed.get(name), Some(value));
        changed.reset(name).unwrap();
        prop_assert_eq!(changed, GroupProperties::default());
    }

    #[test]
    fn private_properties_are_kept_as_they_are(name in "X[A-Za-z]{0,12}", text in any::<String>()) {
        let mut properties = ResourceProperties::default();
        properties.set(&name, Value::Text(text.clone())).unwrap();
        properties.set(&name.to_uppercase(), Value::Text(text.clone())).unwrap();
        prop_assert_eq!(properties.private.len(), 1);
        prop_assert_eq!(properties.get(&name), Some(Value::Text(text)));
        properties.reset(&name.to_lowercase()).unwrap();
        prop_assert_eq!(properties, ResourceProperties::default());
    }
}

#[test]
fn bad_values_change_nothing_and_say_what_was_expected() {
    let mut resource = ResourceProperties::default();
    for (name, value, text) in [
        (
            "IsAlivePollInterval",
            Value::Dword(0),
            "`IsAlivePollInterval` is 0, but must be at least 10 ms, or 4294967295 (the type's own)",
        ),
        (
            "PendingTimeout",
            Value::Dword(9),
            "`PendingTimeout` is 9, but must be at least 10 ms",
        ),
        (
            "restartthreshold",
            Value::Text("3".into()),
            "`RestartThreshold` is \"3\", but takes a number",
        ),
        (
            "RestartAction",
            Value::Dword(3),
            "`RestartAction` is 3, but must be 0 (do not restart), 1 (restart, do not affect the group), \
             2 (restart, affect the group)",
        ),
        (
            "RetryPeriodOnFailure",
            Value::Dword(899_999),
            "`RetryPeriodOnFailure` is 899999, but must be at least RestartPeriod, which is 900000 ms",
        ),
    ] {
        assert_eq!(resource.set(name, value).unwrap_err().to_string(), text);
        assert_eq!(resource, ResourceProperties::default());
    }
    resource
        .set("RetryPeriodOnFailure", Value::Dword(900_000))
        .unwrap();
    assert_eq!(
        resource
            .set("RestartPeriod", Value::Dword(900_001))
            .unwrap_err()
            .to_string(),
        "`RestartPeriod` is 900001, but must be at most RetryPeriodOnFailure, which is 900000 ms"
    );

    let mut group = GroupProperties::default();
    for (name, value, text) in [
        (
            "FailoverPeriod",
            Value::Dword(1_194),
            "`FailoverPeriod` is 1194, but must be 0 to 1193 h",
        ),
        (
            "FailbackWindowStart",
            Value::Dword(24),
            "`FailbackWindowStart` is 24, but must be 0 to 23 o'clock, or 4294967295 (none: at once)",
        ),
        (
            "FailoverTreshold",
            Value::Dword(1),
            "there is no property `FailoverTreshold`; did you mean `FailoverThreshold`?",
        ),
        (
            "PreferredOwners",
            Value::Dword(1),
            "`PreferredOwners` is 1, but takes a list of texts",
        ),
    ] {
        assert_eq!(group.set(name, value).unwrap_err().to_string(), text);
        assert_eq!(group, GroupProperties::default());
    }
}

#[test]
fn the_failback_window_wraps_midnight() {
    let mut group = GroupProperties::default();
    assert!((0..24).all(|hour| group.failback_open_at(hour)));
    group.set("FailbackWindowStart", Value::Dword(22)).unwrap();
    assert_eq!(group.get("FailbackWindowEnd"), Some(Value::Dword(u32::MAX)));
    assert_eq!(group.failback_window(), None);
    assert!(
        (0..24).all(|hour| group.failback_open_at(hour)),
        "one end is no window"
    );
    group.set("FailbackWindowEnd", Value::Dword(4)).unwrap();
    let open: Vec<u8> = (0..24)
        .filter(|&hour| group.failback_open_at(hour))
        .collect();
    assert_eq!(open, [0, 1, 2, 3, 22, 23]);
    group
        .set("FailbackWindowEnd", Value::Dword(u32::MAX))
        .unwrap();
    assert_eq!(group.failback_window(), None);
    assert_eq!(group.get("FailbackWindowStart"), Some(Value::Dword(22)));
    group
        .set("FailbackWindowStart", Value::Dword(u32::MAX))
        .unwrap();
    group.set("FailbackWindowEnd", Value::Dword(4)).unwrap();
    assert_eq!(group.failback_window(), None);
}

#[test]
fn a_drill_and_a_cluster_file_go_through_every_property() {
    let drill = include_str!("../../../../scripts/drills/failover/properties.rhai");
    let cluster = include_str!("../../../../scripts/clusters/three-node-properties.ron");
    let tables = GROUP_PROPERTIES
        .iter()
        .chain(RESOURCE_PROPERTIES)
        .chain(CLUSTER_PROPERTIES);
    for property in tables.chain([&PERSISTENT_STATE]) {
        let quoted = format!("\"{}\"", property.name);
        assert!(drill.contains(&quoted), "the drill leaves out {quoted}");
        let written = format!("{quoted}: ");
        assert!(
            cluster.contains(&written),
            "the cluster leaves out {quoted}"
        );
    }
}

#[test]
fn a_shipped_type_has_the_properties_that_it_has() {
    let mut resource = ResourceProperties::default();
    for (name, value, text) in [
        (
            "RestartTreshold",
            Value::Dword(1),
            "there is no property `RestartTreshold`; did you mean `RestartThreshold`?",
        ),
        (
            "PossibleOwner",
            Value::Dword(1),
            "there is no property `PossibleOwner`; did you mean `PossibleOwners`?",
        ),
        (
            "Port",
            Value::Text("smtp".into()),
            "`Port` is \"smtp\", but takes a number, 1 to 65535",
        ),
        (
            "RestartPeriod",
            Value::Text("15m".into()),
            "`RestartPeriod` is \"15m\", but takes a number of ms",
        ),
        (
            "PendingTimeout",
            Value::Text("3m".into()),
            "`PendingTimeout` is \"3m\", but takes a number, at least 10 ms",
        ),
    ] {
        let error = resource.set_of(crate::types::SMTP, name, value);
        assert_eq!(error.unwrap_err().to_string(), text);
        assert_eq!(resource, ResourceProperties::default());
    }
    resource
        .set_of(crate::types::SMTP, "port", Value::Dword(26))
        .unwrap();
    assert_eq!(resource.private.get("Port"), Some(&Value::Dword(26)));
    resource
        .set_of("Redis", "Anything", Value::Dword(26))
        .unwrap();
    assert_eq!(resource.get("anything"), Some(Value::Dword(26)));
}
