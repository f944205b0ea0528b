//! The world's event queue: push one, pop one, with a few thousand waiting.

use criterion::{Criterion, criterion_group, criterion_main};
use quorate_model::Time;
use quorate_sim::Queue;

fn queue(criterion: &mut Criterion) {
    let mut queue = Queue::new();
    for n in 0..4_096_u64 {
        queue.push(Time(n * 7_919 % 100_003), n);
    }
    criterion.bench_function("event queue: push and pop", |bencher| {
        bencher.iter(|| {
            if let Some((at, what)) = queue.pop() {
                queue.push(Time(at.0 + 1 + what % 1_000), what);
            }
        });
    });
}

criterion_group!(benches, queue);
criterion_main!(benches);
