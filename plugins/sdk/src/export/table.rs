//! The entries of a type's table: from the host's pointers to the instance and back.

use std::ffi::c_void;
use std::marker::PhantomData;
use std::mem::offset_of;

use quorate_abi::{self as abi, QrInstance, QrResid, QrStr, QrTable, QrWork};

use super::host::host;
use super::instance::{Instance, Report};
use super::panics::guard;
use crate::raw;
use crate::{Context, Resource};

/// The table of the type `T`.
pub(crate) struct Export<T>(PhantomData<T>);

impl<T: Resource> Export<T> {
    pub(crate) const TABLE: &'static QrTable = &QrTable {
        size: size_of::<QrTable>() as u32,
        version: abi::ABI_VERSION_1_00,
        open: Some(open::<T>),
        close: Some(close::<T>),
        online: Some(online::<T>),
        offline: Some(offline::<T>),
        terminate: Some(terminate::<T>),
        looks_alive: Some(looks_alive::<T>),
        is_alive: Some(is_alive::<T>),
        arbitrate: if T::QUORUM.is_some() {
            Some(arbitrate::<T>)
        } else {
            None
        },
        release: if T::QUORUM.is_some() {
            Some(release::<T>)
        } else {
            None
        },
        resource_control: Some(resource_control::<T>),
        resource_type_control: Some(resource_type_control::<T>),
        work: Some(work::<T>),
        last_error: Some(last_error::<T>),
        get_extension: None,
    };
}

/// The instance behind a handle.
///
/// # Safety
/// `resid` is NULL or came from `open::<T>`, was not closed since, and no other entry of it is running.
unsafe fn instance<'a, T: Resource>(resid: QrResid) -> Option<&'a mut Instance<T>> {
    // SAFETY: the caller's promise.
    unsafe { resid.cast::<Instance<T>>().as_mut() }
}

/// Runs an entry's body. After a panic its message is the instance's last error, and the result is `on_panic`.
///
/// # Safety
/// As [`instance`].
unsafe fn enter<T: Resource, R>(
    resid: QrResid,
    on_panic: R,
    body: impl FnOnce(&mut Instance<T>) -> R,
) -> R {
    // SAFETY: the caller's promise.
    let Some(instance) = (unsafe { instance::<T>(resid) }) else {
        return on_panic;
    };
    match guard(|| body(instance)) {
        Ok(result) => result,
        Err(message) => {
            instance.panicked(message);
            on_panic
        }
    }
}

/// Writes a report into the host's block, as far as the block's size allows.
///
/// # Safety
/// `work` is NULL or points to a block whose first field is its size.
unsafe fn write_report(work: *mut QrWork, report: Report) {
    if work.is_null() {
        return;
    }
    // SAFETY: the block begins with its size, and each field is written only if the size covers it.
    unsafe {
        let size = (&raw const (*work).size).read() as usize;
        let covers = |offset: usize| size >= offset + size_of::<u32>();
        if covers(offset_of!(QrWork, wait_ms)) {
            (&raw mut (*work).wait_ms).write(report.wait_ms);
        }
        if covers(offset_of!(QrWork, checkpoint)) {
            (&raw mut (*work).checkpoint).write(report.checkpoint);
        }
        if covers(offset_of!(QrWork, has_event)) {
            (&raw mut (*work).has_event).write(report.has_event.into());
        }
        if covers(offset_of!(QrWork, signal)) {
            (&raw mut (*work).signal).write(report.signal.into());
        }
        if covers(offset_of!(QrWork, quorum_lost)) {
            (&raw mut (*work).quorum_lost).write(report.quorum_lost.into());
        }
    }
}

const PANICKED: (u32, Report) = (
    abi::ERROR_PANIC,
    Report {
        wait_ms: 0,
        checkpoint: 0,
        has_event: false,
        signal: false,
        quorum_lost: false,
    },
);

unsafe extern "C" fn open<T: Resource>(
    name: QrStr,
    instance: *const QrInstance,
    resid: *mut QrResid,
) -> u32 {
    if resid.is_null() {
        return abi::ERROR_INVALID_PARAMETER;
    }
    // SAFETY: the name is the host's for this call; host and instance outlive what is opened.
    let opened = guard(|| unsafe {
        let mut ctx = Context::new(raw::owned(name), T::TYPE.name, host(), instance);
        ctx.listed = Some(T::TYPE.properties);
        Instance::<T>::open(ctx)
    });
    let (code, why) = match opened {
        Ok(Ok(opened)) => {
            // SAFETY: not NULL, and the host's to write.
            unsafe { resid.write(Box::into_raw(Box::new(opened)).cast()) };
            return abi::ERROR_SUCCESS;
        }
        Ok(Err(error)) => (error.code(), error.to_string()),
        Err(message) => (abi::ERROR_PANIC, message),
    };
    // There is no instance whose last error the host could read, so the sentence goes into the log.
    let _ = guard(|| {
        // SAFETY: as above.
        let ctx = unsafe { Context::new(raw::owned(name), T::TYPE.name, host(), instance) };
        ctx.log().error(format!("open: {why}"));
    });
    code
}

