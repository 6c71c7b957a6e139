//! Calls whose failure does not matter: silent, unless they are strict.

use headgate_sdk::types::TypingPreviewRequest;
use headgate_sdk::{CancelToken, Client, ErrorKind, RetryPolicy};
use headgate_sdk_tests::server::{Connection, Received, Server};

const MISSING: &str = r#"{"error": {"type": "not_found_error", "message": "missing"}}"#;

fn refuses(_: usize, _: &Received, connection: &mut Connection) {
    connection.json(404, MISSING);
}

fn preview() -> TypingPreviewRequest {
    TypingPreviewRequest::new("Hel")
}

/// A server that refuses is no error, as little as one that is not there.
#[tokio::test]
async fn a_failure_is_told_to_the_log_alone() {
    let server = Server::start(refuses);
    let client = server.client();
    let gone = Client::builder().base_url("http://127.0.0.1:9");
    let once = RetryPolicy::default().max_attempts(1);
    let gone = gone.retry(once).build().expect("a client");

    for client in [client, gone] {
        let sent = client.workspaces().send_typing_preview("ws_1", preview());

        assert!(sent.await.is_ok());
    }
}

/// A strict call fails like any other, and so does one whose answer is asked for.
#[tokio::test]
async fn a_strict_call_fails() {
    let server = Server::start(refuses);
    let client = server.client();
    let workspaces = client.workspaces();

    let strict = workspaces.send_typing_preview("ws_1", preview()).strict();
    let strict = strict.await.expect_err("a failure");
    let answered = workspaces.send_typing_preview("ws_1", preview());
    let answered = answered.with_response().await.expect_err("a failure");

    assert_eq!(strict.status(), Some(404));
    assert_eq!(answered.status(), Some(404));
}

/// What the caller did wrong, and what he cancels, is an error all the same.
#[tokio::test]
async fn what_the_caller_does_is_an_error() {
    let server = Server::start(refuses);
    let client = server.client();
    let token = CancelToken::new();
    token.cancel("enough");

    let wrong = client.workspaces().send_typing_preview("..", preview());
    let wrong = wrong.await.expect_err("no address");
    let cancelled = client.workspaces().send_typing_preview("ws_1", preview());
    let cancelled = cancelled.cancel_token(&token).await.expect_err("a reason");

    assert_eq!(wrong.kind(), ErrorKind::Configuration);
    assert_eq!(cancelled.kind(), ErrorKind::RequestCancelled);
}
