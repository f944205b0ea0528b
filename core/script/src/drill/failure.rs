//! From an error of the engine to what a report says.

use std::time::Duration;

use quorate_drill::stage::Line;
use quorate_drill::{Failure, Place, Span, Verdict};
use quorate_model::{Time, nearest};
use rhai::{EvalAltResult, Position};

use crate::check::Lexicon;
use crate::docs::entries_of;
use crate::engine::{ENTRIES_MAX, ITEMS_MAX, TEXT_MAX, bare};
use crate::place::place_at;
use crate::session::{ENOUGH, Session, TIMED_OUT};
use crate::thrown::Thrown;
use crate::values::spoken;

/// How many journal lines a failure shows.
const EVENTS_SHOWN: usize = 6;

/// Whether the error is the run's being stopped from outside.
pub(crate) fn is_interrupt(error: &EvalAltResult) -> bool {
    stopped(error).is_some_and(|why| why != TIMED_OUT && why != ENOUGH)
}

/// Whether the error is the end of a script whose first failure is enough.
pub(crate) fn is_enough(error: &EvalAltResult) -> bool {
    stopped(error).is_some_and(|why| why == ENOUGH)
}

/// Whether the error is not for a script to swallow: what runs is being stopped.
pub(crate) fn is_stop(error: &EvalAltResult) -> bool {
    stopped(error).is_some()
}

/// Why what runs is being stopped.
fn stopped(error: &EvalAltResult) -> Option<String> {
    match error.unwrap_inner() {
        EvalAltResult::ErrorTerminated(why, _) => Some(why.to_string()),
        _ => None,
    }
}

/// Verdict and reason of an error that ended a drill's body or a script.
pub(crate) fn failure_of(session: &Session, error: &EvalAltResult) -> (Verdict, Failure) {
    let lines = session.lines().unwrap_or_default();
    let (script, timeout) = session.with(|inner| (inner.script.clone(), inner.options.timeout));
    let (verdict, mut failure, seen) = explain(error, &script.file, &script.source, timeout);
    if is_stop(error) && !is_interrupt(error) {
        // The engine forgets where it was stopped; the last word is there, or before the loop that has none.
        let at = session.with(|inner| inner.last_word);
        failure.place = Some(place_at(&script.file, &script.source, at));
        failure.called_from.clear();
    }
    let subjects: Vec<&str> = seen
        .iter()
        .map(String::as_str)
        .filter(|name| !name.is_empty())
        .collect();
    let about = |line: &&std::rc::Rc<Line>| {
        subjects.is_empty()
            || ["subject", "group", "node"]
                .iter()
                .filter_map(|key| line.get(*key)?.as_str())
                .any(|name| subjects.contains(&name))
    };
    // How the cluster came up is no part of the story; what was broken is.
    let first = session.with(|inner| inner.drill.as_ref().map_or(0, |drill| drill.first_line));
    let story = lines.get(first..).unwrap_or_default();
    let broken = |line: &&std::rc::Rc<Line>| {
        let kind = line.get("kind").and_then(|kind| kind.as_str());
        matches!(kind, Some("fault-injected" | "fault-healed"))
    };
    let told = story
        .iter()
        .rev()
        .filter(|line| broken(line) || about(line));
    let events = last_events(told.map(|line| describe_line(line)));
    if matches!(verdict, Verdict::Fail | Verdict::Unknown) {
        failure.events = events;
    }
    (verdict, failure)
}

/// The last of some events, oldest first, from the newest on. One that came several times in a row, at whatever times, is
/// told once.
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

