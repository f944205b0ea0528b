//! The service tables that the world answers.

use quorate_abi as abi;
use quorate_abi::{
    QrAddress, QrCheckpoint, QrClock, QrDisk, QrInstance, QrName, QrProbe, QrRandom, QrScript,
    QrService, QrStr,
};
use quorate_model::Reason;

use super::frame::{serve, serve_known};
use super::marshal::{Buffer, bytes, put, text};
use crate::{Reservation, ServiceResult, ServiceState};

type Instance = *const QrInstance;
/// Where the plugin wants a number written.
type Out = *mut u32;

/// Checks a port number from a plugin.
fn port(port: u32) -> ServiceResult<u16> {
    u16::try_from(port).map_err(|_| {
        Reason::new(
            abi::ERROR_INVALID_PARAMETER,
            format!("{port} is no port number"),
        )
    })
}

/// Defines the function of one entry of a service table. Its body runs with the world `$w` and the caller `$c`. It gets
/// text arguments as `&str`, and all others unchanged.
///
/// SAFETY of every body: for the duration of the call the plugin lends text and bytes, and vouches for its buffers and
/// places.
macro_rules! service {
    ($name:ident($w:ident, $c:ident $(, $arg:ident: $kind:tt)*) $body:expr) => {
        unsafe extern "C" fn $name(instance: Instance $(, $arg: service!(@type $kind))*) -> u32 {
            serve(instance, |$w, $c| {
                $(service!(@convert $arg $kind);)*
                $body
            })
        }
    };
    (@type str) => { QrStr };
    (@type $other:ident) => { $other };
    (@convert $arg:ident str) => {
        // SAFETY: the plugin lends the text for the call.
        let $arg = unsafe { text($arg)? };
    };
    (@convert $arg:ident $other:tt) => {};
}

unsafe extern "C" fn clock_now(instance: Instance) -> u64 {
    let mut now = 0;
    serve(instance, |world, _| {
        now = world.now().as_millis();
        Ok(())
    });
    now
}

unsafe extern "C" fn clock_civil(instance: Instance) -> i64 {
    let mut civil = 0;
    serve(instance, |world, _| {
        civil = world.civil_ms();
        Ok(())
    });
    civil
}

pub(super) static CLOCK: QrClock = QrClock {
    size: size_of::<QrClock>() as u32,
    version: 1,
    now_ms: Some(clock_now),
    civil_ms: Some(clock_civil),
};

unsafe extern "C" fn random_next(instance: Instance) -> u64 {
    let mut next = 0;
    serve(instance, |world, caller| {
        next = world.random(caller);
        Ok(())
    });
    next
}

pub(super) static RANDOM: QrRandom = QrRandom {
    size: size_of::<QrRandom>() as u32,
    version: 1,
    next: Some(random_next),
};

service!(service_start(world, caller, name: str, work_units: u64) {
    world.service_start(caller, name, work_units)
});
service!(service_start_with(world, caller, name: str, work_units: u64, parameters: str, directory: str) {
    world.service_start_with(caller, name, work_units, parameters, directory)
});
service!(service_stop(world, caller, name: str) world.service_stop(caller, name));
service!(service_kill(world, caller, name: str) world.service_kill(caller, name));
service!(service_state(world, caller, name: str, state: Out) {
    let found = match world.service_state(caller, name)? {
        ServiceState::Stopped => abi::SERVICE_STOPPED,
        ServiceState::StartPending => abi::SERVICE_START_PENDING,
        ServiceState::Running => abi::SERVICE_RUNNING,
        ServiceState::StopPending => abi::SERVICE_STOP_PENDING,
    };
    // SAFETY: the plugin vouches for `state`.
    unsafe { put(state, found) };
    Ok(())
});
service!(service_listen(world, caller, name: str, address: str, number: u32, protocol: str, on: u32) {
    world.service_listen(caller, name, address, port(number)?, protocol, on != 0)
});

pub(super) static SERVICE: QrService = QrService {
    size: size_of::<QrService>() as u32,
    version: 1,
    start: Some(service_start),
    stop: Some(service_stop),
    kill: Some(service_kill),
    state: Some(service_state),
    listen: Some(service_listen),
    start_with: Some(service_start_with),
};

service!(probe_service(world, caller, name: str) world.probe_service(caller, name));