unsafe extern "C" fn close<T: Resource>(resid: QrResid) {
    let instance = resid.cast::<Instance<T>>();
    if instance.is_null() {
        return;
    }
    // SAFETY: the host closes what `open` gave it once.
    let _ = guard(|| unsafe { Box::from_raw(instance) }.close());
}

unsafe extern "C" fn online<T: Resource>(resid: QrResid, work: *mut QrWork) -> u32 {
    // SAFETY: the host's handle, and its block.
    unsafe {
        let (code, report) = enter::<T, _>(resid, PANICKED, Instance::online);
        write_report(work, report);
        code
    }
}

unsafe extern "C" fn offline<T: Resource>(resid: QrResid, work: *mut QrWork) -> u32 {
    // SAFETY: as `online`.
    unsafe {
        let (code, report) = enter::<T, _>(resid, PANICKED, Instance::offline);
        write_report(work, report);
        code
    }
}

unsafe extern "C" fn terminate<T: Resource>(resid: QrResid) {
    // SAFETY: the host's handle.
    unsafe { enter::<T, _>(resid, (), Instance::terminate) }
}

unsafe extern "C" fn looks_alive<T: Resource>(resid: QrResid) -> u32 {
    // SAFETY: the host's handle.
    unsafe { enter::<T, _>(resid, false, |instance| instance.check(T::looks_alive)).into() }
}

unsafe extern "C" fn is_alive<T: Resource>(resid: QrResid) -> u32 {
    // SAFETY: the host's handle.
    unsafe { enter::<T, _>(resid, false, |instance| instance.check(T::is_alive)).into() }
}

unsafe extern "C" fn arbitrate<T: Resource>(resid: QrResid, work: *mut QrWork) -> u32 {
    // SAFETY: as `online`.
    unsafe {
        let (code, report) = enter::<T, _>(resid, PANICKED, Instance::arbitrate);
        write_report(work, report);
        code
    }
}

unsafe extern "C" fn release<T: Resource>(resid: QrResid) -> u32 {
    // SAFETY: the host's handle.
    unsafe { enter::<T, _>(resid, abi::ERROR_PANIC, Instance::release) }
}

unsafe extern "C" fn work<T: Resource>(resid: QrResid, work: *mut QrWork) -> u32 {
    // SAFETY: the host's handle, for both; one after the other.
    let had_pending =
        unsafe { instance::<T>(resid) }.is_some_and(|instance| instance.has_pending());
    // SAFETY: as above.
    let (mut code, mut report) = unsafe { enter::<T, _>(resid, PANICKED, Instance::work) };
    if code == abi::ERROR_PANIC {
        // SAFETY: as above.
        if let Some(instance) = unsafe { instance::<T>(resid) } {
            report = instance.watch_panicked();
        }
        if !had_pending {
            // Nothing was pending, so nothing can fail: with the signal the host calls IsAlive, which says no.
            code = abi::ERROR_SUCCESS;
        }
    }
    // SAFETY: the host's block.
    unsafe { write_report(work, report) };
    code
}

unsafe extern "C" fn last_error<T: Resource>(
    resid: QrResid,
    buffer: *mut u8,
    buffer_len: u64,
) -> u64 {
    // SAFETY: the host's handle.
    let Some(instance) = (unsafe { instance::<T>(resid) }) else {
        return 0;
    };
    let text = instance.last_error();
    let room = usize::try_from(buffer_len).unwrap_or(usize::MAX);
    let mut end = room.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    // SAFETY: what is given fits into the host's buffer.
    unsafe {
        raw::give(
            &text.as_bytes()[..end],
            buffer,
            buffer_len,
            std::ptr::null_mut(),
        )
    };
    text.len() as u64
}

unsafe extern "C" fn resource_control<T: Resource>(
    resid: QrResid,
    code: u32,
    input: *const u8,
    input_len: u64,
    output: *mut u8,
    output_len: u64,
    returned: *mut u64,
) -> u32 {
    // SAFETY: input and output are the host's for this call.
    unsafe {
        let input = raw::bytes(input, input_len);
        enter::<T, _>(resid, abi::ERROR_PANIC, |instance| {
            match instance.control(code, input) {
                Err(error) => error,
                Ok(answer) => {
                    let result = raw::give(&answer, output, output_len, returned);
                    if result == abi::ERROR_MORE_DATA {
                        instance.keep_unread(code, input, answer);
                    }
                    result
                }
            }
        })
    }
}

unsafe extern "C" fn resource_type_control<T: Resource>(
    _: QrStr,
    code: u32,
    input: *const u8,
    input_len: u64,
    output: *mut u8,
    output_len: u64,
    returned: *mut u64,
) -> u32 {
    // SAFETY: input and output are the host's for this call.
    let answered = guard(|| unsafe {
        match T::type_control(code, raw::bytes(input, input_len)) {
            Ok(answer) => raw::give(&answer, output, output_len, returned),
            Err(error) => error.code(),
        }
    });
    answered.unwrap_or(abi::ERROR_PANIC)
}

// The handle is a thin pointer.
const _: () = assert!(size_of::<QrResid>() == size_of::<*mut c_void>());
