//! Reads the runs of journal files.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use quorate_drill::{Span, SpanError};
use quorate_model::{Time, nearest};
use quorate_report::{Run, Runs, Together};

use crate::output::Output;

/// Reads a journal's runs, one after the other, and shows each to `each`. Says how many there were. A file that ends in the
/// middle of a line is warned of. A folder is one run: that of the cluster whose nodes' journals are in it.
///
/// # Errors
/// One sentence: why the file cannot be read, or is no journal.
pub(super) fn each_run(
    path: &Path,
    mut output: Output,
    mut each: impl FnMut(Run) -> Result<(), String>,
) -> Result<usize, String> {
    if path.is_dir() {
        return each(together(path, output)?).map(|()| 1);
    }
    let name = name(path);
    let mut count = 0;
    for run in Runs::new(reader(path)?) {
        let run = run.map_err(|why| format!("{name}: {why}"))?;
        if let Some(line) = run.cut {
            output.warn(&format!(
                "{name}: line {line} has no end: whoever wrote this was ended, or still writes; what stands before it is told"
            ));
        }
        count += 1;
        each(run)?;
    }
    match count {
        0 => Err(format!(
            "{name} is empty: there is no run in it; `quorate drill --journal FILE` writes one"
        )),
        count => Ok(count),
    }
}

/// Every run of a journal whose name has `wanted` in it.
///
/// # Errors
/// As [`each_run`], and if there is no such run.
pub(super) fn runs(path: &Path, wanted: Option<&str>, output: Output) -> Result<Vec<Run>, String> {
    let mut choice = Choice::new(wanted);
    let mut runs = Vec::new();
    each_run(path, output, |run| {
        if choice.takes(&run) {
            runs.push(run);
        }
        Ok(())
    })?;
    choice.settle(&mut runs);
    choice.found(path)?;
    Ok(runs)
}

/// Which runs are wanted.
pub(super) struct Choice {
    wanted: Option<String>,
    names: Vec<String>,
    taken: usize,
}

impl Choice {
    pub(super) fn new(wanted: Option<&str>) -> Self {
        Choice {
            wanted: wanted.map(str::to_lowercase),
            names: Vec::new(),
            taken: 0,
        }
    }

    /// Whether this run is wanted, by a part of its name.
    pub(super) fn takes(&mut self, run: &Run) -> bool {
        let name = run.name();
        let fits = match &self.wanted {
            Some(wanted) => name.to_lowercase().contains(wanted),
            None => true,
        };
        self.names.push(name);
        self.taken += usize::from(fits);
        fits
    }

    /// Keeps only those runs whose whole name is the wanted one, if there are any.
    fn settle(&self, runs: &mut Vec<Run>) {
        let whole = |run: &Run| Some(run.name().to_lowercase()) == self.wanted;
        if runs.iter().any(whole) {
            runs.retain(whole);
        }
    }

    /// # Errors
    /// One sentence, if no run was wanted.
    pub(super) fn found(&self, path: &Path) -> Result<(), String> {
        let Some(wanted) = self.wanted.as_ref().filter(|_| self.taken == 0) else {
            return Ok(());
        };
        let hint = nearest(wanted, self.names.iter().map(String::as_str));
        let hint = hint.map_or_else(String::new, |it| format!(" (did you mean \"{it}\"?)"));
        Err(format!(
            "{}: no drill in it has \"{wanted}\" in its name{hint}; it has {}",
            name(path),
            listed(&self.names)
        ))
    }
}

/// Names in quotes; of many the first ones.
pub(super) fn listed(names: &[String]) -> String {
    const MOST: usize = 12;
    let shown: Vec<String> = names
        .iter()
        .take(MOST)
        .map(|it| format!("\"{it}\""))
        .collect();
    match names.len().checked_sub(MOST) {
        Some(more) if more > 0 => format!("{} and {more} more", shown.join(", ")),
        _ => shown.join(", "),
    }
}

/// How a journal is called in messages.
pub(super) fn name(path: &Path) -> String {
    match path.to_str() {
        Some("-") => "standard input".to_owned(),
        _ => path.display().to_string(),
    }
}

