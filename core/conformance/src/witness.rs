//! The host table that the tester gives to plugins: it passes calls on to the real one, and notes what the plugin does
//! with it.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, ThreadId};

use parking_lot::{Mutex, MutexGuard};
use quorate_abi::{self as abi, QrHost, QrInstance, QrStr};

use quorate_host::direct;
use quorate_model::Name;

/// The longest line of the cluster log, in characters.
const LINE_MAX: usize = 500;

/// A call of `set_resource_status`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Status {
    /// The instance that the plugin named, as a number.
    pub(super) instance: usize,
    pub(super) status: u32,
    /// Whether it came from a thread other than the tester's.
    pub(super) foreign: bool,
}

/// What the plugin has done so far.
#[derive(Debug, Default)]
struct Seen {
    statuses: Vec<Status>,
    /// The mistakes in lines for the cluster log.
    bad_lines: Vec<String>,
    home: Option<ThreadId>,
    /// The entry that is running, its instance as a number, and its resource.
    inside: Option<(&'static str, usize, Name)>,
    /// The names of the resources by their instances, open or closed.
    names: BTreeMap<usize, Name>,
    /// The lines and reports that an entry gave for another instance than its own.
    misaddressed: Vec<String>,
}

impl Seen {
    /// Notes what an entry says, if it is not about its own instance. Threads that a plugin declares have no entry.
    fn address(&mut self, what: &str, instance: usize) {
        let Some((entry, own, name)) = &self.inside else {
            return;
        };
        if self.home != Some(thread::current().id()) || instance == *own {
            return;
        }
        let whose = match self.names.get(&instance) {
            _ if instance == 0 => "NULL".to_owned(),
            Some(other) => format!("the handle of `{other}`"),
            None => "a handle that no instance has".to_owned(),
        };
        self.misaddressed.push(format!(
            "`{entry}` of `{name}` gave {what} under {whose}: people would look for it there"
        ));
    }
}

static SEEN: Mutex<Seen> = Mutex::new(Seen {
    statuses: Vec::new(),
    bad_lines: Vec::new(),
    home: None,
    inside: None,
    names: BTreeMap::new(),
    misaddressed: Vec::new(),
});

/// Whether the host has no services: it refuses every table.
static WITHOUT_SERVICES: AtomicBool = AtomicBool::new(false);
/// Whether the plugin called an entry beyond the size that the table states.
static BEYOND: AtomicBool = AtomicBool::new(false);

fn seen() -> MutexGuard<'static, Seen> {
    SEEN.lock()
}

/// Marks the calling thread as the tester's own.
pub(super) fn mark_home_thread() {
    seen().home = Some(thread::current().id());
}

/// The status reports so far.
pub(super) fn statuses() -> Vec<Status> {
    seen().statuses.clone()
}

/// The mistakes in lines for the cluster log, so far.
pub(super) fn bad_lines() -> Vec<String> {
    seen().bad_lines.clone()
}

/// An entry is about to be called, for the instance with this number.
pub(super) fn enter(entry: &'static str, instance: usize, name: &Name) {
    let mut seen = seen();
    seen.names.insert(instance, name.clone());
    seen.inside = Some((entry, instance, name.clone()));
}

/// The entry has returned.
pub(super) fn leave() {
    seen().inside = None;
}

/// The lines and reports that an entry gave for another instance than its own, so far.
pub(super) fn misaddressed() -> Vec<String> {
    seen().misaddressed.clone()
}

/// Makes this host refuse all services from now on.
pub(super) fn without_services() {
    WITHOUT_SERVICES.store(true, Ordering::Relaxed);
}

/// Whether an entry was called that the short table does not have.
pub(super) fn went_beyond() -> bool {
    BEYOND.load(Ordering::Relaxed)
}

/// The table that plugins get.
pub(super) fn host() -> *const QrHost {
    ptr::from_ref(&HOST)
}

/// The table of a host that has only its size and version. After these, in memory, come functions that note any call.
pub(super) fn short_host() -> *const QrHost {
    ptr::from_ref(&SHORT)
}

static HOST: QrHost = QrHost {
    size: size_of::<QrHost>() as u32,
    version: abi::ABI_VERSION_1_00,
    get_service: Some(get_service),
    set_resource_status: Some(set_resource_status),
    log_event: Some(log_event),
};

static SHORT: QrHost = QrHost {
    size: std::mem::offset_of!(QrHost, get_service) as u32,
    version: abi::ABI_VERSION_1_00,
    get_service: Some(no_service),
    set_resource_status: Some(no_status),
    log_event: Some(no_log),
};

/// The real host's table.
fn real() -> &'static QrHost {
    // SAFETY: the host's table is static.
    unsafe { &*direct::host() }
}

unsafe extern "C" fn get_service(id: QrStr) -> *const c_void {
    match real().get_service {
        // SAFETY: the plugin lends the text for this call.
        Some(get) if !WITHOUT_SERVICES.load(Ordering::Relaxed) => unsafe { get(id) },
        _ => ptr::null(),
    }
}

unsafe extern "C" fn set_resource_status(
    instance: *const QrInstance,
    status: u32,
    checkpoint: u32,
) -> u32 {
    {
        let mut seen = seen();
        let foreign = seen.home != Some(thread::current().id());
        seen.address("a status", instance.addr());
        seen.statuses.push(Status {
            instance: instance.addr(),
            status,
            foreign,
        });
    }
    match real().set_resource_status {
        // SAFETY: a handle is a number, which is compared and never followed.
        Some(set) => unsafe { set(instance, status, checkpoint) },
        None => 1,
    }
}

unsafe extern "C" fn log_event(instance: *const QrInstance, level: u32, line: QrStr) {
    // SAFETY: the plugin lends the text for this call.
    let bytes = unsafe { direct::borrow_bytes(line.ptr, line.len) };
    let wrong = match bytes.map(std::str::from_utf8) {
        None => Some("a line is NULL with a length".to_owned()),
        Some(Err(_)) => Some("a line is not UTF-8".to_owned()),
        Some(Ok(text)) if text.chars().count() > LINE_MAX => {
            let length = text.chars().count();
            Some(format!("a line has {length} characters, of at most 500"))
        }
        Some(Ok(_)) if level > abi::LOG_SEVERE => Some(format!("level {level} is none")),
        Some(Ok(_)) => None,
    };
    {
        let mut seen = seen();
        seen.bad_lines.extend(wrong);
        let shown = bytes.map(|it| {
            String::from_utf8_lossy(it)
                .chars()
                .take(60)
                .collect::<String>()
        });
        let shown = shown.unwrap_or_default();
        seen.address(&format!("the line `{shown}`"), instance.addr());
    }
    if let Some(log) = real().log_event {
        // SAFETY: passed on.
        unsafe { log(instance, level, line) };
    }
}

unsafe extern "C" fn no_service(_: QrStr) -> *const c_void {
    BEYOND.store(true, Ordering::Relaxed);
    ptr::null()
}

unsafe extern "C" fn no_status(_: *const QrInstance, _: u32, _: u32) -> u32 {
    BEYOND.store(true, Ordering::Relaxed);
    1
}

unsafe extern "C" fn no_log(_: *const QrInstance, _: u32, _: QrStr) {
    BEYOND.store(true, Ordering::Relaxed);
}
