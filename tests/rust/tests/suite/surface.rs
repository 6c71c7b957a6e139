//! What a client has beside its operations: scopes, calls passed on, builders.

use std::sync::{Arc, Mutex};

use headgate_sdk::scopes::UpstreamKey;
use headgate_sdk::{ErrorKind, LogLevel, LogRecord, Upload};
use headgate_sdk_tests::server::{Connection, Received, Server};
use serde_json::{json, Value};

fn customer(_: usize, _: &Received, connection: &mut Connection) {
    connection.json(201, r#"{"id": "cus_1"}"#);
}

/// Neither the log nor an error nor the scope's own account has the key.
#[tokio::test]
async fn the_key_of_a_scope_is_never_shown() {
    let server = Server::start(|_, request, connection| {
        let key = request.header("x-upstream-authorization").expect("a key");
        connection.json(400, &json!({"error": {"message": key}}).to_string());
    });
    let lines = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&lines);
    let write = move |record: &LogRecord| kept.lock().expect("no panic").push(record.to_string());
    let client = server.builder().logger(write).log_level(LogLevel::Debug);
    let scope = UpstreamKey::new("very-secret-key");
    let client = client.build().expect("a client");
    let shown = format!("{scope:?}");
    let client = client.with_upstream_key(scope);

    let error = client.models().get("m").await.expect_err("a refusal");

    let lines = lines.lock().expect("no panic").join("\n");
    assert!(lines.contains("x-upstream-authorization"), "{lines}");
    let shown = format!("{shown} {client:?} {error} {error:?} {lines}");
    assert!(!shown.contains("very-secret-key"), "{shown}");
    assert_eq!(
        client.scope().get("scheme").map(String::as_str),
        Some("Bearer")
    );
    assert_eq!(client.scope().get("key"), None);
}

/// Method, path, query and body arrive; status, headers and body come back.
#[tokio::test]
async fn calls_are_passed_on() {
    let server = Server::start(customer);
    let client = server.client();

    let made = client
        .post("/v1/customers")
        .json(&json!({"name": "Ann"}))
        .query("x", 1)
        .await
        .expect("an answer");
    let direct = client.get("/v1/proxy/services/crm/people?of=a b").await;
    let sent = Upload::from("a,b").content_type("text/csv");
    let stored = client.put("files/1").content(sent).await;

    direct.and(stored).expect("answers");
    assert_eq!((made.status(), made.is_success()), (201, true));
    assert_eq!(made.request_id(), Some("req_1"));
    let body: Value = made.json().expect("JSON");
    assert_eq!(body, json!({"id": "cus_1"}));
    let asked = server.received();
    let targets: Vec<_> = asked.iter().map(|r| (&*r.method, &*r.target)).collect();
    let expected = [
        ("POST", "/v1/proxy/upstream/v1/customers?x=1"),
        ("GET", "/v1/proxy/services/crm/people?of=a%20b"),
        ("PUT", "/v1/proxy/upstream/files/1"),
    ];
    assert_eq!(targets, expected);
    assert_eq!(asked[0].body, r#"{"name":"Ann"}"#);
    assert_eq!(asked[0].header("authorization"), Some("Bearer key"));
    assert!(asked[0].header("idempotency-key").is_some());
    assert_eq!(asked[2].header("content-type"), Some("text/csv"));
    assert_eq!(asked[2].body, "a,b");
}

/// A status of the upstream's own is an answer; the gateway's own errors are raised.
#[tokio::test]
async fn only_the_gateways_errors_are_raised() {
    let server = Server::start(|number, _, connection| match number {
        0 => connection.respond(404, "Content-Type: text/plain\r\n", "no such thing"),
        _ => connection.respond(403, "X-Headgate-Error: true\r\n", "{}"),
    });
    let client = server.client();

    let refused = client.delete("/things/1").await.expect("an answer");
    let error = client.patch("/things/1").json(&json!({})).await;

    assert_eq!((refused.status(), &*refused.text()), (404, "no such thing"));
    assert_eq!(error.expect_err("an error").status(), Some(403));
}

/// A path with a step up is refused before anything is sent.
#[tokio::test]
async fn dots_do_not_lead_elsewhere() {
    let server = Server::start(customer);
    let client = server.client();

    for path in ["/../v1/admin/keys", "/v1/proxy/%2e%2e/admin", "a/./b"] {
        let error = client.get(path).await.expect_err("a refusal");
        assert_eq!(error.kind(), ErrorKind::Configuration, "{path}");
    }
    assert!(server.received().is_empty());
}
