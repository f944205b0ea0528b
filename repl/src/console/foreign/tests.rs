//! Each family against its originals.

use std::fmt::Write as _;
use std::path::Path;

use quorate_drill::stage::PropertyStatus;
use quorate_model::Value;

use super::cluster_exe::{Of, VERBS, object_word};
use super::line::{fits, full};
use super::pacemaker::WORDS;
use super::powershell::{CMDLETS, Takes};
use super::table::Here;
use super::*;

/// A small cluster.
struct Small {
    majority: bool,
}

impl Subjects for Small {
    fn cluster(&self) -> Option<String> {
        Some("CLUSTER1".to_owned())
    }
    fn has_majority(&self) -> bool {
        self.majority
    }
    fn group_of(&self, resource: &str) -> Option<String> {
        resource.starts_with("EVS1 ").then(|| "EVS1".to_owned())
    }
    fn is_group(&self, name: &str) -> bool {
        name == "EVS1"
    }
    fn property(&self, _: &str, property: &str) -> Option<PropertyStatus> {
        let value = match property {
            "AntiAffinityClassNames" => Value::List(Vec::new()),
            "ServiceName" => Value::Text(String::new()),
            _ => return None,
        };
        Some(PropertyStatus {
            name: property.to_owned(),
            value: Some(value),
            default: None,
            takes: String::new(),
            doc: String::new(),
            private: false,
        })
    }
}

fn heard(line: &str) -> Heard {
    hear(line, &Small { majority: true }).unwrap_or_else(|| panic!("{line} is not foreign"))
}

fn runs(line: &str) -> String {
    match heard(line) {
        Heard::Run(line) => line,
        other => panic!("{line}: {other:?}"),
    }
}

fn refused(line: &str) -> String {
    match heard(line) {
        Heard::Refused(why) => why,
        other => panic!("{line}: {other:?}"),
    }
}

/// The commands of `cluster.exe` as its documentation has them, object by object.
const ORIGINAL: &[(Of, &str)] = &[
    (
        Of::Group,
        "status create delete ren move moveto on online off offline prop priv listowners setowners wait",
    ),
    (
        Of::Resource,
        "status create group type separate delete addowner removeowner listowners moveto prop priv fail on off listdep \
         adddep removedep addcheck maint",
    ),
    (
        Of::Node,
        "status pause resume evict forcecleanup start stop prop",
    ),
    (Of::Cluster, "quorum path maxlogsize ver listnetpri"),
];

/// The commands of PowerShell for what `cluster.exe` does.
const POWERSHELL: &str = "Get-Cluster Get-ClusterNode Get-ClusterGroup Get-ClusterResource Get-ClusterResourceType \
    Get-ClusterResourceDependency Get-ClusterOwnerNode Get-ClusterParameter Get-ClusterQuorum Get-ClusterLog \
    Add-ClusterGroup Remove-ClusterGroup Add-ClusterNode Remove-ClusterNode Add-ClusterResource Remove-ClusterResource \
    Add-ClusterResourceDependency Remove-ClusterResourceDependency Add-ClusterCheckpoint Remove-ClusterCheckpoint \
    Set-ClusterOwnerNode Set-ClusterParameter Set-ClusterQuorum Set-ClusterResourceDependency Start-Cluster Stop-Cluster \
    Start-ClusterGroup Stop-ClusterGroup Start-ClusterNode Stop-ClusterNode Start-ClusterResource Stop-ClusterResource \
    Move-ClusterGroup Move-ClusterResource Suspend-ClusterNode Resume-ClusterNode Test-ClusterResourceFailure";

#[test]
fn every_command_of_the_originals_is_known() {
    for (of, words) in ORIGINAL {
        for word in words.split_whitespace() {
            let found = VERBS
                .iter()
                .any(|verb| verb.of == *of && fits(verb.word, word));
            assert!(found, "{} /{word}", object_word(*of));
        }
    }
    for name in POWERSHELL.split_whitespace() {
        assert!(CMDLETS.iter().any(|it| it.name == name), "{name}");
    }
    let start = CMDLETS.iter().find(|it| it.name == "Start-ClusterNode");
    let switches = start.map_or(&[][..], |it| it.parameters);
    assert!(switches.iter().any(|it| it.name == "FQ"));
}

