//! Where calls go, and what they ask for.

use headgate_sdk_tests::server::Server;
use serde_json::{json, Value};
use wire_forms_sdk::resources::watches::GetParams;
use wire_forms_sdk::types::{
    Check, Item, ModesCreateRequest, Place, Stored, StoredPartsItem, SwitchesCreateRequest, Wanted,
};
use wire_forms_sdk::{Client, ClientBuilder, Error, OpenTuple, Server as Address};

fn client(server: &Server) -> Client {
    let builder = Client::builder().base_url(&server.url);
    builder.build().expect("a client")
}

/// An operation with an address of its own is sent there, unless the client was given one.
#[test]
fn operations_may_have_an_address_of_their_own() {
    let address = |builder: ClientBuilder| {
        let client = builder.build().expect("a client");
        let call = client.elsewhere().get("a/b").extra_query("c", "d");
        call.to_request().expect("a request").url().to_string()
    };

    let expected = "https://files.example.invalid/v2/elsewhere/a%2Fb?c=d";
    assert_eq!(address(Client::builder()), expected);
    let given = Client::builder().base_url("https://api.example.invalid/v1");
    let expected = "https://api.example.invalid/v1/elsewhere/a%2Fb?c=d";
    assert_eq!(address(given), expected);
}

/// The parts of the API's address may be set; what may not be in one is refused.
#[test]
fn parts_of_the_address_may_be_set() {
    let address = |builder: ClientBuilder| {
        let call = builder.build()?.links().list().to_request()?;
        Ok::<_, Error>(call.url().to_string())
    };

    let usual = address(Client::builder()).expect("an address");
    let with = |address: Address| Client::builder().server(address);
    let set = with(Address::new().region("us").stage("v2"));
    let set = address(set).expect("an address");
    let given = with(Address::new().region("us"));
    let given = address(given.base_url("https://b.invalid")).expect("an address");
    let refused = address(with(Address::new().region("mars"))).expect_err("a refusal");

    assert_eq!(usual, "https://eu.example.invalid/v1/links");
    assert_eq!(set, "https://us.example.invalid/v2/links");
    assert_eq!(given, "https://b.invalid/links");
    assert!(refused.message().contains("`region`"), "{refused}");
}

/// Where an answer comes in several media types, each method asks for its own.
#[tokio::test]
async fn one_of_several_media_types_is_asked_for() {
    let server = Server::start(|_, request, connection| {
        let kind = request.header("accept").expect("a type").to_owned();
        let body = if kind == "text/csv" {
            "a,b"
        } else {
            r#"{"id": "1"}"#
        };
        connection.respond(200, &format!("Content-Type: {kind}\r\n"), body);
    });
    let client = client(&server);

    let stored = client.exports().get().await.expect("an id");
    let text = client.exports().get_as_csv().await.expect("a text");

    assert_eq!((&*stored.id, &*text), ("1", "a,b"));
}

