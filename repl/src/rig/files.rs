//! The files of a rig.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use quorate_live::split;
use quorate_model::{ClusterDefinition, GroupDefinition, ResourceDefinition, Value, types};

use super::UpArgs;
use crate::key;

/// Tells a rig's folder from any other, so that none but a rig is removed.
const MARK: &str = "rig";

/// The file with the cluster's name.
const NAME: &str = "cluster";

/// The port of the web servers.
const WEB_PORT: u16 = 8_080;

/// A rig.
pub(super) struct Rig {
    pub(super) folder: PathBuf,
    pub(super) nodes: Vec<String>,
    /// The cluster's name.
    pub(super) cluster: String,
    /// By service: where a small web server answers for it.
    pub(super) web: BTreeMap<String, SocketAddr>,
}

impl Rig {
    /// A file of a node's.
    pub(super) fn file(&self, node: &str, ending: &str) -> PathBuf {
        self.folder.join(format!("{node}.{ending}"))
    }

    /// A node's state folder.
    pub(super) fn state(&self, node: &str) -> PathBuf {
        self.folder.join("state").join(node)
    }

    /// A node's control socket.
    pub(super) fn socket(&self, node: &str) -> PathBuf {
        quorate_live::default_socket(&self.folder.join("run"), node)
    }
}

/// The rig in a folder.
pub(super) fn found(folder: &Path) -> Result<Rig, String> {
    let mark = fs::read_to_string(folder.join(MARK));
    let nodes = mark.map_err(|_| format!("there is no rig in {}", folder.display()))?;
    // A rig of an earlier release has none.
    let cluster = fs::read_to_string(folder.join(NAME)).unwrap_or_default();
    Ok(Rig {
        cluster: cluster.trim().to_owned(),
        folder: absolute(folder)?,
        nodes: nodes.lines().map(str::to_owned).collect(),
        web: BTreeMap::new(),
    })
}

fn absolute(path: &Path) -> Result<PathBuf, String> {
    std::path::absolute(path).map_err(|why| format!("{}: {why}", path.display()))
}

