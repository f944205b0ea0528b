//! Arguments that several commands take.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Where plugins are.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct PluginFolders {
    /// A folder with plugins, searched before QUORATE_PLUGIN_PATH and the folders beside the program. May be repeated.
    #[arg(long = "plugin-dir", value_name = "DIR", value_parser = folder)]
    pub(crate) plugin_dir: Vec<PathBuf>,
}

/// Checks that a folder exists.
fn folder(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    if path.is_dir() {
        Ok(path)
    } else if path.exists() {
        Err("this is a file; name the folder that it is in".to_owned())
    } else {
        Err("there is no such folder".to_owned())
    }
}

/// The seed of all random numbers.
pub(crate) fn seed(text: &str) -> Result<u64, String> {
    let why = || format!("a seed is a whole number from 0 to {}", u64::MAX);
    text.parse().map_err(|_| why())
}

/// A duration longer than zero.
fn some_time(text: &str) -> Result<quorate_drill::Span, String> {
    let span: quorate_drill::Span = text
        .parse()
        .map_err(|error: quorate_drill::SpanError| error.to_string())?;
    if span.0.is_zero() {
        return Err("no call returns in no time: name at least 1ms".to_owned());
    }
    Ok(span)
}

/// Where plugins run.
#[derive(Args, Clone, Debug)]
pub(crate) struct Apart {
    /// Keep a plugin in a resource monitor process of its own; "all" for every one. May be repeated. A cluster file says
    /// the same with plugins: { "NAME": (separate_monitor: true) }, and the property SeparateMonitor for one resource.
    #[arg(long = "isolate", value_name = "PLUGIN")]
    pub(crate) isolate: Vec<String>,
    /// Whether plugins are loaded into this process from their own files.
    #[arg(skip)]
    pub(crate) here: bool,
    /// How long one call may take in a resource monitor process, of real time, before the process is killed.
    #[arg(
        long = "deadlock-timeout",
        value_name = "DURATION",
        default_value = "10s",
        value_parser = some_time
    )]
    pub(crate) deadlock_timeout: quorate_drill::Span,
}

impl Apart {
    /// Whether every plugin runs in a process of its own.
    pub(crate) fn all(&self) -> bool {
        let mut named = self.isolate.iter();
        named.any(|name| name == quorate_host::Isolation::ALL)
    }

    /// The message about a call that has not returned.
    pub(crate) fn too_long(&self) -> String {
        format!(
            "a call of a plugin's has not returned within {}",
            self.deadlock_timeout
        )
    }

    /// The settings for the host.
    pub(crate) fn settings(&self) -> quorate_host::Isolation {
        quorate_host::Isolation {
            libraries: self
                .isolate
                .iter()
                .map(|name| (name.clone(), true))
                .collect(),
            // At least a millisecond: to the system, a wait of zero has no end.
            call_limit: self
                .deadlock_timeout
                .0
                .max(std::time::Duration::from_millis(1)),
            // Files found in a folder are loaded in another process first, so that they cannot take this one down.
            learn_apart: !self.here,
            ..quorate_host::Isolation::default()
        }
    }
}

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For machines.
    Json,
}
