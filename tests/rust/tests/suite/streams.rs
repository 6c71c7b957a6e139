//! Streams that end, break, go on, skip and repeat.

use std::future::Future;
use std::sync::mpsc;
use std::time::Duration;

use headgate_sdk::resources::runs::EventsParams;
use headgate_sdk::streams::{MessageStream, RunStream};
use headgate_sdk::types::{ContentBlock, ContentBlockDelta, MessageStreamEvent, RunStreamEvent};
use headgate_sdk::{Error, ErrorKind, Failure, RetryPolicy, Timeouts};
use serde_json::{json, Value};

use super::samples::{
    frame, message_events, message_request, numbered, run_events, run_request, SHELL,
};

use headgate_sdk_tests::server::{Connection, Received, Server};

/// Sends all frames and ends the body properly.
fn send_all(connection: &mut Connection, frames: &[String]) {
    connection.begin_events();
    for frame in frames {
        connection.chunk(frame);
    }
    connection.end();
}

fn message_server(frames: Vec<String>) -> Server {
    Server::start(move |_, _, connection| send_all(connection, &frames))
}

async fn message_stream(server: &Server) -> MessageStream {
    let call = server.client().messages().stream(message_request());
    call.await.expect("a stream")
}

/// Serves a run: `script` says which events the n-th connection sends and how it ends.
fn run_server<F>(script: F) -> Server
where
    F: Fn(usize, &mut Connection) + Send + Sync + 'static,
{
    Server::start(move |number, _, connection| script(number, connection))
}

fn send_run(connection: &mut Connection, numbers: std::ops::RangeInclusive<usize>) {
    connection.begin_events();
    for event in &run_events()[numbers.start() - 1..*numbers.end()] {
        connection.chunk(&numbered(event));
    }
}

async fn run_stream(server: &Server) -> RunStream {
    let call = server.client().runs().stream(run_request());
    call.await.expect("a stream")
}

async fn numbers(stream: &mut RunStream) -> Result<Vec<i64>, Error> {
    let mut seen = Vec::new();
    while let Some(event) = stream.next().await {
        let value = serde_json::to_value(event?).expect("JSON");
        seen.push(value["sequence_number"].as_i64().unwrap_or_default());
    }
    Ok(seen)
}

async fn within<T>(future: impl Future<Output = T>) -> T {
    let limit = Duration::from_secs(20);
    tokio::time::timeout(limit, future).await.expect("no hang")
}

fn cursor(request: &Received) -> Option<&str> {
    request.header("last-event-id")
}

/// Every event arrives typed, and the stream ends after its terminal event.
#[tokio::test]
async fn events_arrive_typed() {
    let server = message_server(message_events().iter().map(frame).collect());
    let mut stream = message_stream(&server).await;

    let mut names = Vec::new();
    let mut text = String::new();
    while let Some(event) = stream.next().await {
        let event = event.expect("an event");
        if let MessageStreamEvent::ContentBlockDelta(delta) = &event {
            if let ContentBlockDelta::TextDelta(delta) = &delta.delta {
                text.push_str(&delta.text);
            }
        }
        names.push(serde_json::to_value(event).expect("JSON"));
    }

    assert_eq!(names, message_events());
    assert_eq!(text, "Hello ✓");
    assert_eq!(stream.request_id(), Some("req_1"));
    assert!(stream.next().await.is_none());
    let sent: Value = serde_json::from_str(&server.received()[0].body).expect("JSON");
    assert_eq!(sent["stream"], json!(true));
    assert_eq!(
        server.received()[0].header("accept"),
        Some("text/event-stream")
    );
}

