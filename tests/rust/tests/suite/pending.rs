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

/// An approval with all that belongs to it.
fn whole(status: &str) -> Value {
    let summary = json!({
        "operation": "proxy.upstream.post",
        "method": "POST",
        "path": "/v1/proxy/upstream/charges",
        "agent_name": null,
        "body_preview": "",
    });
    json!({
        "id": "appr_1",
        "object": "approval",
        "kind": "request",
        "request_id": "req_1",
        "status": status,
        "approved": false,
        "project_id": "proj_1",
        "key_id": null,
        "policy_id": null,
        "policy_name": null,
        "request_summary": summary,
        "reason": "because",
        "reviewed_by": null,
        "response": null,
        "created_at": "2026-01-01T00:00:00Z",
        "expires_at": null,
        "reviewed_at": null,
    })
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
    assert_eq!(details, json!({"approval_id": "appr_1", "timeout": 0.02}));
    assert_eq!(server.received()[0].header("prefer"), Some("wait=1"));
}

/// Who waits by himself is given what was decided, also if it was against him; that nobody
/// decided is the error of a call that waits.
#[tokio::test]
async fn a_wait_by_itself_ends_like_a_call() {
    let answering = |status: &str| {
        let body = whole(status).to_string();
        Server::start(move |_, _, connection| connection.json(200, &body))
    };
    let short = Duration::from_millis(20);

    let refused = answering("rejected");
    let refused = refused.client().wait_for_approval("appr_1", LIMIT).await;
    let expired = answering("expired");
    let expired = expired.client().wait_for_approval("appr_1", LIMIT).await;
    let late = answering("pending");
    let late = late.client().wait_for_approval("appr_1", short).await;

    assert_eq!(
        refused.expect("a decision").reason.as_deref(),
        Some("because")
    );
    let expired = expired.expect_err("nobody decided");
    let details: Value = expired.details().expect("details");
    let expected = json!({"approval_id": "appr_1", "reason": "because"});
    assert_eq!(
        (expired.kind(), details),
        (ErrorKind::ApprovalTimeout, expected)
    );
    let late = late.expect_err("nobody decided");
    let details: Value = late.details().expect("details");
    let expected = json!({"approval_id": "appr_1", "timeout": 0.02});
    assert_eq!(
        (late.kind(), details),
        (ErrorKind::ApprovalTimeout, expected)
    );
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
