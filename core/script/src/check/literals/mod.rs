//! The literals of a script: names, states, kinds of events, durations, options. A mistake in one of them is found
//! here, by comparison with the drill's cluster file and with the closed sets.

mod args;
mod closed;

pub(crate) use closed::member_set;

use std::collections::BTreeMap;

use quorate_drill::{Noun, suggestion};
use quorate_model::control::{ControlCode, ControlObject};
use rhai::{AST, ASTNode, Engine, Expr, FnPtr, Position, Stmt, Token};

use super::known::{Files, Known};
use crate::closed::Set;
use crate::lexicon::walk::Checker;
use crate::vocabulary::control::unknown_code;
use crate::vocabulary::{named, options};

/// Words that need an open cluster.
pub(crate) const ON_STAGE: [&str; 52] = [
    "node",
    "group",
    "resource",
    "resource_type",
    "service",
    "network",
    "disk",
    "nodes",
    "groups",
    "resources",
    "networks",
    "disks",
    "run",
    "run_until",
    "at",
    "after",
    "between",
    "weekday",
    "random",
    "shuffle",
    "seed",
    "settle",
    "step",
    "note",
    "partition",
    "cut",
    "heal",
    "heal_partitions",
    "coordinator",
    "quorum",
    "outage",
    "planned_outage",
    "unplanned_outage",
    "availability",
    "daylight_saving",
    "disturbed",
    "dns",
    "witness",
    "clock",
    "policy",
    "events",
    "status",
    "clients",
    "load",
    "eventually",
    "always",
    "never",
    "steady",
    "sometimes",
    "now",
    "create_virtual_server",
    "add_node",
];

/// The names of parameters that are durations.
const SPANS: [&str; 5] = ["duration", "within", "delay", "latency", "takes"];

/// Where a piece of a script runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Outside every drill.
    Top,
    /// In the drill of this number.
    Drill(usize),
    /// In a function that any drill may call.
    Anywhere,
}

#[derive(Clone, Copy, Debug)]
struct Scope {
    place: Place,
    /// Whether the script catches the error, so that a mistake here may be intended.
    caught: bool,
}

/// Checks the literals of a script that names cluster files in `files`; `None` if there are none to read.
pub(super) fn look(
    checker: &mut Checker<'_>,
    engine: &Engine,
    ast: &AST,
    files: Option<&Files<'_>>,
) {
    let mut literals = Literals {
        checker,
        engine,
        files,
        clusters: Vec::new(),
        bodies: Vec::new(),
        caught: Vec::new(),
        functions: Vec::new(),
        drills: BTreeMap::new(),
        opened: false,
        sets: BTreeMap::new(),
    };
    literals.declare(ast);
    ast.walk(&mut |path| {
        let scope = literals.scope(path);
        literals.visit(path, scope);
        true
    });
}

struct Literals<'c, 's> {
    checker: &'c mut Checker<'s>,
    engine: &'c Engine,
    files: Option<&'c Files<'c>>,
    /// The cluster of each drill, in the order of declaration; `None` if it is unknown.
    clusters: Vec<(Position, Option<Known>)>,
    /// The start and end of each drill's function, and the drill's number.
    bodies: Vec<(Position, Position, usize)>,
    /// The start and end of functions whose errors the script catches.
    caught: Vec<(Position, Position)>,
    /// The start and end of all functions.
    functions: Vec<(Position, Position)>,
    /// The names of drills.
    drills: BTreeMap<String, Position>,
    /// Whether the script opens a cluster by itself.
    opened: bool,
    /// Variables that hold texts of closed sets.
    sets: BTreeMap<String, Option<Set>>,
}

