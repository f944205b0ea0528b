//! The cookbook: every drill of `docs/cookbook.md` runs as it stands on the page, and says what the page says it does. And
//! what `docs/words.md` names in place of other products' words is there.
//!
//! If a figure differs for a good reason, `QUORATE_WRITE_DOCS=1 cargo test -p quorate --test cookbook` writes what is
//! printed now into the page. Read each line that changed, and the sentence after it, before you keep it.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use support::{finish, quorate, root};

const PAGE: &str = "docs/cookbook.md";

/// One question of the page.
struct Recipe<'page> {
    question: &'page str,
    /// Its drill, or several, as a file.
    drill: &'page str,
    /// The notes that it prints, one a line, with their times.
    answer: &'page str,
}

/// The only block of a language in a part of the page.
#[track_caller]
fn block<'page>(part: &'page str, language: &str) -> &'page str {
    let blocks: Vec<&str> = part.split(&format!("\n```{language}\n")).skip(1).collect();
    let question = part.lines().next().unwrap_or_default();
    let [block] = blocks.as_slice() else {
        panic!("{} blocks of {language}: {question}", blocks.len());
    };
    let end = block.find("```\n").expect("the end of a block");
    &block[..end]
}

fn recipes(page: &str) -> Vec<Recipe<'_>> {
    let parts = page.split("\n## ").skip(1);
    parts
        .map(|part| Recipe {
            question: part.lines().next().unwrap_or_default(),
            drill: block(part, "rhai"),
            answer: block(part, "text"),
        })
        .collect()
}

fn page() -> String {
    read(PAGE)
}

fn read(page: &str) -> String {
    std::fs::read_to_string(root().join(page)).expect("the page")
}

/// What was printed of the drills of each file: their names, and their notes with their times.
#[derive(Default)]
struct Told {
    drills: Vec<String>,
    notes: String,
}

fn told(out: &str) -> BTreeMap<String, Told> {
    let mut files: BTreeMap<String, Told> = BTreeMap::new();
    let mut file = String::new();
    for line in out.lines() {
        let head = line
            .rsplit_once(" (")
            .and_then(|(name, rest)| Some((name, rest.split_once(", seed ")?.0)));
        // A time, and four blanks before a note, where a step has two.
        let note = line
            .strip_prefix("  ")
            .filter(|line| line.starts_with(|first: char| first.is_ascii_digit()))
            .and_then(|line| line.split_once("    "));
        if let Some((name, path)) = head.filter(|_| !line.starts_with(' ')) {
            file = path.to_owned();
            files
                .entry(file.clone())
                .or_default()
                .drills
                .push(name.to_owned());
        } else if let (Some((time, text)), Some(told)) = (note, files.get_mut(&file)) {
            told.notes.push_str(&format!("{time}    {text}\n"));
        }
    }
    files
}

#[test]
fn the_page_has_twenty_five_questions_and_more_each_with_its_place_in_the_list() {
    let page = page();
    let recipes = recipes(&page);
    assert!(recipes.len() >= 25, "{} questions", recipes.len());
    for recipe in &recipes {
        assert!(recipe.question.ends_with('?'), "{}", recipe.question);
        assert!(recipe.drill.contains("expect"), "{}", recipe.question);
    }
    let head = page.split("\n## ").next().unwrap_or_default();
    assert_eq!(head.matches("](#").count(), recipes.len(), "links to them");
}