/// As [`failure_of`], of an error outside every drill: there is no journal to look at.
pub(crate) fn explain(
    error: &EvalAltResult,
    file: &str,
    source: &str,
    timeout: Option<Duration>,
) -> (Verdict, Failure, Vec<String>) {
    let inner = error.unwrap_inner();
    let (place, called_from) = places(error, file, source);
    let mut failure = Failure {
        place,
        called_from,
        ..Failure::default()
    };
    let mut subjects = Vec::new();
    let verdict = match inner {
        EvalAltResult::ErrorRuntime(token, _) => match token.read_lock::<Thrown>() {
            Some(thrown) => {
                failure.message = thrown.message.clone();
                failure.actual = thrown.actual.clone();
                failure.wanted = thrown.wanted.clone();
                failure.findings = thrown.findings.clone();
                failure.unusable = thrown.unusable;
                failure.internal = thrown.internal;
                failure.seen = thrown
                    .seen
                    .iter()
                    .map(|seen| format!("{} was {}", seen.what, seen.value))
                    .collect();
                subjects = thrown
                    .seen
                    .iter()
                    .map(|seen| seen.subject.clone())
                    .collect();
                thrown.verdict
            }
            // The script's own `throw` is its way of saying that it saw what must not be.
            None => {
                failure.message = match token.is_unit() {
                    true => "the script threw".to_owned(),
                    false => format!("the script threw: {token}"),
                };
                Verdict::Fail
            }
        },
        EvalAltResult::ErrorTerminated(..) if !is_interrupt(error) => {
            let span = Span(timeout.unwrap_or_default());
            failure.message = format!(
                "it took more than {span} of real time and was stopped: the last word it came to is this, and is there a loop that never leaves? `--timeout` gives it more"
            );
            Verdict::Unknown
        }
        EvalAltResult::ErrorTerminated(..) => {
            failure.message = "interrupted".to_owned();
            Verdict::Unknown
        }
        EvalAltResult::ErrorTooManyOperations(_) => {
            failure.message =
                "the script ran for too long without end: is there a loop that never leaves?"
                    .to_owned();
            Verdict::Error
        }
        EvalAltResult::ErrorFunctionNotFound(call, _) if wants_function(call) => {
            let word = call.split(' ').next().unwrap_or_default();
            failure.message = format!(
                "\"{word}\" takes a function, which it calls again and again, and this is a value: write `|| …` before it"
            );
            Verdict::Error
        }
        EvalAltResult::ErrorFunctionNotFound(call, _) => {
            failure.message = not_found(call, &Lexicon::of(&bare()));
            Verdict::Error
        }
        EvalAltResult::ErrorDotExpr(said, _) => {
            failure.message = no_property(said, &Lexicon::of(&bare()));
            Verdict::Error
        }
        EvalAltResult::ErrorModuleNotFound(path, _) => {
            failure.message = format!(
                "there is no script \"{path}\" to import: its path counts from the folder of this one, and its name ends in .rhai"
            );
            Verdict::Error
        }
        EvalAltResult::Exit(..) => {
            failure.message =
                "a drill does not `exit`: it ends where its function does, or at `return`"
                    .to_owned();
            Verdict::Error
        }
        EvalAltResult::ErrorDataTooLarge(..) => {
            failure.message = format!(
                "a list, a map or a text grew too large: a list has at most {ITEMS_MAX} items, a map {ENTRIES_MAX} entries, a text {TEXT_MAX} bytes"
            );
            Verdict::Error
        }
        other => {
            let mut bare = other.to_string();
            // The place is shown with the line itself.
            if let Some(cut) = bare.rfind(" (line ") {
                bare.truncate(cut);
            }
            failure.message = bare;
            Verdict::Error
        }
    };
    (verdict, failure, subjects)
}

/// What to say of a member that an object does not have, from what the engine says.
fn no_property(said: &str, lexicon: &Lexicon) -> String {
    let mut quoted = said.split('\'').skip(1).step_by(2);
    let (Some(property), Some(kind)) = (quoted.next(), quoted.next()) else {
        return said.to_owned();
    };
    let of = spoken(kind);
    let word = of.rsplit(' ').next().unwrap_or_default().to_owned();
    let known = entries_of(lexicon);
    let members = known
        .iter()
        .filter(|entry| entry.on.as_deref() == Some(word.as_str()));
    let near = nearest(property, members.map(|entry| entry.name.as_str()));
    let help = match near {
        Some(near) if near == property => format!(": write {near}(…)"),
        Some(near) => format!(": did you mean \"{near}\"?"),
        None => String::new(),
    };
    format!("{of} has no property \"{property}\"{help}")
}

