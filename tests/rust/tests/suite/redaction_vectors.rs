//! What is shown against `spec/vectors/redaction`.

use headgate_sdk::runtime::redaction::Redactor;
use serde_json::{json, Value};

use super::vectors::{self, check_keys, joined, list, text};

fn texts(value: &Value) -> Vec<&str> {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    items
        .iter()
        .map(|item| item.as_str().expect("a text"))
        .collect()
}

fn redactor(product: &Value, vector: &Value) -> Redactor {
    let names = ["credential_headers", "credential_parameters"].map(|key| texts(&product[key]));
    let own = texts(&vector["credential_parameters"]);
    let names = names.into_iter().flatten().chain(own);
    let shown = product["idempotency_header"].as_str();
    let secrets = texts(&vector["secrets"]);
    Redactor::new(names, texts(&product["header_prefixes"]), shown, secrets)
}

/// Writes `{"$parts": …}` out.
fn whole(value: &Value) -> Value {
    match value.get("$parts") {
        Some(parts) => json!(joined(parts)),
        None => value.clone(),
    }
}

/// Everything is shown as stated, and no more of it.
#[test]
fn things_are_shown_as_stated() {
    for file in vectors::read("redaction") {
        for (label, vector) in file.vectors() {
            let keys = [
                "name",
                "note",
                "given",
                "shown",
                "secrets",
                "credential_parameters",
            ];
            check_keys(&label, vector, &keys);
            let redactor = redactor(&file.whole["product"], vector);
            let given = whole(&vector["given"]);

            let shown = match &*file.class {
                "headers" => vectors::headers(&given)
                    .into_iter()
                    .map(|(name, value)| (name.clone(), json!(redactor.header(&name, &value))))
                    .collect(),
                "urls" | "texts" => json!(redactor.text(&text(&given).expect("a text"))),
                "bodies" => redactor.json(&given),
                other => panic!("unknown class {other}"),
            };

            assert_eq!(shown, whole(&vector["shown"]), "{label}");
        }
    }
}

/// An error that repeats a secret of the client does not say it, but where it is asked for
/// what the server sent.
#[tokio::test]
async fn errors_do_not_show_secrets() {
    let server = headgate_sdk_tests::server::Server::start(|_, request, connection| {
        let key = request.header("authorization").expect("a key");
        let body =
            json!({"error": {"code": "key_invalid", "message": format!("no such key: {key}")}});
        connection.json(401, &body.to_string());
    });
    let client = server
        .builder()
        .api_key("canary-1234")
        .build()
        .expect("a client");

    let error = client.models().get("m").await.expect_err("a refusal");

    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("canary-1234"), "{shown}");
    assert_eq!(error.message(), "no such key: Bearer [redacted]");
    assert!(error
        .body()
        .is_some_and(|body| body.contains("canary-1234")));
}

/// A list of vectors is never empty.
#[test]
fn there_are_vectors() {
    for file in vectors::read("redaction") {
        assert!(!list(&file.whole["vectors"]).is_empty(), "{}", file.class);
    }
}
