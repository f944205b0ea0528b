//! The keys of the option maps: closed sets, for the functions that read them and for `quorate check`.

use quorate_drill::suggestion;
use rhai::Map;

/// Of `drill`.
pub(crate) const DRILL: &[&str] = &[
    "cluster", "seed", "start", "tags", "skip", "expect", "because", "limit", "cold", "plugins",
];
/// Of `cluster`.
pub(crate) const CLUSTER: &[&str] = &["seed", "start", "cold"];
/// Of `clients`.
pub(crate) const CLIENTS: &[&str] = &["users", "every", "port", "protocol"];
/// Of `load`.
pub(crate) const LOAD: &[&str] = &["users", "cpu"];
/// Of `crash` on a node.
pub(crate) const CRASH: &[&str] = &["writing", "kept"];
/// Of `control`.
pub(crate) const CONTROL: &[&str] = &["on", "through"];
/// Of `add_node`.
pub(crate) const ADD_NODE: &[&str] = &["name", "interfaces"];
/// Of `start` and `start_service`.
pub(crate) const SWITCHES: &[&str] = &[
    "force_quorum",
    "fix_quorum",
    "reset_quorum_log",
    "no_quorum_logging",
];
/// Of `create_virtual_server`.
pub(crate) const VIRTUAL_SERVER: &[&str] = &[
    "name",
    "address",
    "subnet_mask",
    "network_name",
    "network",
    "disks",
    "storage_groups",
    "preferred_owners",
    "imap4",
    "pop3",
];

/// Refuses a key that is not an option of `what`.
pub(crate) fn only(what: &str, given: &Map, known: &[&str]) -> Result<(), String> {
    match given.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => {
            let hint = suggestion(key, known.iter().copied()).unwrap_or_default();
            Err(format!("{what} has no option \"{key}\": {hint}"))
        }
    }
}

/// The options of `word`; `None` if it has none.
pub(crate) fn of(word: &str) -> Option<&'static [&'static str]> {
    Some(match word {
        "drill" => DRILL,
        "cluster" => CLUSTER,
        "clients" => CLIENTS,
        "load" => LOAD,
        "crash" => CRASH,
        "control" => CONTROL,
        "add_node" => ADD_NODE,
        "start" | "start_service" => SWITCHES,
        "create_virtual_server" => VIRTUAL_SERVER,
        _ => return None,
    })
}
