//! Bodies that are put together step by step against `spec/vectors/builders`.

use std::time::Duration;

use headgate_sdk::resources::chat_completions::ChatCompletionsBuilder;
use headgate_sdk::{types, RetryPolicy};
use headgate_sdk_tests::server::Server;
use serde::de::DeserializeOwned;
use serde_json::{json, Value};

use super::vectors::{self, check_keys, list};

fn read<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).expect("an argument")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// Takes further steps, each by its name.
fn taken(start: ChatCompletionsBuilder, steps: &Value) -> ChatCompletionsBuilder {
    list(steps).iter().fold(start, |builder, step| {
        let given = &list(step)[1..];
        match (text(&step[0]), given) {
            ("system", [content]) => builder.system(text(content)),
            ("developer", [content]) => builder.developer(text(content)),
            ("user", [content]) => builder.user(read::<types::ChatUserContent>(content)),
            ("assistant", [content]) => builder.assistant(text(content)),
            ("tool", [content, id]) => builder.tool(text(content), text(id)),
            ("messages", [items]) => builder.messages(read::<Vec<_>>(items)),
            ("temperature", [value]) => builder.temperature(read::<f64>(value)),
            ("max_tokens", [value]) => builder.max_tokens(read::<i64>(value)),
            ("stop", [value]) => builder.stop(Some(read(value))),
            ("param", [name, value]) if name == "user" => {
                builder.with(|body| body.user(text(value)))
            }
            (other, _) => panic!("an unknown step: {other}"),
        }
    })
}

/// Gives the body as JSON; a list without items may be left out.
fn written(builder: &ChatCompletionsBuilder) -> Value {
    let mut body = serde_json::to_value(builder.clone().request()).expect("JSON");
    let turns = body.as_object_mut().expect("an object");
    turns.retain(|name, value| name != "messages" || *value != json!([]));
    body
}

fn started(server: &Server, vector: &Value) -> ChatCompletionsBuilder {
    let [model] = list(&vector["arguments"]) else {
        panic!("a builder of chat completions is given a model");
    };
    let builder = server.client().chat().completions().builder(text(model));
    taken(builder, &vector["steps"])
}

/// The request is the one stated, and so it stays whatever is taken from it; a call
/// sends it, and a stream asks to be one.
#[tokio::test]
async fn bodies_come_to_what_is_stated() {
    let server = Server::start(|_, _, connection| connection.json(400, "{}"));
    let mut expected = Vec::new();
    for file in vectors::read("builders") {
        for (label, vector) in file.vectors() {
            let keys = ["name", "note", "arguments", "steps", "request", "branches"];
            check_keys(&label, vector, &keys);
            let start = started(&server, vector);

            assert_eq!(written(&start), vector["request"], "{label}");
            for branch in vector["branches"].as_array().into_iter().flatten() {
                check_keys(&label, branch, &["steps", "request"]);
                let taken = taken(start.clone(), &branch["steps"]);
                assert_eq!(written(&taken), branch["request"], "{label}");
                assert_eq!(written(&start), vector["request"], "{label}");
            }
            if vector["name"] == "every-turn" {
                let _ = start.clone().execute().await;
                let _ = start.stream().await;
                let mut streamed = vector["request"].clone();
                streamed["stream"] = json!(true);
                expected = vec![vector["request"].clone(), streamed];
            }
        }
    }

    let sent: Vec<Value> = server
        .received()
        .iter()
        .map(|r| read_body(&r.body))
        .collect();
    assert_eq!(sent, expected);
}

fn read_body(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn completion() -> Value {
    json!({
        "id": "chatcmpl_1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    })
}

fn measured(server: &Server) -> ChatCompletionsBuilder {
    let mut policy = RetryPolicy::default();
    policy.throttled_base = Duration::from_millis(1);
    let client = server.builder().retry(policy).build().expect("a client");
    client.chat().completions().builder("m")
}

/// A call says how long it was until its whole answer, and how many attempts there were.
#[tokio::test]
async fn a_call_says_what_it_took() {
    for failures in [0, 1] {
        let server = Server::start(move |number, _, connection| {
            if number < failures {
                connection.respond(503, "", "");
            } else {
                std::thread::sleep(Duration::from_millis(20));
                connection.json(200, &completion().to_string());
            }
        });

        let call = measured(&server).execute_with_stats();
        let (completion, stats) = call.await.expect("a completion");

        assert_eq!(completion.id, "chatcmpl_1");
        assert_eq!((stats.attempts, stats.status), (failures as u32 + 1, 200));
        assert_eq!(stats.request_id.as_deref(), Some("req_1"));
        let range = Duration::from_millis(20)..Duration::from_secs(60);
        assert!(range.contains(&stats.duration), "{stats:?}");
    }
}

/// A call that waits says what the stored answer is, and counts its own attempts.
#[tokio::test]
async fn questions_after_an_answer_are_no_attempts() {
    let headers = json!({"X-Request-ID": "req_2"});
    let kept = json!({"status_code": 201, "headers": headers, "body": completion()});
    let server = Server::start(move |number, _, connection| match number {
        0 => connection.respond(503, "", ""),
        1 => {
            let pending = json!({"object": "approval.pending", "approval_id": "a"});
            let head = "X-Headgate-Approval: a\r\n";
            connection.respond(202, head, &pending.to_string());
        }
        _ => {
            let approval = json!({"id": "a", "status": "approved", "response": kept});
            connection.json(200, &approval.to_string());
        }
    });

    let call = measured(&server).execute_with_stats();
    let answer = call.wait_for_approval(Duration::from_secs(60)).await;
    let (_, stats) = answer.expect("a completion");

    let told = (stats.attempts, stats.status, stats.request_id.as_deref());
    assert_eq!(told, (2, 201, Some("req_2")));
}
