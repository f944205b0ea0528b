//! The commands of `cluster.exe`.

mod verbs;

use super::line::{Value, fits, full, parts, short};
use super::table::{Call, Here, text, wait};
use super::{Subjects, not_here, unknown};

pub(super) use verbs::{OBJECTS, Of, VERBS, Verb};

use Here::{Line, Made, Not};

/// Whether a line is one of these commands. `cluster(…)` is a word of the drill language.
pub(super) fn is_one(line: &str) -> bool {
    let word = line.split(char::is_whitespace).next().unwrap_or_default();
    let rest = line[word.len()..].trim_start();
    let begins = word.eq_ignore_ascii_case("cluster") || word.eq_ignore_ascii_case("cluster.exe");
    begins
        && (rest.is_empty()
            || rest.starts_with(|c: char| c.is_alphanumeric() || "/-\"".contains(c)))
}

/// The line of the drill language that does the same.
pub(super) fn hear(line: &str, subjects: &dyn Subjects) -> Result<String, String> {
    let parts = parts(line, &['"'])?;
    let mut rest = &parts[1..];
    rest = cluster_named(rest, subjects)?;
    let (of, noun, rest) = match rest.split_first() {
        Some((first, after)) if !is_switch(first) => match object_named(&first.text) {
            Some((of, noun)) => (of, noun, after),
            None => {
                let known = ["group", "resource", "node", "network", "resourcetype"];
                let near = unknown(
                    "cluster.exe has no",
                    &first.text,
                    known.into_iter(),
                    "it is followed by group, resource or node and a name; :help shows our commands",
                );
                return Err(near);
            }
        },
        _ => (Of::Cluster, "quorum", rest),
    };
    let (it, rest) = match rest.split_first() {
        Some((first, after)) if of != Of::Cluster && !is_switch(first) => {
            (first.text.as_str(), after)
        }
        _ => ("", rest),
    };
    command(of, noun, it, rest, subjects)
}

/// Passes over the name of the cluster, which may stand first.
fn cluster_named<'a>(parts: &'a [Value], subjects: &dyn Subjects) -> Result<&'a [Value], String> {
    let Some((first, rest)) = parts.split_first() else {
        return Ok(parts);
    };
    let named = first
        .text
        .to_lowercase()
        .starts_with("/cluster:")
        .then(|| &first.text[9..]);
    let begins = rest
        .first()
        .is_some_and(|next| object_named(&next.text).is_some());
    let name = match named {
        Some(name) => name,
        None if begins && object_named(&first.text).is_none() && !is_switch(first) => &first.text,
        None => return Ok(parts),
    };
    let open = subjects.cluster().unwrap_or_default();
    if name == "." || name.eq_ignore_ascii_case(&open) {
        return Ok(rest);
    }
    Err(format!(
        "the cluster that is open is {open}, and not {name}: cluster(\"FILE\") opens another"
    ))
}

fn is_switch(part: &Value) -> bool {
    !part.quoted && part.text.starts_with(['/', '-']) && part.text.len() > 1
}

/// What a word says that a command is about.
fn object_named(word: &str) -> Option<(Of, &'static str)> {
    let mut objects = OBJECTS.iter().filter(|(_, name, _)| !name.is_empty());
    let found = objects.find(|(_, name, _)| fits(name, word));
    found.map(|(of, _, noun)| (*of, *noun))
}

/// The word for what a command is about.
pub(super) fn object_word(of: Of) -> String {
    let found = OBJECTS.iter().find(|(it, ..)| *it == of);
    let word = match of {
        // The usual abbreviation.
        Of::Resource => "res".to_owned(),
        _ => found.map_or_else(String::new, |(_, word, _)| full(word)),
    };
    match word.as_str() {
        "" => "cluster".to_owned(),
        word => format!("cluster {word}"),
    }
}

