//! A mapped library and the checked tables of its types.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW, Symbol};
use quorate_abi::{self as abi, QrEntryFn, QrHost, QrPlugin, QrTable};
use tempfile::NamedTempFile;

use super::block;
use super::copies;
use super::elf;
use super::error::PluginError;
use super::held::Held;
use super::mark::Mark;
use super::program::{check_program, is_program};
use crate::bridge;
use crate::keeping::{Change, Kept};
use crate::library::Isolation;
use crate::library::{LibraryInfo, TypeInfo};
use crate::process;
use crate::table::{self, Entries};

/// The versions of a type's table that this host accepts.
const VERSION_MIN: u32 = abi::ABI_VERSION_1_00;
const VERSION_MAX: u32 = abi::ABI_VERSION_1_00;

/// A library: what it says of itself, and the entries of its types in the order of its block.
///
/// A library that was mapped into this process is never unmapped: a Rust library with a thread-local cannot be unloaded
/// anyway. An image that was learned from another process is mapped when its entries are first needed.
#[derive(Clone, Debug)]
pub struct Image {
    /// What the library says of itself.
    pub info: LibraryInfo,
    entries: Arc<OnceLock<Result<Vec<Entries>, PluginError>>>,
    /// The image's number, which is never used twice in a process.
    pub(crate) id: u64,
    /// The open file that it was read from. Copies and monitor processes are made from this, so that they do not depend
    /// on what is at the path by then. `None` if it was read from no file.
    pub(crate) file: Option<Arc<Held>>,
    /// The length and change time of the file at its path when it was read.
    pub(super) mark: Option<Mark>,
    /// What loading and starting it changed of the process, and was put back.
    changes: Vec<Change>,
}

// SAFETY: these are pointers into code that is never unmapped. The contract says which thread may call them: the host
// calls an instance from one thread at a time.
unsafe impl Send for Image {}
// SAFETY: as for Send, and an image is never changed.
unsafe impl Sync for Image {}

impl Image {
    /// Maps a library and checks everything that it says of itself.
    pub(crate) fn open(path: &Path) -> Result<Image, PluginError> {
        Image::map(path, path, table::host())
    }

    /// Maps a library and checks everything that it says of itself. Its types are started with this table of host
    /// functions.
    ///
    /// # Errors
    ///
    /// If it is not a plugin, or if anything that it says or hands out breaks the contract.
    pub fn open_for(path: &Path, host: *const QrHost) -> Result<Image, PluginError> {
        if is_program(path) {
            return Image::bridged(path);
        }
        Image::map(path, path, host)
    }

    /// Maps the file `mapped`, which messages call `path`.
    pub(crate) fn open_at(mapped: &Path, path: &Path) -> Result<Image, PluginError> {
        Image::map(mapped, path, table::host())
    }

    /// Learns what a library says of itself from a process beside this one. The library's initialisers and start-up run
    /// only there; nothing of it is mapped here.
    pub(crate) fn learn(path: &Path, settings: &Isolation) -> Result<Image, PluginError> {
        Image::learn_at(path, path, settings)
    }

    /// As [`learn`](Self::learn), from a private copy of the file.
    pub(crate) fn learn_copy(path: &Path, settings: &Isolation) -> Result<Image, PluginError> {
        let copy = private_copy(path, path, None)?;
        Image::learn_at(copy.path(), path, settings)
    }

    /// As [`learn`](Self::learn), of several libraries from one process: that costs little more than one does. `None` if one of them
    /// is no plugin, or anything goes wrong: each is to be learned by itself then.
    pub(crate) fn learn_together(paths: &[&Path], settings: &Isolation) -> Option<Vec<Image>> {
        let marks: Vec<_> = paths.iter().map(|path| Mark::of(path)).collect();
        let files = paths.iter().map(|path| {
            must_export_entry(path, path)?;
            Ok((open_file(path, path)?, *path))
        });
        let files: Vec<_> = files.collect::<Result<_, PluginError>>().ok()?;
        let learned = process::learn_together(settings, &files)?;
        let files = files.into_iter().map(|(file, _)| file).zip(marks);
        let images = learned
            .into_iter()
            .zip(files)
            .map(|(info, (file, mark))| Image::learned(info, file, mark));
        Some(images.collect())
    }

    fn learn_at(from: &Path, path: &Path, settings: &Isolation) -> Result<Image, PluginError> {
        let mark = Mark::of(path);
        let file = open_file(from, path)?;
        must_export_entry(from, path)?;
        let info = process::learn(settings, &file, path).map_err(|why| PluginError::Apart {
            file: path.to_owned(),
            why,
        })?;
        Ok(Image::learned(info, file, mark))
    }

