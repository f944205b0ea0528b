//! `quorate ctl policy`: the scripts that decide in place of the built-in rules.

use std::path::Path;

use quorate_drill::{MAX_BYTES, Severity, read_text};
use quorate_live::{Client, LiveStatus};
use quorate_model::{AdminOp, PolicyScript};
use quorate_script::check_policy;

use super::objects::{self, Named};
use super::unusable::{Unusable, status};

/// The order that gives a script or takes it away; `None` where only something is shown.
pub(super) fn order(
    object: Option<&str>,
    file: Option<&Path>,
    remove: bool,
    client: &mut Client,
) -> Result<Option<AdminOp>, Unusable> {
    let Some(object) = object else {
        return Ok(None);
    };
    let group = match objects::find(object, &status(client)?).map_err(Unusable::Arguments)? {
        Named::Cluster => None,
        Named::Group(group) => Some(group),
        other => {
            let text = format!("{other} has no policy: name a group, or cluster");
            return Err(Unusable::Arguments(text));
        }
    };
    let policy = match (file, remove) {
        (None, false) => return Ok(None),
        (None, true) => None,
        (Some(file), _) => Some(script(file)?),
    };
    Ok(Some(AdminOp::SetPolicy { group, policy }))
}

/// The script in a file, if it has no errors.
fn script(file: &Path) -> Result<PolicyScript, Unusable> {
    let name = file.display().to_string();
    let text = read_text(file, Some(MAX_BYTES)).map_err(|why| {
        Unusable::Arguments(format!("the policy script {name} cannot be read: {why}"))
    })?;
    let found = check_policy(&name, &text);
    if found.iter().any(|it| it.severity == Severity::Error) {
        let text = format!("the policy script {name} has mistakes, and nothing was changed");
        return Err(Unusable::Findings(found, text));
    }
    Ok(PolicyScript { file: name, text })
}

/// What a cluster has.
#[derive(Debug, serde::Serialize)]
pub(super) struct Shown<'a> {
    /// The group; without one, the cluster.
    group: Option<&'a str>,
    /// The script's file, as it was named.
    file: &'a str,
    /// Its text.
    text: &'a str,
}

/// The scripts that there are, or the one of an object.
pub(super) fn shown<'a>(
    object: Option<&str>,
    status: &'a LiveStatus,
) -> Result<Vec<Shown<'a>>, String> {
    let definition = &status.definition;
    let of_cluster = definition.policy.iter().map(|it| (None, it));
    let of_groups = definition.groups.iter().filter_map(|group| {
        let policy = group.policy.as_ref()?;
        Some((Some(group.name.as_str()), policy))
    });
    let wanted = object.map(|object| objects::find(object, status));
    let wanted = wanted.transpose()?;
    let is_wanted = |group: Option<&str>| match (&wanted, group) {
        (None, _) | (Some(Named::Cluster), None) => true,
        (Some(Named::Group(wanted)), Some(group)) => wanted == group,
        _ => false,
    };
    let all = of_cluster.chain(of_groups);
    let all = all.filter(|(group, _)| is_wanted(*group));
    Ok(all
        .map(|(group, policy)| Shown {
            group,
            file: &policy.file,
            text: &policy.text,
        })
        .collect())
}

/// The same for people.
pub(super) fn told(object: Option<&str>, shown: &[Shown<'_>]) -> String {
    match (object, shown) {
        (None, []) => "no policy: the built-in rules decide".to_owned(),
        (Some(object), []) => format!("{object} has no policy of its own"),
        (Some(_), [one, ..]) => one.text.trim_end().to_owned(),
        (None, all) => {
            let lines = all.iter().map(|it| match it.group {
                Some(group) => format!("group {group}: {}", it.file),
                None => format!("the cluster: {}", it.file),
            });
            let lines: Vec<String> = lines.collect();
            lines.join("\n")
        }
    }
}
