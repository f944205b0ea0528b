//! Calls into foreign code: a plugin through its loaded table, and a line of the drill language.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use criterion::{Criterion, criterion_group, criterion_main};
use quorate_benches::Nowhere;
use quorate_drill::Silent;
use quorate_host::Monitor;
use quorate_model::ResourceProperties;
use quorate_model::monitor::{MonitorCommand, ResourceSpec};
use quorate_rehearse::SimSource;
use quorate_script::{Console, ConsoleOptions};

fn plugin(criterion: &mut Criterion) {
    let mut monitor = Monitor::new(quorate_benches::plugins());
    let resource = quorate_model::Name::from("Majority Node Set");
    let spec = ResourceSpec {
        name: resource.clone(),
        kind: "Majority Node Set".into(),
        group: "Cluster Group".into(),
        depends_on: Vec::new(),
        properties: ResourceProperties::default(),
    };
    monitor.command(&mut Nowhere, MonitorCommand::Open(spec));
    criterion.bench_function(
        "plugin: a control code through the monitor and the loaded table",
        |bencher| {
            bencher.iter(|| {
                let (resource, input) = (resource.clone(), Vec::new());
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
        },
    );
}

fn script(criterion: &mut Criterion) {
    quorate_script::seed_hashing();
    let source = Rc::new(SimSource::default());
    let cancel = Arc::new(AtomicBool::new(false));
    let mut console = Console::new(source, ConsoleOptions::default(), Box::new(Silent), cancel);
    console.eval("fn twice(x) { x + x }");
    criterion.bench_function(
        "script: a line with a call of a script function",
        |bencher| {
            bencher.iter(|| console.eval("twice(21)"));
        },
    );
}

criterion_group!(benches, plugin, script);
criterion_main!(benches);
