//! The story of `lost-node.rhai`, whole: a cluster forms, two nodes are lost one after the other.

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use quorate_model::GroupState;

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

criterion_group!(benches, drill);
criterion_main!(benches);
