//! Crashes or hangs while it is loaded, or when its process ends, where the variable `BAD_LOAD` says so: `crash
//! initialiser`, `hang startup`, `crash finaliser`. With `leave startup` it starts a program that goes on, and adds its
//! process id to the file that `BAD_LOAD_FILE` names. It asks for a resource monitor process of its own.

use std::fs::File;
use std::io::Write;
use std::process::Command;

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
    if wanted == format!("leave {here}") {
        leave();
    }
    if wanted == format!("hang {here}") {
        loop {
            std::thread::park();
        }
    }
}

fn leave() {
    let file =
        std::env::var_os("BAD_LOAD_FILE").map(|file| File::options().append(true).open(file));
    let started = Command::new("sleep").arg("100000").spawn();
    if let (Some(Ok(mut file)), Ok(program)) = (file, started) {
        // A test that cannot read it fails.
        let _ = writeln!(file, "{}", program.id());
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

extern "C" fn finalise() {
    misbehave("finaliser");
}

/// The system calls this when the process ends by itself.
// SAFETY: as above.
#[used]
#[unsafe(link_section = ".fini_array")]
static FINALISER: extern "C" fn() = finalise;

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
