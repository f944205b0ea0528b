//! `quorate.address/1` and `quorate.name/1`: addresses and names of virtual servers.

use std::time::Duration;

use quorate_abi::{QrAddress, QrName};

use crate::raw::{answer_text, entry, outcome, text};
use crate::{Context, Error};

/// Addresses of virtual servers on one network.
#[derive(Clone, Copy, Debug)]
pub struct Address<'a> {
    ctx: &'a Context,
    network: &'a str,
}

/// A lease from a DHCP server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The address.
    pub address: String,
    /// How long it is valid, from now.
    pub duration: Duration,
}

impl<'a> Address<'a> {
    pub(crate) fn new(ctx: &'a Context, network: &'a str) -> Self {
        Address { ctx, network }
    }

    fn doing(&self, verb: &str, address: &str) -> String {
        format!("{verb} address {address} on network `{}`", self.network)
    }

    /// Plumbs an address on this node's card and announces it.
    ///
    /// # Errors
    /// 5057: it answers elsewhere; 64: the network or its card does not work.
    pub fn add(&self, address: &str) -> Result<(), Error> {
        let add = entry!(self.ctx.tables.address, QrAddress, add)?;
        // SAFETY: the host's function with the instance it gave; texts and buffers live for the call. So below.
        let code = unsafe { add(self.ctx.instance(), text(self.network), text(address)) };
        outcome(code, || self.doing("add", address))
    }

    /// Takes it away.
    ///
    /// # Errors
    /// It is not there.
    pub fn remove(&self, address: &str) -> Result<(), Error> {
        let remove = entry!(self.ctx.tables.address, QrAddress, remove)?;
        // SAFETY: as in `add`.
        let code = unsafe { remove(self.ctx.instance(), text(self.network), text(address)) };
        outcome(code, || self.doing("remove", address))
    }

    /// Whether it is plumbed here and its card and network work.
    ///
    /// # Errors
    /// Why it does not work: 64, the network or its card.
    pub fn works(&self, address: &str) -> Result<(), Error> {
        let works = entry!(self.ctx.tables.address, QrAddress, works)?;
        // SAFETY: as in `add`.
        let code = unsafe { works(self.ctx.instance(), text(self.network), text(address)) };
        outcome(code, || self.doing("check", address))
    }

    /// Asks the network's DHCP server for a lease, or renews the one there is.
    ///
    /// # Errors
    /// No server answers.
    pub fn lease(&self) -> Result<Lease, Error> {
        let lease = entry!(self.ctx.tables.address, QrAddress, lease)?;
        let mut seconds = 0;
        let address = answer_text(
            || format!("lease an address on network `{}`", self.network),
            // SAFETY: as in `add`; `seconds` is writable.
            |buffer, len, needed| unsafe {
                lease(
                    self.ctx.instance(),
                    text(self.network),
                    buffer,
                    len,
                    needed,
                    &raw mut seconds,
                )
            },
        )?;
        Ok(Lease {
            address,
            duration: Duration::from_secs(seconds.into()),
        })
    }
}

/// The network name of a virtual server.
#[derive(Clone, Copy, Debug)]
pub struct NetworkName<'a> {
    ctx: &'a Context,
    name: &'a str,
}

impl<'a> NetworkName<'a> {
    pub(crate) fn new(ctx: &'a Context, name: &'a str) -> Self {
        NetworkName { ctx, name }
    }

    /// Makes the name resolve to `address`.
    ///
    /// # Errors
    /// 52: another has the name.
    pub fn register(&self, address: &str) -> Result<(), Error> {
        let register = entry!(self.ctx.tables.name, QrName, register)?;
        // SAFETY: the host's function with the instance it gave; texts and buffers live for the call. So below.
        let code = unsafe { register(self.ctx.instance(), text(self.name), text(address)) };
        outcome(code, || {
            format!("register name `{}` for {address}", self.name)
        })
    }

    /// Takes it away.
    ///
    /// # Errors
    /// It is not registered.
    pub fn unregister(&self) -> Result<(), Error> {
        let unregister = entry!(self.ctx.tables.name, QrName, unregister)?;
        // SAFETY: as in `register`.
        let code = unsafe { unregister(self.ctx.instance(), text(self.name)) };
        outcome(code, || format!("unregister name `{}`", self.name))
    }

    /// What it resolves to, asked from this node.
    ///
    /// # Errors
    /// 1168: nothing is registered under it.
    pub fn resolve(&self) -> Result<String, Error> {
        let resolve = entry!(self.ctx.tables.name, QrName, resolve)?;
        answer_text(
            || format!("resolve name `{}`", self.name),
            // SAFETY: as in `register`.
            |buffer, len, needed| unsafe {
                resolve(self.ctx.instance(), text(self.name), buffer, len, needed)
            },
        )
    }
}
