//! Part of the generated SDK's fixed runtime: answers that are not there yet.

use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::de::DeserializeOwned;
use serde::Serialize;
use serde_json::{Map, Value};

use super::base64;
use super::body::Body;
use super::call::{Call, Json, MayWait, Reply};
use super::cancel::unless_cancelled;
use super::error::{ApiError, Error};
use super::request::{Operation, Request, Style};
use super::transport::{Opened, Sender};
use super::wait::{ask_until, seconds_left};

/// How what came of a call is asked for, and what its answers mean.
#[derive(Debug)]
pub struct Waiting {
    /// The operation that is asked.
    pub operation: &'static Operation,
    /// Its path parameter for the id.
    pub parameter: &'static str,
    /// Its query parameter for the seconds that the server waits itself.
    pub query: &'static str,
    /// The most seconds that the server waits.
    pub most: u64,
    /// The field of its answer that says what was decided.
    pub field: &'static str,
    /// The values of that field while nothing is decided.
    pub pending: &'static [&'static str],
    /// The property of the first answer that holds the id.
    pub id: &'static str,
    /// Where the answer lies that came later.
    pub answer: Stored,
    /// The values of the field with which that answer stands for the call's own.
    pub granted: &'static [&'static str],
    /// The errors that other values of the field are.
    pub refusals: &'static [(&'static str, &'static Refusal)],
    /// The error when the caller's time is over.
    pub late: &'static Refusal,
    /// The details of those errors, each with the field that holds it.
    pub details: &'static [(&'static str, &'static str)],
    /// The values of the field whose error also ends a wait that is no option of a call.
    pub raised: &'static [&'static str],
    /// The detail of `late` that tells for how many seconds the caller waited.
    pub limit: Option<&'static str>,
}

/// Where an answer lies that came later: an object, and its fields.
#[derive(Debug)]
pub struct Stored {
    /// The field with the object; null while the answer is not there.
    pub at: &'static str,
    /// The status.
    pub status: &'static str,
    /// The headers.
    pub headers: &'static str,
    /// The body: a text as it was sent, or else JSON.
    pub body: &'static str,
    /// The field that says `base64` where the body is the text of bytes.
    pub encoding: Option<&'static str>,
}

impl Stored {
    /// The body that was sent.
    fn content(&self, stored: &Value) -> Result<Bytes, Error> {
        let encoding = self.encoding.map(|name| &stored[name]);
        match &stored[self.body] {
            Value::Null => Ok(Bytes::new()),
            Value::String(text) if encoding.is_some_and(|said| said == "base64") => {
                let bytes = base64::decode(text);
                let bytes = bytes.ok_or_else(|| Error::decode(text, "the body is no base64"))?;
                Ok(bytes.into())
            }
            Value::String(text) => Ok(text.clone().into()),
            body => Ok(body.to_string().into()),
        }
    }
}

/// An error for what was decided, as the server would have answered it.
#[derive(Debug)]
pub struct Refusal {
    /// The status.
    pub status: Option<u16>,
    /// The error's type.
    pub kind: Option<&'static str>,
    /// The error's code.
    pub code: Option<&'static str>,
    /// The message.
    pub message: &'static str,
}

impl Refusal {
    /// Makes the error in the place of `pending`, the first answer's.
    fn error(&self, pending: &Error, details: Map<String, Value>, body: &Value) -> Error {
        let made = ApiError {
            status: self.status.or(pending.status()).unwrap_or_default(),
            request_id: pending.request_id().map(str::to_owned),
            ..self.stated(details)
        };
        let made = Error::api(made, shown(body));
        match pending.response().cloned() {
            Some(response) => made.with_response(response),
            None => made,
        }
    }

    fn stated(&self, details: Map<String, Value>) -> ApiError {
        ApiError {
            status: self.status.unwrap_or_default(),
            kind: self.kind.map(str::to_owned),
            code: self.code.map(str::to_owned),
            message: Some(self.message.to_owned()),
            details,
            ..ApiError::default()
        }
    }
}

