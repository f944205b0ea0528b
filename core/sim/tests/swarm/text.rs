//! A run as a text file: it stays the same when the drawing from seeds changes.

use std::fmt;
use std::time::Duration;

use super::{Act, Cluster, Datagrams, Failback, Kind, Scenario, Step, Switch, Trouble};

const KINDS: [(&str, Kind); 4] = [
    ("standard", Kind::Standard),
    ("majority", Kind::Majority),
    ("witness", Kind::Witness),
    ("local", Kind::Local),
];

const SWITCHES: [(&str, Switch); 4] = [
    ("force-quorum", Switch::ForceQuorum),
    ("fix-quorum", Switch::FixQuorum),
    ("reset-quorum-log", Switch::ResetQuorumLog),
    ("no-quorum-logging", Switch::NoQuorumLogging),
];

fn name<T: PartialEq>(names: &[(&'static str, T)], wanted: &T) -> &'static str {
    let found = names.iter().find(|(_, it)| it == wanted);
    found.map_or("", |(name, _)| name)
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cluster = &self.cluster;
        writeln!(f, "seed {}", self.seed)?;
        writeln!(f, "kind {}", name(&KINDS, &cluster.kind))?;
        writeln!(f, "nodes {}\nservers {}", cluster.nodes, cluster.servers)?;
        if cluster.plain > 0 {
            writeln!(f, "plain {}", cluster.plain)?;
        }
        match cluster.failback {
            Failback::Never => {}
            Failback::AtOnce => writeln!(f, "failback")?,
            Failback::Window(start, end) => writeln!(f, "failback {start} {end}")?,
        }
        if cluster.offset != 0 {
            writeln!(f, "offset {}", cluster.offset)?;
        }
        if let Some(ppm) = cluster.drift {
            writeln!(f, "drift {ppm}")?;
        }
        for (word, set) in [
            ("codec", cluster.codec),
            ("dice", cluster.dice),
            ("ports", cluster.ports),
            ("scripts", cluster.scripts),
            ("dhcp", cluster.dhcp),
            ("haste", self.haste),
        ] {
            if set {
                writeln!(f, "{word}")?;
            }
        }
        if let Some(bytes) = cluster.log {
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
        match *self {
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
            Act::CardLatency(a, n, ms) => write!(f, "card-latency {a} {n} {ms}"),
            Act::DhcpSilent(ms) => write!(f, "dhcp-silent {ms}"),
            Act::Disk(d, trouble, ms) => trouble.write(f, "", d, ms),
            Act::SystemDisk(a, trouble, ms) => trouble.write(f, "system-", a, ms),
            Act::PathLost(a, d, ms) => write!(f, "path-lost {a} {d} {ms}"),
            Act::Stolen(d, ms) => write!(f, "stolen {d} {ms}"),
            Act::TornWrite(a, kept) => write!(f, "torn-write {a} {kept}"),
            Act::TornCheckpoint(a, kept) => write!(f, "torn-checkpoint {a} {kept}"),
            Act::ServiceCrashes(r) => write!(f, "service-crashes {r}"),
            Act::ServiceHangs(r, ms) => write!(f, "service-hangs {r} {ms}"),
            Act::AnswersLate(r, ms) => write!(f, "answers-late {r} {ms}"),
            Act::AnswersWrong(r) => write!(f, "answers-wrong {r}"),
            Act::StartsFail(r, times) => write!(f, "starts-fail {r} {times}"),
            Act::StartsSlow(r, ms) => write!(f, "starts-slow {r} {ms}"),
            Act::ScriptLost(a) => write!(f, "script-lost {a}"),
            Act::MonitorHangs(a, ms) => write!(f, "monitor-hangs {a} {ms}"),
            Act::FanFails(a, ms) => write!(f, "fan-fails {a} {ms}"),
            Act::Apart(a, mask) => write!(f, "apart {a} {mask}"),
            Act::Shutdown(a) => write!(f, "shutdown {a}"),
            Act::Pause(a) => write!(f, "pause {a}"),
            Act::Resume(a) => write!(f, "resume {a}"),
            Act::Evict(a) => write!(f, "evict {a}"),
            Act::Again(a) => write!(f, "again {a}"),
            Act::Wiped(a) => write!(f, "wiped {a}"),
            Act::Move(g, a) => write!(f, "move {g} {a}"),
            Act::GroupOffline(g) => write!(f, "group-offline {g}"),
            Act::GroupOnline(g) => write!(f, "group-online {g}"),
            Act::ResourceFails(r) => write!(f, "resource-fails {r}"),
            Act::BlackHole(n) => write!(f, "black-hole {n}"),
            Act::Datagrams(n, what, percent) => write!(f, "{what} {n} {percent}"),
            Act::CardDatagrams(a, n, what, percent) => write!(f, "card-{what} {n} {percent} {a}"),
            Act::ClockStep(a, minutes) => write!(f, "clock-step {a} {minutes}"),
            Act::ClockDrift(a, ppm) => write!(f, "clock-drift {a} {ppm}"),
            Act::LocalTime(minutes) => write!(f, "local-time {minutes}"),
            Act::LocalTimeOf(a, minutes) => write!(f, "local-time-of {a} {minutes}"),
            Act::ServiceRestarts(a) => write!(f, "service-restarts {a}"),
            Act::Stranger(r) => write!(f, "stranger {r}"),
            Act::NamesSilent => write!(f, "names-silent"),
            Act::NamesRefused => write!(f, "names-refused"),
            Act::NamesSlow(ms) => write!(f, "names-slow {ms}"),
            Act::ShareFails => write!(f, "share-fails"),
            Act::ShareSlows(ms) => write!(f, "share-slows {ms}"),
            Act::ShareCut(a) => write!(f, "share-cut {a}"),
            Act::ShareLost => write!(f, "share-lost"),
            Act::ShareAnew => write!(f, "share-anew"),
            Act::Switched(switch, mask) => write!(f, "{} {mask}", name(&SWITCHES, &switch)),
            Act::Heal => write!(f, "heal"),
        }
    }
}

impl fmt::Display for Datagrams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Datagrams::Lost => write!(f, "lost"),
            Datagrams::Doubled => write!(f, "doubled"),
            Datagrams::Late(ms) => write!(f, "late {ms}"),
            Datagrams::Damaged => write!(f, "damaged"),
        }
    }
}

