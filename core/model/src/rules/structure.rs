//! Names and references: whether the parts of a definition fit together at all.

use std::collections::BTreeMap;

use crate::places::Anchor;
use crate::{GroupDefinition, Name, NodeId, suggest, types};

use super::{Findings, Subject};

/// Names that differ only in case are the same name to Windows.
pub(super) fn duplicate_name(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    fn each<'n>(
        findings: &mut Findings<'_>,
        what: &str,
        names: impl Iterator<Item = (&'n Name, Anchor)>,
    ) {
        let mut seen: BTreeMap<String, &Name> = BTreeMap::new();
        for (name, anchor) in names {
            if let Some(earlier) = seen.insert(name.to_lowercase(), name) {
                let text = if earlier == name {
                    format!("there are two {what} called `{name}`")
                } else {
                    format!("the {what} `{earlier}` and `{name}` differ only in case")
                };
                findings.add(anchor, text);
            }
        }
    }
    let definition = subject.definition;
    let nodes = definition.nodes.iter().enumerate();
    each(
        findings,
        "nodes",
        nodes.map(|(i, node)| (&node.name, Anchor::Node(i))),
    );
    let networks = definition.networks.iter().enumerate();
    each(
        findings,
        "networks",
        networks.map(|(i, net)| (&net.name, Anchor::Network(i))),
    );
    let disks = definition.disks.iter().enumerate();
    each(
        findings,
        "disks",
        disks.map(|(i, disk)| (&disk.name, Anchor::Disk(i))),
    );
    let groups = definition.groups.iter().enumerate();
    each(
        findings,
        "groups",
        groups.map(|(i, group)| (&group.name, Anchor::Group(i))),
    );
    // The resources of a repeated group are repeated as well: that is one mistake, not ten.
    let resources = subject.resources().filter(|(g, _, group, _)| {
        let earlier = definition.groups.iter().take(*g);
        !earlier
            .into_iter()
            .any(|other| other.name.eq_ignore_ascii_case(&group.name))
    });
    each(
        findings,
        "resources",
        resources.map(|(g, r, _, res)| (&res.name, Anchor::Resource(g, r))),
    );
}

/// Preferred and possible owners are nodes.
pub(super) fn unknown_node(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let definition = subject.definition;
    if definition.nodes.is_empty() {
        return;
    }
    let mut look = |owner: &Name, anchor: Anchor, whose: String| {
        if definition.node(owner).is_none() {
            let nodes = definition.nodes.iter().map(|node| node.name.as_str());
            findings
                .add(
                    anchor,
                    format!("{whose} is `{owner}`, but there is no such node"),
                )
                .help(suggest::help(owner, nodes));
        }
    };
    for (g, group) in definition.groups.iter().enumerate() {
        for (i, owner) in group.properties.preferred_owners.iter().enumerate() {
            let whose = format!("a preferred owner of `{}`", group.name);
            look(owner, Anchor::PreferredOwner(g, i), whose);
        }
        let mut seen: Vec<&[Name]> = Vec::new();
        for (r, resource) in group.resources.iter().enumerate() {
            // A virtual server's resources share one list, which is checked once.
            if seen.contains(&resource.possible_owners.as_slice()) {
                continue;
            }
            seen.push(&resource.possible_owners);
            for (i, owner) in resource.possible_owners.iter().enumerate() {
                let whose = format!("a possible owner of `{}`", resource.name);
                look(owner, Anchor::PossibleOwner(g, r, i), whose);
            }
        }
    }
}

/// Interfaces and IP Address resources name a network.
pub(super) fn unknown_network(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let definition = subject.definition;
    let networks = || {
        definition
            .networks
            .iter()
            .map(|network| network.name.as_str())
    };
    if definition.networks.is_empty() {
        return;
    }
    for (n, node) in definition.nodes.iter().enumerate() {
        for network in node.interfaces.keys() {
            if !networks().any(|known| *network == known) {
                let text = format!(
                    "`{}` has a card in `{network}`, but there is no such network",
                    node.name
                );
                findings
                    .add(Anchor::Interface(n, network.clone()), text)
                    .help(suggest::help(network, networks()));
            }
        }
    }
    for (g, r, _, resource) in subject.resources() {
        if *resource.kind != *types::IP_ADDRESS {
            continue;
        }
        match resource.properties.get("Network") {
            Some(crate::Value::Text(network)) if !networks().any(|known| network == known) => {
                let text = format!(
                    "`{}` is on `{network}`, but there is no such network",
                    resource.name
                );
                findings
                    .add(Anchor::Property(g, r, "Network"), text)
                    .help(suggest::help(&network, networks()));
            }
            _ => {}
        }
    }
}

