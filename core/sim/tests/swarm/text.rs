//! A run as a text file: it stays what it is when the drawing of seeds changes.

use std::fmt;
use std::time::Duration;

use super::{Act, Kind, Scenario, Step};

const KINDS: [(&str, Kind); 3] = [
    ("standard", Kind::Standard),
    ("majority", Kind::Majority),
    ("local", Kind::Local),
];

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = KINDS.iter().find(|(_, kind)| *kind == self.kind);
        let kind = kind.map_or("", |(name, _)| name);
        writeln!(f, "seed {}\nkind {kind}", self.seed)?;
        writeln!(f, "nodes {}\nservers {}\n", self.nodes, self.servers)?;
        if self.haste {
            writeln!(f, "haste")?;
        }
        if let Some(bytes) = self.log {
            writeln!(f, "log {bytes}")?;
        }
        for Step { act, wait } in &self.steps {
            writeln!(f, "{act} then {}", wait.as_millis())?;
        }
        Ok(())
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Act::Crash(a) => write!(f, "crash {a}"),
            Act::Start(a) => write!(f, "start {a}"),
            Act::Freeze(a, ms) => write!(f, "freeze {a} {ms}"),
            Act::StopService(a) => write!(f, "stop-service {a}"),
            Act::StartService(a) => write!(f, "start-service {a}"),
            Act::Partition(mask) => write!(f, "partition {mask}"),
            Act::Cut(a, b) => write!(f, "cut {a} {b}"),
            Act::Flap(a, b, times) => write!(f, "flap {a} {b} {times}"),
            Act::Card(a, n) => write!(f, "card {a} {n}"),
            Act::Network(n) => write!(f, "network {n}"),
            Act::Loss(n, percent) => write!(f, "loss {n} {percent}"),
            Act::Latency(n, ms) => write!(f, "latency {n} {ms}"),
            Act::DiskFails(d) => write!(f, "disk-fails {d}"),
            Act::DiskSlows(d, ms) => write!(f, "disk-slows {d} {ms}"),
            Act::TornWrite(a, kept) => write!(f, "torn-write {a} {kept}"),
            Act::TornCheckpoint(a, kept) => write!(f, "torn-checkpoint {a} {kept}"),
            Act::ServiceCrashes(r) => write!(f, "service-crashes {r}"),
            Act::ServiceHangs(r, ms) => write!(f, "service-hangs {r} {ms}"),
            Act::Apart(a, mask) => write!(f, "apart {a} {mask}"),
            Act::Shutdown(a) => write!(f, "shutdown {a}"),
            Act::Pause(a) => write!(f, "pause {a}"),
            Act::Resume(a) => write!(f, "resume {a}"),
            Act::Evict(a) => write!(f, "evict {a}"),
            Act::Again(a) => write!(f, "again {a}"),
            Act::Move(g, a) => write!(f, "move {g} {a}"),
            Act::GroupOffline(g) => write!(f, "group-offline {g}"),
            Act::GroupOnline(g) => write!(f, "group-online {g}"),
            Act::ResourceFails(r) => write!(f, "resource-fails {r}"),
            Act::Heal => write!(f, "heal"),
        }
    }
}

