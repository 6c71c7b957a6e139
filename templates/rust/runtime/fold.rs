//! Part of the generated SDK's fixed runtime: what the compiled folds are made of.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Builds a final object out of events.
pub trait Fold<E>: Default + Send + 'static {
    /// The final object.
    type Output: Send + 'static;

    /// Takes in the next event.
    fn push(&mut self, event: &E);

    /// Gives the object; `None` if no event began it.
    fn finish(self) -> Result<Option<Self::Output>, serde_json::Error>;
}

/// The fold of a stream that builds nothing.
#[derive(Debug, Default)]
pub struct NoFold;

impl<E> Fold<E> for NoFold {
    type Output = ();

    fn push(&mut self, _event: &E) {}

    fn finish(self) -> Result<Option<()>, serde_json::Error> {
        Ok(Some(()))
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

    /// Reads each whole text and puts it where it belongs.
    ///
    /// No text at all stands for an empty object.
    pub fn read<T: DeserializeOwned>(
        &self,
        mut put: impl FnMut(&[usize], T) -> Option<()>,
    ) -> Result<(), serde_json::Error> {
        for (place, text) in &self.0 {
            let text = if text.is_empty() { "{}" } else { text };
            // A place that no event has opened holds nothing to be put anywhere.
            let _ = put(place, serde_json::from_str(text)?);
        }
        Ok(())
    }
}

/// Gives the name of an event that this version does not know.
pub fn tag<'a>(fields: &'a Map<String, Value>, property: &str) -> &'a str {
    let tag = fields.get(property).and_then(Value::as_str);
    tag.unwrap_or_default()
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
