//! Part of the generated SDK's fixed runtime: how values are written into addresses and headers.

use serde::Serialize;
use serde_json::{Map, Value};

/// How a list or an object is written in a query parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A parameter for each item or property.
    Repeated,
    /// One parameter, its items separated by commas.
    Comma,
    /// One parameter, its items separated by spaces.
    Space,
    /// One parameter, its items separated by bars.
    Pipe,
    /// A parameter `name[property]` for each property.
    Deep,
    /// One parameter that holds JSON, or one for each item of a list; a text as it is.
    Json,
}

/// How a value is written in a path (RFC 6570).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathStyle {
    /// The value alone.
    Simple,
    /// The value after a dot.
    Label,
    /// `;name=value`.
    Matrix,
}

/// Writes JSON as the text of a parameter; null gives no parameter.
pub fn json_text(value: &(impl Serialize + ?Sized)) -> Option<String> {
    match serde_json::to_value(value) {
        Ok(Value::Null) | Err(_) => None,
        Ok(value) => Some(value.to_string()),
    }
}

/// Writes everything but RFC 3986's unreserved characters as `%XX`.
pub(super) fn percent_encoded(value: &str) -> String {
    encoded(value, "")
}

/// Writes everything but unreserved characters and those `kept` as `%XX`.
pub(super) fn encoded(value: &str, kept: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        let letter = char::from(byte);
        let plain = letter.is_ascii_alphanumeric() || "-._~".contains(letter);
        if plain || (letter.is_ascii() && kept.contains(letter)) {
            text.push(letter);
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// The reserved characters that a query value may hold: none that would end it, or be read as
/// another one.
const RESERVED: &str = ":/?@!$'()*,;=[]";

/// A parameter of a query or a field of a form: its value, and how both are written.
#[derive(Clone, Debug)]
pub struct Pair {
    pub(super) name: String,
    pub(super) value: String,
    written: String,
}

impl Pair {
    /// Names a text.
    pub(super) fn new(name: &str, value: &str) -> Self {
        Self::joined(name, &[value.to_owned()], "", "")
    }

    /// Names items, between which the separator stands as it is.
    fn joined(name: &str, items: &[String], separator: &str, kept: &str) -> Self {
        let written: Vec<String> = items.iter().map(|item| encoded(item, kept)).collect();
        Self {
            name: name.to_owned(),
            value: items.join(","),
            written: format!("{}={}", percent_encoded(name), written.join(separator)),
        }
    }

    /// Spreads a value over the query; null leaves the parameter out. Values may keep their
    /// reserved characters.
    pub fn of(name: &str, value: &Value, style: Style, reserved: bool) -> Vec<Self> {
        let kept = if reserved { RESERVED } else { "" };
        let one = |name: &str, value: &Value| Self::joined(name, &[text(value)], "", kept);
        let separator = match style {
            Style::Comma => ",",
            Style::Space => "%20",
            Style::Pipe => "%7C",
            Style::Deep => return deep_pairs(name, value, kept),
            Style::Json | Style::Repeated => "",
        };
        match (value, style) {
            (Value::Null, _) => Vec::new(),
            (Value::Array(items), Style::Repeated | Style::Json) => {
                items.iter().map(|item| one(name, item)).collect()
            }
            (Value::Object(fields), Style::Repeated) => {
                let fields = present(fields);
                fields.map(|(name, value)| one(name, value)).collect()
            }
            (_, Style::Repeated | Style::Json) => vec![one(name, value)],
            _ => vec![Self::joined(name, &pieces(value), separator, kept)],
        }
    }
}

/// Writes parameters behind each other.
pub fn query_text(pairs: &[Pair]) -> String {
    let pairs: Vec<&str> = pairs.iter().map(|pair| pair.written.as_str()).collect();
    pairs.join("&")
}

/// Writes names and texts as a query.
pub(super) fn encode_pairs(pairs: &[(String, String)]) -> String {
    let pairs = pairs.iter().map(|(name, value)| Pair::new(name, value));
    query_text(&pairs.collect::<Vec<_>>())
}

fn deep_pairs(name: &str, value: &Value, kept: &str) -> Vec<Pair> {
    let within = |key: &str, value: &Value| deep_pairs(&format!("{name}[{key}]"), value, kept);
    match value {
        Value::Null => Vec::new(),
        Value::Object(fields) => fields.iter().flat_map(|(key, v)| within(key, v)).collect(),
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.flat_map(|(n, v)| within(&n.to_string(), v)).collect()
        }
        other => vec![Pair::joined(name, &[text(other)], "", kept)],
    }
}

/// Writes a value into a path, each item and property encoded by itself.
pub fn path_text(name: &str, value: &Value, style: PathStyle, explode: bool) -> String {
    let items = if explode {
        named(value, percent_encoded)
    } else {
        let pieces = pieces(value);
        pieces.iter().map(|piece| percent_encoded(piece)).collect()
    };
    let name = percent_encoded(name);
    match (style, explode) {
        (PathStyle::Simple, _) => items.join(","),
        (PathStyle::Label, true) => format!(".{}", items.join(".")),
        (PathStyle::Label, false) => format!(".{}", items.join(",")),
        (PathStyle::Matrix, true) if value.is_object() => format!(";{}", items.join(";")),
        (PathStyle::Matrix, true) => {
            let all = items.iter().map(|item| format!(";{name}={item}"));
            all.collect()
        }
        (PathStyle::Matrix, false) => format!(";{name}={}", items.join(",")),
    }
}

/// Writes a header's value; null sets none.
pub fn header_text(value: &Value, explode: bool) -> Option<String> {
    let plain = |piece: &str| piece.to_owned();
    match value {
        Value::Null => None,
        value if explode => Some(named(value, plain).join(",")),
        value => Some(joined(value)),
    }
}

/// Writes a cookie's name and value.
pub fn cookie_text(name: &str, value: &str) -> String {
    format!("{name}={}", percent_encoded(value))
}

/// Puts values in place of those of that name, or after all others.
pub(super) fn change_pairs(pairs: &mut Vec<Pair>, name: &str, value: &Value) {
    let place = pairs.iter().position(|known| known.name == name);
    let place = place.unwrap_or(pairs.len());
    pairs.retain(|known| known.name != name);
    let values = Pair::of(name, value, Style::Repeated, false);
    pairs.splice(place..place, values);
}

/// Joins the pieces of a value by commas.
pub(super) fn joined(value: &Value) -> String {
    pieces(value).join(",")
}

/// Gives a list's items, an object's names and values, or the value alone.
fn pieces(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().map(text).collect(),
        Value::Object(fields) => {
            let fields = present(fields);
            fields.flat_map(|(key, v)| [key.clone(), text(v)]).collect()
        }
        other => vec![text(other)],
    }
}

/// Gives an object's fields as `name=value`, or the pieces of another value.
fn named(value: &Value, write: impl Fn(&str) -> String) -> Vec<String> {
    let Value::Object(fields) = value else {
        return pieces(value).iter().map(|piece| write(piece)).collect();
    };
    let field = |(key, value): (&String, &Value)| format!("{}={}", write(key), write(&text(value)));
    present(fields).map(field).collect()
}

/// Gives what an object has; a field that is null is not there.
fn present(fields: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    fields.iter().filter(|(_, value)| !value.is_null())
}

/// Gives a string as it is, null as nothing, and anything else as JSON.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
