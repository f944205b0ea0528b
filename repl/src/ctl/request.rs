//! What a command asks of a node.

use quorate_live::{Client, Request};
use quorate_model::AdminOp;

use super::command::{CtlCommand, PluginsCommand};
use super::objects::{self, Named};
use super::unusable::{Unusable, status};
use super::{CtlArgs, add, control, policy};

/// The question or order that a command stands for.
pub(super) fn request(args: &CtlArgs, client: &mut Client) -> Result<Request, Unusable> {
    let op = match &args.command {
        CtlCommand::Status | CtlCommand::Get { .. } => return Ok(Request::Status),
        CtlCommand::Watch => return Ok(Request::Watch),
        CtlCommand::Stop => return Ok(Request::Stop),
        CtlCommand::Plugins { command } => return Ok(plugins(command.as_ref())),
        CtlCommand::Control {
            object,
            code,
            input,
            on,
            ..
        } => {
            let (object, code) = (object.as_str(), code.as_str());
            let given = (input.as_deref(), on.as_deref());
            let control = control::request(object, code, given, client)?;
            return Ok(Request::Control { control });
        }
        CtlCommand::Policy {
            object,
            file,
            remove,
        } => match policy::order(object.as_deref(), file.as_deref(), *remove, client)? {
            Some(op) => op,
            None => return Ok(Request::Status),
        },
        CtlCommand::Add {
            added,
            cards,
            cluster,
        } => {
            let from = match (cluster, &args.config) {
                (None, Some(config)) if cards.is_empty() => add::From::NodeFile(config),
                (None, _) => add::From::Cards(cards),
                (Some(cluster), _) => add::From::ClusterFile(cluster),
            };
            add::order(added, &from, client)?
        }
        CtlCommand::Move { group, to } => AdminOp::GroupMove {
            group: group.as_str().into(),
            to: to.as_deref().map(Into::into),
        },
        CtlCommand::Fail { resource } => AdminOp::ResourceFail {
            resource: resource.as_str().into(),
        },
        CtlCommand::Pause { paused } => AdminOp::NodePause {
            node: paused.as_str().into(),
        },
        CtlCommand::Resume { resumed } => AdminOp::NodeResume {
            node: resumed.as_str().into(),
        },
        CtlCommand::Evict { evicted } => AdminOp::NodeEvict {
            node: evicted.as_str().into(),
        },
        CtlCommand::Online { name } => match named(name, client)? {
            Named::Resource(resource) => AdminOp::ResourceOnline { resource },
            Named::Group(group) => AdminOp::GroupOnline { group },
            other => return Err(cannot(&other, "be brought online")),
        },
        CtlCommand::Offline { name } => match named(name, client)? {
            Named::Resource(resource) => AdminOp::ResourceOffline { resource },
            Named::Group(group) => AdminOp::GroupOffline { group },
            other => return Err(cannot(&other, "be taken offline")),
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
    Ok(Request::Order { op })
}

fn plugins(command: Option<&PluginsCommand>) -> Request {
    match command {
        None => Request::Plugins,
        Some(PluginsCommand::Reload { plugin }) => Request::ReloadPlugins {
            plugin: plugin.clone(),
        },
        Some(PluginsCommand::Release { plugin }) => Request::ReleasePlugin {
            plugin: plugin.clone(),
        },
    }
}

fn cannot(object: &Named, what: &str) -> Unusable {
    Unusable::Arguments(format!(
        "{object} cannot {what}: name a group or a resource"
    ))
}

fn named(name: &str, client: &mut Client) -> Result<Named, Unusable> {
    let status = status(client)?;
    objects::find(name, &status).map_err(Unusable::Arguments)
}
