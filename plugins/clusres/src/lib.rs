//! The stock resource types of a cluster.
//!
//! | type | what it stands for |
//! | --- | --- |
//! | [`PhysicalDisk`] | a shared disk, held by its reservation; can be the quorum resource |
//! | [`IpAddress`] | a virtual address, static or leased |
//! | [`NetworkName`] | a virtual computer name |
//! | [`GenericService`], [`GenericApplication`] | any service, any program |
//! | [`GenericScript`] | anything, written in Rhai |
//! | [`FileShare`] | a share on a shared disk |
//! | [`TransactionCoordinator`] | MSDTC |
//! | [`MajorityNodeSet`] | the quorum resource of a majority node set cluster |
//!
//! Each type has a file here, with its tests; [`script`] also contains the engine that runs scripts. The common part
//! of the types for one service or program is in [`program`].
#![forbid(unsafe_code)]

mod application;
mod disk;
mod ip_address;
mod majority;
mod network_name;
pub mod program;
pub mod script;
mod service;
mod share;
mod transaction;

pub use application::GenericApplication;
pub use disk::PhysicalDisk;
pub use ip_address::IpAddress;
pub use majority::MajorityNodeSet;
pub use network_name::NetworkName;
pub use script::GenericScript;
pub use service::GenericService;
pub use share::FileShare;
pub use transaction::TransactionCoordinator;

quorate_sdk::export_plugin! {
    name: "clusres",
    version: env!("CARGO_PKG_VERSION"),
    description: "The stock resource types of a cluster",
    types: [
        PhysicalDisk,
        IpAddress,
        NetworkName,
        GenericService,
        GenericApplication,
        GenericScript,
        FileShare,
        TransactionCoordinator,
        MajorityNodeSet,
    ],
}
