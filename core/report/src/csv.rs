//! Outages as a table for spreadsheets: comma-separated values, one row an outage.

use std::time::Duration;

use quorate_journal::Verdict;
use quorate_model::{Name, Time};

use crate::civil::utc;
use crate::{GroupStory, Outage, PhaseKind, Run};

/// Rows of outages, as far as runs were added. The first row has the names of the columns. Times of day are UTC, lengths
/// seconds.
pub struct Csv {
    writer: ::csv::Writer<Vec<u8>>,
}

impl Default for Csv {
    fn default() -> Self {
        let mut csv = Csv {
            writer: ::csv::Writer::from_writer(Vec::new()),
        };
        let fixed = [
            "drill",
            "file",
            "verdict",
            "seed",
            "cluster",
            "group",
            "virtual_server",
            "began",
            "began_utc",
            "ended",
            "planned",
            "from_node",
            "to_node",
            "outage",
        ];
        let phases = PhaseKind::ALL.iter().map(|it| it.as_str());
        csv.write(
            fixed
                .into_iter()
                .chain(phases)
                .chain(["slowest_resource", "slowest_took"]),
        );
        csv
    }
}

impl Csv {
    /// Adds a run: a row for each outage, in the order in which they began.
    pub fn add(&mut self, run: &Run) {
        for (group, outage) in run.outages() {
            let row = row(run, group, outage);
            self.write(row.iter().map(String::as_str));
        }
    }

    /// The table.
    pub fn finish(self) -> Vec<u8> {
        // Writing to memory does not fail.
        self.writer.into_inner().unwrap_or_default()
    }

    fn write<'a>(&mut self, row: impl Iterator<Item = &'a str>) {
        // Writing to memory does not fail, and each row has as many fields as the first.
        let _ = self.writer.write_record(row);
    }
}

fn row(run: &Run, group: &GroupStory, outage: &Outage) -> Vec<String> {
    let verdict = run.verdict.as_ref();
    let text = |name: &Option<Name>| name.as_ref().map_or_else(String::new, ToString::to_string);
    let mut row = vec![
        verdict.map_or_else(String::new, |it| it.drill.clone()),
        verdict.map_or_else(String::new, |it| it.file.clone()),
        verdict
            .map_or("", |it| Verdict::as_str(it.verdict))
            .to_owned(),
        run.header.seed.to_string(),
        run.header.cluster.to_string(),
        group.name.to_string(),
        yes(group.virtual_server),
        seconds(outage.from - Time::ZERO),
        utc(&run.header, outage.from, "%Y-%m-%dT%H:%M:%S%.3fZ"),
        match outage.open {
            true => String::new(),
            false => seconds(outage.to - Time::ZERO),
        },
        yes(outage.planned),
        text(&outage.from_node),
        text(&outage.to_node),
        seconds(outage.lasted()),
    ];
    row.extend(
        PhaseKind::ALL
            .iter()
            .map(|kind| seconds(outage.spent(*kind))),
    );
    let slowest = outage.slowest.as_ref();
    row.push(slowest.map_or_else(String::new, |it| it.resource.to_string()));
    row.push(slowest.map_or_else(String::new, |it| seconds(it.to - it.from)));
    row
}

fn yes(it: bool) -> String {
    if it { "yes" } else { "no" }.to_owned()
}

/// With all six digits that a journal has.
fn seconds(length: Duration) -> String {
    format!("{}.{:06}", length.as_secs(), length.subsec_micros())
}
