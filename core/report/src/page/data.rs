//! What a page's script draws from: the run, with each text once and the events in columns.

use std::collections::BTreeMap;

use quorate_model::{Name, Time};
use serde::Serialize;

use crate::{Moment, Run, Span};

/// The kind under which checks that were answered are listed: there are so many of them that a page begins without.
const ROUTINE: &str = "health, as it should be";

/// A whole run. Times are microseconds.
#[derive(Serialize)]
struct Data<'a> {
    /// When the story ends.
    end: u64,
    /// The journal's number of the first event.
    first: u64,
    nodes: Vec<&'a str>,
    /// Names and texts, which the others name by their places.
    texts: &'a [Name],
    kinds: Vec<&'static str>,
    /// The kinds that are not shown unasked.
    quiet: [&'static str; 1],
    /// The words of states.
    states: Vec<&'static str>,
    lanes: Vec<Lane<'a>>,
    faults: Vec<Broken<'a>>,
    steps: Vec<Step<'a>>,
    events: Columns,
}

/// A line of the timeline.
#[derive(Serialize)]
struct Lane<'a> {
    what: &'static str,
    name: &'a str,
    /// The place of the group's lane, of a resource's.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<usize>,
    /// Four numbers each: from when, for how long, the state, the node or -1.
    spans: Vec<i64>,
    /// Of a group, when it was out of service: two numbers each, from when and for how long.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    out: Vec<i64>,
}

#[derive(Serialize)]
struct Broken<'a> {
    from: u64,
    /// When it was healed, if it was.
    to: Option<u64>,
    text: &'a str,
}

#[derive(Serialize)]
struct Step<'a> {
    at: u64,
    text: &'a str,
}

/// The events.
#[derive(Default, Serialize)]
struct Columns {
    /// How long after the event before.
    t: Vec<u64>,
    /// The kind.
    k: Vec<usize>,
    /// The node, or -1.
    w: Vec<i64>,
    /// The subject, or -1.
    s: Vec<i64>,
    /// The text.
    x: Vec<u32>,
    /// How many events before this one its cause is; 0 where none is known.
    c: Vec<usize>,
}

/// The data of a run as JSON that can stand in a page: nothing in it ends the element that holds it.
pub(super) fn data(run: &Run) -> String {
    let mut words = Words::default();
    let nodes = Nodes(run.nodes.iter().map(|it| &*it.name).collect());
    let lanes = lanes(run, &nodes, &mut words);
    let (kinds, events) = events(run, &nodes);
    let data = Data {
        end: run.until.0,
        first: run.moments().next().map_or(0, |it| it.n),
        nodes: nodes.0,
        texts: run.texts(),
        kinds,
        quiet: [ROUTINE],
        states: words.all,
        lanes,
        faults: run
            .faults
            .iter()
            .map(|it| Broken {
                from: it.from.0,
                to: (!it.open).then_some(it.to.0),
                text: &it.text,
            })
            .collect(),
        steps: run
            .steps
            .iter()
            .map(|it| Step {
                at: it.at.0,
                text: &it.text,
            })
            .collect(),
        events,
    };
    // Plain data always becomes JSON.
    let text = serde_json::to_string(&data).unwrap_or_default();
    text.replace('<', "\\u003c")
}

/// The nodes, by their places.
struct Nodes<'a>(Vec<&'a str>);

impl Nodes<'_> {
    /// The place of a node, or -1.
    fn place(&self, name: &str) -> i64 {
        let found = self.0.iter().position(|it| *it == name);
        found.and_then(|it| i64::try_from(it).ok()).unwrap_or(-1)
    }
}

/// The words of states, each once.
#[derive(Default)]
struct Words {
    all: Vec<&'static str>,
}

impl Words {
    fn place(&mut self, word: &'static str) -> i64 {
        let known = self.all.iter().position(|it| *it == word);
        let place = known.unwrap_or_else(|| {
            self.all.push(word);
            self.all.len() - 1
        });
        i64::try_from(place).unwrap_or_default()
    }
}

