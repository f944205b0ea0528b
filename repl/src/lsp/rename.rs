//! Renaming what a cluster file names, there and in every drill on that cluster.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use quorate_drill::Noun;
use quorate_model::same_name;
use quorate_script::WordDoc;

use super::cluster::{ClusterText, Named};
use super::drill::{Meaning, Script};
use super::names::{Names, beside};
use super::tokens::Kind;
use super::workspace::Workspace;

/// What is to be renamed: the cluster file and the name in it.
pub(super) struct Subject {
    names: Names,
    named: Named,
    /// Where it stands in the file that was asked about.
    pub(super) place: Range<usize>,
}

impl Subject {
    pub(super) fn name(&self) -> &str {
        &self.named.text
    }
}

/// The places in each file that change.
pub(super) type Edits = BTreeMap<PathBuf, Vec<(Range<usize>, String)>>;

/// What a place names.
///
/// # Errors
/// One sentence, if nothing there can be renamed.
pub(super) fn subject(
    workspace: &Workspace,
    path: &Path,
    text: &str,
    words: &[WordDoc],
    offset: usize,
) -> Result<Subject, String> {
    let nothing = || {
        "this is no name of a cluster file: nodes, groups, resources, networks and disks can be renamed".to_owned()
    };
    let (names, noun, said, place) = match is_script(path) {
        true => {
            let script = Script::of(text, words);
            let at = script.tokens.at(offset).ok_or_else(nothing)?;
            if script.tokens.kind(at) != Some(Kind::Quoted) {
                return Err(nothing());
            }
            let noun = match script.meaning(at) {
                Some(Meaning::Name(noun)) => noun,
                None if script.is_label(at) => return Err(nothing()),
                None => None,
                Some(_) => return Err(nothing()),
            };
            let said = script.tokens.quoted(at).to_owned();
            let clusters = Names::at(workspace, &script, path, offset);
            let mut having = clusters
                .into_iter()
                .filter(|it| it.defined(noun, &said).is_some());
            let names = having
                .next()
                .ok_or_else(|| format!("no cluster file that a drill here names has \"{said}\""))?;
            (names, noun, said, script.tokens.inside(at))
        }
        false => {
            let cluster = ClusterText::of(text);
            let at = cluster.tokens.at(offset).ok_or_else(nothing)?;
            let names = Names::of(path, text);
            let found = names
                .names
                .iter()
                .find(|it| it.at == cluster.tokens.inside(at));
            let noun = found.ok_or_else(nothing)?.noun;
            let said = cluster.tokens.quoted(at).to_owned();
            (names, Some(noun), said, cluster.tokens.inside(at))
        }
    };
    let named = names.defined(noun, &said).or_else(|| match noun {
        // The quorum may be a resource that is no disk.
        Some(Noun::Disk) => names.defined(Some(Noun::Resource), &said),
        _ => None,
    });
    let named = named.cloned();
    let named = named.ok_or_else(|| format!("nothing in the file is called \"{said}\""))?;
    if !same_name(&named.text, &said) {
        return Err(format!(
            "\"{said}\" is made by the virtual server \"{0}\", whose name begins its own: rename \"{0}\"",
            named.text
        ));
    }
    Ok(Subject {
        names,
        named,
        place,
    })
}

fn is_script(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "rhai")
}

