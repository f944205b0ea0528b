//! A run in a few lines: what it showed, and how long each virtual server was out of service.

use std::time::Duration;

use quorate_model::Lasting;

use crate::run::{PhaseKind, Run};

/// The verdict, what was marked, and a table of the virtual servers, with a line break after each line.
pub fn summary(run: &Run) -> String {
    let mut out = match &run.verdict {
        Some(it) => format!("{} ({}): {}\n", it.drill, it.file, it.verdict),
        None if run.live => format!("{}\n", run.name()),
        None => format!("{}: no verdict\n", run.name()),
    };
    let seed = match run.live {
        true => String::new(),
        false => format!(", seed {}", run.header.seed),
    };
    out.push_str(&format!(
        "cluster {}{seed}, {} events in {}\n",
        run.header.cluster,
        run.len(),
        Lasting(run.until - quorate_model::Time::ZERO).to(Duration::from_millis(1)),
    ));
    if let Some(it) = &run.verdict {
        if let Some(why) = &it.text {
            let place = it
                .place
                .as_ref()
                .map_or_else(String::new, |it| format!(" ({it})"));
            out.push_str(&format!("{why}{place}\n"));
        }
        if !it.verdict.is_fine() {
            out.push_str(&format!("run it again: {}\n", it.repeat));
        }
    }
    for breach in &run.breaches {
        let about = breach.about.as_deref().unwrap_or("invariant");
        out.push_str(&format!("{} {about}: {}\n", breach.at, breach.text));
    }
    for remark in &run.remarks {
        out.push_str(&format!("{} remark: {}\n", remark.at, remark.text));
    }
    out.push_str(&servers(run));
    out
}

/// The table of the virtual servers.
fn servers(run: &Run) -> String {
    let mut rows = vec![
        [
            "virtual server",
            "out of service",
            "planned",
            "times",
            "longest",
            "available",
            "most of it",
        ]
        .map(str::to_owned),
    ];
    for group in run.virtual_servers() {
        let served = group.served();
        let ms = |span: Duration| Lasting(span).to(Duration::from_millis(1)).to_string();
        let most = PhaseKind::ALL
            .into_iter()
            .rev()
            .max_by_key(|kind| group.spent(*kind));
        rows.push([
            group.name.to_string(),
            ms(served.out),
            ms(served.planned),
            served.count.to_string(),
            ms(served.longest),
            served.availability().map_or("never".to_owned(), percent),
            most.filter(|kind| !group.spent(*kind).is_zero())
                .map_or_else(String::new, |kind| {
                    format!("{} {}", kind.as_str(), ms(group.spent(kind)))
                }),
        ]);
    }
    table(&rows)
}

/// A share in per cent, never rounded up to all of it.
pub(crate) fn percent(share: f64) -> String {
    let share = (share * 100_000.0).floor() / 1_000.0;
    format!("{share:.3} %")
}

/// Rows of equal columns, two blanks apart.
pub(crate) fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths);
        let cells: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        out.push_str(cells.join("  ").trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_all_only_if_it_is() {
        assert_eq!(percent(1.0), "100.000 %");
        assert_eq!(percent(0.999_999_9), "99.999 %");
        assert_eq!(percent(0.5), "50.000 %");
    }
}
