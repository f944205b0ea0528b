//! What a cluster is made of: names and ids, states, properties with their units and defaults, the
//! cluster definition and the messages between the cluster service and its resource monitor.
//!
//! Nothing here acts. Every other crate speaks in these words.
#![forbid(unsafe_code)]

mod checkpoints;
mod cluster_group;
pub mod control;
mod definition;
mod diagnostic;
pub mod errors;
pub mod events;
mod facts;
mod fault;
mod file;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod ids;
pub mod monitor;
mod name_map;
mod order;
mod places;
mod plugins;
mod policy;
mod product;
mod properties;
mod reason;
pub mod rules;
mod source;
mod spelling;
mod states;
mod status;
mod suggest;
mod switches;
mod time;
pub mod types;
mod virtual_server;

pub use checkpoints::{
    CHECKPOINT_BYTES_MAX, CHECKPOINT_KEY_MAX, CHECKPOINTS_MAX, CheckpointError, Checkpoints,
};
pub use cluster_group::{CLUSTER_GROUP, ClusterGroupRequest};
pub use definition::*;
pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use facts::*;
pub use fault::{
    Chance, ClockFault, Damage, DiskFault, DiskPlace, Drive, Fault, FaultId, MachineFault,
    NameFault, NetworkFault, ProcessFault, Repair, ShareFault,
};
pub use file::{
    Ask, CLUSTER_PORT, FILE_FIELDS, FILE_RECORDS, FieldKind, FileField, Loaded, LogLevel, NodeFile,
    Ready, ServiceCommand, add_virtual_server, cluster_file_as_json, cluster_file_schema, load,
    load_node_file, parse, parse_node_file,
};
pub use ids::{Name, NodeId, called, same_name};
pub use name_map::{NameMap, Slot, Sought};
pub use order::{AdminOp, Object};
pub use plugins::{ForeignProperty, ForeignResource, PluginSettings};
pub use policy::{POLICY_MAX_BYTES, PolicyReference, PolicyScript};
pub use product::{Once, Product};
pub use properties::*;
pub use reason::Reason;
pub use states::{GroupState, NodeState, ResourceState};
pub use status::{
    Breach, ClientCalls, ClientReport, ClientStatus, DiskStatus, GroupStatus, NetworkStatus,
    NodeStatus, QuorumStatus, ResourceStatus,
};
pub use suggest::nearest;
pub use switches::StartSwitches;
pub use time::{Lasting, Time};
pub use virtual_server::{
    EXCHANGE, PRODUCTS, StorageGroup, VIRTUAL_SERVER_CLASS, VirtualServerRequest,
};
