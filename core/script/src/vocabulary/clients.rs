//! The options of `clients` and `load`.

use quorate_drill::{Span, Thrown};
use quorate_model::ClientCalls;
use quorate_model::nearest;
use rhai::{Map, NativeCallContext};

use crate::session::Session;
use crate::thrown::{Fallible, Raise};
use crate::values::{count_arg, show, span_arg};

/// A number in an option map; `None` if the key is missing.
fn number(context: &NativeCallContext<'_>, options: &Map, key: &str) -> Fallible<Option<u32>> {
    let at = context.call_position();
    let Some(value) = options.get(key) else {
        return Ok(None);
    };
    let value = value.as_int().map_err(|_| {
        let text = format!("\"{key}\" takes a number, and {} is none", show(value));
        Thrown::mistake(text).at(at)
    })?;
    count_arg(value, key, at).map(Some)
}

fn known(
    context: &NativeCallContext<'_>,
    word: &str,
    options: &Map,
    keys: &[&str],
) -> Fallible<()> {
    let at = context.call_position();
    super::options::only(word, options, keys).map_err(|what| Thrown::mistake(what).at(at))
}

/// Refuses a protocol that nothing in the cluster uses.
fn spoken(context: &NativeCallContext<'_>, protocol: &str) -> Fallible<()> {
    let session = Session::of(context)?;
    let (known, open) = session.with_stage(context, |stage| stage.protocols())?;
    let wanted = protocol.to_ascii_lowercase();
    let near = nearest(&wanted, known.iter().map(String::as_str)).is_some();
    if known.contains(&wanted) || open && !near {
        return Ok(());
    }
    let help = quorate_drill::suggestion(protocol, known.iter().map(String::as_str));
    let help = help.map_or_else(String::new, |help| format!(": {help}"));
    let text = format!("nothing in the cluster speaks the protocol \"{protocol}\"{help}");
    Err(Thrown::mistake(text).at(context.call_position()))
}

/// The options of `clients`.
pub(super) fn calls(context: &NativeCallContext<'_>, options: &Map) -> Fallible<ClientCalls> {
    let at = context.call_position();
    known(context, "clients", options, super::options::CLIENTS)?;
    let every = match options.get("every") {
        None => Span(std::time::Duration::from_secs(1)),
        Some(every) => span_arg(context, every)?,
    };
    if every.0.is_zero() {
        return Err(Thrown::mistake("\"every\" must be longer than nothing").at(at));
    }
    let users = number(context, options, "users")?.unwrap_or(1);
    if users == 0 {
        let text = "\"users\" must be 1 or more: clients that are none are never without an answer";
        return Err(Thrown::mistake(text).at(at));
    }
    let port = match number(context, options, "port")? {
        None => None,
        Some(port) => match u16::try_from(port) {
            Ok(port) if port > 0 => Some(port),
            _ => return Err(Thrown::mistake(format!("{port} is no port: 1 to 65535")).at(at)),
        },
    };
    let protocol = match options.get("protocol") {
        None => None,
        Some(protocol) => {
            let protocol = protocol.clone().into_string().map_err(|_| {
                let text = format!("\"protocol\" takes a text, and {} is none", show(protocol));
                Thrown::mistake(text).at(at)
            })?;
            spoken(context, &protocol)?;
            Some(protocol)
        }
    };
    Ok(ClientCalls {
        users,
        every: every.0,
        port,
        protocol,
    })
}

/// The options of `load`: users, and per cent of a node.
pub(super) fn load(context: &NativeCallContext<'_>, options: &Map) -> Fallible<(u32, u32)> {
    known(context, "load", options, super::options::LOAD)?;
    let users = number(context, options, "users")?;
    let cpu = number(context, options, "cpu")?;
    match (users, cpu) {
        (Some(users), Some(cpu)) => Ok((users, cpu)),
        _ => Err(
            Thrown::mistake("load takes both: #{ users: 1500, cpu: 35 }")
                .at(context.call_position()),
        ),
    }
}