impl Act {
    fn read(text: &str) -> Result<Act, String> {
        let mut words = text.split_whitespace();
        let word = words.next().unwrap_or_default();
        let numbers: Result<Vec<u64>, String> = words
            .map(|word| {
                word.parse()
                    .map_err(|_| format!("{word:?} is not a number, in {text:?}"))
            })
            .collect();
        let numbers = numbers?;
        let at = |n: u64| n as usize;
        Ok(match (word, &numbers[..]) {
            ("crash", [a]) => Act::Crash(at(*a)),
            ("start", [a]) => Act::Start(at(*a)),
            ("freeze", [a, ms]) => Act::Freeze(at(*a), *ms),
            ("stop-service", [a]) => Act::StopService(at(*a)),
            ("start-service", [a]) => Act::StartService(at(*a)),
            ("partition", [mask]) => Act::Partition(*mask),
            ("cut", [a, b]) => Act::Cut(at(*a), at(*b)),
            ("flap", [a, b, times]) => Act::Flap(at(*a), at(*b), *times),
            ("card", [a, n]) => Act::Card(at(*a), at(*n)),
            ("network", [n]) => Act::Network(at(*n)),
            ("loss", [n, percent]) => Act::Loss(at(*n), *percent),
            ("latency", [n, ms]) => Act::Latency(at(*n), *ms),
            ("disk-fails", [d]) => Act::DiskFails(at(*d)),
            ("disk-slows", [d, ms]) => Act::DiskSlows(at(*d), *ms),
            ("torn-write", [a, kept]) => Act::TornWrite(at(*a), *kept),
            ("torn-checkpoint", [a, kept]) => Act::TornCheckpoint(at(*a), *kept),
            ("service-crashes", [r]) => Act::ServiceCrashes(at(*r)),
            ("service-hangs", [r, ms]) => Act::ServiceHangs(at(*r), *ms),
            ("apart", [a, mask]) => Act::Apart(at(*a), *mask),
            ("shutdown", [a]) => Act::Shutdown(at(*a)),
            ("pause", [a]) => Act::Pause(at(*a)),
            ("resume", [a]) => Act::Resume(at(*a)),
            ("evict", [a]) => Act::Evict(at(*a)),
            ("again", [a]) => Act::Again(at(*a)),
            ("move", [g, a]) => Act::Move(at(*g), at(*a)),
            ("group-offline", [g]) => Act::GroupOffline(at(*g)),
            ("group-online", [g]) => Act::GroupOnline(at(*g)),
            ("resource-fails", [r]) => Act::ResourceFails(at(*r)),
            ("heal", []) => Act::Heal,
            _ => return Err(format!("{text:?} is nothing that can happen")),
        })
    }
}

impl Scenario {
    /// Reads what [`Display`](fmt::Display) writes. The error names the line.
    pub fn read(text: &str) -> Result<Scenario, String> {
        let mut scenario = Scenario {
            seed: 0,
            kind: Kind::Standard,
            nodes: 2,
            servers: 1,
            haste: false,
            log: None,
            steps: Vec::new(),
        };
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                scenario
                    .take(line)
                    .map_err(|error| format!("line {}: {error}", at + 1))?;
            }
        }
        let (nodes, servers) = (scenario.nodes, scenario.servers);
        if !(1..=8).contains(&nodes) || !(1..=7).contains(&servers) {
            return Err(format!(
                "{nodes} nodes and {servers} servers: 1 to 8 nodes and 1 to 7 servers are expected"
            ));
        }
        Ok(scenario)
    }

    fn take(&mut self, line: &str) -> Result<(), String> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let number = |text: &str| -> Result<u64, String> {
            text.parse()
                .map_err(|_| format!("{text:?} is not a number, in {line:?}"))
        };
        match word {
            "seed" => self.seed = number(rest)?,
            "nodes" => self.nodes = number(rest)? as usize,
            "servers" => self.servers = number(rest)? as usize,
            "haste" => self.haste = true,
            "log" => self.log = u32::try_from(number(rest)?).ok(),
            "kind" => {
                let kind = KINDS.iter().find(|(name, _)| *name == rest);
                let names = KINDS.map(|(name, _)| name).join(", ");
                self.kind = kind
                    .ok_or(format!("there is no kind {rest:?}, only {names}"))?
                    .1;
            }
            _ => {
                let (act, wait) = line
                    .split_once(" then ")
                    .ok_or(format!("{line:?} does not say how long to wait: … then MS"))?;
                let wait = Duration::from_millis(number(wait.trim())?);
                let act = Act::read(act)?;
                self.steps.push(Step { act, wait });
            }
        }
        Ok(())
    }
}
