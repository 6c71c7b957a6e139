//! Part of the generated SDK's fixed runtime: what a call sends.

use std::fmt;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::Url;
use serde::Serialize;
use serde_json::{Map, Value};

use super::cancel::CancelToken;
use super::config::{set_header, NamedHeaders, Timeouts};
use super::error::Error;
use super::interceptors::Interceptors;
use super::page::Walk;
use super::parameters::{
    change_pairs, cookie_text, encode_pairs, header_text, joined, path_text, query_text, Pair,
};
pub use super::parameters::{json_text, PathStyle, Style};
use super::payload::Payload;
use super::pending::Waiting;
use super::response::ResponseInfo;
use super::transport::Core;
use super::upload::{Multipart, Upload};

/// Whether an operation may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idempotency {
    /// Once it is sent with a key.
    Key,
    /// As it is.
    Natural,
    /// Not without the risk that it happens twice.
    None,
}

/// What is fixed about an operation.
#[derive(Debug)]
pub struct Operation {
    /// The HTTP method.
    pub method: &'static str,
    /// The path below the base URL, each parameter's name in braces.
    pub path: &'static str,
    /// Alternatives of credentials that go together, as places in the service's list.
    pub security: &'static [&'static [usize]],
    /// Whether it may be sent again.
    pub idempotency: Idempotency,
}

