//! `Network Name`: a virtual computer name, which clients find wherever it is online.

use quorate_sdk::{
    Context, Error, Operation, Progress, Property, Resource, SERVICE_POLL, Text, TypeInfo, codes,
    controls,
};

const NAME: Property<Text> = Property::text("Name")
    .doc("The name that clients ask for")
    .required()
    .at_online();

/// The longest computer name that Windows accepts.
const NAME_MAX: usize = 15;

/// A virtual computer name.
#[derive(Debug, Default)]
pub struct NetworkName {
    /// The registered name and address, or those of a registration that the name server has not answered yet.
    registered: Option<(String, String)>,
}

impl NetworkName {
    /// Asks the name server, again and again until it answers.
    fn register(&mut self, ctx: &Context) -> Result<Progress, Error> {
        let Some((name, address)) = &self.registered else {
            return Err(Error::new(codes::ERROR_NOT_FOUND, "no name is registered"));
        };
        match Error::finished(ctx.name(name).register(address)) {
            Ok(Some(())) => Ok(Progress::Done),
            Ok(None) => Ok(Progress::pending(SERVICE_POLL)),
            Err(error) => {
                self.registered = None;
                Err(error)
            }
        }
    }

    fn unregister(&mut self, ctx: &Context) -> Result<(), Error> {
        match self.registered.take() {
            Some((name, _)) => ctx.name(&name).unregister(),
            None => Ok(()),
        }
    }
}

fn check_name(name: &str) -> Result<(), Error> {
    let plain = name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if !plain || name.len() > NAME_MAX {
        return Err(Error::property(
            "Name",
            format!("`{name}` is no computer name: up to 15 letters, digits and hyphens"),
        ));
    }
    Ok(())
}

/// The address of the IP Address that this resource depends on.
fn provider_address(ctx: &Context) -> Result<String, Error> {
    let provider = ctx.properties().provider("IP Address")?;
    let address = provider.text("Address")?;
    if address.is_empty() {
        return Err(Error::new(
            codes::ERROR_RESOURCE_PROPERTY,
            format!(
                "`{}` has no address to register the name for",
                provider.name()
            ),
        ));
    }
    Ok(address)
}

impl Resource for NetworkName {
    const TYPE: TypeInfo = TypeInfo::new("Network Name", "A virtual computer name")
        .properties(const { &[NAME.any()] });

    fn open(_: &Context) -> Result<Self, Error> {
        Ok(NetworkName::default())
    }

    fn online(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        let name = ctx.properties().get(&NAME)?;
        check_name(&name)?;
        let address = provider_address(ctx)?;
        self.registered = Some((name, address));
        self.register(ctx)
    }

    fn work(&mut self, ctx: &mut Context, operation: Operation) -> Result<Progress, Error> {
        match operation {
            Operation::Online => self.register(ctx),
            Operation::Offline | Operation::Arbitrate => Ok(Progress::Done),
        }
    }

    /// The name is given up here even if the name server cannot be told: the next owner registers it anew.
    fn offline(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        self.terminate(ctx);
        Ok(Progress::Done)
    }

    fn terminate(&mut self, ctx: &mut Context) {
        if let Err(error) = self.unregister(ctx) {
            ctx.log().warning(error.text());
        }
    }

    fn control(&mut self, ctx: &mut Context, code: u32, _: &[u8]) -> Result<Vec<u8>, Error> {
        match code {
            controls::CLUSCTL_RESOURCE_GET_NETWORK_NAME => {
                let name = match &self.registered {
                    Some((name, _)) => name.clone(),
                    None => ctx.properties().get(&NAME)?,
                };
                Ok(name.into_bytes())
            }
            controls::CLUSCTL_RESOURCE_GET_REQUIRED_DEPENDENCIES => Ok(b"IP Address".to_vec()),
            _ => Err(Error::unhandled()),
        }
    }

    fn type_control(code: u32, _: &[u8]) -> Result<Vec<u8>, Error> {
        match code {
            controls::CLUSCTL_RESOURCE_TYPE_GET_REQUIRED_DEPENDENCIES => Ok(b"IP Address".to_vec()),
            _ => Err(Error::unhandled()),
        }
    }

