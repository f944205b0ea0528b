//! `quorate service`: becomes another program, which ends with the node that started it.

use std::ffi::OsString;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use clap::Args;
use quorate_host::end_with_parent;

use crate::exit::Exit;
use crate::output::Output;

/// `quorate service`.
#[derive(Args, Debug)]
pub(crate) struct ServiceArgs {
    /// The control group that it belongs to.
    #[arg(long, value_name = "DIR")]
    pub(crate) group: Option<PathBuf>,
    /// The user that the program runs as.
    #[arg(long, value_name = "USER")]
    pub(crate) user: Option<String>,
    /// The program and its arguments.
    #[arg(required = true, last = true, value_name = "PROGRAM")]
    pub(crate) program: Vec<OsString>,
}

/// Becomes the program. Comes back only if that fails.
pub(crate) fn run(args: &ServiceArgs, output: &mut Output) -> Exit {
    end_with_parent();
    let Some((program, rest)) = args.program.split_first() else {
        return Exit::Usage;
    };
    if let Some(group) = &args.group
        && let Err(why) = quorate_live::join_group(group)
    {
        let group = group.display();
        output.error(&format!(
            "the control group {group} cannot be joined: {why}"
        ));
        return Exit::Usage;
    }
    let mut command = Command::new(program);
    command
        .args(rest)
        .env_remove("QUORATE_PARENT")
        .env_remove(quorate_live::CGROUP);
    if let Some(user) = &args.user {
        let known = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let Some((uid, gid)) = quorate_live::user_numbers(&known, user) else {
            output.error(&format!("there is no user {user}"));
            return Exit::Usage;
        };
        command.uid(uid).gid(gid);
    }
    let why = command.exec();
    output.error(&format!("{}: {why}", program.display()));
    Exit::Usage
}