    fn learned(info: LibraryInfo, file: File, mark: Option<Mark>) -> Image {
        Image {
            info,
            entries: Arc::default(),
            id: next_id(),
            file: Some(Arc::new(Held::new(file))),
            mark,
            changes: Vec::new(),
        }
    }

    /// What was learned of a file, at another path of it.
    pub(crate) fn of_path(&self, path: &Path) -> Image {
        let mut image = self.clone();
        image.info.path = path.to_owned();
        image
    }

    /// A program behind tables of entries, for whoever calls one entry at a time.
    fn bridged(path: &Path) -> Result<Image, PluginError> {
        let mark = Mark::of(path);
        let (info, entries) = bridge::start(path).map_err(|why| PluginError::Apart {
            file: path.to_owned(),
            why,
        })?;
        check_program(path, &info)?;
        Ok(Image {
            info: LibraryInfo {
                path: path.to_owned(),
                ..info
            },
            entries: Arc::new(OnceLock::from(Ok(entries))),
            id: next_id(),
            file: None,
            mark,
            changes: Vec::new(),
        })
    }

    /// Learns what a program says of itself.
    ///
    /// # Errors
    ///
    /// If it cannot be run, or if what it says breaks the contract.
    pub(crate) fn learn_program(path: &Path, settings: &Isolation) -> Result<Image, PluginError> {
        let mark = Mark::of(path);
        let info = process::learn_program(settings, path).map_err(|why| PluginError::Apart {
            file: path.to_owned(),
            why,
        })?;
        check_program(path, &info)?;
        let never = PluginError::Open {
            file: path.to_owned(),
            why: "it is a program, and no library that could be mapped".to_owned(),
        };
        Ok(Image {
            info,
            entries: Arc::new(OnceLock::from(Err(never))),
            id: next_id(),
            file: None,
            mark,
            changes: Vec::new(),
        })
    }

    /// What loading and starting it changed of the process, and was put back.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// The entries of its types, in the order of its block. If it is not mapped yet, this maps it.
    ///
    /// # Errors
    ///
    /// If it was learned from another process and cannot be mapped now.
    pub fn entries(&self) -> Result<&[Entries], PluginError> {
        // The copy gets a name of its own, since the system tells libraries apart by their names.
        let mapped = self
            .entries
            .get_or_init(|| self.copy()?.entries().map(<[Entries]>::to_vec));
        mapped.as_deref().map_err(Clone::clone)
    }

    /// Maps a private copy of this image's file, with statics of its own.
    pub(crate) fn copy(&self) -> Result<Image, PluginError> {
        let path = &self.info.path;
        match &self.file {
            Some(file) if !file.is_open() => Err(PluginError::Open {
                file: path.to_owned(),
                why: "a plugin has closed descriptors that are not its own, this library's among them; `quorate plugin \
                      check` says of a library whether it does that"
                    .to_owned(),
            }),
            Some(file) => {
                // Somebody may be writing it anew.
                must_export_entry(&own(file), path)?;
                // What is not mapped is only copied for a debugger.
                let most = match copies::stay() {
                    true => None,
                    false => elf::mapped_length(file),
                };
                let copy = private_copy(&own(file), path, most)?;
                let mapped = Image::map_plugin(copy.path(), path, table::host(), file.clone());
                copies::keep(copy);
                mapped
            }
            None => Image::open_copy(path),
        }
    }

    /// Maps a private copy of a library, with statics of its own, and checks it as the original is checked.
    pub(crate) fn open_copy(path: &Path) -> Result<Image, PluginError> {
        Image::copy_of(path, path, table::host())
    }

    /// As [`open_for`](Self::open_for), with a private copy that has statics of its own.
    ///
    /// # Errors
    ///
    /// Those of `open_for`, or that it cannot be copied.
    pub fn open_copy_for(path: &Path, host: *const QrHost) -> Result<Image, PluginError> {
        if is_program(path) {
            return Image::bridged(path);
        }
        Image::copy_of(path, path, host)
    }

    /// Maps a private copy of the file `from`, which messages call `path`.
    fn copy_of(from: &Path, path: &Path, host: *const QrHost) -> Result<Image, PluginError> {
        let copy = private_copy(from, path, None)?;
        let mapped = Image::map(copy.path(), path, host);
        // The copy is mapped now and needs no name any more, but for a debugger.
        copies::keep(copy);
        mapped
    }

    /// Maps the file `mapped`, which messages call `path`.
    fn map(mapped: &Path, path: &Path, host: *const QrHost) -> Result<Image, PluginError> {
        let file = open_file(mapped, path)?;
        must_export_entry(mapped, path)?;
        Image::map_plugin(mapped, path, host, Arc::new(Held::new(file)))
    }

