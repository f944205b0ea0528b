//! What values look like: a short card for a thing of the cluster, a table for several.

use quorate_drill::stage::Stage;
use quorate_drill::{Span, Status, civil};
use quorate_journal::{What, WorldEvent};
use quorate_model::{ClientCalls, Lasting, Name};
use rhai::Dynamic;

use crate::handles::{
    ClientsRef, DiskRef, EventRef, FaultRef, GroupRef, NetworkRef, NodeRef, QuorumRef, ResourceRef,
};
use crate::values::show;

/// The most things of a list that are drawn as a table.
const ROWS: usize = 200;

/// A value to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// In script notation.
    pub text: String,
    /// How a script writes a value that equals it; `None` for what is no plain value.
    pub literal: Option<String>,
    /// What it looks like.
    pub picture: Picture,
}

/// What a value looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Picture {
    /// As a script writes it.
    Plain,
    /// A text of several lines, as it is.
    Lines(String),
    /// The cluster at a glance, as it is now.
    Status,
    /// A thing of the cluster.
    Card(Box<Card>),
    /// Several things of one kind.
    Table(Vec<Card>),
    /// Events, by their numbers in the journal.
    Events(Vec<u64>),
    /// A list of other values, as a script writes each.
    List(Vec<String>),
    /// A map: names, and values as a script writes them.
    Map(Vec<(String, String)>),
}

/// A thing of the cluster, as it is now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Card {
    /// What kind of thing it is, such as `group`.
    pub noun: &'static str,
    /// Its name.
    pub name: String,
    /// Its state, in a word or two.
    pub state: String,
    /// What else there is to say.
    pub fields: Vec<Field>,
    /// Of a fault, its number.
    pub fault: Option<u64>,
}

/// A line of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// What it is.
    pub label: &'static str,
    /// What there is.
    pub value: String,
    /// Whether it is a column where there are several such things.
    pub column: bool,
}

/// Lines of cards that only a rehearsal can know.
const TRUTHS: [&str; 3] = ["in service", "outage", "its clock"];

impl Picture {
    /// Leaves out what only a rehearsal can know: of a cluster that really runs there is what its node believes.
    pub(super) fn believed(&mut self) {
        let cards = match self {
            Picture::Card(card) => std::slice::from_mut(&mut **card),
            Picture::Table(cards) => &mut cards[..],
            _ => return,
        };
        for card in cards {
            card.fields.retain(|it| !TRUTHS.contains(&it.label));
        }
    }
}

impl Shown {
    /// How a value looks, with the cluster as it is now.
    pub(super) fn of(value: &Dynamic, stage: Option<&dyn Stage>) -> Shown {
        Shown {
            text: show(value),
            literal: literal(value),
            picture: picture(value, stage),
        }
    }
}

/// How a script writes a plain value.
fn literal(value: &Dynamic) -> Option<String> {
    if let Some(span) = value.read_lock::<Span>() {
        return Some(format!("{:?}", span.exact()));
    }
    let plain = value.is_int() || value.is_float() || value.is_bool() || value.is_string();
    plain.then(|| show(value))
}

fn picture(value: &Dynamic, stage: Option<&dyn Stage>) -> Picture {
    if let Ok(text) = value.as_immutable_string_ref() {
        return match stage {
            Some(stage) if text.contains('\n') && *text == *Status::of(stage).to_string() => {
                Picture::Status
            }
            _ if text.contains('\n') => Picture::Lines(text.to_string()),
            _ => Picture::Plain,
        };
    }
    if let Some(event) = value.read_lock::<EventRef>() {
        return event_number(&event).map_or(Picture::Plain, |n| Picture::Events(vec![n]));
    }
    if let Ok(map) = value.as_map_ref() {
        let pairs = map
            .iter()
            .map(|(key, value)| (key.to_string(), show(value)));
        return Picture::Map(pairs.collect());
    }
    if let Ok(list) = value.as_array_ref() {
        let events = list
            .iter()
            .map(|it| event_number(&*it.read_lock::<EventRef>()?));
        return match events.collect::<Option<Vec<u64>>>() {
            Some(events) if !events.is_empty() => Picture::Events(events),
            _ => {
                let cards = list.iter().map(|it| card(it, stage?));
                match cards.collect::<Option<Vec<Card>>>() {
                    Some(cards) if alike(&cards) && cards.len() <= ROWS => Picture::Table(cards),
                    _ => Picture::List(list.iter().map(show).collect()),
                }
            }
        };
    }
    stage
        .and_then(|stage| card(value, stage))
        .map_or(Picture::Plain, |card| Picture::Card(Box::new(card)))
}

