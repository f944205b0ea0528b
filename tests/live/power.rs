//! All machines lose their power at once: what is left of a node's state folder is what was flushed, and nothing else.
//!
//! A process that is killed leaves everything that it has written to the system, so killing shows nothing of flushes. A library
//! beneath the nodes keeps beside each real flush what a medium holds from then on, and the nodes start again from that.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

use rustix::process::{Signal, kill_process};

use crate::disks::compiled;
use crate::faults::Writer;
use crate::rig::{NODES, Rig};
use crate::support::processes::ends;
use crate::warden::driver;

/// How long a cluster takes at most, once it has formed, until nothing is being written.
const REST: Duration = Duration::from_secs(30);

/// What media hold, as the library keeps it.
struct Media(PathBuf);

impl Media {
    /// What a file or folder is known by.
    fn key(about: &Metadata) -> String {
        use std::os::unix::fs::MetadataExt;
        let born = about.created().unwrap_or(SystemTime::UNIX_EPOCH);
        let born = born.duration_since(SystemTime::UNIX_EPOCH);
        let born = born.unwrap_or(Duration::ZERO);
        format!(
            "{}-{}.{:09}",
            about.ino(),
            born.as_secs(),
            born.subsec_nanos()
        )
    }

    fn flushed(&self, key: &str) -> Vec<u8> {
        // Whatever was never flushed is empty.
        fs::read(self.0.join(key)).unwrap_or_default()
    }

    /// The durable names of a folder, and what they stand for.
    fn names(&self, key: &str) -> BTreeMap<String, String> {
        let text = String::from_utf8(self.flushed(key)).expect("names");
        let entry = |line: &str| {
            let (key, name) = line.split_once(' ').expect("a key and a name");
            (name.to_owned(), key.to_owned())
        };
        text.lines().map(entry).collect()
    }

    /// The durable files below a folder. Of `folders` are those things that are folders.
    fn files(
        &self,
        key: &str,
        folders: &BTreeSet<String>,
        above: &str,
        found: &mut BTreeMap<String, Vec<u8>>,
    ) {
        for (name, key) in self.names(key) {
            let name = format!("{above}{name}");
            match folders.contains(&key) {
                true => self.files(&key, folders, &format!("{name}/"), found),
                false => drop(found.insert(name, self.flushed(&key))),
            }
        }
    }

    /// What of a folder's files would be there without power, by the folder that it is in.
    fn left_of(&self, within: &Path) -> BTreeMap<String, Vec<u8>> {
        let mut folders = BTreeSet::new();
        walk(within, "", &mut |_, _, about| {
            if about.is_dir() {
                folders.insert(Media::key(about));
            }
        });
        let own = Media::key(&fs::metadata(within).expect("a folder"));
        let mut found = BTreeMap::new();
        self.files(&own, &folders, "", &mut found);
        found
    }
}

/// Everything below a folder.
fn walk(folder: &Path, above: &str, see: &mut impl FnMut(&str, &Path, &Metadata)) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let place = entry.path();
        // It may have been replaced just now.
        let Ok(about) = fs::symlink_metadata(&place) else {
            continue;
        };
        let name = format!("{above}{}", entry.file_name().to_string_lossy());
        see(&name, &place, &about);
        if about.is_dir() {
            walk(&place, &format!("{name}/"), see);
        }
    }
}

/// What a node has told others of, or may have: its number and the log, with every vote.
fn counts(name: &str) -> bool {
    name.ends_with("/boot") || name.contains("/disk/")
}

/// The cluster, and what its machines' media hold.
struct Powered {
    rig: Rig,
    media: Media,
    environment: Vec<(String, String)>,
}

impl Powered {
    /// `None` where there is no C compiler, which is said.
    fn new(net: u8, plant: Option<&str>) -> Option<Powered> {
        let rig = Rig::new(net);
        let library = compiled(&rig.path("durable"), include_str!("durable.c"))?;
        let media = rig.path("media");
        fs::create_dir(&media).expect("a folder");
        let text = |path: &Path| path.display().to_string();
        let mut environment = vec![
            ("LD_PRELOAD".to_owned(), text(&library)),
            ("DURABLE".to_owned(), text(&media)),
        ];
        environment.extend(plant.map(|plant| ("QUORATE_PLANT".to_owned(), plant.to_owned())));
        let mut powered = Powered {
            rig,
            media: Media(media),
            environment,
        };
        powered.start();
        Some(powered)
    }

