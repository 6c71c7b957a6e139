//! The decision to try again, as a pure function, and what comes of it.

use std::time::{Duration, UNIX_EPOCH};

use headgate_sdk::retry::{decide, parse_retry_after, Circumstances, Decision, Failure, Quota};
use headgate_sdk::RetryPolicy;

use super::server::Server;

const RUN: &str =
    r#"{"id":"model","object":"model","created":1,"owned_by":"o","provider":"p","name":"n"}"#;

fn status(status: u16) -> Failure {
    Failure::Status {
        status,
        retryable: false,
        retry_after: None,
        retry_after_ms: None,
    }
}

fn asking(retry_after: Option<&str>, retry_after_ms: Option<&str>) -> Failure {
    Failure::Status {
        status: 503,
        retryable: true,
        retry_after: retry_after.map(str::to_owned),
        retry_after_ms: retry_after_ms.map(str::to_owned),
    }
}

fn circumstances() -> Circumstances {
    Circumstances {
        attempt: 1,
        repeatable: true,
        quota: 500,
        remaining: None,
        random: 1.0,
        now: UNIX_EPOCH + Duration::from_secs(784_111_777),
    }
}

fn decided(failure: &Failure) -> Decision {
    decide(failure, &RetryPolicy::default(), &circumstances())
}

fn retry(milliseconds: u64, cost: u32) -> Decision {
    Decision::Retry {
        delay: Duration::from_millis(milliseconds),
        cost,
    }
}

/// The statuses of the contract are repeated, others are not.
#[test]
fn statuses_decide() {
    let repeated: Vec<u16> = (400..600)
        .filter(|code| decided(&status(*code)) != Decision::Raise)
        .collect();

    assert_eq!(repeated, [408, 429, 500, 502, 503, 504]);
}

/// A conflict is repeated only when the server says that it may be.
#[test]
fn a_conflict_is_repeated_when_it_is_retryable() {
    let conflict = Failure::Status {
        status: 409,
        retryable: true,
        retry_after: None,
        retry_after_ms: None,
    };

    assert_eq!(decided(&conflict), retry(50, 14));
    assert_eq!(decided(&status(409)), Decision::Raise);
}

/// Delays double from 50 ms, or 1 s when throttled, up to 20 s, and are spread from zero.
#[test]
fn delays_double_and_are_spread() {
    let policy = RetryPolicy::default().max_attempts(20);
    let delay = |code: u16, attempt: u32, random: f64| {
        let at = Circumstances {
            attempt,
            random,
            ..circumstances()
        };
        match decide(&status(code), &policy, &at) {
            Decision::Retry { delay, .. } => delay.as_millis(),
            Decision::Raise => panic!("not repeated"),
        }
    };

    assert_eq!(
        [1, 2, 3, 10].map(|n| delay(500, n, 1.0)),
        [50, 100, 200, 20_000]
    );
    assert_eq!(
        [1, 2, 5, 6].map(|n| delay(429, n, 1.0)),
        [1000, 2000, 16_000, 20_000]
    );
    assert_eq!([0.0, 0.5].map(|random| delay(500, 2, random)), [0, 50]);
}

/// Attempts, quota and time each bound the repetitions.
#[test]
fn attempts_quota_and_time_bound_repetitions() {
    let policy = RetryPolicy::default();
    let with = |change: fn(&mut Circumstances)| {
        let mut at = circumstances();
        change(&mut at);
        decide(&status(500), &policy, &at)
    };

    assert_eq!(with(|at| at.attempt = 2), retry(100, 14));
    assert_eq!(with(|at| at.attempt = 3), Decision::Raise);
    assert_eq!(with(|at| at.quota = 13), Decision::Raise);
    assert_eq!(
        with(|at| at.remaining = Some(Duration::from_millis(50))),
        Decision::Raise
    );
}

/// What must not happen twice is repeated only if the server cannot have acted on it.
#[test]
fn unrepeatable_calls_are_repeated_only_when_refused() {
    let policy = RetryPolicy::default();
    let at = Circumstances {
        repeatable: false,
        ..circumstances()
    };
    let failures = [
        Failure::Connect,
        Failure::Reset,
        status(429),
        status(500),
        status(503),
    ];

    let repeated = failures.map(|failure| decide(&failure, &policy, &at) != Decision::Raise);

    assert_eq!(repeated, [true, false, true, false, true]);
}

