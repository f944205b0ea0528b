//! The calls of a type's entries as values, so that they can be made in this process or in another one.

use quorate_abi::{self as abi, QrResid, QrWork};
use serde::{Deserialize, Serialize};

use super::entries::{Entries, WorkEntry};
use super::marshal::lend;
use super::vigil::Running;
use super::whom::Whom;
use crate::keeping::Kept;

/// The longest text that is read with `last_error`, in bytes.
const ERROR_TEXT_MAX: u64 = 8 * 1_024;
/// The largest buffer for the output of a control code, in bytes.
pub(crate) const OUTPUT_MAX: u64 = 1_024 * 1_024;

/// A call of one entry of an open instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Call {
    Close,
    Online,
    Offline,
    Terminate,
    LooksAlive,
    IsAlive,
    Arbitrate,
    Release,
    Work,
    Control {
        code: u32,
        input: Vec<u8>,
        /// The size of the buffer for the output, in bytes.
        room: u64,
    },
    LastError,
}

impl Call {
    /// The name of `open`, which is no call of an open instance.
    pub(crate) const OPEN: &'static str = "Open";

    /// Whether a type begins something in this entry, so that all of the process is looked at around it.
    pub(crate) fn begins(&self) -> bool {
        matches!(self, Self::Online | Self::Arbitrate)
    }

    /// The entry's name, for messages.
    pub(crate) fn as_str(&self) -> &'static str {
        match self {
            Self::Close => "Close",
            Self::Online => "Online",
            Self::Offline => "Offline",
            Self::Terminate => "Terminate",
            Self::LooksAlive => "LooksAlive",
            Self::IsAlive => "IsAlive",
            Self::Arbitrate => "Arbitrate",
            Self::Release => "Release",
            Self::Work => "Work",
            Self::Control { .. } => "ResourceControl",
            Self::LastError => "LastError",
        }
    }
}

/// What an entry that may take time reported of its progress: the fields of its `QrWork`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Work {
    pub(crate) wait_ms: u32,
    pub(crate) checkpoint: u32,
    pub(crate) has_event: bool,
    pub(crate) signal: bool,
    pub(crate) quorum_lost: bool,
}

/// The result of an entry. An entry that the table does not have gives `ERROR_INVALID_FUNCTION`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Returned {
    pub(crate) code: u32,
    pub(crate) work: Work,
    /// How large a buffer the output of a control code needs, in bytes.
    pub(crate) needed: u64,
    /// The output of a control code that succeeded, or the text of the last error.
    pub(crate) bytes: Vec<u8>,
}

impl Returned {
    /// A result that is only a code.
    pub(crate) fn of(code: u32) -> Returned {
        Returned {
            code,
            ..Returned::default()
        }
    }
}

/// The optional entries of a type that the monitor must know of before it calls them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Abilities {
    pub(crate) work: bool,
    pub(crate) arbitrate: bool,
}

impl Abilities {
    pub(crate) fn of(entries: &Entries) -> Abilities {
        Abilities {
            work: entries.work.is_some(),
            arbitrate: entries.arbitrate.is_some(),
        }
    }
}

/// Makes a call.
///
/// # Safety
///
/// `resid` came from the `open` of these entries and has not been closed. The contract allows the entry in the present
/// state of the instance. No other thread is inside one of the instance's entries.
pub(crate) unsafe fn run(entries: &Entries, resid: QrResid, call: &Call) -> Returned {
    // SAFETY of every call: the caller vouches for `resid` and the state. All pointers and buffers outlive the call,
    // and buffers are as long as stated.
    match call {
        Call::Close => {
            unsafe { (entries.close)(resid) };
            Returned::default()
        }
        Call::Terminate => {
            unsafe { (entries.terminate)(resid) };
            Returned::default()
        }
        Call::LooksAlive => Returned::of(unsafe { (entries.looks_alive)(resid) }),
        Call::IsAlive => Returned::of(unsafe { (entries.is_alive)(resid) }),
        Call::Online => unsafe { work(Some(entries.online), resid) },
        Call::Offline => unsafe { work(Some(entries.offline), resid) },
        Call::Arbitrate => unsafe { work(entries.arbitrate, resid) },
        Call::Work => unsafe { work(entries.work, resid) },
        Call::Release => Returned::of(match entries.release {
            Some(release) => unsafe { release(resid) },
            None => abi::ERROR_SUCCESS,
        }),
        Call::Control { code, input, room } => {
            let Some(control) = entries.resource_control else {
                return Returned::of(abi::ERROR_INVALID_FUNCTION);
            };
            answered(*room, |output, len, needed| unsafe {
                control(
                    resid,
                    *code,
                    input.as_ptr(),
                    input.len() as u64,
                    output,
                    len,
                    needed,
                )
            })
        }
        Call::LastError => Returned {
            bytes: unsafe { last_error(entries, resid) },
            ..Returned::default()
        },
    }
}

