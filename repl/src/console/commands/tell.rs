//! Commands that tell what has happened, and why.

use std::path::Path;

use quorate_journal::{Entry, event_kinds};
use quorate_model::{Name, Time, rules, same_name};
use quorate_report::{Explain, Run, Runs, Timeline, candidates, page, sentence};

use super::Command;
use super::look::NOTHING_OPEN;
use crate::console::screen::wrapped;
use crate::console::story::{Worth, tone};
use crate::console::{After, Session};
use crate::exit::Exit;
use crate::files;
use crate::output::Tone;
use crate::report::Table;

/// How many events `:events` shows.
const EVENTS: usize = 20;

/// Its commands.
pub(super) const COMMANDS: &[Command] = &[
    Command {
        name: ":events",
        others: &["e"],
        usage: "[N] [WORD ...]",
        text: "the last N events that matter (20), with numbers; with words, all that have them, such as :events 50 EVS3; with all, every one",
        run: Session::events,
    },
    Command {
        name: ":timeline",
        others: &["l"],
        usage: "[GROUP]",
        text: "nodes, groups, clients and faults side by side, and what each outage was spent on: it pastes into a ticket",
        run: Session::timeline,
    },
    Command {
        name: ":why",
        others: &["y"],
        usage: "GROUP",
        text: "why a group is where it is and as it is: who could have it, and why not the others",
        run: Session::why,
    },
    Command {
        name: ":explain",
        others: &["x"],
        usage: "NUMBER | RULE",
        text: "what led to an event, by its number, and what followed; or what a rule or a kind of event means",
        run: Session::explain,
    },
    Command {
        name: ":html",
        others: &["page"],
        usage: "FILE",
        text: "write the session as a page for a browser",
        run: Session::html,
    },
];

impl Session {
    /// The session's journal, read.
    pub(super) fn run(&self) -> Result<Run, String> {
        let journal = self.console.borrow().journal();
        match Runs::new(&journal[..]).next() {
            Some(Ok(run)) => Ok(run),
            Some(Err(why)) => Err(format!("the journal cannot be read: {why}")),
            None => Err(NOTHING_OPEN.to_owned()),
        }
    }

    /// The last events that matter, or that have some words.
    fn events(&mut self, text: &str) -> After {
        let mut words = words(text);
        let count = match words.first().map(|it| it.parse::<usize>()) {
            Some(Ok(count)) => {
                words.remove(0);
                count
            }
            _ => EVENTS,
        };
        let everything = words.iter().any(|it| it == "all");
        words.retain(|it| it != "all");
        let mut worth = Worth::default();
        let all = self.console.borrow().entries();
        let chosen: Vec<&Entry> = all
            .iter()
            .filter(|event| {
                let matters = worth.weigh(event);
                match words.is_empty() {
                    true => matters || everything,
                    false => words.iter().all(|word| has(event, word)),
                }
            })
            .collect();
        let shown = &chosen[chosen.len().saturating_sub(count)..];
        for event in shown {
            let text = sentence(&event.what, event.node.as_deref());
            let line = self.numbered(event.n, event.at, &text, tone(&event.what));
            self.output.line(&line);
        }
        let text = match (shown.len(), chosen.len() - shown.len()) {
            (0, _) if all.is_empty() => NOTHING_OPEN.to_owned(),
            (0, 0) if !words.is_empty() => format!(
                "none of {} events has {}: a word is a kind, a name, or a part of the text",
                all.len(),
                words.join(" and ")
            ),
            (0, _) => "nothing that matters has happened; :events all shows every event".to_owned(),
            (_, 0) => return After::GoOn,
            (_, more) => format!("{more} earlier; :events {} shows them", chosen.len()),
        };
        let text = self.output.paint().tone(Tone::Faint, &text);
        self.output.line(&text);
        After::GoOn
    }

    /// Events by their numbers, as values of the drill language are.
    pub(in crate::console) fn show_events(&mut self, numbers: &[u64]) {
        let all = self.console.borrow().entries();
        for number in numbers {
            let place = all.partition_point(|it| it.n < *number);
            if let Some(event) = all.get(place) {
                let text = sentence(&event.what, event.node.as_deref());
                let line = self.numbered(event.n, event.at, &text, tone(&event.what));
                self.output.line(&line);
            }
        }
    }

