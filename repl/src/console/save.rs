//! The session as a drill that runs, and back.

use std::path::{Component, Path, PathBuf};

use quorate_drill::Status;
use quorate_drill::stage::StageRequest;
use quorate_model::Lasting;
use quorate_script::{Input, InputKind, with_last_value};

use crate::files::plain;

/// What stands before each line of an input, as it was typed.
const FIRST: &str = "//> ";
/// What stands before the further lines of one.
const MORE: &str = "//. ";

/// A session, to be written.
pub(super) struct Session<'a> {
    /// What was done.
    pub(super) past: &'a [Input],
    /// The cluster file, as the drill names it.
    pub(super) cluster: String,
    /// The seed.
    pub(super) seed: u64,
    /// How it is now.
    pub(super) status: &'a Status,
    /// The outage of each group.
    pub(super) outages: Vec<std::time::Duration>,
    /// The file it is written to, as its reader names it.
    pub(super) file: &'a str,
}

impl Session<'_> {
    /// The text of the drill.
    pub(super) fn drill(&self) -> String {
        let (options, inputs) = self.since_opened();
        let last = inputs
            .iter()
            .any(|it| with_last_value(&it.text, "last").is_some());
        // Functions outlive the cluster that was open when they were typed.
        let earlier = &self.past[..self.past.len() - inputs.len()];
        let earlier = earlier.iter().filter(|it| is_function(it));
        let (functions, inputs): (Vec<&Input>, Vec<&Input>) = inputs
            .iter()
            .filter(|it| !is_silent(it))
            .partition(|it| is_function(it));
        let functions: Vec<&Input> = earlier.chain(functions).collect();
        let mut out = format!(
            "// A session at the prompt, as a drill. To run it: quorate drill {file}\n\
             // To go on where it ends: quorate repl, and there :load {file}\n\n",
            file = self.file
        );
        for (number, function) in functions.iter().enumerate() {
            out.push_str(&typed(&function.text));
            let later = &functions[number + 1..];
            let again: Vec<_> = later.iter().flat_map(|it| signatures(&it.text)).collect();
            // At the prompt the last of a name counts; in a file there may only be one.
            let counts = !signatures(&function.text)
                .iter()
                .all(|it| again.contains(it));
            if counts {
                out.push_str(function.text.trim_end());
                out.push('\n');
            }
            out.push('\n');
        }
        out.push_str(&format!(
            "drill(\"a session of {}\", #{{ {options} }}, || {{\n",
            self.status.cluster
        ));
        if last {
            out.push_str("    let last = ();\n");
        }
        for input in inputs {
            for line in statement(input, last).lines() {
                out.push_str(format!("    {line}").trim_end());
                out.push('\n');
            }
        }
        out.push_str(&self.seen());
        out.push_str("});\n");
        out
    }

    /// The options of the drill, and the inputs since the last time that a cluster was opened.
    fn since_opened(&self) -> (String, &[Input]) {
        let opens = |it: &Input| it.failed.is_none() && opened(&it.text).is_some();
        let place = self.past.iter().rposition(opens);
        let own = format!("cluster: {:?}, seed: {}", self.cluster, self.seed);
        let Some(place) = place else {
            // The first input waits until the cluster is up, as a drill does.
            return (own, self.past.get(1..).unwrap_or_default());
        };
        let (file, more) = opened(&self.past[place].text).unwrap_or_default();
        // At the prompt it is named from the working directory.
        let file = seen_from(Path::new(self.file), Path::new(file));
        let mut options = format!("cluster: {:?}", file.display().to_string());
        // The seed is the one that it ran with: the session's counts more than the one that is given there.
        let is_seed = |it: &str| it.split(':').next().unwrap_or_default().trim() == "seed";
        for given in more.split(',').map(str::trim) {
            if !given.is_empty() && !is_seed(given) {
                options.push_str(&format!(", {given}"));
            }
        }
        options.push_str(&format!(", seed: {}", self.seed));
        (options, &self.past[place + 1..])
    }

    /// What was seen at the end.
    fn seen(&self) -> String {
        let mut out = "\n    // How it was when the session was saved.\n".to_owned();
        for ((group, _), outage) in self.status.groups.iter().zip(&self.outages) {
            let (name, state) = (group.name.as_str(), group.state.as_str());
            out.push_str(&format!(
                "    expect_eq(group({name:?}).state, {state:?});\n"
            ));
            if let Some(owner) = &group.owner {
                out.push_str(&format!(
                    "    expect_eq(group({name:?}).owner, {:?});\n",
                    owner.as_str()
                ));
            }
            if !outage.is_zero() {
                let seconds = outage.as_secs() + 1;
                let most = Lasting(std::time::Duration::from_secs(seconds));
                out.push_str(&format!("    expect(outage({name:?}) <= \"{most}\");\n"));
            }
        }
        out
    }
}

