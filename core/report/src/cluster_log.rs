//! What each node told, in the line format of the original's `cluster.log` (docs/semantics.md, 6.1).
//!
//! A node's file has what the node itself told, and nothing that only the world around it knows. Numbers are hexadecimal, as
//! there. Nodes have no process numbers of the original's kind: the first one is that of the service's boot on this node, so
//! that a new number is a new start; the second belongs to the component.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use quorate_model::Name;

use crate::civil::utc;
use crate::{Moment, Run};

/// The component of the cluster service that a line is from. Those of the original that its sources name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Component {
    /// The service itself.
    Cs,
    /// The event processor.
    Ep,
    /// The database manager.
    Dm,
    /// The node manager.
    Nm,
    /// The failover manager.
    Fm,
    /// What administrators ask.
    Api,
    /// The start of the service.
    Init,
    /// Being taken in by a cluster.
    Join,
}

impl Component {
    const fn as_str(self) -> &'static str {
        match self {
            Component::Cs => "CS",
            Component::Ep => "EP",
            Component::Dm => "DM",
            Component::Nm => "NM",
            Component::Fm => "FM",
            Component::Api => "API",
            Component::Init => "INIT",
            Component::Join => "JOIN",
        }
    }

    /// The component that tells events of a kind; `None` for kinds that a node's service knows nothing of.
    fn of(kind: &str) -> Option<Component> {
        Some(match kind {
            "service-started" | "start-switch" => Component::Init,
            "forming" => Component::Join,
            "halted" => Component::Cs,
            "coordinator" | "coordinator-lost" | "interface" | "regroup" | "view"
            | "node-state" => Component::Nm,
            "quorum" | "property" => Component::Dm,
            "resource-state"
            | "group-state"
            | "group-moving"
            | "group-move-cancelled"
            | "group-owner"
            | "group-stranded"
            | "group-resting"
            | "restart"
            | "given-up"
            | "policy"
            | "policy-failed"
            | "health" => Component::Fm,
            "notice" => Component::Ep,
            "asked" | "answered" => Component::Api,
            _ => return None,
        })
    }
}

/// The log of each node that told anything, by the node's name.
pub fn cluster_logs(run: &Run) -> BTreeMap<Name, String> {
    let mut logs: BTreeMap<Name, String> = run
        .nodes
        .iter()
        .map(|it| (it.name.clone(), String::new()))
        .collect();
    let mut boots: BTreeMap<Name, u32> = BTreeMap::new();
    let mut types: BTreeMap<&str, &str> = BTreeMap::new();
    for resource in run.groups.iter().flat_map(|it| &it.resources) {
        types.insert(
            &resource.name,
            resource.kind.as_deref().unwrap_or("Resource"),
        );
    }
    for moment in run.moments() {
        let Some(node) = moment.node else { continue };
        let Some(log) = logs.get_mut(node) else {
            continue;
        };
        let boot = boots.entry(Name::from(node)).or_default();
        *boot += u32::from(moment.kind == "service-started");
        let Some((thread, told)) = line(&moment, node, &types) else {
            continue;
        };
        let at = utc(&run.header, moment.at, "%Y/%m/%d-%H:%M:%S%.3f");
        // As there, numbers of processes and threads are multiples of four.
        let (pid, tid) = (0x400 + 4 * *boot, 0x100 + 4 * thread);
        for text in told.lines() {
            // Writing to a text does not fail.
            let _ = writeln!(log, "{pid:08x}.{tid:08x}::{at} {text}");
        }
    }
    logs.retain(|_, log| !log.is_empty());
    logs
}

/// Which thread tells an event, and how. Every line of it begins with its component.
fn line(moment: &Moment<'_>, node: &str, types: &BTreeMap<&str, &str>) -> Option<(u32, String)> {
    let (thread, label, text) = match (moment.kind, moment.subject) {
        ("log", Some(resource)) => {
            // The sentence says whose line it is, and so does the label.
            let own = format!("{resource} on {node}: ");
            let text = moment.text.strip_prefix(&own).unwrap_or(moment.text);
            let kind = types.get(resource).copied().unwrap_or("Resource");
            (
                Component::Join as u32 + 1,
                format!("{kind} <{resource}>:"),
                text,
            )
        }
        _ => {
            let component = Component::of(moment.kind)?;
            (
                component as u32,
                format!("[{}]", component.as_str()),
                moment.text,
            )
        }
    };
    let lines: Vec<String> = text.lines().map(|it| format!("{label} {it}")).collect();
    Some((thread, lines.join("\n")))
}

#[cfg(test)]
mod tests {
    use quorate_journal::JOURNAL_SCHEMA;

    use super::*;
    use crate::Runs;

    #[test]
    fn lines_have_boot_component_time_and_text_and_what_has_two_lines_is_two() {
        let header = format!(
            r#"{{"schema":"{JOURNAL_SCHEMA}","seed":7,"cluster":"C","civil_start_ms":929037650881,"nodes":["A","B"],"groups":[{{"name":"G","resources":[{{"name":"G Disk","type":"Physical Disk"}}]}}]}}"#
        );
        let text = [
            header.as_str(),
            r#"{"t":0,"n":0,"node":"A","kind":"power","on":true,"reason":"switched on"}"#,
            r#"{"t":0,"n":1,"node":"A","kind":"service-started","incarnation":1}"#,
            r#"{"t":1500,"n":2,"node":"A","kind":"forming"}"#,
            r#"{"t":2000000,"n":3,"node":"A","kind":"log","subject":"G Disk","level":1,"text":"one\ntwo"}"#,
            r#"{"t":3000000,"n":4,"node":"A","kind":"log","subject":"Other","level":1,"text":"three"}"#,
            r#"{"t":4000000,"n":5,"node":"A","kind":"service-started","incarnation":2}"#,
            "",
        ];
        let text = text.join("\n");
        let run = Runs::new(text.as_bytes()).next().unwrap().unwrap();
        let logs = cluster_logs(&run);
        // Whoever told nothing has no log.
        assert_eq!(logs.keys().map(|it| &**it).collect::<Vec<_>>(), ["A"]);
        assert_eq!(
            logs["A"],
            "00000404.00000118::1999/06/10-18:00:50.881 [INIT] A's cluster service starts (boot 1) and looks for a cluster\n\
             00000404.0000011c::1999/06/10-18:00:50.882 [JOIN] A has found no cluster and tries to form one\n\
             00000404.00000120::1999/06/10-18:00:52.881 Physical Disk <G Disk>: one\n\
             00000404.00000120::1999/06/10-18:00:52.881 Physical Disk <G Disk>: two\n\
             00000404.00000120::1999/06/10-18:00:53.881 Resource <Other>: three\n\
             00000408.00000118::1999/06/10-18:00:54.881 [INIT] A's cluster service starts (boot 2) and looks for a cluster\n"
        );
    }

    #[test]
    fn every_kind_that_a_node_tells_has_its_component() {
        for kind in quorate_journal::Event::kinds() {
            let told = kind.name == "log" || Component::of(&kind.name).is_some();
            assert!(told, "{} is in no log", kind.name);
        }
    }
}
