//! RON as a tree in which every value has its place.
//!
//! `ron::Value` keeps no places, and `ron` itself stops at the first mistake, while all mistakes of a cluster file
//! are to be reported together, each at its place. The tests compare this reader with `ron`.

use crate::source::{Span, Spanned};

/// A value and its place.
pub(crate) type Node = Spanned<Tree>;

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tree {
    /// `()`
    Unit,
    /// `true`, `false`
    Bool(bool),
    /// A whole number.
    Integer(i128),
    /// Any other number.
    Float(f64),
    /// A text.
    Text(String),
    /// A single character.
    Char(char),
    /// `[…]`
    List(Vec<Node>),
    /// `{ key: value, … }`
    Map(Vec<(Node, Node)>),
    /// A word alone, such as `MajorityNodeSet` or `None`.
    Word(String),
    /// `(field: value, …)`, with a word before it or not.
    Struct {
        /// The word.
        name: Option<Spanned<String>>,
        /// The fields in the order of the text.
        fields: Vec<(Spanned<String>, Node)>,
    },
    /// `(value, …)`, with a word before it or not.
    Tuple {
        /// The word.
        name: Option<Spanned<String>>,
        /// The values.
        items: Vec<Node>,
    },
}

impl Tree {
    /// The kind of value, for "found …".
    pub(crate) fn describe(&self) -> String {
        match self {
            Tree::Unit => "nothing, `()`".to_owned(),
            Tree::Bool(value) => format!("`{value}`"),
            Tree::Integer(value) => format!("the number {value}"),
            Tree::Float(value) => format!("the number {value}"),
            Tree::Text(text) => format!("the text {}", shorten(text)),
            Tree::Char(character) => format!("the character {character:?}"),
            Tree::List(_) => "a list".to_owned(),
            Tree::Map(_) => "a map".to_owned(),
            Tree::Word(word) => format!("`{word}`"),
            Tree::Struct {
                name: Some(name), ..
            }
            | Tree::Tuple {
                name: Some(name), ..
            } => {
                format!("`{}(…)`", name.value)
            }
            Tree::Struct { name: None, .. } => "a record, `(…: …)`".to_owned(),
            Tree::Tuple { name: None, .. } => "a tuple".to_owned(),
        }
    }
}

/// A text in quotes, shortened if it is long.
fn shorten(text: &str) -> String {
    const MOST: usize = 40;
    if text.chars().count() <= MOST {
        return format!("{text:?}");
    }
    let head: String = text.chars().take(MOST).collect();
    format!("{:?}", head + "…")
}

/// A place where a text is not valid RON, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// The place.
    pub(crate) span: Span,
    /// What is wrong.
    pub(crate) message: String,
    /// What to do, where that can be said.
    pub(crate) help: Option<String>,
}
