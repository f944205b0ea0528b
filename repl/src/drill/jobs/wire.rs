//! The messages between this process and its child processes.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use quorate_drill::{DrillReport, Observer, Remark, Run};
use quorate_model::Time;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A script for a child process.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Task {
    /// Its path, which need not be valid UTF-8.
    path: Vec<u8>,
    /// Its text, which was read and checked before.
    pub(super) text: String,
    /// How much is added to the seeds of its drills.
    pub(super) offset: u64,
    /// The drills that run, if not all that names and tags choose do.
    pub(super) names: Option<BTreeSet<String>>,
}

impl Task {
    pub(super) fn new(path: &Path, text: &str) -> Task {
        Task {
            path: path.as_os_str().as_bytes().to_vec(),
            text: text.to_owned(),
            offset: 0,
            names: None,
        }
    }

    pub(super) fn path(&self) -> PathBuf {
        PathBuf::from(OsString::from_vec(self.path.clone()))
    }
}

/// An event of a script in a child process: those of an [`Observer`], and others.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Told {
    /// A drill has begun.
    Began {
        file: String,
        name: String,
        seed: u64,
    },
    /// Virtual time passed. Sent now and then, and only if anybody watches.
    Passed(Time),
    /// A drill reached a step.
    Step(Time, String),
    /// A drill said something.
    Note(Time, String),
    /// A remark.
    Remark(Remark),
    /// A drill has ended.
    Ended(Box<DrillReport>),
    /// Other code in the process, such as a plugin, wrote to its standard output or error.
    Wrote { error: bool, bytes: Vec<u8> },
    /// The next part of the script's journal.
    Journal(Vec<u8>),
    /// The script has ended. Its journal was sent before.
    Done(Box<Run>),
    /// A plugin's call has not returned, and the process ends.
    Hung,
}

impl Told {
    /// Passes the event to an observer, if it is one of an observer's.
    pub(crate) fn pass_on(&self, observer: &mut dyn Observer) {
        match self {
            Told::Began { file, name, seed } => observer.drill_started(file, name, *seed),
            Told::Passed(now) => observer.time_passed(*now),
            Told::Step(now, title) => observer.step(*now, title),
            Told::Note(now, text) => observer.note(*now, text),
            Told::Remark(remark) => observer.remark(remark),
            Told::Ended(report) => observer.drill_ended(report),
            Told::Wrote { .. } | Told::Journal(_) | Told::Done(_) | Told::Hung => {}
        }
    }
}

/// Sends a frame: the length of its body as eight bytes, then the body.
pub(super) fn send<T: Serialize>(to: &mut impl Write, frame: &T) -> io::Result<()> {
    let body = postcard::to_allocvec(frame).map_err(io::Error::other)?;
    let mut bytes = (body.len() as u64).to_le_bytes().to_vec();
    bytes.extend(body);
    to.write_all(&bytes)
}

/// Receives a frame.
pub(super) fn receive<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<T> {
    let mut length = [0; 8];
    from.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    let mut body = Vec::new();
    from.take(length).read_to_end(&mut body)?;
    postcard::from_bytes(&body).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back_as_they_were_sent() {
        let report = DrillReport {
            file: "a.rhai".to_owned(),
            name: "a".to_owned(),
            place: quorate_drill::Place::default(),
            cluster: String::new(),
            tags: vec!["slow".to_owned()],
            seed: u64::MAX,
            verdict: quorate_drill::Verdict::Unknown,
            skipped: None,
            known: None,
            filtered: false,
            failure: Some(quorate_drill::Failure {
                message: "two\nlines".to_owned(),
                ..quorate_drill::Failure::default()
            }),
            virtual_time: Time(7),
            real_time: std::time::Duration::from_nanos(1),
            groups: Vec::new(),
            clients: Vec::new(),
            disturbed: vec!["EVS1".into()],
            unrepeatable: Vec::new(),
            crashes: Vec::new(),
            slow: Vec::new(),
            remarks: Vec::new(),
            repeat: String::new(),
        };
        let told = [
            Told::Ended(Box::new(report)),
            Told::Wrote {
                error: true,
                bytes: vec![0xff, b'\n'],
            },
            Told::Done(Box::default()),
        ];
        let mut bytes = Vec::new();
        for frame in &told {
            send(&mut bytes, frame).expect("it is written");
        }
        let mut from = &bytes[..];
        for frame in &told {
            assert_eq!(&receive::<Told>(&mut from).expect("a frame"), frame);
        }
        assert!(
            receive::<Told>(&mut from).is_err(),
            "there is nothing after the last"
        );
        let path = PathBuf::from(OsString::from_vec(vec![b'a', 0xff]));
        assert_eq!(Task::new(&path, "").path(), path);
    }
}
