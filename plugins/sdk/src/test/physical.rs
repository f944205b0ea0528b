//! The contents of the world, and what each node may do with them.

use std::collections::{BTreeMap, BTreeSet};

use quorate_abi as abi;

use crate::ServiceState;

/// The result of a change of the world: on failure a code of the original's.
pub(super) type Outcome<T> = Result<T, u32>;

/// How long a service takes to start or stop unless a test says otherwise, in ms.
const SERVICE_TIME_MS: u64 = 1_000;
/// How long the result of a request to a slow disk is kept, in ms, for a resource that makes several requests one
/// after the other.
const ANSWER_STANDS_MS: u64 = 5_000;
/// How long one unit of a service's work takes unless a test says otherwise, in ms.
const WORK_UNIT_MS: u64 = abi::SERVICE_WORK_UNIT_MS as u64;

#[derive(Debug, Default)]
pub(super) struct Disk {
    pub(super) holder: Option<String>,
    pub(super) mounted: BTreeSet<String>,
    pub(super) files: BTreeMap<String, Vec<u8>>,
    pub(super) failed: bool,
    pub(super) files_open: bool,
    pub(super) resets: u32,
    /// How long a request takes.
    pub(super) delay_ms: u64,
    /// By node, resource and request: since when it has been under way, and once it is finished until when its result
    /// is kept.
    at_work: BTreeMap<(String, String, String), (u64, Option<u64>)>,
}

/// The maker of a disk request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request<'a> {
    pub(super) node: &'a str,
    pub(super) resource: &'a str,
    pub(super) disk: &'a str,
}

#[derive(Debug)]
pub(super) struct Process {
    pub(super) state: ServiceState,
    /// When a pending state ends.
    until_ms: u64,
    doomed: bool,
    pub(super) hung: bool,
    pub(super) work_units: u64,
    /// Its parameters and working directory.
    pub(super) given: (String, String),
    ports: BTreeSet<(String, u32, String)>,
}

/// What a port says first, as in a drill, except for the product's name.
fn banner(protocol: &str, resource: &str) -> String {
    match protocol.to_ascii_lowercase().as_str() {
        "smtp" => format!("220 {resource} ready"),
        "imap4" | "imap" => format!("* OK {resource} ready"),
        "pop3" => format!("+OK {resource} ready"),
        "http" => "HTTP/1.1 200 OK".to_owned(),
        other => format!("{other} {resource} ready"),
    }
}

/// A test's settings for a service, whichever node it runs on.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) start_ms: u64,
    pub(super) stop_ms: u64,
    pub(super) fail_starts: u32,
    pub(super) starts: u32,
    pub(super) wrong_banner: bool,
    /// What its ports answer to requests: the last one counts.
    pub(super) answers: Vec<(String, String)>,
}

impl Default for Plan {
    fn default() -> Self {
        Plan {
            start_ms: SERVICE_TIME_MS,
            stop_ms: SERVICE_TIME_MS,
            fail_starts: 0,
            starts: 0,
            wrong_banner: false,
            answers: Vec::new(),
        }
    }
}

#[derive(Debug)]
pub(super) struct Physical {
    pub(super) now_ms: u64,
    pub(super) civil_origin_ms: i64,
    pub(super) random: u64,
    pub(super) configured_nodes: u32,
    pub(super) disks: BTreeMap<String, Disk>,
    /// By node, resource and service.
    pub(super) processes: BTreeMap<(String, String, String), Process>,
    /// By resource and service.
    pub(super) plans: BTreeMap<(String, String), Plan>,
    /// By network and address: the node that has it, or `None` for a machine outside the cluster.
    pub(super) addresses: BTreeMap<(String, String), Option<String>>,
    /// By node and network.
    pub(super) broken_cards: BTreeSet<(String, String)>,
    pub(super) names: BTreeMap<String, String>,
    /// By network: address and seconds.
    pub(super) dhcp: BTreeMap<String, (String, u32)>,
    /// By resource and key.
    pub(super) checkpoints: BTreeMap<(String, String), Vec<u8>>,
    /// By path.
    pub(super) scripts: BTreeMap<String, String>,
    /// Resource, level, line.
    pub(super) log: Vec<(String, u32, String)>,
}

