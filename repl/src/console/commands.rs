//! The commands of the REPL, which begin with a colon.

use quorate_script::WordDoc;

use super::{After, Session, view};
use crate::output::Tone;
use crate::report;

/// The widest usage of a command that still has its text on the same line.
const USAGE: usize = 18;

/// How many events `:events` shows.
const EVENTS: usize = 20;

/// A command that begins with a colon.
pub(super) struct Command {
    /// What it is called, with its colon.
    pub(super) name: &'static str,
    /// What it is called, too, without.
    others: &'static [&'static str],
    /// What may follow.
    usage: &'static str,
    /// What it does, for `:help`.
    text: &'static str,
    run: fn(&mut Session, &str) -> After,
}

/// All commands, as `:help` shows them.
pub(super) const COMMANDS: &[Command] = &[
    Command {
        name: ":status",
        others: &["s"],
        usage: "",
        text: "the cluster: nodes, groups and resources",
        run: |session, _| session.status(),
    },
    Command {
        name: ":events",
        others: &["e"],
        usage: "[N]",
        text: "the last N lines of the journal (20)",
        run: Session::events,
    },
    Command {
        name: ":run",
        others: &["r"],
        usage: "DURATION",
        text: "let virtual time pass, such as :run 30s",
        run: Session::pass,
    },
    Command {
        name: ":doc",
        others: &["d"],
        usage: "[NAME]",
        text: "what a word of the drill language does; without a name, all words",
        run: Session::doc,
    },
    Command {
        name: ":properties",
        others: &["property"],
        usage: "[NAME]",
        text: "the properties of a resource or a group, what they are and what they take; without a name, the cluster's",
        run: Session::properties,
    },
    Command {
        name: ":plugin",
        others: &["plugins", "p"],
        usage: "list | reload [NAME] | release NAME",
        text: "the plugins; a newly built file; the end of a quarantine",
        run: Session::plugin,
    },
    Command {
        name: ":help",
        others: &["h", "?"],
        usage: "",
        text: "this",
        run: |session, _| session.help(),
    },
    Command {
        name: ":quit",
        others: &["q", "exit"],
        usage: "",
        text: "end (so does Ctrl-D)",
        run: |_, _| After::Quit,
    },
];

impl Command {
    /// Its name without the colon.
    fn bare(&self) -> &'static str {
        self.name.trim_start_matches(':')
    }
}

impl Session {
    /// Carries out a command; `text` is what follows the colon.
    pub(super) fn command(&mut self, text: &str) -> After {
        let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let known = COMMANDS
            .iter()
            .find(|it| it.bare() == name || it.others.contains(&name));
        if let Some(command) = known {
            return (command.run)(self, rest.trim());
        }
        let near = quorate_model::nearest(name, COMMANDS.iter().map(Command::bare))
            .map(|near| format!("; did you mean \":{near}\"?"))
            .unwrap_or_default();
        self.refuse(&format!(
            "there is no command \":{name}\"{near}; :help shows them all"
        ))
    }

    fn status(&mut self) -> After {
        let status = self.console.borrow().status();
        let Some(status) = status else {
            return self.refuse("no cluster is open: open one with cluster(\"file.ron\")");
        };
        let text = view::status(&status, self.output.paint());
        self.output.line(&text);
        After::GoOn
    }

    /// The last lines of the journal.
    fn events(&mut self, number: &str) -> After {
        let count = match number {
            "" => EVENTS,
            number => match number.parse() {
                Ok(count) => count,
                Err(_) => return self.refuse(":events takes a number, such as :events 50"),
            },
        };
        let lines = self.console.borrow().events(count);
        for line in lines {
            self.output.line(&line);
        }
        After::GoOn
    }

    /// Lets virtual time pass.
    fn pass(&mut self, span: &str) -> After {
        match span.parse::<quorate_drill::Span>() {
            Ok(span) => self.aside(&format!("run(\"{span}\")")),
            Err(error) => self.refuse(&error.to_string()),
        }
    }

    /// The properties of the resource or group of this name; without one, the cluster's.
    fn properties(&mut self, name: &str) -> After {
        let found = self.console.borrow().properties(name.trim_matches('"'));
        match found {
            Ok(found) => {
                let text = view::properties(&found, self.output.paint());
                self.output.line(&text);
                After::GoOn
            }
            Err(error) => self.refuse(&error.to_string()),
        }
    }

