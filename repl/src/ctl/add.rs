//! `quorate ctl add`: a machine becomes a node of the cluster.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use quorate_live::{Client, LiveStatus, Settings};
use quorate_model::{AdminOp, Diagnostics, Name, NodeDefinition, NodeId, nearest, same_name};

use super::unusable::{Unusable, status};

/// Where it stands which number and cards the node has.
pub(super) enum From<'a> {
    /// On the command line; the number is the next one.
    Cards(&'a [String]),
    /// In this cluster file.
    ClusterFile(&'a Path),
    /// In the cluster file of this node file.
    NodeFile(&'a Path),
}

fn wrong<T>(text: String) -> Result<T, Unusable> {
    Err(Unusable::Arguments(text))
}

/// The order that adds a node.
pub(super) fn order(name: &str, from: &From<'_>, client: &mut Client) -> Result<AdminOp, Unusable> {
    let status = status(client)?;
    let node = match from {
        From::Cards([]) => {
            return wrong(format!(
                "what cards does {name} have? Name its address in each network, such as {}, or --cluster with a cluster file \
             that lists it",
                example(&status)
            ));
        }
        From::Cards(cards) => NodeDefinition {
            id: NodeId(status.next_node),
            name: name.into(),
            interfaces: interfaces(cards, &status)?,
            attributes: BTreeMap::new(),
        },
        From::ClusterFile(file) => listed(name, file)?,
        From::NodeFile(file) => {
            let unusable = |found: Diagnostics| Unusable::Arguments(found.to_string());
            let cluster = Settings::load(file).map_err(unusable)?.cluster();
            listed(name, &cluster)?
        }
    };
    if node.id > NodeId::MAX {
        return wrong(format!("a cluster has {} nodes at most", NodeId::MAX));
    }
    let node = Box::new(node);
    Ok(AdminOp::NodeAdd { node })
}

/// A node as a cluster file lists it.
fn listed(name: &str, file: &Path) -> Result<NodeDefinition, Unusable> {
    let loaded = quorate_model::load(file);
    let definition = loaded.map_err(|found| Unusable::Arguments(found.to_string()))?;
    let nodes = &definition.definition.nodes;
    let found = nodes.iter().find(|node| same_name(&node.name, name));
    found.cloned().ok_or_else(|| {
        let near = nearest(name, nodes.iter().map(|node| node.name.as_str()));
        let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
        Unusable::Arguments(format!(
            "{} lists no node {name}{near}: write it at the end of `nodes`, or name its cards, such as Public=10.0.0.14",
            file.display()
        ))
    })
}

fn interfaces(cards: &[String], status: &LiveStatus) -> Result<BTreeMap<Name, String>, Unusable> {
    let networks = &status.definition.networks;
    let mut interfaces = BTreeMap::new();
    for card in cards {
        let Some((network, address)) = card.split_once('=') else {
            return wrong(format!(
                "\"{card}\" is no card: write NETWORK=ADDRESS, such as {}",
                example(status)
            ));
        };
        let Some(known) = networks.iter().find(|it| same_name(&it.name, network)) else {
            let near = nearest(network, networks.iter().map(|it| it.name.as_str()));
            let near = near.map_or_else(String::new, |near| format!(": did you mean {near}?"));
            return wrong(format!("there is no network {network}{near}"));
        };
        if address.parse::<std::net::IpAddr>().is_err() {
            return wrong(format!("{address} is no address"));
        }
        interfaces.insert(known.name.clone(), address.to_owned());
    }
    Ok(interfaces)
}

/// A card as it is written.
fn example(status: &LiveStatus) -> String {
    let network = status.definition.networks.first();
    let network = network.map_or("Public", |network| network.name.as_str());
    format!("\"{network}=10.0.0.14\"")
}

/// What comes next, once the node is added.
pub(super) fn told(op: &AdminOp, config: Option<&PathBuf>) -> Option<String> {
    let AdminOp::NodeAdd { node } = op else {
        return None;
    };
    let cards = node.interfaces.iter();
    let cards: Vec<String> = cards
        .map(|(network, address)| format!("{:?}: {address:?}", network.as_str()))
        .collect();
    let (name, number) = (&node.name, node.id.0);
    let ordinal = match (number % 10, number % 100) {
        (1, tens) if tens != 11 => "st",
        (2, tens) if tens != 12 => "nd",
        (3, tens) if tens != 13 => "rd",
        _ => "th",
    };
    let like = match config {
        Some(config) => format!(" like {}", config.display()),
        None => String::new(),
    };
    Some(format!(
        "{name} is node {number} of the cluster. It joins when it is started on its machine, which needs\n  \
         the cluster file, with this as the {number}{ordinal} of `nodes`; those that were evicted stay there:\n    \
         (name: {:?}, interfaces: {{ {} }}),\n  \
         the key file, and a node file{like} with `node: {:?}` and, until it has joined, `joins: true`",
        name.as_str(),
        cards.join(", "),
        name.as_str(),
    ))
}