impl Default for Physical {
    fn default() -> Self {
        Physical {
            now_ms: 0,
            // 2003-06-12 08:00:00 UTC.
            civil_origin_ms: 1_055_404_800_000,
            random: 0x9E37_79B9_7F4A_7C15,
            configured_nodes: 2,
            disks: BTreeMap::new(),
            processes: BTreeMap::new(),
            plans: BTreeMap::new(),
            addresses: BTreeMap::new(),
            broken_cards: BTreeSet::new(),
            names: BTreeMap::new(),
            dhcp: BTreeMap::new(),
            checkpoints: BTreeMap::new(),
            scripts: BTreeMap::new(),
            log: Vec::new(),
        }
    }
}

/// Which service: of which resource, on which node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Which<'a> {
    pub(super) node: &'a str,
    pub(super) resource: &'a str,
    pub(super) service: &'a str,
}

impl Which<'_> {
    fn key(&self) -> (String, String, String) {
        (
            self.node.to_owned(),
            self.resource.to_owned(),
            self.service.to_owned(),
        )
    }

    fn plan(&self) -> (String, String) {
        (self.resource.to_owned(), self.service.to_owned())
    }
}

/// Services.
impl Physical {
    /// The next number of the world's single generator (splitmix64).
    pub(super) fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Stores a checkpoint of a resource within the contract's limits; without bytes it is removed.
    pub(super) fn save(&mut self, resource: &str, key: String, bytes: &[u8]) -> Outcome<()> {
        let key = (resource.to_owned(), key);
        if key.1.is_empty() || key.1.len() > abi::CHECKPOINT_KEY_MAX as usize {
            return Err(abi::ERROR_INVALID_PARAMETER);
        }
        if bytes.is_empty() {
            self.checkpoints.remove(&key);
            return Ok(());
        }
        let others = self.checkpoints.keys().filter(|it| it.0 == key.0);
        let full = others.count() >= abi::CHECKPOINTS_MAX as usize;
        let one_more = full && !self.checkpoints.contains_key(&key);
        if one_more || bytes.len() > abi::CHECKPOINT_BYTES_MAX as usize {
            return Err(abi::ERROR_INVALID_PARAMETER);
        }
        self.checkpoints.insert(key, bytes.to_owned());
        Ok(())
    }

    /// Ends the starts and stops whose time has come.
    pub(super) fn end_due(&mut self) {
        let now = self.now_ms;
        self.processes.retain(|_, process| {
            if process.until_ms > now {
                return true;
            }
            match process.state {
                ServiceState::StartPending if process.doomed => false,
                ServiceState::StartPending => {
                    process.state = ServiceState::Running;
                    true
                }
                ServiceState::StopPending => false,
                _ => true,
            }
        });
    }

    pub(super) fn state(&mut self, which: Which<'_>) -> ServiceState {
        self.end_due();
        self.processes
            .get(&which.key())
            .map_or(ServiceState::Stopped, |process| process.state)
    }

    pub(super) fn start(&mut self, which: Which<'_>, work_units: u64) -> Outcome<()> {
        self.start_with(which, work_units, (String::new(), String::new()))
    }

    /// With parameters and a directory.
    pub(super) fn start_with(
        &mut self,
        which: Which<'_>,
        work_units: u64,
        given: (String, String),
    ) -> Outcome<()> {
        match self.state(which) {
            ServiceState::Stopped => {}
            ServiceState::StopPending => return Err(abi::ERROR_BUSY),
            _ => return Ok(()),
        }
        let plan = self.plans.entry(which.plan()).or_default();
        plan.starts += 1;
        let doomed = plan.fail_starts > 0;
        plan.fail_starts = plan.fail_starts.saturating_sub(1);
        let takes = plan
            .start_ms
            .saturating_add(work_units.saturating_mul(WORK_UNIT_MS));
        let process = Process {
            state: ServiceState::StartPending,
            until_ms: self.now_ms.saturating_add(takes),
            doomed,
            hung: false,
            work_units,
            given,
            ports: BTreeSet::new(),
        };
        self.processes.insert(which.key(), process);
        Ok(())
    }