    /// An event's line, with its number.
    fn numbered(&self, n: u64, at: Time, text: &str, tone: Tone) -> String {
        let paint = self.output.paint();
        let number = format!("#{n:<5} ");
        let line = self
            .story
            .borrow()
            .line_after(&number, at, text, tone, self.output);
        format!("{}{line}", paint.tone(Tone::Faint, &number))
    }

    /// Lanes in text.
    fn timeline(&mut self, name: &str) -> After {
        let groups = match name {
            "" => Vec::new(),
            name => match self.group_called(":timeline", name) {
                Ok((group, _)) => vec![group.name.to_string()],
                Err(text) => return self.refuse(&text),
            },
        };
        match self.run() {
            Ok(run) => {
                let timeline = Timeline {
                    width: self.story.borrow().screen().width,
                    groups,
                    ..Timeline::default()
                };
                let drawn = timeline.draw(&run);
                let fits = |line: &str| line.chars().count() <= timeline.width;
                for line in drawn.trim_end().lines() {
                    match fits(line) {
                        true => self.output.line(line),
                        false => self.output.line(&wrapped("", line, timeline.width)),
                    }
                }
                After::GoOn
            }
            Err(text) => self.refuse(&text),
        }
    }

    /// Why a group is where it is.
    fn why(&mut self, name: &str) -> After {
        let (group, _) = match self.group_called(":why", name) {
            Ok(found) => found,
            Err(text) => return self.refuse(&text),
        };
        let run = match self.run() {
            Ok(run) => run,
            Err(text) => return self.refuse(&text),
        };
        let (screen, paint) = (self.story.borrow().screen(), self.output.paint());
        let mut table = Table::new(&["node", "could it have it?"]);
        for (node, against) in candidates(&run, &group.name, run.until) {
            let preferred = group.preferred_owners.iter().position(|it| *it == node);
            let preferred = match preferred {
                Some(place) => format!(", number {} of its PreferredOwners", place + 1),
                None => String::new(),
            };
            let (tone, text) = match against {
                _ if group.owner.as_ref() == Some(&node) => {
                    (Tone::Good, format!("it is there{preferred}"))
                }
                None => (Tone::Plain, format!("yes{preferred}")),
                Some(why) => (Tone::Care, format!("no: {why}{preferred}")),
            };
            table.row(vec![(Tone::Strong, node.to_string()), (tone, text)]);
        }
        let owner = group.owner.as_ref().map_or("nobody", Name::as_str);
        let head = format!("{} is {}, owned by {owner}", group.name, group.state);
        self.output.line(&paint.tone(Tone::Strong, &head));
        if let Some(stopped) = &group.stopped {
            self.output.line(&wrapped("  ", stopped, screen.width));
        }
        self.output
            .line(&table.lines(2, screen.width, paint).join("\n"));
        let explain = Explain {
            group: Some(group.name.to_string()),
            at: Some(run.until),
            width: screen.width,
        };
        if let Ok(text) = explain.tell(&run) {
            // Its first line names the run.
            let text = text.split_once('\n').map_or("", |(_, rest)| rest);
            self.output.line(text.trim_end());
        }
        After::GoOn
    }

    /// What led to an event, or what a rule means.
    fn explain(&mut self, id: &str) -> After {
        let id = id.trim_matches('"');
        match id.trim_start_matches('#').parse::<u64>() {
            Ok(n) => self.chain(n),
            Err(_) if id.is_empty() => self.refuse(
                ":explain takes the number of an event, which :events shows, or the id of a rule, such as netbios-name",
            ),
            Err(_) => self.meaning(id),
        }
    }

