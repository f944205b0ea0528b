//! The pages: their links, and the files that they name.

use std::fs;
use std::path::{Path, PathBuf};

use super::{files, root};

/// The anchor of a heading in links: small letters, no punctuation, hyphens for spaces.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim();
    text.chars()
        .filter(|one| one.is_alphanumeric() || matches!(one, ' ' | '-' | '_'))
        .map(|one| match one {
            ' ' => '-',
            one => one.to_ascii_lowercase(),
        })
        .collect()
}

/// The pages with links that readers follow, and their texts.
fn pages() -> Vec<(PathBuf, String)> {
    let pages = files().into_iter().filter(|path| {
        let top = path.parent() == Some(Path::new(""));
        path.extension().is_some_and(|ext| ext == "md") && (top || path.starts_with("docs"))
    });
    pages
        .map(|path| {
            let text = fs::read_to_string(root().join(&path)).unwrap();
            (path, text)
        })
        .collect()
}

#[test]
fn every_link_between_pages_leads_somewhere() {
    let pages = pages();
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for (path, text) in &pages {
        for part in text.split("](").skip(1) {
            let target = part.split(')').next().unwrap_or_default();
            if target.contains("://") {
                continue;
            }
            seen += 1;
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let to = match file {
                "" => path.clone(),
                file => path.parent().unwrap().join(file),
            };
            let there = match pages.iter().find(|(page, _)| *page == to) {
                Some((_, text)) => {
                    let mut headings = text.lines().filter(|line| line.starts_with('#'));
                    heading.is_empty() || headings.any(|line| anchor(line) == heading)
                }
                None => heading.is_empty() && root().join(&to).exists(),
            };
            if !there {
                wrong.push(format!("{}: {target}", path.display()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(seen > 40, "{seen}");
}

/// The files of this project that a page names with their folders.
fn named_files(page: &str) -> Vec<String> {
    let page = fs::read_to_string(root().join(page)).unwrap();
    let words = page.split('`').skip(1).step_by(2);
    let paths = words.filter(|text| {
        let top = text.split('/').next().unwrap_or_default();
        text.contains('/') && !text.contains([' ', '*', '{', '<']) && root().join(top).is_dir()
    });
    paths.map(str::to_owned).collect()
}

#[test]
fn every_file_that_a_page_for_developers_names_is_there() {
    for (page, least) in [
        ("docs/glossary.md", 30),
        ("ARCHITECTURE.md", 30),
        ("CONTRIBUTING.md", 40),
    ] {
        let named = named_files(page);
        let mut missing = named.clone();
        missing.retain(|path| !root().join(path).exists());
        assert_eq!(missing, Vec::<String>::new(), "{page}");
        assert!(named.len() > least, "{page}: {}", named.len());
    }
}