fn shown(body: &Value) -> Option<String> {
    (!body.is_null()).then(|| body.to_string())
}

/// Asks until something is decided about `id`, and gives it or the error that it stands for.
pub async fn until_settled<T>(
    waiting: &'static Waiting,
    id: &str,
    limit: Duration,
    ask: impl Fn(u64) -> Call<Json<T>>,
) -> Result<T, Error>
where
    T: DeserializeOwned + Serialize + Send + 'static,
{
    let own = |found: &Value| waiting.pending.contains(&waiting.value(found));
    let found = ask_until(Instant::now() + limit, waiting.most, own, ask).await?;
    let Some(found) = found else {
        let details = waiting.late_details(id, limit);
        return Err(Error::api(waiting.late.stated(details), None));
    };
    let answer = serde_json::to_value(&found).unwrap_or_default();
    let value = waiting.value(&answer);
    let refusal = waiting.refusal(value);
    let Some(refusal) = refusal.filter(|_| waiting.raised.contains(&value)) else {
        return Ok(found);
    };
    let details = waiting.details(id, &answer);
    Err(Error::api(refusal.stated(details), shown(&answer)))
}

impl<R: Reply> Call<R, MayWait> {
    /// Waits where the answer is not there yet, and asks the server to wait as well.
    #[doc(hidden)]
    pub fn wait_until_decided(mut self, waiting: &'static Waiting, limit: Duration) -> Self {
        let seconds = seconds_left(limit, waiting.most);
        let request = self.request_mut();
        if limit.is_zero() {
            request.refuse("the time to wait is not above zero");
        }
        *request = request
            .clone()
            .with_header("Prefer", format!("wait={seconds}"));
        self.wait_with(waiting, limit)
    }
}

impl Sender {
    /// Sends the request; an answer that is not there yet is waited for, or an error.
    pub(super) async fn open_decided(mut self) -> Result<Opened, Error> {
        let own = self.options.timeouts;
        let wait = self.options.wait.map(|(waiting, limit)| {
            let time = Duration::from_secs(seconds_left(limit, waiting.most));
            self.options.timeouts = Some(self.timeouts().with_time(time));
            (waiting, limit, Instant::now() + limit)
        });
        let mut opened = self.open().await?;
        opened.sender.options.timeouts = own;
        if !opened.is_pending() {
            return Ok(opened);
        }
        let watch = opened.watch.clone();
        let token = opened.sender.options.cancel.clone();
        let decided = unless_cancelled(token.as_ref(), opened.decided(wait)).await;
        let decided = decided.and_then(|decided| decided);
        decided.inspect_err(|error| watch.on_error(error))
    }
}

impl Opened {
    fn is_pending(&self) -> bool {
        self.sender.request.is_pending(&self.response)
    }