/// Whether an input leaves nothing in a drill.
fn is_silent(input: &Input) -> bool {
    // A call may expect something, or change a list, without changing anything of the cluster.
    let changes = input.changed || input.value.is_some() || input.text.contains('(');
    input.kind == InputKind::Skipped || !changes && input.failed.is_none()
}

/// Whether an input makes a function, for the whole file.
fn is_function(input: &Input) -> bool {
    let is_input = matches!(input.kind, InputKind::Typed | InputKind::Aside);
    is_input && input.text.trim_start().starts_with("fn ") && input.failed.is_none()
}

/// The functions that a text makes: each with its name, and how many arguments it takes.
fn signatures(text: &str) -> Vec<(&str, usize)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("fn ") {
        let alone = !rest[..at].ends_with(|it: char| it.is_alphanumeric() || it == '_');
        rest = &rest[at + "fn ".len()..];
        if alone
            && let Some((name, more)) = rest.split_once('(')
            && let Some((arguments, _)) = more.split_once(')')
        {
            let arguments = arguments.split(',').filter(|it| !it.trim().is_empty());
            found.push((name.trim(), arguments.count()));
        }
    }
    found
}

/// The file that an input opens, and the options it gives, if it opens a cluster and does nothing else.
fn opened(text: &str) -> Option<(&str, &str)> {
    let inside = text.trim().trim_end_matches(';').trim_end();
    let inside = inside.strip_prefix("cluster(\"")?.strip_suffix(')')?;
    let (file, rest) = inside.split_once('"')?;
    let rest = rest.trim();
    if rest.is_empty() {
        return Some((file, ""));
    }
    let map = rest.strip_prefix(',')?.trim().strip_prefix("#{")?;
    Some((file, map.strip_suffix('}')?.trim().trim_end_matches(',')))
}

/// An input as it was typed, in comments.
fn typed(text: &str) -> String {
    let lines = text.trim_end().lines().enumerate();
    let lines = lines.map(|(number, line)| {
        let mark = if number == 0 { FIRST } else { MORE };
        format!("{}\n", format!("{mark}{line}").trim_end())
    });
    lines.collect()
}

/// An input as a statement of a drill, with what was seen.
fn statement(input: &Input, last: bool) -> String {
    let passed = input.ended - input.began;
    let waits = format!("run(\"{}\");\n", quorate_drill::Span(passed).exact());
    if input.kind == InputKind::Released {
        return format!(
            "// the plugin {} was released here, which no drill can\n",
            input.text
        );
    }
    if input.interrupted {
        // What was stopped ends where it was stopped.
        let instead = format!("run(\"{}\")", quorate_drill::Span(passed).exact());
        return match input.changed {
            true => format!("{}{waits}", typed(&instead)),
            false => String::new(),
        };
    }
    let text = input.text.trim().trim_end_matches(';').trim_end();
    // A comment would swallow what follows it.
    let gap = if text.contains("//") { "\n" } else { "" };
    if let Some(why) = &input.failed {
        let why = why.lines().next().unwrap_or_default();
        return match (input.changed, passed.is_zero()) {
            (true, _) => format!(
                "// did not work: {why}\n{}try {{ {text} {gap}}} catch {{ }}\n",
                typed(&input.text)
            ),
            (false, _) => format!(
                "// did not work: {why}\n// {}\n",
                text.replace('\n', "\n// ")
            ),
        };
    }
    let code = with_last_value(text, "last").unwrap_or_else(|| text.to_owned());
    let body = match &input.value {
        Some((_, Some(literal))) if is_expression(text) => match literal.as_str() {
            "true" => format!("expect({code});"),
            "false" => format!("expect(!({code}));"),
            literal => format!("expect_eq({code}, {literal});"),
        },
        Some(_) if last && is_expression(text) => format!("last = {code};"),
        _ => format!("{code}{gap};"),
    };
    let keeps = match &input.value {
        // The value is asked for twice: reading changes nothing.
        Some((_, Some(literal))) if last && is_expression(text) => format!("last = {literal};\n"),
        _ => String::new(),
    };
    format!("{}{body}\n{keeps}", typed(&input.text))
}

