//! Parameters in every style, forms, pages and streams as others write them.

use std::sync::{Arc, Mutex};

use headgate_sdk_tests::server::{Connection, Received, Server};
use serde_json::json;
use wire_forms_sdk::resources::{offsets, styles};
use wire_forms_sdk::types::{
    FilesCreateRequest, FilesCreateRequestPurpose, Filter, FormsCreateRequest, SignalsEvent,
};
use wire_forms_sdk::{Client, RefreshToken};

fn client(server: &Server) -> Client {
    let builder = Client::builder().base_url(&server.url);
    builder.build().expect("a client")
}

fn stored() -> Server {
    Server::start(|_, _, connection| connection.json(200, r#"{"id": "1"}"#))
}

fn first(server: &Server) -> Received {
    server.received().remove(0)
}

/// Every parameter is written in its style, and stays where it belongs.
#[tokio::test]
async fn parameters_are_written_in_their_styles() {
    let server = Server::start(|_, _, connection| connection.respond(204, "", ""));
    let words = |words: &[&str]| -> Vec<String> { words.iter().map(|&w| w.into()).collect() };
    let filter = || Filter::new().color("r/g").size(2);
    let params = styles::GetParams::new()
        .repeated(words(&["a", "b&c"]))
        .comma(words(&["a", "b"]))
        .space(words(&["a", "b"]))
        .pipe(words(&["a", "b"]))
        .deep(filter())
        .json(filter())
        .reserved("a/b?c&d")
        .x_filter(filter())
        .crumb("c;d");

    let client = client(&server);
    let call = client.styles().get(
        &words(&["a", "b/c"]),
        &words(&["x", "y"]),
        &filter(),
        params,
    );
    call.await.expect("nothing");

    let request = first(&server);
    let (path, query) = request.target.split_once('?').expect("a query");
    assert_eq!(path, "/styles/a,b%2Fc/.x.y/;matrix=color,r%2Fg,size,2");
    let query: Vec<&str> = query.split('&').collect();
    let expected = [
        "repeated=a",
        "repeated=b%26c",
        "comma=a,b",
        "space=a%20b",
        "pipe=a%7Cb",
        "deep%5Bcolor%5D=r%2Fg",
        "deep%5Bsize%5D=2",
        "json=%7B%22color%22%3A%22r%2Fg%22%2C%22size%22%3A2%7D",
        "reserved=a/b?c%26d",
    ];
    assert_eq!(query, expected);
    assert_eq!(request.header("x-filter"), Some("color=r/g,size=2"));
    assert_eq!(request.header("cookie"), Some("crumb=c%3Bd"));
}

/// A form's fields are written in their styles; the same body goes with a retry.
#[tokio::test]
async fn forms_are_written_in_their_styles() {
    let server = stored();
    let body = FormsCreateRequest::new("Ü & co")
        .tags(vec!["a".to_owned(), "b".to_owned()])
        .about(Filter::new().color("red").size(1));

    client(&server).forms().create(body).await.expect("an id");

    let request = first(&server);
    let kind = request.header("content-type");
    assert_eq!(kind, Some("application/x-www-form-urlencoded"));
    let mut fields: Vec<&str> = request.body.split('&').collect();
    fields.sort_unstable();
    let expected = [
        "about%5Bcolor%5D=red",
        "about%5Bsize%5D=1",
        "name=%C3%9C%20%26%20co",
        "tags=a",
        "tags=b",
    ];
    assert_eq!(fields, expected);
}

fn echo(_: usize, request: &Received, connection: &mut Connection) {
    let kind = request.header("content-type").unwrap_or_default();
    connection.respond(200, &format!("Content-Type: {kind}\r\n"), &request.body);
}

/// Texts and bytes are sent and given as they are.
#[tokio::test]
async fn texts_and_bytes_are_as_they_are() {
    let server = Server::start(echo);
    let client = client(&server);

    let text = client.texts().create("grüezi").await.expect("a text");
    let bytes = client
        .bytes()
        .create(vec![b'a', 0, b'b'])
        .await
        .expect("bytes");

    assert_eq!(text, "grüezi");
    assert_eq!(&bytes[..], b"a\0b");
    let kinds: Vec<_> = server
        .received()
        .iter()
        .map(|r| r.header("content-type").map(str::to_owned))
        .collect();
    assert_eq!(
        kinds,
        ["text/plain", "application/octet-stream"].map(|k| Some(k.to_owned()))
    );
}

fn items(range: std::ops::Range<u64>) -> serde_json::Value {
    range.map(|id| json!({"id": id.to_string()})).collect()
}

fn targets(server: &Server) -> Vec<String> {
    server
        .received()
        .into_iter()
        .map(|request| request.target)
        .collect()
}

/// A list by offsets goes on from how many items there were, to the total.
#[tokio::test]
async fn offsets_count_items() {
    let server = Server::start(|number, _, connection| {
        let page = [items(3..5), items(5..7), items(7..8)][number].clone();
        connection.json(200, &json!({"items": page, "total": 8}).to_string());
    });
    let params = offsets::ListParams::new().offset(3).limit(2);

    let mut list = client(&server).offsets().list(params).items();
    let mut ids = Vec::new();
    while let Some(item) = list.next().await {
        ids.push(item.expect("an item").id);
    }

    assert_eq!(ids, ["3", "4", "5", "6", "7"]);
    let expected = ["offset=3&limit=2", "limit=2&offset=5", "limit=2&offset=7"];
    assert_eq!(
        targets(&server),
        expected.map(|query| format!("/offsets?{query}"))
    );
}

/// A list by numbers ends with the last page.
#[tokio::test]
async fn numbers_count_pages() {
    let server = Server::start(|number, _, connection| {
        let number = number as u64;
        let body = json!({"items": items(number..number + 1), "total_pages": 3});
        connection.json(200, &body.to_string());
    });

    let mut pages = client(&server).numbers().list(Default::default()).pages();
    let mut count = 0;
    while let Some(page) = pages.next().await {
        assert_eq!(page.expect("a page").items.len(), 1);
        count += 1;
    }

    assert_eq!(count, 3);
    assert_eq!(
        targets(&server),
        ["/numbers", "/numbers?page=2", "/numbers?page=3"]
    );
}

/// A list that says only that it goes on does so after its last item.
#[tokio::test]
async fn lists_go_on_after_their_last_item() {
    let server = Server::start(|number, _, connection| {
        let page = [items(0..2), items(2..3)][number].clone();
        connection.json(
            200,
            &json!({"data": page, "has_more": number == 0}).to_string(),
        );
    });

    let mut list = client(&server).afters().list(Default::default()).items();
    let mut ids = Vec::new();
    while let Some(item) = list.next().await {
        ids.push(item.expect("an item").id);
    }

    assert_eq!(ids, ["0", "1", "2"]);
    assert_eq!(targets(&server), ["/afters", "/afters?starting_after=1"]);
}

/// A list by links goes where the header says, but not to another server.
#[tokio::test]
async fn links_are_followed() {
    let server = Server::start(|number, _, connection| {
        let link = [
            "<https://e.invalid/x>; rel=\"prev\", </links?token=a%2Cb>; title=\"a,b\"; rel=\"last next\"",
            "<http://elsewhere.invalid/links>; rel=next",
        ][number];
        let headers = format!("Content-Type: application/json\r\nLink: {link}\r\n");
        connection.respond(200, &headers, r#"[{"id": "1"}]"#);
    });

    let mut list = client(&server).links().list().items();
    let (first, second) = (list.next().await, list.next().await);
    let error = list
        .next()
        .await
        .expect("an item")
        .expect_err("another server");

    assert!(first.is_some_and(|item| item.is_ok()) && second.is_some_and(|item| item.is_ok()));
    assert!(error.is_decode());
    assert!(list.next().await.is_none());
    assert_eq!(targets(&server), ["/links", "/links?token=a%2Cb"]);
}

fn streams(kind: &'static str, chunks: &'static [&'static str]) -> Server {
    Server::start(move |_, _, connection| {
        connection.send(format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\
             Connection: close\r\n\r\n"
        ));
        for chunk in chunks {
            connection.chunk(chunk);
        }
        connection.end();
    })
}

/// A line is an event, wherever chunks end; the last one needs no line feed.
#[tokio::test]
async fn lines_are_events() {
    let server = streams(
        "application/x-ndjson",
        &["{\"n\":1}\n{\"n\"", ":2}\r\n\n", " {\"n\":3}"],
    );

    let mut stream = client(&server).lines().stream().await.expect("a stream");
    let mut seen = Vec::new();
    while let Some(event) = stream.next().await {
        seen.push(event.expect("an event").n);
    }

    assert_eq!(seen, [1, 2, 3]);
    assert_eq!(
        first(&server).header("accept"),
        Some("application/x-ndjson")
    );
}

/// Events that only the names of their frames tell apart are whole frames.
#[tokio::test]
async fn frames_are_events_where_only_their_names_differ() {
    let server = streams(
        "text/event-stream",
        &[
            "event: stored\ndata: {\"id\": \"1\"}\n\n",
            "event: note\ndata: 12\n\n",
            "event: other\ndata: plain\n\n",
            "event: removed\ndata: 1,\"event\":\"note\"\n\n",
        ],
    );

    let mut stream = client(&server).signals().stream().await.expect("a stream");
    let mut seen = Vec::new();
    while let Some(event) = stream.next().await {
        seen.push(match event {
            Ok(SignalsEvent::Stored(event)) => event.data.id,
            Ok(SignalsEvent::Note(event)) => event.data,
            Ok(SignalsEvent::Unknown(fields)) => json!(fields).to_string(),
            Ok(event) => format!("{event:?}"),
            Err(error) => error.body().unwrap_or_default().to_owned(),
        });
    }

    let other = r#"{"data":"plain","event":"other"}"#;
    assert_eq!(seen, ["1", "12", other, r#"1,"event":"note""#]);
}

/// A line that is no JSON is an error with its text; the lines after it are given.
#[tokio::test]
async fn a_broken_line_is_an_error() {
    let server = streams("application/x-ndjson", &["{\"n\":1\n{\"n\":2}\n"]);

    let mut stream = client(&server).lines().stream().await.expect("a stream");
    let error = stream.next().await.expect("an item").expect_err("no JSON");
    let event = stream.next().await.expect("an item").expect("an event");

    assert_eq!((error.body(), event.n), (Some("{\"n\":1"), 2));
}

/// Each record separator begins an event, which may hold line feeds.
#[tokio::test]
async fn sequences_are_events() {
    let chunks = &[
        "\u{1e}{\"n\":1}\n\u{1e}{\n\"n\"",
        ":2}\n",
        "\u{1e}{\"n\":3}\n",
    ];
    let server = streams("application/json-seq", chunks);

    let mut stream = client(&server)
        .sequences()
        .stream()
        .await
        .expect("a stream");
    let mut seen = Vec::new();
    while let Some(event) = stream.next().await {
        seen.push(event.expect("an event").n);
    }

    assert_eq!(seen, [1, 2, 3]);
}

/// Events that are texts are given as they are.
#[tokio::test]
async fn texts_are_events() {
    let server = streams(
        "text/event-stream",
        &["data: one\n\ndata: \"two\"\ndata: 3\n\n"],
    );

    let mut stream = client(&server).words().stream().await.expect("a stream");
    let mut seen = Vec::new();
    while let Some(event) = stream.next().await {
        seen.push(event.expect("an event"));
    }

    assert_eq!(seen, ["one", "\"two\"\n3"]);
}

fn asks_for_token(request: &Received) -> bool {
    request.target == "/oauth/token"
}

/// Grants token after token; `good` says which of them is taken, from 1.
fn guarded(good: usize) -> Server {
    let granted = std::sync::atomic::AtomicUsize::new(0);
    Server::start(move |_, request, connection| {
        if asks_for_token(request) {
            let number = granted.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
            let body = json!({"access_token": format!("token-{number}"), "expires_in": 3600});
            return connection.json(200, &body.to_string());
        }
        let wanted = format!("Bearer token-{good}");
        match request.header("authorization") == Some(&wanted) {
            true => connection.json(200, r#"{"id": "1"}"#),
            false => connection.json(401, "{}"),
        }
    })
}

fn granted(server: &Server) -> Client {
    let builder = Client::builder().base_url(&server.url);
    let builder = builder.client_credentials("me&you", "s3cret/+");
    builder.build().expect("a client")
}

fn body() -> FilesCreateRequest {
    FilesCreateRequest::new("x", FilesCreateRequestPurpose::Avatar)
}

/// A client gets a token by its id and secret, once, and keeps it for further calls.
#[tokio::test]
async fn a_token_is_got_and_kept() {
    let server = guarded(1);
    let client = granted(&server);

    client.files().create(body()).await.expect("an id");
    client.clone().files().create(body()).await.expect("an id");

    let received = server.received();
    assert_eq!(targets(&server), ["/oauth/token", "/files", "/files"]);
    let fields: Vec<&str> = received[0].body.split('&').collect();
    assert_eq!(
        fields,
        ["grant_type=client_credentials", "scope=read%20write"]
    );
    let login = received[0].header("authorization");
    assert_eq!(login, Some("Basic bWUlMjZ5b3U6czNjcmV0JTJGJTJC"));
}

/// A token that the server refuses is got anew, once.
#[tokio::test]
async fn a_refused_token_is_got_anew() {
    let server = guarded(2);
    granted(&server)
        .files()
        .create(body())
        .await
        .expect("an id");
    let expected = ["/oauth/token", "/files", "/oauth/token", "/files"];
    assert_eq!(targets(&server), expected);

    let server = guarded(9);
    let error = granted(&server).files().create(body()).await;
    assert_eq!(error.expect_err("a refusal").status(), Some(401));
    assert_eq!(targets(&server), expected);
}

/// Each refresh token is used once, and the caller is told of the next.
#[tokio::test]
async fn a_refresh_token_is_exchanged() {
    let server = Server::start(|number, request, connection| {
        if request.target == "/oauth/refresh" {
            let mut body = json!({"access_token": format!("access-{number}"), "expires_in": 60});
            if number == 1 {
                body["refresh_token"] = json!("newer");
            }
            return connection.json(200, &body.to_string());
        }
        match request.header("authorization") {
            Some("Bearer access-4") => connection.json(200, r#"{"id": "1"}"#),
            _ => connection.json(401, "{}"),
        }
    });
    let told = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&told);
    let token = RefreshToken::new("f1rst")
        .client_id("me")
        .access_token("old");
    let token = token.on_refresh(move |tokens| {
        let pair = (tokens.access_token.clone(), tokens.refresh_token.clone());
        kept.lock().expect("no panic").push(pair);
    });
    let shown = format!("{token:?}");
    let builder = Client::builder().base_url(&server.url).refresh_token(token);
    let client = builder.build().expect("a client");

    let refused = client.files().create(body()).await;
    client.files().create(body()).await.expect("an id");

    assert_eq!(refused.expect_err("a refusal").status(), Some(401));
    let received = server.received();
    let first = "grant_type=refresh_token&refresh_token=f1rst&client_id=me";
    let second = "grant_type=refresh_token&refresh_token=newer&client_id=me";
    assert_eq!((&*received[1].body, &*received[4].body), (first, second));
    assert_eq!(received[1].header("authorization"), None);
    let told = told.lock().expect("no panic");
    let told: Vec<_> = told.iter().map(|(one, two)| (&**one, &**two)).collect();
    assert_eq!(told, [("access-1", "newer"), ("access-4", "newer")]);
    assert!(!format!("{shown} {client:?}").contains("f1rst"));
}

/// A refresh token that is used twice may be void: calls side by side exchange it once.
#[tokio::test]
async fn calls_side_by_side_exchange_once() {
    let server = Server::start(|_, request, connection| match &*request.target {
        "/oauth/refresh" => connection.json(200, r#"{"access_token": "one", "expires_in": "?"}"#),
        _ => connection.json(200, r#"{"id": "1"}"#),
    });
    let token = RefreshToken::new("f1rst")
        .client_id("me")
        .client_secret("s");
    let builder = Client::builder().base_url(&server.url).refresh_token(token);
    let client = builder.build().expect("a client");
    let files = client.files();

    let calls = tokio::join!(files.create(body()), files.create(body()));

    calls.0.and(calls.1).expect("an id");
    let received = server.received();
    assert_eq!(targets(&server), ["/oauth/refresh", "/files", "/files"]);
    let asked = (&*received[0].body, received[0].header("authorization"));
    let form = "grant_type=refresh_token&refresh_token=f1rst";
    assert_eq!(asked, (form, Some("Basic bWU6cw==")));
    assert_eq!(received[2].header("authorization"), Some("Bearer one"));
}

/// A refusal to give a token is the call's error, without the secret.
#[tokio::test]
async fn a_refused_grant_is_an_error() {
    let server = Server::start(|_, _, connection| {
        let body = json!({"error": "invalid_client", "error_description": "not s3cret/+"});
        connection.json(401, &body.to_string());
    });

    let error = granted(&server).files().create(body()).await;

    let error = error.expect_err("a refusal");
    assert_eq!(
        (error.status(), error.code()),
        (Some(401), Some("invalid_client"))
    );
    assert!(!format!("{error} {error:?}").contains("s3cret"));
    assert_eq!(targets(&server), ["/oauth/token"]);
}

/// A token that is given is sent as it is; other credentials go where they belong.
#[tokio::test]
async fn credentials_go_where_they_belong() {
    let server = Server::start(|_, _, connection| connection.json(200, r#"{"id": "1"}"#));
    let client = Client::builder()
        .base_url(&server.url)
        .token("given")
        .query_key("k&y")
        .cookie_key("c;k")
        .login("me", "pass:word")
        .build()
        .expect("a client");

    client.files().create(body()).await.expect("an id");
    client
        .forms()
        .create(FormsCreateRequest::new("n"))
        .await
        .expect("an id");
    client.texts().create("t").await.expect("a text");
    client.bytes().create("b").await.expect("bytes");

    let received = server.received();
    assert_eq!(received[0].header("authorization"), Some("Bearer given"));
    assert_eq!(received[1].target, "/forms?api_key=k%26y");
    assert_eq!(received[2].header("cookie"), Some("session=c%3Bk"));
    assert_eq!(
        received[3].header("authorization"),
        Some("Basic bWU6cGFzczp3b3Jk")
    );
}
