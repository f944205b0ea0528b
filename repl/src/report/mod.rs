//! Reports for people.

mod cluster;
mod plugins;
mod snippet;
mod table;

use std::time::Duration;

use quorate_drill::{DrillReport, GroupOutcome, Remark, Verdict};
use quorate_model::{ClientReport, Lasting, Time};

use crate::output::{Paint, Tone};

pub(crate) use cluster::cluster_tables;
pub(crate) use plugins::{join, plugins};
pub(crate) use snippet::{failure, finding};
pub(crate) use table::Table;

/// The tone of a verdict.
pub(crate) fn verdict_tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Pass => Tone::Good,
        Verdict::Skipped => Tone::Faint,
        Verdict::Unknown | Verdict::Known => Tone::Care,
        Verdict::Fail | Verdict::Error => Tone::Bad,
    }
}

/// The tone of the state of a node, group or resource.
pub(crate) fn state_tone(state: &str) -> Tone {
    match state {
        "Online" | "Up" => Tone::Good,
        "Failed" => Tone::Bad,
        "Offline" | "Down" => Tone::Faint,
        _ => Tone::Care,
    }
}

/// The end of a drill's report: why it failed and how to repeat it, and its [`outcome`].
pub(crate) fn summary(report: &DrillReport, paint: Paint) -> String {
    let mut out = String::new();
    if let Some(why) = &report.failure {
        out.push_str(&failure(why, report.verdict.as_str(), paint));
        out.push_str(&format!(
            "  {} {}\n",
            paint.tone(Tone::Guide, "repeat:"),
            report.repeat
        ));
    }
    out.push_str(&outcome(report, paint));
    out
}

/// How a drill ended: verdict, times, each virtual server's outage, and other disturbed groups; for a drill that was
/// skipped, why.
pub(crate) fn outcome(report: &DrillReport, paint: Paint) -> String {
    let verdict = paint.tone(verdict_tone(report.verdict), report.verdict.as_str());
    if let Some(reason) = &report.skipped {
        return format!("  {verdict}  {}: {reason}", report.name);
    }
    let mut out = format!(
        "  {verdict}  {} of virtual time in {}",
        passed(report.virtual_time),
        real(report.real_time)
    );
    if let Some(why) = &report.known
        && report.verdict == Verdict::Known
    {
        let why = format!("a known fault: {why}");
        out.push_str(&format!(", {}", paint.tone(Tone::Care, &why)));
    }
    if !report.remarks.is_empty() {
        let number = count(report.remarks.len(), "remark", "remarks");
        out.push_str(&format!(", {}", paint.tone(Tone::Care, &number)));
    }
    let mut table = Table::new(&["virtual server", "state", "owner", "outage"]);
    for group in report.groups.iter().filter(|group| group.is_virtual_server) {
        table.row(vec![
            (Tone::Strong, group.name.to_string()),
            (state_tone(&group.state), group.state.clone()),
            (
                Tone::Plain,
                group
                    .owner
                    .as_ref()
                    .map_or_else(|| "-".to_owned(), ToString::to_string),
            ),
            (Tone::Plain, outage(group)),
        ]);
    }
    if !table.is_empty() {
        out.push('\n');
        out.push_str(&table.render(2, paint));
    }
    if !report.clients.is_empty() {
        out.push('\n');
        out.push_str(&clients(report).render(2, paint));
    }
    if !report.groups.is_empty() {
        let names: Vec<&str> = report.disturbed.iter().map(|name| name.as_str()).collect();
        let list = if names.is_empty() {
            String::new()
        } else {
            format!(" ({})", names.join(", "))
        };
        out.push_str(&format!(
            "\n  other groups disturbed: {}{list}",
            names.len()
        ));
    }
    for group in &report.groups {
        if let Some(why) = &group.stopped {
            let name = paint.tone(Tone::Care, &group.name);
            out.push_str(&format!("\n  {name}: {why}"));
        }
    }
    if !report.unrepeatable.is_empty() {
        out.push_str(&format!(
            "\n  {}: threads of their own run in {}",
            paint.tone(Tone::Care, "not repeatable"),
            report.unrepeatable.join(", ")
        ));
    }
    for crash in &report.crashes {
        out.push_str(&format!("\n  {}", paint.tone(Tone::Care, crash)));
    }
    for call in &report.slow {
        let label = paint.tone(Tone::Care, "slow plugin");
        out.push_str(&format!("\n  {label}: {call}"));
    }
    out
}

