//! Searches the journal: the filter of `events(#{…})`.

use std::rc::Rc;
use std::time::Duration;

use quorate_drill::kinds as journal;
use quorate_drill::stage::Line;
use quorate_drill::{Noun, Span, Thrown, suggestion};
use quorate_journal::{EventField, EventKind, Holds};
use quorate_model::same_name;
use rhai::{Dynamic, EvalAltResult, Map, NativeCallContext};
use serde_json::Value as Json;

use crate::closed::{self, Set};
use crate::session::Session;
use crate::thrown::{Fallible, Raise};
use crate::values::{equal, from_json, name_of, show, span_arg};

/// The conditions on an event.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    /// Fields, each with the values that match.
    fields: Vec<(String, Vec<Dynamic>)>,
    /// Not before.
    since: Option<Duration>,
    /// Not after.
    until: Option<Duration>,
    /// The most events; the last ones are kept.
    limit: Option<usize>,
}

impl Filter {
    /// Reads a script's map.
    pub(crate) fn read(context: &NativeCallContext<'_>, map: &Map) -> Fallible<Filter> {
        let mut filter = Filter::default();
        for (key, value) in map {
            match key.as_str() {
                "since" => filter.since = Some(span_arg(context, value)?.0),
                "until" => filter.until = Some(span_arg(context, value)?.0),
                "limit" => {
                    let limit = value
                        .as_int()
                        .ok()
                        .and_then(|limit| usize::try_from(limit).ok());
                    filter.limit = Some(limit.ok_or_else(|| {
                        Thrown::mistake("\"limit\" takes a whole number that is not negative")
                            .at(context.call_position())
                    })?);
                }
                field => filter.fields.push((field.to_owned(), values(value))),
            }
        }
        filter.check(context)?;
        Ok(filter)
    }

    /// Refuses a condition that no event can ever meet.
    fn check(&self, context: &NativeCallContext<'_>) -> Fallible<()> {
        let wrong = |(message, help): Wrong| {
            let help = help.map_or_else(String::new, |help| format!(": {help}"));
            let text = format!("{message}{help}; :doc events lists kinds and fields");
            Thrown::mistake(text).at(context.call_position())
        };
        let mut kinds = Vec::new();
        for value in self
            .fields
            .iter()
            .filter(|(field, _)| field == "kind")
            .flat_map(|it| &it.1)
        {
            let name = value.as_immutable_string_ref().map_err(|_| {
                wrong((
                    format!("a kind is a text, and {} is none", show(value)),
                    None,
                ))
            })?;
            kinds.push(kind_named(&name).map_err(wrong)?);
        }
        for (field, wanted) in self.fields.iter().filter(|(field, _)| field != "kind") {
            let meant = fields_named(&kinds, field).map_err(wrong)?;
            for value in wanted {
                check_value(context, field, &meant, value, wrong)?;
            }
        }
        Ok(())
    }

    /// The lines that match, oldest first.
    pub(crate) fn apply<'a>(&self, lines: &'a [Rc<Line>]) -> Vec<&'a Rc<Line>> {
        let matching = lines.iter().filter(|line| self.matches(line));
        match self.limit {
            None => matching.collect(),
            Some(limit) => {
                let all: Vec<&Rc<Line>> = matching.collect();
                all[all.len().saturating_sub(limit)..].to_vec()
            }
        }
    }

    fn matches(&self, line: &Line) -> bool {
        let time = time_of(line).0;
        if self.since.is_some_and(|since| time < since)
            || self.until.is_some_and(|until| time > until)
        {
            return false;
        }
        self.fields.iter().all(|(field, wanted)| {
            line.get(field).is_some_and(|found| match found {
                // A list of names or texts is looked into: nobody knows all that an event lists.
                Json::Array(items) => items.iter().any(|item| is_any(field, item, wanted)),
                found => is_any(field, found, wanted),
            })
        })
    }
}

/// Whether a value is one of those that match.
fn is_any(field: &str, found: &Json, wanted: &[Dynamic]) -> bool {
    let found = from_json(found);
    let mut wanted = wanted.iter();
    wanted.any(|wanted| equal(&found, wanted) || same_thing(field, &found, wanted))
}

/// Whether two values of a field with names are the same name. Case does not matter.
fn same_thing(field: &str, found: &Dynamic, wanted: &Dynamic) -> bool {
    [
        "subject", "group", "node", "peer", "network", "from", "to", "silent", "members", "groups",
    ]
    .contains(&field)
        && name_of(found)
            .zip(name_of(wanted))
            .is_some_and(|(found, wanted)| same_name(&found, &wanted))
}

