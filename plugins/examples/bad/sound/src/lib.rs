//! Nothing is wrong with these types. A tester that does not give each instance its time, or not what it depends on,
//! takes them for bad ones.

use std::time::Duration;

use quorate_sdk::{AnyProperty, Context, Error, Progress, Property, Resource, Text, TypeInfo};

/// Lives by its own heartbeat: it asks to be called every `MS` milliseconds, and is dead when that was not done in time.
struct Beat<const MS: u64> {
    last: Option<Duration>,
    beats: u64,
}

impl<const MS: u64> Beat<MS> {
    fn beat(&mut self, ctx: &mut Context) -> Result<(), Error> {
        self.last = Some(ctx.clock().now()?);
        self.beats += 1;
        ctx.properties().publish("Beats", &self.beats.to_string())?;
        ctx.wake_after(Duration::from_millis(MS));
        Ok(())
    }
}

impl<const MS: u64> Resource for Beat<MS> {
    const TYPE: TypeInfo = TypeInfo::new(
        if MS < 1_000 {
            "Sound Fast Beat"
        } else {
            "Sound Beat"
        },
        "Lives by its own heartbeat",
    );

    fn open(_: &Context) -> Result<Self, Error> {
        Ok(Beat {
            last: None,
            beats: 0,
        })
    }

    fn online(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        self.beat(ctx)?;
        Ok(Progress::Done)
    }

    fn terminate(&mut self, _: &mut Context) {
        self.last = None;
    }

    fn watch(&mut self, ctx: &mut Context) {
        if let Err(error) = self.beat(ctx) {
            ctx.log().warning(error.text());
        }
    }

    fn is_alive(&mut self, ctx: &mut Context) -> Result<(), Error> {
        let silent = ctx
            .clock()
            .now()?
            .checked_sub(self.last.unwrap_or_default());
        match silent {
            Some(silent) if silent > 2 * Duration::from_millis(MS) => {
                Err(Error::failed(format!("no heartbeat for {silent:?}")))
            }
            _ => Ok(()),
        }
    }
}

const WANTS: Property<Text> = Property::text("Wants")
    .doc("What the property of the resource that it depends on must be; anything if it is not set")
    .at_online();

/// The types that the types here depend on, and what these must have to say.
const BELOW: [(&str, &str, &str); 5] = [
    ("Sound Above Service", "Generic Service", "ServiceName"),
    (
        "Sound Above Attendant",
        "Microsoft Exchange System Attendant",
        "",
    ),
    ("Sound Above Sibling", "Sound Beat", "Beats"),
    ("Sound Above Late", "Bad Late", ""),
    ("Sound Above Nobody", "Nobody's Type", ""),
];

/// Depends on a resource of the type with this number, without which it does not go online.
struct Above<const BELOW_IT: usize>;

impl<const BELOW_IT: usize> Resource for Above<BELOW_IT> {
    const TYPE: TypeInfo = TypeInfo::new(BELOW[BELOW_IT].0, "Depends on another type")
        .properties(const { &[WANTS.any()] as &[AnyProperty] });

    fn open(_: &Context) -> Result<Self, Error> {
        Ok(Above)
    }

    fn online(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        self.is_alive(ctx)?;
        Ok(Progress::Done)
    }

    fn terminate(&mut self, _: &mut Context) {}

    fn is_alive(&mut self, ctx: &mut Context) -> Result<(), Error> {
        let (_, kind, property) = BELOW[BELOW_IT];
        let provider = ctx.properties().provider(kind)?;
        if property.is_empty() {
            return Ok(());
        }
        let (found, wanted) = (provider.text(property)?, ctx.properties().get(&WANTS)?);
        if found.is_empty() || !wanted.is_empty() && found != wanted {
            return Err(Error::failed(format!(
                "`{property}` of `{}` is `{found}`, not `{wanted}`",
                provider.name()
            )));
        }
        Ok(())
    }
}

quorate_sdk::export_plugin! {
    name: "bad-sound",
    version: env!("CARGO_PKG_VERSION"),
    description: "Types that are sound, and that a tester may easily take for bad ones",
    types: [Beat<1_000>, Beat<10>, Above<0>, Above<1>, Above<2>, Above<3>, Above<4>],
}
