//! How devices and their errors read in what an administrator is told.

use std::fmt;

use crate::io::{Device, DiskError};

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Device::System => f.write_str("the system disk"),
            Device::Shared(disk) => write!(f, "{disk}"),
        }
    }
}

impl fmt::Display for DiskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DiskError::NotReserved => "it is not reserved for this node",
            DiskError::NotMounted => "it is not mounted here",
            DiskError::Device => "the device does not answer, or reports an error",
            DiskError::Full => "it is full (error 112)",
            DiskError::WriteProtected => "it is write-protected (error 19)",
            DiskError::NotFlushed => "it could not flush what was written (error 1117)",
        })
    }
}
