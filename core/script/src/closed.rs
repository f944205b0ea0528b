//! Closed sets: a state, a cause or a kind of event is one of a fixed list of words.
//!
//! A text that the cluster gives to a script is recognised by its address in memory: each text of a set has one copy,
//! which is kept for good, and the script's own texts are other copies. (The engine's tags would be lost at the first
//! `let`.) A comparison of such a text with one that can never be in the set is always false, whatever happens, so it
//! is reported as a mistake. The names of the open cluster's things are such sets, too.

use std::any::TypeId;
use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use quorate_drill::kinds as journal;
use quorate_drill::{Noun, Thrown, suggestion};
use quorate_journal::Holds;
use quorate_model::{GroupState, Name, NetworkRole, NodeState, QuorumKind, ResourceState};
use rhai::{Array, Dynamic, Engine, ImmutableString, Map, NativeCallContext};

use crate::hours;
use crate::session::Session;
use crate::thrown::{Fallible, Raise};

/// The days of the week, Monday first.
pub(crate) const WEEKDAYS: &[&str] = &[
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];
/// The values of `kind` of a caught error.
pub(crate) const ERROR_KINDS: &[&str] = &["fail", "unknown", "error", "internal"];

/// A closed set of words.
#[derive(Debug)]
struct Words {
    /// The kind of its words, with an article: "a node's state".
    what: String,
    words: Vec<String>,
}

/// Every set of words, in the order of their numbers.
static SETS: LazyLock<Vec<Words>> = LazyLock::new(|| {
    let set = |what: &str, words: &[&str]| Words {
        what: what.to_owned(),
        words: words.iter().map(|&word| word.to_owned()).collect(),
    };
    let mut sets = vec![
        set("a node's state", NodeState::WORDS),
        set("a group's state", GroupState::WORDS),
        set("a resource's state", ResourceState::WORDS),
        set("a network's role", NetworkRole::WORDS),
        set("a kind of quorum", QuorumKind::WORDS),
        Words {
            what: "a kind of event".to_owned(),
            words: journal::kinds()
                .iter()
                .map(|kind| kind.name.clone())
                .collect(),
        },
        set("a day of the week", WEEKDAYS),
        set("a kind of error", ERROR_KINDS),
    ];
    for kind in journal::kinds() {
        for field in &kind.fields {
            if let Holds::Word(words) = field.holds
                && !sets.iter().any(|set| set.words == words)
            {
                let what = format!("a `{}` that an event can have", field.name);
                sets.push(set(&what, words));
            }
        }
    }
    sets
});

/// A closed set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Set {
    /// A fixed list of words, by its number.
    Words(usize),
    /// The names of the open cluster.
    Names(Noun),
}

impl Set {
    pub(crate) const NODE_STATE: Set = Set::Words(0);
    pub(crate) const GROUP_STATE: Set = Set::Words(1);
    pub(crate) const RESOURCE_STATE: Set = Set::Words(2);
    pub(crate) const NETWORK_ROLE: Set = Set::Words(3);
    pub(crate) const QUORUM_KIND: Set = Set::Words(4);
    pub(crate) const EVENT_KIND: Set = Set::Words(5);
    pub(crate) const WEEKDAY: Set = Set::Words(6);
    pub(crate) const ERROR_KIND: Set = Set::Words(7);

    /// The set with exactly these words, if there is one.
    pub(crate) fn of_words(words: &[&str]) -> Option<Set> {
        let at = SETS.iter().position(|set| set.words == words)?;
        Some(Set::Words(at))
    }

    /// The set that a value came from.
    pub(crate) fn of(value: &Dynamic) -> Option<Set> {
        let text = value.as_immutable_string_ref().ok()?;
        GIVEN.with_borrow(|given| given.sets.get(&place(&text)).copied())
    }

    /// The kind of its words, with an article.
    pub(crate) fn what(self) -> String {
        match self {
            Set::Words(at) => SETS.get(at).map(|set| set.what.clone()).unwrap_or_default(),
            Set::Names(noun) => format!("a {} of the cluster", noun.word()),
        }
    }

    /// Its words; empty for a set of names.
    pub(crate) fn words(self) -> Vec<&'static str> {
        match self {
            Set::Words(at) => SETS
                .get(at)
                .map(|set| set.words.iter().map(String::as_str).collect())
                .unwrap_or_default(),
            Set::Names(_) => Vec::new(),
        }
    }

    /// Why `text` is not in this set of words, and a suggestion. `None` if it is, or if this is a set of names.
    pub(crate) fn refuse(self, text: &str) -> Option<(String, Option<String>)> {
        let words = self.words();
        if words.is_empty() || words.contains(&text) {
            return None;
        }
        let help = suggestion(text, words.iter().copied());
        Some((format!("\"{text}\" is not {}", self.what()), help))
    }
}

/// The texts of closed sets that were given to scripts.
#[derive(Default)]
struct Given {
    /// The single copy of each.
    texts: BTreeMap<(Set, String), ImmutableString>,
    /// The set of each copy, by the address of its letters. Nothing else can be at that address while the copy is
    /// kept.
    sets: HashMap<usize, Set>,
}

thread_local! {
    static GIVEN: RefCell<Given> = RefCell::default();
}

/// The address of a text's letters.
fn place(text: &ImmutableString) -> usize {
    text.as_str().as_ptr().addr()
}

/// Gives a script a text of a closed set.
pub(crate) fn word(set: Set, text: impl Into<ImmutableString>) -> Dynamic {
    let text = text.into();
    GIVEN.with_borrow_mut(|given| {
        let known = given.texts.get(&(set, text.to_string()));
        let copy = known.cloned().unwrap_or_else(|| {
            let copy = ImmutableString::from(text.as_str());
            given.sets.insert(place(&copy), set);
            given.texts.insert((set, text.to_string()), copy.clone());
            copy
        });
        Dynamic::from(copy)
    })
}

