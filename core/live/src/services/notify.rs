//! Programs that say by themselves when they have started, as they say it to systemd: datagrams to the socket that
//! `NOTIFY_SOCKET` names.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

use rustix::fs::{Gid, Uid, chown};

/// The longest word of a program that is read, in bytes.
const WORD_MAX: usize = 4_096;

/// The socket of one program. Only the user that it runs as can write to it.
#[derive(Debug)]
pub(super) struct NotifySocket {
    path: PathBuf,
    socket: UnixDatagram,
    ready: bool,
}

impl NotifySocket {
    /// Makes a socket at this place, for this user and group if they are others than this process's.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn new(path: PathBuf, user: Option<(u32, u32)>) -> io::Result<NotifySocket> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        match fs::remove_file(&path) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(why),
            _ => {}
        }
        let socket = UnixDatagram::bind(&path)?;
        // From here on it is removed whatever happens.
        let this = NotifySocket {
            path,
            socket,
            ready: false,
        };
        this.socket.set_nonblocking(true)?;
        fs::set_permissions(&this.path, fs::Permissions::from_mode(0o600))?;
        if let Some((user, group)) = user {
            let (user, group) = (Uid::from_raw(user), Gid::from_raw(group));
            chown(&this.path, Some(user), Some(group))?;
        }
        Ok(this)
    }

    /// Its place.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the program has said that it is ready.
    pub(super) fn is_ready(&mut self) -> bool {
        let mut word = [0; WORD_MAX];
        while let Ok(length) = self.socket.recv(&mut word) {
            let said = word.get(..length).unwrap_or_default();
            self.ready |= said
                .split(|byte| *byte == b'\n')
                .any(|line| line == b"READY=1");
        }
        self.ready
    }
}

impl Drop for NotifySocket {
    fn drop(&mut self) {
        // One that stays takes no room, and its name comes again.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_word_of_being_ready_counts_and_nothing_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/ready.sock");
        let mut socket = NotifySocket::new(path.clone(), None).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let program = UnixDatagram::unbound().unwrap();
        let mut says = |word: &[u8]| {
            program.send_to(word, &path).unwrap();
            socket.is_ready()
        };
        assert!(!says(b"STATUS=READY=1"));
        assert!(!says(b"READY=0"));
        assert!(!says(&[0xff; 5_000]));
        assert!(says(b"STATUS=here\nREADY=1\n"));
        assert!(socket.is_ready(), "it has said so");
        drop(socket);
        assert!(!path.exists());
    }
}
