//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use crate::args::{Apart, Format, PluginFolders, seed};
use crate::ctl::{self, CtlArgs};
use crate::drill::{self, DrillArgs};
use crate::exit;
use crate::key::{self, KeyArgs};
use crate::node::{self, HelloArgs, NodeArgs, ServiceArgs};
use crate::output::Colour;
use crate::plugin::PluginCommand;
use crate::rig::{self, RigArgs};
use crate::runs::{self, ExplainArgs, ReportArgs};

const EXAMPLES: &str = "\
Examples:
  quorate drill scripts/drills/lost-node.rhai     run one file of drills
  quorate check scripts/clusters/four-node.ron    look for mistakes in a cluster file
  quorate repl scripts/clusters/four-node.ron     try things out, line by line
  quorate plugin list                             show the resource types there are";

const CHECK_EXAMPLES: &str = "\
Examples:
  quorate check four-node.ron lost-node.rhai
  quorate check --format json scripts/clusters/*.ron
  quorate check --addresses four-node.ron
  quorate check --plugin-dir target/debug drills/cluster.ron

Cluster files (.ron) are checked against their format and every rule, and so are the policies they name, and what they \
give to resources of types that a plugin brings, wherever a drill would find it; drill scripts \
and policies (.rhai) for unknown functions, members and variables and wrong numbers of arguments. Nothing runs. \
Resource scripts (.rhai), by themselves or named by a cluster file's ScriptFilepath, for the same and for the functions \
that the cluster calls.";

const LSP_EXAMPLES: &str = "\
An editor starts it, and is told how once: editors/nvim and editors/vscode have set-ups. It knows drills, policies and \
resource scripts (.rhai) and cluster files (.ron), saved or not, and finds what `quorate check` finds.";

const CLUSTER_EXAMPLES: &str = "\
Examples:
  quorate cluster add-virtual-server two-node.ron --name EVS2 --address 10.0.0.22 \\
      --storage-group 'First Storage Group|EVS2 Disk G:|EVS2 Disk H:' --preferred-owner NODE2 \\
      --new-disk 'EVS2 Disk G:' --new-disk 'EVS2 Disk H:'

The file's comments and layout stay as they are. Nothing is written if the result would break a rule.";

const REPL_EXAMPLES: &str = "\
Examples:
  quorate repl                        a four-node cluster
  quorate repl my-cluster.ron --seed 7
  quorate repl -e 'node(\"NODE3\").crash()' -e 'run(\"2m\")' -e ':status'
  quorate repl --file rehearsal.rhai
  quorate repl --node NODE2           a cluster that really runs, by its node here
  echo 'group(\"EVS1\").owner' | quorate repl

Inputs are the drill language; commands begin with a colon, and :help lists them. With -e, --file or in a pipe there is \
no prompt, and the first error ends the session with its line and a status: 65 for an input that is wrong, 1 for something expected \
that is not so. On a terminal a session \
begins with the inputs of ~/.config/quorate/init.rhai, Tab completes, and Ctrl-R searches what was typed before.";

/// Rehearse the failures of a failover cluster: drills in virtual time, with real plugins.
#[derive(Debug, Parser)]
#[command(name = "quorate", version, about, after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{}", exit::help()))]
#[command(max_term_width = 110, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// When to use colours. NO_COLOR is respected.
    #[arg(
        long = "color",
        value_name = "WHEN",
        default_value = "auto",
        global = true
    )]
    pub(crate) colour: Colour,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// A resource monitor process without options. There are so many of them that its command line, which has nothing else on it, is
    /// not held against all commands first: a quarter of its start.
    pub(crate) fn monitor(line: impl Iterator<Item = OsString>) -> Option<Cli> {
        let alone = line.skip(1).eq(["monitor"]);
        alone.then_some(Cli {
            colour: Colour::Auto,
            command: Command::Monitor { program: None },
        })
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run drills.
    #[command(after_help = drill::EXAMPLES, after_long_help = format!("{}\n\n{}", drill::EXAMPLES, exit::help()))]
    Drill(DrillArgs),
    /// Explain a run from its journal: what failed, what was decided and why, and what would have helped.
    #[command(after_help = runs::EXPLAIN_EXAMPLES, after_long_help = format!("{}\n\n{}", runs::EXPLAIN_EXAMPLES, exit::help()))]
    Explain(ExplainArgs),
    /// Make reports of journals, or compare two.
    #[command(after_help = runs::REPORT_EXAMPLES, after_long_help = format!("{}\n\n{}", runs::REPORT_EXAMPLES, exit::help()))]
    Report(ReportArgs),
    /// Look for mistakes in cluster files, drill scripts and policies, without running anything.
    #[command(after_help = CHECK_EXAMPLES, after_long_help = format!("{CHECK_EXAMPLES}\n\n{}", exit::help()))]
    Check(CheckArgs),
    /// Change cluster files.
    #[command(arg_required_else_help = true)]
    Cluster(ClusterArgs),
    /// Look at plugins.
    #[command(arg_required_else_help = true)]
    Plugin(PluginArgs),
    /// Serve an editor: findings as you type, completion, hover, definitions and renaming, over standard input and output.
    #[command(after_help = LSP_EXAMPLES)]
    Lsp(LspArgs),
    /// Try a virtual cluster out, line by line.
    #[command(after_help = REPL_EXAMPLES, after_long_help = format!("{REPL_EXAMPLES}\n\n{}", exit::help()))]
    Repl(ReplArgs),
    /// Run a node of a cluster on this machine.
    #[command(after_help = node::EXAMPLES, after_long_help = format!("{}\n\n{}", node::EXAMPLES, exit::help()))]
    Node(NodeArgs),
    /// Ask a node that runs, or give its cluster orders.
    #[command(arg_required_else_help = true, after_help = ctl::EXAMPLES, after_long_help = format!("{}\n\n{}", ctl::EXAMPLES, exit::help()))]
    Ctl(CtlArgs),
    /// Make or replace the secret that the nodes of a running cluster share.
    #[command(arg_required_else_help = true, after_help = key::EXAMPLES)]
    Key(KeyArgs),
    /// Run a whole cluster of real nodes on this machine, to try it out.
    #[command(arg_required_else_help = true, after_help = rig::EXAMPLES)]
    Rig(RigArgs),
    /// Answer HTTP with the name of the node that runs this: a small service for trying a cluster out.
    #[command(hide = true)]
    Hello(HelloArgs),
    /// Become a service's program: a node starts it itself.
    #[command(hide = true)]
    Service(ServiceArgs),
    /// Be a resource monitor process: quorate starts it itself.
    #[command(hide = true)]
    Monitor {
        /// A plugin that is a program, to run in this one's place.
        #[arg(value_name = "PROGRAM")]
        program: Option<std::path::PathBuf>,
    },
    /// Print completions for a shell.
    #[command(
        after_help = "Example:\n  quorate completions bash > ~/.local/share/bash-completion/completions/quorate"
    )]
    Completions {
        /// Which shell.
        shell: Shell,
    },
}

/// `quorate lsp`.
#[derive(Args, Debug)]
pub(crate) struct LspArgs {
    /// The Language Server Protocol over standard input and output, which is all there is: editors say so by habit.
    #[arg(long, hide = true)]
    pub(crate) stdio: bool,
    #[command(flatten)]
    pub(crate) plugins: PluginFolders,
}

/// `quorate check`.
#[derive(Args, Debug)]
pub(crate) struct CheckArgs {
    /// Cluster files (.ron), drill scripts and policies (.rhai), or folders with them.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// How to print what is found.
    #[arg(long, default_value = "text", value_name = "FORMAT")]
    pub(crate) format: Format,
    /// Print each cluster's address plan, too: two for each node, one for each virtual server, one for the cluster.
    #[arg(long)]
    pub(crate) addresses: bool,
    /// Read files of more than 16 MB, too.
    #[arg(long)]
    pub(crate) any_size: bool,
    #[command(flatten)]
    pub(crate) plugins: PluginFolders,
}

/// `quorate cluster`.
#[derive(Args, Debug)]
pub(crate) struct ClusterArgs {
    #[command(subcommand)]
    pub(crate) command: ClusterCommand,
}

/// What to do with cluster files.
#[derive(Debug, Subcommand)]
pub(crate) enum ClusterCommand {
    /// Add an Exchange virtual server to a cluster file.
    #[command(after_help = CLUSTER_EXAMPLES, after_long_help = format!("{CLUSTER_EXAMPLES}\n\n{}", exit::help()))]
    AddVirtualServer(AddVirtualServerArgs),
}

/// `quorate cluster add-virtual-server`.
#[derive(Args, Debug)]
pub(crate) struct AddVirtualServerArgs {
    /// The cluster file.
    #[arg(value_name = "CLUSTER.ron")]
    pub(crate) file: PathBuf,
    /// The group's name, such as EVS4.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,
    /// Its static address.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) address: String,
    /// The name that clients call it by; the group's if not given.
    #[arg(long, value_name = "NAME")]
    pub(crate) network_name: Option<String>,
    /// The network the address is on; the one whose subnet holds it if not given.
    #[arg(long, value_name = "NETWORK")]
    pub(crate) network: Option<String>,
    /// A shared disk of its own. May be repeated; those of the storage groups need not be named.
    #[arg(long = "disk", value_name = "DISK")]
    pub(crate) disks: Vec<String>,
    /// A disk that the cluster file does not have yet and is to get. May be repeated. Without it a name that the file
    /// does not know is asked about on a terminal, and refused elsewhere.
    #[arg(long = "new-disk", value_name = "DISK")]
    pub(crate) new_disks: Vec<String>,
    /// A storage group. May be repeated.
    #[arg(long = "storage-group", value_name = "NAME|LOG DISK|DATABASE DISK")]
    pub(crate) storage_groups: Vec<String>,
    /// A preferred owner, best first. May be repeated.
    #[arg(long = "preferred-owner", value_name = "NODE")]
    pub(crate) preferred_owners: Vec<String>,
    /// With IMAP4.
    #[arg(long)]
    pub(crate) imap4: bool,
    /// With POP3.
    #[arg(long)]
    pub(crate) pop3: bool,
    /// Print what would change in the file, as a unified diff, instead of writing it.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `quorate plugin`.
#[derive(Args, Debug)]
pub(crate) struct PluginArgs {
    #[command(subcommand)]
    pub(crate) command: PluginCommand,
}

/// `quorate repl`.
#[derive(Args, Debug)]
pub(crate) struct ReplArgs {
    /// The cluster to begin with; scripts/clusters/four-node.ron, or the same built in, if none is named.
    #[arg(value_name = "CLUSTER.ron")]
    pub(crate) cluster: Option<PathBuf>,
    /// A cluster that really runs, by the control socket of one of its nodes: it is read and given orders in the same words.
    #[arg(long, value_name = "SOCKET", conflicts_with_all = ["cluster", "seed", "node"])]
    pub(crate) live: Option<PathBuf>,
    /// The same, by the node's name: its socket is NODE/ctl.sock in the folder that --run names.
    #[arg(long, value_name = "NODE", conflicts_with_all = ["cluster", "seed"])]
    pub(crate) node: Option<String>,
    /// The folder with the sockets of this machine's nodes; QUORATE_RUN, or else /run/quorate, if it is not named.
    #[arg(long, value_name = "DIR", requires = "node")]
    pub(crate) run: Option<PathBuf>,
    /// The seed of everything random.
    #[arg(long, value_name = "N", value_parser = seed)]
    pub(crate) seed: Option<u64>,
    /// Run this as if it had been typed, and end. May be repeated: each is a line, or several.
    #[arg(
        short = 'e',
        long = "eval",
        value_name = "TEXT",
        conflicts_with = "file"
    )]
    pub(crate) eval: Vec<String>,
    /// Run the lines of this file as if they had been typed, and end; "-" for standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Do not begin with the start-up file: init.rhai in $XDG_CONFIG_HOME/quorate, by default ~/.config/quorate. Only
    /// sessions on a terminal have it.
    #[arg(long)]
    pub(crate) no_init: bool,
    #[command(flatten)]
    pub(crate) plugins: PluginFolders,
    #[command(flatten)]
    pub(crate) apart: Apart,
}

impl ReplArgs {
    /// Whether it is a cluster that really runs.
    pub(crate) fn is_live(&self) -> bool {
        self.live.is_some() || self.node.is_some()
    }

    /// Whether the command line says what is to run, so that nobody is asked.
    pub(crate) fn is_batch(&self) -> bool {
        !self.eval.is_empty() || self.file.is_some()
    }
}

/// The command as users see it: without the subcommands that are only for quorate itself. Shell completions would
/// include hidden ones.
pub(crate) fn without_hidden(command: &clap::Command) -> clap::Command {
    let about = command.get_about().cloned().unwrap_or_default();
    // The names must live as long as the process, which ends once the completions are written.
    let name: &'static str = command.get_name().to_owned().leak();
    clap::Command::new(name)
        .about(about)
        .args(command.get_arguments().cloned())
        .subcommands(
            command
                .get_subcommands()
                .filter(|inner| !inner.is_hide_set())
                .map(without_hidden),
        )
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn shells_complete_what_people_may_type() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell] {
            let mut script = Vec::new();
            let mut shown = without_hidden(&Cli::command());
            clap_complete::generate(shell, &mut shown, "quorate", &mut script);
            let script = String::from_utf8_lossy(&script);
            for word in ["drill", "isolate", "junit", "color", "help"] {
                assert!(script.contains(word), "no {word} for {shell}");
            }
            for word in ["run-test", "Be a resource monitor process"] {
                assert!(!script.contains(word), "{word} for {shell}");
            }
        }
    }

    #[test]
    fn every_argument_has_a_help_text() {
        fn check(command: &clap::Command) {
            for argument in command.get_arguments() {
                assert!(
                    argument.get_help().is_some(),
                    "{} {}",
                    command.get_name(),
                    argument.get_id()
                );
            }
            for inner in command.get_subcommands() {
                assert!(inner.get_about().is_some(), "{}", inner.get_name());
                check(inner);
            }
        }
        check(&Cli::command());
    }

    fn line(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    #[test]
    fn a_monitor_without_options_is_what_its_command_line_says() {
        let alone = line(&["quorate", "monitor"]);
        let read = Cli::try_parse_from(&alone).expect("it is a command");
        let known = Cli::monitor(alone.into_iter()).expect("it is that command");
        assert_eq!(format!("{known:?}"), format!("{read:?}"));
        for other in [
            &["quorate"][..],
            &["quorate", "monitor", "a"],
            &["quorate", "--color", "never", "monitor"],
            &["monitor"],
        ] {
            assert!(Cli::monitor(line(other).into_iter()).is_none(), "{other:?}");
        }
    }
}