/// Every place that changes if the subject is called `new`.
///
/// # Errors
/// One sentence, if it cannot be called that.
pub(super) fn edits(
    workspace: &Workspace,
    words: &[WordDoc],
    subject: &Subject,
    new: &str,
) -> Result<Edits, String> {
    if new.trim().is_empty() || new.trim() != new {
        return Err("a name is not empty, and neither begins nor ends with a blank".to_owned());
    }
    if new.contains(['"', '\\', '\n', '\r', '|']) {
        return Err("a name has no quotes, backslashes, bars or line breaks".to_owned());
    }
    let named = &subject.named;
    let taken = |it: &&Named| it.defines && it.noun == named.noun && same_name(&it.text, new);
    if !same_name(new, &named.text)
        && let Some(other) = subject.names.names.iter().find(taken)
    {
        return Err(format!(
            "there is a {} \"{}\" already",
            named.noun.word(),
            other.text
        ));
    }
    let mut edits = Edits::new();
    let own_file = &subject.names.path;
    if !workspace.roots.iter().any(|it| own_file.starts_with(it)) {
        return Err(format!(
            "{} is outside the folder that the editor has open: open one that has the cluster file and its drills",
            own_file.display()
        ));
    }
    let (files, whole) = workspace.files(&["rhai"]);
    if !whole {
        return Err(
            "the editor's folder has too many files to find every drill: open the project's own"
                .to_owned(),
        );
    }
    let own = subject.names.names.iter().filter(|it| speaks(named, it));
    let places = own.map(|it| (it.at.clone(), new.to_owned())).collect();
    edits.insert(subject.names.path.clone(), places);
    for file in files {
        let Ok(text) = workspace.text(&file) else {
            continue;
        };
        let places = in_drills(subject, &file, &text, words, new);
        if !places.is_empty() {
            edits.insert(file, places);
        }
    }
    Ok(edits)
}

/// Whether a name in the cluster file is the one that is renamed. The resource of a disk has the disk's name.
fn speaks(named: &Named, it: &Named) -> bool {
    alike(it.noun, named.noun) && same_name(&it.text, &named.text)
}

fn alike(one: Noun, other: Noun) -> bool {
    one == other
        || matches!(
            (one, other),
            (Noun::Disk, Noun::Resource) | (Noun::Resource, Noun::Disk)
        )
}

/// The places in a file of drills: in those on this cluster, and in the functions of a file that opens no other.
fn in_drills(
    subject: &Subject,
    file: &Path,
    text: &str,
    words: &[WordDoc],
    new: &str,
) -> Vec<(Range<usize>, String)> {
    let named = &subject.named;
    if !text.to_lowercase().contains(&named.text.to_lowercase()) {
        return Vec::new();
    }
    let script = Script::of(text, words);
    let tokens = &script.tokens;
    let drills = script.drills();
    let ours = |cluster: &Option<String>| {
        cluster
            .as_ref()
            .is_some_and(|it| beside(file, it) == subject.names.path)
    };
    if !drills.iter().any(|it| ours(&it.cluster)) {
        return Vec::new();
    }
    let only = drills.iter().all(|it| ours(&it.cluster));
    let meant = |at: usize| {
        let drill = drills.iter().find(|it| it.whole.contains(&at));
        drill.map_or(only, |it| ours(&it.cluster))
    };
    // A text of an unknown kind may speak of the other thing of this name.
    let unclear =
        subject.names.names.iter().any(|it| {
            it.defines && same_name(&it.text, &named.text) && !alike(it.noun, named.noun)
        });
    let mut places = Vec::new();
    for at in 0..tokens.all.len() {
        let token = &tokens.all[at];
        if token.kind != Kind::Quoted || !meant(token.range.start) {
            continue;
        }
        let said = tokens.quoted(at);
        let head = said.get(..named.text.len()).unwrap_or_default();
        if !same_name(said, &named.text) && !same_name(head, &named.text) {
            continue;
        }
        let is_named = drills.iter().any(|it| it.at == token.range);
        let noun = match script.meaning(at) {
            Some(Meaning::Name(noun)) => noun,
            None if script.is_label(at) => continue,
            None => None,
            Some(_) => continue,
        };
        let kind = noun.map_or(!unclear, |noun| alike(noun, named.noun));
        if kind && !is_named && same_name(said, &named.text) {
            places.push((tokens.inside(at), new.to_owned()));
            continue;
        }
        // A resource of a virtual server begins with its name, unless it is a disk, which has its own.
        let made = named.is_server
            && !is_named
            && noun.is_none_or(|noun| noun == Noun::Resource)
            && same_name(head, &named.text)
            && said[head.len()..].starts_with(' ');
        let written = |it: &&Named| it.defines && same_name(&it.text, said);
        if made && subject.names.names.iter().find(written).is_none() {
            let start = tokens.inside(at).start;
            // Of a text that is no name for certain only what the virtual server makes is renamed.
            if noun.is_some() || subject.names.card(Some(Noun::Resource), said).is_some() {
                places.push((start..start + head.len(), new.to_owned()));
            }
        }
    }
    places
}
