//! The story of `lost-node.rhai`, whole: a cluster forms, two nodes are lost one after the other. And drills as scripts
//! run them: with the wait for the cluster to settle, conditions, the check beforehand and the report.

use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use quorate_drill::{Choice, RunOptions, Silent, StageSource, Verdict};
use quorate_model::GroupState;
use quorate_rehearse::SimSource;
use quorate_script::{on_script_thread, run_script};

fn drill(criterion: &mut Criterion) {
    let plugins = quorate_benches::plugins();
    let definition = quorate_benches::cluster("four-node.ron");
    let mut group = criterion.benchmark_group("drill");
    group.sample_size(20);
    group.bench_function("lost-node, from power-on to the verdict", |bencher| {
        bencher.iter(|| {
            let mut world = quorate_benches::formed(&plugins, &definition, 7);
            assert!(world.crash("NODE3").is_ok());
            world.run_for(Duration::from_secs(300));
            assert_eq!(
                world.group("EVS3").map(|group| group.state),
                Ok(GroupState::Online)
            );
            assert!(world.crash("NODE2").is_ok());
            world.run_for(Duration::from_secs(1_800));
            assert_eq!(
                world.group("EVS2").map(|group| group.state),
                Ok(GroupState::Failed)
            );
        });
    });
    let eight = quorate_benches::cluster("eight-node.ron");
    group.bench_function("six quiet hours of eight nodes", |bencher| {
        bencher.iter(|| {
            let mut world = quorate_benches::formed(&plugins, &eight, 7);
            world.run_for(Duration::from_secs(6 * 3_600));
            assert!(world.breaches().is_empty());
        });
    });
    group.finish();
}

/// Scripts and the one drill of each that is run.
const SCRIPTS: [(&str, &str); 2] = [
    ("exchange/limits.rhai", "the largest cluster"),
    ("lost-node.rhai", "a lost node's virtual server"),
];

fn script(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("script");
    group.sample_size(10);
    for (script, filter) in SCRIPTS {
        group.bench_function(format!("{script}: {filter}"), |bencher| {
            bencher.iter_custom(|times| {
                match on_script_thread(|| run_often(script, filter, times)) {
                    Ok(took) => took,
                    Err(panic) => panic!("{panic}"),
                }
            });
        });
    }
    group.finish();
}

/// What it takes to run a drill so many times in one process that has run it before.
fn run_often(script: &str, filter: &str, times: u64) -> Duration {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../scripts/drills")
        .join(script);
    let text = quorate_drill::read_text(&path, None).unwrap_or_else(|error| panic!("{error}"));
    let source: Rc<dyn StageSource> = Rc::new(SimSource::new(Vec::new()));
    let run = || {
        let options = RunOptions {
            choice: Choice {
                text: Some(filter.to_owned()),
                ..Choice::default()
            },
            ..RunOptions::default()
        };
        let run = run_script(
            &path,
            &text,
            Rc::clone(&source),
            options,
            Box::new(Silent),
            Default::default(),
        );
        let passed = run.reports.iter().filter(|it| it.verdict == Verdict::Pass);
        assert_eq!(passed.count(), 1, "{:?}", run.failure);
    };
    run();
    let begun = Instant::now();
    (0..times).for_each(|_| run());
    begun.elapsed()
}

criterion_group!(benches, drill, script);
criterion_main!(benches);