#[test]
fn commands_of_cluster_exe_run_as_ours() {
    for (line, ours) in [
        (
            "cluster group EVS1 /move:NODE4",
            "group(\"EVS1\").move_to(\"NODE4\")",
        ),
        (
            "CLUSTER.EXE GROUP \"EVS1\" /MOVETO:NODE4",
            "group(\"EVS1\").move_to(\"NODE4\")",
        ),
        ("cluster group EVS1 /move", "group(\"EVS1\").move()"),
        (
            "cluster res \"EVS1 SMTP\" /fail",
            "resource(\"EVS1 SMTP\").fail()",
        ),
        (
            "cluster resource \"EVS1 SMTP\" /off",
            "resource(\"EVS1 SMTP\").offline()",
        ),
        ("cluster node NODE3 /pause", "node(\"NODE3\").pause()"),
        (
            "cluster node NODE3 /forcecl",
            "node(\"NODE3\").forcecleanup()",
        ),
        (
            "cluster CLUSTER1 node NODE3 /stop",
            "node(\"NODE3\").stop_service()",
        ),
        (
            "cluster /cluster:cluster1 node NODE3 /start",
            "node(\"NODE3\").start_service()",
        ),
        ("cluster group", ":status"),
        ("cluster", ":status"),
        ("cluster group EVS1", "group(\"EVS1\")"),
        ("cluster group EVS1 /prop", ":properties EVS1"),
        (
            "cluster group EVS1 /prop FailoverThreshold=4",
            "group(\"EVS1\").set(\"FailoverThreshold\", 4)",
        ),
        (
            "cluster group EVS1 /prop:FailoverThreshold",
            "group(\"EVS1\").get(\"FailoverThreshold\")",
        ),
        (
            "cluster res \"EVS1 SMTP\" /priv ServiceName=5 Port=0x19:DWORD",
            "resource(\"EVS1 SMTP\").set(\"ServiceName\", \"5\"); resource(\"EVS1 SMTP\").set(\"Port\", 25)",
        ),
        (
            "cluster group EVS1 /prop AntiAffinityClassNames=\"a\",\"b\":MULTISTR",
            "group(\"EVS1\").set(\"AntiAffinityClassNames\", [\"a\", \"b\"])",
        ),
        (
            "cluster res R /prop RestartThreshold=usedefault",
            "resource(\"R\").set(\"RestartThreshold\", ())",
        ),
        (
            "cluster res R /prop RestartThreshold /usedefault",
            "resource(\"R\").set(\"RestartThreshold\", ())",
        ),
        (
            "cluster group EVS1 /setowners:NODE1,NODE2",
            "group(\"EVS1\").set(\"PreferredOwners\", [\"NODE1\", \"NODE2\"])",
        ),
        (
            "cluster res R /addowner:NODE2",
            "resource(\"R\").set(\"PossibleOwners\", resource(\"R\").get(\"PossibleOwners\") + [\"NODE2\"])",
        ),
        (
            "cluster group EVS1 /move:NODE4 /wait:90",
            "group(\"EVS1\").move_to(\"NODE4\"); eventually(|| group(\"EVS1\").owner == \"NODE4\" && group(\"EVS1\").state == \
             \"Online\", \"90s\")",
        ),
        (
            "cluster /maxlogsize:64",
            "quorum().set(\"MaxQuorumLogSize\", 65536)",
        ),
        ("cluster /quorum", "quorum()"),
        ("cluster /listnetpri", "networks()"),
        ("cluster restype /list", ":plugin list"),
    ] {
        assert_eq!(runs(line), ours, "{line}");
    }
}