fn command(
    of: Of,
    noun: &'static str,
    it: &str,
    rest: &[Value],
    subjects: &dyn Subjects,
) -> Result<String, String> {
    let mut call = Call {
        it,
        noun,
        values: Vec::new(),
        switches: Vec::new(),
        subjects,
    };
    let mut chosen: Option<&Verb> = None;
    let mut waits = None;
    for part in rest {
        if !is_switch(part) {
            match chosen {
                Some(_) => call.values.push(part.clone()),
                None => {
                    return Err(format!(
                        "{} is not understood: a command begins with /",
                        part.text
                    ));
                }
            }
            continue;
        }
        let (word, value) = match part.text[1..].split_once(':') {
            Some((word, value)) => (word, Some(value)),
            None => (&part.text[1..], None),
        };
        if word.eq_ignore_ascii_case("usedefault") {
            call.switches.push("usedefault".to_owned());
            continue;
        }
        if word.eq_ignore_ascii_case("wait") && chosen.is_some() {
            waits = Some(value.map(str::to_owned));
            continue;
        }
        let known = || VERBS.iter().filter(|verb| verb.of == of);
        let Some(verb) = known().find(|verb| fits(verb.word, word)) else {
            let words = known().flat_map(|verb| [full(verb.word), short(verb.word)]);
            let words: Vec<String> = words.map(|word| format!("/{word}")).collect();
            return Err(unknown(
                &format!("{} has no", object_word(of)),
                &format!("/{word}"),
                words.iter().map(String::as_str),
                &ours(of),
            ));
        };
        if let Some(first) = chosen {
            // What belongs to /create and is refused with it.
            if matches!(first.here, Not(_)) {
                continue;
            }
            return Err(format!(
                "/{} and /{} are two commands: one a line",
                full(first.word),
                full(verb.word)
            ));
        }
        chosen = Some(verb);
        call.values.extend(value.map(Value::plain));
    }
    let verb = match chosen {
        Some(verb) => verb,
        None => match VERBS
            .iter()
            .find(|verb| verb.of == of && verb.word == "stat[us]")
        {
            Some(verb) => verb,
            None => return Ok(":status".to_owned()),
        },
    };
    let said = format!("{} /{}", object_word(of), full(verb.word));
    if let Not(instead) = verb.here {
        return Err(not_here(&said, instead));
    }
    if it.is_empty() && !matches!(of, Of::Cluster | Of::Type) {
        if verb.word == "stat[us]" {
            return Ok(if of == Of::Network {
                "networks()"
            } else {
                ":status"
            }
            .to_owned());
        }
        return Err(format!(
            "{said} of what? A name stands before it, in quotes where it has blanks"
        ));
    }
    let mut line = match verb.here {
        Line(pattern) => {
            if let Some(value) = call.value() {
                return Err(format!("{said} takes nothing, and {value} stands there"));
            }
            let it = if pattern.starts_with(':') {
                it.to_owned()
            } else {
                text(it)
            };
            pattern.replace("{it}", &it)
        }
        Made(_, make) => make(&call)?,
        Not(_) => String::new(),
    };
    if let Some(seconds) = waits {
        let condition = match verb.word {
            "move[to]" => match call.value() {
                Some(node) => format!(
                    "{0}.owner == {1} && {0}.state == \"Online\"",
                    call.object(),
                    text(node)
                ),
                None => format!("{}.state == \"Online\"", call.object()),
            },
            "on[line]" => format!("{}.state == \"Online\"", call.object()),
            "off[line]" => format!("{}.state == \"Offline\"", call.object()),
            _ => return Err(format!("{said} waits for nothing: leave /wait out")),
        };
        line.push_str(&wait(&condition, seconds.as_deref())?);
    }
    Ok(line)
}

/// What to type instead of a command that there is not.
fn ours(of: Of) -> String {
    match of {
        Of::Group => "group(\"…\") and Tab after a dot shows what a group can do".to_owned(),
        Of::Resource => {
            "resource(\"…\") and Tab after a dot shows what a resource can do".to_owned()
        }
        Of::Node => "node(\"…\") and Tab after a dot shows what a node can do".to_owned(),
        _ => ":help shows our commands".to_owned(),
    }
}