/// The deltas build the whole answer, tool input from partial JSON included.
#[tokio::test]
async fn deltas_build_the_answer() {
    let server = message_server(message_events().iter().map(frame).collect());

    let answer = message_stream(&server).await.collect_final().await;

    let answer = serde_json::to_value(answer.expect("an answer")).expect("JSON");
    let content = json!([
        {"type": "thinking", "thinking": "Hm.", "signature": "sig"},
        {"type": "text", "text": "Hello ✓"},
        {"type": "tool_use", "id": "t", "name": "n", "input": {"a": [1]}},
    ]);
    assert_eq!(answer["content"], content);
    assert_eq!(answer["stop_reason"], json!("tool_use"));
    assert_eq!(answer["usage"]["total_tokens"], json!(3));
}

/// Texts and thoughts are picked out as they arrive; the answer is still to be had after.
#[tokio::test]
async fn deltas_are_picked_out() {
    let server = message_server(message_events().iter().map(frame).collect());
    let mut stream = message_stream(&server).await;

    let thought = stream.thinking_deltas().next().await.expect("a thought");
    let mut texts = Vec::new();
    let mut deltas = stream.text_deltas();
    while let Some(text) = deltas.next().await {
        texts.push(text.expect("a text"));
    }
    let answer = stream.collect_final().await.expect("an answer");

    assert_eq!(thought.expect("a thought"), "Hm.");
    assert_eq!(texts, ["Hel", "lo ✓"]);
    assert_eq!(answer.content.len(), 3);
}

/// A text inside a carried event is picked out as well.
#[tokio::test]
async fn carried_deltas_are_picked_out() {
    let server = run_server(|_, connection| {
        send_run(connection, 1..=5);
        connection.end();
    });
    let mut stream = run_stream(&server).await;

    let text = stream.text_deltas().next().await.expect("a text");
    let result = stream.collect_final().await.expect("a result");

    assert_eq!(text.expect("a text"), "Hi");
    assert_eq!(result.stop_reason.as_str(), "cancelled");
}

/// What this version does not know arrives as unknown, with all that was sent.
#[tokio::test]
async fn unknown_things_arrive_as_unknown() {
    let event = json!({"type": "hologram", "depth": 3});
    let block = json!({"type": "content_block_start", "index": 0, "content_block": {"type": "smell", "of": "rain"}});
    let stop = json!({"type": "message_stop", "new_field": [1]});
    let server = message_server([&event, &block, &stop].map(frame).to_vec());
    let mut stream = message_stream(&server).await;

    let first = stream.next().await.expect("one").expect("an event");
    let second = stream.next().await.expect("one").expect("an event");
    let third = stream.next().await.expect("one").expect("an event");

    assert!(matches!(&first, MessageStreamEvent::Unknown(fields) if fields["depth"] == json!(3)));
    let MessageStreamEvent::ContentBlockStart(start) = &second else {
        panic!("not a start: {second:?}");
    };
    assert!(
        matches!(&start.content_block, ContentBlock::Unknown(fields) if fields["of"] == "rain")
    );
    assert_eq!(serde_json::to_value(third).expect("JSON"), stop);
}

/// An event's name may be missing, and a tag may come last: the data's tag decides.
#[tokio::test]
async fn the_tag_in_the_data_decides_without_a_name() {
    let frames = vec![
        "data: {\"index\":0,\"type\":\"content_block_stop\"}\n\n".to_owned(),
        "data: {\"type\":\"message_stop\"}\n\n".to_owned(),
    ];
    let server = message_server(frames);
    let mut stream = message_stream(&server).await;

    let first = stream.next().await.expect("one").expect("an event");
    let second = stream.next().await.expect("one").expect("an event");

    assert!(matches!(first, MessageStreamEvent::ContentBlockStop(stop) if stop.index == 0));
    assert!(matches!(second, MessageStreamEvent::MessageStop(_)));
    assert!(stream.next().await.is_none());
}

