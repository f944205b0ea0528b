//! The node's journal on its machine: the same lines as a drill's, in files that are begun anew when they become large.
//!
//! `t` counts from the beginning of the machine's monotonic clock; the header says what civil time that was.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use quorate_journal::{Entry, Header};

/// The length at which the next file is begun, in bytes.
const FILE_MAX: u64 = 16 * 1_024 * 1_024;

/// How many files are kept.
const FILES_MAX: usize = 16;

/// The ending of the files' names.
const ENDING: &str = "jsonl";

enum Line {
    Header(Header),
    CivilStart(i64),
    Entry(Box<Entry>),
}

/// Writes entries to files, on a thread of its own: a slow disk must not hold up the node. What cannot be written is lost.
#[derive(Debug)]
pub(crate) struct JournalFiles(Sender<Line>);

impl JournalFiles {
    /// Writes to a folder from now on.
    ///
    /// # Errors
    /// The system's, where it starts no thread.
    pub(crate) fn open(folder: &Path) -> io::Result<JournalFiles> {
        let (lines, waiting) = channel();
        let writer = Files {
            folder: folder.to_path_buf(),
            header: None,
            open: None,
        };
        let named = thread::Builder::new().name("journal".to_owned());
        named.spawn(move || writer.write_all(&waiting))?;
        Ok(JournalFiles(lines))
    }

    /// Begins another file with this header.
    pub(crate) fn begin(&self, header: Header) {
        // The thread lives as long as this.
        let _ = self.0.send(Line::Header(header));
    }

    /// The machine's clock was set: what comes goes to another file, whose header has the new civil time at `t` 0, in
    /// milliseconds since 1970.
    pub(crate) fn civil_start(&self, ms: i64) {
        let _ = self.0.send(Line::CivilStart(ms));
    }

    /// Adds an entry.
    pub(crate) fn push(&self, entry: Entry) {
        let _ = self.0.send(Line::Entry(Box::new(entry)));
    }
}

struct Files {
    folder: PathBuf,
    header: Option<Header>,
    open: Option<(BufWriter<File>, u64)>,
}

impl Files {
    fn write_all(mut self, lines: &Receiver<Line>) {
        while let Ok(first) = lines.recv() {
            let _ = self.write(first);
            // What has come meanwhile goes to the disk with it.
            for line in lines.try_iter() {
                let _ = self.write(line);
            }
            if let Some((file, _)) = &mut self.open
                && file.flush().is_err()
            {
                self.open = None;
            }
        }
    }

    fn write(&mut self, line: Line) -> io::Result<()> {
        let text = match &line {
            Line::Header(header) => {
                self.header = Some(header.clone());
                return self.begin();
            }
            Line::CivilStart(ms) => {
                if let Some(header) = &mut self.header {
                    header.civil_start_ms = *ms;
                }
                return self.begin();
            }
            Line::Entry(entry) => serde_json::to_string(entry)?,
        };
        if self
            .open
            .as_ref()
            .is_none_or(|(_, length)| *length >= FILE_MAX)
        {
            self.begin()?;
        }
        if let Some((file, length)) = &mut self.open {
            *length += text.len() as u64 + 1;
            if let Err(why) = writeln!(file, "{text}") {
                self.open = None;
                return Err(why);
            }
        }
        Ok(())
    }

    fn begin(&mut self) -> io::Result<()> {
        self.open = None;
        let Some(header) = &self.header else {
            return Ok(());
        };
        let text = serde_json::to_string(header)?;
        let mut known = numbers(&self.folder)?;
        let next = known.last().map_or(1, |last| last + 1);
        let path = self.folder.join(format!("{next:06}.{ENDING}"));
        let file = OpenOptions::new()
            .create_new(true)
            .append(true)
            .open(path)?;
        let mut file = BufWriter::new(file);
        writeln!(file, "{text}")?;
        self.open = Some((file, text.len() as u64 + 1));
        known.push(next);
        for old in known.iter().rev().skip(FILES_MAX) {
            // One that stays takes room, and no more.
            let _ = fs::remove_file(self.folder.join(format!("{old:06}.{ENDING}")));
        }
        Ok(())
    }
}

/// The numbers of the files in a folder, in order.
fn numbers(folder: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        if path.extension().is_some_and(|it| it == ENDING)
            && let Some(number) = stem.and_then(|stem| stem.parse().ok())
        {
            numbers.push(number);
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use quorate_journal::{Event, JOURNAL_SCHEMA, Record, Records};
    use quorate_model::Time;

    use super::*;

    #[test]
    fn each_file_is_a_journal_of_its_own_and_old_ones_go() {
        let folder = tempfile::tempdir().unwrap();
        let (lines, waiting) = channel();
        let header = Header {
            schema: JOURNAL_SCHEMA.to_owned(),
            seed: 1,
            cluster: "CLUSTER1".into(),
            civil_start_ms: 0,
            nodes: vec!["NODE1".into()],
            groups: Vec::new(),
        };
        for _ in 0..FILES_MAX + 3 {
            lines.send(Line::Header(header.clone())).unwrap();
            let entry = Entry::new(Time(3), 0, Some("NODE1".into()), Event::Forming);
            lines.send(Line::Entry(Box::new(entry))).unwrap();
        }
        drop(lines);
        let files = Files {
            folder: folder.path().to_path_buf(),
            header: None,
            open: None,
        };
        files.write_all(&waiting);
        let kept = numbers(folder.path()).unwrap();
        assert_eq!((kept.len(), kept[0]), (FILES_MAX, 4));
        let last = folder
            .path()
            .join(format!("{:06}.jsonl", kept[FILES_MAX - 1]));
        let text = fs::read(last).unwrap();
        let read: Vec<Record> = Records::new(&*text).map(Result::unwrap).collect();
        assert!(
            matches!(&*read, [Record::Header(_), Record::Entry(entry)] if entry.kind() == "forming")
        );
    }
}
