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

/// What each option is, for completion and help: the word, the key, one line.
const TEXTS: &[(&str, &str, &str)] = &[
    (
        "drill",
        "cluster",
        "The cluster file, from the folder of the script; the only one that must be there.",
    ),
    (
        "drill",
        "seed",
        "The seed of everything random; 1 if nothing is said.",
    ),
    (
        "drill",
        "start",
        "What the cluster's local clock shows at power-on: \"2003-06-12 08:00\", or an hour of the cluster file's day.",
    ),
    (
        "drill",
        "tags",
        "Words to choose drills by with `--tag`: [\"mail\", \"slow\"].",
    ),
    ("drill", "skip", "true, or why it does not run."),
    (
        "drill",
        "expect",
        "\"fail\" for a known fault: it must fail.",
    ),
    ("drill", "because", "Why it is expected to fail."),
    ("drill", "limit", "The most virtual time that it may take."),
    (
        "drill",
        "cold",
        "true: the drill begins at power-on, and not when the cluster is up.",
    ),
    (
        "drill",
        "plugins",
        "Plugins that do not come with the program, each with the command that gets it: without one the drill is skipped.",
    ),
    ("cluster", "seed", "The seed of everything random."),
    (
        "cluster",
        "start",
        "What the cluster's clock shows at power-on: \"2003-06-12 08:00\".",
    ),
    (
        "cluster",
        "cold",
        "true: at power-on, and not when the cluster is up.",
    ),
    ("clients", "users", "How many people call."),
    (
        "clients",
        "every",
        "How often each of them calls, such as \"1s\".",
    ),
    (
        "clients",
        "port",
        "The port where a service must answer, such as 25.",
    ),
    (
        "clients",
        "protocol",
        "The protocol that must be spoken: \"smtp\", \"imap4\", \"pop3\", \"http\", or one of a plugin's.",
    ),
    ("load", "users", "How many people use the virtual server."),
    ("load", "cpu", "How much of a node it takes, in per cent."),
    (
        "crash",
        "writing",
        "The file that is being written when the power fails.",
    ),
    (
        "crash",
        "kept",
        "How many bytes of that write reach the disk; none if nothing is said.",
    ),
    (
        "control",
        "on",
        "The node that is to own the resource, or to have the plugin.",
    ),
    ("control", "through", "The node that is asked."),
    ("add_node", "name", "The machine's name."),
    (
        "add_node",
        "interfaces",
        "Its address in each network: #{ Public: \"10.0.0.13\" }; of a node that was cleaned up, those that it has.",
    ),
    (
        "start",
        "force_quorum",
        "The nodes that are left of a Majority Node Set: they are enough.",
    ),
    ("start", "fix_quorum", "true: does without the quorum disk."),
    (
        "start",
        "reset_quorum_log",
        "true: writes a damaged or missing quorum log anew from the node's own copy.",
    ),
    (
        "start",
        "no_quorum_logging",
        "true: leaves the quorum log alone.",
    ),
    ("create_virtual_server", "name", "The group's name."),
    ("create_virtual_server", "address", "Its static address."),
    (
        "create_virtual_server",
        "subnet_mask",
        "The mask of the address; the network's if nothing is said.",
    ),
    (
        "create_virtual_server",
        "network_name",
        "The name that clients call; the group's if nothing is said.",
    ),
    (
        "create_virtual_server",
        "network",
        "The network of the address; the one whose subnet holds it if nothing is said.",
    ),
    (
        "create_virtual_server",
        "disks",
        "Shared disks of its own, besides those of the storage groups.",
    ),
    (
        "create_virtual_server",
        "storage_groups",
        "Each #{ name: …, log_disk: …, database_disk: … }.",
    ),
    (
        "create_virtual_server",
        "preferred_owners",
        "The nodes that it prefers, best first.",
    ),
    ("create_virtual_server", "imap4", "true: with IMAP4."),
    ("create_virtual_server", "pop3", "true: with POP3."),
];

/// What a filter of `events` may name besides the fields of events.
const FILTER: &[(&str, &str)] = &[
    (
        "kind",
        "The kind of event, such as \"group-owner\"; :doc events lists them.",
    ),
    ("node", "The node that saw it."),
    ("since", "Not before this instant, such as \"5m\"."),
    ("until", "Not after this instant."),
    ("limit", "The last so many."),
];

/// What `word` may be told in its map, each with one line; nothing if it takes none. Of `events` the fields of events are left
/// out.
pub(crate) fn told(word: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let same = if word == "start_service" {
        "start"
    } else {
        word
    }
    .to_owned();
    let filter = FILTER.iter().filter(move |_| word == "events");
    let texts = TEXTS.iter().filter(move |(of, ..)| *of == same);
    filter
        .copied()
        .chain(texts.map(|(_, key, text)| (*key, *text)))
}

/// The same, with every field of events.
pub(crate) fn described(word: &str) -> Vec<(String, String)> {
    let owned = |(key, text): (&str, &str)| (key.to_owned(), text.to_owned());
    let mut all: Vec<(String, String)> = told(word).map(owned).collect();
    if word == "events" {
        for field in quorate_drill::kinds::kinds()
            .iter()
            .flat_map(|kind| &kind.fields)
        {
            if !all.iter().any(|(known, _)| known == field.name) {
                all.push((field.name.to_owned(), field.text.clone()));
            }
        }
    }
    all
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_has_its_line_and_no_other_has() {
        let words = [
            "drill",
            "cluster",
            "clients",
            "load",
            "crash",
            "control",
            "add_node",
            "start",
            "start_service",
            "create_virtual_server",
        ];
        for word in words {
            let known = of(word).expect("options");
            let told = described(word);
            let told: Vec<&str> = told.iter().map(|(key, _)| key.as_str()).collect();
            assert_eq!(told, known, "{word}");
        }
        assert!(TEXTS.iter().all(|(word, ..)| words.contains(word)));
        assert!(described("node").is_empty());
        assert!(described("events").iter().any(|(key, _)| key == "subject"));
    }
}
