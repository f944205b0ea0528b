//! Checks that a drill waits for the effects of its faults.

use quorate_drill::{Finding, Severity};
use rhai::{AST, ASTNode, Position};

use crate::lexicon::Lexicon;
use crate::outline::{Outline, WAITS, called};
use crate::place::place_at;

/// The part that a call plays for this check.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Drill,
    Fault,
    Wait,
}

/// A warning for each drill that does not wait after its last fault.
pub(super) fn findings(file: &str, source: &str, lexicon: &Lexicon, ast: &AST) -> Vec<Finding> {
    let outline = Outline::of(ast);
    let mut calls: Vec<(Position, Position, What)> = Vec::new();
    ast.walk(&mut |path| {
        let Some((name, at)) = called(path) else {
            return true;
        };
        let makes_fault = || {
            let words = lexicon.functions(name).iter();
            words
                .filter(|word| word.is_ours)
                .any(|word| word.returns == Some("Fault"))
        };
        let what = match name {
            "drill" => What::Drill,
            // The script's own functions are not followed: they may contain a wait.
            name if WAITS.contains(&name) || outline.names.iter().any(|own| own == name) => {
                What::Wait
            }
            _ if makes_fault() => What::Fault,
            _ => return true,
        };
        if !outline.is_in_named(at) {
            let root = path.first().map_or(at, ASTNode::position);
            calls.push((at, root, what));
        }
        true
    });
    calls.sort_by_key(|(at, ..)| *at);
    let drills = calls.iter().filter(|(.., what)| *what == What::Drill);
    let left = drills.filter_map(|(drill, ..)| {
        let body = outline.body_of(*drill)?;
        // A fault inside an inner function may be one that must be refused, so it does not count. A function without
        // braces has a start but no end.
        let direct = |at: &Position, root: &Position| {
            let mut inner = outline
                .closures
                .iter()
                .filter(|span| span.start > body.start);
            !inner.any(|span| span.contains(at) || span.start == *root)
        };
        let told = calls.iter().filter(|(at, ..)| body.contains(at));
        told.fold(None, |left, (at, root, what)| match what {
            What::Fault if direct(at, root) => Some(*at),
            What::Wait => None,
            What::Fault | What::Drill => left,
        })
    });
    left.map(|at| nothing_waits(file, source, at)).collect()
}

fn nothing_waits(file: &str, source: &str, at: Position) -> Finding {
    Finding {
        place: place_at(file, source, at),
        rule: "nothing-waits".to_owned(),
        severity: Severity::Warning,
        message: "nothing waits after this fault: in the instant of a fault the cluster knows nothing of it"
            .to_owned(),
        help: Some(
            "let time pass: recovers(\"GROUP\", 5.minutes), becomes(|| ..., 5.minutes), eventually(|| ..., 5.minutes), settle() or run(\"5m\")"
                .to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use crate::check::check_script;

    fn warnings(body: &str) -> usize {
        let source = format!("drill(\"d\", #{{ cluster: \"c.ron\" }}, || {{\n{body}\n}});\n");
        let findings = check_script("d.rhai", &source).into_iter();
        findings.filter(|it| it.rule == "nothing-waits").count()
    }

    #[test]
    fn a_fault_that_is_refused_needs_no_wait() {
        for refused in [
            "expect_error(|| node(\"NODE2\").crash(), \"is off\");",
            "expect_error(|| { node(\"NODE2\").crash(); }, \"is off\");",
        ] {
            let body = format!("node(\"NODE2\").crash();\nrun(\"1m\");\n{refused}");
            assert_eq!(warnings(&body), 0, "{refused}");
            let body = format!("{refused}\nnode(\"NODE2\").crash();");
            assert_eq!(warnings(&body), 1, "{refused}");
        }
    }
}
