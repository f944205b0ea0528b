//! What a cluster file says about the plugins of its resource types. Nothing here loads them.

use crate::file::format::Resource;
use crate::source::{Span, Spanned};
use crate::{Diagnostic, PERSISTENT_STATE, RESOURCE_PROPERTIES, Value};

/// How a cluster file wants a plugin to run. Whether such a plugin exists is for whoever loads plugins to find out.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginSettings {
    /// The plugin's name, such as `exres`.
    pub plugin: String,
    /// Whether its resources run in a resource monitor process; `None` leaves that decision to the plugin.
    pub separate_monitor: Option<bool>,
    /// Which versions of it will do, with a finding at the place where that is written.
    version: Option<(semver::VersionReq, Diagnostic)>,
    /// The digest of its file, likewise.
    digest: Option<(String, Diagnostic)>,
    /// A finding at the place where the plugin is named, still without a message.
    place: Diagnostic,
}

impl PluginSettings {
    pub(crate) fn new(plugin: String, separate_monitor: Option<bool>, place: Diagnostic) -> Self {
        PluginSettings {
            plugin,
            separate_monitor,
            version: None,
            digest: None,
            place,
        }
    }

    /// With what the file requires of it.
    pub(crate) fn requiring(
        self,
        version: Option<(semver::VersionReq, Diagnostic)>,
        digest: Option<(String, Diagnostic)>,
    ) -> Self {
        PluginSettings {
            version,
            digest,
            ..self
        }
    }

    /// Whether the file names the digest that the plugin must have.
    pub fn wants_digest(&self) -> bool {
        self.digest.is_some()
    }

    /// An error if the plugin has a `version` that the file does not want; `file` is where it was found.
    pub fn other_version(&self, version: &str, file: &str) -> Option<Diagnostic> {
        let (wanted, place) = self.version.as_ref()?;
        let found = semver::Version::parse(version);
        if found.as_ref().is_ok_and(|found| wanted.matches(found)) {
            return None;
        }
        let why = match found {
            Ok(_) => "",
            Err(_) => ", which is no version as semver has them",
        };
        let message = format!(
            "the plugin `{}` is {version} here{why}, and this cluster wants {wanted}: {file}",
            self.plugin
        );
        Some(Diagnostic {
            found: Some(version.to_owned()),
            expected: Some(wanted.to_string()),
            ..worded(place, "plugin-mismatch", message)
        })
    }

    /// An error if the plugin's file has a `digest` that the file does not want; `file` is where it was found.
    pub fn other_digest(&self, digest: &str, file: &str) -> Option<Diagnostic> {
        let (wanted, place) = self.digest.as_ref()?;
        if wanted == digest {
            return None;
        }
        let message = format!(
            "the plugin `{}` is another file than this cluster wants: {file}",
            self.plugin
        );
        Some(Diagnostic {
            found: Some(digest.to_owned()),
            expected: Some(wanted.clone()),
            ..worded(place, "plugin-mismatch", message)
        })
    }

    /// An error at the place where the plugin is named.
    pub fn error(&self, rule: &'static str, message: impl Into<String>) -> Diagnostic {
        worded(&self.place, rule, message)
    }
}

/// A resource of a cluster file whose type is not a shipped one. Only its plugin knows which properties the type has,
/// so whoever loads plugins checks them. This keeps the places in the file that such a check must point at.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignResource {
    /// The resource's name.
    pub resource: String,
    /// Its type.
    pub kind: String,
    /// Whether it is the quorum resource.
    pub is_quorum: bool,
    /// The private properties that the file gives it, in its order.
    pub properties: Vec<ForeignProperty>,
    /// Findings at the places where the resource and its type are named, still without a message.
    name_place: Diagnostic,
    kind_place: Diagnostic,
}

/// A private property of a [`ForeignResource`].
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignProperty {
    /// Its name, as it is written.
    pub name: String,
    /// Its value.
    pub value: Value,
    name_place: Diagnostic,
    value_place: Diagnostic,
}

impl ForeignResource {
    /// Collects what the file says about the resource; `place` turns a span into a finding.
    pub(crate) fn new(
        written: &Resource,
        kind: &Spanned<String>,
        is_quorum: bool,
        place: impl Fn(Span) -> Diagnostic,
    ) -> Self {
        let common = |name: &str| {
            let mut common = RESOURCE_PROPERTIES.iter().chain([&PERSISTENT_STATE]);
            common.any(|known| known.name.eq_ignore_ascii_case(name))
        };
        let private = written.properties.iter();
        ForeignResource {
            resource: written.name.value.clone(),
            kind: kind.value.clone(),
            is_quorum,
            properties: private
                .filter(|(name, _)| !common(&name.value))
                .map(|(name, value)| ForeignProperty {
                    name: name.value.clone(),
                    value: value.value.clone(),
                    name_place: place(name.span),
                    value_place: place(value.span),
                })
                .collect(),
            name_place: place(written.name.span),
            kind_place: place(kind.span),
        }
    }

    /// An error where the resource is named.
    pub fn error(&self, rule: &'static str, message: impl Into<String>) -> Diagnostic {
        worded(&self.name_place, rule, message)
    }

    /// An error where its type is named.
    pub fn error_at_kind(&self, rule: &'static str, message: impl Into<String>) -> Diagnostic {
        worded(&self.kind_place, rule, message)
    }
}

impl ForeignProperty {
    /// An error where the property is named.
    pub fn error_at_name(&self, rule: &'static str, message: impl Into<String>) -> Diagnostic {
        worded(&self.name_place, rule, message)
    }

    /// An error at its value.
    pub fn error_at_value(&self, rule: &'static str, message: impl Into<String>) -> Diagnostic {
        worded(&self.value_place, rule, message)
    }
}

fn worded(place: &Diagnostic, rule: &'static str, message: impl Into<String>) -> Diagnostic {
    Diagnostic {
        rule,
        message: message.into(),
        ..place.clone()
    }
}
