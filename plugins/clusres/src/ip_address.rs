//! `IP Address`: a virtual address, static or leased.

use std::net::Ipv4Addr;
use std::time::Duration;

use quorate_sdk::{Context, Error, Flag, Progress, Property, Resource, Text, TypeInfo, codes};

const ADDRESS: Property<Text> = Property::text("Address")
    .doc("The address; not needed with EnableDhcp")
    .at_online();
const SUBNET_MASK: Property<Text> = Property::text("SubnetMask")
    .doc("Its subnet mask, such as 255.255.255.0")
    .at_online();
const NETWORK: Property<Text> = Property::text("Network")
    .doc("The network whose card carries it")
    .required()
    .at_online();
const ENABLE_DHCP: Property<Flag> = Property::flag("EnableDhcp")
    .doc("Lease the address from the network's DHCP server")
    .at_online();

/// The longest wait after an unanswered renewal until the next attempt.
const RETRY_MAX: Duration = Duration::from_secs(60);

/// A lease from a DHCP server.
#[derive(Debug)]
struct Held {
    /// When the lease ends, by the node's clock.
    until: Duration,
}

/// A virtual address.
#[derive(Debug, Default)]
pub struct IpAddress {
    network: String,
    /// The plumbed address, if there is one.
    address: Option<String>,
    lease: Option<Held>,
    /// Why the lease was lost, if it was.
    lost: Option<Error>,
}

impl IpAddress {
    fn static_address(ctx: &Context) -> Result<String, Error> {
        let address = ctx.properties().get(&ADDRESS)?;
        let mask = ctx.properties().get(&SUBNET_MASK)?;
        if address.is_empty() {
            return Err(Error::property(
                "Address",
                "it is not set, and EnableDhcp is off",
            ));
        }
        if address.parse::<Ipv4Addr>().is_err() {
            return Err(Error::property(
                "Address",
                format!("`{address}` is no IPv4 address"),
            ));
        }
        if !mask.is_empty() && !is_mask(&mask) {
            return Err(Error::property(
                "SubnetMask",
                format!("`{mask}` is no subnet mask"),
            ));
        }
        Ok(address)
    }

    /// Takes a lease and returns its address. The next renewal is due after half of the lease time.
    fn take_lease(&mut self, ctx: &mut Context) -> Result<String, Error> {
        let lease = ctx.address(&self.network).lease()?;
        let now = ctx.clock().now()?;
        self.lease = Some(Held {
            until: now + lease.duration,
        });
        ctx.wake_after(lease.duration / 2);
        Ok(lease.address)
    }

    fn remove(&mut self, ctx: &Context) -> Result<(), Error> {
        self.lease = None;
        self.lost = None;
        match self.address.take() {
            Some(address) => ctx.address(&self.network).remove(&address),
            None => Ok(()),
        }
    }

    /// The lease is lost: this node may not use the address any longer.
    fn lose(&mut self, ctx: &mut Context, why: Error) {
        ctx.log().error(why.text());
        if let Err(error) = self.remove(ctx) {
            ctx.log().warning(error.text());
        }
        self.lost = Some(why.clone());
        ctx.signal(why);
    }
}

/// Whether the bits are ones followed by zeros.
fn is_mask(text: &str) -> bool {
    text.parse::<Ipv4Addr>().is_ok_and(|mask| {
        let bits = u32::from(mask);
        bits.leading_ones() + bits.trailing_zeros() == u32::BITS
    })
}

impl Resource for IpAddress {
    const TYPE: TypeInfo = TypeInfo::new("IP Address", "A virtual address, static or leased")
        .properties(
            const {
                &[
                    ADDRESS.any(),
                    SUBNET_MASK.any(),
                    NETWORK.any(),
                    ENABLE_DHCP.any(),
                ]
            },
        );

    fn open(_: &Context) -> Result<Self, Error> {
        Ok(IpAddress::default())
    }

    fn online(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        self.lost = None;
        self.network = ctx.properties().get(&NETWORK)?;
        let address = if ctx.properties().get(&ENABLE_DHCP)? {
            self.take_lease(ctx)?
        } else {
            IpAddress::static_address(ctx)?
        };
        ctx.address(&self.network).add(&address)?;
        if self.lease.is_some() {
            // Dependents ask for the property Address, and the leased address is not the configured one.
            ctx.properties().publish(ADDRESS.name(), &address)?;
        }
        self.address = Some(address);
        Ok(Progress::Done)
    }

    fn offline(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        self.remove(ctx)?;
        Ok(Progress::Done)
    }

    fn terminate(&mut self, ctx: &mut Context) {
        if let Err(error) = self.remove(ctx) {
            ctx.log().warning(error.text());
        }
    }

    /// The address is plumbed here, its card and network work, and nobody else answers for it.
    fn is_alive(&mut self, ctx: &mut Context) -> Result<(), Error> {
        if let Some(why) = &self.lost {
            return Err(why.clone());
        }
        match &self.address {
            Some(address) => ctx.address(&self.network).works(address),
            None => Err(Error::new(codes::ERROR_NOT_FOUND, "no address is plumbed")),
        }
    }

