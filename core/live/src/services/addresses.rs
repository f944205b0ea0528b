//! Addresses of groups on loopback: every one of 127.0.0.0/8 answers on a machine without being plumbed, so a node only
//! sees to it that no other node of the machine has the same one at the same time.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, UdpSocket};

use quorate_host::ServiceResult;
use quorate_model::errors::{
    ERROR_CLUSTER_IPADDR_IN_USE, ERROR_GEN_FAILURE, ERROR_NETWORK_UNREACHABLE, ERROR_NOT_FOUND,
};

use super::error;

/// The addresses that this node has.
#[derive(Debug)]
pub(super) struct Addresses {
    port: u16,
    /// By network and address, the socket that keeps others from having it.
    held: BTreeMap<(String, String), UdpSocket>,
}

impl Addresses {
    pub(super) fn new(port: u16) -> Self {
        let held = BTreeMap::new();
        Addresses { port, held }
    }

    /// The port that keeps an address for one node.
    #[cfg(test)]
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Takes an address, as long as no other node of this machine has it. Returns whether it is new here.
    pub(super) fn add(&mut self, network: &str, address: &str) -> ServiceResult<bool> {
        let key = (network.to_owned(), address.to_owned());
        if self.held.contains_key(&key) {
            return Ok(false);
        }
        let parsed = address.parse::<Ipv4Addr>().ok();
        let Some(parsed) = parsed.filter(Ipv4Addr::is_loopback) else {
            let text = format!(
                "{address} is no address on loopback (127.x.y.z): others cannot be put on a card yet"
            );
            return error(ERROR_NETWORK_UNREACHABLE, text);
        };
        match UdpSocket::bind((parsed, self.port)) {
            Ok(socket) => {
                self.held.insert(key, socket);
                Ok(true)
            }
            Err(why) if why.kind() == io::ErrorKind::AddrInUse => error(
                ERROR_CLUSTER_IPADDR_IN_USE,
                format!("{address} is in use on this machine"),
            ),
            Err(why) => error(
                ERROR_GEN_FAILURE,
                format!("{address} cannot be taken: {why}"),
            ),
        }
    }

    /// Gives an address up. Returns whether it was here.
    pub(super) fn remove(&mut self, network: &str, address: &str) -> bool {
        let key = (network.to_owned(), address.to_owned());
        self.held.remove(&key).is_some()
    }

    /// Whether the address is here.
    pub(super) fn works(&self, network: &str, address: &str) -> ServiceResult<()> {
        let key = (network.to_owned(), address.to_owned());
        match self.held.contains_key(&key) {
            true => Ok(()),
            false => error(ERROR_NOT_FOUND, format!("{address} is not on this node")),
        }
    }

    /// Gives all up. Returns their networks and addresses.
    pub(super) fn clear(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.held).into_keys().collect()
    }
}