    /// Gives what came of the call in the place of what says that it comes later.
    async fn decided(
        mut self,
        wait: Option<(&'static Waiting, Duration, Instant)>,
    ) -> Result<Self, Error> {
        let idle = self.sender.timeouts().idle;
        let body = std::mem::replace(&mut self.body, Body::of(Bytes::new()));
        let body = body.read(idle, self.deadline).await;
        let body = body.map_err(|error| error.with_response(self.response.clone()))?;
        let said: Value = serde_json::from_slice(&body).unwrap_or_default();
        let pending = self.pending_error(&said, &body);
        let Some((waiting, limit, deadline)) = wait else {
            return Err(pending);
        };
        let Some(id) = said[waiting.id].as_str() else {
            return Err(pending);
        };
        let Some(answer) = self.asked(waiting, deadline, id).await? else {
            let details = waiting.late_details(id, limit);
            return Err(waiting.late.error(&pending, details, &said));
        };
        let value = waiting.value(&answer);
        if waiting.granted.contains(&value) {
            return self.replaced(&waiting.answer, &answer).await;
        }
        let details = waiting.details(id, &answer);
        match waiting.refusal(value) {
            Some(refusal) => Err(refusal.error(&pending, details, &answer)),
            None => Err(pending),
        }
    }

    /// Asks until something is decided; `None`: the time is over.
    async fn asked(
        &self,
        waiting: &'static Waiting,
        deadline: Instant,
        id: &str,
    ) -> Result<Option<Value>, Error> {
        let Sender { core, options, .. } = &self.sender;
        let ask = |seconds: u64| {
            let mut request = Request::new(waiting.operation);
            request.path(waiting.parameter, id);
            request.query(waiting.query, &seconds, Style::Comma);
            let mut call = Call::<Json<Value>>::new(core, request);
            call.take_options(options);
            call
        };
        ask_until(deadline, waiting.most, |shown| waiting.waits(shown), ask).await
    }

    /// Makes the error for an answer that says that it comes later; its body has the details.
    fn pending_error(&self, said: &Value, body: &Bytes) -> Error {
        let shape = &self.sender.core.service.errors;
        let id = shape.request_id.and_then(|name| said[name].as_str());
        let error = ApiError {
            status: self.response.status(),
            pending: true,
            message: shape.pending.map(str::to_owned),
            request_id: id.map(str::to_owned),
            details: said.as_object().cloned().unwrap_or_default(),
            object: said.clone(),
            ..ApiError::default()
        };
        let text = String::from_utf8_lossy(body).into_owned();
        Error::api(error, Some(text))
            .with_content(body.clone())
            .with_response(self.response.clone())
    }

    /// Puts the answer that was kept in the place of the one that came.
    async fn replaced(mut self, place: &Stored, answer: &Value) -> Result<Self, Error> {
        let stored = &answer[place.at];
        let status = stored[place.status].as_u64();
        let status = status.and_then(|status| u16::try_from(status).ok());
        let body = place.content(stored)?;
        let (status, headers) = (status.unwrap_or(200), headers_of(&stored[place.headers]));
        let response = self.response.standing_for(status, headers);
        let body = Body::of(body);
        self.deadline = Instant::now() + self.sender.timeouts().total;
        if (200..300).contains(&status) {
            (self.response, self.body) = (response, body);
            return Ok(self);
        }
        let refused = self.sender.refused(response, body, self.deadline);
        Err(refused.await.error)
    }
}

impl Waiting {
    fn waits(&self, shown: &Value) -> bool {
        let value = self.value(shown);
        let is_granted = self.granted.contains(&value);
        self.pending.contains(&value) || is_granted && shown[self.answer.at].is_null()
    }

    fn value<'a>(&self, shown: &'a Value) -> &'a str {
        shown[self.field].as_str().unwrap_or_default()
    }

    fn refusal(&self, value: &str) -> Option<&'static Refusal> {
        let mut refusals = self.refusals.iter();
        let found = refusals.find(|(refused, _)| *refused == value);
        found.map(|(_, refusal)| *refusal)
    }

    fn details(&self, id: &str, answer: &Value) -> Map<String, Value> {
        let details = self.details.iter();
        let told = details
            .map(|(detail, field)| ((*detail).to_owned(), answer[*field].clone()))
            .filter(|(_, value)| !value.is_null());
        let own = (self.id.to_owned(), Value::from(id));
        [own].into_iter().chain(told).collect()
    }

    fn late_details(&self, id: &str, limit: Duration) -> Map<String, Value> {
        let mut details = Map::from_iter([(self.id.to_owned(), Value::from(id))]);
        details.extend(self.limit.map(|name| {
            let seconds = Value::from(limit.as_secs_f64());
            (name.to_owned(), seconds)
        }));
        details
    }
}

/// Reads headers that were kept as JSON; what is no header is left out.
fn headers_of(stored: &Value) -> HeaderMap {
    let stored = stored.as_object().into_iter().flatten();
    let header = |(name, value): (&String, &Value)| {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        Some((name, HeaderValue::from_str(value.as_str()?).ok()?))
    };
    stored.filter_map(header).collect()
}
