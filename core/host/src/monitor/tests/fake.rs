//! A plugin inside the test. The test sets its answers; its calls are recorded and checked against the contract.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::ptr;
use std::sync::Arc;

use quorate_abi::{self as abi, *};

use crate::plugins::Image;
use crate::{PluginError, PluginSet};

/// The next answer of an entry that may take time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Step {
    pub(super) code: u32,
    pub(super) wait_ms: u32,
    pub(super) checkpoint: u32,
    pub(super) has_event: bool,
    pub(super) signal: bool,
    pub(super) quorum_lost: bool,
}

/// The operation is done.
pub(super) const DONE: Step = Step {
    code: 0,
    wait_ms: 0,
    checkpoint: 0,
    has_event: false,
    signal: false,
    quorum_lost: false,
};

/// The operation is pending at `checkpoint`: `work` is wanted again after `wait_ms`.
pub(super) const fn pending(wait_ms: u32, checkpoint: u32) -> Step {
    Step {
        code: ERROR_IO_PENDING,
        wait_ms,
        checkpoint,
        ..DONE
    }
}

/// The operation fails with this code.
pub(super) const fn failing(code: u32) -> Step {
    Step { code, ..DONE }
}

type Hook = Box<dyn FnMut(*const QrInstance)>;

/// One resource of the fake type, as the test sees it.
pub(super) struct Fake {
    /// The calls so far, in order.
    pub(super) calls: Vec<&'static str>,
    pub(super) instance: *const QrInstance,
    pub(super) open: u32,
    pub(super) online: Step,
    pub(super) offline: Step,
    pub(super) arbitrate: Step,
    pub(super) work: Step,
    /// Whether every call of `work` raises the checkpoint.
    pub(super) advancing: bool,
    /// Whether each operation begins at the checkpoint where the last one ended, like a counter that is never reset.
    pub(super) counts_on: bool,
    pub(super) release: u32,
    pub(super) looks_alive: u32,
    pub(super) is_alive: u32,
    pub(super) error: String,
    /// How many bytes answer each control code, if any.
    pub(super) control: Option<usize>,
    /// By how many bytes each control code says that its buffer is too small, however large it is.
    pub(super) control_lacks: Option<u64>,
    /// Runs inside `online`.
    pub(super) hook: Option<Hook>,
    // The states of the contract, as this plugin counts them itself.
    is_open: bool,
    is_online: bool,
    pending: Option<&'static str>,
    /// The breaches of the contract by the host.
    pub(super) violations: Vec<String>,
}

impl Default for Fake {
    fn default() -> Self {
        Fake {
            calls: Vec::new(),
            instance: ptr::null(),
            open: 0,
            online: DONE,
            offline: DONE,
            arbitrate: DONE,
            work: DONE,
            advancing: false,
            counts_on: false,
            release: 0,
            looks_alive: 1,
            is_alive: 1,
            error: String::new(),
            control: None,
            control_lacks: None,
            hook: None,
            is_open: false,
            is_online: false,
            pending: None,
            violations: Vec::new(),
        }
    }
}

impl Fake {
    fn begin(&mut self, entry: &'static str, step: Step) -> Step {
        self.take(entry, step);
        match self.counts_on {
            true => Step {
                checkpoint: self.work.checkpoint,
                ..step
            },
            false => step,
        }
    }

    fn allow(&mut self, entry: &'static str, allowed: bool) {
        if !allowed {
            let state = (self.is_open, self.is_online, self.pending);
            self.violations.push(format!("{entry} in {state:?}"));
        }
    }

    fn take(&mut self, entry: &'static str, step: Step) {
        match step.code {
            ERROR_IO_PENDING => self.pending = Some(entry),
            code => {
                self.pending = None;
                match (entry, code) {
                    ("online", 0) => self.is_online = true,
                    ("offline", 0) => self.is_online = false,
                    _ => {}
                }
            }
        }
    }
}

