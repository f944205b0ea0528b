//! The effects of slow disks on those who use them: requests of plugins that are not finished, and services that
//! start, answer and stop more slowly.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use quorate_model::{ClusterDefinition, Name, NameMap, Time};

use super::below::gathered;
use super::{Disk, Environment, Machine};

/// How long a caller waits for an answer, a client as well as a probe.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// How long the result of a request to a slow disk is kept at least, for a plugin that makes several requests one
/// after the other.
const ANSWER_STANDS: Duration = Duration::from_secs(5);

/// A request by a resource on a machine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Request {
    disk: Name,
    machine: Machine,
    resource: Name,
    what: String,
}

/// The progress of a disk's request.
#[derive(Clone, Copy, Debug)]
struct Under {
    since: Time,
    /// The end of the time for which the result is kept, once the request is finished.
    stands: Option<Time>,
}

/// The disks that each resource depends on, and the disks' unfinished requests of plugins.
#[derive(Debug, Default)]
pub(crate) struct Lags {
    /// By resource: the shared disks of the resources that it depends on, directly or indirectly.
    below: NameMap<BTreeSet<Name>>,
    requests: BTreeMap<Request, Under>,
}

impl Lags {
    pub(crate) fn new(definition: &ClusterDefinition) -> Self {
        let mut lags = Lags::default();
        lags.define(definition);
        lags
    }

    /// The definition of the cluster has changed.
    pub(crate) fn define(&mut self, definition: &ClusterDefinition) {
        self.below.clear();
        for group in &definition.groups {
            let own = |resource: &_| definition.shared_disk(resource).into_iter().collect();
            for (name, disks) in &gathered(group, own) {
                if !disks.is_empty() {
                    self.below.insert(name.clone(), disks.clone());
                }
            }
        }
    }

    fn disks(&self, resource: &str) -> impl Iterator<Item = &Name> {
        self.below.get(resource).into_iter().flatten()
    }

    /// Drops all requests that the machine has made to the disk, which was dismounted there, or reset.
    pub(crate) fn forget(&mut self, disk: &str, machine: Option<Machine>) {
        self.requests.retain(|request, _| {
            request.disk != *disk || machine.is_some_and(|machine| request.machine != machine)
        });
    }

    /// The machine lost power.
    pub(crate) fn drop_machine(&mut self, machine: Machine) {
        self.requests
            .retain(|request, _| request.machine != machine);
    }
}

impl Environment {
    /// Whether a disk has finished a resource's request, which begins with the first call. A disk that is not slow
    /// has finished at once.
    pub(crate) fn is_through(
        &mut self,
        machine: Machine,
        resource: &str,
        disk: &str,
        what: &str,
    ) -> bool {
        let now = self.now;
        let Some(found) = self.disks.find(disk) else {
            return true;
        };
        let delay = found.delay();
        if delay.is_zero() && self.lags.requests.is_empty() {
            return true;
        }
        let request = Request {
            disk: found.name.clone(),
            machine,
            resource: resource.into(),
            what: what.to_owned(),
        };
        let requests = &mut self.lags.requests;
        if delay.is_zero() {
            requests.remove(&request);
            return true;
        }
        let begun = Under {
            since: now,
            stands: None,
        };
        let under = requests.entry(request).or_insert(begun);
        if under.stands.is_some_and(|until| until < now) {
            *under = begun;
        }
        if under.stands.is_none() && now - under.since >= delay {
            under.stands = Some(now + delay.max(ANSWER_STANDS));
        }
        under.stands.is_some()
    }

    /// The extra time of everything that a resource does with its disks: that of the slowest of them.
    pub(crate) fn lag(&self, resource: &str) -> Duration {
        let disks = self.lags.disks(resource);
        let delays = disks.filter_map(|disk| self.disks.find(disk).map(Disk::delay));
        delays.max().unwrap_or_default()
    }

    /// The extra time of each read from disk when a resource's service starts on a machine; its program is on the
    /// machine's own disk.
    pub(crate) fn lag_of_start(&self, machine: Machine, resource: &str) -> Duration {
        self.lag(resource).max(self.disks.system(machine).delay())
    }

