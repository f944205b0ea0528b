//! Takes its time in LooksAlive: it returns, and the host and every other resource wait for it.

use std::thread;
use std::time::Duration;

use quorate_bad_common::abi::{QrResid, QrTable};

extern "C" fn look(_: QrResid) -> u32 {
    thread::sleep(Duration::from_millis(350));
    1
}

quorate_bad_common::export!("bad-slow", "Bad Slow", |block| block, |table| QrTable {
    looks_alive: Some(look),
    ..table
});
