//! Control codes for `resource_control` and `resource_type_control`: the original's (CLUSCTL).
//!
//! What is said to be text is UTF-8 without an end mark, and a number is four bytes, the lowest first.

/// What the resource can be: a number, 1 where its type can be the quorum.
pub const CLUSCTL_RESOURCE_GET_CHARACTERISTICS: u32 = 0x0100_0005;
/// What kind of thing it is: two numbers, class (1 storage, 0 no class) and subclass (0x80000000 shared).
pub const CLUSCTL_RESOURCE_GET_CLASS_INFO: u32 = 0x0100_000d;
/// The types that it has to depend on: one a line.
pub const CLUSCTL_RESOURCE_GET_REQUIRED_DEPENDENCIES: u32 = 0x0100_0011;
/// The resource's name.
pub const CLUSCTL_RESOURCE_GET_NAME: u32 = 0x0100_0029;
/// The name of its type.
pub const CLUSCTL_RESOURCE_GET_RESOURCE_TYPE: u32 = 0x0100_002d;
/// The names of its common properties: one a line.
pub const CLUSCTL_RESOURCE_ENUM_COMMON_PROPERTIES: u32 = 0x0100_0051;
/// The names of its private properties: one a line.
pub const CLUSCTL_RESOURCE_ENUM_PRIVATE_PROPERTIES: u32 = 0x0100_0079;
/// Its private properties: one `Name=Value` a line.
pub const CLUSCTL_RESOURCE_GET_PRIVATE_PROPERTIES: u32 = 0x0100_0081;
/// The name in the network of a Network Name.
pub const CLUSCTL_RESOURCE_GET_NETWORK_NAME: u32 = 0x0100_0169;
/// What there is to say of a disk: one `Name=Value` a line.
pub const CLUSCTL_RESOURCE_STORAGE_GET_DISK_INFO: u32 = 0x0100_0191;
/// Whether a path, the input, is on the disk: no output, or error 3.
pub const CLUSCTL_RESOURCE_STORAGE_IS_PATH_VALID: u32 = 0x0100_0199;
/// What resources of the type can be: a number, 1 where the type can be the quorum.
pub const CLUSCTL_RESOURCE_TYPE_GET_CHARACTERISTICS: u32 = 0x0200_0005;
/// What kind of thing they are, as for a resource.
pub const CLUSCTL_RESOURCE_TYPE_GET_CLASS_INFO: u32 = 0x0200_000d;
/// The types that they have to depend on: one a line.
pub const CLUSCTL_RESOURCE_TYPE_GET_REQUIRED_DEPENDENCIES: u32 = 0x0200_0011;
/// The names of the private properties that they have: one a line.
pub const CLUSCTL_RESOURCE_TYPE_ENUM_PRIVATE_PROPERTIES: u32 = 0x0200_0079;
/// The first of a plugin's own codes for a resource. The next is 4 more, up to 0x012f_fffc.
pub const CLUSCTL_RESOURCE_USER: u32 = 0x0120_0000;
/// The first of a plugin's own codes for a resource type. The next is 4 more, up to 0x022f_fffc.
pub const CLUSCTL_RESOURCE_TYPE_USER: u32 = 0x0220_0000;
