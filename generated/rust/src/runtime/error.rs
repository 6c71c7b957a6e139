//! Part of the generated SDK's fixed runtime: the one error type.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::cancel::reason_in;
use super::redaction::Redactor;
use super::response::ResponseInfo;
use super::retry;
use super::sse::LimitExceeded;

/// The time limit that ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeLimit {
    /// Making a connection.
    Connect,
    /// The wait for the first byte of the answer.
    FirstByte,
    /// The wait for the next bytes of the answer.
    Idle,
    /// The whole call, its retries included.
    Total,
}

/// What kind of failure an [`Error`] stands for.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Failure {
    /// The client or the call was set up wrongly; nothing was sent.
    Configuration,
    /// No connection, or the connection broke.
    Connection,
    /// A time limit ran out.
    Timeout(TimeLimit),
    /// The server answered with an error, or sent one within a stream.
    Api(Box<ApiError>),
    /// Something the server sent could not be read.
    Decode,
    /// A stream stopped before its terminal event.
    Truncated,
    /// A stream skipped an event.
    Gap {
        /// The number that had to come next.
        expected: u64,
        /// The number that came.
        received: u64,
    },
    /// A stream carried an event of something else than what was asked for.
    Foreign,
    /// The caller cancelled the call.
    Cancelled,
    /// A webhook is not signed as it must be.
    Webhook,
    /// An interceptor ended the call.
    Interceptor,
    /// A line or an event of a stream was longer than the client allows.
    Limit(LimitExceeded),
}

/// What the server said about an error.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ApiError {
    /// The HTTP status of the answer; that of the stream for an error within one.
    pub status: u16,
    /// The error's type.
    pub kind: Option<String>,
    /// The error's code.
    pub code: Option<String>,
    /// The message for people, without the client's secrets.
    pub message: Option<String>,
    /// The parameter that is wrong.
    pub param: Option<String>,
    /// The server's id of the request.
    pub request_id: Option<String>,
    /// Whether the server says that the same call may be sent again.
    pub retryable: Option<bool>,
    /// How long the server asks to wait.
    pub retry_after: Option<Duration>,
    /// What else there is to know, by code.
    pub details: Map<String, Value>,
    /// The whole error object; null if the server sent none.
    pub object: Value,
    /// Whether it is no failure, but an answer that says that it comes later.
    pub pending: bool,
}

/// Where an error body keeps its parts: property names, `None` where it has none.
#[derive(Clone, Copy, Debug)]
pub struct ErrorShape {
    /// The property with the error object; `None`: the body is the object.
    pub at: Option<&'static str>,
    /// The error's type.
    pub kind: Option<&'static str>,
    /// The error's code.
    pub code: Option<&'static str>,
    /// The message.
    pub message: Option<&'static str>,
    /// The parameter that is wrong.
    pub param: Option<&'static str>,
    /// The id of the request.
    pub request_id: Option<&'static str>,
    /// Whether to send the call again.
    pub retryable: Option<&'static str>,
    /// The seconds to wait.
    pub retry_after: Option<&'static str>,
    /// Further details.
    pub details: Option<&'static str>,
    /// The message of an answer that says that it comes later.
    pub pending: Option<&'static str>,
}

impl ErrorShape {
    /// Reads the error of an answer, whatever its body holds.
    pub fn refusal(
        &self,
        status: u16,
        headers: &HeaderMap,
        body: &str,
        now: SystemTime,
    ) -> ApiError {
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        let object = self.at.map_or(&body, |at| &body[at]);
        let mut error = self.read(object, status);
        error.retry_after = retry::asked_delay(headers, now).or(error.retry_after);
        error
    }

    /// Reads an error object. What is empty or of the wrong type is not there.
    pub fn read(&self, object: &Value, status: u16) -> ApiError {
        let value = |name: Option<&str>| name.map_or(&Value::Null, |name| &object[name]);
        let text = |name| {
            let text = value(name).as_str().filter(|text| !text.is_empty());
            text.map(str::to_owned)
        };
        ApiError {
            status,
            kind: text(self.kind),
            code: text(self.code),
            message: text(self.message),
            param: text(self.param),
            request_id: text(self.request_id),
            retryable: value(self.retryable).as_bool(),
            retry_after: value(self.retry_after)
                .as_f64()
                .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
            details: value(self.details).as_object().cloned().unwrap_or_default(),
            object: if object.is_object() {
                object.clone()
            } else {
                Value::Null
            },
            pending: false,
        }
    }
}

/// How an API error finds its kind: by code, then by type, then by status.
#[derive(Clone, Copy, Debug)]
pub struct ErrorRule<K: 'static> {
    /// The kind that the rule gives.
    pub kind: K,
    /// The codes it stands for.
    pub codes: &'static [&'static str],
    /// The types it stands for.
    pub types: &'static [&'static str],
    /// The statuses it stands for.
    pub statuses: &'static [u16],
}