/// Makes the folder of a rig: a key, and a node file for each node.
pub(super) fn make(args: &UpArgs) -> Result<Rig, String> {
    let loaded = quorate_model::load(&args.cluster).map_err(|found| found.to_string())?;
    let definition = loaded.definition;
    on_loopback(&definition)?;
    let folder = absolute(&args.dir)?;
    if folder.exists() {
        let name = args.dir.display();
        return Err(format!(
            "{name} is there already: `quorate rig down --dir {name}` stops and removes a rig"
        ));
    }
    let (services, web) = services(&definition, &args.services)?;
    let nodes: Vec<String> = definition
        .nodes
        .iter()
        .map(|node| node.name.to_string())
        .collect();
    let write = |name: &str, text: &str| {
        let file = folder.join(name);
        fs::write(&file, text).map_err(|why| format!("{}: {why}", file.display()))
    };
    fs::create_dir_all(&folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    write(MARK, &nodes.join("\n"))?;
    write(NAME, &definition.name)?;
    key::new(&folder.join("key"))?;
    let witness = folder.join("witness");
    if definition.file_share_witness().is_some() {
        // The mark of a share that is there.
        fs::create_dir(&witness)
            .and_then(|()| fs::write(witness.join("lock"), ""))
            .map_err(|why| format!("{}: {why}", witness.display()))?;
    }
    let cluster = absolute(&args.cluster)?;
    let mut plugins = Vec::new();
    for given in &args.plugins.plugin_dir {
        plugins.push(absolute(given)?.display().to_string());
    }
    for node in &nodes {
        let mut text = String::from("// Made by `quorate rig up`.\n(\n");
        let mut line = |field: &str, value: &str| {
            // A text cannot fail to be written to.
            let _ = writeln!(text, "    {field}: {value},");
        };
        line("cluster", &format!("{:?}", cluster.display().to_string()));
        line("node", &format!("{node:?}"));
        line("state", &format!("{:?}", format!("state/{node}")));
        line("key", "\"key\"");
        line("socket", &format!("{:?}", format!("run/{node}/ctl.sock")));
        line("plugins", &format!("{plugins:?}"));
        line("services", &services);
        line("disks", &format!("{{ {} }}", disks(&definition)));
        line("shares", &format!("{{ {} }}", shares(&definition)));
        text.push_str(")\n");
        write(&format!("{node}.ron"), &text)?;
    }
    Ok(Rig {
        folder,
        nodes,
        cluster: definition.name.to_string(),
        web,
    })
}

/// The cluster's shared disks, each a folder of the rig's.
fn disks(definition: &ClusterDefinition) -> String {
    let disks = definition.disks.iter().zip(1..);
    let lines = disks.map(|(disk, number)| format!("{:?}: Dir(\"disks/{number}\")", &*disk.name));
    lines.collect::<Vec<_>>().join(", ")
}

/// The share of the cluster's witness, a folder of the rig's.
fn shares(definition: &ClusterDefinition) -> String {
    let share = definition.file_share_witness();
    share.map_or_else(String::new, |share| format!("{share:?}: \"witness\""))
}

/// A rig has no cards but loopback.
fn on_loopback(definition: &ClusterDefinition) -> Result<(), String> {
    let loopback = |address: &str| {
        let parsed = address.parse::<Ipv4Addr>();
        parsed.is_ok_and(|address| address.is_loopback())
    };
    for node in &definition.nodes {
        for (network, address) in &node.interfaces {
            if !loopback(address) {
                return Err(format!(
                    "{}'s address {address} on {network} is not on loopback (127.x.y.z), and a rig has nothing else: \
                     scripts/clusters/three-node-loopback.ron is one for a rig",
                    node.name
                ));
            }
        }
    }
    Ok(())
}

fn text<'r>(resource: &'r ResourceDefinition, property: &str) -> Option<&'r str> {
    match resource.properties.private.get(property)? {
        Value::Text(text) => Some(text),
        Value::Dword(_) | Value::List(_) => None,
    }
}

/// The address of the IP Address that a resource depends on, directly or not.
fn address(group: &GroupDefinition, resource: &ResourceDefinition) -> Option<Ipv4Addr> {
    resource.depends_on.iter().find_map(|provider| {
        let provider = group.resources.iter().find(|it| it.name == *provider)?;
        match provider.kind == types::IP_ADDRESS {
            true => text(provider, "Address")?.parse().ok(),
            false => address(group, provider),
        }
    })
}

/// The services of the node files, and the web servers among them.
fn services(
    definition: &ClusterDefinition,
    given: &[String],
) -> Result<(String, BTreeMap<String, SocketAddr>), String> {
    let mut commands: BTreeMap<String, String> = BTreeMap::new();
    for service in given {
        let Some((name, line)) = service.split_once('=') else {
            return Err(format!(
                "\"{service}\" names no command: write NAME=COMMAND"
            ));
        };
        let words = split(line).map_err(|why| why.to_string())?;
        commands.insert(name.to_owned(), format!("(run: {words:?})"));
    }
    let program = std::env::current_exe().map_err(|why| why.to_string())?;
    let program = program.display().to_string();
    let mut web = BTreeMap::new();
    for group in &definition.groups {
        for resource in &group.resources {
            let service = match resource.kind == types::GENERIC_SERVICE {
                true => text(resource, "ServiceName"),
                false => None,
            };
            let (Some(service), Some(address)) = (service, address(group, resource)) else {
                continue;
            };
            if commands.contains_key(service) {
                continue;
            }
            let at = SocketAddr::from((address, WEB_PORT));
            let command =
                format!("(run: [{program:?}, \"hello\", \"{at}\"], ready: Port(\"{at}\"))");
            commands.insert(service.to_owned(), command);
            web.insert(service.to_owned(), at);
        }
    }
    let lines = commands
        .iter()
        .map(|(name, command)| format!("{name:?}: {command}"));
    let lines: Vec<String> = lines.collect();
    Ok((format!("{{ {} }}", lines.join(", ")), web))
}
