//! The headers that answers declare, as `spec/vectors/headers/declared.json` has them read.

use headgate_sdk::runtime::declared;
use headgate_sdk::HeaderMap;
use headgate_sdk_tests::server::Server;
use serde_json::{json, Value};

fn read(kind: &str, headers: &HeaderMap) -> Value {
    match kind {
        "text" => json!(declared::text(headers, "X-It")),
        "integer" => json!(declared::integer(headers, "X-It")),
        "number" => json!(declared::number(headers, "X-It")),
        "boolean" => json!(declared::boolean(headers, "X-It")),
        "texts" => json!(declared::texts(headers, "X-It")),
        other => panic!("unknown kind {other}"),
    }
}

/// Several lines are one value; what cannot be read is not there.
#[test]
fn headers_are_read_as_what_they_say() {
    let cases: [(&str, &[&str], Value); 17] = [
        ("text", &["a  b"], json!("a  b")),
        ("text", &["a", "b"], json!("a, b")),
        ("text", &[], Value::Null),
        ("integer", &["-12"], json!(-12)),
        ("integer", &["+12"], Value::Null),
        ("integer", &["9223372036854775808"], Value::Null),
        ("integer", &["1", "2"], Value::Null),
        ("integer", &["1.0"], Value::Null),
        ("number", &["1.5e1"], json!(15.0)),
        ("number", &[".5"], Value::Null),
        ("number", &["NaN"], Value::Null),
        ("number", &["1e999"], Value::Null),
        ("boolean", &["true"], json!(true)),
        ("boolean", &["True"], Value::Null),
        ("texts", &["a,\tb c,, ", "d"], json!(["a", "b c", "d"])),
        ("texts", &[""], json!([])),
        ("texts", &[], Value::Null),
    ];
    for (kind, sent, expected) in cases {
        let mut headers = HeaderMap::new();
        for value in sent {
            headers.append("x-it", value.parse().expect("a value"));
        }

        assert_eq!(read(kind, &headers), expected, "{kind} {sent:?}");
    }
}

/// An answer and an error both tell what their headers say.
#[tokio::test]
async fn answers_and_errors_tell_their_headers() {
    let server = Server::start(|number, _, connection| {
        let head = "X-Input-Tokens: 12\r\nX-Headgate-Cache: HIT\r\n";
        let status = [200, 404][number.min(1)];
        connection.respond(status, head, r#"{"object": "list", "data": []}"#);
    });
    let client = server.client();

    let protocols = client.protocols();
    let answer = protocols.list().with_response().await.expect("an answer");
    let error = protocols.list().await.expect_err("an error");

    let refused = error.response().expect("a response");
    for response in [&answer.response, refused] {
        let declared = response.declared();
        assert_eq!(declared.x_input_tokens(), Some(12));
        assert_eq!(declared.x_headgate_cache().as_deref(), Some("HIT"));
        assert_eq!(declared.x_model(), None);
    }
}
