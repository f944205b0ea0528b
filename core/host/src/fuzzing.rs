//! The functions that the fuzz targets in `tests/fuzz` call, and the tests that run their corpora: for any bytes there
//! is an answer, and never a panic. Nothing that is shipped is built with this feature.

use std::path::Path;

use quorate_abi::{self as abi, QrPlugin, QrProperty, QrStr, QrType};

use crate::plugins::{has_entry, host_target, read_block};
use crate::process;

/// Reads the bytes as frames, as either side of a resource monitor's socket would.
pub fn frames(bytes: &[u8]) {
    process::frames(bytes);
}

/// Looks for the plugin entry in the bytes of a library.
pub fn library(bytes: &[u8]) {
    let _ = has_entry(bytes);
}

/// Reads a plugin's block that is correct except where the bytes say otherwise. Every pointer leads to what it should,
/// or is NULL: an author vouches for that, and the reader cannot check it.
pub fn block(bytes: &[u8]) {
    let target = host_target();
    let mut wrong = Wrong(bytes);
    let mut properties = Vec::new();
    for _ in 0..3 {
        properties.push(QrProperty {
            size: wrong.size(size_of::<QrProperty>()),
            kind: wrong.number(abi::PROPERTY_DWORD),
            flags: wrong.number(0),
            reserved: 0,
            name: wrong.text("Threshold"),
            unit: wrong.text("ms"),
            doc: wrong.text("How many."),
            default: wrong.text("3"),
            min: wrong.number(1).into(),
            max: wrong.number(10).into(),
        });
    }
    let mut types = Vec::new();
    for name in ["One", "Two"] {
        types.push(QrType {
            size: wrong.size(size_of::<QrType>()),
            flags: wrong.number(0),
            name: wrong.text(name),
            doc: wrong.text("A type."),
            looks_alive_ms: wrong.number(5_000),
            is_alive_ms: wrong.number(60_000),
            pending_timeout_ms: wrong.number(180_000),
            property_count: wrong.count(properties.len()),
            properties: wrong.pointer(&properties),
        });
    }
    let plugin = QrPlugin {
        magic: wrong.number(abi::PLUGIN_MAGIC),
        length: wrong.size(size_of::<QrPlugin>()),
        abi_version: wrong.number(abi::ABI_VERSION_1_00),
        pointer_width: wrong.number(usize::BITS),
        target: wrong.text(&target),
        name: wrong.text("fuzzed"),
        version: wrong.text("1.0.0"),
        description: wrong.text("A library."),
        flags: wrong.number(0),
        type_count: wrong.count(types.len()),
        types: wrong.pointer(&types),
        startup: wrong.is_right().then_some(startup),
    };
    // SAFETY: the block is whole. Every pointer in it is NULL, or leads to as much as its count or length says, or
    // comes with a count, size or length for which the reader refuses it before it follows the pointer.
    match unsafe { read_block(Path::new("fuzzed.so"), &raw const plugin) } {
        Ok(library) => assert!(!library.types.is_empty() && !library.name.is_empty()),
        Err(error) => assert!(error.to_string().contains("fuzzed.so"), "{error}"),
    }
}

unsafe extern "C" fn startup(
    _type_name: QrStr,
    _min_version: u32,
    _max_version: u32,
    _host: *const abi::QrHost,
    _table: *mut *const abi::QrTable,
) -> u32 {
    0
}

/// The rest of the bytes that say where a block is wrong.
struct Wrong<'a>(&'a [u8]);

impl<'a> Wrong<'a> {
    fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((byte, rest)) => {
                self.0 = rest;
                *byte
            }
            None => 0,
        }
    }

    fn is_right(&mut self) -> bool {
        self.byte() < 128
    }

    fn number(&mut self, right: u32) -> u32 {
        match self.is_right() {
            true => right,
            false => u32::from_le_bytes([self.byte(), self.byte(), self.byte(), self.byte()]),
        }
    }

    /// The correct size, one that is too small, or one that is no multiple of the alignment. None is larger than what
    /// is there.
    fn size(&mut self, right: usize) -> u32 {
        let right = right as u32;
        match self.number(right) {
            wrong if wrong <= right || !wrong.is_multiple_of(8) => wrong,
            _ => right,
        }
    }

    /// The correct count, or one above every limit.
    fn count(&mut self, there: usize) -> u32 {
        let there = there as u32;
        match self.number(there) {
            wrong if wrong <= there || wrong > 1_024 => wrong,
            _ => there,
        }
    }

    fn pointer<T>(&mut self, right: &[T]) -> *const T {
        match self.is_right() {
            true => right.as_ptr(),
            false => std::ptr::null(),
        }
    }

    /// The correct text, bytes of the input, NULL with a length, or a length that no text may have.
    fn text(&mut self, right: &str) -> QrStr {
        let right = right.as_bytes();
        let bytes = match self.byte() {
            0..=127 => right,
            kind @ 128..=250 => {
                let (bytes, rest) = self.0.split_at(self.0.len().min(usize::from(kind - 128)));
                self.0 = rest;
                bytes
            }
            251..=252 => {
                return QrStr {
                    ptr: std::ptr::null(),
                    len: self.byte().into(),
                };
            }
            _ => {
                return QrStr {
                    ptr: right.as_ptr(),
                    len: u64::MAX - u64::from(self.byte()),
                };
            }
        };
        QrStr {
            ptr: bytes.as_ptr(),
            len: bytes.len() as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    /// Runs a fuzz target on every file of its corpus.
    fn run(target: &str, with: fn(&[u8])) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/corpus");
        let mut inputs = 0;
        for entry in fs::read_dir(folder.join(target)).unwrap() {
            with(&fs::read(entry.unwrap().path()).unwrap());
            inputs += 1;
        }
        assert!(inputs >= 4, "only {inputs} inputs");
    }

    #[test]
    fn the_corpus_of_frames_is_read() {
        run("monitor_frames", super::frames);
    }

    #[test]
    fn the_corpus_of_libraries_is_looked_into() {
        run("plugin_library", super::library);
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/corpus");
        let entry = |name| super::has_entry(&*fs::read(folder.join(name)).unwrap());
        assert!(entry("plugin_library/entry.so"));
        assert!(!entry("plugin_library/no-entry.so"));
    }

    #[test]
    fn the_corpus_of_blocks_is_read() {
        run("plugin_block", super::block);
    }
}
