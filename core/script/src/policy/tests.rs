//! Calls policy scripts directly, and compares their page with the code.

use std::collections::{BTreeMap, BTreeSet};

use quorate_journal::Cause;
use quorate_model::{NodeId, NodeState, POLICY_MAX_BYTES, PolicyScript};
use quorate_node::{Choice, LocalTime, Policies, Policy, PolicyError, PolicyGroup, PolicyNode};

use super::{RhaiPolicies, check_policy, engine, fields};
use crate::policy_docs as told;

const PAGE: &str = include_str!("../../../../docs/policies.md");

fn compile(text: &str) -> Result<Box<dyn Policy>, PolicyError> {
    RhaiPolicies.compile(&PolicyScript {
        file: "test.rhai".to_owned(),
        text: text.to_owned(),
    })
}

fn node(id: u8) -> PolicyNode {
    PolicyNode {
        name: format!("NODE{id}").into(),
        id: NodeId(id),
        state: NodeState::Up,
        attributes: BTreeMap::new(),
        groups: Vec::new(),
        preferred: None,
        possible: true,
        anti_affine: false,
    }
}

/// The answer of a `choose_owner` with this body, on a stack that fits scripts.
fn choose(body: &str) -> Result<Choice, PolicyError> {
    let text =
        format!("fn deep(n) {{ deep(n + 1) }}\nfn choose_owner(group, candidates) {{\n{body}\n}}");
    crate::on_script_thread(move || {
        let group = PolicyGroup {
            name: "Orders".into(),
            owner: "NODE1".into(),
            cause: Cause::NodeFailure,
            built_in: Some("NODE2".into()),
            attributes: BTreeMap::new(),
            preferred_owners: Vec::new(),
            anti_affinity_classes: Vec::new(),
            failovers: 0,
            failover_threshold: 10,
            nodes: vec![node(1), node(2), node(3)],
            time: LocalTime {
                hour: 8,
                minute: 0,
                weekday: 4,
            },
        };
        compile(&text)?.choose_owner(&group, &[node(2), node(3)])
    })
    .unwrap()
}

#[test]
fn answers_are_nodes_names_stay_or_no_opinion() {
    for (body, wanted) in [
        ("candidates[1]", Choice::Node("NODE3".to_owned())),
        ("group.built_in", Choice::Node("NODE2".to_owned())),
        ("stay()", Choice::Stay),
        ("()", Choice::BuiltIn),
        ("if group.hour > 20 { return stay(); }", Choice::BuiltIn),
    ] {
        assert_eq!(choose(body), Ok(wanted), "{body}");
    }
}

#[test]
fn errors_say_what_and_where() {
    for (body, wanted) in [
        ("give_up()", "it answers give_up()"),
        ("candidates", "what counts is a node's name"),
        ("candidates[7]", "(line 3, column 12)"),
        (
            "let n = 0; loop { n += 1; }",
            "limit of 100000 operations (in the function at line 2)",
        ),
        ("deep(0)", "16 calls inside each other"),
        ("let all = []; loop { all.push(1); }", "too large ("),
        ("let text = \"x\"; loop { text += text; }", "too "),
        ("throw \"no\"", "no (line 3"),
    ] {
        let error = choose(body).unwrap_err().0;
        assert!(error.contains(wanted), "{body}: {error}");
    }
}

#[test]
fn a_script_sees_nothing_but_its_arguments() {
    for body in [
        "timestamp()",
        "sleep(1)",
        "rand()",
        "eval(\"1\")",
        "import \"x\" as x;",
        "node(\"NODE1\")",
        "group(\"Orders\")",
    ] {
        assert!(choose(body).is_err(), "{body}");
    }
}

#[test]
fn the_shipped_policies_and_the_pages_example_are_sound() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/policies");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(check_policy(&path.display().to_string(), &text), []);
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(PAGE.contains(&format!("| `{name}` |")), "{name}");
        count += 1;
    }
    assert_eq!(count, 4);
    let example = PAGE
        .split("```rhai\n")
        .find(|it| it.starts_with("fn is_gold"));
    let example = example.unwrap().split("```").next().unwrap();
    assert_eq!(check_policy("gold.rhai", example), []);
}

/// The names in the first column of the table with this head on the page.
fn table(head: &str) -> BTreeSet<String> {
    let rows = PAGE
        .split(&format!("| {head} |"))
        .nth(1)
        .unwrap_or_else(|| panic!("no {head}"));
    rows.lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .filter_map(|line| line.split('`').nth(1))
        .map(str::to_owned)
        .collect()
}

#[test]
fn editors_are_told_of_every_field_what_the_page_says() {
    let known = fields::known();
    let mut told: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (kind, name, _, text) in told::FIELDS {
        told.entry(kind).or_default().push(name.to_owned());
        let as_of_group = told::FIELDS
            .iter()
            .any(|it| it.0 == "group" && it.1 == name && it.3 == text);
        let row = |text: &str| PAGE.contains(&format!("| `{name}` | {text} |"));
        assert!(
            row(text) || as_of_group && row("as of `group`"),
            "{kind}.{name}: {text}"
        );
    }
    for (kind, mut wanted) in known {
        let found = told.entry(kind).or_default();
        found.sort();
        wanted.sort();
        assert_eq!(*found, wanted, "{kind}");
    }
    let causes = told::field_words("group", "cause").unwrap();
    for cause in causes {
        assert!(PAGE.contains(&format!("`\"{cause}\"`")), "{cause}");
    }
}

#[test]
fn the_page_has_every_field_and_every_limit() {
    for (kind, wanted) in fields::known() {
        let head = match kind {
            "candidate" => "field of a candidate".to_owned(),
            "hosted group" => "field of a hosted group".to_owned(),
            kind => format!("field of `{kind}`"),
        };
        assert_eq!(table(&head), wanted.into_iter().collect(), "{kind}");
    }
    for (limit, value) in [
        (
            "operations for one answer",
            usize::try_from(engine::OPERATIONS_MAX).unwrap(),
        ),
        ("calls inside each other", engine::CALLS_MAX),
        ("items of a list or map", engine::ITEMS_MAX),
        ("bytes of a text", engine::TEXT_MAX),
        ("bytes of a script", POLICY_MAX_BYTES),
    ] {
        assert!(
            PAGE.contains(&format!("| {limit} | {value} |")),
            "{limit}: {value}"
        );
    }
    for field in [
        "subject", "policy", "function", "cause", "decision", "reason", "built_in",
    ] {
        assert!(table("field of an event").contains(field), "{field}");
    }
}

#[test]
fn the_page_names_drills_that_are_there() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/drills/policies");
    let texts: String = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    let named: Vec<&str> = PAGE
        .lines()
        .filter_map(|line| line.strip_suffix("` |")?.rsplit('`').next())
        .filter(|name| name.contains(": "))
        .collect();
    assert_eq!(named.len(), 8);
    for name in named {
        assert!(texts.contains(&format!("drill(\"{name}\"")), "{name}");
    }
}
