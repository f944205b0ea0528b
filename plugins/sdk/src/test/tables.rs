//! The test host's side of the contract: service tables that use the world of the calling resource.

use std::ffi::c_void;

use quorate_abi::{self as abi, QrHost, QrInstance, QrStr};

use super::instance::{Opened, Provider};
use super::physical::{Outcome, Physical, Request, Which};
use crate::ServiceState;
use crate::raw;

type Caller = *const QrInstance;

/// The resource that makes this call, if the host is inside one of its entries.
///
/// # Safety
/// `caller` is what `open` was given, and not closed.
unsafe fn calling<'a>(caller: Caller) -> Option<&'a Opened> {
    // SAFETY: the caller's promise; the pointer is to an `Opened` in an `Rc`.
    unsafe { caller.cast::<Opened>().as_ref() }.filter(|opened| opened.is_inside())
}

/// Answers a call from the world of its caller.
///
/// # Safety
/// As [`calling`].
unsafe fn serve(caller: Caller, f: impl FnOnce(&Opened, &mut Physical) -> Outcome<()>) -> u32 {
    // SAFETY: the caller's promise.
    match unsafe { calling(caller) } {
        None => abi::ERROR_ACCESS_DENIED,
        Some(opened) => opened
            .world
            .physical(|physical| f(opened, physical))
            .err()
            .unwrap_or(abi::ERROR_SUCCESS),
    }
}

/// The caller's buffer for an answer.
#[derive(Clone, Copy)]
struct Buffer(*mut u8, u64, *mut u64);

impl Buffer {
    /// # Safety
    /// The plugin vouches for its buffer.
    unsafe fn fill(self, bytes: &[u8]) -> Outcome<()> {
        // SAFETY: the caller's promise.
        match unsafe { raw::give(bytes, self.0, self.1, self.2) } {
            abi::ERROR_SUCCESS => Ok(()),
            code => Err(code),
        }
    }
}

/// Defines the entries of service tables. Each body runs with the caller's resource and world, and gets its texts as
/// `String`.
macro_rules! entries {
    ($($(#[$meta:meta])* fn $name:ident($opened:ident, $physical:ident $(, $text:ident: text)* $(; $arg:ident: $ty:ty)*) $body:block)+) => {$(
        $(#[$meta])*
        unsafe extern "C" fn $name(caller: Caller, $($text: QrStr,)* $($arg: $ty),*) -> u32 {
            // SAFETY: the plugin hands back what `open` was given, and lends its texts and buffers for the call.
            unsafe {
                $(let $text = raw::owned($text);)*
                serve(caller, |$opened, $physical| $body)
            }
        }
    )+};
}

unsafe extern "C" fn now_ms(caller: Caller) -> u64 {
    // SAFETY: as in `entries`; so in the functions below that can say no error.
    unsafe { calling(caller) }.map_or(0, |opened| opened.world.now_ms())
}

unsafe extern "C" fn civil_ms(caller: Caller) -> i64 {
    // SAFETY: as in `now_ms`.
    unsafe { calling(caller) }.map_or(0, |opened| {
        opened.world.physical(|physical| {
            physical
                .civil_origin_ms
                .saturating_add_unsigned(physical.now_ms)
        })
    })
}

static CLOCK: abi::QrClock = abi::QrClock {
    size: size_of::<abi::QrClock>() as u32,
    version: 1,
    now_ms: Some(now_ms),
    civil_ms: Some(civil_ms),
};

unsafe extern "C" fn next(caller: Caller) -> u64 {
    // SAFETY: as in `now_ms`.
    unsafe { calling(caller) }.map_or(0, |opened| opened.world.physical(Physical::next_random))
}

static RANDOM: abi::QrRandom = abi::QrRandom {
    size: size_of::<abi::QrRandom>() as u32,
    version: 1,
    next: Some(next),
};

fn provider<'a>(opened: &'a Opened, kind: &str, index: u32) -> Outcome<&'a Provider> {
    let mut of_kind = opened
        .facts
        .providers
        .iter()
        .filter(|provider| provider.kind == kind);
    of_kind.nth(index as usize).ok_or(abi::ERROR_NOT_FOUND)
}