impl Act {
    fn read(text: &str) -> Result<Act, String> {
        let mut words = text.split_whitespace();
        let word = words.next().unwrap_or_default();
        let signed: Result<Vec<i64>, String> = words
            .map(|word| {
                word.parse()
                    .map_err(|_| format!("{word:?} is not a number, in {text:?}"))
            })
            .collect();
        let signed = signed?;
        let numbers: Vec<u64> = signed.iter().map(|n| n.unsigned_abs()).collect();
        let at = |n: u64| n as usize;
        let nothing = || format!("{text:?} is nothing that can happen");
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
            ("card-latency", [a, n, ms]) => Act::CardLatency(at(*a), at(*n), *ms),
            ("dhcp-silent", [ms]) => Act::DhcpSilent(*ms),
            ("path-lost", [a, d, ms]) => Act::PathLost(at(*a), at(*d), *ms),
            ("stolen", [d, ms]) => Act::Stolen(at(*d), *ms),
            ("torn-write", [a, kept]) => Act::TornWrite(at(*a), *kept),
            ("torn-checkpoint", [a, kept]) => Act::TornCheckpoint(at(*a), *kept),
            ("service-crashes", [r]) => Act::ServiceCrashes(at(*r)),
            ("service-hangs", [r, ms]) => Act::ServiceHangs(at(*r), *ms),
            ("answers-late", [r, ms]) => Act::AnswersLate(at(*r), *ms),
            ("answers-wrong", [r]) => Act::AnswersWrong(at(*r)),
            ("starts-fail", [r, times]) => Act::StartsFail(at(*r), *times),
            ("starts-slow", [r, ms]) => Act::StartsSlow(at(*r), *ms),
            ("script-lost", [a]) => Act::ScriptLost(at(*a)),
            ("monitor-hangs", [a, ms]) => Act::MonitorHangs(at(*a), *ms),
            ("fan-fails", [a, ms]) => Act::FanFails(at(*a), *ms),
            ("apart", [a, mask]) => Act::Apart(at(*a), *mask),
            ("shutdown", [a]) => Act::Shutdown(at(*a)),
            ("pause", [a]) => Act::Pause(at(*a)),
            ("resume", [a]) => Act::Resume(at(*a)),
            ("evict", [a]) => Act::Evict(at(*a)),
            ("again", [a]) => Act::Again(at(*a)),
            ("wiped", [a]) => Act::Wiped(at(*a)),
            ("move", [g, a]) => Act::Move(at(*g), at(*a)),
            ("group-offline", [g]) => Act::GroupOffline(at(*g)),
            ("group-online", [g]) => Act::GroupOnline(at(*g)),
            ("resource-fails", [r]) => Act::ResourceFails(at(*r)),
            ("black-hole", [n]) => Act::BlackHole(at(*n)),
            ("lost" | "doubled" | "damaged" | "late", [rest @ .., n, percent]) => {
                let what = datagrams(word, rest).ok_or_else(nothing)?;
                Act::Datagrams(at(*n), what, *percent)
            }
            (
                "card-lost" | "card-doubled" | "card-damaged" | "card-late",
                [rest @ .., n, percent, a],
            ) => {
                let word = word.trim_start_matches("card-");
                let what = datagrams(word, rest).ok_or_else(nothing)?;
                Act::CardDatagrams(at(*a), at(*n), what, *percent)
            }
            ("clock-step", [a, _]) => Act::ClockStep(at(*a), signed[1]),
            ("clock-drift", [a, _]) => Act::ClockDrift(at(*a), signed[1]),
            ("local-time", [_]) => Act::LocalTime(signed[0]),
            ("local-time-of", [a, _]) => Act::LocalTimeOf(at(*a), signed[1]),
            ("service-restarts", [a]) => Act::ServiceRestarts(at(*a)),
            ("stranger", [r]) => Act::Stranger(at(*r)),
            ("names-silent", []) => Act::NamesSilent,
            ("names-refused", []) => Act::NamesRefused,
            ("names-slow", [ms]) => Act::NamesSlow(*ms),
            ("share-fails", []) => Act::ShareFails,
            ("share-slows", [ms]) => Act::ShareSlows(*ms),
            ("share-cut", [a]) => Act::ShareCut(at(*a)),
            ("share-lost", []) => Act::ShareLost,
            ("share-anew", []) => Act::ShareAnew,
            (switch, [mask]) if SWITCHES.iter().any(|(name, _)| *name == switch) => {
                let switch = SWITCHES.iter().find(|(name, _)| *name == switch);
                Act::Switched(switch.ok_or_else(nothing)?.1, *mask)
            }
            ("heal", []) => Act::Heal,
            _ => return disks(word, &numbers).ok_or_else(nothing),
        })
    }
}

