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
use tokio::time::{sleep, Instant, Sleep};

use super::assembly::{Assembled, Assembly};
use super::body::{sooner, Body};
use super::call::{BoxFuture, Reply};
use super::deltas::Deltas;
use super::error::{Error, Failure, TimeLimit};
use super::fold::Fold;
use super::interceptors::Watch;
use super::progress::{seed, Accepted, Progress};
use super::records::{Frames, Framing};
use super::request::{Operation, Options};
use super::response::{ResponseInfo, WithResponse};
use super::retry::{self, Reason, Reattachment};
use super::transport::{Attempted, Opened, Sender};

/// What is fixed about a kind of stream.
#[derive(Debug)]
pub struct Descriptor {
    /// The media type that is asked for.
    pub media_type: &'static str,
    /// How the body is cut into frames.
    pub framing: Framing,
    /// Whether frames carry the event's name.
    pub enveloped: bool,
    /// Whether the order of events is declared; if not, the end of the body is the end.
    pub declared: bool,
    /// The names of the events that end the stream.
    pub terminal: &'static [&'static str],
    /// The names of the events that only keep the connection alive: they count for nothing.
    pub heartbeats: &'static [&'static str],
    /// The data of a last frame that is no event.
    pub sentinel: Option<&'static str>,
    /// The event that carries an error, and the property that holds it; without a name,
    /// any event that has the property.
    pub error: Option<(Option<&'static str>, &'static str)>,
    /// The property that numbers events 1, 2, 3 …; their ids are those numbers.
    pub sequence: Option<&'static str>,
    /// Where events are whole frames, `{event, data}`: whether the data of those of a
    /// name is plain text, and not JSON.
    pub frames: &'static [(&'static str, bool)],
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

    /// The text in a field of the event that the resuming call needs.
    fn parameter<'a>(event: &'a Self::Event, field: &str) -> Option<&'a str>;
}

/// A type of event that a kind of stream has.
pub trait EventOf<K: StreamKind>: 'static {
    /// Gives the event, if it is of this type.
    fn of(event: &K::Event) -> Option<&Self>;
}

/// An answer that is a stream of events.
#[derive(Debug)]
pub struct Streaming<K>(PhantomData<fn() -> K>);

impl<K: StreamKind> Reply for Streaming<K> {
    type Output = EventStream<K>;

    const ACCEPT: &'static str = K::DESCRIPTOR.media_type;

    fn cursor(sender: &Sender) -> Option<String> {
        seed::<K>(sender)
    }

    fn receive(opened: Opened) -> BoxFuture<Result<WithResponse<EventStream<K>>, Error>> {
        Box::pin(async {
            let opened = expect_events::<K>(opened).await?;
            let response = opened.response.clone();
            let value = EventStream::new(opened);
            Ok(WithResponse { value, response })
        })
    }
}

/// Refuses an answer that is something other than events.
async fn expect_events<K: StreamKind>(opened: Opened) -> Result<Opened, Error> {
    let kind = opened.response.header("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if is_finished::<K>(&opened) || kind.eq_ignore_ascii_case(K::DESCRIPTOR.media_type) {
        return Ok(opened);
    }
    let problem = format!("expected a stream of events, not `{kind}`");
    let response = opened.response.clone();
    // What is no stream stays none if it breaks off.
    let body = opened.read().await.map(|(body, _)| body);
    let body = body.unwrap_or_default();
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
    frames: Frames,
    ended: bool,
    idle: Duration,
    deadline: std::time::Instant,
    timer: Pin<Box<Sleep>>,
    limit: TimeLimit,
    waiting: bool,
    resumes: u32,
    progress: Progress<K>,
    watch: Watch,
    sees_events: bool,
    cancelled: Option<BoxFuture<Error>>,
    callbacks: Vec<Callback<K::Event>>,
}

/// What is called with every event.
type Callback<E> = Box<dyn FnMut(&E) + Send>;

enum State {
    Open(Body),
    Attaching(BoxFuture<Result<Opened, Attempted>>),
    Closed,
}

/// How a connection was lost.
enum Cut {
    End,
    Broken(reqwest::Error),
    Silent(TimeLimit),
}

