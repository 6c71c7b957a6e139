//! What a client of any document has beside its calls.

use std::time::Duration;

use headgate_sdk_tests::server::Server;
use serde_json::json;
use surface_sdk::scopes::AsGuest;
use surface_sdk::{Client, Error, ErrorKind};

const ASKED: &str = r#"{"id": "p1", "state": "asked"}"#;
const DENIED: &str = r#"{"id": "p1", "state": "denied"}"#;
const GRANTED: &str = r#"{"id": "p1", "state": "granted"}"#;

fn client(url: &str) -> Client {
    let client = Client::builder().base_url(url).api_key("none").build();
    client.expect("a client")
}

fn targets(server: &Server) -> Vec<String> {
    server.received().into_iter().map(|r| r.target).collect()
}

/// Each time the server may wait as long as it can, and what it gave is given.
#[tokio::test]
async fn it_asks_until_it_is_decided() {
    let server = Server::start(|number, _, connection| {
        connection.json(200, if number == 0 { ASKED } else { GRANTED });
    });

    let client = client(&server.url);
    let permit = client.wait_for_permit("p1", Duration::from_secs(300)).await;
    let permit = permit.expect("a permit");

    assert_eq!(permit.state.as_str(), "granted");
    assert_eq!(targets(&server), ["/permits/p1?wait=20"; 2]);
}

/// What is left is asked for; when nothing is, that is a timeout, or its rule's.
#[tokio::test]
async fn the_server_waits_no_longer_than_the_caller() {
    let server = Server::start(|_, _, connection| connection.json(200, ASKED));

    let client = client(&server.url);
    let known = client.wait_to_know("p1", Duration::from_millis(300));
    let known = known.await.err();
    let ruled = client.wait_for_permit("p1", Duration::from_millis(300));
    let ruled = ruled.await.err();

    assert!(known.as_ref().is_some_and(Error::is_timeout), "{known:?}");
    let ruled = ruled.map(|error| error.kind());
    assert_eq!(ruled, Some(ErrorKind::PermitTimeout));
    assert_eq!(targets(&server), ["/permits/p1?wait=1"; 2]);
}

/// What the rule raises is raised; a wait without a rule gives it as it is.
#[tokio::test]
async fn what_the_rule_raises_is_raised() {
    let server = Server::start(|_, _, connection| connection.json(200, DENIED));
    let (client, limit) = (client(&server.url), Duration::from_secs(300));

    let ruled = client.wait_for_permit("p1", limit).await.err();
    let known = client.wait_to_know("p1", limit).await.expect("a permit");

    let ruled = ruled.map(|error| error.kind());
    assert_eq!(ruled, Some(ErrorKind::PermitDenied));
    assert_eq!(known.state.as_str(), "denied");
}

/// Turns are named by the document, and a property with a turn's name is set in the body.
#[test]
fn bodies_are_put_together_step_by_step() {
    let talks = client("http://127.0.0.1:1").talks();
    let talk = talks.builder("tea").ask("Milk?").reply("No.", 0).loud(true);

    let body = talk.with(|body| body.ask("x")).request();

    let expected = json!({
        "subject": "tea",
        "lines": [
            {"kind": "Question", "text": "Milk?"},
            {"kind": "Reply", "text": "No.", "to": 0},
        ],
        "loud": true,
        "ask": "x",
    });
    assert_eq!(serde_json::to_value(body).expect("JSON"), expected);
}

/// A call says what it took, whatever the document.
#[tokio::test]
async fn a_call_says_what_it_took() {
    let server = Server::start(|number, _, connection| match number {
        0 => connection.respond(503, "Retry-After: 0\r\n", ""),
        _ => connection.json(200, r#"{"said": "No."}"#),
    });

    let talk = client(&server.url).talks().builder("tea").ask("Milk?");
    let (talk, stats) = talk.execute_with_stats().await.expect("a talk");

    assert_eq!(talk.said, "No.");
    assert_eq!((stats.attempts, stats.status), (2, 200));
    assert_eq!(stats.request_id.as_deref(), Some("req_1"));
    assert!(stats.duration > Duration::ZERO);
}

/// A header is made of texts and arguments; what is secret is not accounted for.
#[test]
fn scopes_are_the_documents_own() {
    let guest = AsGuest::new("Ann").visit("v1").pass("open sesame");
    let guest = client("http://127.0.0.1:1").as_guest(guest);

    let request = guest.permits().get("p1", Default::default()).to_request();

    let request = request.expect("a request");
    let header = |name: &str| request.headers()[name].to_str().expect("a text");
    assert_eq!(header("x-guest"), "Ann");
    assert_eq!(header("x-visit"), "visit v1");
    assert_eq!(header("x-pass"), "Door open sesame");
    let scope: Vec<_> = guest.scope().iter().map(|(n, v)| (*n, &**v)).collect();
    assert_eq!(scope, [("name", "Ann"), ("visit", "v1")]);
}