    pub(super) fn stop(&mut self, which: Which<'_>) -> Outcome<()> {
        self.end_due();
        let stop_ms = self.plans.entry(which.plan()).or_default().stop_ms;
        let now = self.now_ms;
        let process = self
            .processes
            .get_mut(&which.key())
            .ok_or(abi::ERROR_SERVICE_NOT_ACTIVE)?;
        process.state = ServiceState::StopPending;
        // A service that hangs does not notice that it should stop.
        process.until_ms = if process.hung {
            u64::MAX
        } else {
            now.saturating_add(stop_ms)
        };
        Ok(())
    }

    pub(super) fn kill(&mut self, which: Which<'_>) -> Outcome<()> {
        match self.processes.remove(&which.key()) {
            Some(_) => Ok(()),
            None => Err(abi::ERROR_SERVICE_NOT_ACTIVE),
        }
    }

    pub(super) fn call(&mut self, which: Which<'_>) -> Outcome<()> {
        self.end_due();
        match self.processes.get(&which.key()) {
            Some(process) if process.state != ServiceState::Running => {
                Err(abi::ERROR_SERVICE_NOT_ACTIVE)
            }
            Some(process) if process.hung => Err(abi::ERROR_SERVICE_REQUEST_TIMEOUT),
            Some(_) => Ok(()),
            None => Err(abi::ERROR_SERVICE_NOT_ACTIVE),
        }
    }

    pub(super) fn listen(
        &mut self,
        which: Which<'_>,
        address: &str,
        port: u32,
        protocol: &str,
        on: bool,
    ) -> Outcome<()> {
        let here = self.has_address(which.node, address);
        let running = self.state(which) == ServiceState::Running;
        let port = (address.to_owned(), port, protocol.to_owned());
        let Some(process) = self.processes.get_mut(&which.key()) else {
            return if on {
                Err(abi::ERROR_SERVICE_NOT_ACTIVE)
            } else {
                Ok(())
            };
        };
        if !on {
            process.ports.remove(&port);
            return Ok(());
        }
        if !running {
            return Err(abi::ERROR_SERVICE_NOT_ACTIVE);
        }
        if !here {
            return Err(abi::ERROR_NOT_FOUND);
        }
        process.ports.insert(port);
        Ok(())
    }

    pub(super) fn probe_port(
        &mut self,
        address: &str,
        port: u32,
        protocol: &str,
    ) -> Outcome<String> {
        let (resource, service, _) = self.called(address, port, Some(protocol))?;
        let plan = self.plans.get(&(resource.clone(), service));
        if plan.is_some_and(|plan| plan.wrong_banner) {
            return Ok("?".to_owned());
        }
        Ok(banner(protocol, &resource))
    }

    /// What a port answers to a request: what the test says that it does, or else that it is there.
    pub(super) fn probe_ask(&mut self, address: &str, port: u32, request: &str) -> Outcome<String> {
        let (resource, service, protocol) = self.called(address, port, None)?;
        let asked = request.trim_end();
        let plan = self.plans.get(&(resource.clone(), service));
        if plan.is_some_and(|plan| plan.wrong_banner) {
            return Ok("?".to_owned());
        }
        let mut told = plan.iter().flat_map(|plan| plan.answers.iter().rev());
        let told = told.find(|(request, _)| request == asked);
        Ok(match (told, asked) {
            (Some((_, text)), _) => text.clone(),
            (None, "PING") => "+PONG".to_owned(),
            (None, _) => banner(&protocol, &resource),
        })
    }

    /// Connects to a port. Returns whose service answers there, its name, and its protocol.
    fn called(
        &mut self,
        address: &str,
        port: u32,
        protocol: Option<&str>,
    ) -> Outcome<(String, String, String)> {
        self.end_due();
        // In this world every node reaches every other one.
        let at = self
            .addresses
            .iter()
            .find_map(|((_, one), owner)| owner.as_deref().filter(|_| one == address));
        let Some(node) = at else {
            return Err(abi::ERROR_TIMEOUT);
        };
        let found = self.processes.iter().find_map(|(key, process)| {
            let mut ports = process.ports.iter().filter(|_| key.0 == node);
            let (_, _, of) = ports.find(|(at, number, of)| {
                at == address && *number == port && protocol.is_none_or(|it| it == of)
            })?;
            Some((key, process, of.clone()))
        });
        let Some(((_, resource, service), process, of)) = found else {
            return Err(abi::ERROR_CONNECTION_REFUSED);
        };
        if process.state != ServiceState::Running {
            return Err(abi::ERROR_CONNECTION_REFUSED);
        }
        if process.hung {
            return Err(abi::ERROR_TIMEOUT);
        }
        Ok((resource.clone(), service.clone(), of))
    }

