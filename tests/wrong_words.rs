//! Misspelled words of closed sets, and misspelled names: whether they are found before a drill runs or while it
//! runs, the drill never passes.

mod support;

use support::{root, run};

/// The text after `// ends: ` in the first line of a wrong drill, with which it must end.
fn wanted(text: &str) -> &str {
    text.lines()
        .next()
        .and_then(|line| line.strip_prefix("// ends: "))
        .expect("how it ends")
}

#[test]
fn a_slip_in_a_word_is_an_error_with_what_was_meant() {
    let folder = root().join("tests/wrong_drills");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the wrong drills")
        .map(|entry| entry.expect("a file").path())
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.starts_with("word-"))
        })
        .collect();
    files.sort();
    assert!(files.len() >= 20, "{} drills", files.len());
    let mut wrong = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path).expect("a drill");
        let file = path.strip_prefix(root()).expect("a file below");
        let file = file.display().to_string();
        let (check, drill) = (run(&["check", &file]), run(&["drill", &file]));
        let all = format!("{}{}{}{}", check.out, check.err, drill.out, drill.err);
        if !all.contains(wanted(&text)) {
            wrong.push(format!("{file} does not say {:?}:\n{all}", wanted(&text)));
        }
        if check.code == 0 && drill.code == 0 {
            wrong.push(format!("{file} ends green:\n{all}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn a_long_line_does_not_flood_and_thousands_of_mistakes_are_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("long.rhai");
    std::fs::write(&file, "nodde(\"A\"); ".repeat(4_000)).expect("a file");
    let done = run(&["check", &file.display().to_string()]);
    assert_eq!(done.code, 1);
    assert!(done.out.contains("3700 more") && done.out.contains("4000 errors"));
    assert!(done.out.len() < 300_000, "{} bytes", done.out.len());
}

#[test]
fn other_encodings_pipes_and_marks_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let check = |name: &str, bytes: &[u8]| {
        let file = folder.path().join(name);
        std::fs::write(&file, bytes).expect("a file");
        run(&["check", &file.display().to_string()])
    };
    let marked = check("marked.rhai", b"\xef\xbb\xbffn twice(x) { x * 2 }\n");
    assert_eq!(marked.code, 0, "{}{}", marked.out, marked.err);
    let wide = check("wide.rhai", b"\xff\xfer\0u\0n\0");
    assert!(wide.err.contains("UTF-16"), "{}", wide.err);
    let device = run(&["check", "/dev/zero"]);
    assert!(device.err.contains("a pipe or a device"), "{}", device.err);
    let text =
        std::fs::read_to_string(root().join("scripts/clusters/four-node.ron")).expect("a cluster");
    let mixed = check("mixed.ron", text.replace("NODE1", "N\u{41e}DE1").as_bytes());
    assert!(mixed.out.contains("mixed-alphabets"), "{}", mixed.out);
    let newer = check(
        "newer.ron",
        text.replace("role: Mixed", "role: ClusterAndClient")
            .as_bytes(),
    );
    assert!(newer.out.contains("here it is `Mixed`"), "{}", newer.out);
    let size = text.replace("\"MaxQuorumLogSize\": 4194304", "\"MaxQuorumLogSize\": -1");
    let size = check("size.ron", size.as_bytes());
    assert!(
        size.out.contains("takes no negative number"),
        "{}",
        size.out
    );
}
