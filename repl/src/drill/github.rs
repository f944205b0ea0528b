//! Annotations for GitHub's pages of a run: failures and remarks beside the lines that they are about.
//!
//! GitHub reads them from standard output, as `::error file=…,line=…,col=…,title=…::message`.

use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

use quorate_drill::{DrillReport, Failure, Finding, Observer, Place, Run, Severity};

use super::ending::Ending;
use super::reports::Report;
use crate::files::Meant;
use crate::output::Output;

/// The annotations.
pub(super) struct Annotations {
    output: Output,
    paths: Paths,
}

/// What GitHub's paths are relative to.
#[derive(Debug)]
struct Paths {
    /// The top of the repository.
    top: Option<PathBuf>,
    /// The working directory.
    here: PathBuf,
}

impl Annotations {
    /// The annotations, if this is a run of GitHub's.
    pub(super) fn wanted(output: Output) -> Option<Annotations> {
        let wanted = env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true");
        wanted.then(|| Annotations {
            output,
            paths: Paths {
                top: env::var_os("GITHUB_WORKSPACE").map(PathBuf::from),
                here: env::current_dir().unwrap_or_default(),
            },
        })
    }

    /// What was found in a script that cannot be run.
    pub(super) fn finding(&mut self, finding: &Finding) {
        let level = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let help = finding.help.iter().map(|help| format!("\nhelp: {help}"));
        let text = format!("{}{}", finding.message, help.collect::<String>());
        self.say(level, Some(&finding.place), &finding.rule, &text);
    }

    /// A script that cannot be run, without a place in it.
    pub(super) fn unusable(&mut self, script: &Path, why: &str) {
        let place = Place {
            file: script.display().to_string(),
            ..Place::default()
        };
        self.say("error", Some(&place), "the script", why);
    }

    fn say(&mut self, level: &str, place: Option<&Place>, title: &str, message: &str) {
        let line = self.paths.annotation(level, place, title, message);
        self.output.status("");
        self.output.line(&line);
    }
}

impl Paths {
    fn annotation(&self, level: &str, place: Option<&Place>, title: &str, message: &str) -> String {
        let mut properties = Vec::new();
        if let Some(place) = place {
            let file = self.below_top(Path::new(&place.file));
            properties.push(format!("file={}", property(&file.display().to_string())));
            if place.line > 0 {
                properties.push(format!("line={}", place.line));
                properties.push(format!("col={}", place.column));
            }
        }
        properties.push(format!("title={}", property(title)));
        format!("::{level} {}::{}", properties.join(","), data(message))
    }

    /// A file's path from the top of the repository.
    fn below_top(&self, file: &Path) -> PathBuf {
        let full = self.here.join(file);
        let below = self
            .top
            .as_ref()
            .and_then(|top| full.strip_prefix(top).ok());
        below.unwrap_or(file).to_owned()
    }
}

/// A text after `::`.
fn data(text: &str) -> String {
    let text = text.replace('%', "%25");
    text.replace('\r', "%0D").replace('\n', "%0A")
}

/// A text before it.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// The reason, the values and the command that repeats the drill.
fn told(failure: &Failure, repeat: Option<&str>) -> String {
    let mut text = failure.message.clone();
    let repeat = repeat.map(str::to_owned);
    for (label, value) in [
        ("found", &failure.actual),
        ("wanted", &failure.wanted),
        ("repeat", &repeat),
    ] {
        if let Some(value) = value {
            text.push_str(&format!("\n{label}: {value}"));
        }
    }
    text
}

impl Observer for Annotations {
    fn drill_ended(&mut self, ended: &DrillReport) {
        if let Some(failure) = &ended.failure {
            let (level, title) = match ended.verdict.is_fine() {
                true => ("notice", format!("{}: {}", ended.verdict, ended.name)),
                false => ("error", format!("{}: {}", ended.verdict, ended.name)),
            };
            let place = failure.place.as_ref().unwrap_or(&ended.place);
            let text = told(failure, Some(&ended.repeat));
            self.say(level, Some(place), &title, &text);
        }
        for remark in &ended.remarks {
            let place = remark.place.as_ref().unwrap_or(&ended.place);
            let title = format!("{}: {}", remark.kind.as_str(), ended.name);
            self.say("warning", Some(place), &title, &remark.text);
        }
    }
}

impl Report for Annotations {
    fn script_ended(&mut self, script: &Meant, run: &Run) {
        if let Some(failure) = &run.failure {
            let file = Place {
                file: script.path.display().to_string(),
                ..Place::default()
            };
            let place = failure.place.as_ref().unwrap_or(&file);
            self.say("error", Some(place), "the script", &told(failure, None));
        }
    }

    fn run_ended(&mut self, _: &Ending, _: Duration) -> Result<(), String> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_github_takes_for_its_own_signs_is_escaped() {
        let paths = Paths {
            top: Some("/home/repo".into()),
            here: "/home/repo/below".into(),
        };
        let place = Place {
            file: "a,b.rhai".to_owned(),
            line: 3,
            column: 7,
            ..Place::default()
        };
        assert_eq!(
            paths.annotation("error", Some(&place), "fail: 100%", "1: 50%\r\n2"),
            "::error file=below/a%2Cb.rhai,line=3,col=7,title=fail%3A 100%25::1: 50%25%0D%0A2"
        );
        let elsewhere = Place {
            file: "/tmp/x.rhai".to_owned(),
            ..Place::default()
        };
        assert_eq!(
            paths.annotation("warning", Some(&elsewhere), "t", "m"),
            "::warning file=/tmp/x.rhai,title=t::m"
        );
        assert_eq!(
            paths.annotation("error", None, "t", "m"),
            "::error title=t::m"
        );
    }
}
