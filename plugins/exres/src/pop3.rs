//! `Microsoft Exchange POP3 Server Instance`: mailboxes for POP3 clients; optional.

use quorate_sdk::{Number, Property, TypeInfo};

use crate::proxy::{IS_ALIVE_TIMEOUT, Kind, Protocol};

const PORT: Property<Number> = Property::number("Port")
    .doc("TCP port it answers on")
    .range(1, 65_535)
    .default("110")
    .at_online();

/// The POP3 virtual server.
#[derive(Debug)]
pub struct Pop3;

impl Kind for Pop3 {
    const TYPE: TypeInfo = TypeInfo::new(
        "Microsoft Exchange POP3 Server Instance",
        "Mailboxes for POP3 clients",
    )
    .properties(const { &[PORT.any(), IS_ALIVE_TIMEOUT.any()] })
    .watches_itself();
    const SERVICE: &'static str = "POP3Svc";
    const PROTOCOL: Option<Protocol> = Some(Protocol {
        name: "pop3",
        port: &PORT,
    });
}
