//! Events and requests that the tests of streams use.

use headgate_sdk::types::{MessageRequest, RunMessageRequest, RunRequest, UserMessageParam};
use serde_json::{json, Value};

pub const SHELL: &str = r#"{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":0,"total_tokens":1}}"#;

pub fn frame(data: &Value) -> String {
    let name = data["type"].as_str().expect("a type");
    format!("event: {name}\ndata: {data}\n\n")
}

pub fn numbered(data: &Value) -> String {
    format!("id: {}\n{}", data["sequence_number"], frame(data))
}

pub fn message_events() -> Vec<Value> {
    let shell: Value = serde_json::from_str(SHELL).expect("JSON");
    let delta = |index: u64, delta: Value| json!({"type": "content_block_delta", "index": index, "delta": delta});
    let start = |index: u64, block: Value| json!({"type": "content_block_start", "index": index, "content_block": block});
    let stop = |index: u64| json!({"type": "content_block_stop", "index": index});
    vec![
        json!({"type": "message_start", "message": shell}),
        json!({"type": "ping"}),
        start(0, json!({"type": "thinking", "thinking": ""})),
        delta(0, json!({"type": "thinking_delta", "thinking": "Hm."})),
        delta(0, json!({"type": "signature_delta", "signature": "sig"})),
        stop(0),
        start(1, json!({"type": "text", "text": ""})),
        delta(1, json!({"type": "text_delta", "text": "Hel"})),
        delta(1, json!({"type": "text_delta", "text": "lo ✓"})),
        stop(1),
        start(
            2,
            json!({"type": "tool_use", "id": "t", "name": "n", "input": {}}),
        ),
        delta(
            2,
            json!({"type": "input_json_delta", "partial_json": "{\"a\":"}),
        ),
        delta(
            2,
            json!({"type": "input_json_delta", "partial_json": "[1]}"}),
        ),
        stop(2),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"},
               "usage": {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}}),
        json!({"type": "message_stop"}),
    ]
}

pub fn run_event(number: u64, kind: &str, fields: Value) -> Value {
    let mut event = json!({"type": kind, "run_id": "run_1", "sequence_number": number,
                           "created_at": "2026-01-01T00:00:00Z"});
    let object = event.as_object_mut().expect("an object");
    object.extend(fields.as_object().expect("an object").clone());
    event
}

pub fn run_events() -> Vec<Value> {
    let result = json!({"response": null, "steps": [], "tool_call_count": 0, "turn_count": 0,
                        "usage": {"input_tokens": 1, "output_tokens": 0, "total_tokens": 1},
                        "stop_reason": "cancelled"});
    vec![
        run_event(
            1,
            "run_start",
            json!({"request_id": "req_1", "model": "m", "protocol_version": "1", "resumed": false}),
        ),
        run_event(2, "step_start", json!({"index": 0})),
        run_event(
            3,
            "stream_event",
            json!({"event": {"type": "content_block_delta", "index": 0,
                  "delta": {"type": "text_delta", "text": "Hi"}}}),
        ),
        run_event(4, "history_delta", json!({"expected_len": 1, "append": []})),
        run_event(5, "run_complete", json!({"result": result})),
    ]
}

pub fn message_request() -> MessageRequest {
    MessageRequest::new("mock/echo", vec![UserMessageParam::new("hello").into()])
}

pub fn run_request() -> RunRequest {
    let messages = vec![UserMessageParam::new("hello").into()];
    RunRequest::new(RunMessageRequest::new("mock/echo", messages))
}
