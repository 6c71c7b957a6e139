//! Lists that come in pages.

use headgate_sdk::resources::admin_projects::ListParams;
use headgate_sdk::ErrorKind;

use headgate_sdk_tests::server::{Connection, Received, Server};

fn project(id: &str) -> String {
    format!(
        r#"{{"id":"{id}","object":"project","name":"n","metadata":{{}},"created_at":"t","updated_at":"t"}}"#
    )
}

fn page(ids: &[&str], more: bool) -> String {
    let data: Vec<String> = ids.iter().map(|id| project(id)).collect();
    let last = ids
        .last()
        .map_or("null".to_owned(), |id| format!(r#""{id}""#));
    format!(
        r#"{{"object":"list","data":[{}],"has_more":{more},"first_id":null,"last_id":{last}}}"#,
        data.join(",")
    )
}

fn listing(_: usize, request: &Received, connection: &mut Connection) {
    let body = match request.target.split("after=").nth(1) {
        None => page(&["a", "b"], true),
        Some("b") => page(&["c"], true),
        Some("c") => page(&[], false),
        Some(other) => panic!("unexpected cursor {other}"),
    };
    connection.json(200, &body);
}

/// Items come one after the other, page after page, the caller's filters kept.
#[tokio::test]
async fn items_come_across_pages() {
    let server = Server::start(listing);
    let params = ListParams::new().limit(2);
    let mut items = server.client().admin().projects().list(params).items();

    let mut ids = Vec::new();
    while let Some(project) = items.next().await {
        ids.push(project.expect("a project").id);
    }

    assert_eq!(ids, ["a", "b", "c"]);
    let targets: Vec<String> = server.received().into_iter().map(|r| r.target).collect();
    let path = "/v1/admin/projects?limit=2";
    let expected = [
        path.to_owned(),
        format!("{path}&after=b"),
        format!("{path}&after=c"),
    ];
    assert_eq!(targets, expected);
}

/// A page is fetched when it is asked for, not before.
#[tokio::test]
async fn pages_are_fetched_when_asked_for() {
    let server = Server::start(listing);
    let mut pages = server
        .client()
        .admin()
        .projects()
        .list(ListParams::new())
        .pages();

    let first = pages.next().await.expect("one").expect("a page");
    let fetched = server.received().len();
    let second = pages.next().await.expect("one").expect("a page");

    assert_eq!((first.data.len(), second.data.len(), fetched), (2, 1, 1));
    assert_eq!(first.response().status(), 200);
}

/// A page leads to the one after it, and the last one to none.
#[tokio::test]
async fn a_page_leads_to_the_next() {
    let server = Server::start(listing);
    let call = server.client().admin().projects().list(ListParams::new());

    let first = call.await.expect("a page");
    let second = first.next_page().await.expect("a page").expect("one");
    let third = second.next_page().await.expect("a page").expect("one");

    assert!(first.has_more);
    assert_eq!(second.data[0].id, "c");
    assert!(third.next_page().await.expect("no failure").is_none());
}

/// A page that fails is an error, and the end.
#[tokio::test]
async fn a_failed_page_is_an_error() {
    let server = Server::start(|number, request, connection| match number {
        0 => listing(number, request, connection),
        _ => connection.respond(403, "", ""),
    });
    let mut items = server
        .client()
        .admin()
        .projects()
        .list(ListParams::new())
        .items();

    let _ = (items.next().await, items.next().await);
    let error = items.next().await.expect("one").expect_err("an error");

    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(items.next().await.is_none());
}