thread_local! {
    /// The test's resources by name; a test has a thread of its own.
    static FAKES: RefCell<Vec<(String, Fake)>> = const { RefCell::new(Vec::new()) };
}

/// Reads or changes the fake resource called `name`.
pub(super) fn fake<R>(name: &str, f: impl FnOnce(&mut Fake) -> R) -> R {
    FAKES.with_borrow_mut(|fakes| {
        let index = fakes
            .iter()
            .position(|(known, _)| known == name)
            .unwrap_or_else(|| {
                fakes.push((name.to_owned(), Fake::default()));
                fakes.len() - 1
            });
        f(&mut fakes[index].1)
    })
}

fn of<R>(resid: QrResid, f: impl FnOnce(&mut Fake) -> R) -> R {
    // A resid is the place in the list, from 1.
    FAKES.with_borrow_mut(|fakes| f(&mut fakes[resid.addr() - 1].1))
}

/// Forgets every resource: the start of a case.
pub(super) fn forget() {
    FAKES.with_borrow_mut(Vec::clear);
}

unsafe extern "C" fn open(name: QrStr, instance: *const QrInstance, resid: *mut QrResid) -> u32 {
    // SAFETY: the host lends the text for the call.
    let bytes = unsafe { crate::table::borrow_bytes(name.ptr, name.len) }.unwrap();
    let name = std::str::from_utf8(bytes).unwrap();
    let code = fake(name, |fake| {
        fake.calls.push("open");
        fake.allow("open", !fake.is_open);
        fake.instance = instance;
        fake.is_open = fake.open == 0;
        fake.open
    });
    let index = FAKES.with_borrow(|fakes| fakes.iter().position(|(known, _)| known == name));
    // SAFETY: the host's place.
    unsafe { resid.write(ptr::without_provenance_mut(index.unwrap() + 1)) };
    code
}

unsafe extern "C" fn close(resid: QrResid) {
    of(resid, |fake| {
        fake.calls.push("close");
        fake.allow(
            "close",
            fake.is_open && !fake.is_online && fake.pending.is_none(),
        );
        fake.is_open = false;
    });
}

/// # Safety
///
/// `work` is the host's.
unsafe fn answer(work: *mut QrWork, step: Step) -> u32 {
    // SAFETY: the host's place.
    unsafe {
        assert_eq!((*work).size as usize, size_of::<QrWork>());
        (*work).wait_ms = step.wait_ms;
        (*work).checkpoint = step.checkpoint;
        (*work).has_event = step.has_event.into();
        (*work).signal = step.signal.into();
        (*work).quorum_lost = step.quorum_lost.into();
    }
    step.code
}

unsafe extern "C" fn online(resid: QrResid, work: *mut QrWork) -> u32 {
    let (step, instance, hook) = of(resid, |fake| {
        fake.calls.push("online");
        fake.allow(
            "online",
            fake.is_open && !fake.is_online && fake.pending.is_none(),
        );
        let step = fake.begin("online", fake.online);
        (step, fake.instance, fake.hook.take())
    });
    if let Some(mut hook) = hook {
        hook(instance);
    }
    // SAFETY: passed on.
    unsafe { answer(work, step) }
}

unsafe extern "C" fn offline(resid: QrResid, work: *mut QrWork) -> u32 {
    let step = of(resid, |fake| {
        fake.calls.push("offline");
        fake.allow(
            "offline",
            fake.is_open && fake.is_online && fake.pending.is_none(),
        );
        fake.begin("offline", fake.offline)
    });
    // SAFETY: passed on.
    unsafe { answer(work, step) }
}

unsafe extern "C" fn arbitrate(resid: QrResid, work: *mut QrWork) -> u32 {
    let step = of(resid, |fake| {
        fake.calls.push("arbitrate");
        fake.allow("arbitrate", fake.is_open && fake.pending.is_none());
        fake.take("arbitrate", fake.arbitrate);
        fake.arbitrate
    });
    // SAFETY: passed on.
    unsafe { answer(work, step) }
}

