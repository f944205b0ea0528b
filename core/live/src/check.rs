//! What a machine lacks for its node, found before anything starts.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use quorate_model::{
    ClusterDefinition, Diagnostic, Name, QuorumKind, Ready, ResourceDefinition, Severity, Value,
    nearest, same_name, types,
};
use quorate_node::bounds;
use rustix::fs::{Access, access};

use crate::control::Admins;
use crate::services::{missing_program, split};
use crate::settings::Settings;
use crate::share::LOCK;
use crate::state::{SystemFiles, make_to_stay};
use crate::warden::{BLIND, can_watch};

/// The services that types ask for by a name of their own.
const SERVICES: &[(&str, &str)] = &[
    (types::DISTRIBUTED_TRANSACTION_COORDINATOR, "MSDTC"),
    (types::SYSTEM_ATTENDANT, "MSExchangeSA"),
    (types::INFORMATION_STORE, "MSExchangeIS"),
    (types::SMTP, "SMTPSVC"),
    (types::IMAP4, "IMAP4Svc"),
    (types::POP3, "POP3Svc"),
    (types::HTTP, "W3SVC"),
    (types::MS_SEARCH, "MSSEARCH"),
    (types::MTA, "MSExchangeMTA"),
    (types::ROUTING, "RESvc"),
];

/// The longest path that a Unix socket may have.
const SOCKET_PATH_MAX: usize = 107;

/// The longest name of the socket of a program that says when it has started, with the slash before it.
const NOTIFY_NAME_MAX: usize = 20;

/// Everything that the machine lacks to run its node of this cluster, each where the node file names it.
pub fn check(settings: &Settings, definition: &ClusterDefinition) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    networks(settings, definition, &mut found);
    places(settings, &mut found);
    programs(settings, &mut found);
    quorum(settings, definition, &mut found);
    if let Err(why) = can_watch(&definition.name, &settings.file.node) {
        if settings.watchdog().is_some() {
            let text = format!("{why}; {BLIND}");
            found.push(settings.file.error("watchdog", "no-watchdog", text));
        }
        let text = format!(
            "{why}. Without one nothing ends what a driver that stands still runs, and what a service has started may outlive it"
        );
        found.push(
            settings
                .file
                .finding("node", "no-warden", Severity::Warning, text),
        );
    }
    found.extend(watchdog(settings));
    for resource in definition.groups.iter().flat_map(|group| &group.resources) {
        if *resource.kind == *types::PHYSICAL_DISK
            && let Some(disk) = definition.shared_disk(resource)
        {
            shared_disk(settings, definition, (&resource.name, &disk), &mut found);
        }
        look_at(settings, resource, &mut found);
    }
    found
}

/// The watchdog that machines have, if they have one.
const WATCHDOG: &str = "/dev/watchdog";

/// A node that uses no watchdog: whether there is one.
pub fn without_watchdog(settings: &Settings) -> Option<Diagnostic> {
    if settings.file.watchdog.is_some() {
        return None;
    }
    let text = match Path::new(WATCHDOG).exists() {
        true => format!(
            "this machine has a watchdog, {WATCHDOG}, and the node file does not use it (`watchdog`)"
        ),
        false => format!("this machine has no watchdog, {WATCHDOG}"),
    };
    let none = settings
        .file
        .finding("", "no-watchdog", Severity::Note, text);
    Some(none)
}