/// Physical Disk resources stand for shared disks.
pub(super) fn unknown_disk(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let disks = || {
        subject
            .definition
            .disks
            .iter()
            .map(|disk| disk.name.as_str())
    };
    for (g, r, _, resource) in subject.resources() {
        let Some(disk) = subject.definition.shared_disk(resource) else {
            continue;
        };
        if disks().next().is_none() && g == 0 {
            continue;
        }
        if !disks().any(|known| disk == known) {
            let anchor = Anchor::Property(g, r, "Disk");
            let own = disk == resource.name;
            let text = if own && g == 0 {
                format!("there is no shared disk `{disk}`, and no resource of that name")
            } else if own {
                format!("there is no shared disk `{disk}`")
            } else {
                format!(
                    "`{}` stands for `{disk}`, but there is no such shared disk",
                    resource.name
                )
            };
            // The quorum may be any resource that can be arbitrated for.
            let resources = subject.resources().map(|(.., it)| it.name.as_str());
            let near = suggest::nearest(&disk, resources.filter(|it| own && g == 0 && disk != *it));
            let help = match near {
                Some(near) => Some(format!("did you mean `{near}`?")),
                None => suggest::help(&disk, disks()),
            };
            findings.add(anchor, text).help(help);
        }
    }
}

/// A shared disk fails over as a whole, so it belongs to one group.
pub(super) fn disk_shared(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let mut users: BTreeMap<Name, (&Name, &Name)> = BTreeMap::new();
    for (g, r, group, resource) in subject.resources() {
        let Some(disk) = subject.definition.shared_disk(resource) else {
            continue;
        };
        match users.get(&disk) {
            // Two groups of one name have a finding of their own.
            Some((_, earlier)) if *earlier == &resource.name => {}
            Some((other, earlier)) => {
                let text = format!(
                    "the disk `{disk}` is used by `{earlier}` in `{other}` and by `{}` in `{}`",
                    resource.name, group.name
                );
                findings.add(Anchor::Property(g, r, "Disk"), text);
            }
            None => {
                users.insert(disk, (&group.name, &resource.name));
            }
        }
    }
}

/// Dependencies are on resources of the same group (5002, 5069).
pub(super) fn unknown_resource(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    each_dependency(subject, |anchor, group, resource, needed| {
        if in_group(group, needed) || subject.definition.resource(needed).is_some() {
            return;
        }
        let text = format!("`{resource}` depends on `{needed}`, but there is no such resource");
        let siblings = group.resources.iter().map(|other| other.name.as_str());
        findings.add(anchor, text).help(suggest::help(
            needed,
            siblings.filter(|other| resource != other),
        ));
    });
}

/// A group fails over as a whole, so nothing in it may depend on another group.
pub(super) fn foreign_dependency(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    each_dependency(subject, |anchor, group, resource, needed| {
        if in_group(group, needed) {
            return;
        }
        if let Some((other, _)) = subject.definition.resource(needed) {
            findings.add(
                anchor,
                format!(
                    "`{resource}` depends on `{needed}`, which is in another group, `{}`",
                    other.name
                ),
            );
        }
    });
}

/// No resource depends on itself.
pub(super) fn self_dependency(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    each_dependency(subject, |anchor, _, resource, needed| {
        if resource == needed {
            findings.add(anchor, format!("`{resource}` depends on itself"));
        }
    });
}

fn in_group(group: &GroupDefinition, name: &str) -> bool {
    group
        .resources
        .iter()
        .any(|resource| resource.name == *name)
}

fn each_dependency<'a>(
    subject: &Subject<'a>,
    mut look: impl FnMut(Anchor, &'a GroupDefinition, &'a Name, &'a Name),
) {
    for (g, r, group, resource) in subject.resources() {
        for (i, needed) in resource.depends_on.iter().enumerate() {
            look(Anchor::Dependency(g, r, i), group, &resource.name, needed);
        }
    }
}

/// Resources that depend on each other in a loop never come online.
pub(super) fn dependency_loop(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for (g, group) in subject.definition.groups.iter().enumerate() {
        let mut walk = Walk {
            group,
            done: vec![false; group.resources.len()],
            path: Vec::new(),
        };
        for start in 0..group.resources.len() {
            walk.visit(start, &mut |path, r, i| {
                let mut names: Vec<String> = path
                    .iter()
                    .map(|&r| format!("`{}`", group.resources[r].name))
                    .collect();
                names.extend(names.first().cloned());
                findings.add(
                    Anchor::Dependency(g, r, i),
                    format!(
                        "these depend on each other in a loop: {}",
                        names.join(" -> ")
                    ),
                );
            });
        }
    }
}

/// A depth-first walk along dependencies.
struct Walk<'a> {
    group: &'a GroupDefinition,
    done: Vec<bool>,
    path: Vec<usize>,
}