unsafe extern "C" fn release(resid: QrResid) -> u32 {
    of(resid, |fake| {
        fake.calls.push("release");
        fake.allow("release", fake.is_open);
        if fake.pending == Some("arbitrate") {
            fake.pending = None;
        }
        fake.release
    })
}

unsafe extern "C" fn terminate(resid: QrResid) {
    of(resid, |fake| {
        fake.calls.push("terminate");
        fake.allow("terminate", fake.is_open);
        fake.is_online = false;
        fake.pending = None;
    });
}

unsafe extern "C" fn looks_alive(resid: QrResid) -> u32 {
    of(resid, |fake| {
        fake.calls.push("looks_alive");
        fake.allow(
            "looks_alive",
            fake.is_online && fake.pending != Some("offline"),
        );
        fake.looks_alive
    })
}

unsafe extern "C" fn is_alive(resid: QrResid) -> u32 {
    of(resid, |fake| {
        fake.calls.push("is_alive");
        fake.allow(
            "is_alive",
            fake.is_online && fake.pending != Some("offline"),
        );
        fake.is_alive
    })
}

unsafe extern "C" fn work(resid: QrResid, work: *mut QrWork) -> u32 {
    let step = of(resid, |fake| {
        fake.calls.push("work");
        fake.work.checkpoint += u32::from(fake.advancing);
        fake.allow("work", fake.is_open);
        if let Some(entry) = fake.pending {
            fake.take(entry, fake.work);
        }
        fake.work
    });
    // SAFETY: passed on.
    unsafe { answer(work, step) }
}

unsafe extern "C" fn control(
    resid: QrResid,
    _: u32,
    _: *const u8,
    _: u64,
    output: *mut u8,
    output_len: u64,
    returned: *mut u64,
) -> u32 {
    let (len, lacks) = of(resid, |fake| {
        fake.calls.push("control");
        (fake.control, fake.control_lacks)
    });
    if let Some(lacks) = lacks {
        // SAFETY: the host's place.
        unsafe { returned.write(output_len + lacks) };
        return ERROR_MORE_DATA;
    }
    let Some(len) = len else {
        return ERROR_INVALID_FUNCTION;
    };
    // SAFETY: the host's place and buffer.
    unsafe {
        returned.write(len as u64);
        if len as u64 > output_len {
            return ERROR_MORE_DATA;
        }
        output.write_bytes(b'x', len);
    }
    0
}

unsafe extern "C" fn last_error(resid: QrResid, buffer: *mut u8, buffer_len: u64) -> u64 {
    of(resid, |fake| {
        let len = fake.error.len().min(buffer_len as usize);
        // SAFETY: the host's buffer is at least that long.
        unsafe { ptr::copy_nonoverlapping(fake.error.as_ptr(), buffer, len) };
        fake.error.len() as u64
    })
}

const fn text(text: &'static str) -> QrStr {
    QrStr {
        ptr: text.as_ptr(),
        len: text.len() as u64,
    }
}

pub(super) static TABLE: QrTable = QrTable {
    size: size_of::<QrTable>() as u32,
    version: ABI_VERSION_1_00,
    open: Some(open),
    close: Some(close),
    online: Some(online),
    offline: Some(offline),
    terminate: Some(terminate),
    looks_alive: Some(looks_alive),
    is_alive: Some(is_alive),
    arbitrate: Some(arbitrate),
    release: Some(release),
    resource_control: Some(control),
    resource_type_control: None,
    work: Some(work),
    last_error: Some(last_error),
    get_extension: None,
};

