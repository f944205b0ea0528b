//! The cluster of a run: the content of its cluster file, and its world.

use std::sync::Arc;

use quorate_machine::Monitors;
use quorate_model::{AutoFailback, ClusterDefinition, PolicyScript, types};
use quorate_sim::{World, WorldOptions};

use super::dice::Dice;

/// The kind of quorum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Standard,
    Majority,
    /// A Majority Node Set with a file share witness.
    Witness,
    Local,
}

/// When groups go back to the nodes they prefer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failback {
    Never,
    AtOnce,
    /// Between two hours of the cluster's day.
    Window(u8, u8),
}

/// A cluster, and the conditions in its world for the whole run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    pub kind: Kind,
    pub nodes: usize,
    /// Exchange virtual servers.
    pub servers: usize,
    /// Groups without Exchange.
    pub plain: usize,
    /// `MaxQuorumLogSize` in bytes: small, so that checkpoints are made; `None` is the default.
    pub log: Option<u32>,
    pub failback: Failback,
    /// The cluster's time zone: minutes east of UTC.
    pub offset: i32,
    /// The most that a clock gains or loses, in parts per million; `None` is the world's default.
    pub drift: Option<u32>,
    /// Whether every datagram is encoded and decoded.
    pub codec: bool,
    /// Whether owners are chosen, and failures handled, at random.
    pub dice: bool,
    /// Whether the programs of groups without Exchange are probed at a port.
    pub ports: bool,
    /// Whether there is a group with a script that writes to a disk.
    pub scripts: bool,
    /// Whether the address of the first group without Exchange is leased, for five minutes at a time.
    pub dhcp: bool,
}

impl Default for Cluster {
    fn default() -> Self {
        Cluster {
            kind: Kind::Standard,
            nodes: 2,
            servers: 1,
            plain: 0,
            log: None,
            failback: Failback::Never,
            offset: 0,
            drift: None,
            codec: false,
            dice: false,
            ports: false,
            scripts: false,
            dhcp: false,
        }
    }
}

/// The file share of [`Kind::Witness`].
pub const SHARE: &str = r"\\FILES\witness";
/// The script of [`Cluster::scripts`].
pub const SCRIPT: &str = "heartbeat-file.rhai";
const SCRIPT_TEXT: &str = include_str!("../../../../scripts/resources/heartbeat-file.rhai");

impl Cluster {
    /// The world with this cluster in it, `twice` if everything that is left out is done and compared.
    pub fn world(&self, seed: u64, monitors: Box<dyn Monitors>, twice: bool) -> World {
        let default = WorldOptions::with_seed(seed);
        let options = WorldOptions {
            drift_ppm_max: self.drift.unwrap_or(default.drift_ppm_max),
            through_codec: self.codec,
            checked_twice: twice,
            lease_seconds: if self.dhcp {
                300
            } else {
                default.lease_seconds
            },
            ..default
        };
        let mut world = World::with_monitors(self.definition(seed), monitors, options);
        world.set_policies(Arc::new(Dice));
        world.set_scripts(Box::new(|path| match path {
            SCRIPT => Ok(SCRIPT_TEXT.to_owned()),
            _ => Err(format!("there is no script {path}")),
        }));
        world
    }

