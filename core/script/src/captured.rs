//! The variables that a closure has captured: copies of them, and whether they have changed.

use quorate_drill::Span;
use rhai::{Array, Dynamic, FnPtr, ImmutableString, Map};

use crate::handles::{
    ClientsRef, DiskRef, DnsRef, FaultRef, GroupRef, NetworkRef, NicRef, NodeRef, PathRef,
    ResourceRef, ServiceRef, SystemDiskRef, WitnessRef,
};

/// The most values that are copied for a comparison.
const VALUES_MAX: usize = 64;

/// A copy of a closure with its own copies of the captured variables; `None` if they are of a kind that cannot be compared,
/// or more than a comparison is worth.
pub(crate) fn copy(function: &FnPtr) -> Option<FnPtr> {
    let mut function = function.clone();
    if function.is_curried() {
        let mut left = VALUES_MAX;
        let values: Option<Vec<Dynamic>> = function
            .iter_curry()
            .map(|value| copied(value, &mut left))
            .collect();
        function.set_curry(values?);
    }
    Some(function)
}

fn copied(value: &Dynamic, left: &mut usize) -> Option<Dynamic> {
    *left = left.checked_sub(1)?;
    if let Some(list) = value.read_lock::<Array>() {
        let items: Option<Array> = list.iter().map(|item| copied(item, left)).collect();
        return items.map(Dynamic::from_array);
    }
    if let Some(map) = value.read_lock::<Map>() {
        let entries = map.iter();
        let entries: Option<Map> = entries
            .map(|(key, value)| Some((key.clone(), copied(value, left)?)))
            .collect();
        return entries.map(Dynamic::from_map);
    }
    // A copy would have the variables of a closure itself, which may even be the one that holds the closure.
    if value.read_lock::<FnPtr>().is_some_and(|it| it.is_curried()) {
        return None;
    }
    let value = value.flatten_clone();
    value_is_same(&value, &value).then_some(value)
}

/// Whether the captured variables of two copies of one closure have the same values.
pub(crate) fn is_same(one: &FnPtr, other: &FnPtr) -> bool {
    let (mut ones, mut others) = (one.iter_curry(), other.iter_curry());
    loop {
        match (ones.next(), others.next()) {
            (None, None) => return true,
            (Some(one), Some(other)) if value_is_same(one, other) => {}
            _ => return false,
        }
    }
}

/// Whether two values are the same, one of them a copy. Those that cannot be compared are not.
fn value_is_same(one: &Dynamic, other: &Dynamic) -> bool {
    fn both<T: Clone + PartialEq + 'static>(one: &Dynamic, other: &Dynamic) -> bool {
        match (one.read_lock::<T>(), other.read_lock::<T>()) {
            (Some(one), Some(other)) => *one == *other,
            _ => false,
        }
    }
    if let (Some(one), Some(other)) = (one.read_lock::<Array>(), other.read_lock::<Array>()) {
        let mut pairs = one.iter().zip(other.iter());
        return one.len() == other.len() && pairs.all(|(one, other)| value_is_same(one, other));
    }
    if let (Some(one), Some(other)) = (one.read_lock::<Map>(), other.read_lock::<Map>()) {
        let mut pairs = one.iter().zip(other.iter());
        let same = |((key, one), (name, other)): ((_, _), (_, _))| {
            key == name && value_is_same(one, other)
        };
        return one.len() == other.len() && pairs.all(same);
    }
    if let (Some(one), Some(other)) = (one.read_lock::<FnPtr>(), other.read_lock::<FnPtr>()) {
        let captures = one.is_curried() || other.is_curried();
        return !captures && one.fn_name() == other.fn_name();
    }
    let kinds = [
        both::<()>,
        both::<bool>,
        both::<i64>,
        both::<f64>,
        both::<char>,
        both::<ImmutableString>,
        both::<Span>,
        both::<NodeRef>,
        both::<GroupRef>,
        both::<ResourceRef>,
        both::<ServiceRef>,
        both::<NicRef>,
        both::<NetworkRef>,
        both::<DnsRef>,
        both::<DiskRef>,
        both::<SystemDiskRef>,
        both::<PathRef>,
        both::<WitnessRef>,
        both::<ClientsRef>,
        both::<FaultRef>,
    ];
    kinds.iter().any(|same| same(one, other))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use rhai::{Engine, EvalAltResult, Scope};

    use super::*;

    fn closure(script: &str) -> Result<FnPtr, Box<EvalAltResult>> {
        Engine::new().eval_with_scope(&mut Scope::new(), script)
    }

    #[test]
    fn a_closure_is_the_same_until_a_variable_that_it_captured_changes() {
        let begin = "let a = [1, #{ b: \"c\" }, ()]; let n = 2; let f = || a.len() + n;";
        let changes = [
            "a.push(2)",
            "a[1].b = \"d\"",
            "a[1].c = 3",
            "a[2] = 0",
            "n = 3",
        ];
        for change in changes {
            let mut scope = Scope::new();
            let engine = Engine::new();
            let before: FnPtr = engine
                .eval_with_scope(&mut scope, &format!("{begin} f"))
                .unwrap();
            let copy = copy(&before).unwrap();
            assert!(is_same(&copy, &before));
            engine.run_with_scope(&mut scope, change).unwrap();
            assert!(!is_same(&copy, &before), "{change}");
        }
    }

    #[test]
    fn a_closure_that_has_captured_another_one_is_not_copied_if_that_has_variables() {
        let others = [
            "let n = 2; let other = || n > 3; || other.call()",
            "let state = #{ n: 0 }; state.bump = || state.n += 1; || state.n > 2",
            "let f = 0; f = || f == 0; f",
        ];
        for other in others {
            assert!(copy(&closure(other).unwrap()).is_none(), "{other}");
        }
        let plain = "let other = |n| n > 3; || other.call(2)";
        let copied = copy(&closure(plain).unwrap()).unwrap();
        assert!(is_same(&copied, &closure(plain).unwrap()));
    }

    #[test]
    fn what_cannot_be_compared_is_not_copied() {
        assert!(copy(&closure("let t = timestamp(); || t.elapsed").unwrap()).is_none());
        assert!(copy(&closure("let n = 1; || n > 0").unwrap()).is_some());
        assert!(copy(&closure("|| true").unwrap()).is_some());
        let many = "let l = []; l.pad(64, 1); || l.len()";
        assert!(copy(&closure(many).unwrap()).is_none());
        let few = "let l = []; l.pad(62, 1); || l.len()";
        assert!(copy(&closure(few).unwrap()).is_some());
    }
}
