//! The key file: a key ring as text.
//!
//! ```text
//! quorate-key 1
//! # Secret: …
//! use  <64 hexadecimal digits> <fingerprint: 16 hexadecimal digits>
//! next <64 hexadecimal digits> <fingerprint>
//! ```
//! `use` is the key that seals. `next` and `old` are accepted besides; a file has one of them at most.

use std::fmt::Write;

use zeroize::Zeroizing;

use crate::key::{ClusterKey, KEY};
use crate::ring::{KeyRing, Second};

/// The first line.
const FIRST: &str = "quorate-key 1";
const COMMENT: &str = "# Secret: who has this can speak for every node of the cluster. The same file on every node, mode 0600.
";

/// Why a text is no key file. It never shows a digit of a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct KeyFileError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub fault: KeyFileFault,
}

/// What is wrong in a key file, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileFault {
    /// The first line is another.
    #[error(
        "a key file begins with {FIRST:?}, and this does not: it is no key file, or one of a version that is not read here; \
         `quorate key new` makes one"
    )]
    NotAKeyFile,
    /// A line begins with another word.
    #[error("found {0}, expected \"use\", \"next\" or \"old\"")]
    Word(String),
    /// A line has more or fewer than three words.
    #[error(
        "{found} words, expected three: what the key is for, its {} digits and its fingerprint; copy the file again",
        2 * KEY
    )]
    Words {
        /// How many there are.
        found: usize,
    },
    /// A key or a fingerprint has another length.
    #[error(
        "the {what} has {found} characters, expected {expected} hexadecimal digits; copy the file again"
    )]
    Length {
        /// `key` or `fingerprint`.
        what: &'static str,
        /// Characters found.
        found: usize,
        /// Characters expected.
        expected: usize,
    },
    /// A character is no hexadecimal digit.
    #[error(
        "character {column} is no hexadecimal digit, and the {what} has nothing else; copy the file again"
    )]
    Digit {
        /// `key` or `fingerprint`.
        what: &'static str,
        /// Place in the line, in characters from 1.
        column: usize,
    },
    /// The key does not have the fingerprint beside it.
    #[error(
        "the key has another fingerprint than the one beside it: it was damaged on the way; copy the file again"
    )]
    Damaged,
    /// A second key for the same purpose.
    #[error("a second \"{0}\": a file has one key that seals and one more at most")]
    Second(&'static str),
    /// The same key twice.
    #[error("this key stands in the file twice; take one of the lines out")]
    Same,
    /// No key that seals.
    #[error("no key to seal with: a line \"use\" is missing; copy the file again")]
    NoKey,
}

impl KeyRing {
    /// The text of the key file. It is wiped from memory when it is dropped.
    pub fn to_text(&self) -> Zeroizing<String> {
        // Room for all of it: a text that grows leaves copies behind.
        let mut text = Zeroizing::new(String::with_capacity(1_024));
        text.push_str(FIRST);
        text.push('\n');
        text.push_str(COMMENT);
        line(&mut text, "use", self.sealing());
        match self.second() {
            None => {}
            Some(Second::Next(key)) => line(&mut text, "next", key),
            Some(Second::Old(key)) => line(&mut text, "old", key),
        }
        text
    }

    /// Reads the text of a key file. Empty lines and those that begin with `#` say nothing.
    pub fn parse(text: &str) -> Result<KeyRing, KeyFileError> {
        let mut lines = text.lines().enumerate();
        let first = lines.next().map(|(_, line)| line.trim_end());
        if first != Some(FIRST) {
            return Err(KeyFileError {
                line: 1,
                fault: KeyFileFault::NotAKeyFile,
            });
        }
        let mut read = Read::default();
        let mut last = 1;
        for (at, line) in lines {
            last = at + 1;
            let said = line.trim();
            if !said.is_empty() && !said.starts_with('#') {
                let fault = |fault| KeyFileError { line: last, fault };
                read.line(line).map_err(fault)?;
            }
        }
        let fault = |fault| KeyFileError { line: last, fault };
        let sealing = read.sealing.ok_or(fault(KeyFileFault::NoKey))?;
        match read.second {
            None => Ok(KeyRing::new(sealing)),
            Some(second) => KeyRing::with(sealing, second).map_err(|_| fault(KeyFileFault::Same)),
        }
    }
}

fn line(text: &mut String, word: &str, key: &ClusterKey) {
    // Writing to a string cannot fail.
    let _ = write!(text, "{word:<4} ");
    for byte in key.bytes() {
        let _ = write!(text, "{byte:02x}");
    }
    let _ = writeln!(text, " {}", key.fingerprint());
}

#[derive(Default)]
struct Read {
    sealing: Option<ClusterKey>,
    second: Option<Second>,
}

impl Read {
    fn line(&mut self, line: &str) -> Result<(), KeyFileFault> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let word = words.first().copied().unwrap_or_default();
        if !["use", "next", "old"].contains(&word) {
            return Err(KeyFileFault::Word(shown(word)));
        }
        let [_, key, fingerprint] = words[..] else {
            let found = words.len();
            return Err(KeyFileFault::Words { found });
        };
        let key = ClusterKey::from_bytes(&*digits::<KEY>("key", line, key)?);
        let fingerprint = digits::<8>("fingerprint", line, fingerprint)?;
        if key.fingerprint().0 != *fingerprint {
            return Err(KeyFileFault::Damaged);
        }
        match word {
            "use" if self.sealing.is_some() => return Err(KeyFileFault::Second("use")),
            "use" => self.sealing = Some(key),
            "next" if self.second.is_some() => return Err(KeyFileFault::Second("next")),
            "next" => self.second = Some(Second::Next(key)),
            _ if self.second.is_some() => return Err(KeyFileFault::Second("old")),
            _ => self.second = Some(Second::Old(key)),
        }
        Ok(())
    }
}

/// A word as an error may show it: nothing that could be a part of a key.
fn shown(word: &str) -> String {
    let plain = word.len() <= 12 && word.chars().all(|one| one.is_ascii_alphabetic());
    match plain {
        true => format!("{word:?}"),
        false => format!("something of {} characters", word.chars().count()),
    }
}

/// The bytes that `word`, a part of `line`, writes in hexadecimal digits.
fn digits<const BYTES: usize>(
    what: &'static str,
    line: &str,
    word: &str,
) -> Result<Zeroizing<[u8; BYTES]>, KeyFileFault> {
    let mut bytes = Zeroizing::new([0; BYTES]);
    for (at, one) in word.chars().enumerate() {
        let Some(digit) = one.to_digit(16) else {
            // The words of a line are told apart by where they stand: the last place is the right one of a word that is there
            // twice, and no digit of either is shown.
            let before = line.rfind(word).unwrap_or_default();
            let column = line[..before].chars().count() + at + 1;
            return Err(KeyFileFault::Digit { what, column });
        };
        if let Some(byte) = bytes.get_mut(at / 2) {
            *byte = *byte << 4 | digit as u8;
        }
    }
    let (found, expected) = (word.chars().count(), 2 * BYTES);
    match found == expected {
        true => Ok(bytes),
        false => Err(KeyFileFault::Length {
            what,
            found,
            expected,
        }),
    }
}
