//! The node's end of the control socket.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use quorate_model::errors::{ERROR_ACCESS_DENIED, ERROR_BUSY, ERROR_INVALID_PARAMETER};

use super::{Admins, Asked, Hear, Request, Response};

/// How many may talk to a node at a time.
const CONNECTIONS_MAX: usize = 64;

/// The longest question, in bytes.
const QUESTION_MAX: u64 = 1_024 * 1_024;

/// For how long a connection may be silent before its question, and how long an answer may take to be taken.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// The longest path that a Unix socket may have, with the byte that ends it.
const PATH_MAX: usize = 108;

/// The answers that were promised and are not written yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Owed(Arc<AtomicUsize>);

impl Owed {
    /// Waits until all are written, for as long as `patience`: the process is about to end.
    pub(crate) fn settle(&self, patience: Duration) {
        let begun = Instant::now();
        while self.0.load(Ordering::Acquire) > 0 && begun.elapsed() < patience {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// One of them.
struct Debt(Owed);

impl Debt {
    fn new(owed: &Owed) -> Debt {
        owed.0.fetch_add(1, Ordering::AcqRel);
        Debt(owed.clone())
    }
}

impl Drop for Debt {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Why a control socket cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The path is too long for a socket.
    #[error(
        "the control socket's path is longer than a Unix socket's may be: {0}; give a shorter `socket`"
    )]
    Long(PathBuf),
    /// The system's.
    #[error("the control socket {path} cannot be made: {why}")]
    Io {
        /// Its path.
        path: PathBuf,
        /// What the system says.
        why: io::Error,
    },
}

/// Answers at a socket from now on. Whoever calls this holds the lock of the node's state, so a socket that is there was
/// left over.
pub(crate) fn serve(path: &Path, admins: Admins, to: &Hear) -> Result<Owed, ControlError> {
    if path.as_os_str().len() >= PATH_MAX {
        return Err(ControlError::Long(path.to_path_buf()));
    }
    let make = || -> io::Result<UnixListener> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        match fs::remove_file(path) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(why),
            _ => {}
        }
        let listener = UnixListener::bind(path)?;
        // Everybody may read; who may change is asked of each.
        fs::set_permissions(path, fs::Permissions::from_mode(0o666))?;
        Ok(listener)
    };
    let io = |why| ControlError::Io {
        path: path.to_path_buf(),
        why,
    };
    let listener = make().map_err(io)?;
    let to = Arc::clone(to);
    let admins = Arc::new(admins);
    let owed = Owed::default();
    let owing = owed.clone();
    let accept = move || {
        let open = Arc::new(AtomicUsize::new(0));
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else {
                thread::sleep(Duration::from_millis(10));
                continue;
            };
            if open.fetch_add(1, Ordering::Relaxed) >= CONNECTIONS_MAX {
                open.fetch_sub(1, Ordering::Relaxed);
                let _ = answer(&mut stream, &refused(ERROR_BUSY, "too many ask at a time"));
                continue;
            }
            let (counted, admins, to) = (Arc::clone(&open), Arc::clone(&admins), Arc::clone(&to));
            let owed = owing.clone();
            let talk = move || {
                // However it ends: who asked sees that.
                let _ = talk(stream, &admins, &to, &owed);
                counted.fetch_sub(1, Ordering::Relaxed);
            };
            let named = thread::Builder::new().name("control".to_owned());
            if named.spawn(talk).is_err() {
                open.fetch_sub(1, Ordering::Relaxed);
            }
        }
    };
    let named = thread::Builder::new().name("control socket".to_owned());
    named.spawn(accept).map_err(io)?;
    Ok(owed)
}

fn refused(code: u32, text: &str) -> Response {
    let text = text.to_owned();
    Response::Refused { code, text }
}

fn answer(stream: &mut UnixStream, response: &Response) -> io::Result<()> {
    let mut line = serde_json::to_vec(response)?;
    line.push(b'\n');
    stream.write_all(&line)
}

/// Answers question after question.
fn talk(stream: UnixStream, admins: &Admins, to: &Hear, owed: &Owed) -> io::Result<()> {
    stream.set_read_timeout(Some(SILENCE_MAX))?;
    stream.set_write_timeout(Some(SILENCE_MAX))?;
    let may_change = admins.include(&stream);
    let mut out = stream.try_clone()?;
    let mut lines = BufReader::new(stream);
    loop {
        let mut line = String::new();
        let read = (&mut lines).take(QUESTION_MAX).read_line(&mut line)?;
        if read == 0 {
            return Ok(());
        }
        let request = match serde_json::from_str::<Request>(&line) {
            Ok(request) => request,
            Err(why) => {
                let text = format!("this is no question: {why}");
                answer(&mut out, &refused(ERROR_INVALID_PARAMETER, &text))?;
                continue;
            }
        };
        if request.changes() && !may_change {
            let text = "only root, the node's own user and its admins may change the cluster";
            answer(&mut out, &refused(ERROR_ACCESS_DENIED, text))?;
            continue;
        }
        let watches = request == Request::Watch;
        let (answers, given) = channel();
        let unheard = || Response::Lost {
            text: "the node ended before it answered".to_owned(),
        };
        let debt = Debt::new(owed);
        if !to(Asked { request, answers }) {
            return answer(&mut out, &unheard());
        }
        match given.recv() {
            Ok(response) => answer(&mut out, &response)?,
            Err(_) => answer(&mut out, &unheard())?,
        }
        drop(debt);
        if watches {
            for response in given {
                answer(&mut out, &response)?;
            }
            return Ok(());
        }
    }
}
