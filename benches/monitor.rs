//! What isolation costs: the same call of the same type through its loaded table, and through a resource monitor
//! process.

use std::sync::Arc;

use criterion::{Criterion, criterion_group};
use quorate_benches::Nowhere;
use quorate_host::{Monitor, PluginSet};
use quorate_model::ResourceProperties;
use quorate_model::monitor::{MonitorCommand, ResourceSpec};

/// A monitor with one resource open, in the host or in a process of its own.
fn monitor(plugins: &Arc<PluginSet>, apart: bool) -> Monitor {
    let mut monitor = Monitor::new(Arc::clone(plugins));
    let spec = ResourceSpec {
        name: "Majority Node Set".into(),
        kind: "Majority Node Set".into(),
        group: "Cluster Group".into(),
        depends_on: Vec::new(),
        properties: ResourceProperties {
            separate_monitor: apart,
            ..ResourceProperties::default()
        },
    };
    monitor.command(&mut Nowhere, MonitorCommand::Open(spec));
    assert!(monitor.poll_event().is_none(), "it does not open");
    monitor
}

fn calls(criterion: &mut Criterion) {
    let plugins = quorate_benches::plugins();
    let mut group = criterion.benchmark_group("a control code");
    for (name, apart) in [
        ("through the table", false),
        ("through a monitor process", true),
    ] {
        let mut monitor = monitor(&plugins, apart);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let (resource, input) = ("Majority Node Set".into(), Vec::new());
                monitor.command(
                    &mut Nowhere,
                    MonitorCommand::Control {
                        of: quorate_model::control::ControlOf::Resource(resource),
                        code: quorate_model::control::ControlCode(1),
                        request: 1,
                        input,
                    },
                );
                while monitor.poll_event().is_some() {}
            });
        });
    }
    group.finish();
    let mut group = criterion.benchmark_group("an instance, opened and closed");
    for (name, apart) in [("in the host", false), ("in a process", true)] {
        group.bench_function(name, |bencher| bencher.iter(|| monitor(&plugins, apart)));
    }
    group.finish();
}

criterion_group!(benches, calls);

fn main() {
    // The host starts this very program for its monitor processes.
    if std::env::args().nth(1).as_deref() == Some("monitor") {
        if let Err(error) = quorate_host::run_monitor(None) {
            panic!("{error}");
        }
        return;
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
}