/// Whether an input is an expression and nothing else.
fn is_expression(text: &str) -> bool {
    let first = text
        .split(|it: char| !it.is_alphanumeric() && it != '_')
        .next();
    let words = [
        "let", "const", "if", "for", "while", "loop", "do", "switch", "try", "fn", "import",
    ];
    !text.contains(';') && !first.is_some_and(|it| words.contains(&it)) && !text.contains("//")
}

/// The inputs of a saved session; `None` of another file.
pub(super) fn inputs(text: &str) -> Option<Vec<String>> {
    let mut inputs: Vec<String> = Vec::new();
    for line in text.lines() {
        let line = line.trim_start();
        if let Some(first) = line.strip_prefix(FIRST.trim_end()) {
            inputs.push(first.strip_prefix(' ').unwrap_or(first).to_owned());
        } else if let (Some(more), Some(last)) =
            (line.strip_prefix(MORE.trim_end()), inputs.last_mut())
        {
            last.push('\n');
            last.push_str(more.strip_prefix(' ').unwrap_or(more));
        }
    }
    (!inputs.is_empty()).then_some(inputs)
}

/// The options of the drill in a saved session: the cluster file, and the rest.
pub(super) fn options(text: &str) -> Option<(String, String)> {
    let line = text
        .lines()
        .find(|it| it.starts_with("drill(\"a session of "))?;
    let map = line.split_once("#{ cluster: \"")?.1;
    let (file, rest) = map.split_once('"')?;
    let rest = rest.split_once(" }, || {")?.0;
    Some((
        file.to_owned(),
        rest.trim_start_matches(',').trim().to_owned(),
    ))
}

/// How a file names another one: relative to its own folder.
pub(super) fn seen_from(file: &Path, other: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    if other.is_absolute() {
        return other.to_path_buf();
    }
    let folder = here.join(file.parent().unwrap_or(Path::new("")));
    let (folder, other) = (plain(&folder), plain(&here.join(other)));
    let (from, to): (Vec<_>, Vec<_>) =
        (folder.components().collect(), other.components().collect());
    let same = from
        .iter()
        .zip(&to)
        .take_while(|(one, other)| one == other)
        .count();
    let up = std::iter::repeat_n(Component::ParentDir, from.len() - same);
    up.chain(to[same..].iter().copied()).collect()
}

/// The cluster file of a request, and where its text is to be written, if it has no file.
pub(super) fn cluster_of(request: &StageRequest, file: &Path) -> (PathBuf, Option<String>) {
    match &request.text {
        Some(text) => (file.with_extension("ron"), Some(text.clone())),
        None => (request.cluster.clone(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_that_an_input_opens_is_seen() {
        assert_eq!(opened("cluster(\"a.ron\");"), Some(("a.ron", "")));
        let with = "cluster(\"a.ron\", #{ cold: true })";
        assert_eq!(opened(with), Some(("a.ron", "cold: true")));
        assert_eq!(opened("let a = cluster(\"a.ron\")"), None);
        assert_eq!(opened("cluster(name)"), None);
    }

    #[test]
    fn inputs_come_back_as_they_were_typed() {
        let text = format!("{}a();\n{}", typed("if a {\n  b()\n}"), typed("c()"));
        assert_eq!(
            inputs(&text),
            Some(vec!["if a {\n  b()\n}".to_owned(), "c()".to_owned()])
        );
        assert_eq!(inputs("drill();"), None);
    }

    #[test]
    fn a_file_is_named_from_the_folder_of_the_one_that_names_it() {
        let seen = |file: &str, other: &str| seen_from(Path::new(file), Path::new(other));
        assert_eq!(seen("a.rhai", "c/d.ron"), Path::new("c/d.ron"));
        assert_eq!(seen("x/a.rhai", "c/d.ron"), Path::new("../c/d.ron"));
        assert_eq!(seen("c/a.rhai", "./c/d.ron"), Path::new("d.ron"));
        assert_eq!(seen("a.rhai", "/c/d.ron"), Path::new("/c/d.ron"));
    }

    #[test]
    fn functions_are_told_apart_by_name_and_number_of_arguments() {
        let found = signatures("fn a() { 1 }\nfn b(x, y) { x + y }\nlet often = 1");
        assert_eq!(found, [("a", 0), ("b", 2)]);
    }

    #[test]
    fn a_cluster_is_opened_with_options_or_without() {
        assert_eq!(opened("cluster(\"b.ron\")"), Some(("b.ron", "")));
        let given = opened("cluster(\"b.ron\", #{ seed: 3 });");
        assert_eq!(given, Some(("b.ron", "seed: 3")));
        assert_eq!(opened("cluster(\"b.ron\"); 1"), None);
    }
}