#[test]
fn every_drill_of_the_page_passes_and_says_what_stands_there() {
    let page = page();
    let recipes = recipes(&page);
    let folder = tempfile::tempdir().expect("a folder");
    let scripts = folder.path().join("scripts");
    std::os::unix::fs::symlink(root().join("scripts"), scripts).expect("a link");
    let mut files = Vec::new();
    for (number, recipe) in recipes.iter().enumerate() {
        let file = format!("{:02}.rhai", number + 1);
        std::fs::write(folder.path().join(&file), recipe.drill).expect("a drill");
        files.push(file);
    }
    let run = |command: &str| {
        let mut quorate = quorate();
        quorate.arg(command).args(&files).current_dir(folder.path());
        finish(&mut quorate)
    };

    let check = run("check");
    assert_eq!(check.code, 0, "{}{}", check.out, check.err);
    assert!(check.out.starts_with("no findings in "), "{}", check.out);

    let run = run("drill");
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{}", run.out);
    assert!(!run.out.contains("remark"), "{}", run.out);
    let told = told(&run.out);
    let mut names: Vec<&String> = told.values().flat_map(|told| &told.drills).collect();
    let last = run.out.lines().last().unwrap_or_default();
    let all = format!("{0} drills: {0} pass; ", names.len());
    assert!(last.starts_with(&all), "{last}");
    names.sort();
    names.windows(2).for_each(|two| assert_ne!(two[0], two[1]));

    let (mut wrong, mut anew) = (String::new(), page.clone());
    for (recipe, file) in recipes.iter().zip(&files) {
        let Some(told) = told.get(file) else {
            panic!("nothing was said of {}", recipe.question);
        };
        if told.notes == recipe.answer {
            continue;
        }
        let around = |answer: &str| format!("{}```\n\n```text\n{answer}```", recipe.drill);
        anew = anew.replacen(&around(recipe.answer), &around(&told.notes), 1);
        wrong.push_str(&format!(
            "{}\non the page:\n{}printed now:\n{}\n",
            recipe.question, recipe.answer, told.notes
        ));
    }
    if std::env::var_os("QUORATE_WRITE_DOCS").is_some() {
        write(&root().join(PAGE), &anew);
        return;
    }
    assert!(
        wrong.is_empty(),
        "{PAGE} is not what its drills say; QUORATE_WRITE_DOCS=1 writes it anew:\n{wrong}"
    );
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("the page");
}

/// What stands between backquotes on the page of words, each once.
fn quoted(page: &str) -> BTreeSet<&str> {
    page.split('`').skip(1).step_by(2).collect()
}

#[test]
fn what_the_page_of_words_shows_in_a_drill_is_the_drill_language() {
    let page = read("docs/words.md");
    let nouns = [
        "coordinator(",
        "create_virtual_server(",
        "dns(",
        "group(",
        "load(",
        "node(",
        "partition(",
        "resource(",
        "witness(",
    ];
    let quoted = quoted(&page);
    let words: Vec<&&str> = quoted
        .iter()
        .filter(|text| nouns.iter().any(|noun| text.starts_with(noun)))
        .collect();
    assert!(words.len() > 20, "{words:?}");
    let folder = tempfile::tempdir().expect("a folder");
    let mut script =
        String::from("drill(\"words\", #{ cluster: \"CLUSTERS/four-node.ron\" }, || {\n");
    for word in words {
        script.push_str(&format!("    {word};\n"));
    }
    script.push_str("    run(\"1m\");\n    expect(node(\"NODE1\").is_up);\n});\n");
    let file = support::script(folder.path(), "words.rhai", &script);
    let check = support::run(&["check", &file]);
    assert_eq!(check.code, 0, "{}{}\n{script}", check.out, check.err);
}

#[test]
fn the_commands_on_the_page_of_words_are_there() {
    let page = read("docs/words.md");
    let mut seen = 0;
    for command in quoted(&page) {
        let Some(rest) = command.strip_prefix("quorate ") else {
            continue;
        };
        let words = rest.split(' ').take_while(|word| !word.starts_with('-'));
        let args: Vec<&str> = words.chain(["--help"]).collect();
        let help = support::run(&args);
        assert_eq!(help.code, 0, "{command}: {}{}", help.out, help.err);
        for option in rest.split(' ').filter(|word| word.starts_with("--")) {
            assert!(help.out.contains(option), "{command}: no {option}");
        }
        seen += 1;
    }
    assert!(seen > 15, "{seen}");
}

#[test]
fn the_words_of_each_product_are_in_order_so_that_they_are_found() {
    let page = read("docs/words.md");
    let mut products = 0;
    for part in page.split("\n## ").skip(1) {
        let rows = part.lines().filter(|line| line.starts_with("| "));
        let words: Vec<String> = rows
            .skip(2)
            .filter_map(|row| Some(row.split('|').nth(1)?.trim().to_lowercase()))
            .collect();
        assert!(words.len() > 10, "{part}");
        assert!(words.is_sorted(), "{words:#?}");
        products += 1;
    }
    assert_eq!(products, 5);
}
