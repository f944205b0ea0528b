//! `quorate ctl`: questions and orders for a node that runs.

mod add;
mod command;
mod control;
mod objects;
mod policy;
mod request;
mod unusable;
mod view;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use quorate_drill::describe_line;
use quorate_live::{Client, LiveStatus, Request, Response, Settings, default_socket};
use quorate_model::{Diagnostics, errors};

use crate::exit::Exit;
use crate::output::{Output, Paint};
use crate::report;
use command::{CtlCommand, PluginsCommand};
use unusable::Unusable;

/// The examples in the help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  quorate ctl --node NODE2 status                 the cluster as NODE2 sees it
  quorate ctl --node NODE2 move WEB NODE3         move a group
  quorate ctl --node NODE2 offline \"WEB Server\"   take a group or a resource offline
  quorate ctl --node NODE2 set WEB FailoverThreshold 4
  quorate ctl --node NODE2 policy WEB least-loaded.rhai
  quorate ctl --node NODE2 add NODE4 Public=10.0.0.14 Private=10.1.0.14
  quorate ctl --node NODE2 control \"WEB Server\" GET_PRIVATE_PROPERTIES
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

/// Asks a node.
pub(crate) fn run(args: &CtlArgs, output: &mut Output) -> Exit {
    match ask(args, output) {
        Ok(exit) => exit,
        Err(Unusable::Arguments(text)) => {
            output.error(&text);
            Exit::Usage
        }
        Err(Unusable::Findings(found, text)) => {
            for finding in found {
                output.err_line(&report::finding(&finding, output.paint_err()));
            }
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
    let request = request::request(args, &mut client)?;
    let response = client.ask(&request)?;
    if let Response::Status(status) = &response
        && let Some(text) = part(args, status).map_err(Unusable::Arguments)?
    {
        output.line(&text);
        return Ok(Exit::Pass);
    }
    if args.json {
        output.line(&json(&response));
    } else {
        tell(args, &request, &response, output);
    }
    Ok(match response {
        Response::Refused { .. } => Exit::Refused,
        Response::Lost { .. } => Exit::Unreachable,
        Response::Status(_)
        | Response::Done
        | Response::Happened { .. }
        | Response::Said { .. }
        | Response::Plugins { .. }
        | Response::Reloaded { .. } => Exit::Pass,
    })
}

/// What was asked for of a status, where that is not all of it.
fn part(args: &CtlArgs, status: &LiveStatus) -> Result<Option<String>, String> {
    Ok(match &args.command {
        CtlCommand::Get { object, property } => {
            let value = objects::find(object, status)?.read(property, status)?;
            Some(match args.json {
                true => json(&value),
                false => value.to_string(),
            })
        }
        CtlCommand::Policy { object, .. } => {
            let object = object.as_deref();
            let shown = policy::shown(object, status)?;
            Some(match args.json {
                true => json(&shown),
                false => policy::told(object, &shown),
            })
        }
        _ => None,
    })
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Says what came of it, for people.
fn tell(args: &CtlArgs, request: &Request, response: &Response, output: &mut Output) {
    match response {
        Response::Status(status) => output.line(&view::status(status, output.paint())),
        Response::Done => {
            if let Request::Order { op } = request
                && let Some(text) = add::told(op, args.config.as_ref())
            {
                output.line(&text);
            }
        }
        Response::Said { bytes, .. } => {
            let hex = matches!(args.command, CtlCommand::Control { hex: true, .. });
            output.line(&control::shown(bytes, hex));
        }
        Response::Plugins { node, plugins } => {
            output.line(&view::plugins(node, plugins, output.paint()));
        }
        Response::Reloaded { plugins } => {
            let named = matches!(
                &args.command,
                CtlCommand::Plugins {
                    command: Some(PluginsCommand::Reload { plugin: Some(_) })
                }
            );
            output.line(&view::reloaded(plugins, named));
        }
        Response::Refused { code, text } => {
            let name = errors::error_name(*code).or(quorate_host::error_name(*code));
            let name = name.map_or_else(String::new, |name| format!(" {name}"));
            output.error(&format!("refused ({code}{name}): {text}"));
        }
        Response::Lost { text } => {
            output.error(&format!("nobody knows what became of it: {text}"));
        }
        Response::Happened { .. } => {}
    }
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
    node_socket(args.node.as_deref(), args.run.as_deref()).map_err(Unusable::Arguments)
}

/// The status of a running cluster, for people.
pub(crate) fn status_text(status: &LiveStatus, paint: Paint) -> String {
    view::status(status, paint)
}

/// The socket of the node of this name, or of the only one here, in the folder with the sockets of this machine's nodes.
pub(crate) fn node_socket(node: Option<&str>, run: Option<&Path>) -> Result<PathBuf, String> {
    let run = run.map(Path::to_path_buf);
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
    match (node, &*here) {
        (Some(node), _) => {
            let same = here
                .iter()
                .find(|known| quorate_model::same_name(known, node));
            Ok(default_socket(&folder, same.map_or(node, String::as_str)))
        }
        (None, [only]) => Ok(default_socket(&folder, only)),
        (None, []) => Err(format!(
            "no node has a socket in {run}: say --socket, --config, or --run and --node"
        )),
        (None, several) => Err(format!(
            "several nodes have sockets in {run}: say --node {}",
            several.join(" or --node ")
        )),
    }
}

/// Shows what happens until the node or the reader ends.
fn watch(client: &mut Client, as_json: bool, output: &mut Output) -> Result<Exit, Unusable> {
    let mut response = client.ask(&Request::Watch)?;
    loop {
        if let Response::Happened { entry } = &response {
            match as_json {
                true => output.line(&json(entry)),
                false => output.line(&describe_line(entry.fields())),
            }
        }
        response = client.answer()?;
    }
}
