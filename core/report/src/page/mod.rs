//! A run as a page for a browser, and an index of several.
//!
//! A page is one file: style sheet, script and data are in it, and nothing is fetched. The tables are written here; the
//! timeline is drawn by the script (`core/report/page`) from what [`data`] puts in.

mod data;
mod diff;
#[cfg(test)]
mod tests;
mod view;

use askama::Template;

use crate::{Diff, Run};
use diff::DiffPage;
use view::{IndexView, RunView};

pub use view::IndexRow;

/// The style sheet of all pages.
const STYLE: &str = include_str!("../../page/page.css");

/// The script of a run's page. The parts are one module, in this order.
const SCRIPT: &str = concat!(
    include_str!("../../page/data.js"),
    include_str!("../../page/colours.js"),
    include_str!("../../page/draw.js"),
    include_str!("../../page/timeline.js"),
    include_str!("../../page/events.js"),
    include_str!("../../page/main.js"),
);

/// The script of an index.
const SORT: &str = include_str!("../../page/sort.js");

/// The version in a page's foot.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The page of a run. `index` is where its link to an index leads, if it is one of several pages.
pub fn page(run: &Run, index: Option<&str>) -> String {
    written(&RunView::of(run, index))
}

/// An index of the pages of several runs.
pub fn index(rows: &[IndexRow]) -> String {
    written(&IndexView::of(rows))
}

/// A page that shows runs side by side, two by two.
pub fn diff_page(diffs: &[Diff<'_>]) -> String {
    written(&DiffPage::of(diffs))
}

/// A template, filled in. Writing to a text fails only where a value's own writing does, and none of ours can.
fn written(template: &impl Template) -> String {
    template
        .render()
        .unwrap_or_else(|why| format!("<!doctype html><title>Quorate</title><p>{why}</p>"))
}

/// A name for the file of a page: the number that keeps it apart, and the words of `name`.
pub fn file_name(number: usize, name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        match letter.to_ascii_lowercase() {
            it if it.is_ascii_alphanumeric() => words.push(it),
            _ if words.ends_with('-') || words.is_empty() => {}
            _ => words.push('-'),
        }
    }
    words.truncate(60);
    let words = words.trim_end_matches('-');
    match words.is_empty() {
        true => format!("{number:03}.html"),
        false => format!("{number:03}-{words}.html"),
    }
}
