//! Part of the generated SDK's fixed runtime: events that are pieces of one object.

use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde::Serialize;
use serde_json::{Map, Value};

use super::fold::Fold;

/// How the pieces add up.
#[derive(Debug)]
pub struct SumRule {
    /// The field that tells the items of lists apart.
    pub by: Option<&'static str>,
    /// The names of texts that grow; any other value replaces the one before.
    pub append: &'static [&'static str],
    /// The pieces' names, and what the object calls them.
    pub rename: &'static [(&'static str, &'static str)],
    /// Texts of the whole object.
    pub put: &'static [(&'static str, &'static str)],
    /// Places that are null where nothing was put.
    pub nulls: &'static [&'static [&'static str]],
    /// Places that the pieces have and the object has not.
    pub drop: &'static [&'static [&'static str]],
}

/// What a stream's pieces add up to.
pub trait Summed: Send + 'static {
    /// The whole object.
    type Output: DeserializeOwned + Send + 'static;

    /// How the pieces add up.
    const RULE: &'static SumRule;
}

/// The object that the events so far are pieces of.
#[derive(Debug)]
pub struct Sum<S> {
    whole: Map<String, Value>,
    begun: bool,
    kind: PhantomData<fn() -> S>,
}

impl<S> Default for Sum<S> {
    fn default() -> Self {
        Self {
            whole: Map::new(),
            begun: false,
            kind: PhantomData,
        }
    }
}

impl<E: Serialize, S: Summed> Fold<E> for Sum<S> {
    type Output = S::Output;

    fn push(&mut self, event: &E) {
        if let Ok(Value::Object(piece)) = serde_json::to_value(event) {
            self.begun = true;
            S::RULE.merge(&mut self.whole, piece);
        }
    }

    fn finish(self) -> Option<S::Output> {
        if !self.begun {
            return None;
        }
        serde_json::from_value(S::RULE.finished(self.whole)).ok()
    }
}

impl SumRule {
    fn merge(&self, whole: &mut Map<String, Value>, piece: Map<String, Value>) {
        for (given, value) in piece {
            let name = self.renamed(given);
            match value {
                Value::Null => {
                    whole.entry(name).or_insert(Value::Null);
                }
                Value::Object(part) => {
                    let known = whole.entry(name).or_insert(Value::Null);
                    if !known.is_object() {
                        *known = Value::Object(Map::new());
                    }
                    if let Value::Object(known) = known {
                        self.merge(known, part);
                    }
                }
                Value::Array(items) => {
                    let known = whole.entry(name).or_insert(Value::Null);
                    if !known.is_array() {
                        *known = Value::Array(Vec::new());
                    }
                    if let Value::Array(known) = known {
                        for item in items {
                            self.merge_item(known, item);
                        }
                    }
                }
                Value::String(text) if self.append.contains(&name.as_str()) => {
                    match whole.get_mut(&name) {
                        Some(Value::String(known)) => known.push_str(&text),
                        _ => {
                            whole.insert(name, Value::String(text));
                        }
                    }
                }
                value => {
                    whole.insert(name, value);
                }
            }
        }
    }

    /// Merges an item into the one of its number, if items have numbers.
    fn merge_item(&self, items: &mut Vec<Value>, item: Value) {
        let Value::Object(piece) = item else {
            items.push(item);
            return;
        };
        let number = self.by.and_then(|by| piece.get(by)).cloned();
        let place = number.and_then(|number| {
            let by = self.by?;
            items
                .iter()
                .position(|known| known.get(by) == Some(&number))
        });
        let place = place.unwrap_or_else(|| {
            items.push(Value::Object(Map::new()));
            items.len() - 1
        });
        if let Some(Value::Object(known)) = items.get_mut(place) {
            self.merge(known, piece);
        }
    }

    fn renamed(&self, given: String) -> String {
        let renamed = self.rename.iter().find(|(from, _)| *from == given);
        renamed.map_or(given, |(_, to)| (*to).to_owned())
    }

    fn finished(&self, whole: Map<String, Value>) -> Value {
        let mut whole = Value::Object(whole);
        if let Some(by) = self.by {
            sort(&mut whole, by);
        }
        for (name, text) in self.put {
            whole[*name] = Value::from(*text);
        }
        for path in self.nulls {
            edit(&mut whole, path, &mut |parent, name| {
                parent.entry(name).or_insert(Value::Null);
            });
        }
        for path in self.drop {
            edit(&mut whole, path, &mut |parent, name| {
                parent.remove(name);
            });
        }
        whole
    }
}

/// Puts the numbered items of every list in the order of their numbers.
fn sort(value: &mut Value, by: &str) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(|part| sort(part, by)),
        Value::Array(items) => {
            items.iter_mut().for_each(|item| sort(item, by));
            let number = |item: &Value| item.get(by).and_then(Value::as_i64);
            if items.iter().all(|item| number(item).is_some()) {
                items.sort_by_key(number);
            }
        }
        _ => {}
    }
}

/// Does something to the objects in which the last name of a path lies, through lists.
fn edit(value: &mut Value, path: &[&str], act: &mut impl FnMut(&mut Map<String, Value>, &str)) {
    match (value, path) {
        (Value::Array(items), _) => {
            for item in items {
                edit(item, path, act);
            }
        }
        (Value::Object(fields), [name]) => act(fields, name),
        (Value::Object(fields), [name, rest @ ..]) => {
            if let Some(part) = fields.get_mut(*name) {
                edit(part, rest, act);
            }
        }
        _ => {}
    }
}
