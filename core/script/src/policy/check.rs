//! Finds mistakes in policy scripts before a node runs one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use quorate_drill::{Finding, Severity, suggestion};
use quorate_model::{POLICY_MAX_BYTES, nearest};
use rhai::{AST, ASTNode, Expr, FnAccess, Position, Stmt};

use super::engine::engine;
use super::fields;
use super::{CHOOSE_OWNER, ON_RESOURCE_FAILED};
use crate::lexicon::{Lexicon, syntax, walk};
use crate::place::place_at;

/// The two functions, how to write them, and what their arguments are.
pub(crate) const CONTRACT: [(&str, &str, [&str; 2]); 2] = [
    (
        CHOOSE_OWNER,
        "fn choose_owner(group, candidates)",
        ["group", ""],
    ),
    (
        ON_RESOURCE_FAILED,
        "fn on_resource_failed(resource, failure)",
        ["resource", "failure"],
    ),
];

/// Whether the script `source` of the file `file` is a policy rather than a drill script: it has one of the two
/// policy functions, or it is in a folder `policies` and has no drill.
pub fn is_policy(file: &Path, source: &str) -> bool {
    let mut lines = source.lines().map(str::trim_start);
    if lines.any(|line| line.starts_with("drill(")) {
        return false;
    }
    let folder = file.parent().and_then(Path::file_name);
    folder.is_some_and(|name| name == "policies")
        || CONTRACT
            .iter()
            .any(|(name, ..)| source.contains(&format!("fn {name}")))
}

/// Checks the policy script `source` of the file `file`: syntax, unknown variables, functions and fields, wrong
/// numbers of arguments, and that it has at least one of the two policy functions. Findings are in the order of the
/// text.
pub fn check_policy(file: &str, source: &str) -> Vec<Finding> {
    let engine = engine();
    let lexicon = Lexicon::without_docs(&engine);
    let ast = match engine.compile(source) {
        Ok(ast) => ast,
        Err(error) => return vec![syntax(file, source, &lexicon, &error)],
    };
    let mut checker = Checker {
        file,
        source,
        findings: walk::findings(file, source, &lexicon, &ast),
    };
    if source.len() > POLICY_MAX_BYTES {
        let message = format!("the script has {} bytes", source.len());
        let help = format!("a policy may have {POLICY_MAX_BYTES}");
        checker.say("policy-too-long", message, Some(help), Position::NONE);
    }
    checker.functions(&ast);
    checker.fields(&ast, &lexicon);
    let mut findings = checker.findings;
    findings.sort();
    findings.dedup();
    findings
}

/// The line in which a function begins, from 1.
pub(super) fn line_of(source: &str, function: &str) -> Option<usize> {
    let start = format!("fn {function}");
    let at = source.lines().position(|line| line.contains(&start))?;
    Some(at + 1)
}

struct Checker<'a> {
    file: &'a str,
    source: &'a str,
    findings: Vec<Finding>,
}

