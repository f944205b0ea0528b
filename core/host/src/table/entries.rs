//! The entries of a resource type, copied from its table.

use quorate_abi::{self as abi, QrStr, QrTable};

macro_rules! entries {
    (
        required { $($field:ident: $ty:ty,)+ }
        optional { $($optional:ident: $opt_ty:ty,)+ }
    ) => {
        /// A type's entries, copied from its table. The required ones are there. Optional ones are `None` if they are
        /// NULL, or if the table is too short to have them.
        #[derive(Clone, Copy, Debug)]
        pub struct Entries {
            $(#[doc = concat!("`", stringify!($field), "`, which each type has.")] pub $field: $ty,)+
            $(#[doc = concat!("`", stringify!($optional), "`, if the type has it.")] pub $optional: Option<$opt_ty>,)+
        }

        impl Entries {
            /// # Safety
            ///
            /// `table` points to a table whose first `size` bytes are valid, and `size` covers every
            /// required entry.
            pub(crate) unsafe fn copy(table: *const QrTable, size: u32) -> Result<Entries, &'static str> {
                Ok(Entries {
                    // SAFETY: required entries lie within `size`; the caller vouches for that.
                    $($field: unsafe { (&raw const (*table).$field).read() }
                        .ok_or(stringify!($field))?,)+
                    $($optional: if covers(size, std::mem::offset_of!(QrTable, $optional)) {
                        // SAFETY: the entry lies within `size`.
                        unsafe { (&raw const (*table).$optional).read() }
                    } else {
                        None
                    },)+
                })
            }
        }
    };
}

entries! {
    required {
        open: unsafe extern "C" fn(QrStr, *const abi::QrInstance, *mut abi::QrResid) -> u32,
        close: unsafe extern "C" fn(abi::QrResid),
        online: WorkEntry,
        offline: WorkEntry,
        terminate: unsafe extern "C" fn(abi::QrResid),
        looks_alive: unsafe extern "C" fn(abi::QrResid) -> u32,
        is_alive: unsafe extern "C" fn(abi::QrResid) -> u32,
    }
    optional {
        arbitrate: WorkEntry,
        release: unsafe extern "C" fn(abi::QrResid) -> u32,
        resource_control: ControlEntry,
        work: WorkEntry,
        last_error: unsafe extern "C" fn(abi::QrResid, *mut u8, u64) -> u64,
        resource_type_control: TypeControlEntry,
        get_extension: unsafe extern "C" fn(QrStr) -> *const std::ffi::c_void,
    }
}

/// An entry that may take time.
pub(crate) type WorkEntry = unsafe extern "C" fn(abi::QrResid, *mut abi::QrWork) -> u32;
/// `ResourceControl`.
pub(crate) type ControlEntry =
    unsafe extern "C" fn(abi::QrResid, u32, *const u8, u64, *mut u8, u64, *mut u64) -> u32;

/// `ResourceTypeControl`.
pub(crate) type TypeControlEntry =
    unsafe extern "C" fn(QrStr, u32, *const u8, u64, *mut u8, u64, *mut u64) -> u32;

/// Whether a table of `size` bytes holds the function pointer at `offset`.
fn covers(size: u32, offset: usize) -> bool {
    size as usize >= offset + size_of::<usize>()
}
