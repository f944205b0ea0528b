//! A text of several lines, such as one that was pasted, as the inputs that it is.

/// The inputs of a text, in order, each with the blank lines before it. Only the last may be incomplete.
///
/// An input ends where it can end, unless the next line goes on with it: with a dot, an operator, an `else`.
pub(super) fn of(text: &str, is_incomplete: impl Fn(&str) -> bool) -> Vec<String> {
    let mut inputs: Vec<String> = Vec::new();
    let mut current = String::new();
    let lines: Vec<&str> = text.lines().collect();
    for (number, line) in lines.iter().enumerate() {
        current.push_str(line);
        current.push('\n');
        if current.trim().is_empty() || is_incomplete(&current) {
            continue;
        }
        let mut rest = lines[number + 1..].iter();
        let next = rest.find(|next| !next.trim().is_empty());
        if next.is_some_and(|next| goes_on(current.trim(), next.trim())) {
            continue;
        }
        inputs.push(std::mem::take(&mut current));
    }
    if !current.trim().is_empty() {
        inputs.push(current);
    } else if let Some(last) = inputs.last_mut() {
        last.push_str(&current);
    }
    inputs
}

/// Whether a line continues an input that could end before it.
fn goes_on(input: &str, next: &str) -> bool {
    const OPERATORS: [&str; 14] = [
        ".", "?.", "&&", "||", "+", "-", "*", "/", "%", "==", "!=", "<", ">", "??",
    ];
    if input.starts_with(':')
        || input.ends_with(';')
        || next.starts_with("//")
        || next.starts_with("/*")
    {
        return false;
    }
    let word = next
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .next();
    OPERATORS.iter().any(|operator| next.starts_with(operator))
        || matches!(word, Some("else" | "catch"))
        || (input.starts_with("do") && matches!(word, Some("while" | "until")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Brackets that are open, as the parser would say.
    fn open(text: &str) -> bool {
        let count = |c| text.matches(c).count();
        count('{') + count('(') > count('}') + count(')')
    }

    #[test]
    fn inputs_end_where_they_can() {
        let text = "let a = 1\n\n:status\nfn f(x) {\n  x\n}\nf(\n  a\n)\n// done\n";
        let found = of(text, open);
        assert_eq!(
            found,
            [
                "let a = 1\n",
                "\n:status\n",
                "fn f(x) {\n  x\n}\n",
                "f(\n  a\n)\n",
                "// done\n"
            ]
        );
        assert_eq!(
            found.concat(),
            text,
            "no line is lost, so lines can be counted"
        );
    }

    #[test]
    fn a_line_may_go_on_with_the_one_before() {
        for text in [
            "groups()\n  .filter(|g| g)\n  .len()\n",
            "a\n  && b\n",
            "if a { 1 }\nelse { 2 }\n",
            "try { a }\ncatch { b }\n",
        ] {
            assert_eq!(of(text, open).len(), 1, "{text}");
        }
        for text in [":status\n.5\n", "a;\n-b\n", "a\n// b\n", "a\nelsewhere\n"] {
            assert_eq!(of(text, open).len(), 2, "{text}");
        }
    }

    #[test]
    fn only_the_last_is_incomplete() {
        assert_eq!(of("a\nif b {\n  c\n", open), ["a\n", "if b {\n  c\n"]);
        assert_eq!(of("a\n\n\n", open), ["a\n\n\n"]);
        assert_eq!(of("\n \n", open), Vec::<String>::new());
    }
}
