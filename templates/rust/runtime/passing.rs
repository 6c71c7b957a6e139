//! Part of the generated SDK's fixed runtime: calls of what an API passes on.

use std::sync::Arc;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::Serialize;

use super::call::{BoxFuture, Call, Reply};
use super::error::{Error, Failure};
use super::numbers;
use super::parameters::encoded;
use super::redaction::percent_decoded;
use super::request::{Idempotency, Operation, Request};
use super::response::{ResponseInfo, WithResponse};
use super::transport::{Core, Opened};
use super::upload::Upload;

/// What stands in a path as it is; a part that begins with `?` is its query.
const KEPT: &str = "/%:@!$&'()*+,;=?";

/// Where such calls go.
#[derive(Debug)]
pub struct Passing {
    under: &'static str,
    direct: &'static [&'static str],
    own_errors: Option<&'static str>,
    pending: Option<&'static str>,
    natural: Operation,
    keyed: Operation,
    other: Operation,
}

impl Passing {
    /// Puts paths behind `under`, unless they begin with one of `direct`.
    ///
    /// An answer with the header `own_errors` is the API's own, and a success with the
    /// header `pending` says that the answer comes later.
    pub const fn new(
        under: &'static str,
        direct: &'static [&'static str],
        own_errors: Option<&'static str>,
        pending: Option<&'static str>,
        security: &'static [&'static [usize]],
    ) -> Self {
        Self {
            under,
            direct,
            own_errors,
            pending,
            natural: operation(security, Idempotency::Natural),
            keyed: operation(security, Idempotency::Key),
            other: operation(security, Idempotency::None),
        }
    }

    /// Prepares a call of a path.
    pub fn call<W>(&'static self, core: &Arc<Core>, method: &str, path: &str) -> Call<Passed, W> {
        let method = method.to_ascii_uppercase();
        let operation = match &*method {
            "GET" | "HEAD" | "OPTIONS" | "PUT" | "DELETE" => &self.natural,
            "POST" | "PATCH" => &self.keyed,
            _ => &self.other,
        };
        let slash = if path.starts_with('/') { "" } else { "/" };
        let mut path = format!("{slash}{}", encoded(path, KEPT));
        if !self.direct.iter().any(|start| path.starts_with(start)) {
            path.insert_str(0, self.under);
        }
        let mut request = Request::new(operation);
        if steps(&path) {
            request.refuse("a path has no dots for a step");
        }
        request.passed_on(method, path, self.own_errors, self.pending);
        Call::new(core, request)
    }
}

const fn operation(security: &'static [&'static [usize]], idempotency: Idempotency) -> Operation {
    Operation {
        method: "",
        path: "",
        security,
        idempotency,
    }
}

/// Says whether a part of a path, decoded, is a step to a folder and not a name.
fn steps(path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    let mut parts = path.split('/').map(percent_decoded);
    parts.any(|part| part == "." || part == "..")
}

/// The answer of a call that was passed on.
#[derive(Debug)]
pub struct Passed(());

impl Reply for Passed {
    type Output = RawAnswer;

    const ACCEPT: &'static str = "*/*";

    fn receive(opened: Opened) -> BoxFuture<Result<WithResponse<RawAnswer>, Error>> {
        Box::pin(async {
            let (body, response) = opened.read().await?;
            Ok(answer(body, response))
        })
    }

    /// Takes an error of whatever stands behind the API for an answer.
    fn recover(error: Error, request: &Request) -> Result<WithResponse<RawAnswer>, Error> {
        let is_api = matches!(error.failure(), Failure::Api(_));
        let own = request.own_errors();
        let refused = |response: &&ResponseInfo| is_api && response.status() >= 300;
        let response = error.response().filter(refused).cloned();
        match (response, own) {
            (Some(response), Some(own)) if response.header(own).is_none() => {
                Ok(answer(error.content(), response))
            }
            _ => Err(error),
        }
    }
}

fn answer(body: Bytes, response: ResponseInfo) -> WithResponse<RawAnswer> {
    let value = RawAnswer {
        body,
        response: response.clone(),
    };
    WithResponse { value, response }
}

/// What was answered, as it came.
#[derive(Clone, Debug)]
pub struct RawAnswer {
    body: Bytes,
    response: ResponseInfo,
}

impl RawAnswer {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.response.status()
    }

    /// Whether the status is one of 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status())
    }

    /// The value of a header, if it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.response.header(name)
    }

    /// The server's id of the request.
    pub fn request_id(&self) -> Option<&str> {
        self.response.request_id()
    }

    /// The status and headers.
    pub fn response(&self) -> &ResponseInfo {
        &self.response
    }

    /// The body.
    pub fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Reads the body as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        numbers::read(&self.body).map_err(|error| {
            let error = Error::decode(&self.text(), error);
            error.with_response(self.response.clone())
        })
    }
}

impl<W> Call<Passed, W> {
    /// Sends a JSON body.
    pub fn json(mut self, body: &(impl Serialize + ?Sized)) -> Self {
        self.request_mut().json(body);
        self
    }

    /// Sends a body as it is.
    pub fn content(mut self, body: impl Into<Upload>) -> Self {
        self.request_mut().raw("application/octet-stream", body);
        self
    }

    /// Adds a query parameter; a list adds one for each item.
    pub fn query(self, name: impl Into<String>, value: impl Into<serde_json::Value>) -> Self {
        self.extra_query(name, value)
    }
}