/// What to say of a call that fits no function: what was given, and what is taken.
pub(crate) fn not_found(call: &str, lexicon: &Lexicon) -> String {
    let (word, given) = match call.split_once(" (") {
        Some((word, rest)) => (word, rest.trim_end_matches(')')),
        None => (call, ""),
    };
    let given: Vec<String> = given
        .split(',')
        .filter(|kind| !kind.trim().is_empty())
        // Of several names of one type the first will do.
        .map(|kind| spoken(kind.split('|').next().unwrap_or(kind)))
        .collect();
    let given = match &given[..] {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    };
    if word.starts_with("anon$") {
        return format!(
            "a function without a name is handed {given} here, and takes something else: write `|| …` where it is handed nothing, `|one| …` where it is handed one value"
        );
    }
    if !word.starts_with(|it: char| it.is_alphabetic() || it == '_') {
        return format!("\"{word}\" does not work on {given}");
    }
    let known = entries_of(lexicon);
    let mut usages: Vec<String> = known
        .into_iter()
        .filter(|entry| entry.name == word)
        .map(|entry| entry.usage)
        .collect();
    usages.dedup();
    if !usages.is_empty() {
        let usages = usages.join(" or ");
        let than = match given.as_str() {
            "nothing" => String::new(),
            given => format!(" than {given}"),
        };
        return format!(
            "{word} takes something else{than}: write {usages}; `:doc {word}` says more"
        );
    }
    match nearest(word, lexicon.names()) {
        Some(near) if near != word => {
            format!("there is no function {word} for {given}: did you mean \"{near}\"?")
        }
        _ => format!("there is no function {word} for {given}"),
    }
}

/// Whether a call that fits nothing has a value where a condition belongs.
fn wants_function(call: &str) -> bool {
    const WORDS: [&str; 5] = ["eventually", "always", "never", "steady", "sometimes"];
    let Some((word, args)) = call.split_once(" (") else {
        return false;
    };
    WORDS.contains(&word) && args.split([',', ')']).any(|kind| kind.trim() == "bool")
}

/// The innermost place of an error that has one, and those it was called from. What a script imports has places in files
/// of its own.
fn places(error: &EvalAltResult, file: &str, source: &str) -> (Option<Place>, Vec<Place>) {
    let mut positions: Vec<(String, Position)> = Vec::new();
    let mut file_of = file.to_owned();
    let mut at = error;
    loop {
        let position = at.position();
        let here = (file_of.clone(), position);
        if !position.is_none() && positions.last() != Some(&here) {
            positions.push(here);
        }
        match at {
            EvalAltResult::ErrorInFunctionCall(_, other, inner, _)
            | EvalAltResult::ErrorInModule(other, inner, _) => {
                // The script itself has no name for the engine.
                file_of = match other.as_str() {
                    "" => file.to_owned(),
                    other => imported(file, other),
                };
                at = inner;
            }
            _ => break,
        }
    }
    let mut places = positions.into_iter().rev().map(|(of, at)| {
        if of == file {
            return place_at(file, source, at);
        }
        // A file that has gone since it was imported has no line to show.
        let text = std::fs::read_to_string(&of).unwrap_or_default();
        place_at(&of, &text, at)
    });
    (places.next(), places.collect())
}

/// The path of a file that `file` imports; the engine may name it as `import` does: from the folder of the script, and
/// without its ending.
pub(crate) fn imported(file: &str, path: &str) -> String {
    let mut path = std::path::PathBuf::from(path);
    if path.extension().is_none() {
        path.set_extension("rhai");
    }
    let folder = std::path::Path::new(file).parent();
    let beside = folder.map(|folder| folder.join(&path));
    let path = beside.filter(|beside| beside.is_file()).unwrap_or(path);
    path.display().to_string()
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
        let told = ["t", "n", "node", "kind", "subject"].contains(&key.as_str())
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