entries! {
    fn property(opened, _physical, name: text; buffer: *mut u8; len: u64; needed: *mut u64) {
        let properties = opened.facts.properties.borrow();
        let value = properties.get(&name).ok_or(abi::ERROR_NOT_FOUND)?;
        Buffer(buffer, len, needed).fill(value.as_bytes())
    }

    fn property_u32(opened, _physical, name: text; value: *mut u32) {
        let properties = opened.facts.properties.borrow();
        let text = properties.get(&name).ok_or(abi::ERROR_NOT_FOUND)?;
        value.write(text.parse().map_err(|_| abi::ERROR_RESOURCE_PROPERTY)?);
        Ok(())
    }

    fn provider_name(opened, _physical, kind: text; index: u32; buffer: *mut u8; len: u64; needed: *mut u64) {
        Buffer(buffer, len, needed).fill(provider(opened, &kind, index)?.name.as_bytes())
    }
}

unsafe extern "C" fn provider_count(caller: Caller, kind: QrStr) -> u32 {
    // SAFETY: as in `now_ms`.
    let (opened, kind) = unsafe { (calling(caller), raw::owned(kind)) };
    opened.map_or(0, |opened| {
        let count = opened
            .facts
            .providers
            .iter()
            .filter(|provider| provider.kind == kind)
            .count();
        u32::try_from(count).unwrap_or(u32::MAX)
    })
}

unsafe extern "C" fn provider_get(
    caller: Caller,
    kind: QrStr,
    index: u32,
    name: QrStr,
    buffer: *mut u8,
    len: u64,
    needed: *mut u64,
) -> u32 {
    // SAFETY: as in `entries`.
    unsafe {
        let (kind, name) = (raw::owned(kind), raw::owned(name));
        serve(caller, |opened, _| {
            let value = provider(opened, &kind, index)?.property(&name);
            let value = value.ok_or(abi::ERROR_NOT_FOUND)?;
            Buffer(buffer, len, needed).fill(value.as_bytes())
        })
    }
}

entries! {
    fn publish(opened, _physical, name: text, value: text) {
        if name.is_empty() {
            return Err(abi::ERROR_INVALID_PARAMETER);
        }
        let mut published = opened.facts.published.borrow_mut();
        if value.is_empty() {
            published.remove(&name);
        } else {
            published.insert(name, value);
        }
        Ok(())
    }
}

static PROPERTIES: abi::QrProperties = abi::QrProperties {
    size: size_of::<abi::QrProperties>() as u32,
    version: 1,
    get: Some(property),
    get_u32: Some(property_u32),
    provider_count: Some(provider_count),
    provider_name: Some(provider_name),
    provider_get: Some(provider_get),
    publish: Some(publish),
};

fn which<'a>(opened: &'a Opened, service: &'a str) -> Which<'a> {
    Which {
        node: &opened.facts.node,
        resource: &opened.facts.name,
        service,
    }
}

entries! {
    fn start(opened, physical, name: text; work_units: u64) {
        physical.start(which(opened, &name), work_units)
    }

    fn stop(opened, physical, name: text) { physical.stop(which(opened, &name)) }

    fn load_script(_opened, physical, path: text; buffer: *mut u8; len: u64; needed: *mut u64) {
        let script = physical.scripts.get(&path).ok_or(abi::ERROR_FILE_NOT_FOUND)?;
        Buffer(buffer, len, needed).fill(script.as_bytes())
    }

    fn kill(opened, physical, name: text) { physical.kill(which(opened, &name)) }

    fn state(opened, physical, name: text; state: *mut u32) {
        state.write(match physical.state(which(opened, &name)) {
            ServiceState::Stopped => abi::SERVICE_STOPPED,
            ServiceState::StartPending => abi::SERVICE_START_PENDING,
            ServiceState::StopPending => abi::SERVICE_STOP_PENDING,
            ServiceState::Running => abi::SERVICE_RUNNING,
        });
        Ok(())
    }

    fn probe_service(opened, physical, name: text) { physical.call(which(opened, &name)) }
}

