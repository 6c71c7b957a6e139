//! What helps with streams and content: calls, callbacks, constructors, output.

use std::sync::{Arc, Mutex};

use headgate_sdk::content;
use headgate_sdk::types::{
    ContentBlockDeltaEvent, MessageResponse, MessageStopEvent, MessageStreamEvent, ToolUseBlock,
};
use headgate_sdk::{ErrorKind, EventStream};
use headgate_sdk_tests::server::Server;
use serde::Deserialize;
use serde_json::{json, Value};

use super::samples::{
    frame, message_events, message_request, numbered, run_event, run_request, SHELL,
};

fn events(frames: Vec<String>) -> Server {
    Server::start(move |_, _, connection| {
        connection.begin_events();
        for frame in &frames {
            connection.chunk(frame);
        }
        connection.end();
    })
}

async fn message(events_: &[Value]) -> EventStream<headgate_sdk::streams::MessageKind> {
    let server = events(events_.iter().map(frame).collect());
    let call = server.client().messages().stream(message_request());
    call.await.expect("a stream")
}

fn start(index: u64, id: &str) -> Value {
    let block = json!({"type": "tool_use", "id": id, "name": "weather", "input": {}});
    json!({"type": "content_block_start", "index": index, "content_block": block})
}

fn input(index: u64, piece: &str) -> Value {
    let delta = json!({"type": "input_json_delta", "partial_json": piece});
    json!({"type": "content_block_delta", "index": index, "delta": delta})
}

fn stop(index: u64) -> Value {
    json!({"type": "content_block_stop", "index": index})
}

fn begun() -> Value {
    json!({"type": "message_start", "message": serde_json::from_str::<Value>(SHELL).expect("JSON")})
}

fn ended() -> [Value; 2] {
    let usage = json!({"input_tokens": 1, "output_tokens": 2, "total_tokens": 3});
    let delta = json!({"stop_reason": "tool_use"});
    [
        json!({"type": "message_delta", "delta": delta, "usage": usage}),
        json!({"type": "message_stop"}),
    ]
}

fn seen(call: &ToolUseBlock) -> (&str, Value) {
    (&call.id, json!(call.input))
}

/// A call is given once it is complete, its input read from its pieces, in order of completion.
#[tokio::test]
async fn calls_are_given_when_complete() {
    let mut sent = vec![
        begun(),
        start(0, "a"),
        input(0, "{\"ci"),
        input(0, "ty\": \"Z"),
        start(1, "b"),
        stop(1),
        input(0, "ürich\"}"),
        stop(0),
    ];
    sent.extend(ended());
    let mut stream = message(&sent).await;

    let mut calls = stream.tool_calls();
    let first = calls.next().await.expect("an item").expect("a call");
    let second = calls.next().await.expect("an item").expect("a call");

    assert_eq!(seen(&first), ("b", json!({})));
    assert_eq!(seen(&second), ("a", json!({"city": "Zürich"})));
    assert!(calls.next().await.is_none());
    assert_eq!(
        stream
            .collect_final()
            .await
            .expect("a message")
            .content
            .len(),
        2
    );
}

/// Wherever the input is cut into pieces, the call is the same.
#[tokio::test]
async fn input_may_be_cut_anywhere() {
    let whole = r#"{"q": "a\"\u00e9 😀", "n": [1, 2.5, null, {"deep": true}]}"#;
    let expected: Value = serde_json::from_str(whole).expect("JSON");
    for (at, _) in whole.char_indices() {
        let (head, tail) = whole.split_at(at);
        let mut sent = vec![
            begun(),
            start(0, "a"),
            input(0, head),
            input(0, tail),
            stop(0),
        ];
        sent.extend(ended());
        let mut stream = message(&sent).await;

        let call = stream.tool_calls().next().await.expect("an item");

        assert_eq!(
            seen(&call.expect("a call")),
            ("a", expected.clone()),
            "{head}|{tail}"
        );
    }
}

