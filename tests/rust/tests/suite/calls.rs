//! What calls send, and how their answers are read.

use headgate_sdk::resources::runs::ListParams;
use headgate_sdk::types::{
    KeyUpdateRequest, MessageRequest, RunCancelRequest, RunStatus, TextBlockParam, UserBlockParam,
    UserMessageParam,
};
use serde_json::{json, Value};

use headgate_sdk_tests::server::{Received, Server};

const KEY: &str = r#"{"id":"key_1","object":"key","name":"n","project_id":"p","prefix":"hg","status":"active",
    "allowed_models":null,"credential_id":null,"upstream_url":null,"log_level":"metadata",
    "allowed_services":null,"tags":{},"metadata":{},"created_at":"t","updated_at":"t","expires_at":null,
    "last_used_at":null,"revoked_at":null}"#;

fn echo() -> Server {
    Server::start(|_, _, connection| connection.json(200, "{}"))
}

fn sent(server: &Server) -> (Received, Value) {
    let request = server.received().remove(0);
    let body = serde_json::from_str(&request.body).unwrap_or_default();
    (request, body)
}

/// Only what was set is sent, under the names of the specification.
#[tokio::test]
async fn only_what_was_set_is_sent() {
    let server = echo();
    let blocks: Vec<UserBlockParam> = vec![TextBlockParam::new("hi").into()];
    let messages = vec![UserMessageParam::new(blocks).into()];
    let request = MessageRequest::new("mock/echo", messages).max_tokens(5);

    let _ = server.client().messages().create(request).await;

    let (request, body) = sent(&server);
    let content = json!([{"type": "text", "text": "hi"}]);
    let messages = json!([{"role": "user", "content": content}]);
    let expected = json!({"model": "mock/echo", "messages": messages, "max_tokens": 5});
    assert_eq!(body, expected);
    assert_eq!(
        (&*request.method, &*request.target),
        ("POST", "/v1/messages")
    );
    assert_eq!(request.header("authorization"), Some("Bearer key"));
    assert_eq!(request.header("x-admin-key"), None);
    assert_eq!(request.header("content-type"), Some("application/json"));
}

/// Null and absent are told apart where the specification does.
#[tokio::test]
async fn null_is_not_absence() {
    let server = Server::start(|_, _, connection| connection.json(200, KEY));
    let client = server.client();
    let cleared = KeyUpdateRequest::new().expires_at(None).name("n");

    let key = client.admin().keys().update("key_1", cleared).await;

    let (request, body) = sent(&server);
    assert_eq!(body, json!({"expires_at": null, "name": "n"}));
    assert_eq!(request.header("x-admin-key"), Some("admin"));
    assert_eq!(request.header("authorization"), None);
    assert_eq!(key.expect("a key").expires_at, None);
}

/// A path parameter stays one segment, whatever it holds.
#[tokio::test]
async fn path_parameters_stay_one_segment() {
    let server = echo();

    let _ = server.client().models().get("a/b c?d#é%2f").await;

    let target = sent(&server).0.target;
    assert_eq!(target, "/v1/models/a%2Fb%20c%3Fd%23%C3%A9%252f");
}

/// A path parameter that would change the path is refused before anything is sent.
#[tokio::test]
async fn path_parameters_that_change_the_path_are_refused() {
    let server = echo();

    for value in ["", ".", ".."] {
        let error = server.client().models().get(value).await;
        let kind = error.expect_err("a refusal").kind();
        assert_eq!(kind, headgate_sdk::ErrorKind::Configuration);
    }

    assert_eq!(server.received().len(), 0);
}

/// Query parameters are written by name, enum values as they are on the wire.
#[tokio::test]
async fn query_parameters_are_written() {
    let server = echo();
    let params = ListParams::new().limit(2).status(RunStatus::Completed);

    let _ = server.client().runs().list(params).await;

    assert_eq!(sent(&server).0.target, "/v1/runs?limit=2&status=completed");
}

/// A body that is optional is left out, or sent.
#[tokio::test]
async fn an_optional_body_may_be_left_out() {
    let server = echo();
    let runs = server.client().runs();

    let _ = runs.cancel("run_1", None).await;
    let reason = RunCancelRequest::new().reason("enough");
    let _ = runs.cancel("run_1", Some(reason)).await;

    let bodies: Vec<String> = server.received().into_iter().map(|r| r.body).collect();
    assert_eq!(bodies, ["", r#"{"reason":"enough"}"#]);
}

/// Options of one call reach the request.
#[tokio::test]
async fn options_of_a_call_reach_the_request() {
    let server = echo();
    let request = MessageRequest::new("m", vec![UserMessageParam::new("hi").into()]);

    let call = server.client().messages().create(request);
    let _ = call
        .header("X-Own", "1")
        .extra_query("debug", "yes&no")
        .extra_body("new_field", json!({"a": 1}))
        .provider_key("openai", "sk")
        .await;

    let (request, body) = sent(&server);
    assert_eq!(request.header("x-own"), Some("1"));
    assert_eq!(request.target, "/v1/messages?debug=yes%26no");
    assert_eq!(body["new_field"], json!({"a": 1}));
    assert_eq!(request.header("x-provider-key-openai"), Some("sk"));
}

/// A header that is none is refused before anything is sent.
#[tokio::test]
async fn a_bad_header_is_refused() {
    let server = echo();

    let call = server.client().models().get("m").header("X-Own", "a\nb");
    let error = call.await.expect_err("a refusal");

    assert_eq!(error.kind(), headgate_sdk::ErrorKind::Configuration);
    assert_eq!(server.received().len(), 0);
}

/// An answer of text is text, and one of nothing is nothing.
#[tokio::test]
async fn text_and_nothing_are_answers() {
    let server = Server::start(|number, _, connection| match number {
        0 => connection.respond(200, "Content-Type: text/plain\r\n", "ok"),
        _ => connection.respond(204, "", ""),
    });
    let client = server.client();

    let text = client.health().live().await.expect("text");
    let nothing = client.admin().keys().delete("key_1").with_response().await;

    assert_eq!(text, "ok");
    assert_eq!(nothing.expect("nothing").response.status(), 204);
    assert_eq!(server.received()[0].header("authorization"), None);
}

/// A client tells who it is.
#[tokio::test]
async fn a_client_tells_who_it_is() {
    let server = echo();

    let _ = server.client().health().ready().await;

    let request = sent(&server).0;
    assert_eq!(
        request.header("user-agent"),
        Some("headgate-sdk-rust/0.1.0")
    );
    assert_eq!(request.header("x-headgate-sdk"), Some("rust/0.1.0"));
}
