use std::sync::Arc;

use parking_lot::Mutex;

use super::super::files::{SystemFiles, Written};
use super::*;

/// What was done, in order, and what is to fail: the first thing done whose text begins with it.
#[derive(Debug, Default)]
struct Watched {
    done: Vec<String>,
    fails: Option<(String, io::ErrorKind)>,
}

impl Watched {
    fn see(&mut self, what: String) -> io::Result<()> {
        let fails = self
            .fails
            .as_ref()
            .filter(|(fails, _)| what.starts_with(fails));
        let kind = fails.map(|(_, kind)| *kind);
        self.done.push(what);
        match kind {
            Some(kind) => {
                self.fails = None;
                Err(kind.into())
            }
            None => Ok(()),
        }
    }
}

/// The machine's files, watched.
#[derive(Debug)]
struct WatchedFiles(Arc<Mutex<Watched>>);

struct WatchedFile {
    name: String,
    file: Box<dyn Written>,
    watched: Arc<Mutex<Watched>>,
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

impl WatchedFiles {
    fn see(&self, what: &str, path: &Path) -> io::Result<()> {
        self.0.lock().see(format!("{what} {}", name(path)))
    }
}

impl Files for WatchedFiles {
    fn open(&mut self, file: &Path, how: How) -> io::Result<Box<dyn Written>> {
        Ok(Box::new(WatchedFile {
            name: name(file),
            file: SystemFiles.open(file, how)?,
            watched: Arc::clone(&self.0),
        }))
    }

    fn is_there(&mut self, file: &Path) -> bool {
        SystemFiles.is_there(file)
    }

    fn read(&mut self, file: &Path) -> io::Result<Vec<u8>> {
        SystemFiles.read(file)
    }

    fn list(&mut self, folder: &Path) -> io::Result<Vec<String>> {
        SystemFiles.list(folder)
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.see("rename", to)?;
        SystemFiles.rename(from, to)
    }

    fn remove(&mut self, file: &Path) -> io::Result<()> {
        self.see("remove", file)?;
        SystemFiles.remove(file)
    }

    fn make_folder(&mut self, folder: &Path) -> io::Result<()> {
        self.see("make", folder)?;
        SystemFiles.make_folder(folder)
    }

    fn flush_folder(&mut self, folder: &Path) -> io::Result<()> {
        self.see("flush folder", folder)?;
        SystemFiles.flush_folder(folder)
    }
}

impl WatchedFile {
    fn see(&self, what: &str) -> io::Result<()> {
        self.watched.lock().see(format!("{what} {}", self.name))
    }
}

impl Written for WatchedFile {
    fn length(&mut self) -> io::Result<u64> {
        self.file.length()
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = self.see("write") {
            // As a disk that runs full: the first half is there.
            self.file.write(&bytes[..bytes.len() / 2])?;
            return Err(error);
        }
        self.file.write(bytes)
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.see("cut")?;
        self.file.cut(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.see("flush")?;
        self.file.flush()
    }
}

const LOG: &str = "MSCS/quolog.log";

struct Bench {
    folder: tempfile::TempDir,
    watched: Arc<Mutex<Watched>>,
    disk: Disk,
}

impl Bench {
    fn new() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let watched = Arc::new(Mutex::new(Watched::default()));
        let files = Box::new(WatchedFiles(Arc::clone(&watched)));
        let disk = Disk::open(folder.path().join("disk"), files).unwrap();
        watched.lock().done.clear();
        Bench {
            folder,
            watched,
            disk,
        }
    }

    fn fails(&self, what: &str, kind: io::ErrorKind) {
        self.watched.lock().fails = Some((what.to_owned(), kind));
    }

    fn done(&self) -> Vec<String> {
        std::mem::take(&mut self.watched.lock().done)
    }

    fn append(&mut self, text: &str) -> Result<(), DiskError> {
        let (file, bytes) = (LOG.to_owned(), text.as_bytes().to_vec());
        self.disk
            .carry_out(DiskOp::Append { file, bytes })
            .map(drop)
    }

    fn replace(&mut self, text: &str) -> Result<(), DiskError> {
        let (file, bytes) = (LOG.to_owned(), text.as_bytes().to_vec());
        self.disk
            .carry_out(DiskOp::Replace { file, bytes })
            .map(drop)
    }

