//! Part of the generated SDK's fixed runtime: what must not show up in logs and messages.

use std::sync::Arc;

use reqwest::header::HeaderMap;
use reqwest::Url;
use serde_json::{Map, Value};

use super::base64;
use super::parameters::percent_encoded;

const MARK: &str = "[redacted]";

/// The last words of names whose values are secret.
const SECRET_WORDS: [&str; 8] = [
    "key",
    "apikey",
    "secret",
    "password",
    "token",
    "authorization",
    "cookie",
    "credential",
];

/// A shorter secret is too likely to be a part of something else.
const SHORTEST_SECRET: usize = 4;

/// How long what follows `Bearer` or `Basic` has to be to look like a credential.
const SHORTEST_CREDENTIAL: usize = 8;

/// Hides credentials in what is shown: by their names, and by their values.
#[derive(Clone, Default)]
pub struct Redactor {
    names: Vec<String>,
    prefixes: Vec<String>,
    shown: Option<String>,
    secrets: Vec<String>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Redactor")
    }
}

impl Redactor {
    /// Makes a redactor out of the product's secret names, the beginnings of further
    /// ones, a name that is shown although it looks secret, and the values known.
    pub fn new<'a>(
        names: impl IntoIterator<Item = &'a str>,
        prefixes: impl IntoIterator<Item = &'a str>,
        shown: Option<&str>,
        secrets: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let lower = |text: &str| text.to_lowercase();
        let long = |secret: &&str| secret.chars().count() >= SHORTEST_SECRET;
        let mut secrets: Vec<String> = secrets.into_iter().filter(long).flat_map(forms).collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self {
            names: names.into_iter().map(lower).collect(),
            prefixes: prefixes.into_iter().map(lower).collect(),
            shown: shown.map(lower),
            secrets,
        }
    }

    /// Adds the values that stand behind secret names in one request.
    pub(super) fn knowing(self: &Arc<Self>, url: &Url, headers: &HeaderMap) -> Arc<Self> {
        let named = headers
            .iter()
            .filter(|(name, _)| self.is_secret(name.as_str()));
        let sent = named.filter_map(|(_, value)| value.to_str().ok().map(without_scheme));
        let parameters = url.query_pairs().filter(|(name, _)| self.is_secret(name));
        let asked = parameters.map(|(_, value)| value.into_owned());
        let unknown = |secret: &String| {
            secret.chars().count() >= SHORTEST_SECRET && !self.secrets.contains(secret)
        };
        let found: Vec<String> = sent
            .map(str::to_owned)
            .chain(asked)
            .filter(unknown)
            .collect();
        if found.is_empty() {
            return Arc::clone(self);
        }
        self.and(found)
    }

    /// Adds secrets.
    pub(super) fn and(&self, found: Vec<String>) -> Arc<Self> {
        let mut more = Self::clone(self);
        more.secrets
            .extend(found.iter().flat_map(|secret| forms(secret)));
        more.secrets
            .sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Arc::new(more)
    }

    /// Shows a header's value.
    pub fn header(&self, name: &str, value: &str) -> String {
        if self.is_secret(name) {
            MARK.to_owned()
        } else {
            self.text(value)
        }
    }

    /// Shows a JSON value.
    pub fn json(&self, value: &Value) -> Value {
        match value {
            Value::Object(fields) => Value::Object(self.fields(fields)),
            Value::Array(items) => items.iter().map(|item| self.json(item)).collect(),
            Value::String(text) => Value::String(self.text(text)),
            other => other.clone(),
        }
    }

    /// Shows a text.
    pub fn text(&self, text: &str) -> String {
        let mut shown = text.to_owned();
        for secret in &self.secrets {
            if shown.contains(secret.as_str()) {
                shown = shown.replace(secret.as_str(), MARK);
            }
        }
        hide_credentials(&self.hide_in_addresses(&shown))
    }

    fn fields(&self, fields: &Map<String, Value>) -> Map<String, Value> {
        let field = |(name, value): (&String, &Value)| {
            let value = if self.is_secret(name) {
                self.behind_secret_name(value)
            } else {
                self.json(value)
            };
            (self.text(name), value)
        };
        fields.iter().map(field).collect()
    }

    fn behind_secret_name(&self, value: &Value) -> Value {
        match value {
            Value::String(_) => Value::String(MARK.to_owned()),
            Value::Array(items) => {
                let items = items.iter().map(|item| self.behind_secret_name(item));
                items.collect()
            }
            other => self.json(other),
        }
    }

    /// Says whether what has this name is a secret.
    fn is_secret(&self, name: &str) -> bool {
        let lower = name.to_lowercase();
        if self.shown.as_ref() == Some(&lower) {
            return false;
        }
        self.names.contains(&lower)
            || self.prefixes.iter().any(|prefix| lower.starts_with(prefix))
            || SECRET_WORDS.contains(&last_word(name).to_lowercase().as_str())
    }

    /// Hides the credentials in the addresses within a text.
    fn hide_in_addresses(&self, text: &str) -> String {
        let mut shown = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = find_address(rest) {
            let (before, address) = rest.split_at(start);
            let ends = |letter: char| letter.is_whitespace() || "\"'<>".contains(letter);
            let (address, after) = address.split_at(address.find(ends).unwrap_or(address.len()));
            shown.push_str(before);
            shown.push_str(&self.address(address));
            rest = after;
        }
        shown.push_str(rest);
        shown
    }

    fn address(&self, address: &str) -> String {
        let (address, fragment) = split_at_first(address, '#');
        let (address, query) = split_at_first(address, '?');
        let query = query.map(|query| format!("?{}", self.pairs(query)));
        let fragment = fragment.map(|fragment| format!("#{}", self.pairs(fragment)));
        let (query, fragment) = (query.unwrap_or_default(), fragment.unwrap_or_default());
        format!("{}{query}{fragment}", without_user(address))
    }

    fn pairs(&self, query: &str) -> String {
        let pair = |pair: &str| match pair.split_once('=') {
            Some((name, _)) if self.is_secret(&percent_decoded(name)) => format!("{name}={MARK}"),
            _ => pair.to_owned(),
        };
        query.split('&').map(pair).collect::<Vec<_>>().join("&")
    }
}

