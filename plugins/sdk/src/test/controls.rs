//! A test's control of the world: break it, repair it, look at it.

use std::time::Duration;

use super::physical::{Disk, Plan, Process};
use super::world::World;
use crate::ServiceState;

/// A node. It exists from its first mention on.
#[derive(Clone, Debug)]
pub struct NodeControl {
    pub(super) world: World,
    pub(super) node: String,
}

impl NodeControl {
    /// The node stands still: its resources get no calls until [`thaw`](Self::thaw), and then late.
    pub fn freeze(&self) {
        self.world.set_frozen(&self.node, true);
    }

    /// The node goes on.
    pub fn thaw(&self) {
        self.world.set_frozen(&self.node, false);
    }

    /// The node loses power: its resources are never called again. Its services, mounts and addresses are gone, and
    /// its reservations stay.
    pub fn crash(&self) {
        self.world.crash(&self.node);
    }

    /// Its card in `network` breaks.
    pub fn break_card(&self, network: &str) {
        let key = (self.node.clone(), network.to_owned());
        self.world
            .physical(|physical| physical.broken_cards.insert(key));
    }

    /// Its card in `network` works again.
    pub fn mend_card(&self, network: &str) {
        let key = (self.node.clone(), network.to_owned());
        self.world
            .physical(|physical| physical.broken_cards.remove(&key));
    }
}

/// A service of a resource, on whichever node it runs.
#[derive(Clone, Debug)]
pub struct ServiceControl {
    pub(super) world: World,
    pub(super) resource: String,
    pub(super) service: String,
}

impl ServiceControl {
    fn plan<R>(&self, change: impl FnOnce(&mut Plan) -> R) -> R {
        let key = (self.resource.clone(), self.service.clone());
        self.world
            .physical(|physical| change(physical.plans.entry(key).or_default()))
    }

    fn processes(&self, change: impl Fn(&mut Process)) {
        self.world.physical(|physical| {
            physical
                .processes
                .iter_mut()
                .filter(|(key, _)| key.1 == self.resource && key.2 == self.service)
                .for_each(|(_, process)| change(process));
        });
    }

    fn first<R>(&self, read: impl Fn(&Process) -> R) -> Option<R> {
        self.world.physical(|physical| {
            physical.end_due();
            physical
                .processes
                .iter()
                .find(|(key, _)| key.1 == self.resource && key.2 == self.service)
                .map(|(_, process)| read(process))
        })
    }

    /// Fails the test if the service was never started: a fault of it would break nothing, and the test would pass
    /// for that reason.
    #[track_caller]
    fn must_have_been(&self) {
        let known = self.world.physical(|physical| {
            let plans = physical.plans.iter();
            let started: Vec<_> = plans
                .filter(|(_, plan)| plan.starts > 0)
                .map(|((resource, service), _)| format!("`{service}` of `{resource}`"))
                .collect();
            started
        });
        let this = format!("`{}` of `{}`", self.service, self.resource);
        assert!(
            known.contains(&this),
            "the service {this} was never started; those that were: {}",
            if known.is_empty() {
                "none".to_owned()
            } else {
                known.join(", ")
            }
        );
    }

    /// Its process dies.
    ///
    /// # Panics
    /// If it was never started.
    #[track_caller]
    pub fn crash(&self) {
        self.must_have_been();
        self.world.physical(|physical| {
            physical
                .processes
                .retain(|key, _| key.1 != self.resource || key.2 != self.service);
        });
    }

    /// It runs and answers nobody, until [`answer`](Self::answer).
    ///
    /// # Panics
    /// If it was never started.
    #[track_caller]
    pub fn hang(&self) {
        self.must_have_been();
        self.processes(|process| process.hung = true);
    }

    /// It answers again.
    pub fn answer(&self) {
        self.processes(|process| process.hung = false);
    }

    /// The next `count` starts fail after their time.
    pub fn fail_starts(&self, count: u32) {
        self.plan(|plan| plan.fail_starts = count);
    }

    /// How long it takes to start, work units not counted. 1 s unless set.
    pub fn set_start_time(&self, time: Duration) {
        self.plan(|plan| plan.start_ms = millis(time));
    }

    /// How long it takes to stop. 1 s unless set.
    pub fn set_stop_time(&self, time: Duration) {
        self.plan(|plan| plan.stop_ms = millis(time));
    }

    /// Whether its ports answer with a banner that is not one of their protocol.
    pub fn set_wrong_banner(&self, wrong: bool) {
        self.plan(|plan| plan.wrong_banner = wrong);
    }

    /// What its ports answer to a request, without the ends of the lines.
    pub fn answers(&self, request: &str, text: &str) {
        let answer = (request.trim_end().to_owned(), text.to_owned());
        self.plan(|plan| plan.answers.push(answer));
    }

    /// What the service controller says of it.
    pub fn state(&self) -> ServiceState {
        self.first(|process| process.state)
            .unwrap_or(ServiceState::Stopped)
    }

    /// How often it was started.
    pub fn starts(&self) -> u32 {
        self.plan(|plan| plan.starts)
    }

    /// The work units of its present run's start; `None` if it does not run.
    pub fn work_units(&self) -> Option<u64> {
        self.first(|process| process.work_units)
    }