/// What is wrong with the watchdog that a node is to use. It is not opened: that starts it.
fn watchdog(settings: &Settings) -> Option<Diagnostic> {
    let place = settings.watchdog()?;
    let name = place.display();
    let file = &settings.file;
    let writable = access(&place, Access::WRITE_OK);
    if let Err(why) = writable {
        let text = format!(
            "the watchdog {name} cannot be used: {}",
            io::Error::from(why)
        );
        return Some(file.error("watchdog", "no-watchdog", text));
    }
    let is_device = fs::metadata(&place).is_ok_and(|about| about.file_type().is_char_device());
    if !is_device {
        let text = format!("the watchdog {name} is no device, and resets nothing");
        return Some(file.finding("watchdog", "no-watchdog", Severity::Warning, text));
    }
    let span = set_to(&place).filter(|span| *span >= bounds::TAKEOVER_WAIT)?;
    let text = format!(
        "the watchdog {name} resets the machine {span:?} after its warden has stood still, and other nodes take over after {:?}",
        bounds::TAKEOVER_WAIT
    );
    Some(file.finding("watchdog", "late-watchdog", Severity::Warning, text))
}

/// After how long a watchdog resets the machine, where the system says so.
fn set_to(place: &Path) -> Option<Duration> {
    let name = match place.file_name()?.to_str()? {
        "watchdog" => "watchdog0",
        other => other,
    };
    let file = Path::new("/sys/class/watchdog").join(name).join("timeout");
    let seconds = fs::read_to_string(file).ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

fn networks(settings: &Settings, definition: &ClusterDefinition, found: &mut Vec<Diagnostic>) {
    let file = &settings.file;
    let cards = match settings.networks(definition) {
        Ok(cards) => cards,
        Err((field, text)) => {
            let mut finding = file.error(&field, "not-in-cluster", text);
            if field == "node" {
                let names = definition.nodes.iter().map(|node| node.name.as_str());
                let near = nearest(&file.node, names.clone());
                finding.help = Some(match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("there are {}", names.collect::<Vec<_>>().join(", ")),
                });
            }
            found.push(finding);
            return;
        }
    };
    if cards.is_empty() {
        let text = format!(
            "{} has no card in a network that carries the cluster",
            file.node
        );
        found.push(file.error("node", "no-network", text));
    }
    for (network, address) in cards {
        // With any port: the cluster's own may be taken by the node itself, which runs.
        if let Err(why) = UdpSocket::bind((address.ip(), 0)) {
            let text = format!(
                "network {network}: {} is not on this machine: {why}",
                address.ip()
            );
            let field = format!("bind/{network}");
            found.push(file.error(&field, "address-not-here", text));
        }
    }
}

fn places(settings: &Settings, found: &mut Vec<Diagnostic>) {
    let file = &settings.file;
    // With any port: the metrics' own may be taken by the node itself, which runs.
    if let Some(at) = file.metrics
        && let Err(why) = TcpListener::bind((at.ip(), 0))
    {
        let text = format!("no metrics can be given at {}: {why}", at.ip());
        found.push(file.error("metrics", "address-not-here", text));
    }
    let state = settings.state();
    let probe = state.join(".check");
    let made = make_to_stay(&mut SystemFiles, &state)
        .and_then(|()| {
            OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .open(&probe)
        })
        .and_then(|file| file.sync_all())
        .and_then(|()| fs::remove_file(&probe))
        .and_then(|()| File::open(&state)?.sync_all());
    if let Err(why) = made {
        let text = format!("the state folder {} cannot be used: {why}", state.display());
        found.push(file.error("state", "unusable-path", text));
    }
    let socket = settings.socket();
    if socket.as_os_str().len() > SOCKET_PATH_MAX {
        let text = format!(
            "the control socket's path is longer than {SOCKET_PATH_MAX} bytes: {}",
            socket.display()
        );
        found.push(file.error("socket", "unusable-path", text));
    }
    for folder in settings.plugins().iter().filter(|folder| !folder.is_dir()) {
        let text = format!("there is no folder {}", folder.display());
        found.push(file.error("plugins", "unusable-path", text));
    }
    if let Err(why) = Admins::of(file.admins.as_deref()) {
        found.push(file.error("admins", "unknown-group", why));
    }
}

