//! Part of the generated SDK's fixed runtime: typed event streams that end as declared.
//!
//! A stream yields its events up to the declared terminal one. When the connection
//! is cut before that, a stream that can be resumed goes on by itself after the last
//! event it has seen; any other ends with an error. It never ends silently.

use std::fmt;
use std::future::{poll_fn, Future};
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use serde_json::Value;
use tokio::time::{sleep, Instant, Sleep};

use super::call::{BoxFuture, Reply};
use super::error::{Error, Failure, TimeLimit};
use super::fold::Fold;
use super::request::{Operation, Options, Request};
use super::response::{ResponseInfo, WithResponse};
use super::retry;
use super::sse::{Decoder, Frame};
use super::transport::{Body, Opened, Sender};

/// What is fixed about a kind of stream.
#[derive(Debug)]
pub struct Descriptor {
    /// Whether frames carry the event's name.
    pub enveloped: bool,
    /// Whether the order of events is declared; if not, the end of the body is the end.
    pub declared: bool,
    /// The names of the events that end the stream.
    pub terminal: &'static [&'static str],
    /// The data of a last frame that is no event.
    pub sentinel: Option<&'static str>,
    /// The event that carries an error, and the property that holds it.
    pub error: Option<(&'static str, &'static str)>,
    /// Whether events are numbered 1, 2, 3 … and their ids are those numbers.
    pub numbered: bool,
    /// How a cut stream goes on.
    pub resume: Option<Resume>,
}

/// How a cut stream goes on.
#[derive(Debug)]
pub struct Resume {
    /// The operation that gives the rest of the stream.
    pub operation: &'static Operation,
    /// Its path parameters, each with the event field that holds the value.
    pub parameters: &'static [(&'static str, &'static str)],
    /// The query parameter for the cursor.
    pub query: Option<&'static str>,
    /// The header for the cursor.
    pub header: Option<&'static str>,
    /// The statuses that say that the stream is over.
    pub finished: &'static [u16],
}

/// A kind of stream: its events, what they build, and how it is read.
pub trait StreamKind: Sized + 'static {
    /// The stream's events.
    type Event: Send + 'static;

    /// What builds the final object.
    type Fold: Fold<Self::Event>;

    /// What is fixed about the stream.
    const DESCRIPTOR: &'static Descriptor;

    /// Reads an event; `name` is that of its frame, where frames have names.
    fn decode(name: Option<&str>, data: &str) -> Result<Self::Event, serde_json::Error>;

    /// The event's name.
    fn name(event: &Self::Event) -> &str;

    /// The event's number.
    fn sequence(event: &Self::Event) -> Option<u64>;
}

/// An answer that is a stream of events.
#[derive(Debug)]
pub struct Streaming<K>(PhantomData<fn() -> K>);

impl<K: StreamKind> Reply for Streaming<K> {
    type Output = EventStream<K>;

    const ACCEPT: &'static str = "text/event-stream";

    fn receive(opened: Opened) -> BoxFuture<Result<WithResponse<EventStream<K>>, Error>> {
        Box::pin(async {
            let opened = expect_events(opened).await?;
            let response = opened.response.clone();
            let value = EventStream::new(opened);
            Ok(WithResponse { value, response })
        })
    }
}

/// Refuses an answer that is something other than events.
async fn expect_events(opened: Opened) -> Result<Opened, Error> {
    let kind = opened.response.header("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if opened.response.status() == 204 || kind.eq_ignore_ascii_case("text/event-stream") {
        return Ok(opened);
    }
    let problem = format!("expected a stream of events, not `{kind}`");
    let response = opened.response.clone();
    let (body, _) = opened.read().await?;
    let raw = String::from_utf8_lossy(&body);
    Err(Error::decode(&raw, problem).with_response(response))
}

/// A stream of typed events. Dropping it frees the connection.
///
/// After an event that could not be read the stream goes on; after any other error
/// it is at its end.
#[must_use = "a stream does nothing until it is read"]
pub struct EventStream<K: StreamKind> {
    sender: Sender,
    response: ResponseInfo,
    state: State,
    decoder: Decoder,
    idle: Duration,
    timer: Pin<Box<Sleep>>,
    waiting: bool,
    resumes: u32,
    progress: Progress<K>,
}

enum State {
    Open(Body),
    Attaching(BoxFuture<Result<Opened, Error>>),
    Closed,
}

