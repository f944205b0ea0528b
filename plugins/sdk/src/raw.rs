//! Small helpers at the boundary: borrowed texts, host tables, buffers.

use std::marker::PhantomData;
use std::mem::offset_of;

use quorate_abi::{self as abi, QrHost, QrStr};

use crate::Error;

/// A text in the contract's form, borrowed.
pub(crate) const fn text(text: &str) -> QrStr {
    QrStr {
        ptr: text.as_ptr(),
        len: text.len() as u64,
    }
}

/// A text that this crate made from a `&'static str`.
pub(crate) fn literal(text: QrStr) -> &'static str {
    // SAFETY: only called on texts built by `text` from a literal, whose fields nobody else can set.
    unsafe {
        let bytes = std::slice::from_raw_parts(text.ptr, text.len as usize);
        std::str::from_utf8_unchecked(bytes)
    }
}

/// The bytes of a borrowed block; a NULL block is empty.
///
/// # Safety
/// `ptr` is NULL or points to `len` readable bytes that stay as they are for `'a`.
pub(crate) unsafe fn bytes<'a>(ptr: *const u8, len: u64) -> &'a [u8] {
    match usize::try_from(len) {
        Ok(len) if !ptr.is_null() && len <= isize::MAX as usize => {
            // SAFETY: the caller's promise.
            unsafe { std::slice::from_raw_parts(ptr, len) }
        }
        _ => &[],
    }
}

/// A copy of a borrowed text. Bytes that are not UTF-8 are replaced.
///
/// # Safety
/// As [`bytes`], for the call.
pub(crate) unsafe fn owned(text: QrStr) -> String {
    // SAFETY: the caller's promise.
    String::from_utf8_lossy(unsafe { bytes(text.ptr, text.len) }).into_owned()
}

/// A table of the host's, found by id. A field only counts if the table's own size covers it.
#[derive(Debug)]
pub(crate) struct Table<T> {
    id: &'static str,
    ptr: *const T,
    layout: PhantomData<T>,
}

impl<T> Clone for Table<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Table<T> {}

impl<T> Table<T> {
    /// Asks the host for a table.
    ///
    /// # Safety
    /// `host` is NULL or the host's valid table; what it gives for `id` begins with a 32-bit size and is laid out
    /// as `T` for that many bytes, and stays.
    pub(crate) unsafe fn find(host: *const QrHost, id: &'static str) -> Self {
        let entry = Table {
            id: "the host table",
            ptr: host,
            layout: PhantomData,
        };
        let get = entry.field(offset_of!(QrHost, get_service), |host| {
            // SAFETY: `field` has seen that the table covers it.
            unsafe { (&raw const (*host).get_service).read() }
        });
        let ptr = match get {
            // SAFETY: a function of the host's own table, called as it documents.
            Some(get) => unsafe { get(text(id)) },
            None => std::ptr::null(),
        };
        Table {
            id,
            ptr: ptr.cast(),
            layout: PhantomData,
        }
    }

    /// The table's id.
    pub(crate) fn id(&self) -> &'static str {
        self.id
    }

    /// The entry at `offset`, if the table exists and is long enough.
    pub(crate) fn field<F>(
        &self,
        offset: usize,
        read: impl FnOnce(*const T) -> Option<F>,
    ) -> Option<F> {
        if self.ptr.is_null() {
            return None;
        }
        // SAFETY: every table begins with its size as u32.
        let size = unsafe { self.ptr.cast::<u32>().read() } as usize;
        // Entries are function pointers.
        if size < offset + size_of::<usize>() {
            None
        } else {
            read(self.ptr)
        }
    }
}

/// An entry of a host table, or the error for a missing one.
macro_rules! entry {
    ($table:expr, $layout:ty, $field:ident) => {{
        let table: $crate::raw::Table<$layout> = $table;
        table
            .field(std::mem::offset_of!($layout, $field), |at| {
                // SAFETY: `field` has seen that the table is there and covers the entry.
                unsafe { (&raw const (*at).$field).read() }
            })
            .ok_or_else(|| $crate::Error::no_service(table.id(), stringify!($field)))
    }};
}
pub(crate) use entry;

