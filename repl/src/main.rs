//! `quorate`: rehearse the failures of a failover cluster.
#![forbid(unsafe_code)]

mod args;
mod below;
mod check;
mod cli;
mod cluster;
mod console;
mod ctl;
mod drill;
mod exit;
mod files;
mod found;
mod interrupt;
mod key;
mod lsp;
mod node;
mod output;
mod plugin;
mod report;
mod report_files;
mod resource_scripts;
mod rig;
mod runs;
mod source;
mod state;
mod supervise;

use std::env;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::{CommandFactory, Parser};
// The plugins are ordinary dependencies, so that cargo builds their libraries where the host finds them. They are
// loaded at run time like any others.
use quorate_clusres as _;
use quorate_exres as _;

use crate::cli::{Cli, Command};
use crate::exit::Exit;
use crate::output::Output;

fn main() -> ExitCode {
    quorate_script::seed_hashing();
    let cli = match Cli::monitor(env::args_os()).map_or_else(Cli::try_parse, Ok) {
        Ok(cli) => cli,
        Err(error) => {
            // Requests for help or the version are no mistakes; every other error is.
            let exit = if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Pass
            };
            let _ = error.print();
            return exit.into();
        }
    };
    // These work in many threads at once.
    if !matches!(cli.command, Command::Node(_) | Command::Lsp(_)) {
        quorate_host::share_heap();
    }
    // Before anything else: another program takes this one's place.
    if let Command::Service(args) = &cli.command {
        return node::run_service(args, &mut Output::new(cli.colour)).into();
    }
    let cancel = Arc::new(AtomicBool::new(false));
    // A node has signals of its own, and what only reads ends at once.
    let own = matches!(
        cli.command,
        Command::Node(_) | Command::Explain(_) | Command::Report(_) | Command::Lsp(_)
    );
    if !own {
        interrupt::watch(&cancel);
    }
    let done = quorate_script::on_script_thread(|| run(cli, cancel));
    match done {
        Ok(exit) => exit.into(),
        Err(panic) => {
            Output::new(output::Colour::Auto).error(&format!("internal error: {panic}"));
            Exit::Internal.into()
        }
    }
}

/// Carries out one command.
fn run(cli: Cli, cancel: Arc<AtomicBool>) -> Exit {
    let mut output = Output::new(cli.colour);
    match cli.command {
        Command::Drill(args) => supervise::run(args, output, &cancel),
        Command::Explain(args) => runs::explain(&args, output),
        Command::Report(args) => runs::report(&args, output),
        Command::Check(args) => check::run(&args, &mut output),
        Command::Lsp(args) => lsp::run(&args.plugins, &mut output),
        Command::Cluster(args) => cluster::run(&args.command, &mut output),
        Command::Plugin(args) => plugin::run(&args.command, &mut output, &cancel),
        Command::Node(args) => node::run(&args, &mut output),
        Command::Ctl(args) => ctl::run(&args, &mut output),
        Command::Service(args) => node::run_service(&args, &mut output),
        Command::Hello(args) => node::run_hello(&args, &mut output),
        Command::Key(args) => key::run(&args, &mut output),
        Command::Rig(args) => rig::run(&args, &mut output),
        Command::Monitor { program } => monitor(program.as_deref(), &mut output),
        Command::Repl(args) => supervise::repl(&args, output, &cancel),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            let mut shown = cli::without_hidden(&Cli::command());
            clap_complete::generate(shell, &mut shown, "quorate", &mut script);
            output.bytes(&script);
            Exit::Pass
        }
    }
}

/// Runs plugins for the host that has started this process.
fn monitor(program: Option<&std::path::Path>, output: &mut Output) -> Exit {
    match quorate_host::run_monitor(program) {
        Ok(()) => Exit::Pass,
        Err(error) => {
            output.error(&error.to_string());
            Exit::Usage
        }
    }
}
