//! A status in Prometheus' text format.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use quorate_model::{GroupState, NodeState, ResourceState};

use crate::control::{Counts, LiveStatus};

/// What has been written so far.
#[derive(Default)]
struct Text(String);

impl Text {
    /// Begins a metric. A total only goes up, until the process of the node is started again.
    fn metric(&mut self, name: &str, help: &str) {
        let kind = match name.ends_with("_total") {
            true => "counter",
            false => "gauge",
        };
        // A text cannot fail to be written to.
        let _ = write!(
            self.0,
            "# HELP quorate_{name} {help}\n# TYPE quorate_{name} {kind}\n"
        );
    }

    /// A value of a metric.
    fn value(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let labels = labels.iter();
        let labels: Vec<String> = labels
            .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
            .collect();
        let labels = match labels.is_empty() {
            true => String::new(),
            false => format!("{{{}}}", labels.join(",")),
        };
        let _ = writeln!(self.0, "quorate_{name}{labels} {value}");
    }

    /// A metric with one value.
    fn one(&mut self, name: &str, help: &str, value: impl std::fmt::Display) {
        self.metric(name, help);
        self.value(name, &[], value);
    }
}

/// A label's value as the format wants it.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        match letter {
            '\\' => escaped.push_str("\\\\"),
            '"' => escaped.push_str("\\\""),
            '\n' => escaped.push_str("\\n"),
            other => escaped.push(other),
        }
    }
    escaped
}

fn number(yes: bool) -> u8 {
    u8::from(yes)
}

/// The metrics of a node.
pub(super) fn text_of(status: &LiveStatus) -> String {
    let mut text = Text::default();
    text.metric("info", "The node that answers.");
    let labels = [
        ("cluster", status.cluster.as_str()),
        ("node", status.node.as_str()),
        ("version", env!("CARGO_PKG_VERSION")),
    ];
    text.value("info", &labels, 1);
    text.one(
        "service_runs",
        "Whether the cluster service of this node runs.",
        number(status.runs),
    );
    text.one(
        "quorum",
        "Whether this node is part of a cluster that has quorum.",
        number(status.quorum.has_quorum),
    );
    text.one(
        "coordinates",
        "Whether this node coordinates the cluster.",
        number(status.coordinator.as_ref() == Some(&status.node)),
    );
    text.one(
        "up_seconds",
        "How long the process of this node has run.",
        status.up_ms as f64 / 1_000.0,
    );
    text.one(
        "incarnation",
        "Which start of the cluster service this is.",
        status.incarnation,
    );
    text.one(
        "log_applied",
        "How many updates of the database this node has applied.",
        status.applied,
    );
    nodes(status, &mut text);
    groups(status, &mut text);
    networks(&status.counts, &mut text);
    text.0
}

fn nodes(status: &LiveStatus, text: &mut Text) {
    text.metric(
        "node_up",
        "Whether a node of the cluster is Up, as this one sees it.",
    );
    for node in &status.nodes {
        let labels = [("peer", node.name.as_str())];
        text.value("node_up", &labels, number(node.state == NodeState::Up));
    }
}

fn groups(status: &LiveStatus, text: &mut Text) {
    text.metric(
        "group_online",
        "Whether a group is Online, and which node owns it. Without quorum no owner is known.",
    );
    for (group, _) in &status.groups {
        let owner = group.owner.as_ref().map_or("", |owner| owner.as_str());
        let labels = [("group", group.name.as_str()), ("owner", owner)];
        let online = group.state == GroupState::Online;
        text.value("group_online", &labels, number(online));
    }
    text.metric("groups", "How many groups are in each state on each owner.");
    let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
    for (group, _) in &status.groups {
        let owner = group.owner.as_ref().map_or("", |owner| owner.as_str());
        let key = (group.state.to_string(), owner.to_owned());
        *counts.entry(key).or_default() += 1;
    }
    for ((state, owner), count) in &counts {
        text.value("groups", &[("state", state), ("owner", owner)], count);
    }
    text.metric(
        "group_failovers",
        "Failovers of a group that count against its FailoverThreshold.",
    );
    for (group, _) in &status.groups {
        let labels = [("group", group.name.as_str())];
        text.value("group_failovers", &labels, group.failovers);
    }
    text.metric("resource_online", "Whether a resource is Online.");
    for (group, resources) in &status.groups {
        for resource in resources {
            let labels = [
                ("group", group.name.as_str()),
                ("resource", resource.name.as_str()),
            ];
            let online = resource.state == ResourceState::Online;
            text.value("resource_online", &labels, number(online));
        }
    }
    text.metric(
        "resource_restarts_total",
        "Restarts of a resource on this node after it had failed.",
    );
    for (group, resources) in &status.groups {
        for resource in resources {
            let labels = [
                ("group", group.name.as_str()),
                ("resource", resource.name.as_str()),
            ];
            text.value("resource_restarts_total", &labels, resource.restarts);
        }
    }
}

fn networks(counts: &Counts, text: &mut Text) {
    type Count = fn(&crate::control::NetworkCounts) -> u64;
    let columns: [(&str, &str, Count); 3] = [
        ("messages_sent_total", "Messages sent.", |it| it.sent),
        (
            "messages_received_total",
            "Messages received, refused ones among them.",
            |it| it.received,
        ),
        (
            "messages_dropped_total",
            "Messages dropped because too many waited for the node.",
            |it| it.dropped,
        ),
    ];
    for (name, help, count) in columns {
        text.metric(name, help);
        for (network, counts) in &counts.networks {
            let labels = [("network", network.as_str())];
            text.value(name, &labels, count(counts));
        }
    }
    text.metric(
        "messages_refused_total",
        "Messages that changed nothing, by reason: forged, repeated, foreign, of an earlier start.",
    );
    for (reason, count) in counts
        .wire
        .iter()
        .filter(|(name, _)| Counts::is_refusal(name))
    {
        text.value("messages_refused_total", &[("reason", reason)], count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped_and_totals_are_counters() {
        let mut text = Text::default();
        text.metric("things_total", "Things.");
        text.value("things_total", &[("of", "a\"b\\c\nd"), ("to", "")], 2);
        text.one("level", "A level.", 1.5);
        let expected = "# HELP quorate_things_total Things.\n# TYPE quorate_things_total counter\n\
            quorate_things_total{of=\"a\\\"b\\\\c\\nd\",to=\"\"} 2\n\
            # HELP quorate_level A level.\n# TYPE quorate_level gauge\nquorate_level 1.5\n";
        assert_eq!(text.0, expected);
    }
}