/// Whether all are of one kind, and there are any.
fn alike(cards: &[Card]) -> bool {
    cards.windows(2).all(|two| two[0].noun == two[1].noun) && !cards.is_empty()
}

fn event_number(event: &EventRef) -> Option<u64> {
    event.line.get("n")?.as_u64()
}

fn card(value: &Dynamic, stage: &dyn Stage) -> Option<Card> {
    None.or_else(|| node(stage, &value.read_lock::<NodeRef>()?.name))
        .or_else(|| group(stage, &value.read_lock::<GroupRef>()?.name))
        .or_else(|| resource(stage, &value.read_lock::<ResourceRef>()?.name))
        .or_else(|| network(stage, &value.read_lock::<NetworkRef>()?.name))
        .or_else(|| disk(stage, &value.read_lock::<DiskRef>()?.name))
        .or_else(|| Some(fault(stage, &*value.read_lock::<FaultRef>()?)))
        .or_else(|| clients(stage, &*value.read_lock::<ClientsRef>()?))
        .or_else(|| Some(quorum(stage, &*value.read_lock::<QuorumRef>()?)))
}

/// A card that is being written.
struct Writing(Card);

impl Writing {
    fn new(noun: &'static str, name: &str, state: impl ToString) -> Writing {
        Writing(Card {
            noun,
            name: name.to_owned(),
            state: state.to_string(),
            ..Card::default()
        })
    }

    /// A line that is a column, too.
    fn column(mut self, label: &'static str, value: impl ToString) -> Writing {
        let value = value.to_string();
        self.0.fields.push(Field {
            label,
            value,
            column: true,
        });
        self
    }

    /// A line of the card alone, if there is anything to say.
    fn line(mut self, label: &'static str, value: impl ToString) -> Writing {
        let value = value.to_string();
        if !value.is_empty() {
            self.0.fields.push(Field {
                label,
                value,
                column: false,
            });
        }
        self
    }
}

fn named(name: Option<&Name>) -> String {
    name.map_or_else(|| "-".to_owned(), ToString::to_string)
}

fn listed(names: &[Name]) -> String {
    let names: Vec<&str> = names.iter().map(Name::as_str).collect();
    names.join(", ")
}

fn served(service: Result<(), String>) -> String {
    match service {
        Ok(()) => "yes".to_owned(),
        Err(why) => format!("no: {why}"),
    }
}

fn node(stage: &dyn Stage, name: &Name) -> Option<Card> {
    let node = stage.node(name)?;
    let coordinates = match stage.coordinator().as_ref() == Some(name) {
        true => "yes",
        false => "no",
    };
    let clock = stage.clock_of(name).map(civil::shown).unwrap_or_default();
    let card = Writing::new("node", name, node.state)
        .column("owns", listed(&node.groups))
        .line("coordinates", coordinates)
        .line("its clock", clock);
    Some(card.0)
}

fn group(stage: &dyn Stage, name: &Name) -> Option<Card> {
    let group = stage.group(name)?;
    let all = stage.resource_statuses().into_iter();
    let mine: Vec<_> = all.filter(|it| it.group == *name).collect();
    let unwell: Vec<String> = mine
        .iter()
        .filter(|it| it.state.as_str() != "Online")
        .map(|it| format!("{} is {}", it.name, it.state))
        .collect();
    let resources = match unwell.is_empty() {
        true => format!("{}, all Online", mine.len()),
        false => format!("{}: {}", mine.len(), unwell.join(", ")),
    };
    let (all, planned) = (stage.outage(name), stage.planned_outage(name));
    let outage = match (all.is_zero(), planned.is_zero()) {
        (true, _) => "none".to_owned(),
        (_, true) => Lasting(all).shown().to_string(),
        _ => format!(
            "{}, {} of it planned",
            Lasting(all).shown(),
            Lasting(planned).shown()
        ),
    };
    let failovers = match group.failovers {
        0 => String::new(),
        failovers => format!("{failovers} in its FailoverPeriod"),
    };
    let card = Writing::new("group", name, group.state)
        .column("owner", named(group.owner.as_ref()))
        .line("in service", served(stage.group_service(name)))
        .line("prefers", listed(&group.preferred_owners))
        .line("resources", resources)
        .column("outage", outage)
        .line("failovers", failovers)
        .line("stopped", group.stopped.unwrap_or_default());
    Some(card.0)
}

