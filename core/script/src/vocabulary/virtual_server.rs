//! Making Exchange virtual servers, and adding nodes.

use std::collections::BTreeMap;

use quorate_drill::Thrown;
use quorate_drill::stage::Order;
use quorate_model::{AdminOp, Name, StorageGroup, VirtualServerRequest};
use rhai::plugin::*;
use rhai::{Array, Map};

use super::options::{ADD_NODE, VIRTUAL_SERVER, only};
use super::order;
use crate::handles::{GroupRef, NodeRef};
use crate::thrown::{Fallible, Raise};
use crate::values::show;

const STORAGE_GROUP: [&str; 3] = ["name", "log_disk", "database_disk"];

/// A virtual server from a script's options. An error is one sentence.
fn request(options: &Map) -> Result<VirtualServerRequest, String> {
    only("create_virtual_server", options, VIRTUAL_SERVER)?;
    let needed = |key: &str| {
        needed(options, key).map_err(|text| {
            format!("{text}; the least is create_virtual_server(#{{ name: \"EVS1\", address: \"10.0.0.21\", disks: [\"Disk E:\"] }})")
        })
    };
    let storage_groups = match options.get("storage_groups") {
        None => Vec::new(),
        Some(list) => entries(list, "storage_groups")?
            .iter()
            .map(storage_group)
            .collect::<Result<_, _>>()?,
    };
    Ok(VirtualServerRequest {
        name: needed("name")?.as_str().into(),
        network_name: text(options, "network_name")?.unwrap_or_default(),
        address: needed("address")?,
        subnet_mask: text(options, "subnet_mask")?.unwrap_or_default(),
        network: text(options, "network")?
            .unwrap_or_default()
            .as_str()
            .into(),
        disks: names(options, "disks")?,
        storage_groups,
        preferred_owners: names(options, "preferred_owners")?,
        possible_owners: Vec::new(),
        mta: false,
        imap4: flag(options, "imap4")?,
        pop3: flag(options, "pop3")?,
        exclusive: false,
    })
}

/// The name and addresses of a new node from a script's options. An error is one sentence.
fn node(options: &Map) -> Result<(Name, BTreeMap<Name, String>), String> {
    only("add_node", options, ADD_NODE)?;
    let name = needed(options, "name")?;
    let Some(cards) = options.get("interfaces") else {
        return Ok((name.as_str().into(), BTreeMap::new()));
    };
    let Some(cards) = cards.read_lock::<Map>() else {
        return Err(format!(
            "\"interfaces\" takes a map from network to address, and {} is none",
            show(cards)
        ));
    };
    let mut interfaces = BTreeMap::new();
    for network in cards.keys() {
        interfaces.insert(network.as_str().into(), needed(&cards, network)?);
    }
    Ok((name.as_str().into(), interfaces))
}

fn storage_group(entry: &Dynamic) -> Result<StorageGroup, String> {
    let Some(map) = entry.read_lock::<Map>() else {
        return Err(format!(
            "a storage group is a map with name, log_disk and database_disk, and {} is none",
            show(entry)
        ));
    };
    only("a storage group", &map, &STORAGE_GROUP)?;
    Ok(StorageGroup {
        name: needed(&map, "name")?,
        log_disk: needed(&map, "log_disk")?.as_str().into(),
        database_disk: needed(&map, "database_disk")?.as_str().into(),
    })
}

fn text(map: &Map, key: &str) -> Result<Option<String>, String> {
    match map.get(key) {
        None => Ok(None),
        Some(value) => match value.as_immutable_string_ref() {
            Ok(text) => Ok(Some(text.to_string())),
            Err(_) => Err(format!(
                "\"{key}\" takes a text, and {} is none",
                show(value)
            )),
        },
    }
}

fn needed(map: &Map, key: &str) -> Result<String, String> {
    match text(map, key)? {
        None => Err(format!("\"{key}\" is missing")),
        Some(text) if text.trim().is_empty() => Err(format!("\"{key}\" is empty")),
        Some(text) => Ok(text),
    }
}

fn flag(map: &Map, key: &str) -> Result<bool, String> {
    match map.get(key) {
        None => Ok(false),
        Some(value) => value.as_bool().map_err(|_| {
            format!(
                "\"{key}\" takes true or false, and {} is neither",
                show(value)
            )
        }),
    }
}

fn entries(value: &Dynamic, key: &str) -> Result<Array, String> {
    match value.read_lock::<Array>() {
        Some(list) => Ok(list.clone()),
        None => Err(format!(
            "\"{key}\" takes a list, and {} is none",
            show(value)
        )),
    }
}

fn names(map: &Map, key: &str) -> Result<Vec<Name>, String> {
    let Some(list) = map.get(key) else {
        return Ok(Vec::new());
    };
    let name = |value: &Dynamic| match value.as_immutable_string_ref() {
        Ok(text) => Ok(text.as_str().into()),
        Err(_) => Err(format!(
            "\"{key}\" takes names, and {} is none",
            show(value)
        )),
    };
    entries(list, key)?.iter().map(name).collect()
}

