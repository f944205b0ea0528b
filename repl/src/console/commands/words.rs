//! Commands that explain words and commands.

use quorate_script::WordDoc;

use super::{Command, all};
use crate::console::screen::wrapped;
use crate::console::{After, Session, live, view};
use crate::output::Tone;

/// The widest usage of a command that still has its text on the same line.
const USAGE: usize = 18;

/// Its commands.
pub(super) const COMMANDS: &[Command] = &[
    Command {
        name: ":doc",
        others: &["d"],
        usage: "[NAME]",
        text: "what a word of the drill language does; without a name, all words",
        run: Session::doc,
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
        others: &["q", "exit", "bye"],
        usage: "",
        text: "end (so does Ctrl-D)",
        run: |_, _| After::Quit,
    },
];

impl Session {
    fn help(&mut self) -> After {
        let paint = self.output.paint();
        let width = self.story.borrow().screen().width;
        let is_live = self.live.is_some();
        for command in all().filter(|it| !is_live || live::is_offered(it.bare())) {
            let here = live::said(command.bare()).filter(|_| is_live);
            let (takes, does) = here.unwrap_or((command.usage, command.text));
            let usage = format!("{} {takes}", command.name);
            let usage = usage.trim_end();
            if usage.len() < USAGE {
                let label = format!("  {usage:<USAGE$}");
                let text = wrapped(&label, does, width);
                let rest = text.strip_prefix(&label).unwrap_or(&text);
                let label = paint.cell(Tone::Guide, usage, USAGE);
                self.output.line(&format!("  {label}{rest}"));
            } else {
                self.output
                    .line(&format!("  {}", paint.tone(Tone::Guide, usage)));
                let label = format!("  {:USAGE$}", "");
                self.output.line(&wrapped(&label, does, width));
            }
        }
        self.output.line("");
        let text = "Anything else is the drill language, and _ is the last value. The commands of cluster.exe and PowerShell's \
             failover clusters run, too. A few things to try:";
        self.output.line(&wrapped("", text, width));
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
