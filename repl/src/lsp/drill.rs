//! A drill script as an editor sees it: its drills, what a place is about, and of which type what stands before a dot is.

use std::ops::Range;

use quorate_drill::Noun;
use quorate_script::WordDoc;
use quorate_script::editing::{self, Texts};

use super::tokens::{Frame, Kind, Tokens};

/// A drill of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Drill {
    /// Its name, and the place of it.
    pub(super) name: String,
    pub(super) at: Range<usize>,
    /// Everything from its word to its last bracket.
    pub(super) whole: Range<usize>,
    /// The cluster file that it names.
    pub(super) cluster: Option<String>,
}

/// What a quoted text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A name of the cluster's, of this noun where that is known.
    Name(Option<Noun>),
    /// One of these words.
    Words(Vec<String>),
    /// A cluster file.
    Cluster,
    /// A policy.
    Policy,
    /// A property of an object of this type.
    Property(String),
}

pub(super) struct Script<'t> {
    pub(super) tokens: Tokens<'t>,
    words: &'t [WordDoc],
}

impl<'t> Script<'t> {
    pub(super) fn of(text: &'t str, words: &'t [WordDoc]) -> Script<'t> {
        let tokens = Tokens::of(text);
        Script { tokens, words }
    }

    pub(super) fn words(&self) -> &'t [WordDoc] {
        self.words
    }

    /// The drills, in the order of the text.
    pub(super) fn drills(&self) -> Vec<Drill> {
        let tokens = &self.tokens;
        let calls = (0..tokens.all.len()).filter(|at| {
            tokens.is_word(*at, "drill")
                && tokens.is(at + 1, '(')
                && tokens.kind(at + 2) == Some(Kind::Quoted)
        });
        let calls: Vec<usize> = calls.collect();
        let drill = |(number, at): (usize, &usize)| {
            // A drill that is not closed ends where the next one begins.
            let next = calls.get(number + 1).copied();
            let end = tokens.close(at + 1).min(next.unwrap_or(usize::MAX));
            let end = end.min(tokens.all.len() - 1);
            let cluster = (at + 3..end)
                .find(|it| tokens.is_word(*it, "cluster") && tokens.is(it + 1, ':'))
                .and_then(|it| self.constant(it + 2));
            Drill {
                name: tokens.quoted(at + 2).to_owned(),
                at: tokens.all[at + 2].range.clone(),
                whole: tokens.all[*at].range.start..tokens.all[end].range.end,
                cluster,
            }
        };
        calls.iter().enumerate().map(drill).collect()
    }

    /// A literal text, or that of a constant: `NAME` or `global::NAME`.
    fn constant(&self, at: usize) -> Option<String> {
        let tokens = &self.tokens;
        if tokens.kind(at) == Some(Kind::Quoted) {
            return Some(tokens.quoted(at).to_owned());
        }
        let at = match tokens.is_word(at, "global") {
            true => at + 3,
            false => at,
        };
        let name = tokens.text(at);
        let found = (0..tokens.all.len()).find(|it| {
            (tokens.is_word(*it, "const") || tokens.is_word(*it, "let"))
                && tokens.is_word(it + 1, name)
                && tokens.is(it + 2, '=')
                && tokens.kind(it + 3) == Some(Kind::Quoted)
        })?;
        Some(tokens.quoted(found + 3).to_owned())
    }

    /// The functions that the script has itself: names with their places and ends.
    pub(super) fn functions(&self) -> Vec<(String, Range<usize>, usize)> {
        let tokens = &self.tokens;
        let named = (0..tokens.all.len())
            .filter(|at| tokens.is_word(*at, "fn") && tokens.kind(at + 1) == Some(Kind::Word));
        named
            .map(|at| {
                let body = (at..tokens.all.len()).find(|it| tokens.is(*it, '{'));
                let close = body.map_or(at + 1, |body| tokens.close(body));
                let end = tokens.all.get(close).or(tokens.all.last());
                let name = &tokens.all[at + 1];
                (
                    tokens.text(at + 1).to_owned(),
                    name.range.clone(),
                    end.map_or(name.range.end, |it| it.range.end),
                )
            })
            .collect()
    }

    /// The variables that are declared before a token.
    pub(super) fn variables(&self, end: usize) -> Vec<&'t str> {
        let tokens = &self.tokens;
        let declares = ["let", "const", "for"];
        let end = end.min(tokens.all.len());
        let declared = (1..end).filter(|at| {
            tokens.kind(*at) == Some(Kind::Word)
                && (declares.iter().any(|it| tokens.is_word(at - 1, it))
                    || tokens.is(at - 1, '|') && tokens.is(at + 1, '|'))
        });
        let mut found: Vec<&str> = declared.map(|at| tokens.text(at)).collect();
        if let Some(open) = self.parameters(end) {
            let close = tokens.close(open).min(tokens.all.len());
            let own = (open..close).filter(|at| tokens.kind(*at) == Some(Kind::Word));
            found.extend(own.map(|at| tokens.text(at)));
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The bracket of the parameters of the function whose body a token stands in.
    fn parameters(&self, at: usize) -> Option<usize> {
        let tokens = &self.tokens;
        let function = (0..at).rev().find(|it| tokens.is_word(*it, "fn"))?;
        let open = Some(function + 2).filter(|it| tokens.is(*it, '('))?;
        let body = tokens.close(open) + 1;
        (tokens.is(body, '{') && body < at && at <= tokens.close(body)).then_some(open)
    }

    /// The type of what stands before the dot `dot`: such as `Node`, `[Node]` for a list of them, `int`.
    pub(super) fn kind_before(&self, dot: usize) -> Option<String> {
        self.kind_at(dot.checked_sub(1)?, 0)
    }

    /// The type of the expression that ends with the token `end`.
    fn kind_at(&self, end: usize, depth: usize) -> Option<String> {
        let tokens = &self.tokens;
        // A variable may be declared by itself.
        if depth > 16 {
            return None;
        }
        match tokens.kind(end)? {
            Kind::Number => {
                let point = tokens.text(end).contains('.');
                Some(if point { "float" } else { "int" }.to_owned())
            }
            Kind::Mark(']') => {
                let open = tokens.open(end)?;
                let list = self.kind_at(open.checked_sub(1)?, depth + 1)?;
                item(&list)
            }
            Kind::Mark(')') => {
                let open = tokens.open(end)?;
                let word = open.checked_sub(1)?;
                if tokens.kind(word) != Some(Kind::Word) {
                    return None;
                }
                let name = tokens.text(word);
                if word > 0 && tokens.is(word - 1, '.') {
                    let object = self.kind_at(word.checked_sub(2)?, depth + 1)?;
                    if object.starts_with('[') {
                        return match name {
                            "filter" | "extract" | "sort" | "reverse" => Some(object),
                            "find" | "pop" | "shift" => item(&object),
                            _ => None,
                        };
                    }
                    return self.gives(Some(&object), name, false);
                }
                let list = match name {
                    "nodes" => "[Node]",
                    "groups" => "[Group]",
                    "resources" => "[Resource]",
                    "networks" => "[Network]",
                    "disks" => "[Disk]",
                    "events" => "[Event]",
                    "shuffle" => return self.kind_at(end - 1, depth + 1),
                    _ => return self.gives(None, name, false),
                };
                Some(list.to_owned())
            }
            Kind::Word => {
                let name = tokens.text(end);
                if end > 1 && tokens.is(end - 1, '.') {
                    let object = self.kind_at(end - 2, depth + 1)?;
                    return self.gives(Some(&object), name, true);
                }
                self.variable(name, end, depth)
            }
            _ => None,
        }
    }

    fn gives(&self, on: Option<&str>, name: &str, is_property: bool) -> Option<String> {
        let mut uses = editing::uses(self.words, on, name);
        let word = uses.find(|it| it.is_property == is_property)?;
        word.gives.clone().filter(|it| it != "()")
    }

    /// The type of a variable, by its last declaration before a token.
    fn variable(&self, name: &str, before: usize, depth: usize) -> Option<String> {
        let tokens = &self.tokens;
        for at in (1..before).rev().filter(|at| tokens.is_word(*at, name)) {
            let declared = tokens.is_word(at - 1, "let") || tokens.is_word(at - 1, "const");
            if declared && tokens.is(at + 1, '=') {
                let end = (at + 2..tokens.all.len()).find(|it| {
                    let open = tokens.frames(*it).len() > tokens.frames(at).len();
                    !open && tokens.is(*it, ';')
                });
                let end = end.unwrap_or(before) - 1;
                return self
                    .chain(at + 2, end)
                    .then(|| self.kind_at(end, depth + 1))?;
            }
            if tokens.is_word(at - 1, "for") && tokens.is_word(at + 1, "in") {
                let body = (at + 2..tokens.all.len())
                    .find(|it| tokens.is(*it, '{') && !tokens.is(it - 1, '#'))?;
                return item(&self.kind_at(body - 1, depth + 1)?);
            }
            if tokens.is(at - 1, '|') && tokens.is(at + 1, '|') {
                let frames = tokens.frames(at - 1);
                let word = frames.last()?.word?;
                let object = word.checked_sub(2).filter(|_| tokens.is(word - 1, '.'))?;
                return item(&self.kind_at(object, depth + 1)?);
            }
        }
        // A parameter of the function around it.
        let open = self.parameters(before)?;
        let own = (open..tokens.close(open)).filter(|it| tokens.kind(*it) == Some(Kind::Word));
        let number = own.map(|it| tokens.text(it)).position(|it| it == name)?;
        editing::parameter(tokens.text(open - 1), number).map(String::from)
    }

    /// Whether the tokens from `start` to `end` are one chain of calls and members, and no operators.
    fn chain(&self, start: usize, end: usize) -> bool {
        let mut at = start;
        let mut part = true;
        while at <= end {
            let token = self.tokens.kind(at);
            match token {
                Some(Kind::Mark('(' | '[')) if !part => at = self.tokens.close(at),
                Some(Kind::Mark('.')) if !part => part = true,
                Some(Kind::Word | Kind::Number) if part => part = false,
                _ => return false,
            }
            at += 1;
        }
        true
    }

    /// Whether a quoted text is what somebody calls a drill, a step or a promise, or an option's own word, and no name.
    pub(super) fn is_label(&self, at: usize) -> bool {
        const FIRST: [&str; 8] = [
            "step",
            "note",
            "status",
            "var",
            "always",
            "never",
            "steady",
            "sometimes",
        ];
        let frames = self.tokens.frames(at);
        let call = frames.iter().rev().find(|it| it.word.is_some());
        call.is_some_and(|call| {
            let word = call.word.map_or("", |it| self.tokens.text(it));
            FIRST.contains(&word) && call.commas == 0 || word == "drill" && call.commas < 2
        })
    }

    /// What a quoted text means, where it stands.
    pub(super) fn meaning(&self, at: usize) -> Option<Meaning> {
        let tokens = &self.tokens;
        if let Some(texts) = self.compared(at) {
            return Some(match texts {
                Texts::Names(noun) => Meaning::Name(Some(noun)),
                Texts::Words(words) => {
                    Meaning::Words(words.into_iter().map(String::from).collect())
                }
            });
        }
        let frames = tokens.frames(at);
        let frame = frames.last()?;
        let key = frame
            .key
            .or_else(|| (frame.mark == '[').then_some(frame.under)?);
        let map = frames.iter().rev().find(|it| it.is_map);
        if let (Some(key), Some(map)) = (key, map) {
            let call = frames
                .iter()
                .rev()
                .find(|it| it.open < map.open && it.word.is_some());
            let word = call.and_then(|it| it.word).map_or("", |it| tokens.text(it));
            return option(word, tokens.text(key));
        }
        let call = frames.iter().rev().find(|it| it.word.is_some())?;
        let word = call.word?;
        let name = tokens.text(word);
        let object = (word > 0 && tokens.is(word - 1, '.'))
            .then(|| self.kind_before(word - 1))
            .flatten();
        if ["get", "set"].contains(&name) && call.commas == 0 {
            return object.map(Meaning::Property);
        }
        if name == "control" && call.commas == 0 {
            let of_type = object.as_deref() == Some("ResourceType");
            let codes = editing::control_codes(of_type).into_iter();
            return Some(Meaning::Words(codes.map(String::from).collect()));
        }
        match name {
            "partition" => return Some(Meaning::Name(Some(Noun::Node))),
            "cluster" => return Some(Meaning::Cluster),
            "set_policy" => return Some(Meaning::Policy),
            "resource_type" => {
                let kinds = quorate_model::types::ALL.iter();
                return Some(Meaning::Words(kinds.map(|it| (*it).to_owned()).collect()));
            }
            _ => {}
        }
        if let Some(noun) = editing::named_argument(name, call.commas) {
            return Some(Meaning::Name(Some(noun)));
        }
        // The second side of an equation is a name if the first one is.
        if name == "expect_eq" && call.commas == 1 {
            let first = self.comma_before(at, call)?;
            return match self.texts_at(first.checked_sub(1)?)? {
                Texts::Names(noun) => Some(Meaning::Name(Some(noun))),
                Texts::Words(words) => Some(Meaning::Words(
                    words.into_iter().map(String::from).collect(),
                )),
            };
        }
        None
    }

    /// The comma before a token, in a bracket.
    fn comma_before(&self, at: usize, frame: &Frame) -> Option<usize> {
        let depth = self
            .tokens
            .frames(at)
            .iter()
            .take_while(|it| it.open <= frame.open)
            .count();
        (frame.open..at)
            .rev()
            .find(|it| self.tokens.is(*it, ',') && self.tokens.frames(*it).len() == depth)
    }

    /// What the other side of a comparison with this text may be.
    fn compared(&self, at: usize) -> Option<Texts> {
        let tokens = &self.tokens;
        let equals = |it: usize| tokens.is(it, '=') || tokens.is(it, '!');
        if at >= 3 && tokens.is(at - 1, '=') && equals(at - 2) {
            return self.texts_at(at - 3);
        }
        None
    }

    /// What the expression that ends with a token may be, if that is a closed set.
    fn texts_at(&self, end: usize) -> Option<Texts> {
        let tokens = &self.tokens;
        let word = match tokens.kind(end)? {
            Kind::Mark(')') => {
                return editing::function(tokens.text(tokens.open(end)?.checked_sub(1)?));
            }
            Kind::Word => end,
            _ => return None,
        };
        let dot = word.checked_sub(1).filter(|it| tokens.is(*it, '.'))?;
        editing::member(&self.kind_before(dot)?, tokens.text(word))
    }
}

