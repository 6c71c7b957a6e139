//! JSON that is read while it arrives, against `spec/vectors/partial-json` and beside it.

use headgate_sdk::PartialJson;
use serde_json::{json, Value};

use super::vectors::{self, check_keys, list, text};

fn fed(pieces: &[&str]) -> PartialJson {
    let mut partial = PartialJson::new();
    for piece in pieces {
        partial.feed(piece);
    }
    partial
}

/// What is open is closed; a key without its value, half a word or a number are left out.
#[test]
fn the_best_value_so_far_is_given() {
    for (text, expected) in [
        ("", None),
        ("  ", None),
        ("{", Some(json!({}))),
        (r#"{"a"#, Some(json!({}))),
        (r#"{"a""#, Some(json!({}))),
        (r#"{"a":"#, Some(json!({}))),
        (r#"{"a": 1"#, Some(json!({}))),
        (r#"{"a": 1,"#, Some(json!({"a": 1}))),
        (r#"{"a": 1, "b": [tru"#, Some(json!({"a": 1, "b": []}))),
        (r#"{"a": 1, "b": [true"#, Some(json!({"a": 1, "b": []}))),
        (
            r#"{"a": 1, "b": [true,"#,
            Some(json!({"a": 1, "b": [true]})),
        ),
        (r#"[[1], [2, 3"#, Some(json!([[1], [2]]))),
        (r#"["ab"#, Some(json!(["ab"]))),
        (r#"["ab\"#, Some(json!(["ab"]))),
        (r#"["ab\u00"#, Some(json!(["ab"]))),
        (r#"["ab\u00e9"#, Some(json!(["abé"]))),
        (r#"["\ud83d"#, Some(json!([""]))),
        (r#"["\ud83d\ude0"#, Some(json!([""]))),
        (r#"["\ud83d\ude00"#, Some(json!(["😀"]))),
        ("\"", Some(json!(""))),
        ("-1", None),
        ("-1 ", Some(json!(-1))),
        ("null", None),
        ("null ", Some(Value::Null)),
        (r#"[1, }"#, Some(json!([1]))),
        (r#"[1]]"#, Some(json!([1]))),
    ] {
        assert_eq!(fed(&[text]).value(), expected, "{text}");
    }
}

/// The whole text is read as it is; one that is no JSON gives an error that has it.
#[test]
fn the_whole_text_is_read() {
    assert_eq!(fed(&["[1", "2]"]).finish().expect("JSON"), json!([12]));
    for text in ["", "{", r#"{"a": 1"#, "[1,]", "{} x", "tru"] {
        let error = fed(&[text]).finish().expect_err("no JSON");
        assert!(error.is_decode());
        assert_eq!(error.body(), Some(text));
    }
}

const TEXTS: [&str; 3] = [
    r#"{"city": "Zürich \"😀\" \ud83d\ude00\\", "days": [1, -2.5e3, true, null, {}], "x": {"y": ""}}"#,
    r#"[[], [[[]]], "a\nb", false]"#,
    r#"  "just \u0041 text"  "#,
];

/// Wherever the pieces end, every value on the way and the last one are the same.
#[test]
fn pieces_may_end_anywhere() {
    for text in TEXTS {
        let whole: Value = serde_json::from_str(text).expect("JSON");
        let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let mut letters = PartialJson::new();
        for (at, letter) in text.char_indices() {
            let (before, after) = text.split_at(at);
            assert_eq!(letters.value(), fed(&[before]).value(), "{before}");
            letters.feed(letter.encode_utf8(&mut [0; 4]));
            let two = fed(&[before, after]);
            assert_eq!(two.finish().expect("JSON"), whole, "{before}|{after}");
            assert_eq!(two.value(), Some(whole.clone()), "{before}|{after}");
            for end in ends.iter().filter(|end| **end > at) {
                let three = fed(&[before, &text[at..*end], &text[*end..]]);
                assert_eq!(three.value(), Some(whole.clone()));
            }
        }
        assert_eq!(letters.value(), Some(whole));
    }
}

/// A value on the way is a part of the next: nothing that was there changes or goes.
#[test]
fn values_only_grow() {
    for text in TEXTS {
        let mut before = Value::Null;
        for (at, _) in text.char_indices() {
            let Some(value) = fed(&[&text[..at]]).value() else {
                continue;
            };
            assert!(has_grown(&before, &value), "{before} {value}");
            before = value;
        }
    }
}

fn has_grown(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Null, _) => true,
        (Value::String(before), Value::String(after)) => after.starts_with(before.as_str()),
        (Value::Array(before), Value::Array(after)) => {
            after.len() >= before.len() && before.iter().zip(after).all(|(b, a)| has_grown(b, a))
        }
        (Value::Object(before), Value::Object(after)) => before
            .iter()
            .all(|(key, value)| after.get(key).is_some_and(|after| has_grown(value, after))),
        (before, after) => before == after,
    }
}

/// Gives the value that a vector states after so many characters.
fn stated(vector: &Value, after: usize) -> Option<Value> {
    let entries = list(&vector["values"]).iter();
    let entries = entries.take_while(|entry| entry["after"].as_u64() <= Some(after as u64));
    entries.last().and_then(|entry| entry.get("value")).cloned()
}

/// The value so far is as stated, however the text is cut.
#[test]
fn values_are_as_stated() {
    for file in vectors::read("partial-json") {
        for (label, vector) in file.vectors() {
            check_keys(&label, vector, &["name", "note", "text", "values", "final"]);
            let whole = text(&vector["text"]).expect("a text");
            match file.class.as_str() {
                "broken" => {
                    let error = fed(&[&whole]).finish().expect_err("no JSON");
                    assert_eq!(error.body(), Some(&*whole), "{label}");
                }
                "lists" | "literals" | "objects" | "texts" => check(&label, vector, &whole),
                other => panic!("unknown class {other}"),
            }
        }
    }
}

fn check(label: &str, vector: &Value, whole: &str) {
    let length = whole.chars().count();
    let ends = whole.char_indices().map(|(at, _)| at).chain([whole.len()]);
    let mut letters = PartialJson::new();
    for (count, at) in ends.enumerate() {
        let (before, after) = whole.split_at(at);
        assert_eq!(
            fed(&[before]).value(),
            stated(vector, count),
            "{label} {before}"
        );
        assert_eq!(letters.value(), stated(vector, count), "{label} {before}");
        let two = fed(&[before, after]);
        assert_eq!(two.value(), stated(vector, length), "{label} {before}");
        assert_eq!(two.finish().expect("JSON"), vector["final"], "{label}");
        letters.feed(&after.chars().take(1).collect::<String>());
    }
}
