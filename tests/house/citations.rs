//! The citations in comments: each names a section that is on the page on the original's behaviour.

use std::collections::BTreeSet;
use std::fs;

use super::{files, root};

/// The page on the original's behaviour.
const SEMANTICS: &str = "docs/semantics.md";

/// The number of a heading on that page, `3` or `3.4`.
fn section(heading: &str) -> Option<&str> {
    let title = heading
        .strip_prefix("### ")
        .or_else(|| heading.strip_prefix("## "))?;
    let number = title.split(' ').next()?.trim_end_matches('.');
    number
        .starts_with(|first: char| first.is_ascii_digit())
        .then_some(number)
}

/// The sections of the page that the comments of a file cite, and the number of citations without a section. The
/// lines of a comment are read as one text; a path in a string literal is no citation.
fn cited(text: &str) -> (Vec<String>, usize) {
    let mut joined = String::new();
    for line in text.lines() {
        let line = line.trim_start();
        let line = ["//!", "///", "//", "*"]
            .iter()
            .find_map(|mark| line.strip_prefix(mark))
            .unwrap_or(line);
        joined.push_str(line.trim());
        joined.push(' ');
    }
    let (mut sections, mut without) = (Vec::new(), 0);
    for (at, _) in joined.match_indices(SEMANTICS) {
        let after = &joined[at + SEMANTICS.len()..];
        if after.starts_with('"') {
            continue;
        }
        let mut words = after.strip_prefix(", ").unwrap_or_default().split(' ');
        let before = sections.len();
        while let Some(number) = words.next().and_then(number) {
            sections.push(number);
            if !matches!(words.next(), Some("to" | "and")) {
                break;
            }
        }
        without += usize::from(sections.len() == before);
    }
    (sections, without)
}

/// The section number in a word, without the punctuation after it.
fn number(word: &str) -> Option<String> {
    let number = word.trim_end_matches(|last: char| !last.is_ascii_digit());
    let digits = number.chars().all(|one| one.is_ascii_digit() || one == '.');
    (!number.is_empty() && digits).then(|| number.to_owned())
}

#[test]
fn every_section_that_a_comment_cites_is_on_the_page() {
    let page = fs::read_to_string(root().join(SEMANTICS)).unwrap();
    let there: BTreeSet<&str> = page.lines().filter_map(section).collect();
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for path in files() {
        let kind = path.extension().and_then(|kind| kind.to_str());
        if !matches!(kind, Some("rs" | "c" | "h" | "rhai" | "ron")) {
            continue;
        }
        let text = fs::read_to_string(root().join(&path)).unwrap();
        let (sections, without) = cited(&text);
        if without > 0 {
            wrong.push(format!("{} names no section", path.display()));
        }
        seen += sections.len();
        let missing = sections.iter().filter(|it| !there.contains(it.as_str()));
        wrong.extend(missing.map(|it| format!("{} cites {it}", path.display())));
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(seen > 35, "{seen}");
}

#[test]
fn a_citation_is_read_across_lines_and_one_without_a_section_is_seen() {
    let cites = |after: &str| cited(&format!("/// Some words ({SEMANTICS}{after}\nfn f() {{}}"));
    let one = |section: &str| (vec![section.to_owned()], 0);
    assert_eq!(cites(", 3.4)."), one("3.4"));
    assert_eq!(cites(",\n/// 9.9: both)."), one("9.9"));
    assert_eq!(cites(", 1)."), one("1"));
    let both = (vec!["1.2".to_owned(), "1.6".to_owned()], 0);
    assert_eq!(cites(", 1.2 to\n//  1.6 have it"), both);
    assert_eq!(cites(")."), (Vec::new(), 1));
    assert_eq!(cites(", as it says)"), (Vec::new(), 1));
    assert_eq!(cites("\")"), (Vec::new(), 0));
}
