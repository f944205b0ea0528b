//! The service tables that the monitor itself answers: properties, the cluster, the log.

use quorate_abi as abi;
use quorate_abi::{QrCluster, QrInstance, QrLog, QrProperties, QrStr};
use quorate_model::{Name, Reason};

use super::frame::{Frame, Handle, serve, with, within};
use super::mailbox;
use super::marshal::{Buffer, put, text};
use crate::ServiceResult;

type Instance = *const QrInstance;

/// The longest line that is written to the cluster log, in characters.
const LINE_MAX: usize = 500;

/// Answers a question to the monitor: 0, or the code of the error. Unlike the world, the monitor answers even if the
/// machine is dead.
fn answer(instance: Instance, f: impl for<'f> FnOnce(&'f Frame<'f>) -> ServiceResult<()>) -> u32 {
    with(instance, |frame| {
        f(frame)
            .err()
            .map_or(abi::ERROR_SUCCESS, |error| error.code)
    })
    .unwrap_or(abi::ERROR_ACCESS_DENIED)
}

fn not_found(what: String) -> Reason {
    Reason::new(abi::ERROR_NOT_FOUND, what)
}

/// # Safety
///
/// The plugin vouches for the buffer.
unsafe fn get_of(
    frame: &Frame<'_>,
    resource: &str,
    name: &str,
    buffer: Buffer,
) -> ServiceResult<()> {
    let value = frame
        .known
        .property(resource, name)
        .ok_or_else(|| not_found(format!("`{resource}` has no property `{name}`")))?;
    // SAFETY: passed on.
    unsafe { buffer.put(value.as_bytes()) }
}

unsafe extern "C" fn get(
    instance: Instance,
    name: QrStr,
    buffer: *mut u8,
    buffer_len: u64,
    needed: *mut u64,
) -> u32 {
    let buffer = Buffer::new(buffer, buffer_len, needed);
    // SAFETY: the plugin lends the text and vouches for its buffer.
    answer(instance, |frame| unsafe {
        get_of(frame, &frame.spec.name, text(name)?, buffer)
    })
}

unsafe extern "C" fn get_u32(instance: Instance, name: QrStr, value: *mut u32) -> u32 {
    answer(instance, |frame| {
        // SAFETY: the plugin lends the text for the call.
        let name = unsafe { text(name)? };
        let found = frame
            .known
            .property(&frame.spec.name, name)
            .ok_or_else(|| not_found(format!("no property `{name}`")))?;
        let number = found.parse().map_err(|_| {
            Reason::new(
                abi::ERROR_RESOURCE_PROPERTY,
                format!("`{name}` is no number"),
            )
        })?;
        // SAFETY: the plugin vouches for `value`.
        unsafe { put(value, number) };
        Ok(())
    })
}

unsafe extern "C" fn provider_count(instance: Instance, type_name: QrStr) -> u32 {
    with(instance, |frame| {
        // SAFETY: the plugin lends the text for the call.
        let Ok(kind) = (unsafe { text(type_name) }) else {
            return 0;
        };
        u32::try_from(frame.known.providers(&frame.spec.name, kind).len()).unwrap_or(u32::MAX)
    })
    .unwrap_or(0)
}

/// The name of provider `index` of a type.
///
/// # Safety
///
/// The plugin lends the text for the call.
unsafe fn provider(frame: &Frame<'_>, type_name: QrStr, index: u32) -> ServiceResult<Name> {
    // SAFETY: passed on.
    let kind = unsafe { text(type_name)? };
    let providers = frame.known.providers(&frame.spec.name, kind);
    providers
        .into_iter()
        .nth(index as usize)
        .ok_or_else(|| not_found(format!("no provider {index} of type `{kind}`")))
}

unsafe extern "C" fn provider_name(
    instance: Instance,
    type_name: QrStr,
    index: u32,
    buffer: *mut u8,
    buffer_len: u64,
    needed: *mut u64,
) -> u32 {
    answer(instance, |frame| {
        // SAFETY: the plugin lends the text and vouches for its buffer.
        unsafe {
            let name = provider(frame, type_name, index)?;
            Buffer::new(buffer, buffer_len, needed).put(name.as_bytes())
        }
    })
}

unsafe extern "C" fn provider_get(
    instance: Instance,
    type_name: QrStr,
    index: u32,
    name: QrStr,
    buffer: *mut u8,
    buffer_len: u64,
    needed: *mut u64,
) -> u32 {
    let buffer = Buffer::new(buffer, buffer_len, needed);
    answer(instance, |frame| {
        // SAFETY: the plugin lends the texts and vouches for its buffer.
        unsafe {
            let provider = provider(frame, type_name, index)?;
            let name = text(name)?;
            match frame.known.published(&provider, name) {
                Some(value) => buffer.put(value.as_bytes()),
                None => get_of(frame, &provider, name, buffer),
            }
        }
    })
}

