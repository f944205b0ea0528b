//! The table of commands, and what each is here.

use super::super::table::{Call, Here, list, object, set, text};
use Here::{Line, Made, Not};
use Takes::{Subject, Switch};

/// One command.
pub(in super::super) struct Cmdlet {
    pub(in super::super) name: &'static str,
    /// What its first parameter names, as a noun of the drill language; empty where it names nothing that there is.
    pub(in super::super) noun: &'static str,
    pub(in super::super) parameters: &'static [Parameter],
    pub(in super::super) here: Here,
}

/// A parameter of a command.
pub(in super::super) struct Parameter {
    pub(in super::super) name: &'static str,
    pub(in super::super) kind: Takes,
}

/// What a parameter takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Takes {
    /// The object that the command is about, of this noun where it is another than the command's; may come first without
    /// its name.
    Subject(&'static str),
    /// A value, or several; may come next without its name.
    Value,
    /// Nothing.
    Switch,
    /// What we do not have: what to do instead.
    Not(&'static str),
}

const fn given(name: &'static str, kind: Takes) -> Parameter {
    Parameter { name, kind }
}

const NAME: Parameter = given("Name", Subject(""));
const FORCE: Parameter = given("Force", Switch);
const WAIT: Parameter = given("Wait", Takes::Value);

/// Parameters that every command has.
pub(super) const COMMON: &[Parameter] = &[
    given("Cluster", Takes::Value),
    given(
        "InputObject",
        Takes::Not("name the object, or send it through a pipe: Get-ClusterGroup EVS1 | …"),
    ),
    given("WhatIf", Switch),
    given("Confirm", Switch),
    given("Verbose", Switch),
    given("Debug", Switch),
    given("ErrorAction", Takes::Value),
    given("WarningAction", Takes::Value),
    given("OutVariable", Takes::Not("let name = … keeps a value")),
];

const fn cmdlet(
    name: &'static str,
    noun: &'static str,
    parameters: &'static [Parameter],
    here: Here,
) -> Cmdlet {
    Cmdlet {
        name,
        noun,
        parameters,
        here,
    }
}

/// Every command.
pub(in super::super) const CMDLETS: &[Cmdlet] = &[
    cmdlet(
        "Get-Cluster",
        "quorum",
        &[
            given("Name", Takes::Value),
            given("Domain", Takes::Not("there are no domains")),
        ],
        Line(":status"),
    ),
    cmdlet(
        "Get-ClusterNode",
        "node",
        &[NAME],
        Made("node({it}), nodes()", get),
    ),
    cmdlet(
        "Get-ClusterGroup",
        "group",
        &[
            NAME,
            given("VMId", Takes::Not("there are no virtual machines")),
        ],
        Made("group({it}), groups()", get),
    ),
    cmdlet(
        "Get-ClusterResource",
        "resource",
        &[
            NAME,
            given("VMId", Takes::Not("there are no virtual machines")),
        ],
        Made("resource({it}), resources()", get),
    ),
    cmdlet(
        "Get-ClusterResourceType",
        "",
        &[given("Name", Takes::Value)],
        Line(":plugin list"),
    ),
    cmdlet(
        "Get-ClusterResourceDependency",
        "resource",
        &[given("Resource", Subject(""))],
        Line("resource({it}).depends_on"),
    ),
    cmdlet(
        "Get-ClusterOwnerNode",
        "group",
        &[
            given("Group", Subject("group")),
            given("Resource", Subject("resource")),
            given(
                "ResourceType",
                Takes::Not("resource types have no owners of their own"),
            ),
        ],
        Made(
            "group({it}).preferred_owners, resource({it}).get(\"PossibleOwners\")",
            owners,
        ),
    ),
    cmdlet(
        "Get-ClusterParameter",
        "",
        &[given("Name", Takes::Value)],
        Made("resource({it}).get(\"…\"), :properties {it}", get_parameter),
    ),
    cmdlet("Get-ClusterQuorum", "quorum", &[], Line("quorum()")),
    cmdlet(
        "Get-ClusterLog",
        "",
        &[
            given("Node", Takes::Value),
            given("TimeSpan", Takes::Value),
            given("Destination", Takes::Not("the journal is shown, :events")),
        ],
        Line(":events"),
    ),
    cmdlet(
        "Get-ClusterNetwork",
        "network",
        &[NAME],
        Made("network({it}), networks()", get),
    ),
    cmdlet(
        "Get-ClusterNetworkInterface",
        "",
        &[
            given("Name", Takes::Value),
            given("Node", Takes::Value),
            given("Network", Takes::Value),
        ],
        Not(
            "a card has no state that a cluster knows; node(\"…\").nic(\"…\") breaks and repairs it",
        ),
    ),
    cmdlet(
        "Add-ClusterGroup",
        "",
        &[
            given("Name", Takes::Value),
            given("GroupType", Takes::Value),
        ],
        Not(
            "write the group into the cluster file; create_virtual_server(#{ … }) makes an Exchange virtual server",
        ),
    ),
    cmdlet(
        "Remove-ClusterGroup",
        "group",
        &[NAME, FORCE, given("RemoveResources", Switch)],
        Not(
            "take the group out of the cluster file; resource(\"…\").delete() takes single resources out",
        ),
    ),
    cmdlet(
        "Add-ClusterNode",
        "node",
        &[
            NAME,
            given("NoStorage", Takes::Not("all nodes see all disks")),
        ],
        Made("add_node(#{ name: {it} })", add_node),
    ),
    cmdlet(
        "Remove-ClusterNode",
        "node",
        &[
            NAME,
            FORCE,
            WAIT,
            given("CleanupDisks", Takes::Not("no disk belongs to one node")),
        ],
        Line("node({it}).evict()"),
    ),
    cmdlet(
        "Add-ClusterResource",
        "",
        &[
            given("Name", Takes::Value),
            given("ResourceType", Takes::Value),
            given("Group", Takes::Value),
            given("SeparateMonitor", Switch),
        ],
        Not("write the resource into the cluster file"),
    ),
    cmdlet(
        "Remove-ClusterResource",
        "resource",
        &[NAME, FORCE],
        Line("resource({it}).delete()"),
    ),
    cmdlet(
        "Add-ClusterResourceDependency",
        "resource",
        &[
            given("Resource", Subject("")),
            given("Provider", Takes::Value),
        ],
        Not("dependencies are depends_on in the cluster file"),
    ),
    cmdlet(
        "Remove-ClusterResourceDependency",
        "resource",
        &[
            given("Resource", Subject("")),
            given("Provider", Takes::Value),
        ],
        Not("dependencies are depends_on in the cluster file"),
    ),
    cmdlet(
        "Set-ClusterResourceDependency",
        "resource",
        &[
            given("Resource", Subject("")),
            given("Dependency", Takes::Value),
        ],
        Not(
            "dependencies are depends_on in the cluster file; all of them must be online, there is no \"or\"",
        ),
    ),
    cmdlet(
        "Add-ClusterCheckpoint",
        "",
        &[
            given("ResourceName", Takes::Value),
            given("RegistryCheckpoint", Takes::Value),
            given("CryptoCheckpointName", Takes::Value),
        ],
        Not("there are no registry keys: a plugin keeps its own checkpoints"),
    ),
    cmdlet(
        "Remove-ClusterCheckpoint",
        "",
        &[
            given("ResourceName", Takes::Value),
            given("RegistryCheckpoint", Takes::Value),
            given("CryptoCheckpointName", Takes::Value),
            FORCE,
        ],
        Not("there are no registry keys: a plugin keeps its own checkpoints"),
    ),
    cmdlet(
        "Set-ClusterOwnerNode",
        "group",
        &[
            given("Owners", Takes::Value),
            given("Group", Subject("group")),
            given("Resource", Subject("resource")),
        ],
        Made(
            "group({it}).set(\"PreferredOwners\", [{value}]), resource({it}).set(\"PossibleOwners\", [{value}])",
            set_owners,
        ),
    ),
    cmdlet(
        "Set-ClusterParameter",
        "",
        &[
            given("Name", Takes::Value),
            given("Value", Takes::Value),
            given("Delete", Switch),
            given(
                "Create",
                Takes::Not("a resource has the properties of its type, and no others"),
            ),
            given("Multiple", Takes::Not("one property a line")),
        ],
        Made("resource({it}).set(\"…\", {value})", set_parameter),
    ),
    cmdlet(
        "Set-ClusterQuorum",
        "",
        &[
            given("NodeMajority", Switch),
            given("NodeAndDiskMajority", Takes::Value),
            given("NodeAndFileShareMajority", Takes::Value),
            given("DiskOnly", Takes::Value),
            given("NoWitness", Switch),
            given("DiskWitness", Takes::Value),
            given("FileShareWitness", Takes::Value),
        ],
        Not("the quorum stands in the cluster file: Standard, MajorityNodeSet or Local"),
    ),
    cmdlet(
        "Start-Cluster",
        "",
        &[
            given("Name", Takes::Value),
            WAIT,
            given(
                "IgnorePersistentState",
                Takes::Not("each group comes as it was last wanted"),
            ),
            given(
                "FixQuorum",
                Takes::Not("Start-ClusterNode -FixQuorum, for one node"),
            ),
        ],
        Line("for node in nodes() { node.start_service() }"),
    ),
    cmdlet(
        "Stop-Cluster",
        "",
        &[given("Name", Takes::Value), WAIT, FORCE],
        Line("for node in nodes() { node.stop_service() }"),
    ),
    cmdlet(
        "Start-ClusterGroup",
        "group",
        &[
            NAME,
            WAIT,
            given(
                "ChooseBestNode",
                Takes::Not("a group comes online where it is; Move-ClusterGroup chooses"),
            ),
            given("IgnoreLocked", Switch),
            given("IgnoreOfflineState", Switch),
            given("NoGroupChecks", Switch),
        ],
        Made("group({it}).online()", start),
    ),
    cmdlet(
        "Stop-ClusterGroup",
        "group",
        &[
            NAME,
            WAIT,
            given("IgnoreLocked", Switch),
            FORCE,
            given("SaveState", Takes::Not("no memory is saved")),
        ],
        Made("group({it}).offline()", stop),
    ),
    cmdlet(
        "Start-ClusterNode",
        "node",
        &[
            NAME,
            WAIT,
            given("FixQuorum", Switch),
            given("FQ", Switch),
            given("ForceQuorum", Switch),
            given(
                "ClearQuarantine",
                Takes::Not("nodes are not quarantined; :plugin release is for plugins"),
            ),
            given(
                "PreventQuorum",
                Takes::Not("a node joins or forms as it finds the others"),
            ),
            given(
                "PQ",
                Takes::Not("a node joins or forms as it finds the others"),
            ),
            given(
                "IgnorePersistentState",
                Takes::Not("each group comes as it was last wanted"),
            ),
        ],
        Made(
            "node({it}).start_service(), with -FixQuorum node({it}).start_service(#{ force_quorum: [{it}] })",
            start_node,
        ),
    ),
    cmdlet(
        "Stop-ClusterNode",
        "node",
        &[NAME, WAIT, FORCE],
        Line("node({it}).stop_service()"),
    ),
    cmdlet(
        "Start-ClusterResource",
        "resource",
        &[
            NAME,
            WAIT,
            given(
                "ChooseBestNode",
                Takes::Not("a resource comes online where its group is"),
            ),
            given("IgnoreLocked", Switch),
        ],
        Made("resource({it}).online()", start),
    ),
    cmdlet(
        "Stop-ClusterResource",
        "resource",
        &[NAME, WAIT, given("IgnoreLocked", Switch), FORCE],
        Made("resource({it}).offline()", stop),
    ),
    cmdlet(
        "Move-ClusterGroup",
        "group",
        &[
            NAME,
            given("Node", Takes::Value),
            WAIT,
            given("IgnoreLocked", Switch),
            given(
                "MigrationType",
                Takes::Not("there are no virtual machines: a group goes offline and comes online"),
            ),
            given(
                "Cancel",
                Takes::Not("a move that has begun is not called back: move it again"),
            ),
        ],
        Made("group({it}).move_to({value}), group({it}).move()", moved),
    ),
    cmdlet(
        "Move-ClusterResource",
        "resource",
        &[NAME, given("Group", Takes::Value)],
        Not(
            "a resource stays in its group: change the cluster file; Move-ClusterGroup moves a group to a node",
        ),
    ),
    cmdlet(
        "Suspend-ClusterNode",
        "node",
        &[
            NAME,
            given("Drain", Switch),
            WAIT,
            given("ForceDrain", Switch),
            given(
                "TargetNode",
                Takes::Not(
                    "each group goes where it best can; group(\"…\").move_to(\"…\") beforehand",
                ),
            ),
        ],
        Made("node({it}).pause()", suspend),
    ),
    cmdlet(
        "Resume-ClusterNode",
        "node",
        &[
            NAME,
            given(
                "Failback",
                Takes::Not("groups go back by their own failback, AutoFailbackType"),
            ),
        ],
        Line("node({it}).resume()"),
    ),
    cmdlet(
        "Clear-ClusterNode",
        "node",
        &[
            NAME,
            FORCE,
            WAIT,
            given("CleanupDisks", Takes::Not("no disk belongs to one node")),
        ],
        Line("node({it}).forcecleanup()"),
    ),
    cmdlet(
        "Test-ClusterResourceFailure",
        "resource",
        &[NAME],
        Line("resource({it}).fail()"),
    ),
    cmdlet(
        "Test-Cluster",
        "",
        &[
            given("Node", Takes::Value),
            given("Include", Takes::Value),
            given("Ignore", Takes::Value),
            given("ReportName", Takes::Value),
        ],
        Not(
            "quorate check looks for mistakes in a cluster file, quorate node --check for what a machine lacks; both in a shell",
        ),
    ),
    cmdlet(
        "New-Cluster",
        "",
        &[
            given("Name", Takes::Value),
            given("Node", Takes::Value),
            given("StaticAddress", Takes::Value),
            given("NoStorage", Switch),
        ],
        Not("write a cluster file; cluster(\"FILE\") opens it"),
    ),
];

fn get(call: &Call<'_>) -> Result<String, String> {
    Ok(match call.it {
        "" => format!("{}s()", call.noun),
        _ => call.object(),
    })
}

fn owners(call: &Call<'_>) -> Result<String, String> {
    match (call.noun, call.it) {
        (_, "") => {
            Err("Get-ClusterOwnerNode of what? -Group NAME or -Resource NAME follows".to_owned())
        }
        ("group", _) => Ok(format!("{}.preferred_owners", call.object())),
        _ => Ok(format!("{}.get(\"PossibleOwners\")", call.object())),
    }
}

fn set_owners(call: &Call<'_>) -> Result<String, String> {
    let property = if call.noun == "group" {
        "PreferredOwners"
    } else {
        "PossibleOwners"
    };
    let nodes = call.values.iter().flat_map(|value| value.text.split(','));
    let nodes = list(nodes.map(str::trim).filter(|node| !node.is_empty()));
    Ok(format!("{}.set(\"{property}\", {nodes})", call.object()))
}

fn get_parameter(call: &Call<'_>) -> Result<String, String> {
    match (call.noun, call.value()) {
        ("", _) => Err("Get-ClusterParameter of what? Get-ClusterResource \"EVS1 SMTP\" | Get-ClusterParameter".to_owned()),
        ("node", _) => Err("nodes have no parameters".to_owned()),
        (_, Some(property)) => Ok(format!("{}.get({})", call.object(), text(property))),
        (_, None) => Ok(format!(":properties {}", call.it).trim_end().to_owned()),
    }
}

fn set_parameter(call: &Call<'_>) -> Result<String, String> {
    if call.noun == "node" {
        return Err("nodes have no parameters".to_owned());
    }
    match (&*call.values, call.has("delete")) {
        ([property, ..], true) => Ok(set(call, &property.text, None)),
        ([property, value, ..], false) => Ok(set(call, &property.text, Some(&value.text))),
        _ => Err(
            "a property and its value follow: Set-ClusterParameter RestartThreshold 5".to_owned(),
        ),
    }
}

fn add_node(call: &Call<'_>) -> Result<String, String> {
    Ok(format!("add_node(#{{ name: {} }})", text(call.it)))
}

fn start(call: &Call<'_>) -> Result<String, String> {
    Ok(format!("{}.online()", call.object()))
}

fn stop(call: &Call<'_>) -> Result<String, String> {
    Ok(format!("{}.offline()", call.object()))
}

fn start_node(call: &Call<'_>) -> Result<String, String> {
    let forced = ["fixquorum", "fq", "forcequorum"]
        .iter()
        .any(|it| call.has(it));
    let switch = match (forced, call.subjects.has_majority()) {
        (false, _) => String::new(),
        (true, true) => format!("#{{ force_quorum: [{}] }}", text(call.it)),
        (true, false) => "#{ fix_quorum: true }".to_owned(),
    };
    Ok(format!(
        "{}.start_service({switch})",
        object("node", call.it)
    ))
}

fn moved(call: &Call<'_>) -> Result<String, String> {
    Ok(match call.value() {
        Some(node) => format!("{}.move_to({})", call.object(), text(node)),
        None => format!("{}.move()", call.object()),
    })
}

fn suspend(call: &Call<'_>) -> Result<String, String> {
    let it = call.object();
    Ok(match call.has("drain") || call.has("forcedrain") {
        true => format!("{it}.pause(); for name in {it}.groups {{ group(name).move() }}"),
        false => format!("{it}.pause()"),
    })
}
