//! Drills that show nothing, or that contain a mistake: none of them passes without a remark.
//!
//! Each file in `wrong_drills` begins with lines `// ends: text`: a text that `quorate check` or `quorate drill` must
//! print about it.

mod support;

use std::path::PathBuf;

use support::run;

/// The wrong drills, each of another kind.
fn files() -> Vec<PathBuf> {
    let folder = support::root().join("tests/wrong_drills");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the wrong drills")
        .map(|entry| entry.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|it| it == "rhai"))
        .collect();
    files.sort();
    files
}

#[test]
fn no_wrong_drill_ends_green_without_a_remark() {
    let files = files();
    assert!(files.len() >= 20, "{} wrong drills", files.len());
    let mut wrong = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path).expect("a drill");
        let wanted: Vec<&str> = text
            .lines()
            .map_while(|line| line.strip_prefix("// "))
            .filter_map(|line| line.strip_prefix("ends: "))
            .collect();
        let file = path.strip_prefix(support::root()).expect("a file below");
        let file = file.display().to_string();
        if wanted.is_empty() {
            wrong.push(format!("{file} does not say how it ends"));
            continue;
        }
        let (check, drill) = (run(&["check", &file]), run(&["drill", &file]));
        let all = format!("{}{}{}{}", check.out, check.err, drill.out, drill.err);
        for text in wanted {
            if !all.contains(text) {
                wrong.push(format!("{file} does not say {text:?}:\n{all}"));
            }
        }
        let green = drill.code == 0 && check.code == 0;
        if green && !["remark[", "warning["].iter().any(|it| all.contains(it)) {
            wrong.push(format!("{file} ends green:\n{all}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn a_remark_is_in_output_summary_and_journal() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal").display().to_string();
    let file = "tests/wrong_drills/held-at-once.rhai";
    let run = run(&["drill", file, "--journal", &journal]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let line = run.out.lines().find(|line| line.contains("remark["));
    let line = line.expect("a line of its own");
    for text in [
        "group(\"EVS3\").state was \"Online\"",
        "held-at-once.rhai:5:5",
    ] {
        assert!(line.contains(text), "{line}");
    }
    assert!(run.out.contains(", 1 remark\n"), "{}", run.out);
    let last = run.out.lines().last().unwrap_or_default();
    assert!(last.contains("1 pass, 1 with remarks;"), "{last}");
    let journal = std::fs::read_to_string(journal).expect("a journal");
    let told = journal
        .lines()
        .find(|line| line.contains("\"kind\":\"remark\""));
    let told = told.expect("a line of the journal");
    assert!(told.contains("\"rule\":\"held-at-once\""), "{told}");
}
