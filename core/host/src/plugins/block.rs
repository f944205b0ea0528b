//! Reads a plugin's block: field by field, each checked before the next is looked at.

use std::path::Path;

use quorate_abi::{self as abi, QrPlugin, QrProperty, QrStr, QrType};

use super::error::PluginError;
use crate::library::{LibraryInfo, PropertyInfo, PropertyKind, TypeInfo, target};

/// Most types in a library, and most properties in a type. A higher number means a damaged block.
const COUNT_MAX: u32 = 1_024;
/// Longest name or version, in bytes.
const NAME_MAX: u64 = 256;
/// Longest description, doc or default, in bytes.
const TEXT_MAX: u64 = 64 * 1_024;

/// Reads and checks the block and everything it points to, except for the start-up function.
///
/// # Errors
///
/// The first field that is wrong.
///
/// # Safety
///
/// `block` is NULL or what a plugin's entry returned. Then it begins with its `magic`, and each field that has been
/// checked vouches for the fields after it. It is valid for as long as the library is mapped.
pub unsafe fn read(file: &Path, block: *const QrPlugin) -> Result<LibraryInfo, PluginError> {
    let reader = Reader { file };
    if block.is_null() || !block.is_aligned() {
        return Err(reader.field(
            "entry",
            "NULL or not aligned",
            "a pointer to a plugin block",
        ));
    }
    // SAFETY: `block` is not NULL and is aligned. Every version of the block begins with `magic`, and every version
    // with the right magic goes on with the fields up to `target`.
    let (length, abi_version, pointer_width) = unsafe {
        let magic = (&raw const (*block).magic).read();
        if magic != abi::PLUGIN_MAGIC {
            return Err(PluginError::Magic {
                file: file.to_owned(),
                found: magic,
                expected: abi::PLUGIN_MAGIC,
            });
        }
        (
            (&raw const (*block).length).read(),
            (&raw const (*block).abi_version).read(),
            (&raw const (*block).pointer_width).read(),
        )
    };
    let expected = size_of_u32::<QrPlugin>();
    if length < expected {
        return Err(PluginError::Length {
            file: file.to_owned(),
            found: length,
            expected,
        });
    }
    // A plugin of a newer minor version may still hand out a table that this host knows: `startup` decides that.
    if abi_version >> 8 != abi::ABI_VERSION_1_00 >> 8 {
        return Err(PluginError::AbiVersion {
            file: file.to_owned(),
            found: abi_version,
            expected: abi::ABI_VERSION_1_00,
        });
    }
    if pointer_width != usize::BITS {
        return Err(PluginError::PointerWidth {
            file: file.to_owned(),
            found: pointer_width,
            expected: usize::BITS,
        });
    }
    // SAFETY: `length` covers the whole block, the major version says that it has these fields, and the pointer width
    // says that they are where this code reads them.
    let block = unsafe { &*block };
    let found = reader.text("target", block.target, NAME_MAX)?;
    if found != target() {
        return Err(PluginError::Target {
            file: file.to_owned(),
            found,
            expected: target(),
        });
    }
    let name = reader.name("name", block.name)?;
    let version = reader.name("version", block.version)?;
    let description = reader.text("description", block.description, TEXT_MAX)?;
    if block.startup.is_none() {
        return Err(reader.field("startup", "NULL", "a function"));
    }
    let count = reader.count("type_count", block.type_count, 1)?;
    let mut types: Vec<TypeInfo> = Vec::with_capacity(count);
    for index in 0..count {
        let field = format!("types[{index}]");
        // SAFETY: the plugin vouches for `type_count` types from `types` on.
        let kind = unsafe { reader.element(&field, block.types, index, |kind| kind.size)? };
        let kind = reader.kind(&field, kind)?;
        if types.iter().any(|other| other.name == kind.name) {
            let field = format!("{field}.name");
            return Err(reader.field(&field, format!("`{}` again", kind.name), "a new name"));
        }
        types.push(kind);
    }
    Ok(LibraryInfo {
        path: file.to_owned(),
        name,
        version,
        description,
        abi: abi_version,
        target: found,
        flags: block.flags,
        types,
        program: false,
        shadows: Vec::new(),
    })
}

/// The size of one of our tables as a u32: all are far below 4 GiB.
pub(super) const fn size_of_u32<T>() -> u32 {
    size_of::<T>() as u32
}

/// Checks fields. An error names the field and its file.
struct Reader<'a> {
    file: &'a Path,
}

