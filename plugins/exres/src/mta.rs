//! `Microsoft Exchange Message Transfer Agent`: talks to X.400 systems; one in a cluster.

use quorate_sdk::TypeInfo;

use crate::proxy::{IS_ALIVE_TIMEOUT, Kind};

/// The message transfer agent.
#[derive(Debug)]
pub struct MessageTransferAgent;

impl Kind for MessageTransferAgent {
    const TYPE: TypeInfo = TypeInfo::new(
        "Microsoft Exchange Message Transfer Agent",
        "Talks to X.400 systems and Exchange 5.5; one in a cluster",
    )
    .properties(const { &[IS_ALIVE_TIMEOUT.any()] })
    .watches_itself();
    const SERVICE: &'static str = "MSExchangeMTA";
}
