//! Part of the generated SDK's fixed runtime: headers of answers, read as what they say.
//!
//! A header that is sent several times is read as its values with commas between them. What
//! cannot be read as what it should be is not there.

use reqwest::header::HeaderMap;

/// Reads a header as the text that was sent.
pub fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let sent = headers.get_all(name).iter();
    let texts: Option<Vec<&str>> = sent.map(|value| value.to_str().ok()).collect();
    texts
        .filter(|texts| !texts.is_empty())
        .map(|texts| texts.join(", "))
}

/// Reads a header as a whole number.
pub fn integer(headers: &HeaderMap, name: &str) -> Option<i64> {
    let text = text(headers, name)?;
    text.parse().ok().filter(|_| !text.starts_with('+'))
}

/// Reads a header as a number, by JSON's grammar.
pub fn number(headers: &HeaderMap, name: &str) -> Option<f64> {
    let text = text(headers, name)?;
    let is_bare = text.trim() == text;
    serde_json::from_str(&text).ok().filter(|_| is_bare)
}

/// Reads a header as `true` or `false`.
pub fn boolean(headers: &HeaderMap, name: &str) -> Option<bool> {
    text(headers, name)?.parse().ok()
}

/// Reads a header as texts with commas between them; empty ones are left out.
pub fn texts(headers: &HeaderMap, name: &str) -> Option<Vec<String>> {
    let text = text(headers, name)?;
    let pieces = text.split(',').map(|piece| piece.trim_matches([' ', '\t']));
    let pieces = pieces.filter(|piece| !piece.is_empty());
    Some(pieces.map(str::to_owned).collect())
}
