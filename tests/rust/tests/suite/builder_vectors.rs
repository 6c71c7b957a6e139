//! Bodies that are put together step by step against `spec/vectors/builders`.

use headgate_sdk::resources::chat_completions::ChatCompletionsBuilder;
use headgate_sdk::types;
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
