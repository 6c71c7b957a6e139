//! Part of the generated SDK's fixed runtime: lists whose first items have types of their own.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use serde::ser::{Error, Serialize, Serializer};
use serde_json::Value;

/// A list with a type for each of its first items, the tuple `T`, and one for all others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenTuple<T, R> {
    /// The first items.
    pub items: T,
    /// Those that follow.
    pub rest: Vec<R>,
}

impl<T, R> OpenTuple<T, R> {
    /// Makes a list of the first items alone.
    pub fn new(items: T) -> Self {
        let rest = Vec::new();
        Self { items, rest }
    }
}

impl<T: Serialize, R: Serialize> Serialize for OpenTuple<T, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let items = serde_json::to_value(&self.items).map_err(S::Error::custom)?;
        let first = match items {
            Value::Array(items) => items,
            item => vec![item],
        };
        let rest = self.rest.iter().map(serde_json::to_value);
        let rest: Result<Vec<Value>, _> = rest.collect();
        let rest = rest.map_err(S::Error::custom)?;
        serializer.collect_seq(first.iter().chain(&rest))
    }
}

impl<'de, T: Deserialize<'de>, R: Deserialize<'de>> Deserialize<'de> for OpenTuple<T, R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Items(PhantomData))
    }
}

struct Items<T, R>(PhantomData<(T, R)>);

impl<'de, T: Deserialize<'de>, R: Deserialize<'de>> Visitor<'de> for Items<T, R> {
    type Value = OpenTuple<T, R>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let items = T::deserialize(SeqAccessDeserializer::new(&mut list))?;
        let mut rest = Vec::new();
        while let Some(item) = list.next_element()? {
            rest.push(item);
        }
        Ok(OpenTuple { items, rest })
    }
}