/// A call's parameters and body.
#[derive(Clone)]
pub struct Request {
    pub(super) operation: &'static Operation,
    pub(super) body: Option<Payload>,
    pub(super) content_type: String,
    path: Vec<PathValue>,
    query: Vec<Pair>,
    headers: Vec<(&'static str, String)>,
    cookies: Vec<(&'static str, String)>,
    pub(super) unfinished: bool,
    pub(super) walk: Option<Walk>,
    pub(super) accept: Option<&'static str>,
    base_url: Option<&'static str>,
    passed: Option<Passed>,
    address: Option<String>,
    problem: Option<String>,
    pending: &'static [u16],
    switch: Option<Switch>,
}

/// What in a body asks for a stream, and the method that gives it.
#[derive(Clone, Copy)]
struct Switch {
    property: &'static str,
    value: &'static str,
    method: &'static str,
}

impl Switch {
    /// Says what is wrong with a value of the property, if it asks for a stream.
    fn refusal(self, given: Option<&Value>) -> Option<String> {
        let Self {
            property,
            value,
            method,
        } = self;
        let given = given?.to_string();
        (given == value).then(|| {
            format!("this call gives one object; call {method}(...) for {property}: {value}")
        })
    }
}

/// A method and a path that no description holds.
#[derive(Clone)]
struct Passed {
    method: String,
    path: String,
    own_errors: Option<&'static str>,
    pending: Option<&'static str>,
}

/// A path parameter: its value, and how that is written.
#[derive(Clone)]
struct PathValue {
    name: &'static str,
    plain: String,
    encoded: String,
}

impl Request {
    /// Begins a request.
    pub fn new(operation: &'static Operation) -> Self {
        Self {
            operation,
            body: None,
            content_type: "application/json".to_owned(),
            path: Vec::new(),
            query: Vec::new(),
            headers: Vec::new(),
            cookies: Vec::new(),
            unfinished: false,
            walk: None,
            accept: None,
            base_url: None,
            passed: None,
            address: None,
            problem: None,
            pending: &[],
            switch: None,
        }
    }

    /// Sets a path parameter.
    pub fn path(&mut self, name: &'static str, value: &(impl Serialize + ?Sized)) {
        self.styled_path(name, value, PathStyle::Simple, false);
    }

    /// Sets a path parameter that is written in a style.
    pub fn styled_path(
        &mut self,
        name: &'static str,
        value: &(impl Serialize + ?Sized),
        style: PathStyle,
        explode: bool,
    ) {
        match serde_json::to_value(value) {
            Ok(value) => self.path.push(PathValue {
                name,
                plain: joined(&value),
                encoded: path_text(name, &value, style, explode),
            }),
            Err(error) => self.problem = Some(format!("path parameter `{name}`: {error}")),
        }
    }

    /// Adds a query parameter; null and `None` add nothing.
    pub fn query(&mut self, name: &'static str, value: &(impl Serialize + ?Sized), style: Style) {
        self.add_query(name, value, style, false);
    }

    /// Adds a query parameter whose values keep their reserved characters.
    pub fn reserved_query(
        &mut self,
        name: &'static str,
        value: &(impl Serialize + ?Sized),
        style: Style,
    ) {
        self.add_query(name, value, style, true);
    }

    fn add_query(
        &mut self,
        name: &'static str,
        value: &(impl Serialize + ?Sized),
        style: Style,
        reserved: bool,
    ) {
        match serde_json::to_value(value) {
            Ok(value) => self.query.extend(Pair::of(name, &value, style, reserved)),
            Err(error) => self.problem = Some(format!("query parameter `{name}`: {error}")),
        }
    }

    /// Lets the stream close before its terminal event if a query parameter asks for that.
    pub fn unfinished_when(&mut self, name: &str, value: &str) {
        let mut query = self.query.iter();
        self.unfinished = query.any(|pair| pair.name == name && pair.value == value);
    }

    /// Sets a header parameter; null and `None` set nothing.
    pub fn header(&mut self, name: &'static str, value: &(impl Serialize + ?Sized)) {
        self.problem = add_text(&mut self.headers, name, value, false).or(self.problem.take());
    }

    /// Sets a header parameter whose objects are written as `name=value`.
    pub fn exploded_header(&mut self, name: &'static str, value: &(impl Serialize + ?Sized)) {
        self.problem = add_text(&mut self.headers, name, value, true).or(self.problem.take());
    }

    /// Sets a cookie parameter; null and `None` set nothing.
    pub fn cookie(&mut self, name: &'static str, value: &(impl Serialize + ?Sized)) {
        self.problem = add_text(&mut self.cookies, name, value, false).or(self.problem.take());
    }

    /// Sets a JSON body.
    pub fn json(&mut self, body: &(impl Serialize + ?Sized)) {
        match serde_json::to_vec(body) {
            Ok(body) => self.body = Some(Payload::Bytes(body.into())),
            Err(error) => self.problem = Some(format!("the body: {error}")),
        }
    }

    /// Sets a JSON body of another media type than `application/json`.
    pub fn json_as(&mut self, content_type: &str, body: &(impl Serialize + ?Sized)) {
        content_type.clone_into(&mut self.content_type);
        self.json(body);
    }

    /// Sets a body of form fields, each written in its style, or repeated.
    pub fn form(&mut self, body: &(impl Serialize + ?Sized), styles: &[(&str, Style)]) {
        self.form_with(body, styles, &[]);
    }

    /// Sets a body of form fields, of which the method itself sets some.
    pub fn form_with(
        &mut self,
        body: &(impl Serialize + ?Sized),
        styles: &[(&str, Style)],
        set: &[(&str, &str)],
    ) {
        let own = set.iter().map(|(name, value)| Pair::new(name, value));
        let mut pairs: Vec<_> = own.collect();
        match serde_json::to_value(body) {
            Ok(Value::Null) if !set.is_empty() => {}
            Ok(Value::Object(mut fields)) => {
                fields.retain(|name, _| set.iter().all(|(own, _)| own != name));
                for (name, value) in &fields {
                    let own = styles.iter().find(|(known, _)| known == name);
                    let style = own.map_or(Style::Repeated, |(_, style)| *style);
                    pairs.extend(Pair::of(name, value, style, false));
                }
            }
            Ok(_) => self.problem = Some("the body: a form is an object".to_owned()),
            Err(error) => self.problem = Some(format!("the body: {error}")),
        }
        self.raw("application/x-www-form-urlencoded", query_text(&pairs));
    }

    /// Sets a body of several parts.
    pub fn multipart(&mut self, form: Multipart) {
        match form.finish() {
            Ok((content_type, body)) => {
                self.content_type = content_type;
                self.body = Some(body);
            }
            Err(problem) => self.problem = Some(problem),
        }
    }

    /// Sets a body as it is.
    pub fn raw(&mut self, content_type: &str, body: impl Into<Upload>) {
        let (own, piece) = body.into().into_parts();
        self.content_type = own.unwrap_or_else(|| content_type.to_owned());
        self.body = Some(Payload::new(vec![piece]));
    }

    /// Says how the list that is asked for goes on.
    pub fn pages(&mut self, walk: Walk) {
        self.walk = Some(walk);
    }

    /// Asks for one of the media types in which the answer may come.
    pub fn accept(&mut self, media_type: &'static str) {
        self.accept = Some(media_type);
    }

    /// Sends the request to an address of its own instead of the API's.
    pub fn base_url(&mut self, url: &'static str) {
        self.base_url = Some(url);
    }

    /// Takes answers of these statuses for ones that say that the answer comes later.
    pub fn pending(&mut self, statuses: &'static [u16]) {
        self.pending = statuses;
    }

    /// Refuses a body that asks for a stream: one that has this JSON for the property.
    pub fn streamed_by(
        &mut self,
        property: &'static str,
        given: &impl Serialize,
        value: &'static str,
        method: &'static str,
    ) {
        let switch = Switch {
            property,
            value,
            method,
        };
        let given = serde_json::to_value(given).ok();
        self.problem = switch.refusal(given.as_ref()).or(self.problem.take());
        self.switch = Some(switch);
    }

    /// Says whether what came only says that the answer comes later.
    pub(super) fn is_pending(&self, response: &ResponseInfo) -> bool {
        let header = self.passed.as_ref().and_then(|passed| passed.pending);
        self.pending.contains(&response.status())
            || header.is_some_and(|name| response.headers().contains_key(name))
    }

    /// Refuses to be sent.
    pub(super) fn refuse(&mut self, problem: &str) {
        self.problem = Some(problem.to_owned());
    }

    /// Calls a path that no description holds.
    pub(super) fn passed_on(
        &mut self,
        method: String,
        path: String,
        own_errors: Option<&'static str>,
        pending: Option<&'static str>,
    ) {
        self.passed = Some(Passed {
            method,
            path,
            own_errors,
            pending,
        });
    }

    pub(super) fn method(&self) -> &str {
        let own = self.passed.as_ref().map(|passed| &*passed.method);
        own.unwrap_or(self.operation.method)
    }

    /// The header by which the API tells errors of its own.
    pub(super) fn own_errors(&self) -> Option<&'static str> {
        self.passed.as_ref()?.own_errors
    }

    /// Gives the request for the page at an address.
    pub(super) fn with_address(mut self, address: String) -> Self {
        self.address = Some(address);
        self
    }

    /// Gives the request for the page after this one.
    pub(super) fn with_cursor(mut self, parameter: &'static str, cursor: &str) -> Self {
        self.query.retain(|pair| pair.name != parameter);
        self.query.push(Pair::new(parameter, cursor));
        self
    }

    /// Sets a header in place of any of that name.
    pub(super) fn with_header(mut self, name: &'static str, value: String) -> Self {
        self.headers
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name, value));
        self
    }

    pub(super) fn path_value(&self, name: &str) -> Option<&str> {
        let found = self.path.iter().find(|value| value.name == name)?;
        Some(&found.plain)
    }

    pub(super) fn query_value(&self, name: &str) -> Option<String> {
        let found = self.query.iter().find(|known| known.name == name)?;
        Some(found.value.clone())
    }

    pub(super) fn header_value(&self, name: &str) -> Option<String> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(found.1.clone())
    }

    /// Refuses a request that is wrong, or made so by what is added to its body.
    pub(super) fn check(&self, extra_body: &Map<String, Value>) -> Result<(), Error> {
        let added = |switch: Switch| switch.refusal(extra_body.get(switch.property));
        let problem = self.problem.clone();
        match problem.or_else(|| self.switch.and_then(added)) {
            Some(problem) => Err(Error::configuration(problem)),
            None => Ok(()),
        }
    }

    /// Appends the path and the query to the base URL.
    pub(super) fn url(
        &self,
        core: &Core,
        extra: &[(String, Value)],
        secrets: Vec<(String, String)>,
    ) -> Result<Url, Error> {
        if let Some(address) = &self.address {
            return elsewhere(address, &secrets);
        }
        let base = self.base(core)?;
        let mut path = base.path().trim_end_matches('/').to_owned();
        let whole = self.passed.as_ref().map(|passed| &*passed.path);
        let whole = whole.unwrap_or(self.operation.path);
        let (template, fixed) = whole.split_once('?').unwrap_or((whole, ""));
        for part in template.split_inclusive('}') {
            let (text, name) = part.split_once('{').unwrap_or((part, ""));
            path.push_str(text);
            if let Some(name) = name.strip_suffix('}') {
                path.push_str(self.encoded(name)?);
            }
        }
        let mut url = base;
        url.set_path(&path);
        let mut pairs = self.query.clone();
        for (name, value) in extra {
            change_pairs(&mut pairs, name, value);
        }
        pairs.extend(secrets.iter().map(|(name, value)| Pair::new(name, value)));
        let pairs = query_text(&pairs);
        let parts = [fixed, &pairs];
        let query: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        if !query.is_empty() {
            url.set_query(Some(&query.join("&")));
        }
        Ok(url)
    }

    /// Gives the address that the path is appended to: one that the client was given
    /// goes before the operation's own.
    fn base(&self, core: &Core) -> Result<Url, Error> {
        let usual = &core.base_url;
        let Some(own) = self.base_url.filter(|_| !core.has_own_url) else {
            return Ok(usual.clone());
        };
        usual.join(own).map_err(|error| {
            Error::configuration("the operation's own address is no URL").caused_by(error)
        })
    }

    /// Gives a path parameter, encoded so that it stays one segment.
    fn encoded(&self, name: &str) -> Result<&str, Error> {
        let found = self.path.iter().find(|value| value.name == name);
        let encoded = found.map_or("", |value| value.encoded.as_str());
        if matches!(encoded, "" | "." | "..") {
            let message = format!("path parameter `{name}` must not be `{encoded}`");
            return Err(Error::configuration(message));
        }
        Ok(encoded)
    }

    pub(super) fn add_headers(&self, headers: &mut HeaderMap) -> Result<(), Error> {
        for (name, value) in &self.headers {
            set_header(headers, name, value)?;
        }
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| cookie_text(name, value))
            .collect();
        if cookies.is_empty() {
            return Ok(());
        }
        let own = headers.get("cookie").and_then(|value| value.to_str().ok());
        let own = own.map(str::to_owned);
        let all: Vec<String> = own.into_iter().chain(cookies).collect();
        set_header(headers, "cookie", &all.join("; "))
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Request")
            .field(self.operation)
            .finish()
    }
}