    /// The content of its cluster file.
    fn definition(&self, seed: u64) -> ClusterDefinition {
        let mut text = String::from("(name: \"CLUSTER1\", address: \"10.0.0.20\",");
        text += &match self.kind {
            Kind::Standard => "quorum: Standard(resource: \"Disk Q:\"),".to_owned(),
            Kind::Majority => "quorum: MajorityNodeSet,".to_owned(),
            Kind::Witness => format!("quorum: MajorityNodeSet(MNSFileShare: {SHARE:?}),"),
            Kind::Local => "quorum: Local,".to_owned(),
        };
        text += "start: \"2003-06-12 08:00:00\", networks: [
            (name: \"Private\", role: Internal, subnet: \"192.168.0.0/24\"),
            (name: \"Public\", role: Mixed, subnet: \"10.0.0.0/24\"";
        text += if self.dhcp { ", dhcp: true" } else { "" };
        text += ")], nodes: [";
        for node in 1..=self.nodes {
            text += &format!(
                "(name: \"NODE{node}\", interfaces: {{ \"Public\": \"10.0.0.{}\", \"Private\": \"192.168.0.{}\" }}),",
                10 + node,
                10 + node
            );
        }
        text += "], disks: [";
        if self.kind == Kind::Standard {
            text += "(name: \"Disk Q:\", raid: true),";
        }
        if self.scripts {
            text += "(name: \"Disk W:\"),";
        }
        let letters = ["E:", "F:", "G:", "H:", "I:", "J:", "K:"];
        for server in 1..=self.servers {
            let letter = letters[server - 1];
            text += &format!("(name: \"EVS{server} Disk {letter}\", raid: true),");
        }
        // Each group prefers another node.
        let owners = |group: usize| {
            let owners =
                (0..self.nodes).map(|at| format!("\"NODE{}\"", 1 + (group + at) % self.nodes));
            owners.collect::<Vec<_>>().join(", ")
        };
        text += "], virtual_servers: [";
        for server in 1..=self.servers {
            let disk = format!("EVS{server} Disk {}", letters[server - 1]);
            text += &format!(
                "(name: \"EVS{server}\", network_name: \"MAIL{server}\", address: \"10.0.0.{}\", network: \"Public\",
                  disks: [\"{disk}\"], storage_groups: [(name: \"First Storage Group\", log_disk: \"{disk}\", database_disk: \"{disk}\")],
                  preferred_owners: [{}]),",
                20 + server,
                owners(server - 1)
            );
        }
        text += "], groups: [";
        for group in 1..=self.plain {
            let leased = match self.dhcp && group == 1 {
                true => ", \"EnableDhcp\": 1",
                false => "",
            };
            let port = match self.ports {
                true => ", \"Port\": 80, \"Protocol\": \"http\"",
                false => "",
            };
            text += &format!(
                "(name: \"APP{group}\", preferred_owners: [{}], resources: [
                    (name: \"APP{group} IP Address\", type: \"IP Address\",
                     properties: {{ \"Address\": \"10.0.0.{}\", \"Network\": \"Public\"{leased} }}),
                    (name: \"APP{group} Program\", type: \"Generic Application\", depends_on: [\"APP{group} IP Address\"],
                     properties: {{ \"CommandLine\": \"app.exe\", \"CurrentDirectory\": \"C:\\\\app\"{port} }})]),",
                owners(group),
                40 + group
            );
        }
        if self.scripts {
            text += &format!(
                "(name: \"WITNESS\", preferred_owners: [{}], resources: [
                    (name: \"Disk W:\", type: \"Physical Disk\"),
                    (name: \"Heartbeat File\", type: \"Generic Script\", depends_on: [\"Disk W:\"],
                     properties: {{ \"ScriptFilepath\": {SCRIPT:?} }})]),",
                owners(0)
            );
        }
        text += "])";
        let loaded = quorate_model::parse("drawn", &text);
        let loaded = loaded.unwrap_or_else(|errors| panic!("{errors:?}\n{text}"));
        let mut definition = loaded.definition;
        if let Some(bytes) = self.log {
            // Less than a cluster file may set.
            definition.properties.max_quorum_log_size = bytes;
        }
        definition.utc_offset_minutes = self.offset;
        if self.dice {
            definition.policy = Some(PolicyScript {
                file: "dice".to_owned(),
                text: seed.to_string(),
            });
        }
        for group in &mut definition.groups {
            let properties = &mut group.properties;
            let window = match self.failback {
                Failback::Never => continue,
                Failback::AtOnce => None,
                Failback::Window(start, end) => Some((start, end)),
            };
            properties.auto_failback_type = AutoFailback::Allow;
            properties.failback_window_start = window.map(|(start, _)| start);
            properties.failback_window_end = window.map(|(_, end)| end);
        }
        definition
    }
}

/// The number of Exchange virtual servers; one node more than that must be left.
pub fn servers(definition: &ClusterDefinition) -> usize {
    let groups = definition.groups.iter();
    let exchange = groups.filter(|group| {
        let mut resources = group.resources.iter();
        resources.any(|resource| types::is_exchange(&resource.kind))
    });
    exchange.count()
}
