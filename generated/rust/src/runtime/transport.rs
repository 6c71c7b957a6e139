//! Part of the generated SDK's fixed runtime: sending a request until it is answered.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, AUTHORIZATION, CONTENT_TYPE, COOKIE};
use reqwest::Url;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{sleep, timeout};

use super::base64;
use super::body::{sooner, Body};
use super::call::Reply;
use super::cancel::unless_cancelled;
use super::config::{change_header, set_header, Place, Secret, Service, Timeouts, TraceContext};
use super::error::{Error, TimeLimit};
use super::interceptors::{Interceptors, Watch};
use super::logging::CallLog;
use super::parameters::percent_encoded;
use super::payload::{is_of_a_file, Payload};
use super::redaction::Redactor;
use super::request::{Idempotency, Options, Request};
use super::response::{ResponseInfo, WithResponse};
use super::retry::{self, Circumstances, Decision, Failure, Quota, RetryPolicy};
use super::scopes::Scope;
use super::sse::Limits;
use super::throttle::Gate;
use super::tokens::TokenSource;

/// Everything the calls of one client share.
#[derive(Clone, Debug)]
pub struct Core {
    pub(super) http: reqwest::Client,
    pub(super) base_url: Url,
    /// Whether the address was set, and is not the specification's.
    pub(super) has_own_url: bool,
    pub(super) own_headers: HeaderMap,
    pub(super) headers: Vec<(HeaderName, Option<HeaderValue>)>,
    pub(super) credentials: Vec<Option<Secret>>,
    pub(super) tokens: Arc<[Option<TokenSource>]>,
    pub(super) timeouts: Timeouts,
    pub(super) retry: RetryPolicy,
    pub(super) quota: Arc<Quota>,
    pub(super) gate: Option<Arc<Gate>>,
    pub(super) limits: Limits,
    pub(super) redactor: Arc<Redactor>,
    pub(super) log: Option<Arc<CallLog>>,
    pub(super) interceptors: Interceptors,
    pub(super) trace_context: Option<TraceContext>,
    pub(super) scope: Scope,
    pub(super) service: &'static Service,
}

impl Core {
    /// What the scopes were given that the client was made in, but no secrets.
    pub fn scope(&self) -> &BTreeMap<&'static str, String> {
        &self.scope.shown
    }

    /// Hides further secrets.
    pub(super) fn keep_secret(&mut self, secrets: &[String]) {
        if secrets.is_empty() {
            return;
        }
        self.redactor = self.redactor.and(secrets.to_vec());
        let log = self.log.as_ref();
        self.log = log.map(|log| Arc::new(log.with(&self.redactor)));
    }
}

impl Core {
    /// The address of the API with `path` after it.
    pub fn address(&self, path: &str) -> String {
        let base = self.base_url.as_str().trim_end_matches('/');
        format!("{base}{path}")
    }
}

/// A call ready to be sent, and to be sent again.
#[derive(Clone, Debug)]
pub struct Sender {
    pub(super) core: Arc<Core>,
    pub(super) request: Request,
    pub(super) options: Options,
    pub(super) accept: &'static str,
    /// The token in use, with the place of its credential.
    pub(super) token: Option<(usize, Secret)>,
}

/// An answer whose body is still to come.
#[derive(Debug)]
pub struct Opened {
    pub(super) sender: Sender,
    pub(super) response: ResponseInfo,
    pub(super) body: Body,
    /// When the call was made.
    pub(super) begun: Instant,
    pub(super) deadline: Instant,
    pub(super) watch: Watch,
}

/// An attempt that failed: what the decision needs and what the caller gets.
pub(super) struct Attempted {
    pub(super) failure: Failure,
    pub(super) error: Error,
}

impl Attempted {
    /// Something that another attempt would not change.
    pub(super) fn last(error: Error) -> Self {
        Self {
            failure: Failure::Final,
            error,
        }
    }
}

impl Sender {
    pub(super) fn timeouts(&self) -> Timeouts {
        self.options.timeouts.unwrap_or(self.core.timeouts)
    }

    pub(super) fn max_attempts(&self) -> u32 {
        let own = self.options.max_attempts;
        own.unwrap_or(self.core.retry.max_attempts)
    }