/// How far a stream has come.
struct Progress<K: StreamKind> {
    sequence: u64,
    last_event_id: String,
    events_seen: u64,
    advanced: bool,
    parameters: Option<Vec<(&'static str, String)>>,
    fold: K::Fold,
}

/// What became of a frame.
enum Accepted<E> {
    Event(E),
    LastEvent(E),
    Seen,
    End,
    Unreadable(Error),
    Failed(Error),
}

impl<K: StreamKind> EventStream<K> {
    fn new(opened: Opened) -> Self {
        let idle = opened.sender.timeouts().idle;
        let progress = Progress::new(&opened.sender.request);
        let finished = opened.response.status() == 204;
        Self {
            response: opened.response,
            state: if finished {
                State::Closed
            } else {
                State::Open(opened.body)
            },
            decoder: Decoder::new(opened.sender.core.limits),
            sender: opened.sender,
            idle,
            timer: Box::pin(sleep(idle)),
            waiting: false,
            resumes: 0,
            progress,
        }
    }

    /// Gives the next event.
    pub async fn next(&mut self) -> Option<Result<K::Event, Error>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// Reads the stream to its end and gives what its events build.
    pub async fn collect_final(mut self) -> Result<<K::Fold as Fold<K::Event>>::Output, Error> {
        while let Some(event) = self.next().await {
            event?;
        }
        let (last_event_id, events_seen) = self.progress.position();
        let error = match self.progress.fold.finish() {
            Ok(Some(whole)) => return Ok(whole),
            Ok(None) => Error::decode("", "no event began the stream's final object"),
            Err(error) => Error::decode("", error),
        };
        Err(error
            .with_position(last_event_id, events_seen)
            .with_response(self.response))
    }

    /// The status and headers of the response that the stream began with.
    pub fn response(&self) -> &ResponseInfo {
        &self.response
    }

    /// The server's id of the request.
    pub fn request_id(&self) -> Option<&str> {
        self.response.request_id()
    }

    /// The id of the last event: where to resume.
    pub fn last_event_id(&self) -> Option<&str> {
        Some(self.progress.last_event_id.as_str()).filter(|id| !id.is_empty())
    }

    /// Closes the connection. Dropping the stream does the same.
    pub fn close(self) {
        drop(self);
    }

    /// Gives the texts that `pick` finds in events, as they arrive.
    pub fn deltas(&mut self, pick: fn(&K::Event) -> Option<&str>) -> Deltas<'_, K> {
        Deltas { stream: self, pick }
    }

    fn finish(&mut self, error: Option<Error>) -> Option<Error> {
        self.state = State::Closed;
        error.map(|error| self.placed(error))
    }

    fn placed(&self, error: Error) -> Error {
        let (last_event_id, events_seen) = self.progress.position();
        let error = error.with_position(last_event_id, events_seen);
        if error.response().is_some() {
            return error;
        }
        error.with_response(self.response.clone())
    }

    /// Takes the next frame out of the bytes at hand.
    fn accept_buffered(&mut self) -> Option<Accepted<K::Event>> {
        match self.decoder.next_frame() {
            Ok(Some(frame)) => Some(self.progress.accept(&frame, &self.sender)),
            Ok(None) => None,
            Err(limit) => Some(Accepted::Failed(Error::decode("", limit))),
        }
    }

    /// Waits for bytes; gives the reason when the connection is cut.
    fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Option<Error>> {
        let State::Open(body) = &mut self.state else {
            return Poll::Ready(None);
        };
        match body.poll_chunk(context) {
            Poll::Ready(Some(Ok(bytes))) => {
                self.waiting = false;
                self.decoder.feed(&bytes);
                Poll::Ready(None)
            }
            Poll::Ready(Some(Err(error))) => {
                Poll::Ready(Some(truncated("the connection broke").caused_by(error)))
            }
            Poll::Ready(None) => Poll::Ready(Some(truncated(
                "the stream stopped before its terminal event",
            ))),
            Poll::Pending => self.poll_idle(context),
        }
    }

