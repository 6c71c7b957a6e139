//! The message of an error that lists problems says what each of them says.

use headgate_sdk_tests::server::Server;
use serde_json::{json, Value};
use wire_forms_sdk::types::Wanted;
use wire_forms_sdk::Client;

async fn told(detail: &Value) -> Option<String> {
    let body = json!({ "detail": detail }).to_string();
    let server = Server::start(move |_, _, connection| connection.json(422, &body));
    let client = Client::builder().base_url(&server.url).build();
    let refused = client
        .expect("a client")
        .checks()
        .create(Wanted::new())
        .await;
    let error = refused.expect_err("a refusal");
    error.api_error().expect("an answer").message.clone()
}

#[tokio::test]
async fn each_problem_is_told() {
    let missing = json!({"loc": ["body", "items", 0, "name"], "msg": "Field required"});
    for (detail, message) in [
        (json!("Not found"), Some("Not found")),
        (json!([missing]), Some("body.items.0.name: Field required")),
        (
            json!([missing, {"msg": "Too long"}]),
            Some("body.items.0.name: Field required; Too long"),
        ),
        (
            json!([{"loc": "name", "msg": "Taken"}, {"loc": "", "msg": "Old"}]),
            Some("name: Taken; Old"),
        ),
        (json!(["One", "Two"]), Some("One; Two")),
        (json!([{"loc": ["body"]}, 7, null]), None),
        (json!([]), None),
    ] {
        assert_eq!(told(&detail).await.as_deref(), message, "{detail}");
    }
}
