//! The tables of docs/semantics.md, 2.3 to 4.5, agree with the code: properties, bounds of membership, editions.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::time::Duration;

use quorate_host::ARBITRATION_TIMEOUT;
use quorate_model::{
    CLUSTER_PROPERTIES, GROUP_PROPERTIES, Lasting, PERSISTENT_STATE, PropertyDescriptor,
    RESOURCE_PROPERTIES, Unit, Value, WindowsEdition,
};
use quorate_node::bounds;

const PAGE: &str = include_str!("../../../docs/semantics.md");
const BOUNDS: &str = include_str!("../../node/src/bounds.rs");

/// The first cells of each row under the heading that begins like this, without the head of the table.
fn rows(heading: &str, cells: usize) -> Vec<String> {
    let (_, section) = PAGE
        .split_once(&format!("\n### {heading} "))
        .unwrap_or_else(|| panic!("no section {heading}"));
    let section = section.split("\n##").next().unwrap();
    let mut lines = section
        .lines()
        .skip_while(|line| !line.starts_with("| ---"))
        .skip(1);
    let rows = lines.by_ref().take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let row: Vec<&str> = row.split(" | ").take(cells).collect();
        row.join(" | ").trim_end_matches(" |").to_owned()
    })
    .collect()
}

/// The row that the page must have for a property.
fn row(property: &PropertyDescriptor) -> String {
    let unit = match property.unit {
        Unit::None => "–",
        Unit::Milliseconds => "ms",
        Unit::Hours => "hours",
        Unit::HourOfDay => "hour of day",
        Unit::Count => "count",
        Unit::Bytes => "bytes",
    };
    let default = match &property.default {
        Value::List(texts) if texts.is_empty() => "empty".to_owned(),
        value => value.to_string(),
    };
    let (name, takes) = (property.name, property.expected());
    format!("| `{name}` | {unit} | {default} | {takes}")
}

#[test]
fn each_property_has_its_unit_default_and_range_on_the_page_and_no_other_is_there() {
    let group: Vec<String> = GROUP_PROPERTIES
        .iter()
        .chain([&PERSISTENT_STATE])
        .map(row)
        .collect();
    assert_eq!(rows("3.2", 4), group);
    for (section, properties) in [("3.1", RESOURCE_PROPERTIES), ("4.5", CLUSTER_PROPERTIES)] {
        let wanted: Vec<String> = properties.iter().map(row).collect();
        assert_eq!(rows(section, 4), wanted);
    }
}

#[test]
fn each_bound_of_membership_is_on_the_page_as_long_as_it_is() {
    let beats = |count: u32| bounds::HEARTBEAT * count;
    let known = [
        ("HEARTBEAT", bounds::HEARTBEAT),
        ("INTERFACE_SILENCE", bounds::INTERFACE_SILENCE),
        ("MEMBER_SILENCE", bounds::MEMBER_SILENCE),
        ("IN_REACH", bounds::IN_REACH),
        ("COORDINATOR_LEASE", bounds::COORDINATOR_LEASE),
        ("REGROUP_GRACE", bounds::REGROUP_GRACE),
        ("TAKEOVER_MARGIN", bounds::TAKEOVER_MARGIN),
        ("TAKEOVER_WAIT", bounds::TAKEOVER_WAIT),
        ("DISK_SLOW_BEATS", beats(bounds::DISK_SLOW_BEATS)),
        ("DISK_PATIENCE_BEATS", beats(bounds::DISK_PATIENCE_BEATS)),
        ("MONITOR_ASKED_BEATS", beats(bounds::MONITOR_ASKED_BEATS)),
        ("MONITOR_SILENT_BEATS", beats(bounds::MONITOR_SILENT_BEATS)),
        (
            "MONITOR_PATIENCE_BEATS",
            beats(bounds::MONITOR_PATIENCE_BEATS),
        ),
        ("CONTROL_PATIENCE", bounds::CONTROL_PATIENCE),
        ("RESEND", bounds::RESEND),
        ("DISCOVERY", bounds::DISCOVERY),
        ("FORM_WAIT", bounds::FORM_WAIT),
        ("LEAVE_PATIENCE", bounds::LEAVE_PATIENCE),
        ("SERVICE_RESTART", bounds::SERVICE_RESTART),
        ("ARBITRATION_TIMEOUT", ARBITRATION_TIMEOUT),
    ];
    let row = |(name, length): &(&str, Duration)| format!("| `{name}` | {}", Lasting(*length));
    assert_eq!(rows("3.6", 2), known.iter().map(row).collect::<Vec<_>>());

    let declared = BOUNDS
        .lines()
        .filter_map(|line| line.strip_prefix("pub const "));
    let declared: BTreeSet<&str> = declared.filter_map(|rest| rest.split(':').next()).collect();
    let mut named: BTreeSet<&str> = known.iter().map(|(name, _)| *name).collect();
    named.remove("ARBITRATION_TIMEOUT");
    assert_eq!(declared, named, "a bound that the page does not have");
}

#[test]
fn each_edition_of_windows_is_on_the_page_with_its_nodes() {
    let known = WindowsEdition::ALL.iter().map(|(_, edition)| {
        let nodes = match edition.cluster_nodes() {
            0 => "none".to_owned(),
            nodes => format!("up to {nodes}"),
        };
        format!("| {} | {nodes}", edition.product())
    });
    assert_eq!(rows("2.3", 2), known.collect::<Vec<_>>());
}
