//! Checks of resource scripts. The resource type supplies their engine and the functions they must have.

use quorate_drill::{Finding, Place, Severity};
use quorate_model::nearest;
use rhai::{ASTNode, Engine, Expr, Stmt};

use crate::lexicon::{Lexicon, syntax, walk};

use crate::place::place_at;

/// Whether a text is a resource script rather than a drill script: it has one of the functions that the type calls,
/// and declares no drill.
pub fn is_resource_script(source: &str, calls: &[(&str, bool)]) -> bool {
    !declares_drills(source)
        && functions(source).any(|name| calls.iter().any(|(call, _)| *call == name))
}

/// Whether a text that is neither was meant to be a resource script: one of its functions has nearly the name of a
/// required one, and it declares no drill.
pub fn is_nearly_resource_script(source: &str, calls: &[(&str, bool)]) -> bool {
    let required = calls.iter().filter(|(_, required)| *required);
    let names = || required.clone().map(|(call, _)| *call);
    !declares_drills(source) && functions(source).any(|name| nearest(&name, names()).is_some())
}

/// Whether a text declares a drill.
pub fn declares_drills(source: &str) -> bool {
    source
        .lines()
        .any(|line| line.trim_start().starts_with("drill("))
}

/// The names of the functions that a text declares.
fn functions(source: &str) -> impl Iterator<Item = String> {
    source.lines().filter_map(|line| {
        let name = line.trim_start().strip_prefix("fn ")?;
        let name = name
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .next()?;
        Some(name.to_owned())
    })
}

/// Checks the resource script `source` of the file `file` against the words of `engine`. `calls` are the functions
/// that the resource type calls, without arguments, and whether each is required. `refused` are words that exist but
/// always fail, and why.
pub fn check_resource_script(
    file: &str,
    source: &str,
    engine: &Engine,
    calls: &[(&str, bool)],
    refused: &[(&str, &str)],
) -> Vec<Finding> {
    let lexicon = Lexicon::without_docs(engine);
    let ast = match engine.compile(source) {
        Ok(ast) => ast,
        Err(error) => return vec![syntax(file, source, &lexicon, &error)],
    };
    let mut findings = walk::findings(file, source, &lexicon, &ast);
    let mut called = Vec::new();
    ast.walk(&mut |path| {
        if let Some(
            ASTNode::Stmt(Stmt::FnCall(call, at))
            | ASTNode::Expr(Expr::FnCall(call, at) | Expr::MethodCall(call, at)),
        ) = path.last()
        {
            called.push((call.name.to_string(), *at));
        }
        true
    });
    let own: Vec<(&str, usize)> = ast
        .iter_functions()
        .filter(|it| !it.name.starts_with("anon$"))
        .map(|it| (it.name, it.params.len()))
        .collect();
    let mut say = |rule: &str, severity, place, message: String, help| {
        findings.push(Finding {
            place,
            rule: rule.to_owned(),
            severity,
            message,
            help,
        });
    };
    for (name, at) in &called {
        let word = refused.iter().find(|(word, _)| word == name);
        if let Some((_, instead)) = word.filter(|_| own.iter().all(|(own, _)| own != name)) {
            say(
                "refused-word",
                Severity::Error,
                place_at(file, source, *at),
                format!("\"{name}\" always fails in a resource's script"),
                Some((*instead).to_owned()),
            );
        }
    }
    for (call, required) in calls {
        match own.iter().find(|(name, _)| name == call) {
            Some((_, params)) if *params > 0 => say(
                "wrong-arity",
                Severity::Error,
                declared(file, source, call),
                format!("\"{call}\" is called without arguments, and takes {params}"),
                Some(format!(
                    "write fn {call}(); what it needs it asks for, or keeps in `this`"
                )),
            ),
            None if *required => {
                let near = nearest(call, own.iter().map(|(name, _)| *name));
                let help = match near {
                    Some(near) => format!("is \"{near}\" meant to be \"{call}\"?"),
                    None => format!("write fn {call}() {{ … }}"),
                };
                let place = near.map_or_else(
                    || Place {
                        file: file.to_owned(),
                        ..Place::default()
                    },
                    |near| declared(file, source, near),
                );
                say(
                    "missing-function",
                    Severity::Error,
                    place,
                    format!(
                        "there is no function \"{call}\", which the resource cannot do without"
                    ),
                    Some(help),
                );
            }
            _ => {}
        }
    }
    for (name, _) in &own {
        let known = calls.iter().any(|(call, _)| call == name);
        if known || called.iter().any(|(called, _)| called == name) {
            continue;
        }
        let missing = calls
            .iter()
            .filter(|(call, required)| !required && !own.iter().any(|(name, _)| name == call));
        if let Some(near) = nearest(name, missing.map(|(call, _)| *call)) {
            say(
                "uncalled-function",
                Severity::Warning,
                declared(file, source, name),
                format!("nothing calls the function \"{name}\""),
                Some(format!("did you mean \"{near}\"?")),
            );
        }
    }
    findings.sort();
    findings.dedup();
    findings
}

