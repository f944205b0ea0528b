//! Policy scripts: Rhai functions that decide on owners and failures in place of the built-in rules.
//!
//! Each node runs them in its own engine. A script sees only its arguments: no files, no clock, no random numbers.
//! `docs/policies.md` is the contract.

mod check;
mod engine;
mod fields;
#[cfg(test)]
mod tests;
mod words;

use std::fmt;
use std::path::Path;

use quorate_drill::{Finding, MAX_BYTES, Severity, findings_of, read_text};
use quorate_model::{Diagnostics, Loaded, PolicyScript, same_name};
use quorate_node::{
    Choice, Policies, Policy, PolicyError, PolicyFailure, PolicyGroup, PolicyNode, PolicyResource,
    Reaction,
};
use rhai::{AST, Array, CallFnOptions, Dynamic, Engine, Map, Scope};

use words::Decision;

pub(crate) use check::CONTRACT;
pub use check::{check_policy, is_policy};
pub(crate) use engine::engine as policy_engine;

/// The function that chooses a group's owner.
pub(crate) const CHOOSE_OWNER: &str = "choose_owner";
/// The function that decides about a failed resource.
pub(crate) const ON_RESOURCE_FAILED: &str = "on_resource_failed";

/// Runs policy scripts written in Rhai.
#[derive(Clone, Copy, Debug, Default)]
pub struct RhaiPolicies;

impl Policies for RhaiPolicies {
    fn compile(&self, script: &PolicyScript) -> Result<Box<dyn Policy>, PolicyError> {
        if let Some(mistake) = errors(&script.file, &script.text).first() {
            return Err(PolicyError(format!(
                "{}: {}",
                mistake.place, mistake.message
            )));
        }
        let engine = engine::engine();
        let ast = engine
            .compile(&script.text)
            .map_err(|error| PolicyError(error.to_string()))?;
        Ok(Box::new(RhaiPolicy {
            engine,
            ast,
            text: script.text.clone(),
        }))
    }
}

/// The errors in a policy script.
pub(crate) fn errors(file: &str, text: &str) -> Vec<Finding> {
    let mut found = check_policy(file, text);
    found.retain(|finding| finding.severity == Severity::Error);
    found
}

/// Reads the policy scripts that a cluster file names and puts them into its definition. `path` is the cluster file's
/// path and `text` its content.
///
/// # Errors
///
/// Scripts that cannot be read or have mistakes: for each one finding at its place in the cluster file, then the
/// findings in the script.
pub fn attach_policies(path: &Path, text: &str, loaded: &mut Loaded) -> Result<(), Vec<Finding>> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut findings = Vec::new();
    for reference in &loaded.policies {
        let file = folder.join(&reference.file);
        let (rule, message, mistakes) = match read_text(&file, Some(MAX_BYTES)) {
            Err(error) => {
                let message = format!(
                    "the policy script \"{}\" cannot be read: {error}",
                    reference.file
                );
                ("policy-unreadable", message, Vec::new())
            }
            Ok(script) => {
                let mistakes = errors(&file.display().to_string(), &script);
                if mistakes.is_empty() {
                    let policy = PolicyScript {
                        file: reference.file.clone(),
                        text: script,
                    };
                    let definition = &mut loaded.definition;
                    match &reference.group {
                        None => definition.policy = Some(policy),
                        Some(name) => {
                            let mut groups = definition.groups.iter_mut();
                            if let Some(group) = groups.find(|group| same_name(&group.name, name)) {
                                group.policy = Some(policy);
                            }
                        }
                    }
                    continue;
                }
                let message = format!("the policy script \"{}\" has mistakes", reference.file);
                ("policy-broken", message, mistakes)
            }
        };
        let found = Diagnostics(vec![reference.error(rule, message)]);
        findings.extend(findings_of(&found, text).into_iter().map(|mut finding| {
            finding.help = quorate_model::rules::rule(rule).map(|rule| rule.remedy.to_owned());
            finding
        }));
        findings.extend(mistakes);
    }
    if findings.is_empty() {
        Ok(())
    } else {
        Err(findings)
    }
}

/// One node's copy of a policy script.
struct RhaiPolicy {
    engine: Engine,
    ast: AST,
    text: String,
}

impl fmt::Debug for RhaiPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RhaiPolicy").finish_non_exhaustive()
    }
}

impl RhaiPolicy {
    fn call(&self, function: &str, first: Map, second: Dynamic) -> Result<Dynamic, PolicyError> {
        let defined = self.ast.iter_functions().any(|it| it.name == function);
        if !defined {
            return Ok(Dynamic::UNIT);
        }
        // The script's top level runs for each call, to define its constants; nothing is kept between calls.
        self.engine
            .call_fn_with_options(
                CallFnOptions::new().eval_ast(true).rewind_scope(true),
                &mut Scope::new(),
                &self.ast,
                function,
                (first, second),
            )
            .map_err(|error| {
                // The engine gives no place for a broken limit, so the function's line is used.
                let begins = || check::line_of(&self.text, function);
                PolicyError(engine::explain(&error, begins))
            })
    }
}

impl Policy for RhaiPolicy {
    fn choose_owner(
        &mut self,
        group: &PolicyGroup,
        candidates: &[PolicyNode],
    ) -> Result<Choice, PolicyError> {
        let list: Array = candidates
            .iter()
            .map(|node| fields::node(node).into())
            .collect();
        let answer = self.call(CHOOSE_OWNER, fields::group(group), list.into())?;
        if answer.is_unit() {
            return Ok(Choice::BuiltIn);
        }
        if let Some(Decision::Stay) = answer.clone().try_cast::<Decision>() {
            return Ok(Choice::Stay);
        }
        let named = match answer.read_lock::<Map>() {
            Some(map) => map.get("name").cloned().unwrap_or(Dynamic::UNIT),
            None => answer.clone(),
        };
        named.into_string().map(Choice::Node).map_err(|_| {
            nonsense(
                &answer,
                "a node's name, one of the candidates, stay(), or () for no opinion",
            )
        })
    }

    fn on_resource_failed(
        &mut self,
        resource: &PolicyResource,
        failure: &PolicyFailure,
    ) -> Result<Reaction, PolicyError> {
        let failure = fields::failure(failure).into();
        let answer = self.call(ON_RESOURCE_FAILED, fields::resource(resource), failure)?;
        if answer.is_unit() {
            return Ok(Reaction::BuiltIn);
        }
        match answer.clone().try_cast::<Decision>() {
            Some(Decision::Restart) => Ok(Reaction::Restart),
            Some(Decision::Move) => Ok(Reaction::Move),
            Some(Decision::GiveUp) => Ok(Reaction::GiveUp),
            Some(Decision::Wait(span)) => Ok(Reaction::Wait(span)),
            Some(Decision::Stay) | None => Err(nonsense(
                &answer,
                "restart_here(), move_group(), give_up(), wait(\"5m\"), or () for no opinion",
            )),
        }
    }
}

fn nonsense(answer: &Dynamic, expected: &str) -> PolicyError {
    let found = match answer.clone().try_cast::<Decision>() {
        Some(decision) => decision.to_string(),
        None => crate::values::show(answer),
    };
    PolicyError(format!("it answers {found}, and what counts is {expected}"))
}
