//! What a library says of itself, copied from its tables.

use std::path::PathBuf;

use quorate_abi as abi;
use quorate_model::{PropertyError, Value};
use serde::{Deserialize, Serialize};

/// The platform for which plugins must be compiled to be loaded here.
pub(crate) fn target() -> String {
    format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS)
}

/// A loaded library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LibraryInfo {
    /// The file. If this comes from another process, the receiver fills it in.
    #[serde(skip)]
    pub path: PathBuf,
    /// The plugin's name, such as `exres`.
    pub name: String,
    /// The plugin's own version, such as `1.2.0`.
    pub version: String,
    /// One line for people.
    pub description: String,
    /// The version of the contract that it was compiled against: 0x100 is 1.0.
    pub abi: u32,
    /// The platform that it was compiled for, such as `x86_64-linux`.
    pub target: String,
    /// `PLUGIN_…` flags of `quorate-abi`.
    pub flags: u32,
    /// Its resource types, in the plugin's order.
    pub types: Vec<TypeInfo>,
    /// Whether it is a program and no library: it always runs in a process of its own. The receiver fills it in.
    #[serde(skip)]
    pub program: bool,
    /// Files with the same plugin that the search found later and therefore ignored.
    #[serde(skip)]
    pub shadows: Vec<PathBuf>,
}

impl LibraryInfo {
    /// The digest of its file, as cluster files name it: `blake3:` and 64 hexadecimal digits.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn digest(&self) -> std::io::Result<String> {
        let bytes = std::fs::read(&self.path)?;
        Ok(format!("blake3:{}", blake3::hash(&bytes).to_hex()))
    }

    /// Whether it keeps no process-wide state, so that all nodes of a rehearsal can share one image.
    pub fn is_stateless(&self) -> bool {
        self.flags & abi::PLUGIN_STATELESS != 0
    }

    /// Whether it runs threads of its own, so that a drill with it is not repeatable.
    pub fn has_threads(&self) -> bool {
        self.flags & abi::PLUGIN_THREADS != 0
    }

    /// Whether it asks for a resource monitor of its own.
    pub fn wants_separate_monitor(&self) -> bool {
        self.flags & abi::PLUGIN_SEPARATE_MONITOR != 0
    }

    /// The contract's version as people write it, such as `1.0`.
    pub fn abi_text(&self) -> String {
        format!("{}.{}", self.abi >> 8, self.abi & 0xff)
    }
}

/// A resource type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeInfo {
    /// Its name, such as `Physical Disk`.
    pub name: String,
    /// One line for people.
    pub doc: String,
    /// How often `LooksAlive` is called, in milliseconds; not 0.
    pub looks_alive_ms: u32,
    /// How often `IsAlive` is called, in milliseconds; not 0.
    pub is_alive_ms: u32,
    /// The type's `PendingTimeout` in milliseconds; 0 means the cluster's.
    pub pending_timeout_ms: u32,
    /// Whether it can be the quorum resource.
    pub quorum_capable: bool,
    /// Its private properties, in the plugin's order.
    pub properties: Vec<PropertyInfo>,
}

impl TypeInfo {
    /// The private property called `name`. As in the original's registry, case does not matter.
    pub fn property(&self, name: &str) -> Option<&PropertyInfo> {
        self.properties
            .iter()
            .find(|property| property.name.eq_ignore_ascii_case(name))
    }
}

/// The kind of value that a property has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PropertyKind {
    /// Text (SZ).
    Text,
    /// A 32-bit number (DWORD).
    Dword,
    /// 0 or 1.
    Bool,
    /// A list of texts (MULTI_SZ).
    List,
}

impl PropertyKind {
    /// The original's name of the kind.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "SZ",
            Self::Dword => "DWORD",
            Self::Bool => "BOOL",
            Self::List => "MULTI_SZ",
        }
    }
}

/// A private property of a type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PropertyInfo {
    /// Its name.
    pub name: String,
    /// The kind of its value.
    pub kind: PropertyKind,
    /// Its unit, such as `ms`, or empty.
    pub unit: String,
    /// One line for people.
    pub doc: String,
    /// Its default as text: numbers in decimal, lists with one entry a line.
    pub default: String,
    /// Smallest number allowed.
    pub min: u64,
    /// Largest number allowed.
    pub max: u64,
    /// Whether Online is refused without it.
    pub required: bool,
    /// Whether a change takes effect only at the next Online.
    pub at_online: bool,
}

impl PropertyInfo {
    /// The values that it takes, in words, with the unit.
    pub fn expected(&self) -> String {
        let all = u64::from(u32::MAX);
        let range = match (self.kind, self.min, self.max) {
            (PropertyKind::Text, ..) => return "a text".to_owned(),
            (PropertyKind::List, ..) => return "a list of texts".to_owned(),
            (PropertyKind::Bool, ..) => return "0 or 1".to_owned(),
            (PropertyKind::Dword, 0, most) if most >= all => "a number".to_owned(),
            (PropertyKind::Dword, least, most) if most >= all => {
                format!("a number, at least {least}")
            }
            (PropertyKind::Dword, least, most) => format!("a number from {least} to {most}"),
        };
        match &*self.unit {
            "" => range,
            unit => format!("{range} {unit}"),
        }
    }

    /// As [`expected`](Self::expected), and also whether it must be set, and when a change takes effect.
    pub fn takes(&self) -> String {
        let required = if self.required { "; required" } else { "" };
        let when = if self.at_online {
            "; from the next Online"
        } else {
            ""
        };
        format!("{}{required}{when}", self.expected())
    }

    /// Whether it takes `value`.
    ///
    /// # Errors
    ///
    /// [`PropertyError::WrongType`] or [`PropertyError::OutOfRange`].
    pub fn check(&self, value: &Value) -> Result<(), PropertyError> {
        let empty = match value {
            Value::Text(text) => text.is_empty(),
            Value::List(texts) => texts.is_empty(),
            Value::Dword(_) => false,
        };
        if self.required && empty {
            return Err(PropertyError::OutOfRange {
                name: self.name.clone(),
                found: "empty".to_owned(),
                expected: format!("{}, and is required", self.expected()),
            });
        }
        let (least, most) = match (self.kind, value) {
            (PropertyKind::Text, Value::Text(_)) | (PropertyKind::List, Value::List(_)) => {
                return Ok(());
            }
            (PropertyKind::Dword, Value::Dword(_)) => (self.min, self.max),
            (PropertyKind::Bool, Value::Dword(_)) => (0, 1),
            _ => {
                return Err(PropertyError::WrongType {
                    name: self.name.clone(),
                    found: value.to_string(),
                    expected: self.expected(),
                });
            }
        };
        match value {
            Value::Dword(number) if !(least..=most).contains(&u64::from(*number)) => {
                Err(PropertyError::OutOfRange {
                    name: self.name.clone(),
                    found: value.as_found(),
                    expected: self.expected(),
                })
            }
            _ => Ok(()),
        }
    }

    /// Its default as a value; plugins state it as text.
    pub fn default_value(&self) -> Value {
        match self.kind {
            PropertyKind::Dword | PropertyKind::Bool => {
                Value::Dword(self.default.parse().unwrap_or_default())
            }
            PropertyKind::Text => Value::Text(self.default.clone()),
            PropertyKind::List => Value::List(self.default.lines().map(str::to_owned).collect()),
        }
    }
}