/// Picks the kind of an API error.
pub fn classify<K: Copy>(error: &ApiError, rules: &[ErrorRule<K>]) -> Option<K> {
    let among = |names: &[&str], name: &Option<String>| {
        name.as_deref().is_some_and(|name| names.contains(&name))
    };
    let by_code = rules.iter().find(|rule| among(rule.codes, &error.code));
    let by_type = || rules.iter().find(|rule| among(rule.types, &error.kind));
    let by_status = || {
        rules
            .iter()
            .find(|rule| rule.statuses.contains(&error.status))
    };
    by_code
        .or_else(by_type)
        .or_else(by_status)
        .map(|rule| rule.kind)
}

/// Why a call or a stream failed.
///
/// Ask it what it is: its kind, the status and the request id, whether a time limit
/// ran out, whether sending the call again may help.
pub struct Error(Box<Inner>);

struct Inner {
    failure: Failure,
    message: String,
    body: Option<String>,
    content: Bytes,
    response: Option<ResponseInfo>,
    last_event_id: Option<String>,
    events_seen: u64,
    placed: bool,
    redactor: Option<Arc<Redactor>>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// Makes an error.
    pub fn new(failure: Failure, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            failure,
            message: message.into(),
            body: None,
            content: Bytes::new(),
            response: None,
            last_event_id: None,
            events_seen: 0,
            placed: false,
            redactor: None,
            source: None,
        }))
    }

    /// Makes an error about how the client or a call was set up.
    pub fn configuration(message: impl Into<String>) -> Self {
        Self::new(Failure::Configuration, message)
    }

    /// Makes an error about a connection that was not made, or broke.
    pub(super) fn connection(message: &str) -> Self {
        Self::new(Failure::Connection, message)
    }

    /// Makes an error about something that could not be read.
    pub fn decode(raw: &str, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let source = source.into();
        let message = format!("could not read what the server sent: {source}");
        let mut error = Self::new(Failure::Decode, message).caused_by(source);
        error.0.body = Some(raw.to_owned());
        error
    }

    /// Makes the error for a time limit that ran out.
    pub fn timeout(limit: TimeLimit) -> Self {
        let message = match limit {
            TimeLimit::Connect => "no connection within the time limit",
            TimeLimit::FirstByte => "no answer within the time limit",
            TimeLimit::Idle => "the answer stalled for longer than the time limit",
            TimeLimit::Total => "the call took longer than the time limit",
        };
        Self::new(Failure::Timeout(limit), message)
    }

    /// Makes an error from an answer of the server.
    pub fn api(error: ApiError, body: Option<String>) -> Self {
        let message = match error.status {
            200..=299 => "the stream ended with an error".to_owned(),
            status => format!("the server answered with status {status}"),
        };
        let mut made = Self::new(Failure::Api(Box::new(error)), message);
        made.0.body = body;
        made
    }

    /// Adds the bytes of the answer.
    pub(super) fn with_content(mut self, content: Bytes) -> Self {
        self.0.content = content;
        self
    }

    pub(super) fn content(&self) -> Bytes {
        self.0.content.clone()
    }

    /// Adds the error's cause.
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Hides secrets in what the error says; a cause that holds one is not kept.
    ///
    /// What the server sent stays as it came, for those who ask for that.
    pub(super) fn redacted(mut self, redactor: &Arc<Redactor>) -> Self {
        self.0.message = redactor.text(&self.0.message);
        if let Failure::Api(error) = &mut self.0.failure {
            error.message = error.message.as_deref().map(|said| redactor.text(said));
        }
        self.0.redactor = Some(Arc::clone(redactor));
        if let Some(source) = &self.0.source {
            let printed = printed(&**source);
            let shown = redactor.text(&printed);
            if shown != printed && !matches!(self.0.failure, Failure::Interceptor) {
                self.0.source = Some(redactor.text(&source.to_string()).into());
            }
        }
        self
    }

    /// The reason that was given for cancelling the call.
    pub fn cancel_reason(&self) -> Option<&(dyn StdError + 'static)> {
        reason_in(self.0.source.as_deref()?)
    }

    /// Shows a text without the client's secrets.
    fn shown(&self, text: &str) -> String {
        match &self.0.redactor {
            Some(redactor) => redactor.text(text),
            None => text.to_owned(),
        }
    }

    /// Adds the response that the error came with.
    pub fn with_response(mut self, response: ResponseInfo) -> Self {
        let redactor = response.redactor().cloned();
        self.0.response = Some(response);
        match redactor {
            Some(redactor) => self.redacted(&redactor),
            None => self,
        }
    }

    /// Says whether the error knows how far its stream had come.
    pub(super) fn is_placed(&self) -> bool {
        self.0.placed
    }

    /// Adds how far a stream had come.
    pub fn with_position(mut self, last_event_id: Option<String>, events_seen: u64) -> Self {
        self.0.last_event_id = last_event_id;
        self.0.events_seen = events_seen;
        self.0.placed = true;
        self
    }

    /// The kind of failure.
    pub fn failure(&self) -> &Failure {
        &self.0.failure
    }

    /// What the server said, if the error is the server's.
    pub fn api_error(&self) -> Option<&ApiError> {
        match &self.0.failure {
            Failure::Api(error) => Some(error),
            _ => None,
        }
    }

    /// The HTTP status of the answer.
    pub fn status(&self) -> Option<u16> {
        let response = self.0.response.as_ref().map(ResponseInfo::status);
        self.api_error().map(|error| error.status).or(response)
    }

    /// The error's type, in the server's words.
    pub fn error_type(&self) -> Option<&str> {
        self.api_error()?.kind.as_deref()
    }

    /// The error's code, in the server's words.
    pub fn code(&self) -> Option<&str> {
        self.api_error()?.code.as_deref()
    }

    /// The message: the server's own, or ours, without the client's secrets.
    pub fn message(&self) -> &str {
        let said = self.api_error().and_then(|error| error.message.as_deref());
        said.unwrap_or(&self.0.message)
    }

    /// The parameter that the server found wrong.
    pub fn param(&self) -> Option<&str> {
        self.api_error()?.param.as_deref()
    }

    /// The server's id of the request, to be quoted when asking for help.
    pub fn request_id(&self) -> Option<&str> {
        let said = self
            .api_error()
            .and_then(|error| error.request_id.as_deref());
        said.or_else(|| self.0.response.as_ref()?.request_id())
    }

    /// How long the server asks to wait, read from the error or from `Retry-After`.
    pub fn retry_after(&self) -> Option<Duration> {
        let said = self.api_error().and_then(|error| error.retry_after);
        said.or_else(|| self.0.response.as_ref()?.retry_after())
    }

    /// The details of an API error, read as `T`; `None` if they have another shape.
    pub fn details<T: DeserializeOwned>(&self) -> Option<T> {
        let details = Value::Object(self.api_error()?.details.clone());
        serde_json::from_value(details).ok()
    }

    /// What the server sent: an error's body, or the text that could not be read.
    pub fn body(&self) -> Option<&str> {
        self.0.body.as_deref()
    }

    /// The response that the error came with.
    pub fn response(&self) -> Option<&ResponseInfo> {
        self.0.response.as_ref()
    }

    /// The id of the last event that a stream delivered: where to resume.
    pub fn last_event_id(&self) -> Option<&str> {
        self.0.last_event_id.as_deref()
    }

    /// How many events the stream had delivered.
    pub fn events_seen(&self) -> u64 {
        self.0.events_seen
    }

    /// Whether a time limit ran out.
    pub fn is_timeout(&self) -> bool {
        matches!(self.0.failure, Failure::Timeout(_))
    }

    /// Whether no connection was made, or it broke.
    pub fn is_connection(&self) -> bool {
        matches!(
            self.0.failure,
            Failure::Connection | Failure::Timeout(TimeLimit::Connect)
        )
    }

    /// Whether a stream stopped before its terminal event.
    pub fn is_truncated(&self) -> bool {
        matches!(self.0.failure, Failure::Truncated)
    }

    /// Whether the caller cancelled the call.
    pub fn is_cancelled(&self) -> bool {
        matches!(self.0.failure, Failure::Cancelled)
    }

    /// Whether something the server sent could not be read.
    pub fn is_decode(&self) -> bool {
        matches!(self.0.failure, Failure::Decode | Failure::Limit(_))
    }

    /// Whether the same call, sent again later, may succeed.
    pub fn is_retryable(&self) -> bool {
        match &self.0.failure {
            Failure::Connection | Failure::Timeout(_) | Failure::Truncated => true,
            Failure::Api(error) => error
                .retryable
                .unwrap_or(matches!(error.status, 408 | 429 | 500 | 502 | 503 | 504)),
            _ => false,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(error) = self.api_error() {
            write!(formatter, "{}", error.status)?;
            for part in [&error.kind, &error.code].into_iter().flatten() {
                write!(formatter, " {part}")?;
            }
            formatter.write_str(": ")?;
        }
        formatter.write_str(self.message())?;
        if let Some(param) = self.param() {
            write!(formatter, " (field \"{param}\")")?;
        }
        match self.request_id() {
            Some(id) => write!(formatter, " (request {id})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failure = self.shown(&format!("{:?}", self.0.failure));
        formatter
            .debug_struct("Error")
            .field("failure", &format_args!("{failure}"))
            .field("message", &self.0.message)
            .field("request_id", &self.request_id())
            .field("last_event_id", &self.0.last_event_id)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// Gives all that printing an error and its causes may show.
fn printed(error: &(dyn StdError + 'static)) -> String {
    let mut text = format!("{error:?}");
    let mut next = Some(error);
    while let Some(error) = next {
        text.push('\n');
        text.push_str(&error.to_string());
        next = error.source();
    }
    text
}