#[test]
fn commands_of_powershell_run_as_ours() {
    for (line, ours) in [
        (
            "Move-ClusterGroup EVS1 -Node NODE4",
            "group(\"EVS1\").move_to(\"NODE4\")",
        ),
        (
            "move-clustergroup -name 'EVS1' -nod NODE4",
            "group(\"EVS1\").move_to(\"NODE4\")",
        ),
        (
            "Move-ClusterGroup EVS1 NODE4",
            "group(\"EVS1\").move_to(\"NODE4\")",
        ),
        (
            "Move-ClusterGroup -Node:NODE4 -Name:EVS1 -Cluster CLUSTER1",
            "group(\"EVS1\").move_to(\"NODE4\")",
        ),
        (
            "Get-ClusterGroup EVS1 | Move-ClusterGroup -Node NODE4",
            "group(\"EVS1\").move_to(\"NODE4\")",
        ),
        (
            "Get-ClusterGroup EVS1|Move-ClusterGroup",
            "group(\"EVS1\").move()",
        ),
        ("Get-ClusterGroup", "groups()"),
        (
            "Get-ClusterResource \"EVS1 SMTP\"",
            "resource(\"EVS1 SMTP\")",
        ),
        (
            "Test-ClusterResourceFailure \"EVS1 SMTP\"",
            "resource(\"EVS1 SMTP\").fail()",
        ),
        (
            "Get-ClusterResource R | Set-ClusterParameter RestartThreshold 5",
            "resource(\"R\").set(\"RestartThreshold\", 5)",
        ),
        (
            "Get-ClusterResource R | Set-ClusterParameter -Name X -Delete",
            "resource(\"R\").set(\"X\", ())",
        ),
        (
            "Get-ClusterResource R | Get-ClusterParameter",
            ":properties R",
        ),
        (
            "(Get-ClusterGroup EVS1).FailoverThreshold = 4",
            "group(\"EVS1\").set(\"FailoverThreshold\", 4)",
        ),
        ("(Get-ClusterGroup EVS1).OwnerNode", "group(\"EVS1\").owner"),
        (
            "Set-ClusterOwnerNode -Group EVS1 -Owners NODE1, NODE2",
            "group(\"EVS1\").set(\"PreferredOwners\", [\"NODE1\", \"NODE2\"])",
        ),
        (
            "Set-ClusterOwnerNode -Resource R -Owners NODE1",
            "resource(\"R\").set(\"PossibleOwners\", [\"NODE1\"])",
        ),
        (
            "Start-ClusterNode NODE1 -FQ",
            "node(\"NODE1\").start_service(#{ force_quorum: [\"NODE1\"] })",
        ),
        ("Suspend-ClusterNode NODE3", "node(\"NODE3\").pause()"),
        ("Resume-ClusterNode NODE3", "node(\"NODE3\").resume()"),
        ("Remove-ClusterNode NODE3 -Force", "node(\"NODE3\").evict()"),
        (
            "Stop-ClusterGroup EVS1 -Wait 30",
            "group(\"EVS1\").offline(); eventually(|| group(\"EVS1\").state == \"Offline\", \"30s\")",
        ),
        (
            "Stop-Cluster",
            "for node in nodes() { node.stop_service() }",
        ),
    ] {
        assert_eq!(runs(line), ours, "{line}");
    }
    let forced = hear(
        "Start-ClusterNode NODE1 -FixQuorum",
        &Small { majority: false },
    );
    assert_eq!(
        forced,
        Some(Heard::Run(
            "node(\"NODE1\").start_service(#{ fix_quorum: true })".to_owned()
        ))
    );
    assert_eq!(
        heard("Move-ClusterGroup EVS1 -WhatIf"),
        Heard::Shown("group(\"EVS1\").move()".to_owned())
    );
}