unsafe extern "C" fn listen(
    caller: Caller,
    name: QrStr,
    address: QrStr,
    port: u32,
    protocol: QrStr,
    on: u32,
) -> u32 {
    // SAFETY: as in `entries`.
    unsafe {
        let (name, address) = (raw::owned(name), raw::owned(address));
        let protocol = raw::owned(protocol);
        serve(caller, |opened, physical| {
            physical.listen(which(opened, &name), &address, port, &protocol, on == 1)
        })
    }
}

unsafe extern "C" fn probe_port(
    caller: Caller,
    address: QrStr,
    port: u32,
    protocol: QrStr,
    buffer: *mut u8,
    len: u64,
    needed: *mut u64,
) -> u32 {
    // SAFETY: as in `entries`.
    unsafe {
        let (address, protocol) = (raw::owned(address), raw::owned(protocol));
        serve(caller, |_opened, physical| {
            let banner = physical.probe_port(&address, port, &protocol)?;
            Buffer(buffer, len, needed).fill(banner.as_bytes())
        })
    }
}

unsafe extern "C" fn probe_ask(
    caller: Caller,
    address: QrStr,
    port: u32,
    request: QrStr,
    buffer: *mut u8,
    len: u64,
    needed: *mut u64,
) -> u32 {
    // SAFETY: as in `entries`.
    unsafe {
        let (address, request) = (raw::owned(address), raw::owned(request));
        serve(caller, |_opened, physical| {
            let answer = physical.probe_ask(&address, port, &request)?;
            Buffer(buffer, len, needed).fill(answer.as_bytes())
        })
    }
}

unsafe extern "C" fn start_with(
    caller: Caller,
    name: QrStr,
    work_units: u64,
    parameters: QrStr,
    directory: QrStr,
) -> u32 {
    // SAFETY: as in `entries`.
    unsafe {
        let name = raw::owned(name);
        let given = (raw::owned(parameters), raw::owned(directory));
        serve(caller, |opened, physical| {
            physical.start_with(which(opened, &name), work_units, given)
        })
    }
}

static SERVICE: abi::QrService = abi::QrService {
    size: size_of::<abi::QrService>() as u32,
    version: 1,
    start: Some(start),
    stop: Some(stop),
    kill: Some(kill),
    state: Some(state),
    listen: Some(listen),
    start_with: Some(start_with),
};

static PROBE: abi::QrProbe = abi::QrProbe {
    size: size_of::<abi::QrProbe>() as u32,
    version: 1,
    service: Some(probe_service),
    port: Some(probe_port),
    ask: Some(probe_ask),
};

fn request<'a>(opened: &'a Opened, disk: &'a str) -> Request<'a> {
    Request {
        node: &opened.facts.node,
        resource: &opened.facts.name,
        disk,
    }
}

entries! {
    fn reserve(opened, physical, disk: text) { physical.reserve(request(opened, &disk)) }

    fn break_reservation(_opened, physical, disk: text) { physical.break_reservation(&disk) }

    fn release(opened, physical, disk: text) { physical.release(&opened.facts.node, &disk) }

    fn reserved(opened, physical, disk: text; held: *mut u32) {
        held.write(physical.is_reserved(&opened.facts.node, &disk)?.into());
        Ok(())
    }

    fn reservation(opened, physical, disk: text; holder: *mut u32) {
        holder.write(match physical.holder(&disk)? {
            None => abi::RESERVATION_NOBODY,
            Some(node) if node == opened.facts.node => abi::RESERVATION_HERE,
            Some(_) => abi::RESERVATION_ELSEWHERE,
        });
        Ok(())
    }

    fn mount(opened, physical, disk: text) { physical.mount(request(opened, &disk)) }

    fn unmount(opened, physical, disk: text; force: u32) {
        physical.unmount(request(opened, &disk), force == 1)
    }

    fn list(opened, physical, disk: text; buffer: *mut u8; len: u64; needed: *mut u64) {
        let names = physical.list(request(opened, &disk))?;
        Buffer(buffer, len, needed).fill(names.as_bytes())
    }

    fn write(opened, physical, disk: text, file: text; bytes: *const u8; len: u64) {
        physical.write(request(opened, &disk), &file, raw::bytes(bytes, len))
    }

    fn read(opened, physical, disk: text, file: text; buffer: *mut u8; len: u64; needed: *mut u64) {
        let bytes = physical.read(request(opened, &disk), &file)?;
        Buffer(buffer, len, needed).fill(&bytes)
    }
}