    fn has_address(&self, node: &str, address: &str) -> bool {
        self.addresses
            .iter()
            .any(|((_, one), owner)| one == address && owner.as_deref() == Some(node))
    }
}

/// Disks.
impl Physical {
    fn disk(&mut self, name: &str) -> Outcome<&mut Disk> {
        match self.disks.get_mut(name) {
            None => Err(abi::ERROR_NOT_READY),
            Some(disk) if disk.failed => Err(abi::ERROR_GEN_FAILURE),
            Some(disk) => Ok(disk),
        }
    }

    fn files(&mut self, node: &str, name: &str) -> Outcome<&mut Disk> {
        let disk = self.disk(name)?;
        if disk.holder.as_deref() != Some(node) {
            return Err(abi::ERROR_BUSY);
        }
        if !disk.mounted.contains(node) {
            return Err(abi::ERROR_NOT_READY);
        }
        Ok(disk)
    }

    /// Whether the disk has finished a request, which begins with the first call.
    fn is_through(&mut self, by: Request<'_>, what: String) -> Outcome<()> {
        let now_ms = self.now_ms;
        let disk = self.disk(by.disk)?;
        let key = (by.node.to_owned(), by.resource.to_owned(), what);
        if disk.delay_ms == 0 {
            disk.at_work.remove(&key);
            return Ok(());
        }
        let (since, stands) = disk.at_work.entry(key).or_insert((now_ms, None));
        if stands.is_some_and(|until| until < now_ms) {
            (*since, *stands) = (now_ms, None);
        }
        if stands.is_none() && now_ms - *since >= disk.delay_ms {
            *stands = Some(now_ms + disk.delay_ms.max(ANSWER_STANDS_MS));
        }
        match stands {
            Some(_) => Ok(()),
            None => Err(abi::ERROR_IO_INCOMPLETE),
        }
    }

    pub(super) fn reserve(&mut self, by: Request<'_>) -> Outcome<()> {
        let (node, name) = (by.node, by.disk);
        if self.disk(name)?.holder.as_deref() == Some(node) {
            return self.is_through(by, "reserve".to_owned());
        }
        let disk = self.disk(name)?;
        match disk.holder.as_deref() {
            Some(holder) if holder != node => Err(abi::ERROR_BUSY),
            _ => {
                disk.holder = Some(node.to_owned());
                Ok(())
            }
        }
    }

    pub(super) fn break_reservation(&mut self, name: &str) -> Outcome<()> {
        let disk = self.disk(name)?;
        disk.holder = None;
        disk.at_work.clear();
        disk.resets += 1;
        Ok(())
    }

    pub(super) fn release(&mut self, node: &str, name: &str) -> Outcome<()> {
        let disk = self.disk(name)?;
        if disk.holder.as_deref() == Some(node) {
            disk.holder = None;
            disk.at_work.clear();
        }
        Ok(())
    }

    pub(super) fn is_reserved(&mut self, node: &str, name: &str) -> Outcome<bool> {
        Ok(self.disk(name)?.holder.as_deref() == Some(node))
    }

    pub(super) fn holder(&mut self, name: &str) -> Outcome<Option<String>> {
        Ok(self.disk(name)?.holder.clone())
    }

    pub(super) fn mount(&mut self, by: Request<'_>) -> Outcome<()> {
        let (node, name) = (by.node, by.disk);
        if self.disk(name)?.holder.as_deref() != Some(node) {
            return Err(abi::ERROR_BUSY);
        }
        self.is_through(by, "mount".to_owned())?;
        let disk = self.disk(name)?;
        disk.mounted.insert(node.to_owned());
        Ok(())
    }

