//! Messages, chats, vectors, and what is refused.

use headgate_sdk::types::{
    ChatCompletion, ChatCompletionRequest, ChatStreamOptions, ChatUserMessageParam, ContentBlock,
    CountTokensRequest, EmbeddingEncoding, EmbeddingRequest, MessageRequest,
};
use headgate_sdk::{vectors, ErrorKind};
use serde_json::{json, Value};

use super::gateway::{client, settings};
use super::samples::{hello, script, scripted};

/// The whole answer, its usage and its request id.
pub async fn a_message_is_answered() {
    let request = MessageRequest::new("mock/echo", hello());
    let call = client().messages().create(request);

    let answer = call.with_response().await.expect("an answer");

    let ContentBlock::Text(block) = &answer.value.content[0] else {
        panic!("not a text: {:?}", answer.value);
    };
    assert_eq!(block.text, "Hello there");
    assert_eq!(answer.value.usage.total_tokens, 9);
    let id = answer.response.request_id().expect("a request id");
    assert!(id.starts_with("req_"), "{id}");
}

/// What the events build equals the answer without streaming, its id aside.
pub async fn a_streamed_message_folds_to_the_answer() {
    let turn = json!({"thinking": "Well, well.", "text": "Good day to you.", "chunk": 3,
                      "tools": [{"name": "lookup", "id": "tool_1", "input": {"deep": [1, {"a": "ü"}]}}]});
    let request = || scripted(json!({"turns": [turn.clone()]}));
    let messages = client().messages();

    let mut whole = messages.create(request()).await.expect("an answer");
    let stream = messages.stream(request()).await.expect("a stream");
    let folded = stream.collect_final().await.expect("an answer");

    whole.id.clone_from(&folded.id);
    assert_eq!(folded, whole);
}

/// Texts and thoughts arrive in pieces that add up.
pub async fn texts_and_thoughts_arrive_in_pieces() {
    let turn = json!({"thinking": "Well, well.", "text": "Good day to you.", "chunk": 3});
    let request = scripted(json!({"turns": [turn]}));
    let mut stream = client().messages().stream(request).await.expect("a stream");

    let thought = stream.thinking_deltas().next().await.expect("a piece");
    let mut text = String::new();
    let mut pieces = stream.text_deltas();
    while let Some(piece) = pieces.next().await {
        text.push_str(&piece.expect("a piece"));
    }

    assert_eq!(thought.expect("a piece"), "Wel");
    assert_eq!(text, "Good day to you.");
}

/// Counting costs no answer.
pub async fn tokens_are_counted() {
    let request = CountTokensRequest::new("mock/echo", hello());

    let count = client().messages().count_tokens(request).await;

    assert_eq!(count.expect("a count").input_tokens, 6);
}

/// A cut answer of a message is an error: it cannot be resumed.
pub async fn a_cut_message_is_an_error() {
    let turn = json!({"text": "One two three four five six.", "chunk": 4});
    let request = scripted(json!({"turns": [turn], "cut_after": [3]}));
    let stream = client().messages().stream(request).await.expect("a stream");

    let error = stream.collect_final().await.expect_err("an error");

    assert_eq!(error.kind(), ErrorKind::StreamTruncated);
    assert_eq!(error.events_seen(), 3);
    assert!(error.request_id().is_some());
}

/// An error of the provider in mid-stream is an error of ours.
pub async fn an_error_in_mid_stream_is_an_error() {
    let script = json!({"turns": [{"text": "One two three."}], "faults": {"error_after": 2}});
    let stream = client().messages().stream(scripted(script)).await;

    let error = stream.expect("a stream").collect_final().await;

    let error = error.expect_err("an error");
    assert_eq!(error.code(), Some("overloaded"));
    assert_eq!(error.kind(), ErrorKind::Overloaded);
}

/// What is refused says why: no key, a key of the wrong kind, a bad request.
pub async fn refusals_say_why() {
    let stranger = settings().build().expect("a client");
    let request = || MessageRequest::new("mock/echo", hello());

    let keyless = stranger.messages().create(request()).await;
    let unknown = client()
        .messages()
        .create(MessageRequest::new("no/such", hello()))
        .await;
    let bad = client().messages().create(request().max_tokens(-1)).await;

    assert_eq!(keyless.expect_err("a refusal").code(), Some("key_missing"));
    assert_eq!(unknown.expect_err("a refusal").kind(), ErrorKind::NotFound);
    let bad = bad.expect_err("a refusal");
    assert_eq!(
        (bad.kind(), bad.param()),
        (ErrorKind::BadRequest, Some("max_tokens"))
    );
}

/// A completion without what is another's each time.
fn without_ids(completion: &ChatCompletion) -> Value {
    let mut value = serde_json::to_value(completion).expect("JSON");
    value["id"] = Value::Null;
    value["created"] = Value::Null;
    for choice in value["choices"].as_array_mut().expect("choices") {
        let calls = choice["message"].get_mut("tool_calls");
        for call in calls.and_then(Value::as_array_mut).into_iter().flatten() {
            call["id"] = Value::Null;
        }
    }
    value
}

pub async fn the_chunks_of_a_chat_add_up_to_its_answer() {
    let completions = client().chat().completions();
    for name in ["text", "tools", "thinking"] {
        let messages = vec![ChatUserMessageParam::new("Hello").into()];
        let mut request = ChatCompletionRequest::new("mock/script", messages);
        request.metadata = Some(Some(script(json!(name))));
        request.n = Some(Some(2));
        let whole = completions.create(request.clone()).await.expect("a chat");
        request.stream_options = Some(Some(ChatStreamOptions::new().include_usage(true)));
        let stream = completions.stream(request).await.expect("a stream");
        let added = stream.collect_final().await.expect("a chat");

        assert_eq!(without_ids(&added), without_ids(&whole));
    }
}

pub async fn the_vectors_of_an_answer_are_the_same_in_both_encodings() {
    let texts = vec!["one text".to_owned(), "another".to_owned()];
    let mut request = EmbeddingRequest::new("mock/embed", texts);
    let plain = client().embeddings().create(request.clone()).await;
    request.encoding_format = Some(EmbeddingEncoding::Base64);
    let packed = client().embeddings().create(request).await;

    let plain = vectors::vectors_of(&plain.expect("an answer")).expect("numbers");
    let packed = vectors::vectors_of(&packed.expect("an answer")).expect("numbers");
    let rounded = |vector: &Vec<f64>| vector.iter().map(|x| *x as f32).collect::<Vec<_>>();
    assert_eq!(
        packed.iter().map(rounded).collect::<Vec<_>>(),
        plain.iter().map(rounded).collect::<Vec<_>>()
    );
    let metric = vectors::Metric::default();
    let found = vectors::find_most_similar(&plain[1], &plain, metric, Some(1));
    assert_eq!(found.expect("a match")[0].index, 1);
}
