//! Part of the generated SDK's fixed runtime: what may look on while calls are made.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::header::HeaderMap;
use reqwest::Url;

use super::error::{Error, Failure};
use super::logging::CallLog;
use super::response::ResponseInfo;

/// What an interceptor's method gives: its own error ends the call.
pub type Seen = Result<(), Box<dyn StdError + Send + Sync>>;

/// One attempt of a call.
#[non_exhaustive]
pub struct Attempt {
    /// The HTTP method.
    pub method: String,
    /// The address.
    pub url: Url,
    /// The headers; `before_request` may change them, for this attempt alone.
    pub headers: HeaderMap,
    /// The number of the attempt, from 1.
    pub number: u32,
    /// What interceptors keep from one of their methods to the next.
    pub extensions: http::Extensions,
    pub(super) started: Instant,
}

impl fmt::Debug for Attempt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Attempt")
            .field("method", &self.method)
            .field("path", &self.url.path())
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

/// An event of a stream, of whatever type the stream has.
#[derive(Clone, Copy)]
pub struct SeenEvent<'a> {
    name: &'a str,
    event: &'a dyn Any,
}

impl<'a> SeenEvent<'a> {
    /// The event's name.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// The event itself, if it is of the type `E` (the union of a stream's events).
    pub fn event<E: 'static>(&self) -> Option<&'a E> {
        self.event.downcast_ref()
    }
}

impl fmt::Debug for SeenEvent<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("SeenEvent")
            .field(&self.name)
            .finish()
    }
}

/// Looks on while calls are made, and may change what is sent.
///
/// For every attempt a client's interceptors are called in the order in which they were
/// given, then those of the call. An error that a method gives ends the call with an error
/// that has it as its source: the others are not called, nothing is repeated, and the
/// connection is freed.
pub trait Interceptor: Send + Sync {
    /// Before each attempt; its headers may be changed.
    fn before_request(&self, attempt: &mut Attempt) -> Seen {
        let _ = attempt;
        Ok(())
    }

    /// After the head of each answer, whatever its status.
    fn after_response(&self, attempt: &Attempt, response: &ResponseInfo) -> Seen {
        let _ = (attempt, response);
        Ok(())
    }

    /// After an attempt that failed, before the pause until the next.
    fn on_retry(&self, attempt: &Attempt, error: &Error, delay: Duration) -> Seen {
        let _ = (attempt, error, delay);
        Ok(())
    }

    /// Before a call or a stream gives its error to the caller.
    fn on_error(&self, attempt: &Attempt, error: &Error) {
        let _ = (attempt, error);
    }

    /// Before an event of a stream is given out.
    fn on_stream_event(&self, event: SeenEvent<'_>) -> Seen {
        let _ = event;
        Ok(())
    }
}

impl<I: Interceptor + ?Sized> Interceptor for Arc<I> {
    fn before_request(&self, attempt: &mut Attempt) -> Seen {
        (**self).before_request(attempt)
    }

    fn after_response(&self, attempt: &Attempt, response: &ResponseInfo) -> Seen {
        (**self).after_response(attempt, response)
    }

    fn on_retry(&self, attempt: &Attempt, error: &Error, delay: Duration) -> Seen {
        (**self).on_retry(attempt, error, delay)
    }

    fn on_error(&self, attempt: &Attempt, error: &Error) {
        (**self).on_error(attempt, error);
    }

    fn on_stream_event(&self, event: SeenEvent<'_>) -> Seen {
        (**self).on_stream_event(event)
    }
}

/// Interceptors in the order in which they are called.
#[derive(Clone, Default)]
pub(super) struct Interceptors(Vec<Arc<dyn Interceptor>>);

impl Interceptors {
    pub(super) fn push(&mut self, interceptor: impl Interceptor + 'static) {
        self.0.push(Arc::new(interceptor));
    }
}

impl fmt::Debug for Interceptors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Interceptors({})", self.0.len())
    }
}

