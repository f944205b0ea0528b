//! Faults that a whole network and a single card have in common.

use std::fmt;

use quorate_drill::Thrown;
use quorate_model::{Name, NetworkFault};
use rhai::{Dynamic, NativeCallContext};

use super::order;
use crate::handles::{FaultRef, NetworkRef, NicRef};
use crate::thrown::{Fallible, Raise};
use crate::values::{chance_arg, span_arg};

/// The network or card with the fault.
pub(super) struct Traffic {
    network: Name,
    /// The node whose card it is; `None` is the whole network.
    node: Option<Name>,
}

impl From<&mut NetworkRef> for Traffic {
    fn from(network: &mut NetworkRef) -> Self {
        Traffic {
            network: network.name.clone(),
            node: None,
        }
    }
}

impl From<&mut NicRef> for Traffic {
    fn from(nic: &mut NicRef) -> Self {
        Traffic {
            network: nic.network.clone(),
            node: Some(nic.node.clone()),
        }
    }
}

impl fmt::Display for Traffic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.node {
            Some(node) => write!(f, "{node}'s card in {}", self.network),
            None => write!(f, "{}", self.network),
        }
    }
}

impl Traffic {
    pub(super) fn loss(
        self,
        context: &NativeCallContext<'_>,
        probability: f64,
    ) -> Fallible<FaultRef> {
        let per_million = chance_arg(context, probability)?;
        let what = format!("{self} began to lose messages");
        let Traffic { network, node } = self;
        let fault = NetworkFault::Loss {
            network,
            node,
            per_million,
        };
        order::inject(context, what, fault)
    }

    pub(super) fn latency(
        self,
        context: &NativeCallContext<'_>,
        latency: &Dynamic,
    ) -> Fallible<FaultRef> {
        let latency = span_arg(context, latency)?.0;
        if latency.is_zero() {
            let text = "what datagrams take must be longer than nothing: `repair` ends what was slow before";
            return Err(Thrown::mistake(text).at(context.call_position()));
        }
        let what = format!("{self} became slow");
        let Traffic { network, node } = self;
        let fault = NetworkFault::Latency {
            network,
            node,
            latency,
        };
        order::inject(context, what, fault)
    }

    pub(super) fn duplicate(
        self,
        context: &NativeCallContext<'_>,
        probability: f64,
    ) -> Fallible<FaultRef> {
        let per_million = chance_arg(context, probability)?;
        let what = format!("{self} began to double datagrams");
        let Traffic { network, node } = self;
        let fault = NetworkFault::Duplicate {
            network,
            node,
            per_million,
        };
        order::inject(context, what, fault)
    }

    pub(super) fn reorder(
        self,
        context: &NativeCallContext<'_>,
        probability: f64,
        by: &Dynamic,
    ) -> Fallible<FaultRef> {
        let per_million = chance_arg(context, probability)?;
        let by = span_arg(context, by)?.0;
        let what = format!("{self} began to reorder datagrams");
        let Traffic { network, node } = self;
        let fault = NetworkFault::Reorder {
            network,
            node,
            per_million,
            by,
        };
        order::inject(context, what, fault)
    }

    pub(super) fn corrupt(
        self,
        context: &NativeCallContext<'_>,
        probability: f64,
    ) -> Fallible<FaultRef> {
        let per_million = chance_arg(context, probability)?;
        let what = format!("{self} began to corrupt datagrams");
        let Traffic { network, node } = self;
        let fault = NetworkFault::Corrupt {
            network,
            node,
            per_million,
        };
        order::inject(context, what, fault)
    }
}
