//! Calls as OpenTelemetry spans. A process of its own: the tracer is global.

use headgate_sdk::otel::Tracing;
use headgate_sdk_tests::server::Server;
use opentelemetry::global;
use opentelemetry::trace::{SpanKind, Status, TraceContextExt, Tracer};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};

fn attribute(span: &SpanData, name: &str) -> Option<String> {
    let mut attributes = span.attributes.iter();
    let found = attributes.find(|attribute| attribute.key.as_str() == name);
    found.map(|attribute| attribute.value.to_string())
}

fn spans_of(exporter: &InMemorySpanExporter) -> Vec<SpanData> {
    exporter.get_finished_spans().expect("spans")
}

/// Each attempt is a span below the caller's, and tells the server which; one without an
/// answer says why.
#[tokio::test]
async fn each_attempt_is_a_span() {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .build();
    global::set_tracer_provider(provider);
    global::set_text_map_propagator(TraceContextPropagator::new());
    let server = Server::start(|number, _, connection| match number {
        0 => connection.respond(503, "Retry-After-Ms: 1\r\n", ""),
        _ => connection.json(200, r#"{"object":"list","data":[],"has_more":false}"#),
    });
    let client = server.builder().interceptor(Tracing).build();
    let tracer = global::tracer("program");
    let work = tracer.start("work");
    let context = opentelemetry::Context::current_with_span(work);
    let guard = context.clone().attach();

    let list = client.expect("a client").models().list(Default::default());
    let _ = list.extra_query("access_token", "canary").await;

    drop(guard);
    let spans = spans_of(&exporter);
    let statuses: Vec<_> = spans
        .iter()
        .map(|span| attribute(span, "http.response.status_code").expect("a status"))
        .collect();
    assert_eq!(statuses, ["503", "200"]);
    assert_eq!(spans[0].status, Status::error(""));
    for (span, request) in spans.iter().zip(server.received()) {
        let id = context.span().span_context().span_id();
        assert_eq!(span.parent_span_id, id);
        assert_eq!(span.span_kind, SpanKind::Client);
        assert_eq!(span.name, "GET");
        assert_eq!(attribute(span, "url.path").as_deref(), Some("/v1/models"));
        let parent = request.header("traceparent").expect("a parent");
        assert!(parent.contains(&span.span_context.span_id().to_string()));
        assert!(!format!("{span:?}").contains("canary"));
    }
    unanswered().await;
    let last = spans_of(&exporter).pop().expect("a span");
    assert_eq!(
        attribute(&last, "error.type").as_deref(),
        Some("connection")
    );
}

async fn unanswered() {
    let client = headgate_sdk::Client::builder()
        .base_url("http://127.0.0.1:1")
        .interceptor(Tracing)
        .build();
    let call = client.expect("a client").models().get("m").max_attempts(1);
    assert!(call.await.expect_err("no server").is_connection());
}
