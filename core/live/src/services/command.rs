//! Command lines.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Why a text is no command line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// A quotation has no end.
    #[error("a quotation has no end: {0}")]
    Quotation(String),
    /// A backslash stands at the end.
    #[error("nothing follows the backslash at the end: {0}")]
    Backslash(String),
}

/// The words of a command line: separated by blanks, which count as themselves in single or double quotes and after a
/// backslash. Nothing is expanded.
///
/// # Errors
/// A quotation or a backslash without an end.
pub fn split(line: &str) -> Result<Vec<String>, CommandError> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match (letter, quote) {
            (_, Some('\'')) if letter != '\'' => word.get_or_insert_default().push(letter),
            ('\\', _) => match letters.next() {
                Some(next) => word.get_or_insert_default().push(next),
                None => return Err(CommandError::Backslash(line.to_owned())),
            },
            (_, Some(open)) if letter == open => quote = None,
            (_, Some(_)) => word.get_or_insert_default().push(letter),
            ('\'' | '"', None) => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (_, None) if letter.is_whitespace() => words.extend(word.take()),
            (_, None) => word.get_or_insert_default().push(letter),
        }
    }
    if quote.is_some() {
        return Err(CommandError::Quotation(line.to_owned()));
    }
    words.extend(word);
    Ok(words)
}

/// The file that a program's name stands for: itself if there is a slash in it, or else the first of that name on the
/// PATH.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let runs = |file: &Path| {
        let about = file.metadata().ok()?;
        (about.is_file() && about.permissions().mode() & 0o111 != 0).then(|| file.to_path_buf())
    };
    if program.contains('/') {
        return runs(Path::new(program));
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).find_map(|folder| runs(&folder.join(program)))
}

/// Why a program cannot be run, if it cannot.
pub(crate) fn missing_program(program: &str) -> Option<String> {
    match find(program) {
        Some(_) => None,
        None if program.contains('/') => Some(match Path::new(program).exists() {
            true => format!("{program} is no program that can be run"),
            false => format!("there is no program {program}"),
        }),
        None => Some(format!("there is no program {program} on the PATH")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_separated_by_blanks_that_are_not_quoted() {
        let words = |line: &str| split(line).unwrap();
        assert_eq!(words("  /bin/a  -b "), ["/bin/a", "-b"]);
        assert_eq!(
            words(r#"a "b c" 'd "e"' f\ g h"i"j """#),
            ["a", "b c", "d \"e\"", "f g", "hij", ""]
        );
        assert_eq!(words(r#""a \" b" 'c \'"#), ["a \" b", "c \\"]);
        assert!(words("").is_empty());
        assert!(split("a 'b").is_err() && split("a\\").is_err());
    }

    #[test]
    fn programs_are_found_on_the_path_or_where_they_are_named() {
        assert_eq!(missing_program("sh"), None);
        assert_eq!(missing_program("/bin/sh"), None);
        let told = |program: &str| missing_program(program).unwrap();
        assert!(told("/etc/passwd").contains("no program that can be run"));
        assert!(told("/no/such/thing").starts_with("there is no program"));
        assert!(told("no-such-thing-here").ends_with("on the PATH"));
    }
}
