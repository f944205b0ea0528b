//! What the fuzz target in `tests/fuzz` calls, and the test that runs its corpus: any bytes get an answer and never a
//! panic. Nothing that ships has the feature.

use crate::{Severity, VirtualServerRequest, add_virtual_server, parse};

/// Reads a cluster file. Each finding has its place within the text; a sound file stays one with a virtual server more,
/// or says why there can be none.
pub fn cluster_file(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match parse("fuzzed.ron", text) {
        Err(findings) => {
            assert!(findings.has_errors());
            for finding in findings.iter() {
                let inside = text.get(finding.offset..finding.offset + finding.bytes);
                assert!(inside.is_some(), "{finding}: beyond the text");
                assert!(finding.to_string().starts_with("fuzzed.ron:"));
            }
        }
        Ok(loaded) => {
            let mut warnings = loaded.warnings.iter();
            assert!(warnings.all(|warning| warning.severity != Severity::Error));
            let request = VirtualServerRequest::new("EVS9", "10.0.0.99");
            if let Ok(changed) = add_virtual_server("fuzzed.ron", text, &request) {
                assert!(parse("fuzzed.ron", &changed).is_ok(), "{changed}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    #[test]
    fn the_corpus_of_cluster_files_is_read() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut inputs = 0;
        for folder in ["tests/fuzz/corpus/cluster_file", "scripts/clusters"] {
            for entry in fs::read_dir(root.join(folder)).unwrap() {
                super::cluster_file(&fs::read(entry.unwrap().path()).unwrap());
                inputs += 1;
            }
        }
        assert!(inputs >= 16, "only {inputs} inputs");
    }
}
