//! Names and ids of a cluster's objects.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The name of a node, group, resource, network or disk: cheap to copy, ordered and compared by its text.
#[derive(Clone, Serialize, Deserialize)]
#[serde(from = "Arc<str>", into = "Arc<str>")]
pub struct Name {
    /// The first eight bytes, zeros where there are none, as a number that is ordered like them. Names are keys of maps
    /// everywhere, and most of them differ here.
    pub(crate) head: u64,
    text: Arc<str>,
}

impl Name {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// The first eight bytes of a text as a number, the first of them the highest.
pub(crate) fn head(text: &str) -> u64 {
    let mut bytes = [0; 8];
    let len = text.len().min(bytes.len());
    bytes[..len].copy_from_slice(&text.as_bytes()[..len]);
    u64::from_be_bytes(bytes)
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        // Most often it is the same text in the same place.
        self.head == other.head && (Arc::ptr_eq(&self.text, &other.text) || self.text == other.text)
    }
}

impl Eq for Name {}

/// As their texts are ordered, byte by byte: they are found by their texts, too.
impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        // A text that ends and one that goes on with a zero have the same head.
        match self.head.cmp(&other.head) {
            Ordering::Equal if Arc::ptr_eq(&self.text, &other.text) => Ordering::Equal,
            Ordering::Equal => self.text.cmp(&other.text),
            differ => differ,
        }
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl From<Arc<str>> for Name {
    fn from(text: Arc<str>) -> Self {
        Name {
            head: head(&text),
            text,
        }
    }
}

impl From<Name> for Arc<str> {
    fn from(name: Name) -> Self {
        name.text
    }
}

/// Whether two names are the same to the cluster. Case does not matter.
pub fn same_name(one: &str, other: &str) -> bool {
    if one.eq_ignore_ascii_case(other) {
        return true;
    }
    if one.is_ascii() && other.is_ascii() {
        return false;
    }
    let mut pairs = one.bytes().zip(other.bytes());
    match pairs.find(|(one, other)| !one.eq_ignore_ascii_case(other)) {
        None => one.len() == other.len(),
        // Two ASCII bytes that differ in more than case: the names differ.
        Some((one, other)) if one.is_ascii() && other.is_ascii() => false,
        Some(_) => one.to_lowercase() == other.to_lowercase(),
    }
}

/// The item of `all` whose name is `name`. Case does not matter; most often it is spelled as it stands there, so that is tried
/// first.
pub fn called<T, N>(
    all: impl IntoIterator<Item = T, IntoIter: Clone>,
    name: &str,
    of: impl Fn(&T) -> &N,
) -> Option<T>
where
    N: AsRef<str> + ?Sized,
{
    let mut all = all.into_iter();
    let spelled = all.clone().find(|one| of(one).as_ref() == name);
    spelled.or_else(|| all.find(|one| same_name(of(one).as_ref(), name)))
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.text
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Arc::<str>::from(text).into()
    }
}

impl From<String> for Name {
    fn from(text: String) -> Self {
        Arc::<str>::from(text).into()
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        &*self.text == other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        &*self.text == *other
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
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
    use proptest::prelude::*;

    use super::{Name, same_name};

    proptest! {
        #[test]
        fn names_are_ordered_and_compared_like_their_texts(one in "[a-c\0é]{0,12}", other in "[a-c\0é]{0,12}") {
            for other in [&other, &one] {
                let (name, another) = (Name::from(one.as_str()), Name::from(other.as_str()));
                prop_assert_eq!(name.cmp(&another), one.cmp(other));
                prop_assert_eq!(name == another, one == *other);
            }
        }
    }

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
