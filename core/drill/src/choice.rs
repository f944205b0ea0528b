//! Which drills of a script run.

use std::collections::BTreeSet;

/// The drills that are chosen by their names and tags; all of them by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// Only drills whose name contains this, or that carry it as a tag.
    pub text: Option<String>,
    /// Whether `text` must be the whole name. Tags do not count then.
    pub exact: bool,
    /// Only drills with one of these tags; an empty list is no condition.
    pub tags: Vec<String>,
    /// No drills with one of these tags.
    pub not_tags: Vec<String>,
    /// Only drills with these names.
    pub names: Option<BTreeSet<String>>,
}

impl Choice {
    /// Why the drill with this name and these tags is left out; `None` if it is chosen.
    pub fn leaves_out(&self, name: &str, tags: &[String]) -> Option<String> {
        if let Some(text) = &self.text {
            let (matches, what) = match self.exact {
                true => (name == text, "name is not"),
                false => (
                    name.contains(text.as_str()) || tags.contains(text),
                    "name and tags do not match",
                ),
            };
            if !matches {
                return Some(format!("its {what} \"{text}\""));
            }
        }
        if !self.tags.is_empty() && !self.tags.iter().any(|it| tags.contains(it)) {
            return Some(format!("it has no tag {}", quoted(&self.tags, " or ")));
        }
        if let Some(tag) = self.not_tags.iter().find(|it| tags.contains(it)) {
            return Some(format!("it has the tag \"{tag}\""));
        }
        let named = self.names.as_ref().is_none_or(|it| it.contains(name));
        (!named).then(|| "it is not among those that were asked for".to_owned())
    }

    /// What a drill must be to be chosen, as it follows "no drill"; empty if nothing is asked.
    pub fn wanted(&self) -> String {
        let mut parts = Vec::new();
        if let Some(text) = &self.text {
            parts.push(match self.exact {
                true => format!("is called \"{text}\""),
                false => format!("has \"{text}\" in its name or as a tag"),
            });
        }
        if !self.tags.is_empty() {
            parts.push(format!("has the tag {}", quoted(&self.tags, " or ")));
        }
        if !self.not_tags.is_empty() {
            let tags = quoted(&self.not_tags, " and ");
            parts.push(format!("is without the tag {tags}"));
        }
        parts.join(" and ")
    }
}

fn quoted(words: &[String], between: &str) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    words.join(between)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    #[test]
    fn names_and_tags_choose() {
        let chosen = |choice: &Choice| {
            let drills = [("slow move", &["slow", "move"][..]), ("move", &["quick"])];
            let drills = drills
                .iter()
                .filter(|(name, tags)| choice.leaves_out(name, &texts(tags)).is_none());
            drills.map(|(name, _)| *name).collect::<Vec<_>>()
        };
        let all = Choice::default();
        assert_eq!(chosen(&all), ["slow move", "move"]);
        assert_eq!(all.wanted(), "");
        let mut some = Choice {
            text: Some("move".to_owned()),
            ..Choice::default()
        };
        assert_eq!(chosen(&some), ["slow move", "move"]);
        some.exact = true;
        assert_eq!(chosen(&some), ["move"]);
        some.exact = false;
        some.text = Some("quick".to_owned());
        assert_eq!(chosen(&some), ["move"]);
        some.exact = true;
        assert_eq!(chosen(&some), [""; 0]);
        let tagged = Choice {
            tags: texts(&["slow", "other"]),
            ..Choice::default()
        };
        assert_eq!(chosen(&tagged), ["slow move"]);
        let without = Choice {
            not_tags: texts(&["slow"]),
            ..Choice::default()
        };
        assert_eq!(chosen(&without), ["move"]);
        let named = Choice {
            names: Some(["slow move".to_owned()].into()),
            ..Choice::default()
        };
        assert_eq!(chosen(&named), ["slow move"]);
        let both = Choice {
            tags: texts(&["move", "quick"]),
            not_tags: texts(&["quick", "x"]),
            ..Choice::default()
        };
        assert_eq!(chosen(&both), ["slow move"]);
        assert_eq!(
            both.wanted(),
            "has the tag \"move\" or \"quick\" and is without the tag \"quick\" and \"x\""
        );
    }
}
