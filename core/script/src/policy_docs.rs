//! What a policy sees and may answer, for editors. `docs/policies.md` has the same, and a test compares the two.

use quorate_journal::Cause;

use crate::docs::{WordDoc, entries_of_engine};
use crate::policy::{CHOOSE_OWNER, CONTRACT, ON_RESOURCE_FAILED, policy_engine};

/// A field of one of the maps: the kind of map, its name, the type of its value, and what it is.
type Field = (&'static str, &'static str, &'static str, &'static str);

const LOAD: &str =
    "the `load` that the cluster file declares for it; where it declares none, its `users`; else 0";
const USERS: &str = "the `users` declared for a virtual server, or 0";
const CPU: &str = "the `cpu_percent` declared for a virtual server, or 0";
const ATTRIBUTES: &str = "the `attributes` of the group in the cluster file, with the three above where they are declared";
const HOUR: &str = "0 to 23, in the cluster's local time";
const WEEKDAY: &str = "1 (Monday) to 7 (Sunday)";
const NAME: &str = "its name";

/// Every field of every map, in the order of the page.
pub(crate) const FIELDS: [Field; 51] = [
    ("group", "name", "string", NAME),
    (
        "group",
        "owner",
        "string",
        "the node that owns it, or owned it last",
    ),
    (
        "group",
        "cause",
        "string",
        "`\"Form\"` (the cluster forms and the owner does not come), `\"Admin\"` (a move to the best node), \
         `\"ResourceFailure\"`, `\"NodeFailure\"`, `\"NodeShutdown\"`, `\"Failback\"`, `\"NodeUp\"` (it had nowhere to go, and \
         is asked about again)",
    ),
    (
        "group",
        "built_in",
        "string",
        "the node that the built-in rules choose; `()` if none",
    ),
    ("group", "load", "int", LOAD),
    ("group", "users", "int", USERS),
    ("group", "cpu_percent", "int", CPU),
    ("group", "attributes", "map", ATTRIBUTES),
    (
        "group",
        "preferred_owners",
        "[string]",
        "names of nodes, best first",
    ),
    (
        "group",
        "anti_affinity_classes",
        "[string]",
        "`AntiAffinityClassNames`",
    ),
    (
        "group",
        "failovers",
        "int",
        "failovers caused by resources inside `FailoverPeriod`",
    ),
    ("group", "failover_threshold", "int", "`FailoverThreshold`"),
    (
        "group",
        "nodes",
        "[candidate]",
        "every configured node, by number, with the fields of a candidate",
    ),
    ("group", "hour", "int", HOUR),
    ("group", "minute", "int", "0 to 59"),
    ("group", "weekday", "int", WEEKDAY),
    ("candidate", "name", "string", NAME),
    ("candidate", "id", "int", "its number"),
    (
        "candidate",
        "state",
        "string",
        "`\"Up\"`, `\"Down\"` or `\"Paused\"`",
    ),
    (
        "candidate",
        "groups",
        "[hosted group]",
        "the groups it owns or is about to own, the one in question left out",
    ),
    ("candidate", "load", "int", "the sum of theirs"),
    ("candidate", "users", "int", "the sum of theirs"),
    ("candidate", "cpu_percent", "int", "the sum of theirs"),
    (
        "candidate",
        "attributes",
        "map",
        "the `attributes` of the node in the cluster file, such as its rack",
    ),
    (
        "candidate",
        "preferred",
        "int",
        "its place among the preferred owners, from 0; -1 if it is none",
    ),
    (
        "candidate",
        "possible",
        "bool",
        "whether it may take the group: always true of a candidate",
    ),
    (
        "candidate",
        "anti_affine",
        "bool",
        "whether it hosts a group that shares an anti-affinity class: the built-in rules avoid it while they can, a \
         policy may choose",
    ),
    ("hosted group", "name", "string", NAME),
    ("hosted group", "load", "int", LOAD),
    ("hosted group", "users", "int", USERS),
    ("hosted group", "cpu_percent", "int", CPU),
    ("hosted group", "attributes", "map", ATTRIBUTES),
    ("resource", "name", "string", NAME),
    ("resource", "kind", "string", "its type"),
    ("resource", "group", "string", "its group's name"),
    ("resource", "owner", "string", "the node it failed on"),
    (
        "resource",
        "depends_on",
        "[string]",
        "names of its providers",
    ),
    (
        "resource",
        "dependents",
        "[string]",
        "names of the resources that depend on it",
    ),
    (
        "resource",
        "restart_action",
        "int",
        "`RestartAction`: 0, 1 or 2",
    ),
    ("resource", "restart_threshold", "int", "`RestartThreshold`"),
    (
        "resource",
        "restart_period",
        "int",
        "`RestartPeriod`, in milliseconds",
    ),
    (
        "resource",
        "attributes",
        "map",
        "the attributes of its group",
    ),
    (
        "failure",
        "reason",
        "string",
        "what was found, in the words of whoever found it",
    ),
    (
        "failure",
        "starting",
        "bool",
        "true if it failed on its way up",
    ),
    (
        "failure",
        "failures",
        "int",
        "failures inside `RestartPeriod`, this one included; 0 where `RestartAction` is 0",
    ),
    (
        "failure",
        "built_in",
        "string",
        "what the built-in ladder does: `\"restart\"`, `\"move\"` or `\"give up\"`",
    ),
    (
        "failure",
        "waits",
        "int",
        "how often this failure was waited with already",
    ),
    ("failure", "waited", "int", "for how many seconds, in all"),
    ("failure", "hour", "int", HOUR),
    ("failure", "minute", "int", "0 to 59"),
    ("failure", "weekday", "int", WEEKDAY),
];

