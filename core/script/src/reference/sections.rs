//! The sections of the reference: which words each has, and what is said about them together.

use crate::outline::WAITS;

/// One section.
pub(super) struct Section {
    pub(super) title: &'static str,
    /// What its words have in common, and what goes wrong with them.
    pub(super) text: &'static str,
    /// The words that stand alone.
    pub(super) words: &'static [&'static str],
    /// The types whose members are in it.
    pub(super) nouns: &'static [&'static str],
}

pub(super) const HEAD: &str = "\
# The drill language

Every word of drills and of the prompt of `quorate repl`: what it does, its arguments with their units, what it gives, and an
example. This page is made from the doc comments that `:doc WORD` shows, and every example is run by a test.
[Writing drills](drills.md) says how the words go together, the [cookbook](cookbook.md) answers questions with them. Policies
have words of their own, [which are few](policies.md), and so have [resources in Rhai](resources-in-rhai.md).

The language is [Rhai](https://rhai.rs/book/): `let`, `const`, `if`, `for`, `while`, `switch`, `fn`, `try` and `catch`, numbers,
texts, lists `[1, 2]`, maps `#{ a: 1 }` and functions without a name `|x| x + 1` are as they are there, with the functions of its
standard package. What differs: there is no time but the cluster's (`sleep` and `timestamp` are its own), no randomness but the
drill's, a text in backquotes takes values in (`` `on ${group(\"EVS3\").owner}` ``), and a comparison that can only have one
result is an error.

Unless it names another, an example is the body of a drill on `scripts/clusters/four-node.ron`:

    drill(\"an example\", #{ cluster: \"scripts/clusters/four-node.ron\" }, || {
        …
    });

