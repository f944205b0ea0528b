//! `quorate cluster`.

use quorate_model::{
    Diagnostic, Diagnostics, Loaded, Severity, StorageGroup, VirtualServerRequest,
    add_virtual_server, parse,
};
use quorate_script::findings_of;

use crate::cli::{AddVirtualServerArgs, ClusterCommand};
use crate::exit::Exit;
use crate::output::Output;
use crate::report;

/// Carries a command out.
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
    let text = match std::fs::read_to_string(&args.file) {
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
            // Nothing was done, so nothing is warned of; and one that is there already differs in nothing else that
            // would be worth saying.
            let mut findings = findings_of(&found, "");
            findings.retain(|finding| finding.severity == Severity::Error);
            if findings
                .iter()
                .any(|finding| finding.rule == "duplicate-name")
            {
                findings.retain(|finding| finding.rule == "duplicate-name");
            }
            // Places are those of the text as it would have become; its lines are not the file's.
            for mut finding in findings {
                finding.place.line = 0;
                output.line(&report::finding(&finding, paint));
            }
            output.error(&format!("{file} was left as it is"));
            return Exit::Fail;
        }
    };
    if args.dry_run {
        output.bytes(new.as_bytes());
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

/// What there is to know about a file that was changed: disks that it did not have, and what is recommended against.
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
    Ok(VirtualServerRequest {
        name: args.name.as_str().into(),
        network_name: args.network_name.clone().unwrap_or_default(),
        address: args.address.clone(),
        subnet_mask: String::new(),
        network: args.network.as_deref().unwrap_or_default().into(),
        disks: names(&args.disks),
        storage_groups: args
            .storage_groups
            .iter()
            .map(storage_group)
            .collect::<Result<_, _>>()?,
        preferred_owners: names(&args.preferred_owners),
        possible_owners: Vec::new(),
        mta: false,
        imap4: args.imap4,
        pop3: args.pop3,
        exclusive: false,
    })
}
