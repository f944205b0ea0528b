//! Control codes (CLUSCTL): what their bits say, the names of the well-known ones, and what is asked by one.
//!
//! ```text
//! 31     24 23 22 21 20 19            2 1 0
//! [ object ] G  M  U  I [  function   ] [A]
//! ```
//! The *object* says what the code is for; *A* is the access it needs (1 read, 2 write); *M* that it changes something; *I*
//! that only the cluster service sends it, to tell a type of something (a notification); *U* that a plugin's author made it
//! up. *G* is not used here. The layout and the numbers are the original's.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Name, nearest};

/// Most bytes that go in or come out with a control code, so that either fits into a datagram.
pub const CONTROL_BYTES_MAX: usize = 32 * 1_024;

/// A control code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ControlCode(pub u32);

/// What a control code is for, by its uppermost byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ControlObject {
    /// 1: a resource.
    Resource,
    /// 2: a resource type.
    ResourceType,
    /// 3: a group.
    Group,
    /// 4: a node.
    Node,
    /// 5: a network.
    Network,
    /// 6: a network card.
    NetInterface,
    /// 7: the cluster.
    Cluster,
}

impl fmt::Display for ControlObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resource => "a resource",
            Self::ResourceType => "a resource type",
            Self::Group => "a group",
            Self::Node => "a node",
            Self::Network => "a network",
            Self::NetInterface => "a network card",
            Self::Cluster => "the cluster",
        })
    }
}

impl ControlCode {
    /// Only the cluster service sends it.
    const INTERNAL: u32 = 1 << 20;
    /// A plugin's author made it up.
    const USER: u32 = 1 << 21;
    /// It changes something.
    const MODIFY: u32 = 1 << 22;

    /// A plugin's own code for a resource: the author's number, from 0 to 0x3ffff. Its access bits are left at 0.
    ///
    /// In the original `CLUSCTL_USER_CODE`, with the object of resources.
    pub const fn private(function: u32) -> ControlCode {
        ControlCode(1 << 24 | Self::USER | (function << 2 & (Self::INTERNAL - 1)))
    }

    /// The object the code is for; `None` if its uppermost byte is none of the known objects.
    pub const fn object(self) -> Option<ControlObject> {
        Some(match self.0 >> 24 {
            1 => ControlObject::Resource,
            2 => ControlObject::ResourceType,
            3 => ControlObject::Group,
            4 => ControlObject::Node,
            5 => ControlObject::Network,
            6 => ControlObject::NetInterface,
            7 => ControlObject::Cluster,
            _ => return None,
        })
    }

    /// Whether only the cluster service sends it, to notify a type of something.
    pub const fn is_internal(self) -> bool {
        self.0 & Self::INTERNAL != 0
    }

    /// Whether a plugin's author made it up.
    pub const fn is_private(self) -> bool {
        self.0 & Self::USER != 0
    }

    /// Whether it says of itself that it changes something.
    pub const fn modifies(self) -> bool {
        self.0 & Self::MODIFY != 0
    }

    /// The original's name, if it is well known.
    pub fn name(self) -> Option<&'static str> {
        let known = CONTROLS.iter().find(|known| known.code == self)?;
        Some(known.name)
    }

    /// The well-known code of this name, whatever case it is written in. `CLUSCTL_RESOURCE_` and `CLUSCTL_RESOURCE_TYPE_` may
    /// be left out where it is clear which `object` is meant.
    pub fn named(object: ControlObject, name: &str) -> Option<ControlCode> {
        let mut of_object = KnownControl::of(object);
        let found = of_object.find(|known| {
            known.name.eq_ignore_ascii_case(name) || known.short().eq_ignore_ascii_case(name)
        });
        found.map(|known| known.code)
    }

    /// The well-known name for `object` that is nearest to the misspelled `name`.
    pub fn nearest(object: ControlObject, name: &str) -> Option<&'static str> {
        // The answer is in full or short, as `name` was.
        if name.to_ascii_uppercase().starts_with("CLUSCTL") {
            nearest(name, KnownControl::of(object).map(|known| known.name))
        } else {
            nearest(name, KnownControl::of(object).map(KnownControl::short))
        }
    }
}

impl fmt::Display for ControlCode {
    /// `CLUSCTL_RESOURCE_GET_NAME (0x01000029)`, or the number alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} ({:#010x})", self.0),
            None => write!(f, "{:#010x}", self.0),
        }
    }
}

/// A well-known control code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownControl {
    /// The original's name.
    pub name: &'static str,
    /// Its number.
    pub code: ControlCode,
    /// What it asks for.
    pub doc: &'static str,
}

