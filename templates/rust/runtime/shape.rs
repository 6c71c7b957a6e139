//! Part of the generated SDK's fixed runtime: unions told apart by a value's shape.
//!
//! Every variant says how well the value looks like it. They are tried from the best
//! fit down, and in their order where two fit alike.

use std::fmt;

use serde::de::{DeserializeOwned, Error};
use serde_json::Value;

type Reader<U> = Box<dyn Fn(&Value) -> Option<U>>;

/// What a value of a union may be meant for.
pub struct Choice<U> {
    value: Value,
    found: Vec<(usize, Reader<U>)>,
}

impl<U> fmt::Debug for Choice<U> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Choice").finish_non_exhaustive()
    }
}

impl<U: 'static> Choice<U> {
    /// Begins to choose.
    pub fn new(value: Value) -> Self {
        let found = Vec::new();
        Self { value, found }
    }

    /// Offers a variant that holds anything, or what only reading it can tell.
    pub fn any<T: DeserializeOwned + 'static>(&mut self, wrap: fn(T) -> U) {
        self.offer(0, wrap);
    }

    /// Offers a variant that holds a text: one of `known`, if there are any.
    pub fn text<T: DeserializeOwned + 'static>(&mut self, known: &[&str], wrap: fn(T) -> U) {
        if let Value::String(text) = &self.value {
            let fit = match known {
                [] => 1,
                _ if known.contains(&text.as_str()) => 2,
                _ => 0,
            };
            self.offer(fit, wrap);
        }
    }

    /// Offers a variant that holds an integer.
    pub fn integer<T: DeserializeOwned + 'static>(&mut self, wrap: fn(T) -> U) {
        if self.value.is_i64() {
            self.offer(2, wrap);
        }
    }

    /// Offers a variant that holds a number.
    pub fn number<T: DeserializeOwned + 'static>(&mut self, wrap: fn(T) -> U) {
        if self.value.is_number() {
            self.offer(1, wrap);
        }
    }

    /// Offers a variant that holds a list.
    pub fn list<T: DeserializeOwned + 'static>(&mut self, wrap: fn(T) -> U) {
        if self.value.is_array() {
            self.offer(0, wrap);
        }
    }

    /// Offers a variant that holds an object; `telling` are properties of its own.
    pub fn object<T: DeserializeOwned + 'static>(&mut self, telling: &[&str], wrap: fn(T) -> U) {
        if self.value.is_object() {
            self.offer(count(&self.value, telling), wrap);
        }
    }

    /// Offers such a variant whose `property` is a certain whole number, or absent.
    pub fn numbered<T: DeserializeOwned + 'static>(
        &mut self,
        property: &str,
        number: &str,
        telling: &[&str],
        wrap: fn(T) -> U,
    ) {
        match self.value.get(property).map(Value::to_string) {
            Some(said) if said == number => self.offer(usize::MAX, wrap),
            Some(_) => {}
            None => self.object(telling, wrap),
        }
    }

    /// Offers a variant that holds a list of such objects.
    pub fn objects<T: DeserializeOwned + 'static>(&mut self, telling: &[&str], wrap: fn(T) -> U) {
        if let Value::Array(items) = &self.value {
            let fit = items.iter().map(|item| count(item, telling)).sum();
            self.offer(fit, wrap);
        }
    }

    /// Offers a variant whose `property` is one of `tags`.
    pub fn tagged<T: DeserializeOwned + 'static>(
        &mut self,
        property: &str,
        tags: &[&str],
        wrap: fn(T) -> U,
    ) {
        if self.value.is_object() {
            let tag = self.value.get(property).and_then(Value::as_str);
            let fit = if tag.is_some_and(|tag| tags.contains(&tag)) {
                usize::MAX
            } else {
                0
            };
            self.offer(fit, wrap);
        }
    }

    /// Gives the variant that fits best, or the value back.
    pub fn finish(mut self) -> Result<U, Value> {
        self.found.sort_by_key(|(fit, _)| std::cmp::Reverse(*fit));
        let chosen = self.found.iter().find_map(|(_, read)| read(&self.value));
        chosen.ok_or(self.value)
    }

    /// Gives the variant that fits best, or says that none does.
    pub fn required<E: Error>(self) -> Result<U, E> {
        self.finish()
            .map_err(|_| E::custom("the value is none of what may stand here"))
    }

    fn offer<T: DeserializeOwned + 'static>(&mut self, fit: usize, wrap: fn(T) -> U) {
        let read = move |value: &Value| T::deserialize(value).ok().map(wrap);
        self.found.push((fit, Box::new(read)));
    }
}

fn count(value: &Value, names: &[&str]) -> usize {
    names
        .iter()
        .filter(|name| value.get(**name).is_some())
        .count()
}
