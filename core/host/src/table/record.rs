//! Which entry was last called, of which resource and library: kept where it can be read when the process is dead, or while
//! the call does not return.

use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

use rustix::mm::{MapFlags, ProtFlags, mmap};

use super::whom::Whom;

/// How many numbers a record has: the state, the lengths, and the texts, eight bytes in each.
const WORDS: usize = 64;
/// How many bytes of text fit.
const ROOM: usize = (WORDS - 2) * 8;
/// The longest text of each: the entry, the resource, the library. Names in a cluster file are shorter.
const MOST: [usize; 3] = [32, 256, 128];

/// A record. Everything in it is a number of its own that can be read at any time, since whoever reads it may do so in the
/// middle of a change.
struct Record([AtomicU64; WORDS]);

const NOTHING: u64 = 0;
const INSIDE: u64 = 1;
const OUTSIDE: u64 = 2;

static OWN: Record = Record([const { AtomicU64::new(0) }; WORDS]);
/// The record in a file, if there is one.
static MAPPED: AtomicPtr<Record> = AtomicPtr::new(ptr::null_mut());

fn record() -> &'static Record {
    // SAFETY: it is NULL, or the address of a record that is mapped for good.
    unsafe { MAPPED.load(Ordering::Relaxed).as_ref() }.unwrap_or(&OWN)
}

/// The call of an entry that was last begun in a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastCall {
    /// The library's name.
    pub plugin: String,
    /// The resource's name, or the type's, in a call for the type as a whole.
    pub resource: String,
    /// The entry's name, such as `IsAlive`.
    pub entry: String,
    /// Whether it had not returned.
    pub running: bool,
}

impl LastCall {
    /// Says where a process ended: `how` it did, such as `SIGSEGV`, and in or after which call.
    pub fn ended(&self, how: &str) -> String {
        if self.running {
            format!("{how} in {self}")
        } else {
            format!("{how}, after {self} had returned")
        }
    }
}

impl fmt::Display for LastCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&of(&self.plugin, &self.resource, &self.entry))
    }
}

/// A call in words.
pub(super) fn of(plugin: &str, resource: &str, entry: &str) -> String {
    match plugin {
        "" => format!("{entry} of `{resource}`"),
        plugin => format!("{entry} of `{resource}` (plugin `{plugin}`)"),
    }
}

/// Keeps the record in a file from now on, which another process can read when this one is dead: see [`last_call_in`].
///
/// # Errors
///
/// If the file cannot be made long enough, or mapped.
pub fn record_calls_in(path: &Path) -> io::Result<()> {
    let file = File::options().read(true).write(true).open(path)?;
    file.set_len(size_of::<Record>() as u64)?;
    // SAFETY: this is a new mapping, at a place that the system chooses, of a file that is long enough.
    let place = unsafe {
        mmap(
            ptr::null_mut(),
            size_of::<Record>(),
            ProtFlags::READ | ProtFlags::WRITE,
            MapFlags::SHARED,
            &file,
            0,
        )?
    };
    MAPPED.store(place.cast(), Ordering::Relaxed);
    Ok(())
}

/// The call that was last begun in a process that keeps its record in this file.
pub fn last_call_in(file: &File) -> Option<LastCall> {
    let mut bytes = [0; WORDS * 8];
    file.read_exact_at(&mut bytes, 0).ok()?;
    let (words, _) = bytes.as_chunks::<8>();
    let mut words = words.iter().map(|word| u64::from_ne_bytes(*word));
    read(|| words.next().unwrap_or_default())
}

/// The call that was last begun in this process.
pub fn last_call() -> Option<LastCall> {
    let mut words = record().0.iter();
    read(|| words.next().map_or(0, |word| word.load(Ordering::Relaxed)))
}

/// Notes that an entry is called.
pub(super) fn entered(whom: Whom<'_>) {
    let record = record();
    let texts = [whom.entry, whom.resource, whom.plugin];
    let (mut lengths, mut at) = (0, 2);
    for (number, (text, most)) in texts.into_iter().zip(MOST).enumerate() {
        let bytes = &text.as_bytes()[..text.len().min(most)];
        lengths |= (bytes.len() as u64) << (16 * number);
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            for (to, from) in word.iter_mut().zip(chunk) {
                *to = *from;
            }
            if let Some(place) = record.0.get(at) {
                place.store(u64::from_ne_bytes(word), Ordering::Relaxed);
            }
            at += 1;
        }
    }
    record.0[1].store(lengths, Ordering::Relaxed);
    record.0[0].store(INSIDE, Ordering::Relaxed);
}

/// Notes that the entry has returned.
pub(super) fn left() {
    record().0[0].store(OUTSIDE, Ordering::Relaxed);
}

fn read(mut word: impl FnMut() -> u64) -> Option<LastCall> {
    let (state, lengths) = (word(), word());
    if state == NOTHING {
        return None;
    }
    let mut text = |number: usize| {
        let length = (lengths >> (16 * number)) as u16 as usize;
        let mut bytes: Vec<u8> = Vec::with_capacity(length.min(ROOM));
        while bytes.len() < length.min(ROOM) {
            bytes.extend(word().to_ne_bytes());
        }
        bytes.truncate(length);
        String::from_utf8_lossy(&bytes).into_owned()
    };
    Some(LastCall {
        entry: text(0),
        resource: text(1),
        plugin: text(2),
        running: state == INSIDE,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_in_a_file_says_what_was_last_called_and_whether_it_returned() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(last_call_in(file.as_file()), None, "too short");
        record_calls_in(file.path()).unwrap();
        assert_eq!(last_call_in(file.as_file()), None);
        let long = "x".repeat(1_000);
        entered(Whom {
            plugin: &long,
            resource: &long,
            entry: "ResourceTypeControl",
        });
        let found = last_call_in(file.as_file()).unwrap();
        assert_eq!((found.resource.len(), found.plugin.len()), (256, 128));
        entered(Whom {
            plugin: "web-proxy",
            resource: "Prüfer",
            entry: "IsAlive",
        });
        let found = last_call_in(file.as_file()).unwrap();
        let wanted = "SIGSEGV in IsAlive of `Prüfer` (plugin `web-proxy`)";
        assert_eq!(found.ended("SIGSEGV"), wanted);
        left();
        let found = last_call_in(file.as_file()).unwrap();
        let wanted = "SIGKILL, after IsAlive of `Prüfer` (plugin `web-proxy`) had returned";
        assert_eq!(found.ended("SIGKILL"), wanted);
        assert_eq!(last_call(), Some(found), "it is the same");
    }
}
