//! Streams over scripted connections against `spec/vectors/resume`.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_core::Stream;
use headgate_sdk::resources::runs::EventsParams;
use headgate_sdk::runtime::stream::StreamKind;
use headgate_sdk::types::{MessageRequest, RunMessageRequest, RunRequest, UserMessageParam};
use headgate_sdk::{Client, Error, EventStream, RetryPolicy, Timeouts};
use serde::Serialize;
use serde_json::{json, Value};

use super::retry_vectors::{assert_near, seconds};
use super::scripted::{answer, Resolver, Script};
use super::vectors::{self, check_keys, list, recording, text};
use headgate_sdk_tests::server::{Received, Server};

/// Every stream asks, delivers and ends as stated.
#[tokio::test]
async fn streams_ask_deliver_and_end_as_stated() {
    for file in vectors::read("resume") {
        if file.class == "decisions" {
            continue;
        }
        for (label, vector) in file.vectors() {
            let keys = [
                "name",
                "note",
                "bug",
                "call",
                "connections",
                "policy",
                "options",
                "limits",
                "timeouts",
                "reader",
                "expect",
            ];
            check_keys(&label, vector, &keys);
            let limit = Duration::from_secs(30);
            let run = tokio::time::timeout(limit, run(&label, vector));
            run.await.unwrap_or_else(|_| panic!("{label}: hung"));
        }
    }
}

/// What a stream delivered, and how it ended.
struct Delivered {
    events: Vec<Value>,
    error: Option<Error>,
    last: Option<Value>,
}

async fn run(label: &str, vector: &Value) {
    let call = &vector["call"];
    check_keys(
        label,
        call,
        &[
            "operation",
            "recording",
            "path",
            "query",
            "headers",
            "idempotency_key",
        ],
    );
    let name = text(&call["recording"]).expect("a recording");
    let script = Arc::new(Script {
        connections: list(&vector["connections"]).to_vec(),
        recording: name.clone(),
        next: AtomicUsize::new(0),
        seen: Mutex::new(Vec::new()),
    });
    let played = Arc::clone(&script);
    let server = Server::start(move |_, request, connection| answer(&played, request, connection));
    let client = client(label, vector, &server, &script);

    let delivered = deliver(label, vector, &client, &name).await;

    let expect = &vector["expect"];
    check_keys(label, expect, &["requests", "events", "final", "end"]);
    assert_eq!(json!(delivered.events), expect["events"], "{label}: events");
    check_end(label, &expect["end"], delivered.error.as_ref());
    if let Some(recording) = expect["final"].as_str() {
        let expected = final_object(recording);
        assert_eq!(delivered.last, Some(expected), "{label}: final");
    }
    check_requests(label, expect, &script.seen.lock().expect("no panic"));
}

fn client(label: &str, vector: &Value, server: &Server, script: &Arc<Script>) -> Client {
    let text = vector["connections"].to_string();
    let total = text.contains("\"total\"") || text.contains("timeout_total");
    // Only what a vector waits for is short: a busy machine must not fail the others.
    let long = Duration::from_secs(20);
    let limit = |name: &str| {
        if !total && text.contains(&format!("\"{name}\"")) {
            Duration::from_millis(300)
        } else {
            long
        }
    };
    let mut limits = Timeouts::default()
        .first_byte(limit("timeout_first_byte"))
        .idle(limit("idle"))
        .connect(limit("timeout_connect"))
        .total(if total {
            Duration::from_millis(500)
        } else {
            long
        });
    if let Some(own) = vector.get("timeouts") {
        check_keys(label, own, &["idle_s"]);
        limits = limits.idle(seconds(&own["idle_s"]));
    }
    let mut policy = RetryPolicy::default();
    policy.base = Duration::ZERO;
    policy.throttled_base = Duration::ZERO;
    if let Some(own) = vector.get("policy") {
        check_keys(label, own, &["resume_attempts", "max_attempts"]);
        let number = |name: &str| own[name].as_u64().map(|number| number as u32);
        policy.max_resumes = number("resume_attempts").unwrap_or(policy.max_resumes);
        policy.max_attempts = number("max_attempts").unwrap_or(policy.max_attempts);
    }
    let port = server.url.rsplit(':').next().expect("a port");
    let http = reqwest::Client::builder()
        .connect_timeout(limits.connect)
        .pool_max_idle_per_host(0)
        .no_proxy()
        .dns_resolver(Arc::new(Resolver(Arc::clone(script))))
        .redirect(reqwest::redirect::Policy::none());
    let mut builder = Client::builder()
        .base_url(format!("http://server.invalid:{port}"))
        .api_key("key")
        .http_client(http.build().expect("a client"))
        .timeouts(limits)
        .retry(policy);
    if let Some(own) = vector.get("limits") {
        check_keys(label, own, &["line", "event"]);
        let mut limits = headgate_sdk::sse::Limits::default();
        let number = |name: &str| own[name].as_u64().map(|number| number as usize);
        limits.line = number("line").unwrap_or(limits.line);
        limits.event = number("event").unwrap_or(limits.event);
        builder = builder.stream_limits(limits);
    }
    builder.build().expect("a client")
}