/// Every spelling of a wished delay is obeyed up to a minute; a longer one is raised.
#[test]
fn wished_delays_are_obeyed() {
    let decisions = [
        asking(Some("7"), None),
        asking(Some("7"), Some("1500")),
        asking(Some("0.25"), None),
        asking(Some("Sun, 06 Nov 1994 08:49:47 GMT"), None),
        asking(Some("60"), None),
        asking(Some("61"), None),
        asking(Some("soon"), None),
        asking(Some("-5"), None),
    ]
    .map(|failure| decided(&failure));

    let expected = [
        retry(7000, 5),
        retry(1500, 5),
        retry(250, 5),
        retry(10_000, 5),
        retry(60_000, 5),
        Decision::Raise,
        retry(1000, 5),
        retry(1000, 5),
    ];
    assert_eq!(decisions, expected);
}

/// All three date forms of HTTP are read; a past date asks for no delay.
#[test]
fn dates_are_read() {
    let now = UNIX_EPOCH + Duration::from_secs(784_111_770);
    let seconds = |text: &str| parse_retry_after(text, now).map(|delay| delay.as_secs());

    assert_eq!(seconds("Sun, 06 Nov 1994 08:49:37 GMT"), Some(7));
    assert_eq!(seconds("Sunday, 06-Nov-94 08:49:37 GMT"), Some(7));
    assert_eq!(seconds("Sun Nov  6 08:49:37 1994"), Some(7));
    assert_eq!(seconds("Sun, 06 Nov 1994 08:49:00 GMT"), Some(0));
    assert_eq!(seconds("Sun, 06 Nov 1994 25:49:00 GMT"), None);
    assert_eq!(seconds("tomorrow"), None);
}

/// A quota of 500 tokens pays for 35 retries and no more.
#[test]
fn an_outage_costs_thirty_five_retries() {
    let quota = Quota::new(500);

    let paid = std::iter::repeat_with(|| quota.take(14)).take_while(|paid| *paid);

    assert_eq!(paid.count(), 35);
}

/// Attempts are numbered and carry one key; the success is what the caller sees.
#[tokio::test]
async fn attempts_are_numbered_and_share_a_key() {
    let server = Server::start(|number, _, connection| match number {
        0 => connection.respond(500, "", ""),
        1 => connection.send(""),
        _ => connection.json(200, r#"{"id":"run_1"}"#),
    });
    let key = headgate_sdk::types::KeyCreateRequest::new("name", "project");

    let result = server.client().admin().keys().create(key).await;

    let received = server.received();
    let header = |name: &str| -> Vec<Option<String>> {
        let values = received.iter().map(|request| request.header(name));
        values.map(|value| value.map(str::to_owned)).collect()
    };
    let numbers = header("x-headgate-attempt");
    let keys = header("idempotency-key");
    assert_eq!(numbers, ["1", "2", "3"].map(|n| Some(n.to_owned())));
    assert!(keys[0].is_some());
    assert_eq!(keys[1..], [keys[0].clone(), keys[0].clone()]);
    assert!(result.expect_err("half a key").is_decode());
}

/// The caller's own key is sent instead of one of ours.
#[tokio::test]
async fn the_callers_key_wins() {
    let server = Server::start(|_, _, connection| connection.json(200, "{}"));
    let key = headgate_sdk::types::KeyCreateRequest::new("name", "project");

    let call = server.client().admin().keys().create(key);
    let _ = call.idempotency_key("mine").await;

    assert_eq!(server.received()[0].header("idempotency-key"), Some("mine"));
}

/// The attempts of one call can be set apart from the client's.
#[tokio::test]
async fn attempts_are_set_for_one_call() {
    let server = Server::start(|_, _, connection| connection.respond(500, "", ""));

    let error = server.client().models().get("m").max_attempts(1).await;

    assert_eq!(error.expect_err("a failure").status(), Some(500));
    assert_eq!(server.received().len(), 1);
}

/// A connection that is refused is tried again and then told as such.
#[tokio::test]
async fn a_refused_connection_is_a_connection_error() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let client = headgate_sdk::Client::builder().base_url(url).build();

    let error = client.expect("a client").health().live().await;

    let error = error.expect_err("nobody listens");
    assert!(error.is_connection());
    assert!(error.is_retryable());
    assert_eq!(error.kind(), headgate_sdk::ErrorKind::Connection);
}

/// A success after a retry gives the number of attempts it took.
#[tokio::test]
async fn the_response_tells_the_attempts() {
    let server = Server::start(|number, _, connection| match number {
        0 => connection.respond(502, "", ""),
        _ => connection.json(200, RUN),
    });

    let call = server.client().models().get("model");
    let result = call.with_response().await.expect("a model");

    assert_eq!(result.response.attempts(), 2);
    assert_eq!(result.response.request_id(), Some("req_1"));
    assert_eq!(result.value.id, "model");
}
