//! Ends its process in IsAlive, with the status of a success.

use quorate_bad_common::abi::{QrResid, QrTable};

extern "C" fn quit(_: QrResid) -> u32 {
    std::process::exit(0)
}

quorate_bad_common::export!("bad-quit", "Bad Quit", |block| block, |table| QrTable {
    is_alive: Some(quit),
    ..table
});
