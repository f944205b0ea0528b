//! Changes what a process shares between all that runs in it, prints, or writes a file: a type for each. Everything else is
//! as it should be.

use std::io::Write;
use std::ptr;

use quorate_bad_common::abi::{ERROR_GEN_FAILURE, QrResid, QrTable, QrWork};

/// The bits of MXCSR for rounding upwards, and the one that has an inexact result trapped.
#[cfg(target_arch = "x86_64")]
const UPWARDS: u32 = 0x4000;
#[cfg(target_arch = "x86_64")]
const INEXACT: u32 = 0x1000;

#[cfg(target_arch = "x86_64")]
fn compute(change: impl Fn(u32) -> u32) {
    let mut mxcsr = 0_u32;
    // SAFETY: reads and writes a control register; what computes afterwards is the host's trouble, on purpose.
    unsafe {
        std::arch::asm!("stmxcsr [{}]", in(reg) &raw mut mxcsr);
        mxcsr = change(mxcsr);
        std::arch::asm!("ldmxcsr [{}]", in(reg) &raw const mxcsr);
    }
}

extern "C" fn round(_: QrResid, _: *mut QrWork) -> u32 {
    #[cfg(target_arch = "x86_64")]
    compute(|mxcsr| mxcsr | UPWARDS);
    0
}
extern "C" fn trap(_: QrResid) -> u32 {
    #[cfg(target_arch = "x86_64")]
    compute(|mxcsr| mxcsr & !INEXACT);
    1
}
/// Blocks a signal that nobody sends.
extern "C" fn mask(_: QrResid, _: *mut QrWork) -> u32 {
    // SAFETY: a set of this function's own.
    unsafe {
        let mut set = std::mem::zeroed();
        libc::sigaddset(&raw mut set, libc::SIGUSR2);
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, ptr::null_mut());
    }
    0
}
fn be_deaf() {
    // SAFETY: no handler of this library's is called.
    unsafe { libc::signal(libc::SIGINT, libc::SIG_IGN) };
}
extern "C" fn handler(_: QrResid, _: *mut QrWork) -> u32 {
    be_deaf();
    0
}
/// Where the host does not look at what becomes of signals.
extern "C" fn handler_later(_: QrResid) -> u32 {
    be_deaf();
    1
}
extern "C" fn alarm(_: QrResid, _: *mut QrWork) -> u32 {
    // SAFETY: the alarm would end the process, an hour later.
    unsafe { libc::alarm(3_600) };
    0
}
extern "C" fn umask(_: QrResid, _: *mut QrWork) -> u32 {
    // SAFETY: changes the process's mask.
    unsafe { libc::umask(0o177) };
    0
}
extern "C" fn limit(_: QrResid, _: *mut QrWork) -> u32 {
    // SAFETY: the limits are read and written at a place of this function's own.
    unsafe {
        let mut limit = std::mem::zeroed::<libc::rlimit>();
        libc::getrlimit(libc::RLIMIT_CORE, &raw mut limit);
        limit.rlim_cur = u64::from(limit.rlim_cur == 0).min(limit.rlim_max);
        libc::setrlimit(libc::RLIMIT_CORE, &raw const limit);
        libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit);
        limit.rlim_cur -= 1;
        libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit);
    }
    0
}
extern "C" fn locale(_: QrResid, _: *mut QrWork) -> u32 {
    // SAFETY: the name ends with a zero.
    unsafe { libc::setlocale(libc::LC_ALL, c"C.UTF-8".as_ptr()) };
    0
}
#[expect(clippy::print_stdout, reason = "that is the fault")]
extern "C" fn print(_: QrResid, _: *mut QrWork) -> u32 {
    println!("online, says the plugin");
    0
}
extern "C" fn write(_: QrResid, _: *mut QrWork) -> u32 {
    let name = format!("quorate-bad-habits-{}.log", std::process::id());
    let path = std::env::temp_dir().join(name);
    let written = std::fs::File::create(&path).and_then(|mut file| file.write_all(b"online\n"));
    if std::fs::remove_file(&path).is_err() {
        return ERROR_GEN_FAILURE;
    }
    written.map_or(ERROR_GEN_FAILURE, |()| 0)
}

quorate_bad_common::export_types!("bad-habits", |block| block, |table| [
    "Bad Rounding": QrTable { online: Some(round), ..table },
    "Bad Traps": QrTable { looks_alive: Some(trap), ..table },
    "Bad Mask": QrTable { online: Some(mask), ..table },
    "Bad Handler": QrTable { online: Some(handler), ..table },
    "Bad Handler Later": QrTable { is_alive: Some(handler_later), ..table },
    "Bad Alarm": QrTable { online: Some(alarm), ..table },
    "Bad Umask": QrTable { online: Some(umask), ..table },
    "Bad Limit": QrTable { online: Some(limit), ..table },
    "Bad Locale": QrTable { online: Some(locale), ..table },
    "Bad Print": QrTable { online: Some(print), ..table },
    "Bad File": QrTable { online: Some(write), ..table },
]);