/// The type of a list's items.
fn item(list: &str) -> Option<String> {
    let inner = list.strip_prefix('[')?.strip_suffix(']')?;
    Some(inner.to_owned())
}

/// What the text of an option is.
fn option(word: &str, key: &str) -> Option<Meaning> {
    let words = |all: &[&str]| Meaning::Words(all.iter().map(|it| (*it).to_owned()).collect());
    Some(match (word, key) {
        ("drill", "cluster") => Meaning::Cluster,
        ("drill", "expect") => words(&["fail"]),
        ("clients", "protocol") => words(quorate_model::types::PROTOCOLS),
        ("events", "kind") => {
            let kinds = quorate_drill::kinds::kinds().iter();
            Meaning::Words(kinds.map(|it| it.name.clone()).collect())
        }
        ("events", "node" | "to_node" | "from_node") => Meaning::Name(Some(Noun::Node)),
        ("events", "subject" | "to" | "from" | "owner" | "peer" | "group" | "resource") => {
            Meaning::Name(None)
        }
        (_, "preferred_owners" | "force_quorum" | "on" | "through") => {
            Meaning::Name(Some(Noun::Node))
        }
        (_, "disks" | "log_disk" | "database_disk") => Meaning::Name(Some(Noun::Disk)),
        (_, "network") => Meaning::Name(Some(Noun::Network)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use quorate_script::entries;

    use super::*;

    fn kind(text: &str) -> Option<String> {
        let words = entries();
        let script = Script::of(text, &words);
        script.kind_before(script.tokens.all.len() - 1)
    }

    #[test]
    fn what_stands_before_a_dot_has_a_type_as_far_as_can_be_known() {
        for (text, wanted) in [
            ("node(\"A\").", Some("Node")),
            ("let n = node(\"A\"); n.crash(); n.", Some("Node")),
            ("nodes().filter(|x| x.is_up)[0].", Some("Node")),
            ("groups().map(|g| g.", Some("Group")),
            ("for d in disks() { d.", Some("Disk")),
            ("node(\"A\").nic(\"P\").", Some("Nic")),
            ("node(\"A\").nic(\"P\").fail().", Some("Fault")),
            ("group(\"E\").outage.", Some("Duration")),
            ("let a = outage(\"E\") < 3; a.", None),
            ("5.", Some("int")),
            ("2.5.", Some("float")),
            ("let x = x; x.", None),
            ("unknown.", None),
        ] {
            assert_eq!(kind(text).as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn a_quoted_text_has_a_meaning_by_its_place() {
        let words = entries();
        let name = |noun| Some(Meaning::Name(Some(noun)));
        for (text, wanted) in [
            ("node(\"@", name(Noun::Node)),
            ("cut(\"A\", \"@\")", name(Noun::Node)),
            ("partition([[\"A\"], [\"@\"]])", name(Noun::Node)),
            ("group(\"E\").owner == \"@\"", name(Noun::Node)),
            ("expect_eq(group(\"E\").owner, \"@\")", name(Noun::Node)),
            (
                "expect_eq(group(\"E\").preferred_owners, [\"A\", \"@\"])",
                name(Noun::Node),
            ),
            (
                "events(#{ kind: \"x\", subject: \"@\" })",
                Some(Meaning::Name(None)),
            ),
            ("drill(\"a\", #{ cluster: \"@\" }", Some(Meaning::Cluster)),
            (
                "resource(\"R\").get(\"@\")",
                Some(Meaning::Property("Resource".to_owned())),
            ),
            ("note(\"@\")", None),
        ] {
            let script = Script::of(text, &words);
            let at = (0..script.tokens.all.len())
                .find(|at| script.tokens.text(*at).starts_with("\"@"))
                .expect("a mark");
            assert_eq!(script.meaning(at), wanted, "{text}");
        }
        let state = Script::of("node(\"A\").state != \"@\"", &words);
        let at = state.tokens.all.len() - 1;
        assert!(
            matches!(state.meaning(at), Some(Meaning::Words(all)) if all.contains(&"Paused".to_owned()))
        );
    }

    #[test]
    fn drills_are_found_with_their_clusters_in_a_text_that_is_not_whole() {
        let words = entries();
        let text = "const C = \"a.ron\";\ndrill(\"one\", #{ cluster: global::C }, || { run(\ndrill(\"two\", #{ cluster: \"b.ron\" }, || {});";
        let drills = Script::of(text, &words).drills();
        let told: Vec<_> = drills
            .iter()
            .map(|it| (it.name.as_str(), it.cluster.as_deref()))
            .collect();
        assert_eq!(told, [("one", Some("a.ron")), ("two", Some("b.ron"))]);
        assert_eq!(
            &text[drills[1].whole.clone()],
            "drill(\"two\", #{ cluster: \"b.ron\" }, || {})"
        );
    }
}
