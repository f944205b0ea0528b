//! The numbers of the events that a cluster service and its resource monitor report. The numbers are the original's
//! (docs/semantics.md, 6.2); the names are this project's and follow what the events mean here.

/// The node halts, since it is cut off.
pub const EVENT_CUT_OFF: u32 = 1006;
/// The node's own copy of the quorum log is damaged.
pub const EVENT_LOG_DAMAGED: u32 = 1019;
/// The quorum disk is lost, or was not won.
pub const EVENT_QUORUM_DISK_LOST: u32 = 1038;
/// The database cannot be used.
pub const EVENT_DATABASE_UNUSABLE: u32 = 1057;
/// The node did not join.
pub const EVENT_NOT_JOINED: u32 = 1070;
/// The node halts, since its data contradicts that of the others.
pub const EVENT_CONTRADICTION: u32 = 1073;
/// A write of the database was refused, or takes too long.
pub const EVENT_WRITE_REFUSED: u32 = 1080;
/// No cluster could be formed.
pub const EVENT_NOT_FORMED: u32 = 1092;
/// A resource monitor died, and another is started.
pub const EVENT_MONITOR_DIED: u32 = 1146;
/// The quorum log cannot be used.
pub const EVENT_LOG_UNUSABLE: u32 = 1148;
/// Quorum was lost.
pub const EVENT_QUORUM_LOST: u32 = 1177;
/// The file share witness does not answer.
pub const EVENT_WITNESS_SILENT: u32 = 1562;
/// The file share witness is not the one that it was.
pub const EVENT_WITNESS_CHANGED: u32 = 1564;