async fn deliver(label: &str, vector: &Value, client: &Client, name: &str) -> Delivered {
    let call = &vector["call"];
    let messages = || vec![UserMessageParam::new("hi").into()];
    match call["operation"].as_str() {
        Some("messages.stream") => {
            let request = MessageRequest::new("m", messages());
            let made = with_options(client.messages().stream(request), vector);
            read(label, vector, made.await, name).await
        }
        Some("runs.stream") => {
            let request = RunRequest::new(RunMessageRequest::new("m", messages()));
            let made = with_options(client.runs().stream(request), vector);
            read(label, vector, made.await, name).await
        }
        Some("runs.events") => {
            let run = call["path"]["run_id"].as_str().expect("a run");
            let mut params = EventsParams::new();
            for (name, value) in vectors::headers(&call["query"]) {
                params = match &*name {
                    "starting_after" => params.starting_after(value.parse().expect("a number")),
                    "follow" => params.follow(value.parse().expect("a boolean")),
                    other => panic!("{label}: unknown parameter {other}"),
                };
            }
            let made = with_options(client.runs().events(run, params), vector);
            read(label, vector, made.await, name).await
        }
        other => panic!("{label}: unknown operation {other:?}"),
    }
}

fn with_options<R: headgate_sdk::runtime::call::Reply, W>(
    mut made: headgate_sdk::Call<R, W>,
    vector: &Value,
) -> headgate_sdk::Call<R, W> {
    let (call, options) = (&vector["call"], &vector["options"]);
    for headers in [&call["headers"], &options["headers"]] {
        for (name, value) in vectors::headers(headers) {
            made = made.header(name, value);
        }
    }
    for (name, value) in vectors::headers(&options["query"]) {
        made = made.extra_query(name, value);
    }
    match call["idempotency_key"].as_str() {
        Some(key) => made.idempotency_key(key),
        None => made,
    }
}

async fn read<K: StreamKind>(
    label: &str,
    vector: &Value,
    opened: Result<EventStream<K>, Error>,
    name: &str,
) -> Delivered
where
    K::Event: Serialize,
    <K::Fold as headgate_sdk::runtime::fold::Fold<K::Event>>::Output: Serialize,
{
    let (mut events, mut error, mut last) = (Vec::new(), None, None);
    let yields = match vector.get("options") {
        None => false,
        Some(options) => {
            check_keys(label, options, &["broken_events", "query", "headers"]);
            options["broken_events"] == "yield"
        }
    };
    let pause = vector["reader"]["pause_after"].as_u64();
    let mut stream = match opened {
        Ok(stream) => stream,
        Err(failed) => {
            return Delivered {
                events,
                error: Some(failed),
                last,
            }
        }
    };
    let (recording, mut place) = (recording(name), 0);
    while let Some(event) = stream.next().await {
        match event {
            Ok(event) => {
                let value = serde_json::to_value(event).expect("JSON");
                events.push(delivered(&value, &recording, &mut place));
            }
            Err(broken) if yields && broken.is_decode() => {
                events.push(json!({"broken": broken.body()}));
            }
            Err(failed) => {
                error = Some(failed);
                break;
            }
        }
        if pause == Some(events.len() as u64) {
            tokio::time::sleep(seconds(&vector["reader"]["pause_s"])).await;
        }
    }
    if error.is_none() {
        let whole = stream.collect_final().await.ok();
        last = whole.map(|whole| serde_json::to_value(whole).expect("JSON"));
    }
    Delivered {
        events,
        error,
        last,
    }
}

/// Names an event as vectors do: by its number, else by its place in the recording.
fn delivered(event: &Value, recording: &Value, place: &mut usize) -> Value {
    let kind = event["type"].as_str().unwrap_or_default();
    let frames = list(&recording["frames"]);
    if kind == "ping" {
        return json!("ping");
    }
    if !frames.iter().any(|frame| frame["event"] == kind) && kind != "error" {
        return json!({"unknown": kind, "number": event["sequence_number"]});
    }
    if let Some(number) = event["sequence_number"].as_u64() {
        return json!(number);
    }
    let rest = frames
        .iter()
        .skip(*place)
        .position(|frame| frame["event"] == kind);
    *place += rest.expect("an event of the recording") + 1;
    json!(*place)
}