impl Cut {
    fn explained(self) -> (retry::Failure, Error) {
        match self {
            Self::End => {
                let error = truncated("the stream stopped before its terminal event");
                (retry::Failure::Broken, error)
            }
            Self::Broken(source) => {
                let error = truncated("the connection of the stream broke").caused_by(source);
                (retry::Failure::Broken, error)
            }
            Self::Silent(TimeLimit::Total) => {
                (retry::Failure::Final, Error::timeout(TimeLimit::Total))
            }
            Self::Silent(limit) => (retry::Failure::Stalled, Error::timeout(limit)),
        }
    }
}

impl<K: StreamKind> EventStream<K> {
    fn new(opened: Opened) -> Self {
        let idle = opened.sender.timeouts().idle;
        let progress = Progress::new(&opened.sender);
        let finished = is_finished::<K>(&opened);
        let token = opened.sender.options.cancel.clone();
        Self {
            response: opened.response,
            state: if finished {
                State::Closed
            } else {
                State::Open(opened.body)
            },
            frames: Frames::new(K::DESCRIPTOR.framing, opened.sender.core.limits),
            ended: false,
            sender: opened.sender,
            idle,
            deadline: opened.deadline,
            timer: Box::pin(sleep(idle)),
            limit: TimeLimit::Idle,
            waiting: false,
            resumes: 0,
            progress,
            sees_events: opened.watch.sees_events(),
            watch: opened.watch,
            cancelled: token.map(|token| -> BoxFuture<Error> { Box::pin(token.cancelled()) }),
            callbacks: Vec::new(),
        }
    }

    /// Gives the next event.
    pub async fn next(&mut self) -> Option<Result<K::Event, Error>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// Reads the stream to its end and gives what its events build.
    pub async fn collect_final(mut self) -> Result<<K::Fold as Fold<K::Event>>::Output, Error> {
        self.until_done().await?;
        let fold = std::mem::take(&mut self.progress.fold);
        fold.finish().ok_or_else(|| {
            self.placed(Error::decode(
                "",
                "no event began the stream's final object",
            ))
        })
    }

    /// Reads the stream to its end.
    pub async fn until_done(&mut self) -> Result<(), Error> {
        while let Some(event) = self.next().await {
            event?;
        }
        Ok(())
    }

    /// Calls `callback` with every event of the type `T` before it is given out, whoever
    /// reads the stream.
    pub fn on<T: EventOf<K>>(&mut self, mut callback: impl FnMut(&T) + Send + 'static) {
        self.callbacks.push(Box::new(move |event| {
            if let Some(event) = T::of(event) {
                callback(event);
            }
        }));
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
        self.progress.last_event_id()
    }

    /// Closes the connection. Dropping the stream does the same.
    pub fn close(self) {
        drop(self);
    }