impl KnownControl {
    /// The well-known codes for `object`.
    pub fn of(object: ControlObject) -> impl Iterator<Item = &'static KnownControl> {
        CONTROLS
            .iter()
            .filter(move |known| known.code.object() == Some(object))
    }

    /// The name without its prefix, `CLUSCTL_RESOURCE_` or `CLUSCTL_RESOURCE_TYPE_`.
    pub fn short(&self) -> &'static str {
        let prefix = match self.code.object() {
            Some(ControlObject::ResourceType) => "CLUSCTL_RESOURCE_TYPE_",
            _ => "CLUSCTL_RESOURCE_",
        };
        self.name.strip_prefix(prefix).unwrap_or(self.name)
    }
}

macro_rules! controls {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal;)+) => {
        $($(#[doc = $doc])+ pub const $name: ControlCode = ControlCode($code);)+

        /// The well-known codes for resources and resource types.
        pub const CONTROLS: &[KnownControl] = &[
            $(KnownControl {
                name: stringify!($name),
                code: $name,
                doc: concat!($($doc),+),
            },)+
        ];
    };
}

controls! {
    /// What the resource can be: a number, 1 where its type can be the quorum.
    CLUSCTL_RESOURCE_GET_CHARACTERISTICS = 0x0100_0005;
    /// What kind of thing it is: two numbers, class (1 storage, 0 no class) and subclass (0x80000000 shared).
    CLUSCTL_RESOURCE_GET_CLASS_INFO = 0x0100_000d;
    /// The types that it has to depend on: one a line.
    CLUSCTL_RESOURCE_GET_REQUIRED_DEPENDENCIES = 0x0100_0011;
    /// The resource's name.
    CLUSCTL_RESOURCE_GET_NAME = 0x0100_0029;
    /// The name of its type.
    CLUSCTL_RESOURCE_GET_RESOURCE_TYPE = 0x0100_002d;
    /// The names of its common properties: one a line.
    CLUSCTL_RESOURCE_ENUM_COMMON_PROPERTIES = 0x0100_0051;
    /// The names of its private properties: one a line.
    CLUSCTL_RESOURCE_ENUM_PRIVATE_PROPERTIES = 0x0100_0079;
    /// Its private properties: one `Name=Value` a line.
    CLUSCTL_RESOURCE_GET_PRIVATE_PROPERTIES = 0x0100_0081;
    /// The name in the network of a Network Name.
    CLUSCTL_RESOURCE_GET_NETWORK_NAME = 0x0100_0169;
    /// What there is to say of a disk: one `Name=Value` a line.
    CLUSCTL_RESOURCE_STORAGE_GET_DISK_INFO = 0x0100_0191;
    /// Whether a path, the input, is on the disk: no output, or error 3.
    CLUSCTL_RESOURCE_STORAGE_IS_PATH_VALID = 0x0100_0199;
    /// What resources of the type can be: a number, 1 where the type can be the quorum.
    CLUSCTL_RESOURCE_TYPE_GET_CHARACTERISTICS = 0x0200_0005;
    /// What kind of thing they are, as for a resource.
    CLUSCTL_RESOURCE_TYPE_GET_CLASS_INFO = 0x0200_000d;
    /// The types that they have to depend on: one a line.
    CLUSCTL_RESOURCE_TYPE_GET_REQUIRED_DEPENDENCIES = 0x0200_0011;
    /// The names of the private properties that they have: one a line.
    CLUSCTL_RESOURCE_TYPE_ENUM_PRIVATE_PROPERTIES = 0x0200_0079;
}

/// Whom a control code asks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ControlOf {
    /// A resource, where it is owned.
    Resource(Name),
    /// A resource type. No resource of it need be there.
    Type(Name),
}

impl ControlOf {
    /// The object that its codes are for.
    pub const fn object(&self) -> ControlObject {
        match self {
            Self::Resource(_) => ControlObject::Resource,
            Self::Type(_) => ControlObject::ResourceType,
        }
    }
}

impl fmt::Display for ControlOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resource(name) => write!(f, "resource {name}"),
            Self::Type(name) => write!(f, "resource type {name}"),
        }
    }
}

/// What is asked by a control code. It changes nothing in the cluster's database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlRequest {
    /// The resource or type that is asked.
    pub of: ControlOf,
    /// The node whose plugin answers. `None` means the owner of a resource, and for a type the node that is asked.
    pub on: Option<Name>,
    /// The code.
    pub code: ControlCode,
    /// The bytes that go in with the code: at most [`CONTROL_BYTES_MAX`].
    pub input: Vec<u8>,
}

