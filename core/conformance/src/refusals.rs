//! Tests with bad properties, refusals and broken worlds: the plugin must fail, must say so, and must not panic.

use std::time::Duration;

use quorate_abi as abi;
use quorate_host::PropertyKind;
use quorate_model::Value;

use super::bench::{Bench, Id, Op, code_text};
use super::contract::NO_CONTROL;
use super::world::Faults;
use super::{Case, Check, Group, Stop, Test, Verdict, ensure, passed, test, witness};

const G: Group = Group::Contract;

pub(super) const TESTS: &[Test] = &[
    test(
        "contract-required-property",
        G,
        "Without a required property `online` is refused",
        required_property,
    ),
    test(
        "contract-bad-property",
        G,
        "A number out of its range, or none at all, is refused by `online`",
        bad_property,
    ),
    test(
        "contract-long-property",
        G,
        "A text of 100,000 characters in a property crashes nothing",
        long_property,
    ),
    test(
        "contract-refusals",
        G,
        "When every service refuses, calls say so, and it goes online once they do not",
        refusals,
    ),
    test(
        "contract-no-services",
        G,
        "A host that has none of the services asked for is refused, or the calls say so: nothing crashes",
        no_services,
    ),
    test(
        "contract-failures-explained",
        G,
        "A failed `online` leaves a sentence in `last_error`",
        failures_explained,
    ),
    test(
        "contract-panics",
        G,
        "No entry panics, in good worlds or bad; one that does is contained",
        panics,
    ),
];

fn required_property(case: &Case<'_>) -> Check {
    let mut bench = Bench::new(case)?;
    let required: Vec<String> = bench
        .kind
        .properties
        .iter()
        .filter(|property| property.required)
        .map(|property| property.name.clone())
        .collect();
    if required.is_empty() {
        return Err(Stop::skipped("it requires none"));
    }
    let id = bench.open(0)?;
    bench.bring_online(id)?;
    bench.terminate(id)?;
    bench.close(id)?;
    for missing in &required {
        let mut spec = bench.spec(0);
        spec.properties.private.remove(missing);
        let Ok(id) = bench.try_open(spec, 0, b"Tester 0")? else {
            continue;
        };
        let online = bench.goes_online(id)?;
        bench.terminate(id)?;
        bench.close(id)?;
        ensure(!online, || {
            format!(
                "without `{missing}` it goes online: have `online` read it, or do not call it required"
            )
        })?;
    }
    ensure(bench.panics.is_empty(), || bench.panics.join("; "))?;
    passed(format!("tried without {}", required.join(", ")))
}

/// Values that a number with this range must not have.
fn bad_numbers(min: u64, max: u64) -> Vec<Value> {
    let mut bad = vec![Value::Text("no number".to_owned())];
    if let Ok(above) = u32::try_from(max.saturating_add(1)) {
        bad.push(Value::Dword(above));
    }
    if let Some(below) = min.checked_sub(1) {
        bad.push(Value::Dword(u32::try_from(below).unwrap_or(0)));
    }
    bad
}

fn bad_property(case: &Case<'_>) -> Check {
    let mut bench = Bench::new(case)?;
    let id = bench.open(0)?;
    bench.bring_online(id)?;
    bench.terminate(id)?;
    bench.close(id)?;
    let numbers: Vec<_> = bench
        .kind
        .properties
        .iter()
        .filter(|property| property.kind == PropertyKind::Dword)
        .cloned()
        .collect();
    let (mut tried, mut taken) = (0, None);
    for property in &numbers {
        for bad in bad_numbers(property.min, property.max) {
            let mut spec = bench.spec(0);
            let private = &mut spec.properties.private;
            private.insert(property.name.clone(), bad.clone());
            tried += 1;
            let Ok(id) = bench.try_open(spec, 0, b"Tester 0")? else {
                continue;
            };
            if bench.goes_online(id)? {
                let bad = match &bad {
                    Value::Dword(number) => number.to_string(),
                    _ => "a text".to_owned(),
                };
                taken = Some(format!("`{}` is taken as {bad}", property.name));
            }
            bench.terminate(id)?;
            bench.close(id)?;
        }
    }
    ensure(bench.panics.is_empty(), || bench.panics.join("; "))?;
    match taken {
        _ if tried == 0 => Err(Stop::skipped("it has no property that is a number")),
        Some(first) => Err(Stop::warning(format!(
            "{first} by `online`, which does not read it or not hold it to its range; the host refuses it before that"
        ))),
        None => passed(format!("{tried} bad values refused")),
    }
}

fn long_property(case: &Case<'_>) -> Check {
    let mut bench = Bench::new(case)?;
    let texts: Vec<String> = bench
        .kind
        .properties
        .iter()
        .filter(|property| property.kind == PropertyKind::Text)
        .map(|property| property.name.clone())
        .collect();
    if texts.is_empty() {
        return Err(Stop::skipped("it has no property that is a text"));
    }
    for name in &texts {
        let mut spec = bench.spec(0);
        let long = "ä".repeat(100_000);
        spec.properties
            .private
            .insert(name.clone(), Value::Text(long));
        let Ok(id) = bench.try_open(spec, 0, b"Tester 0")? else {
            continue;
        };
        bench.goes_online(id)?;
        bench.sentence(id)?;
        bench.terminate(id)?;
        bench.close(id)?;
    }
    ensure(bench.panics.is_empty(), || bench.panics.join("; "))?;
    passed(format!("tried with {}", texts.join(", ")))
}