/// The keys that narrow a filter in time and number.
pub(crate) const RANGE: [&str; 3] = ["since", "until", "limit"];
/// A field that only scripts have: the time, as a Duration.
pub(crate) const SPAN: &str = "time";

/// Why nothing can match, and a suggestion.
pub(crate) type Wrong = (String, Option<String>);

/// One value or a list of them.
fn values(value: &Dynamic) -> Vec<Dynamic> {
    match value.as_array_ref() {
        Ok(any) => any.clone(),
        Err(_) => vec![value.clone()],
    }
}

/// The kind of events of this name.
pub(crate) fn kind_named(name: &str) -> Result<&'static EventKind, Wrong> {
    journal::kind(name).ok_or_else(|| {
        Set::EVENT_KIND
            .refuse(name)
            .unwrap_or_else(|| (format!("\"{name}\" is no kind of event"), None))
    })
}

/// The fields with this name that events of these kinds have (of any kind if none is given). Empty for a field that
/// every event has.
pub(crate) fn fields_named(
    kinds: &[&'static EventKind],
    field: &str,
) -> Result<Vec<&'static EventField>, Wrong> {
    if field == SPAN {
        let help = "write since and until".to_owned();
        return Err((
            "events are not looked for by \"time\"".to_owned(),
            Some(help),
        ));
    }
    if RANGE.contains(&field) || journal::COMMON.iter().any(|(name, _)| *name == field) {
        return Ok(Vec::new());
    }
    let all = || -> Box<dyn Iterator<Item = &'static EventKind> + '_> {
        match kinds {
            [] => Box::new(journal::kinds().iter()),
            kinds => Box::new(kinds.iter().copied()),
        }
    };
    let meant: Vec<_> = all().filter_map(|kind| kind.field(field)).collect();
    if !meant.is_empty() {
        return Ok(meant);
    }
    let mut known: Vec<&str> = all()
        .flat_map(|kind| kind.fields.iter().map(|it| it.name))
        .collect();
    known.extend(["node"].iter().chain(&RANGE));
    known.sort_unstable();
    known.dedup();
    let of = match kinds {
        [] => "no event has".to_owned(),
        [kind] => format!("{} has no", kind.name),
        _ => "none of these kinds has".to_owned(),
    };
    let article = if kinds.len() == 1 { "" } else { " a" };
    Err((
        format!("{of}{article} field \"{field}\""),
        suggestion(field, known),
    ))
}

/// The closed set that a field's texts belong to.
pub(crate) fn set_of(field: &EventField) -> Option<Set> {
    match field.holds {
        Holds::Word(words) => Set::of_words(words),
        Holds::Name | Holds::Names => journal::noun(field).map(Set::Names),
        _ => None,
    }
}

