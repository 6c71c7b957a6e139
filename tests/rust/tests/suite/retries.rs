//! What comes of failures on the wire; decisions and delays are in the vectors.

use headgate_sdk_tests::server::Server;

const RUN: &str =
    r#"{"id":"model","object":"model","created":1,"owned_by":"o","provider":"p","name":"n"}"#;

/// Attempts are numbered and carry one key; the success is what the caller sees.
#[tokio::test]
async fn attempts_are_numbered_and_share_a_key() {
    let server = Server::start(|number, _, connection| match number {
        0 => connection.respond(500, "", ""),
        1 => connection.send(""),
        _ => connection.json(200, r#"{"id":"run_1"}"#),
    });
    let key = headgate_sdk::types::KeyCreateRequest::new("name", "project");

    let result = server.client().admin().keys().create(key).await;

    let received = server.received();
    let header = |name: &str| -> Vec<Option<String>> {
        let values = received.iter().map(|request| request.header(name));
        values.map(|value| value.map(str::to_owned)).collect()
    };
    let numbers = header("x-headgate-attempt");
    let keys = header("idempotency-key");
    assert_eq!(numbers, ["1", "2", "3"].map(|n| Some(n.to_owned())));
    assert!(keys[0].is_some());
    assert_eq!(keys[1..], [keys[0].clone(), keys[0].clone()]);
    assert!(result.expect_err("half a key").is_decode());
}

/// The caller's own key is sent instead of one of ours.
#[tokio::test]
async fn the_callers_key_wins() {
    let server = Server::start(|_, _, connection| connection.json(200, "{}"));
    let key = headgate_sdk::types::KeyCreateRequest::new("name", "project");

    let call = server.client().admin().keys().create(key);
    let _ = call.idempotency_key("mine").await;

    assert_eq!(server.received()[0].header("idempotency-key"), Some("mine"));
}

/// The attempts of one call can be set apart from the client's.
#[tokio::test]
async fn attempts_are_set_for_one_call() {
    let server = Server::start(|_, _, connection| connection.respond(500, "", ""));

    let error = server.client().models().get("m").max_attempts(1).await;

    assert_eq!(error.expect_err("a failure").status(), Some(500));
    assert_eq!(server.received().len(), 1);
}

/// A connection that is refused is tried again and then told as such.
#[tokio::test]
async fn a_refused_connection_is_a_connection_error() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let client = headgate_sdk::Client::builder().base_url(url).build();

    let error = client.expect("a client").health().live().await;

    let error = error.expect_err("nobody listens");
    assert!(error.is_connection());
    assert!(error.is_retryable());
    assert_eq!(error.kind(), headgate_sdk::ErrorKind::ApiConnection);
}

/// A success after a retry gives the number of attempts it took.
#[tokio::test]
async fn the_response_tells_the_attempts() {
    let server = Server::start(|number, _, connection| match number {
        0 => connection.respond(502, "", ""),
        _ => connection.json(200, RUN),
    });

    let call = server.client().models().get("model");
    let result = call.with_response().await.expect("a model");

    assert_eq!(result.response.attempts(), 2);
    assert_eq!(result.response.request_id(), Some("req_1"));
    assert_eq!(result.value.id, "model");
}
