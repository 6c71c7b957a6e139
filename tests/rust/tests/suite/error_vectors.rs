//! Errors against `spec/vectors/errors`.

use headgate_sdk::runtime::response::ResponseInfo;
use headgate_sdk::types::{MessageRequest, RunMessageRequest, RunRequest, UserMessageParam};
use headgate_sdk::{Error, ErrorKind, HeaderMap, HeaderName, ERROR_SHAPE};
use serde_json::{json, Map, Value};

use super::retry_vectors::{assert_near, moment};
use super::vectors::{self, check_keys, decode_base64, joined, list, text};
use headgate_sdk_tests::server::Server;

/// The kind that stands for a class: its name less `Error`.
fn kind_name(class: &Value) -> String {
    let class = class.as_str().expect("a class");
    let name = class.strip_suffix("Error").expect("an error");
    name.replacen("API", "Api", 1)
}

fn check(label: &str, error: &Error, expect: &Value) {
    let keys = [
        "status",
        "class",
        "type",
        "code",
        "message",
        "param",
        "request_id",
        "retryable",
        "retry_after_s",
        "details",
        "fields",
        "body",
        "shown",
    ];
    check_keys(label, expect, &keys);
    let said = error
        .api_error()
        .unwrap_or_else(|| panic!("{label}: {error:?}"));
    let found = json!({
        "status": error.status(), "type": error.error_type(), "code": error.code(),
        "message": error.message(), "param": error.param(), "request_id": error.request_id(),
        "retryable": said.retryable, "details": said.details, "body": error.body(),
        "shown": error.to_string(),
    });
    for (key, expected) in expect.as_object().expect("an object") {
        match key.as_str() {
            "class" => assert_eq!(
                format!("{:?}", error.kind()),
                kind_name(expected),
                "{label}"
            ),
            "fields" => check_fields(label, error, expected),
            "retry_after_s" if expected.is_null() => {
                assert_eq!(error.retry_after(), None, "{label}")
            }
            "retry_after_s" => assert_near(label, error.retry_after().expect("a wish"), expected),
            _ => assert_eq!(found[key], *expected, "{label}: {key}"),
        }
    }
}

/// Typed details are compared in the form of JSON.
fn check_fields(label: &str, error: &Error, expected: &Value) {
    let details: Map<String, Value> = match error.kind() {
        ErrorKind::QuotaExceeded => typed::<headgate_sdk::QuotaExceededDetails>(error),
        ErrorKind::SpendCap => typed::<headgate_sdk::SpendCapDetails>(error),
        ErrorKind::PolicyDenied => typed::<headgate_sdk::PolicyDeniedDetails>(error),
        ErrorKind::ContentBlocked => typed::<headgate_sdk::ContentBlockedDetails>(error),
        ErrorKind::ApprovalRejected => typed::<headgate_sdk::ApprovalRejectedDetails>(error),
        ErrorKind::ApprovalTimeout => typed::<headgate_sdk::ApprovalTimeoutDetails>(error),
        ErrorKind::RateLimit => typed::<headgate_sdk::RateLimitDetails>(error),
        ErrorKind::ConcurrentLimit => typed::<headgate_sdk::ConcurrentLimitDetails>(error),
        ErrorKind::ServerCancelled => typed::<headgate_sdk::ServerCancelledDetails>(error),
        ErrorKind::Provider => typed::<headgate_sdk::ProviderDetails>(error),
        ErrorKind::Overloaded => typed::<headgate_sdk::OverloadedDetails>(error),
        other => panic!("{label}: {other:?} has no details"),
    };
    for (name, expected) in expected.as_object().expect("an object") {
        let found = details.get(name).unwrap_or(&Value::Null);
        assert_eq!(plain(found), plain(expected), "{label}: {name}");
    }
}

