//! Part of the generated SDK's fixed runtime: what is known of a response beside its body.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::header::HeaderMap;

use super::redaction::Redactor;
use super::retry::asked_delay;

/// The status and headers of a response, and how many attempts it took.
#[derive(Clone)]
pub struct ResponseInfo(Arc<Parts>);

struct Parts {
    status: u16,
    headers: HeaderMap,
    request_id_header: Option<&'static str>,
    attempts: u32,
    redactor: Option<Arc<Redactor>>,
}

impl ResponseInfo {
    /// Keeps what a response said.
    pub fn new(
        status: u16,
        headers: HeaderMap,
        request_id_header: Option<&'static str>,
        attempts: u32,
    ) -> Self {
        Self(Arc::new(Parts {
            status,
            headers,
            request_id_header,
            attempts,
            redactor: None,
        }))
    }

    /// Gives what is known of an answer that was kept and stands for this one.
    pub(super) fn standing_for(&self, status: u16, headers: HeaderMap) -> Self {
        let (header, attempts) = (self.0.request_id_header, self.0.attempts);
        let made = Self::new(status, headers, header, attempts);
        match &self.0.redactor {
            Some(redactor) => made.redacted(redactor),
            None => made,
        }
    }

    /// Hides secrets when the response is printed.
    pub(super) fn redacted(mut self, redactor: &Arc<Redactor>) -> Self {
        if let Some(parts) = Arc::get_mut(&mut self.0) {
            parts.redactor = Some(Arc::clone(redactor));
        }
        self
    }

    pub(super) fn redactor(&self) -> Option<&Arc<Redactor>> {
        self.0.redactor.as_ref()
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.0.status
    }

    /// All headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// The value of a header, if it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.0.headers.get(name)?.to_str().ok()
    }

    /// The server's id of the request.
    pub fn request_id(&self) -> Option<&str> {
        self.header(self.0.request_id_header?)
    }

    /// How many attempts the call took.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// How long `retry-after-ms`, else `Retry-After`, asks to wait from now.
    pub fn retry_after(&self) -> Option<Duration> {
        asked_delay(self.headers(), SystemTime::now())
    }
}

impl fmt::Debug for ResponseInfo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let redactor = self.0.redactor.clone().unwrap_or_default();
        let headers = self.0.headers.iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            (name.as_str(), redactor.header(name.as_str(), &value))
        });
        formatter
            .debug_struct("ResponseInfo")
            .field("status", &self.0.status)
            .field("headers", &headers.collect::<Vec<_>>())
            .field("attempts", &self.0.attempts)
            .finish()
    }
}

/// A result together with the response it came in.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WithResponse<T> {
    /// What the call gives.
    pub value: T,
    /// The response's status and headers.
    pub response: ResponseInfo,
}
