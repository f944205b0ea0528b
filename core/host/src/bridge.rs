//! A program behind a table of entries: what calls libraries one entry at a time, as the conformance tester does, calls a
//! program in the same way.

use std::ffi::c_void;
use std::io::{self, Write};
use std::path::Path;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use quorate_abi::{self as abi, QrInstance, QrResid, QrStr, QrWork};

use crate::library::{Isolation, LibraryInfo};
use crate::process::{CallContext, Death, MonitorProcess};
use crate::table::{
    Buffer, Call, Entries, Handle, Returned, TypeCall, borrow_bytes, put, text, with,
};

/// How many types can be behind tables in one process: a table's functions are of one type each.
const TYPES_MAX: usize = ROW * ROW;
/// How many tables are written down in one row.
const ROW: usize = 16;

/// A type behind a table, and the process of its program.
struct Behind {
    kind: String,
    process: &'static Mutex<MonitorProcess>,
}

static BEHIND: Mutex<Vec<Behind>> = Mutex::new(Vec::new());

/// An open instance.
struct Instance {
    process: &'static Mutex<MonitorProcess>,
    number: u32,
    handle: Handle,
}

/// Starts a program and puts each of its types behind a table. The process ends with this one.
///
/// # Errors
///
/// One sentence.
pub(crate) fn start(file: &Path) -> Result<(LibraryInfo, Vec<Entries>), String> {
    let settings = Isolation {
        // Whoever calls has a limit of its own.
        call_limit: Duration::from_secs(24 * 60 * 60),
        ..Isolation::default()
    };
    let (process, info) = MonitorProcess::of_program(&settings, file)?;
    // It is called until this process ends.
    PROGRAMS.fetch_add(1, Ordering::Relaxed);
    let process: &'static Mutex<MonitorProcess> = Box::leak(Box::new(Mutex::new(process)));
    let mut behind = BEHIND.lock();
    let mut tables = Vec::new();
    for kind in &info.types {
        let Some(table) = table(behind.len()) else {
            return Err(format!(
                "the programs that are loaded here have more than {TYPES_MAX} types together"
            ));
        };
        behind.push(Behind {
            kind: kind.name.clone(),
            process,
        });
        let mut entries = table();
        if !kind.quorum_capable {
            (entries.arbitrate, entries.release) = (None, None);
        }
        tables.push(entries);
    }
    Ok((info, tables))
}

/// Ends this process, since the program has ended: that is what a library's crash would have done.
fn died(death: &Death) -> ! {
    let _ = writeln!(io::stderr(), "the program: {} in {}", death.how, death.call);
    std::process::abort()
}

fn entries<const TYPE: usize>() -> Entries {
    Entries {
        open: open::<TYPE>,
        close,
        online,
        offline,
        terminate,
        looks_alive,
        is_alive,
        arbitrate: Some(arbitrate),
        release: Some(release),
        resource_control: Some(control),
        work: Some(work),
        last_error: Some(last_error),
        resource_type_control: Some(type_control::<TYPE>),
        get_extension: Some(get_extension),
    }
}

macro_rules! row {
    ($row:literal: $($place:literal)+) => { [$(entries::<{ $row * ROW + $place }> as fn() -> Entries),+] };
}
macro_rules! rows {
    ($($row:literal)+) => { [$(row!($row: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)),+] };
}

static TABLES: [[fn() -> Entries; ROW]; ROW] = rows!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);

/// The table with this number.
fn table(number: usize) -> Option<fn() -> Entries> {
    TABLES.get(number / ROW)?.get(number % ROW).copied()
}

/// How many programs have been started behind tables.
static PROGRAMS: AtomicUsize = AtomicUsize::new(0);

/// How many programs this process runs behind tables of entries, until it ends.
pub fn programs() -> usize {
    PROGRAMS.load(Ordering::Relaxed)
}

unsafe extern "C" fn open<const TYPE: usize>(
    name: QrStr,
    instance: *const QrInstance,
    resid: *mut QrResid,
) -> u32 {
    // SAFETY: the caller lends the text for this call.
    if unsafe { text(name) }.is_err() {
        return abi::ERROR_INVALID_PARAMETER;
    }
    let Some(process) = BEHIND.lock().get(TYPE).map(|it| it.process) else {
        return abi::ERROR_RESOURCE_TYPE_NOT_FOUND;
    };
    let opened = with(instance, |frame| {
        frame.reach(|services, known, spec, log| {
            let mut context = CallContext {
                services,
                known,
                spec,
            };
            let opened = process.lock().open(&mut context);
            opened.map(|opened| {
                log(opened.traces.log);
                (opened.code, opened.number, opened.traces.refused)
            })
        })
    });
    match opened {
        Some(Some(Ok((abi::ERROR_SUCCESS, number, _)))) => {
            let opened = Instance {
                process,
                number,
                handle: Handle::of(instance),
            };
            // SAFETY: the caller's place for the result.
            unsafe { resid.write(Box::into_raw(Box::new(opened)).cast()) };
            abi::ERROR_SUCCESS
        }
        Some(Some(Ok((code, _, refused)))) => {
            with(instance, |frame| frame.refuse(refused));
            code
        }
        Some(Some(Err(death))) => died(&death),
        Some(None) => abi::ERROR_NOT_READY,
        None => abi::ERROR_ACCESS_DENIED,
    }
}

