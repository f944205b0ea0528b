//! The resource types of an Exchange virtual server.
//!
//! Each is a proxy, as the original's Exres is (docs/semantics.md, 2.1): Online starts a service and waits until it
//! runs, a probe checks it every ten seconds, and IsAlive returns the result of the last probe. The common part is in
//! [`proxy`]; each type has a file for its own part.
//!
//! | type | service | probe |
//! | --- | --- | --- |
//! | [`SystemAttendant`] | MSExchangeSA | the service controller |
//! | [`InformationStore`] | MSExchangeIS | a call into the store |
//! | [`Smtp`], [`Imap4`], [`Pop3`], [`Http`] | SMTPSVC, IMAP4Svc, POP3Svc, W3SVC | the port's banner |
//! | [`MsSearch`] | MSSEARCH | the service controller |
//! | [`MessageTransferAgent`] | MSExchangeMTA | the service controller |
//! | [`Routing`] | RESvc | the service controller; it looks at the links to other virtual servers, too |
#![forbid(unsafe_code)]

mod attendant;
mod http;
mod imap4;
mod mta;
mod pop3;
pub mod proxy;
mod routing;
mod search;
mod smtp;
mod store;
#[cfg(test)]
mod tests;

pub use attendant::SystemAttendant;
pub use http::Http;
pub use imap4::Imap4;
pub use mta::MessageTransferAgent;
pub use pop3::Pop3;
pub use proxy::Exchange;
pub use routing::Routing;
pub use search::MsSearch;
pub use smtp::Smtp;
pub use store::InformationStore;

quorate_sdk::export_plugin! {
    name: "exres",
    version: env!("CARGO_PKG_VERSION"),
    description: "The resource types of an Exchange virtual server",
    types: [
        Exchange<SystemAttendant>,
        Exchange<InformationStore>,
        Exchange<Smtp>,
        Exchange<Imap4>,
        Exchange<Pop3>,
        Exchange<Http>,
        Exchange<MsSearch>,
        Exchange<MessageTransferAgent>,
        Exchange<Routing>,
    ],
}
