//! Pacemaker's words: what each is here, as a hint.

use super::line::{Value, parts};
use super::{Heard, Subjects, table};

/// One of its words.
pub(super) struct Word {
    /// Its words in order; one that begins with a dash may stand anywhere, and after a bar in its short form.
    pub(super) typed: &'static str,
    /// What it is here. `{group}`, `{resource}` and `{node}` are what was named.
    pub(super) here: &'static str,
}

const fn word(typed: &'static str, here: &'static str) -> Word {
    Word { typed, here }
}

/// Every word, the longer before what they begin with.
pub(super) const WORDS: &[Word] = &[
    word(
        "crm_mon",
        "`:status` shows the cluster, `:events` what has happened",
    ),
    word("pcs status nodes", "`nodes()`, or `:status`"),
    word("pcs status resources", "`resources()`, or `:status`"),
    word("pcs status quorum", "`quorum()`"),
    word("pcs status", "`:status`"),
    word(
        "pcs resource move",
        "a resource moves with its group: `group({group}).move_to({node})`. It leaves no constraint behind",
    ),
    word(
        "pcs resource relocate",
        "`group({group}).move()` moves it to the best node",
    ),
    word(
        "pcs resource ban",
        "`group({group}).move_to({node})` moves it away; `resource({resource}).set(\"PossibleOwners\", […])` keeps it from a node",
    ),
    word(
        "pcs resource clear",
        "there is nothing to clear: a move leaves no constraint behind",
    ),
    word("pcs resource enable", "`resource({resource}).online()`"),
    word("pcs resource disable", "`resource({resource}).offline()`"),
    word(
        "pcs resource restart",
        "`resource({resource}).offline(); resource({resource}).online()`",
    ),
    word(
        "pcs resource cleanup",
        "`resource({resource}).online()` begins anew after a failure",
    ),
    word(
        "pcs resource refresh",
        "`resource({resource}).online()` begins anew after a failure",
    ),
    word(
        "pcs resource failcount",
        "`resource({resource}).restarts` counts restarts, `group({group}).failovers` failovers",
    ),
    word(
        "pcs resource update",
        "`resource({resource}).set(\"NAME\", VALUE)`; `:properties` shows what there is",
    ),
    word(
        "pcs resource meta",
        "`resource({resource}).set(\"NAME\", VALUE)`; `:properties` shows what there is",
    ),
    word("pcs resource config", "`:properties {resource}`"),
    word("pcs resource show", "`:properties {resource}`"),
    word(
        "pcs resource status",
        "`resource({resource})`, or `:status`",
    ),
    word(
        "pcs resource list",
        "`:plugin list` shows the types, `resources()` the resources",
    ),
    word(
        "pcs resource create",
        "resources are written into the cluster file",
    ),
    word("pcs resource delete", "`resource({resource}).delete()`"),
    word(
        "pcs resource group",
        "groups are written into the cluster file",
    ),
    word(
        "pcs resource clone",
        "there are no clones: a resource is online on one node",
    ),
    word(
        "pcs resource debug-start",
        "`resource({resource}).online()`; `:events` tells how it went",
    ),
    word(
        "pcs resource unmanage",
        "while the cluster service runs it looks after its resources",
    ),
    word(
        "pcs resource manage",
        "while the cluster service runs it looks after its resources",
    ),
    word("pcs resource", "`resources()`, or `:status`"),
    word(
        "pcs node standby",
        "`node({node}).pause()` keeps it from taking more; what it owns stays until it is moved: `for name in node({node}).groups { group(name).move() }`",
    ),
    word("pcs node unstandby", "`node({node}).resume()`"),
    word(
        "pcs node maintenance",
        "`node({node}).stop_service()`: its groups move away first",
    ),
    word(
        "pcs node attribute",
        "`attributes` of a node in the cluster file, which policies read",
    ),
    word("pcs cluster standby", "`node({node}).pause()`"),
    word("pcs cluster unstandby", "`node({node}).resume()`"),
    word("pcs cluster start", "`node({node}).start_service()`"),
    word("pcs cluster stop", "`node({node}).stop_service()`"),
    word("pcs cluster kill", "`node({node}).kill_service()`"),
    word(
        "pcs cluster node add",
        "`add_node(#{ name: {node}, interfaces: #{ Public: \"10.0.0.15\" } })`",
    ),
    word("pcs cluster node remove", "`node({node}).evict()`"),
    word(
        "pcs cluster setup",
        "a cluster file, which `cluster(\"FILE\")` opens",
    ),
    word("pcs cluster status", "`:status`"),
    word(
        "pcs property",
        "`:properties` shows the cluster's, `quorum().set(\"NAME\", VALUE)` sets one",
    ),
    word(
        "pcs constraint location",
        "`group({group}).set(\"PreferredOwners\", […])`, an order of nodes; possible owners are hard",
    ),
    word(
        "pcs constraint colocation",
        "one group for both; to keep groups apart `AntiAffinityClassNames`",
    ),
    word(
        "pcs constraint order",
        "`depends_on` in the cluster file, inside a group",
    ),
    word(
        "pcs constraint",
        "preferred and possible owners, and dependencies inside a group",
    ),
    word("pcs quorum", "`quorum()`"),
    word(
        "pcs stonith fence",
        "no node powers another off; in a rehearsal `node({node}).crash()` does what became of it",
    ),
    word(
        "pcs stonith",
        "there is no fencing: a node without quorum stops by itself, and disks obey the holder of their reservation",
    ),
    word("pcs", "`:help` shows our commands, and Tab completes"),
    word("crm_resource --fail|-F", "`resource({resource}).fail()`"),
    word(
        "crm_resource --move|-M",
        "a resource moves with its group: `group({group}).move_to({node})`",
    ),
    word(
        "crm_resource --ban|-B",
        "`group({group}).move_to({node})` moves it away",
    ),
    word(
        "crm_resource --clear|-U",
        "there is nothing to clear: a move leaves no constraint behind",
    ),
    word("crm_resource --locate|-W", "`resource({resource}).owner`"),
    word(
        "crm_resource --cleanup|-C",
        "`resource({resource}).online()` begins anew after a failure",
    ),
    word(
        "crm_resource --refresh|-R",
        "`resource({resource}).online()` begins anew after a failure",
    ),
    word(
        "crm_resource --restart",
        "`resource({resource}).offline(); resource({resource}).online()`",
    ),
    word("crm_resource --list|-L", "`resources()`, or `:status`"),
    word(
        "crm_resource --why|-Y",
        "`:events` tells what has happened to it",
    ),
    word(
        "crm_resource --set-parameter|-p",
        "`resource({resource}).set(\"NAME\", VALUE)`",
    ),
    word(
        "crm_resource --get-parameter|-g",
        "`resource({resource}).get(\"NAME\")`",
    ),
    word(
        "crm_resource",
        "`resource({resource})`, and Tab after a dot",
    ),
    word(
        "crm_node",
        "`nodes()`; `node({node}).evict()` takes one out",
    ),
    word(
        "crm_standby",
        "`node({node}).pause()` and `node({node}).resume()`",
    ),
    word(
        "crm_failcount",
        "`resource({resource}).restarts`, `group({group}).failovers`",
    ),
    word(
        "crm_attribute",
        "`:properties`; `attributes` of nodes are written into the cluster file",
    ),
    word(
        "crm_simulate",
        "this is it: `node({node}).crash()`, `run(\"2m\")`, `:status`",
    ),
    word("crm_verify", "`quorate check FILE`, in a shell"),
    word(
        "crm_report",
        "`:events`; `quorate report`, in a shell, of a drill's journal",
    ),
    word("crm status", "`:status`"),
    word("crm node standby", "`node({node}).pause()`"),
    word("crm node online", "`node({node}).resume()`"),
    word(
        "crm node fence",
        "no node powers another off; in a rehearsal `node({node}).crash()` does what became of it",
    ),
    word("crm node", "`nodes()`"),
    word(
        "crm resource move",
        "a resource moves with its group: `group({group}).move_to({node})`",
    ),
    word(
        "crm resource migrate",
        "a resource moves with its group: `group({group}).move_to({node})`",
    ),
    word("crm resource start", "`resource({resource}).online()`"),
    word("crm resource stop", "`resource({resource}).offline()`"),
    word(
        "crm resource restart",
        "`resource({resource}).offline(); resource({resource}).online()`",
    ),
    word(
        "crm resource cleanup",
        "`resource({resource}).online()` begins anew after a failure",
    ),
    word("crm resource", "`resources()`"),
    word(
        "crm configure",
        "the cluster file; `:properties` shows what was set",
    ),
    word("crm", "`:help` shows our commands, and Tab completes"),
    word(
        "cibadmin",
        "the cluster database: `:properties` shows what was set, `.get` and `.set` read and change it",
    ),
    word(
        "stonith_admin",
        "there is no fencing: a node without quorum stops by itself, and disks obey the holder of their reservation",
    ),
    word("corosync-cfgtool", "`networks()`"),
    word("corosync-quorumtool", "`quorum()`"),
];

