//! Part of the generated SDK's fixed runtime: how a client is set up.
//!
//! A setting comes from the caller, else from an environment variable, else from
//! its default.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::environment::Environment;
use super::error::{Error, ErrorShape};
use super::interceptors::{Interceptor, Interceptors};
use super::logging::{CallLog, LogLevel, LogRecord, Logger};
use super::redaction::Redactor;
use super::retry::{Quota, RetryPolicy};
use super::scopes::Scope;
use super::servers::base_url;
pub use super::servers::ServerVariable;
use super::sse::Limits;
use super::throttle::{Gate, Throttle};
use super::tokens::{token_sources, Grant, RefreshToken, TokenSource};
use super::transport::Core;

/// What a generated client states about its API.
#[derive(Debug)]
pub struct Service {
    /// The base URL used when none is given.
    pub base_url: Option<&'static str>,
    /// The parts of that base URL that may be set, each `{name}` in it.
    pub server_variables: &'static [ServerVariable],
    /// What the environment variables' names begin with, without the underscore.
    pub environment_prefix: &'static str,
    /// The value of `User-Agent`.
    pub user_agent: &'static str,
    /// The header that tells the SDK's language and version, with its value.
    pub sdk_header: Option<(&'static str, &'static str)>,
    /// The header with the server's id of a request.
    pub request_id_header: Option<&'static str>,
    /// The header with the key that makes a repeated call safe.
    pub idempotency_header: Option<&'static str>,
    /// The header with the number of the attempt.
    pub attempt_header: Option<&'static str>,
    /// The credentials, in the order that operations refer to.
    pub schemes: &'static [Scheme],
    /// The options that map names to headers.
    pub header_maps: &'static [&'static NamedHeaders],
    /// The options that are headers of every call, each with its variable's end.
    pub header_options: &'static [(&'static str, &'static str)],
    /// What an error's body looks like.
    pub errors: ErrorShape,
}

/// A credential: the client's name for it and where it goes.
#[derive(Debug)]
pub struct Scheme {
    /// The option's name.
    pub option: &'static str,
    /// Where the credential goes.
    pub place: Place,
}

/// Where a credential goes.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    /// `Authorization: Bearer …`.
    Bearer,
    /// `Authorization: Bearer …`; the credential is a token, or what a token is got for.
    Token {
        /// Where tokens are got for an id and a secret; may be relative to the base URL.
        url: Option<&'static str>,
        /// Where they are got for a refresh token.
        renewal: Option<&'static str>,
        /// The scopes to ask for, separated by spaces.
        scopes: &'static str,
    },
    /// `Authorization: Basic …`; the credential is the pair `user:password`.
    Basic,
    /// A header.
    Header(&'static str),
    /// A query parameter.
    Query(&'static str),
    /// A cookie.
    Cookie(&'static str),
    /// Outside the request (a client certificate in the caller's own HTTP client).
    Elsewhere,
}

/// An option that maps names to header values.
#[derive(Debug)]
pub struct NamedHeaders {
    /// The option's name, in the singular, for environment variables.
    pub option: &'static str,
    /// What the headers' names begin with.
    pub prefix: &'static str,
    /// The known names, lower case, each with its header.
    pub members: &'static [(&'static str, &'static str)],
}

impl NamedHeaders {
    /// Gives the header for a name.
    pub fn header(&self, name: &str) -> String {
        let wanted = plain(name);
        let known = self.members.iter().find(|(name, _)| plain(name) == wanted);
        known.map_or_else(
            || format!("{}{}", self.prefix, name.replace('_', "-")),
            |(_, header)| (*header).to_owned(),
        )
    }
}

fn plain(name: &str) -> String {
    name.replace(['-', '_'], "").to_lowercase()
}

/// The four time limits of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// For making a connection. It is a property of the client, not of a call.
    pub connect: Duration,
    /// For the wait until the answer begins.
    pub first_byte: Duration,
    /// For each wait for more of the answer.
    pub idle: Duration,
    /// For the whole call, its retries included; for a stream, until it has begun.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            first_byte: Duration::from_secs(60),
            idle: Duration::from_secs(60),
            total: Duration::from_secs(600),
        }
    }
}

