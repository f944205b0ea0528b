//! The commands of PowerShell's module for failover clusters.

mod cmdlets;

use super::line::{Value, parts};
use super::table::{Call, Here, set, text, wait};
use super::{Heard, Subjects, not_here, unknown};

pub(super) use cmdlets::{CMDLETS, Cmdlet, Parameter, Takes};

use Here::{Line, Made, Not};
use Takes::{Subject, Switch};
use cmdlets::COMMON;

/// The verbs of commands for clusters: what looks like one of them and is none is a slip.
const VERBS: [&str; 13] = [
    "get", "set", "add", "remove", "start", "stop", "move", "suspend", "resume", "test", "new",
    "clear", "update",
];

/// Whether a line is one of these commands.
pub(super) fn is_one(line: &str) -> bool {
    if let Some(inner) = line.strip_prefix('(') {
        return is_one(inner.trim_start()) && line.contains(')');
    }
    let word = line
        .split(|c: char| c.is_whitespace() || c == '|' || c == ')')
        .next();
    let word = word.unwrap_or_default().to_lowercase();
    let Some((verb, noun)) = word.split_once('-') else {
        return false;
    };
    // `a-clusters` may be a difference; what begins with a usual verb, or is nearly a command, is none.
    let near = || quorate_model::nearest(&word, CMDLETS.iter().map(|it| it.name)).is_some();
    noun.starts_with("cluster")
        && noun.chars().all(char::is_alphanumeric)
        && (VERBS.contains(&verb) || near())
}

/// What a line does in the drill language.
pub(super) fn hear(line: &str, subjects: &dyn Subjects) -> Result<Heard, String> {
    if let Some(inner) = line.strip_prefix('(') {
        return member(inner, subjects);
    }
    let mut piped: Option<(&'static str, String)> = None;
    let commands: Vec<&str> = pipe(line);
    for (number, command) in commands.iter().enumerate() {
        let parsed = Parsed::of(command.trim(), piped.take(), subjects)?;
        if number + 1 == commands.len() {
            return parsed.line(subjects);
        }
        piped = Some(parsed.into_subject()?);
    }
    Err("there is nothing behind the last |".to_owned())
}

/// The commands of a pipe.
fn pipe(line: &str) -> Vec<&str> {
    let mut quote = None;
    let is_bar = |c: char| {
        match quote {
            Some(open) if open == c => quote = None,
            None if c == '"' || c == '\'' => quote = Some(c),
            _ => {}
        }
        quote.is_none() && c == '|'
    };
    line.split(is_bar).collect()
}

/// `(Get-ClusterGroup EVS1).FailoverThreshold`, and the same with a value behind it.
fn member(inner: &str, subjects: &dyn Subjects) -> Result<Heard, String> {
    let Some((command, rest)) = inner.split_once(')') else {
        return Err("a bracket is open: ) is missing".to_owned());
    };
    let (noun, it) = Parsed::of(command.trim(), None, subjects)?.into_subject()?;
    let call = call(noun, &it, subjects);
    let Some(rest) = rest.trim().strip_prefix('.') else {
        return Err(format!(
            "a property follows: ({command}).FailoverThreshold = 4"
        ));
    };
    Ok(Heard::Run(match rest.split_once('=') {
        Some((property, value)) => {
            let values = parts(value.trim(), &['"', '\''])?;
            let value = values.first().map_or("", |value| value.text.as_str());
            set(&call, property.trim(), Some(value))
        }
        None => match (noun, rest.trim().to_lowercase().as_str()) {
            ("quorum", property) => format!("quorum().get({})", text(property)),
            (_, "state") => format!("{}.state", call.object()),
            (_, "name") => format!("{}.name", call.object()),
            ("group" | "resource", "ownernode") => format!("{}.owner", call.object()),
            ("node", property) => {
                return Err(format!(
                    "nodes have no property {property}: {}. and Tab shows what they have",
                    call.object()
                ));
            }
            _ => format!("{}.get({})", call.object(), text(rest.trim())),
        },
    }))
}

fn call<'a>(noun: &'static str, it: &'a str, subjects: &'a dyn Subjects) -> Call<'a> {
    Call {
        it,
        noun,
        values: Vec::new(),
        switches: Vec::new(),
        subjects,
    }
}