    /// Sends the request until a success, an error worth raising, or the end of the time.
    pub(super) async fn open(mut self) -> Result<Opened, Error> {
        let policy = self.core.retry.clone().max_attempts(self.max_attempts());
        let begun = Instant::now();
        let deadline = begun + self.timeouts().total;
        self.fetch_token().await?;
        let mut template = self.template()?;
        let mut watch = self.watch();
        let (mut attempt, mut paid, mut renewed) = (1, 0, false);
        loop {
            let request = self.numbered(&template, attempt)?;
            let sent = self.attempt(request, attempt, deadline, &mut watch).await;
            let Attempted { failure, error } = match sent {
                Ok((response, body)) => {
                    self.core.quota.refund(paid.max(1));
                    return Ok(Opened {
                        begun,
                        ..self.opened(response, body, deadline, watch)
                    });
                }
                Err(attempted) => attempted,
            };
            if !renewed && error.status() == Some(401) && self.forget_token().await {
                renewed = true;
                self.fetch_token().await?;
                template = self.template()?;
                continue;
            }
            let circumstances = Circumstances {
                attempt,
                repeatable: self.repeatable(&template),
                quota: self.core.quota.left(),
                remaining: Some(deadline.saturating_duration_since(Instant::now())),
                random: retry::random(),
            };
            match retry::decide(&failure, &policy, &circumstances) {
                Decision::Retry { delay, cost } if self.core.quota.take(cost) => {
                    paid += cost;
                    watch.on_retry(&error, delay)?;
                    if let Err(error) = self.unless_cancelled(sleep(delay)).await {
                        watch.on_error(&error);
                        return Err(error);
                    }
                    attempt += 1;
                }
                _ => {
                    watch.on_error(&error);
                    return Err(error);
                }
            }
        }
    }

    /// Sends the request once, as attempt `attempt`, for a stream that is taken up again.
    pub(super) async fn open_once(
        mut self,
        attempt: u32,
        deadline: Instant,
    ) -> Result<Opened, Attempted> {
        self.fetch_token().await.map_err(Attempted::last)?;
        let request = self
            .template()
            .and_then(|template| self.numbered(&template, attempt));
        let mut watch = self.watch();
        let (response, body) = match request {
            Ok(request) => self.attempt(request, attempt, deadline, &mut watch).await?,
            Err(error) => return Err(Attempted::last(error)),
        };
        Ok(self.opened(response, body, deadline, watch))
    }

    /// Makes the call and reads its answer.
    pub(super) async fn answer<R: Reply>(self) -> Result<WithResponse<R::Output>, Error> {
        let request = self.request.clone();
        let opened = match self.open_decided().await {
            Ok(opened) => opened,
            Err(error) => return R::recover(error, &request),
        };
        let watch = opened.watch.clone();
        let token = opened.sender.options.cancel.clone();
        let received = unless_cancelled(token.as_ref(), R::receive(opened)).await;
        let received = received.and_then(|received| received);
        received.inspect_err(|error| watch.on_error(error))
    }

    fn watch(&self) -> Watch {
        let core = &self.core;
        Watch::new(
            core.log.as_ref(),
            &core.interceptors,
            &self.options.interceptors,
        )
    }

    async fn unless_cancelled<T>(&self, work: impl Future<Output = T>) -> Result<T, Error> {
        unless_cancelled(self.options.cancel.as_ref(), work).await
    }

    fn opened(self, response: ResponseInfo, body: Body, deadline: Instant, watch: Watch) -> Opened {
        Opened {
            sender: self,
            response,
            body,
            begun: Instant::now(),
            deadline,
            watch,
        }
    }

    /// Says whether the call may arrive twice: by nature, or by its key.
    pub(super) fn repeatable(&self, template: &reqwest::Request) -> bool {
        let key = self.core.service.idempotency_header;
        match self.request.operation.idempotency {
            Idempotency::Natural => true,
            Idempotency::Key => key.is_some_and(|name| template.headers().contains_key(name)),
            Idempotency::None => false,
        }
    }

    /// Gives what is asked for in a query parameter; in "" the whole address.
    pub(super) fn asked(&self, parameter: &str) -> Option<String> {
        if parameter.is_empty() {
            return Some(self.template().ok()?.url().to_string());
        }
        let given = self.options.query.iter().rev();
        let mut given = given.filter(|(name, _)| name == parameter);
        match given.next() {
            Some((_, value)) => value
                .as_str()
                .map(str::to_owned)
                .or_else(|| Some(value.to_string())),
            None => self.request.query_value(parameter),
        }
    }

