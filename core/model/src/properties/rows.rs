//! Every property, one row each: what it is, and which field holds it.

use super::field::{Field, Row};
use super::{
    ClusterProperties, GroupProperties, PropertyDescriptor, PropertyKind, ResourceProperties, Unit,
    Value,
};

/// The original's -1.
const NONE: u32 = u32::MAX;
const fn dword(min: u32, max: u32) -> PropertyKind {
    PropertyKind::Dword {
        min,
        max,
        special: None,
    }
}
const fn dword_or(min: u32, max: u32, meaning: &'static str) -> PropertyKind {
    PropertyKind::Dword {
        min,
        max,
        special: Some((NONE, meaning)),
    }
}

/// A table of descriptors, and row by row how the field of each is read and written, so that no property can be in
/// only one of the two.
macro_rules! properties {
    ($(
        $(#[$doc:meta])*
        $table:ident, $rows:ident of $of:ty = [$(
            $field:ident => {
                name: $name:expr,
                kind: $kind:expr,
                unit: $unit:expr,
                default: $default:expr,
                doc: $text:expr,
            },
        )*];
    )*) => {$(
        $(#[$doc])*
        pub static $table: &[PropertyDescriptor] = &[$(
            PropertyDescriptor {
                name: $name,
                kind: $kind,
                unit: $unit,
                default: $default,
                doc: $text,
            },
        )*];

        pub(super) static $rows: &[Row<$of>] = &[$(
            Row {
                get: |of| of.$field.to_value(),
                set: |of, value| {
                    if let Some(value) = Field::from_value(value) {
                        of.$field = value;
                    }
                },
            },
        )*];
    )*};
}

properties! {
    /// The properties of the cluster itself.
    CLUSTER_PROPERTIES, CLUSTER_FIELDS of ClusterProperties = [
        max_quorum_log_size => {
        name: "MaxQuorumLogSize",
        // The original takes no less than 32 KB.
        kind: dword(32 * 1_024, NONE),
        unit: Unit::Bytes,
        default: Value::Dword(4_096 * 1_024),
        doc: "How large the quorum log may get before a checkpoint of the database takes its place.",
    },
    ];

    /// The common properties of a resource.
    RESOURCE_PROPERTIES, RESOURCE_FIELDS of ResourceProperties = [
        looks_alive_poll_interval => {
            name: "LooksAlivePollInterval",
            kind: dword_or(10, NONE - 1, "the type's own"),
            unit: Unit::Milliseconds,
            default: Value::Dword(NONE),
            doc: "How often LooksAlive is asked; the stock types ask every 5000 ms.",
        },
        is_alive_poll_interval => {
            name: "IsAlivePollInterval",
            kind: dword_or(10, NONE - 1, "the type's own"),
            unit: Unit::Milliseconds,
            default: Value::Dword(NONE),
            doc: "How often IsAlive is asked; the stock types ask every 60000 ms. It cannot be switched off.",
        },
        restart_action => {
            name: "RestartAction",
            kind: PropertyKind::Choice(&[
                (0, "do not restart"),
                (1, "restart, do not affect the group"),
                (2, "restart, affect the group"),
            ]),
            unit: Unit::None,
            default: Value::Dword(2),
            doc: "What happens when the resource fails.",
        },
        restart_threshold => {
            name: "RestartThreshold",
            kind: dword(0, NONE),
            unit: Unit::Count,
            default: Value::Dword(3),
            doc: "How many restarts inside RestartPeriod are made before the failure affects the group.",
        },
        restart_period => {
            name: "RestartPeriod",
            kind: dword(0, NONE),
            unit: Unit::Milliseconds,
            default: Value::Dword(900_000),
            doc: "The period that RestartThreshold counts in.",
        },
        restart_delay => {
            name: "RestartDelay",
            kind: dword(0, NONE),
            unit: Unit::Milliseconds,
            default: Value::Dword(500),
            doc: "How long a failed resource is left alone before it is restarted.",
        },
        retry_period_on_failure => {
            name: "RetryPeriodOnFailure",
            kind: dword_or(0, NONE - 1, "never"),
            unit: Unit::Milliseconds,
            default: Value::Dword(NONE),
            doc: "How long a resource that was given up stays Failed before it is tried again; at least RestartPeriod.",
        },
        pending_timeout => {
            name: "PendingTimeout",
            kind: dword(10, NONE),
            unit: Unit::Milliseconds,
            default: Value::Dword(180_000),
            doc: "The longest gap between progress reports of a pending Online or Offline.",
        },
        separate_monitor => {
            name: "SeparateMonitor",
            kind: PropertyKind::Bool,
            unit: Unit::None,
            default: Value::Dword(0),
            doc: "Whether the resource has a resource monitor process of its own; taken up at the next Online.",
        },
    ];

    /// The properties of a group.
    GROUP_PROPERTIES, GROUP_FIELDS of GroupProperties = [
        failover_threshold => {
            name: "FailoverThreshold",
            kind: dword(0, NONE),
            unit: Unit::Count,
            default: Value::Dword(10),
            doc: "How many failovers inside FailoverPeriod are made before the group stays Failed.",
        },
        failover_period => {
            name: "FailoverPeriod",
            kind: dword(0, 1_193),
            unit: Unit::Hours,
            default: Value::Dword(6),
            doc: "The period that FailoverThreshold counts in.",
        },
        auto_failback_type => {
            name: "AutoFailbackType",
            kind: PropertyKind::Choice(&[(0, "stay"), (1, "go back to a preferred owner")]),
            unit: Unit::None,
            default: Value::Dword(0),
            doc: "Whether the group goes back to a preferred owner that comes up.",
        },
        failback_window_start => {
            name: "FailbackWindowStart",
            kind: dword_or(0, 23, "none: at once"),
            unit: Unit::HourOfDay,
            default: Value::Dword(NONE),
            doc: "From which hour on the group may go back. Goes with FailbackWindowEnd.",
        },
        failback_window_end => {
            name: "FailbackWindowEnd",
            kind: dword_or(0, 23, "none: at once"),
            unit: Unit::HourOfDay,
            default: Value::Dword(NONE),
            doc: "Until which hour the group may go back; before FailbackWindowStart it is the next day's.",
        },
        anti_affinity_class_names => {
            name: "AntiAffinityClassNames",
            kind: PropertyKind::List,
            unit: Unit::None,
            default: Value::List(Vec::new()),
            doc: "The group keeps away from groups that share one of these, while it can.",
        },
        exclusive_class_names => {
            name: "ExclusiveClassNames",
            kind: PropertyKind::List,
            unit: Unit::None,
            default: Value::List(Vec::new()),
            doc: "A node hosts at most one group of each of these classes: it is refused to a second one.",
        },
        preferred_owners => {
            name: "PreferredOwners",
            kind: PropertyKind::List,
            unit: Unit::None,
            default: Value::List(Vec::new()),
            doc: "The nodes that should own the group, best first.",
        },
    ];
}
