//! Chat completions: chunks that add up, a sentinel that ends them, errors in between.

use headgate_sdk::types::{ChatCompletionRequest, ChatUserMessageParam};
use headgate_sdk::{Error, ErrorKind};
use headgate_sdk_tests::server::Server;
use serde_json::{json, Value};

use super::samples::message_request;

fn piece(content: Option<&str>) -> Value {
    let delta = content.map_or_else(|| json!({}), |text| json!({ "content": text }));
    let finish_reason = content.map_or(Some("stop"), |_| None);
    json!({
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "mock/echo",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}],
    })
}

fn server(frames: Vec<String>) -> Server {
    Server::start(move |_, _, connection| {
        connection.begin_events();
        for frame in &frames {
            connection.chunk(&format!("data: {frame}\n\n"));
        }
        connection.end();
    })
}

/// Reads a stream of these frames: how many events came, and what ended them.
async fn read(frames: Vec<String>) -> (usize, Option<Error>) {
    let server = server(frames);
    let messages = vec![ChatUserMessageParam::new("Hello").into()];
    let request = ChatCompletionRequest::new("mock/echo", messages);
    let call = server.client().chat().completions().stream(request);
    let mut stream = call.await.expect("a stream");
    let mut seen = 0;
    while let Some(event) = stream.next().await {
        match event {
            Ok(_) => seen += 1,
            Err(error) => return (seen, Some(error)),
        }
    }
    (seen, None)
}

/// The sentinel is no event, and what follows it is not read.
#[tokio::test]
async fn the_sentinel_ends_the_stream() {
    let frames = vec![
        piece(Some("a")).to_string(),
        "[DONE]".to_owned(),
        piece(Some("b")).to_string(),
    ];
    let (seen, error) = read(frames).await;

    assert_eq!(seen, 1);
    assert!(error.is_none(), "{error:?}");
}

/// A body that ends before the sentinel is a stream that was cut.
#[tokio::test]
async fn a_stream_without_its_sentinel_was_cut() {
    let frames = vec![piece(Some("a")).to_string(), piece(None).to_string()];
    let (seen, error) = read(frames).await;

    assert_eq!(seen, 2);
    let error = error.expect("an error");
    assert_eq!(error.kind(), ErrorKind::StreamTruncated);
}

/// What has an `error` is one, though frames here have no names.
#[tokio::test]
async fn an_error_among_chunks_is_raised() {
    let said = piece(Some("The word \"error\" is no error."));
    let failed = json!({"error": {
        "type": "overloaded_error", "code": "overloaded", "message": "Too much.",
    }});
    let (seen, error) = read(vec![said.to_string(), failed.to_string()]).await;

    assert_eq!(seen, 1);
    assert_eq!(error.expect("an error").kind(), ErrorKind::Overloaded);
}

/// A call that gives one object asks for no stream, and says what does.
#[tokio::test]
async fn what_gives_one_object_asks_for_no_stream() {
    let server = server(Vec::new());
    let client = server.client();
    let messages = vec![ChatUserMessageParam::new("Hello").into()];
    let whole = ChatCompletionRequest::new("mock/echo", messages);
    let mut streamed = whole.clone();
    streamed.stream = Some(Some(true));
    let mut message = message_request();
    message.stream = Some(true);

    let completions = client.chat().completions();
    let asked = completions.create(streamed).await.expect_err("no object");
    let added = completions.create(whole).extra_body("stream", true);
    let added = added.await.expect_err("no object");
    let message = client.messages().create(message).await;
    let message = message.expect_err("no object");

    let way = "this call gives one object; call chat().completions().stream(...)";
    for error in [asked, added] {
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains(way), "{error}");
    }
    assert!(message.to_string().contains("messages().stream(...)"));
    assert!(server.received().is_empty());
}
