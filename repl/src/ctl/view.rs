//! The status of a running cluster, for people.

use std::time::Duration;

use quorate_live::LiveStatus;
use quorate_model::Lasting;

use crate::output::{Paint, Tone};
use crate::report::cluster_tables;

/// The cluster as one node sees it.
pub(super) fn status(status: &LiveStatus, paint: Paint) -> String {
    let up = Lasting(Duration::from_millis(status.up_ms)).to(Duration::from_secs(1));
    let quorum = match status.quorum.has_quorum {
        true => "quorum",
        false => "no quorum",
    };
    let coordinator = match &status.coordinator {
        Some(name) => format!("coordinated by {name}"),
        None => "no coordinator".to_owned(),
    };
    let head = format!(
        "{} as {} sees it: {} {quorum}, {coordinator}",
        status.cluster, status.node, status.quorum.kind
    );
    let mut lines = vec![paint.tone(Tone::Strong, &head)];
    if let Some(standing) = &status.standing {
        let text = format!(
            "the cluster service of {} does not run: {standing}",
            status.node
        );
        lines.push(paint.tone(Tone::Bad, &text));
    }
    lines.push(String::new());
    let coordinator = status.coordinator.as_ref();
    lines.push(cluster_tables(
        coordinator,
        &status.nodes,
        &status.groups,
        paint,
    ));
    let refused: u64 = status.counts.refused();
    let mut foot = format!("  * coordinates; {} has run for {up}", status.node);
    if refused > 0 {
        foot.push_str(&format!(", {refused} messages were refused"));
    }
    lines.push(paint.tone(Tone::Faint, &foot));
    for (group, _) in &status.groups {
        if let Some(why) = &group.stopped {
            let name = paint.tone(Tone::Care, &group.name);
            lines.push(format!("  {name}: {why}"));
        }
    }
    lines.join("\n")
}