    /// What a machine that starts again finds.
    fn found(&self) -> BTreeMap<String, String> {
        let root = self.folder.path().join("disk");
        let mut disk = Disk::open(root, Box::new(SystemFiles)).unwrap();
        let files = disk.boot().unwrap().into_iter();
        files
            .map(|(name, bytes)| (name, String::from_utf8(bytes).unwrap()))
            .collect()
    }
}

#[test]
fn an_append_is_flushed_before_it_is_answered_and_a_new_file_with_its_folder() {
    let mut bench = Bench::new();
    bench.append("one").unwrap();
    let first = bench.done();
    assert_eq!(
        first,
        [
            "make MSCS",
            "flush folder disk",
            "write quolog.log",
            "flush quolog.log",
            "flush folder MSCS"
        ]
    );
    bench.append("two").unwrap();
    assert_eq!(bench.done(), ["write quolog.log", "flush quolog.log"]);
    assert_eq!(bench.found()[LOG], "onetwo");
}

#[test]
fn a_file_takes_anothers_place_only_when_it_is_flushed() {
    let mut bench = Bench::new();
    bench.append("old").unwrap();
    bench.done();
    bench.replace("new").unwrap();
    assert_eq!(
        bench.done(),
        [
            "write .new-quolog.log",
            "flush .new-quolog.log",
            "rename quolog.log",
            "flush folder MSCS"
        ]
    );
    assert_eq!(bench.found()[LOG], "new");
}

#[test]
fn a_full_disk_leaves_what_was_there_and_takes_the_next_write() {
    let mut bench = Bench::new();
    bench.append("one").unwrap();
    bench.fails("write", io::ErrorKind::StorageFull);
    assert_eq!(bench.append("twotwo"), Err(DiskError::Full));
    assert_eq!(bench.found()[LOG], "one");
    bench.append("three").unwrap();
    bench.fails("write", io::ErrorKind::StorageFull);
    assert_eq!(bench.replace("four"), Err(DiskError::Full));
    assert_eq!(bench.found()[LOG], "onethree");
    assert_eq!(bench.found().len(), 1);
}

#[test]
fn after_a_flush_that_failed_nothing_is_written_until_the_node_starts_again() {
    for fails in ["flush quolog.log", "flush folder MSCS"] {
        let mut bench = Bench::new();
        bench.fails(fails, io::ErrorKind::Other);
        assert_eq!(bench.append("one"), Err(DiskError::NotFlushed), "{fails}");
        bench.done();
        assert_eq!(bench.append("two"), Err(DiskError::Device));
        assert_eq!(bench.replace("two"), Err(DiskError::Device));
        assert!(bench.done().is_empty());
        bench.disk.boot().unwrap();
        bench.replace("three").unwrap();
        assert_eq!(bench.found()[LOG], "three");
    }
}

#[test]
fn a_crash_before_the_rename_leaves_the_old_file() {
    let mut bench = Bench::new();
    bench.append("old").unwrap();
    bench.fails("rename", io::ErrorKind::Other);
    assert_eq!(bench.replace("new"), Err(DiskError::Device));
    assert_eq!(bench.found(), BTreeMap::from([(LOG.into(), "old".into())]));
}

#[test]
fn a_write_error_that_cannot_be_undone_is_final() {
    let mut bench = Bench::new();
    bench.append("one").unwrap();
    bench.fails("write", io::ErrorKind::Other);
    assert_eq!(bench.append("two"), Err(DiskError::Device));
    assert_eq!(bench.found()[LOG], "one");
    bench.append("three").unwrap();
}

#[test]
fn files_are_cut_removed_and_read_by_the_beginning_of_their_names() {
    let mut bench = Bench::new();
    bench.append("one").unwrap();
    let file = LOG.to_owned();
    let cut = DiskOp::Truncate {
        file: file.clone(),
        len: 2,
    };
    bench.disk.carry_out(cut).unwrap();
    let read = |prefix: &str| DiskOp::ReadAll {
        prefix: prefix.to_owned(),
    };
    let found = bench.disk.carry_out(read("MSCS/q")).unwrap();
    assert_eq!(found, BTreeMap::from([(file.clone(), b"on".to_vec())]));
    assert!(bench.disk.carry_out(read("MSCS/x")).unwrap().is_empty());
    for _ in 0..2 {
        let file = file.clone();
        bench.disk.carry_out(DiskOp::Remove { file }).unwrap();
    }
    assert!(bench.found().is_empty());
}

/// A node that is killed there finds a file that it has not flushed the name of, and writes on in it.
#[test]
fn names_that_an_earlier_start_did_not_flush_are_flushed_by_the_next() {
    let mut bench = Bench::new();
    bench.fails("flush folder MSCS", io::ErrorKind::Other);
    assert_eq!(bench.append("one"), Err(DiskError::NotFlushed));
    bench.done();
    bench.disk.boot().unwrap();
    assert_eq!(bench.done(), ["flush folder disk", "flush folder MSCS"]);
}

/// Whoever prepared it may have done so in a folder that others may not list.
#[test]
fn a_folder_that_is_there_is_no_less_so_where_the_one_above_may_not_be_opened() {
    let folder = tempfile::tempdir().unwrap();
    let made = |fails: &str, kind, place: &Path| {
        let watched = Watched {
            fails: Some((fails.to_owned(), kind)),
            ..Watched::default()
        };
        make_to_stay(&mut WatchedFiles(Arc::new(Mutex::new(watched))), place)
    };
    let denied = io::ErrorKind::PermissionDenied;
    let (above, below) = (
        folder.path().join("above"),
        folder.path().join("above/below"),
    );
    std::fs::create_dir_all(&below).unwrap();
    made("flush folder above", denied, &below).unwrap();
    made("flush folder above", io::ErrorKind::Other, &below).unwrap_err();
    let new = above.join("new");
    made("flush folder above", denied, &new).unwrap_err();
}

#[test]
fn a_disk_that_is_made_stays_with_all_that_is_made_above_it() {
    let folder = tempfile::tempdir().unwrap();
    let above = folder.path().join("state");
    // Only its own name, where it is there.
    for made in [3, 1] {
        let watched = Arc::new(Mutex::new(Watched::default()));
        let files = Box::new(WatchedFiles(Arc::clone(&watched)));
        Disk::open(above.join("NODE1/disk"), files).unwrap();
        let mut wanted = vec!["make disk".to_owned()];
        for place in above.join("NODE1/disk").ancestors().skip(1).take(made) {
            wanted.push(format!("flush folder {}", name(place)));
        }
        assert_eq!(watched.lock().done, wanted);
    }
}
