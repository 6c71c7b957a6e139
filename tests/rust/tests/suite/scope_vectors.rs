//! Clients in scopes against `spec/vectors/scopes`.

use std::collections::{BTreeMap, BTreeSet};

use headgate_sdk::resources::models::ListParams;
use headgate_sdk::scopes::{Trace, UpstreamKey};
use headgate_sdk::Client;
use headgate_sdk_tests::server::{Received, Server};
use serde_json::{Map, Value};

use super::vectors::{self, check_keys, headers, list, text};

/// The identifiers that the SDK made in one vector, by their names.
#[derive(Default)]
struct Made(BTreeMap<String, String>);

impl Made {
    /// Puts the names that a vector states in place of what was made.
    fn named(&mut self, found: &BTreeMap<&str, String>, stated: &Value) -> Value {
        let mut named = Map::new();
        for (key, value) in found {
            named.insert((*key).to_owned(), self.name(value, &stated[key]));
        }
        Value::Object(named)
    }

    fn name(&mut self, value: &str, stated: &Value) -> Value {
        let Some(name) = text(&stated["made"]) else {
            return Value::from(value);
        };
        assert!(is_uuid(value), "{value}");
        let first = self.0.entry(name).or_insert_with(|| value.to_owned());
        if first == value {
            stated.clone()
        } else {
            Value::from(value)
        }
    }

    fn are_all_different(&self) -> bool {
        self.0.values().collect::<BTreeSet<_>>().len() == self.0.len()
    }
}

fn is_uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    let is_digit = |each: char| each == '-' || each.is_ascii_digit() || ('a'..='f').contains(&each);
    lengths == [8, 4, 4, 4, 12] && text.chars().all(is_digit)
}

/// Opens a scope by the name and with the arguments of a vector.
fn opened(client: &Client, scope: &str, given: &Value) -> Client {
    let given = headers(given);
    if scope == "trace" {
        let set = |trace: Trace, (name, value): (String, String)| match name.as_str() {
            "session_id" => trace.session_id(value),
            "parent_span_id" => trace.parent_span_id(value),
            "agent_name" => trace.agent_name(value),
            other => panic!("an unknown argument: {other}"),
        };
        return client.trace(given.into_iter().fold(Trace::new(), set));
    }
    assert_eq!(scope, "with_upstream_key");
    let argument = |wanted: &str| given.iter().find(|(name, _)| name == wanted);
    let (_, key) = argument("key").expect("a key");
    let opening = UpstreamKey::new(key.as_str());
    client.with_upstream_key(match argument("scheme") {
        Some((_, scheme)) => opening.scheme(scheme.as_str()),
        None => opening,
    })
}

fn sent_of<'a>(request: &Received, names: &'a [Value]) -> BTreeMap<&'a str, String> {
    let sent = |name: &'a Value| {
        let name = name.as_str().expect("a name");
        let value = request.header(&name.to_lowercase())?;
        Some((name, value.to_owned()))
    };
    names.iter().filter_map(sent).collect()
}

async fn check(label: &str, names: &[Value], vector: &Value) {
    let server = Server::start(|_, _, connection| {
        connection.json(200, r#"{"object": "list", "data": [], "has_more": false}"#);
    });
    let settings = &vector["client"];
    let named = match settings["agent_name"].as_str() {
        Some(agent) => server.builder().agent_name(agent),
        None => server.builder(),
    };
    let own = headers(&settings["headers"]).into_iter();
    let plain = own.fold(named, |builder, (name, value)| builder.header(name, value));
    let mut clients = BTreeMap::from([("plain", plain.build().expect("a client"))]);
    let mut made = Made::default();
    for scope in list(&vector["scopes"]) {
        check_keys(label, scope, &["name", "of", "scope", "arguments", "told"]);
        let around = &clients[scope["of"].as_str().unwrap_or("plain")];
        let name = scope["scope"].as_str().expect("a scope");
        let client = opened(around, name, &scope["arguments"]);
        let told = made.named(client.scope(), &scope["told"]);
        assert_eq!(told, scope["told"], "{label}");
        clients.insert(scope["name"].as_str().expect("a name"), client);
    }
    assert!(clients["plain"].scope().is_empty(), "{label}");
    for call in list(&vector["calls"]) {
        check_keys(label, call, &["client", "headers", "sent"]);
        let client = &clients[call["client"].as_str().expect("a client")];
        let mut asked = client.models().list(ListParams::new());
        for (name, value) in call["headers"].as_object().into_iter().flatten() {
            asked = match value.as_str() {
                Some(value) => asked.header(name, value),
                None => asked.without_header(name),
            };
        }
        asked.await.expect(label);
    }

    let received = server.received();
    assert_eq!(received.len(), list(&vector["calls"]).len(), "{label}");
    for (request, call) in received.iter().zip(list(&vector["calls"])) {
        let sent = made.named(&sent_of(request, names), &call["sent"]);
        assert_eq!(sent, call["sent"], "{label}");
    }
    assert!(made.are_all_different(), "{label}");
}

/// Of the headers that scopes may send, each call sends those that are stated.
#[tokio::test]
async fn scopes_send_and_tell_what_is_stated() {
    for file in vectors::read("scopes") {
        check_keys(
            &file.class,
            &file.whole,
            &["class", "about", "headers", "vectors"],
        );
        for (label, vector) in file.vectors() {
            check_keys(
                &label,
                vector,
                &["name", "note", "client", "scopes", "calls"],
            );
            check(&label, list(&file.whole["headers"]), vector).await;
        }
    }
}
