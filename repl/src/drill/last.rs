//! Which drills did not pass when they last ran, for `--failed`: one small file for all scripts of a user.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use quorate_drill::DrillReport;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use super::args::Wanted;
use super::ending::Ending;
use crate::state;

/// The version of the file's format.
const SCHEMA: &str = "quorate-last-drills/1";

/// The file.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    schema: String,
    /// The scripts, by their full paths.
    scripts: BTreeMap<String, Script>,
}

/// How the drills of a script ended when they last ran.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Script {
    /// Whether the script could not be run, or ended outside its drills.
    broken: bool,
    /// The drills, and whether each was fine.
    drills: BTreeMap<String, bool>,
}

/// What is known of a script's last runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Last {
    /// It has not run.
    Never,
    /// It could not be run.
    Broken,
    /// These drills did not pass.
    Failed(BTreeSet<String>),
}

/// The results of earlier runs.
#[derive(Debug)]
pub(super) struct Record(BTreeMap<String, Script>);

impl Record {
    /// Reads them. Where there is no file, no script has run.
    ///
    /// # Errors
    /// One sentence, if there is no place for the file, or it cannot be read.
    pub(super) fn read(wanted: &Wanted) -> Result<Record, String> {
        let path = place(wanted).ok_or(
            "it is not known which drills did not pass: neither XDG_STATE_HOME nor HOME names a folder to keep that in, so name one with --state-dir",
        )?;
        let cannot = |why: String| {
            format!(
                "it is not known which drills did not pass: {} cannot be read ({why}); run them without --failed",
                path.display()
            )
        };
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Record(BTreeMap::new()));
            }
            Err(error) => return Err(cannot(error.to_string())),
        };
        kept(&text).map(|kept| Record(kept.scripts)).map_err(cannot)
    }

    /// What is known of a script.
    pub(super) fn of(&self, script: &Path) -> Last {
        match full(script).and_then(|path| self.0.get(&path)) {
            None => Last::Never,
            Some(known) if known.broken => Last::Broken,
            Some(known) => {
                let drills = known.drills.iter().filter(|(_, fine)| !**fine);
                Last::Failed(drills.map(|(name, _)| name.clone()).collect())
            }
        }
    }
}

/// Keeps how the drills of a run ended. Those that did not run stay as they were known.
///
/// # Errors
/// One sentence, if the file cannot be written.
pub(super) fn keep(wanted: &Wanted, ending: &Ending) -> Result<(), String> {
    let Some(path) = place(wanted) else {
        return Ok(());
    };
    write(&path, ending).map_err(|error| {
        format!(
            "{} cannot be written, so --failed will not know of this run: {error}",
            path.display()
        )
    })
}

fn place(wanted: &Wanted) -> Option<PathBuf> {
    let folder = wanted.state_dir.clone().or_else(state::folder)?;
    Some(folder.join("last-drills.json"))
}

fn write(path: &Path, ending: &Ending) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?;
    // Another run may be at its end, too.
    flock(&file, FlockOperation::LockExclusive)?;
    let mut text = String::new();
    // What cannot be read is written anew: it is worth no more than one run.
    let read = file.read_to_string(&mut text);
    let old = read.ok().and_then(|_| kept(&text).ok());
    let mut scripts = old.unwrap_or_default().scripts;
    scripts.retain(|path, _| Path::new(path).exists());
    note(&mut scripts, ending);
    let schema = SCHEMA.to_owned();
    let mut text = serde_json::to_string_pretty(&Kept { schema, scripts })?;
    text.push('\n');
    file.rewind()?;
    file.set_len(0)?;
    file.write_all(text.as_bytes())
}

fn kept(text: &str) -> Result<Kept, String> {
    let kept: Kept = serde_json::from_str(text).map_err(|error| error.to_string())?;
    match kept.schema == SCHEMA {
        true => Ok(kept),
        false => Err(format!("its format is {}, not {SCHEMA}", kept.schema)),
    }
}

fn full(script: &Path) -> Option<String> {
    Some(script.canonicalize().ok()?.display().to_string())
}

/// Puts the results of a run into what is known.
fn note(scripts: &mut BTreeMap<String, Script>, ending: &Ending) {
    // Of a drill that ran several times the worst result counts, so the old one goes first.
    let ran: Vec<(&DrillReport, String)> = ending
        .concluded()
        .filter_map(|report| Some((report, full(Path::new(&report.file))?)))
        .collect();
    for (report, path) in &ran {
        let script = scripts.entry(path.clone()).or_default();
        script.broken = false;
        script.drills.remove(&report.name);
    }
    for (report, path) in &ran {
        let script = scripts.entry(path.clone()).or_default();
        let fine = script.drills.entry(report.name.clone()).or_insert(true);
        *fine &= report.verdict.is_fine();
    }
    for (file, _) in ending.broken() {
        if let Some(path) = full(Path::new(file)) {
            scripts.entry(path).or_default().broken = true;
        }
    }
    // Of drills that are no more nothing is known.
    for (file, names) in ending.whole() {
        if let Some(script) = full(Path::new(file)).and_then(|path| scripts.get_mut(&path)) {
            script
                .drills
                .retain(|name, _| names.contains(name.as_str()));
        }
    }
}