impl Checker<'_> {
    /// Checks the functions that nodes will call.
    fn functions(&mut self, ast: &AST) {
        let mut found = false;
        for (name, usage, _) in CONTRACT {
            let defined: Vec<_> = ast.iter_functions().filter(|it| it.name == name).collect();
            let Some(first) = defined.first() else {
                continue;
            };
            found = true;
            if let Some(wrong) = defined.iter().find(|it| it.params.len() != 2) {
                let count = wrong.params.len();
                let takes = if count == 1 { "argument" } else { "arguments" };
                let message =
                    format!("\"{name}\" is called with 2 arguments, and takes {count} {takes}");
                let at = self.place_of(name);
                self.say("wrong-arity", message, Some(format!("write {usage}")), at);
            } else if first.access == FnAccess::Private {
                let message = format!("\"{name}\" is private, so no node can call it");
                let at = self.place_of(name);
                self.say(
                    "no-policy-function",
                    message,
                    Some(format!("write {usage}")),
                    at,
                );
            }
        }
        if found {
            return;
        }
        let near = ast.iter_functions().find_map(|it| {
            let near = nearest(it.name, CONTRACT.map(|(name, ..)| name))?;
            Some((it.name.to_owned(), near))
        });
        let (at, help) = match near {
            Some((name, near)) => (self.place_of(&name), format!("did you mean \"{near}\"?")),
            None => (
                Position::new(1, 1),
                format!("write {}, or {}, or both", CONTRACT[0].1, CONTRACT[1].1),
            ),
        };
        let message = "a policy decides with \"choose_owner\" or \"on_resource_failed\", and this script has neither";
        self.say("no-policy-function", message.to_owned(), Some(help), at);
    }

    /// The place of a function's name.
    fn place_of(&self, name: &str) -> Position {
        let Some(number) = line_of(self.source, name) else {
            return Position::new(1, 1);
        };
        let line = self.source.lines().nth(number - 1).unwrap_or_default();
        let before = line.find(&format!("fn {name}")).unwrap_or(0) + "fn ".len();
        let column = line.get(..before).map_or(0, |it| it.chars().count()) + 1;
        let clamp = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
        Position::new(clamp(number), clamp(column))
    }

    /// Reports fields that do not exist.
    fn fields(&mut self, ast: &AST, lexicon: &Lexicon) {
        let kinds = fields::known();
        let mut anywhere: BTreeSet<&str> = kinds.values().flatten().map(String::as_str).collect();
        let variables = arguments(ast);
        let mut own = BTreeSet::new();
        ast.walk(&mut |path| {
            if let Some(ASTNode::Expr(Expr::Map(map, _))) = path.last() {
                own.extend(map.0.iter().map(|(key, _)| key.name.to_string()));
            }
            true
        });
        anywhere.extend(own.iter().map(String::as_str));
        ast.walk(&mut |path| {
            let Some(ASTNode::Expr(Expr::Property(property, at))) = path.last() else {
                return true;
            };
            let name = property.2.as_str();
            let object = object_of(path);
            let of = match object {
                // Attributes are free: the cluster file chooses them.
                Some(Expr::Property(object, _)) if object.2 == "attributes" => return true,
                Some(Expr::Variable(variable, ..)) => variables.get(variable.1.as_str()).copied(),
                _ => None,
            };
            let known = match of {
                Some(kind) => kinds
                    .get(kind)
                    .is_some_and(|it| it.iter().any(|it| it == name)),
                None => anywhere.contains(name) || !lexicon.properties(name).is_empty(),
            };
            if !known {
                let help = match of {
                    Some(kind) => suggestion(
                        name,
                        kinds.get(kind).into_iter().flatten().map(String::as_str),
                    ),
                    None => nearest(name, anywhere.iter().copied())
                        .map(|near| format!("did you mean \"{near}\"?")),
                };
                let message = match of {
                    Some(kind) => format!("a {kind} has no field \"{name}\""),
                    None => format!("nothing a policy sees has a field \"{name}\""),
                };
                self.say("unknown-field", message, help, *at);
            }
            true
        });
    }

    fn say(&mut self, rule: &str, message: String, help: Option<String>, at: Position) {
        self.findings.push(Finding {
            place: place_at(self.file, self.source, at),
            rule: rule.to_owned(),
            severity: Severity::Error,
            message,
            help,
        });
    }
}

/// The kinds of the two functions' arguments by their names, unless a name has another use elsewhere.
fn arguments(ast: &AST) -> BTreeMap<String, &'static str> {
    let mut found: BTreeMap<String, Option<&'static str>> = BTreeMap::new();
    for function in ast.iter_functions() {
        let contract = CONTRACT.iter().find(|(name, ..)| *name == function.name);
        for (at, param) in function.params.iter().enumerate() {
            let kind = contract
                .and_then(|(_, _, kinds)| kinds.get(at).copied())
                .filter(|kind| !kind.is_empty());
            found
                .entry((*param).to_owned())
                .and_modify(|known| {
                    if *known != kind {
                        *known = None;
                    }
                })
                .or_insert(kind);
        }
    }
    ast.walk(&mut |path| {
        let declared = match path.last() {
            Some(ASTNode::Stmt(Stmt::Var(var, ..))) => Some(var.0.name.to_string()),
            Some(ASTNode::Stmt(Stmt::For(parts, _))) => Some(parts.0.name.to_string()),
            _ => None,
        };
        if let Some(name) = declared {
            found.insert(name, None);
        }
        true
    });
    let certain = found.into_iter();
    certain
        .filter_map(|(name, kind)| Some((name, kind?)))
        .collect()
}

/// The object of the property at the end of `path`. Chains are nested in their right side: `a.b.c` is `a.(b.c)`.
fn object_of<'a>(path: &[ASTNode<'a>]) -> Option<&'a Expr> {
    let [before @ .., ASTNode::Expr(last)] = path else {
        return None;
    };
    let [outer @ .., ASTNode::Expr(dot @ Expr::Dot(parts, ..))] = before else {
        return None;
    };
    if std::ptr::eq(&raw const parts.rhs, *last) {
        return Some(&parts.lhs);
    }
    match outer.last() {
        Some(ASTNode::Expr(Expr::Dot(parts, ..) | Expr::Index(parts, ..)))
            if std::ptr::eq(&raw const parts.rhs, *dot) =>
        {
            Some(&parts.lhs)
        }
        _ => None,
    }
}