    /// Makes what all attempts share of the request: all but the body. What is set more narrowly wins.
    pub(super) fn template(&self) -> Result<reqwest::Request, Error> {
        self.request.check(&self.options.extra_body)?;
        let method = reqwest::Method::from_bytes(self.request.method().as_bytes())
            .map_err(|error| Error::configuration("the method is not allowed").caused_by(error))?;
        let mut headers = self.core.own_headers.clone();
        let accept = self.request.accept.unwrap_or(self.accept);
        set_header(&mut headers, "accept", accept)?;
        if let Some(trace_context) = &self.core.trace_context {
            for (name, value) in trace_context.headers() {
                set_header(&mut headers, &name, &value)?;
            }
        }
        if self.body()?.is_some() {
            set_header(
                &mut headers,
                CONTENT_TYPE.as_str(),
                &self.request.content_type,
            )?;
        }
        let mut secrets = Vec::new();
        self.add_credentials(&mut headers, &mut secrets)?;
        let url = self.request.url(&self.core, &self.options.query, secrets)?;
        self.add_idempotency_key(&mut headers)?;
        for (name, value) in &self.core.headers {
            match value {
                Some(value) => headers.insert(name.clone(), value.clone()),
                None => headers.remove(name),
            };
        }
        self.core.scope.add_headers(&mut headers)?;
        self.request.add_headers(&mut headers)?;
        for (name, value) in self.options.named.iter().chain(&self.options.headers) {
            change_header(&mut headers, name, value.as_deref())?;
        }
        let mut request = reqwest::Request::new(method, url);
        *request.headers_mut() = headers;
        Ok(request)
    }

    fn body(&self) -> Result<Option<Payload>, Error> {
        self.options.extend_body(self.request.body.clone())
    }

    /// Gets a token, if what is asked for needs one and it is not given.
    async fn fetch_token(&mut self) -> Result<(), Error> {
        let chosen = self.chosen_credentials().unwrap_or_default();
        let core = &self.core;
        for scheme in chosen {
            if core.credentials[*scheme].is_some() {
                continue;
            }
            if let Some(source) = &core.tokens[*scheme] {
                let timeouts = self.timeouts();
                let token = source.token(&core.http, &timeouts);
                let token = self.unless_cancelled(token).await?;
                let token = token.map_err(|error| error.redacted(&core.redactor))?;
                self.token = Some((*scheme, token));
                return Ok(());
            }
        }
        Ok(())
    }

    /// Forgets the token in use; says whether there was one.
    async fn forget_token(&mut self) -> bool {
        let Some((scheme, token)) = self.token.take() else {
            return false;
        };
        if let Some(source) = &self.core.tokens[scheme] {
            source.forget(&token).await;
        }
        true
    }

    /// Gives the first alternative of credentials of which the client has all.
    fn chosen_credentials(&self) -> Option<&'static [usize]> {
        let core = &self.core;
        let known =
            |scheme: &usize| core.credentials[*scheme].is_some() || core.tokens[*scheme].is_some();
        let mut alternatives = self.request.operation.security.iter();
        let chosen = alternatives.find(|set| set.iter().all(known));
        chosen.copied()
    }

    /// Adds the first alternative of credentials of which the client has all.
    fn add_credentials(
        &self,
        headers: &mut HeaderMap,
        query: &mut Vec<(String, String)>,
    ) -> Result<(), Error> {
        for scheme in self.chosen_credentials().unwrap_or_default() {
            let token = self.token.as_ref().filter(|(place, _)| place == scheme);
            let token = token.map(|(_, token)| token);
            if let Some(secret) = self.core.credentials[*scheme].as_ref().or(token) {
                let place = self.core.service.schemes[*scheme].place;
                add_credential(headers, query, place, secret.reveal())?;
            }
        }
        Ok(())
    }

    fn add_idempotency_key(&self, headers: &mut HeaderMap) -> Result<(), Error> {
        let Some(name) = self.core.service.idempotency_header else {
            return Ok(());
        };
        if let Some(key) = &self.options.idempotency_key {
            return set_header(headers, name, key);
        }
        if self.request.operation.idempotency == Idempotency::Key && !headers.contains_key(name) {
            return set_header(headers, name, &new_uuid());
        }
        Ok(())
    }

    pub(super) fn numbered(
        &self,
        template: &reqwest::Request,
        attempt: u32,
    ) -> Result<reqwest::Request, Error> {
        let mut request = reqwest::Request::new(template.method().clone(), template.url().clone());
        request.headers_mut().clone_from(template.headers());
        *request.body_mut() = self.body()?.map(|body| body.body());
        if let Some(name) = self.core.service.attempt_header {
            set_header(request.headers_mut(), name, &attempt.to_string())?;
        }
        Ok(request)
    }

    async fn attempt(
        &self,
        mut request: reqwest::Request,
        attempt: u32,
        deadline: Instant,
        watch: &mut Watch,
    ) -> Result<(ResponseInfo, Body), Attempted> {
        watch
            .before_request(&mut request, attempt)
            .map_err(Attempted::last)?;
        let place = self.turn(deadline).await.map_err(Attempted::last)?;
        let redactor = &self.core.redactor;
        let redactor = redactor.knowing(request.url(), request.headers());
        let (limit, kind) = sooner(self.timeouts().first_byte, TimeLimit::FirstByte, deadline);
        let answer = timeout(limit, self.core.http.execute(request));
        let answer = self.unless_cancelled(answer).await;
        let answer = match answer.map_err(Attempted::last)? {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(unsent(error, &redactor)),
            Err(_) => {
                let failure = match kind {
                    TimeLimit::Total => Failure::Final,
                    _ => Failure::Stalled,
                };
                let error = Error::timeout(kind);
                return Err(Attempted { failure, error });
            }
        };
        let (parts, body) = http::Response::<reqwest::Body>::from(answer).into_parts();
        let header = self.core.service.request_id_header;
        let response = ResponseInfo::new(parts.status.as_u16(), parts.headers, header, attempt);
        let response = response.redacted(&redactor);
        watch.after_response(&response).map_err(Attempted::last)?;
        let body = Body::arriving(body, place);
        if parts.status.is_success() {
            return Ok((response, body));
        }
        let refused = self.refused(response, body, deadline);
        match self.unless_cancelled(refused).await {
            Ok(attempted) => Err(attempted),
            Err(cancelled) => Err(Attempted::last(cancelled)),
        }
    }

    /// Waits for the turn of an attempt, where the client holds itself back.
    async fn turn(&self, deadline: Instant) -> Result<Option<OwnedSemaphorePermit>, Error> {
        match &self.core.gate {
            Some(gate) => self.unless_cancelled(gate.pass(deadline)).await?,
            None => Ok(None),
        }
    }

    pub(super) async fn refused(
        &self,
        response: ResponseInfo,
        body: Body,
        deadline: Instant,
    ) -> Attempted {
        let idle = self.timeouts().idle;
        // An error whose body breaks off is still an error of that status.
        let body = body.read(idle, deadline).await.unwrap_or_default();
        let text = String::from_utf8_lossy(&body).into_owned();
        let (status, headers) = (response.status(), response.headers());
        let shape = &self.core.service.errors;
        let said = shape.refusal(status, headers, &text, SystemTime::now());
        let failure = Failure::Status {
            status,
            code: said.code.clone(),
            retry_after: said.retry_after,
        };
        Attempted {
            failure,
            error: Error::api(said, Some(text))
                .with_content(body)
                .with_response(response),
        }
    }
}

