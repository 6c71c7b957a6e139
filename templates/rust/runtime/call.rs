//! Part of the generated SDK's fixed runtime: a call that is made by awaiting it.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::cancel::CancelToken;
use super::config::{NamedHeaders, Timeouts};
use super::error::{Error, Failure};
use super::interceptors::Interceptor;
use super::numbers;
use super::pending::Waiting;
use super::request::{Options, Request};
use super::response::{ResponseInfo, WithResponse};
use super::transport::{Core, Opened, Sender};

/// A future that can be sent between threads.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// How the answer to a call is read.
pub trait Reply: Sized + 'static {
    /// What the call gives.
    type Output: Send + 'static;

    /// The media types that are asked for.
    const ACCEPT: &'static str;

    /// The cursor that the caller begins with, for errors to carry.
    fn cursor(_sender: &Sender) -> Option<String> {
        None
    }

    /// Takes an error for an answer, if it is one.
    fn recover(error: Error, _request: &Request) -> Result<WithResponse<Self::Output>, Error> {
        Err(error)
    }

    /// Takes an error for nothing to tell, where the failure of a call is none.
    fn forgive(error: Error) -> Result<Self::Output, Error> {
        Err(error)
    }

    /// Reads the answer.
    fn receive(opened: Opened) -> BoxFuture<Result<WithResponse<Self::Output>, Error>>;
}

/// Marks a call whose answer may come later, and that can be told to wait for it.
#[derive(Debug)]
pub struct MayWait(());

/// A call that has not been made yet: set its options, then `.await` it.
#[must_use = "a call does nothing until it is awaited"]
pub struct Call<R, W = ()> {
    sender: Sender,
    reply: PhantomData<fn() -> (R, W)>,
}

impl<R: Reply, W> Call<R, W> {
    /// Prepares a call.
    pub fn new(core: &Arc<Core>, request: Request) -> Self {
        Self {
            sender: Sender {
                core: Arc::clone(core),
                request,
                options: Options::default(),
                accept: R::ACCEPT,
                token: None,
            },
            reply: PhantomData,
        }
    }

    /// Sets a header of this call.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let header = (name.into(), Some(value.into()));
        self.sender.options.headers.push(header);
        self
    }

    /// Leaves out a header that would be sent otherwise.
    pub fn without_header(mut self, name: impl Into<String>) -> Self {
        self.sender.options.headers.push((name.into(), None));
        self
    }

    /// Sets a header out of a map of headers.
    pub fn named_header(mut self, map: &NamedHeaders, name: &str, value: String) -> Self {
        self.sender.options.named_header(map, name, value);
        self
    }

    /// Sets a query parameter, also one that the API's description does not have.
    ///
    /// A list gives a parameter for each item; null takes the parameter away.
    pub fn extra_query(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.sender.options.query.push((name.into(), value.into()));
        self
    }

    /// Sets a property of the JSON body that its type does not have.
    pub fn extra_body(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        let extra = &mut self.sender.options.extra_body;
        extra.insert(name.into(), value.into());
        self
    }

    /// Sets the time limits of this call; that of connecting stays the client's.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.sender.options.timeouts = Some(timeouts);
        self
    }

    /// Sets how often the call is attempted in all.
    pub fn max_attempts(mut self, max_attempts: u32) -> Self {
        self.sender.options.max_attempts = Some(max_attempts);
        self
    }

    /// Sets the key that makes a repetition of the call safe.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.sender.options.idempotency_key = Some(key.into());
        self
    }

    /// Adds what looks on while this call is made, after the client's own.
    pub fn interceptor(mut self, interceptor: impl Interceptor + 'static) -> Self {
        self.sender.options.interceptors.push(interceptor);
        self
    }

    /// Stops the call, and the stream it opens, when the token is cancelled.
    pub fn cancel_token(mut self, token: &CancelToken) -> Self {
        self.sender.options.cancel = Some(token.clone());
        self
    }

    /// Makes the call and gives the response's status and headers as well.
    pub async fn with_response(self) -> Result<WithResponse<R::Output>, Error> {
        let cursor = R::cursor(&self.sender);
        self.sender
            .answer::<R>()
            .await
            .map_err(|error| match cursor {
                Some(_) => error.with_position(cursor, 0),
                None => error,
            })
    }

    /// Gives the request as the first attempt would send it, and sends nothing.
    pub fn to_request(&self) -> Result<reqwest::Request, Error> {
        let template = self.sender.template()?;
        self.sender.numbered(&template, 1)
    }

    /// Says whether an attempt that may have been acted on is made again.
    pub fn is_repeatable(&self) -> Result<bool, Error> {
        Ok(self.sender.repeatable(&self.sender.template()?))
    }

    pub(super) fn request_mut(&mut self) -> &mut Request {
        &mut self.sender.request
    }

    /// Lets the server wait before it answers.
    pub(super) fn waiting(self, time: Duration) -> Self {
        let limits = self.sender.timeouts();
        self.timeouts(limits.with_time(time))
    }

    /// Waits for an answer that is not there yet.
    pub(super) fn wait_with(mut self, waiting: &'static Waiting, limit: Duration) -> Self {
        self.sender.options.wait = Some((waiting, limit));
        self
    }

    /// Takes over the options of another call, but for what is about its own request.
    pub(super) fn take_options(&mut self, other: &Options) {
        self.sender.options = Options {
            query: Vec::new(),
            extra_body: Map::new(),
            idempotency_key: None,
            wait: None,
            ..other.clone()
        };
    }

    pub(super) fn of(sender: Sender) -> Self {
        let reply = PhantomData;
        Self { sender, reply }
    }

    pub(super) fn into_sender(self) -> Sender {
        self.sender
    }
}

