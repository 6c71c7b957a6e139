//! Folds against `spec/vectors/folding`.

use std::collections::BTreeSet;
use std::fmt::Debug;

use headgate_sdk::runtime::fold::Fold;
use headgate_sdk::runtime::sum::Sum;
use headgate_sdk::streams::{ChatFold, MessageFold, RunFold};
use headgate_sdk::types::{ChatCompletionChunk, MessageStreamEvent, RunStreamEvent};
use serde::de::DeserializeOwned;
use serde::Serialize;
use serde_json::{json, Value};

use super::vectors::{self, check_keys, joined, list};

/// Folds events, and again with one of them cut wherever it can be: the same each time.
fn check<F, E>(label: &str, events: &[Value], splits: Option<&Value>, expected: &Value)
where
    F: Fold<E>,
    F::Output: Serialize + PartialEq + Debug,
    E: DeserializeOwned,
{
    let read = |event: &Value| -> E { serde_json::from_value(event.clone()).expect("an event") };
    let fold = |parts: [&[E]; 3]| {
        let mut fold = F::default();
        parts
            .iter()
            .flat_map(|part| part.iter())
            .for_each(|event| fold.push(event));
        fold.finish()
    };
    let typed: Vec<E> = events.iter().map(read).collect();
    let whole = fold([&typed, &[], &[]]);
    let found = serde_json::to_value(&whole).expect("JSON");
    assert_eq!(difference(label, &found, expected), None);
    let Some(splits) = splits else {
        return;
    };
    let place = splits["event"].as_u64().expect("a place") as usize;
    let at = splits["at"].as_str().expect("a path");
    for cut in pieces(&events[place], at) {
        let cut: Vec<E> = cut.iter().map(read).collect();
        let again = fold([&typed[..place], &cut, &typed[place + 1..]]);
        assert_eq!(again, whole, "{label}");
    }
}

/// Gives what the events of a message fold to.
pub fn fold_message(events: &[Value]) -> Value {
    let mut fold = MessageFold::default();
    for event in events {
        let event: MessageStreamEvent = serde_json::from_value(event.clone()).expect("an event");
        fold.push(&event);
    }
    serde_json::to_value(fold.finish()).expect("JSON")
}

/// Writes `{"times", "event"}` out.
fn written_out(events: &Value) -> Vec<Value> {
    let mut all = Vec::new();
    for event in list(events) {
        match event["times"].as_u64() {
            Some(times) => all.extend((0..times).map(|_| event["event"].clone())),
            None => all.push(event.clone()),
        }
    }
    all
}

/// Writes `{"$parts": …}` out.
fn with_long_texts(value: &Value) -> Value {
    match value {
        Value::Object(fields) if fields.contains_key("$parts") => json!(joined(&fields["$parts"])),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), with_long_texts(value)))
            .collect(),
        Value::Array(items) => items.iter().map(with_long_texts).collect(),
        other => other.clone(),
    }
}

/// Says where two objects differ; numbers are numbers, and null may stand for absence.
fn difference(at: &str, found: &Value, expected: &Value) -> Option<String> {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            let names: BTreeSet<_> = found.keys().chain(expected.keys()).collect();
            names
                .into_iter()
                .map(|name| (name, found.get(name), expected.get(name)))
                .find_map(|(name, found, expected)| {
                    let null = &Value::Null;
                    let (found, expected) = (found.unwrap_or(null), expected.unwrap_or(null));
                    difference(&format!("{at}.{name}"), found, expected)
                })
        }
        (Value::Array(found), Value::Array(expected)) if found.len() == expected.len() => found
            .iter()
            .zip(expected)
            .find_map(|(found, expected)| difference(&format!("{at}[]"), found, expected)),
        (Value::Number(found), Value::Number(expected)) if found.as_f64() == expected.as_f64() => {
            None
        }
        _ if found == expected => None,
        _ => Some(format!("{at}: {found} is not {expected}")),
    }
}

/// The events of one event whose text is cut in two, or into characters.
fn pieces(event: &Value, at: &str) -> Vec<Vec<Value>> {
    let pointer = format!("/{}", at.replace('.', "/"));
    let text = event
        .pointer(&pointer)
        .and_then(Value::as_str)
        .expect("a text");
    let with = |piece: &str| {
        let mut event = event.clone();
        *event.pointer_mut(&pointer).expect("a text") = json!(piece);
        event
    };
    let cuts = text
        .char_indices()
        .map(|(index, _)| index)
        .chain([text.len()]);
    let mut all: Vec<Vec<Value>> = cuts
        .map(|cut| vec![with(&text[..cut]), with(&text[cut..])])
        .collect();
    all.push(
        text.chars()
            .map(|letter| with(&letter.to_string()))
            .collect(),
    );
    all
}

/// Events fold to the object stated, wherever their texts are cut.
#[test]
fn events_fold_to_the_object_stated() {
    for file in vectors::read("folding") {
        for (label, vector) in file.vectors() {
            check_keys(
                &label,
                vector,
                &["name", "note", "stream", "events", "folded", "splits"],
            );
            let events = written_out(&vector["events"]);
            let expected = with_long_texts(&vector["folded"]);
            let splits = vector.get("splits");
            match vector["stream"].as_str() {
                Some("message") => {
                    check::<MessageFold, MessageStreamEvent>(&label, &events, splits, &expected);
                }
                Some("run") => {
                    check::<RunFold, RunStreamEvent>(&label, &events, splits, &expected);
                }
                Some("chat") => {
                    check::<Sum<ChatFold>, ChatCompletionChunk>(&label, &events, splits, &expected);
                }
                other => panic!("{label}: unknown stream {other:?}"),
            }
        }
    }
}