/// What asks for a stream is set in the body, taken back where it is the default, and
/// refused where one object is read.
#[tokio::test]
async fn bodies_say_whether_to_stream() {
    let server = Server::start(|_, request, connection| {
        let asked: serde_json::Value = serde_json::from_str(&request.body).expect("JSON");
        if asked["stream"] == json!(true) || asked["mode"] == "streaming" {
            return connection.respond(
                200,
                "Content-Type: text/event-stream\r\n",
                "data: {\"n\":1}\n\n",
            );
        }
        connection.json(200, r#"{"id": "1"}"#);
    });
    let client = client(&server);
    let switches = SwitchesCreateRequest::new;

    let refused = client.switches().create(switches().stream(true)).await;
    let told = refused.expect_err("a refusal").to_string();
    assert!(told.contains("switches().stream(...)"), "{told}");
    let whole = client.switches().create(switches()).await;
    assert_eq!(whole.expect("an id").id, "1");
    let streamed = client.switches().stream(switches()).await;
    let event = streamed.expect("a stream").next().await.expect("an item");
    assert_eq!(event.expect("an event").n, 1);
    let whole = client.modes().create(ModesCreateRequest::new()).await;
    assert_eq!(whole.expect("an id").id, "1");
    let streamed = client.modes().stream(ModesCreateRequest::new()).await;
    streamed
        .expect("a stream")
        .next()
        .await
        .expect("an item")
        .expect("an event");
    let streamed = client.floods().stream(None).await;
    streamed
        .expect("a stream")
        .next()
        .await
        .expect("an item")
        .expect("an event");

    let bodies: Vec<String> = server.received().into_iter().map(|r| r.body).collect();
    let expected = [
        r#"{"stream":false}"#,
        r#"{"stream":true}"#,
        r#"{"mode":"blocking"}"#,
        r#"{"mode":"streaming"}"#,
        r#"{"stream":true}"#,
    ];
    assert_eq!(bodies, expected);
}

/// A list whose items have their types by place is a tuple, with more or without.
#[tokio::test]
async fn lists_of_fixed_places_are_tuples() {
    let server = Server::start(|_, request, connection| connection.json(200, &request.body));
    let mut more = OpenTuple::new(("a".to_owned(), 1));
    more.rest.push(true);
    let place = Place::new((1.5, 2.0))
        .path(vec![(0.5, 1.0), (2.0, 3.0)])
        .seen((Item::new("1"), "here".to_owned()))
        .more(more);

    let given = client(&server)
        .places()
        .create(place)
        .await
        .expect("a place");

    let (x, y) = given.at;
    assert_eq!((x, y), (1.5, 2.0));
    let more = given.more.expect("more");
    assert_eq!((more.items, more.rest), (("a".to_owned(), 1), vec![true]));
    let (item, word) = given.seen.expect("what was seen");
    assert_eq!((&*item.id, &*word), ("1", "here"));
    assert_eq!(given.path.map(|path| path[1]), Some((2.0, 3.0)));
    let sent: Value = serde_json::from_str(&server.received()[0].body).expect("JSON");
    let expected = json!({
        "at": [1.5, 2.0],
        "path": [[0.5, 1.0], [2.0, 3.0]],
        "seen": [{"id": "1"}, "here"],
        "more": ["a", 1, true],
    });
    assert_eq!(sent, expected);
}

/// A tuple with a place too few or too many is no such value.
#[test]
fn tuples_have_all_their_places() {
    for text in [
        r#"{"at": [1]}"#,
        r#"{"at": [1, 2, 3]}"#,
        r#"{"at": [1, "2"]}"#,
        r#"{"at": [1, 2], "more": ["a"]}"#,
        r#"{"at": [1, 2], "more": ["a", 1, 2]}"#,
    ] {
        assert!(serde_json::from_str::<Place>(text).is_err(), "{text}");
    }
}

/// What has no tag is the branch that may lack it, or is kept as it came.
#[test]
fn a_branch_may_lack_its_tag() {
    let read = |value: Value| serde_json::from_value::<Check>(value).expect("a check");
    let is_waiting = |check: Check| matches!(check, Check::Queued(each) if each.name == "n");

    assert!(is_waiting(read(json!({"name": "n"}))));
    assert!(is_waiting(read(json!({"name": "n", "status": null}))));
    assert!(matches!(read(json!({"result": "r"})), Check::Unknown(_)));
    let wanted = json!({"check": {"name": "n"}});
    let sent: Wanted = serde_json::from_value(wanted.clone()).expect("what is sent");
    assert_eq!(serde_json::to_value(sent).expect("JSON"), wanted);
}

/// A query parameter asks for the stream, and for nothing where it is not wanted.
#[tokio::test]
async fn a_query_parameter_asks_for_a_stream() {
    let server = Server::start(|number, _, connection| match number {
        0 => connection.respond(
            200,
            "Content-Type: text/event-stream\r\n",
            "data: {\"n\":1}\n\n",
        ),
        _ => connection.json(200, r#"{"id": "1"}"#),
    });
    let client = client(&server);
    let params = || GetParams::new().since("a");

    let streamed = client.watches().get_stream(params()).await;
    let event = streamed.expect("a stream").next().await.expect("an item");
    assert_eq!(event.expect("an event").n, 1);
    let whole = client.watches().get(params()).await;
    assert_eq!(whole.expect("an id").id, "1");

    let targets: Vec<String> = server.received().into_iter().map(|r| r.target).collect();
    assert_eq!(
        targets,
        ["/watches?stream=true&since=a", "/watches?since=a"]
    );
}

/// Branches that are alike but for a whole number are told by it.
#[test]
fn branches_are_told_by_whole_numbers() {
    let value = json!({"id": "s", "parts": [
        {"kind": 2, "version": 1, "label": "b"},
        {"kind": 1, "label": "r"},
        {"kind": 4, "label": "g"},
        {"kind": 5, "label": "n"},
        {"label": "none"},
    ]});
    let stored: Stored = serde_json::from_value(value.clone()).expect("what is stored");
    let parts = stored.parts.as_deref().expect("parts");

    assert!(matches!(&parts[0], StoredPartsItem::Button(each) if each.label == "b"));
    assert!(matches!(&parts[1], StoredPartsItem::Row(each) if each.label == "r"));
    assert!(matches!(
        &parts[2..4],
        [StoredPartsItem::Gap(_), StoredPartsItem::Gap(_)]
    ));
    assert!(matches!(&parts[4], StoredPartsItem::Unknown(_)));
    assert_eq!(serde_json::to_value(stored).expect("JSON"), value);
}