    fn poll_idle(&mut self, context: &mut Context<'_>) -> Poll<Option<Error>> {
        if !self.waiting {
            self.waiting = true;
            self.timer.as_mut().reset(Instant::now() + self.idle);
        }
        match self.timer.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Some(Error::timeout(TimeLimit::Idle))),
            Poll::Pending => Poll::Pending,
        }
    }

    /// Goes on after a cut, or gives the error if there is no going on.
    fn go_on(&mut self, cause: Error) -> Option<Error> {
        if !K::DESCRIPTOR.declared
            && cause.is_truncated()
            && std::error::Error::source(&cause).is_none()
        {
            return self.finish(None);
        }
        if self.progress.advanced {
            self.progress.advanced = false;
            self.resumes = 0;
        }
        self.resumes += 1;
        let policy = &self.sender.core.retry;
        let sender = match self.resuming_sender() {
            Some(sender) if self.resumes <= policy.max_resumes => sender,
            _ => return self.finish(Some(cause)),
        };
        let delay = match cause.retry_after() {
            Some(asked) if asked > policy.retry_after_cap => return self.finish(Some(cause)),
            Some(asked) => asked,
            None => retry::backoff(policy, false, self.resumes, retry::random()),
        };
        self.state = State::Attaching(Box::pin(async move {
            sleep(delay).await;
            expect_events(sender.open().await?).await
        }));
        None
    }

    fn resuming_sender(&self) -> Option<Sender> {
        let resume = K::DESCRIPTOR.resume.as_ref()?;
        let original = &self.sender;
        let request = self.progress.resuming_request(resume, &original.request)?;
        Some(Sender {
            core: original.core.clone(),
            request,
            options: Options {
                headers: original.options.headers.clone(),
                timeouts: original.options.timeouts,
                max_attempts: Some(1),
                ..Options::default()
            },
            accept: original.accept,
        })
    }

    fn attached(&mut self, attached: Result<Opened, Error>) -> Option<Error> {
        match attached {
            Ok(opened) if is_finished::<K>(opened.response.status()) => {
                let message = "the server has no more events, yet the terminal one never came";
                self.finish(Some(truncated(message)))
            }
            Ok(opened) => {
                self.decoder = Decoder::new(self.sender.core.limits);
                self.waiting = false;
                self.state = State::Open(opened.body);
                None
            }
            Err(error) if may_attach_again(&error) => self.go_on(error),
            Err(error) => self.finish(Some(error)),
        }
    }
}

impl<K: StreamKind> Stream for EventStream<K> {
    type Item = Result<K::Event, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            let failed = match &mut this.state {
                State::Closed => return Poll::Ready(None),
                State::Attaching(attaching) => match attaching.as_mut().poll(context) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(attached) => this.attached(attached),
                },
                State::Open(_) => match this.accept_buffered() {
                    Some(Accepted::Event(event)) => return Poll::Ready(Some(Ok(event))),
                    Some(Accepted::LastEvent(event)) => {
                        this.finish(None);
                        return Poll::Ready(Some(Ok(event)));
                    }
                    Some(Accepted::Unreadable(error)) => Some(this.placed(error)),
                    Some(Accepted::Failed(error)) => this.finish(Some(error)),
                    Some(Accepted::End) => this.finish(None),
                    Some(Accepted::Seen) => None,
                    None => match this.poll_bytes(context) {
                        Poll::Pending => return Poll::Pending,
                        Poll::Ready(None) => None,
                        Poll::Ready(Some(cause)) => this.go_on(cause),
                    },
                },
            };
            if let Some(error) = failed {
                return Poll::Ready(Some(Err(error)));
            }
        }
    }
}

// Nothing in it is pinned in place: its futures are boxed.
impl<K: StreamKind> Unpin for EventStream<K> {}

impl<K: StreamKind> fmt::Debug for EventStream<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("EventStream")
            .field("response", &self.response)
            .field("last_event_id", &self.progress.last_event_id)
            .field("events_seen", &self.progress.events_seen)
            .finish_non_exhaustive()
    }
}

impl<K: StreamKind> Progress<K> {
    fn new(request: &Request) -> Self {
        let resume = K::DESCRIPTOR.resume.as_ref();
        let own = resume.filter(|resume| std::ptr::eq(resume.operation, request.operation));
        let cursor = own.and_then(|resume| {
            let header = resume.header.and_then(|name| request.header_value(name));
            header.or_else(|| request.query_value(resume.query?))
        });
        let last_event_id = cursor.unwrap_or_default().to_owned();
        Self {
            sequence: last_event_id.parse().unwrap_or_default(),
            last_event_id,
            events_seen: 0,
            advanced: false,
            parameters: None,
            fold: K::Fold::default(),
        }
    }

    fn position(&self) -> (Option<String>, u64) {
        let id = Some(self.last_event_id.clone()).filter(|id| !id.is_empty());
        (id, self.events_seen)
    }

    fn accept(&mut self, frame: &Frame<'_>, sender: &Sender) -> Accepted<K::Event> {
        let descriptor = K::DESCRIPTOR;
        if descriptor.sentinel == Some(&*frame.data) {
            return Accepted::End;
        }
        let named = descriptor.enveloped && frame.event != "message";
        let decoded = K::decode(named.then_some(&*frame.event), &frame.data);
        let number = match &decoded {
            Ok(event) => K::sequence(event).or_else(|| frame_number(frame)),
            Err(_) => frame_number(frame),
        };
        if let Some(number) = number.filter(|_| descriptor.numbered) {
            if number <= self.sequence {
                return Accepted::Seen;
            }
            if number > self.sequence + 1 {
                return Accepted::Failed(gap(self.sequence + 1, number));
            }
            self.sequence = number;
        }
        self.advance(frame);
        match decoded {
            Ok(event) => self.take(event, frame, sender),
            Err(error) => Accepted::Unreadable(Error::decode(&frame.data, error)),
        }
    }