unsafe extern "C" fn probe_port(
    instance: Instance,
    address: QrStr,
    number: u32,
    protocol: QrStr,
    buffer: *mut u8,
    buffer_len: u64,
    needed: *mut u64,
) -> u32 {
    serve(instance, |world, caller| {
        // SAFETY: the plugin lends both texts for the call.
        let (address, protocol) = unsafe { (text(address)?, text(protocol)?) };
        let banner = world.probe_port(caller, address, port(number)?, protocol)?;
        // SAFETY: the plugin vouches for its buffer.
        unsafe { Buffer::new(buffer, buffer_len, needed).put(banner.as_bytes()) }
    })
}

unsafe extern "C" fn probe_ask(
    instance: Instance,
    address: QrStr,
    number: u32,
    request: QrStr,
    buffer: *mut u8,
    buffer_len: u64,
    needed: *mut u64,
) -> u32 {
    serve(instance, |world, caller| {
        // SAFETY: the plugin lends both texts for the call.
        let (address, request) = unsafe { (text(address)?, text(request)?) };
        let answer = world.probe_ask(caller, address, port(number)?, request)?;
        // SAFETY: the plugin vouches for its buffer.
        unsafe { Buffer::new(buffer, buffer_len, needed).put(answer.as_bytes()) }
    })
}

pub(super) static PROBE: QrProbe = QrProbe {
    size: size_of::<QrProbe>() as u32,
    version: 1,
    service: Some(probe_service),
    port: Some(probe_port),
    ask: Some(probe_ask),
};

service!(disk_reserve(world, caller, disk: str) world.disk_reserve(caller, disk));
service!(disk_break(world, caller, disk: str) world.disk_break_reservation(caller, disk));
service!(disk_release(world, caller, disk: str) world.disk_release(caller, disk));
service!(disk_reserved(world, caller, disk: str, held: Out) {
    let found = world.disk_reserved(caller, disk)?;
    // SAFETY: the plugin vouches for `held`.
    unsafe { put(held, u32::from(found)) };
    Ok(())
});
service!(disk_reservation(world, caller, disk: str, holder: Out) {
    let found = match world.disk_reservation(caller, disk)? {
        Reservation::Nobody => abi::RESERVATION_NOBODY,
        Reservation::Here => abi::RESERVATION_HERE,
        Reservation::Elsewhere => abi::RESERVATION_ELSEWHERE,
    };
    // SAFETY: the plugin vouches for `holder`.
    unsafe { put(holder, found) };
    Ok(())
});
service!(disk_mount(world, caller, disk: str) world.disk_mount(caller, disk));
service!(disk_unmount(world, caller, disk: str, force: u32) {
    world.disk_unmount(caller, disk, force != 0)
});

unsafe extern "C" fn disk_list(
    instance: Instance,
    disk: QrStr,
    buffer: *mut u8,
    buffer_len: u64,
    needed: *mut u64,
) -> u32 {
    serve(instance, |world, caller| {
        // SAFETY: the plugin lends the text for the call.
        let files = world.disk_list(caller, unsafe { text(disk)? })?;
        // SAFETY: the plugin vouches for its buffer.
        unsafe { Buffer::new(buffer, buffer_len, needed).put(files.join("\n").as_bytes()) }
    })
}

unsafe extern "C" fn disk_write(
    instance: Instance,
    disk: QrStr,
    file: QrStr,
    data: *const u8,
    data_len: u64,
) -> u32 {
    serve(instance, |world, caller| {
        // SAFETY: the plugin lends texts and bytes for the call.
        let (disk, file, data) = unsafe { (text(disk)?, text(file)?, bytes(data, data_len)?) };
        world.disk_write(caller, disk, file, data)
    })
}

unsafe extern "C" fn disk_read(
    instance: Instance,
    disk: QrStr,
    file: QrStr,
    buffer: *mut u8,
    buffer_len: u64,
    needed: *mut u64,
) -> u32 {
    serve(instance, |world, caller| {
        // SAFETY: the plugin lends both texts for the call.
        let (disk, file) = unsafe { (text(disk)?, text(file)?) };
        let contents = world.disk_read(caller, disk, file)?;
        // SAFETY: the plugin vouches for its buffer.
        unsafe { Buffer::new(buffer, buffer_len, needed).put(&contents) }
    })
}

