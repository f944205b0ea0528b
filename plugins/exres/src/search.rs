//! `Microsoft Exchange MS Search Instance`: content indexing.

use quorate_sdk::TypeInfo;

use crate::proxy::{IS_ALIVE_TIMEOUT, Kind};

/// Content indexing.
#[derive(Debug)]
pub struct MsSearch;

impl Kind for MsSearch {
    const TYPE: TypeInfo =
        TypeInfo::new("Microsoft Exchange MS Search Instance", "Content indexing")
            .properties(const { &[IS_ALIVE_TIMEOUT.any()] })
            .watches_itself();
    const SERVICE: &'static str = "MSSEARCH";
}