impl<R: Reply, W: 'static> IntoFuture for Call<R, W> {
    type Output = Result<R::Output, Error>;
    type IntoFuture = BoxFuture<Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            match self.with_response().await {
                Ok(answer) => Ok(answer.value),
                Err(error) => R::forgive(error),
            }
        })
    }
}

impl<R, W> fmt::Debug for Call<R, W> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operation = self.sender.request.operation;
        formatter.debug_tuple("Call").field(operation).finish()
    }
}

/// An answer of JSON.
#[derive(Debug)]
pub struct Json<T>(PhantomData<fn() -> T>);

impl<T: DeserializeOwned + Send + 'static> Reply for Json<T> {
    type Output = T;

    const ACCEPT: &'static str = "application/json";

    fn receive(opened: Opened) -> BoxFuture<Result<WithResponse<T>, Error>> {
        Box::pin(async {
            let (body, response) = opened.read().await?;
            decoded(&body, response)
        })
    }
}

/// An answer of JSON, or one without a body.
#[derive(Debug)]
pub struct Maybe<T>(PhantomData<fn() -> T>);

impl<T: DeserializeOwned + Send + 'static> Reply for Maybe<T> {
    type Output = Option<T>;

    const ACCEPT: &'static str = "application/json";

    fn receive(opened: Opened) -> BoxFuture<Result<WithResponse<Option<T>>, Error>> {
        Box::pin(async {
            let (body, response) = opened.read().await?;
            if body.is_empty() {
                let value = None;
                return Ok(WithResponse { value, response });
            }
            decoded(&body, response)
        })
    }
}

/// An answer of text.
#[derive(Debug)]
pub struct Text(());

impl Reply for Text {
    type Output = String;

    const ACCEPT: &'static str = "text/*, */*;q=0.1";

    fn receive(opened: Opened) -> BoxFuture<Result<WithResponse<String>, Error>> {
        Box::pin(async {
            let (body, response) = opened.read().await?;
            let value = String::from_utf8_lossy(&body).into_owned();
            Ok(WithResponse { value, response })
        })
    }
}

/// An answer of bytes.
#[derive(Debug)]
pub struct Binary(());

impl Reply for Binary {
    type Output = Bytes;

    const ACCEPT: &'static str = "*/*";

    fn receive(opened: Opened) -> BoxFuture<Result<WithResponse<Bytes>, Error>> {
        Box::pin(async {
            let (value, response) = opened.read().await?;
            Ok(WithResponse { value, response })
        })
    }
}

/// An answer that says nothing beyond its status.
#[derive(Debug)]
pub struct Nothing(());

impl Reply for Nothing {
    type Output = ();

    const ACCEPT: &'static str = "application/json, */*;q=0.1";

    fn receive(opened: Opened) -> BoxFuture<Result<WithResponse<()>, Error>> {
        Box::pin(async {
            let (_, response) = opened.read().await?;
            let value = ();
            Ok(WithResponse { value, response })
        })
    }
}

/// An answer that says nothing, to a call whose failure is told to the log alone.
///
/// What the caller did wrong, or did himself, stays an error, and so does whatever
/// `with_response` meets.
#[derive(Debug)]
pub struct Advisory(());

impl Reply for Advisory {
    type Output = ();

    const ACCEPT: &'static str = Nothing::ACCEPT;

    fn forgive(error: Error) -> Result<(), Error> {
        match error.failure() {
            Failure::Api(_) | Failure::Connection | Failure::Timeout(_) => Ok(()),
            _ => Err(error),
        }
    }

    fn receive(opened: Opened) -> BoxFuture<Result<WithResponse<()>, Error>> {
        Nothing::receive(opened)
    }
}

impl Call<Advisory> {
    /// Makes the failure of the call an error.
    pub fn strict(self) -> Call<Nothing> {
        Call::of(self.sender)
    }
}

fn decoded<T: DeserializeOwned>(
    body: &[u8],
    response: ResponseInfo,
) -> Result<WithResponse<T>, Error> {
    match numbers::read(body) {
        Ok(value) => Ok(WithResponse { value, response }),
        Err(error) => {
            let raw = String::from_utf8_lossy(body);
            Err(Error::decode(&raw, error).with_response(response))
        }
    }
}