    /// Its parameters and working directory; `None` if it does not run.
    pub fn given(&self) -> Option<(String, String)> {
        self.first(|process| process.given.clone())
    }
}

/// A shared disk. It exists from its first mention on.
#[derive(Clone, Debug)]
pub struct DiskControl {
    pub(super) world: World,
    pub(super) disk: String,
}

impl DiskControl {
    pub(super) fn with<R>(&self, change: impl FnOnce(&mut Disk) -> R) -> R {
        let name = self.disk.clone();
        self.world
            .physical(|physical| change(physical.disks.entry(name).or_default()))
    }

    /// It reports an error for every request.
    pub fn fail(&self) {
        self.with(|disk| disk.failed = true);
    }

    /// From now on it takes this long for every request.
    pub fn set_delay(&self, delay: Duration) {
        self.with(|disk| disk.delay_ms = millis(delay));
    }

    /// It works again, at its usual speed.
    pub fn repair(&self) {
        self.with(|disk| {
            disk.failed = false;
            disk.delay_ms = 0;
        });
    }

    /// Makes `node` hold its reservation, as if another program there had taken it.
    pub fn reserve_for(&self, node: &str) {
        self.with(|disk| disk.holder = Some(node.to_owned()));
    }

    /// Nobody holds its reservation any more.
    pub fn free(&self) {
        self.with(|disk| disk.holder = None);
    }

    /// Who holds its reservation.
    pub fn holder(&self) -> Option<String> {
        self.with(|disk| disk.holder.clone())
    }

    /// How often its reservation was broken by a bus reset.
    pub fn bus_resets(&self) -> u32 {
        self.with(|disk| disk.resets)
    }

    /// Whether it is mounted on `node`.
    pub fn is_mounted_on(&self, node: &str) -> bool {
        self.with(|disk| disk.mounted.contains(node))
    }

    /// Whether files are open on it, so that only a forced dismount works.
    pub fn set_files_open(&self, open: bool) {
        self.with(|disk| disk.files_open = open);
    }

    /// Reserves and mounts it on `node`, as an online Physical Disk there would.
    pub fn mount_on(&self, node: &str) {
        self.with(|disk| {
            disk.holder = Some(node.to_owned());
            disk.mounted.insert(node.to_owned());
        });
    }

    /// Puts a file on it, whoever holds it.
    pub fn put(&self, file: &str, bytes: &[u8]) {
        self.with(|disk| disk.files.insert(file.to_owned(), bytes.to_owned()));
    }

    /// What is in a file; `None` if there is no such file.
    pub fn contents(&self, file: &str) -> Option<Vec<u8>> {
        self.with(|disk| disk.files.get(file).cloned())
    }

    /// The names of its files.
    pub fn files(&self) -> Vec<String> {
        self.with(|disk| disk.files.keys().cloned().collect())
    }
}

/// An address on a network.
#[derive(Clone, Debug)]
pub struct AddressControl {
    pub(super) world: World,
    pub(super) network: String,
    pub(super) address: String,
}

impl AddressControl {
    fn set(&self, owner: Option<String>) {
        let key = (self.network.clone(), self.address.clone());
        self.world
            .physical(|physical| physical.addresses.insert(key, owner));
    }

    /// Puts it on `node`, as an IP Address resource would.
    pub fn put_on(&self, node: &str) {
        self.set(Some(node.to_owned()));
    }

    /// A machine outside the cluster answers for the address.
    pub fn occupy(&self) {
        self.set(None);
    }

    /// Nobody has the address any more.
    pub fn vacate(&self) {
        let key = (self.network.clone(), self.address.clone());
        self.world
            .physical(|physical| physical.addresses.remove(&key));
    }

    /// The node that has it.
    pub fn owner(&self) -> Option<String> {
        let key = (self.network.clone(), self.address.clone());
        self.world
            .physical(|physical| physical.addresses.get(&key).cloned().flatten())
    }
}

/// The DHCP server of a network.
#[derive(Clone, Debug)]
pub struct DhcpControl {
    pub(super) world: World,
    pub(super) network: String,
}

impl DhcpControl {
    /// It gives `address` to every client, for `lease` (whole seconds).
    pub fn give(&self, address: &str, lease: Duration) {
        let seconds = u32::try_from(lease.as_secs()).unwrap_or(u32::MAX);
        let given = (address.to_owned(), seconds);
        self.world
            .physical(|physical| physical.dhcp.insert(self.network.clone(), given));
    }

    /// It answers nobody.
    pub fn stop(&self) {
        self.world
            .physical(|physical| physical.dhcp.remove(&self.network));
    }
}

/// A name in the network's directory.
#[derive(Clone, Debug)]
pub struct NameControl {
    pub(super) world: World,
    pub(super) name: String,
}

impl NameControl {
    /// Makes it resolve to `address`, whoever registered it.
    pub fn point_at(&self, address: &str) {
        let address = address.to_owned();
        self.world
            .physical(|physical| physical.names.insert(self.name.clone(), address));
    }

    /// Nobody knows it any more.
    pub fn forget(&self) {
        self.world
            .physical(|physical| physical.names.remove(&self.name));
    }

    /// What it resolves to.
    pub fn address(&self) -> Option<String> {
        self.world
            .physical(|physical| physical.names.get(&self.name).cloned())
    }
}

pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