    /// Renews the lease after half of its time. Without an answer it tries again until the lease ends.
    fn watch(&mut self, ctx: &mut Context) {
        let (Some(address), Some(held)) = (self.address.clone(), &self.lease) else {
            return;
        };
        let until = held.until;
        match self.take_lease(ctx) {
            Ok(same) if same == address => {}
            Ok(other) => {
                let why = format!("the DHCP server gave {other} in place of {address}");
                self.lose(ctx, Error::failed(why));
            }
            Err(error) => {
                let left = ctx
                    .clock()
                    .now()
                    .map_or(Duration::ZERO, |now| until.saturating_sub(now));
                if left.is_zero() {
                    self.lose(ctx, error.context("the lease has run out"));
                } else {
                    ctx.log().warning(error.text());
                    // At the end of the lease at the latest, but never without time passing before it.
                    ctx.wake_after(
                        (left / 4)
                            .clamp(Duration::from_secs(1), RETRY_MAX)
                            .min(left),
                    );
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use quorate_sdk::test::{Builder, State, World};

    use super::*;

    const ADDR: &str = "10.0.0.21";

    fn address(world: &World) -> Builder<IpAddress> {
        world
            .resource::<IpAddress>("EVS1 IP Address")
            .property("Address", ADDR)
            .property("SubnetMask", "255.255.255.0")
            .property("Network", "Public")
    }

    #[test]
    fn it_is_plumbed_online_and_gone_offline() {
        let world = World::new();
        let ip = address(&world).open().unwrap();
        ip.online().unwrap();
        assert_eq!(
            world.address("Public", ADDR).owner().as_deref(),
            Some("NODE1")
        );
        ip.is_alive().unwrap();
        ip.offline().unwrap();
        assert_eq!(world.address("Public", ADDR).owner(), None);
        ip.online().unwrap();
        ip.terminate();
        assert_eq!(world.address("Public", ADDR).owner(), None);
    }

    #[test]
    fn an_address_that_answers_elsewhere_is_refused() {
        let world = World::new();
        world.address("Public", ADDR).occupy();
        let error = address(&world).open().unwrap().online().unwrap_err();
        assert_eq!(error.code(), codes::ERROR_CLUSTER_IPADDR_IN_USE);
        assert_eq!(
            error.text(),
            "add address 10.0.0.21 on network `Public`: the address is in use already (5057)"
        );
    }

    #[test]
    fn a_broken_card_fails_it() {
        let world = World::new();
        let ip = address(&world).open().unwrap();
        ip.online().unwrap();
        world.node("NODE1").break_card("Private");
        ip.is_alive().unwrap();
        world.node("NODE1").break_card("Public");
        world.run(Duration::from_secs(5));
        assert_eq!(ip.state(), State::Failed);
        assert!(
            ip.last_error().contains("card does not work"),
            "{}",
            ip.last_error()
        );
        assert!(ip.online().is_err());
        world.node("NODE1").mend_card("Public");
        ip.online().unwrap();
    }

    #[test]
    fn bad_properties_are_refused_by_name() {
        let world = World::new();
        for (property, value, wanted) in [
            (
                "Address",
                "10.0.0.256",
                "property Address: `10.0.0.256` is no IPv4 address",
            ),
            (
                "Address",
                "",
                "property Address: it is not set, and EnableDhcp is off",
            ),
            (
                "SubnetMask",
                "255.0.255.0",
                "property SubnetMask: `255.0.255.0` is no subnet mask",
            ),
            (
                "Network",
                "",
                "property Network: it is required and is not set",
            ),
        ] {
            let ip = address(&world).property(property, value).open().unwrap();
            let error = ip.online().unwrap_err();
            assert_eq!(
                (error.code(), error.text()),
                (codes::ERROR_RESOURCE_PROPERTY, wanted)
            );
        }
    }

    #[test]
    fn a_lease_is_renewed_at_half_its_time() {
        let world = World::new();
        let dhcp = world.dhcp("Public");
        let ip = address(&world).property("EnableDhcp", 1).open().unwrap();
        assert!(ip.online().is_err(), "no server answers");
        dhcp.give("10.0.0.77", Duration::from_secs(600));
        ip.online().unwrap();
        assert_eq!(
            world.address("Public", "10.0.0.77").owner().as_deref(),
            Some("NODE1")
        );
        world.run(Duration::from_secs(3_600));
        assert_eq!(ip.state(), State::Online);
    }

    #[test]
    fn a_lease_that_is_not_renewed_ends_and_the_address_with_it() {
        let world = World::new();
        let dhcp = world.dhcp("Public");
        dhcp.give("10.0.0.77", Duration::from_secs(600));
        let ip = address(&world).property("EnableDhcp", 1).open().unwrap();
        ip.online().unwrap();
        dhcp.stop();
        world.run(Duration::from_secs(599));
        assert_eq!(ip.state(), State::Online);
        world.run(Duration::from_secs(1));
        assert_eq!(ip.state(), State::Failed);
        assert!(
            ip.last_error().starts_with("the lease has run out"),
            "{}",
            ip.last_error()
        );
        assert_eq!(world.address("Public", "10.0.0.77").owner(), None);
        // It is enough if the server comes back before the lease ends.
        dhcp.give("10.0.0.77", Duration::from_secs(600));
        ip.online().unwrap();
        dhcp.stop();
        world.run(Duration::from_secs(500));
        dhcp.give("10.0.0.77", Duration::from_secs(600));
        world.run(Duration::from_secs(600));
        assert_eq!(ip.state(), State::Online);
    }

    #[test]
    fn a_server_that_gives_another_address_fails_it() {
        let world = World::new();
        let dhcp = world.dhcp("Public");
        dhcp.give("10.0.0.77", Duration::from_secs(600));
        let ip = address(&world).property("EnableDhcp", 1).open().unwrap();
        ip.online().unwrap();
        dhcp.give("10.0.0.78", Duration::from_secs(600));
        world.run(Duration::from_secs(300));
        assert_eq!(ip.state(), State::Failed);
        assert!(ip.last_error().contains("10.0.0.78 in place of 10.0.0.77"));
    }
}
