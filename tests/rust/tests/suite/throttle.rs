//! A client that is told to holds itself back: requests at once, requests a second.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::Duration;

use headgate_sdk::runtime::throttle::Pace;
use headgate_sdk::scopes::Trace;
use headgate_sdk::{CancelToken, Client, Error, ErrorKind, Failure, Throttle, TimeLimit, Timeouts};
use headgate_sdk_tests::server::{Connection, Server};
use tokio::time::sleep;

use super::samples::{frame, message_events, message_request};
use super::vectors::{self, check_keys, list};

const MODEL: &str =
    r#"{"id":"m","object":"model","created":1,"owned_by":"o","provider":"p","name":"n"}"#;

/// Each turn is as far away as the vector says.
#[test]
fn turns() {
    for file in vectors::read("throttle") {
        for (label, vector) in file.vectors() {
            let known = ["name", "note", "per_second", "burst", "asked_s", "waits_s"];
            check_keys(&label, vector, &known);
            let burst = vector["burst"].as_u64().expect("a number") as u32;
            let mut pace = Pace::new(vector["per_second"].as_f64().expect("a rate"), burst);
            let (asked, waits) = (list(&vector["asked_s"]), list(&vector["waits_s"]));
            assert_eq!(asked.len(), waits.len(), "{label}");
            for (asked, stated) in asked.iter().zip(waits) {
                let wait = pace.turn(asked.as_f64().expect("a moment"));
                let stated = stated.as_f64().expect("a time");
                assert!((wait - stated).abs() < 1e-6, "{label}: {wait}");
            }
        }
    }
}

/// A client that could never send anything is not made.
#[test]
fn what_makes_no_sense_is_refused() {
    let throttle = Throttle::default;
    for (name, throttle) in [
        ("in_flight", throttle().in_flight(0)),
        ("per_second", throttle().per_second(0.0)),
        ("per_second", throttle().per_second(f64::NAN)),
        ("per_second", throttle().per_second(f64::INFINITY)),
        ("burst", throttle().per_second(1.0).burst(0)),
    ] {
        let made = Client::builder().throttle(throttle).build();
        let error = made.expect_err("an error");
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains(name), "{error}");
    }
}

/// How many requests a server was asked for at once, each held for a while.
#[derive(Default)]
struct Crowd {
    here: AtomicUsize,
    most: AtomicUsize,
}

impl Crowd {
    fn start() -> (Server, Arc<Self>) {
        let crowd = Arc::new(Self::default());
        let counting = Arc::clone(&crowd);
        let server = Server::start(move |_, _, connection| counting.answer(connection));
        (server, crowd)
    }

    fn answer(&self, connection: &mut Connection) {
        let here = self.here.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(here, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(20));
        self.here.fetch_sub(1, Ordering::SeqCst);
        connection.json(200, MODEL);
    }

    fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

/// Asks for so many models at once, each of the clients in its turn.
async fn all_at_once(clients: &[Client], count: usize) {
    let ask = |number: usize| {
        let client = clients[number % clients.len()].clone();
        tokio::spawn(async move { client.models().get(&format!("m{number}")).await })
    };
    let asked: Vec<_> = (0..count).map(ask).collect();
    for each in asked {
        let model = each.await.expect("no panic").expect("a model");
        assert_eq!(model.id, "m");
    }
}

fn with_places(server: &Server, count: usize) -> Client {
    let throttle = Throttle::default().in_flight(count);
    let builder = server.builder().throttle(throttle);
    builder.build().expect("a client")
}

/// Of many calls at once, so many are sent; each gets its answer in the end.
#[tokio::test]
async fn no_more_are_in_flight_than_allowed() {
    let (server, crowd) = Crowd::start();
    all_at_once(&[with_places(&server, 2)], 8).await;

    assert_eq!((crowd.most(), server.received().len()), (2, 8));
}

/// The server sees more than two when nothing holds them back.
#[tokio::test]
async fn without_a_throttle_all_go_at_once() {
    let (server, crowd) = Crowd::start();
    all_at_once(&[server.client()], 8).await;

    assert!(crowd.most() > 2);
}

/// Tasks that wait are served as they came.
#[tokio::test]
async fn who_waits_goes_in_the_order_of_the_calls() {
    let (server, _) = Crowd::start();
    all_at_once(&[with_places(&server, 1)], 5).await;

    let received = server.received();
    let asked: Vec<_> = received.iter().map(|one| one.target.as_str()).collect();
    let stated = [0, 1, 2, 3, 4].map(|number| format!("/v1/models/m{number}"));
    assert_eq!(asked, stated);
}

/// What a client in a scope has in flight counts for the client around it.
#[tokio::test]
async fn clients_of_a_scope_share_the_places() {
    let (server, crowd) = Crowd::start();
    let client = with_places(&server, 1);
    let scoped = client.trace(Trace::new().session_id("s"));
    all_at_once(&[client, scoped], 2).await;

    assert_eq!((crowd.most(), server.received().len()), (1, 2));
}

/// An attempt leaves its place to the next, and so does an error.
#[tokio::test]
async fn what_failed_leaves_its_place() {
    let server = Server::start(|number, _, connection| match number {
        0 => connection.respond(503, "Retry-After: 0\r\n", ""),
        1 => connection.json(404, "{}"),
        2 => connection.send(""),
        _ => connection.json(200, MODEL),
    });
    let client = with_places(&server, 1);

    let missing = client.models().get("m").await.expect_err("an error");
    let broken = client.models().get("m").max_attempts(1).await;

    assert_eq!(missing.status(), Some(404));
    assert!(broken.is_err());
    assert_eq!(client.models().get("m").await.expect("a model").id, "m");
}

fn in_time(milliseconds: u64) -> Timeouts {
    Timeouts::default().total(Duration::from_millis(milliseconds))
}

fn is_over(error: &Error) -> bool {
    matches!(error.failure(), Failure::Timeout(TimeLimit::Total))
}

/// A server of one endless stream, and of models after that.
fn endless() -> Server {
    Server::start(|number, _, connection| {
        if number > 0 {
            return connection.json(200, MODEL);
        }
        connection.begin_events();
        connection.chunk(&frame(&message_events()[0]));
        connection.wait_for_close();
    })
}

/// A call beside a stream waits for as long as it may, and goes once that is dropped.
#[tokio::test]
async fn a_stream_keeps_its_place_until_it_is_dropped() {
    let server = endless();
    let client = with_places(&server, 1);
    let stream = client.messages().stream(message_request());
    let mut stream = stream.await.expect("a stream");
    assert!(stream.next().await.expect("an item").is_ok());

    let late = client.models().get("m").timeouts(in_time(100)).await;

    assert!(is_over(&late.expect_err("a timeout")));
    assert_eq!(server.received().len(), 1);
    drop(stream);
    assert_eq!(client.models().get("m").await.expect("a model").id, "m");
}

/// A token ends the wait with its reason, and a dropped future too; neither keeps a place.
#[tokio::test]
async fn who_waits_can_be_cancelled() {
    let server = endless();
    let client = with_places(&server, 1);
    let stream = client.messages().stream(message_request());
    let stream = stream.await.expect("a stream");
    let token = CancelToken::new();
    let soon = token.clone();
    tokio::spawn(async move {
        sleep(Duration::from_millis(20)).await;
        soon.cancel("no longer needed");
    });

    let error = client.models().get("m").cancel_token(&token).await;
    let error = error.expect_err("a cancelled call");
    let waiting = client.clone();
    let dropped = tokio::spawn(async move { waiting.models().get("m").await });
    sleep(Duration::from_millis(20)).await;
    dropped.abort();

    let reason = error.cancel_reason().map(ToString::to_string);
    assert_eq!(reason.as_deref(), Some("no longer needed"));
    assert!(dropped.await.expect_err("an end").is_cancelled());
    drop(stream);
    assert_eq!(client.models().get("m").await.expect("a model").id, "m");
    assert_eq!(server.received().len(), 2);
}

/// Who would wait longer than the call may take is told so, and nothing is sent.
#[tokio::test]
async fn a_turn_beyond_the_deadline_is_a_timeout() {
    let (server, _) = Crowd::start();
    let builder = server.builder();
    let slow = builder.throttle(Throttle::default().per_second(0.001));
    let client = slow.build().expect("a client");
    client.models().get("m").await.expect("a model");

    let late = client.models().get("m").timeouts(in_time(100)).await;

    assert!(is_over(&late.expect_err("a timeout")));
    assert_eq!(server.received().len(), 1);
}
