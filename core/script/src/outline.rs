//! The places of a script's drills and of the expectations in each.

use std::ops::Range;

use quorate_drill::{Expectation, Spot};
use rhai::{AST, ASTNode, Expr, Position, Stmt};

use crate::place::{spot, start_of};

/// Words that expect something of the cluster.
const EXPECTATIONS: [&str; 11] = [
    "expect",
    "expect_eq",
    "expect_error",
    "expect_unnoticed",
    "eventually",
    "becomes",
    "recovers",
    "always",
    "never",
    "steady",
    "sometimes",
];

/// Words that let time pass.
pub(crate) const WAITS: [&str; 9] = [
    "run",
    "run_until",
    "sleep",
    "settle",
    "eventually",
    "becomes",
    "recovers",
    "at",
    "after",
];

/// The start and end of a function's body. A body without braces has no end.
pub(crate) type Span = Range<Position>;

/// The functions of a script.
pub(crate) struct Outline {
    /// Functions with a name. Calls in them are reported inside the function, not where it is called.
    pub(crate) named: Vec<Span>,
    /// The names of these functions.
    pub(crate) names: Vec<String>,
    /// Functions without a name.
    pub(crate) closures: Vec<Span>,
}

impl Outline {
    pub(crate) fn of(ast: &AST) -> Outline {
        let mut outline = Outline {
            named: Vec::new(),
            names: Vec::new(),
            closures: Vec::new(),
        };
        for function in ast.iter_fn_def() {
            let span = function.body.start_position()..function.body.end_position();
            if function.name.starts_with("anon$") {
                outline.closures.push(span);
            } else {
                outline.names.push(function.name.to_string());
                outline.named.push(span);
            }
        }
        outline
    }

    /// The body of the drill that is called at `drill`: the first closure after its name.
    pub(crate) fn body_of(&self, drill: Position) -> Option<&Span> {
        let later = self.closures.iter().filter(|span| span.start > drill);
        later.min_by_key(|span| span.start)
    }

    /// Whether a place is in a function that has a name.
    pub(crate) fn is_in_named(&self, at: Position) -> bool {
        self.named.iter().any(|span| span.contains(&at))
    }
}

/// The name and the place of the call in a node of the tree, if it is one.
pub(crate) fn called<'a>(path: &[ASTNode<'a>]) -> Option<(&'a str, Position)> {
    match path.last()? {
        ASTNode::Stmt(Stmt::FnCall(call, at)) => Some((call.name.as_str(), *at)),
        ASTNode::Expr(Expr::FnCall(call, at) | Expr::MethodCall(call, at)) => {
            Some((call.name.as_str(), *at))
        }
        _ => None,
    }
}

/// A word of an expectation, as it stands in the tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Word {
    at: Position,
    word: String,
    /// Whether it is in a branch.
    is_choice: bool,
}

/// The expectations in each drill's own text, in the order of the text, at the places that are reported when they are
/// reached. Expectations in functions with a name belong to no drill. Nor do those in branches of a drill that is
/// told several times, since each run may take another branch.
pub(crate) fn expected_of(ast: &AST) -> Vec<(Spot, Vec<Expectation>)> {
    let outline = Outline::of(ast);
    let (mut drills, mut words) = (Vec::new(), Vec::new());
    ast.walk(&mut |path| {
        let found = match path.last() {
            // `expect` has its own syntax, and its place is the start of its condition.
            Some(ASTNode::Expr(Expr::Custom(custom, _))) => {
                let word = custom.tokens.first().map(|token| token.as_str());
                let condition = custom.inputs.first().map(start_of);
                word.zip(condition)
            }
            _ => called(path),
        };
        match found {
            Some(("drill", at)) => {
                let again = path.iter().any(is_loop) || outline.is_in_named(at);
                drills.push((at, again));
            }
            Some((word, at)) if EXPECTATIONS.contains(&word) => words.push(Word {
                at,
                word: word.to_owned(),
                is_choice: path.iter().any(is_choice),
            }),
            _ => {}
        }
        true
    });
    words.sort();
    words.dedup();
    let drills = drills.into_iter().filter_map(|(drill, again)| {
        let body = outline.body_of(drill)?;
        let inside = words.iter().filter(|word| body.contains(&word.at));
        let told = inside.filter(|word| !(again && word.is_choice));
        let told = told.map(|word| Expectation {
            at: spot(word.at),
            word: word.word.clone(),
        });
        Some((spot(drill), told.collect()))
    });
    drills.collect()
}

fn is_loop(node: &ASTNode<'_>) -> bool {
    matches!(
        node,
        ASTNode::Stmt(Stmt::For(..) | Stmt::While(..) | Stmt::Do(..))
    )
}

fn is_choice(node: &ASTNode<'_>) -> bool {
    matches!(node, ASTNode::Stmt(Stmt::If(..) | Stmt::Switch(..)))
}