fn disks(word: &str, numbers: &[u64]) -> Option<Act> {
    let own = word.strip_prefix("system-");
    let (trouble, which, ms) = Trouble::read(own.unwrap_or(word), numbers)?;
    Some(match own {
        Some(_) => Act::SystemDisk(which, trouble, ms),
        None => Act::Disk(which, trouble, ms),
    })
}

fn datagrams(word: &str, rest: &[u64]) -> Option<Datagrams> {
    Some(match (word, rest) {
        ("lost", []) => Datagrams::Lost,
        ("doubled", []) => Datagrams::Doubled,
        ("damaged", []) => Datagrams::Damaged,
        ("late", [ms]) => Datagrams::Late(*ms),
        _ => return None,
    })
}

impl Scenario {
    /// Reads the output of [`Display`](fmt::Display). An error names the line.
    pub fn read(text: &str) -> Result<Scenario, String> {
        let mut scenario = Scenario {
            seed: 0,
            cluster: Cluster::default(),
            haste: false,
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
        let (nodes, servers) = (scenario.cluster.nodes, scenario.cluster.servers);
        if !(1..=8).contains(&nodes) || servers > 7 {
            return Err(format!(
                "{nodes} nodes and {servers} servers: 1 to 8 nodes and at most 7 servers are expected"
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
        let cluster = &mut self.cluster;
        match word {
            "seed" => self.seed = number(rest)?,
            "nodes" => cluster.nodes = number(rest)? as usize,
            "servers" => cluster.servers = number(rest)? as usize,
            "plain" => cluster.plain = number(rest)? as usize,
            "failback" if rest.is_empty() => cluster.failback = Failback::AtOnce,
            "failback" => {
                let (start, end) = rest.split_once(' ').unwrap_or((rest, ""));
                let hour = |text| number(text).map(|hour| (hour % 24) as u8);
                cluster.failback = Failback::Window(hour(start)?, hour(end)?);
            }
            "offset" => {
                let minutes = rest.parse();
                cluster.offset =
                    minutes.map_err(|_| format!("{rest:?} is not a number, in {line:?}"))?;
            }
            "drift" => cluster.drift = u32::try_from(number(rest)?).ok(),
            "codec" => cluster.codec = true,
            "dice" => cluster.dice = true,
            "ports" => cluster.ports = true,
            "scripts" => cluster.scripts = true,
            "dhcp" => cluster.dhcp = true,
            "haste" => self.haste = true,
            "log" => cluster.log = u32::try_from(number(rest)?).ok(),
            "kind" => {
                let kind = KINDS.iter().find(|(name, _)| *name == rest);
                let names = KINDS.map(|(name, _)| name).join(", ");
                cluster.kind = kind
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