    fn chain(&mut self, n: u64) -> After {
        let run = match self.run() {
            Ok(run) => run,
            Err(text) => return self.refuse(&text),
        };
        let chain = run.chain(n);
        let Some(event) = chain.last() else {
            return self.refuse(&format!(
                "there is no event {n}: there are {} so far, from 0 on",
                run.len()
            ));
        };
        for cause in &chain {
            let tone = if cause.n == n {
                Tone::Strong
            } else {
                Tone::Plain
            };
            let line = self.numbered(cause.n, cause.at, cause.text, tone);
            self.output.line(&line);
        }
        let paint = self.output.paint();
        let kind = event_kinds().iter().find(|it| it.name == event.kind);
        let mut text = kind.map_or_else(String::new, |it| format!("{}: {}", it.name, it.text));
        if chain.len() == 1 {
            text.push_str(" Of what caused it nothing is known.");
        }
        let width = self.story.borrow().screen().width;
        self.output
            .line(&paint.tone(Tone::Faint, &wrapped("  ", text.trim(), width)));
        let effects: Vec<_> = run.effects(n).take(EVENTS).collect();
        if !effects.is_empty() {
            self.output.line("what followed from it:");
            for effect in effects {
                let line = self.numbered(effect.n, effect.at, effect.text, Tone::Plain);
                self.output.line(&line);
            }
        }
        After::GoOn
    }

    /// What a rule or a kind of event is.
    fn meaning(&mut self, id: &str) -> After {
        let width = self.story.borrow().screen().width;
        let paint = self.output.paint();
        if let Some(rule) = rules::rule(id) {
            let head = format!("{} ({}, {})", rule.id, rule.severity, rule.section);
            self.output.line(&paint.tone(Tone::Strong, &head));
            self.output.line(&wrapped("  ", rule.why, width));
            self.output
                .line(&wrapped("  what to do: ", rule.remedy, width));
            return After::GoOn;
        }
        if let Some(kind) = event_kinds().iter().find(|it| it.name == id) {
            self.output
                .line(&paint.tone(Tone::Strong, &format!("{} (an event)", kind.name)));
            self.output.line(&wrapped("  ", &kind.text, width));
            for field in &kind.fields {
                let text = format!("{}: {}", field.name, field.text);
                self.output.line(&wrapped("    ", &text, width));
            }
            return After::GoOn;
        }
        let known = rules::CATALOGUE.iter().map(|it| it.id);
        let known = known.chain(event_kinds().iter().map(|it| it.name.as_str()));
        let near = quorate_model::nearest(id, known)
            .map(|near| format!("did you mean \"{near}\"?"))
            .unwrap_or_else(|| ":why GROUP explains a group".to_owned());
        self.refuse(&format!(
            "there is no rule and no kind of event \"{id}\": {near}"
        ))
    }

    /// The session as a page.
    fn html(&mut self, path: &str) -> After {
        let path = path.trim_matches('"');
        if path.is_empty() {
            return self.refuse(":html takes a file, such as :html session.html");
        }
        let run = match self.run() {
            Ok(run) => run,
            Err(text) => return self.refuse(&text),
        };
        match files::write(Path::new(path), page(&run, None).as_bytes()) {
            Ok(()) => {
                self.output.line(&format!("written: {path}"));
                After::GoOn
            }
            Err(why) => {
                self.refuse_as(&format!("cannot write the page {path}: {why}"), Exit::Usage)
            }
        }
    }
}

/// Words apart; one in quotes may have blanks.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (number, part) in text.split('"').enumerate() {
        match number % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words.retain(|it| !it.is_empty());
    words
}

/// Whether an event is of a kind, about or on something, or has a word in its text.
fn has(event: &Entry, word: &str) -> bool {
    let name = |it: Option<&str>| it.is_some_and(|it| same_name(&Name::from(it), word));
    event.kind() == word || name(event.node.as_deref()) || name(event.subject()) || {
        let text = sentence(&event.what, event.node.as_deref()).to_lowercase();
        text.contains(&word.to_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn a_word_in_quotes_may_have_blanks() {
        assert_eq!(words("50 EVS3"), ["50", "EVS3"]);
        assert_eq!(words("\"EVS3 Disk E:\" failed"), ["EVS3 Disk E:", "failed"]);
        assert!(words("  ").is_empty());
    }
}