    fn start(&mut self) {
        let environment = self.environment.clone();
        let environment: Vec<_> = environment.iter().map(|(a, b)| (&**a, &**b)).collect();
        for node in NODES {
            self.rig.start_with(node, &[], &environment);
        }
        self.rig
            .until("they form", |rig| rig.up() == 3 && rig.web().is_some());
    }

    /// What would not be as it is if the power failed now. While something is being written that may be that.
    fn at_stake(&self) -> Vec<String> {
        let left = self.media.left_of(&self.rig.path(""));
        let mut at_stake = Vec::new();
        walk(
            &self.rig.path("state"),
            "state/",
            &mut |name, place, about| {
                let Ok(bytes) = fs::read(place) else { return };
                if about.is_file() && counts(name) && left.get(name) != Some(&bytes) {
                    let left = left.get(name).map_or(0, Vec::len);
                    at_stake.push(format!("{name}: {left} of {} bytes", bytes.len()));
                }
            },
        );
        at_stake
    }

    /// All machines lose their power at once, and get it back.
    fn lose_power(&mut self) {
        let drivers = NODES.map(|node| driver(&self.rig, node));
        for driver in drivers {
            let _ = kill_process(driver, Signal::KILL);
        }
        NODES.into_iter().for_each(|node| self.rig.kill(node));
        for driver in drivers {
            ends(driver.as_raw_nonzero().get().unsigned_abs());
        }
        let left = self.media.left_of(&self.rig.path(""));
        fs::remove_dir_all(self.rig.path("state")).expect("its removal");
        for (name, bytes) in left {
            if name.starts_with("state/") {
                let place = self.rig.path(&name);
                fs::create_dir_all(place.parent().expect("a folder")).expect("a folder");
                fs::write(place, bytes).expect("a file");
            }
        }
    }
}

/// The judge: writes through one node until so much was acknowledged, and has all machines lose their power in the middle of
/// that. Returns what was lost.
fn judged(powered: &mut Powered) -> Vec<String> {
    let writer = Arc::new(Writer::default());
    let (theirs, run) = (Arc::clone(&writer), powered.rig.path("run"));
    let writes = std::thread::spawn(move || theirs.run(&run));
    powered.rig.until("it has written", |_| {
        writer.acknowledged.load(Ordering::Acquire) >= 20
    });
    let starts =
        NODES.map(|node| powered.rig.status(node).expect("a status")["incarnation"].clone());
    powered.lose_power();
    writer.ends.store(true, Ordering::Release);
    writes.join().expect("the writer");
    let acknowledged = writer.acknowledged.load(Ordering::Acquire);
    let mut lost = Vec::new();
    for (node, start) in NODES.into_iter().zip(starts) {
        let file = powered.rig.path(&format!("state/{node}/boot"));
        let boot = fs::read_to_string(file).unwrap_or_default();
        if boot.trim().parse().ok() != start.as_u64() {
            lost.push(format!("{node}: the number of its start, {start}"));
        }
    }
    powered.start();
    for node in NODES {
        let got = powered.rig.ctl(node, &["get", "WEB", "FailoverThreshold"]);
        // What was not acknowledged may have been done all the same.
        let value = got.out.trim().parse::<u64>().ok();
        if value.is_none_or(|value| {
            value < acknowledged || value > writer.tried.load(Ordering::Acquire)
        }) {
            lost.push(format!(
                "{node}: {acknowledged} was acknowledged, and it has {value:?}"
            ));
        }
    }
    lost
}

#[test]
fn nothing_that_was_acknowledged_is_lost_when_all_machines_lose_their_power() {
    let Some(mut powered) = Powered::new(102, None) else {
        return;
    };
    // At rest everything counts, votes and all: somebody may have been told of it.
    let begun = Instant::now();
    loop {
        let at_stake = powered.at_stake();
        if at_stake.is_empty() {
            break;
        }
        assert!(begun.elapsed() < REST, "{at_stake:?}");
        std::thread::yield_now();
    }
    let lost = judged(&mut powered);
    assert!(lost.is_empty(), "{lost:?}");
}

/// What a flush is for: without, the judge sees all of it go.
#[test]
fn without_flushes_the_judge_of_power_losses_sees_what_is_lost() {
    let Some(mut powered) = Powered::new(103, Some("no-fsync")) else {
        return;
    };
    for what in ["NODE1/boot", "NODE1/disk/MSCS/quolog.log"] {
        let at_stake = powered.at_stake();
        assert!(at_stake.iter().any(|it| it.contains(what)), "{at_stake:?}");
    }
    let lost = judged(&mut powered);
    for node in NODES {
        let own = lost.iter().filter(|it| it.starts_with(node));
        assert_eq!(own.count(), 2, "{lost:?}");
    }
}