/// Where a function is declared.
fn declared(file: &str, source: &str, name: &str) -> Place {
    let found = source.lines().enumerate().find_map(|(line, text)| {
        let at = text.find(&format!("fn {name}"))? + 3;
        Some((line + 1, text[..at].chars().count() + 1, text))
    });
    match found {
        Some((line, column, text)) => {
            Place::on_line(file, line, column, name.chars().count(), text)
        }
        None => Place {
            file: file.to_owned(),
            ..Place::default()
        },
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const CALLS: [(&str, bool); 3] = [("online", true), ("is_alive", true), ("terminate", false)];

    fn found(source: &str) -> Vec<String> {
        let engine = crate::engine::bare();
        let findings = check_resource_script(
            "r.rhai",
            source,
            &engine,
            &CALLS,
            &[("sleep", "do not wait")],
        );
        findings.iter().map(Finding::to_string).collect()
    }

    #[test]
    fn a_resource_script_is_told_from_a_drill() {
        assert!(is_resource_script("// x\nfn online() {", &CALLS));
        assert!(!is_resource_script(
            "fn helper() {}\ndrill(\"x\", #{}, || {});",
            &CALLS
        ));
        assert!(!is_resource_script(
            "fn online() {}\ndrill(\"x\", #{}, || {});",
            &CALLS
        ));
    }

    #[test]
    fn what_was_meant_to_be_a_resource_script_is_told_by_its_functions() {
        assert!(is_nearly_resource_script("fn onlne() {", &CALLS));
        assert!(!is_nearly_resource_script("fn choose() {", &CALLS));
        assert!(!is_nearly_resource_script("fn terminates() {", &CALLS));
        let drill = "fn onlne() {}\ndrill(\"x\", #{}, || {});";
        assert!(!is_nearly_resource_script(drill, &CALLS));
    }

    #[test]
    fn what_always_fails_is_found_before_it_runs() {
        let bad = "fn online() {}\nfn is_alive() { sleep(1); true }";
        let all = found(bad);
        assert_eq!(all.len(), 1, "{all:?}");
        assert!(
            all[0].contains("r.rhai:2:17") && all[0].contains("do not wait"),
            "{all:?}"
        );
        let own = "fn online() {}\nfn sleep(x) {}\nfn is_alive() { sleep(1); true }";
        assert_eq!(found(own), [""; 0]);
    }

    #[test]
    fn what_is_missing_misspelt_or_takes_too_much_is_named() {
        assert_eq!(found("fn online() {}\nfn is_alive() { true }"), [""; 0]);
        assert_eq!(
            found(
                "fn online(x) { x }\nfn is_allive() { helper() }\nfn helper() { true }\nfn terminat() {}"
            ),
            [
                "r.rhai:1:4: error: \"online\" is called without arguments, and takes 1 [wrong-arity] (write fn online(); \
                 what it needs it asks for, or keeps in `this`)",
                "r.rhai:2:4: error: there is no function \"is_alive\", which the resource cannot do without \
                 [missing-function] (is \"is_allive\" meant to be \"is_alive\"?)",
                "r.rhai:4:4: warning: nothing calls the function \"terminat\" [uncalled-function] (did you mean \
                 \"terminate\"?)",
            ]
        );
    }
}
