//! Loads plugins, calls them safely, and is the resource monitor of a node.

mod services;

pub use services::{Caller, ServiceError, ServiceResult, ServiceState, Services};
