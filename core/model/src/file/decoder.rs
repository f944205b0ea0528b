//! Reads values from a [`Tree`]. A value that does not fit is noted with its place, and reading goes on.

use crate::{Diagnostic, PropertyDescriptor, PropertyKind, Severity, Value, suggest};

use super::elsewhere;
use super::tree::{Node, Tree};
use crate::source::{Source, Span, Spanned};

/// Collects the findings of one file.
pub(crate) struct Decoder<'s> {
    source: &'s Source<'s>,
    findings: Vec<Diagnostic>,
}

impl<'s> Decoder<'s> {
    /// Nothing found yet.
    pub(crate) fn new(source: &'s Source<'s>) -> Self {
        Decoder {
            source,
            findings: Vec::new(),
        }
    }

    /// Everything that was found.
    pub(crate) fn finish(self) -> Vec<Diagnostic> {
        self.findings
    }

    /// Notes an error at a place.
    pub(crate) fn error(&mut self, rule: &'static str, span: Span, finding: Say) {
        let mut diagnostic = Diagnostic::new(rule, Severity::Error, finding.message);
        diagnostic.found = finding.found;
        diagnostic.expected = finding.expected;
        diagnostic.help = finding.help;
        self.findings
            .push(self.source.place(diagnostic, Some(span)));
    }

    /// Notes a value of the wrong type.
    pub(crate) fn wrong_type(&mut self, node: &Node, expected: &str) {
        let mut say = Say::new(format!("this should be {expected}"))
            .found(node.value.describe())
            .expected(expected);
        say.help = match node.value {
            Tree::Word(_) if expected.contains("text") => {
                Some("texts stand in double quotes".to_owned())
            }
            Tree::Text(_) if expected.contains("number") => {
                Some("numbers stand without quotes".to_owned())
            }
            Tree::Map(_) if expected.contains("(…)") => {
                Some("records are written `(name: …)`, maps `{ \"name\": … }`".to_owned())
            }
            _ => None,
        };
        self.error("wrong-type", node.span, say);
    }

    /// A text.
    pub(crate) fn text(&mut self, node: &Node) -> Option<Spanned<String>> {
        match &node.value {
            Tree::Text(text) => Some(Spanned::new(text.clone(), node.span)),
            _ => {
                self.wrong_type(node, "a text");
                None
            }
        }
    }

    /// A name: a text with something in it.
    pub(crate) fn name(&mut self, node: &Node) -> Option<Spanned<String>> {
        let text = self.text(node)?;
        if text.value.trim() == text.value
            && !text.value.is_empty()
            && !text.value.contains(char::is_control)
        {
            return Some(text);
        }
        self.error(
            "out-of-range",
            node.span,
            Say::new("this is no name")
                .found(node.value.describe())
                .expected("a text that is not empty and has no spaces at its ends"),
        );
        None
    }

    /// A switch.
    pub(crate) fn boolean(&mut self, node: &Node) -> Option<bool> {
        match node.value {
            Tree::Bool(value) => Some(value),
            _ => {
                self.wrong_type(node, "`true` or `false`");
                None
            }
        }
    }

    /// A whole number from `min` to `max`.
    pub(crate) fn whole(&mut self, node: &Node, min: u32, max: u32) -> Option<u32> {
        let Tree::Integer(number) = node.value else {
            self.wrong_type(node, "a whole number");
            return None;
        };
        match u32::try_from(number) {
            Ok(number) if (min..=max).contains(&number) => Some(number),
            _ => {
                self.error(
                    "out-of-range",
                    node.span,
                    Say::new("this number is out of range")
                        .found(number.to_string())
                        .expected(format!("{min} to {max}")),
                );
                None
            }
        }
    }

