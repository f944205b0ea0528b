//! What this node has heard of another.

use quorate_model::{Name, Time};

use crate::bounds;
use crate::message::{Heartbeat, Standing};

/// A peer's card on one network.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interface {
    /// When something last came in on it.
    pub(crate) heard: Option<Time>,
    /// Whether it was last reported as reachable.
    pub(crate) up: bool,
}

impl Interface {
    /// Whether nothing has come in on it for two heartbeats.
    pub(crate) fn is_silent(&self, now: Time) -> bool {
        self.heard
            .is_none_or(|heard| now.since(heard) >= bounds::INTERFACE_SILENCE)
    }
}

/// Another configured node.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    /// The boot last heard of.
    pub(crate) incarnation: u64,
    pub(crate) standing: Standing,
    /// When this node last heard it at all.
    pub(crate) heard: Option<Time>,
    /// The latest time that it gave, by its own clock.
    pub(crate) sent: u64,
    /// When (own clock) this node sent the newest heartbeat that the peer has confirmed: contact both ways.
    pub(crate) contact: Option<Time>,
    /// Its cards by network, in the order of the networks' names.
    pub(crate) interfaces: Vec<(Name, Interface)>,
    /// Its last heartbeat said that it knows a quorate coordinator.
    pub(crate) quorate: bool,
    /// It said that this boot of it runs nothing any more.
    pub(crate) gone: bool,
    /// It has been reported that it is not taken for a node of this cluster.
    pub(crate) stranger: bool,
    /// The copy of the database that it last came with, if it must have another one.
    pub(crate) shown: Option<u64>,
}

impl Default for Peer {
    fn default() -> Self {
        Peer {
            incarnation: 0,
            standing: Standing::Joining,
            heard: None,
            sent: 0,
            contact: None,
            interfaces: Vec::new(),
            quorate: false,
            gone: false,
            stranger: false,
            shown: None,
        }
    }
}

impl Peer {
    /// Takes in a heartbeat. `echo` is this node's own clock as the peer last heard it.
    pub(crate) fn take(&mut self, heartbeat: &Heartbeat, now: Time, echo: Option<u64>) {
        self.standing = heartbeat.standing;
        self.sent = self.sent.max(heartbeat.sent);
        self.quorate = heartbeat.quorate;
        if let Some(echo) = echo {
            self.contact = Some(self.contact.map_or(Time(echo), |old| old.max(Time(echo))));
        }
        self.heard = Some(now);
    }

    /// Whether a heartbeat says of it what is known, and it is in reach.
    pub(crate) fn is_as_it_was(&self, heartbeat: &Heartbeat, now: Time) -> bool {
        self.standing == heartbeat.standing
            && self.quorate == heartbeat.quorate
            && self.in_contact(now, bounds::IN_REACH)
            && !self.gone
    }

    /// Whether its card on a network is known to work.
    pub(crate) fn has_card_up(&self, network: &Name) -> bool {
        let mut cards = self.interfaces.iter();
        cards.any(|(name, card)| card.up && name == network)
    }

    /// Its card on a network.
    pub(crate) fn interface(&mut self, network: &Name) -> &mut Interface {
        let mut cards = self.interfaces.iter();
        let place = match cards.position(|(name, _)| name == network) {
            Some(place) => place,
            None => {
                let before = |(name, _): &(Name, Interface)| name < network;
                let place = self.interfaces.partition_point(before);
                let card = (network.clone(), Interface::default());
                self.interfaces.insert(place, card);
                place
            }
        };
        &mut self.interfaces[place].1
    }

    /// It has started anew: what was known of its earlier boot is void.
    pub(crate) fn restart(&mut self, incarnation: u64) {
        let interfaces = std::mem::take(&mut self.interfaces);
        *self = Peer {
            incarnation,
            interfaces,
            ..Peer::default()
        };
    }

    /// Whether there was contact both ways within `silence` before now.
    pub(crate) fn in_contact(&self, now: Time, silence: std::time::Duration) -> bool {
        self.contact
            .is_some_and(|contact| now.since(contact) < silence)
    }

    /// Whether it was heard, one way at least, within two heartbeats.
    pub(crate) fn is_audible(&self, now: Time) -> bool {
        self.heard
            .is_some_and(|heard| now.since(heard) < bounds::INTERFACE_SILENCE)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_node_that_has_started_anew_has_its_cards_and_nothing_else_of_its_earlier_boot() {
        let mut peer = Peer {
            incarnation: 4,
            standing: Standing::Member,
            heard: Some(Time::ZERO),
            contact: Some(Time::ZERO),
            quorate: true,
            gone: true,
            interfaces: [("Private".into(), Interface::default())].into(),
            ..Peer::default()
        };
        peer.restart(7);
        assert_eq!((peer.incarnation, peer.interfaces.len()), (7, 1));
        assert_eq!((peer.heard, peer.contact), (None, None));
        assert!(!peer.quorate && !peer.gone);
    }

    #[test]
    fn a_node_is_audible_for_two_heartbeats() {
        let mut peer = Peer::default();
        let silence = bounds::INTERFACE_SILENCE;
        assert!(!peer.is_audible(Time::ZERO));
        peer.heard = Some(Time::ZERO);
        assert!(peer.is_audible(Time::ZERO + (silence - Duration::from_micros(1))));
        assert!(!peer.is_audible(Time::ZERO + silence));
    }
}