/// Words about virtual servers.
#[allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "the macro wants `pub`, and unwraps what it has checked"
)]
#[export_module]
pub(crate) mod words {
    /// Makes an Exchange virtual server, as an administrator does: `name` and `address` must be said; `network_name`,
    /// `network`, `subnet_mask`, `disks`, `storage_groups` (each `#{name, log_disk, database_disk}`),
    /// `preferred_owners`, `imap4` and `pop3` may be. System Attendant makes the rest, and the group comes online.
    /// Refused where it would break a rule of `quorate check`.
    /// Example with `two-node-empty.ron`: `create_virtual_server(#{ name: "EVS1", address: "10.0.0.21", storage_groups:
    /// [ #{ name: "First Storage Group", log_disk: "EVS1 Disk E:", database_disk: "EVS1 Disk F:" } ] }); eventually(||
    /// group("EVS1").is_online, "5m");`
    #[rhai_fn(return_raw)]
    pub fn create_virtual_server(
        context: NativeCallContext<'_>,
        options: Map,
    ) -> Fallible<GroupRef> {
        let request =
            request(&options).map_err(|text| Thrown::mistake(text).at(context.call_position()))?;
        let name = request.name.clone();
        order::order(
            &context,
            AdminOp::VirtualServerCreate {
                request: Box::new(request),
            },
        )?;
        Ok(GroupRef { name })
    }

    /// Adds a new machine to the cluster, which takes it in and lets it join:
    /// `add_node(#{ name: "NODE3", interfaces: #{ Public: "10.0.0.13", Private: "192.168.0.13" } })`; or a node that
    /// was evicted and cleaned up, with the cards it has: `add_node(#{ name: "NODE3" })`.
    /// Refused where it would break a rule of `quorate check`, or while a node runs two Exchange virtual servers.
    /// Example with `two-node-active-active.ron`: `add_node(#{ name: "NODE3", interfaces: #{ Public: "10.0.0.13",
    /// Private: "192.168.0.13" } }); eventually(|| node("NODE3").is_up, "2m");`
    #[rhai_fn(return_raw)]
    pub fn add_node(context: NativeCallContext<'_>, options: Map) -> Fallible<NodeRef> {
        let (name, interfaces) =
            node(&options).map_err(|text| Thrown::mistake(text).at(context.call_position()))?;
        order::order(&context, Order::NodeAdd(name.clone(), interfaces))?;
        let session = crate::session::Session::of(&context)?;
        session.try_stage(&context, |stage| stage.install_node(&name))?;
        Ok(NodeRef { name })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(options: &str) -> Result<VirtualServerRequest, String> {
        let engine = rhai::Engine::new();
        request(&engine.eval_expression::<Map>(options).unwrap())
    }

    #[test]
    fn what_is_said_is_asked_for() {
        let request = said(
            r#"#{name: "EVS4", address: "10.0.0.24", pop3: true, preferred_owners: ["NODE1"],
                 storage_groups: [#{name: "First", log_disk: "L", database_disk: "D"}]}"#,
        )
        .unwrap();
        assert_eq!(
            (request.name.as_str(), request.address.as_str()),
            ("EVS4", "10.0.0.24")
        );
        assert!(request.pop3 && !request.imap4);
        assert_eq!(request.preferred_owners, ["NODE1"]);
        assert_eq!(request.storage_groups[0].to_property(), "First|L|D");
    }

    #[test]
    fn a_new_node_has_a_name_and_addresses() {
        let said = |options: &str| {
            let engine = rhai::Engine::new();
            node(&engine.eval_expression::<Map>(options).unwrap())
        };
        let (name, interfaces) =
            said(r#"#{name: "NODE3", interfaces: #{Public: "10.0.0.13"}}"#).unwrap();
        assert_eq!(name.as_str(), "NODE3");
        assert_eq!(interfaces.len(), 1);
        let (_, interfaces) = said(r#"#{name: "NODE3"}"#).unwrap();
        assert!(
            interfaces.is_empty(),
            "a machine that is there has its cards"
        );
        for (options, wanted) in [
            (r#"#{interfaces: #{}}"#, "\"name\" is missing"),
            (r#"#{nam: "NODE3"}"#, "has no option \"nam\""),
            (
                r#"#{name: "NODE3", interfaces: ["Public"]}"#,
                "a map from network to address",
            ),
        ] {
            let error = said(options).unwrap_err();
            assert!(error.contains(wanted), "{error}");
        }
    }

    #[test]
    fn what_is_said_wrongly_is_named() {
        for (options, wanted) in [
            (r#"#{name: "EVS4"}"#, "\"address\" is missing"),
            (r#"#{name: "", address: "a"}"#, "\"name\" is empty"),
            (r#"#{name: "EVS4"}"#, "create_virtual_server(#{ name"),
            (r#"#{adress: "10"}"#, "has no option \"adress\""),
            (
                r#"#{name: 4, address: "a"}"#,
                "\"name\" takes a text, and 4 is none",
            ),
            (
                r#"#{name: "a", address: "a", disks: "L"}"#,
                "\"disks\" takes a list",
            ),
            (
                r#"#{name: "a", address: "a", disks: [1]}"#,
                "\"disks\" takes names",
            ),
            (
                r#"#{name: "a", address: "a", imap4: 1}"#,
                "\"imap4\" takes true or false",
            ),
            (
                r#"#{name: "a", address: "a", storage_groups: ["x"]}"#,
                "a storage group is a map",
            ),
        ] {
            let error = said(options).unwrap_err();
            assert!(error.contains(wanted), "{error}");
        }
    }
}
