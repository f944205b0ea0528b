//! Reading cluster files.
//!
//! Text, tree, file, definition: [`reader`] finds the values and their places, [`format`] knows the parts of a
//! cluster file, [`build`] expands its short forms, and [`crate::rules`] checks the result.

mod build;
mod decoder;
mod edit;
mod elsewhere;
mod fields;
pub(crate) mod format;
mod groups;
mod node_file;
mod properties;
mod reader;
mod schema;
mod spelling;
#[cfg(test)]
mod tests;
mod tree;

use std::path::Path;

use crate::source::Source;
use crate::{
    ClusterDefinition, Diagnostic, Diagnostics, Facts, ForeignResource, PluginSettings,
    PolicyReference, rules, types,
};

pub use edit::add_virtual_server;
pub use fields::{FILE_FIELDS, FILE_RECORDS, FieldKind, FileField};
pub use node_file::{
    Ask, CLUSTER_PORT, LogLevel, NodeFile, Ready, ServiceCommand, load_node_file, parse_node_file,
};
pub use schema::{cluster_file_as_json, cluster_file_schema};

use decoder::Decoder;

/// A cluster file that was read and found sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// What every node has installed.
    pub definition: ClusterDefinition,
    /// What only the rules and the virtual world read.
    pub facts: Facts,
    /// Warnings and notes, in the order of the file. None of them is an error.
    pub warnings: Vec<Diagnostic>,
    /// The policy scripts that the file names. The definition has none of them yet: the caller reads them and adds
    /// them.
    pub policies: Vec<PolicyReference>,
    /// How the file wants plugins to run, in its order.
    pub plugins: Vec<PluginSettings>,
    /// The resources whose types are not shipped ones, in the order of the file. Their private properties are not
    /// checked yet.
    pub foreign: Vec<ForeignResource>,
}

/// Reads and checks the cluster file at `path`.
///
/// # Errors
///
/// Everything that is wrong with it, each with its place; a file that cannot be read, or is not UTF-8, is one
/// finding without one (rule `file-unreadable`).
pub fn load(path: &Path) -> Result<Loaded, Diagnostics> {
    let (name, text) = reader::text_of(path, "cluster")?;
    parse(&name, &text)
}

/// Reads and checks a cluster file's text. `source_name` is what findings call the file.
///
/// # Errors
///
/// Everything that is wrong with it, each with its place. A syntax error is the only finding of its file.
pub fn parse(source_name: &str, text: &str) -> Result<Loaded, Diagnostics> {
    let source = Source::new(source_name, text);
    let root = reader::tree_of(&source, text)?;
    let mut decoder = Decoder::new(&source);
    let mut file = format::decode(&mut decoder, &root);
    spelling::as_defined(&mut file);
    let built = build::build(&mut decoder, &file);
    let mut findings = decoder.finish();
    let read: Vec<_> = findings
        .iter()
        .map(|finding| (finding.line, finding.column))
        .collect();
    let unjudged = build::unjudged(&file);
    let ruled = rules::check_at(&built.definition, &built.facts, &built.places, &source);
    findings.extend(ruled.into_iter().filter(|finding| {
        // The reader has noted these already; a rule's finding at the same place would only repeat it.
        !unjudged.contains(&finding.rule) && !read.contains(&(finding.line, finding.column))
    }));
    // In the order of the file, with equal places in the order they were found.
    findings.sort_by_key(|finding| (finding.line, finding.column));
    let findings = Diagnostics(findings);
    if findings.has_errors() {
        return Err(findings);
    }
    Ok(Loaded {
        foreign: foreign(&file, &source),
        definition: built.definition,
        facts: built.facts,
        warnings: findings.0,
        policies: built
            .policies
            .into_iter()
            .map(|(group, file)| {
                let place = source.error("policy-unreadable", file.span, "");
                PolicyReference::new(group, file.value, place)
            })
            .collect(),
        plugins: file
            .plugins
            .into_iter()
            .map(|plugin| {
                let at = |span| source.error("unknown-plugin", span, "");
                let place = at(plugin.name.span);
                let version = plugin.version.map(|it| (it.value, at(it.span)));
                let digest = plugin.digest.map(|it| (it.value, at(it.span)));
                PluginSettings::new(plugin.name.value, plugin.separate_monitor, place)
                    .requiring(version, digest)
            })
            .collect(),
    })
}

fn foreign(file: &format::ClusterFile, source: &Source<'_>) -> Vec<ForeignResource> {
    let resources = file.groups.iter().flat_map(|group| &group.resources);
    let quorum = match file.quorum.as_ref().map(|quorum| &quorum.value) {
        Some(format::Quorum::Standard(resource)) => Some(&resource.value),
        _ => None,
    };
    resources
        .filter_map(|resource| {
            let kind = resource.kind.as_ref()?;
            let place = |span| source.error("unknown-type", span, "");
            let shipped = types::private_properties(&kind.value).is_some();
            let is_quorum = quorum == Some(&resource.name.value);
            (!shipped).then(|| ForeignResource::new(resource, kind, is_quorum, place))
        })
        .collect()
}
