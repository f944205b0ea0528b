//! What can be asked or ordered, as it is typed.

use std::path::PathBuf;

use clap::Subcommand;

/// What to ask or order.
#[derive(Debug, Subcommand)]
pub(crate) enum CtlCommand {
    /// Show the cluster as the node sees it.
    Status,
    /// Show what happens on the node, line by line, until Ctrl-C.
    Watch,
    /// Bring a group, or a resource with what it depends on, online.
    Online {
        /// The group or resource.
        name: String,
    },
    /// Take a group, or a resource with what depends on it, offline.
    Offline {
        /// The group or resource.
        name: String,
    },
    /// Move a group.
    Move {
        /// The group.
        group: String,
        /// Where to; the best possible node if none is named.
        to: Option<String>,
    },
    /// Make a resource fail, as the original's "initiate failure".
    Fail {
        /// The resource.
        resource: String,
    },
    /// Pause a node: it keeps what it owns and takes nothing more.
    Pause {
        /// The node.
        #[arg(value_name = "NODE")]
        paused: String,
    },
    /// Resume a paused node.
    Resume {
        /// The node.
        #[arg(value_name = "NODE")]
        resumed: String,
    },
    /// Take a node that is down out of the cluster for good.
    Evict {
        /// The node.
        #[arg(value_name = "NODE")]
        evicted: String,
    },
    /// Make a machine a node of the cluster. It joins when it is started there.
    Add {
        /// Its name.
        #[arg(value_name = "NODE")]
        added: String,
        /// Its address in each network that it has a card in, such as Public=10.0.0.14.
        #[arg(value_name = "NETWORK=ADDRESS")]
        cards: Vec<String>,
        /// The cluster file, where the node stands in it already: its number and addresses are taken from there.
        #[arg(long, value_name = "CLUSTER.ron", conflicts_with = "cards")]
        cluster: Option<PathBuf>,
    },
    /// Print a property of the cluster, a group or a resource.
    Get {
        /// Its name, or "cluster".
        object: String,
        /// The property, by the original's name.
        property: String,
    },
    /// Set a property of the cluster, a node, a group or a resource.
    Set {
        /// Its name, or "cluster". With group:, resource: or node: before it where several things have the name.
        object: String,
        /// The property, by the original's name.
        property: String,
        /// The value; several are separated by commas. Without it the property gets its default again.
        value: Option<String>,
    },
    /// Show the policy scripts of the cluster and its groups, or give one of them another.
    Policy {
        /// The group, or "cluster". Without it all are listed; without a file, its script is printed.
        object: Option<String>,
        /// The script. Its text goes to every node, and the file is not read again.
        #[arg(value_name = "POLICY.rhai")]
        file: Option<PathBuf>,
        /// Take the script away: the group follows the cluster's again, or the cluster the built-in rules.
        #[arg(long, conflicts_with = "file", requires = "object")]
        remove: bool,
    },
    /// Show the plugins of the node that is asked, read one anew, or end a quarantine.
    Plugins {
        #[command(subcommand)]
        command: Option<PluginsCommand>,
    },
    /// Ask a resource, or a resource type, by a control code, and print what it says.
    ///
    /// A text is printed as it is; numbers (DWORDs) one after the other; anything else as bytes.
    Control {
        /// The resource, where it is owned; or type: and a resource type, such as "type:Physical Disk".
        object: String,
        /// The code, by its name or number, such as GET_NAME or 0x01000029. A plugin's own is given by its number.
        #[arg(value_name = "CODE")]
        code: String,
        /// What goes in with the code.
        input: Option<String>,
        /// The node whose plugin is to answer: for a resource its owner, for a type any.
        #[arg(long, value_name = "NODE")]
        on: Option<String>,
        /// Print the answer as bytes, in hexadecimal.
        #[arg(long)]
        hex: bool,
    },
    /// Stop the cluster service of the node that is asked, and end its process. Its groups move away first.
    Stop,
}

/// What to do with plugins.
#[derive(Debug, Subcommand)]
pub(crate) enum PluginsCommand {
    /// Read a plugin's file again. Nothing is stopped: a resource runs what is new when it is next brought online.
    Reload {
        /// Which plugin; without it, each whose file has changed.
        plugin: Option<String>,
    },
    /// End a plugin's quarantine on the node that is asked.
    Release {
        /// Which plugin.
        plugin: String,
    },
}
