//! Part of the generated SDK's fixed runtime: calls as OpenTelemetry spans.

use std::time::Duration;

use opentelemetry::global;
use opentelemetry::propagation::Injector;
use opentelemetry::trace::{SpanKind, Status, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::error::{Error, Failure};
use super::interceptors::{Attempt, Interceptor, Seen};
use super::response::ResponseInfo;

/// Makes a client span of each attempt, and sends its trace context with it.
///
/// The spans go to the global tracer, and the context is written by the global
/// propagator. A span ends with the head of the answer; it holds no query, no header and no body.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tracing;

impl Interceptor for Tracing {
    fn before_request(&self, attempt: &mut Attempt) -> Seen {
        let tracer = global::tracer(env!("CARGO_PKG_NAME"));
        let url = &attempt.url;
        let mut attributes = vec![
            KeyValue::new("http.request.method", attempt.method.clone()),
            KeyValue::new("server.address", url.host_str().unwrap_or("").to_owned()),
            KeyValue::new("url.path", url.path().to_owned()),
            KeyValue::new(
                "http.request.resend_count",
                i64::from(attempt.number.saturating_sub(1)),
            ),
        ];
        let port = url.port_or_known_default();
        attributes.extend(port.map(|port| KeyValue::new("server.port", i64::from(port))));
        let span = tracer
            .span_builder(attempt.method.clone())
            .with_kind(SpanKind::Client)
            .with_attributes(attributes)
            .start(&tracer);
        let context = Context::current_with_span(span);
        global::get_text_map_propagator(|propagator| {
            propagator.inject_context(&context, &mut Headers(&mut attempt.headers));
        });
        attempt.extensions.insert(context);
        Ok(())
    }

    fn after_response(&self, attempt: &Attempt, response: &ResponseInfo) -> Seen {
        let Some(context) = attempt.extensions.get::<Context>() else {
            return Ok(());
        };
        let (span, status) = (context.span(), response.status());
        span.set_attribute(KeyValue::new(
            "http.response.status_code",
            i64::from(status),
        ));
        if status >= 400 {
            span.set_attribute(KeyValue::new("error.type", status.to_string()));
            span.set_status(Status::error(""));
        }
        span.end();
        Ok(())
    }

    fn on_retry(&self, attempt: &Attempt, error: &Error, _delay: Duration) -> Seen {
        end(attempt, error);
        Ok(())
    }

    fn on_error(&self, attempt: &Attempt, error: &Error) {
        end(attempt, error);
    }
}

/// Ends the span of an attempt that had no answer; one that had is over already.
fn end(attempt: &Attempt, error: &Error) {
    if let Some(context) = attempt.extensions.get::<Context>() {
        let span = context.span();
        span.set_attribute(KeyValue::new("error.type", kind(error)));
        span.set_status(Status::error(""));
        span.end();
    }
}

fn kind(error: &Error) -> &'static str {
    match error.failure() {
        Failure::Connection => "connection",
        Failure::Timeout(_) => "timeout",
        Failure::Cancelled => "cancelled",
        _ => "_OTHER",
    }
}

struct Headers<'a>(&'a mut HeaderMap);

impl Injector for Headers<'_> {
    fn set(&mut self, key: &str, value: String) {
        if value.is_empty() {
            return;
        }
        let name = HeaderName::from_bytes(key.as_bytes()).ok();
        let value = HeaderValue::from_str(&value).ok();
        if let (Some(name), Some(value)) = (name, value) {
            self.0.insert(name, value);
        }
    }
}
