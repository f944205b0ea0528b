//! The shared disks and file shares that a node file has places for.

use std::sync::Arc;
use std::sync::mpsc::Sender;

use quorate_model::{ClusterDefinition, Name, called};

use super::StartError;
use super::event::Happened;
use crate::disks::SharedFolder;
use crate::settings::Settings;
use crate::share::Share;
use crate::state::Writer;

/// Disks as plugins see them, and as the node itself does.
pub(super) type SharedDisks = (
    Vec<Arc<SharedFolder>>,
    Vec<(Name, Writer<Arc<SharedFolder>>)>,
);

/// The shared disks that the node file has places for.
pub(super) fn shared_disks(
    settings: &Settings,
    definition: &ClusterDefinition,
    to: &Sender<Happened>,
) -> Result<SharedDisks, StartError> {
    let (mut folders, mut writers) = (Vec::new(), Vec::new());
    for (name, place) in settings.disks() {
        // As the cluster spells it: the node asks for it by that name.
        let known = called(&definition.disks, &name, |it| &it.name);
        let name = known.map_or(name, |it| it.name.clone());
        let failed = |why: std::io::Error| {
            StartError::Settings(format!(
                "the folder {} of {name} cannot be used: {why}",
                place.display()
            ))
        };
        let me = definition.node(&settings.file.node);
        let me = me.map_or_else(|| settings.file.node.clone(), |me| me.name.clone());
        let whose = (definition.name.clone(), me);
        let folder = SharedFolder::open(name.clone(), place.clone(), whose).map_err(failed)?;
        let folder = Arc::new(folder);
        let told = to.clone();
        let writer = Writer::start(Arc::clone(&folder), move |boot, done| {
            let _ = told.send(Happened::Disk { boot, done });
        });
        writers.push((name.clone(), writer.map_err(failed)?));
        folders.push(folder);
    }
    Ok((folders, writers))
}

/// The file shares that the node file has places for.
pub(super) fn file_shares(
    settings: &Settings,
    to: &Sender<Happened>,
) -> Result<Vec<(Name, Share)>, StartError> {
    let shares = settings.shares().into_iter();
    shares
        .map(|(name, place)| {
            let told = to.clone();
            let share = Share::start(place, move |boot, reply| {
                let _ = told.send(Happened::Witness { boot, reply });
            });
            let share = share.map_err(|why| StartError::System {
                what: "no thread can be started",
                why,
            })?;
            Ok((name, share))
        })
        .collect()
}
