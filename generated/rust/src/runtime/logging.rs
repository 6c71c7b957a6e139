//! Part of the generated SDK's fixed runtime: the log of a client's calls.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::HeaderMap;
use serde_json::{json, Map, Value};

use super::error::Error;
use super::interceptors::Attempt;
use super::redaction::Redactor;
use super::response::ResponseInfo;

/// The least that is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum LogLevel {
    /// Requests, answers and ends of streams.
    Debug,
    /// Repetitions and errors.
    Info,
    /// What should not happen.
    #[default]
    Warn,
    /// Nothing.
    Off,
}

impl LogLevel {
    /// Reads a level; any other text is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        match &*text.to_lowercase() {
            "debug" => Some(Self::Debug),
            "info" => Some(Self::Info),
            "warn" => Some(Self::Warn),
            "off" => Some(Self::Off),
            _ => None,
        }
    }

    /// The level's name, in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Off => "off",
        }
    }
}

/// A line of the log, with nothing secret in it. It is shown as one line of text.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LogRecord {
    /// How much the record matters.
    pub level: LogLevel,
    /// What happened.
    pub message: &'static str,
    /// To what.
    pub fields: Map<String, Value>,
}

impl fmt::Display for LogRecord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.message)?;
        for (name, value) in &self.fields {
            write!(formatter, " {name}={value}")?;
        }
        Ok(())
    }
}

/// What takes the records of the log.
#[derive(Clone)]
pub(super) struct Logger(Arc<dyn Fn(&LogRecord) + Send + Sync>);

impl Logger {
    pub(super) fn new(write: impl Fn(&LogRecord) + Send + Sync + 'static) -> Self {
        Self(Arc::new(write))
    }
}

impl Default for Logger {
    /// Writes to the standard error.
    fn default() -> Self {
        Self::new(|record| eprintln!("{}: {record}", record.level.as_str()))
    }
}

impl fmt::Debug for Logger {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Logger")
    }
}

/// Writes what happens to a client's calls, with nothing secret in it.
#[derive(Debug)]
pub(super) struct CallLog {
    lowest: LogLevel,
    logger: Logger,
    redactor: Arc<Redactor>,
}

impl CallLog {
    /// Makes a log, if there is anything that would be written.
    pub(super) fn new(lowest: LogLevel, logger: Logger, redactor: Arc<Redactor>) -> Option<Self> {
        (lowest <= LogLevel::Info).then_some(Self {
            lowest,
            logger,
            redactor,
        })
    }

    /// Gives the same log with another redactor.
    pub(super) fn with(&self, redactor: &Arc<Redactor>) -> Self {
        Self {
            lowest: self.lowest,
            logger: self.logger.clone(),
            redactor: Arc::clone(redactor),
        }
    }

    pub(super) fn answered(&self, attempt: &Attempt, response: &ResponseInfo) {
        let fields = json!({
            "status": response.status(),
            "request_id": response.request_id(),
            "seconds": attempt.started.elapsed().as_secs_f64(),
            "response_headers": headers(response.headers()),
        });
        self.write(LogLevel::Debug, "answered", fields, attempt);
    }

    pub(super) fn trying_again(&self, attempt: &Attempt, error: &Error, delay: Duration) {
        let fields = json!({"delay": delay.as_secs_f64(), "cause": error.to_string()});
        self.write(LogLevel::Info, "trying again", fields, attempt);
    }

    pub(super) fn failed(&self, attempt: &Attempt, error: &Error) {
        let fields = json!({"error": error.to_string()});
        self.write(LogLevel::Info, "failed", fields, attempt);
    }

    pub(super) fn stream_ended(
        &self,
        attempt: &Attempt,
        ending: &str,
        last_event_id: Option<&str>,
        seen: u64,
    ) {
        let fields = json!({"ending": ending, "last_event_id": last_event_id, "events_seen": seen});
        self.write(LogLevel::Debug, "stream ended", fields, attempt);
    }

    fn write(&self, level: LogLevel, message: &'static str, fields: Value, attempt: &Attempt) {
        if level < self.lowest {
            return;
        }
        let mut fields = fields;
        fields["method"] = json!(attempt.method);
        fields["url"] = json!(attempt.url.as_str());
        fields["headers"] = headers(&attempt.headers);
        fields["attempt"] = json!(attempt.number);
        let redactor = self.redactor.knowing(&attempt.url, &attempt.headers);
        if let Value::Object(fields) = redactor.json(&fields) {
            (self.logger.0)(&LogRecord {
                level,
                message,
                fields,
            });
        }
    }
}

fn headers(headers: &HeaderMap) -> Value {
    let header = |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.to_string(), Value::String(value))
    };
    Value::Object(headers.iter().map(header).collect())
}