/// Refuses a value that a field can never have.
fn check_value(
    context: &NativeCallContext<'_>,
    field: &str,
    meant: &[&'static EventField],
    value: &Dynamic,
    wrong: impl Fn(Wrong) -> Box<EvalAltResult>,
) -> Fallible<()> {
    if field == "node" {
        return named(context, Set::Names(Noun::Node), value);
    }
    let mut first = None;
    for it in meant {
        let takes = |fits: bool, what: &str| match fits {
            true => Ok(()),
            false => Err(wrong((
                format!("`{field}` holds {what}, and {} is none", show(value)),
                None,
            ))),
        };
        let fits = match it.holds {
            Holds::Flag => takes(value.is_bool(), "true or false"),
            Holds::Number => takes(value.is_int(), "a number"),
            // The subject of one kind may be any text; over all kinds it must be the name of something.
            Holds::Text if field == "subject" && meant.len() > 1 && value.is_string() => {
                anything(context, value)
            }
            Holds::Text => takes(value.is_string(), "a text"),
            Holds::Texts | Holds::Fields => Ok(()),
            Holds::Word(_) | Holds::Name | Holds::Names => match set_of(it) {
                Some(set) => named(context, set, value),
                None if value.is_string() => anything(context, value),
                None => Ok(()),
            },
        };
        match fits {
            Ok(()) => return Ok(()),
            Err(error) => first = first.or(Some(error)),
        }
    }
    first.map_or(Ok(()), Err)
}

/// Refuses a text that is not in a set.
fn named(context: &NativeCallContext<'_>, set: Set, value: &Dynamic) -> Fallible<()> {
    match value.as_immutable_string_ref() {
        Ok(text) => closed::belongs(context, set, &text),
        // An object is always one of the cluster's.
        Err(_) => Ok(()),
    }
}

/// Refuses a name that nothing has or has had.
fn anything(context: &NativeCallContext<'_>, value: &Dynamic) -> Fallible<()> {
    let session = Session::of(context)?;
    let known = session.with_stage(context, |stage| {
        let names = Noun::ALL.iter().flat_map(|noun| noun.names(stage));
        names.map(|name| name.to_string()).collect::<Vec<_>>()
    })?;
    let text = value.to_string();
    let same = |name: &str| name.to_lowercase() == text.to_lowercase();
    if known.iter().any(|name| same(name)) {
        return Ok(());
    }
    let lines = session
        .lines()
        .map_err(|thrown| thrown.at(context.call_position()))?;
    let told = |line: &Rc<Line>| line.get("subject").and_then(Json::as_str).is_some_and(same);
    if lines.iter().any(told) {
        return Ok(());
    }
    let help = suggestion(&text, known.iter().map(String::as_str));
    let help = help.map_or_else(String::new, |help| format!(": {help}"));
    Err(
        Thrown::mistake(format!("nothing in the cluster is called \"{text}\"{help}"))
            .at(context.call_position()),
    )
}

/// When a line was written.
pub(crate) fn time_of(line: &Line) -> Span {
    Span(Duration::from_micros(
        line.get("t").and_then(Json::as_u64).unwrap_or_default(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines() -> Vec<Rc<Line>> {
        [
            serde_json::json!({"t": 1_000_000, "kind": "group-state", "subject": "EVS1", "to": "Online"}),
            serde_json::json!({"t": 2_000_000, "kind": "group-state", "subject": "EVS2", "to": "Failed"}),
            serde_json::json!({"t": 3_000_000, "kind": "group-owner", "subject": "EVS1", "to": "NODE4"}),
        ]
        .iter()
        .filter_map(|line| line.as_object().cloned().map(Rc::new))
        .collect()
    }

    fn json_line(text: &str) -> Rc<Line> {
        Rc::new(serde_json::from_str(text).expect("a line"))
    }

    fn kinds(filter: &Filter) -> Vec<u128> {
        filter
            .apply(&lines())
            .into_iter()
            .map(|line| time_of(line).0.as_secs().into())
            .collect()
    }

    #[test]
    fn fields_times_and_limits_narrow_the_list() {
        let subject = |names: &[&str]| Filter {
            fields: vec![(
                "subject".into(),
                names.iter().map(|&name| name.into()).collect(),
            )],
            ..Filter::default()
        };
        assert_eq!(kinds(&Filter::default()), [1, 2, 3]);
        assert_eq!(kinds(&subject(&["EVS1"])), [1, 3]);
        assert_eq!(kinds(&subject(&["EVS1", "EVS2"])), [1, 2, 3]);
        assert_eq!(
            kinds(&subject(&["evs1"])),
            [1, 3],
            "names match without case"
        );
        let kind = Filter {
            fields: vec![("kind".into(), vec!["Group-State".into()])],
            ..Filter::default()
        };
        assert!(kinds(&kind).is_empty(), "kinds do not");
        assert_eq!(
            kinds(&Filter {
                limit: Some(1),
                ..subject(&["EVS1"])
            }),
            [3]
        );
        assert_eq!(
            kinds(&Filter {
                since: Some(Duration::from_secs(2)),
                ..Filter::default()
            }),
            [2, 3]
        );
        assert_eq!(
            kinds(&Filter {
                until: Some(Duration::from_secs(2)),
                ..Filter::default()
            }),
            [1, 2]
        );
        let regroup = json_line(r#"{"kind": "regroup", "silent": ["NODE3", "NODE64"]}"#);
        let silent = |names: &[&str]| Filter {
            fields: vec![(
                "silent".into(),
                names.iter().map(|&name| name.into()).collect(),
            )],
            ..Filter::default()
        };
        for (names, found) in [
            (&["node64"][..], 1),
            (&["NODE1", "NODE3"], 1),
            (&["NODE1"], 0),
        ] {
            let lines = [Rc::clone(&regroup)];
            assert_eq!(silent(names).apply(&lines).len(), found, "{names:?}");
        }
        let absent = Filter {
            fields: vec![("node".into(), vec!["NODE1".into()])],
            ..Filter::default()
        };
        assert!(kinds(&absent).is_empty());
    }
}