impl fmt::Display for ControlRequest {
    /// The request in words, as a journal has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "send control code {} to {}", self.code, self.of)?;
        match &self.on {
            Some(node) => write!(f, " on {node}"),
            None => Ok(()),
        }
    }
}

/// How many characters of an answer are shown.
const SPOKEN_MAX: usize = 60;

/// What a control code gave, for people: the number of bytes, and the beginning of the text if they are text.
pub fn spoken(bytes: &[u8]) -> String {
    let count = match bytes.len() {
        1 => "1 byte".to_owned(),
        count => format!("{count} bytes"),
    };
    let text = std::str::from_utf8(bytes).ok();
    let text = text.filter(|text| !text.is_empty() && !text.contains('\0'));
    match text {
        Some(text) => {
            let short: String = text.chars().take(SPOKEN_MAX).collect();
            let more = if short.len() < text.len() { " …" } else { "" };
            format!("{count}: {short:?}{more}")
        }
        None => {
            let shown = bytes.iter().take(SPOKEN_MAX / 2);
            let hex: String = shown.map(|byte| format!("{byte:02x}")).collect();
            let more = if bytes.len() > SPOKEN_MAX / 2 {
                " …"
            } else {
                ""
            };
            match hex.is_empty() {
                true => count,
                false => format!("{count}: {hex}{more}"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_say_what_they_are() {
        let code = ControlCode(0x0150_0006);
        assert_eq!(code.object(), Some(ControlObject::Resource));
        assert!(code.is_internal() && code.modifies() && !code.is_private());
        let own = ControlCode::private(7);
        assert_eq!(own.0, 0x0120_001c);
        assert!(own.is_private() && !own.is_internal() && !own.modifies());
        assert_eq!(own.object(), Some(ControlObject::Resource));
        assert_eq!(ControlCode::private(u32::MAX).0, 0x012f_fffc);
        assert_eq!(ControlCode(0xdead_beef).object(), None);
    }

    #[test]
    fn requests_and_answers_are_said_in_words() {
        let mut request = ControlRequest {
            of: ControlOf::Resource("R".into()),
            on: None,
            code: CLUSCTL_RESOURCE_GET_NAME,
            input: Vec::new(),
        };
        let text = "send control code CLUSCTL_RESOURCE_GET_NAME (0x01000029) to resource R";
        assert_eq!(request.to_string(), text);
        request.on = Some("NODE1".into());
        assert_eq!(request.to_string(), format!("{text} on NODE1"));
        assert_eq!(spoken(b""), "0 bytes");
        assert_eq!(spoken(b"R"), "1 byte: \"R\"");
        assert_eq!(spoken(&[1, 0, 0, 0]), "4 bytes: 01000000");
        assert!(spoken(&[b'a'; 61]).ends_with("a\" …"));
    }

    #[test]
    fn names_are_found_in_full_and_short_and_each_is_for_its_object() {
        let resource = ControlObject::Resource;
        for name in ["CLUSCTL_RESOURCE_GET_NAME", "get_name"] {
            let found = ControlCode::named(resource, name);
            assert_eq!(found, Some(CLUSCTL_RESOURCE_GET_NAME), "{name}");
        }
        let kind = ControlObject::ResourceType;
        assert_eq!(
            ControlCode::named(kind, "GET_CHARACTERISTICS"),
            Some(CLUSCTL_RESOURCE_TYPE_GET_CHARACTERISTICS)
        );
        assert_eq!(ControlCode::named(kind, "GET_NAME"), None);
        assert_eq!(
            ControlCode::nearest(resource, "GET_NAMES"),
            Some("GET_NAME")
        );
        assert_eq!(
            ControlCode::nearest(resource, "CLUSCTL_RESOURCE_GETNAME"),
            Some("CLUSCTL_RESOURCE_GET_NAME")
        );
        assert_eq!(
            CLUSCTL_RESOURCE_GET_NAME.to_string(),
            "CLUSCTL_RESOURCE_GET_NAME (0x01000029)"
        );
    }

    #[test]
    fn no_two_have_a_number_and_each_is_for_a_resource_or_a_type() {
        let mut codes: Vec<_> = CONTROLS.iter().map(|known| known.code).collect();
        codes.sort();
        codes.dedup();
        assert_eq!(codes.len(), CONTROLS.len());
        for known in CONTROLS {
            let own = match known.code.object() {
                Some(ControlObject::ResourceType) => {
                    known.name.starts_with("CLUSCTL_RESOURCE_TYPE")
                }
                Some(ControlObject::Resource) => known.name.starts_with("CLUSCTL_RESOURCE_"),
                _ => false,
            };
            assert!(own && !known.code.is_internal(), "{}", known.name);
        }
    }
}