    fn take(&mut self, event: K::Event, frame: &Frame<'_>, sender: &Sender) -> Accepted<K::Event> {
        let name = K::name(&event);
        if let Some((_, at)) = K::DESCRIPTOR.error.filter(|(error, _)| *error == name) {
            let data: Value = serde_json::from_str(&frame.data).unwrap_or_default();
            let said = sender.core.service.errors.read(&data[at]);
            return Accepted::Failed(Error::api(said, Some(frame.data.to_string())));
        }
        self.fold.push(&event);
        if K::DESCRIPTOR.terminal.contains(&name) {
            return Accepted::LastEvent(event);
        }
        Accepted::Event(event)
    }

    fn advance(&mut self, frame: &Frame<'_>) {
        self.advanced = true;
        self.events_seen += 1;
        if frame.has_id {
            self.last_event_id.clear();
            self.last_event_id.push_str(frame.last_event_id);
        }
        if self.parameters.is_none() {
            self.parameters = K::DESCRIPTOR
                .resume
                .as_ref()
                .and_then(|resume| read_parameters(resume, &frame.data));
        }
    }

    /// Asks for what comes after the last event, if that is known well enough.
    fn resuming_request(&self, resume: &Resume, original: &Request) -> Option<Request> {
        let own = std::ptr::eq(resume.operation, original.operation);
        let mut request = if own {
            original.clone()
        } else {
            let mut request = Request::new(resume.operation);
            for (name, value) in self.parameters.as_ref()? {
                request.path(name, value);
            }
            request
        };
        if self.last_event_id.is_empty() {
            return Some(request).filter(|_| own);
        }
        if let Some(name) = resume.query {
            request = request.with_cursor(name, self.last_event_id.clone());
        }
        if let Some(name) = resume.header {
            request = request.with_header(name, self.last_event_id.clone());
        }
        Some(request)
    }
}

fn frame_number(frame: &Frame<'_>) -> Option<u64> {
    frame.last_event_id.parse().ok().filter(|_| frame.has_id)
}

/// Reads the path parameters of the resuming call out of an event.
fn read_parameters(resume: &Resume, data: &str) -> Option<Vec<(&'static str, String)>> {
    let event: Value = serde_json::from_str(data).ok()?;
    let read = |(parameter, field): &(&'static str, &str)| {
        let value = event.get(field)?;
        let text = value.as_str().map(str::to_owned);
        Some((
            *parameter,
            text.or_else(|| Some(value.as_i64()?.to_string()))?,
        ))
    };
    resume.parameters.iter().map(read).collect()
}

fn is_finished<K: StreamKind>(status: u16) -> bool {
    let resume = K::DESCRIPTOR.resume.as_ref();
    status == 204 || resume.is_some_and(|resume| resume.finished.contains(&status))
}

fn may_attach_again(error: &Error) -> bool {
    error.is_connection()
        || error.is_timeout()
        || matches!(error.status(), Some(408 | 429 | 500 | 502 | 503 | 504))
}

fn truncated(message: &str) -> Error {
    Error::new(Failure::Truncated, message)
}

fn gap(expected: u64, received: u64) -> Error {
    let message = format!("event {expected} is missing: event {received} came instead");
    Error::new(Failure::Gap { expected, received }, message)
}

/// The texts out of a stream's events. The stream stays the caller's.
#[must_use = "texts are read as they are asked for"]
pub struct Deltas<'a, K: StreamKind> {
    stream: &'a mut EventStream<K>,
    pick: fn(&K::Event) -> Option<&str>,
}

impl<K: StreamKind> Deltas<'_, K> {
    /// Gives the next text.
    pub async fn next(&mut self) -> Option<Result<String, Error>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl<K: StreamKind> Stream for Deltas<'_, K> {
    type Item = Result<String, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            match Pin::new(&mut *this.stream).poll_next(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(Some(Ok(event))) => {
                    if let Some(text) = (this.pick)(&event) {
                        return Poll::Ready(Some(Ok(text.to_owned())));
                    }
                }
            }
        }
    }
}

impl<K: StreamKind> fmt::Debug for Deltas<'_, K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Deltas")
    }
}
