//! What arguments and options are, and what words give.

/// What an argument is, by its name: for all words that have it, or for one (`word.argument`).
const ARGUMENTS: &[(&str, &str)] = &[
    (
        "action",
        "what is done, such as `|| node(\"NODE3\").crash()`",
    ),
    ("actual", "what is there"),
    ("address", "an IPv4 address, such as \"10.0.0.21\""),
    ("answers.text", "the line that it answers"),
    ("body", "the story, `|| { … }`"),
    ("by", "at most by how much: a duration, such as \"3s\""),
    ("byte", "which byte, counted from 0"),
    ("bytes", "how many bytes"),
    (
        "clock_step.by",
        "by how much: a duration as a text, \"1h\", or \"-90s\" for back",
    ),
    (
        "code",
        "a control code: its number, or the name of a well-known one, such as \"GET_NAME\"",
    ),
    (
        "cluster.path",
        "a cluster file; relative paths count from the script, at the prompt from the working folder",
    ),
    (
        "condition",
        "what is to be so, such as `|| group(\"EVS3\").is_online`: it is looked at again and again, and may change nothing",
    ),
    ("count", "how many"),
    (
        "cut.from",
        "the node that is not heard: its name, or the node itself",
    ),
    (
        "cut.to",
        "the node that does not hear: its name, or the node itself",
    ),
    (
        "default",
        "the value where the command line gives none; it says of which kind the variable is",
    ),
    (
        "delay",
        "how much longer: a duration, such as \"500ms\" or `2.seconds`",
    ),
    ("disk", "the name of a shared disk"),
    (
        "duration",
        "for how long: a duration, such as \"90s\" or `5.minutes`",
    ),
    (
        "duration.text",
        "a number with a unit (us, ms, s, m, h, d), or several of them: \"1h30m\"",
    ),
    (
        "events.filter",
        "fields of events and the values that they are to have, or lists of values",
    ),
    ("expect.condition", "what is to be so"),
    (
        "expect_error.text",
        "a part of the message that is expected; not empty",
    ),
    ("field", "the name of a field"),
    ("file", "the name of a file there"),
    (
        "filter",
        "what is asked of each item, such as `|n| n.is_up`",
    ),
    ("from", "an hour, such as \"9:00\""),
    ("get.name", "the name before the equals sign"),
    ("group", "the name of a group, or the group itself"),
    ("input", "what goes in: a text or a blob; `()` for nothing"),
    (
        "latency",
        "how long a message takes one way: a duration, such as \"50ms\"",
    ),
    ("list", "what is gone through"),
    (
        "lose_script.path",
        "the path as the resource's ScriptFilepath has it",
    ),
    ("map", "what is made of each item, such as `|n| n.name`"),
    ("message", "what the report says if it is not so"),
    ("metric.name", "the request that is answered by the number"),
    ("metric.value", "a whole number or one with a fraction"),
    ("name", "its name; case does not matter"),
    ("always.name", "what is promised, for the report"),
    (
        "drill.name",
        "what it is called in reports and by `--filter`; once in a run",
    ),
    ("never.name", "what may not happen, for the report"),
    ("sometimes.name", "what is to be seen, for the report"),
    ("steady.name", "what is promised, for the report"),
    ("var.name", "its name, as after `--var`"),
    ("network", "the name of a network"),
    ("node", "the name of a node, or the node itself"),
    ("number", "how many seconds"),
    ("options", "options by their names"),
    (
        "path",
        "the file of a policy, from the script's folder; `()` for none",
    ),
    ("ppm", "parts per million, from -10000 to 10000"),
    ("probability", "how often: 0.0 is never, 1.0 always"),
    (
        "property",
        "its name, in any case: see [properties](#properties)",
    ),
    ("random.from", "the smallest number"),
    ("random.to", "the largest number"),
    ("request", "what is asked, without the end of its line"),
    ("resource", "the name of a resource, or the resource itself"),
    ("seconds", "how many seconds"),
    ("sides", "lists of nodes, one for each side"),
    ("switches", "one of the start switches"),
    ("takes", "for how long it is off: a duration"),
    ("text", "what is said"),
    (
        "time",
        "an hour, \"9:00\", or a date with one, \"2003-10-26 03:00\", by the cluster's local clock",
    ),
    (
        "time_zone.by",
        "how far ahead: a duration as a text, \"2h\", or \"-6h\" for behind",
    ),
    ("title", "what the step is called"),
    ("to", "an hour, such as \"17:30\""),
    (
        "value",
        "a number, a text or a list of texts, as the property takes; `()` resets it",
    ),
    ("wanted", "what is to be there"),
    ("why", "why it may be so at once"),
    (
        "within",
        "the longest wait: a duration, such as `5.minutes`",
    ),
    ("write.text", "what the file is to contain"),
];

/// What the argument `name` of `word` is.
pub(super) fn argument(word: &str, name: &str) -> Option<&'static str> {
    let own = format!("{word}.{name}");
    let find = |wanted: &str| ARGUMENTS.iter().find(|(it, _)| *it == wanted);
    find(&own).or_else(|| find(name)).map(|(_, text)| *text)
}

/// What a value of a type is, in words. `None` where a word gives nothing.
pub(super) fn gives(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "Fault" => "a [fault](#faults), which can be healed",
        "Duration" => "a [duration](#times-and-durations)",
        "Node" => "a [node](#nodes)",
        "Nic" => "a [card](#cards)",
        "Path" => "a [path](#paths-to-disks)",
        "SystemDisk" => "a [system disk](#system-disks)",
        "Group" => "a [group](#groups)",
        "Resource" => "a [resource](#resources)",
        "ResourceType" => "a [resource type](#control-codes)",
        "Answer" => "an [answer](#control-codes)",
        "Service" => "a [service](#services)",
        "Network" => "a [network](#networks)",
        "Dns" => "the [name server](#the-name-server)",
        "Disk" => "a [disk](#disks)",
        "Witness" => "the [witness](#the-witness)",
        "Quorum" => "the [quorum](#the-cluster)",
        "Clients" => "[clients](#clients)",
        "int" => "a whole number",
        "float" => "a number with a fraction",
        "bool" => "true or false",
        "string" => "a text",
        "array" => "a list",
        "blob" => "a blob",
        _ => return None,
    })
}
