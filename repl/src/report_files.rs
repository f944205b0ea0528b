//! Reports that are files, made of journals and of nothing else.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use quorate_report::{Csv, IndexRow, Junit, Run, Trace, cluster_logs, file_name, index, page};

use crate::files;

/// The options for them.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Reports")]
pub(crate) struct ReportFiles {
    /// Write a page for a browser, with everything it needs in it. Of several drills this is an index, and their pages are in
    /// the folder beside it that is named as it is, without .html. A name without .html is a folder for all of them.
    #[arg(long, value_name = "FILE|FOLDER")]
    pub(crate) html: Option<PathBuf>,
    /// Write a table of all outages, comma-separated: one row each.
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,
    /// Write a trace that Perfetto opens, in Chrome's trace event format.
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    /// Write what each node told to a file of its own in this folder, in the line format of the original's cluster.log. Of
    /// several drills each has a folder in it.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) cluster_log: Option<PathBuf>,
}

impl ReportFiles {
    /// What is to be written, by the names that were given.
    pub(crate) fn paths(&self) -> [Option<&Path>; 4] {
        [&self.html, &self.csv, &self.trace, &self.cluster_log].map(Option::as_deref)
    }

    /// Whether anything is to be written.
    pub(crate) fn any(&self) -> bool {
        self.paths().iter().any(Option::is_some)
    }
}

/// The files, as far as runs were added. Nothing of those that are about all runs is written before the end.
#[derive(Default)]
pub(crate) struct Writer {
    asked: ReportFiles,
    junit: Option<(PathBuf, Junit)>,
    csv: Csv,
    trace: Trace,
    /// The first run: where its files go depends on whether there is another.
    first: Option<Run>,
    count: usize,
    rows: Vec<IndexRow>,
}

impl Writer {
    /// Begins with the files that were asked for, and JUnit XML if that is to be made of the journals, too.
    pub(crate) fn new(asked: ReportFiles, junit: Option<PathBuf>) -> Writer {
        Writer {
            asked,
            junit: junit.map(|path| (path, Junit::default())),
            ..Writer::default()
        }
    }

    /// Adds the next run.
    ///
    /// # Errors
    /// One sentence, if a file cannot be written.
    pub(crate) fn add(&mut self, run: Run) -> Result<(), String> {
        if self.asked.csv.is_some() {
            self.csv.add(&run);
        }
        if self.asked.trace.is_some() {
            self.trace.add(&run);
        }
        if let Some((_, junit)) = &mut self.junit {
            junit.add(&run);
        }
        self.count += 1;
        if self.count == 1 {
            self.first = Some(run);
            return Ok(());
        }
        if let Some(first) = self.first.take() {
            self.one_of_several(1, &first)?;
        }
        self.one_of_several(self.count, &run)
    }

    /// Writes what is about all runs.
    ///
    /// # Errors
    /// One sentence, if a file cannot be written.
    pub(crate) fn finish(mut self) -> Result<(), String> {
        let html = self.asked.html.clone();
        if let Some(run) = self.first.take() {
            match &html {
                Some(path) if is_page(path) => write("page", path, page(&run, None).as_bytes())?,
                Some(_) => self.page_of_several(1, &run)?,
                None => {}
            }
            if let Some(folder) = &self.asked.cluster_log {
                write_logs(folder, &run)?;
            }
        }
        if let Some(path) = html.filter(|path| self.count != 1 || !is_page(path)) {
            let path = if is_page(&path) {
                path
            } else {
                path.join("index.html")
            };
            write("page", &path, index(&self.rows).as_bytes())?;
        }
        if let Some(path) = &self.asked.csv {
            write("table", path, &self.csv.finish())?;
        }
        if let Some(path) = &self.asked.trace {
            write("trace", path, self.trace.finish().as_bytes())?;
        }
        if let Some((path, junit)) = self.junit {
            let text = junit
                .finish()
                .map_err(|why| format!("cannot write the results {}: {why}", path.display()))?;
            write("results", &path, text.as_bytes())?;
        }
        Ok(())
    }

    fn one_of_several(&mut self, number: usize, run: &Run) -> Result<(), String> {
        self.page_of_several(number, run)?;
        if let Some(folder) = &self.asked.cluster_log {
            let name = file_name(number, &run.name());
            write_logs(&folder.join(name.trim_end_matches(".html")), run)?;
        }
        Ok(())
    }

    fn page_of_several(&mut self, number: usize, run: &Run) -> Result<(), String> {
        let Some(html) = &self.asked.html else {
            return Ok(());
        };
        let name = file_name(number, &run.name());
        let (folder, seen, back) = match is_page(html) {
            true => {
                let stem = html
                    .file_stem()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                let index = html
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                (
                    html.with_extension(""),
                    format!("{}/{name}", in_address(&stem)),
                    format!("../{}", in_address(&index)),
                )
            }
            false => (html.clone(), name.clone(), "index.html".to_owned()),
        };
        write(
            "page",
            &folder.join(&name),
            page(run, Some(&back)).as_bytes(),
        )?;
        self.rows.push(IndexRow::of(run, &seen));
        Ok(())
    }
}

/// Whether a name for `--html` is that of a page rather than a folder.
fn is_page(path: &Path) -> bool {
    let ends = |end: &str| {
        path.extension()
            .is_some_and(|it| it.eq_ignore_ascii_case(end))
    };
    !path.is_dir() && (ends("html") || ends("htm"))
}

/// A name as a part of a page's address.
fn in_address(name: &str) -> String {
    let mut address = String::new();
    for byte in name.bytes() {
        match byte {
            b'-' | b'_' | b'.' | b'~' => address.push(char::from(byte)),
            it if it.is_ascii_alphanumeric() => address.push(char::from(it)),
            it => address.push_str(&format!("%{it:02X}")),
        }
    }
    address
}

/// A node's name comes from the journal: as a file's name it must not lead anywhere else.
fn write_logs(folder: &Path, run: &Run) -> Result<(), String> {
    let mut taken = BTreeSet::new();
    for (node, log) in cluster_logs(run) {
        let plain = |it: char| {
            if it.is_alphanumeric() || "-_".contains(it) {
                it
            } else {
                '_'
            }
        };
        let name: String = node.chars().map(plain).collect();
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        let mut names = std::iter::once(name.clone()).chain(numbered);
        let name = names.find(|it| taken.insert(it.clone())).unwrap_or(name);
        write(
            "cluster log",
            &folder.join(format!("{name}.log")),
            log.as_bytes(),
        )?;
    }
    Ok(())
}

fn write(what: &str, path: &Path, bytes: &[u8]) -> Result<(), String> {
    let failed = |why: io::Error| format!("cannot write the {what} {}: {why}", path.display());
    files::write(path, bytes).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_an_address_means_itself() {
        assert_eq!(in_address("a b#1?.html"), "a%20b%231%3F.html");
    }

    #[test]
    fn what_is_no_page_is_a_folder() {
        assert!(is_page(Path::new("run.html")) && is_page(Path::new("RUN.HTM")));
        assert!(!is_page(Path::new("pages")) && !is_page(Path::new("run.json")));
    }
}