/// The lanes from top to bottom: the drill, who coordinates, quorum, nodes, groups with their resources, clients.
fn lanes<'a>(run: &'a Run, nodes: &Nodes<'a>, words: &mut Words) -> Vec<Lane<'a>> {
    let mut all = vec![Lane {
        what: "drill",
        name: "faults and steps",
        parent: None,
        spans: Vec::new(),
        out: Vec::new(),
    }];
    let held = words.place("coordinates");
    for (place, offices) in apart(&run.coordinators).into_iter().enumerate() {
        let mut spans = Vec::new();
        for office in offices {
            span(&mut spans, office, held, nodes.place(&office.what));
        }
        all.push(Lane {
            what: "coordinator",
            name: match place {
                0 => "coordinator",
                _ => "coordinator, too",
            },
            parent: None,
            spans,
            out: Vec::new(),
        });
    }
    let mut lane = |what, name, parent, spans, out| {
        all.push(Lane {
            what,
            name,
            parent,
            spans,
            out,
        });
        all.len() - 1
    };
    let mut spans = Vec::new();
    for held in &run.quorum {
        let word = words.place(if held.what { "held" } else { "lost" });
        span(&mut spans, held, word, -1);
    }
    lane("quorum", "quorum", None, spans, Vec::new());
    for node in &run.nodes {
        let mut spans = Vec::new();
        for standing in &node.standing {
            span(
                &mut spans,
                standing,
                words.place(standing.what.as_str()),
                -1,
            );
        }
        lane("node", &node.name, None, spans, Vec::new());
    }
    let owner = |name: &Option<Name>| name.as_ref().map_or(-1, |it| nodes.place(it));
    for group in &run.groups {
        let mut spans = Vec::new();
        for state in &group.states {
            let word = words.place(state.what.state.as_str());
            span(&mut spans, state, word, owner(&state.what.owner));
        }
        let outages = group.outages.iter();
        let out = outages.flat_map(|it| [number(it.from.0), number(it.to.0 - it.from.0)]);
        let parent = lane("group", &group.name, None, spans, out.collect());
        for resource in &group.resources {
            let mut spans = Vec::new();
            for state in &resource.states {
                let (word, node) = &state.what;
                span(&mut spans, state, words.place(word.as_str()), owner(node));
            }
            lane("resource", &resource.name, Some(parent), spans, Vec::new());
        }
    }
    for group in run.groups.iter().filter(|it| !it.clients.is_empty()) {
        let mut spans = Vec::new();
        for felt in &group.clients {
            let word = words.place(felt.what.felt.as_str());
            span(&mut spans, felt, word, -1);
        }
        lane("clients", &group.name, None, spans, Vec::new());
    }
    all
}

fn span<T>(spans: &mut Vec<i64>, it: &Span<T>, word: i64, node: i64) {
    spans.extend([number(it.from.0), number(it.to.0 - it.from.0), word, node]);
}

fn number(micros: u64) -> i64 {
    i64::try_from(micros).unwrap_or(i64::MAX)
}

/// Spans in as few lines as there are at a time: where two overlap, the later one is in a line of its own.
fn apart<T>(spans: &[Span<T>]) -> Vec<Vec<&Span<T>>> {
    let mut lines: Vec<Vec<&Span<T>>> = vec![Vec::new()];
    for span in spans {
        let free = |line: &&mut Vec<&Span<T>>| line.last().is_none_or(|it| it.to <= span.from);
        match lines.iter_mut().find(free) {
            Some(line) => line.push(span),
            None => lines.push(vec![span]),
        }
    }
    lines
}

fn events(run: &Run, nodes: &Nodes<'_>) -> (Vec<&'static str>, Columns) {
    let mut columns = Columns::default();
    let mut kinds = Vec::new();
    let mut known: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut places: BTreeMap<u64, usize> = BTreeMap::new();
    let mut node_places: BTreeMap<u32, i64> = BTreeMap::new();
    let mut last = Time::ZERO;
    for (place, moment) in run.moments().enumerate() {
        let kind = if is_routine(&moment) {
            ROUTINE
        } else {
            moment.kind
        };
        let kind = *known.entry(kind).or_insert_with(|| {
            kinds.push(kind);
            kinds.len() - 1
        });
        let node = moment.node_id.map_or(-1, |id| {
            let name = moment.node.unwrap_or_default();
            *node_places.entry(id).or_insert_with(|| nodes.place(name))
        });
        let cause = moment.because.and_then(|n| places.get(&n).copied());
        places.insert(moment.n, place);
        columns.t.push(
            moment
                .at
                .since(last)
                .as_micros()
                .try_into()
                .unwrap_or_default(),
        );
        columns.k.push(kind);
        columns.w.push(node);
        columns.s.push(moment.subject_id.map_or(-1, i64::from));
        columns.x.push(moment.text_id);
        columns.c.push(cause.map_or(0, |cause| place - cause));
        last = moment.at;
    }
    (kinds, columns)
}

/// Whether an event says only that something is as it should be.
fn is_routine(moment: &Moment<'_>) -> bool {
    moment.kind == "health" && moment.text.contains(" answers on ")
}