What can be read begins with *Belief*, what the cluster says, or *Truth*, what is so
([why](drills.md#belief-and-truth)). What takes a duration takes it as a text, `\"90s\"`, or as a value, `90.seconds`.
What takes a name takes the object, too: `group(\"EVS3\").move_to(node(\"NODE4\"))`. Case does not matter in names.
";

pub(super) const ERRORS: &str = "
## What goes wrong

| what | error | verdict |
| --- | --- | --- |
| a name that the cluster does not have, an option, a state, a kind of event that there is not | says what there is, and what was probably meant; `quorate check` finds it beforehand | `error` |
| a number or a duration out of range | says the range | `error` |
| an order that the cluster refuses | `refused: …`, with the original's number in `error.code` and its name in `error.name`: [errors that are caught](#errors-that-are-caught) | `error` |
| a fault that cannot break what is broken, or off, already | says so | `error` |
| something expected that is not so | what was seen, and the last events | `fail` |
| an answer that never comes, a wait that proves nothing | which | `unknown` |
| a word that needs a cluster, outside every drill | says so | `error` |

`expect_error` looks at a refusal, `try` and `catch` take any error but those that end a run. Exit statuses are in
`quorate drill --help`.
";

pub(super) const SECTIONS: &[Section] = &[
    Section {
        title: "Drills",
        text: "A file has one drill or several, and functions and constants beside them. A drill begins when its cluster is up, and \
ends healed. See also [expectations](#expectations) and [waiting](#waiting).",
        words: &["drill", "step", "note", "status", "var"],
        nouns: &[],
    },
    Section {
        title: "Waiting",
        text: "Time stands still between the words of a drill, and moves in these. A wait fails (verdict `fail`) when its time is \
over. What `at` and `after` plan happens meanwhile. Conditions are looked at whenever something happens; they may read and not \
change anything.",
        words: &WAITS,
        nouns: &[],
    },
    Section {
        title: "Expectations",
        text: "What is to be so: at this instant, or from now to the drill's end. One that is not met ends the drill with the \
verdict `fail`. A drill that can pass for nothing is [remarked on](drills.md#remarks). For what takes time see \
[waiting](#waiting).",
        words: &[
            "expect",
            "expect_eq",
            "expect_error",
            "always",
            "never",
            "steady",
            "sometimes",
        ],
        nouns: &[],
    },
    Section {
        title: "Lists",
        text: "What most drills do with lists, such as those of nodes, groups, resources and events. The function is given an \
item, or an item and its place, which is counted from 0. Rhai has [more words for \
lists](https://rhai.rs/book/language/arrays.html).",
        words: &["all", "some", "filter", "map"],
        nouns: &[],
    },
    Section {
        title: "Times and durations",
        text: "Virtual time has microseconds. Durations are written `250.milliseconds`, `90.seconds`, `5.minutes`, `6.hours`, \
`2.days`, or as texts, and compare with texts: `outage(\"EVS3\") < \"2m\"`. Local time is the cluster's, by the file's `start` and \
`utc_offset`. A text that is no duration, and an hour that is none, are errors.",
        words: &[
            "now",
            "timestamp",
            "clock",
            "weekday",
            "between",
            "duration",
        ],
        nouns: &["int", "float", "Duration"],
    },
    Section {
        title: "The cluster",
        text: "The cluster as a whole, and its [nodes](#nodes), [groups](#groups), [resources](#resources), \
[networks](#networks) and [disks](#disks) as lists. What is belief here is what the nodes say that have quorum.",
        words: &[
            "cluster",
            "nodes",
            "groups",
            "resources",
            "networks",
            "disks",
            "coordinator",
            "quorum",
            "disturbed",
        ],
        nouns: &["Quorum"],
    },
    Section {
        title: "Nodes",
        text: "Machines, and the cluster service on each. Faults are made here (`crash`, `freeze`, …), and orders are given \
(`pause`, `evict`, …): an order that is refused is an error with a code. A node that is off cannot be frozen, one that is on \
cannot be started, and so on: the error says so. Its parts: [cards](#cards), [paths to disks](#paths-to-disks), \
[the system disk](#system-disks).",
        words: &["node"],
        nouns: &["Node"],
    },
    Section {
        title: "Groups",
        text: "What moves from node to node as a whole. Orders return once they are accepted: wait for what follows, by \
[`recovers` or `becomes`](#waiting). An order is refused where no quorate cluster answers, where the node is down, paused or no \
possible owner, or where a rule of `quorate check` forbids the result. Outages are explained in \
[writing drills](drills.md#outages).",
        words: &[
            "group",
            "outage",
            "planned_outage",
            "unplanned_outage",
            "availability",
        ],
        nouns: &["Group"],
    },
    Section {
        title: "Resources",
        text: "What a group is made of. For the processes behind them see [services](#services), for their settings \
[properties](#properties), for questions to their types [control codes](#control-codes).",
        words: &["resource"],
        nouns: &["Resource"],
    },
    Section {
        title: "Services",
        text: "The processes behind a resource, and what befalls them. The cluster notices by its own checks, LooksAlive and \
IsAlive. A resource whose type has no process of its own is an error here.",
        words: &["service"],
        nouns: &["Service"],
    },
    Section {
        title: "Control codes",
        text: "Questions to a resource's type, by their numbers or names. Errors have `code` and `name`: what the type does not \
know is error 1, `ERROR_INVALID_FUNCTION`; a code that is well known by no such name is found by `quorate check`. More in \
[writing drills](drills.md#asking-a-resources-type) and in [plugins](plugins.md).",
        words: &["resource_type"],
        nouns: &["ResourceType", "Answer"],
    },
    Section {
        title: "Networks",
        text: "What messages and clients travel on. A node of the cluster has a [card](#cards) in each. A node that stands on \
both sides of a partition, and a probability outside 0 to 1, are errors.",
        words: &["network", "partition", "cut", "heal_partitions"],
        nouns: &["Network"],
    },
    Section {
        title: "Cards",
        text: "A node's card in one network. See also [networks](#networks).",
        words: &[],
        nouns: &["Nic"],
    },
    Section {
        title: "The name server",
        text: "One for the whole cluster. See [names and addresses in failover](failover.md).",
        words: &["dns"],
        nouns: &["Dns"],
    },
    Section {
        title: "Disks",
        text: "Shared disks, the quorum disk among them. A file that there is not, and a fault that stands already, are errors. \
A node's own disk is its [system disk](#system-disks).",
        words: &["disk"],
        nouns: &["Disk"],
    },
    Section {
        title: "Paths to disks",
        text: "What leads from one node to one shared [disk](#disks).",
        words: &[],
        nouns: &["Path"],
    },
    Section {
        title: "System disks",
        text: "A node's own disk, with its copy of the cluster database and the programs that its resources start.",
        words: &[],
        nouns: &["SystemDisk"],
    },
    Section {
        title: "The witness",
        text: "Only where the cluster file names one: `quorum: MajorityNodeSet(MNSFileShare: …)`. Elsewhere the word is an \
error. See [quorum](quorum.md).",
        words: &["witness"],
        nouns: &["Witness"],
    },
    Section {
        title: "Clients",
        text: "What users feel. Clients find a group by its network name, over any public network. A group without a network \
name or address has none: an error.",
        words: &["clients", "load"],
        nouns: &["Clients"],
    },
    Section {
        title: "Faults",
        text: "What every word that breaks something gives. A fault stands until it is healed: by itself, by the repair of what \
it broke, by `heal()`, or at the drill's end.",
        words: &["heal", "daylight_saving"],
        nouns: &["Fault"],
    },
    Section {
        title: "Events",
        text: "The journal, as a script reads it: `event.kind`, `event.node`, `event.time` and the fields of each kind. All of them \
are on the [page of events](events.md), and what a journal's file is on [that of journals](journal.md).",
        words: &["events"],
        nouns: &["Event"],
    },
    Section {
        title: "Policies",
        text: "Scripts that decide in place of the built-in rules: [how to write one](policies.md). A script with mistakes is \
refused, and nothing is changed. Also by the property `Policy` of a group.",
        words: &["policy", "set_policy"],
        nouns: &[],
    },
    Section {
        title: "What is added",
        text: "Changes that an administrator makes to a cluster that runs. Refused where the result would break a rule of \
`quorate check`, by the rule's id.",
        words: &["create_virtual_server", "add_node"],
        nouns: &[],
    },
    Section {
        title: "Chance",
        text: "Everything random in a drill comes from its seed: the same seed, the same run. Rhai's own `rand` is an error.",
        words: &["random", "shuffle", "seed"],
        nouns: &[],
    },
    Section {
        title: "Errors that are caught",
        text: "`try { … } catch (error) { … }` has these of an error. An expectation that was not met is an error, too, and a \
drill that catches it is remarked on.",
        words: &[],
        nouns: &["Error"],
    },
];

pub(super) const OPERATORS: &str = "
## Operators

| operator | for |
| --- | --- |
| `+` `-` | durations with durations or texts: `now() - began`, `5.minutes + \"30s\"`. A difference is never below zero |
| `*` | durations with whole numbers: `3 * 5.minutes` |
| `==` `!=` `<` `<=` `>` `>=` | durations with durations or texts; numbers; texts; an hour of `clock()` with a text: `clock() >= \"9:00\"` |
| `==` | nodes, groups, resources, networks and disks with each other, or with a name |
| `in` | lists, maps, texts and events: `\"NODE4\" in group(\"EVS3\").preferred_owners` |

A comparison of a state, a name or a kind with a text that it can never be is an error, and found by `quorate check`.
";

pub(super) const PROPERTIES: &str = "
## Properties

What `get` reads and `set` writes, by the original's names and in its units; case does not matter. A value that is out of range
is refused, and the error says the range. What each is in the original, and where it is from, is in
[semantics](semantics.md#3-properties-and-policy).
";