impl Literals<'_, '_> {
    /// Collects the clusters, what drills add to them, the places of functions, and the contents of variables.
    fn declare(&mut self, ast: &AST) {
        let mut ranges: BTreeMap<String, (Position, Position)> = BTreeMap::new();
        for function in ast.iter_fn_def() {
            let range = (function.body.start_position(), function.body.end_position());
            self.functions.push(range);
            ranges.insert(function.name.to_string(), range);
            // The value of a parameter is unknown, even if a variable elsewhere has the same name.
            for param in &function.params {
                self.sets.insert(param.to_string(), None);
            }
        }
        let mut calls: Vec<(String, Vec<Expr>, Position)> = Vec::new();
        let mut variables: Vec<(String, Option<Expr>)> = Vec::new();
        let mut within: Vec<(Position, Position, Position)> = Vec::new();
        ast.walk(&mut |path| {
            match path.last() {
                Some(
                    ASTNode::Stmt(Stmt::FnCall(call, at)) | ASTNode::Expr(Expr::FnCall(call, at)),
                ) => {
                    let name = call.name.as_str();
                    if ["create_virtual_server", "add_node", "cluster", "drill"].contains(&name) {
                        calls.push((name.to_owned(), call.args.to_vec(), *at));
                    }
                }
                Some(ASTNode::Stmt(Stmt::Var(var, ..))) => {
                    variables.push((var.0.name.to_string(), Some(var.1.clone())));
                }
                Some(ASTNode::Stmt(Stmt::Assignment(assignment))) => {
                    if let Expr::Variable(variable, ..) = &assignment.1.lhs {
                        variables.push((variable.1.to_string(), None));
                    }
                }
                Some(ASTNode::Expr(Expr::DynamicConstant(value, _))) => {
                    let function = (**value).clone().try_cast::<FnPtr>();
                    let range = function.and_then(|it| ranges.get(it.fn_name()).copied());
                    if let Some((start, end)) = range {
                        if let Some(drill) = call_above(path, "drill") {
                            within.push((start, end, drill));
                        }
                        if is_caught(path) {
                            self.caught.push((start, end));
                        }
                    }
                }
                _ => {}
            }
            true
        });
        for (name, value) in variables {
            let set = value.and_then(|value| self.set_of(&value));
            let known = self.sets.entry(name).or_insert(set);
            if *known != set {
                *known = None;
            }
        }
        for (word, args, at) in &calls {
            match word.as_str() {
                "cluster" => {
                    self.opened = true;
                    self.open(args.first(), *at);
                }
                "drill" => {
                    let options = args.get(1).and_then(map_of);
                    self.open(options.and_then(|map| field(&map, "cluster")), *at);
                }
                _ => {}
            }
        }
        for (start, end, drill) in within {
            if let Some(number) = self.number_of(drill) {
                self.bodies.push((start, end, number));
            }
        }
        for (word, args, _) in &calls {
            let noun = match word.as_str() {
                "create_virtual_server" => Noun::Group,
                "add_node" => Noun::Node,
                _ => continue,
            };
            let options = args.first().and_then(map_of);
            let name = options
                .and_then(|map| field(&map, "name"))
                .and_then(text_of);
            for known in self
                .clusters
                .iter_mut()
                .filter_map(|(_, known)| known.as_mut())
            {
                match name {
                    Some((name, _)) if noun == Noun::Group => known.make(name),
                    Some((name, _)) => known.add(noun, name),
                    None => {
                        known.open(noun);
                        if noun == Noun::Group {
                            known.open(Noun::Resource);
                        }
                    }
                }
            }
        }
    }

    fn number_of(&self, call: Position) -> Option<usize> {
        self.clusters.iter().position(|(at, _)| *at == call)
    }

    /// Reads the cluster file of a drill, if its name is a literal.
    fn open(&mut self, file: Option<&Expr>, call: Position) {
        let known = match (file.and_then(text_of), self.files) {
            (Some((name, at)), Some(files)) => {
                let mut earlier = self.clusters.iter().filter_map(|(_, known)| known.as_ref());
                let known = match earlier.find(|known| known.file == name) {
                    Some(known) => Ok(known.clone()),
                    None => Known::read(files, name),
                };
                known
                    .map_err(|(rule, message, help)| self.checker.say(rule, message, help, at))
                    .ok()
            }
            _ => None,
        };
        self.clusters.push((call, known));
    }