    /// Gives the texts that `pick` finds in events, as they arrive.
    pub fn deltas(&mut self, pick: fn(&K::Event) -> Option<&str>) -> Deltas<'_, K> {
        Deltas::new(self, pick)
    }

    /// Gives the objects that `how` puts together, each when it is complete.
    pub fn assembled<Key: Clone + Ord, O: Clone>(
        &mut self,
        how: &'static Assembly<K, Key, O>,
    ) -> Assembled<'_, K, Key, O> {
        Assembled::new(self, how)
    }

    fn finish(&mut self, error: Option<Error>) -> Option<Error> {
        self.state = State::Closed;
        let error = error.map(|error| self.placed(error));
        match &error {
            Some(error) => {
                self.watch.on_error(error);
                self.tell_of_end("failed");
            }
            None => self.tell_of_end("complete"),
        }
        error
    }

    fn tell_of_end(&self, ending: &str) {
        let id = self.progress.last_event_id();
        let (_, seen) = self.progress.position();
        self.watch.on_stream_end(ending, id, seen);
    }

    /// Shows an event to those who look on, then gives it out.
    fn give(&mut self, event: K::Event) -> Result<K::Event, Error> {
        if self.sees_events {
            let told = self.watch.on_stream_event(K::name(&event), &event);
            if let Err(error) = told {
                self.state = State::Closed;
                self.tell_of_end("failed");
                return Err(self.placed(error));
            }
        }
        for callback in &mut self.callbacks {
            callback(&event);
        }
        Ok(event)
    }

    fn poll_cancelled(&mut self, context: &mut Context<'_>) -> Poll<Error> {
        match &mut self.cancelled {
            Some(cancelled) => cancelled.as_mut().poll(context),
            None => Poll::Pending,
        }
    }

    pub(super) fn placed(&self, error: Error) -> Error {
        let error = if error.is_placed() {
            error
        } else {
            let (last_event_id, events_seen) = self.progress.position();
            error.with_position(last_event_id, events_seen)
        };
        if error.response().is_some() {
            return error;
        }
        error.with_response(self.response.clone())
    }

    /// Takes the next frame out of the bytes at hand.
    fn accept_buffered(&mut self) -> Option<Accepted<K::Event>> {
        match self.frames.next_frame() {
            Ok(Some(frame)) => Some(self.progress.accept(&frame, &self.sender, &self.response)),
            Ok(None) => None,
            Err(limit) => {
                let error = Error::new(Failure::Limit(limit), limit.to_string());
                Some(Accepted::Failed(error.caused_by(limit)))
            }
        }
    }

    /// Waits for bytes; tells when the connection is lost instead.
    fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Option<Cut>> {
        let State::Open(body) = &mut self.state else {
            return Poll::Ready(None);
        };
        if self.ended {
            return Poll::Ready(Some(Cut::End));
        }
        match body.poll_chunk(context) {
            Poll::Ready(Some(Ok(bytes))) => {
                self.waiting = false;
                self.frames.feed(&bytes);
                Poll::Ready(None)
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Cut::Broken(error))),
            Poll::Ready(None) => {
                self.ended = true;
                let more = self.frames.end();
                Poll::Ready((!more).then_some(Cut::End))
            }
            Poll::Pending => self.poll_silence(context),
        }
    }

    /// Counts the silence from when the reader began to wait, not from the last bytes.
    fn poll_silence(&mut self, context: &mut Context<'_>) -> Poll<Option<Cut>> {
        if !self.waiting {
            self.waiting = true;
            let (limit, kind) = sooner(self.idle, TimeLimit::Idle, self.deadline);
            self.limit = kind;
            self.timer.as_mut().reset(Instant::now() + limit);
        }
        match self.timer.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Some(Cut::Silent(self.limit))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn cut(&mut self, cut: Cut) -> Option<Error> {
        let may_end = !K::DESCRIPTOR.declared || self.sender.request.unfinished;
        if may_end && matches!(cut, Cut::End) {
            return self.finish(None);
        }
        let (failure, error) = cut.explained();
        self.go_on(&failure, error)
    }

    /// Goes on after a failure, or gives the error if there is no going on.
    fn go_on(&mut self, failure: &retry::Failure, cause: Error) -> Option<Error> {
        let Some(sender) = self.resuming_sender() else {
            return self.finish(Some(cause));
        };
        if std::mem::take(&mut self.progress.advanced) {
            self.resumes = 0;
        }
        let attempt = self.resumes + 1;
        let policy = &self.sender.core.retry;
        match retry::decide_reattachment(failure, policy, attempt, retry::random()) {
            Reattachment::After(delay) => {
                if let Err(error) = self.watch.on_retry(&cause, delay) {
                    return self.finish(Some(error));
                }
                self.resumes = attempt;
                self.state = State::Attaching(attach::<K>(sender, attempt, delay, self.deadline));
                None
            }
            Reattachment::Raise(Reason::Attempts) => {
                let message = "the stream was cut, and taking it up again has failed";
                self.finish(Some(truncated(message).caused_by(cause)))
            }
            Reattachment::Raise(_) => self.finish(Some(cause)),
        }
    }

    fn resuming_sender(&self) -> Option<Sender> {
        let resume = K::DESCRIPTOR.resume.as_ref()?;
        let original = &self.sender;
        let own = std::ptr::eq(resume.operation, original.request.operation);
        let request = self.progress.resuming_request(resume, &original.request)?;
        Some(Sender {
            core: original.core.clone(),
            request,
            options: Options {
                headers: without(&original.options.headers, resume.header),
                named: original.options.named.clone(),
                query: if own {
                    without(&original.options.query, resume.query)
                } else {
                    Vec::new()
                },
                timeouts: original.options.timeouts,
                interceptors: original.options.interceptors.clone(),
                ..Options::default()
            },
            accept: original.accept,
            token: None,
        })
    }

    fn attached(&mut self, attached: Result<Opened, Attempted>) -> Option<Error> {
        match attached {
            Ok(opened) if is_finished::<K>(&opened) => {
                let message = "the server has no more events, yet the terminal one never came";
                self.finish(Some(truncated(message)))
            }
            Ok(opened) => {
                self.watch = opened.watch;
                self.frames = Frames::new(K::DESCRIPTOR.framing, self.sender.core.limits);
                self.ended = false;
                self.waiting = false;
                self.state = State::Open(opened.body);
                None
            }
            Err(attempted) => self.go_on(&attempted.failure, attempted.error),
        }
    }
}

