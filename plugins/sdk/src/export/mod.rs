//! The parts of [`export_plugin!`](crate::export_plugin): the plugin block, the tables, the start-up function.
//!
//! Everything that needs `unsafe` is here, so a plugin's own source has none and may forbid it.

mod block;
mod host;
mod instance;
mod panics;
mod table;

pub use block::{TypeEntry, host_target, plugin_block, startup, type_block};
pub use quorate_abi as abi;

pub(crate) use host::set_host;
pub(crate) use table::Export;

/// Exports the resource types of a plugin library: the one symbol that a host looks for.
///
/// Use it once per `cdylib`, at the top of its `lib.rs`. One loaded image serves every node, so the plugin must keep
/// no process-wide state: no `static` that changes. `types` are types that implement [`Resource`](crate::Resource).
///
/// The macro expands to code of this crate, including its `unsafe`, so the plugin may have `#![forbid(unsafe_code)]`.
///
/// ```
/// #![forbid(unsafe_code)]
/// use quorate_sdk::{Context, Error, Progress, Resource, TypeInfo};
///
/// struct Nothing;
///
/// impl Resource for Nothing {
///     const TYPE: TypeInfo = TypeInfo::new("Nothing", "Is online when asked");
///
///     fn open(_: &Context) -> Result<Self, Error> {
///         Ok(Nothing)
///     }
///     fn online(&mut self, _: &mut Context) -> Result<Progress, Error> {
///         Ok(Progress::Done)
///     }
///     fn terminate(&mut self, _: &mut Context) {}
///     fn is_alive(&mut self, _: &mut Context) -> Result<(), Error> {
///         Ok(())
///     }
/// }
///
/// quorate_sdk::export_plugin! {
///     name: "nothing",
///     version: env!("CARGO_PKG_VERSION"),
///     description: "A type that does nothing",
///     types: [Nothing],
/// }
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! export_plugin {
    (
        name: $name:expr,
        version: $version:expr,
        description: $description:expr,
        types: [$($type:ty),+ $(,)?] $(,)?
    ) => {
        const _: () = {
            use $crate::export::abi;

            #[cfg(panic = "abort")]
            compile_error!(
                "a Quorate plugin needs `panic = \"unwind\"`: with `abort` one panic would end the host"
            );

            static ENTRIES: &[$crate::export::TypeEntry] =
                &[$($crate::export::TypeEntry::of::<$type>()),+];
            static TYPES: [abi::QrType; ENTRIES.len()] =
                [$($crate::export::type_block::<$type>()),+];
            static PLUGIN: abi::QrPlugin = $crate::export::plugin_block(
                $name,
                $version,
                $description,
                &TYPES,
                startup,
            );

            unsafe extern "C" fn startup(
                type_name: abi::QrStr,
                min_version: u32,
                max_version: u32,
                host: *const abi::QrHost,
                table: *mut *const abi::QrTable,
            ) -> u32 {
                // SAFETY: the host keeps the contract of `QrStartupFn`.
                unsafe {
                    $crate::export::startup(
                        ENTRIES, type_name, min_version, max_version, host, table,
                    )
                }
            }

            // SAFETY: the contract's symbol, once in a plugin library.
            #[unsafe(no_mangle)]
            pub extern "C" fn quorate_plugin_v1() -> *const abi::QrPlugin {
                &raw const PLUGIN
            }
        };
    };
}
