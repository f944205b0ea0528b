//! `Microsoft Exchange HTTP Server Instance`: mailboxes and public folders over HTTP.

use quorate_sdk::{Number, Property, TypeInfo};

use crate::proxy::{IS_ALIVE_TIMEOUT, Kind, Protocol};

const PORT: Property<Number> = Property::number("Port")
    .doc("TCP port it answers on")
    .range(1, 65_535)
    .default("80")
    .at_online();

/// The HTTP virtual server.
#[derive(Debug)]
pub struct Http;

impl Kind for Http {
    const TYPE: TypeInfo = TypeInfo::new(
        "Microsoft Exchange HTTP Server Instance",
        "Mailboxes and public folders over HTTP",
    )
    .properties(const { &[PORT.any(), IS_ALIVE_TIMEOUT.any()] })
    .watches_itself();
    const SERVICE: &'static str = "W3SVC";
    const PROTOCOL: Option<Protocol> = Some(Protocol {
        name: "http",
        port: &PORT,
    });
}
