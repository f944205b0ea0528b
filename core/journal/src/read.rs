//! Reads a journal line by line, so that a file of any length is never in memory as a whole.

use std::io::{self, BufRead};

use serde_json::Value;
use serde_json::error::Category;

use crate::entry::{Entry, Header, JOURNAL_SCHEMA};

/// A line of a journal file.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// A journal begins here.
    Header(Header),
    /// An event of the journal that began last.
    Entry(Box<Entry>),
}

/// Why a journal cannot be read. Lines count from 1.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be read.
    #[error("line {line} cannot be read: {why}")]
    Io {
        /// The line that could not be read.
        line: u64,
        /// What the system says.
        why: io::Error,
    },
    /// A line is not JSON.
    #[error("line {line}, column {column}: this is no JSON: {why}")]
    Json {
        /// The line.
        line: u64,
        /// The column of the error, from 1.
        column: usize,
        /// What is wrong.
        why: String,
    },
    /// The file ends in the middle of a line: whoever wrote it was ended, or still writes.
    #[error(
        "line {line} has no end: whoever wrote this was ended, or still writes; what stands before it is whole"
    )]
    Torn {
        /// The line.
        line: u64,
    },
    /// The first line is not a header.
    #[error(
        "line {line} begins no journal: there is no \"schema\" in it; `quorate drill --journal FILE` writes one"
    )]
    NoHeader {
        /// The line.
        line: u64,
    },
    /// The journal is of another version.
    #[error(
        "line {line}: this journal is \"{found}\", and this program reads \"{JOURNAL_SCHEMA}\": read it with the version that wrote it"
    )]
    Schema {
        /// The line.
        line: u64,
        /// The version that the header names.
        found: String,
    },
    /// A line is JSON, but neither an event nor a header.
    #[error("line {line}: {why}")]
    Line {
        /// The line.
        line: u64,
        /// What is wrong.
        why: String,
    },
}

/// The lines of a journal file, in order. After an error there are no more.
#[derive(Debug)]
pub struct Records<R> {
    reader: R,
    text: String,
    line: u64,
    begun: bool,
    ended: bool,
}

impl<R: BufRead> Records<R> {
    /// Reads from `reader`.
    pub fn new(reader: R) -> Self {
        Records {
            reader,
            text: String::new(),
            line: 0,
            begun: false,
            ended: false,
        }
    }

    fn read(&mut self) -> Result<Option<Record>, ReadError> {
        self.text.clear();
        self.line += 1;
        let line = self.line;
        let io = |why| ReadError::Io { line, why };
        if self.reader.read_line(&mut self.text).map_err(io)? == 0 {
            return Ok(None);
        }
        let value: Value = match serde_json::from_str(&self.text) {
            Ok(value) => value,
            Err(why) if why.classify() == Category::Eof && !self.text.ends_with('\n') => {
                return Err(ReadError::Torn { line });
            }
            Err(why) => {
                return Err(ReadError::Json {
                    line,
                    column: why.column(),
                    why: why.to_string(),
                });
            }
        };
        let wrong = |why: serde_json::Error| ReadError::Line {
            line,
            why: why.to_string(),
        };
        match value.get("schema") {
            Some(schema) if schema == JOURNAL_SCHEMA => {
                self.begun = true;
                let header = serde_json::from_value(value).map_err(wrong)?;
                Ok(Some(Record::Header(header)))
            }
            Some(other) => Err(ReadError::Schema {
                line,
                found: other
                    .as_str()
                    .map_or_else(|| other.to_string(), str::to_owned),
            }),
            None if !self.begun => Err(ReadError::NoHeader { line }),
            None => {
                let entry = serde_json::from_value(value).map_err(wrong)?;
                Ok(Some(Record::Entry(Box::new(entry))))
            }
        }
    }
}

impl<R: BufRead> Iterator for Records<R> {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let read = self.read().transpose();
        self.ended = !matches!(read, Some(Ok(_)));
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str =
        r#"{"schema":"quorate-journal/2","seed":7,"cluster":"C","civil_start_ms":0,"nodes":["A"]}"#;
    const FORMING: &str = r#"{"t":4,"n":0,"node":"A","kind":"forming"}"#;

    fn last(text: &str) -> String {
        let mut all: Vec<_> = Records::new(text.as_bytes()).collect();
        all.pop().unwrap().unwrap_err().to_string()
    }

    #[test]
    fn journals_follow_one_another_and_are_written_as_they_were_read() {
        let text = format!("{HEADER}\n{FORMING}\n{HEADER}\n{FORMING}\n");
        let mut written = String::new();
        for record in Records::new(text.as_bytes()) {
            let line = match record.unwrap() {
                Record::Header(header) => serde_json::to_string(&header),
                Record::Entry(entry) => serde_json::to_string(&entry),
            };
            written += &line.unwrap();
            written.push('\n');
        }
        assert_eq!(written, text);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line_and_nothing_is_read_after_it() {
        let newer = HEADER.replace("/2", "/3");
        assert!(last(&newer).contains("\"quorate-journal/3\""));
        assert!(last(FORMING).starts_with("line 1 begins no journal"));
        assert!(last(&format!("{HEADER}\n{{\"t\":4,\"n")).starts_with("line 2 has no end"));
        assert!(last(&format!("{HEADER}\nwhat\n")).starts_with("line 2, column 1: "));
        assert!(last(&format!("{HEADER}\n{FORMING}\n{{\"t\":5}}\n")).starts_with("line 3: "));
        let text = format!("what\n{HEADER}\n");
        assert_eq!(Records::new(text.as_bytes()).count(), 1);
    }

    #[test]
    fn an_empty_file_has_no_lines() {
        assert_eq!(Records::new(&b""[..]).count(), 0);
    }
}