/// Those who look on while one call is made, with the attempt that is under way.
///
/// Where nobody looks on it is empty, and costs nothing.
#[derive(Clone, Default)]
pub(super) struct Watch(Option<Arc<Watching>>);

struct Watching {
    log: Option<Arc<CallLog>>,
    interceptors: Vec<Arc<dyn Interceptor>>,
    attempt: Option<Attempt>,
}

impl Watch {
    pub(super) fn new(
        log: Option<&Arc<CallLog>>,
        client: &Interceptors,
        call: &Interceptors,
    ) -> Self {
        if log.is_none() && client.0.is_empty() && call.0.is_empty() {
            return Self::default();
        }
        Self(Some(Arc::new(Watching {
            log: log.cloned(),
            interceptors: client.0.iter().chain(&call.0).cloned().collect(),
            attempt: None,
        })))
    }

    /// Whether anyone sees the events of a stream: the log does not.
    pub(super) fn sees_events(&self) -> bool {
        let watching = self.0.as_ref();
        watching.is_some_and(|watching| !watching.interceptors.is_empty())
    }

    pub(super) fn before_request(
        &mut self,
        request: &mut reqwest::Request,
        number: u32,
    ) -> Result<(), Error> {
        // Nobody else holds it before the call is answered.
        let Some(watching) = self.0.as_mut().and_then(Arc::get_mut) else {
            return Ok(());
        };
        let attempt = watching.attempt.insert(Attempt {
            method: request.method().to_string(),
            url: request.url().clone(),
            headers: std::mem::take(request.headers_mut()),
            number,
            extensions: http::Extensions::new(),
            started: Instant::now(),
        });
        for each in &watching.interceptors {
            each.before_request(attempt).map_err(own)?;
        }
        *request.headers_mut() = attempt.headers.clone();
        Ok(())
    }

    pub(super) fn after_response(&self, response: &ResponseInfo) -> Result<(), Error> {
        let Some((watching, attempt)) = self.watching() else {
            return Ok(());
        };
        if let Some(log) = &watching.log {
            log.answered(attempt, response);
        }
        let told = |each: &Arc<dyn Interceptor>| each.after_response(attempt, response);
        watching.interceptors.iter().try_for_each(told).map_err(own)
    }

    pub(super) fn on_retry(&self, error: &Error, delay: Duration) -> Result<(), Error> {
        let Some((watching, attempt)) = self.watching() else {
            return Ok(());
        };
        if let Some(log) = &watching.log {
            log.trying_again(attempt, error, delay);
        }
        let told = |each: &Arc<dyn Interceptor>| each.on_retry(attempt, error, delay);
        watching.interceptors.iter().try_for_each(told).map_err(own)
    }

    /// Tells of an error, unless it is an interceptor's own.
    pub(super) fn on_error(&self, error: &Error) {
        let Some((watching, attempt)) = self.watching() else {
            return;
        };
        if matches!(error.failure(), Failure::Interceptor) {
            return;
        }
        if let Some(log) = &watching.log {
            log.failed(attempt, error);
        }
        for each in &watching.interceptors {
            each.on_error(attempt, error);
        }
    }

    pub(super) fn on_stream_event(&self, name: &str, event: &dyn Any) -> Result<(), Error> {
        let interceptors = self.0.iter().flat_map(|watching| &watching.interceptors);
        for each in interceptors {
            each.on_stream_event(SeenEvent { name, event })
                .map_err(own)?;
        }
        Ok(())
    }

    pub(super) fn on_stream_end(&self, ending: &str, last_event_id: Option<&str>, seen: u64) {
        let Some((watching, attempt)) = self.watching() else {
            return;
        };
        if let Some(log) = &watching.log {
            log.stream_ended(attempt, ending, last_event_id, seen);
        }
    }

    fn watching(&self) -> Option<(&Watching, &Attempt)> {
        let watching = self.0.as_deref()?;
        Some((watching, watching.attempt.as_ref()?))
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Watch")
    }
}

fn own(error: Box<dyn StdError + Send + Sync>) -> Error {
    Error::new(Failure::Interceptor, "an interceptor ended the call").caused_by(error)
}