/// An event that cannot be read, or not without loss, is an error; the stream goes on after it.
#[tokio::test]
async fn an_unreadable_event_is_an_error_of_its_own() {
    let broken = "event: content_block_stop\ndata: {\"type\":\"content_block_stop\"\n\n";
    let large =
        frame(&json!({"type": "message_stop"})).replace("}", ",\"x\":18446744073709551617}");
    let last = frame(&json!({"type": "message_stop"}));
    let server = message_server(vec![broken.to_owned(), large, last]);
    let mut stream = message_stream(&server).await;

    let error = stream.next().await.expect("one").expect_err("an error");
    let other = stream.next().await.expect("one").expect_err("an error");
    let event = stream.next().await.expect("one").expect("an event");

    assert_eq!(other.kind(), ErrorKind::ResponseDecode);
    assert_eq!(error.kind(), ErrorKind::ResponseDecode);
    assert_eq!(error.body(), Some("{\"type\":\"content_block_stop\""));
    assert!(matches!(event, MessageStreamEvent::MessageStop(_)));
}

/// An error event is the API's error, with its code and the request's id.
#[tokio::test]
async fn an_error_event_is_an_api_error() {
    let error = json!({"type": "error", "error": {"type": "overloaded_error", "code": "draining",
                       "message": "later", "request_id": "req_9", "retryable": true,
                       "param": null, "standard_code": "E3002"}});
    let start = json!({"type": "message_start", "message": serde_json::from_str::<Value>(SHELL).expect("JSON")});
    let server = message_server(vec![frame(&start), frame(&error)]);
    let mut stream = message_stream(&server).await;

    let _ = stream.next().await.expect("one").expect("an event");
    let error = stream.next().await.expect("one").expect_err("an error");

    assert_eq!(error.kind(), ErrorKind::Overloaded);
    assert_eq!((error.code(), error.message()), (Some("draining"), "later"));
    assert_eq!(error.request_id(), Some("req_9"));
    assert!(error.is_retryable());
    assert!(stream.next().await.is_none());
}

/// A body that ends before the terminal event is an error, never an end.
#[tokio::test]
async fn a_clean_end_too_early_is_a_truncation() {
    let frames: Vec<String> = message_events()[..4].iter().map(frame).collect();
    let server = message_server(frames);
    let mut stream = message_stream(&server).await;
    for _ in 0..4 {
        let _ = stream.next().await.expect("one").expect("an event");
    }

    let error = stream.next().await.expect("one").expect_err("an error");

    assert_eq!(error.kind(), ErrorKind::StreamTruncated);
    assert_eq!(error.events_seen(), 3);
    assert_eq!(error.request_id(), Some("req_1"));
    assert!(stream.next().await.is_none());
}

/// A stream that cannot be resumed is never asked for a second time.
#[tokio::test]
async fn a_cut_answer_is_not_asked_for_again() {
    let server = Server::start(|_, _, connection| {
        connection.begin_events();
        connection.chunk(&frame(&message_events()[0]));
    });
    let stream = message_stream(&server).await;

    let error = within(stream.collect_final()).await.expect_err("an error");

    assert!(error.is_truncated());
    assert_eq!(server.received().len(), 1);
}

/// A page of HTML in place of events is told as such.
#[tokio::test]
async fn a_page_is_no_stream() {
    let server = Server::start(|_, _, connection| {
        connection.respond(200, "Content-Type: text/html\r\n", "<html>");
    });

    let error = server.client().messages().stream(message_request()).await;

    let error = error.expect_err("no stream");
    assert_eq!(error.kind(), ErrorKind::ResponseDecode);
    assert_eq!(error.body(), Some("<html>"));
}

/// A stream that falls silent ends at the idle limit.
#[tokio::test]
async fn silence_ends_at_the_idle_limit() {
    let server = Server::start(|_, _, connection| {
        connection.begin_events();
        connection.chunk(&frame(&message_events()[0]));
        connection.wait_for_close();
    });
    let limits = Timeouts::default().idle(Duration::from_millis(100));
    let call = server.client().messages().stream(message_request());

    let stream = call.timeouts(limits).await.expect("a stream");
    let error = within(stream.collect_final()).await.expect_err("an error");

    assert_eq!(error.kind(), ErrorKind::ApiTimeout);
    assert!(error.is_timeout());
}

