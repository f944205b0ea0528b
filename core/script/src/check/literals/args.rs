//! Arguments: options of clients, sides of partitions, durations, conditions, properties.

use std::collections::BTreeSet;

use quorate_drill::stage::POLICY;
use quorate_drill::{Noun, Span, suggestion};
use quorate_model::{
    CLUSTER_PROPERTIES, GROUP_PROPERTIES, PERSISTENT_STATE, RESOURCE_PROPERTIES, nearest, types,
};
use rhai::Expr;

use super::super::known::Known;
use super::{Literals, Place, Scope, field, map_of, text_of};
use crate::place::start_of;

impl Literals<'_, '_> {
    pub(super) fn clients(&mut self, options: &Expr, scope: Scope) {
        let Some((text, at)) = map_of(options)
            .and_then(|map| field(&map, "protocol"))
            .and_then(text_of)
        else {
            return;
        };
        let meant: Vec<&Known> = match scope.place {
            Place::Drill(number) => self
                .clusters
                .get(number)
                .and_then(|(_, it)| it.as_ref())
                .into_iter()
                .collect(),
            Place::Top | Place::Anywhere => self
                .clusters
                .iter()
                .filter_map(|(_, it)| it.as_ref())
                .collect(),
        };
        let shipped = types::PROTOCOLS.iter().copied();
        let known: BTreeSet<&str> = meant
            .iter()
            .flat_map(|known| known.protocols.iter().map(String::as_str))
            .chain(shipped)
            .collect();
        let wanted = text.to_ascii_lowercase();
        let foreign = meant.is_empty() || meant.iter().any(|known| known.foreign);
        let near = nearest(&wanted, known.iter().copied()).is_some();
        if known.contains(wanted.as_str()) || foreign && !near {
            return;
        }
        let help = suggestion(text, known.iter().copied());
        let message = format!("nothing speaks the protocol \"{text}\"");
        self.say(scope, "unknown-protocol", message, help, at);
    }

    /// The sides of a partition: each node is on one of them only.
    pub(super) fn partition(&mut self, sides: &Expr, scope: Scope) {
        let Expr::Array(sides, _) = sides else { return };
        let mut seen = BTreeSet::new();
        for side in sides.iter() {
            let Expr::Array(nodes, _) = side else {
                continue;
            };
            for (text, at) in nodes.iter().filter_map(text_of) {
                self.name(Noun::Node, text, at, scope);
                if !seen.insert(text.to_lowercase()) {
                    let message =
                        format!("{text} is named twice: a node is on one side of a partition");
                    self.say(scope, "partition-sides", message, None, at);
                }
            }
        }
    }

    /// A duration written as a text.
    pub(super) fn span(&mut self, arg: &Expr, scope: Scope) {
        if let Some((text, at)) = text_of(arg)
            && let Err(error) = text.parse::<Span>()
        {
            let help = "write a number with a unit: \"90s\", \"5m\", \"1h30m\"".to_owned();
            self.say(scope, "bad-duration", error.to_string(), Some(help), at);
        }
    }

    /// A condition must be a function; otherwise it would be evaluated once and never again.
    pub(super) fn condition(&mut self, word: &str, arg: &Expr, scope: Scope) {
        let value = match arg {
            Expr::And(..) | Expr::Or(..) => true,
            Expr::FnCall(call, _) if call.op_token.is_some() => true,
            other => self
                .checker
                .infer(other)
                .is_some_and(|kind| kind != "function"),
        };
        if value {
            let message = format!(
                "\"{word}\" takes a function, which it calls again and again, and this is a value"
            );
            let help = "write `|| …` before it".to_owned();
            self.say(scope, "no-function", message, Some(help), start_of(arg));
        }
    }

    /// `get("…")` and `set("…")`, and properties of numbers.
    pub(super) fn property(&mut self, dot: &Expr, scope: Scope) {
        let Expr::Dot(parts, ..) = dot else { return };
        let call = match &parts.rhs {
            Expr::MethodCall(call, _) => call,
            Expr::Dot(rest, ..) => match &rest.lhs {
                Expr::MethodCall(call, _) => call,
                _ => return,
            },
            _ => return,
        };
        if !["get", "set"].contains(&call.name.as_str()) {
            return;
        }
        let Some((text, at)) = call.args.first().and_then(text_of) else {
            return;
        };
        let Some(kind) = self.checker.infer(&parts.lhs) else {
            return;
        };
        let names =
            |list: &'static [quorate_model::PropertyDescriptor]| list.iter().map(|it| it.name);
        let mut known: Vec<&str> = match kind {
            "Group" => names(GROUP_PROPERTIES)
                .chain([PERSISTENT_STATE.name, POLICY])
                .collect(),
            "Quorum" => names(CLUSTER_PROPERTIES).collect(),
            "Resource" => names(RESOURCE_PROPERTIES)
                .chain([PERSISTENT_STATE.name, "PossibleOwners"])
                .collect(),
            _ => return,
        };
        let mut what = kind.to_ascii_lowercase();
        if kind == "Resource" {
            let Expr::FnCall(head, _) = &parts.lhs else {
                return;
            };
            let Some((resource, _)) = head.args.first().and_then(text_of) else {
                return;
            };
            let found = self
                .clusters
                .iter()
                .flat_map(|(_, it)| it)
                .find_map(|it| it.kind(resource));
            let Some(kind) = found else { return };
            let Some(private) = types::private_properties(kind) else {
                return;
            };
            if types::takes_any_property(kind) {
                return;
            }
            known.extend(private.iter().map(|it| it.name));
            what = kind.to_owned();
        }
        if !known.iter().any(|name| name.eq_ignore_ascii_case(text)) {
            let help = nearest(text, known.iter().copied())
                .map(|near| format!("did you mean \"{near}\"?"));
            let help = help.or_else(|| Some(format!("it has {}", known.join(", "))));
            let message = format!("{what} has no property \"{text}\"");
            self.say(scope, "unknown-property", message, help, at);
        }
    }
}
