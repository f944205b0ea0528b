//! The frames, and the socket on which they are sent.

use quorate_model::Reason;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::LibraryInfo;
use crate::services::{Answer, Request};
use crate::table::{Abilities, Call, Report, Returned, TypeCall};

/// The first bytes of the first frame: "QRMN".
pub(crate) const MAGIC: [u8; 4] = *b"QRMN";
/// The version of the frames. It is raised with every change of those that programs know.
pub(crate) const PROTOCOL: u32 = 6;
/// The longest body. A plugin may write 16 MiB at once, and the names beside that are short.
pub(crate) const FRAME_MAX: usize = 17 * 1_024 * 1_024;

/// The reports of a plugin's threads: about the pending operation, and lines for the log.
pub(crate) type Mail = (Report, Vec<(u32, String)>);

/// A question to the monitor itself, not to the world: see [`Knowledge`](crate::table::Knowledge).
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Question {
    Property {
        resource: String,
        name: String,
    },
    Providers {
        resource: String,
        kind: String,
    },
    Publish {
        resource: String,
        name: String,
        value: String,
    },
    Published {
        resource: String,
        name: String,
    },
    OnlineHere {
        kind: String,
    },
    Others {
        kind: String,
    },
    SaveCheckpoint {
        key: String,
        bytes: Vec<u8>,
    },
    Checkpoint {
        key: String,
    },
}

/// A frame from the host.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum ToMonitor {
    /// The first frame.
    Hello {
        magic: [u8; 4],
        protocol: u32,
        /// The path at which to open the library.
        file: String,
        /// The path that messages give.
        path: String,
    },
    /// Open an instance.
    Open {
        instance: u32,
        resource: String,
        kind: String,
        group: String,
    },
    /// Call an entry. `expecting` says whether reports of the plugin's threads are accepted.
    Call {
        instance: u32,
        expecting: bool,
        call: Call,
    },
    /// Call the entry of a type as a whole.
    TypeCall(TypeCall),
    /// Send the reports of the plugin's threads.
    Mail { instance: u32, expecting: bool },
    /// The answer to [`ToHost::Ask`] and [`ToHost::Question`].
    Answer(Answer),
    /// Load another library as well, only to say what it is. `file` and `path` are as in `Hello`. No program is sent this, and it
    /// stays the last one, so that the others are what programs know.
    Learn { file: String, path: String },
}

/// A frame from the monitor process.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum ToHost<'a> {
    /// The library is loaded.
    Hello {
        protocol: u32,
        library: Box<LibraryInfo>,
    },
    /// The library cannot be loaded, and why.
    Refused(String),
    /// `open` has returned.
    Opened {
        code: u32,
        abilities: Abilities,
        refused: Option<Reason>,
    },
    /// The entry has returned.
    Returned {
        returned: Returned,
        refused: Option<Reason>,
    },
    /// The reports of the plugin's threads.
    Mail(Mail),
    /// The plugin asks the world for something, and waits.
    Ask(Request<'a>),
    /// A line for the cluster log.
    Log { level: u32, text: String },
    /// The plugin asks the host's monitor for what it knows, and waits.
    Question(Question),
}

/// Why no frame was received or sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Lost {
    /// The other side is gone.
    #[error("the other side is gone")]
    Gone,
    /// The other side did not answer in time.
    #[error("it did not answer in time")]
    Late,
    /// The other side sent something that is not a frame.
    #[error("{0}")]
    Garbled(String),
    /// The system refused.
    #[error("{0}")]
    System(io::Error),
}

/// A frame that can be a line of JSON, for programs.
pub(crate) trait Lined: Sized {
    /// The line; `None` for one that no program is sent.
    fn to_line(&self) -> Option<serde_json::Value>;
    /// Reads a line.
    ///
    /// # Errors
    ///
    /// If it is no such frame.
    fn from_line(line: serde_json::Value) -> Result<Self, String>;
}

/// How frames are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Codec {
    /// As postcard writes them, with their length.
    Frames,
    /// As lines of JSON.
    Lines,
}

impl Codec {
    /// Tells them apart by the first bytes of a program: a frame is not as long as this text would have it.
    fn of(first: &[u8]) -> Option<Codec> {
        first.first_chunk::<4>().map(|first| match first[3] {
            0..=8 => Codec::Frames,
            _ => Codec::Lines,
        })
    }
}

/// The longest line: its bytes are written as numbers.
const LINE_MAX: usize = 4 * FRAME_MAX;

/// One end of the socket.
#[derive(Debug)]
pub(crate) struct Channel {
    stream: UnixStream,
    /// The bytes that were read. The frames in the first `taken` bytes have been taken out.
    buffer: Vec<u8>,
    taken: usize,
    /// `None` until a program has said something.
    codec: Option<Codec>,
    /// How many bytes of the present line are known not to end it.
    searched: usize,
}

impl Channel {
    /// An end that waits at most for `limit` when it sends or receives, or for ever if there is no limit.
    pub(crate) fn new(stream: UnixStream, limit: Option<Duration>) -> io::Result<Channel> {
        stream.set_read_timeout(limit)?;
        stream.set_write_timeout(limit)?;
        Ok(Channel {
            stream,
            buffer: Vec::new(),
            taken: 0,
            codec: Some(Codec::Frames),
            searched: 0,
        })
    }

    /// As [`new`](Self::new), to a program, which says by its first bytes how it writes.
    pub(crate) fn to_program(stream: UnixStream, limit: Option<Duration>) -> io::Result<Channel> {
        let channel = Channel::new(stream, limit)?;
        Ok(Channel {
            codec: None,
            searched: 0,
            ..channel
        })
    }