static DISK: abi::QrDisk = abi::QrDisk {
    size: size_of::<abi::QrDisk>() as u32,
    version: 1,
    reserve: Some(reserve),
    break_reservation: Some(break_reservation),
    release: Some(release),
    reserved: Some(reserved),
    mount: Some(mount),
    unmount: Some(unmount),
    list: Some(list),
    write: Some(write),
    read: Some(read),
    reservation: Some(reservation),
};

entries! {
    fn add(opened, physical, network: text, address: text) {
        physical.add_address(&opened.facts.node, &network, &address)
    }

    fn remove(opened, physical, network: text, address: text) {
        physical.remove_address(&opened.facts.node, &network, &address)
    }

    fn works(opened, physical, network: text, address: text) {
        physical.address_works(&opened.facts.node, &network, &address)
    }

    fn lease(opened, physical, network: text; buffer: *mut u8; len: u64; needed: *mut u64; seconds: *mut u32) {
        let (address, good_for) = physical.lease(&opened.facts.node, &network)?;
        seconds.write(good_for);
        Buffer(buffer, len, needed).fill(address.as_bytes())
    }

    fn register(_opened, physical, name: text, address: text) { physical.register(&name, &address) }

    fn unregister(_opened, physical, name: text) {
        physical.names.remove(&name).map(|_| ()).ok_or(abi::ERROR_NOT_FOUND)
    }

    fn resolve(_opened, physical, name: text; buffer: *mut u8; len: u64; needed: *mut u64) {
        let address = physical.names.get(&name).ok_or(abi::ERROR_NOT_FOUND)?;
        Buffer(buffer, len, needed).fill(address.as_bytes())
    }

    fn save(opened, physical, key: text; bytes: *const u8; len: u64) {
        physical.save(&opened.facts.name, key, raw::bytes(bytes, len))
    }

    fn load(opened, physical, key: text; buffer: *mut u8; len: u64; needed: *mut u64) {
        let key = (opened.facts.name.clone(), key);
        let bytes = physical.checkpoints.get(&key).ok_or(abi::ERROR_NOT_FOUND)?;
        Buffer(buffer, len, needed).fill(bytes)
    }
}

static ADDRESS: abi::QrAddress = abi::QrAddress {
    size: size_of::<abi::QrAddress>() as u32,
    version: 1,
    add: Some(add),
    remove: Some(remove),
    works: Some(works),
    lease: Some(lease),
};

static NAME: abi::QrName = abi::QrName {
    size: size_of::<abi::QrName>() as u32,
    version: 1,
    register: Some(register),
    unregister: Some(unregister),
    resolve: Some(resolve),
};

static CHECKPOINT: abi::QrCheckpoint = abi::QrCheckpoint {
    size: size_of::<abi::QrCheckpoint>() as u32,
    version: 1,
    save: Some(save),
    load: Some(load),
};

unsafe extern "C" fn configured_nodes(caller: Caller) -> u32 {
    // SAFETY: as in `now_ms`.
    unsafe { calling(caller) }.map_or(0, |opened| {
        opened.world.physical(|physical| physical.configured_nodes)
    })
}

