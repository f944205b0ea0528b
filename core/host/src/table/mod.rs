//! The host's side of the contract: its tables, and everything that crosses the boundary.
//!
//! While the host is inside an entry, it keeps a [`Frame`] for this thread, and a plugin's calls reach the world
//! through that. Outside an entry there is none. An instance handle is a number that is compared and never followed as
//! a pointer, so a stale or invented one is simply refused.

mod call;
mod cluster;
mod death;
mod entries;
mod frame;
mod mailbox;
mod marshal;
mod record;
mod slow;
mod vigil;
mod whom;
mod world;

use std::ptr;

use quorate_abi::{self as abi, QrHost, QrStr};

pub(crate) use call::{Abilities, Call, OUTPUT_MAX, Returned, TypeCall, Work, run, run_type};
pub(crate) use cluster::line;
pub use entries::Entries;

pub use death::tell_deaths;
pub(crate) use frame::with;
pub use frame::{Frame, Handle, Knowledge, Traces, enter, strays};
pub use mailbox::{Mailbox, Report};
pub(crate) use marshal::{Buffer, put, text};
pub use marshal::{borrow_bytes, lend};
pub use record::{LastCall, last_call, last_call_in, record_calls_in};
pub(crate) use slow::note_slow;
pub use slow::take_slow_calls;
pub use vigil::watch_calls;
pub(crate) use whom::Whom;

/// The table of host functions that every plugin gets.
pub fn host() -> *const QrHost {
    ptr::from_ref(&HOST)
}

static HOST: QrHost = QrHost {
    size: size_of::<QrHost>() as u32,
    version: abi::ABI_VERSION_1_00,
    get_service: Some(get_service),
    set_resource_status: Some(cluster::set_resource_status),
    log_event: Some(cluster::write_log),
};

/// `QrHost::get_service`.
unsafe extern "C" fn get_service(id: QrStr) -> *const std::ffi::c_void {
    // SAFETY: the plugin lends the text for this call.
    let Ok(id) = (unsafe { marshal::text(id) }) else {
        return ptr::null();
    };
    match id {
        abi::SERVICE_ID_CLOCK => ptr::from_ref(&world::CLOCK).cast(),
        abi::SERVICE_ID_RANDOM => ptr::from_ref(&world::RANDOM).cast(),
        abi::SERVICE_ID_SERVICE => ptr::from_ref(&world::SERVICE).cast(),
        abi::SERVICE_ID_PROBE => ptr::from_ref(&world::PROBE).cast(),
        abi::SERVICE_ID_DISK => ptr::from_ref(&world::DISK).cast(),
        abi::SERVICE_ID_ADDRESS => ptr::from_ref(&world::ADDRESS).cast(),
        abi::SERVICE_ID_NAME => ptr::from_ref(&world::NAME).cast(),
        abi::SERVICE_ID_CHECKPOINT => ptr::from_ref(&world::CHECKPOINT).cast(),
        abi::SERVICE_ID_SCRIPT => ptr::from_ref(&world::SCRIPT).cast(),
        abi::SERVICE_ID_PROPERTIES => ptr::from_ref(&cluster::PROPERTIES).cast(),
        abi::SERVICE_ID_CLUSTER => ptr::from_ref(&cluster::CLUSTER).cast(),
        abi::SERVICE_ID_LOG => ptr::from_ref(&cluster::LOG).cast(),
        _ => ptr::null(),
    }
}