/// The object that a recording folds to: what its answer ended as.
fn final_object(name: &str) -> Value {
    let recording = recording(name);
    let frames = list(&recording["frames"]);
    let events: Vec<Value> = frames
        .iter()
        .map(|frame| serde_json::from_str(frame["data"].as_str().expect("data")).expect("JSON"))
        .collect();
    match recording["stream"].as_str() {
        Some("run") => events.last().expect("an event")["result"].clone(),
        Some("message") => super::folding_vectors::fold_message(&events),
        other => panic!("unknown stream {other:?}"),
    }
}

fn check_end(label: &str, expected: &Value, error: Option<&Error>) {
    let keys = [
        "complete",
        "error",
        "code",
        "last_event_id",
        "events_seen",
        "raw",
        "phase",
        "retry_after_s",
    ];
    check_keys(label, expected, &keys);
    if expected["complete"] == true {
        assert!(error.is_none(), "{label}: {error:?}");
        return;
    }
    let error = error.unwrap_or_else(|| panic!("{label}: no error"));
    for (key, expected) in expected.as_object().expect("an object") {
        let found = match key.as_str() {
            "error" => json!(format!("{:?}Error", error.kind()).replacen("Api", "API", 1)),
            "code" => json!(error.code()),
            "last_event_id" => json!(error.last_event_id()),
            "events_seen" => json!(error.events_seen()),
            "raw" => json!(error.body()),
            "phase" => json!(phase(error)),
            _ => {
                assert_near(label, error.retry_after().expect("a wish"), expected);
                continue;
            }
        };
        assert_eq!(found, *expected, "{label}: {key} of {error:?}");
    }
}

fn phase(error: &Error) -> &'static str {
    use headgate_sdk::TimeLimit;

    match error.failure() {
        headgate_sdk::Failure::Timeout(TimeLimit::Total) => "total",
        headgate_sdk::Failure::Timeout(TimeLimit::Idle) => "idle",
        headgate_sdk::Failure::Timeout(TimeLimit::FirstByte) => "first_byte",
        headgate_sdk::Failure::Timeout(TimeLimit::Connect) => "connect",
        other => panic!("{other:?} is no time limit"),
    }
}

/// Checks what was asked for; a request that found no server was never seen by one.
fn check_requests(label: &str, expect: &Value, seen: &[Option<Received>]) {
    let expected = list(&expect["requests"]);
    assert_eq!(seen.len(), expected.len(), "{label}: requests {seen:?}");
    for (expected, seen) in expected.iter().zip(seen) {
        let keys = [
            "operation",
            "run_id",
            "attempt",
            "cursor",
            "query",
            "headers",
        ];
        check_keys(label, expected, &keys);
        if let Some(request) = seen {
            check_request(label, expected, request);
        }
    }
}

fn check_request(label: &str, expected: &Value, request: &Received) {
    let (path, query) = request
        .target
        .split_once('?')
        .unwrap_or((&request.target, ""));
    let path_expected = match expected["operation"].as_str() {
        Some("messages.stream") => "/v1/messages".to_owned(),
        Some("runs.stream") => "/v1/runs:stream".to_owned(),
        _ => format!(
            "/v1/runs/{}/events",
            expected["run_id"].as_str().expect("a run")
        ),
    };
    assert_eq!(path, path_expected, "{label}");
    assert_eq!(
        json!(request.header("x-headgate-attempt")),
        expected["attempt"],
        "{label}"
    );
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let (cursor, others): (Vec<_>, Vec<_>) = pairs.partition(|(name, _)| *name == "starting_after");
    let header = request.header("last-event-id");
    let cursor = cursor.first().map(|(_, value)| *value);
    assert_eq!(
        json!(cursor.or(header)),
        expected["cursor"],
        "{label}: cursor"
    );
    assert!(
        cursor.is_none() || header.is_none() || cursor == header,
        "{label}: cursors"
    );
    if let Some(query) = expected.get("query") {
        let others: serde_json::Map<String, Value> = others
            .into_iter()
            .map(|(name, value)| (name.to_owned(), json!(value)))
            .collect();
        assert_eq!(json!(others), *query, "{label}: query");
    }
    if let Some(headers) = expected["headers"].as_object() {
        for (name, value) in headers {
            let found = request.header(&name.to_lowercase());
            assert_eq!(json!(found), *value, "{label}: {name}");
        }
    }
}

/// A stream is one of the ecosystem's own.
#[test]
fn event_streams_are_streams() {
    fn check<S: Stream<Item = Result<T, Error>> + Send + Unpin, T>() {}

    check::<headgate_sdk::streams::RunStream, headgate_sdk::types::RunStreamEvent>();
    check::<headgate_sdk::streams::MessageStream, headgate_sdk::types::MessageStreamEvent>();
}