/// Gives an address that the server gave, with what is secret in its query put in again.
fn elsewhere(address: &str, secrets: &[(String, String)]) -> Result<Url, Error> {
    let mut url = Url::parse(address)
        .map_err(|error| Error::configuration("the address is no URL").caused_by(error))?;
    let known: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let missing: Vec<(String, String)> = secrets
        .iter()
        .filter(|(name, _)| known.iter().all(|(other, _)| other != name))
        .cloned()
        .collect();
    if !missing.is_empty() {
        let own = url.query().unwrap_or_default().to_owned();
        let parts = [own, encode_pairs(&missing)];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        url.set_query(Some(&parts.join("&")));
    }
    Ok(url)
}

fn add_text(
    target: &mut Vec<(&'static str, String)>,
    name: &'static str,
    value: &(impl Serialize + ?Sized),
    explode: bool,
) -> Option<String> {
    match serde_json::to_value(value) {
        Ok(value) => target.extend(header_text(&value, explode).map(|text| (name, text))),
        Err(error) => return Some(format!("parameter `{name}`: {error}")),
    }
    None
}

/// What one call asks for beside its parameters.
#[derive(Clone, Default)]
pub struct Options {
    pub(super) headers: Vec<(String, Option<String>)>,
    pub(super) named: Vec<(String, Option<String>)>,
    pub(super) query: Vec<(String, Value)>,
    pub(super) extra_body: Map<String, Value>,
    pub(super) timeouts: Option<Timeouts>,
    pub(super) max_attempts: Option<u32>,
    pub(super) idempotency_key: Option<String>,
    pub(super) interceptors: Interceptors,
    pub(super) cancel: Option<CancelToken>,
    pub(super) wait: Option<(&'static Waiting, Duration)>,
}

impl fmt::Debug for Options {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Options")
    }
}

impl Options {
    pub(super) fn named_header(&mut self, map: &NamedHeaders, name: &str, value: String) {
        self.named.push((map.header(name), Some(value)));
    }

    /// Adds the extra properties to a JSON body.
    pub(super) fn extend_body(&self, body: Option<Payload>) -> Result<Option<Payload>, Error> {
        if self.extra_body.is_empty() {
            return Ok(body);
        }
        let whole = match &body {
            Some(Payload::Bytes(body)) => serde_json::from_slice(body).unwrap_or_default(),
            Some(Payload::Pieces(_)) => Value::Null,
            None => Value::Object(Map::new()),
        };
        let Value::Object(mut whole) = whole else {
            let message = "the body is no JSON object, so nothing can be added to it";
            return Err(Error::configuration(message));
        };
        whole.extend(self.extra_body.clone());
        let whole = Value::Object(whole).to_string();
        Ok(Some(Payload::Bytes(whole.into())))
    }
}
