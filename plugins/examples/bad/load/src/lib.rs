//! Crashes or hangs while it is loaded, where the variable `BAD_LOAD` says so: `crash initialiser`, `hang startup`. It
//! asks for a resource monitor process of its own.

use quorate_bad_common::abi::{PLUGIN_SEPARATE_MONITOR, QrHost, QrPlugin, QrStr, QrTable};

fn misbehave(here: &str) {
    let Ok(wanted) = std::env::var("BAD_LOAD") else {
        return;
    };
    if wanted == format!("crash {here}") {
        let field = std::ptr::without_provenance_mut::<u64>(8);
        // SAFETY: none: nothing is mapped there. The system ends the process, which is what this fixture is for.
        unsafe { field.write_volatile(1) };
    }
    if wanted == format!("hang {here}") {
        loop {
            std::thread::park();
        }
    }
}

extern "C" fn initialise() {
    misbehave("initialiser");
}

/// The system calls this when it maps the library, before any of the host's calls.
// SAFETY: the section holds pointers to functions of this type.
#[used]
#[unsafe(link_section = ".init_array")]
static INITIALISER: extern "C" fn() = initialise;

unsafe extern "C" fn misbehaving(
    name: QrStr,
    min: u32,
    max: u32,
    host: *const QrHost,
    table: *mut *const QrTable,
) -> u32 {
    misbehave("startup");
    // SAFETY: passed on.
    unsafe { startup(name, min, max, host, table) }
}

quorate_bad_common::export!(
    "bad-load",
    "Bad Load",
    |block| QrPlugin {
        startup: Some(misbehaving),
        flags: block.flags | PLUGIN_SEPARATE_MONITOR,
        ..block
    },
    |table| table
);
