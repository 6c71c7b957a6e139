//! The one error type, its kinds and what it tells.

use std::error::Error as _;
use std::time::Duration;

use headgate_sdk::{Error, ErrorKind, QuotaExceededDetails, Timeouts};

use headgate_sdk_tests::server::Server;

async fn refused(status: u16, headers: &'static str, body: &'static str) -> Error {
    let server = Server::start(move |_, _, connection| connection.respond(status, headers, body));
    let call = server.client().models().get("m").max_attempts(1);
    call.await.expect_err("a refusal")
}

/// A kind is picked by code, then by type, then by status.
#[tokio::test]
async fn a_kind_is_picked_by_code_then_type_then_status() {
    let by_code = r#"{"error":{"type":"permission_error","code":"quota_exceeded"}}"#;
    let by_type = r#"{"error":{"type":"conflict_error","code":"new"}}"#;
    let by_status = r#"{"error":{"type":"new","code":"new"}}"#;

    let kinds = [
        refused(403, "", by_code).await.kind(),
        refused(403, "", by_type).await.kind(),
        refused(403, "", by_status).await.kind(),
        refused(418, "", "").await.kind(),
    ];

    let expected = [
        ErrorKind::QuotaExceeded,
        ErrorKind::Conflict,
        ErrorKind::PermissionDenied,
        ErrorKind::Api,
    ];
    assert_eq!(kinds, expected);
}

/// Kinds belong to more general ones.
#[test]
fn kinds_make_a_tree() {
    assert!(ErrorKind::QuotaExceeded.is(ErrorKind::Billing));
    assert!(ErrorKind::QuotaExceeded.is(ErrorKind::Api));
    assert!(ErrorKind::ApiTimeout.is(ErrorKind::ApiConnection));
    assert!(!ErrorKind::ApiConnection.is(ErrorKind::Api));
    assert_eq!(ErrorKind::Api.parent(), None);
}

/// An error tells all that the server told, typed details included.
#[tokio::test]
async fn an_error_tells_what_the_server_told() {
    let body = r#"{"error":{"type":"billing_error","code":"quota_exceeded","message":"empty",
        "param":"model","request_id":"req_7","retryable":false,"retry_after":1.5,
        "details":{"usage":{"runs":3},"upgrade_url":"https://example.invalid/plans","new":1}}}"#;

    let error = refused(402, "X-Request-ID: req_header\r\n", body).await;

    assert_eq!(error.status(), Some(402));
    assert_eq!(error.error_type(), Some("billing_error"));
    assert_eq!(error.code(), Some("quota_exceeded"));
    assert_eq!(error.message(), "empty");
    assert_eq!(error.param(), Some("model"));
    assert_eq!(error.request_id(), Some("req_7"));
    assert_eq!(error.retry_after(), Some(Duration::from_millis(1500)));
    assert!(!error.is_retryable());
    let details: QuotaExceededDetails = error.details().expect("details");
    let url = details.upgrade_url.as_deref();
    assert_eq!(url, Some("https://example.invalid/plans"));
    assert_eq!(details.extra["new"], 1);
    assert_eq!(
        error.to_string(),
        "402 billing_error quota_exceeded: empty (field \"model\") (request req_7)"
    );
}

/// An error without a body of ours still has a status, the header's id and its text.
#[tokio::test]
async fn any_error_tells_its_status() {
    let headers = "X-Request-ID: req_header\r\nRetry-After: 61\r\n";

    let error = refused(503, headers, "<html>").await;

    assert_eq!(error.kind(), ErrorKind::Overloaded);
    assert_eq!(error.request_id(), Some("req_header"));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(61)));
    assert_eq!(error.body(), Some("<html>"));
    assert!(error.is_retryable());
    let response = error.response().expect("a response");
    assert_eq!(response.header("retry-after"), Some("61"));
}

/// An answer that is not what was declared is an error with its text.
#[tokio::test]
async fn an_unreadable_answer_is_an_error_with_its_text() {
    let server = Server::start(|_, _, connection| connection.json(200, r#"{"id":1}"#));

    let error = server
        .client()
        .models()
        .get("m")
        .await
        .expect_err("no model");

    assert_eq!(error.kind(), ErrorKind::ResponseDecode);
    assert_eq!(error.body(), Some(r#"{"id":1}"#));
    assert_eq!(error.status(), Some(200));
    assert!(error.source().is_some());
}

/// An answer that breaks off is a connection error.
#[tokio::test]
async fn an_answer_that_breaks_off_is_a_connection_error() {
    let server = Server::start(|_, _, connection| {
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{");
    });

    let error = server
        .client()
        .models()
        .get("m")
        .await
        .expect_err("no model");

    assert_eq!(error.kind(), ErrorKind::ApiConnection);
}

/// An answer that does not begin, or stalls, ends at the limit named after it.
#[tokio::test]
async fn limits_end_what_does_not_begin_or_stalls() {
    let silent = Server::start(|_, _, connection| connection.wait_for_close());
    let stalling = Server::start(|_, _, connection| {
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{");
        connection.wait_for_close();
    });
    let short = Duration::from_millis(100);
    let limits = Timeouts::default();
    let failure = |server: &Server, limits: Timeouts| {
        let call = server.client().models().get("m").timeouts(limits);
        async move { format!("{:?}", call.await.expect_err("a timeout").failure()) }
    };

    let told = [
        failure(&silent, limits.first_byte(short)).await,
        failure(&stalling, limits.idle(short)).await,
        failure(&silent, limits.total(short)).await,
        failure(&stalling, limits.total(short)).await,
    ];

    let expected = [
        "Timeout(FirstByte)",
        "Timeout(Idle)",
        "Timeout(Total)",
        "Timeout(Total)",
    ];
    assert_eq!(told, expected);
}

/// A redirect is not followed: it could carry a key elsewhere.
#[tokio::test]
async fn a_redirect_is_not_followed() {
    let error = refused(302, "Location: http://127.0.0.1:9/\r\n", "").await;

    assert_eq!(error.status(), Some(302));
}

/// No credential shows up when a client or an error is printed.
#[tokio::test]
async fn credentials_are_not_printed() {
    let server = Server::start(|_, _, connection| connection.respond(401, "", ""));
    let builder = server
        .builder()
        .api_key("canary")
        .provider_key("openai", "canary");
    let printed = format!("{builder:?}");
    let client = builder.build().expect("a client");

    let error = client.models().get("m").await.expect_err("a refusal");

    let all = format!("{printed}{client:?}{error:?}{error}");
    assert!(!all.contains("canary"), "{all}");
}
