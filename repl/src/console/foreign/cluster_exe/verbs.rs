//! The table of commands, and what each is here.

use super::super::not_here;
use super::super::table::{Call, Here, list, object, property_value, set, text};
use Here::{Line, Made, Not};

/// What a command is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Of {
    Cluster,
    Group,
    Resource,
    Node,
    Type,
    Network,
    Interface,
}

/// The words for what a command is about; what stands in brackets may be left out.
pub(in super::super) const OBJECTS: [(Of, &str, &str); 8] = [
    (Of::Group, "group", "group"),
    (Of::Type, "resourcet[ype]", ""),
    (Of::Type, "rest[ype]", ""),
    (Of::Resource, "res[ource]", "resource"),
    (Of::Node, "node", "node"),
    (Of::Interface, "neti[nterface]", ""),
    (Of::Network, "net[work]", "network"),
    (Of::Cluster, "", "quorum"),
];

/// One command.
pub(in super::super) struct Verb {
    pub(in super::super) of: Of,
    /// Without its slash; what stands in brackets may be left out.
    pub(in super::super) word: &'static str,
    /// What follows after a colon, for pages and help.
    pub(in super::super) takes: &'static str,
    pub(in super::super) here: Here,
}

const fn verb(of: Of, word: &'static str, takes: &'static str, here: Here) -> Verb {
    Verb {
        of,
        word,
        takes,
        here,
    }
}

