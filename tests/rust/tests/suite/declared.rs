//! The headers that answers declare, against `spec/vectors/declared-headers`.

use headgate_sdk::runtime::declared;
use headgate_sdk::HeaderMap;
use headgate_sdk_tests::server::Server;
use serde_json::{json, Value};

use super::vectors::{self, check_keys, list};

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
    for file in vectors::read("declared-headers") {
        check_keys(&file.class, &file.whole, &["class", "about", "vectors"]);
        for (label, vector) in file.vectors() {
            check_keys(&label, vector, &["name", "note", "kind", "lines", "value"]);
            let mut headers = HeaderMap::new();
            for line in list(&vector["lines"]) {
                let line = line.as_str().expect("a text").parse();
                headers.append("x-it", line.expect("a value"));
            }

            let kind = vector["kind"].as_str().expect("a kind");
            assert_eq!(read(kind, &headers), vector["value"], "{label}");
        }
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
