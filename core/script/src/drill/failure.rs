//! Turns an error of the engine into the failure of a report.

use std::time::Duration;

use quorate_drill::tell::Stop;
use quorate_drill::{Failure, Place, Span, Thrown, Verdict, last_told};
use quorate_model::nearest;
use rhai::{EvalAltResult, Position};

use crate::docs::{entries_of, words};
use crate::engine::{ENTRIES_MAX, ITEMS_MAX, TEXT_MAX};
use crate::lexicon::Lexicon;
use crate::modules::imported;
use crate::place::place_at;
use crate::session::{Session, is_interrupt, stop_of};
use crate::values::spoken;

/// The verdict and the failure for an error that ended a drill's body or a script.
pub(crate) fn failure_of(session: &Session, error: &EvalAltResult) -> (Verdict, Failure) {
    let lines = session.lines().unwrap_or_default();
    let (text, timeout) = session.with(|play| (play.text().clone(), play.options().timeout));
    let (verdict, mut failure, seen) = explain(error, &text.file, &text.source, timeout);
    if matches!(stop_of(error), Some(Stop::TimedOut | Stop::Enough)) {
        // The engine loses the place at which it was stopped. It was at the last word, or in a loop without words
        // after it.
        let at = session.words(|words| words.last);
        failure.place = Some(place_at(&text.file, &text.source, at));
        failure.called_from.clear();
    }
    let subjects: Vec<&str> = seen
        .iter()
        .map(String::as_str)
        .filter(|name| !name.is_empty())
        .collect();
    if matches!(verdict, Verdict::Fail | Verdict::Unknown) {
        // The start of the cluster does not belong to the story.
        let first = session.with(|play| play.first_line());
        failure.events = last_told(lines.get(first..).unwrap_or_default(), &subjects);
        failure.about = subjects.iter().map(|&it| it.to_owned()).collect();
    }
    (verdict, failure)
}

/// As [`failure_of`], for an error outside all drills, without a journal.
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
            // With `throw` a script reports something that must not be.
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
            failure.message = not_found(call, words());
            Verdict::Error
        }
        EvalAltResult::ErrorDotExpr(said, _) => {
            failure.message = no_property(said, words());
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

/// The message for a member that an object does not have, from the engine's message.
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
        None => {
            let known = known.iter().filter(|it| it.is_property);
            let own = known.filter(|it| it.on.as_deref() == Some(word.as_str()));
            let names: Vec<&str> = own.map(|it| it.name.as_str()).collect();
            match names.as_slice() {
                [] => String::new(),
                names => format!("; it has {}", names.join(", ")),
            }
        }
    };
    format!("{of} has no property \"{property}\"{help}")
}

/// The message for a call that fits no function: the given arguments, and the accepted ones.
pub(crate) fn not_found(call: &str, lexicon: &Lexicon) -> String {
    let (word, given) = match call.split_once(" (") {
        Some((word, rest)) => (word, rest.trim_end_matches(')')),
        None => (call, ""),
    };
    let given: Vec<String> = given
        .split(',')
        .filter(|kind| !kind.trim().is_empty())
        // If a type has several names, the first is enough.
        .map(|kind| spoken(kind.split('|').next().unwrap_or(kind)))
        .collect();
    let of = given.first().and_then(|kind| kind.rsplit(' ').next());
    let of = of.map(str::to_owned);
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
        .iter()
        .filter(|entry| entry.name == word)
        .map(|entry| entry.usage.clone())
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
    // What the first value has comes before all other words.
    let own = known.iter().filter(|entry| of.is_some() && entry.on == of);
    let near = nearest(word, own.map(|entry| entry.name.as_str()));
    match near.or_else(|| nearest(word, lexicon.names())) {
        Some(near) if near != word => {
            format!("there is no function {word} for {given}: did you mean \"{near}\"?")
        }
        _ => format!("there is no function {word} for {given}"),
    }
}

/// Whether a call that fits no function has a value in place of a condition.
fn wants_function(call: &str) -> bool {
    const WORDS: [&str; 5] = ["eventually", "always", "never", "steady", "sometimes"];
    let Some((word, args)) = call.split_once(" (") else {
        return false;
    };
    WORDS.contains(&word) && args.split([',', ')']).any(|kind| kind.trim() == "bool")
}

/// The innermost place of an error, and the places it was called from. Places in imported scripts are in those files.
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
                // The engine has no name for the script itself.
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
        // An imported file that is gone has no line to show.
        let text = std::fs::read_to_string(&of).unwrap_or_default();
        place_at(&of, &text, at)
    });
    (places.next(), places.collect())
}
