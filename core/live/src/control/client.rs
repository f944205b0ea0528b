//! The other end of the control socket: who asks.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Request, Response};

/// Why a node cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody answers at the socket.
    #[error("no node answers at {path}: {why}")]
    Unreachable {
        /// The socket.
        path: PathBuf,
        /// What the system says.
        why: io::Error,
    },
    /// The connection ended, or nothing came in time.
    #[error("the node at {path} did not answer: {why}")]
    Silent {
        /// The socket.
        path: PathBuf,
        /// What the system says.
        why: io::Error,
    },
    /// What came is no answer: another version's, perhaps.
    #[error("the node at {path} answered what this program does not understand: {why}")]
    Garbled {
        /// The socket.
        path: PathBuf,
        /// What is wrong with it.
        why: serde_json::Error,
    },
}

/// A connection to a node.
#[derive(Debug)]
pub struct Client {
    path: PathBuf,
    lines: BufReader<UnixStream>,
}

impl Client {
    /// Connects to a node's socket. Each answer may take as long as `patience`; without it there is no limit.
    ///
    /// # Errors
    /// Nobody answers there.
    pub fn connect(path: &Path, patience: Option<Duration>) -> Result<Client, ClientError> {
        let connect = || -> io::Result<UnixStream> {
            let stream = UnixStream::connect(path)?;
            stream.set_read_timeout(patience)?;
            stream.set_write_timeout(patience)?;
            Ok(stream)
        };
        let stream = connect().map_err(|why| ClientError::Unreachable {
            path: path.to_path_buf(),
            why,
        })?;
        Ok(Client {
            path: path.to_path_buf(),
            lines: BufReader::new(stream),
        })
    }

    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// There is none in time.
    pub fn ask(&mut self, request: &Request) -> Result<Response, ClientError> {
        let mut line = serde_json::to_vec(request).unwrap_or_default();
        line.push(b'\n');
        let sent = self.lines.get_mut().write_all(&line);
        sent.map_err(|why| self.silent(why))?;
        self.answer()
    }

    /// The next answer, of which [`Request::Watch`] has many.
    ///
    /// # Errors
    /// There is none in time.
    pub fn answer(&mut self) -> Result<Response, ClientError> {
        let mut line = String::new();
        match self.lines.read_line(&mut line) {
            Ok(0) => Err(self.silent(io::ErrorKind::UnexpectedEof.into())),
            Ok(_) => serde_json::from_str(&line).map_err(|why| ClientError::Garbled {
                path: self.path.clone(),
                why,
            }),
            Err(why) => Err(self.silent(why)),
        }
    }

    fn silent(&self, why: io::Error) -> ClientError {
        ClientError::Silent {
            path: self.path.clone(),
            why,
        }
    }
}