    /// Why a resource on a machine has no access to one of its disks; `None` if it has access to all.
    pub(crate) fn out_of_reach(&self, machine: Machine, resource: &str) -> Option<String> {
        let mut disks = self.lags.disks(resource);
        let lost = disks.find(|disk| {
            let found = self.disks.find(disk);
            found.is_none_or(|disk| disk.access(machine).is_err())
        })?;
        let node = &self.hosts[machine].name;
        Some(format!(
            "{node} does not get through to {lost}, on which {resource} stands"
        ))
    }

    /// How long a resource's service on a machine takes to answer because of its disks, and because of its own delay
    /// `late`, which is longer on a slow machine.
    ///
    /// # Errors
    /// If nobody waits that long, or the answer never comes: in words.
    pub(crate) fn answer_takes(
        &self,
        machine: Machine,
        resource: &str,
        late: Duration,
    ) -> Result<Duration, String> {
        let mut lag = Duration::ZERO;
        // Each probe of each service asks, and hardly ever is anything wrong with any disk.
        let wrong = |disk: &Disk| !disk.answers(machine) || !disk.delay().is_zero();
        let any_wrong = self.disks.shared().iter().any(wrong);
        let disks = any_wrong.then(|| self.lags.disks(resource));
        let disks = disks.into_iter().flatten();
        for disk in disks.filter_map(|disk| self.disks.find(disk)) {
            if !disk.answers(machine) || disk.wrong.hung {
                let disk = &disk.name;
                return Err(format!(
                    "{disk} does not answer, on which {resource} stands"
                ));
            }
            lag = lag.max(disk.delay());
        }
        let late = late.saturating_mul(self.hosts[machine].slowness);
        let takes = lag.saturating_add(late);
        if takes > PATIENCE {
            return Err(format!(
                "an answer of {resource} takes {takes:?}, and nobody waits longer than {PATIENCE:?}"
            ));
        }
        Ok(takes)
    }
}

#[cfg(test)]
mod tests {
    use quorate_model::{DiskFault, Drive, FaultId, GroupDefinition, ResourceDefinition};

    use quorate_model::types;

    use super::*;
    use crate::env::tests::environment;

    const L: &str = "Disk L:";

    fn slow(env: &mut Environment, delay: Duration) {
        let disk = Drive::Shared(L.into());
        let fault = DiskFault::SlowDisk { disk, delay };
        env.faults.insert(FaultId(1), fault.into());
        env.apply_faults();
    }

    fn asked(env: &mut Environment) -> bool {
        env.is_through(0, L, L, "list")
    }

    #[test]
    fn a_request_takes_the_delay_of_its_disk_and_stands_for_a_while() {
        let mut env = environment(2);
        let second = Duration::from_secs(1);
        assert!(asked(&mut env));
        slow(&mut env, 10 * second);
        assert!(!asked(&mut env));
        env.now += 9 * second;
        assert!(!asked(&mut env));
        env.now += second;
        assert!(asked(&mut env));
        env.now += 10 * second;
        assert!(asked(&mut env), "it stands");
        env.now += second;
        assert!(!asked(&mut env), "asked anew");
        env.now += 10 * second;
        assert!(asked(&mut env));
        slow(&mut env, 3_600 * second);
        env.now += 11 * second;
        assert!(
            !asked(&mut env),
            "what stood for a quick disk ends as it would have"
        );
        slow(&mut env, 10 * second);
        env.lags.forget(L, Some(1));
        env.now += 10 * second;
        assert!(asked(&mut env), "another machine's are not its own");
    }

    #[test]
    fn healing_a_disk_frees_what_it_is_at() {
        let mut env = environment(2);
        slow(&mut env, Duration::from_secs(3_600));
        assert!(!asked(&mut env));
        env.now += Duration::from_secs(60);
        env.faults.clear();
        env.apply_faults();
        assert!(asked(&mut env));
    }

    fn resource(name: &str, kind: &str, depends_on: &[&str]) -> ResourceDefinition {
        ResourceDefinition {
            name: name.into(),
            kind: kind.into(),
            depends_on: depends_on.iter().map(|one| (*one).into()).collect(),
            possible_owners: Vec::new(),
            persistent_state: None,
            properties: Default::default(),
        }
    }

