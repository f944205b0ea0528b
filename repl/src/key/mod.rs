//! `quorate key`: the secret that the nodes of a running cluster share.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use quorate_wire::{ClusterKey, KeyRing, RotationStep};

use crate::exit::Exit;
use crate::output::Output;

/// The examples in the help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  quorate key new /etc/quorate/key       make a key; copy the file to every node
  quorate key rotate /etc/quorate/key    a step of its replacement; copy the file to every node after each
  quorate key show /etc/quorate/key      which keys are in it, without showing them

A replacement takes three steps: the next key is accepted, it takes over, the former one goes. A node reads the file when \
it is started and at SIGHUP. A cluster that runs is never cut as long as every node has read a file before the next step.";

/// `quorate key`.
#[derive(Args, Debug)]
pub(crate) struct KeyArgs {
    #[command(subcommand)]
    pub(crate) command: KeyCommand,
}

/// What to do with a key file.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key file. A file that is there stays.
    New {
        /// The file.
        file: PathBuf,
    },
    /// Take the next step of a key's replacement.
    Rotate {
        /// The file.
        file: PathBuf,
    },
    /// Say which keys a file has, by their fingerprints.
    Show {
        /// The file.
        file: PathBuf,
    },
}

/// Makes, rotates or shows a key.
pub(crate) fn run(args: &KeyArgs, output: &mut Output) -> Exit {
    let done = match &args.command {
        KeyCommand::New { file } => new(file).map(|ring| told(&ring)),
        KeyCommand::Rotate { file } => rotate(file).map(|ring| told(&ring)),
        KeyCommand::Show { file } => read(file).map(|ring| told(&ring)),
    };
    match done {
        Ok(text) => {
            output.line(&text);
            Exit::Pass
        }
        Err(text) => {
            output.error(&text);
            Exit::Usage
        }
    }
}

/// Makes a key file.
pub(crate) fn new(file: &Path) -> Result<KeyRing, String> {
    let ring = KeyRing::new(ClusterKey::generate().map_err(|why| why.to_string())?);
    let write = || -> io::Result<()> {
        let mut open = create(file)?;
        open.write_all(ring.to_text().as_bytes())?;
        open.sync_all()
    };
    write().map_err(|why| {
        let name = file.display();
        match why.kind() {
            io::ErrorKind::AlreadyExists => format!(
                "{name} is there already, and a key that is in use must not be lost: `quorate key rotate {name}` replaces it \
                 while the cluster runs; for a cluster of its own name another file"
            ),
            _ => format!("the key file {name} cannot be made: {why}"),
        }
    })?;
    Ok(ring)
}

/// A new file that only its owner reads.
fn create(file: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options.open(file)
}

fn read(file: &Path) -> Result<KeyRing, String> {
    let name = file.display();
    let text = fs::read_to_string(file)
        .map_err(|why| format!("the key file {name} cannot be read: {why}"))?;
    KeyRing::parse(&text).map_err(|why| format!("the key file {name} cannot be used: {why}"))
}

fn rotate(file: &Path) -> Result<KeyRing, String> {
    let next = read(file)?
        .rotate(ClusterKey::generate)
        .map_err(|why| why.to_string())?;
    let aside = file.with_extension("new");
    let write = || -> io::Result<()> {
        let mut open = create(&aside)?;
        open.write_all(next.to_text().as_bytes())?;
        open.sync_all()?;
        fs::rename(&aside, file)
    };
    write().map_err(|why| match why.kind() {
        io::ErrorKind::AlreadyExists => format!(
            "{} is there: an earlier step was cut short, and the key file is as it was before; remove that, and take the step again",
            aside.display()
        ),
        _ => format!("the key file {} cannot be written: {why}", file.display()),
    })?;
    Ok(next)
}

/// What a ring has, and what comes next.
fn told(ring: &KeyRing) -> String {
    let (uses, other) = (ring.sealing().fingerprint(), ring.other());
    let other = other.map_or_else(String::new, |key| key.fingerprint().to_string());
    match ring.step() {
        RotationStep::Alone => format!("key {uses}"),
        RotationStep::Announced => format!(
            "key {uses}; {other} is accepted too, and takes over with the next step, once every node has this file"
        ),
        RotationStep::Replaced => format!(
            "key {uses}; {other} is accepted still, and goes with the next step, once every node has this file"
        ),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_replaced_in_three_steps() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        let first = new(&file).unwrap();
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let refused = new(&file).unwrap_err();
        let name = file.display().to_string();
        assert!(
            refused.starts_with(&format!("{name} is there already"))
                && refused.contains("key rotate"),
            "{refused}"
        );
        let nowhere = folder.path().join("no/such/folder/key");
        assert!(new(&nowhere).unwrap_err().contains("cannot be made"));
        let steps: Vec<_> = (0..3).map(|_| rotate(&file).unwrap().step()).collect();
        use RotationStep::{Alone, Announced, Replaced};
        assert_eq!(steps, [Announced, Replaced, Alone]);
        let last = read(&file).unwrap();
        assert_ne!(last.sealing().fingerprint(), first.sealing().fingerprint());
        assert!(!told(&last).contains(';'));
        fs::write(file.with_extension("new"), "").unwrap();
        let refused = rotate(&file).unwrap_err();
        assert!(refused.contains("key.new is there"), "{refused}");
        assert_eq!(read(&file).unwrap().to_text(), last.to_text());
        fs::write(&file, "something else").unwrap();
        assert!(
            read(&file)
                .unwrap_err()
                .contains("cannot be used: line 1: ")
        );
    }
}
