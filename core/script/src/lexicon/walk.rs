//! Walks a script's tree call by call.

use std::collections::{BTreeMap, BTreeSet};

use quorate_drill::{Finding, Severity};
use quorate_model::nearest;
use rhai::{AST, ASTNode, Expr, Position, Stmt};

use super::{Kind, Lexicon, Word, is_noun};

use crate::place::place_at;

/// Words of the language itself, which no registry lists.
const KEYWORDS: [&str; 11] = [
    "print",
    "debug",
    "type_of",
    "eval",
    "Fn",
    "call",
    "curry",
    "is_shared",
    "is_def_var",
    "is_def_fn",
    "this",
];

/// The state of a walk.
pub(crate) struct Checker<'a> {
    file: &'a str,
    source: &'a str,
    lexicon: &'a Lexicon,
    /// The script's own functions: names with their numbers of parameters.
    own: BTreeMap<String, BTreeSet<usize>>,
    /// Variables with their type, if they get values of one type only.
    variables: BTreeMap<String, Kind>,
    /// Fields of map literals, which may hold functions.
    fields: BTreeSet<String>,
    findings: Vec<Finding>,
}

/// All mistakes in a tree.
pub(crate) fn findings(file: &str, source: &str, lexicon: &Lexicon, ast: &AST) -> Vec<Finding> {
    checked(file, source, lexicon, ast).findings
}

/// The walk over a tree, with everything it has learnt.
pub(crate) fn checked<'a>(
    file: &'a str,
    source: &'a str,
    lexicon: &'a Lexicon,
    ast: &AST,
) -> Checker<'a> {
    let mut checker = Checker {
        file,
        source,
        lexicon,
        own: BTreeMap::new(),
        variables: BTreeMap::new(),
        fields: BTreeSet::new(),
        findings: Vec::new(),
    };
    for function in ast.iter_functions() {
        checker
            .own
            .entry(function.name.to_owned())
            .or_default()
            .insert(function.params.len());
        for param in function.params {
            checker.variables.insert(param.to_string(), None);
        }
    }
    ast.walk(&mut |path| {
        checker.declare(path);
        true
    });
    ast.walk(&mut |path| {
        checker.visit(path);
        true
    });
    checker
}

impl<'a> Checker<'a> {
    /// Everything that was found.
    pub(crate) fn finish(self) -> Vec<Finding> {
        self.findings
    }

