//! Files in forms, and files as bodies.

use headgate_sdk_tests::server::{Received, Server};
use wire_forms_sdk::types::{FilesCreateRequest, FilesCreateRequestPurpose, Filter};
use wire_forms_sdk::{Client, Upload};

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

/// Takes a multipart body apart: the head and the data of each part.
fn parts(request: &Received) -> Vec<(String, String)> {
    let kind = request.header("content-type").expect("a type");
    let boundary = kind
        .strip_prefix("multipart/form-data; boundary=")
        .expect("a boundary");
    let body = request
        .body
        .strip_suffix(&format!("--{boundary}--\r\n"))
        .expect("an end");
    let separator = format!("--{boundary}\r\n");
    let part = |part: &str| {
        let (head, data) = part.split_once("\r\n\r\n").expect("a part");
        (
            head.to_owned(),
            data.strip_suffix("\r\n").expect("an end").to_owned(),
        )
    };
    body.split(&*separator).skip(1).map(part).collect()
}

/// Files, texts and JSON are parts of their own; a list is a part for each item.
#[tokio::test]
async fn files_are_parts() {
    let server = stored();
    let file = Upload::new("first").file_name("a \"b\"\r\n.txt");
    let body = FilesCreateRequest::new(file, FilesCreateRequestPurpose::Avatar)
        .more(vec![
            Upload::from("second").content_type("text/x-odd"),
            Upload::new("third").file_name("c.pdf"),
        ])
        .scan("fourth")
        .note("*fifth*")
        .pages(vec![Upload::new("sixth"), Upload::new("seventh")])
        .cover(Filter::new().size(2))
        .tags(vec!["x".to_owned(), "y".to_owned()])
        .about(Filter::new().size(1));

    let stored = client(&server).files().create(body).await.expect("an id");

    assert_eq!(stored.id, "1");
    let disposition = "Content-Disposition: form-data; name=";
    let bytes = "Content-Type: application/octet-stream";
    let expected = [
        (
            format!("{disposition}\"file\"; filename=\"a %22b%22%0D%0A.txt\"\r\nContent-Type: image/png"),
            "first",
        ),
        (format!("{disposition}\"purpose\""), "avatar"),
        (
            format!("{disposition}\"more\"; filename=\"more\"\r\nContent-Type: text/x-odd"),
            "second",
        ),
        (
            format!("{disposition}\"more\"; filename=\"c.pdf\"\r\nContent-Type: application/pdf"),
            "third",
        ),
        (
            format!("{disposition}\"scan\"; filename=\"scan\"\r\nContent-Type: application/pdf"),
            "fourth",
        ),
        (format!("{disposition}\"note\""), "*fifth*"),
        (format!("{disposition}\"pages\"; filename=\"pages\"\r\n{bytes}"), "sixth"),
        (format!("{disposition}\"pages\"; filename=\"pages\"\r\n{bytes}"), "seventh"),
        (
            format!("{disposition}\"cover\"\r\nContent-Type: application/json"),
            r#"{"size":2}"#,
        ),
        (format!("{disposition}\"tags\""), "x"),
        (format!("{disposition}\"tags\""), "y"),
        (
            format!("{disposition}\"about\"\r\nContent-Type: application/json"),
            r#"{"size":1}"#,
        ),
    ];
    let expected = expected.map(|(head, data)| (head, data.to_owned()));
    assert_eq!(parts(&first(&server)), expected);
}

/// What may be a file or something else is written as what it is.
#[tokio::test]
async fn a_file_may_be_something_else() {
    let server = stored();
    let files = client(&server).files();
    let body = || FilesCreateRequest::new("x", FilesCreateRequestPurpose::Avatar);

    let alone = body().pages(Upload::new("p")).cover(Upload::new("c"));
    files.create(alone).await.expect("an id");
    files.create(body().cover(3)).await.expect("an id");

    let received = server.received();
    let told = |request: &Received| -> Vec<(String, String)> {
        let parts = parts(request);
        parts.into_iter().skip(2).collect()
    };
    let file = |name: &str, kind: &str, data: &str| {
        let head = format!("Content-Disposition: form-data; name=\"{name}\"; filename=\"{name}\"");
        (format!("{head}\r\nContent-Type: {kind}"), data.to_owned())
    };
    let pages = file("pages", "application/octet-stream", "p");
    let cover = file("cover", "image/webp", "c");
    assert_eq!(told(&received[0]), [pages, cover]);
    let number = "Content-Disposition: form-data; name=\"cover\"".to_owned();
    assert_eq!(told(&received[1]), [(number, "3".to_owned())]);
}

/// A file that cannot be read is told by the argument's name; one that can keeps its name.
#[tokio::test]
async fn files_are_read_with_their_names() {
    let path = std::env::temp_dir().join(format!("wire-{}.csv", std::process::id()));
    std::fs::write(&path, "a,b").expect("a file");
    let server = stored();

    let missing = Upload::file("/nowhere/at/all").expect_err("no file");
    let body = FilesCreateRequest::new("x", FilesCreateRequestPurpose::Attachment)
        .more(vec![Upload::file(&path).expect("a file")]);
    client(&server).files().create(body).await.expect("an id");

    std::fs::remove_file(&path).expect("no file");
    assert_eq!(missing.message(), "path: `/nowhere/at/all` cannot be read");
    let (head, data) = parts(&first(&server)).pop().expect("a part");
    assert!(head.ends_with(".csv\"\r\nContent-Type: text/csv"), "{head}");
    assert_eq!(data, "a,b");
}

/// A file is read while it is sent, anew for each attempt, and is told if it changed.
#[tokio::test]
async fn files_are_read_while_they_are_sent() {
    let path = std::env::temp_dir().join(format!("wire-large-{}.txt", std::process::id()));
    let data = "0123456789".repeat(30_000);
    std::fs::write(&path, &data).expect("a file");
    let server = Server::start(|number, _, connection| match number {
        0 => connection.respond(503, "Retry-After-Ms: 1\r\n", ""),
        _ => connection.json(200, r#"{"id": "1"}"#),
    });
    let body = || {
        let file = Upload::file(&path).expect("a file");
        FilesCreateRequest::new(file, FilesCreateRequestPurpose::Avatar)
    };
    let files = client(&server).files();
    let (early, changed) = (body(), body());

    files.create(early).await.expect("an id");
    let raw = client(&server).bytes();
    let whole = Upload::file(&path).expect("a file");
    raw.create(whole).await.expect("bytes");
    std::fs::write(&path, &data[1..]).expect("a file");
    let changed = files.create(changed).await.expect_err("a refusal");
    std::fs::remove_file(&path).expect("no file");

    let received = server.received();
    let lengths: Vec<_> = received
        .iter()
        .map(|r| r.header("content-length"))
        .collect();
    assert_eq!(received.len(), 3, "{lengths:?}");
    for request in &received[..2] {
        let (_, sent) = parts(request).swap_remove(0);
        assert!(sent == data, "{lengths:?}");
    }
    assert!(received[2].body == data, "{lengths:?}");
    assert_eq!(changed.kind(), wire_forms_sdk::ErrorKind::Configuration);
}