unsafe extern "C" fn publish(instance: Instance, name: QrStr, value: QrStr) -> u32 {
    answer(instance, |frame| {
        // SAFETY: the plugin lends both texts for the call.
        let (name, value) = unsafe { (text(name)?, text(value)?) };
        if frame.known.publish(&frame.spec.name, name, value) {
            return Ok(());
        }
        Err(Reason::new(
            abi::ERROR_INVALID_PARAMETER,
            format!("`{name}` cannot be published: it is empty, or there are too many"),
        ))
    })
}

pub(super) static PROPERTIES: QrProperties = QrProperties {
    size: size_of::<QrProperties>() as u32,
    version: 1,
    get: Some(get),
    get_u32: Some(get_u32),
    provider_count: Some(provider_count),
    provider_name: Some(provider_name),
    provider_get: Some(provider_get),
    publish: Some(publish),
};

unsafe extern "C" fn configured_nodes(instance: Instance) -> u32 {
    let mut nodes = 0;
    serve(instance, |world, _| {
        nodes = world.configured_nodes();
        Ok(())
    });
    nodes
}

unsafe extern "C" fn online_here(instance: Instance, type_name: QrStr) -> u32 {
    with(instance, |frame| {
        // SAFETY: the plugin lends the text for the call.
        let Ok(kind) = (unsafe { text(type_name) }) else {
            return 0;
        };
        frame.known.online_here(&frame.spec.group, kind)
    })
    .unwrap_or(0)
}

unsafe extern "C" fn other(
    instance: Instance,
    type_name: QrStr,
    index: u32,
    property: QrStr,
    buffer: *mut u8,
    buffer_len: u64,
    needed: *mut u64,
) -> u32 {
    let buffer = Buffer::new(buffer, buffer_len, needed);
    answer(instance, |frame| {
        // SAFETY: the plugin lends the texts and vouches for its buffer.
        unsafe {
            let kind = text(type_name)?;
            let other = frame.known.other(&frame.spec.group, kind, index as usize);
            let Some((resource, group)) = other else {
                return Err(not_found(format!("no resource {index} of type `{kind}`")));
            };
            match text(property)? {
                "" => buffer.put(group.as_bytes()),
                property => get_of(frame, &resource, property, buffer),
            }
        }
    })
}

unsafe extern "C" fn others(
    instance: Instance,
    type_name: QrStr,
    property: QrStr,
    buffer: *mut u8,
    buffer_len: u64,
    needed: *mut u64,
) -> u32 {
    let buffer = Buffer::new(buffer, buffer_len, needed);
    answer(instance, |frame| {
        // SAFETY: the plugin lends the texts and vouches for its buffer.
        unsafe {
            let (kind, property) = (text(type_name)?, text(property)?);
            let told = others_of(frame, kind, property)?;
            buffer.put(told.as_bytes())
        }
    })
}

/// The group and the property of each resource of a type in other groups that has it, each ended by a zero byte.
fn others_of(frame: &Frame<'_>, kind: &str, property: &str) -> ServiceResult<String> {
    let mut told = String::new();
    for (resource, group) in frame.known.others(&frame.spec.group, kind) {
        let Some(value) = frame.known.property(&resource, property) else {
            continue;
        };
        if value.contains('\0') {
            let text = format!("`{property}` of `{resource}` has a zero byte in it");
            return Err(Reason::new(abi::ERROR_RESOURCE_PROPERTY, text));
        }
        for text in [&*group, &*value] {
            told.push_str(text);
            told.push('\0');
        }
    }
    Ok(told)
}

pub(super) static CLUSTER: QrCluster = QrCluster {
    size: size_of::<QrCluster>() as u32,
    version: 1,
    configured_nodes: Some(configured_nodes),
    online_here: Some(online_here),
    other: Some(other),
    others: Some(others),
};

/// A line for the cluster log as it is kept: of a level that there is, and not too long.
pub(crate) fn line(level: u32, text: &str) -> (u32, String) {
    let text = text.chars().take(LINE_MAX).collect();
    (level.min(abi::LOG_SEVERE), text)
}

/// `QrLog::write` and `QrHost::log_event`. They may be called inside an entry, or from a thread of the plugin.
pub(super) unsafe extern "C" fn write_log(instance: Instance, level: u32, line: QrStr) {
    // SAFETY: the plugin lends the text for the call.
    let Ok(line) = (unsafe { text(line) }) else {
        return;
    };
    let (level, line) = self::line(level, line);
    let mut line = Some(line);
    within(instance, |frame| {
        if let Some(line) = line.take() {
            frame.write_log(level, line);
        }
    });
    if let Some(line) = line {
        mailbox::log(Handle::of(instance), level, line);
    }
}

pub(super) static LOG: QrLog = QrLog {
    size: size_of::<QrLog>() as u32,
    version: 1,
    write: Some(write_log),
};

/// `QrHost::set_resource_status`.
pub(super) unsafe extern "C" fn set_resource_status(
    instance: Instance,
    status: u32,
    checkpoint: u32,
) -> u32 {
    mailbox::report(Handle::of(instance), status, checkpoint)
}
