//! Texts of closed sets: in comparisons, switches and filters of events.

use std::collections::BTreeSet;

use quorate_drill::Noun;
use quorate_drill::kinds as journal;
use quorate_journal::{EventKind, Holds};
use quorate_model::nearest;
use rhai::{Expr, Position, Token};

use super::{Literals, Scope, field, map_of, text_of, texts_of};
use crate::closed::Set;
use crate::events;

impl Literals<'_, '_> {
    /// Two compared sides: a text of a closed set, and a literal.
    pub(super) fn compare(&mut self, left: &Expr, right: &Expr, scope: Scope) {
        for (one, other) in [(left, right), (right, left)] {
            let Some(set) = self.set_of(one) else {
                continue;
            };
            let texts: Vec<(&str, Position)> = match other {
                Expr::Array(items, _) => items.iter().filter_map(text_of).collect(),
                other => text_of(other).into_iter().collect(),
            };
            for (text, at) in texts {
                self.member(set, text, at, scope);
            }
        }
    }

    /// A text must be in a set.
    pub(super) fn member(&mut self, set: Set, text: &str, at: Position, scope: Scope) {
        match set {
            Set::Names(noun) => self.name(noun, text, at, scope),
            Set::Words(_) => {
                if let Some((message, help)) = set.refuse(text) {
                    self.say(scope, "unknown-value", message, help, at);
                }
            }
        }
    }

    /// The set that an expression's text belongs to.
    pub(super) fn set_of(&mut self, expr: &Expr) -> Option<Set> {
        match expr {
            Expr::Variable(variable, ..) => self.sets.get(variable.1.as_str()).copied().flatten(),
            Expr::FnCall(call, _) if call.name == "coordinator" => Some(Set::Names(Noun::Node)),
            Expr::FnCall(call, _) if call.name == "weekday" => Some(Set::WEEKDAY),
            Expr::FnCall(call, _) if call.name == "disturbed" => Some(Set::Names(Noun::Group)),
            Expr::Dot(..) => {
                let (kind, property) = self.checker.last_property(expr)?;
                member_set(kind, &property)
            }
            _ => None,
        }
    }

    /// The cases of a switch.
    pub(super) fn switch(&mut self, value: &Expr, at: Position, scope: Scope) {
        let cases = self.cases(at);
        if let Some(set) = self.set_of(value) {
            for (text, at) in cases {
                self.member(set, &text, at, scope);
            }
            return;
        }
        // The set is unknown, but if one case is a state, all of them must be.
        let states = [Set::NODE_STATE, Set::GROUP_STATE, Set::RESOURCE_STATE];
        let words: BTreeSet<&str> = states.iter().flat_map(|set| set.words()).collect();
        if cases.iter().any(|(text, _)| words.contains(text.as_str())) {
            for (text, at) in cases {
                if !words.contains(text.as_str())
                    && let Some(near) = nearest(&text, words.iter().copied())
                {
                    let message = format!("\"{text}\" is no state");
                    let help = Some(format!("did you mean \"{near}\"?"));
                    self.say(scope, "unknown-value", message, help, at);
                }
            }
        }
    }

    /// The literal texts of the cases in the switch at a place. The tree has only their hashes.
    fn cases(&self, at: Position) -> Vec<(String, Position)> {
        let source = [self.checker.source()];
        let (tokens, _) = self.engine.lex(&source);
        let mut depth = 0_usize;
        let mut label = false;
        let mut cases = Vec::new();
        for (token, place) in tokens.skip_while(|(_, place)| *place != at).skip(1) {
            match token {
                Token::LeftBrace | Token::MapStart => {
                    depth += 1;
                    label |= depth == 1;
                }
                Token::RightBrace => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        break;
                    }
                    label |= depth == 1;
                }
                Token::LeftParen | Token::LeftBracket => depth += 1,
                Token::RightParen | Token::RightBracket => depth = depth.saturating_sub(1),
                Token::Comma if depth == 1 => label = true,
                Token::DoubleArrow | Token::If if depth == 1 => label = false,
                Token::StringConstant(text) if label && depth == 1 => {
                    cases.push((text.to_string(), place));
                }
                Token::EOF => break,
                _ => {}
            }
        }
        cases
    }

    /// The filter of `events(#{…})`.
    pub(super) fn filter(&mut self, filter: &Expr, scope: Scope) {
        let Some(map) = map_of(filter) else { return };
        let mut kinds: Vec<&'static EventKind> = Vec::new();
        if let Some(value) = field(&map, "kind") {
            let texts = texts_of(value);
            for (text, at) in &texts {
                match events::kind_named(text) {
                    Ok(kind) => kinds.push(kind),
                    Err((message, help)) => {
                        let help = help.or_else(|| Some("`:doc events` lists them all".to_owned()));
                        self.say(scope, "unknown-kind", message, help, *at);
                    }
                }
            }
            // Not every kind is a literal, so events of any kind may be meant.
            if kinds.is_empty() {
                kinds = journal::kinds().iter().collect();
            }
        }
        for (key, at, value) in map.iter().filter(|(key, ..)| *key != "kind") {
            let fields = match events::fields_named(&kinds, key) {
                Ok(fields) => fields,
                Err((message, help)) => {
                    self.say(scope, "unknown-field", message, help, *at);
                    continue;
                }
            };
            if ["since", "until"].contains(key) {
                self.span(value, scope);
            }
            for (text, at) in texts_of(value) {
                if *key == "node" {
                    self.name(Noun::Node, text, at, scope);
                    continue;
                }
                let sets: Vec<_> = fields.iter().map(|field| events::set_of(field)).collect();
                let any = fields.iter().any(|field| {
                    events::set_of(field).is_none()
                        && !matches!(field.holds, Holds::Flag | Holds::Number)
                });
                let word = sets.iter().flatten().any(|set| set.words().contains(&text));
                let name = sets
                    .iter()
                    .flatten()
                    .find(|set| matches!(set, Set::Names(_)));
                match (any || word, name, sets.iter().flatten().next()) {
                    (true, ..) => {}
                    (false, Some(set), _) | (false, None, Some(set)) => {
                        self.member(*set, text, at, scope)
                    }
                    (false, None, None) => {}
                }
            }
        }
    }
}

/// The set of a property's values.
pub(crate) fn member_set(kind: &str, property: &str) -> Option<Set> {
    Some(match (kind, property) {
        ("Node", "state") => Set::NODE_STATE,
        ("Group", "state") => Set::GROUP_STATE,
        ("Resource", "state") => Set::RESOURCE_STATE,
        ("Network", "role") => Set::NETWORK_ROLE,
        ("Quorum", "kind") => Set::QUORUM_KIND,
        ("Event", "kind") => Set::EVENT_KIND,
        ("Group" | "Resource" | "Disk" | "Quorum", "owner")
        | ("Resource", "owners")
        | ("Disk", "mounted_on")
        | ("Group", "preferred_owners")
        | ("Event", "node") => Set::Names(Noun::Node),
        ("Node", "groups") => Set::Names(Noun::Group),
        ("Group", "resources") | ("Resource", "depends_on" | "dependents") => {
            Set::Names(Noun::Resource)
        }
        _ => return None,
    })
}