    pub(super) fn unmount(&mut self, by: Request<'_>, force: bool) -> Outcome<()> {
        let (node, name) = (by.node, by.disk);
        if !force {
            if self.disk(name)?.files_open {
                return Err(abi::ERROR_BUSY);
            }
            self.is_through(by, "dismount".to_owned())?;
        }
        let disk = self.disks.get_mut(name).ok_or(abi::ERROR_NOT_READY)?;
        disk.at_work.retain(|(of, ..), _| of != node);
        if disk.mounted.remove(node) {
            Ok(())
        } else {
            Err(abi::ERROR_NOT_READY)
        }
    }

    pub(super) fn list(&mut self, by: Request<'_>) -> Outcome<String> {
        self.files(by.node, by.disk)?;
        self.is_through(by, "list".to_owned())?;
        let names: Vec<_> = self
            .files(by.node, by.disk)?
            .files
            .keys()
            .cloned()
            .collect();
        Ok(names.join("\n"))
    }

    pub(super) fn write(&mut self, by: Request<'_>, file: &str, bytes: &[u8]) -> Outcome<()> {
        self.files(by.node, by.disk)?;
        self.is_through(by, format!("write {file}"))?;
        self.files(by.node, by.disk)?
            .files
            .insert(file.to_owned(), bytes.to_owned());
        Ok(())
    }

    pub(super) fn read(&mut self, by: Request<'_>, file: &str) -> Outcome<Vec<u8>> {
        self.files(by.node, by.disk)?;
        self.is_through(by, format!("read {file}"))?;
        let disk = self.files(by.node, by.disk)?;
        disk.files
            .get(file)
            .cloned()
            .ok_or(abi::ERROR_FILE_NOT_FOUND)
    }
}

/// Addresses and names.
impl Physical {
    pub(super) fn add_address(&mut self, node: &str, network: &str, address: &str) -> Outcome<()> {
        self.card(node, network)?;
        let key = (network.to_owned(), address.to_owned());
        match self.addresses.get(&key) {
            Some(Some(owner)) if owner == node => Ok(()),
            Some(_) => Err(abi::ERROR_CLUSTER_IPADDR_IN_USE),
            None => {
                self.addresses.insert(key, Some(node.to_owned()));
                Ok(())
            }
        }
    }

    pub(super) fn remove_address(
        &mut self,
        node: &str,
        network: &str,
        address: &str,
    ) -> Outcome<()> {
        let key = (network.to_owned(), address.to_owned());
        if self
            .addresses
            .get(&key)
            .is_some_and(|owner| owner.as_deref() == Some(node))
        {
            self.addresses.remove(&key);
            return Ok(());
        }
        Err(abi::ERROR_NOT_FOUND)
    }

    pub(super) fn address_works(&self, node: &str, network: &str, address: &str) -> Outcome<()> {
        self.card(node, network)?;
        let key = (network.to_owned(), address.to_owned());
        match self.addresses.get(&key) {
            Some(Some(owner)) if owner == node => Ok(()),
            _ => Err(abi::ERROR_NOT_FOUND),
        }
    }

    fn card(&self, node: &str, network: &str) -> Outcome<()> {
        if self
            .broken_cards
            .contains(&(node.to_owned(), network.to_owned()))
        {
            return Err(abi::ERROR_NETNAME_DELETED);
        }
        Ok(())
    }

    pub(super) fn lease(&self, node: &str, network: &str) -> Outcome<(String, u32)> {
        self.card(node, network)?;
        self.dhcp.get(network).cloned().ok_or(abi::ERROR_TIMEOUT)
    }

    pub(super) fn register(&mut self, name: &str, address: &str) -> Outcome<()> {
        match self.names.get(name) {
            Some(other) if other != address => Err(abi::ERROR_DUP_NAME),
            _ => {
                self.names.insert(name.to_owned(), address.to_owned());
                Ok(())
            }
        }
    }

    /// The node lost power: its processes, mounts and addresses are gone, its reservations stay.
    pub(super) fn lose_node(&mut self, node: &str) {
        self.processes.retain(|key, _| key.0 != node);
        self.addresses
            .retain(|_, owner| owner.as_deref() != Some(node));
        for disk in self.disks.values_mut() {
            disk.mounted.remove(node);
        }
    }
}
