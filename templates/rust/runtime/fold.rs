//! Part of the generated SDK's fixed runtime: what the compiled folds are made of.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::numbers;

/// Builds a final object out of events.
pub trait Fold<E>: Default + Send + 'static {
    /// The final object.
    type Output: Send + 'static;

    /// Takes in the next event.
    fn push(&mut self, event: &E);

    /// Gives the object; `None` if no event began it.
    fn finish(self) -> Option<Self::Output>;
}

/// The fold of a stream that builds nothing.
#[derive(Debug, Default)]
pub struct NoFold;

impl<E> Fold<E> for NoFold {
    type Output = ();

    fn push(&mut self, _event: &E) {}

    fn finish(self) -> Option<()> {
        Some(())
    }
}

/// Reads an event of a known kind and wraps it.
pub fn variant<T: DeserializeOwned, E>(
    data: &str,
    wrap: fn(T) -> E,
) -> Result<E, serde_json::Error> {
    serde_json::from_str(data).map(wrap)
}

/// Partial JSON, collected by the place it belongs to until it is whole.
#[derive(Debug, Default)]
pub struct JsonPieces(BTreeMap<Vec<usize>, String>);

impl JsonPieces {
    /// Adds a piece to what belongs at `place`.
    pub fn push(&mut self, place: Vec<usize>, piece: &str) {
        self.0.entry(place).or_default().push_str(piece);
    }

    /// Reads each text and puts what it says where it belongs.
    ///
    /// No text at all stands for an empty object; a text that is not whole changes
    /// nothing, and neither does one for a place that no event has opened.
    pub fn read<T: DeserializeOwned>(&self, mut put: impl FnMut(&[usize], T) -> Option<()>) {
        for (place, text) in &self.0 {
            let text = if text.is_empty() { "{}" } else { text };
            if let Ok(value) = numbers::read(text.as_bytes()) {
                put(place, value);
            }
        }
    }
}

/// Gives the name of an event that this version does not know.
pub fn tag<'a>(fields: &'a Map<String, Value>, property: &str) -> &'a str {
    let tag = fields.get(property).and_then(Value::as_str);
    tag.unwrap_or_default()
}

/// Gives a text field of an event that this version does not know.
pub fn text<'a>(fields: &'a Map<String, Value>, property: &str) -> Option<&'a str> {
    fields.get(property)?.as_str()
}

/// Reads the number of an event that this version does not know.
pub fn unknown_number(fields: &Map<String, Value>, property: &str) -> Option<u64> {
    fields.get(property)?.as_u64()
}

/// Reads the number of an event.
pub fn number(number: impl TryInto<u64>) -> Option<u64> {
    number.try_into().ok()
}

/// Adds a piece to a text that may not have begun.
pub fn append(text: &mut Option<String>, piece: &str) {
    text.get_or_insert_with(String::new).push_str(piece);
}

/// Reads an index out of an event.
pub fn to_index(number: impl TryInto<usize>) -> Option<usize> {
    number.try_into().ok()
}

/// Puts an item at its place in a list, at most one past the end.
pub fn put<T>(list: &mut Vec<T>, index: usize, item: T) {
    if index == list.len() {
        list.push(item);
    } else if let Some(place) = list.get_mut(index) {
        *place = item;
    }
}
