//! `quorate node`: a node on this machine.

mod hello;
mod log;
mod open;
mod service;

use std::path::PathBuf;

use clap::Args;
use quorate_drill::findings_of;
use quorate_host::{end_with_parent, take_stdin};
use quorate_live::{End, Plan, Settings, Ward, WatchError};
use quorate_model::Diagnostics;

use crate::args::PluginFolders;
use crate::exit::Exit;
use crate::output::Output;
use crate::report;

pub(crate) use hello::{HelloArgs, run as run_hello};
pub(crate) use service::{ServiceArgs, run as run_service};

/// The examples in the help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  quorate node --config /etc/quorate/node.ron --check    find what is missing before anything starts
  quorate node --config /etc/quorate/node.ron            run the node until SIGTERM
  quorate ctl --config /etc/quorate/node.ron status      ask it

SIGTERM and Ctrl-C stop it in order: its groups move away first. A second one takes everything out of service at once. \
SIGHUP has it read the services and the log level of its file and its key file again.";

/// `quorate node`.
#[derive(Args, Debug)]
pub(crate) struct NodeArgs {
    /// The node file: which cluster, which of its nodes, where its state is kept, and the programs behind services.
    #[arg(long, value_name = "NODE.ron")]
    pub(crate) config: PathBuf,
    /// Only look for what this machine lacks: services without a command, plugins, paths, addresses.
    #[arg(long)]
    pub(crate) check: bool,
    /// Drive the node, under a warden that has started this process.
    #[arg(long, hide = true)]
    pub(crate) driver: bool,
    #[command(flatten)]
    pub(crate) plugins: PluginFolders,
}

/// Runs a node, or checks that it could be.
pub(crate) fn run(args: &NodeArgs, output: &mut Output) -> Exit {
    let settings = match Settings::load(&args.config) {
        Ok(settings) => settings,
        Err(found) => {
            let text = std::fs::read_to_string(&args.config).unwrap_or_default();
            tell(&found, &text, output);
            return Exit::Usage;
        }
    };
    if !args.check && !args.driver {
        return under_warden(args, &settings, output);
    }
    let Some(opened) = open::open(&settings, &args.plugins, output) else {
        return Exit::Usage;
    };
    let text = std::fs::read_to_string(&args.config).unwrap_or_default();
    let mut found = Diagnostics(quorate_live::check(&settings, &opened.definition));
    if args.check {
        found.0.extend(quorate_live::without_watchdog(&settings));
    }
    tell(&found, &text, output);
    if found.has_errors() {
        return if args.check { Exit::Fail } else { Exit::Usage };
    }
    if args.check {
        let name = &settings.file.node;
        output.line(&format!("{name} can be run on this machine"));
        return Exit::Pass;
    }
    end_with_parent();
    let warden = match take_stdin() {
        Ok(warden) => warden,
        Err(why) => {
            output.error(&format!("the warden cannot be told anything: {why}"));
            return Exit::Internal;
        }
    };
    let helper = std::env::current_exe().ok();
    let helper = helper.map(|program| vec![program.display().to_string(), "service".to_owned()]);
    let lines = log::Lines {
        output: *output,
        level: settings.file.log,
    };
    let plan = Plan {
        settings,
        definition: opened.definition,
        plugins: opened.plugins,
        policies: Some(opened.policies),
        helper: helper.unwrap_or_default(),
        group: std::env::var_os(quorate_live::CGROUP).map(PathBuf::from),
        warden,
        observer: Box::new(lines),
    };
    quorate_host::tell_deaths();
    match quorate_live::run(plan) {
        Ok(End::Stopped) => Exit::Pass,
        Ok(End::Cut) => Exit::Interrupted,
        Ok(End::GaveUp(reason)) => {
            output.error(&reason.text);
            Exit::Fail
        }
        Err(error) => {
            output.error(&error.to_string());
            Exit::Usage
        }
    }
}

/// Runs the driver of a node in a process below, and sees that nothing runs that must not.
fn under_warden(args: &NodeArgs, settings: &Settings, output: &mut Output) -> Exit {
    let cluster = match quorate_model::load(&settings.cluster()) {
        Ok(loaded) => loaded.definition.name,
        Err(found) => {
            let text = std::fs::read_to_string(settings.cluster()).unwrap_or_default();
            tell(&found, &text, output);
            return Exit::Usage;
        }
    };
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(why) => {
            output.error(&format!("this program is not found: {why}"));
            return Exit::Internal;
        }
    };
    let text = |path: &std::path::Path| path.display().to_string();
    let mut driver = vec![text(&program), "node".to_owned(), "--driver".to_owned()];
    driver.extend(["--config".to_owned(), text(&args.config)]);
    for folder in &args.plugins.plugin_dir {
        driver.extend(["--plugin-dir".to_owned(), text(folder)]);
    }
    let ward = Ward {
        cluster: cluster.to_string(),
        node: settings.file.node.to_string(),
        driver,
        watchdog: settings.watchdog(),
    };
    match quorate_live::watch(&ward, |text| output.warn(text)) {
        Ok(code) => {
            let code = u8::try_from(code).ok();
            code.and_then(Exit::of).unwrap_or(Exit::Internal)
        }
        Err(why) => {
            output.error(&why.to_string());
            match why {
                WatchError::Refused(_) => Exit::Usage,
                WatchError::System(_) => Exit::Internal,
            }
        }
    }
}

/// Prints findings.
fn tell(found: &Diagnostics, text: &str, output: &mut Output) {
    let paint = output.paint_err();
    for finding in findings_of(found, text) {
        output.err_line(&report::finding(&finding, paint));
    }
}
