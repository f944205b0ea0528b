//! Journal lines as text for people.

use std::rc::Rc;

use quorate_model::Time;

use crate::stage::Line;

/// How many journal lines a failure shows.
const EVENTS_SHOWN: usize = 6;

/// The last lines of a story, oldest first, that are about one of the subjects (about any if none is named) or about
/// faults.
pub fn last_told(story: &[Rc<Line>], subjects: &[&str]) -> Vec<String> {
    let about = |line: &Line| {
        subjects.is_empty()
            || ["subject", "group", "node"]
                .iter()
                .filter_map(|key| line.get(*key)?.as_str())
                .any(|name| subjects.contains(&name))
    };
    let broken = |line: &Line| {
        let kind = line.get("kind").and_then(|kind| kind.as_str());
        matches!(kind, Some("fault-injected" | "fault-healed"))
    };
    let told = story.iter().rev();
    let told = told.filter(|line| broken(line) || about(line));
    last_events(told.map(|line| describe_line(line)))
}

/// The last of some events, oldest first; they are given newest first. An event that repeats is shown once, whatever
/// the times.
fn last_events(newest_first: impl Iterator<Item = String>) -> Vec<String> {
    let mut events: Vec<(String, usize)> = Vec::new();
    for event in newest_first {
        let same = |other: &str| match (event.split_once("  "), other.split_once("  ")) {
            (Some((_, what)), Some((_, other))) => what == other,
            _ => event == other,
        };
        let full = events.len() == EVENTS_SHOWN;
        match events.last_mut() {
            Some((last, times)) if same(last) => *times += 1,
            _ if full => break,
            _ => events.push((event, 1)),
        }
    }
    let told = events.into_iter().rev().map(|(event, times)| match times {
        1 => event,
        times => format!("{event}  ({times} times)"),
    });
    told.collect()
}

/// One journal line for people: time, node, kind, subject, and the rest as `name=value`.
pub fn describe_line(line: &Line) -> String {
    let micros = line
        .get("t")
        .and_then(serde_json::Value::as_u64)
        .unwrap_or_default();
    let text = |key: &str| line.get(key).and_then(serde_json::Value::as_str);
    let mut out = Time(micros).to_string();
    for key in ["node", "kind", "subject"] {
        if let Some(value) = text(key) {
            out.push_str("  ");
            out.push_str(value);
        }
    }
    if let (Some(from), Some(to)) = (text("from"), text("to")) {
        out.push_str(&format!("  {from} -> {to}"));
    }
    for (key, value) in line {
        let told = ["t", "n", "node", "because", "kind", "subject"].contains(&key.as_str())
            || (["from", "to"].contains(&key.as_str())
                && text("from").is_some()
                && text("to").is_some());
        if told || value.is_null() {
            continue;
        }
        match value.as_str() {
            Some(value) => out.push_str(&format!("  {key}={value}")),
            None => out.push_str(&format!("  {key}={value}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_several_times_in_a_row_is_told_once() {
        let newest_first = ["0:05  B", "0:04  A", "0:03  A", "0:02  A", "0:01  B"];
        let told = last_events(newest_first.iter().map(|&it| it.to_owned()));
        assert_eq!(told, ["0:01  B", "0:04  A  (3 times)", "0:05  B"]);
        let many = (0..100).map(|number| format!("0:01  {number}"));
        assert_eq!(last_events(many).len(), EVENTS_SHOWN);
    }

    #[test]
    fn a_line_is_told_in_the_order_people_read() {
        let line = serde_json::json!({
            "t": 61_004_000, "n": 7, "node": "NODE4", "kind": "group-owner", "subject": "EVS3",
            "from": "NODE3", "to": "NODE4", "cause": "NodeFailure",
        });
        let line = line.as_object().cloned().unwrap_or_default();
        assert_eq!(
            describe_line(&line),
            "0:01:01.004  NODE4  group-owner  EVS3  NODE3 -> NODE4  cause=NodeFailure"
        );
    }
}
