//! `Microsoft Exchange IMAP4 Server Instance`: mailboxes for IMAP4 clients; optional.

use quorate_sdk::{Number, Property, TypeInfo};

use crate::proxy::{IS_ALIVE_TIMEOUT, Kind, Protocol};

const PORT: Property<Number> = Property::number("Port")
    .doc("TCP port it answers on")
    .range(1, 65_535)
    .default("143")
    .at_online();

/// The IMAP4 virtual server.
#[derive(Debug)]
pub struct Imap4;

impl Kind for Imap4 {
    const TYPE: TypeInfo = TypeInfo::new(
        "Microsoft Exchange IMAP4 Server Instance",
        "Mailboxes for IMAP4 clients",
    )
    .properties(const { &[PORT.any(), IS_ALIVE_TIMEOUT.any()] })
    .watches_itself();
    const SERVICE: &'static str = "IMAP4Svc";
    const PROTOCOL: Option<Protocol> = Some(Protocol {
        name: "imap4",
        port: &PORT,
    });
}
