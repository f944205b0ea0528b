//! The host's side of the contract: its own tables, and what crosses the boundary.

use std::ptr;

use quorate_abi::{self as abi, QrHost, QrStr};

/// The host's table, handed to every plugin.
pub(crate) fn host() -> *const QrHost {
    ptr::from_ref(&HOST)
}

static HOST: QrHost = QrHost {
    size: size_of::<QrHost>() as u32,
    version: abi::ABI_VERSION_1_00,
    get_service: None,
    set_resource_status: None,
    log_event: None,
};

/// Text of ours, lent for a call.
pub(crate) fn lend(text: &str) -> QrStr {
    QrStr {
        ptr: text.as_ptr(),
        len: text.len() as u64,
    }
}

/// Bytes of the other side's, or `None` where pointer and length cannot be right.
///
/// # Safety
///
/// If `ptr` is not NULL, the other side vouches for `len` bytes there for as long as the result is used.
pub(crate) unsafe fn borrow_bytes<'a>(ptr: *const u8, len: u64) -> Option<&'a [u8]> {
    if len == 0 {
        return Some(&[]);
    }
    let len = usize::try_from(len)
        .ok()
        .filter(|len| *len <= isize::MAX as usize)?;
    if ptr.is_null() {
        return None;
    }
    // SAFETY: not NULL, of a length a slice may have, vouched for by the caller.
    Some(unsafe { std::slice::from_raw_parts(ptr, len) })
}