/// Every command.
pub(in super::super) const VERBS: &[Verb] = &[
    verb(Of::Group, "stat[us]", "", Line("group({it})")),
    verb(
        Of::Group,
        "create",
        "",
        Not(
            "write the group into the cluster file; an Exchange virtual server is made by create_virtual_server(#{ name: \"EVS4\", address: \"10.0.0.24\" })",
        ),
    ),
    verb(
        Of::Group,
        "del[ete]",
        "",
        Not(
            "take the group out of the cluster file; resource(\"…\").delete() takes single resources out",
        ),
    ),
    verb(
        Of::Group,
        "ren[ame]",
        ":NAME",
        Not("change the name in the cluster file"),
    ),
    verb(
        Of::Group,
        "move[to]",
        "[:NODE]",
        Made("group({it}).move_to({value}), group({it}).move()", moved),
    ),
    verb(
        Of::Group,
        "on[line]",
        "",
        Made("group({it}).online()", online),
    ),
    verb(
        Of::Group,
        "off[line]",
        "",
        Made("group({it}).offline()", offline),
    ),
    verb(
        Of::Group,
        "prop[erties]",
        " [NAME[=VALUE]]",
        Made(
            "group({it}).set(\"…\", {value}), group({it}).get(\"…\"), :properties {it}",
            properties,
        ),
    ),
    verb(
        Of::Group,
        "priv[properties]",
        "",
        Not("groups have common properties only, /prop"),
    ),
    verb(
        Of::Group,
        "listo[wners]",
        "",
        Line("group({it}).preferred_owners"),
    ),
    verb(
        Of::Group,
        "seto[wners]",
        ":NODE,NODE",
        Made(
            "group({it}).set(\"PreferredOwners\", [{value}])",
            set_owners,
        ),
    ),
    verb(
        Of::Group,
        "wait",
        "[:SECONDS]",
        Not("it stands behind /move, /online and /offline"),
    ),
    verb(Of::Resource, "stat[us]", "", Line("resource({it})")),
    verb(
        Of::Resource,
        "create",
        "",
        Not("write the resource into the cluster file"),
    ),
    verb(
        Of::Resource,
        "group",
        ":GROUP",
        Not("write the resource into its group in the cluster file"),
    ),
    verb(
        Of::Resource,
        "type",
        ":TYPE",
        Not("write the resource with its type into the cluster file"),
    ),
    verb(
        Of::Resource,
        "sep[arate]",
        "",
        Not("resource(\"…\").set(\"SeparateMonitor\", 1), in the cluster file SeparateMonitor: 1"),
    ),
    verb(
        Of::Resource,
        "del[ete]",
        "",
        Line("resource({it}).delete()"),
    ),
    verb(
        Of::Resource,
        "ren[ame]",
        ":NAME",
        Not("change the name in the cluster file"),
    ),
    verb(
        Of::Resource,
        "addo[wner]",
        ":NODE",
        Made("resource({it}).set(\"PossibleOwners\", […])", add_owner),
    ),
    verb(
        Of::Resource,
        "removeo[wner]",
        ":NODE",
        Made("resource({it}).set(\"PossibleOwners\", […])", remove_owner),
    ),
    verb(
        Of::Resource,
        "listo[wners]",
        "",
        Line("resource({it}).get(\"PossibleOwners\")"),
    ),
    verb(
        Of::Resource,
        "move[to]",
        ":GROUP",
        Not(
            "a resource stays in its group: change the cluster file; group(\"…\").move_to(\"…\") moves a group to a node",
        ),
    ),
    verb(
        Of::Resource,
        "prop[erties]",
        " [NAME[=VALUE]]",
        Made(
            "resource({it}).set(\"…\", {value}), resource({it}).get(\"…\"), :properties {it}",
            properties,
        ),
    ),
    verb(
        Of::Resource,
        "priv[properties]",
        " [NAME[=VALUE]]",
        Made(
            "resource({it}).set(\"…\", {value}), resource({it}).get(\"…\"), :properties {it}",
            properties,
        ),
    ),
    verb(Of::Resource, "fail", "", Line("resource({it}).fail()")),
    verb(
        Of::Resource,
        "on[line]",
        "",
        Made("resource({it}).online()", online),
    ),
    verb(
        Of::Resource,
        "off[line]",
        "",
        Made("resource({it}).offline()", offline),
    ),
    verb(
        Of::Resource,
        "listd[ependencies]",
        "",
        Line("resource({it}).depends_on"),
    ),
    verb(
        Of::Resource,
        "addd[ependency]",
        ":RESOURCE",
        Not("dependencies are depends_on in the cluster file"),
    ),
    verb(
        Of::Resource,
        "removed[ependency]",
        ":RESOURCE",
        Not("dependencies are depends_on in the cluster file"),
    ),
    verb(
        Of::Resource,
        "addc[heckpoints]",
        ":KEY",
        Not("there are no registry keys: a plugin keeps its own checkpoints"),
    ),
    verb(
        Of::Resource,
        "maint[enancemode]",
        ":on|off",
        Not(
            "while the cluster service runs it looks after its resources; with resource(\"…\").set(\"RestartAction\", 0) a failure is not followed by a restart",
        ),
    ),
    verb(
        Of::Resource,
        "wait",
        "[:SECONDS]",
        Not("it stands behind /online and /offline"),
    ),
    verb(Of::Node, "stat[us]", "", Line("node({it})")),
    verb(Of::Node, "pause", "", Line("node({it}).pause()")),
    verb(Of::Node, "resume", "", Line("node({it}).resume()")),
    verb(Of::Node, "evict", "", Line("node({it}).evict()")),
    verb(
        Of::Node,
        "force[cleanup]",
        "",
        Line("node({it}).forcecleanup()"),
    ),
    verb(Of::Node, "start", "", Line("node({it}).start_service()")),
    verb(Of::Node, "stop", "", Line("node({it}).stop_service()")),
    verb(
        Of::Node,
        "prop[erties]",
        "",
        Not(
            "nodes have no properties; what policies read of them is attributes in the cluster file",
        ),
    ),
    verb(
        Of::Cluster,
        "quorum[resource]",
        "[:RESOURCE]",
        Made("quorum()", quorum),
    ),
    verb(
        Of::Cluster,
        "path",
        ":PATH",
        Not("the quorum log is in the folder MSCS of the quorum disk, always"),
    ),
    verb(
        Of::Cluster,
        "maxlog[size]",
        ":KB",
        Made(
            "quorum().set(\"MaxQuorumLogSize\", {value} * 1024)",
            log_size,
        ),
    ),
    verb(
        Of::Cluster,
        "ver[sion]",
        "",
        Not("quorate --version, in a shell"),
    ),
    verb(Of::Cluster, "listnetpri[ority]", "", Line("networks()")),
    verb(
        Of::Cluster,
        "setnetpri[ority]",
        ":NETWORKS",
        Not("the order of networks in the cluster file is their priority"),
    ),
    verb(Of::Cluster, "list", "", Line(":status")),
    verb(
        Of::Cluster,
        "prop[erties]",
        " [NAME[=VALUE]]",
        Made(
            "quorum().set(\"…\", {value}), quorum().get(\"…\"), :properties",
            properties,
        ),
    ),
    verb(
        Of::Cluster,
        "ren[ame]",
        ":NAME",
        Not("change the name in the cluster file"),
    ),
    verb(
        Of::Cluster,
        "create",
        "",
        Not("write a cluster file; quorate check says what it lacks"),
    ),
    verb(
        Of::Cluster,
        "add[nodes]",
        ":NODES",
        Not("the word is add_node(#{ name: \"NODE5\", interfaces: #{ Public: \"10.0.0.15\" } })"),
    ),
    verb(Of::Type, "list", "", Line(":plugin list")),
    verb(Of::Type, "stat[us]", "", Line(":plugin list")),
    verb(Of::Network, "stat[us]", "", Line("network({it})")),
    verb(
        Of::Interface,
        "stat[us]",
        "",
        Not(
            "a card has no state that a cluster knows; node(\"…\").nic(\"…\") breaks and repairs it",
        ),
    ),
];

fn nothing_given(call: &Call<'_>) -> Result<(), String> {
    match call.value() {
        Some(value) => Err(format!(
            "it takes no {value} here: {}.move_to({}) moves first",
            call.object(),
            text(value)
        )),
        None => Ok(()),
    }
}

