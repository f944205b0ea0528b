//! Why a group went to a node, and why to no other.

use quorate_model::{Name, Time, same_name};

use crate::run::{Run, Standing};
use crate::text::listed;

/// Why the group could not go to this node then; `None`, if nothing that a journal tells was against it.
fn against(run: &Run, group: &str, node: &Name, at: Time) -> Option<String> {
    let standing = run.node(node).and_then(|it| it.standing_at(at));
    match standing {
        None => return Some(format!("{node} was not there")),
        Some(Standing::Up) => {}
        Some(Standing::Joining) => return Some(format!("{node} was still joining")),
        Some(Standing::NoQuorum) => return Some(format!("{node} had no quorum")),
        Some(other) => return Some(format!("{node} was {}", other.as_str())),
    }
    let defined = run.defined(group)?;
    for resource in &defined.resources {
        let possible = &resource.possible_owners;
        if !possible.is_empty() && !possible.iter().any(|it| same_name(it, node)) {
            return Some(format!("{node} is no possible owner of {}", resource.name));
        }
    }
    let classes = &defined.exclusive_class_names;
    let rival = run.header.groups.iter().find(|other| {
        let shares = other
            .exclusive_class_names
            .iter()
            .any(|it| classes.contains(it));
        let state = run.group(&other.name).and_then(|it| it.state_at(at));
        let there = state.is_some_and(|it| {
            it.owner.as_ref() == Some(node) || it.moving_to.as_ref() == Some(node)
        });
        !same_name(&other.name, group) && shares && there
    })?;
    Some(format!("{node} had {}", rival.name))
}

/// Why the group went from one node to another, from what the journal tells of all nodes at that time.
pub(super) fn why_there(run: &Run, group: &str, from: &str, to: &str, at: Time) -> Option<String> {
    let (mut could, mut reasons) = (Vec::new(), Vec::new());
    let others = run.nodes.iter().map(|it| &it.name);
    for node in others.filter(|it| **it != *to && **it != *from) {
        match against(run, group, node, at) {
            Some(reason) => reasons.push(reason),
            None => could.push(node.clone()),
        }
    }
    let class = shared_class(run, group, &reasons);
    if could.is_empty() && reasons.is_empty() {
        return None;
    }
    if could.is_empty() {
        return Some(format!(
            "It could go to {to} only, since {}{class}.",
            listed(&reasons)
        ));
    }
    let preferred = run.defined(group).map(|it| it.preferred_owners.as_slice());
    let order = match preferred.unwrap_or_default() {
        [] => "it has no preferred owners".to_owned(),
        list => format!(
            "the next in its list of nodes after {from}, going round, takes it, and the list begins with {}",
            listed(list)
        ),
    };
    let rest = match reasons.as_slice() {
        [] => String::new(),
        reasons => format!("; {}{class}", listed(reasons)),
    };
    Some(format!(
        "{} could have taken it, too: {order}{rest}.",
        listed(&could)
    ))
}

/// Why no node could take the group.
pub(super) fn why_nowhere(run: &Run, group: &str, from: &str, at: Time) -> Option<String> {
    let others = run.nodes.iter().map(|it| &it.name);
    let reasons: Vec<String> = others
        .filter(|it| **it != *from)
        .filter_map(|node| against(run, group, node, at))
        .collect();
    if reasons.is_empty() {
        return None;
    }
    let class = shared_class(run, group, &reasons);
    let text = listed(&reasons);
    Some(format!("Of the other nodes {text}{class}."))
}

/// The exclusive class, if one of the reasons is a group of it.
fn shared_class(run: &Run, group: &str, reasons: &[String]) -> String {
    let rivals = reasons
        .iter()
        .any(|it| it.contains(" had ") && !it.ends_with("quorum"));
    let classes = run
        .defined(group)
        .map(|it| it.exclusive_class_names.as_slice());
    match classes.unwrap_or_default() {
        [class, ..] if rivals => {
            format!(", and a node runs one group of the exclusive class \"{class}\" at most")
        }
        _ => String::new(),
    }
}
