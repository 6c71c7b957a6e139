//! Part of the generated SDK's fixed runtime: clients with headers of their own.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::config::set_header;
use super::error::Error;
use super::transport::{new_uuid, Core};
use reqwest::header::HeaderMap;

/// What the scopes around a client were given, and the headers they make of it.
#[derive(Clone, Default)]
pub(super) struct Scope {
    pub(super) shown: BTreeMap<&'static str, String>,
    headers: BTreeMap<&'static str, String>,
}

impl fmt::Debug for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Scope").field(&self.shown).finish()
    }
}

impl Scope {
    pub(super) fn add_headers(&self, headers: &mut HeaderMap) -> Result<(), Error> {
        for (name, value) in &self.headers {
            set_header(headers, name, value)?;
        }
        Ok(())
    }
}

/// What a scope is given, by the arguments' names.
#[derive(Clone, Default)]
pub struct Arguments(BTreeMap<&'static str, String>);

impl Arguments {
    /// Sets an argument.
    pub fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.0.insert(name, value.into());
    }
}

impl fmt::Debug for Arguments {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

/// A scope being put around a client; the client itself stays as it is.
#[derive(Debug)]
pub struct Opening {
    core: Core,
    given: Arguments,
    secrets: Vec<String>,
}

impl Opening {
    /// Begins with what the scope is given.
    pub fn new(core: &Core, given: Arguments) -> Self {
        Self {
            core: core.clone(),
            given,
            secrets: Vec::new(),
        }
    }

    /// Makes an argument that neither this scope nor one around it was given.
    pub fn generate(&mut self, name: &'static str) {
        if !self.core.scope.shown.contains_key(name) {
            let made = || new_uuid();
            self.given.0.entry(name).or_insert_with(made);
        }
    }

    /// Says that an argument is shown to nobody.
    pub fn hide(&mut self, name: &'static str) {
        self.secrets.extend(self.given.0.get(name).cloned());
    }

    /// Adds a header of texts and, in turn, arguments; without one of them, it is left out.
    pub fn header(&mut self, name: &'static str, pieces: &[&'static str]) {
        let around = &self.core.scope.shown;
        let value = pieces.iter().enumerate().map(|(place, piece)| {
            if place % 2 == 0 {
                return Some(*piece);
            }
            let value = self.given.0.get(piece).or_else(|| around.get(piece));
            value.map(String::as_str)
        });
        let value: Option<String> = value.collect();
        if let Some(value) = value {
            let value = value.trim_matches(' ').to_owned();
            self.core.scope.headers.insert(name, value);
        }
    }

    /// Gives the core of a client in the scope, over the same connections.
    pub fn finish(mut self) -> Arc<Core> {
        let shown = self.given.0;
        let shown = shown
            .into_iter()
            .filter(|(_, value)| !self.secrets.contains(value));
        self.core.scope.shown.extend(shown);
        self.core.keep_secret(&self.secrets);
        Arc::new(self.core)
    }
}
