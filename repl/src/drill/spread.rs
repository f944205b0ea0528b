//! How the outages of virtual servers spread over the seeds of drills that ran several times.

use std::time::Duration;

use quorate_drill::{DrillReport, Verdict};
use quorate_model::Name;

use crate::output::{Paint, Tone};
use crate::report::{Table, span};

/// The outages of one virtual server in one drill.
struct Spread<'a> {
    file: &'a str,
    drill: &'a str,
    server: &'a Name,
    /// The outages, each with its seed, in the order of the seeds.
    outages: Vec<(Duration, u64)>,
}

/// A table with a row for each virtual server of each drill; empty if none ran.
pub(super) fn table(reports: &[DrillReport], paint: Paint) -> Vec<String> {
    let spreads = spreads(reports);
    if spreads.is_empty() {
        return Vec::new();
    }
    let mut table = Table::new(&[
        "drill",
        "virtual server",
        "runs",
        "minimum",
        "median",
        "maximum",
        "worst seed",
    ]);
    let mut last = None;
    for mut it in spreads {
        // The first seed of those with the longest outage.
        let worst = it.outages.iter().rev().max_by_key(|(outage, _)| *outage);
        let worst = worst.filter(|(outage, _)| !outage.is_zero());
        let worst = worst.map_or_else(|| "-".to_owned(), |(_, seed)| seed.to_string());
        it.outages.sort();
        let of = |number: usize| it.outages.get(number).map_or(Duration::ZERO, |it| it.0);
        let count = it.outages.len();
        let median = (of((count - 1) / 2) + of(count / 2)) / 2;
        let plain = |text: String| (Tone::Plain, text);
        let drill = match last.replace((it.file, it.drill)) == Some((it.file, it.drill)) {
            true => String::new(),
            false => it.drill.to_owned(),
        };
        table.row(vec![
            (Tone::Strong, drill),
            plain(it.server.to_string()),
            plain(count.to_string()),
            plain(span(of(0))),
            plain(span(median)),
            plain(span(of(count - 1))),
            plain(worst),
        ]);
    }
    let title = paint.tone(Tone::Strong, "outages over the seeds:");
    vec![title, table.render(2, paint)]
}

fn spreads(reports: &[DrillReport]) -> Vec<Spread<'_>> {
    let mut spreads: Vec<Spread<'_>> = Vec::new();
    let ran = reports.iter().filter(|it| it.verdict != Verdict::Skipped);
    for report in ran {
        for group in report.groups.iter().filter(|it| it.is_virtual_server) {
            let outage = (group.outage, report.seed);
            let known = spreads.iter_mut().find(|it| {
                (it.file, it.drill, it.server) == (&report.file, &report.name, &group.name)
            });
            match known {
                Some(known) => known.outages.push(outage),
                None => spreads.push(Spread {
                    file: &report.file,
                    drill: &report.name,
                    server: &group.name,
                    outages: vec![outage],
                }),
            }
        }
    }
    // The runs of a script follow one another, and each has all its drills.
    let mut order: Vec<(&str, &str)> = Vec::new();
    for it in &spreads {
        if !order.contains(&(it.file, it.drill)) {
            order.push((it.file, it.drill));
        }
    }
    spreads.sort_by_key(|it| order.iter().position(|of| *of == (it.file, it.drill)));
    spreads
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::report;

    #[test]
    fn the_worst_seed_is_the_first_with_the_longest_outage() {
        let of = |seed: u64, seconds: u64| {
            let mut report = report();
            report.seed = seed;
            for group in &mut report.groups {
                group.outage = Duration::from_secs(seconds);
            }
            report
        };
        let reports = [of(7, 60), of(8, 90), of(9, 90), of(10, 70)];
        let lines = table(&reports, Paint(false));
        assert_eq!(
            lines.join("\n"),
            "outages over the seeds:\n  drill  virtual server  runs  minimum  median  maximum  worst seed\n  \
             a      EVS3            4     1m       1m20s   1m30s    8"
        );
        let none = table(&[of(7, 0)], Paint(false));
        assert!(none.join("\n").ends_with("0s      0s       -"), "{none:?}");
        assert_eq!(table(&[], Paint(false)), [""; 0]);
    }
}
