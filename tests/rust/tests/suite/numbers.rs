//! Whole numbers beyond 64 bits are kept as they came, or refused.

use headgate_sdk::{ErrorKind, PartialJson};
use headgate_sdk_tests::server::Server;
use serde_json::Value;

fn finished(text: &str) -> Result<Value, ErrorKind> {
    let mut partial = PartialJson::new();
    partial.feed(text);
    partial.finish().map_err(|error| error.kind())
}

/// 64 bits are kept, and beyond them what a number with a point says exactly.
#[test]
fn what_can_be_kept_is_kept() {
    for text in [
        "9007199254740993",
        "18446744073709551615",
        "-9223372036854775808",
        "100000000000000000000",
        "18446744073709551616",
        "123456789012345680000",
        r#""123456789012345678901234567890""#,
        r#"["\"", "123456789012345678901234567890", 0.123456789012345678901]"#,
    ] {
        assert!(finished(text).is_ok(), "{text}");
    }
    for text in [
        "18446744073709551617",
        "-9223372036854775809",
        r#"{"a": ["1", 123456789012345678901234567890]}"#,
        &"9".repeat(400),
    ] {
        assert_eq!(finished(text), Err(ErrorKind::ResponseDecode), "{text}");
    }
}

/// Answers are refused that hold such a number, wherever it stands.
#[tokio::test]
async fn answers_are_refused_rather_than_changed() {
    let body = r#"{"object": "list", "data": [], "later": 123456789012345678901}"#;
    let server = Server::start(|_, _, connection| connection.json(200, body));
    let client = server.client();

    let typed = client.protocols().list().await.expect_err("a refusal");
    let raw = client.get("/v1/customers").await.expect("an answer");

    assert_eq!(typed.kind(), ErrorKind::ResponseDecode);
    assert_eq!(typed.body(), Some(body));
    let raw = raw.json::<Value>().expect_err("a refusal");
    assert!(raw
        .to_string()
        .contains("123456789012345678901 is too large"));
}
