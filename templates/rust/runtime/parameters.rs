//! Part of the generated SDK's fixed runtime: how values are written into addresses and headers.

use serde::Serialize;
use serde_json::Value;

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
    /// One parameter that holds JSON, or one for each item of a list.
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

/// The reserved characters that a query value may hold without ending.
const RESERVED: &str = ":/?@!$'()*,;=[]";

/// Joins the parameters of a query; values behind names in `reserved` keep reserved characters.
pub(super) fn encode_pairs(pairs: &[(String, String)], reserved: &[&str]) -> String {
    let pair = |(name, value): &(String, String)| {
        let kept = if reserved.contains(&name.as_str()) {
            RESERVED
        } else {
            ""
        };
        format!("{}={}", percent_encoded(name), encoded(value, kept))
    };
    let pairs: Vec<String> = pairs.iter().map(pair).collect();
    pairs.join("&")
}

/// Writes a value into a path, each item and property encoded by itself.
pub(super) fn path_text(name: &str, value: &Value, style: PathStyle, explode: bool) -> String {
    let one = |value: &Value| percent_encoded(&text(value));
    let items: Vec<String> = match value {
        Value::Array(items) => items.iter().map(one).collect(),
        Value::Object(fields) if explode => {
            let field = |(key, value): (&String, &Value)| {
                format!("{}={}", percent_encoded(key), one(value))
            };
            fields.iter().map(field).collect()
        }
        Value::Object(fields) => {
            let field = |(key, value): (&String, &Value)| [percent_encoded(key), one(value)];
            fields.iter().flat_map(field).collect()
        }
        other => vec![one(other)],
    };
    let named = percent_encoded(name);
    match (style, explode) {
        (PathStyle::Simple, _) => items.join(","),
        (PathStyle::Label, true) => format!(".{}", items.join(".")),
        (PathStyle::Label, false) => format!(".{}", items.join(",")),
        (PathStyle::Matrix, true) if value.is_object() => format!(";{}", items.join(";")),
        (PathStyle::Matrix, true) => {
            let all = items.iter().map(|item| format!(";{named}={item}"));
            all.collect()
        }
        (PathStyle::Matrix, false) => format!(";{named}={}", items.join(",")),
    }
}

/// Puts values in place of those of that name, or after all others.
pub(super) fn change_pairs(pairs: &mut Vec<(String, String)>, name: &str, value: &Value) {
    let mut values = Vec::new();
    add_pairs(&mut values, name, value, Style::Repeated);
    let place = pairs.iter().position(|(known, _)| known == name);
    let place = place.unwrap_or(pairs.len());
    pairs.retain(|(known, _)| known != name);
    pairs.splice(place..place, values);
}

pub(super) fn add_pairs(
    target: &mut Vec<(String, String)>,
    name: &str,
    value: &Value,
    style: Style,
) {
    match (value, style) {
        (Value::Null, _) => {}
        (Value::Array(items), Style::Repeated) => {
            target.extend(items.iter().map(|item| (name.to_owned(), text(item))));
        }
        (Value::Object(fields), Style::Repeated) => {
            for (name, value) in fields {
                add_pairs(target, name, value, Style::Repeated);
            }
        }
        (Value::Object(fields), Style::Deep) => {
            for (key, value) in fields {
                add_pairs(target, &format!("{name}[{key}]"), value, Style::Deep);
            }
        }
        (Value::Array(items), Style::Deep) => {
            for (index, value) in items.iter().enumerate() {
                add_pairs(target, &format!("{name}[{index}]"), value, Style::Deep);
            }
        }
        (Value::Array(items), Style::Json) => {
            let items = items.iter().map(|item| (name.to_owned(), text(item)));
            target.extend(items);
        }
        (_, Style::Json) => target.push((name.to_owned(), text(value))),
        (_, Style::Space) => target.push((name.to_owned(), joined(value, " ", false))),
        (_, Style::Pipe) => target.push((name.to_owned(), joined(value, "|", false))),
        _ => target.push((name.to_owned(), joined(value, ",", false))),
    }
}

/// Joins items, or names and values; those are joined by `=` if `explode`d.
pub(super) fn joined(value: &Value, separator: &str, explode: bool) -> String {
    match value {
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(separator),
        Value::Object(fields) if explode => {
            let field = |(key, value): (&String, &Value)| format!("{key}={}", text(value));
            fields.iter().map(field).collect::<Vec<_>>().join(separator)
        }
        Value::Object(fields) => {
            let parts = fields
                .iter()
                .flat_map(|(key, value)| [key.clone(), text(value)]);
            parts.collect::<Vec<_>>().join(separator)
        }
        other => text(other),
    }
}

/// Gives a string as it is and anything else as JSON.
pub(super) fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
