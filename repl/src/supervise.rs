//! `quorate drill` in child processes, so that a plugin that takes its process down costs a second run and not the
//! verdict; and `quorate repl` in one, so that the parent can say what happened.

use std::env;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::{Duration, Instant};

use quorate_host::{
    Terminal, describe_end, end_at_once, end_soon, end_with_parent, is_stopped, last_call,
    last_call_in, tell_deaths, tell_parent, watch_calls,
};

use crate::below::{CALLS, Gone, RESULT, STOPPED, WORKER, record_calls};
use crate::cli::ReplArgs;
use crate::console;
use crate::drill::{self, DrillArgs};
use crate::exit::Exit;
use crate::interrupt;
use crate::output::Output;

/// How often the parent checks whether a session in a child process has ended; it may go on for hours.
const SESSION_LOOK: Duration = Duration::from_millis(50);
/// The result that is written if a call has not returned.
const HUNG: &str = "hung";

/// Runs drills, or as a child process the scripts that the parent sends.
pub(crate) fn run(mut args: DrillArgs, output: Output, cancel: &Arc<AtomicBool>) -> Exit {
    args.apart.here = args.in_process;
    match env::var_os(WORKER) {
        Some(_) => drill::worker::run(args, output, cancel),
        None => drill::run(&args, output, cancel),
    }
}

/// Runs a session. On a terminal it runs in a child process, so that the parent can say what became of it.
pub(crate) fn repl(args: &ReplArgs, mut output: Output, cancel: &Arc<AtomicBool>) -> Exit {
    let apart = args.apart.all();
    let limit = args.apart.settings().call_limit;
    if let Some(result) = env::var_os(RESULT) {
        end_with_parent();
        record_calls();
        watch(limit, Path::new(&result));
        let exit = console::run(args, output, cancel);
        return done(exit, Path::new(&result));
    }
    if apart {
        return console::run(args, output, cancel);
    }
    let too_long = args.apart.too_long();
    if args.is_batch() || !io::stdin().is_terminal() {
        tell_deaths();
        watch_calls(limit, move || {
            let ended = Gone {
                how: None,
                last: last_call(),
            };
            output.error(&gone(&ended.told(&too_long)));
            end_soon(Exit::Fail.code());
        });
        end_soon(console::run(args, output, cancel).code());
    }
    match session(limit) {
        Ok(Ok(exit)) => exit,
        Ok(Err(why)) => {
            output.status("");
            output.error(&gone(&why.told(&too_long)));
            Exit::Fail
        }
        Err(error) => {
            output.error(&format!(
                "no process can be started for the session: {error}"
            ));
            Exit::Internal
        }
    }
}

/// The same command line for a child process, which writes its exit status to `result`.
fn process_below(result: &Path) -> io::Result<Command> {
    let mut command = Command::new(env::current_exe()?);
    tell_parent(&mut command)
        .args(env::args_os().skip(1))
        .env(RESULT, result);
    Ok(command)
}

/// Runs a session in a child process on the same terminal.
fn session(limit: Duration) -> io::Result<Result<Exit, Gone>> {
    let result = tempfile::NamedTempFile::new()?;
    let calls = tempfile::NamedTempFile::new()?;
    let mut command = process_below(result.path())?;
    command.env(CALLS, calls.path());
    interrupt::leave_below();
    let terminal = Terminal::as_it_is();
    let exit = match wait(command.spawn()?, limit)? {
        Some(status) => told(&fs::read_to_string(result.path())?, status),
        None => Err(Some(STOPPED.to_owned())),
    };
    // A session that was ended in the middle leaves it as the line editor wants it.
    terminal.restore();
    Ok(exit.map_err(|how| Gone {
        how,
        last: last_call_in(calls.as_file()),
    }))
}

fn gone(why: &str) -> String {
    format!(
        "the session is gone ({why}): a plugin in it took it along. With --isolate all, or the plugin's name, that ends \
         the plugin's process alone"
    )
}

/// In the child process: ends it if a plugin's call does not return.
fn watch(limit: Duration, result: &Path) {
    let result = result.to_owned();
    watch_calls(limit, move || {
        // If this fails, the parent sees that the process ended without a result.
        let _ = fs::write(&result, HUNG);
        end_at_once();
    });
}

/// In the child process: writes its exit status and ends it at once, since what plugins do at the end of a process
/// may hang.
fn done(exit: Exit, result: &Path) -> Exit {
    let _ = io::stdout().flush();
    if fs::write(result, exit.code().to_string()).is_ok() {
        end_at_once();
    }
    exit
}

/// Waits for a process. One that is stopped by a signal for longer than `limit` is killed; then the result is `None`.
fn wait(mut child: Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let mut stopped = None;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if is_stopped(&child) {
            let since = *stopped.get_or_insert_with(Instant::now);
            if since.elapsed() > limit {
                child.kill()?;
                child.wait()?;
                return Ok(None);
            }
        } else {
            stopped = None;
        }
        thread::sleep(SESSION_LOOK);
    }
}

/// How a child process ended. The error is why it did not finish; `None` if a call has not returned.
fn told(written: &str, status: ExitStatus) -> Result<Exit, Option<String>> {
    if written == HUNG {
        return Err(None);
    }
    let exit = written.parse().ok().and_then(Exit::of);
    exit.ok_or_else(|| Some(describe_end(status)))
}
