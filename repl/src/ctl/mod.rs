//! `quorate ctl`: questions and orders for a node that runs.

mod objects;
mod view;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use quorate_drill::describe_line;
use quorate_live::{Client, ClientError, LiveStatus, Request, Response, Settings, default_socket};
use quorate_model::{AdminOp, Diagnostics, errors};

use crate::exit::Exit;
use crate::output::Output;
use objects::Named;

/// The examples in the help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  quorate ctl --node NODE2 status                 the cluster as NODE2 sees it
  quorate ctl --node NODE2 move WEB NODE3         move a group
  quorate ctl --node NODE2 offline \"WEB Server\"   take a group or a resource offline
  quorate ctl --node NODE2 set WEB FailoverThreshold 4
  quorate ctl --config node.ron --json status     for programs
  quorate ctl --node NODE2 stop                   end that node, after its groups have moved away

An order is answered when the cluster has taken it; `status` shows how far it is.";

/// How long an answer may take: longer than a lost coordinator is missed.
const PATIENCE: Duration = Duration::from_secs(90);

/// `quorate ctl`.
#[derive(Args, Debug)]
pub(crate) struct CtlArgs {
    /// The node's control socket.
    #[arg(long, value_name = "SOCKET", global = true)]
    pub(crate) socket: Option<PathBuf>,
    /// The node to ask, by its name: its socket is NODE/ctl.sock in the folder that --run names.
    #[arg(long, value_name = "NODE", global = true, conflicts_with = "socket")]
    pub(crate) node: Option<String>,
    /// The node file of the node to ask.
    #[arg(long, value_name = "NODE.ron", global = true, conflicts_with_all = ["socket", "node"])]
    pub(crate) config: Option<PathBuf>,
    /// The folder with the sockets of this machine's nodes; QUORATE_RUN, or else /run/quorate, if it is not named.
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) run: Option<PathBuf>,
    /// Print answers as JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: CtlCommand,
}

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
        node: String,
    },
    /// Resume a paused node.
    Resume {
        /// The node.
        node: String,
    },
    /// Take a node that is down out of the cluster for good.
    Evict {
        /// The node.
        evicted: String,
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
    /// Stop the cluster service of the node that is asked, and end its process. Its groups move away first.
    Stop,
}

/// Why there is nothing to ask.
enum Unusable {
    Arguments(String),
    Client(ClientError),
}

impl From<ClientError> for Unusable {
    fn from(error: ClientError) -> Self {
        Unusable::Client(error)
    }
}

/// Asks a node.
pub(crate) fn run(args: &CtlArgs, output: &mut Output) -> Exit {
    match ask(args, output) {
        Ok(exit) => exit,
        Err(Unusable::Arguments(text)) => {
            output.error(&text);
            Exit::Usage
        }
        Err(Unusable::Client(error)) => {
            output.error(&error.to_string());
            Exit::Unreachable
        }
    }
}

fn ask(args: &CtlArgs, output: &mut Output) -> Result<Exit, Unusable> {
    let socket = socket(args)?;
    if matches!(args.command, CtlCommand::Watch) {
        return watch(&mut Client::connect(&socket, None)?, args.json, output);
    }
    let mut client = Client::connect(&socket, Some(PATIENCE))?;
    if let CtlCommand::Get { object, property } = &args.command {
        let status = status(&mut client)?;
        let named = objects::find(object, &status).map_err(Unusable::Arguments)?;
        let value = named.read(property, &status).map_err(Unusable::Arguments)?;
        let text = match args.json {
            true => serde_json::to_string(&value).unwrap_or_default(),
            false => value.to_string(),
        };
        output.line(&text);
        return Ok(Exit::Pass);
    }
    let request = match order(&args.command, &mut client)? {
        Some(op) => Request::Order { op },
        None if matches!(args.command, CtlCommand::Stop) => Request::Stop,
        None => Request::Status,
    };
    let response = client.ask(&request)?;
    if args.json {
        let text = serde_json::to_string(&response).unwrap_or_default();
        output.line(&text);
    }
    Ok(match response {
        Response::Status(status) => {
            if !args.json {
                output.line(&view::status(&status, output.paint()));
            }
            Exit::Pass
        }
        Response::Done | Response::Happened { .. } => Exit::Pass,
        Response::Refused { code, text } => {
            if !args.json {
                let name = errors::error_name(code);
                let name = name.map_or_else(String::new, |name| format!(" {name}"));
                output.error(&format!("refused ({code}{name}): {text}"));
            }
            Exit::Refused
        }
        Response::Lost { text } => {
            if !args.json {
                output.error(&format!("nobody knows what became of it: {text}"));
            }
            Exit::Unreachable
        }
    })
}

