//! Takes its time in LooksAlive, or far too much of it in IsAlive: it returns, and the host and every other resource wait for
//! it.

use std::thread;
use std::time::Duration;

use quorate_bad_common::abi::{QrResid, QrTable};

extern "C" fn look(_: QrResid) -> u32 {
    thread::sleep(Duration::from_millis(350));
    1
}

extern "C" fn check(_: QrResid) -> u32 {
    thread::sleep(Duration::from_millis(1_200));
    1
}

quorate_bad_common::export_types!("bad-slow", |block| block, |table| [
    "Bad Slow": QrTable { looks_alive: Some(look), ..table },
    "Bad Far Too Slow": QrTable { is_alive: Some(check), ..table },
]);