#[test]
fn what_is_wrong_gets_a_sentence_and_our_word() {
    for (line, wanted) in [
        ("cluster group EVS1 /mvoe:NODE4", "did you mean /move"),
        ("cluster group EVS1 /mvoe:NODE4", "group(\"…\")"),
        ("cluster gruop EVS1 /move", "did you mean group?"),
        ("cluster group /move", "of what? A name stands before it"),
        ("cluster group EVS1 move", "a command begins with /"),
        (
            "cluster group EVS1 /create",
            "is not offered here: write the group into the cluster file",
        ),
        (
            "cluster res R /create /group:G /type:T",
            "is not offered here",
        ),
        ("cluster res R /maint:on", "is not offered here"),
        ("cluster res R /adddep:S", "depends_on in the cluster file"),
        (
            "cluster group EVS1 /move /online",
            "two commands: one a line",
        ),
        ("cluster group \"EVS1 /move", "a quote is open"),
        (
            "cluster OTHER group EVS1 /move",
            "the cluster that is open is CLUSTER1, and not OTHER",
        ),
        ("cluster group EVS1 /move /wait:soon", "soon is none"),
        (
            "cluster node NODE1 /pause:x",
            "takes nothing, and x stands there",
        ),
        (
            "cluster res R /priv X=00:BINARY",
            "numbers, texts and lists",
        ),
        ("cluster /maxlogsize:many", "many is none"),
        ("Mvoe-ClusterGroup EVS1", "did you mean Move-ClusterGroup?"),
        ("Move-ClusterGruop EVS1", "did you mean Move-ClusterGroup?"),
        ("Move-ClusterGroup", "of what?"),
        (
            "Move-ClusterGroup EVS1 -Nodes NODE4",
            "did you mean Node? ours is group({it}).move_to",
        ),
        (
            "Move-ClusterGroup EVS1 -MigrationType Live",
            "is not offered here: there are no virtual machines",
        ),
        (
            "Move-ClusterGroup EVS1 -Node",
            "a value is missing behind -Node",
        ),
        (
            "Move-ClusterGroup EVS1 NODE4 NODE5",
            "takes no more, and NODE5 stands there",
        ),
        ("Stop-ClusterGroup EVS1 -W 5", "-W may be -Wait or -WhatIf"),
        ("Get-ClusterGroup | Move-ClusterGroup", "for it in groups()"),
        (
            "Get-ClusterNode NODE1 | Move-ClusterGroup",
            "is about a group, and a node comes",
        ),
        ("Set-ClusterParameter X 5", "Get-ClusterResource"),
        (
            "Set-ClusterQuorum -NodeMajority",
            "stands in the cluster file",
        ),
        ("(Get-ClusterNode NODE1).Weight = 0", "nodes have no"),
    ] {
        let why = match heard(line) {
            Heard::Refused(why) => why,
            Heard::Run(ours) if line.contains("Weight") => {
                // The word of the drill language refuses it.
                assert!(ours.starts_with("node(\"NODE1\")"), "{ours}");
                continue;
            }
            other => panic!("{line}: {other:?}"),
        };
        assert!(why.contains(wanted), "{line}: {why}");
    }
    assert!(!refused("cluster gruop X").is_empty());
}

#[test]
fn what_pacemakers_people_type_is_answered_with_ours() {
    for (line, wanted) in [
        ("crm_mon -1", "`:status`"),
        ("pcs status", "`:status`"),
        (
            "pcs resource move EVS1 NODE4",
            "`group(\"EVS1\").move_to(\"NODE4\")`",
        ),
        (
            "pcs resource move \"EVS1 SMTP\" NODE4",
            "`group(\"EVS1\").move_to(\"NODE4\")`",
        ),
        ("pcs node standby NODE3", "`node(\"NODE3\").pause()`"),
        (
            "crm_resource --fail --resource \"EVS1 SMTP\" --node NODE1",
            "`resource(\"EVS1 SMTP\").fail()`",
        ),
        (
            "crm_resource -F -r \"EVS1 SMTP\"",
            "`resource(\"EVS1 SMTP\").fail()`",
        ),
        (
            "crm_resource --resource=EVS1 --move",
            "`group(\"EVS1\").move_to(\"NODE\")`",
        ),
        ("pcs resource disable EVS1", "`group(\"EVS1\").offline()`"),
        (
            "pcs resource config \"EVS1 SMTP\"",
            "`:properties EVS1 SMTP`",
        ),
        ("pcs frobnicate", "`:help`"),
    ] {
        let Heard::Hint(hint) = heard(line) else {
            panic!("{line}: {:?}", heard(line));
        };
        assert!(hint.contains(wanted), "{line}: {hint}");
        assert!(
            !hint.contains('{') || hint.contains("{ group("),
            "{line}: {hint}"
        );
    }
    let words = [
        "crm_mon",
        "pcs status",
        "pcs resource move",
        "pcs node standby",
        "crm_resource --fail|-F",
    ];
    assert!(
        words
            .iter()
            .all(|wanted| WORDS.iter().any(|it| it.typed == *wanted))
    );
}

#[test]
fn the_drill_language_is_not_taken_for_theirs() {
    for line in [
        "cluster(\"scripts/clusters/four-node.ron\")",
        "cluster (\"a.ron\")",
        "clusters()",
        "group(\"EVS1\")",
        "let pcs = 5",
        "pcs + 5",
        "a-clusters",
        "b - Cluster",
        "(1 + 2) * 3",
        ":status",
        "",
        "let a = 1\ncluster group EVS1",
    ] {
        assert!(!is_foreign(line), "{line}");
        assert_eq!(hear(line, &Small { majority: false }), None, "{line}");
    }
}

