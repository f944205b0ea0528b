//! `Microsoft Exchange Routing Service`: builds the link state tables.
//!
//! With every probe it connects to the SMTP port of each other virtual server of the cluster, found by its network
//! name. The table of these links is published as `LinkState`, and changes go into the cluster log. A link that is
//! down is no failure of this resource.

use quorate_sdk::{Context, Error, TypeInfo};

use crate::proxy::{IS_ALIVE_TIMEOUT, Kind};

/// The type of the resource at the other end of a link.
const SMTP: &str = "Microsoft Exchange SMTP Server Instance";

/// What is published: a line for each link, `MAIL2|up` or `MAIL2|down`.
const LINK_STATE: &str = "LinkState";

/// The routing service.
#[derive(Debug)]
pub struct Routing;

impl Kind for Routing {
    const TYPE: TypeInfo = TypeInfo::new(
        "Microsoft Exchange Routing Service",
        "Builds the link state tables",
    )
    .properties(const { &[IS_ALIVE_TIMEOUT.any()] })
    .watches_itself();
    const SERVICE: &'static str = "RESvc";

    fn note(ctx: &Context, before: &str) -> String {
        let table = match table(ctx, before) {
            Ok(table) => table,
            Err(error) => {
                ctx.log().warning(error.text());
                return before.to_owned();
            }
        };
        if table != before
            && let Err(error) = ctx.properties().publish(LINK_STATE, &table)
        {
            ctx.log().warning(error.text());
        }
        table
    }
}

/// Checks the link to each other virtual server of the cluster, and logs what is not as it was `before`. Every virtual server does
/// that with every probe.
fn table(ctx: &Context, before: &str) -> Result<String, Error> {
    let names = ctx.cluster().others("Network Name", "Name")?;
    let names: Vec<_> = names.iter().collect();
    let servers = ctx.cluster().others(SMTP, "Port")?;
    let mut table = String::with_capacity(before.len());
    let mut old = before.lines();
    for (group, port) in servers.iter() {
        let name = names.iter().find(|(of, _)| *of == group);
        let (Some(&(_, name)), Ok(port)) = (name, port.parse()) else {
            continue;
        };
        let answer = connect(ctx, name, port);
        if !table.is_empty() {
            table.push('\n');
        }
        let begin = table.len();
        table.extend([name, "|", if answer.is_ok() { "up" } else { "down" }]);
        let line = &table[begin..];
        // Nearly always it is there, and in its place.
        if old.next() == Some(line) || before.lines().any(|old| old == line) {
            continue;
        }
        match answer {
            Ok(()) => ctx.log().info(format!("the link to {name} is up")),
            Err(why) => ctx
                .log()
                .warning(format!("the link to {name} is down: {why}")),
        }
    }
    Ok(table)
}

fn connect(ctx: &Context, name: &str, port: u32) -> Result<(), Error> {
    let address = ctx.name(name).resolve()?;
    ctx.probe().port(&address, port, "smtp").map(drop)
}

#[cfg(test)]
mod tests {
    use quorate_sdk::test::{State, World};
    use quorate_sdk::{PROBE_PERIOD, Property, Text};

    use super::*;
    use crate::{Exchange, Smtp};

    #[test]
    fn links_to_other_virtual_servers_are_looked_at_and_their_changes_told() {
        let world = World::new();
        let routing = world
            .resource::<Exchange<Routing>>("EVS1 Routing")
            .in_group("EVS1")
            .on("NODE1")
            .open()
            .unwrap();
        routing.online().unwrap();
        let told = || -> Vec<(u32, String)> {
            let log = world.log().into_iter();
            log.filter(|(_, _, text)| text.starts_with("the link to"))
                .map(|(_, level, text)| (level, text))
                .collect()
        };
        world.run(PROBE_PERIOD * 3);
        assert!(told().is_empty(), "it is alone");

        let (address, name) = (world.address("Public", "10.0.0.22"), world.name("MAIL2"));
        address.put_on("NODE2");
        name.point_at("10.0.0.22");
        let _name = world
            .resource::<Exchange<NetworkNameOf>>("EVS2 Network Name")
            .property("Name", "MAIL2")
            .in_group("EVS2")
            .on("NODE2")
            .open()
            .unwrap();
        let smtp = world
            .resource::<Exchange<Smtp>>("EVS2 SMTP")
            .in_group("EVS2")
            .on("NODE2")
            .depends_on_facts("IP Address", "EVS2 IP", &[("Address", "10.0.0.22")])
            .open()
            .unwrap();
        world.run(PROBE_PERIOD * 3);
        let down = told();
        assert_eq!(down.len(), 1, "once, not with every probe: {down:?}");
        assert!(
            down[0]
                .1
                .starts_with("the link to MAIL2 is down: connect to smtp")
        );

        smtp.online().unwrap();
        world.run(PROBE_PERIOD * 3);
        assert_eq!(told()[1..], [(0, "the link to MAIL2 is up".to_owned())]);
        name.forget();
        world.run(PROBE_PERIOD * 3);
        assert_eq!(told().len(), 3);
        assert_eq!(routing.state(), State::Online, "a link is not the service");
    }

    /// A substitute for a Network Name: its type's name and its property.
    struct NetworkNameOf;

    impl Kind for NetworkNameOf {
        const TYPE: TypeInfo = TypeInfo::new("Network Name", "A name")
            .properties(const { &[NAME.any(), IS_ALIVE_TIMEOUT.any()] })
            .watches_itself();
        const SERVICE: &'static str = "none";
    }

    const NAME: Property<Text> = Property::text("Name");
}