fn reader(path: &Path) -> Result<Box<dyn BufRead>, String> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    Ok(Box::new(opened(path)?))
}

fn opened(path: &Path) -> Result<BufReader<File>, String> {
    let file = File::open(path).map_err(|why| match why.kind() {
        io::ErrorKind::NotFound => format!("there is no file {}", path.display()),
        _ => format!("{} cannot be read: {why}", path.display()),
    })?;
    Ok(BufReader::with_capacity(1 << 16, file))
}

/// The journals of a cluster's nodes, which are in this folder or in folders below it.
fn together(folder: &Path, mut output: Output) -> Result<Run, String> {
    let mut found = Vec::new();
    journals_in(folder, &mut found)
        .map_err(|why| format!("{} cannot be read: {why}", folder.display()))?;
    if found.is_empty() {
        return Err(format!(
            "there is no journal (*.jsonl) in the folder {}: nodes keep them in `journal` of their state folders, and \
             `quorate drill --journal FILE` writes a drill's",
            folder.display()
        ));
    }
    let mut together = Together::new();
    for path in &found {
        let read = together.read(&path.display().to_string(), opened(path)?);
        read.map_err(|why| why.to_string())?;
    }
    for (journal, line) in together.cut() {
        output.warn(&format!(
            "{journal}: line {line} has no end: its node was ended, or still writes; what stands before it is told"
        ));
    }
    let run = together.finish();
    run.map_err(|why| format!("{}: {why}", folder.display()))
}

/// Adds the journals of a folder and of those below it, in the order of their names.
fn journals_in(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        // A link could lead round in a circle.
        if entry.file_type()?.is_dir() {
            journals_in(&path, found)?;
        } else if path.extension().is_some_and(|it| it == "jsonl") && path.is_file() {
            found.push(path);
        }
    }
    Ok(())
}

/// An instant of a run: `0:01:30.5` or `1:30` as journals and timelines print it, or a length of time from the run's begin,
/// such as `90s`.
pub(super) fn instant(text: &str) -> Result<Time, String> {
    let wrong = || {
        format!(
            "\"{text}\" is no instant: write it as h:mm:ss, such as 0:01:30.5, or as a length of time from the begin, such as 90s"
        )
    };
    if !text.contains(':') {
        let Span(span) = text.parse().map_err(|_: SpanError| wrong())?;
        return Ok(Time::ZERO + span);
    }
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    let fields: Vec<&str> = whole.split(':').collect();
    let sound = fields.len() <= 3 && fields.iter().all(|it| digits(it)) && part.len() <= 6;
    if !sound || (text.contains('.') && !digits(part)) {
        return Err(wrong());
    }
    let mut seconds: u64 = 0;
    for (place, field) in fields.iter().enumerate() {
        let number: u64 = field.parse().map_err(|_| wrong())?;
        if place > 0 && number >= 60 {
            return Err(wrong());
        }
        seconds = seconds
            .checked_mul(60)
            .and_then(|it| it.checked_add(number))
            .ok_or_else(wrong)?;
    }
    let micros: u64 = format!("{part:0<6}").parse().map_err(|_| wrong())?;
    let all = seconds.checked_mul(1_000_000).ok_or_else(wrong)?;
    Ok(Time(all.checked_add(micros).ok_or_else(wrong)?))
}

/// How wide lines may be.
pub(super) fn width(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(width) if (40..=1000).contains(&width) => Ok(width),
        _ => Err("a width is a number of characters from 40 to 1000".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_as_they_are_printed() {
        for (text, micros) in [
            ("0:01:30.5", 90_500_000),
            ("1:30", 90_000_000),
            ("90s", 90_000_000),
            ("1m30s", 90_000_000),
            ("1:00:00.000001", 3_600_000_001),
        ] {
            assert_eq!(instant(text), Ok(Time(micros)), "{text}");
        }
        for text in [
            "",
            "x",
            "1:60",
            "1:2:3:4",
            ":30",
            "1:30.",
            "1:30.1234567",
            "-1:30",
        ] {
            assert!(instant(text).is_err(), "{text}");
        }
    }
}