/// The name of a thing of the cluster; empty for no thing.
pub(crate) fn name(noun: Noun, name: &str) -> Dynamic {
    word(Set::Names(noun), name)
}

/// The name of an owner node; empty if there is no owner.
pub(crate) fn owner(owner: Option<&Name>) -> Dynamic {
    name(Noun::Node, owner.map_or("", Name::as_str))
}

/// Names of things of the cluster, as a list.
pub(crate) fn names(noun: Noun, names: &[Name]) -> Array {
    names.iter().map(|it| name(noun, it.as_str())).collect()
}

/// Refuses a text that can never be in the set.
pub(crate) fn belongs(context: &NativeCallContext<'_>, set: Set, text: &str) -> Fallible<()> {
    let wrong = match set {
        Set::Words(_) => set.refuse(text),
        Set::Names(noun) => unknown_name(context, noun, text),
    };
    let Some((message, help)) = wrong else {
        return Ok(());
    };
    let help = help.map_or_else(String::new, |help| format!(": {help}"));
    Err(Thrown::mistake(format!("{message}{help}")).at(context.call_position()))
}

/// Why a text is not a name in the open cluster. Earlier names count, since a script may look for what is gone.
fn unknown_name(
    context: &NativeCallContext<'_>,
    noun: Noun,
    text: &str,
) -> Option<(String, Option<String>)> {
    if text.is_empty() {
        return None;
    }
    let session = Session::of(context).ok()?;
    let (names, cluster) = session
        .with_stage(context, |stage| (noun.names(stage), stage.cluster_name()))
        .ok()?;
    let same = |name: &str| name.to_lowercase() == text.to_lowercase();
    if names.iter().any(|name| same(name)) {
        return None;
    }
    let lines = session.lines().ok()?;
    let told = |field: &str| {
        lines
            .iter()
            .any(|line| line.get(field).and_then(|it| it.as_str()).is_some_and(same))
    };
    if told("subject") || told("node") {
        return None;
    }
    let help = suggestion(text, names.iter().map(Name::as_str));
    let message = format!("the cluster {cluster} has no {} \"{text}\"", noun.word());
    Some((message, help))
}

/// Refuses a comparison whose result is always the same: of a text of a closed set with one outside it, or of lists
/// of such texts.
pub(crate) fn comparable(
    context: &NativeCallContext<'_>,
    left: &Dynamic,
    right: &Dynamic,
) -> Fallible<()> {
    match (left.as_array_ref(), right.as_array_ref()) {
        (Ok(left), Ok(right)) => {
            for (list, other) in [(&left, &right), (&right, &left)] {
                let Some(set) = list.iter().find_map(Set::of) else {
                    continue;
                };
                for text in other.iter().filter(|it| Set::of(it).is_none()) {
                    if let Ok(text) = text.as_immutable_string_ref() {
                        belongs(context, set, &text)?;
                    }
                }
            }
            return Ok(());
        }
        (Err(_), Err(_)) => {}
        _ => return Ok(()),
    }
    match (Set::of(left), Set::of(right)) {
        (Some(set), None) => match right.as_immutable_string_ref() {
            Ok(text) => belongs(context, set, &text),
            Err(_) => Ok(()),
        },
        (None, Some(_)) => comparable(context, right, left),
        _ => Ok(()),
    }
}

/// Whether two texts are equal for a script: case does not matter in names.
fn equal(left: &Dynamic, right: &Dynamic) -> bool {
    let names = |value| matches!(Set::of(value), Some(Set::Names(_)));
    let text = |value: &Dynamic| {
        value
            .as_immutable_string_ref()
            .map(|text| text.to_string())
            .unwrap_or_default()
    };
    let (a, b) = (text(left), text(right));
    a == b || ((names(left) || names(right)) && a.to_lowercase() == b.to_lowercase())
}

/// Makes `==`, `!=`, `in` and `contains` on texts check closed sets.
pub(crate) fn register(engine: &mut Engine) {
    // Otherwise the engine would compare texts itself.
    engine.set_fast_operators(false);
    let text = TypeId::of::<ImmutableString>();
    for (operator, wanted) in [("==", true), ("!=", false)] {
        engine.register_raw_fn(operator, [text, text], move |context, args| {
            comparable(&context, args[0], args[1])?;
            let order = hours::clocks(&context, args[0], args[1])?;
            let equal = order.map_or_else(|| equal(args[0], args[1]), Ordering::is_eq);
            Ok(equal == wanted)
        });
    }
    engine.register_raw_fn(
        "contains",
        [TypeId::of::<Array>(), text],
        |context, args| {
            let wanted = args[1].clone();
            let list = args[0].as_array_ref().map_err(|kind| {
                Thrown::internal(format!("a list was called for, not {kind}"))
                    .at(context.call_position())
            })?;
            for item in list.iter() {
                comparable(&context, item, &wanted)?;
            }
            let found = list
                .iter()
                .any(|item| item.is_string() && equal(item, &wanted));
            Ok(found)
        },
    );
    engine.register_raw_fn("contains", [TypeId::of::<Map>(), text], |context, args| {
        let wanted = args[1].clone();
        let map = args[0].as_map_ref().map_err(|kind| {
            Thrown::internal(format!("a map was called for, not {kind}"))
                .at(context.call_position())
        })?;
        for key in map.keys() {
            comparable(&context, &Dynamic::from(key.to_string()), &wanted)?;
        }
        let key = wanted.as_immutable_string_ref();
        Ok(key.is_ok_and(|key| map.contains_key(key.as_str())))
    });
}