/// Leaving a stream closes its connection.
#[tokio::test]
async fn dropping_a_stream_closes_the_connection() {
    let (closed, closing) = mpsc::channel();
    let server = Server::start(move |_, _, connection| {
        connection.begin_events();
        connection.chunk(&frame(&message_events()[0]));
        connection.wait_for_close();
        let _ = closed.send(());
    });
    let mut stream = message_stream(&server).await;
    let _ = stream.next().await.expect("one").expect("an event");

    stream.close();

    let waiting =
        tokio::task::spawn_blocking(move || closing.recv_timeout(Duration::from_secs(20)));
    // The connection's task runs on this thread: it needs a turn to see the drop.
    assert_eq!(within(waiting).await.expect("no panic"), Ok(()));
}

/// A run cut twice is followed to its end: nothing lost, nothing twice.
#[tokio::test]
async fn a_cut_run_is_followed_to_its_end() {
    let server = run_server(|number, connection| match number {
        0 => send_run(connection, 1..=2),
        1 => {
            send_run(connection, 2..=4);
            connection.end();
        }
        _ => {
            send_run(connection, 1..=5);
            connection.end();
        }
    });
    let mut stream = run_stream(&server).await;

    let seen = within(numbers(&mut stream)).await.expect("a whole run");

    assert_eq!(seen, [1, 2, 3, 4, 5]);
    let received = server.received();
    let targets: Vec<&str> = received.iter().map(|request| &*request.target).collect();
    let cursors: Vec<Option<&str>> = received.iter().map(cursor).collect();
    let events = |after: u64| format!("/v1/runs/run_1/events?starting_after={after}");
    assert_eq!(targets, ["/v1/runs:stream", &events(2), &events(4)]);
    assert_eq!(cursors, [None, Some("2"), Some("4")]);
}

/// The server's refusals while a run is taken up again are waited out.
#[tokio::test]
async fn refusals_are_waited_out() {
    let server = run_server(|number, connection| match number {
        0 => send_run(connection, 1..=3),
        1 => connection.respond(503, "Retry-After: 0\r\n", ""),
        2 => connection.respond(502, "", ""),
        _ => {
            send_run(connection, 4..=5);
            connection.end();
        }
    });
    let mut stream = run_stream(&server).await;

    let seen = within(numbers(&mut stream)).await.expect("a whole run");

    assert_eq!(seen, [1, 2, 3, 4, 5]);
    assert_eq!(server.received().len(), 4);
}

/// Without progress a run is given up after five attempts, with the cursor in the error.
#[tokio::test]
async fn a_run_without_progress_is_given_up() {
    let server = run_server(|_, connection| {
        send_run(connection, 1..=2);
        connection.end();
    });
    let mut stream = run_stream(&server).await;

    let error = within(numbers(&mut stream)).await.expect_err("an error");

    assert!(error.is_truncated());
    assert_eq!((error.last_event_id(), error.events_seen()), (Some("2"), 2));
    assert_eq!(server.received().len(), 6);
    assert!(stream.next().await.is_none());
}

/// The number of attempts without progress can be set.
#[tokio::test]
async fn attempts_without_progress_can_be_set() {
    let server = run_server(|_, connection| send_run(connection, 1..=1));
    let policy = RetryPolicy::default().max_resumes(0);
    let client = server.builder().retry(policy).build().expect("a client");

    let stream = client.runs().stream(run_request()).await.expect("a stream");
    let error = within(stream.collect_final()).await.expect_err("an error");

    assert!(error.is_truncated());
    assert_eq!(server.received().len(), 1);
}

/// A skipped event is an error that says which.
#[tokio::test]
async fn a_gap_is_an_error() {
    let server = run_server(|number, connection| match number {
        0 => send_run(connection, 1..=2),
        _ => send_run(connection, 4..=5),
    });
    let mut stream = run_stream(&server).await;

    let error = within(numbers(&mut stream)).await.expect_err("an error");

    let gap = Failure::Gap {
        expected: 3,
        received: 4,
    };
    assert_eq!(error.failure(), &gap);
    assert_eq!(error.kind(), ErrorKind::StreamGap);
}

