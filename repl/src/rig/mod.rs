//! `quorate rig`: a whole cluster of real nodes on this one machine, over loopback.

mod files;
mod nodes;

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use crate::args::PluginFolders;
use crate::exit::Exit;
use crate::output::Output;

/// The examples in the help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  quorate rig up scripts/clusters/three-node-loopback.ron    start three nodes on this machine
  quorate rig down                                           stop them, and leave nothing behind

Each node is a process with a state folder, a log and a control socket of its own, all in the rig's folder. The cluster's \
addresses must be on loopback (127.x.y.z). A Generic Service that depends on an IP Address is a small web server there, \
unless --service names a command.";

/// The folder of a rig where none is named.
const FOLDER: &str = "quorate-rig";

/// `quorate rig`.
#[derive(Args, Debug)]
pub(crate) struct RigArgs {
    #[command(subcommand)]
    pub(crate) command: RigCommand,
}

/// What to do with a rig.
#[derive(Debug, Subcommand)]
pub(crate) enum RigCommand {
    /// Make a key and a node file for each node of a cluster, and start them all.
    Up(UpArgs),
    /// Stop every node in order, and remove the rig's folder.
    Down {
        /// The rig's folder.
        #[arg(long, value_name = "DIR", default_value = FOLDER)]
        dir: PathBuf,
    },
}

/// `quorate rig up`.
#[derive(Args, Debug)]
pub(crate) struct UpArgs {
    /// The cluster file.
    #[arg(value_name = "CLUSTER.ron")]
    pub(crate) cluster: PathBuf,
    /// The rig's folder, which must not be there yet.
    #[arg(long, value_name = "DIR", default_value = FOLDER)]
    pub(crate) dir: PathBuf,
    /// The command behind a service, such as web="/usr/bin/served --port 80". May be repeated.
    #[arg(long = "service", value_name = "NAME=COMMAND")]
    pub(crate) services: Vec<String>,
    #[command(flatten)]
    pub(crate) plugins: PluginFolders,
}

/// Makes a rig, or takes it away.
pub(crate) fn run(args: &RigArgs, output: &mut Output) -> Exit {
    let done = match &args.command {
        RigCommand::Up(args) => up(args, output),
        RigCommand::Down { dir } => down(dir, output),
    };
    match done {
        Ok(()) => Exit::Pass,
        Err(text) => {
            output.error(&text);
            Exit::Usage
        }
    }
}

fn up(args: &UpArgs, output: &mut Output) -> Result<(), String> {
    let rig = files::make(args)?;
    let started = nodes::start(&rig);
    if let Err(why) = started {
        // A part of a rig is of no use.
        let _ = nodes::stop(&rig);
        return Err(format!(
            "{why}\nThe logs are in {}; `quorate rig down` removes it",
            rig.folder.display()
        ));
    }
    let name = rig.folder.display();
    let run = rig.folder.join("run");
    let ctl = format!("quorate ctl --run {} --node", run.display());
    let (first, last) = match (rig.nodes.first(), rig.nodes.last()) {
        (Some(first), Some(last)) => (first, last),
        _ => return Err("the cluster has no node".to_owned()),
    };
    output.line(&format!("{} nodes run in {name}. Now:", rig.nodes.len()));
    output.line(&format!("  {ctl} {last} status"));
    for (service, at) in &rig.web {
        output.line(&format!("  curl http://{at}/        # {service}"));
    }
    output.line(&format!(
        "  kill -9 $(cat {name}/{first}.pid)    # then look at the status again, and again"
    ));
    output.line(&format!(
        "  quorate node --config {name}/{first}.ron    # it comes back"
    ));
    output.line(&format!("  quorate rig down --dir {name}"));
    Ok(())
}

fn down(folder: &Path, output: &mut Output) -> Result<(), String> {
    let rig = files::found(folder)?;
    nodes::stop(&rig)?;
    for node in &rig.nodes {
        // One that was killed has not cleared up after itself.
        if !rig.cluster.is_empty() && !quorate_live::clear(&rig.state(node), &rig.cluster, node) {
            return Err(format!("what {node} has started cannot be ended"));
        }
    }
    fs::remove_dir_all(folder)
        .map_err(|why| format!("{} cannot be removed: {why}", folder.display()))?;
    output.line(&format!("{} is gone", folder.display()));
    Ok(())
}
