//! Part of the generated SDK's fixed runtime: unions told apart by a tag.
//!
//! Serde's own tagged enums copy the whole object before they look at the tag. Here
//! the tag is normally the first key, so the rest of the object goes straight from
//! the input into the variant; only keys that come before the tag are kept aside.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::vec;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer, StrDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess,
    Visitor,
};
use serde::Deserialize;
use serde_json::{Map, Value};

/// A union whose variants are told apart by a property.
pub trait Tagged: Sized {
    /// The name of that property.
    const TAG: &'static str;

    /// Reads the variant that `tag` picks; `None` means there is no tag.
    fn variant<'de, A: MapAccess<'de>>(
        tag: Option<&str>,
        fields: Fields<'_, A>,
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
        while let Some(key) = rest.next_key_seed(KeySeed(U::TAG))? {
            match key {
                Key::Tag => match rest.next_value_seed(TagSeed)? {
                    Said::Text(text) => {
                        tag = Some(text);
                        break;
                    }
                    Said::Other(other) => before.push((U::TAG.to_owned(), other)),
                },
                Key::Other(name) => before.push((name, rest.next_value()?)),
            }
        }
        let fields = Fields {
            tag: tag.as_deref().map(|tag| (U::TAG, tag)),
            before: before.into_iter(),
            value: Kept::None,
            rest,
        };
        U::variant(tag.as_deref(), fields)
    }
}

/// A key of the object: the tag's, which is not worth a copy, or another.
enum Key {
    Tag,
    Other(String),
}

struct KeySeed(&'static str);

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed {
    type Value = Key;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a property's name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Key, E> {
        if name == self.0 {
            Ok(Key::Tag)
        } else {
            Ok(Key::Other(name.to_owned()))
        }
    }
}

/// What the tag's property holds: a text, which is borrowed where it can be.
enum Said<'de> {
    Text(Cow<'de, str>),
    Other(Value),
}

struct TagSeed;

impl<'de> DeserializeSeed<'de> for TagSeed {
    type Value = Said<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Said<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for TagSeed {
    type Value = Said<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Said<'de>, E> {
        Ok(Said::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Said<'de>, E> {
        self.visit_string(text.to_owned())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Said<'de>, E> {
        Ok(Said::Text(Cow::Owned(text)))
    }

    fn visit_unit<E: Error>(self) -> Result<Said<'de>, E> {
        Ok(Said::Other(Value::Null))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Said<'de>, E> {
        Ok(Said::Other(value.into()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Said<'de>, E> {
        Ok(Said::Other(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Said<'de>, E> {
        Ok(Said::Other(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Said<'de>, E> {
        Ok(Said::Other(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Said<'de>, A::Error> {
        Value::deserialize(SeqAccessDeserializer::new(items)).map(Said::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Said<'de>, A::Error> {
        Value::deserialize(MapAccessDeserializer::new(fields)).map(Said::Other)
    }
}

/// All fields of the object: the tag, those read in search of it, then the rest.
pub struct Fields<'a, A> {
    tag: Option<(&'static str, &'a str)>,
    before: vec::IntoIter<(String, Value)>,
    value: Kept<'a>,
    rest: A,
}

/// The value that goes with the key just given.
enum Kept<'a> {
    None,
    Tag(&'a str),
    Value(Value),
}

impl<A> Fields<'_, A> {
    /// Reads the fields into what a variant holds, and wraps it.
    pub fn read<'de, T: Deserialize<'de>, U>(self, wrap: fn(T) -> U) -> Result<U, A::Error>
    where
        A: MapAccess<'de>,
    {
        T::deserialize(MapAccessDeserializer::new(self)).map(wrap)
    }

    /// Reads the fields of an object without a tag into what may lack it, if they fit.
    pub fn read_or<'de, T: DeserializeOwned, U>(
        self,
        wrap: fn(T) -> U,
        other: fn(Map<String, Value>) -> U,
    ) -> Result<U, A::Error>
    where
        A: MapAccess<'de>,
    {
        let fields = Map::deserialize(MapAccessDeserializer::new(self))?;
        Ok(T::deserialize(&fields).map_or_else(|_| other(fields.clone()), wrap))
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Fields<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        if let Some((name, tag)) = self.tag.take() {
            self.value = Kept::Tag(tag);
            return seed.deserialize(name.into_deserializer()).map(Some);
        }
        let Some((key, value)) = self.before.next() else {
            return self.rest.next_key_seed(seed);
        };
        self.value = Kept::Value(value);
        seed.deserialize(key.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        match std::mem::replace(&mut self.value, Kept::None) {
            Kept::Tag(tag) => seed.deserialize(TagText(tag.into_deserializer())),
            Kept::Value(value) => seed.deserialize(value).map_err(A::Error::custom),
            Kept::None => self.rest.next_value_seed(seed),
        }
    }
}

/// A tag as a field of its variant, which may be optional there.
struct TagText<'a, E>(StrDeserializer<'a, E>);

impl<'de, E: Error> Deserializer<'de> for TagText<'_, E> {
    type Error = E;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        self.0.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, E> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, E> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
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