/// A run that has gone, or whose events have, is told as the server tells it.
#[tokio::test]
async fn a_run_that_is_gone_is_told_as_such() {
    for (status, code) in [(404, "not_found"), (410, "events_expired")] {
        let server = run_server(move |number, connection| match number {
            0 => send_run(connection, 1..=2),
            _ => connection.json(
                status,
                &format!(
                    r#"{{"error":{{"type":"not_found_error","code":"{code}","message":"gone"}}}}"#
                ),
            ),
        });
        let mut stream = run_stream(&server).await;

        let error = within(numbers(&mut stream)).await.expect_err("an error");

        assert_eq!((error.status(), error.code()), (Some(status), Some(code)));
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(error.last_event_id(), Some("2"));
    }
}

/// A server that says a run is over without its last event leaves it truncated.
#[tokio::test]
async fn an_end_without_its_event_is_a_truncation() {
    let server = run_server(|number, connection| match number {
        0 => send_run(connection, 1..=2),
        _ => connection.respond(204, "", ""),
    });
    let mut stream = run_stream(&server).await;

    let error = within(numbers(&mut stream)).await.expect_err("an error");

    assert!(error.is_truncated());
}

/// A caller's own cursor seeds the stream: what comes before it is not repeated.
#[tokio::test]
async fn a_callers_cursor_seeds_the_stream() {
    let server = run_server(|number, connection| match number {
        0 => send_run(connection, 3..=3),
        _ => {
            send_run(connection, 3..=5);
            connection.end();
        }
    });
    let params = EventsParams::new().starting_after(2).follow(true);

    let call = server.client().runs().events("run_1", params);
    let mut stream = call.await.expect("a stream");
    let seen = within(numbers(&mut stream)).await.expect("the rest");

    assert_eq!(seen, [3, 4, 5]);
    let targets: Vec<String> = server.received().iter().map(|r| r.target.clone()).collect();
    let expected = [
        "/v1/runs/run_1/events?starting_after=2&follow=true",
        "/v1/runs/run_1/events?follow=true&starting_after=3",
    ];
    assert_eq!(targets, expected);
}

/// A run whose last event was seen before has nothing more to give, which is no error.
#[tokio::test]
async fn nothing_after_the_last_event_is_an_end() {
    let server = run_server(|_, connection| connection.respond(204, "", ""));
    let params = EventsParams::new().starting_after(5);

    let call = server.client().runs().events("run_1", params);
    let mut stream = call.await.expect("a stream");

    assert!(within(stream.next()).await.is_none());
}

/// Events that come byte by byte, cut anywhere, are the same events.
#[tokio::test]
async fn events_come_whole_out_of_single_bytes() {
    let server = run_server(|_, connection| {
        connection.begin_events();
        for event in &run_events() {
            for byte in numbered(event).chars() {
                connection.chunk(&byte.to_string());
            }
        }
        connection.end();
    });
    let mut stream = run_stream(&server).await;

    let seen = within(numbers(&mut stream)).await.expect("a whole run");

    assert_eq!(seen, [1, 2, 3, 4, 5]);
}

/// A run's result is what its last event carries.
#[tokio::test]
async fn a_runs_result_is_in_its_last_event() {
    let server = run_server(|number, connection| match number {
        0 => send_run(connection, 1..=4),
        _ => {
            send_run(connection, 5..=5);
            connection.end();
        }
    });

    let result = within(run_stream(&server).await.collect_final()).await;

    let events = run_events();
    let result = serde_json::to_value(result.expect("a result")).expect("JSON");
    assert_eq!(result, events[4]["result"]);
    assert!(matches!(
        serde_json::from_value(events[4].clone()),
        Ok(RunStreamEvent::RunComplete(_))
    ));
}