#[test]
fn words_are_shortened_from_their_ends_only() {
    assert!(fits("on[line]", "ON") && fits("on[line]", "onli") && fits("on[line]", "online"));
    assert!(!fits("on[line]", "o") && !fits("on[line]", "onlines") && !fits("stat[us]", "sta"));
}

/// The page of these words, which `QUORATE_WRITE_DOCS=1` writes anew.
#[test]
fn the_page_is_what_the_tables_say() {
    let mut page = HEAD.to_owned();
    let cell = |text: &str| text.replace('|', "\\|");
    let ours = |here: &Here| match here {
        Here::Line(line) => format!("`{}`", cell(line)),
        Here::Made(lines, _) => {
            let lines: Vec<String> = lines.split(", ").map(str::to_owned).collect();
            // A comma may stand inside brackets.
            format!("`{}`", cell(&lines.join(", ")))
        }
        Here::Not(instead) => format!("not by this word: {}", cell(instead)),
    };
    page.push_str("\n## cluster.exe\n\n| command | here |\n| --- | --- |\n");
    for verb in VERBS {
        let object = object_word(verb.of);
        let it = if matches!(verb.of, Of::Cluster | Of::Type) {
            ""
        } else {
            " NAME"
        };
        let word = verb.word;
        let _ = writeln!(
            page,
            "| `{object}{it} /{word}{}` | {} |",
            cell(verb.takes),
            ours(&verb.here)
        );
    }
    page.push_str("\n## PowerShell\n\n| command | here |\n| --- | --- |\n");
    for it in CMDLETS {
        let not = it.parameters.iter().filter_map(|it| match it.kind {
            Takes::Not(instead) => Some(format!("no `-{}`: {instead}", it.name)),
            _ => None,
        });
        let not: Vec<String> = not.collect();
        let not = if not.is_empty() {
            String::new()
        } else {
            format!(". There is {}", cell(&not.join("; ")))
        };
        let _ = writeln!(page, "| `{}` | {}{not} |", it.name, ours(&it.here));
    }
    page.push_str("\n## Pacemaker\n\nNothing of this runs: the words are answered with ours.\n\n| command | here |\n| --- | --- |\n");
    for word in WORDS {
        let here = cell(word.here).replace("{group}", "\"GROUP\"");
        let here = here
            .replace("{resource}", "\"RESOURCE\"")
            .replace("{node}", "\"NODE\"");
        let _ = writeln!(page, "| `{}` | {here} |", cell(word.typed));
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/administrators.md");
    if std::env::var_os("QUORATE_WRITE_DOCS").is_some() {
        std::fs::write(&file, &page).expect("the page");
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == page,
        "docs/administrators.md is not what the tables say: QUORATE_WRITE_DOCS=1 writes it anew"
    );
    assert!(full("on[line]") == "online");
}

/// The beginning of the page.
const HEAD: &str = "\
# Administrators' words

The REPL understands the commands that administrators of Windows clusters have in their fingers. Each runs, and shows the line
of the drill language that does the same:

```text
> cluster group EVS1 /move:NODE4
  group(\"EVS1\").move_to(\"NODE4\")
> Move-ClusterGroup EVS1 -Node NODE4 -Wait 60
  group(\"EVS1\").move_to(\"NODE4\"); eventually(|| group(\"EVS1\").owner == \"NODE4\" && group(\"EVS1\").state == \"Online\", \"60s\")
```

Case does not matter, names with blanks stand in quotes, and Tab completes commands, names, switches and parameters. Words may be
shortened as in the originals: of `/on[line]` what is in brackets may be left out, and of a parameter its end where no other
begins so. `-WhatIf` shows the line and does not run it. A pipe gives a command what it is about (`Get-ClusterGroup EVS1 |
Move-ClusterGroup -Node NODE4`), and properties are read and set as there: `(Get-ClusterGroup EVS1).FailoverThreshold = 4`.

In the tables `{it}` is what the command is about, and `{value}` what was given with it. Words that people search for are in an
[index of their own](words.md), and what the originals do is in [semantics](semantics.md#63-clusterexe).

- [cluster.exe](#clusterexe)
- [PowerShell](#powershell)
- [Pacemaker](#pacemaker)
";
