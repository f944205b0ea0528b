//! Findings as an editor shows them, and what mends them.

use std::ops::Range;
use std::path::Path;

use quorate_drill::Finding;
use quorate_model::{Severity, rules};
use serde_json::{Value, json};

use super::text::Text;
use super::tokens::{Kind, Tokens};

/// The place of a finding in its text: the word or the quoted text that begins there, or so many characters.
fn place(text: &Text, tokens: &Tokens<'_>, finding: &Finding) -> Range<usize> {
    if finding.place.line == 0 {
        return 0..text.text.find('\n').unwrap_or(text.text.len());
    }
    let start = text.place(finding.place.line, finding.place.column);
    let token = tokens.all.iter().find(|it| it.range.start == start);
    if let Some(token) = token.filter(|it| it.kind == Kind::Quoted) {
        return token.range.clone();
    }
    let end = text.place(
        finding.place.line,
        finding.place.column + finding.place.length.max(1),
    );
    start..end.max(start)
}

/// The findings in a file, as diagnostics.
pub(super) fn shown(path: &Path, text: &Text, findings: &[Finding]) -> Vec<Value> {
    let tokens = Tokens::of(&text.text);
    let name = path.display().to_string();
    let own = findings.iter().filter(|it| it.place.file == name);
    let shown = own.map(|finding| {
        let severity = match finding.severity {
            Severity::Error => 1,
            Severity::Warning => 2,
            Severity::Note => 3,
        };
        let mut message = finding.message.clone();
        if let Some(help) = &finding.help {
            message.push_str(&format!("\nhelp: {help}"));
        }
        let script = path.extension().is_some_and(|end| end == "rhai");
        if let Some(rule) = rules::rule(&finding.rule).filter(|_| !script) {
            message.push_str(&format!("\nwhy: {}", rule.why));
        }
        json!({
            "range": text.range(&place(text, &tokens, finding)),
            "severity": severity,
            "code": finding.rule,
            "source": "quorate",
            "message": message,
            "data": finding.help,
        })
    });
    shown.collect()
}

/// What a "did you mean" of a diagnostic proposes.
fn proposed(help: &str) -> Option<&str> {
    let (_, rest) = help.split_once("did you mean ")?;
    let quote = rest.chars().next().filter(|c| "\"`".contains(*c))?;
    rest[1..].split(quote).next()
}

/// The quick fixes for those of these diagnostics that a range touches.
pub(super) fn fixes(uri: &str, text: &Text, shown: &[Value], asked: &Range<usize>) -> Value {
    let mut fixes = Vec::new();
    for diagnostic in shown {
        let range = &diagnostic["range"];
        let mut place = text.offset(&range["start"])..text.offset(&range["end"]);
        let touched = place.start <= asked.end && asked.start <= place.end;
        let Some(new) = diagnostic["data"]
            .as_str()
            .and_then(proposed)
            .filter(|_| touched)
        else {
            continue;
        };
        let old = &text.text[place.clone()];
        if old.starts_with('"') {
            place = place.start + 1..place.end - usize::from(old.len() > 1 && old.ends_with('"'));
        }
        fixes.push(json!({
            "title": format!("Write {new}"),
            "kind": "quickfix",
            "isPreferred": true,
            "diagnostics": [diagnostic],
            "edit": { "changes": { uri: [{ "range": text.range(&place), "newText": new }] } },
        }));
    }
    Value::Array(fixes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proposal_is_read_from_what_to_do() {
        assert_eq!(proposed("did you mean \"NODE1\"?"), Some("NODE1"));
        assert_eq!(proposed("did you mean `role`?"), Some("role"));
        assert_eq!(proposed("it has a, b"), None);
    }
}