/// A remark on one line, with its place.
pub(crate) fn remark(remark: &Remark, paint: Paint) -> String {
    let label = format!("remark[{}]", remark.kind.as_str());
    let place = remark.place.as_ref();
    let place = place.map_or_else(String::new, |place| format!(" ({place})"));
    let label = paint.tone(Tone::Care, &label);
    format!(
        "{label}: {}{}",
        remark.text,
        paint.tone(Tone::Faint, &place)
    )
}

/// One line for a drill that passed, was skipped or has a known fault.
pub(crate) fn brief(report: &DrillReport, seed: bool, paint: Paint) -> String {
    let verdict = paint.tone(verdict_tone(report.verdict), report.verdict.as_str());
    let about = match &report.skipped {
        Some(reason) => reason.clone(),
        None => format!("{} of virtual time", passed(report.virtual_time)),
    };
    let about = match &report.known {
        Some(why) if report.verdict == Verdict::Known => format!("{about}, a known fault: {why}"),
        _ => about,
    };
    let about = match report.remarks.len() {
        0 => about,
        number => format!("{about}, {}", count(number, "remark", "remarks")),
    };
    let seed = match seed {
        true => format!(", seed {}", report.seed),
        false => String::new(),
    };
    let about = paint.tone(Tone::Faint, &format!("({}{seed}; {about})", report.file));
    format!("  {verdict}  {} {about}", report.name)
}

/// The outage of a group, and its planned part.
fn outage(group: &GroupOutcome) -> String {
    let all = span(group.outage);
    match group.planned_outage {
        Duration::ZERO => all,
        planned if planned == group.outage => format!("{all}, planned"),
        planned => format!("{all}, {} of it planned", span(planned)),
    }
}

/// The table of clients.
fn clients(report: &DrillReport) -> Table {
    let mut table = Table::new(&[
        "clients of",
        "users",
        "calls",
        "failed",
        "answered",
        "longest outage",
        "slowest answer",
    ]);
    for one in &report.clients {
        let (calls, seen) = (&one.calls, &one.report);
        let place = match (&calls.protocol, calls.port) {
            (Some(protocol), Some(port)) => format!(" ({protocol}, port {port})"),
            (Some(protocol), None) => format!(" ({protocol})"),
            (None, Some(port)) => format!(" (port {port})"),
            (None, None) => String::new(),
        };
        let plain = |text: String| (Tone::Plain, text);
        // Rounded down: if any call failed, this must not show 100 %.
        let answered = (seen.availability() * 100_000.0).floor() / 1_000.0;
        table.row(vec![
            (Tone::Strong, format!("{}{place}{}", one.group, part(seen))),
            plain(calls.users.to_string()),
            plain(seen.requests.to_string()),
            plain(seen.failures.to_string()),
            plain(format!("{answered:.3} %")),
            plain(span(seen.longest_outage)),
            plain(span(seen.longest_response)),
        ]);
    }
    table
}

/// The part of the time in which calls were counted; empty for the whole time.
fn part(seen: &ClientReport) -> String {
    match seen.part {
        None => String::new(),
        Some((from, None)) => format!(", from {} on", clock(from)),
        Some((from, Some(to))) => format!(", {} to {}", clock(from), clock(to)),
    }
}

/// Virtual time since power-on, as a clock.
pub(crate) fn clock(time: Time) -> String {
    time.to_string()
}

