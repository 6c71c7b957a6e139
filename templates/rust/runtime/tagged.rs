//! Part of the generated SDK's fixed runtime: unions told apart by a tag.
//!
//! Serde's own tagged enums copy the whole object before they look at the tag. Here
//! the tag is normally the first key, so the rest of the object goes straight from
//! the input into the variant; only keys that come before the tag are kept aside.

use std::fmt;
use std::marker::PhantomData;
use std::vec;

use serde::de::value::MapAccessDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, Visitor,
};
use serde::Deserialize;
use serde_json::Value;

/// A union whose variants are told apart by a property.
pub trait Tagged: Sized {
    /// The name of that property.
    const TAG: &'static str;

    /// Reads the variant that `tag` picks; `None` means there is no tag.
    fn variant<'de, A: MapAccess<'de>>(
        tag: Option<&str>,
        fields: Fields<A>,
    ) -> Result<Self, A::Error>;
}

/// Reads a tagged union.
pub fn deserialize<'de, U: Tagged, D: Deserializer<'de>>(deserializer: D) -> Result<U, D::Error> {
    deserializer.deserialize_map(UnionVisitor(PhantomData))
}

/// The error for a tag that a closed union does not have.
pub fn unknown_tag<E: Error>(tag: Option<&str>) -> E {
    match tag {
        Some(tag) => E::custom(format_args!("unknown variant `{tag}`")),
        None => E::custom("the tag is missing"),
    }
}

struct UnionVisitor<U>(PhantomData<U>);

impl<'de, U: Tagged> Visitor<'de> for UnionVisitor<U> {
    type Value = U;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "an object with the property `{}`", U::TAG)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut rest: A) -> Result<U, A::Error> {
        let mut before = Vec::new();
        let mut tag = None;
        while let Some(key) = rest.next_key::<String>()? {
            let found = key == U::TAG;
            let value: Value = rest.next_value()?;
            if found {
                tag = value.as_str().map(str::to_owned);
            }
            before.push((key, value));
            if found {
                break;
            }
        }
        let fields = Fields {
            before: before.into_iter(),
            value: None,
            rest,
        };
        U::variant(tag.as_deref(), fields)
    }
}

/// All fields of the object: those read in search of the tag, then the rest.
pub struct Fields<A> {
    before: vec::IntoIter<(String, Value)>,
    value: Option<Value>,
    rest: A,
}

impl<A> Fields<A> {
    /// Reads the fields into what a variant holds, and wraps it.
    pub fn read<'de, T: Deserialize<'de>, U>(self, wrap: fn(T) -> U) -> Result<U, A::Error>
    where
        A: MapAccess<'de>,
    {
        T::deserialize(MapAccessDeserializer::new(self)).map(wrap)
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Fields<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        let Some((key, value)) = self.before.next() else {
            return self.rest.next_key_seed(seed);
        };
        self.value = Some(value);
        seed.deserialize(key.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        match self.value.take() {
            Some(value) => seed.deserialize(value).map_err(A::Error::custom),
            None => self.rest.next_value_seed(seed),
        }
    }
}

/// Reads a property, or takes it for absent if it is of the wrong type.
pub fn lenient<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: DeserializeOwned,
    D: Deserializer<'de>,
{
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

/// Reads a property that may be null apart from one that is absent.
pub fn present<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}
