//! The history of inputs: each once, the last one last, and kept from session to session.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rustyline::history::{History, MemHistory};

/// The first line of the file.
const HEADER: &str = "#V2";

/// The inputs, and the file that keeps them.
pub(super) struct Kept {
    entries: Vec<String>,
    file: Option<PathBuf>,
    most: usize,
}

impl Kept {
    /// Reads the history. Without a file it is kept for this session only.
    pub(super) fn open(file: Option<PathBuf>, most: usize) -> Kept {
        // At the first start there is none yet.
        let text = file.as_ref().and_then(|file| fs::read(file).ok());
        let text = String::from_utf8_lossy(text.as_deref().unwrap_or_default()).into_owned();
        let lines = text
            .lines()
            .filter(|line| *line != HEADER && !line.is_empty());
        let all: Vec<String> = lines.map(read).collect();
        let written = all.len();
        let mut entries = once(all);
        entries.drain(..entries.len().saturating_sub(most));
        let kept = Kept {
            entries,
            file,
            most,
        };
        // What is there twice, or too much, goes away from time to time.
        if written > 2 * kept.entries.len().max(100)
            && let Some(file) = &kept.file
        {
            // What cannot be made smaller can be read all the same.
            let _ = kept.replace(file);
        }
        kept
    }

    /// Gives the editor everything.
    pub(super) fn fill(&self, history: &mut MemHistory) {
        // Nothing in memory fails.
        let _ = history.clear();
        for entry in &self.entries {
            let _ = history.add(entry);
        }
    }

    /// Adds an input. It is written at once, so that it is not lost with the session, and after what other sessions have
    /// written.
    ///
    /// # Errors
    /// The file's; from then on nothing is written any more.
    pub(super) fn add(&mut self, text: &str, history: &mut MemHistory) -> io::Result<()> {
        if self.entries.last().is_some_and(|last| last == text) {
            return Ok(());
        }
        let before = self.entries.len();
        self.entries.retain(|entry| entry != text);
        self.entries.push(text.to_owned());
        let too_many = self.entries.len().saturating_sub(self.most);
        self.entries.drain(..too_many);
        if self.entries.len() > before {
            let _ = history.add(text);
        } else {
            self.fill(history);
        }
        let Some(file) = &self.file else {
            return Ok(());
        };
        let appended = append(file, text);
        if appended.is_err() {
            self.file = None;
        }
        appended
    }

    fn replace(&self, file: &Path) -> io::Result<()> {
        let folder = file.parent().unwrap_or(Path::new("."));
        let mut aside = tempfile::NamedTempFile::new_in(folder)?;
        let mut text = format!("{HEADER}\n");
        for entry in &self.entries {
            text.push_str(&written(entry));
        }
        aside.write_all(text.as_bytes())?;
        aside.persist(file)?;
        Ok(())
    }
}

fn append(file: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut out = OpenOptions::new().append(true).create(true).open(file)?;
    let mut lines = written(text);
    if out.metadata()?.len() == 0 {
        lines = format!("{HEADER}\n{lines}");
    }
    // One write: other sessions append to the same file.
    out.write_all(lines.as_bytes())
}

/// An input as a line of the file.
fn written(text: &str) -> String {
    format!("{}\n", text.replace('\\', "\\\\").replace('\n', "\\n"))
}

/// An input as a line of the file has it.
fn read(line: &str) -> String {
    let mut text = String::new();
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => text.push('\n'),
                Some(other) => text.push(other),
                None => text.push('\\'),
            },
            c => text.push(c),
        }
    }
    text
}

/// Every text once, where it was last.
fn once(all: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::BTreeSet::new();
    let mut kept: Vec<String> = all
        .into_iter()
        .rev()
        .filter(|text| seen.insert(text.clone()))
        .collect();
    kept.reverse();
    kept
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn shown(history: &MemHistory) -> Vec<String> {
        let get = |at| history.get(at, rustyline::history::SearchDirection::Forward);
        let entries = (0..history.len()).map(|at| get(at).unwrap().unwrap().entry);
        entries.map(|entry| entry.into_owned()).collect()
    }

    #[test]
    fn an_input_is_there_once_and_last() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("below/history");
        let mut history = MemHistory::new();
        let mut kept = Kept::open(Some(file.clone()), 3);
        for text in ["one", "two\n  three \\n", "one", "one", "four"] {
            kept.add(text, &mut history).unwrap();
        }
        let wanted = ["two\n  three \\n", "one", "four"];
        assert_eq!(shown(&history), wanted);
        let again = Kept::open(Some(file.clone()), 3);
        assert_eq!(again.entries, wanted);
        kept.add("five", &mut history).unwrap();
        assert_eq!(shown(&history), ["one", "four", "five"]);
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("#V2\none\ntwo\\n"), "{text}");
    }

    #[test]
    fn a_file_with_much_that_is_there_twice_becomes_smaller() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("history");
        fs::write(&file, format!("#V2\n{}last\n", "same\n".repeat(300))).unwrap();
        let kept = Kept::open(Some(file.clone()), 100);
        assert_eq!(kept.entries, ["same", "last"]);
        assert_eq!(fs::read_to_string(&file).unwrap(), "#V2\nsame\nlast\n");
    }

    #[test]
    fn where_nothing_can_be_written_the_session_has_its_history() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("history");
        fs::create_dir(&file).unwrap();
        let mut history = MemHistory::new();
        let mut kept = Kept::open(Some(file), 100);
        assert!(kept.add("one", &mut history).is_err());
        assert!(kept.add("two", &mut history).is_ok(), "it is said once");
        assert_eq!(shown(&history), ["one", "two"]);
    }
}