fn programs(settings: &Settings, found: &mut Vec<Diagnostic>) {
    let file = &settings.file;
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    for (name, command) in settings.services() {
        let field = format!("services/{name}");
        let folder = settings.socket();
        let folder = folder.parent().map_or(0, |folder| folder.as_os_str().len());
        if command.ready == Ready::Notify && folder + NOTIFY_NAME_MAX > SOCKET_PATH_MAX {
            let text = format!(
                "the sockets of programs that say when they have started are beside the control socket, whose folder has a \
                 longer path than {} bytes: give a shorter `socket`",
                SOCKET_PATH_MAX - NOTIFY_NAME_MAX
            );
            found.push(file.error(&field, "unusable-path", text));
        }
        for program in [command.run.first(), command.stop.first()]
            .into_iter()
            .flatten()
        {
            if let Some(why) = missing_program(program) {
                found.push(file.error(&field, "missing-program", why));
            }
        }
        if let Some(user) = &command.user
            && !users
                .lines()
                .any(|line| line.split(':').next() == Some(user))
        {
            let text = format!("there is no user {user} on this machine");
            found.push(file.error(&field, "unknown-user", text));
        }
    }
}

fn quorum(settings: &Settings, definition: &ClusterDefinition, found: &mut Vec<Diagnostic>) {
    let mut say = |text: String| {
        found.push(settings.file.error("cluster", "quorum-not-here", text));
    };
    match &definition.quorum {
        QuorumKind::Standard { resource } => {
            // What a Physical Disk lacks is told with it.
            let mut all = definition.groups.iter().flat_map(|group| &group.resources);
            let own = all.find(|it| it.name == *resource);
            let disk = own.and_then(|it| definition.shared_disk(it));
            let placed = disk.is_some_and(|disk| settings.disk(&disk).is_some());
            if own.is_none_or(|it| it.kind != *types::PHYSICAL_DISK) && !placed {
                say(format!(
                    "the cluster's log is on the disk of the quorum resource {resource}, which has no place on this machine"
                ));
            }
        }
        QuorumKind::MajorityNodeSet | QuorumKind::Local => {}
    }
    if let Some(share) = definition.file_share_witness() {
        let place = settings.share(share);
        let wrong = match &place {
            None => Some(format!(
                "the file share witness {share} has no place on this machine: `shares: {{ {share:?}: \"/mnt/witness\" }}` names \
                 the folder that it is mounted at"
            )),
            Some(folder) if !folder.join(LOCK).exists() => Some(format!(
                "the file share witness {share} is not mounted at {}: on the share itself, `touch {LOCK}` once marks it",
                folder.display()
            )),
            Some(folder) => written(folder).err().map(|why| {
                format!(
                    "the file share witness {share} cannot be written at {}: {why}",
                    folder.display()
                )
            }),
        };
        if let Some(text) = wrong {
            let field = format!("shares/{share}");
            found.push(settings.file.error(&field, "quorum-not-here", text));
        }
    }
}

/// Whether a folder that is there takes files.
fn written(folder: &Path) -> io::Result<()> {
    // Nodes look at a folder that they share at the same time.
    let probe = folder.join(format!(".check-{}", std::process::id()));
    File::create(&probe)?.sync_all()?;
    fs::remove_file(&probe)
}

