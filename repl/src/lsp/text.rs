//! A text in an editor: offsets in bytes, and the positions that editors count.

use std::ops::Range;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::files::plain;

/// A text, and where its lines begin.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub(super) text: String,
    lines: Vec<usize>,
}

impl Default for Text {
    fn default() -> Text {
        Text::new(String::new())
    }
}

impl Text {
    pub(super) fn new(text: String) -> Text {
        let mut lines = vec![0];
        lines.extend(text.match_indices('\n').map(|(at, _)| at + 1));
        Text { text, lines }
    }

    /// The text of a line from its number, counted from 0, and where it begins.
    fn line(&self, number: usize) -> (usize, &str) {
        let Some(&start) = self.lines.get(number) else {
            return (self.text.len(), "");
        };
        let end = self.lines.get(number + 1).copied();
        let line = &self.text[start..end.unwrap_or(self.text.len())];
        (start, line.trim_end_matches(['\n', '\r']))
    }

    /// The offset of an editor's position, whose columns are UTF-16 units. What is past the end of its line is the end.
    pub(super) fn offset(&self, position: &Value) -> usize {
        let number = |key: &str| position[key].as_u64().unwrap_or(0) as usize;
        let (start, line) = self.line(number("line"));
        let wanted = number("character");
        let mut units = 0;
        for (at, c) in line.char_indices() {
            if units >= wanted {
                return start + at;
            }
            units += c.len_utf16();
        }
        start + line.len()
    }

    /// The editor's position of an offset.
    pub(super) fn position(&self, offset: usize) -> Value {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.lines.partition_point(|start| *start <= offset) - 1;
        let before = &self.text[self.lines[line]..offset];
        let units: usize = before.chars().map(char::len_utf16).sum();
        json!({ "line": line, "character": units })
    }

    /// The editor's range.
    pub(super) fn range(&self, range: &Range<usize>) -> Value {
        json!({ "start": self.position(range.start), "end": self.position(range.end) })
    }

    /// The offset of a finding's place: line and column from 1, in characters.
    pub(super) fn place(&self, line: usize, column: usize) -> usize {
        let (start, text) = self.line(line.saturating_sub(1));
        let at = text.char_indices().nth(column.saturating_sub(1));
        start + at.map_or(text.len(), |(at, _)| at)
    }

    /// Takes over a change that an editor tells of.
    pub(super) fn change(&mut self, change: &Value) {
        let new = change["text"].as_str().unwrap_or_default();
        let text = match change.get("range").filter(|it| !it.is_null()) {
            None => new.to_owned(),
            Some(range) => {
                let start = self.offset(&range["start"]);
                let end = self.offset(&range["end"]).max(start);
                format!("{}{new}{}", &self.text[..start], &self.text[end..])
            }
        };
        *self = Text::new(text);
    }
}

/// The file of an editor's address. `None` for what is no file, such as a text without a name.
pub(super) fn path_of(uri: &str) -> Option<PathBuf> {
    let rest = uri.strip_prefix("file://")?;
    let mut bytes = Vec::new();
    let mut given = rest.bytes();
    while let Some(byte) = given.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [given.next()?, given.next()?];
        let digits = std::str::from_utf8(&digits).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
    }
    Some(plain(Path::new(&String::from_utf8(bytes).ok()?)))
}

/// The address of a file.
pub(super) fn uri_of(path: &Path) -> String {
    let mut uri = "file://".to_owned();
    for byte in path.display().to_string().bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'~' => uri.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_utf_16_and_go_there_and_back() {
        let text = Text::new("aé\r\n😀b\n".to_owned());
        let at = json!({ "line": 1, "character": 2 });
        assert_eq!(&text.text[text.offset(&at)..], "b\n");
        assert_eq!(text.position(text.offset(&at)), at);
        assert_eq!(text.offset(&json!({ "line": 0, "character": 99 })), 3);
        assert_eq!(text.offset(&json!({ "line": 99, "character": 0 })), 11);
        assert_eq!(&text.text[text.place(2, 2)..], "b\n");
    }

    #[test]
    fn changes_of_a_part_and_of_the_whole_are_taken_over() {
        let mut text = Text::new("one\ntwo\n".to_owned());
        let range =
            json!({ "start": { "line": 1, "character": 0 }, "end": { "line": 1, "character": 3 } });
        text.change(&json!({ "range": range, "text": "three" }));
        assert_eq!(text.text, "one\nthree\n");
        text.change(&json!({ "text": "four" }));
        assert_eq!(text.text, "four");
    }

    #[test]
    fn a_file_with_any_name_has_an_address() {
        let path = Path::new("/a b/ö#%.rhai");
        let uri = uri_of(path);
        assert_eq!(uri, "file:///a%20b/%C3%B6%23%25.rhai");
        assert_eq!(path_of(&uri).as_deref(), Some(path));
        assert_eq!(path_of("untitled:1"), None);
        assert_eq!(
            path_of("file:///a/../b/./c").as_deref(),
            Some(Path::new("/b/c"))
        );
    }
}
