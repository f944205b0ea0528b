//! A node's own disk that is full, or does not flush: the node stops, the others go on, and it comes back.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::rig::{NODES, Rig};

/// Makes the flushes of a program fail for as long as a file is there.
const SHIM: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int flush(const char *name, int file) {
    const char *fails = getenv("FLUSH_FAILS");
    if (fails && access(fails, F_OK) == 0) {
        errno = EIO;
        return -1;
    }
    return ((int (*)(int))dlsym(RTLD_NEXT, name))(file);
}

int fsync(int file) { return flush("fsync", file); }
int fdatasync(int file) { return flush("fdatasync", file); }
"#;

/// A library that programs are run with, at this place but for its ending. `None` where there is no C compiler, which is said.
pub(crate) fn compiled(place: &Path, text: &str) -> Option<PathBuf> {
    let (source, library) = (place.with_extension("c"), place.with_extension("so"));
    fs::write(&source, text).expect("a file");
    let mut compiler = Command::new("cc");
    compiler
        .args(["-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(&source)
        .arg("-ldl");
    match compiler.output() {
        Err(why) => {
            eprintln!("SKIPPED: there is no C compiler, so nothing is put beneath a node: {why}");
            None
        }
        Ok(done) => {
            assert!(
                done.status.success(),
                "{}",
                String::from_utf8_lossy(&done.stderr)
            );
            Some(library)
        }
    }
}

/// A small disk of its own for a node's state, until it is dropped.
struct Small(PathBuf);

impl Small {
    /// `None` where this process may mount nothing, which is said.
    fn at(folder: PathBuf) -> Option<Small> {
        fs::create_dir_all(&folder).expect("a folder");
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", "size=4m", "none"])
            .arg(&folder);
        match mount.output() {
            Ok(done) if done.status.success() => Some(Small(folder)),
            Ok(done) => {
                eprintln!(
                    "SKIPPED: no small disk can be mounted: {}",
                    String::from_utf8_lossy(&done.stderr)
                );
                None
            }
            Err(why) => {
                eprintln!("SKIPPED: no small disk can be mounted: {why}");
                None
            }
        }
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }

    fn fill(&self) {
        let mut file = File::create(self.ballast()).expect("a file");
        for block in [vec![0; 65_536], vec![0; 512], vec![0; 1]] {
            while file.write_all(&block).is_ok() {}
        }
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // Whatever still runs there keeps its files; the place is free at once.
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
    }
}

/// Property changes on another node until the first node's service has stopped. Returns the last value that was
/// acknowledged.
fn write_until_it_stops(rig: &mut Rig) -> u64 {
    let mut acknowledged = 0;
    rig.until("the owner leaves, and another node serves", |rig| {
        let next = acknowledged + 1;
        if rig
            .ctl(
                "NODE2",
                &["set", "WEB", "FailoverThreshold", &next.to_string()],
            )
            .code
            == 0
        {
            acknowledged = next;
        }
        rig.web().is_some_and(|from| from != "Hello from NODE1\n")
    });
    acknowledged
}

/// Started again, it is back with all that was acknowledged, and the same database as the others. By itself it would start a
/// minute later, as one that was cut off does.
fn comes_back(rig: &mut Rig, acknowledged: u64) {
    rig.kill("NODE1");
    rig.start("NODE1");
    rig.until("it comes back with the others' database", |rig| {
        let seen = NODES.map(|node| {
            let status = rig.status(node)?;
            Some((status["applied"].as_u64()?, status["digest"].as_u64()?))
        });
        rig.up() == 3 && seen[0].is_some() && seen.iter().all(|it| *it == seen[0])
    });
    let got = rig.ctl("NODE1", &["get", "WEB", "FailoverThreshold"]);
    let value: u64 = got.out.trim().parse().expect("a number");
    assert!(
        value >= acknowledged,
        "{value}: acknowledged was {acknowledged}"
    );
}

fn said(rig: &Rig) -> String {
    fs::read_to_string(rig.path("NODE1.log")).unwrap_or_default()
}

#[test]
fn a_node_whose_disk_is_full_leaves_its_groups_to_the_others_and_comes_back_when_there_is_room() {
    let rig = Rig::new(97);
    let Some(disk) = Small::at(rig.path("state/NODE1")) else {
        return;
    };
    let mut rig = rig.form();
    // It goes before the rig, whose folder it is mounted in.
    let disk = disk;
    disk.fill();
    let acknowledged = write_until_it_stops(&mut rig);
    assert!(said(&rig).contains("full"), "{}", said(&rig));
    fs::remove_file(disk.ballast()).expect("a file");
    comes_back(&mut rig, acknowledged);
}

#[test]
fn a_node_whose_disk_does_not_flush_leaves_its_groups_to_the_others_and_begins_anew() {
    let rig = Rig::new(98);
    let Some(library) = compiled(&rig.path("flush"), SHIM) else {
        return;
    };
    let fails = rig.path("fails");
    let mut rig = rig;
    let (library, file) = (library.display().to_string(), fails.display().to_string());
    rig.start_with(
        "NODE1",
        &[],
        &[("LD_PRELOAD", &library), ("FLUSH_FAILS", &file)],
    );
    rig.start("NODE2");
    rig.start("NODE3");
    rig.until("the web server answers on NODE1", |rig| {
        rig.web().as_deref() == Some("Hello from NODE1\n") && rig.up() == 3
    });
    File::create(&fails).expect("a file");
    let acknowledged = write_until_it_stops(&mut rig);
    assert!(said(&rig).contains("flush"), "{}", said(&rig));
    fs::remove_file(&fails).expect("a file");
    comes_back(&mut rig, acknowledged);
}