/// What stands for a shared disk here, and what that is worth.
fn shared_disk(
    settings: &Settings,
    definition: &ClusterDefinition,
    (resource, disk): (&Name, &Name),
    found: &mut Vec<Diagnostic>,
) {
    let file = &settings.file;
    let field = format!("disks/{disk}");
    let Some(folder) = settings.disk(disk) else {
        let text = match resource == disk {
            true => format!("the shared disk {disk} has no place on this machine"),
            false => {
                format!("{resource} is the shared disk {disk}, which has no place on this machine")
            }
        };
        let finding = file.error(&field, "disk-not-here", text);
        let help = format!(
            "`disks: {{ {:?}: Dir(\"/path\") }}` makes it a folder, which nodes of one machine can share",
            disk.as_str()
        );
        found.push(finding.help(help));
        return;
    };
    if let Err(why) = make_to_stay(&mut SystemFiles, &folder).and_then(|()| written(&folder)) {
        let text = format!(
            "the folder {} of {disk} cannot be used: {why}",
            folder.display()
        );
        found.push(file.error(&field, "disk-not-here", text));
        return;
    }
    let mut others = settings.disks().into_iter();
    let same = |(name, place): &(Name, PathBuf)| *place == folder && !same_name(name, disk);
    if let Some((other, _)) = others.find(same) {
        let text = format!(
            "{disk} and {other} are the same folder: {}",
            folder.display()
        );
        found.push(file.error(&field, "disk-not-here", text));
        return;
    }
    let mut addresses = definition
        .nodes
        .iter()
        .flat_map(|node| node.interfaces.values());
    let elsewhere = addresses.find(|address| UdpSocket::bind((address.as_str(), 0)).is_err());
    if let Some(address) = elsewhere {
        let text = format!(
            "{disk} is the folder {}, which nodes of one machine can share, and {address} is no address of this machine",
            folder.display()
        );
        let help = "each machine would have a disk of its own, and a cluster of its own: use a Majority Node Set, with a file \
                    share witness for two nodes";
        found.push(file.error(&field, "disk-of-one-machine", text).help(help));
        return;
    }
    let text = format!(
        "{disk} is the folder {}: nodes of this machine share it, and no other's. It keeps a process from writing that has lost \
         it, and is lost with the machine",
        folder.display()
    );
    found.push(file.finding(&field, "disk-of-one-machine", Severity::Warning, text));
}

fn text<'r>(resource: &'r ResourceDefinition, property: &str) -> Option<&'r str> {
    match resource.properties.private.get(property)? {
        Value::Text(text) => Some(text),
        Value::Dword(_) | Value::List(_) => None,
    }
}

fn look_at(settings: &Settings, resource: &ResourceDefinition, found: &mut Vec<Diagnostic>) {
    let file = &settings.file;
    let (name, kind) = (&resource.name, resource.kind.as_str());
    let mut say = |rule: &'static str, severity: Severity, text: String| {
        found.push(file.finding("services", rule, severity, text));
    };
    match kind {
        types::PHYSICAL_DISK => {}
        types::IP_ADDRESS => {
            let address = text(resource, "Address").unwrap_or_default();
            let parsed = address.parse::<Ipv4Addr>();
            if !parsed.is_ok_and(|it| it.is_loopback()) {
                let text = format!(
                    "{name}: {address} is not on loopback (127.x.y.z), and others cannot be put on a card yet"
                );
                say("address-not-here", Severity::Error, text);
            }
        }
        types::GENERIC_APPLICATION => {
            let line = text(resource, "CommandLine").unwrap_or_default();
            if file.services.contains_key(line) {
                return;
            }
            let why = match split(line) {
                Err(why) => Some(why.to_string()),
                Ok(words) => match words.first() {
                    Some(program) if program.starts_with('/') => missing_program(program),
                    _ => Some(format!(
                        "there is no service {line}, and it is no absolute path"
                    )),
                },
            };
            if let Some(why) = why {
                say(
                    "service-without-command",
                    Severity::Error,
                    format!("{name}: {why}"),
                );
            }
        }
        _ => {
            let service = match kind {
                types::GENERIC_SERVICE => text(resource, "ServiceName"),
                _ => {
                    let known = SERVICES.iter().find(|(of, _)| *of == kind);
                    known.map(|(_, service)| *service)
                }
            };
            if let Some(service) = service
                && !file.services.contains_key(service)
                && !service.starts_with('/')
            {
                let text = format!("{name} needs the service {service}, which has no command here");
                let near = nearest(service, file.services.keys().map(String::as_str));
                let help = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!(
                        "add `\"{service}\": (run: [\"/path/of/the/program\"])` to `services`"
                    ),
                };
                let finding = file.error("services", "service-without-command", text);
                found.push(finding.help(help));
            }
        }
    }
}