impl Walk<'_> {
    /// Calls `found` with each loop, and the dependency that closes it.
    fn visit(&mut self, at: usize, found: &mut impl FnMut(&[usize], usize, usize)) {
        if self.done[at] {
            return;
        }
        self.path.push(at);
        for (i, needed) in self.group.resources[at].depends_on.iter().enumerate() {
            let next = self
                .group
                .resources
                .iter()
                .position(|other| other.name == *needed);
            // A resource that depends on itself has a rule of its own.
            let Some(next) = next.filter(|&next| next != at) else {
                continue;
            };
            match self.path.iter().position(|&on_path| on_path == next) {
                Some(start) => found(&self.path[start..], at, i),
                None => self.visit(next, found),
            }
        }
        self.path.pop();
        self.done[at] = true;
    }
}

/// An unknown type comes with a third party's plugin, or is misspelled.
pub(super) fn unknown_type(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for (g, r, _, resource) in subject.resources() {
        // The reader has noted a missing type.
        if types::ALL.contains(&resource.kind.as_str()) || resource.kind.is_empty() {
            continue;
        }
        let near = suggest::nearest(&resource.kind, types::ALL.iter().copied());
        findings
            .add(
                Anchor::Kind(g, r),
                format!(
                    "`{}` is of the type `{}`, which is not a shipped one",
                    resource.name, resource.kind
                ),
            )
            .help(near.map(|near| format!("did you mean `{near}`? Else load its plugin")));
    }
}

/// Some types need certain properties to be set.
pub(super) fn required_property(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for (g, r, _, resource) in subject.resources() {
        for name in types::required_properties(&resource.kind) {
            let empty = match resource.properties.get(name) {
                Some(crate::Value::Text(text)) => text.is_empty(),
                // A value of the wrong type was noted when it was set.
                Some(_) => false,
                None => true,
            };
            if empty {
                let text = format!("`{}` has no `{name}`", resource.name);
                findings
                    .add(Anchor::Property(g, r, name), text)
                    .help(Some(format!("set the property `{name}`")));
            }
        }
    }
}

/// A group can only be on a node that all its resources may be on.
pub(super) fn no_common_owner(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let nodes = &subject.definition.nodes;
    for (g, group) in subject.definition.groups.iter().enumerate() {
        let restricted = group
            .resources
            .iter()
            .any(|resource| !resource.possible_owners.is_empty());
        if restricted && !nodes.is_empty() && !nodes.iter().any(|node| may_own(group, &node.name)) {
            findings.add(
                Anchor::Group(g),
                format!(
                    "no node is a possible owner of every resource of `{}`",
                    group.name
                ),
            );
        }
    }
}

/// A failback window with one end is no window.
pub(super) fn half_failback_window(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for (g, group) in subject.definition.groups.iter().enumerate() {
        if let Some((there, missing)) = group.properties.half_failback_window() {
            findings.add(
                Anchor::Group(g),
                format!(
                    "`{}` has {there} but no {missing}: there is no window, and it goes back at any time",
                    group.name
                ),
            );
        }
    }
}

/// A preferred owner that may not own the group is useless.
pub(super) fn preferred_not_possible(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for (g, group) in subject.definition.groups.iter().enumerate() {
        for (i, owner) in group.properties.preferred_owners.iter().enumerate() {
            if subject.definition.node(owner).is_some() && !may_own(group, owner) {
                findings.add(
                    Anchor::PreferredOwner(g, i),
                    format!(
                        "`{owner}` is a preferred owner of `{}`, but no possible one",
                        group.name
                    ),
                );
            }
        }
    }
}

fn may_own(group: &GroupDefinition, node: &Name) -> bool {
    group.resources.iter().all(|resource| {
        resource.possible_owners.is_empty() || resource.possible_owners.contains(node)
    })
}

/// A cluster has at least one node.
pub(super) fn no_nodes(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    if subject.definition.nodes.is_empty() {
        findings.add(Anchor::Cluster, "the cluster has no nodes");
    }
}

/// Even the largest editions allow no more than eight nodes, which is a limit of clusters that name an edition or run
/// Exchange. Any other may have as many as there are numbers for.
pub(super) fn too_many_nodes(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    const OF_EDITIONS: usize = 8;
    let named = subject.facts.nodes.values().any(|it| it.windows_named);
    let (most, why) = match (named, subject.virtual_servers().next().is_some()) {
        (true, _) => (OF_EDITIONS, ", and an edition of Windows is named for it"),
        (false, true) => (OF_EDITIONS, " and runs Exchange"),
        (false, false) => (usize::from(NodeId::MAX_NODE.0), ""),
    };
    let nodes = subject.definition.nodes.len();
    if nodes > most {
        let text = format!("the cluster has {nodes} nodes{why}");
        findings
            .add(Anchor::Node(most), text)
            .found(nodes.to_string())
            .expected(format!("at most {most}"));
    }
}
