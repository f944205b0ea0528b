//! The kinds of events and their fields, taken from the types that define them. Reference pages are made from this,
//! and it tells a misspelled kind or field from an event that did not happen.

use quorate_model::monitor::HealthCheck;
use quorate_model::{Fault, FaultId, GroupState, Name, NodeState, ResourceState};

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// True or false.
    Flag,
    /// A whole number.
    Number,
    /// Any text.
    Text,
    /// Any texts.
    Texts,
    /// One of these words and no other.
    Word(&'static [&'static str]),
    /// The name of a thing of the cluster.
    Name,
    /// Names of things of the cluster.
    Names,
    /// Fields of its own.
    Fields,
}

/// A type that a field of an event may have.
pub trait Field {
    /// What it holds.
    const HOLDS: Holds;
    /// Whether the field may be missing.
    const OPTIONAL: bool = false;
}

/// A field of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventField {
    /// Its name in the journal.
    pub name: &'static str,
    /// What it holds.
    pub holds: Holds,
    /// Whether it is left out where there is nothing to say.
    pub optional: bool,
    /// One sentence.
    pub text: String,
}

/// A field of a header, or of a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartField {
    /// Its name in the journal.
    pub name: String,
    /// Whether it is left out where there is nothing to say.
    pub optional: bool,
    /// One sentence.
    pub text: String,
}

impl PartField {
    pub(crate) fn new(field: &str, text: &str, serde: &[&str]) -> PartField {
        let serde = serde.join(" ");
        let renamed = serde.split_once("rename = \"");
        let renamed = renamed.and_then(|(_, rest)| Some(rest.split_once('"')?.0));
        PartField {
            name: renamed.unwrap_or(field).to_owned(),
            optional: serde.contains("default"),
            text: sentence(text),
        }
    }
}

/// A kind of event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventKind {
    /// Its name in the journal, such as `group-state`.
    pub name: String,
    /// One sentence.
    pub text: String,
    /// Its fields, besides those that every event has.
    pub fields: Vec<EventField>,
}

impl EventField {
    /// `serde` is what serde is told of the field: one with a default is left out, too, where there is nothing to say.
    pub(crate) fn new<T: Field>(name: &'static str, text: &str, serde: &[&str]) -> EventField {
        let default = serde.iter().any(|it| it.contains("default"));
        EventField {
            name,
            holds: T::HOLDS,
            optional: T::OPTIONAL || default,
            text: sentence(text),
        }
    }
}

impl EventKind {
    pub(crate) fn new(variant: &str, text: &str, fields: Vec<EventField>) -> EventKind {
        EventKind {
            name: kebab(variant),
            text: sentence(text),
            fields,
        }
    }

    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&EventField> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// The text of doc comments, on one line.
fn sentence(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A variant's name as the journal spells it.
pub(crate) fn kebab(variant: &str) -> String {
    let mut out = String::new();
    for character in variant.chars() {
        if character.is_uppercase() && !out.is_empty() {
            out.push('-');
        }
        out.extend(character.to_lowercase());
    }
    out
}

/// Lets an enum of events list its variants with their fields, and the kinds it knows.
macro_rules! described {
    (
        $(#[$meta:meta])*
        pub enum $name:ident { $(
            $(#[doc = $text:literal])+
            $variant:ident $({ $(
                $(#[doc = $about:literal])+
                $(#[serde($($serde:tt)*)])*
                $field:ident: $type:ty,
            )* })?,
        )+ }
    ) => {
        $(#[$meta])*
        pub enum $name { $(
            $(#[doc = $text])+
            $variant $({ $(
                $(#[doc = $about])+
                $(#[serde($($serde)*)])*
                $field: $type,
            )* })?,
        )+ }

        impl $name {
            /// Every kind of event there is, in the order of the source.
            pub fn kinds() -> Vec<crate::EventKind> {
                vec![$(
                    crate::EventKind::new(
                        stringify!($variant),
                        concat!($($text, "\n"),+),
                        vec![$($(
                            crate::EventField::new::<$type>(
                                stringify!($field),
                                concat!($($about, "\n"),+),
                                &[$(stringify!($($serde)*)),*],
                            ),
                        )*)?],
                    ),
                )+]
            }

            /// Its kind as the journal spells it, such as `group-state`.
            pub fn kind(&self) -> &'static str {
                static KINDS: std::sync::LazyLock<std::collections::BTreeMap<&str, String>> =
                    std::sync::LazyLock::new(|| {
                        let variants = [$(stringify!($variant)),+];
                        variants.map(|it| (it, crate::described::kebab(it))).into()
                    });
                KINDS[match self {
                    $(Self::$variant { .. } => stringify!($variant),)+
                }].as_str()
            }
        }
    };
}

/// Lets a part of a header list its fields: names as they are written, and what they are.
macro_rules! described_part {
    (
        $(#[$meta:meta])*
        pub struct $name:ident { $(
            $(#[doc = $about:literal])+
            $(#[serde($($serde:tt)*)])*
            pub $field:ident: $type:ty,
        )+ }
    ) => {
        $(#[$meta])*
        pub struct $name { $(
            $(#[doc = $about])+
            $(#[serde($($serde)*)])*
            pub $field: $type,
        )+ }

        impl $name {
            /// Its fields.
            pub fn fields() -> Vec<crate::PartField> {
                vec![$(crate::PartField::new(
                    stringify!($field),
                    concat!($($about, "\n"),+),
                    &[$(stringify!($($serde)*)),*],
                )),+]
            }
        }
    };
}

macro_rules! fields {
    ($($type:ty: $holds:expr;)+) => {
        $(impl Field for $type { const HOLDS: Holds = $holds; })+
    };
}

fields! {
    bool: Holds::Flag;
    u32: Holds::Number;
    u64: Holds::Number;
    usize: Holds::Number;
    String: Holds::Text;
    Vec<String>: Holds::Texts;
    Name: Holds::Name;
    FaultId: Holds::Number;
    Fault: Holds::Fields;
    Vec<Name>: Holds::Names;
    NodeState: Holds::Word(NodeState::WORDS);
    GroupState: Holds::Word(GroupState::WORDS);
    ResourceState: Holds::Word(ResourceState::WORDS);
    HealthCheck: Holds::Word(&["LooksAlive", "IsAlive"]);
}

pub(crate) use {described, described_part};

impl<T: Field> Field for Option<T> {
    const HOLDS: Holds = T::HOLDS;
    const OPTIONAL: bool = true;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_are_told_as_journals_spell_them() {
        assert_eq!(kebab("GroupMoveCancelled"), "group-move-cancelled");
        assert_eq!(sentence(" A group\n has moved.\n"), "A group has moved.");
    }
}
