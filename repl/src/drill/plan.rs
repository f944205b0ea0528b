//! Which drills of which scripts run, before any of them does.

use std::collections::BTreeSet;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use quorate_drill::{DrillReport, Run, RunOptions, Silent, StageSource, suggestion};
use quorate_script::{asked, run_script};

use super::args::{DrillArgs, Wanted};
use super::jobs::Part;
use super::last::{Last, Record};
use crate::files::Meant;

/// A script that can be run, with its text.
pub(super) type Sound = (Meant, Arc<str>);

/// The declared drills of the scripts, in their order.
pub(super) struct Plan {
    scripts: Vec<Listed>,
    /// Why no drill runs although nothing is wrong.
    pub(super) idle: Option<String>,
}

struct Listed {
    run: Run,
    /// The drills that run, if not all that names and tags choose do.
    names: Option<BTreeSet<String>>,
}

impl Listed {
    /// The drills that names and tags choose.
    fn declared(&self) -> impl Iterator<Item = &DrillReport> {
        self.run.reports.iter().filter(|it| !it.filtered)
    }

    /// The drills that run.
    fn chosen(&self) -> impl Iterator<Item = &DrillReport> {
        let has = |it: &&DrillReport| self.names.as_ref().is_none_or(|all| all.contains(&it.name));
        self.declared().filter(has)
    }
}

impl Plan {
    /// Goes through the scripts without running a drill.
    ///
    /// # Errors
    /// One sentence, if it is not known what `--failed` asks for.
    pub(super) fn of(
        args: &DrillArgs,
        options: &RunOptions,
        sound: &[Sound],
        source: &Rc<dyn StageSource>,
        cancel: &Arc<AtomicBool>,
    ) -> Result<Plan, String> {
        let listed = sound.iter().map(|(script, text)| {
            let list = RunOptions {
                list: true,
                ..options.clone()
            };
            let (source, cancel) = (source.clone(), cancel.clone());
            Listed {
                run: run_script(&script.path, text, source, list, Box::new(Silent), cancel),
                names: None,
            }
        });
        let mut plan = Plan {
            scripts: listed.collect(),
            idle: None,
        };
        let declared = plan.drills().count();
        if args.wanted.failed {
            plan.only_failed(&args.wanted, sound)?;
        }
        let left = plan.drills().count();
        if let Some(shard) = args.wanted.shard {
            let mut number = 0;
            for script in &mut plan.scripts {
                let mut names = BTreeSet::new();
                for drill in script.chosen() {
                    if shard.has(number) {
                        names.insert(drill.name.clone());
                    }
                    number += 1;
                }
                script.names = Some(names);
            }
            if left > 0 && plan.drills().next().is_none() {
                let drills = crate::report::count(left, "drill", "drills");
                plan.idle = Some(format!(
                    "part {shard} of {drills} is empty: there is nothing to run"
                ));
            }
        }
        if declared > 0 && left == 0 {
            plan.idle = Some(
                "there is nothing to run: none of these drills failed when it last ran".to_owned(),
            );
        }
        Ok(plan)
    }

    /// Leaves out the drills that passed when they last ran, and those that never ran.
    fn only_failed(&mut self, wanted: &Wanted, sound: &[Sound]) -> Result<(), String> {
        let record = Record::read(wanted)?;
        let mut known = false;
        for (listed, (script, _)) in self.scripts.iter_mut().zip(sound) {
            listed.names = match record.of(&script.path) {
                Last::Never => Some(BTreeSet::new()),
                Last::Broken => {
                    known = true;
                    None
                }
                Last::Failed(names) => {
                    known = true;
                    Some(names)
                }
            };
        }
        match known || sound.is_empty() {
            true => Ok(()),
            false => Err(
                "no run of these drills is recorded, so it is not known which did not pass: run them once without --failed"
                    .to_owned(),
            ),
        }
    }

    /// The drills that run, or are skipped, in their order.
    pub(super) fn drills(&self) -> impl Iterator<Item = &DrillReport> {
        self.scripts.iter().flat_map(Listed::chosen)
    }

    /// The scripts that end outside their drills, each with the reason.
    pub(super) fn broken(&self) -> impl Iterator<Item = &quorate_drill::Failure> {
        self.scripts.iter().filter_map(|it| it.run.failure.as_ref())
    }

    /// All drills, whether they are chosen or not.
    pub(super) fn everything(&self) -> Vec<DrillReport> {
        let runs = self.scripts.iter();
        runs.flat_map(|it| it.run.reports.iter().cloned()).collect()
    }

    /// The names that limit a script's run.
    fn names(&self, script: usize) -> Option<BTreeSet<String>> {
        self.scripts.get(script)?.names.clone()
    }
}

/// The runs of the scripts, in the order in which they are told of. Without a plan, all that names and tags choose.
pub(super) fn parts(sound: &[Sound], plan: Option<&Plan>, repeat: u64) -> Vec<Part> {
    let scripts = sound.iter().enumerate();
    let parts = scripts.flat_map(|(number, (script, text))| {
        (0..repeat).map(move |offset| Part {
            script: script.clone(),
            text: text.clone(),
            offset,
            names: plan.and_then(|plan| plan.names(number)),
        })
    });
    parts.collect()
}

/// The first variable of the command line that no script reads, as an error. `read` are the names that were asked for
/// while they ran, if they have run.
///
/// # Errors
/// One sentence that names the variable.
pub(super) fn no_stranger(
    given: &[(String, String)],
    sound: &[Sound],
    read: Option<&BTreeSet<String>>,
) -> Result<(), String> {
    if given.is_empty() {
        return Ok(());
    }
    let mut known: BTreeSet<String> = read.into_iter().flatten().cloned().collect();
    for (_, text) in sound {
        let asked = asked(text);
        // What a script makes up or imports is known once it has run.
        if asked.others && read.is_none() {
            return Ok(());
        }
        known.extend(asked.names);
    }
    let Some((stranger, _)) = given.iter().find(|(name, _)| !known.contains(name)) else {
        return Ok(());
    };
    let help = match known.is_empty() {
        true => Some("a drill reads one by var(\"name\", default)".to_owned()),
        false => suggestion(stranger, known.iter().map(String::as_str)),
    };
    let help = help.map_or_else(String::new, |help| format!(": {help}"));
    Err(format!(
        "no drill here reads a variable \"{stranger}\"{help}"
    ))
}

/// The variables, by name.
///
/// # Errors
/// One sentence, if a name is given two values.
pub(super) fn each_once(given: &[(String, String)]) -> Result<(), String> {
    let mut names = BTreeSet::new();
    match given.iter().find(|(name, _)| !names.insert(name)) {
        Some((name, _)) => Err(format!("--var gives \"{name}\" two values")),
        None => Ok(()),
    }
}

/// The cluster files that drills name, each once, as paths.
pub(super) fn clusters<'a>(
    drills: impl Iterator<Item = &'a DrillReport>,
) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for drill in drills {
        let folder = Path::new(&drill.file).parent().unwrap_or(Path::new(""));
        let path = folder.join(&drill.cluster);
        if !found.contains(&path) {
            found.push(path);
        }
    }
    found
}
