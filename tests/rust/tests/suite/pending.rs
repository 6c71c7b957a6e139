//! Answers that are not there yet, and calls that wait for them.

use std::time::Duration;

use headgate_sdk::{ApprovalPendingDetails, ErrorKind};
use headgate_sdk_tests::server::{Connection, Received, Server};
use serde_json::{json, Value};

use super::samples::{message_request, SHELL};

const LIMIT: Duration = Duration::from_secs(90);
const HEADERS: &str = "X-Request-ID: req_1\r\nX-Headgate-Approval: appr_1\r\n";

fn pending(connection: &mut Connection) {
    let body = json!({"object": "approval_pending", "approval_id": "appr_1", "poll_url": "/p"});
    connection.respond(202, HEADERS, &body.to_string());
}

fn approval(status: &str, response: &Value) -> Value {
    json!({"id": "appr_1", "status": status, "reason": "because", "response": response})
}

/// A server that has a call wait, and answers each question with the next of these.
fn deciding(answers: Vec<Value>) -> Server {
    Server::start(
        move |number, _: &Received, connection: &mut Connection| match number {
            0 => pending(connection),
            _ => connection.json(200, &answers[number - 1].to_string()),
        },
    )
}

/// The answer's body has the details, its head the status and the request id; nothing is
/// sent again.
#[tokio::test]
async fn an_answer_that_comes_later_is_an_error() {
    let server = Server::start(|_, _, connection| pending(connection));

    let call = server.client().messages().create(message_request());
    let error = call.await.expect_err("no answer yet");
    let raw = server.client().post("charges").await;

    let details: ApprovalPendingDetails = error.details().expect("details");
    assert_eq!(details.approval_id.as_deref(), Some("appr_1"));
    assert_eq!(
        (error.kind(), error.status(), error.request_id()),
        (ErrorKind::ApprovalPending, Some(202), Some("req_1"))
    );
    assert!(error.message().contains("person"), "{error}");
    assert!(!error.is_retryable());
    let raw = raw.expect_err("no answer yet");
    assert_eq!(raw.kind(), ErrorKind::ApprovalPending);
    assert_eq!(server.received().len(), 2);
}

/// An upstream's own 202 has no such header.
#[tokio::test]
async fn a_raw_answer_of_that_status_comes_back() {
    let server = Server::start(|_, _, connection| connection.json(202, "{}"));

    let answer = server.client().post("charges").await.expect("an answer");

    assert_eq!(answer.status(), 202);
}

/// The server is asked to wait, then asked what was decided until the answer is there.
#[tokio::test]
async fn a_call_waits_for_its_answer() {
    let body: Value = serde_json::from_str(SHELL).expect("JSON");
    let stored = json!({"status_code": 200, "headers": {"X-Request-ID": "req_9"}, "body": body});
    let server = deciding(vec![
        approval("pending", &Value::Null),
        approval("approved", &Value::Null),
        approval("approved", &stored),
    ]);

    let call = server.client().messages().create(message_request());
    let call = call.wait_for_approval(LIMIT).with_response().await;

    let answer = call.expect("an answer");
    assert_eq!(answer.value.id, "msg_1");
    assert_eq!(answer.response.request_id(), Some("req_9"));
    let asked = server.received();
    assert_eq!(asked[0].header("prefer"), Some("wait=60"));
    assert_eq!(asked.len(), 4);
    assert_eq!(asked[3].target, "/v1/approvals/appr_1?wait=60");
}

/// What was decided against, and what failed when it was performed, has its kind.
#[tokio::test]
async fn what_was_decided_against_is_an_error() {
    let failed = json!({"error": {"type": "overloaded_error", "code": "overloaded"}});
    let stored = json!({"status_code": 529, "headers": {}, "body": failed.to_string()});
    for (answer, kind) in [
        (
            approval("rejected", &Value::Null),
            ErrorKind::ApprovalRejected,
        ),
        (
            approval("expired", &Value::Null),
            ErrorKind::ApprovalTimeout,
        ),
        (approval("approved", &stored), ErrorKind::Overloaded),
        (
            approval("on hold", &Value::Null),
            ErrorKind::ApprovalPending,
        ),
    ] {
        let server = deciding(vec![answer]);
        let call = server.client().messages().create(message_request());
        let error = call.wait_for_approval(LIMIT).await.expect_err("a refusal");

        assert_eq!(error.kind(), kind);
        if kind == ErrorKind::ApprovalRejected {
            let details: Value = error.details().expect("details");
            let expected = json!({"approval_id": "appr_1", "reason": "because"});
            assert_eq!((error.status(), details), (Some(403), expected));
        }
    }
}

/// When the caller's time is over, the call says so and with which id to ask.
#[tokio::test]
async fn a_call_waits_no_longer_than_it_may() {
    let server = deciding(vec![approval("pending", &Value::Null); 100]);

    let call = server.client().messages().create(message_request());
    let call = call.wait_for_approval(Duration::from_millis(20)).await;

    let error = call.expect_err("no answer in time");
    let details: Value = error.details().expect("details");
    assert_eq!(error.kind(), ErrorKind::ApprovalTimeout);
    assert_eq!(details, json!({"approval_id": "appr_1"}));
    assert_eq!(server.received()[0].header("prefer"), Some("wait=1"));
}

/// An upstream's own refusal is an answer, whenever it came; a decision is an error.
#[tokio::test]
async fn a_raw_call_waits_as_well() {
    let headers = json!({"Content-Type": "text/plain"});
    let stored = json!({"status_code": 404, "headers": headers, "body": "no such thing"});
    let server = deciding(vec![approval("approved", &stored)]);
    let refusing = deciding(vec![approval("rejected", &Value::Null)]);

    let call = server.client().get("things/1").wait_for_approval(LIMIT);
    let answer = call.await.expect("an answer");
    let call = refusing.client().get("things/1").wait_for_approval(LIMIT);
    let error = call.await.expect_err("a refusal");

    assert_eq!((answer.status(), &*answer.text()), (404, "no such thing"));
    assert_eq!(answer.header("content-type"), Some("text/plain"));
    assert_eq!(error.kind(), ErrorKind::ApprovalRejected);
}

/// Bytes that are no text come in base64, and are given as they were sent.
#[tokio::test]
async fn bytes_come_as_they_were_sent() {
    let stored = |body: &str| {
        let response =
            json!({"status_code": 200, "headers": {}, "body": body, "encoding": "base64"});
        deciding(vec![approval("approved", &response)])
    };
    let (sound, broken) = (stored("/wCAiVBORw=="), stored("no base64!"));

    let call = sound.client().get("things/1").wait_for_approval(LIMIT);
    let answer = call.await.expect("an answer");
    let call = broken.client().get("things/1").wait_for_approval(LIMIT);
    let error = call.await.expect_err("no base64");

    assert_eq!(answer.bytes().as_ref(), b"\xff\x00\x80\x89PNG");
    assert!(error.is_decode(), "{error}");
}
