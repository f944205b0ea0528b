//! `quorate cluster`.

use quorate_drill::{MAX_BYTES, findings_of, read_text};
use quorate_model::{
    ClusterDefinition, Diagnostic, Diagnostics, Loaded, Name, Severity, StorageGroup,
    VirtualServerRequest, add_virtual_server, nearest, parse,
};
use similar::TextDiff;

use crate::cli::{AddVirtualServerArgs, ClusterCommand};
use crate::exit::Exit;
use crate::output::{Output, Tone};
use crate::report;

/// Carries out a `cluster` command.
pub(crate) fn run(command: &ClusterCommand, output: &mut Output) -> Exit {
    match command {
        ClusterCommand::AddVirtualServer(args) => add(args, output),
    }
}

fn add(args: &AddVirtualServerArgs, output: &mut Output) -> Exit {
    let file = args.file.display().to_string();
    let request = match request(args) {
        Ok(request) => request,
        Err(text) => {
            output.error(&text);
            return Exit::Usage;
        }
    };
    let text = match read_text(&args.file, Some(MAX_BYTES)) {
        Ok(text) => text,
        Err(error) => {
            output.error(&format!("cannot read {file}: {error}"));
            return Exit::Usage;
        }
    };
    let new = match add_virtual_server(&file, &text, &request) {
        Ok(new) => new,
        Err(found) => {
            let paint = output.paint();
            // Nothing was changed, so warnings are left out; and if the virtual server exists already, its other
            // differences do not matter.
            let mut findings = findings_of(&found, "");
            findings.retain(|finding| finding.severity == Severity::Error);
            if findings
                .iter()
                .any(|finding| finding.rule == "duplicate-name")
            {
                findings.retain(|finding| finding.rule == "duplicate-name");
            }
            // The places are in the text that was not written, so their lines are not the file's.
            for mut finding in findings {
                finding.place.line = 0;
                output.line(&report::finding(&finding, paint));
            }
            output.error(&format!("{file} was left as it is"));
            return Exit::Fail;
        }
    };
    if let Ok(before) = parse(&file, &text)
        && let Err(why) = allowed(args, &request, &before.definition, output)
    {
        output.error(&why);
        output.error(&format!("{file} was left as it is"));
        return Exit::Usage;
    }
    if args.dry_run {
        difference(&file, &text, &new, output);
        return Exit::Pass;
    }
    if let Err(error) = std::fs::write(&args.file, &new) {
        output.error(&format!("cannot write {file}: {error}"));
        return Exit::Usage;
    }
    output.line(&format!("added {} to {file}", args.name));
    if let (Ok(before), Ok(after)) = (parse(&file, &text), parse(&file, &new)) {
        told(&before, after, &new, output);
    }
    Exit::Pass
}

/// Whether the file may get the disks that it does not have: they were named as new, or the user agrees on the
/// terminal. A mistyped name would give the cluster a disk that does not exist.
fn allowed(
    args: &AddVirtualServerArgs,
    request: &VirtualServerRequest,
    cluster: &ClusterDefinition,
    output: &mut Output,
) -> Result<(), String> {
    let has = |name: &str| cluster.disks.iter().any(|disk| *disk.name == *name);
    if let Some(known) = args.new_disks.iter().find(|name| has(name)) {
        return Err(format!(
            "the cluster has the disk \"{known}\" already: write --disk '{known}'"
        ));
    }
    let of_storage = request.storage_groups.iter();
    let of_storage = of_storage.flat_map(|group| [&group.log_disk, &group.database_disk]);
    let mut asked: Vec<&Name> = Vec::new();
    for name in request.disks.iter().chain(of_storage) {
        let told = args.new_disks.iter().any(|new| **new == **name);
        if has(name) || told || asked.contains(&name) {
            continue;
        }
        asked.push(name);
        let others = cluster.disks.iter().map(|disk| &*disk.name);
        let near = nearest(name, others)
            .map(|near| format!("; did you mean \"{near}\"?"))
            .unwrap_or_else(|| ".".to_owned());
        let what = format!("the cluster has no disk \"{name}\"{near}");
        if !output.ask(&format!("{what} Add \"{name}\" to its disks?")) {
            return Err(format!(
                "{what} If it is a new one, write --new-disk '{name}'"
            ));
        }
    }
    Ok(())
}

/// Prints the changes to a file.
fn difference(file: &str, before: &str, after: &str, output: &mut Output) {
    let paint = output.paint();
    let diff = TextDiff::from_lines(before, after);
    let mut unified = diff.unified_diff();
    let unified = unified.context_radius(3).header(file, file).to_string();
    for line in unified.lines() {
        let tone = match line.as_bytes().first() {
            _ if line.starts_with("--- ") || line.starts_with("+++ ") => Tone::Strong,
            Some(b'+') => Tone::Good,
            Some(b'-') => Tone::Bad,
            Some(b'@') => Tone::Guide,
            _ => Tone::Plain,
        };
        output.line(&paint.tone(tone, line));
    }
}

/// Prints remarks on a changed file: new disks, and what is recommended against.
fn told(before: &Loaded, after: Loaded, text: &str, output: &mut Output) {
    let known = &before.definition.disks;
    for disk in &after.definition.disks {
        if !known.contains(disk) {
            output.line(&format!(
                "added the disk {} to `disks`, which did not have it",
                disk.name
            ));
        }
    }
    let mut warnings = Diagnostics(after.warnings);
    let said = |new: &Diagnostic| before.warnings.iter().any(|old| old.message == new.message);
    warnings
        .0
        .retain(|new| new.severity == Severity::Warning && !said(new));
    let paint = output.paint();
    for finding in findings_of(&warnings, text) {
        output.line(&report::finding(&finding, paint));
    }
}

fn request(args: &AddVirtualServerArgs) -> Result<VirtualServerRequest, String> {
    let storage_group = |text: &String| {
        StorageGroup::from_property(text).ok_or_else(|| {
            format!("\"{text}\" is no storage group: write NAME|LOG DISK|DATABASE DISK")
        })
    };
    let names = |texts: &[String]| texts.iter().map(|text| text.as_str().into()).collect();
    let storage_groups: Vec<StorageGroup> = args
        .storage_groups
        .iter()
        .map(storage_group)
        .collect::<Result<_, _>>()?;
    // A disk of a storage group belongs to the server; it may be named as new all the same.
    let stored: Vec<Name> = storage_groups
        .iter()
        .flat_map(|group| [group.log_disk.clone(), group.database_disk.clone()])
        .filter(|name| !args.disks.iter().any(|disk| **disk == **name))
        .collect();
    Ok(VirtualServerRequest {
        name: args.name.as_str().into(),
        network_name: args.network_name.clone().unwrap_or_default(),
        address: args.address.clone(),
        subnet_mask: String::new(),
        network: args.network.as_deref().unwrap_or_default().into(),
        disks: args
            .disks
            .iter()
            .chain(&args.new_disks)
            .map(|text| text.as_str().into())
            .filter(|name| !stored.contains(name))
            .collect(),
        storage_groups,
        preferred_owners: names(&args.preferred_owners),
        possible_owners: Vec::new(),
        mta: false,
        imap4: args.imap4,
        pop3: args.pop3,
        exclusive: false,
    })
}