fn typed<T: serde::de::DeserializeOwned + serde::Serialize>(error: &Error) -> Map<String, Value> {
    let details: Option<T> = error.details();
    match serde_json::to_value(details).expect("JSON") {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// Numbers are compared as numbers, the two ways of writing UTC as one.
fn plain(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::String(text) => json!(text.replace("+00:00", "Z")),
        other => other.clone(),
    }
}

fn body(vector: &Value) -> Vec<u8> {
    if let Some(value) = vector.get("json") {
        return value.to_string().into_bytes();
    }
    if let Some(encoded) = vector.get("body_base64") {
        return decode_base64(encoded.as_str().expect("Base64"));
    }
    if let Some(parts) = vector.get("body_parts") {
        return joined(parts).into_bytes();
    }
    text(&vector["body"]).expect("a body").into_bytes()
}

/// An answer that refuses becomes the error stated.
#[test]
fn answers_become_errors() {
    for file in vectors::read("errors") {
        if matches!(&*file.class, "tree" | "streams") {
            continue;
        }
        for (label, vector) in file.vectors() {
            let keys = [
                "name",
                "note",
                "status",
                "headers",
                "expect",
                "now",
                "json",
                "body",
                "body_parts",
                "body_base64",
            ];
            check_keys(&label, vector, &keys);
            let mut headers = HeaderMap::new();
            for (name, value) in vectors::headers(&vector["headers"]) {
                let name: HeaderName = name.parse().expect("a header name");
                headers.insert(name, value.parse().expect("a header value"));
            }
            let status = vector["status"].as_u64().expect("a status") as u16;
            let text = String::from_utf8_lossy(&body(vector)).into_owned();
            let said = ERROR_SHAPE.refusal(status, &headers, &text, moment(&vector["now"]));
            let response = ResponseInfo::new(status, headers, Some("X-Request-ID"), 1);

            let error = Error::api(said, Some(text)).with_response(response);

            check(&label, &error, &vector["expect"]);
        }
    }
}

/// A kind is what its class derives from.
#[test]
fn kinds_derive_as_classes_do() {
    let files = vectors::read("errors");
    let tree = files.iter().find(|file| file.class == "tree").expect("it");
    // No failure's answer gives this one: it comes with a success.
    let mut kinds = vec![ErrorKind::ApprovalPending];
    for file in files
        .iter()
        .filter(|file| !matches!(&*file.class, "tree" | "streams"))
    {
        for (_, vector) in file.vectors() {
            kinds.push(kind_of(vector));
        }
    }
    for (label, vector) in tree.vectors() {
        check_keys(&label, vector, &["name", "note", "class", "parents"]);
        let name = kind_name(&vector["class"]);
        let kind = kinds.iter().find(|kind| format!("{kind:?}") == name);
        let mut parent = kind
            .unwrap_or_else(|| panic!("{label}: never seen"))
            .parent();
        let mut parents = Vec::new();
        while let Some(kind) = parent {
            parents.push(format!("{kind:?}"));
            parent = kind.parent();
        }

        let expected: Vec<String> = list(&vector["parents"]).iter().map(kind_name).collect();
        assert_eq!(parents, expected, "{label}");
    }
}

fn kind_of(vector: &Value) -> ErrorKind {
    let status = vector["status"].as_u64().expect("a status") as u16;
    let text = String::from_utf8_lossy(&body(vector)).into_owned();
    let said = ERROR_SHAPE.refusal(status, &HeaderMap::new(), &text, moment(&Value::Null));
    Error::api(said, None).kind()
}

/// An error event becomes the error stated, with its place in the stream.
#[tokio::test]
async fn error_events_become_errors() {
    let files = vectors::read("errors");
    let file = files
        .iter()
        .find(|file| file.class == "streams")
        .expect("it");
    for (label, vector) in file.vectors() {
        let keys = [
            "name",
            "note",
            "stream",
            "status",
            "headers",
            "event",
            "last_event_id",
            "expect",
        ];
        check_keys(&label, vector, &keys);
        let (event, headers) = (
            vector["event"].clone(),
            vectors::headers(&vector["headers"]),
        );
        let server = Server::start(move |_, _, connection| {
            let lines = headers
                .iter()
                .map(|(name, value)| format!("{name}: {value}\r\n"));
            let frame = format!("event: error\ndata: {event}\n\n");
            connection.respond(200, &lines.collect::<String>(), &frame);
        });

        let error = first_error(&server, &vector["stream"], &vector["event"]).await;

        check(&label, &error, &vector["expect"]);
        assert_eq!(
            error.last_event_id(),
            vector["last_event_id"].as_str(),
            "{label}"
        );
    }
}

/// Reads a stream from just before the event that it begins with.
async fn first_error(server: &Server, stream: &Value, event: &Value) -> Error {
    let client = server.client();
    let messages = || vec![UserMessageParam::new("hi").into()];
    let found = match stream.as_str() {
        Some("message") => {
            let call = client
                .messages()
                .stream(MessageRequest::new("m", messages()));
            call.await
                .expect("a stream")
                .next()
                .await
                .map(|event| event.map(|_| ()))
        }
        Some("run") => match event["sequence_number"].as_i64() {
            Some(number) if number > 1 => {
                let params = headgate_sdk::resources::runs::EventsParams::new();
                let run = event["run_id"].as_str().expect("a run");
                let call = client.runs().events(run, params.starting_after(number - 1));
                call.await
                    .expect("a stream")
                    .next()
                    .await
                    .map(|event| event.map(|_| ()))
            }
            _ => {
                let request = RunMessageRequest::new("m", messages());
                let call = client.runs().stream(RunRequest::new(request));
                call.await
                    .expect("a stream")
                    .next()
                    .await
                    .map(|event| event.map(|_| ()))
            }
        },
        other => panic!("unknown stream {other:?}"),
    };
    found.expect("one").expect_err("an error")
}