fn resource(stage: &dyn Stage, name: &Name) -> Option<Card> {
    let resource = stage.resource(name)?;
    let restarts = match resource.restarts {
        0 => String::new(),
        restarts => restarts.to_string(),
    };
    let card = Writing::new("resource", name, resource.state)
        .column("type", &resource.kind)
        .column("group", &resource.group)
        .column("owner", named(resource.owner.as_ref()))
        .line("in service", served(stage.resource_service(name)))
        .line("depends on", listed(&resource.depends_on))
        .line("needed by", listed(&resource.dependents))
        .line("restarts", restarts);
    Some(card.0)
}

fn network(stage: &dyn Stage, name: &Name) -> Option<Card> {
    let network = stage.network(name)?;
    let state = if network.works { "works" } else { "down" };
    let refused = match network.refused {
        0 => String::new(),
        refused => refused.to_string(),
    };
    let card = Writing::new("network", name, state)
        .column("carries", network.role.as_str())
        .column("broken cards", listed(&network.broken_cards))
        .line("refused", refused);
    Some(card.0)
}

fn disk(stage: &dyn Stage, name: &Name) -> Option<Card> {
    let disk = stage.disk(name)?;
    let state = if disk.works { "works" } else { "down" };
    let holder = match disk.stolen {
        true => "a host outside the cluster".to_owned(),
        false => named(disk.holder.as_ref()),
    };
    let card = Writing::new("disk", name, state)
        .column("reserved by", holder)
        .column("mounted on", listed(&disk.mounted_on));
    Some(card.0)
}

fn fault(stage: &dyn Stage, fault: &FaultRef) -> Card {
    let (mut since, mut state) = (None, "over");
    for event in stage.entries(0) {
        match event.what {
            What::World(WorldEvent::FaultInjected {
                id, fault: what, ..
            }) if id == fault.handle => {
                since = Some(event.at);
                if what.stands() {
                    state = "open";
                }
            }
            What::World(WorldEvent::FaultHealed { id, .. }) if id == fault.handle => {
                state = "healed";
            }
            _ => {}
        }
    }
    let since = since.map_or_else(String::new, |it| it.to_string());
    let number = fault.handle.0;
    let undo = match state {
        "open" => format!("heal({number})"),
        _ => String::new(),
    };
    let card = Writing::new("fault", &number.to_string(), state)
        .column("what", &fault.what)
        .column("since", since)
        .line("undone by", undo);
    Card {
        fault: Some(number),
        ..card.0
    }
}

fn clients(stage: &dyn Stage, clients: &ClientsRef) -> Option<Card> {
    let status = stage.client_status(clients.number)?;
    let (calls, seen) = (&status.calls, &status.report);
    // Rounded down: if any call failed, this must not show 100 %.
    let answered = (seen.availability() * 100_000.0).floor() / 1_000.0;
    let card = Writing::new("clients", &clients.group, calling(calls))
        .column("calls", seen.requests)
        .column("failed", seen.failures)
        .column("answered", format!("{answered:.3} %"))
        .column("longest outage", Lasting(seen.longest_outage).shown())
        .line("slowest answer", Lasting(seen.longest_response).shown());
    Some(card.0)
}

fn calling(calls: &ClientCalls) -> String {
    let mut text = format!(
        "{} users, each every {}",
        calls.users,
        Lasting(calls.every).shown()
    );
    if let Some(protocol) = &calls.protocol {
        text.push_str(&format!(", {protocol}"));
    }
    if let Some(port) = calls.port {
        text.push_str(&format!(", port {port}"));
    }
    text
}

fn quorum(stage: &dyn Stage, quorum: &QuorumRef) -> Card {
    let status = &quorum.status;
    let held = if status.has_quorum { "held" } else { "lost" };
    let nodes = stage.configured().len();
    let card = Writing::new("quorum", status.kind.as_str(), held)
        .column("owner", named(status.owner.as_ref()))
        .column(
            "members",
            format!(
                "{} of {nodes}: {}",
                status.members.len(),
                listed(&status.members)
            ),
        )
        .line(
            "witness",
            status
                .witness
                .as_ref()
                .map_or_else(String::new, ToString::to_string),
        );
    card.0
}