/// A command with what it was given.
struct Parsed {
    cmdlet: &'static Cmdlet,
    noun: &'static str,
    it: String,
    /// By the names of parameters.
    given: Vec<(&'static str, Vec<Value>)>,
}

impl Parsed {
    fn of(
        command: &str,
        piped: Option<(&'static str, String)>,
        subjects: &dyn Subjects,
    ) -> Result<Parsed, String> {
        // A list may have blanks behind its commas.
        let command = command.replace(", ", ",");
        let parts = parts(&command, &['"', '\''])?;
        let Some((name, rest)) = parts.split_first() else {
            return Err("there is no command before or behind a |".to_owned());
        };
        let known = CMDLETS
            .iter()
            .find(|it| it.name.eq_ignore_ascii_case(&name.text));
        let Some(cmdlet) = known else {
            return Err(unknown(
                "there is no command",
                &name.text,
                CMDLETS.iter().map(|it| it.name),
                ":help shows ours",
            ));
        };
        let mut parsed = Parsed {
            cmdlet,
            noun: cmdlet.noun,
            it: String::new(),
            given: Vec::new(),
        };
        let by_pipe = piped.is_some();
        if let Some((noun, it)) = piped {
            let takes_any = cmdlet.noun.is_empty()
                || cmdlet.parameters.iter().any(|it| it.kind == Subject(noun));
            if !takes_any && cmdlet.noun != noun {
                return Err(format!(
                    "{} is about a {}, and a {noun} comes through the pipe",
                    cmdlet.name, cmdlet.noun
                ));
            }
            (parsed.noun, parsed.it) = (noun, it);
        }
        parsed.arguments(rest, by_pipe)?;
        if let Some(cluster) = parsed.first("Cluster") {
            let open = subjects.cluster().unwrap_or_default();
            if cluster != "." && !cluster.eq_ignore_ascii_case(&open) {
                return Err(format!(
                    "the cluster that is open is {open}, and not {cluster}: cluster(\"FILE\") opens another"
                ));
            }
        }
        Ok(parsed)
    }

    fn arguments(&mut self, parts: &[Value], by_pipe: bool) -> Result<(), String> {
        let mut rest = parts.iter().peekable();
        while let Some(part) = rest.next() {
            let dashed = part
                .text
                .strip_prefix('-')
                .filter(|name| !part.quoted && name.starts_with(|c: char| c.is_alphabetic()));
            let Some(dashed) = dashed else {
                self.positional(part, by_pipe)?;
                continue;
            };
            let (name, attached) = match dashed.split_once(':') {
                Some((name, value)) => (name, Some(Value::plain(value))),
                None => (dashed, None),
            };
            let parameter = self.parameter(name)?;
            match parameter.kind {
                Takes::Not(instead) => {
                    let said = format!("{} -{}", self.cmdlet.name, parameter.name);
                    return Err(not_here(&said, instead));
                }
                Switch => {
                    let off = attached.is_some_and(|it| it.text.eq_ignore_ascii_case("$false"));
                    if !off {
                        self.given.push((parameter.name, Vec::new()));
                    }
                }
                Takes::Value | Subject(_) => {
                    let Some(value) = attached.or_else(|| rest.next().cloned()) else {
                        return Err(format!("a value is missing behind -{}", parameter.name));
                    };
                    self.take(parameter, value);
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, parameter: &'static Parameter, value: Value) {
        if let Subject(noun) = parameter.kind {
            if !noun.is_empty() {
                self.noun = noun;
            }
            self.it.clone_from(&value.text);
        }
        self.given.push((parameter.name, vec![value]));
    }

    /// A value without the name of a parameter: for the first that has none yet.
    fn positional(&mut self, part: &Value, by_pipe: bool) -> Result<(), String> {
        let taken = |it: &Parameter| self.given.iter().any(|(name, _)| *name == it.name);
        let mut free = self.cmdlet.parameters.iter().filter(|it| !taken(it));
        let next = free.find(|it| match it.kind {
            // What came through the pipe is the object.
            Subject(_) => !by_pipe && self.it.is_empty(),
            Takes::Value => it.name != "Wait",
            _ => false,
        });
        match next {
            Some(parameter) => {
                self.take(parameter, part.clone());
                Ok(())
            }
            None => Err(format!(
                "{} takes no more, and {} stands there",
                self.cmdlet.name, part.text
            )),
        }
    }

    /// The parameter of this name, or the only one that begins so.
    fn parameter(&self, name: &str) -> Result<&'static Parameter, String> {
        let all = || self.cmdlet.parameters.iter().chain(COMMON);
        if let Some(exact) = all().find(|it| it.name.eq_ignore_ascii_case(name)) {
            return Ok(exact);
        }
        let begun = name.to_lowercase();
        let found: Vec<_> = all()
            .filter(|it| it.name.to_lowercase().starts_with(&begun))
            .collect();
        match found[..] {
            [only] => Ok(only),
            [] => Err(unknown(
                &format!("{} has no parameter", self.cmdlet.name),
                &format!("-{name}"),
                all().map(|it| it.name),
                &match super::ours(&self.cmdlet.here) {
                    Some(ours) => format!("ours is {ours}"),
                    None => ":help shows our commands".to_owned(),
                },
            )),
            _ => {
                let names: Vec<String> = found.iter().map(|it| format!("-{}", it.name)).collect();
                Err(format!("-{name} may be {}", names.join(" or ")))
            }
        }
    }

    fn has(&self, name: &str) -> bool {
        self.given.iter().any(|(it, _)| *it == name)
    }

    fn first(&self, name: &str) -> Option<&str> {
        let found = self.given.iter().find(|(it, _)| *it == name);
        found.and_then(|(_, values)| Some(values.first()?.text.as_str()))
    }

    /// The object that a command of a pipe gives to the next.
    fn into_subject(self) -> Result<(&'static str, String), String> {
        let gives = self.cmdlet.name.starts_with("Get-")
            && matches!(self.noun, "group" | "resource" | "node" | "quorum");
        if !gives {
            return Err(format!("{} gives nothing to a pipe", self.cmdlet.name));
        }
        if self.it.is_empty() && self.noun != "quorum" {
            return Err(format!(
                "all of them at once go by a loop: for it in {}s() {{ … }}",
                self.noun
            ));
        }
        Ok((self.noun, self.it))
    }

    fn line(self, subjects: &dyn Subjects) -> Result<Heard, String> {
        let name = self.cmdlet.name;
        if let Not(instead) = self.cmdlet.here {
            return Err(not_here(name, instead));
        }
        let mut call = call(self.noun, &self.it, subjects);
        call.switches = self
            .given
            .iter()
            .map(|(name, _)| name.to_lowercase())
            .collect();
        let values = self.given.iter().filter(|(name, _)| {
            let kind = self.cmdlet.parameters.iter().find(|it| it.name == *name);
            *name != "Wait" && kind.is_some_and(|it| it.kind == Takes::Value)
        });
        call.values = values.flat_map(|(_, values)| values.clone()).collect();
        let needs = |pattern: &str| pattern.contains("{it}") && !pattern.contains("()");
        let mut line = match self.cmdlet.here {
            Line(pattern) => {
                if self.it.is_empty() && pattern.contains("{it}") {
                    return Err(format!(
                        "{name} of what? A name follows, in quotes where it has blanks"
                    ));
                }
                pattern.replace("{it}", &text(&self.it))
            }
            Made(pattern, make) => {
                if self.it.is_empty() && (needs(pattern) || !name.starts_with("Get-")) {
                    return Err(missing(self.cmdlet));
                }
                make(&call)?
            }
            Not(_) => String::new(),
        };
        if self.has("Wait") {
            line.push_str(&self.waited(&call)?);
        }
        Ok(match self.has("WhatIf") {
            true => Heard::Shown(line),
            false => Heard::Run(line),
        })
    }

    fn waited(&self, call: &Call<'_>) -> Result<String, String> {
        let (verb, _) = self.cmdlet.name.split_once('-').unwrap_or_default();
        let it = call.object();
        let condition = match (verb, self.noun) {
            ("Start", "node") => format!("{it}.is_up"),
            ("Stop", "node") => format!("!{it}.is_up"),
            ("Start" | "Move", "group" | "resource") => match self.first("Node") {
                Some(node) => format!("{it}.owner == {} && {it}.state == \"Online\"", text(node)),
                None => format!("{it}.state == \"Online\""),
            },
            ("Stop", "group" | "resource") => format!("{it}.state == \"Offline\""),
            ("Start", _) => "nodes().all(|node| node.is_up)".to_owned(),
            ("Stop", _) => "!nodes().some(|node| node.is_up)".to_owned(),
            ("Suspend", _) => format!("{it}.groups.is_empty()"),
            // It is done when it has been answered.
            _ => return Ok(String::new()),
        };
        wait(&condition, self.first("Wait"))
    }
}

fn missing(cmdlet: &Cmdlet) -> String {
    match cmdlet.name {
        "Set-ClusterParameter" | "Get-ClusterParameter" => format!(
            "{} of what? Get-ClusterResource \"EVS1 SMTP\" | {} …",
            cmdlet.name, cmdlet.name
        ),
        name => format!("{name} of what? A name follows, in quotes where it has blanks"),
    }
}