/// The socket of the node that is meant.
fn socket(args: &CtlArgs) -> Result<PathBuf, Unusable> {
    if let Some(socket) = &args.socket {
        return Ok(socket.clone());
    }
    if let Some(config) = &args.config {
        let unusable = |found: Diagnostics| Unusable::Arguments(found.to_string());
        return Ok(Settings::load(config).map_err(unusable)?.socket());
    }
    let run = args.run.clone();
    let run = run.or_else(|| std::env::var_os("QUORATE_RUN").map(PathBuf::from));
    let folder = run.unwrap_or_else(|| PathBuf::from(quorate_live::RUN));
    let mut here: Vec<String> = Vec::new();
    for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
        if entry.path().join("ctl.sock").exists() {
            here.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    here.sort();
    let run = folder.display();
    match (&args.node, &*here) {
        (Some(node), _) => {
            let same = here
                .iter()
                .find(|known| quorate_model::same_name(known, node));
            Ok(default_socket(&folder, same.unwrap_or(node)))
        }
        (None, [only]) => Ok(default_socket(&folder, only)),
        (None, []) => Err(Unusable::Arguments(format!(
            "no node has a socket in {run}: say --socket, --config, or --run and --node"
        ))),
        (None, several) => Err(Unusable::Arguments(format!(
            "several nodes have sockets in {run}: say --node {}",
            several.join(" or --node ")
        ))),
    }
}

/// The order that a command stands for; `None` for what is none.
fn order(command: &CtlCommand, client: &mut Client) -> Result<Option<AdminOp>, Unusable> {
    let op = match command {
        CtlCommand::Status | CtlCommand::Get { .. } | CtlCommand::Watch | CtlCommand::Stop => {
            return Ok(None);
        }
        CtlCommand::Move { group, to } => AdminOp::GroupMove {
            group: group.as_str().into(),
            to: to.as_deref().map(Into::into),
        },
        CtlCommand::Fail { resource } => AdminOp::ResourceFail {
            resource: resource.as_str().into(),
        },
        CtlCommand::Pause { node } => AdminOp::NodePause {
            node: node.as_str().into(),
        },
        CtlCommand::Resume { node } => AdminOp::NodeResume {
            node: node.as_str().into(),
        },
        CtlCommand::Evict { evicted } => AdminOp::NodeEvict {
            node: evicted.as_str().into(),
        },
        CtlCommand::Online { name } => match named(name, client)? {
            Named::Resource(resource) => AdminOp::ResourceOnline { resource },
            Named::Group(group) => AdminOp::GroupOnline { group },
            other => return Err(other.cannot("be brought online")),
        },
        CtlCommand::Offline { name } => match named(name, client)? {
            Named::Resource(resource) => AdminOp::ResourceOffline { resource },
            Named::Group(group) => AdminOp::GroupOffline { group },
            other => return Err(other.cannot("be taken offline")),
        },
        CtlCommand::Set {
            object,
            property,
            value,
        } => {
            let status = status(client)?;
            let named = objects::find(object, &status).map_err(Unusable::Arguments)?;
            let value = value
                .as_deref()
                .map(|text| named.value(property, text, &status));
            AdminOp::SetProperty {
                property: property.clone(),
                value: value.transpose().map_err(Unusable::Arguments)?,
                object: named.object(),
            }
        }
    };
    Ok(Some(op))
}

impl Named {
    fn cannot(&self, what: &str) -> Unusable {
        Unusable::Arguments(format!("{self} cannot {what}: name a group or a resource"))
    }
}

fn named(name: &str, client: &mut Client) -> Result<Named, Unusable> {
    let status = status(client)?;
    objects::find(name, &status).map_err(Unusable::Arguments)
}

fn status(client: &mut Client) -> Result<LiveStatus, Unusable> {
    match client.ask(&Request::Status)? {
        Response::Status(status) => Ok(*status),
        other => Err(Unusable::Arguments(format!(
            "the node gave no status: {other:?}"
        ))),
    }
}

/// Shows what happens until the node or the reader ends.
fn watch(client: &mut Client, json: bool, output: &mut Output) -> Result<Exit, Unusable> {
    let mut response = client.ask(&Request::Watch)?;
    loop {
        if let Response::Happened { entry } = &response {
            match json {
                true => output.line(&serde_json::to_string(entry).unwrap_or_default()),
                false => output.line(&describe_line(entry.fields())),
            }
        }
        response = client.answer()?;
    }
}