    fn defined(env: &mut Environment, resources: Vec<ResourceDefinition>) {
        let mut definition = crate::env::tests::definition(2);
        definition.groups = vec![GroupDefinition {
            name: "SHARE".into(),
            properties: Default::default(),
            resources,
            persistent_state: true,
            policy: None,
            attributes: Default::default(),
        }];
        env.lags.define(&definition);
    }

    #[test]
    fn a_resource_is_as_slow_as_the_slowest_disk_below_it_however_far_below() {
        let mut env = environment(2);
        let disk = types::PHYSICAL_DISK;
        let all = vec![
            resource("Disk Q:", disk, &[]),
            resource(L, disk, &[]),
            resource("Program", "Generic Application", &[L]),
            resource("Share", "File Share", &["Program", "Disk Q:"]),
            resource("Address", "IP Address", &[]),
        ];
        defined(&mut env, all);
        let second = Duration::from_secs(1);
        slow(&mut env, 10 * second);
        for (name, lag) in [
            (L, 10),
            ("Disk Q:", 0),
            ("Program", 10),
            ("Share", 10),
            ("Address", 0),
        ] {
            assert_eq!(env.lag(name), lag * second, "{name}");
            assert_eq!(env.lag_of_start(0, name), lag * second, "{name}");
            let takes = env.answer_takes(0, name, second);
            assert_eq!(takes, Ok((lag + 1) * second), "{name}");
        }
        let lost = env.out_of_reach(0, "Share");
        assert!(lost.is_some_and(|why| why.starts_with("NODE1 does not get through to Disk")));
        assert_eq!(env.out_of_reach(0, "Address"), None);
        for disk in ["Disk Q:", L] {
            let disk = env.disks.find_mut(disk).unwrap();
            disk.holder = Some(0);
            disk.mounted.insert(0);
        }
        assert_eq!(env.out_of_reach(0, "Share"), None);
        assert!(env.out_of_reach(1, "Share").is_some());
        assert_eq!(env.answer_takes(0, "Share", second), Ok(11 * second));
        assert_eq!(env.answer_takes(0, "Share", 20 * second), Ok(PATIENCE));
        assert!(env.answer_takes(0, "Share", 21 * second).is_err());
        defined(&mut env, vec![resource("Share", "File Share", &[])]);
        assert_eq!(
            env.lag("Share"),
            Duration::ZERO,
            "it stands on none any more"
        );
    }

    /// Only the requests of this machine to this disk begin again.
    #[test]
    fn what_is_forgotten_is_of_the_machine_and_the_disk_that_are_meant() {
        let second = Duration::from_secs(1);
        type Forget = fn(&mut Lags);
        let forgets: [(Forget, [bool; 2]); 5] = [
            (|lags| lags.forget(L, None), [false, false]),
            (|lags| lags.forget(L, Some(0)), [false, true]),
            (|lags| lags.forget("Disk Q:", None), [true, true]),
            (|lags| lags.drop_machine(1), [true, false]),
            (|_| {}, [true, true]),
        ];
        for (number, (forget, through)) in forgets.into_iter().enumerate() {
            let mut env = environment(2);
            slow(&mut env, 10 * second);
            let ask = |env: &mut Environment| [0, 1].map(|it| env.is_through(it, L, L, "list"));
            assert_eq!(ask(&mut env), [false, false]);
            env.now += 10 * second;
            forget(&mut env.lags);
            assert_eq!(ask(&mut env), through, "{number}");
        }
    }

    #[test]
    fn what_stands_on_a_disk_that_failed_or_hangs_does_not_answer() {
        let disk = || Drive::Shared(L.into());
        for fault in [
            None,
            Some(DiskFault::Disk { disk: disk() }),
            Some(DiskFault::HungDisk { disk: disk() }),
        ] {
            let mut env = environment(2);
            defined(&mut env, vec![resource(L, "Physical Disk", &[])]);
            let answers = fault.is_none();
            let faults = fault.map(|fault| (FaultId(1), fault.into()));
            env.faults.extend(faults);
            env.apply_faults();
            let found = env.answer_takes(0, L, Duration::ZERO);
            assert_eq!(found.is_ok(), answers, "{found:?}");
            let why = found.err().unwrap_or_default();
            assert_eq!(
                why.starts_with("Disk L: does not answer"),
                !answers,
                "{why}"
            );
        }
    }
}
