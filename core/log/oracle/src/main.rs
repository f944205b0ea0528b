//! Compares the verdicts over many seeds.
//!
//! Exit status: 0 if no verdict differs and none is bad, 1 otherwise, 64 for a wrong argument.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use quorate_oracle::{Bug, Comparison, Run, Schedule, compare};

const HELP: &str = "\
This project's log and raft 0.7 under the same schedules, drawn from seeds: crashes, freezes, partitions, one-way cuts,
lost, repeated and late messages, slow disks. Their verdicts on safety must agree.

  --seeds N      so many seeds (10000)
  --from N       the first seed (0)
  --threads N    threads (2)
  --bug NAME     plant a bug in ours, and see the verdicts differ:
                 vote-ignores-log, acknowledge-early, commit-old-term, count-live
";

struct Options {
    first: u64,
    seeds: u64,
    threads: u64,
    bug: Option<Bug>,
}

fn options() -> Result<Option<Options>, String> {
    let mut options = Options {
        first: 0,
        seeds: 10_000,
        threads: 2,
        bug: None,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        if name == "--help" || name == "-h" {
            return Ok(None);
        }
        let text = arguments.next().ok_or(format!(
            "{name} needs a value after it; --help says what there is"
        ))?;
        let number = || -> Result<u64, String> {
            text.parse()
                .map_err(|_| format!("{name}: {text:?} is not a number"))
        };
        match name.as_str() {
            "--seeds" => options.seeds = number()?,
            "--from" => options.first = number()?,
            "--threads" => options.threads = number()?.clamp(1, 64),
            "--bug" => {
                let bug = Bug::ALL.into_iter().find(|bug| bug.name() == text);
                let names = Bug::ALL.map(Bug::name).join(", ");
                options.bug = Some(bug.ok_or(format!("--bug: there is no {text:?}, but {names}"))?);
            }
            _ => return Err(format!("there is no {name}; --help says what there is")),
        }
    }
    Ok(Some(options))
}

/// What the runs of one implementation came to.
#[derive(Default)]
struct Total {
    elections: AtomicU64,
    acknowledged: AtomicU64,
    broken: AtomicU64,
    micros: AtomicU64,
}

impl Total {
    fn add(&self, run: &Run) {
        self.elections.fetch_add(run.elections, Ordering::Relaxed);
        self.acknowledged
            .fetch_add(run.acknowledged, Ordering::Relaxed);
        self.broken
            .fetch_add(u64::from(run.broken.is_some()), Ordering::Relaxed);
        self.micros
            .fetch_add(run.cpu.as_micros() as u64, Ordering::Relaxed);
    }

    fn say(&self, name: &str) {
        println!(
            "  {name}: {} elections, {} updates acknowledged, {} runs broken, {:.1} s of processor time",
            self.elections.load(Ordering::Relaxed),
            self.acknowledged.load(Ordering::Relaxed),
            self.broken.load(Ordering::Relaxed),
            self.micros.load(Ordering::Relaxed) as f64 / 1e6,
        );
    }
}

fn run(options: &Options) -> ExitCode {
    let begun = Instant::now();
    // A panic is reported as a verdict, with its seed.
    std::panic::set_hook(Box::new(|_| {}));
    let (ours, theirs) = (Total::default(), Total::default());
    let (done, differ) = (AtomicU64::new(0), AtomicU64::new(0));
    let work = |thread: u64| {
        for seed in (options.first + thread..options.first + options.seeds)
            .step_by(options.threads as usize)
        {
            let comparison: Comparison = compare(&Schedule::draw(seed), options.bug);
            ours.add(&comparison.ours);
            theirs.add(&comparison.theirs);
            done.fetch_add(1, Ordering::Relaxed);
            if let Some(complaint) = comparison.complaint() {
                differ.fetch_add(1, Ordering::Relaxed);
                println!("seed {seed}: {complaint}");
            }
        }
    };
    let say = |word: &str| {
        println!(
            "{word} {} seeds, {} with a verdict that differs or is bad, {} s",
            done.load(Ordering::Relaxed),
            differ.load(Ordering::Relaxed),
            begun.elapsed().as_secs()
        );
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..options.threads)
            .map(|thread| scope.spawn(move || work(thread)))
            .collect();
        let mut said = Instant::now();
        while threads.iter().any(|thread| !thread.is_finished()) {
            std::thread::sleep(Duration::from_millis(50));
            if said.elapsed() > Duration::from_secs(10) {
                said = Instant::now();
                say("so far");
            }
        }
    });
    say("compared");
    ours.say("ours    ");
    theirs.say("raft 0.7");
    if differ.load(Ordering::Relaxed) == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn main() -> ExitCode {
    match options() {
        Ok(Some(options)) => run(&options),
        Ok(None) => {
            print!("{HELP}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("oracle: {error}");
            ExitCode::from(64)
        }
    }
}