/// Gives a header's value without a first word such as `Bearer`.
fn without_scheme(value: &str) -> &str {
    match value.split_once(' ') {
        Some((scheme, rest)) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) => rest,
        _ => value,
    }
}

/// Gives a secret in the ways in which it may be written.
fn forms(secret: &str) -> [String; 4] {
    let quoted = Value::from(secret).to_string();
    let escaped = quoted[1..quoted.len() - 1].to_owned();
    let encoded = percent_encoded(secret);
    [secret.to_owned(), encoded, escaped, base64::encode(secret)]
}

/// Gives the last word of a name; words end at `-`, `_` and before humps.
fn last_word(name: &str) -> &str {
    let mut start = 0;
    let mut lower = false;
    for (index, letter) in name.char_indices() {
        if matches!(letter, '-' | '_') {
            start = index + 1;
        } else if lower && letter.is_uppercase() {
            start = index;
        }
        lower = letter.is_lowercase();
    }
    &name[start..]
}

fn split_at_first(text: &str, separator: char) -> (&str, Option<&str>) {
    match text.split_once(separator) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

/// Hides the user information, which ends at the last `@` before the path.
fn without_user(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else {
        return address.to_owned();
    };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match host.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://{MARK}@{host}{path}"),
        None => address.to_owned(),
    }
}

fn find_address(text: &str) -> Option<usize> {
    let places = ["http:", "https:"].map(|scheme| text.find(scheme));
    places.into_iter().flatten().min()
}

pub(super) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = after.get(..2).filter(|_| *first == b'%');
        let hex = hex.and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Hides what follows `Bearer` or `Basic` and looks like a credential.
fn hide_credentials(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut shown = String::with_capacity(text.len());
    let mut done = 0;
    for (index, _) in lower.match_indices("b") {
        let scheme = ["bearer ", "basic "]
            .into_iter()
            .find(|scheme| lower[index..].starts_with(scheme));
        let Some(start) = scheme
            .map(|scheme| index + scheme.len())
            .filter(|_| index >= done)
        else {
            continue;
        };
        let ends = |letter: char| !letter.is_ascii_alphanumeric() && !"-._~+/=".contains(letter);
        let length = text[start..].find(ends).unwrap_or(text.len() - start);
        if length >= SHORTEST_CREDENTIAL {
            shown.push_str(&text[done..start]);
            shown.push_str(MARK);
            done = start + length;
        }
    }
    shown.push_str(&text[done..]);
    shown
}