fn online(call: &Call<'_>) -> Result<String, String> {
    nothing_given(call)?;
    Ok(format!("{}.online()", call.object()))
}

fn offline(call: &Call<'_>) -> Result<String, String> {
    nothing_given(call)?;
    Ok(format!("{}.offline()", call.object()))
}

fn moved(call: &Call<'_>) -> Result<String, String> {
    Ok(match call.value() {
        Some(node) => format!("{}.move_to({})", call.object(), text(node)),
        None => format!("{}.move()", call.object()),
    })
}

fn set_owners(call: &Call<'_>) -> Result<String, String> {
    let owners = call
        .values
        .iter()
        .flat_map(|value| value.text.split([',', ' ']));
    let owners = list(owners.filter(|owner| !owner.is_empty()));
    Ok(format!(
        "{}.set(\"PreferredOwners\", {owners})",
        call.object()
    ))
}

fn add_owner(call: &Call<'_>) -> Result<String, String> {
    owners(call, |it, node| {
        format!("{it}.get(\"PossibleOwners\") + [{node}]")
    })
}

fn remove_owner(call: &Call<'_>) -> Result<String, String> {
    owners(call, |it, node| {
        format!("{it}.get(\"PossibleOwners\").filter(|it| it != {node})")
    })
}

fn owners(call: &Call<'_>, make: impl Fn(&str, &str) -> String) -> Result<String, String> {
    let Some(node) = call.value() else {
        return Err("which node? /addowner:NODE, /removeowner:NODE".to_owned());
    };
    let it = call.object();
    Ok(format!(
        "{it}.set(\"PossibleOwners\", {})",
        make(&it, &text(node))
    ))
}

fn quorum(call: &Call<'_>) -> Result<String, String> {
    match call.value() {
        None => Ok("quorum()".to_owned()),
        Some(_) => Err(not_here(
            "cluster /quorum:RESOURCE",
            "the quorum disk stands in the cluster file, quorum: Standard(…)",
        )),
    }
}

fn log_size(call: &Call<'_>) -> Result<String, String> {
    let Some(typed) = call.value() else {
        return Ok("quorum().get(\"MaxQuorumLogSize\")".to_owned());
    };
    let size = typed
        .parse::<u32>()
        .ok()
        .and_then(|size| size.checked_mul(1_024));
    let size = size
        .ok_or_else(|| format!("/maxlogsize takes a number of kilobytes, and {typed} is none"))?;
    Ok(format!("quorum().set(\"MaxQuorumLogSize\", {size})"))
}

/// The ends of values that say what kind they are.
const KINDS: [(&str, Kind); 10] = [
    ("DWORD", Kind::Number),
    ("LONG", Kind::Number),
    ("ULARGE", Kind::Number),
    ("STR", Kind::Text),
    ("STRING", Kind::Text),
    ("EXPANDSTR", Kind::Text),
    ("EXPANDSTRING", Kind::Text),
    ("MULTISTR", Kind::List),
    ("MULTISTRING", Kind::List),
    ("BINARY", Kind::Bytes),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
    List,
    Bytes,
}

fn properties(call: &Call<'_>) -> Result<String, String> {
    if call.values.is_empty() {
        let name = if call.noun == "quorum" { "" } else { call.it };
        return Ok(format!(":properties {name}").trim_end().to_owned());
    }
    let lines = call.values.iter().map(|value| property(call, &value.text));
    Ok(lines.collect::<Result<Vec<_>, _>>()?.join("; "))
}

/// `NAME`, `NAME=VALUE`, `NAME=VALUE:KIND`, `NAME=usedefault`, or `NAME` with `/usedefault`.
fn property(call: &Call<'_>, typed: &str) -> Result<String, String> {
    let Some((name, value)) = typed.split_once('=') else {
        return Ok(match call.has("usedefault") {
            true => set(call, typed, None),
            false => format!("{}.get({})", call.object(), text(typed)),
        });
    };
    let default = value
        .trim_start_matches('/')
        .eq_ignore_ascii_case("usedefault");
    if default || call.has("usedefault") {
        return Ok(set(call, name, None));
    }
    let kind = value.rsplit_once(':').and_then(|(value, kind)| {
        let known = KINDS
            .iter()
            .find(|(word, _)| word.eq_ignore_ascii_case(kind));
        known.map(|(_, kind)| (value, *kind))
    });
    let written = match kind {
        None => property_value(call, name, value),
        Some((value, Kind::Number)) => property_value(call, name, value),
        Some((value, Kind::Text)) => text(value),
        Some((value, Kind::List)) => list(value.split([',', ';'])),
        Some((_, Kind::Bytes)) => {
            return Err(not_here(
                "a property of kind BINARY",
                "properties are numbers, texts and lists of texts",
            ));
        }
    };
    Ok(format!(
        "{}.set({}, {written})",
        object(call.noun, call.it),
        text(name)
    ))
}