    /// The text that is checked.
    pub(crate) fn source(&self) -> &'a str {
        self.source
    }

    /// The words there are.
    pub(crate) fn lexicon(&self) -> &'a Lexicon {
        self.lexicon
    }

    /// Whether the script has a function or variable of this name.
    pub(crate) fn is_own(&self, name: &str) -> bool {
        self.own.contains_key(name) || self.variables.contains_key(name)
    }

    /// The property at the end of a chain, and the type it is read of.
    pub(crate) fn last_property(&mut self, dot: &Expr) -> Option<(&'static str, String)> {
        let Expr::Dot(parts, ..) = dot else {
            return None;
        };
        let mut kind = self.infer(&parts.lhs);
        let mut rest = &parts.rhs;
        while let Expr::Dot(parts, ..) = rest {
            kind = self.link(kind, &parts.lhs, false);
            rest = &parts.rhs;
        }
        match rest {
            Expr::Property(property, _) => Some((kind?, property.2.to_string())),
            _ => None,
        }
    }

    /// Learns the declarations in a node.
    fn declare(&mut self, path: &[ASTNode<'_>]) {
        match path.last() {
            Some(ASTNode::Stmt(Stmt::Var(var, ..))) => {
                let kind = self.infer(&var.1);
                self.variables
                    .entry(var.0.name.to_string())
                    .and_modify(|known| {
                        if *known != kind {
                            *known = None;
                        }
                    })
                    .or_insert(kind);
            }
            Some(ASTNode::Stmt(Stmt::Assignment(assignment))) => {
                if let Expr::Variable(variable, ..) = &assignment.1.lhs {
                    self.variables.insert(variable.1.to_string(), None);
                }
            }
            Some(ASTNode::Stmt(Stmt::For(parts, _))) => {
                self.variables.insert(parts.0.name.to_string(), None);
            }
            Some(ASTNode::Expr(Expr::Map(map, _))) => {
                self.fields
                    .extend(map.0.iter().map(|(key, _)| key.name.to_string()));
            }
            _ => {}
        }
    }

    /// Looks at one node.
    fn visit(&mut self, path: &[ASTNode<'_>]) {
        match path {
            [.., ASTNode::Stmt(Stmt::FnCall(call, at))]
            | [.., ASTNode::Expr(Expr::FnCall(call, at))]
                if call.op_token.is_none() && call.namespace.is_empty() =>
            {
                self.call(&call.name, call.args.len(), *at);
            }
            [.., parent, ASTNode::Expr(dot @ Expr::Dot(..))] => {
                // The links of a chain are nested in its right side, so only the whole chain is checked.
                let inside = matches!(parent,
                    ASTNode::Expr(Expr::Dot(outer, ..) | Expr::Index(outer, ..)) if std::ptr::eq(&raw const outer.rhs, *dot));
                if !inside {
                    self.chain(dot);
                }
            }
            [ASTNode::Expr(dot @ Expr::Dot(..))] => {
                self.chain(dot);
            }
            _ => {}
        }
    }

    /// A call of a function by name.
    fn call(&mut self, name: &str, args: usize, at: Position) {
        if KEYWORDS.contains(&name)
            || self.variables.contains_key(name)
            || name.starts_with("anon$")
        {
            return;
        }
        let own = self.own.get(name);
        let native = self.lexicon.functions(name);
        if own.is_some_and(|arities| arities.contains(&args))
            || native.iter().any(|word| word.params.len() == args)
        {
            return;
        }
        if own.is_none() && native.is_empty() {
            let near = nearest(
                name,
                self.lexicon
                    .names()
                    .chain(self.own.keys().map(String::as_str)),
            );
            let help = near.map(|near| format!("did you mean \"{near}\"?"));
            self.say(
                "unknown-function",
                format!("there is no function \"{name}\""),
                help,
                at,
            );
            return;
        }
        let mut arities: BTreeSet<usize> = native.iter().map(|word| word.params.len()).collect();
        arities.extend(own.into_iter().flatten());
        let help = usage(native, false);
        self.say(
            "wrong-arity",
            format!(
                "\"{name}\" takes {}, and {args} {} given",
                arguments(&arities),
                is_are(args)
            ),
            help,
            at,
        );
    }

    /// Checks a chain of properties and methods. Returns its type if it is known.
    fn chain(&mut self, dot: &Expr) -> Kind {
        let mut kind = None;
        let mut rest = dot;
        let mut first = true;
        loop {
            match rest {
                Expr::Dot(parts, ..) => {
                    if first {
                        kind = self.infer(&parts.lhs);
                        first = false;
                    } else {
                        kind = self.link(kind, &parts.lhs, true);
                    }
                    rest = &parts.rhs;
                }
                Expr::Index(parts, ..) => {
                    if !first {
                        self.link(kind, &parts.lhs, true);
                    }
                    // The types in a list or map are unknown.
                    return None;
                }
                last => return self.link(kind, last, true),
            }
        }
    }

    /// Checks one link of a chain on an object of type `kind`. Returns the type of its result.
    fn link(&mut self, kind: Kind, link: &Expr, say: bool) -> Kind {
        match link {
            Expr::Property(property, at) => self.property(kind, &property.2, *at, say),
            Expr::MethodCall(call, at) => self.method(kind, &call.name, call.args.len(), *at, say),
            _ => None,
        }
    }

    fn property(&mut self, kind: Kind, name: &str, at: Position, say: bool) -> Kind {
        let kind = kind?;
        let found = self
            .lexicon
            .properties(name)
            .iter()
            .find(|word| takes(word, kind));
        if let Some(found) = found {
            return found.returns;
        }
        if kind == "Event" && quorate_drill::kinds::has_field(name) {
            return None;
        }
        if say && (is_noun(kind) || kind == "int" || kind == "float") {
            let fields = if kind == "Event" {
                quorate_drill::kinds::field_names()
            } else {
                Vec::new()
            };
            let near = nearest(name, self.lexicon.properties_of(kind).chain(fields));
            let help = match near {
                Some(near) => Some(format!("did you mean \"{near}\"?")),
                None if self.lexicon.methods_of(kind).any(|method| method == name) => {
                    Some(format!("it is something to do: write {name}()"))
                }
                None => {
                    let known: Vec<&str> = self.lexicon.properties_of(kind).collect();
                    Some(format!("it has {}", known.join(", ")))
                }
            };
            let what = match kind {
                "int" | "float" => "a number",
                "Event" => "an Event",
                kind => &format!("a {kind}"),
            };
            let message = format!("{what} has no property \"{name}\"");
            self.say("unknown-property", message, help, at);
        }
        None
    }

    fn method(&mut self, kind: Kind, name: &str, args: usize, at: Position, say: bool) -> Kind {
        let own = self.own.get(name);
        if KEYWORDS.contains(&name)
            || self.fields.contains(name)
            || own.is_some_and(|arities| arities.contains(&args))
        {
            return None;
        }
        let all = self.lexicon.functions(name);
        let fits: Vec<&Word> = all
            .iter()
            .filter(|word| kind.is_none_or(|kind| takes(word, kind)))
            .collect();
        if let Some(found) = fits.iter().find(|word| word.params.len() == args + 1) {
            let certain = kind.is_some() || fits.len() == 1;
            return if certain { found.returns } else { None };
        }
        if !say {
            return None;
        }
        let of = kind.filter(|kind| is_noun(kind));
        if all.is_empty() && own.is_none() || of.is_some() && fits.is_empty() {
            let (message, near) = match of {
                Some(kind) => (
                    format!("a {kind} has no method \"{name}\""),
                    nearest(name, self.lexicon.methods_of(kind)),
                ),
                None => (
                    format!("there is no method \"{name}\""),
                    nearest(name, self.lexicon.names()),
                ),
            };
            let reads =
                kind.is_some_and(|kind| self.lexicon.properties_of(kind).any(|it| it == name));
            let help = match near {
                _ if reads => Some(format!("it is something to read: write {name} without ()")),
                Some(near) => Some(format!("did you mean \"{near}\"?")),
                None => None,
            };
            self.say("unknown-method", message, help, at);
        } else if kind.is_some() || own.is_none() {
            let arities: BTreeSet<usize> = fits
                .iter()
                .map(|word| word.params.len().saturating_sub(1))
                .collect();
            let words: Vec<Word> = fits.into_iter().cloned().collect();
            let message = format!(
                "\"{name}\" takes {}, and {args} {} given",
                arguments(&arities),
                is_are(args)
            );
            self.say("wrong-arity", message, usage(&words, true), at);
        }
        None
    }

    /// The type of an expression, if it is obvious.
    pub(crate) fn infer(&mut self, expr: &Expr) -> Kind {
        match expr {
            Expr::IntegerConstant(..) => Some("int"),
            Expr::FloatConstant(..) => Some("float"),
            Expr::BoolConstant(..) => Some("bool"),
            Expr::StringConstant(..) | Expr::InterpolatedString(..) => Some("string"),
            Expr::Array(..) => Some("array"),
            Expr::Variable(variable, ..) => {
                self.variables.get(variable.1.as_str()).copied().flatten()
            }
            Expr::FnCall(call, _) if call.op_token.is_none() && call.namespace.is_empty() => {
                if self.own.contains_key(call.name.as_str()) {
                    return None;
                }
                let mut kinds = self
                    .lexicon
                    .functions(&call.name)
                    .iter()
                    .filter(|word| word.params.len() == call.args.len())
                    .map(|word| word.returns);
                let first = kinds.next()?;
                kinds.all(|kind| kind == first).then_some(first).flatten()
            }
            Expr::Dot(parts, ..) => {
                let mut kind = self.infer(&parts.lhs);
                let mut rest = &parts.rhs;
                while let Expr::Dot(parts, ..) = rest {
                    kind = self.link(kind, &parts.lhs, false);
                    rest = &parts.rhs;
                }
                self.link(kind, rest, false)
            }
            _ => None,
        }
    }

    pub(crate) fn say(&mut self, rule: &str, message: String, help: Option<String>, at: Position) {
        self.findings.push(Finding {
            place: place_at(self.file, self.source, at),
            rule: rule.to_owned(),
            severity: Severity::Error,
            message,
            help,
        });
    }
}

/// Whether a word can be used on an object of type `kind`.
fn takes(word: &Word, kind: &str) -> bool {
    word.params
        .first()
        .is_some_and(|(_, first)| first.is_none_or(|first| first == kind))
}

fn arguments(arities: &BTreeSet<usize>) -> String {
    let mut parts: Vec<String> = arities.iter().map(usize::to_string).collect();
    let last = parts.pop().unwrap_or_else(|| "no".to_owned());
    let noun = if last == "1" && parts.is_empty() {
        "argument"
    } else {
        "arguments"
    };
    if parts.is_empty() {
        format!("{last} {noun}")
    } else {
        format!("{} or {last} {noun}", parts.join(", "))
    }
}

fn is_are(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

/// How to write the existing calls.
fn usage(words: &[Word], is_method: bool) -> Option<String> {
    let calls: Vec<String> = words
        .iter()
        .filter(|word| word.is_ours)
        .map(|word| {
            let skip = usize::from(is_method);
            let names: Vec<&str> = word
                .params
                .iter()
                .skip(skip)
                .map(|(name, _)| name.as_str())
                .collect();
            format!("{}({})", word.name, names.join(", "))
        })
        .collect();
    (!calls.is_empty()).then(|| format!("write {}", calls.join(" or ")))
}
