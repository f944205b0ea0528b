//! `docs/repl.md`: every transcript of the page is typed at a prompt, one session from its first line to its last, and
//! prints what stands there.
//!
//! If what is printed differs for a good reason, `QUORATE_WRITE_DOCS=1 cargo test -p quorate --test prompt_page` writes it
//! into the page. Read each line that changed before you keep it.

mod support;

use support::root;
use support::terminal::Terminal;

const PAGE: &str = "docs/repl.md";

/// What ends a prompt.
const ENDS: &str = " > ";

/// The transcripts of the page: each block that begins with a prompt, without its fences.
fn transcripts(page: &str) -> Vec<&str> {
    let blocks = page.split("\n```text\n").skip(1);
    blocks
        .map(|block| &block[..block.find("```\n").expect("the end of a block")])
        .filter(|block| block.starts_with("CLUSTER"))
        .collect()
}

/// What is typed in a transcript.
fn inputs(transcript: &str) -> Vec<&str> {
    let prompts = transcript.lines().filter(|it| it.starts_with("CLUSTER"));
    // What is printed may begin with the cluster's name, too.
    let typed = prompts.filter_map(|line| line.split_once(ENDS));
    typed.map(|(_, input)| input).collect()
}

#[test]
fn whoever_types_what_is_on_the_page_sees_what_is_on_the_page() {
    let page = std::fs::read_to_string(root().join(PAGE)).expect("the page");
    let transcripts = transcripts(&page);
    assert!(transcripts.len() >= 5, "{} transcripts", transcripts.len());
    let home = tempfile::tempdir().expect("a folder");
    let (mut session, mut prompt) = Terminal::met(home.path(), 100, 40, &[]);
    let (mut anew, mut wrong) = (page.clone(), String::new());
    for transcript in &transcripts {
        let mut seen = String::new();
        for input in inputs(transcript) {
            seen.push_str(&format!("{prompt} {input}\n"));
            let (shown, next) = session.types_on(input);
            if !shown.is_empty() {
                seen.push_str(&format!("{shown}\n"));
            }
            prompt = next;
        }
        if seen != **transcript {
            wrong.push_str(&format!(
                "on the page:\n{transcript}\nprinted now:\n{seen}\n"
            ));
            let around = |text: &str| format!("\n```text\n{text}```\n");
            anew = anew.replacen(&around(transcript), &around(&seen), 1);
        }
    }
    assert_eq!(session.ends(), 0);
    if std::env::var_os("QUORATE_WRITE_DOCS").is_some() {
        std::fs::write(root().join(PAGE), &anew).expect("the page");
        return;
    }
    assert!(
        wrong.is_empty(),
        "{PAGE} is not what the prompt prints; QUORATE_WRITE_DOCS=1 writes it anew:\n{wrong}"
    );
}