impl Timeouts {
    /// Sets the limit for making a connection.
    pub fn connect(mut self, limit: Duration) -> Self {
        self.connect = limit;
        self
    }

    /// Sets the limit for the wait until the answer begins.
    pub fn first_byte(mut self, limit: Duration) -> Self {
        self.first_byte = limit;
        self
    }

    /// Sets the limit for each wait for more of the answer.
    pub fn idle(mut self, limit: Duration) -> Self {
        self.idle = limit;
        self
    }

    /// Sets the limit for the whole call.
    pub fn total(mut self, limit: Duration) -> Self {
        self.total = limit;
        self
    }

    /// Gives a server more time to answer.
    pub(super) fn with_time(self, time: Duration) -> Self {
        let limits = self.first_byte(self.first_byte + time);
        limits.total(limits.total + time)
    }
}

/// A value that must not show up in logs.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    pub(super) fn new(value: String) -> Self {
        Self(value)
    }

    /// Gives the value itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// The settings a client is made from.
#[derive(Clone, Debug, Default)]
pub struct Config {
    base_url: Option<String>,
    server: BTreeMap<&'static str, String>,
    credentials: BTreeMap<&'static str, Secret>,
    grants: BTreeMap<&'static str, Grant>,
    named_headers: Vec<(&'static NamedHeaders, String, Secret)>,
    headers: Vec<(String, Option<Secret>)>,
    without_platform_headers: bool,
    timeouts: Option<Timeouts>,
    retry: Option<RetryPolicy>,
    throttle: Option<Throttle>,
    limits: Limits,
    http: Option<reqwest::Client>,
    interceptors: Interceptors,
    logger: Option<Logger>,
    log_level: Option<LogLevel>,
    trace_context: Option<TraceContext>,
}

impl Config {
    /// Sets the address that paths are appended to.
    pub fn base_url(&mut self, url: String) {
        self.base_url = Some(url);
    }

    /// Sets a part of the API's own base URL.
    pub fn server_variable(&mut self, name: &'static str, value: String) {
        self.server.insert(name, value);
    }

    /// Sets a credential by its option's name.
    pub fn credential(&mut self, option: &'static str, value: String) {
        self.credentials.insert(option, Secret(value));
    }

    /// Sets the id and the secret by which tokens are got for an option.
    pub fn client_credentials(&mut self, option: &'static str, id: String, secret: String) {
        let secret = Secret(secret);
        self.grants.insert(option, Grant::Client { id, secret });
    }

    /// Sets the refresh token for which tokens are got for an option.
    pub fn refresh_token(&mut self, option: &'static str, token: RefreshToken) {
        self.grants.insert(option, Grant::Refresh(token));
    }

    /// Adds a header out of a map of headers.
    pub fn named_header(&mut self, map: &'static NamedHeaders, name: String, value: String) {
        self.named_headers.push((map, name, Secret(value)));
    }

    /// Sets a header of every request; `None` takes one of ours away.
    pub fn header(&mut self, name: String, value: Option<String>) {
        self.headers.push((name, value.map(Secret)));
    }

    /// Says whether requests tell which SDK and version they come from.
    pub fn platform_headers(&mut self, sent: bool) {
        self.without_platform_headers = !sent;
    }

    /// Sets the time limits.
    pub fn timeouts(&mut self, timeouts: Timeouts) {
        self.timeouts = Some(timeouts);
    }

    /// Sets how calls are repeated.
    pub fn retry(&mut self, policy: RetryPolicy) {
        self.retry = Some(policy);
    }

    /// Sets how much is asked of the server.
    pub fn throttle(&mut self, throttle: Throttle) {
        self.throttle = Some(throttle);
    }

    /// Sets how much of an event stream is kept at a time.
    pub fn stream_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Sets the HTTP client to use instead of one of our own.
    pub fn http_client(&mut self, client: reqwest::Client) {
        self.http = Some(client);
    }

    /// Adds what looks on while calls are made.
    pub fn interceptor(&mut self, interceptor: impl Interceptor + 'static) {
        self.interceptors.push(interceptor);
    }

    /// Sets what takes the records of the log.
    pub fn logger(&mut self, write: impl Fn(&LogRecord) + Send + Sync + 'static) {
        self.logger = Some(Logger::new(write));
    }