/// A control code for a type as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TypeCall {
    pub(crate) kind: String,
    pub(crate) code: u32,
    pub(crate) input: Vec<u8>,
    /// The size of the buffer for the output, in bytes.
    pub(crate) room: u64,
}

impl TypeCall {
    /// The entry's name, for messages.
    pub(crate) const ENTRY: &'static str = "ResourceTypeControl";
}

/// Makes a call for a type of the library `plugin` as a whole. There is no instance, so the plugin has nothing with which to call back.
///
/// # Safety
///
/// No other thread is inside an entry of the library.
pub(crate) unsafe fn run_type(entries: &Entries, plugin: &str, call: &TypeCall) -> Returned {
    let Some(control) = entries.resource_type_control else {
        return Returned::of(abi::ERROR_INVALID_FUNCTION);
    };
    let TypeCall {
        kind, code, input, ..
    } = call;
    let kept = Kept::now(false);
    let running = Running::begin(Whom {
        plugin,
        resource: kind,
        entry: TypeCall::ENTRY,
    });
    let returned = answered(call.room, |output, len, needed| {
        // SAFETY: the caller vouches for the threads. Text, input and output outlive the call, and are as long as
        // stated.
        unsafe {
            control(
                lend(kind),
                *code,
                input.as_ptr(),
                input.len() as u64,
                output,
                len,
                needed,
            )
        }
    });
    drop(running);
    kept.put_back();
    returned
}

/// Calls an entry that answers with bytes, with a buffer of `room` bytes for them.
fn answered(room: u64, entry: impl FnOnce(*mut u8, u64, *mut u64) -> u32) -> Returned {
    let mut output = vec![0_u8; room.min(OUTPUT_MAX) as usize];
    let mut needed = 0_u64;
    let code = entry(output.as_mut_ptr(), output.len() as u64, &raw mut needed);
    let filled = if code == abi::ERROR_SUCCESS {
        usize::try_from(needed).unwrap_or(usize::MAX)
    } else {
        0
    };
    output.truncate(filled);
    Returned {
        code,
        needed,
        bytes: output,
        ..Returned::default()
    }
}

/// # Safety
///
/// As for [`run`].
unsafe fn work(entry: Option<WorkEntry>, resid: QrResid) -> Returned {
    let Some(entry) = entry else {
        return Returned::of(abi::ERROR_INVALID_FUNCTION);
    };
    let mut work = QrWork {
        size: size_of::<QrWork>() as u32,
        wait_ms: 0,
        checkpoint: 0,
        has_event: 0,
        signal: 0,
        quorum_lost: 0,
    };
    // SAFETY: the caller vouches for `resid` and the state, and `work` outlives the call.
    let code = unsafe { entry(resid, &raw mut work) };
    Returned {
        code,
        work: Work {
            wait_ms: work.wait_ms,
            checkpoint: work.checkpoint,
            has_event: work.has_event != 0,
            signal: work.signal != 0,
            quorum_lost: work.quorum_lost != 0,
        },
        ..Returned::default()
    }
}

/// # Safety
///
/// As for [`run`].
unsafe fn last_error(entries: &Entries, resid: QrResid) -> Vec<u8> {
    let Some(entry) = entries.last_error else {
        return Vec::new();
    };
    let mut buffer = vec![0_u8; 512];
    // SAFETY: the caller vouches for `resid` and the state, and the buffer is as long as stated.
    let read =
        |buffer: &mut [u8]| unsafe { entry(resid, buffer.as_mut_ptr(), buffer.len() as u64) };
    let mut len = read(&mut buffer);
    if len > buffer.len() as u64 {
        buffer.resize(len.min(ERROR_TEXT_MAX) as usize, 0);
        len = read(&mut buffer);
    }
    buffer.truncate(usize::try_from(len).unwrap_or(usize::MAX));
    buffer
}