/// A host service's code as a result; `doing` describes the action.
pub(crate) fn outcome(code: u32, doing: impl FnOnce() -> String) -> Result<(), Error> {
    if code == abi::ERROR_SUCCESS {
        Ok(())
    } else {
        Err(Error::service(code, &doing()))
    }
}

/// The largest answer accepted from a host: a larger one is an error, so that it cannot fill the memory.
const ANSWER_MAX: u64 = 16 << 20;

/// Calls a function that fills a buffer, with larger buffers until the answer fits.
pub(crate) fn answer(
    doing: impl Fn() -> String,
    mut call: impl FnMut(*mut u8, u64, *mut u64) -> u32,
) -> Result<Vec<u8>, Error> {
    // Most answers are short.
    let mut short = [0u8; 256];
    let mut long = Vec::new();
    // The answer may grow between two calls, but not for ever.
    for _ in 0..8 {
        let buffer: &mut [u8] = match long.is_empty() {
            true => &mut short,
            false => &mut long,
        };
        let mut needed = 0u64;
        let code = call(buffer.as_mut_ptr(), buffer.len() as u64, &mut needed);
        match code {
            abi::ERROR_SUCCESS if needed <= buffer.len() as u64 => {
                return Ok(buffer[..needed as usize].to_vec());
            }
            abi::ERROR_MORE_DATA if needed > buffer.len() as u64 && needed <= ANSWER_MAX => {
                long.resize(needed as usize, 0);
            }
            abi::ERROR_SUCCESS | abi::ERROR_MORE_DATA => break,
            code => return Err(Error::service(code, &doing())),
        }
    }
    Err(Error::new(
        abi::ERROR_MORE_DATA,
        format!("{}: the host's answer does not fit", doing()),
    ))
}

/// The same for text.
pub(crate) fn answer_text(
    doing: impl Fn() -> String,
    call: impl FnMut(*mut u8, u64, *mut u64) -> u32,
) -> Result<String, Error> {
    String::from_utf8(answer(&doing, call)?).map_err(|_| {
        Error::new(
            abi::ERROR_INVALID_PARAMETER,
            format!("{}: the answer is not UTF-8", doing()),
        )
    })
}

/// Writes `bytes` into the caller's buffer if they fit, and returns how many there are in any case.
///
/// # Safety
/// `buffer` is NULL or has `buffer_len` writable bytes; `returned` is NULL or writable.
pub(crate) unsafe fn give(
    bytes: &[u8],
    buffer: *mut u8,
    buffer_len: u64,
    returned: *mut u64,
) -> u32 {
    if !returned.is_null() {
        // SAFETY: the caller's promise.
        unsafe { returned.write(bytes.len() as u64) };
    }
    if bytes.len() as u64 > buffer_len || (buffer.is_null() && !bytes.is_empty()) {
        return abi::ERROR_MORE_DATA;
    }
    if !bytes.is_empty() {
        // SAFETY: it fits, and the caller's buffer does not overlap with ours.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), buffer, bytes.len()) };
    }
    abi::ERROR_SUCCESS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_does_not_fit_is_asked_for_again() {
        let long = "x".repeat(1_000);
        let mut calls = 0;
        let got = answer_text(
            || "ask".to_owned(),
            |buffer, len, needed| {
                calls += 1;
                // SAFETY: `answer` hands out its own buffer.
                unsafe { give(long.as_bytes(), buffer, len, needed) }
            },
        );
        assert_eq!((got.unwrap(), calls), (long, 2));
    }

    #[test]
    fn a_host_that_never_has_room_is_not_asked_for_ever() {
        let got = answer(
            || "ask".to_owned(),
            |_, len, needed| {
                // SAFETY: `answer` hands out a valid place.
                unsafe { needed.write(len + 1) };
                abi::ERROR_MORE_DATA
            },
        );
        assert_eq!(got.unwrap_err().code(), abi::ERROR_MORE_DATA);
    }

    #[test]
    fn a_table_that_is_too_short_has_no_entry() {
        let table = abi::QrClock {
            size: 8,
            version: 1,
            now_ms: None,
            civil_ms: None,
        };
        let short = Table {
            id: "t",
            ptr: &raw const table,
            layout: PhantomData,
        };
        assert!(entry!(short, abi::QrClock, now_ms).is_err());
    }
}
