//! Looking things up in the journal: the filter of `events(#{…})`.

use std::rc::Rc;
use std::time::Duration;

use quorate_model::same_name;
use rhai::{Dynamic, Map, NativeCallContext};
use serde_json::Value as Json;

use crate::span::Span;
use crate::stage::Line;
use crate::thrown::{Fallible, Thrown};
use crate::values::{equal, from_json, name_of, span_arg};

/// What an event must be like.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    /// Fields, each with the values that match.
    fields: Vec<(String, Vec<Dynamic>)>,
    /// Not before.
    since: Option<Duration>,
    /// Not after.
    until: Option<Duration>,
    /// At most so many, the last ones.
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
                field => {
                    let wanted = match value.as_array_ref() {
                        Ok(any) => any.clone(),
                        Err(_) => vec![value.clone()],
                    };
                    filter.fields.push((field.to_owned(), wanted));
                }
            }
        }
        Ok(filter)
    }

    /// The lines that match, oldest first.
    pub(crate) fn apply<'a>(&self, lines: &'a [Rc<Line>]) -> Vec<&'a Line> {
        let matching = lines
            .iter()
            .map(|line| &**line)
            .filter(|line| self.matches(line));
        match self.limit {
            None => matching.collect(),
            Some(limit) => {
                let all: Vec<&Line> = matching.collect();
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
            line.get(field).is_some_and(|found| {
                let found = from_json(found);
                wanted
                    .iter()
                    .any(|wanted| equal(&found, wanted) || same_thing(field, &found, wanted))
            })
        })
    }
}

/// Whether two values of a field that holds a name are the same name: those match without case.
fn same_thing(field: &str, found: &Dynamic, wanted: &Dynamic) -> bool {
    ["subject", "group", "node", "peer", "network", "from", "to"].contains(&field)
        && name_of(found)
            .zip(name_of(wanted))
            .is_some_and(|(found, wanted)| same_name(&found, &wanted))
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
        let absent = Filter {
            fields: vec![("node".into(), vec!["NODE1".into()])],
            ..Filter::default()
        };
        assert!(kinds(&absent).is_empty());
    }
}