/// As [`TABLE`], without the optional entries.
static BARE: QrTable = QrTable {
    size: (std::mem::offset_of!(QrTable, is_alive) + size_of::<usize>()) as u32,
    ..QrTable {
        size: 0,
        version: ABI_VERSION_1_00,
        open: Some(open),
        close: Some(close),
        online: Some(online),
        offline: Some(offline),
        terminate: Some(terminate),
        looks_alive: Some(looks_alive),
        is_alive: Some(is_alive),
        // This is beyond the table's size, so it must never be called.
        arbitrate: Some(arbitrate),
        release: Some(release),
        resource_control: Some(control),
        resource_type_control: None,
        work: Some(work),
        last_error: Some(last_error),
        get_extension: None,
    }
};

const fn property(name: &'static str, kind: u32, flags: u32, default: &'static str) -> QrProperty {
    QrProperty {
        size: size_of::<QrProperty>() as u32,
        kind,
        flags,
        reserved: 0,
        name: text(name),
        unit: text(""),
        doc: text("For the test"),
        default: text(default),
        min: 0,
        max: u32::MAX as u64,
    }
}

static PROPERTIES: [QrProperty; 3] = [
    property("Disk", PROPERTY_SZ, 0, "Disk Q:"),
    property("Wait", PROPERTY_DWORD, PROPERTY_AT_ONLINE, "25"),
    property("Lines", PROPERTY_MULTI_SZ, 0, "a\nb"),
];
static REQUIRED: [QrProperty; 1] = [property("Needed", PROPERTY_SZ, PROPERTY_REQUIRED, "")];

const fn kind(name: &'static str, flags: u32, pending_timeout_ms: u32) -> QrType {
    QrType {
        size: size_of::<QrType>() as u32,
        flags,
        name: text(name),
        doc: text("For the test"),
        looks_alive_ms: 5_000,
        is_alive_ms: 60_000,
        pending_timeout_ms,
        property_count: 0,
        properties: ptr::null(),
    }
}

static TYPES: [QrType; 4] = [
    QrType {
        property_count: PROPERTIES.len() as u32,
        properties: PROPERTIES.as_ptr(),
        ..kind("Fake", TYPE_QUORUM_CAPABLE, 0)
    },
    kind("Fake Bare", 0, 0),
    QrType {
        property_count: 1,
        properties: REQUIRED.as_ptr(),
        ..kind("Fake Strict", 0, 0)
    },
    kind("Fake Quick", 0, 7_000),
];

/// The types of a later version of the library.
static LATER_TYPES: [QrType; 1] = [QrType {
    is_alive_ms: 20_000,
    ..kind("Fake", TYPE_QUORUM_CAPABLE, 0)
}];

unsafe extern "C" fn startup(
    type_name: QrStr,
    min_version: u32,
    max_version: u32,
    host: *const QrHost,
    table: *mut *const QrTable,
) -> u32 {
    assert!((min_version..=max_version).contains(&ABI_VERSION_1_00) && !host.is_null());
    // SAFETY: the host lends the text for the call, and the place is the host's.
    unsafe {
        let name = crate::table::borrow_bytes(type_name.ptr, type_name.len).unwrap();
        table.write(if name == b"Fake Bare" {
            &raw const BARE
        } else {
            &raw const TABLE
        });
    }
    0
}

/// The block of the fake plugin, for tests to break.
pub(crate) fn block() -> QrPlugin {
    QrPlugin {
        magic: PLUGIN_MAGIC,
        length: size_of::<QrPlugin>() as u32,
        abi_version: ABI_VERSION_1_00,
        pointer_width: usize::BITS,
        target: if cfg!(all(target_arch = "x86_64", target_os = "linux")) {
            text("x86_64-linux")
        } else {
            lend_leaked(format!(
                "{}-{}",
                std::env::consts::ARCH,
                std::env::consts::OS
            ))
        },
        name: text("fake"),
        version: text("1.2.3"),
        description: text("A plugin inside the test"),
        flags: PLUGIN_STATELESS,
        type_count: TYPES.len() as u32,
        types: TYPES.as_ptr(),
        startup: Some(startup),
    }
}

fn lend_leaked(text: String) -> QrStr {
    crate::table::lend(text.leak())
}