    /// Where a node of the tree runs.
    fn scope(&self, path: &[ASTNode<'_>]) -> Scope {
        let Some(first) = path.first() else {
            return Scope {
                place: Place::Anywhere,
                caught: false,
            };
        };
        let at = first.position();
        let inside = |start: Position, end: Position| {
            at == start || !end.is_none() && start <= at && at <= end
        };
        let drill = self
            .bodies
            .iter()
            .find(|(start, end, _)| inside(*start, *end));
        let drill = drill.map(|(.., number)| *number);
        let place = match drill.or_else(|| self.number_of(call_above(path, "drill")?)) {
            Some(number) => Place::Drill(number),
            None if self
                .functions
                .iter()
                .any(|(start, end)| inside(*start, *end)) =>
            {
                Place::Anywhere
            }
            None => Place::Top,
        };
        let caught = is_caught(path) || self.caught.iter().any(|(start, end)| inside(*start, *end));
        Scope { place, caught }
    }
}

/// Where `word` is called, if the node is inside an argument of that call.
fn call_above(path: &[ASTNode<'_>], word: &str) -> Option<Position> {
    path.iter().rev().skip(1).find_map(|node| match node {
        ASTNode::Stmt(Stmt::FnCall(call, at)) | ASTNode::Expr(Expr::FnCall(call, at)) => {
            (call.name == word).then_some(*at)
        }
        _ => None,
    })
}

/// Whether the script catches an error here.
fn is_caught(path: &[ASTNode<'_>]) -> bool {
    let tried = path
        .iter()
        .any(|node| matches!(node, ASTNode::Stmt(Stmt::TryCatch(..))));
    tried || call_above(path, "expect_error").is_some()
}

impl Literals<'_, '_> {
    fn visit(&mut self, path: &[ASTNode<'_>], scope: Scope) {
        match path.last() {
            Some(ASTNode::Stmt(Stmt::FnCall(call, at)) | ASTNode::Expr(Expr::FnCall(call, at)))
                if call.namespace.is_empty() =>
            {
                let name = call.name.as_str();
                if let Some(operator) = &call.op_token {
                    if matches!(
                        operator,
                        Token::EqualsTo | Token::NotEqualsTo | Token::In | Token::NotIn
                    ) && let [left, right] = &call.args[..]
                    {
                        self.compare(left, right, scope);
                    }
                    return;
                }
                if self.checker.is_own(name) {
                    return;
                }
                self.outside(name, *at, scope);
                self.call(name, &call.args, scope);
                match (name, &call.args[..]) {
                    ("drill", [name, options, ..]) => self.drill(name, options, *at, scope),
                    ("expect_eq", [left, right]) => self.compare(left, right, scope),
                    ("clients", [_, options]) => self.clients(options, scope),
                    ("events", [filter]) => self.filter(filter, scope),
                    ("partition", [sides]) => self.partition(sides, scope),
                    _ => {}
                }
            }
            Some(ASTNode::Expr(Expr::MethodCall(call, _))) => {
                self.call(&call.name, &call.args, scope);
                if let ("partition", [sides]) = (call.name.as_str(), &call.args[..]) {
                    self.partition(sides, scope);
                }
                if let ("contains", [wanted], [.., ASTNode::Expr(Expr::Dot(parts, ..)), _]) =
                    (call.name.as_str(), &call.args[..], path)
                {
                    self.compare(&parts.lhs, wanted, scope);
                }
            }
            Some(ASTNode::Expr(dot @ Expr::Dot(..))) => self.property(dot, scope),
            Some(ASTNode::Stmt(Stmt::Switch(parts, at))) => self.switch(&parts.0, *at, scope),
            _ => {}
        }
    }

    /// Checks of any call: names, durations, options, conditions.
    fn call(&mut self, word: &str, args: &[Expr], scope: Scope) {
        for (number, noun) in named::arguments(word) {
            if let Some((text, at)) = args.get(number).and_then(text_of) {
                self.name(noun, text, at, scope);
            }
        }
        if word == "control"
            && let Some((text, at)) = args.first().and_then(text_of)
        {
            self.control(text, at, scope);
        }
        if let Some(known) = options::of(word)
            && let Some(map) = args.iter().find_map(map_of)
        {
            self.keys(word, &map, known, scope);
        }
        let words: Vec<_> = self.checker.lexicon().functions(word).to_vec();
        for word in words.iter().filter(|word| word.is_ours) {
            // The first argument of a method is its object.
            let Some(skip) = word
                .params
                .len()
                .checked_sub(args.len())
                .filter(|it| *it <= 1)
            else {
                continue;
            };
            for ((param, kind), arg) in word.params.iter().skip(skip).zip(args) {
                if kind.is_none() && SPANS.contains(&param.as_str()) {
                    self.span(arg, scope);
                }
                if *kind == Some("function") {
                    self.condition(&word.name, arg, scope);
                }
            }
        }
    }

    fn say(
        &mut self,
        scope: Scope,
        rule: &str,
        message: String,
        help: Option<String>,
        at: Position,
    ) {
        if !scope.caught {
            self.checker.say(rule, message, help, at);
        }
    }

    /// A name must exist in the drill's cluster.
    fn name(&mut self, noun: Noun, text: &str, at: Position, scope: Scope) {
        let meant: Vec<Option<&Known>> = match scope.place {
            Place::Drill(number) => vec![self.clusters.get(number).and_then(|(_, it)| it.as_ref())],
            Place::Top | Place::Anywhere => {
                self.clusters.iter().map(|(_, it)| it.as_ref()).collect()
            }
        };
        if meant.is_empty() || text.is_empty() {
            return;
        }
        let Some(meant) = meant.into_iter().collect::<Option<Vec<_>>>() else {
            return;
        };
        if meant.iter().any(|known| known.has(noun, text)) {
            return;
        }
        let known: Vec<&str> = meant.iter().flat_map(|known| known.names(noun)).collect();
        let help = suggestion(text, known);
        let file = meant.first().map_or("", |known| known.file.as_str());
        let message = match meant.len() {
            1 => format!("the cluster of {file} has no {} \"{text}\"", noun.word()),
            _ => format!(
                "no cluster of these drills has a {} \"{text}\"",
                noun.word()
            ),
        };
        self.say(scope, "unknown-name", message, help, at);
    }

    /// A control code must be well known if it is given by name. Whether the object is a resource or a type is only
    /// known when the script runs.
    fn control(&mut self, name: &str, at: Position, scope: Scope) {
        let objects = [ControlObject::Resource, ControlObject::ResourceType];
        if objects
            .iter()
            .any(|object| ControlCode::named(*object, name).is_some())
        {
            return;
        }
        let (message, help) = unknown_code(&objects, name);
        self.say(scope, "unknown-control-code", message, Some(help), at);
    }

    /// A word of the language that can only be used where a cluster is open.
    fn outside(&mut self, word: &str, at: Position, scope: Scope) {
        // Typed input, and text without a file, may stand anywhere.
        let in_file = self.files.is_some();
        if in_file && scope.place == Place::Top && !self.opened && ON_STAGE.contains(&word) {
            let help = "write it inside the function of a drill".to_owned();
            let message =
                format!("\"{word}\" stands outside every drill, where no cluster is open");
            self.say(scope, "outside-drill", message, Some(help), at);
        }
    }

    fn drill(&mut self, name: &Expr, options: &Expr, at: Position, scope: Scope) {
        if let Some((name, place)) = text_of(name) {
            if let Some(first) = self.drills.get(name) {
                let line = first.line().unwrap_or_default();
                let message = format!("there is a drill \"{name}\" already, in line {line}");
                let help =
                    "give each drill a name of its own: it is what reports and --filter go by";
                self.say(
                    scope,
                    "duplicate-drill",
                    message,
                    Some(help.to_owned()),
                    place,
                );
            } else {
                self.drills.insert(name.to_owned(), place);
            }
        }
        if let Some(map) = map_of(options)
            && field(&map, "cluster").is_none()
        {
            let help = "write #{ cluster: \"../clusters/four-node.ron\" }".to_owned();
            let message = "a drill needs its cluster".to_owned();
            self.say(scope, "missing-option", message, Some(help), at);
        }
        if let Some(map) = map_of(options)
            && field(&map, "expect").is_some() != field(&map, "because").is_some()
        {
            let help = "write expect: \"fail\", because: \"…\"".to_owned();
            let message = "a drill that is expected to fail says why".to_owned();
            self.say(scope, "missing-option", message, Some(help), at);
        }
    }

    /// The keys of an option map.
    fn keys(&mut self, word: &str, map: &[Field<'_>], known: &[&str], scope: Scope) {
        for (key, at, _) in map {
            if !known.contains(key) {
                let message = format!("{word} has no option \"{key}\"");
                let help = suggestion(key, known.iter().copied());
                self.say(scope, "unknown-option", message, help, *at);
            }
        }
    }
}

/// A field of a literal map: its name, the name's place, the value.
type Field<'e> = (&'e str, Position, &'e Expr);

/// The literal text of an expression.
fn text_of(expr: &Expr) -> Option<(&str, Position)> {
    match expr {
        Expr::StringConstant(text, at) => Some((text.as_str(), *at)),
        _ => None,
    }
}

/// The literal text of an expression, or those in a literal list.
fn texts_of(expr: &Expr) -> Vec<(&str, Position)> {
    match expr {
        Expr::Array(items, _) => items.iter().filter_map(text_of).collect(),
        other => text_of(other).into_iter().collect(),
    }
}

/// The fields of a literal map.
fn map_of(expr: &Expr) -> Option<Vec<Field<'_>>> {
    match expr {
        Expr::Map(map, _) => Some(
            map.0
                .iter()
                .map(|(key, value)| (key.name.as_str(), key.pos, value))
                .collect(),
        ),
        _ => None,
    }
}

/// The value of a map's field.
fn field<'e>(map: &[Field<'e>], name: &str) -> Option<&'e Expr> {
    map.iter()
        .find(|(key, ..)| *key == name)
        .map(|(.., value)| *value)
}
