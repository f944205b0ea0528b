//! `Microsoft Exchange SMTP Server Instance`: takes and passes on mail.

use quorate_sdk::{Number, Property, TypeInfo};

use crate::proxy::{IS_ALIVE_TIMEOUT, Kind, Protocol};

const PORT: Property<Number> = Property::number("Port")
    .doc("TCP port it answers on")
    .range(1, 65_535)
    .default("25")
    .at_online();

/// The SMTP virtual server.
#[derive(Debug)]
pub struct Smtp;

impl Kind for Smtp {
    const TYPE: TypeInfo = TypeInfo::new(
        "Microsoft Exchange SMTP Server Instance",
        "Relay and delivery of mail",
    )
    .properties(const { &[PORT.any(), IS_ALIVE_TIMEOUT.any()] })
    .watches_itself();
    const SERVICE: &'static str = "SMTPSVC";
    const PROTOCOL: Option<Protocol> = Some(Protocol {
        name: "smtp",
        port: &PORT,
    });
}
