//! Names and ids of a cluster's objects.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The name of a node, group, resource, network or disk: cheap to copy, ordered and compared by its text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Name(Arc<str>);

impl Name {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether two names are the same to the cluster. Case does not matter.
pub fn same_name(one: &str, other: &str) -> bool {
    let mut pairs = one.bytes().zip(other.bytes());
    match pairs.find(|(one, other)| !one.eq_ignore_ascii_case(other)) {
        None => one.len() == other.len(),
        // Two ASCII bytes that differ in more than case: the names differ.
        Some((one, other)) if one.is_ascii() && other.is_ascii() => false,
        Some(_) => one.to_lowercase() == other.to_lowercase(),
    }
}

/// The item of `all` whose name is `name`. Case does not matter.
pub fn called<T, N>(
    all: impl IntoIterator<Item = T>,
    name: &str,
    of: impl Fn(&T) -> &N,
) -> Option<T>
where
    N: AsRef<str> + ?Sized,
{
    all.into_iter()
        .find(|one| same_name(of(one).as_ref(), name))
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Name(text.into())
    }
}

impl From<String> for Name {
    fn from(text: String) -> Self {
        Name(text.into())
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// A node's number: its place in the order in which nodes joined the cluster, from 1.
///
/// Placement falls back on it where no preferred owners are set. An evicted node that is added again gets its old
/// number back. What tells it from its former self is the identity of its copy of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct NodeId(pub u8);

/// Fails for anything but 1 to [`NodeId::MAX`].
impl TryFrom<u8> for NodeId {
    type Error = String;

    fn try_from(id: u8) -> Result<Self, String> {
        match NodeId(id) {
            node if id >= 1 && node <= NodeId::MAX => Ok(node),
            _ => Err(format!(
                "a node's number is 1 to {}, and {id} is none",
                NodeId::MAX
            )),
        }
    }
}

impl From<NodeId> for u8 {
    fn from(id: NodeId) -> u8 {
        id.0
    }
}

impl NodeId {
    /// The highest number. Only the file share witness has it, never a node.
    pub const MAX: NodeId = NodeId(65);
    /// The highest number of a node.
    pub const MAX_NODE: NodeId = NodeId(64);
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::same_name;

    #[test]
    fn names_are_the_same_whatever_case_they_are_written_in() {
        let names = [
            "",
            "EVS1",
            "evs1",
            "EVS2",
            "evs12",
            "É1",
            "é1",
            "é2",
            "e1",
            "k",
            "\u{212a}",
            "İ",
            "i̇",
            "ΟΔΟΣ",
            "οδος",
            "οδοσ",
            "οδοσα",
            "straße",
            "STRASSE",
            "s",
            "ſ",
        ];
        for one in names {
            for other in names {
                let same = one.to_lowercase() == other.to_lowercase();
                assert_eq!(same_name(one, other), same, "{one:?} and {other:?}");
            }
        }
    }
}