/// Virtual time, as a drill prints it.
pub(crate) fn span(span: Duration) -> String {
    Lasting(span).shown().to_string()
}

/// The virtual time up to an instant.
pub(crate) fn passed(until: Time) -> String {
    span(until - Time::ZERO)
}

/// Real time, with fewer digits since it is not measured exactly.
pub(crate) fn real(span: Duration) -> String {
    let unit = match span.as_secs() {
        0 => Duration::from_millis(1),
        1..60 => Duration::from_millis(10),
        _ => Duration::from_secs(1),
    };
    Lasting(span).to(unit).to_string()
}

/// A number with its noun.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    #[test]
    fn spans_are_short() {
        assert_eq!(span(Duration::from_millis(0)), "0s");
        assert_eq!(span(Duration::from_micros(72_345_678)), "1m12.345s");
        assert_eq!(real(Duration::from_micros(72_345_678)), "1m12s");
        assert_eq!(real(Duration::from_micros(1_345_678)), "1.34s");
        assert_eq!(real(Duration::from_micros(70_123)), "70ms");
    }

    /// A report of a drill that passed, with something of everything.
    pub(crate) fn report() -> DrillReport {
        let group = |name: &str, outage: u64, is_virtual_server: bool| GroupOutcome {
            name: name.into(),
            state: "Online".into(),
            stopped: (name == "Cluster Group").then(|| "it stays Failed".to_owned()),
            owner: Some("NODE4".into()),
            outage: Duration::from_secs(outage),
            planned_outage: Duration::from_secs(outage / 60 * 60),
            is_virtual_server,
        };
        DrillReport {
            file: "a.rhai".into(),
            name: "a".into(),
            place: quorate_drill::Place::default(),
            cluster: "a.ron".into(),
            tags: Vec::new(),
            seed: 7,
            verdict: Verdict::Pass,
            skipped: None,
            known: None,
            filtered: false,
            failure: None,
            virtual_time: Time::from_millis(3_723_004),
            real_time: Duration::from_millis(420),
            groups: vec![group("Cluster Group", 5, false), group("EVS3", 72, true)],
            clients: vec![quorate_model::ClientStatus {
                group: "EVS3".into(),
                calls: quorate_model::ClientCalls {
                    users: 10,
                    every: Duration::from_secs(1),
                    port: Some(25),
                    protocol: Some("smtp".to_owned()),
                },
                report: ClientReport {
                    requests: 3_000_000,
                    failures: 1,
                    longest_outage: Duration::from_secs(72),
                    longest_response: Duration::from_millis(250),
                    part: None,
                },
            }],
            disturbed: vec!["EVS1".into()],
            unrepeatable: vec!["bad-threads".to_owned()],
            slow: Vec::new(),
            crashes: vec![
                "Resource monitor of `web` terminated: SIGSEGV in IsAlive of `Web`, 2 times"
                    .to_owned(),
            ],
            remarks: vec![Remark {
                kind: quorate_drill::RemarkKind::HeldAtOnce,
                at: Time::ZERO,
                place: None,
                text: "this held at once".to_owned(),
            }],
            repeat: String::new(),
        }
    }

    #[test]
    fn a_summary_tells_verdict_times_outages_and_disturbance() {
        assert_eq!(
            summary(&report(), Paint(false)),
            "  pass  1h2m3.004s of virtual time in 420ms, 1 remark\n  virtual server  state   owner  outage\n  \
             EVS3            Online  NODE4  1m12s, 1m of it planned\n  clients of            users  \
             calls    failed  answered  longest outage  slowest answer\n  EVS3 (smtp, port 25)  10     3000000  1       \
             99.999 %  1m12s           250ms\n  other groups disturbed: 1 (EVS1)\n  \
             Cluster Group: it stays Failed\n  \
             not repeatable: threads of their own run in bad-threads\n  \
             Resource monitor of `web` terminated: SIGSEGV in IsAlive of `Web`, 2 times"
        );
    }
}