    /// The name resolves to this resource's address.
    fn is_alive(&mut self, ctx: &mut Context) -> Result<(), Error> {
        let Some((name, address)) = &self.registered else {
            return Err(Error::new(codes::ERROR_NOT_FOUND, "no name is registered"));
        };
        let found = ctx.name(name).resolve()?;
        if found == *address {
            return Ok(());
        }
        Err(Error::failed(format!(
            "name `{name}` resolves to {found}, not to {address}"
        )))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use quorate_sdk::test::{Instance, State, World};

    use super::*;
    use crate::IpAddress;

    fn name(world: &World, name: &str) -> (Instance, Instance) {
        let ip = world
            .resource::<IpAddress>("EVS1 IP Address")
            .property("Address", "10.0.0.21")
            .property("Network", "Public")
            .open()
            .unwrap();
        let builder = world
            .resource::<NetworkName>("EVS1 Network Name")
            .property("Name", name);
        let name = builder.depends_on(&ip).open().unwrap();
        (ip, name)
    }

    #[test]
    fn it_resolves_to_the_address_it_depends_on() {
        let world = World::new();
        let (ip, name) = name(&world, "EVS1");
        ip.online().unwrap();
        name.online().unwrap();
        assert_eq!(world.name("EVS1").address().as_deref(), Some("10.0.0.21"));
        name.is_alive().unwrap();
        name.offline().unwrap();
        assert_eq!(world.name("EVS1").address(), None);
    }

    #[test]
    fn a_name_that_leads_elsewhere_or_nowhere_fails_it() {
        let world = World::new();
        let (_ip, name) = name(&world, "EVS1");
        name.online().unwrap();
        world.name("EVS1").point_at("10.0.0.99");
        world.run(Duration::from_secs(5));
        assert_eq!(name.state(), State::Failed);
        assert_eq!(
            name.last_error(),
            "name `EVS1` resolves to 10.0.0.99, not to 10.0.0.21"
        );
        name.online().unwrap();
        world.name("EVS1").forget();
        assert!(name.is_alive().is_err());
        name.terminate();
        name.online().unwrap();
    }

    #[test]
    fn it_is_registered_for_the_address_that_was_leased() {
        let world = World::new();
        world
            .dhcp("Public")
            .give("10.0.0.77", Duration::from_secs(600));
        let ip = world
            .resource::<IpAddress>("EVS1 IP Address")
            .property("Network", "Public")
            .property("EnableDhcp", 1)
            .open()
            .unwrap();
        let builder = world.resource::<NetworkName>("N");
        let name = builder.property("Name", "EVS1").depends_on(&ip);
        let name = name.open().unwrap();
        assert!(name.online().is_err(), "nothing is leased yet");
        ip.online().unwrap();
        name.online().unwrap();
        assert_eq!(world.name("EVS1").address().as_deref(), Some("10.0.0.77"));
        name.offline().unwrap();
        ip.offline().unwrap();
        assert!(name.online().is_err(), "the lease is gone");
    }

    #[test]
    fn it_says_its_name_and_what_it_needs() {
        let world = World::new();
        let (_ip, name) = name(&world, "EVS1");
        let asked = controls::CLUSCTL_RESOURCE_GET_NETWORK_NAME;
        assert_eq!(name.control(asked, b"").unwrap(), b"EVS1");
        let needs = controls::CLUSCTL_RESOURCE_GET_REQUIRED_DEPENDENCIES;
        assert_eq!(name.control(needs, b"").unwrap(), b"IP Address");
        assert!(name.control(controls::CLUSCTL_RESOURCE_USER, b"").is_err());
    }

    #[test]
    fn a_name_in_use_is_refused() {
        let world = World::new();
        world.name("EVS1").point_at("10.0.0.99");
        let (_ip, name) = name(&world, "EVS1");
        assert_eq!(name.online().unwrap_err().code(), codes::ERROR_DUP_NAME);
        assert_eq!(
            world.name("EVS1").address().as_deref(),
            Some("10.0.0.99"),
            "left alone"
        );
    }

    #[test]
    fn it_needs_a_name_and_an_address() {
        let world = World::new();
        for bad in ["", "a name", "LONGER-THAN-FIFTEEN"] {
            let (_ip, name) = name(&world, bad);
            assert_eq!(
                name.online().unwrap_err().code(),
                codes::ERROR_RESOURCE_PROPERTY
            );
        }
        let alone = world
            .resource::<NetworkName>("N")
            .property("Name", "EVS1")
            .open()
            .unwrap();
        let error = alone.online().unwrap_err();
        assert_eq!(error.code(), codes::ERROR_DEPENDENCY_NOT_FOUND);
        assert_eq!(
            error.text(),
            "`N` depends on no resource of type IP Address; add the dependency"
        );
    }
}
