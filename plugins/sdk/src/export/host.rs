//! The table of the host that this library runs in.

use std::sync::atomic::{AtomicPtr, Ordering};

use quorate_abi::QrHost;

use super::panics;

/// The host's table that `startup` was given; it is the same while the library is loaded.
static HOST: AtomicPtr<QrHost> = AtomicPtr::new(std::ptr::null_mut());

pub(crate) fn host() -> *const QrHost {
    HOST.load(Ordering::Acquire)
}

pub(crate) fn set_host(host: *const QrHost) {
    HOST.store(host.cast_mut(), Ordering::Release);
    panics::keep_messages();
}