/// Input that is no JSON is an error with its text; the calls after it are given.
#[tokio::test]
async fn broken_input_is_an_error() {
    let mut sent = vec![begun(), start(0, "a"), input(0, "{\"a\":"), stop(0)];
    sent.extend([start(1, "b"), stop(1)]);
    sent.extend(ended());
    let mut stream = message(&sent).await;

    let mut calls = stream.tool_calls();
    let error = calls.next().await.expect("an item").expect_err("no JSON");
    let call = calls.next().await.expect("an item").expect("a call");

    assert_eq!(error.kind(), ErrorKind::ResponseDecode);
    assert_eq!(error.body(), Some("{\"a\":"));
    assert_eq!(call.id, "b");
}

/// A run's calls come through the messages that it carries, without those of a lost step.
#[tokio::test]
async fn calls_of_an_abandoned_step_are_dropped() {
    let carried = |number, event: Value| {
        run_event(
            number,
            "stream_event",
            json!({"step_index": 0, "event": event}),
        )
    };
    let abandoned = json!({"index": 0, "reason": "restart"});
    let sent = [
        carried(1, start(0, "lost")),
        carried(2, input(0, "{}")),
        run_event(3, "step_abandoned", abandoned),
        carried(4, stop(0)),
        carried(5, start(0, "kept")),
        carried(6, input(0, "{\"a\": 1}")),
        carried(7, stop(0)),
    ];
    let server = events(sent.iter().map(numbered).collect());
    let call = server.client().runs().stream(run_request());
    let mut stream = call.await.expect("a stream");

    let mut calls = stream.tool_calls();
    let call = calls.next().await.expect("an item").expect("a call");

    assert_eq!(seen(&call), ("kept", json!({"a": 1})));
}

/// The pieces of a call's input are given as they arrive.
#[tokio::test]
async fn pieces_of_input_are_given() {
    let mut stream = message(&message_events()).await;

    let mut pieces = Vec::new();
    let mut deltas = stream.tool_input_deltas();
    while let Some(piece) = deltas.next().await {
        pieces.push(piece.expect("a piece"));
    }

    assert_eq!(pieces, ["{\"a\":", "[1]}"]);
}

/// Callbacks are called in the order of events, by type, whoever reads the stream.
#[tokio::test]
async fn callbacks_are_called_by_type() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let note = |line: &str| told.lock().expect("no panic").push(line.to_owned());
    let (deltas, stops, all) = (told.clone(), told.clone(), Arc::new(Mutex::new(0)));
    let mut stream = message(&message_events()).await;
    stream.on(move |event: &ContentBlockDeltaEvent| {
        deltas
            .lock()
            .expect("no panic")
            .push(format!("delta {}", event.index));
    });
    stream.on(move |_: &MessageStopEvent| {
        stops.lock().expect("no panic").push("stop".to_owned());
    });
    let counted = all.clone();
    stream.on(move |_: &MessageStreamEvent| *counted.lock().expect("no panic") += 1);

    stream.next().await.expect("an item").expect("an event");
    note("first");
    let text = stream.text_deltas().next().await.expect("an item");
    note(&text.expect("a text"));
    stream.until_done().await.expect("an end");

    let deltas = [
        "delta 0", "delta 0", "delta 1", "Hel", "delta 1", "delta 2", "delta 2",
    ];
    let expected = [&["first"][..], &deltas, &["stop"]].concat();
    assert_eq!(*told.lock().expect("no panic"), expected);
    assert_eq!(*all.lock().expect("no panic"), message_events().len());
}

/// Reading to the end gives the error that the stream ends with.
#[tokio::test]
async fn reading_to_the_end_may_fail() {
    let mut stream = message(&message_events()[..3]).await;

    let error = stream.until_done().await.expect_err("a cut");

    assert!(error.is_truncated());
}

const PNG: [u8; 9] = [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, 0];

