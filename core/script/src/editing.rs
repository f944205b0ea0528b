//! What an editor asks of the drill language, of texts that need not be whole.

use quorate_drill::Noun;
use quorate_model::control::{ControlObject, KnownControl};

use crate::check::literals::member_set;
use crate::closed::Set;
use crate::docs::{WordDoc, words};
use crate::policy_docs;
use crate::vocabulary::{named, options};

/// What a text may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Texts {
    /// The name of such a thing of the cluster.
    Names(Noun),
    /// One of these words.
    Words(Vec<&'static str>),
}

impl Texts {
    fn of(set: Set) -> Texts {
        match set {
            Set::Names(noun) => Texts::Names(noun),
            set => Texts::Words(set.words()),
        }
    }
}

/// The thing that a word's argument names; arguments are counted from 0, without the object.
pub fn named_argument(word: &str, number: usize) -> Option<Noun> {
    named::arguments(word)
        .find(|(at, _)| *at == number)
        .map(|(_, noun)| noun)
}

/// The options of a word, each with what it is.
pub fn options(word: &str) -> Vec<(&'static str, &'static str)> {
    options::told(word).collect()
}

/// What the value of a member is compared with: `("Node", "state")`, or of a policy's maps `("group", "cause")`.
pub fn member(kind: &str, property: &str) -> Option<Texts> {
    let of_policies = || policy_docs::field_words(kind, property).map(Texts::Words);
    member_set(kind, property)
        .map(Texts::of)
        .or_else(of_policies)
}

/// The type of an argument of a function that is called from outside, such as `choose_owner` of a policy; arguments are
/// counted from 0.
pub fn parameter(function: &str, number: usize) -> Option<&'static str> {
    policy_docs::argument(function, number)
}

/// What the value of a function is compared with.
pub fn function(word: &str) -> Option<Texts> {
    Some(match word {
        "coordinator" => Texts::Names(Noun::Node),
        "disturbed" => Texts::Names(Noun::Group),
        "weekday" => Texts::of(Set::WEEKDAY),
        _ => return None,
    })
}

/// Whether the language has a function of this name, Rhai's own among them.
pub fn is_function(name: &str) -> bool {
    words().has(name)
}

/// The names of the control codes of resources, or of resource types.
pub fn control_codes(of_type: bool) -> Vec<&'static str> {
    let object = match of_type {
        true => ControlObject::ResourceType,
        false => ControlObject::Resource,
    };
    KnownControl::of(object).map(KnownControl::short).collect()
}

/// The word's uses, on an object of the type `kind` or alone.
pub fn uses<'w>(
    all: &'w [WordDoc],
    kind: Option<&str>,
    name: &str,
) -> impl Iterator<Item = &'w WordDoc> {
    all.iter()
        .filter(move |it| it.on.as_deref() == kind && it.name == name)
}