    /// As [`map`](Self::map), of a file that exports the entry. `file` is what copies are made from.
    fn map_plugin(
        mapped: &Path,
        path: &Path,
        host: *const QrHost,
        file: Arc<Held>,
    ) -> Result<Image, PluginError> {
        let mark = Mark::of(path);
        let kept = Kept::now(true);
        let mapped = Image::entry_of(mapped, path).and_then(|(_, block)| {
            // SAFETY: `block` is what the entry returned, and the library stays mapped.
            unsafe { Image::from_block_for(path, block, host) }
        });
        let changes = kept.put_back();
        let mut image = mapped?;
        image.changes = changes;
        image.file = Some(file);
        image.mark = mark;
        Ok(image)
    }

    /// Maps the file `mapped`, which messages call `path`. Returns its entry and what the entry returned, unchecked.
    ///
    /// # Errors
    ///
    /// If it cannot be mapped, or does not export the entry.
    pub fn entry(mapped: &Path, path: &Path) -> Result<(QrEntryFn, *const QrPlugin), PluginError> {
        must_export_entry(mapped, path)?;
        Image::entry_of(mapped, path)
    }

    /// As [`entry`](Self::entry), of a file that exports it.
    fn entry_of(mapped: &Path, path: &Path) -> Result<(QrEntryFn, *const QrPlugin), PluginError> {
        let failed = |error: libloading::Error| PluginError::Open {
            file: path.to_owned(),
            why: linker_says(&error, mapped),
        };
        let system = |error: io::Error| PluginError::Open {
            file: path.to_owned(),
            why: error.to_string(),
        };
        // The system would search for a bare file name in its own folders. A path below `/proc` is left as it is: its
        // file may have no name to resolve it to.
        let absolute = if mapped.starts_with("/proc") {
            mapped.to_owned()
        } else {
            fs::canonicalize(mapped).map_err(system)?
        };
        // SAFETY: this runs the library's initialisers. The library exports our entry symbol, so it was made to be
        // loaded by us; no host can check what else foreign code does.
        let library =
            unsafe { Library::open(Some(absolute), RTLD_NOW | RTLD_LOCAL) }.map_err(failed)?;
        // SAFETY: the contract says that the symbol has this type.
        let entry: Symbol<QrEntryFn> = unsafe { library.get(abi::ENTRY_SYMBOL) }.map_err(failed)?;
        // SAFETY: the entry may be called at any time, from any thread.
        let block = unsafe { entry() };
        let entry = *entry;
        // The library is never unmapped: see [`Image`].
        std::mem::forget(library);
        Ok((entry, block))
    }

    /// Checks a block, and starts each of its types with this host's table.
    ///
    /// # Safety
    ///
    /// As for a block that a plugin's entry returned; it and its functions stay valid for good.
    #[cfg(test)]
    pub(crate) unsafe fn from_block(
        path: &Path,
        block: *const QrPlugin,
    ) -> Result<Image, PluginError> {
        // SAFETY: passed on.
        unsafe { Image::from_block_for(path, block, table::host()) }
    }

    /// Checks a block, and starts each of its types with the table `host`.
    ///
    /// # Safety
    ///
    /// As for a block that a plugin's entry returned; it, its functions and `host` stay valid for good.
    unsafe fn from_block_for(
        path: &Path,
        block: *const QrPlugin,
        host: *const QrHost,
    ) -> Result<Image, PluginError> {
        // SAFETY: passed on.
        let info = unsafe { block::read(path, block)? };
        // SAFETY: `read` checked that the block is whole.
        let startup = unsafe { (&raw const (*block).startup).read() };
        let Some(startup) = startup else {
            return Err(PluginError::Field {
                file: path.to_owned(),
                field: "startup".to_owned(),
                found: "NULL".to_owned(),
                expected: "a function".to_owned(),
            });
        };
        let mut entries = Vec::with_capacity(info.types.len());
        for kind in &info.types {
            let mut table: *const QrTable = ptr::null();
            let name = table::lend(&kind.name);
            // SAFETY: this is called once for each type, before any other entry of it. The pointers outlive the call,
            // and the host's table is valid for good.
            let code = unsafe { startup(name, VERSION_MIN, VERSION_MAX, host, &mut table) };
            // SAFETY: `table` is NULL or what `startup` handed out, which is valid for as long as the library is
            // mapped.
            entries.push(unsafe { check_table(path, kind, code, table) }?);
        }
        Ok(Image {
            info,
            entries: Arc::new(OnceLock::from(Ok(entries))),
            id: next_id(),
            file: None,
            mark: None,
            changes: Vec::new(),
        })
    }
}

/// A number that no other image of this process has.
fn next_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn open_file(from: &Path, path: &Path) -> Result<File, PluginError> {
    File::open(from).map_err(|error| PluginError::Open {
        file: path.to_owned(),
        why: error.to_string(),
    })
}

