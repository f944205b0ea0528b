//! Every drill that `docs/quorum.md` names exists, and every quorum drill is named there.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The name after `drill(`, with `…` for the parts that the script computes.
fn name(line: &str) -> Option<String> {
    let rest = line.trim_start().strip_prefix("drill(")?;
    let quote = rest.chars().next()?;
    let mut text = rest[1..].split(quote).next()?.to_owned();
    while let Some(from) = text.find("${") {
        let to = from + text[from..].find('}')?;
        text.replace_range(from..=to, "…");
    }
    Some(text)
}

#[test]
fn the_quorum_page_names_every_drill_and_no_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut drills = BTreeSet::new();
    for entry in fs::read_dir(root.join("scripts/drills/quorum")).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        drills.extend(text.lines().filter_map(name));
    }
    let page = fs::read_to_string(root.join("docs/quorum.md")).unwrap();
    let named: BTreeSet<String> = page
        .lines()
        .filter(|line| line.starts_with('|'))
        .filter_map(|line| line.rsplit('|').nth(1))
        .filter_map(|cell| cell.trim().strip_prefix('`')?.strip_suffix('`'))
        .map(str::to_owned)
        .collect();
    assert_eq!(named, drills);
    assert!(named.len() > 40);
}

/// The drills of a script, each with its lines, and the script's own functions that read the journal.
fn drills(text: &str) -> (Vec<(String, Vec<&str>)>, BTreeSet<&str>) {
    let mut drills: Vec<(String, Vec<&str>)> = Vec::new();
    let mut functions: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut in_function = false;
    for line in text.lines() {
        if let Some(name) = name(line) {
            drills.push((name, Vec::new()));
        } else if let Some((function, _)) =
            line.strip_prefix("fn ").and_then(|it| it.split_once('('))
        {
            functions.push((function, Vec::new()));
            in_function = true;
        }
        if in_function {
            functions.last_mut().unwrap().1.push(line);
            in_function = !line.ends_with('}') || line.starts_with(' ');
        } else if let Some((_, lines)) = drills.last_mut() {
            lines.push(line);
        }
    }
    let mut looking = BTreeSet::new();
    for _ in 0..functions.len() {
        let more = functions
            .iter()
            .filter(|(_, lines)| lines.iter().any(|line| looks(line, &looking)));
        let more: Vec<&str> = more.map(|(function, _)| *function).collect();
        looking.extend(more);
    }
    (drills, looking)
}

/// Whether a line looks for something in the journal, not just for nothing.
fn looks(line: &str, functions: &BTreeSet<&str>) -> bool {
    let called = |function: &&str| {
        let mut places = line.match_indices(*function);
        places.any(|(at, _)| {
            let before = line[..at].chars().next_back();
            line[at + function.len()..].starts_with('(')
                && before.is_none_or(|before| !before.is_alphanumeric() && before != '_')
        })
    };
    let asks = line.contains("events(") || functions.iter().any(called);
    asks && !line.trim_start().starts_with("//") && !line.ends_with(".len(), 0);")
}

/// A drill that is cited for a promise checks in the journal that its situation arose. Otherwise it might pass
/// although nothing was tried.
#[test]
fn every_drill_shows_that_its_situation_arose() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut blind = Vec::new();
    for entry in fs::read_dir(root.join("scripts/drills/quorum")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let (drills, looking) = drills(&text);
        assert!(!drills.is_empty(), "{}", path.display());
        blind.extend(drills.into_iter().filter_map(|(name, lines)| {
            let sees = lines.iter().any(|line| looks(line, &looking));
            (!sees).then_some(name)
        }));
    }
    assert!(
        blind.is_empty(),
        "these expect nothing of the journal: {blind:#?}"
    );
}

#[test]
fn a_drill_that_only_looks_for_nothing_is_blind() {
    let script = r#"
fn halted(name) { events(#{ kind: "halted", node: name }) }
fn quiet() { quorum().has_quorum }
drill("sees", #{}, || {
    expect_eq(halted("NODE1").len(), 1);
});
drill("blind", #{}, || {
    expect(quiet());
    // events(#{ kind: "halted" }) would say so
    expect_eq(events(#{ kind: "halted" }).len(), 0);
});
"#;
    let (drills, looking) = drills(script);
    let sees = |at: usize| drills[at].1.iter().any(|line| looks(line, &looking));
    assert_eq!(looking, BTreeSet::from(["halted"]));
    assert!(sees(0) && !sees(1));
}