/// What nodes ask each of the two functions.
const CALLS: [(&str, &str); 2] = [
    (
        CHOOSE_OWNER,
        "Asked when a group needs a node; `group.cause` says why. The answer is a candidate, or the name of one; \
         `stay()`: nobody takes the group now; or `()`, no opinion: as built in.",
    ),
    (
        ON_RESOURCE_FAILED,
        "Asked by the owner when a resource has failed. The answer is `restart_here()`; `move_group()`: the group fails \
         over, within `FailoverThreshold`; `give_up()`: the resource stays Failed and the rest of the group runs on; \
         `wait(\"10m\")`: it stays Failed for so long, then the policy is asked again; or `()`: as built in.",
    ),
];

/// The words of policies: the answers, and the fields of the maps, whose kinds are `group`, `candidate`,
/// `hosted group`, `resource` and `failure`.
pub fn policy_words() -> Vec<WordDoc> {
    let mut words = entries_of_engine(&policy_engine());
    words.extend(FIELDS.iter().map(|(of, name, gives, text)| WordDoc {
        name: (*name).to_owned(),
        on: Some((*of).to_owned()),
        usage: match *of {
            "hosted group" => format!("candidate.groups[0].{name}"),
            of => format!("{of}.{name}"),
        },
        text: format!("{}.", upper(text)),
        params: Vec::new(),
        gives: Some((*gives).to_owned()),
        is_property: true,
    }));
    words
}

/// The functions that nodes call, with how to write them and what they are for.
pub fn policy_calls() -> Vec<WordDoc> {
    let calls = CALLS.iter().zip(CONTRACT);
    calls
        .map(|((name, text), (_, usage, _))| WordDoc {
            name: (*name).to_owned(),
            on: None,
            usage: usage.to_owned(),
            text: (*text).to_owned(),
            params: Vec::new(),
            gives: None,
            is_property: false,
        })
        .collect()
}

/// The kind of an argument of a function that nodes call, counted from 0; `[candidate]` is a list of them.
pub(crate) fn argument(function: &str, number: usize) -> Option<&'static str> {
    let kinds = match function {
        CHOOSE_OWNER => ["group", "[candidate]"],
        ON_RESOURCE_FAILED => ["resource", "failure"],
        _ => return None,
    };
    kinds.get(number).copied()
}

/// The words that a field is one of.
pub(crate) fn field_words(kind: &str, field: &str) -> Option<Vec<&'static str>> {
    Some(match (kind, field) {
        ("group", "cause") => Cause::WORDS.to_vec(),
        ("candidate", "state") => vec!["Up", "Down", "Paused"],
        ("resource", "kind") => quorate_model::types::ALL.to_vec(),
        ("failure", "built_in") => vec!["restart", "move", "give up"],
        _ => return None,
    })
}

fn upper(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|it| it.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
