//! The reference of the drill language: every example of `docs/language.md` runs, as it stands there.
//!
//! The page is made from the doc comments of the words; where one is changed, `QUORATE_WRITE_DOCS=1 cargo test -p
//! quorate-script reference` writes it anew.

mod support;

use std::fs;

use support::{finish, quorate, root};

/// One example of the page.
struct Example {
    word: String,
    code: String,
    cluster: String,
    at_prompt: bool,
}

fn examples() -> Vec<Example> {
    let page = fs::read_to_string(root().join("docs/language.md")).expect("the page");
    let parts = page.split("\n### `").skip(1);
    let examples = parts.filter_map(|part| {
        let (word, rest) = part.split_once('`')?;
        let (before, code) = rest.split_once("\n```rhai\n")?;
        let (code, _) = code.split_once("```\n")?;
        let line = before.trim_end().lines().last().unwrap_or_default();
        let cluster = line
            .strip_prefix("On `scripts/clusters/")
            .and_then(|it| it.strip_suffix("`:"));
        Some(Example {
            word: word.to_owned(),
            code: code.to_owned(),
            cluster: cluster.unwrap_or("four-node.ron").to_owned(),
            at_prompt: line.starts_with("At the prompt"),
        })
    });
    examples.collect()
}

#[test]
fn every_example_of_the_page_passes() {
    let folder = tempfile::tempdir().expect("a folder");
    let scripts = folder.path().join("scripts");
    std::os::unix::fs::symlink(root().join("scripts"), scripts).expect("a link");
    let examples: Vec<Example> = examples().into_iter().filter(|it| !it.at_prompt).collect();
    assert!(examples.len() > 240, "{} examples", examples.len());
    let mut files = Vec::new();
    for (number, part) in examples.chunks(25).enumerate() {
        let mut text = String::new();
        for example in part {
            if example.code.starts_with("drill(") {
                text.push_str(&example.code);
                continue;
            }
            text.push_str(&format!(
                "drill({:?}, #{{ cluster: \"scripts/clusters/{}\" }}, || {{\n{}}});\n",
                example.word, example.cluster, example.code
            ));
        }
        let file = format!("{number}.rhai");
        fs::write(folder.path().join(&file), text).expect("a drill");
        files.push(file);
    }
    let run = |command: &[&str]| {
        let mut quorate = quorate();
        quorate
            .args(command)
            .args(&files)
            .current_dir(folder.path());
        finish(&mut quorate)
    };
    let check = run(&["check"]);
    assert_eq!(check.code, 0, "{}{}", check.out, check.err);
    let run = run(&["drill", "--brief"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let last = run.out.lines().last().unwrap_or_default();
    let all = format!("{0} drills: {0} pass", examples.len());
    assert!(last.starts_with(&all), "{last}");
}

#[test]
fn every_example_for_the_prompt_is_typed_there() {
    let examples: Vec<Example> = examples().into_iter().filter(|it| it.at_prompt).collect();
    assert_eq!(examples.len(), 2);
    for example in examples {
        let said = support::run_with(&["repl"], &format!("{}now()\n", example.code));
        assert_eq!(said.code, 0, "{}: {}{}", example.word, said.out, said.err);
    }
}