/// Gives all pairs but those of one name.
fn without<V: Clone>(pairs: &[(String, V)], name: Option<&str>) -> Vec<(String, V)> {
    let stays = |known: &str| !name.is_some_and(|name| known.eq_ignore_ascii_case(name));
    let kept = pairs.iter().filter(|(known, _)| stays(known));
    kept.cloned().collect()
}

/// Waits, then asks for the rest of a stream.
fn attach<K: StreamKind>(
    sender: Sender,
    attempt: u32,
    delay: Duration,
    deadline: std::time::Instant,
) -> BoxFuture<Result<Opened, Attempted>> {
    Box::pin(async move {
        let left = deadline.saturating_duration_since(std::time::Instant::now());
        if delay >= left {
            return Err(Attempted::last(Error::timeout(TimeLimit::Total)));
        }
        sleep(delay).await;
        let opened = sender.open_once(attempt, deadline).await?;
        let opened = expect_events::<K>(opened).await;
        opened.map_err(Attempted::last)
    })
}

impl<K: StreamKind> Stream for EventStream<K> {
    type Item = Result<K::Event, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if matches!(this.state, State::Closed) {
                return Poll::Ready(None);
            }
            if let Poll::Ready(error) = this.poll_cancelled(context) {
                return Poll::Ready(this.finish(Some(error)).map(Err));
            }
            let failed = match &mut this.state {
                State::Closed => return Poll::Ready(None),
                State::Attaching(attaching) => match attaching.as_mut().poll(context) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(attached) => this.attached(attached),
                },
                State::Open(_) => match this.accept_buffered() {
                    Some(Accepted::Event(event)) => return Poll::Ready(Some(this.give(event))),
                    Some(Accepted::LastEvent(event)) => {
                        let given = this.give(event);
                        if given.is_ok() {
                            this.finish(None);
                        }
                        return Poll::Ready(Some(given));
                    }
                    Some(Accepted::Unreadable(error)) => {
                        let error = this.placed(error);
                        this.watch.on_error(&error);
                        Some(error)
                    }
                    Some(Accepted::Failed(error)) => this.finish(Some(error)),
                    Some(Accepted::End) => this.finish(None),
                    Some(Accepted::Seen) => None,
                    None => match this.poll_bytes(context) {
                        Poll::Pending => return Poll::Pending,
                        Poll::Ready(None) => None,
                        Poll::Ready(Some(cut)) => this.cut(cut),
                    },
                },
            };
            if let Some(error) = failed {
                return Poll::Ready(Some(Err(error)));
            }
        }
    }
}

impl<K: StreamKind> Drop for EventStream<K> {
    fn drop(&mut self) {
        if !matches!(self.state, State::Closed) {
            self.tell_of_end("closed");
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
            .field("position", &self.progress.position())
            .finish_non_exhaustive()
    }
}

/// Says whether an answer to the operation that resumes says that nothing follows.
fn is_finished<K: StreamKind>(opened: &Opened) -> bool {
    let asked = opened.sender.request.operation;
    let resume = K::DESCRIPTOR.resume.as_ref();
    let resume = resume.filter(|resume| std::ptr::eq(resume.operation, asked));
    resume.is_some_and(|resume| resume.finished.contains(&opened.response.status()))
}

fn truncated(message: &str) -> Error {
    Error::new(Failure::Truncated, message)
}