    /// Notes a written -1 where 0xFFFFFFFF has no special meaning for the property. Returns whether it has noted one.
    pub(crate) fn meaningless(
        &mut self,
        value: &Spanned<Value>,
        known: Option<&PropertyDescriptor>,
    ) -> bool {
        let Some(known) = known else { return false };
        let special = match known.kind {
            PropertyKind::Dword { special, .. } => special,
            _ => return false,
        };
        let means = special.is_some_and(|(number, _)| number == u32::MAX);
        let minus =
            value.value == Value::Dword(u32::MAX) && self.source.text(value.span).starts_with('-');
        if means || !minus {
            return false;
        }
        let say = Say::new(format!("`{}` takes no negative number", known.name))
            .found("-1")
            .expected(known.expected());
        self.error("property-value", value.span, say);
        true
    }

    /// A property's value.
    pub(crate) fn value(&mut self, node: &Node) -> Option<Spanned<Value>> {
        let value = match &node.value {
            Tree::Bool(value) => Value::Dword(u32::from(*value)),
            // The original's -1 is the DWORD 0xFFFFFFFF.
            Tree::Integer(-1) => Value::Dword(u32::MAX),
            Tree::Integer(number) => match u32::try_from(*number) {
                Ok(number) => Value::Dword(number),
                Err(_) => {
                    self.error(
                        "property-value",
                        node.span,
                        Say::new("this number does not fit a property")
                            .found(number.to_string())
                            .expected("0 to 4294967295, or -1"),
                    );
                    return None;
                }
            },
            Tree::Text(text) => Value::Text(text.clone()),
            Tree::List(items) => {
                let texts: Vec<_> = items.iter().filter_map(|item| self.text(item)).collect();
                if texts.len() < items.len() {
                    return None;
                }
                Value::List(texts.into_iter().map(|text| text.value).collect())
            }
            _ => {
                self.wrong_type(node, "a number, a text or a list of texts");
                return None;
            }
        };
        Some(Spanned::new(value, node.span))
    }

    /// A list; items that do not fit are noted and left out.
    pub(crate) fn list<T>(
        &mut self,
        node: &Node,
        what: &str,
        mut item: impl FnMut(&mut Self, &Node) -> Option<T>,
    ) -> Vec<T> {
        match &node.value {
            Tree::List(items) => items.iter().filter_map(|node| item(self, node)).collect(),
            _ => {
                self.wrong_type(node, &format!("a list of {what}, `[…]`"));
                Vec::new()
            }
        }
    }

    /// A list of names.
    pub(crate) fn names(&mut self, node: &Node, what: &str) -> Vec<Spanned<String>> {
        self.list(node, what, Self::name)
    }