    /// Sets the least that is logged.
    pub fn log_level(&mut self, level: LogLevel) {
        self.log_level = Some(level);
    }

    /// Sets what gives the headers of the present trace.
    pub fn trace_context<H, N, V>(&mut self, headers: impl Fn() -> H + Send + Sync + 'static)
    where
        H: IntoIterator<Item = (N, V)>,
        N: Into<String>,
        V: Into<String>,
    {
        let owned = |(name, value): (N, V)| (name.into(), value.into());
        let headers = move || headers().into_iter().map(owned).collect();
        self.trace_context = Some(TraceContext(Arc::new(headers)));
    }

    /// Fills in what was not set and makes the client's core.
    pub fn build(self, service: &'static Service) -> Result<Core, Error> {
        let environment = Environment(service.environment_prefix);
        let timeouts = match self.timeouts {
            Some(timeouts) => timeouts,
            None => environment.timeouts()?,
        };
        let retry = match self.retry {
            Some(retry) => retry.checked()?,
            None => environment.retry()?,
        };
        let gate = self.throttle.as_ref().map(Gate::new).transpose()?;
        let http = match self.http {
            Some(http) => http,
            None => default_http_client(&timeouts)?,
        };
        let credentials = credentials(&self.credentials, &environment, service);
        let own_url = self.base_url.or_else(|| environment.get("BASE_URL"));
        let has_own_url = own_url.is_some();
        let base_url = base_url(own_url, &self.server, service)?;
        let tokens = token_sources(
            self.grants,
            &self.credentials,
            &environment,
            service,
            &base_url,
        )?;
        let secrets = tokens.iter().flatten().flat_map(TokenSource::secrets);
        let secrets = secrets.map(Some);
        let known: Vec<Option<Secret>> = credentials.iter().cloned().chain(secrets).collect();
        let redactor = redactor(service, &known, &self.named_headers, &environment);
        let redactor = Arc::new(redactor);
        let level = self.log_level.or_else(|| environment.log_level());
        let log = CallLog::new(
            level.unwrap_or_default(),
            self.logger.unwrap_or_default(),
            Arc::clone(&redactor),
        );
        Ok(Core {
            http,
            base_url,
            has_own_url,
            tokens: tokens.into(),
            own_headers: own_headers(
                !self.without_platform_headers,
                &self.named_headers,
                &environment,
                service,
            )?,
            headers: client_headers(&self.headers)?,
            credentials,
            redactor,
            log: log.map(Arc::new),
            interceptors: self.interceptors,
            trace_context: self.trace_context,
            timeouts,
            quota: Arc::new(Quota::new(retry.quota)),
            gate: gate.map(Arc::new),
            retry,
            limits: self.limits,
            scope: Scope::default(),
            service,
        })
    }
}

/// Gives the headers of the present trace.
#[derive(Clone)]
pub(super) struct TraceContext(Arc<dyn Fn() -> Vec<(String, String)> + Send + Sync>);

impl TraceContext {
    pub(super) fn headers(&self) -> Vec<(String, String)> {
        (self.0)()
    }
}

impl fmt::Debug for TraceContext {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TraceContext")
    }
}

fn credentials(
    given: &BTreeMap<&'static str, Secret>,
    environment: &Environment,
    service: &Service,
) -> Vec<Option<Secret>> {
    let find = |scheme: &Scheme| {
        // One that was given empty says that none is to be sent.
        let given = given.get(scheme.option).cloned();
        let known = given.or_else(|| environment.get(scheme.option).map(Secret));
        known.filter(|secret| !secret.reveal().is_empty())
    };
    service.schemes.iter().map(find).collect()
}

/// Knows the secrets of the client, by name and by value.
fn redactor(
    service: &Service,
    credentials: &[Option<Secret>],
    named: &[(&'static NamedHeaders, String, Secret)],
    environment: &Environment,
) -> Redactor {
    let names = service
        .schemes
        .iter()
        .filter_map(|scheme| match scheme.place {
            Place::Header(name) | Place::Query(name) | Place::Cookie(name) => Some(name),
            Place::Bearer | Place::Token { .. } | Place::Basic | Place::Elsewhere => None,
        });
    let prefixes = service.header_maps.iter().map(|map| map.prefix);
    let own: Vec<Secret> = service
        .header_maps
        .iter()
        .flat_map(|map| environment.named(map))
        .map(|(_, secret)| secret)
        .collect();
    let given = named.iter().map(|(_, _, secret)| secret);
    let secrets = credentials.iter().flatten().chain(given).chain(&own);
    let secrets = secrets.map(Secret::reveal);
    Redactor::new(names, prefixes, service.idempotency_header, secrets)
}

/// Gives what the SDK itself sends with every request.
fn own_headers(
    platform: bool,
    named: &[(&'static NamedHeaders, String, Secret)],
    environment: &Environment,
    service: &Service,
) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    if platform {
        let agent = HeaderValue::from_static(service.user_agent);
        headers.insert(reqwest::header::USER_AGENT, agent);
    }
    if let Some((name, value)) = service.sdk_header.filter(|_| platform) {
        set_header(&mut headers, name, value)?;
    }
    for (variable, name) in service.header_options {
        if let Some(value) = environment.get(variable) {
            set_header(&mut headers, name, &value)?;
        }
    }
    for map in service.header_maps {
        for (name, value) in environment.named(map) {
            set_secret(&mut headers, &map.header(&name), &value)?;
        }
    }
    for (map, name, value) in named {
        set_secret(&mut headers, &map.header(name), value)?;
    }
    Ok(headers)
}

/// Checks the headers that the caller sets for every request.
fn client_headers(
    given: &[(String, Option<Secret>)],
) -> Result<Vec<(HeaderName, Option<HeaderValue>)>, Error> {
    let mut headers = Vec::new();
    for (name, value) in given {
        let value = match value {
            Some(value) => {
                let mut value = header_value(name, value.reveal())?;
                value.set_sensitive(true);
                Some(value)
            }
            None => None,
        };
        headers.push((header_name(name)?, value));
    }
    Ok(headers)
}

fn header_name(name: &str) -> Result<HeaderName, Error> {
    HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| Error::configuration(format!("`{}` is no header name", name.escape_debug())))
}

/// Takes visible ASCII, spaces and tabs; the error does not show what it refuses.
fn header_value(name: &str, value: &str) -> Result<HeaderValue, Error> {
    let allowed = value
        .bytes()
        .all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
    let value = HeaderValue::from_str(value).ok().filter(|_| allowed);
    value.ok_or_else(|| {
        let name = name.escape_debug();
        Error::configuration(format!("the value of header `{name}` is not allowed"))
    })
}

/// Puts a header in place of any of that name.
pub fn set_header(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), Error> {
    let value = header_value(name, value)?;
    let name = header_name(name)?;
    headers.insert(name, value);
    Ok(())
}

/// Puts a header in place of any of that name, or takes it away.
pub fn change_header(
    headers: &mut HeaderMap,
    name: &str,
    value: Option<&str>,
) -> Result<(), Error> {
    match value {
        Some(value) => {
            let mut value = header_value(name, value)?;
            value.set_sensitive(true);
            headers.insert(header_name(name)?, value);
            Ok(())
        }
        None => {
            headers.remove(header_name(name)?);
            Ok(())
        }
    }
}

fn set_secret(headers: &mut HeaderMap, name: &str, value: &Secret) -> Result<(), Error> {
    set_header(headers, name, value.reveal())?;
    if let Some(value) = headers.get_mut(name) {
        value.set_sensitive(true);
    }
    Ok(())
}

/// Makes an HTTP client that follows no redirect, which could carry a key elsewhere.
fn default_http_client(timeouts: &Timeouts) -> Result<reqwest::Client, Error> {
    #[cfg(feature = "rustls")]
    install_tls();
    reqwest::Client::builder()
        .connect_timeout(timeouts.connect)
        .redirect(reqwest::redirect::Policy::none())
        .tcp_nodelay(true)
        .build()
        .map_err(|error| Error::configuration("no HTTP client could be made").caused_by(error))
}

/// Chooses the cryptography of TLS, unless the program has chosen already.
#[cfg(feature = "rustls")]
fn install_tls() {
    // An error means that another part of the program was first: its choice stands.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
