//! Lists over scripted pages against `spec/vectors/paging`.

use headgate_sdk::resources::admin_keys::ListParams;
use headgate_sdk::Error;
use serde_json::{json, Map, Value};

use super::vectors::{self, check_keys, list, text};
use headgate_sdk_tests::server::{Connection, Received, Server};

fn answer(page: &Value, item: &Value, connection: &mut Connection) {
    if let Some(status) = page["status"].as_u64() {
        let body = page.get("json").map(Value::to_string);
        let body = body.or_else(|| text(&page["body"])).unwrap_or_default();
        return connection.json(status as u16, &body);
    }
    if let Some(body) = page["body"].as_str() {
        return connection.json(200, body);
    }
    let made = |id: &Value| {
        let mut item = item.clone();
        item["id"] = id.clone();
        item
    };
    let ids = list(&page["ids"]);
    let body = json!({
        "object": "list", "data": ids.iter().map(made).collect::<Vec<_>>(),
        "has_more": page["has_more"], "first_id": ids.first(), "last_id": page["last_id"],
    });
    connection.json(200, &body.to_string());
}

/// Lists ask, deliver and end as stated.
#[tokio::test]
async fn lists_ask_deliver_and_end_as_stated() {
    for file in vectors::read("paging") {
        assert_eq!(file.whole["operation"], "admin.keys.list");
        for (label, vector) in file.vectors() {
            let keys = [
                "name", "note", "query", "options", "pages", "take", "expect",
            ];
            check_keys(&label, vector, &keys);
            check(&label, &file.whole["item"], vector).await;
        }
    }
}

async fn check(label: &str, item: &Value, vector: &Value) {
    let (pages, item) = (list(&vector["pages"]).to_vec(), item.clone());
    let server = Server::start(move |number, _, connection| {
        answer(pages.get(number).expect("a page"), &item, connection);
    });
    let mut params = ListParams::new();
    for (name, value) in vector["query"].as_object().into_iter().flatten() {
        let number = || value.as_i64().or_else(|| value.as_str()?.parse().ok());
        params = match name.as_str() {
            "limit" => params.limit(number().expect("a number")),
            "after" => params.after(text(value).expect("a text")),
            "project_id" => params.project_id(text(value).expect("a text")),
            "order" => params.order(serde_json::from_value(value.clone()).expect("an order")),
            "status" => params.status(serde_json::from_value(value.clone()).expect("a status")),
            "before" => params.before(text(value).expect("a text")),
            other => panic!("{label}: unknown parameter {other}"),
        };
    }
    let mut call = server.client().admin().keys().list(params);
    if let Some(options) = vector.get("options") {
        check_keys(label, options, &["headers", "query"]);
        for (name, value) in vectors::headers(&options["headers"]) {
            call = call.header(name, value);
        }
        for (name, value) in vectors::headers(&options["query"]) {
            call = call.extra_query(name, value);
        }
    }
    let take = vector["take"].as_u64().unwrap_or(u64::MAX) as usize;
    let (mut items, mut delivered, mut error) = (call.items(), Vec::new(), None);
    while delivered.len() < take {
        match items.next().await {
            None => break,
            Some(Ok(key)) => delivered.push(key.id),
            Some(Err(failed)) => {
                error = Some(failed);
                break;
            }
        }
    }

    let expect = &vector["expect"];
    check_keys(label, expect, &["requests", "items", "end"]);
    assert_eq!(json!(delivered), expect["items"], "{label}");
    check_end(label, &expect["end"], error.as_ref());
    check_requests(label, list(&expect["requests"]), &server.received());
}

fn check_end(label: &str, expected: &Value, error: Option<&Error>) {
    check_keys(label, expected, &["complete", "error", "raw", "code"]);
    if expected["complete"] == true {
        assert!(error.is_none(), "{label}: {error:?}");
        return;
    }
    let error = error.unwrap_or_else(|| panic!("{label}: no error"));
    let kind = format!("{:?}Error", error.kind()).replacen("Api", "API", 1);
    assert_eq!(json!(kind), expected["error"], "{label}");
    if let Some(raw) = expected.get("raw") {
        assert_eq!(json!(error.body()), *raw, "{label}");
    }
    if let Some(code) = expected.get("code") {
        assert_eq!(json!(error.code()), *code, "{label}");
    }
}

fn check_requests(label: &str, expected: &[Value], received: &[Received]) {
    assert_eq!(received.len(), expected.len(), "{label}: {received:?}");
    for (expected, received) in expected.iter().zip(received) {
        check_keys(label, expected, &["query", "headers"]);
        let query = received
            .target
            .split_once('?')
            .map_or("", |(_, query)| query);
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let pairs: Map<String, Value> = pairs
            .map(|(name, value)| (name.to_owned(), json!(value)))
            .collect();
        assert_eq!(json!(pairs), expected["query"], "{label}");
        for (name, value) in vectors::headers(&expected["headers"]) {
            assert_eq!(
                received.header(&name.to_lowercase()),
                Some(&*value),
                "{label}"
            );
        }
    }
}