    /// Changes the limit.
    pub(crate) fn limit(&self, limit: Duration) -> io::Result<()> {
        self.stream.set_read_timeout(Some(limit))?;
        self.stream.set_write_timeout(Some(limit))
    }

    pub(crate) fn send<T: Serialize + Lined>(&mut self, frame: &T) -> Result<(), Lost> {
        if self.codec == Some(Codec::Lines) {
            let line = frame
                .to_line()
                .ok_or_else(|| Lost::Garbled("a program cannot be asked for that".to_owned()))?;
            let line = format!("{line}\n");
            return self.stream.write_all(line.as_bytes()).map_err(lost);
        }
        let bytes = postcard::to_extend(frame, vec![0_u8; 4])
            .map_err(|error| Lost::Garbled(error.to_string()))?;
        let body = bytes.len() - 4;
        if body > FRAME_MAX {
            return Err(Lost::Garbled(format!(
                "a frame of {body} bytes, more than the {FRAME_MAX} it may have"
            )));
        }
        let mut bytes = bytes;
        for (to, from) in bytes.iter_mut().zip((body as u32).to_le_bytes()) {
            *to = from;
        }
        self.stream.write_all(&bytes).map_err(lost)
    }

    /// The next frame. After `until` there is none, even if others have come in between: a plugin that sends frames all
    /// the time cannot put off the end of its call.
    pub(crate) fn receive<T: DeserializeOwned + Lined>(
        &mut self,
        until: Option<Instant>,
    ) -> Result<T, Lost> {
        loop {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Err(Lost::Late);
            }
            if let Some(frame) = self.take()? {
                return Ok(frame);
            }
            if left.is_some() {
                self.stream.set_read_timeout(left).map_err(lost)?;
            }
            let mut chunk = [0_u8; 4_096];
            match self.stream.read(&mut chunk) {
                Ok(0) => return Err(Lost::Gone),
                Ok(read) => self.buffer.extend_from_slice(&chunk[..read]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(lost(error)),
            }
        }
    }

    /// A frame that has already been read completely.
    fn take<T: DeserializeOwned + Lined>(&mut self) -> Result<Option<T>, Lost> {
        let unread = self.buffer.get(self.taken..).unwrap_or_default();
        self.codec = self.codec.or_else(|| Codec::of(unread));
        let found = match self.codec {
            None => None,
            Some(Codec::Frames) => first(unread)?,
            Some(Codec::Lines) => {
                let found = first_line(unread, self.searched)?;
                self.searched = match found {
                    Some(_) => 0,
                    None => unread.len(),
                };
                found
            }
        };
        let Some((frame, length)) = found else {
            return Ok(None);
        };
        self.taken += length;
        if self.taken == self.buffer.len() {
            self.buffer.clear();
            self.taken = 0;
        }
        Ok(Some(frame))
    }
}

/// The frame at the beginning of `unread`, and its length; `None` if it is incomplete.
pub(crate) fn first<T: DeserializeOwned>(unread: &[u8]) -> Result<Option<(T, usize)>, Lost> {
    let Some((length, rest)) = unread.split_first_chunk::<4>() else {
        return Ok(None);
    };
    let length = u32::from_le_bytes(*length) as usize;
    if length > FRAME_MAX {
        return Err(Lost::Garbled(format!(
            "a frame that says it has {length} bytes, more than the {FRAME_MAX} it may have"
        )));
    }
    let Some(body) = rest.get(..length) else {
        return Ok(None);
    };
    let (frame, left) = postcard::take_from_bytes(body)
        .map_err(|error| Lost::Garbled(format!("a frame that cannot be read: {error}")))?;
    if !left.is_empty() {
        let left = left.len();
        return Err(Lost::Garbled(format!("a frame with {left} bytes too many")));
    }
    Ok(Some((frame, 4 + length)))
}

/// The frame in the first line of `unread`, and the line's length; `None` if it is incomplete. In the first `searched` bytes
/// there is no end of a line.
fn first_line<T: Lined>(unread: &[u8], searched: usize) -> Result<Option<(T, usize)>, Lost> {
    let rest = unread.get(searched..).unwrap_or_default();
    let found = rest.iter().position(|byte| *byte == b'\n');
    let Some(end) = found.map(|at| searched + at) else {
        return match unread.len() {
            0..LINE_MAX => Ok(None),
            // How much has come of it differs from run to run.
            _ => Err(Lost::Garbled(format!(
                "a line of more than {LINE_MAX} bytes"
            ))),
        };
    };
    let frame = read(&unread[..end]).map_err(Lost::Garbled)?;
    Ok(Some((frame, end + 1)))
}

/// Reads a line.
pub(super) fn read<T: Lined>(line: &[u8]) -> Result<T, String> {
    let value = serde_json::from_slice(line);
    let frame = value
        .map_err(|error| error.to_string())
        .and_then(|value| T::from_line(value));
    frame.map_err(|why| {
        let text = String::from_utf8_lossy(line);
        let text = text.chars().take(120);
        let text: String = text
            .map(|it| if it.is_control() { ' ' } else { it })
            .collect();
        format!("it wrote a line that is no frame: {why}: {}", text.trim())
    })
}

fn lost(error: io::Error) -> Lost {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Lost::Late,
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => Lost::Gone,
        _ => Lost::System(error),
    }
}
