//! Control groups (version 2): every process that a service has started, whatever it did to hide, and the one way to end
//! them all.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::held::lock_within;

/// A control group that this process has made, or may join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cgroup(PathBuf);

/// How often a group that was killed is looked at.
const LOOK: Duration = Duration::from_millis(1);

/// How often it is tried to make a group.
const TRIES: u32 = 16;

/// The group of all clusters of a machine.
const ALL: &str = "quorate";

impl Cgroup {
    /// The group with this place.
    pub(crate) fn at(path: PathBuf) -> Cgroup {
        Cgroup(path)
    }

    /// Its place.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Makes the group of a node, below a mount of control groups.
    ///
    /// # Errors
    /// Why there can be none: no mount, no right to make one, or a kernel without `cgroup.kill`.
    pub(crate) fn of_node(cluster: &str, node: &str) -> Result<Cgroup, String> {
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let Some(mount) = mount(&mounts) else {
            return Err(
                "no control groups (version 2) are mounted: `mount -t cgroup2 none DIR` does it"
                    .to_owned(),
            );
        };
        let group = Cgroup::below_mount(&mount, cluster, node);
        group.make().map_err(|why| {
            format!(
                "no control group can be made at {}: {why}",
                group.0.display()
            )
        })?;
        match group.0.join("cgroup.kill").exists() {
            true => Ok(group),
            false => Err("this kernel has no cgroup.kill: Linux 5.14 has".to_owned()),
        }
    }

    fn below_mount(mount: &Path, cluster: &str, node: &str) -> Cgroup {
        Cgroup(mount.join(ALL).join(plain(cluster)).join(plain(node)))
    }

    /// The group of a node, if there is one.
    pub(crate) fn found(cluster: &str, node: &str) -> Option<Cgroup> {
        let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
        let group = Cgroup::below_mount(&mount(&mounts)?, cluster, node);
        group.0.is_dir().then_some(group)
    }

    /// A group inside it.
    pub(crate) fn below(&self, name: &str) -> Cgroup {
        Cgroup(self.0.join(plain(name)))
    }

    /// Makes it, with those above it.
    pub(crate) fn make(&self) -> io::Result<()> {
        // One above it may be removed between the two by another node, which has ended.
        let mut made = fs::create_dir_all(&self.0);
        for _ in 0..TRIES {
            match &made {
                Err(why) if why.kind() == io::ErrorKind::NotFound => {
                    made = fs::create_dir_all(&self.0);
                }
                _ => break,
            }
        }
        made
    }

    /// Its number, which no other has until the machine starts again; `None` if it is not there.
    pub(crate) fn number(&self) -> Option<u64> {
        fs::metadata(&self.0).ok().map(|about| about.ino())
    }

    /// Keeps it for this process, until what is returned is dropped; made if it is missing. `None` if another process has
    /// it for longer than this.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn keep(&self, patience: Duration) -> io::Result<Option<File>> {
        let begun = Instant::now();
        loop {
            self.make()?;
            let group = match File::open(&self.0) {
                Err(why) if why.kind() == io::ErrorKind::NotFound => None,
                opened => Some(opened?),
            };
            let left = patience.saturating_sub(begun.elapsed());
            if let Some(group) = group {
                if !lock_within(&group, left)? {
                    return Ok(None);
                }
                // Who had it may have put another one in its place meanwhile.
                if self.number() == Some(group.metadata()?.ino()) {
                    return Ok(Some(group));
                }
            }
            if begun.elapsed() >= patience {
                return Ok(None);
            }
        }
    }

    /// Puts this process into it, with all that it starts from now on.
    pub(crate) fn join(&self) -> io::Result<()> {
        fs::write(self.0.join("cgroup.procs"), "0")
    }

    /// Whether a process is in it, or in a group inside it. One that has ended does not count. A group that is gone has
    /// none.
    pub(crate) fn is_populated(&self) -> bool {
        match fs::read_to_string(self.0.join("cgroup.events")) {
            Ok(events) => !events.lines().any(|line| line == "populated 0"),
            Err(why) => why.kind() != io::ErrorKind::NotFound,
        }
    }

    /// Kills every process in it and in the groups inside it, and waits until none is left. Returns whether none is.
    pub(crate) fn kill(&self, patience: Duration) -> bool {
        let begun = Instant::now();
        while self.is_populated() {
            // Again and again: one may have come just now.
            let _ = fs::write(self.0.join("cgroup.kill"), "1");
            if begun.elapsed() >= patience {
                return false;
            }
            std::thread::sleep(LOOK);
        }
        true
    }

    /// Removes it, with the groups inside it. One with a process stays.
    pub(crate) fn remove(&self) {
        let Ok(entries) = fs::read_dir(&self.0) else {
            return;
        };
        for entry in entries.flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                Cgroup(entry.path()).remove();
            }
        }
        let _ = fs::remove_dir(&self.0);
    }
}