    /// A map with texts as keys. A key that occurs twice is noted, and its first value counts.
    pub(crate) fn map<'n>(
        &mut self,
        node: &'n Node,
        what: &str,
    ) -> Vec<(Spanned<String>, &'n Node)> {
        let Tree::Map(entries) = &node.value else {
            self.wrong_type(node, &format!("a map of {what}, `{{ \"…\": … }}`"));
            return Vec::new();
        };
        let mut map: Vec<(Spanned<String>, &Node)> = Vec::new();
        for (key, value) in entries {
            let Some(key) = self.name(key) else { continue };
            if map
                .iter()
                .any(|(earlier, _)| earlier.value.eq_ignore_ascii_case(&key.value))
            {
                self.error(
                    "duplicate-field",
                    key.span,
                    Say::new(format!("`{}` stands in this map twice", key.value)),
                );
            } else {
                map.push((key, value));
            }
        }
        map
    }

    /// One word of a fixed list.
    pub(crate) fn word<T: Copy>(&mut self, node: &Node, known: &[(&'static str, T)]) -> Option<T> {
        let words = known.iter().map(|(word, _)| *word);
        let expected = format!(
            "one of {}",
            suggest::list(&words.clone().collect::<Vec<_>>())
        );
        let given = match &node.value {
            Tree::Word(given) => given,
            // A word of another product gets the same help with and without quotes.
            Tree::Text(given) if elsewhere::word(given).is_some() => given,
            _ => {
                self.wrong_type(node, &expected);
                return None;
            }
        };
        if let Some((_, value)) = known.iter().find(|(word, _)| word == given) {
            return Some(*value);
        }
        let mut say = Say::new(format!("there is no `{given}` here")).expected(expected);
        say.help = elsewhere::word(given).or_else(|| {
            suggest::nearest(given, words).map(|near| format!("did you mean `{near}`?"))
        });
        self.error("out-of-range", node.span, say);
        None
    }

    /// A record, called `what` in findings. Unknown and repeated fields are noted.
    pub(crate) fn record<'n>(
        &mut self,
        node: &'n Node,
        what: &'static str,
        known: &[&'static str],
    ) -> Option<Record<'n>> {
        match &node.value {
            Tree::Struct { name: None, fields } => {
                Some(self.fields(fields, node.span, what, known))
            }
            Tree::Unit => Some(Record {
                what,
                span: node.span,
                fields: Vec::new(),
            }),
            _ => {
                self.wrong_type(node, &format!("{what}, `(…)`"));
                None
            }
        }
    }

    /// The fields of a record whose name was checked before.
    pub(crate) fn fields<'n>(
        &mut self,
        fields: &'n [(Spanned<String>, Node)],
        span: Span,
        what: &'static str,
        known: &[&'static str],
    ) -> Record<'n> {
        let mut record = Record {
            what,
            span,
            fields: Vec::new(),
        };
        for (field, value) in fields {
            if !known.contains(&field.value.as_str()) {
                let mut say = Say::new(format!("{what} has no field `{}`", field.value));
                say.help = elsewhere::word(&field.value)
                    .or_else(|| suggest::help(&field.value, known.iter().copied()))
                    .or_else(|| Some(format!("it has {}", suggest::list(known))));
                self.error("unknown-field", field.span, say);
            } else if record
                .fields
                .iter()
                .any(|(earlier, _)| *earlier == field.value)
            {
                let say = Say::new(format!("`{}` stands in this record twice", field.value));
                self.error("duplicate-field", field.span, say);
            } else {
                record.fields.push((&field.value, value));
            }
        }
        record
    }
}

/// What a finding says.
pub(crate) struct Say {
    message: String,
    found: Option<String>,
    expected: Option<String>,
    help: Option<String>,
}

impl Say {
    /// One sentence.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Say {
            message: message.into(),
            found: None,
            expected: None,
            help: None,
        }
    }

    /// What stands there.
    pub(crate) fn found(mut self, found: impl Into<String>) -> Self {
        self.found = Some(found.into());
        self
    }

    /// What should stand there.
    pub(crate) fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// What to do, if that is known.
    pub(crate) fn help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }
}

/// A record's fields.
pub(crate) struct Record<'n> {
    what: &'static str,
    span: Span,
    fields: Vec<(&'n str, &'n Node)>,
}

impl<'n> Record<'n> {
    /// The field `name` if it is there and not `None`. `Some(x)` counts as `x`.
    pub(crate) fn get(&self, name: &str) -> Option<&'n Node> {
        let (_, node) = self.fields.iter().find(|(field, _)| *field == name)?;
        match &node.value {
            Tree::Word(word) if word == "None" => None,
            Tree::Tuple {
                name: Some(name),
                items,
            } if name.value == "Some" => match items.as_slice() {
                [inner] => Some(inner),
                _ => Some(node),
            },
            _ => Some(node),
        }
    }

    /// The field `name`; noted if it is missing.
    pub(crate) fn need(&self, decoder: &mut Decoder<'_>, name: &'static str) -> Option<&'n Node> {
        let node = self.get(name);
        if node.is_none() {
            let say = Say::new(format!("{} lacks the field `{name}`", self.what))
                .help(Some(format!("add `{name}: …`")));
            decoder.error("missing-field", self.span, say);
        }
        node
    }

    /// The same record; what it lacks is reported at `span`.
    pub(crate) fn at(self, span: Span) -> Self {
        Record { span, ..self }
    }

    /// Where the record stands.
    pub(crate) fn span(&self) -> Span {
        self.span
    }
}