impl Reader<'_> {
    fn field(
        &self,
        field: &str,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> PluginError {
        PluginError::Field {
            file: self.file.to_owned(),
            field: field.to_owned(),
            found: found.into(),
            expected: expected.into(),
        }
    }

    fn text(&self, field: &str, text: QrStr, max: u64) -> Result<String, PluginError> {
        if text.len > max {
            let found = format!("{} bytes long", text.len);
            return Err(self.field(field, found, format!("at most {max} bytes")));
        }
        // SAFETY: the plugin vouches for the bytes; the length was checked.
        match unsafe { crate::table::borrow_bytes(text.ptr, text.len) } {
            Some(bytes) => std::str::from_utf8(bytes)
                .map(str::to_owned)
                .map_err(|error| self.field(field, format!("not UTF-8 ({error})"), "UTF-8 text")),
            None => Err(self.field(field, "NULL with a length", "text")),
        }
    }

    fn name(&self, field: &str, text: QrStr) -> Result<String, PluginError> {
        let name = self.text(field, text, NAME_MAX)?;
        if name.is_empty() {
            Err(self.field(field, "empty", "a name"))
        } else {
            Ok(name)
        }
    }

    fn count(&self, field: &str, count: u32, min: u32) -> Result<usize, PluginError> {
        if (min..=COUNT_MAX).contains(&count) {
            Ok(count as usize)
        } else {
            Err(self.field(field, count.to_string(), format!("{min} to {COUNT_MAX}")))
        }
    }

    fn interval(&self, field: String, ms: u32) -> Result<u32, PluginError> {
        if ms == 0 {
            Err(self.field(&field, "0", "at least 1 ms"))
        } else {
            Ok(ms)
        }
    }

    /// Element `index` of an array. Every element states its size; the first one's size is the distance from one
    /// element to the next.
    ///
    /// # Safety
    ///
    /// `array` is NULL or holds at least `index + 1` elements, each as large as the first one states, and is valid for
    /// as long as the library is mapped.
    unsafe fn element<'p, T>(
        &self,
        field: &str,
        array: *const T,
        index: usize,
        size: fn(&T) -> u32,
    ) -> Result<&'p T, PluginError> {
        if array.is_null() || !array.is_aligned() {
            return Err(self.field(field, "NULL or not aligned", "an array"));
        }
        // SAFETY: every element begins with its size, a u32.
        let stride = unsafe { array.cast::<u32>().read() };
        if stride < size_of_u32::<T>() || !(stride as usize).is_multiple_of(align_of::<T>()) {
            let expected = format!(
                "at least {}, a multiple of {}",
                size_of::<T>(),
                align_of::<T>()
            );
            return Err(self.field(&format!("{field}.size"), stride.to_string(), expected));
        }
        // SAFETY: the array holds `index + 1` elements of `stride` bytes, each at least a whole `T`.
        let element = unsafe { &*array.byte_add(stride as usize * index) };
        if size(element) != stride {
            let found = size(element).to_string();
            return Err(self.field(
                &format!("{field}.size"),
                found,
                format!("{stride}, as the first"),
            ));
        }
        Ok(element)
    }

    fn kind(&self, field: &str, kind: &QrType) -> Result<TypeInfo, PluginError> {
        let count = self.count(&format!("{field}.property_count"), kind.property_count, 0)?;
        let mut properties: Vec<PropertyInfo> = Vec::with_capacity(count);
        for index in 0..count {
            let field = format!("{field}.properties[{index}]");
            // SAFETY: the plugin vouches for `property_count` properties from `properties` on.
            let property =
                unsafe { self.element(&field, kind.properties, index, |it: &QrProperty| it.size)? };
            properties.push(self.property(&field, property)?);
        }
        Ok(TypeInfo {
            name: self.name(&format!("{field}.name"), kind.name)?,
            doc: self.text(&format!("{field}.doc"), kind.doc, TEXT_MAX)?,
            looks_alive_ms: self
                .interval(format!("{field}.looks_alive_ms"), kind.looks_alive_ms)?,
            is_alive_ms: self.interval(format!("{field}.is_alive_ms"), kind.is_alive_ms)?,
            pending_timeout_ms: kind.pending_timeout_ms,
            quorum_capable: kind.flags & abi::TYPE_QUORUM_CAPABLE != 0,
            properties,
        })
    }

    fn property(&self, field: &str, property: &QrProperty) -> Result<PropertyInfo, PluginError> {
        let kind = match property.kind {
            abi::PROPERTY_SZ => PropertyKind::Text,
            abi::PROPERTY_DWORD => PropertyKind::Dword,
            abi::PROPERTY_BOOL => PropertyKind::Bool,
            abi::PROPERTY_MULTI_SZ => PropertyKind::List,
            other => {
                let field = format!("{field}.kind");
                return Err(self.field(&field, other.to_string(), "1 (SZ) to 4 (MULTI_SZ)"));
            }
        };
        let default = self.text(&format!("{field}.default"), property.default, TEXT_MAX)?;
        let required = property.flags & abi::PROPERTY_REQUIRED != 0;
        if matches!(kind, PropertyKind::Dword | PropertyKind::Bool) && !required {
            let fits = default
                .parse::<u32>()
                .is_ok_and(|number| (property.min..=property.max).contains(&u64::from(number)));
            if !fits {
                let expected = format!("a number from {} to {}", property.min, property.max);
                let name = self.text(&format!("{field}.name"), property.name, NAME_MAX)?;
                return Err(self.field(
                    &format!("{field}.default"),
                    format!("`{default}` (of the property `{name}`)"),
                    expected,
                ));
            }
        }
        Ok(PropertyInfo {
            name: self.name(&format!("{field}.name"), property.name)?,
            kind,
            unit: self.text(&format!("{field}.unit"), property.unit, NAME_MAX)?,
            doc: self.text(&format!("{field}.doc"), property.doc, TEXT_MAX)?,
            default,
            min: property.min,
            max: property.max,
            required,
            at_online: property.flags & abi::PROPERTY_AT_ONLINE != 0,
        })
    }
}
