//! Three types, each of which leaves something behind for every instance: a descriptor, a thread, 64 KiB.

use std::fs::File;
use std::mem;
use std::thread;

use quorate_bad_common::abi::{QrInstance, QrResid, QrStr, QrTable};

const LEAK: usize = 64 * 1_024;

extern "C" fn descriptor(_: QrStr, _: *const QrInstance, _: *mut QrResid) -> u32 {
    if let Ok(file) = File::open("/dev/null") {
        mem::forget(file);
    }
    0
}

extern "C" fn thread(_: QrStr, _: *const QrInstance, _: *mut QrResid) -> u32 {
    let forever = || {
        loop {
            thread::park();
        }
    };
    // A thread that cannot be started is none that is left behind.
    let _ = thread::Builder::new().stack_size(LEAK).spawn(forever);
    0
}

extern "C" fn memory(_: QrStr, _: *const QrInstance, _: *mut QrResid) -> u32 {
    mem::forget(vec![1_u8; LEAK]);
    0
}

quorate_bad_common::export_types!("bad-leak", |block| block, |table| [
    "Bad Leak Descriptors": QrTable { open: Some(descriptor), ..table },
    "Bad Leak Threads": QrTable { open: Some(thread), ..table },
    "Bad Leak Memory": QrTable { open: Some(memory), ..table },
]);
