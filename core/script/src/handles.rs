//! The objects that scripts hold. Each is a name in the open cluster, which is looked up at every use.

use std::rc::Rc;

use quorate_drill::Span;
use quorate_drill::stage::Line;
use quorate_model::{FaultId, Name};
use rhai::Engine;

/// A node, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NodeRef {
    pub(crate) name: Name,
}

/// A node's card in a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NicRef {
    pub(crate) node: Name,
    pub(crate) network: Name,
}

/// A group, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GroupRef {
    pub(crate) name: Name,
}

/// A resource, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ResourceRef {
    pub(crate) name: Name,
}

/// A resource type, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ResourceTypeRef {
    pub(crate) name: Name,
}

/// The answer to a control code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AnswerRef {
    pub(crate) bytes: Rc<Vec<u8>>,
}

/// The processes behind a resource, by the resource's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServiceRef {
    pub(crate) name: Name,
}

/// A network, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NetworkRef {
    pub(crate) name: Name,
}

/// The name server, of which there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DnsRef;

/// A shared disk, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DiskRef {
    pub(crate) name: Name,
}

/// The file share witness, by the share's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WitnessRef {
    pub(crate) name: Name,
}

/// A node's own disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SystemDiskRef {
    pub(crate) node: Name,
}

/// A node's path to a shared disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PathRef {
    pub(crate) node: Name,
    pub(crate) disk: Name,
}

/// The quorum, as it was when it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct QuorumRef {
    pub(crate) status: quorate_model::QuorumStatus,
}

/// Clients of a group, by their number on the stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClientsRef {
    pub(crate) group: Name,
    pub(crate) number: usize,
}

/// An event of the journal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EventRef {
    pub(crate) line: Rc<Line>,
}

/// A fault that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FaultRef {
    pub(crate) handle: FaultId,
    pub(crate) what: String,
}

/// Gives the types the names that scripts and error messages know them by.
pub(crate) fn name_types(engine: &mut Engine) {
    engine
        .register_type_with_name::<Span>("Duration")
        .register_type_with_name::<NodeRef>("Node")
        .register_type_with_name::<NicRef>("Nic")
        .register_type_with_name::<PathRef>("Path")
        .register_type_with_name::<SystemDiskRef>("SystemDisk")
        .register_type_with_name::<GroupRef>("Group")
        .register_type_with_name::<ResourceRef>("Resource")
        .register_type_with_name::<ResourceTypeRef>("ResourceType")
        .register_type_with_name::<AnswerRef>("Answer")
        .register_type_with_name::<ServiceRef>("Service")
        .register_type_with_name::<NetworkRef>("Network")
        .register_type_with_name::<DnsRef>("Dns")
        .register_type_with_name::<DiskRef>("Disk")
        .register_type_with_name::<WitnessRef>("Witness")
        .register_type_with_name::<QuorumRef>("Quorum")
        .register_type_with_name::<ClientsRef>("Clients")
        .register_type_with_name::<EventRef>("Event")
        .register_type_with_name::<FaultRef>("Fault")
        .register_type_with_name::<quorate_drill::Thrown>("Error");
}