unsafe extern "C" fn online_here(caller: Caller, kind: QrStr) -> u32 {
    // SAFETY: as in `now_ms`.
    let (opened, kind) = unsafe { (calling(caller), raw::owned(kind)) };
    opened.map_or(0, |opened| {
        opened
            .world
            .online_here(&opened.facts.node, &opened.facts.group, &kind)
    })
}

entries! {
    fn other_property(opened, _physical, kind: text, property: text; index: u32; buffer: *mut u8; len: u64; needed: *mut u64) {
        let other = opened.world.other(&opened.facts.group, &kind, index, &property);
        Buffer(buffer, len, needed).fill(other.ok_or(abi::ERROR_NOT_FOUND)?.as_bytes())
    }

    fn others(opened, _physical, kind: text, property: text; buffer: *mut u8; len: u64; needed: *mut u64) {
        let others = opened.world.others(&opened.facts.group, &kind, &property);
        if others.iter().flatten().any(|text| text.contains('\0')) {
            return Err(abi::ERROR_RESOURCE_PROPERTY);
        }
        let texts: String = others.iter().flatten().map(|text| format!("{text}\0")).collect();
        Buffer(buffer, len, needed).fill(texts.as_bytes())
    }
}

unsafe extern "C" fn other(
    caller: Caller,
    kind: QrStr,
    index: u32,
    property: QrStr,
    buffer: *mut u8,
    len: u64,
    needed: *mut u64,
) -> u32 {
    // SAFETY: passed on.
    unsafe { other_property(caller, kind, property, index, buffer, len, needed) }
}

static CLUSTER: abi::QrCluster = abi::QrCluster {
    size: size_of::<abi::QrCluster>() as u32,
    version: 1,
    configured_nodes: Some(configured_nodes),
    online_here: Some(online_here),
    other: Some(other),
    others: Some(others),
};

unsafe extern "C" fn write_log(caller: Caller, level: u32, line: QrStr) {
    // SAFETY: as in `now_ms`.
    let (opened, line) = unsafe { (calling(caller), raw::owned(line)) };
    if let Some(opened) = opened {
        let name = opened.facts.name.clone();
        opened
            .world
            .physical(|physical| physical.log.push((name, level, line)));
    }
}

static LOG: abi::QrLog = abi::QrLog {
    size: size_of::<abi::QrLog>() as u32,
    version: 1,
    write: Some(write_log),
};

static SCRIPT: abi::QrScript = abi::QrScript {
    size: size_of::<abi::QrScript>() as u32,
    version: 1,
    load: Some(load_script),
};

unsafe extern "C" fn get_service(id: QrStr) -> *const c_void {
    // SAFETY: the plugin lends the text for the call.
    match unsafe { raw::owned(id) }.as_str() {
        abi::SERVICE_ID_CLOCK => (&raw const CLOCK).cast(),
        abi::SERVICE_ID_RANDOM => (&raw const RANDOM).cast(),
        abi::SERVICE_ID_PROPERTIES => (&raw const PROPERTIES).cast(),
        abi::SERVICE_ID_SERVICE => (&raw const SERVICE).cast(),
        abi::SERVICE_ID_PROBE => (&raw const PROBE).cast(),
        abi::SERVICE_ID_DISK => (&raw const DISK).cast(),
        abi::SERVICE_ID_ADDRESS => (&raw const ADDRESS).cast(),
        abi::SERVICE_ID_NAME => (&raw const NAME).cast(),
        abi::SERVICE_ID_CHECKPOINT => (&raw const CHECKPOINT).cast(),
        abi::SERVICE_ID_CLUSTER => (&raw const CLUSTER).cast(),
        abi::SERVICE_ID_LOG => (&raw const LOG).cast(),
        abi::SERVICE_ID_SCRIPT => (&raw const SCRIPT).cast(),
        _ => std::ptr::null(),
    }
}

/// The host's table. It has no `set_resource_status`, since tested types run no threads.
pub(super) static HOST: QrHost = QrHost {
    size: size_of::<QrHost>() as u32,
    version: abi::ABI_VERSION_1_00,
    get_service: Some(get_service),
    set_resource_status: None,
    log_event: Some(write_log),
};
