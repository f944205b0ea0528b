//! `Microsoft Exchange Routing Service`: builds the link state tables.

use quorate_sdk::TypeInfo;

use crate::proxy::{IS_ALIVE_TIMEOUT, Kind};

/// The routing service.
#[derive(Debug)]
pub struct Routing;

impl Kind for Routing {
    const TYPE: TypeInfo = TypeInfo::new(
        "Microsoft Exchange Routing Service",
        "Builds the link state tables",
    )
    .properties(const { &[IS_ALIVE_TIMEOUT.any()] })
    .watches_itself();
    const SERVICE: &'static str = "RESvc";
}