pub(super) static DISK: QrDisk = QrDisk {
    size: size_of::<QrDisk>() as u32,
    version: 1,
    reserve: Some(disk_reserve),
    break_reservation: Some(disk_break),
    release: Some(disk_release),
    reserved: Some(disk_reserved),
    mount: Some(disk_mount),
    unmount: Some(disk_unmount),
    list: Some(disk_list),
    write: Some(disk_write),
    read: Some(disk_read),
    reservation: Some(disk_reservation),
};

service!(address_add(world, caller, network: str, address: str) {
    world.address_add(caller, network, address)
});
service!(address_remove(world, caller, network: str, address: str) {
    world.address_remove(caller, network, address)
});
service!(address_works(world, caller, network: str, address: str) {
    world.address_works(caller, network, address)
});

unsafe extern "C" fn address_lease(
    instance: Instance,
    network: QrStr,
    buffer: *mut u8,
    buffer_len: u64,
    needed: *mut u64,
    seconds: *mut u32,
) -> u32 {
    serve(instance, |world, caller| {
        // SAFETY: the plugin lends the text for the call.
        let (address, good_for) = world.address_lease(caller, unsafe { text(network)? })?;
        // SAFETY: the plugin vouches for its buffer and for `seconds`.
        unsafe {
            put(seconds, good_for);
            Buffer::new(buffer, buffer_len, needed).put(address.as_bytes())
        }
    })
}

pub(super) static ADDRESS: QrAddress = QrAddress {
    size: size_of::<QrAddress>() as u32,
    version: 1,
    add: Some(address_add),
    remove: Some(address_remove),
    works: Some(address_works),
    lease: Some(address_lease),
};

service!(name_register(world, caller, name: str, address: str) {
    world.name_register(caller, name, address)
});
service!(name_unregister(world, caller, name: str) world.name_unregister(caller, name));

unsafe extern "C" fn name_resolve(
    instance: Instance,
    name: QrStr,
    buffer: *mut u8,
    buffer_len: u64,
    needed: *mut u64,
) -> u32 {
    serve(instance, |world, caller| {
        // SAFETY: the plugin lends the text for the call.
        let address = world.name_resolve(caller, unsafe { text(name)? })?;
        // SAFETY: the plugin vouches for its buffer.
        unsafe { Buffer::new(buffer, buffer_len, needed).put(address.as_bytes()) }
    })
}

pub(super) static NAME: QrName = QrName {
    size: size_of::<QrName>() as u32,
    version: 1,
    register: Some(name_register),
    unregister: Some(name_unregister),
    resolve: Some(name_resolve),
};

unsafe extern "C" fn checkpoint_save(
    instance: Instance,
    key: QrStr,
    data: *const u8,
    data_len: u64,
) -> u32 {
    serve_known(instance, |frame| {
        // SAFETY: the plugin lends text and bytes for the call.
        let (key, data) = unsafe { (text(key)?, bytes(data, data_len)?) };
        frame.known.save_checkpoint(&frame.spec.name, key, data)
    })
}

unsafe extern "C" fn checkpoint_load(
    instance: Instance,
    key: QrStr,
    buffer: *mut u8,
    buffer_len: u64,
    needed: *mut u64,
) -> u32 {
    serve_known(instance, |frame| {
        // SAFETY: the plugin lends the text for the call.
        let contents = frame
            .known
            .checkpoint(&frame.spec.name, unsafe { text(key)? })?;
        // SAFETY: the plugin vouches for its buffer.
        unsafe { Buffer::new(buffer, buffer_len, needed).put(&contents) }
    })
}

pub(super) static CHECKPOINT: QrCheckpoint = QrCheckpoint {
    size: size_of::<QrCheckpoint>() as u32,
    version: 1,
    save: Some(checkpoint_save),
    load: Some(checkpoint_load),
};

unsafe extern "C" fn script_load(
    instance: Instance,
    path: QrStr,
    buffer: *mut u8,
    buffer_len: u64,
    needed: *mut u64,
) -> u32 {
    serve(instance, |world, caller| {
        // SAFETY: the plugin lends the text for the call.
        let script = world.script_load(caller, unsafe { text(path)? })?;
        // SAFETY: the plugin vouches for its buffer.
        unsafe { Buffer::new(buffer, buffer_len, needed).put(script.as_bytes()) }
    })
}

pub(super) static SCRIPT: QrScript = QrScript {
    size: size_of::<QrScript>() as u32,
    version: 1,
    load: Some(script_load),
};
