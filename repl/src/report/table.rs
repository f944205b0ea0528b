//! Text tables.

use crate::output::{Paint, Tone};

/// The narrowest that a column is cut to.
const COLUMN_MIN: usize = 8;

/// A text of at most so many characters, with a mark where it was cut.
fn shortened(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let kept: String = text.chars().take(room.saturating_sub(2)).collect();
    format!("{kept}..")
}

/// A table whose columns are as wide as their contents.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    head: Vec<String>,
    rows: Vec<Vec<(Tone, String)>>,
}

impl Table {
    /// A table with these column heads.
    pub(crate) fn new(head: &[&str]) -> Table {
        Table {
            head: head.iter().map(|&text| text.to_owned()).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: Vec<(Tone, String)>) {
        self.rows.push(cells);
    }

    /// Whether it has no row.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The lines, indented, without an end of line after the last.
    pub(crate) fn render(&self, indent: usize, paint: Paint) -> String {
        self.lines(indent, usize::MAX, paint).join("\n")
    }

    /// The lines, indented, of at most so many characters where that leaves something of each column: the widest are cut.
    pub(crate) fn lines(&self, indent: usize, most: usize, paint: Paint) -> Vec<String> {
        let width = |column: usize| {
            let cells = self
                .rows
                .iter()
                .filter_map(|row| row.get(column))
                .map(|(_, text)| text);
            let head = self.head.get(column).into_iter();
            cells
                .chain(head)
                .map(|text| text.chars().count())
                .max()
                .unwrap_or(0)
        };
        let mut widths: Vec<usize> = (0..self.head.len()).map(width).collect();
        let between = 2 * widths.len().saturating_sub(1);
        while indent + between + widths.iter().sum::<usize>() > most {
            match widths.iter_mut().max() {
                Some(widest) if *widest > COLUMN_MIN => *widest -= 1,
                _ => break,
            }
        }
        let head = self
            .head
            .iter()
            .map(|text| (Tone::Faint, text.clone()))
            .collect();
        let lines = std::iter::once(&head).chain(&self.rows).map(|row| {
            let mut line = " ".repeat(indent);
            for (column, (tone, text)) in row.iter().enumerate() {
                let room = widths.get(column).copied().unwrap_or(usize::MAX);
                let text = &shortened(text, room);
                let last = column + 1 == row.len();
                let width = if last {
                    0
                } else {
                    widths.get(column).map_or(0, |width| width + 2)
                };
                line.push_str(&paint.cell(*tone, text, width));
            }
            line.trim_end().to_owned()
        });
        lines.collect()
    }
}
