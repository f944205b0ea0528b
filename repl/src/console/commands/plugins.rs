//! `:plugin` and its subcommands.

use super::Command;
use crate::console::{After, Session};
use crate::report;

/// Its commands.
pub(super) const COMMANDS: &[Command] = &[Command {
    name: ":plugin",
    others: &["plugins", "p"],
    usage: "list | reload [NAME] | release NAME",
    text: "the plugins; a newly built file; the end of a quarantine",
    run: Session::plugin,
}];

impl Session {
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
}
