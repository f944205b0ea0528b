//! Changes what belongs to the whole process in `online`, a type for each: the working directory, the environment, and a
//! program that goes on.

use std::env;
use std::process::Command;

use quorate_bad_common::abi::{ERROR_GEN_FAILURE, QrResid, QrTable, QrWork};

extern "C" fn directory(_: QrResid, _: *mut QrWork) -> u32 {
    env::set_current_dir("/").map_or(ERROR_GEN_FAILURE, |()| 0)
}
extern "C" fn environment(_: QrResid, _: *mut QrWork) -> u32 {
    // SAFETY: none where another thread reads it, which is why a plugin must not.
    unsafe { env::set_var("QUORATE_BAD_PLACE", "1") };
    0
}
extern "C" fn program(_: QrResid, _: *mut QrWork) -> u32 {
    let started = Command::new("sleep").arg("100000").spawn();
    started.map_or(ERROR_GEN_FAILURE, |_| 0)
}

quorate_bad_common::export_types!("bad-place", |block| block, |table| [
    "Bad Place Directory": QrTable { online: Some(directory), ..table },
    "Bad Place Environment": QrTable { online: Some(environment), ..table },
    "Bad Place Program": QrTable { online: Some(program), ..table },
]);