/// Content is made without naming every field; a file's type is told by name or beginning.
#[test]
fn content_is_made() {
    let folder = std::env::temp_dir().join(format!("headgate-content-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let named = folder.join("a.JPG");
    let unnamed = folder.join("b");
    std::fs::write(&named, "x").expect("a file");
    std::fs::write(&unnamed, PNG).expect("a file");

    let made = |value: &dyn erased::Value| value.json();
    let base64 =
        |kind: &str, data: &str| json!({"type": "base64", "media_type": kind, "data": data});
    let image = |source: Value| json!({"type": "image", "source": source});
    let png = base64("image/png", "iVBORw0KGgoA");

    assert_eq!(
        made(&content::text("hi")),
        json!({"type": "text", "text": "hi"})
    );
    assert_eq!(
        made(&content::image_url("https://e.invalid/a.png")),
        image(json!({"type": "url", "url": "https://e.invalid/a.png"})),
    );
    assert_eq!(
        made(&content::image_file(&named).expect("an image")),
        image(base64("image/jpeg", "eA=="))
    );
    assert_eq!(
        made(&content::image_file(&unnamed).expect("an image")),
        image(png.clone())
    );
    assert_eq!(
        made(&content::image_bytes(PNG).expect("an image")),
        image(png)
    );
    assert_eq!(
        made(&content::audio_base64("audio/wav", "eA==").transcript("t")),
        json!({"type": "audio", "source": base64("audio/wav", "eA=="), "transcript": "t"}),
    );
    assert_eq!(
        made(&content::tool_result("call_1").content("42").is_error(false)),
        json!({"type": "tool_result", "tool_use_id": "call_1", "content": "42", "is_error": false}),
    );
    std::fs::remove_dir_all(folder).expect("no folder");
}

/// Values of different types as JSON.
mod erased {
    pub trait Value {
        fn json(&self) -> serde_json::Value;
    }

    impl<T: serde::Serialize> Value for T {
        fn json(&self) -> serde_json::Value {
            serde_json::to_value(self).expect("JSON")
        }
    }
}

/// What is of another type, or of none, is refused by the argument's name.
#[test]
fn unknown_media_are_refused() {
    let errors = [
        content::image_bytes("what").map(drop),
        content::audio_bytes(PNG).map(drop),
        content::document_bytes("?").map(drop),
        content::image_file("/nowhere/at/all.png").map(drop),
    ];

    let messages: Vec<String> = errors
        .into_iter()
        .map(|result| {
            let error = result.expect_err("a refusal");
            assert_eq!(error.kind(), ErrorKind::Configuration);
            error.message().to_owned()
        })
        .collect();
    let expected = [
        "bytes: it is not known to be of `image/*`",
        "bytes: it is not known to be of `audio/*`",
        "bytes: it is not known to be of `*/*`",
        "path: `/nowhere/at/all.png` cannot be read",
    ];
    assert_eq!(messages, expected);
}

#[derive(Debug, Deserialize, PartialEq)]
struct Weather {
    city: String,
    degrees: i64,
}

fn answer(texts: &[&str]) -> MessageResponse {
    let mut message: Value = serde_json::from_str(SHELL).expect("JSON");
    let block = |text: &&str| json!({"type": "text", "text": text});
    let mut blocks: Vec<Value> = texts.iter().map(block).collect();
    blocks.push(json!({"type": "thinking", "thinking": "no part of it"}));
    message["content"] = blocks.into();
    message["stop_reason"] = json!("end_turn");
    serde_json::from_value(message).expect("a message")
}

/// The text of an answer, its blocks put together, is read as a type; a code fence is no matter.
#[test]
fn output_is_read_as_a_type() {
    let expected = Weather {
        city: "Bern".to_owned(),
        degrees: 7,
    };
    for texts in [
        &[r#"{"city": "Bern", "degrees": 7}"#][..],
        &[r#"{"city": "Be"#, r#"rn", "degrees": 7}"#],
        &["```json\n{\"city\": \"Bern\", \"degrees\": 7}\n```"],
        &["\n```\n{\"city\": \"Bern\", \"degrees\": 7}```  "],
    ] {
        let message = answer(texts);

        assert_eq!(
            message.parse_output::<Weather>().expect("weather"),
            expected
        );
    }
    assert_eq!(answer(&["a", "b"]).output_text(), "ab");
}

/// Output of another shape is an error with the text.
#[test]
fn output_of_another_shape_is_an_error() {
    for text in ["It is warm.", r#"{"city": "Bern"}"#, ""] {
        let error = answer(&[text])
            .parse_output::<Weather>()
            .expect_err("no weather");

        assert_eq!(error.kind(), ErrorKind::ResponseDecode);
        assert_eq!(error.body(), Some(text));
    }
}