impl Cgroup {
    /// Removes a node's group, and those of its cluster and of all clusters, unless another node is in them.
    pub(crate) fn remove_with_those_above(&self) {
        self.remove();
        let above = self.0.ancestors().skip(1).take(2);
        for group in above {
            // The kernel keeps what has a group in it.
            if fs::remove_dir(group).is_err() {
                break;
            }
        }
    }
}

/// The first mount of control groups of version 2.
fn mount(mounts: &str) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let mut fields = line.split(' ');
        let place = fields.nth(1)?;
        (fields.next() == Some("cgroup2")).then(|| PathBuf::from(place))
    })
}

/// A name that is one of a folder.
fn plain(name: &str) -> String {
    let plain = |letter: char| match letter {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' => letter,
        _ => '_',
    };
    name.chars().map(plain).collect()
}

#[cfg(test)]
#[allow(clippy::print_stderr, reason = "what is left out is said")]
mod tests {
    use super::*;

    #[test]
    fn the_mount_is_found_beside_others() {
        let mounts = "none /sys sysfs rw 0 0\ncgroup /sys/fs/cgroup/cpu cgroup rw 0 0\ncgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n";
        assert_eq!(mount(mounts), Some("/sys/fs/cgroup/unified".into()));
        assert_eq!(mount("none / ext4 rw 0 0\n"), None);
        assert_eq!(plain("WEB Server/../x"), "WEB_Server____x");
    }

    #[test]
    fn who_waits_for_a_group_gets_the_one_that_is_there_then() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().canonicalize().unwrap().join("group");
        let group = Cgroup::at(place.clone());
        let first = group.keep(Duration::ZERO).unwrap().unwrap();
        assert!(group.keep(Duration::ZERO).unwrap().is_none());
        let waits = group.clone();
        let next = std::thread::spawn(move || waits.keep(Duration::from_secs(30)));
        let begun = Instant::now();
        loop {
            let open = fs::read_dir("/proc/self/fd").unwrap().flatten();
            let of_group = open.filter(|it| fs::read_link(it.path()).is_ok_and(|it| it == place));
            if of_group.count() == 2 {
                break;
            }
            assert!(begun.elapsed() < Duration::from_secs(20) && !next.is_finished());
            std::thread::yield_now();
        }
        // The first is still there, so that the second has another number.
        fs::rename(&place, folder.path().join("former")).unwrap();
        group.make().unwrap();
        drop(first);
        let next = next.join().unwrap().unwrap().unwrap();
        assert_eq!(group.number(), Some(next.metadata().unwrap().ino()));
    }

    #[test]
    fn a_group_that_is_killed_has_nobody_left() {
        use std::process::{Command, Stdio};
        let name = format!("test{}", std::process::id());
        let group = match Cgroup::of_node(&name, "unit") {
            Ok(group) => group,
            Err(why) => return eprintln!("SKIPPED: {why}"),
        };
        let script = format!(
            "echo 0 > {}/cgroup.procs && (setsid sleep 1000 & sleep 1000)",
            group.path().display()
        );
        let mut child = Command::new("/bin/sh")
            .args(["-c", &script])
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while !group.is_populated() {
            if child.try_wait().unwrap().is_some() {
                group.remove_with_those_above();
                return eprintln!("SKIPPED: this process may not be put into a control group");
            }
            assert!(begun.elapsed() < Duration::from_secs(20));
            std::thread::yield_now();
        }
        assert!(group.kill(Duration::from_secs(20)));
        child.wait().unwrap();
        assert!(!group.is_populated());
        group.remove_with_those_above();
        assert!(!group.path().exists());
        let cluster = group.path().parent().unwrap();
        assert!(!cluster.exists(), "{}", cluster.display());
    }
}