    /// `:plugin` and its subcommands.
    fn plugin(&mut self, text: &str) -> After {
        let words: Vec<&str> = text.split_whitespace().collect();
        match words[..] {
            [] | ["list"] => {
                let plugins = match self.console.borrow().plugins() {
                    Some(plugins) => plugins.map_err(|error| error.to_string()),
                    None => {
                        Err("no cluster is open: open one with cluster(\"file.ron\")".to_owned())
                    }
                };
                let plugins = match plugins {
                    Ok(plugins) => plugins,
                    Err(text) => return self.refuse(&text),
                };
                let text = report::plugins(&plugins, ":plugin release", self.output.paint());
                self.output.line(&text);
            }
            ["reload"] => return self.reload(None),
            ["reload", name] => return self.reload(Some(name)),
            ["release", name] => {
                let released = self.console.borrow_mut().release_plugin(name);
                match released {
                    Ok(nodes) if nodes.is_empty() => {
                        self.output.line(&format!("{name} is not quarantined"));
                    }
                    Ok(nodes) => {
                        let text = format!(
                            "{name} is no longer quarantined on {}: bring its resources online",
                            report::join(&nodes)
                        );
                        self.output.line(&text);
                    }
                    Err(error) => return self.refuse(&error.to_string()),
                }
            }
            ["release"] => {
                return self
                    .refuse(":plugin release takes a plugin's name; :plugin list shows them");
            }
            [other, ..] => {
                return self.refuse(&format!(
                    "there is no :plugin {other}; there are :plugin list, :plugin reload [NAME] and :plugin release NAME"
                ));
            }
        }
        After::GoOn
    }

    fn reload(&mut self, name: Option<&str>) -> After {
        let result = self.console.borrow_mut().reload_plugins(name);
        let reloaded = match result {
            Ok(reloaded) => reloaded,
            Err(error) => return self.refuse(&error.to_string()),
        };
        if reloaded.is_empty() {
            self.output
                .line("no plugin's file has changed since it was read; :plugin reload NAME reads one anyway");
        }
        // A plugin was reloaded, so the plugins can be listed.
        let plugins = self.console.borrow().plugins();
        let plugins = plugins.and_then(Result::ok).unwrap_or_default();
        for library in reloaded {
            let version = if library.before == library.now {
                library.now
            } else {
                format!("{} (was {})", library.now, library.before)
            };
            let path = library.path.display();
            self.output.line(&format!(
                "{} {version} is loaded from {path}",
                library.plugin
            ));
            let of_it = || plugins.iter().filter(|it| it.name == library.plugin);
            let mut misfits = of_it().flat_map(|it| &it.misfits).peekable();
            if misfits.peek().is_some() {
                self.output
                    .line("  it does not take what these have, so their next Online may fail:");
            }
            for (resource, wrong) in misfits {
                self.output.line(&format!("    {resource}: {wrong}"));
            }
            let outdated = of_it().flat_map(|it| &it.outdated);
            let outdated: Vec<_> = outdated.collect();
            if outdated.is_empty() {
                self.output
                    .line("  every resource runs it from its next Online");
            } else {
                self.output
                    .line("  these still run the image from before, until they are next offline:");
                for (node, resource) in outdated {
                    self.output.line(&format!("    {resource} on {node}"));
                }
            }
        }
        After::GoOn
    }

    fn refuse(&mut self, text: &str) -> After {
        self.output.error(text);
        After::WentWrong
    }

    fn help(&mut self) -> After {
        let paint = self.output.paint();
        for command in COMMANDS {
            let (usage, text) = (format!("{} {}", command.name, command.usage), command.text);
            if usage.trim_end().len() < USAGE {
                let usage = paint.cell(Tone::Guide, usage.trim_end(), USAGE);
                self.output.line(&format!("  {usage}{text}"));
            } else {
                self.output
                    .line(&format!("  {}", paint.tone(Tone::Guide, &usage)));
                self.output.line(&format!("  {:USAGE$}{text}", ""));
            }
        }
        self.output.line("");
        self.output
            .line("Anything else is the drill language. A few things to try:");
        for example in self.console.borrow().examples() {
            self.output
                .line(&format!("  {}", paint.tone(Tone::Faint, &example)));
        }
        After::GoOn
    }

    fn doc(&mut self, name: &str) -> After {
        let entries = self.console.borrow().docs();
        let paint = self.output.paint();
        if name.is_empty() {
            let text = view::words(&entries, paint);
            self.output.line(&text);
            return After::GoOn;
        }
        let name = name.trim_end_matches("()");
        let found: Vec<&WordDoc> = entries
            .iter()
            .filter(|entry| {
                let full = entry
                    .on
                    .as_ref()
                    .map(|on| format!("{}.{}", on.to_lowercase(), entry.name));
                entry.name == name || full.is_some_and(|full| full == name.to_lowercase())
            })
            .collect();
        if found.is_empty() {
            let near = quorate_model::nearest(name, entries.iter().map(|it| it.name.as_str()))
                .map(|near| format!("; did you mean \"{near}\"?"))
                .unwrap_or_default();
            return self.refuse(&format!(
                "there is no word \"{name}\"{near}; :doc shows them all"
            ));
        }
        for (number, entry) in found.into_iter().enumerate() {
            if number > 0 {
                self.output.line("");
            }
            self.output.line(&paint.tone(Tone::Guide, &entry.usage));
            for line in entry.text.lines() {
                self.output.line(&format!("  {line}"));
            }
        }
        if name == "events" {
            self.output.line("");
            self.output.line(&quorate_drill::event_reference());
        }
        After::GoOn
    }
}