/// Has the program carry out a call.
fn forward(resid: QrResid, call: Call) -> Returned {
    // SAFETY: `resid` came from `open`, and `close` was not called.
    let Some(opened) = (unsafe { resid.cast::<Instance>().as_ref() }) else {
        return Returned::of(abi::ERROR_INVALID_PARAMETER);
    };
    let instance = opened.handle.as_ptr();
    let returned = with(instance, |frame| {
        frame.reach(|services, known, spec, log| {
            let mut context = CallContext {
                services,
                known,
                spec,
            };
            let done = opened
                .process
                .lock()
                .call(&mut context, opened.number, false, call);
            done.map(|(returned, traces)| {
                log(traces.log);
                (returned, traces.refused)
            })
        })
    });
    match returned {
        Some(Some(Ok((returned, refused)))) => {
            with(instance, |frame| frame.refuse(refused));
            returned
        }
        Some(Some(Err(death))) => died(&death),
        Some(None) => Returned::of(abi::ERROR_NOT_READY),
        None => Returned::of(abi::ERROR_ACCESS_DENIED),
    }
}

/// Passes on what an entry that may take time returned.
fn works(resid: QrResid, work: *mut QrWork, call: Call) -> u32 {
    let returned = forward(resid, call);
    // SAFETY: the caller's own, for the length of the call.
    if let Some(work) = unsafe { work.as_mut() } {
        work.wait_ms = returned.work.wait_ms;
        work.checkpoint = returned.work.checkpoint;
        work.has_event = returned.work.has_event.into();
        work.signal = returned.work.signal.into();
        work.quorum_lost = returned.work.quorum_lost.into();
    }
    returned.code
}

unsafe extern "C" fn online(resid: QrResid, work: *mut QrWork) -> u32 {
    works(resid, work, Call::Online)
}
unsafe extern "C" fn offline(resid: QrResid, work: *mut QrWork) -> u32 {
    works(resid, work, Call::Offline)
}
unsafe extern "C" fn arbitrate(resid: QrResid, work: *mut QrWork) -> u32 {
    works(resid, work, Call::Arbitrate)
}
unsafe extern "C" fn work(resid: QrResid, work: *mut QrWork) -> u32 {
    works(resid, work, Call::Work)
}
unsafe extern "C" fn terminate(resid: QrResid) {
    forward(resid, Call::Terminate);
}
unsafe extern "C" fn looks_alive(resid: QrResid) -> u32 {
    forward(resid, Call::LooksAlive).code
}
unsafe extern "C" fn is_alive(resid: QrResid) -> u32 {
    forward(resid, Call::IsAlive).code
}
unsafe extern "C" fn release(resid: QrResid) -> u32 {
    forward(resid, Call::Release).code
}
unsafe extern "C" fn close(resid: QrResid) {
    forward(resid, Call::Close);
    if !resid.is_null() {
        // SAFETY: it came from `open`, and this is called once.
        drop(unsafe { Box::from_raw(resid.cast::<Instance>()) });
    }
}

/// Passes on what a control code was answered with.
fn answered(returned: &Returned, buffer: Buffer) -> u32 {
    if returned.code != abi::ERROR_SUCCESS {
        // SAFETY: the caller's place for a number, or NULL.
        unsafe { put(buffer.needed, returned.needed) };
        return returned.code;
    }
    // SAFETY: the caller's buffer, as long as it says.
    match unsafe { buffer.put(&returned.bytes) } {
        Ok(()) => abi::ERROR_SUCCESS,
        Err(reason) => reason.code,
    }
}

unsafe extern "C" fn control(
    resid: QrResid,
    code: u32,
    input: *const u8,
    input_len: u64,
    output: *mut u8,
    output_len: u64,
    needed: *mut u64,
) -> u32 {
    // SAFETY: the caller lends the input for this call.
    let Some(input) = (unsafe { borrow_bytes(input, input_len) }) else {
        return abi::ERROR_INVALID_PARAMETER;
    };
    let call = Call::Control {
        code,
        input: input.to_vec(),
        room: output_len,
    };
    let buffer = Buffer::new(output, output_len, needed);
    answered(&forward(resid, call), buffer)
}

unsafe extern "C" fn type_control<const TYPE: usize>(
    name: QrStr,
    code: u32,
    input: *const u8,
    input_len: u64,
    output: *mut u8,
    output_len: u64,
    needed: *mut u64,
) -> u32 {
    // SAFETY: the caller lends both for this call.
    let (Ok(_), Some(input)) = (unsafe { (text(name), borrow_bytes(input, input_len)) }) else {
        return abi::ERROR_INVALID_PARAMETER;
    };
    let behind = BEHIND
        .lock()
        .get(TYPE)
        .map(|it| (it.kind.clone(), it.process));
    let Some((kind, process)) = behind else {
        return abi::ERROR_RESOURCE_TYPE_NOT_FOUND;
    };
    let call = TypeCall {
        kind,
        code,
        input: input.to_vec(),
        room: output_len,
    };
    let buffer = Buffer::new(output, output_len, needed);
    match process.lock().type_call(call) {
        Ok(returned) => answered(&returned, buffer),
        Err(death) => died(&death),
    }
}

unsafe extern "C" fn last_error(resid: QrResid, buffer: *mut u8, buffer_len: u64) -> u64 {
    let said = forward(resid, Call::LastError).bytes;
    let fits = said
        .len()
        .min(usize::try_from(buffer_len).unwrap_or(usize::MAX));
    if !buffer.is_null() {
        // SAFETY: the caller's buffer is as long as it says, and no longer is written.
        unsafe { ptr::copy_nonoverlapping(said.as_ptr(), buffer, fits) };
    }
    said.len() as u64
}

unsafe extern "C" fn get_extension(_: QrStr) -> *const c_void {
    ptr::null()
}