/// Whether a line is one of its words: it begins with one, and goes on as a command line does.
pub(super) fn is_one(line: &str) -> bool {
    let first = line.split(char::is_whitespace).next().unwrap_or_default();
    let rest = line[first.len()..].trim_start();
    let begins = WORDS
        .iter()
        .any(|word| word.typed.split(' ').next() == Some(first));
    begins && !rest.starts_with(['=', '(', '.', '+', '*', '/', ';', '<', '>'])
}

/// What a line is here.
pub(super) fn hear(line: &str, subjects: &dyn Subjects) -> Heard {
    let parts = match parts(line, &['"', '\'']) {
        Ok(parts) => parts,
        Err(why) => return Heard::Refused(why),
    };
    let found = WORDS
        .iter()
        .filter_map(|word| Some((word, after(word.typed, &parts)?)));
    // The one that says most about the line.
    let Some((word, rest)) = found.max_by_key(|(word, _)| word.typed.split(' ').count()) else {
        return Heard::Refused("there is no such word; :help shows ours".to_owned());
    };
    let said = word.typed.split('|').next().unwrap_or_default();
    Heard::Hint(format!(
        "{said} is here {}",
        filled(word.here, &rest, subjects)
    ))
}

/// What follows a word in a line, if the line is that word.
fn after(typed: &str, parts: &[Value]) -> Option<Vec<String>> {
    let mut rest: Vec<&str> = parts.iter().map(|part| part.text.as_str()).collect();
    for name in typed.split(' ') {
        if name.starts_with('-') {
            let place = rest
                .iter()
                .position(|it| name.split('|').any(|form| form == *it))?;
            rest.remove(place);
        } else if rest.first() == Some(&name) {
            rest.remove(0);
        } else {
            return None;
        }
    }
    Some(rest.into_iter().map(str::to_owned).collect())
}