fn add_credential(
    headers: &mut HeaderMap,
    query: &mut Vec<(String, String)>,
    place: Place,
    secret: &str,
) -> Result<(), Error> {
    let (name, value) = match place {
        Place::Bearer | Place::Token { .. } => (AUTHORIZATION.as_str(), format!("Bearer {secret}")),
        Place::Basic => (
            AUTHORIZATION.as_str(),
            format!("Basic {}", base64::encode(secret)),
        ),
        Place::Header(name) => (name, secret.to_owned()),
        Place::Cookie(name) => {
            let value = format!("{name}={}", percent_encoded(secret));
            (COOKIE.as_str(), value)
        }
        Place::Query(name) => {
            query.push((name.to_owned(), secret.to_owned()));
            return Ok(());
        }
        Place::Elsewhere => return Ok(()),
    };
    set_header(headers, name, &value)?;
    let name = HeaderName::from_bytes(name.as_bytes()).ok();
    if let Some(value) = name.and_then(|name| headers.get_mut(name)) {
        value.set_sensitive(true);
    }
    Ok(())
}

/// Makes a random UUID.
pub(super) fn new_uuid() -> String {
    let (high, low) = (retry::random_bits(), retry::random_bits());
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 48 & 0x3fff | 0x8000,
        low & 0xffff_ffff_ffff,
    )
}

fn unsent(error: reqwest::Error, redactor: &Arc<Redactor>) -> Attempted {
    let error = error.without_url();
    let (failure, made) = if is_of_a_file(&error) {
        let message = "a file changed or went away while it was sent";
        (Failure::Final, Error::configuration(message))
    } else if error.is_connect() && error.is_timeout() {
        (Failure::Connect, Error::timeout(TimeLimit::Connect))
    } else if error.is_connect() {
        (
            Failure::Connect,
            Error::connection("no connection could be made"),
        )
    } else if error.is_timeout() {
        (Failure::Final, Error::timeout(TimeLimit::Total))
    } else {
        let message = "the connection broke before an answer came";
        (Failure::Reset, Error::connection(message))
    };
    Attempted {
        failure,
        error: made.caused_by(error).redacted(redactor),
    }
}

impl Opened {
    /// Reads the whole body.
    pub(super) async fn read(self) -> Result<(Bytes, ResponseInfo), Error> {
        let idle = self.sender.timeouts().idle;
        match self.body.read(idle, self.deadline).await {
            Ok(bytes) => Ok((bytes, self.response)),
            Err(error) => Err(error.with_response(self.response)),
        }
    }
}
