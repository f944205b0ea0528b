//! Mistakes with their line of text, in one form for scripts and cluster files.

use quorate_drill::{Failure, Finding, Place};
use quorate_model::Severity;

use crate::output::{Paint, Tone};

/// A finding; each line has an end of line.
pub(crate) fn finding(finding: &Finding, paint: Paint) -> String {
    let tone = match finding.severity {
        Severity::Error => Tone::Bad,
        Severity::Warning => Tone::Care,
        Severity::Note => Tone::Guide,
    };
    let label = format!("{}[{}]", finding.severity, finding.rule);
    let mut out = format!("{}: {}\n", paint.tone(tone, &label), finding.message);
    let gutter = place(&mut out, &finding.place, tone, paint);
    if let Some(help) = &finding.help {
        note(&mut out, gutter, "help", help, paint);
    }
    out
}

/// Why a drill or an input failed; each line has an end of line.
pub(crate) fn failure(failure: &Failure, label: &str, paint: Paint) -> String {
    let mut out = String::new();
    for found in &failure.findings {
        out.push_str(&finding(found, paint));
    }
    let mut lines = failure.message.lines();
    let first = lines.next().unwrap_or_default();
    out.push_str(&format!("{}: {first}\n", paint.tone(Tone::Bad, label)));
    for line in lines {
        out.push_str(&format!("  {line}\n"));
    }
    let mut gutter = 1;
    if let Some(at) = &failure.place {
        gutter = place(&mut out, at, Tone::Bad, paint);
    }
    if let Some(actual) = &failure.actual {
        note(&mut out, gutter, "found", actual, paint);
    }
    if let Some(wanted) = &failure.wanted {
        note(&mut out, gutter, "wanted", wanted, paint);
    }
    for seen in &failure.seen {
        note(&mut out, gutter, "seen", seen, paint);
    }
    for from in &failure.called_from {
        note(&mut out, gutter, "called from", &from.to_string(), paint);
    }
    if !failure.events.is_empty() {
        note(&mut out, gutter, "last events", "", paint);
        for event in &failure.events {
            out.push_str(&format!("{}    {event}\n", " ".repeat(gutter)));
        }
    }
    if !failure.led.is_empty() {
        note(&mut out, gutter, "what led there", "", paint);
        for event in &failure.led {
            out.push_str(&format!("{}    {event}\n", " ".repeat(gutter)));
        }
    }
    if failure.internal {
        note(
            &mut out,
            gutter,
            "note",
            "this is a mistake in quorate, not in the script",
            paint,
        );
    }
    if !failure.timeline.is_empty() {
        out.push('\n');
        out.push_str(&failure.timeline);
    }
    out
}

/// Writes the place into `out`; returns the width of the line numbers.
fn place(out: &mut String, place: &Place, tone: Tone, paint: Paint) -> usize {
    let number = place.line.to_string();
    let gutter = number.len().max(2);
    let blank = " ".repeat(gutter);
    let bar = paint.tone(Tone::Guide, "|");
    out.push_str(&format!(
        "{blank}{} {place}\n",
        paint.tone(Tone::Guide, "-->")
    ));
    if place.line == 0 {
        return gutter;
    }
    // A tab would put the caret in the wrong column.
    let text = place.text.replace('\t', " ");
    let before = place.column.saturating_sub(place.skipped + 1);
    let room = text.chars().count().saturating_sub(before).max(1);
    let caret = "^".repeat(place.length.min(room));
    out.push_str(&format!("{blank} {bar}\n"));
    out.push_str(&format!(
        "{} {bar} {text}\n",
        paint.cell(Tone::Guide, &number, gutter)
    ));
    let skip = " ".repeat(before);
    out.push_str(&format!(
        "{blank} {bar} {skip}{}\n",
        paint.tone(tone, &caret)
    ));
    gutter
}

fn note(out: &mut String, gutter: usize, label: &str, text: &str, paint: Paint) {
    let blank = " ".repeat(gutter);
    let mark = paint.tone(Tone::Guide, "=");
    out.push_str(format!("{blank} {mark} {label}: {text}").trim_end());
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_points_at_its_word() {
        let found = Finding {
            place: Place {
                file: "a.rhai".into(),
                line: 12,
                column: 5,
                length: 5,
                text: "    nodde(\"NODE1\").crash();".into(),
                skipped: 0,
            },
            rule: "unknown-function".into(),
            severity: Severity::Error,
            message: "there is no function \"nodde\"".into(),
            help: Some("did you mean \"node\"?".into()),
        };
        assert_eq!(
            finding(&found, Paint(false)),
            "error[unknown-function]: there is no function \"nodde\"\n  --> a.rhai:12:5\n   |\n\
             12 |     nodde(\"NODE1\").crash();\n   |     ^^^^^\n   = help: did you mean \"node\"?\n"
        );
    }
}
