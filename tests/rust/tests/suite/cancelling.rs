//! Calls and streams that are stopped from elsewhere.

use std::sync::mpsc;
use std::time::Duration;

use headgate_sdk::{CancelToken, Error, ErrorKind, Interceptor, Seen};
use headgate_sdk_tests::server::Server;
use tokio::time::timeout;

use super::samples::{frame, message_events, message_request};

/// Never answers, and tells when the client has closed the connection.
fn silent() -> (Server, mpsc::Receiver<()>) {
    let (sender, closed) = mpsc::channel();
    let server = Server::start(move |_, _, connection| {
        connection.wait_for_close();
        let _ = sender.send(());
    });
    (server, closed)
}

/// Waits beside the runtime, which closes the connection.
async fn is_freed(closed: mpsc::Receiver<()>) -> bool {
    let wait = move || closed.recv_timeout(Duration::from_secs(20)).is_ok();
    tokio::task::spawn_blocking(wait).await.expect("no panic")
}

fn said(error: &Error) -> Option<String> {
    error.cancel_reason().map(ToString::to_string)
}

fn cancel_soon(token: &CancelToken) {
    let token = token.clone();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(20));
        token.cancel("the user left");
    });
}

/// A token stops a call that waits, keeps the reason, and frees the connection.
#[tokio::test]
async fn a_token_stops_a_call() {
    let (server, closed) = silent();
    let token = CancelToken::new();
    cancel_soon(&token);

    let client = server.client();
    let call = client.models().get("m").cancel_token(&token);
    let error = call.await.expect_err("a cancelled call");

    assert_eq!(error.kind(), ErrorKind::RequestCancelled);
    assert!(error.is_cancelled() && !error.is_retryable() && token.is_cancelled());
    assert_eq!(said(&error).as_deref(), Some("the user left"));
    assert!(is_freed(closed).await);
    assert_eq!(server.received().len(), 1);
}

/// A token that was cancelled before lets nothing be sent; the first reason stays.
#[tokio::test]
async fn a_cancelled_token_lets_nothing_be_sent() {
    let (server, _) = silent();
    let token = CancelToken::new();
    token.cancel("first");
    token.cancel("second");

    let call = server.client().models().get("m").cancel_token(&token);
    let error = call.await.expect_err("a cancelled call");

    assert_eq!(said(&error).as_deref(), Some("first"));
    assert_eq!(server.received().len(), 0);
}

/// The pause before a retry ends at once.
#[tokio::test]
async fn a_token_stops_the_pause_before_a_retry() {
    let headers = "Retry-After: 50\r\n";
    let server = Server::start(move |_, _, connection| connection.respond(503, headers, ""));
    let token = CancelToken::new();
    struct Cancelling(CancelToken);
    impl Interceptor for Cancelling {
        fn on_retry(&self, _: &headgate_sdk::Attempt, _: &Error, delay: Duration) -> Seen {
            assert_eq!(delay, Duration::from_secs(50));
            self.0.cancel(format!("not for {delay:?}"));
            Ok(())
        }
    }

    let call = server.client().models().get("m").cancel_token(&token);
    let call = call.interceptor(Cancelling(token.clone()));
    let ended = timeout(Duration::from_secs(20), call.with_response()).await;

    let error = ended.expect("no hang").expect_err("a cancelled call");
    assert_eq!(said(&error).as_deref(), Some("not for 50s"));
}

/// A token stops a stream that waits for its next event, after those that came.
#[tokio::test]
async fn a_token_stops_a_stream() {
    let (sender, closed) = mpsc::channel();
    let server = Server::start(move |_, _, connection| {
        connection.begin_events();
        connection.chunk(&frame(&message_events()[0]));
        connection.wait_for_close();
        let _ = sender.send(());
    });
    let token = CancelToken::default();
    let call = server.client().messages().stream(message_request());
    let mut stream = call.cancel_token(&token).await.expect("a stream");

    let first = stream.next().await.expect("an item");
    cancel_soon(&token);
    let error = stream.next().await.expect("an item").expect_err("an end");

    assert!(first.is_ok());
    assert_eq!(error.kind(), ErrorKind::RequestCancelled);
    assert_eq!(said(&error).as_deref(), Some("the user left"));
    assert_eq!(error.events_seen(), 1);
    assert!(stream.next().await.is_none());
    assert!(is_freed(closed).await);
}

/// The reason may be any error, and is given back as such.
#[tokio::test]
async fn a_reason_keeps_its_type() {
    let (server, _) = silent();
    let token = CancelToken::new();
    token.cancel(std::io::Error::other("disk full"));

    let call = server.client().models().get("m").cancel_token(&token);
    let error = call.await.expect_err("a cancelled call");

    let reason = error.cancel_reason().expect("a reason");
    assert!(reason.downcast_ref::<std::io::Error>().is_some());
    assert!(!format!("{error:?}").is_empty());
}
