//! Why a group went to a node, and why to no other.

use quorate_journal::{HeaderGroup, What, WorldEvent};
use quorate_model::{Name, Time, same_name};

use crate::run::{Run, Standing};
use crate::text::listed;

/// Why the group could not go to this node then, and by which property, where one says so; `None`, if nothing that a journal tells was against it.
fn against(
    run: &Run,
    group: &str,
    node: &Name,
    at: Time,
) -> Option<(String, Option<&'static str>)> {
    let plain = |text: String| Some((text, None));
    let standing = run.node(node).and_then(|it| it.standing_at(at));
    match standing {
        None => return plain(format!("{node} was not there")),
        Some(Standing::Up) => {}
        Some(Standing::Joining) => return plain(format!("{node} was still joining")),
        Some(Standing::NoQuorum) => return plain(format!("{node} had no quorum")),
        Some(other) => return plain(format!("{node} was {}", other.as_str())),
    }
    let defined = run.defined(group)?;
    for resource in &defined.resources {
        let possible = &resource.possible_owners;
        if !possible.is_empty() && !possible.iter().any(|it| same_name(it, node)) {
            let text = format!("{node} is no possible owner of {}", resource.name);
            return Some((text, Some("PossibleOwners")));
        }
    }
    let rival = rival(run, group, node, at, |it| &it.exclusive_class_names)?;
    Some((format!("{node} had {rival}"), Some("ExclusiveClassNames")))
}

/// That the node had a group which this one keeps away from, while it can.
fn affine(run: &Run, group: &str, node: &Name, at: Time) -> Option<String> {
    let rival = rival(run, group, node, at, |it| &it.anti_affinity_class_names)?;
    Some(format!("{node} had {rival}"))
}

/// Another group on the node that shares one of these classes with the group.
fn rival<'r>(
    run: &'r Run,
    group: &str,
    node: &Name,
    at: Time,
    classes: impl Fn(&HeaderGroup) -> &[String],
) -> Option<&'r Name> {
    let own = classes(run.defined(group)?);
    let rival = run.header.groups.iter().find(|other| {
        let shares = classes(other).iter().any(|it| own.contains(it));
        let state = run.group(&other.name).and_then(|it| it.state_at(at));
        let there = state.is_some_and(|it| {
            it.owner.as_ref() == Some(node) || it.moving_to.as_ref() == Some(node)
        });
        !same_name(&other.name, group) && shares && there
    })?;
    Some(&rival.name)
}

/// The properties that say which nodes a group may go to, as orders name them.
const ALLOWING: [&str; 2] = ["PossibleOwners", "ExclusiveClassNames"];
/// Those that say which of them it goes to.
const PREFERRING: [&str; 2] = ["PreferredOwners", "AntiAffinityClassNames"];

/// Whether a sentence names this thing, and not one whose name only begins or ends with it.
pub(super) fn is_named(sentence: &str, name: &str) -> bool {
    let joins = |it: Option<char>| it.is_some_and(char::is_alphanumeric);
    sentence.match_indices(name).any(|(place, _)| {
        let before = sentence[..place].chars().next_back();
        let after = sentence[place + name.len()..].chars().next();
        !joins(before) && !joins(after)
    })
}

/// What was set in the run before then, of these properties: a journal has only what they were at first.
fn changed(run: &Run, at: Time, properties: &[&str]) -> String {
    let orders = run
        .moments()
        .filter(|it| it.kind == "asked" && it.at <= at)
        .filter_map(|it| match run.fact(it.n)? {
            What::World(WorldEvent::Asked { text, .. }) => text.strip_prefix("set "),
            _ => None,
        });
    let mut set: Vec<String> = orders
        .filter(|it| properties.iter().any(|property| is_named(it, property)))
        .map(str::to_owned)
        .collect();
    set.sort_unstable();
    set.dedup();
    match set.as_slice() {
        [] => String::new(),
        set => format!(
            " This goes by what was so at first: {} {} set in the run before, and the journal does not say to what.",
            listed(set),
            if set.len() == 1 { "was" } else { "were" }
        ),
    }
}

/// Every node, and why the group could not go to it at that time, with the property that says so; `None`, if nothing that a journal tells was against it.
pub fn candidates(run: &Run, group: &str, at: Time) -> Vec<(Name, Option<String>)> {
    let nodes = run.nodes.iter().map(|it| &it.name);
    nodes
        .map(|node| {
            let against = against(run, group, node, at).map(|(text, by)| match by {
                Some(property) => format!("{text} ({property})"),
                None => text,
            });
            (node.clone(), against)
        })
        .collect()
}

/// Why the group went from one node to another, from what the journal tells of all nodes at that time.
pub(super) fn why_there(run: &Run, group: &str, from: &str, to: &str, at: Time) -> Option<String> {
    let (mut could, mut reasons) = (Vec::new(), Vec::new());
    let others = run.nodes.iter().map(|it| &it.name);
    for node in others.filter(|it| **it != *to && **it != *from) {
        match against(run, group, node, at) {
            Some((reason, _)) => reasons.push(reason),
            None => could.push(node.clone()),
        }
    }
    let class = shared_class(run, group, &reasons);
    if could.is_empty() && reasons.is_empty() {
        return None;
    }
    if could.is_empty() {
        return Some(format!(
            "It could go to {to} only, since {}{class}.{}",
            listed(&reasons),
            changed(run, at, &ALLOWING)
        ));
    }
    let defined = run.defined(group);
    let preferred = defined.map(|it| it.preferred_owners.as_slice());
    let order = match preferred.unwrap_or_default() {
        [] => "it has no preferred owners".to_owned(),
        list => format!(
            "the next in its list of nodes after {from}, going round, takes it, and the list begins with {}",
            listed(list)
        ),
    };
    let affine: Vec<String> = could
        .iter()
        .filter_map(|node| affine(run, group, node, at))
        .collect();
    let affine = match affine.as_slice() {
        [] => String::new(),
        list => format!(
            "; {}, and groups that share one of AntiAffinityClassNames keep away from each other while they can",
            listed(list)
        ),
    };
    let rest = match reasons.as_slice() {
        [] => String::new(),
        reasons => format!("; {}{class}", listed(reasons)),
    };
    Some(format!(
        "{} could have taken it, too: {order}{affine}{rest}.{}",
        listed(&could),
        changed(run, at, &[ALLOWING, PREFERRING].concat())
    ))
}

/// Why no node could take the group.
pub(super) fn why_nowhere(run: &Run, group: &str, from: &str, at: Time) -> Option<String> {
    let others = run.nodes.iter().map(|it| &it.name);
    let reasons: Vec<String> = others
        .filter(|it| **it != *from)
        .filter_map(|node| against(run, group, node, at))
        .map(|(reason, _)| reason)
        .collect();
    if reasons.is_empty() {
        return None;
    }
    let class = shared_class(run, group, &reasons);
    let text = listed(&reasons);
    let changed = changed(run, at, &ALLOWING);
    Some(format!("Of the other nodes {text}{class}.{changed}"))
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

#[cfg(test)]
mod tests {
    use super::is_named;

    #[test]
    fn a_name_is_named_where_it_stands_alone() {
        for (sentence, named) in [
            ("move group EVS1 to NODE2", true),
            ("move group EVS10 to NODE2", false),
            ("fail resource EVS1 SMTP", true),
            ("set X of MYEVS1", false),
            ("move group EVS10 where EVS1 is", true),
            ("", false),
        ] {
            assert_eq!(is_named(sentence, "EVS1"), named, "{sentence}");
        }
    }
}
