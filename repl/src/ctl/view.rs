//! The status of a running cluster, for people.

use std::time::Duration;

use quorate_drill::PluginReport;
use quorate_live::{LiveStatus, PluginReloaded, PluginState};
use quorate_model::{Lasting, Name};

use crate::output::{Paint, Tone};
use crate::report::{self, cluster_tables};

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

/// The plugins of a node.
pub(super) fn plugins(node: &Name, plugins: &[PluginState], paint: Paint) -> String {
    let on_node = |names: &[Name]| names.iter().map(|it| (node.clone(), it.clone())).collect();
    let reports = plugins.iter().map(|it| PluginReport {
        name: it.name.clone(),
        version: it.version.clone(),
        path: it.path.clone(),
        reloads: it.reloads,
        outdated: on_node(&it.outdated),
        apart: it
            .apart
            .iter()
            .map(|(resource, id)| (node.clone(), resource.clone(), *id))
            .collect(),
        misfits: Vec::new(),
        quarantined: it.quarantined.then(|| node.clone()).into_iter().collect(),
        last_deaths: it
            .last_death
            .iter()
            .map(|how| (node.clone(), how.clone()))
            .collect(),
    });
    let reports: Vec<_> = reports.collect();
    report::plugins(&reports, "quorate ctl plugins release", paint)
}

/// The plugins that were read again; `named` says that one was asked for by its name.
pub(super) fn reloaded(plugins: &[PluginReloaded], named: bool) -> String {
    if plugins.is_empty() && !named {
        return "no plugin's file has changed since it was read; one that is named is read anyway"
            .to_owned();
    }
    let lines = plugins.iter().map(|it| {
        let version = match it.before == it.now {
            true => it.now.clone(),
            false => format!("{} (was {})", it.now, it.before),
        };
        let path = it.path.display();
        format!("{} {version} is loaded from {path}", it.name)
    });
    let mut lines: Vec<String> = lines.collect();
    lines.push("a resource runs it when it is next brought online".to_owned());
    lines.join("\n")
}