fn must_export_entry(from: &Path, path: &Path) -> Result<(), PluginError> {
    let why = if !elf::exports_entry(from)? {
        elf::why_none(from)?
    } else if let Some(other) = elf::other_machine(from) {
        let here = std::env::consts::ARCH;
        format!("it is built for {other}, and this machine is {here}; build it for this machine")
    } else {
        return Ok(());
    };
    Err(PluginError::NotAPlugin {
        file: path.to_owned(),
        why,
    })
}

/// A copy of the file `from`, which is deleted when the value is dropped. With `most` no more of it than that many bytes.
pub(super) fn private_copy(
    from: &Path,
    path: &Path,
    most: Option<u64>,
) -> Result<NamedTempFile, PluginError> {
    let failed = |error: io::Error| PluginError::Open {
        file: path.to_owned(),
        why: match error.kind() {
            io::ErrorKind::NotFound => "it is not there".to_owned(),
            _ => format!("no private copy could be made: {error}"),
        },
    };
    let source = File::open(from).map_err(failed)?;
    let mut copy = tempfile::Builder::new()
        .prefix("quorate-")
        .suffix(".so")
        .tempfile()
        .map_err(failed)?;
    // Not `fs::copy`: it empties the file first, and such a file goes to the disk when it is closed.
    let mut part = source.take(most.unwrap_or(u64::MAX));
    let copied = io::copy(&mut part, copy.as_file_mut()).map_err(failed)?;
    if most.is_some_and(|most| copied < most) {
        return Err(PluginError::NotAPlugin {
            file: path.to_owned(),
            why: elf::CUT_OFF.to_owned(),
        });
    }
    Ok(copy)
}

/// A path by which this process can open an open file again.
pub(super) fn own(file: &File) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

/// Checks the start-up of the type `kind`: the `code` that it returned, and the table that it handed out. Returns the
/// table's entries.
///
/// # Errors
///
/// If the start-up failed, or if this host does not accept the table.
///
/// # Safety
///
/// `table` is NULL or points to a table that begins with its size, and is valid for that many bytes.
pub unsafe fn check_table(
    file: &Path,
    kind: &TypeInfo,
    code: u32,
    table: *const QrTable,
) -> Result<Entries, PluginError> {
    let revision = |found: String| PluginError::Revision {
        file: file.to_owned(),
        kind: kind.name.clone(),
        found,
        min: VERSION_MIN,
        max: VERSION_MAX,
    };
    match code {
        abi::ERROR_SUCCESS => {}
        abi::ERROR_REVISION_MISMATCH => return Err(revision("none".to_owned())),
        code => {
            return Err(PluginError::Startup {
                file: file.to_owned(),
                kind: kind.name.clone(),
                code,
            });
        }
    }
    if table.is_null() || !table.is_aligned() {
        return Err(PluginError::Field {
            file: file.to_owned(),
            field: format!("table of `{}`", kind.name),
            found: "NULL or not aligned".to_owned(),
            expected: "a table".to_owned(),
        });
    }
    // SAFETY: every table begins with its size.
    let size = unsafe { (&raw const (*table).size).read() };
    // Everything up to the last required entry, `is_alive`.
    let needed = std::mem::offset_of!(QrTable, is_alive) + size_of::<usize>();
    if (size as usize) < needed {
        return Err(PluginError::TableSize {
            file: file.to_owned(),
            kind: kind.name.clone(),
            found: size,
            expected: needed as u32,
        });
    }
    // SAFETY: the field is within the size that was checked.
    let version = unsafe { (&raw const (*table).version).read() };
    if !(VERSION_MIN..=VERSION_MAX).contains(&version) {
        return Err(revision(format!("{version:#x}")));
    }
    let missing = |entry: &str, quorum| PluginError::MissingEntry {
        file: file.to_owned(),
        kind: kind.name.clone(),
        entry: entry.to_owned(),
        quorum,
    };
    // SAFETY: `size` bytes are valid, and they cover the required entries.
    let entries = unsafe { Entries::copy(table, size) }.map_err(|entry| missing(entry, false))?;
    if kind.quorum_capable {
        if entries.arbitrate.is_none() {
            return Err(missing("arbitrate", true));
        }
        if entries.release.is_none() {
            return Err(missing("release", true));
        }
    }
    Ok(entries)
}

/// The dynamic linker's message about an error, without the path of the file.
fn linker_says(error: &libloading::Error, file: &Path) -> String {
    let text = std::error::Error::source(error)
        .unwrap_or(error)
        .to_string();
    let path = format!("{}: ", file.display());
    text.strip_prefix(&path).map(str::to_owned).unwrap_or(text)
}
