//! Reads files that people write: scripts and cluster files.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The largest such file that is read unless the user allows larger ones: 16 MB.
pub const MAX_BYTES: u64 = 16 << 20;

/// The text of a file in UTF-8, without the byte order mark that some editors put at its beginning. `limit` is the
/// most bytes it may have.
///
/// # Errors
///
/// Why the file cannot be read, and what to do: it is missing, not a file, too large, or in another encoding.
pub fn read_text(path: &Path, limit: Option<u64>) -> Result<String, String> {
    let about = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if about.is_dir() {
        return Err("it is a folder".to_owned());
    }
    // Opening a pipe would wait for its writer, and a device may never end.
    if !about.is_file() {
        return Err("it is no file: a pipe or a device".to_owned());
    }
    let limit = limit.unwrap_or(u64::MAX);
    let too_large = || {
        let size = about.len() as f64 / f64::from(1 << 20);
        format!(
            "it has {size:.1} MB, and a file may have {} MB: `quorate check --any-size` reads larger ones",
            limit >> 20
        )
    };
    if about.len() > limit {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    if bytes.len() as u64 > limit {
        return Err(too_large());
    }
    text_of(bytes)
}

/// Why a file cannot be opened, in words.
fn unreadable(path: &Path, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => {
            let near = beside(path, "").map(|near| path.with_file_name(near));
            let near = near.map_or_else(String::new, |near| {
                format!(" (did you mean `{}`?)", near.display())
            });
            format!("{}{near}", missing(path))
        }
        io::ErrorKind::PermissionDenied => "it may not be read: permission denied".to_owned(),
        _ => error.to_string(),
    }
}

/// Whether the file or its folder is missing, in words.
pub fn missing(path: &Path) -> String {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.exists() => {
            format!("there is no folder {}", folder.display())
        }
        _ => "there is no such file".to_owned(),
    }
}

/// Of the files in the folder of `path` whose names end with `ending`, the one with the nearest name.
pub fn beside(path: &Path, ending: &str) -> Option<String> {
    let folder = path.parent()?;
    let folder = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    let wanted = path.file_name()?.to_str()?;
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(ending))
        .collect();
    names.sort();
    quorate_model::nearest(wanted, names.iter().map(String::as_str)).map(str::to_owned)
}

/// Bytes as text.
fn text_of(bytes: Vec<u8>) -> Result<String, String> {
    const SAVE: &str = "save it as UTF-8";
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(format!("it is in UTF-16: {SAVE}"));
    }
    // UTF-16 without a byte order mark: every other byte of plain text is zero.
    let zeros = bytes.iter().take(512).filter(|byte| **byte == 0).count();
    if zeros * 4 >= bytes.len().min(512) && zeros > 0 {
        return Err(format!("it is in UTF-16 or no text at all: {SAVE}"));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        }),
        Err(error) => {
            let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
            Err(format!(
                "line {line} is not in UTF-8, but perhaps in an older encoding: {SAVE}"
            ))
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_taken_off_and_other_encodings_are_named() {
        assert_eq!(
            text_of(b"\xef\xbb\xbfrun(\"1s\")".to_vec()).unwrap(),
            "run(\"1s\")"
        );
        for (bytes, wanted) in [
            (&b"\xff\xfer\0u\0n\0"[..], "UTF-16"),
            (b"\xfe\xff\0r\0u", "UTF-16"),
            (b"r\0u\0n\0(\0", "UTF-16"),
            (b"a\nb\xe4", "line 2 is not in UTF-8"),
        ] {
            let error = text_of(bytes.to_vec()).unwrap_err();
            assert!(error.contains(wanted), "{error}");
        }
    }

    #[test]
    fn what_is_too_large_or_no_file_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.ron");
        std::fs::write(&file, "0123456789").unwrap();
        assert!(
            read_text(&file, Some(9))
                .unwrap_err()
                .contains("--any-size")
        );
        assert!(read_text(&file, None).is_ok());
        assert!(
            read_text(folder.path(), None)
                .unwrap_err()
                .contains("folder")
        );
    }
}