/// Makes an image of a block, as if it came from a library.
pub(crate) fn image_of(block: QrPlugin) -> Result<Image, PluginError> {
    // SAFETY: the block is our own and is leaked, so it is valid for good.
    unsafe { Image::from_block(Path::new("/fake.so"), Box::leak(Box::new(block))) }
}

/// A set with the fake plugin and nothing else.
pub(super) fn plugins(flags: u32) -> Arc<PluginSet> {
    let mut set = PluginSet::empty();
    // An image without a file cannot be copied, so it has to be stateless.
    set.insert(
        image_of(QrPlugin {
            flags: flags | PLUGIN_STATELESS,
            ..block()
        })
        .unwrap(),
    )
    .unwrap();
    Arc::new(set)
}

/// As [`plugins`], after the library was reloaded: now its type `Fake` wants IsAlive every 20 s.
pub(super) fn later_plugins() -> Arc<PluginSet> {
    let mut set = PluginSet::empty();
    let block = QrPlugin {
        type_count: LATER_TYPES.len() as u32,
        types: LATER_TYPES.as_ptr(),
        ..block()
    };
    set.insert(image_of(block).unwrap()).unwrap();
    Arc::new(set)
}

/// A service table of the host, in the way a plugin gets it.
pub(super) fn service<T>(id: &str) -> &'static T {
    // SAFETY: the host's table is static, and ids name their types.
    unsafe {
        let get = (*crate::table::host()).get_service.unwrap();
        get(crate::table::lend(id)).cast::<T>().as_ref().unwrap()
    }
}

/// Reads a text through an entry of the host that fills a buffer.
pub(super) fn read(mut call: impl FnMut(*mut u8, u64, *mut u64) -> u32) -> Result<String, u32> {
    let (mut buffer, mut needed) = ([0_u8; 64], 0_u64);
    match call(buffer.as_mut_ptr(), buffer.len() as u64, &raw mut needed) {
        0 => Ok(String::from_utf8(buffer[..needed as usize].to_vec()).unwrap()),
        code => Err(code),
    }
}

#[test]
fn the_bare_table_hides_what_its_size_does_not_cover() {
    let image = image_of(block()).unwrap();
    let by_name: BTreeMap<_, _> = image
        .info
        .types
        .iter()
        .map(|kind| kind.name.as_str())
        .zip(image.entries().unwrap())
        .collect();
    assert!(by_name["Fake"].work.is_some() && by_name["Fake"].arbitrate.is_some());
    let bare = by_name["Fake Bare"];
    assert!(bare.work.is_none() && bare.arbitrate.is_none() && bare.last_error.is_none());
    assert_eq!(abi::error_name(0), Some("ERROR_SUCCESS"));
}

/// The contract uses no other crate, so it has its own list of the original's error codes. Three names in it are not the
/// original's; plugins are built with them, so they stay.
#[test]
fn the_contract_and_the_cluster_call_an_error_by_one_name_and_number() {
    const KEPT: [(&str, u32); 3] = [
        ("ERROR_TIMEOUT", 258),
        ("ERROR_TIMEOUT_EXPIRED", 1460),
        ("ERROR_RESOURCE_TYPE_NOT_FOUND", 5078),
    ];
    let table = |name_of: fn(u32) -> Option<&'static str>| -> BTreeMap<&str, u32> {
        let codes = (0..20_000).filter_map(|code| Some((name_of(code)?, code)));
        codes.collect()
    };
    let contract = table(abi::error_name);
    let cluster = table(quorate_model::errors::error_name);
    assert!(contract.len() > 20 && cluster.len() > 20);
    for (name, code) in contract {
        let of_cluster = quorate_model::errors::error_name(code);
        let same = of_cluster.is_none_or(|it| it == name)
            && cluster.get(name).is_none_or(|other| *other == code);
        assert_eq!(same, !KEPT.contains(&(name, code)), "{name} {code}");
    }
}
