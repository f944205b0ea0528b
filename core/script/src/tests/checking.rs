//! Mistakes that are found before anything runs.

use quorate_drill::Severity;

use crate::check_script;

fn rules(script: &str) -> Vec<(String, usize, Option<String>)> {
    check_script("t.rhai", script)
        .into_iter()
        .inspect(|finding| assert_eq!(finding.severity, Severity::Error))
        .map(|finding| (finding.rule, finding.place.line, finding.help))
        .collect()
}

#[track_caller]
fn finds(script: &str, rule: &str, line: usize, help: &str) {
    let found = rules(script);
    let hit = found.iter().any(|(it, at, text)| {
        it == rule && *at == line && text.as_deref().unwrap_or_default().contains(help)
    });
    assert!(
        hit,
        "wanted {rule} at line {line} with {help:?}, got {found:#?}"
    );
    assert_eq!(found.len(), 1, "{found:#?}");
}

#[test]
fn unknown_functions_come_with_the_nearest_name() {
    finds(
        "\nnodde(\"NODE1\").crash();",
        "unknown-function",
        2,
        "did you mean \"node\"?",
    );
    finds(
        "let f = || { evntually(|| true, \"5m\"); };",
        "unknown-function",
        1,
        "\"eventually\"",
    );
}

#[test]
fn wrong_arity_comes_with_how_to_write_it() {
    finds(
        "eventually(|| true);",
        "wrong-arity",
        1,
        "eventually(condition, within)",
    );
    finds(
        "group(\"EVS1\").move_to();",
        "wrong-arity",
        1,
        "move_to(node)",
    );
    finds("fn twice(x) { x + x }\ntwice(1, 2);", "wrong-arity", 2, "");
    finds("group();", "wrong-arity", 1, "group(name)");
}

#[test]
fn unknown_members_are_found_on_known_objects() {
    finds(
        "group(\"EVS3\").onwer;",
        "unknown-property",
        1,
        "did you mean \"owner\"?",
    );
    finds(
        "node(\"N\").crahs();",
        "unknown-method",
        1,
        "did you mean \"crash\"?",
    );
    finds(
        "let n = node(\"N\");\nn.crahs();",
        "unknown-method",
        2,
        "did you mean \"crash\"?",
    );
    finds(
        "group(\"EVS3\").is_online();",
        "unknown-method",
        1,
        "without ()",
    );
    finds("node(\"N\").crash;", "unknown-property", 1, "write crash()");
    finds(
        "node(\"N\").nic(\"P\").fial();",
        "unknown-method",
        1,
        "\"fail\"",
    );
    finds(
        "expect(group(\"EVS3\").stat == \"Online\");",
        "unknown-property",
        1,
        "\"state\"",
    );
    finds(
        "nodes().filer(|n| n.is_up);",
        "unknown-method",
        1,
        "\"filter\"",
    );
    finds(
        "quorum().has_quorm;",
        "unknown-property",
        1,
        "\"has_quorum\"",
    );
}

#[test]
fn unknown_variables_and_syntax_are_found() {
    finds(
        "let wanted = 1;\nlet b = wantd;",
        "unknown-variable",
        2,
        "\"wanted\"",
    );
    finds("run(\"5m\"", "syntax", 1, "");
    finds("let a = ;", "syntax", 1, "");
    finds("const X = 5;\nfn f() { X }", "unknown-variable", 2, "");
}

#[test]
fn sound_scripts_have_no_findings() {
    for script in [
        "drill(\"t\", #{ cluster: \"c\" }, || { expect(outage(\"EVS3\") < 3.minutes); });",
        "let list = [1, 2]; list.push(3); list.map(|x| x * 2).filter(|x| x > 2).len();",
        "let m = #{ f: |x| x + 1, n: 5 }; m.f.call(1); m.n; m.keys();",
        "fn f(a, b) { a + b } f(1, 2); let g = Fn(\"f\"); g.call(1, 2);",
        "let text = \"a\"; text.to_upper(); text.len(); text.len; print(text); type_of(text);",
        "for n in nodes() { n.crash(); n.name; } for (x, i) in [1] { print(x + i); }",
        "let e = events(#{kind: \"step\"}); e[0].title; e[0].time < 5.minutes; e.len();",
        "try { group(\"X\").offline(); } catch (err) { note(`${err}`); }",
        "switch group(\"X\").state { \"Online\" => 1, _ => 2 };",
        "if true { throw \"x\"; } while false { break; } let x = (); x == ();",
        "let f = |x| x; f.call(1); f.curry(2).call();",
        "let p = partition([[\"A\"], [\"B\"]]); p.heal(); heal(); network(\"P\").loss(0.5).heal();",
    ] {
        assert_eq!(rules(script), [], "{script}");
    }
}

#[test]
fn a_variable_that_is_declared_as_elsewhere_says_how() {
    let found = rules("\nvar x = 5;");
    let declared = |(_, line, help): &(String, usize, Option<String>)| {
        *line == 2 && help.as_deref() == Some("a variable is declared by `let`")
    };
    assert!(found.iter().any(declared), "{found:?}");
    assert!(rules("let x = var(\"x\", 5);").is_empty());
}