/// Codes with which services refuse something, and some with which none would.
const REFUSALS: [u32; 6] = [
    abi::ERROR_ACCESS_DENIED,
    abi::ERROR_NOT_READY,
    abi::ERROR_MORE_DATA,
    abi::ERROR_NOT_SUPPORTED,
    abi::ERROR_IO_PENDING,
    u32::MAX,
];

fn refusals(case: &Case<'_>) -> Check {
    let mut bench = Bench::new(case)?;
    for code in REFUSALS {
        bench.renew_world()?;
        let id = bench.open(0)?;
        bench.bring_online(id)?;
        bench.world.faults.refuse = Some(code);
        bench.run(Duration::from_secs(30))?;
        bench.looks_alive(id)?;
        bench.is_alive(id)?;
        // An `offline` that is refused may stay pending. Then it is terminated, as the host would do.
        bench.begin(id, Op::Offline)?;
        bench.terminate(id)?;
        bench.begin(id, Op::Online)?;
        bench.run(Duration::from_secs(30))?;
        bench.terminate(id)?;
        // The world is renewed, since the type may have left something in the broken one.
        bench.renew_world()?;
        bench.bring_online(id)?;
        bench.terminate(id)?;
        bench.close(id)?;
    }
    ensure(bench.panics.is_empty(), || bench.panics.join("; "))?;
    passed(format!("{} codes", REFUSALS.len()))
}

fn no_services(case: &Case<'_>) -> Check {
    witness::without_services();
    // If one type refuses to start, the host does not load the library.
    let Ok(mut bench) = Bench::new(case) else {
        return passed("refused at start-up");
    };
    let spec = bench.spec(0);
    let id = match bench.try_open(spec, 0, b"Tester 0")? {
        Ok(id) => id,
        Err(code) => return passed(format!("`open` is refused with {}", code_text(code))),
    };
    let code = bench.begin(id, Op::Online)?;
    bench.terminate(id)?;
    bench.close(id)?;
    ensure(bench.panics.is_empty(), || bench.panics.join("; "))?;
    match code {
        abi::ERROR_SUCCESS => passed("it needs none of them"),
        code => passed(format!("`online` says {}", code_text(code))),
    }
}

/// An instance whose `online` has failed because nothing in its world works, with the code; without a code, one that
/// went online nevertheless.
pub(super) fn with_error(bench: &mut Bench<'_>) -> Result<(Id, Option<u32>), Stop> {
    let id = bench.open(0)?;
    bench.world.faults = Faults {
        refuse: Some(abi::ERROR_GEN_FAILURE),
        ..Faults::default()
    };
    match bench.try_online(id) {
        Ok(abi::ERROR_SUCCESS) => Ok((id, None)),
        Ok(code) => Ok((id, Some(code))),
        Err(stop) if stop.verdict == Verdict::Failed => Err(Stop::skipped(format!(
            "no `online` fails: see life-online ({})",
            stop.why
        ))),
        Err(stop) => Err(stop),
    }
}

fn failures_explained(case: &Case<'_>) -> Check {
    let mut bench = Bench::new(case)?;
    let (id, failed) = with_error(&mut bench)?;
    let Some(code) = failed else {
        return Err(Stop::skipped("its `online` does not fail"));
    };
    let sentence = bench.sentence(id)?;
    if sentence.is_empty() {
        return Err(Stop::warning(format!(
            "`online` fails with {}, and `last_error` is empty: people will have the number alone",
            code_text(code)
        )));
    }
    passed(sentence)
}

fn panics(case: &Case<'_>) -> Check {
    let mut bench = Bench::new(case)?;
    let spec = bench.spec(0);
    let mut worlds = 0;
    let bad_worlds = [
        Faults::default(),
        Faults {
            disks: true,
            ..Faults::default()
        },
        Faults {
            network: true,
            ..Faults::default()
        },
        Faults {
            hung: true,
            ..Faults::default()
        },
        Faults {
            starts: true,
            ..Faults::default()
        },
        Faults {
            refuse: Some(abi::ERROR_GEN_FAILURE),
            ..Faults::default()
        },
    ];
    for faults in bad_worlds {
        bench.renew_world()?;
        let Ok(id) = bench.try_open(spec.clone(), 0, b"Tester 0")? else {
            continue;
        };
        bench.world.faults = faults;
        if bench.goes_online(id)? {
            bench.looks_alive(id)?;
            bench.is_alive(id)?;
            bench.world.crash_services();
            bench.run(Duration::from_secs(30))?;
            bench.looks_alive(id)?;
            bench.is_alive(id)?;
            bench.control(id, NO_CONTROL, b"", &mut [0_u8; 64])?;
            bench.begin(id, Op::Offline)?;
        }
        bench.terminate(id)?;
        bench.close(id)?;
        worlds += 1;
    }
    match bench.panics.first() {
        Some(first) => Err(Stop::failed(format!(
            "{first}; it was contained, and the instance could be terminated and closed"
        ))),
        None => passed(format!("none in {worlds} worlds")),
    }
}