/// Flags whose value is a resource, or a node.
const RESOURCE: [&str; 2] = ["--resource", "-r"];
const NODE: [&str; 5] = ["--node", "-N", "--host", "-H", "--uname"];

/// A text with the names that were given.
fn filled(here: &str, rest: &[String], subjects: &dyn Subjects) -> String {
    let value_of = |flags: &[&str]| {
        let after = rest
            .windows(2)
            .find(|pair| flags.contains(&pair[0].as_str()));
        let attached = rest.iter().find_map(|part| {
            let (flag, value) = part.split_once('=')?;
            flags.contains(&flag).then(|| value.to_owned())
        });
        after.map(|pair| pair[1].clone()).or(attached)
    };
    let mut names = rest.iter().enumerate().filter(|(at, part)| {
        let behind = at.checked_sub(1).is_some_and(|before| {
            let before = rest[before].as_str();
            RESOURCE.contains(&before) || NODE.contains(&before)
        });
        !part.starts_with('-') && !behind
    });
    let about_node = !here.contains("{resource}") && !here.contains("{group}");
    let resource = value_of(&RESOURCE);
    let mut next = || names.next().map(|(_, name)| name.clone());
    let resource = match (resource, about_node) {
        (Some(resource), _) => Some(resource),
        (None, true) => None,
        (None, false) => next(),
    };
    let node = value_of(&NODE).or_else(next);
    let group = resource.as_ref().map(|it| match subjects.is_group(it) {
        true => it.clone(),
        false => subjects.group_of(it).unwrap_or_else(|| it.clone()),
    });
    let fill = |text: String, key: &str, name: Option<String>, example: &str| {
        let bare = format!(":properties {{{key}}}");
        let name = name.unwrap_or_else(|| example.to_owned());
        let text = text.replace(&bare, &format!(":properties {name}"));
        text.replace(&format!("{{{key}}}"), &table::text(&name))
    };
    let text = fill(here.to_owned(), "group", group.clone(), "GROUP");
    // A group is what a resource's name means to whoever has no groups.
    let text = match (&resource, &group) {
        (Some(name), _) if subjects.is_group(name) => {
            let text = text.replace(
                "resource({resource}).fail()",
                "resource(\"RESOURCE\").fail()",
            );
            text.replace("resource({resource})", "group({resource})")
        }
        _ => text,
    };
    let text = fill(text, "resource", resource, "RESOURCE");
    fill(text, "node", node, "NODE")
}
