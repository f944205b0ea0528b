//! Text and bytes that cross the boundary to a plugin. Every pointer and every length from the other side is checked
//! here.

use quorate_model::Reason;
use std::ptr;

use quorate_abi::{ERROR_INVALID_PARAMETER, ERROR_MORE_DATA, QrStr};

use crate::ServiceResult;

/// The longest text or block of bytes that a plugin may pass in one call.
const LEN_MAX: u64 = 16 * 1_024 * 1_024;

/// Our text in the form in which it is lent to a plugin for a call.
pub fn lend(text: &str) -> QrStr {
    QrStr {
        ptr: text.as_ptr(),
        len: text.len() as u64,
    }
}

/// Bytes from the other side; `None` if pointer and length cannot be right.
///
/// # Safety
///
/// If `ptr` is not NULL, the other side vouches for `len` bytes there, for as long as the result is used.
pub unsafe fn borrow_bytes<'a>(ptr: *const u8, len: u64) -> Option<&'a [u8]> {
    if len == 0 {
        return Some(&[]);
    }
    let len = usize::try_from(len)
        .ok()
        .filter(|len| *len <= isize::MAX as usize)?;
    if ptr.is_null() {
        return None;
    }
    // SAFETY: the pointer is not NULL, a slice may have this length, and the caller vouches for the bytes.
    Some(unsafe { std::slice::from_raw_parts(ptr, len) })
}

/// Bytes that a plugin lends for a call.
///
/// # Safety
///
/// As for [`borrow_bytes`].
pub(super) unsafe fn bytes<'a>(ptr: *const u8, len: u64) -> ServiceResult<&'a [u8]> {
    if len > LEN_MAX {
        return Err(Reason::new(
            ERROR_INVALID_PARAMETER,
            format!("{len} bytes are more than the {LEN_MAX} a call takes"),
        ));
    }
    // SAFETY: passed on.
    unsafe { borrow_bytes(ptr, len) }
        .ok_or_else(|| Reason::new(ERROR_INVALID_PARAMETER, "NULL with a length"))
}

/// Text that a plugin lends for a call.
///
/// # Safety
///
/// As for [`borrow_bytes`].
pub(crate) unsafe fn text<'a>(text: QrStr) -> ServiceResult<&'a str> {
    // SAFETY: passed on.
    let bytes = unsafe { bytes(text.ptr, text.len)? };
    std::str::from_utf8(bytes).map_err(|error| {
        Reason::new(
            ERROR_INVALID_PARAMETER,
            format!("text is not UTF-8: {error}"),
        )
    })
}

/// A plugin's buffer for output, and the place for the number of bytes that are needed.
#[derive(Clone, Copy)]
pub(crate) struct Buffer {
    at: *mut u8,
    len: u64,
    pub(crate) needed: *mut u64,
}

impl Buffer {
    pub(crate) fn new(at: *mut u8, len: u64, needed: *mut u64) -> Buffer {
        Buffer { at, len, needed }
    }

    /// Copies `bytes` to the buffer if there is room for all of them. In any case it writes how many there are.
    ///
    /// # Safety
    ///
    /// The plugin vouches for `len` writable bytes at `at` unless it is NULL, and for `needed` unless that is NULL.
    pub(crate) unsafe fn put(self, bytes: &[u8]) -> ServiceResult<()> {
        // SAFETY: passed on.
        unsafe { put(self.needed, bytes.len() as u64) };
        if (self.len as u128) < bytes.len() as u128 {
            return Err(Reason::new(
                ERROR_MORE_DATA,
                format!(
                    "the buffer holds {} bytes, {} are needed",
                    self.len,
                    bytes.len()
                ),
            ));
        }
        if bytes.is_empty() {
            return Ok(());
        }
        if self.at.is_null() {
            return Err(Reason::new(ERROR_INVALID_PARAMETER, "the buffer is NULL"));
        }
        // SAFETY: the buffer is large enough. It belongs to the plugin, so it does not overlap our bytes.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), self.at, bytes.len()) };
        Ok(())
    }
}

/// Writes a value to the plugin's memory. NULL means that the plugin does not want it.
///
/// # Safety
///
/// The plugin vouches for `at`, unless that is NULL.
pub(crate) unsafe fn put<T: Copy>(at: *mut T, value: T) {
    if !at.is_null() {
        // SAFETY: the plugin vouches for the place. It may be unaligned.
        unsafe { at.write_unaligned(value) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_pointers_lengths_and_text_are_refused() {
        // SAFETY: every pointer is NULL or good for its length, or the length is refused unseen.
        unsafe {
            assert_eq!(
                text(QrStr {
                    ptr: ptr::null(),
                    len: 0
                })
                .unwrap(),
                ""
            );
            let bad = [
                QrStr {
                    ptr: ptr::null(),
                    len: 3,
                },
                QrStr {
                    ptr: b"x".as_ptr(),
                    len: u64::MAX,
                },
                QrStr {
                    ptr: b"x".as_ptr(),
                    len: LEN_MAX + 1,
                },
                QrStr {
                    ptr: [0xff, 0xfe].as_ptr(),
                    len: 2,
                },
            ];
            for given in bad {
                assert_eq!(text(given).unwrap_err().code, ERROR_INVALID_PARAMETER);
            }
        }
    }

    #[test]
    fn output_is_all_or_nothing_and_says_its_length() {
        let (mut bytes, mut needed) = ([7_u8; 4], 0_u64);
        // SAFETY: every pointer is NULL or good for its length.
        unsafe {
            let small = Buffer::new(bytes.as_mut_ptr(), 2, &raw mut needed).put(b"abc");
            assert_eq!(small.unwrap_err().code, ERROR_MORE_DATA);
            assert_eq!((bytes, needed), ([7; 4], 3));
            let null = Buffer::new(ptr::null_mut(), 9, ptr::null_mut()).put(b"abc");
            assert_eq!(null.unwrap_err().code, ERROR_INVALID_PARAMETER);
            Buffer::new(bytes.as_mut_ptr(), 4, ptr::null_mut())
                .put(b"abc")
                .unwrap();
            assert_eq!(&bytes, b"abc\x07");
            Buffer::new(ptr::null_mut(), 0, &raw mut needed)
                .put(b"")
                .unwrap();
            assert_eq!(needed, 0);
        }
    }
}
