//! The reader compared with `ron`, and the places it points at.

use proptest::prelude::*;

use super::*;

fn tree(text: &str) -> Tree {
    read(text)
        .unwrap_or_else(|error| panic!("{text}: {}", error.message))
        .value
}

fn fails(text: &str) -> (usize, usize, String) {
    let error = read(text).unwrap_err();
    (error.span.start, error.span.end, error.message)
}

#[test]
fn every_kind_of_value_is_read() {
    assert_eq!(tree(" () // nothing"), Tree::Unit);
    assert_eq!(tree("/* a /* nested */ comment */ true"), Tree::Bool(true));
    assert_eq!(
        tree("#![enable(implicit_some, unwrap_newtypes)]\n 0x1F"),
        Tree::Integer(31)
    );
    assert_eq!(tree("-1_000"), Tree::Integer(-1000));
    assert_eq!(tree("+2.5e+1"), Tree::Float(25.0));
    assert_eq!(tree("'x'"), Tree::Char('x'));
    assert_eq!(
        tree(r#""a\"\n\u{e9}\x41""#),
        Tree::Text("a\"\né A".replace(' ', ""))
    );
    assert_eq!(tree(r###"r##"a"#b"##"###), Tree::Text("a\"#b".to_owned()));
    assert_eq!(tree("Local"), Tree::Word("Local".to_owned()));
    let Tree::Struct { name, fields } = tree("Standard (resource: \"Disk Q:\",)") else {
        panic!("no record")
    };
    assert_eq!(name.map(|name| name.value).as_deref(), Some("Standard"));
    assert_eq!(fields[0].0.span, Span { start: 10, end: 18 });
    assert_eq!(fields[0].1.span, Span { start: 20, end: 29 });
    let Tree::Tuple { items, .. } = tree("Some([1, {2: 3}])") else {
        panic!("no tuple")
    };
    assert_eq!(items[0].span, Span { start: 5, end: 16 });
}

#[test]
fn syntax_errors_point_at_their_cause() {
    for (text, start, end, message) in [
        ("", 0, 0, "the file ends where a value should stand"),
        ("(a: 1", 0, 1, "this `(` is never closed"),
        ("[1 2]", 3, 4, "`2` stands where `,` or `]` should"),
        ("(a: 1, b 2)", 9, 10, "`2` stands where `:` should"),
        ("(a: \"x)\n", 4, 7, "this text is never closed"),
        ("\"\\q\"", 1, 3, "this is no escape"),
        ("1.2.3", 0, 5, "`1.2.3` is no number"),
        ("() x", 3, 4, "`x` stands where the end of the file should"),
        (
            "(a: \"x,\n b: \"y\")",
            4,
            7,
            "this text goes on over the end of its line",
        ),
        ("/* ", 0, 2, "this comment is never closed"),
        ("@", 0, 1, "`@` stands where a value should"),
    ] {
        assert_eq!(fails(text), (start, end, message.to_owned()), "{text}");
    }
    assert!(fails(&"[".repeat(100_000)).2.contains("nest deeper"));
}

/// Trees that `ron` can hold as well.
fn value() -> impl Strategy<Value = ron::Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(ron::Value::Bool),
        any::<i64>().prop_map(|n| ron::Value::Number(ron::value::Number::new(n))),
        any::<String>().prop_map(ron::Value::String),
        any::<char>().prop_map(ron::Value::Char),
        Just(ron::Value::Unit),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(ron::Value::Seq),
            prop::collection::vec(("[a-z]{1,5}", inner), 0..4).prop_map(|entries| {
                ron::Value::Map(
                    entries
                        .into_iter()
                        .map(|(key, value)| (ron::Value::String(key), value))
                        .collect(),
                )
            }),
        ]
    })
}

fn same(ours: &Tree, theirs: &ron::Value) -> bool {
    match (ours, theirs) {
        (Tree::Bool(a), ron::Value::Bool(b)) => a == b,
        (Tree::Integer(a), ron::Value::Number(b)) => b.into_f64() == *a as f64,
        (Tree::Text(a), ron::Value::String(b)) => a == b,
        (Tree::Char(a), ron::Value::Char(b)) => a == b,
        (Tree::Unit, ron::Value::Unit) => true,
        (Tree::List(a), ron::Value::Seq(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(&a.value, b))
        }
        (Tree::Map(a), ron::Value::Map(b)) => {
            a.len() == b.len()
                && a.iter()
                    .zip(b.iter())
                    .all(|(a, b)| same(&a.0.value, b.0) && same(&a.1.value, b.1))
        }
        _ => false,
    }
}

proptest! {
    #[test]
    fn what_ron_writes_is_read_as_ron_reads_it(value in value(), pretty in any::<bool>()) {
        let text = if pretty {
            ron::ser::to_string_pretty(&value, ron::ser::PrettyConfig::default()).unwrap()
        } else {
            ron::to_string(&value).unwrap()
        };
        let ours = read(&text).unwrap().value;
        prop_assert!(same(&ours, &value), "{text}");
    }

    #[test]
    fn any_text_is_read_or_refused_inside_its_bounds(text in any::<String>()) {
        if let Err(error) = read(&text) {
            prop_assert!(error.span.start <= text.len());
        }
    }

    #[test]
    fn anything_that_looks_like_ron_is_read_or_refused(
        text in "[()\\[\\]{}:,\"'\\\\r#a-c0-2_.+\\-/* \n\u{e9}x]{0,60}"
    ) {
        if let Err(error) = read(&text) {
            prop_assert!(error.span.start <= text.len());
        }
    }
}
