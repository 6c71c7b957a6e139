//! What interceptors and the log are told, and what nobody is told.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use headgate_sdk::types::MessageStreamEvent;
use headgate_sdk::{
    Attempt, Client, ClientBuilder, Error, ErrorKind, Interceptor, LogLevel, LogRecord,
    ResponseInfo, Seen, SeenEvent,
};
use headgate_sdk_tests::server::{Connection, Received, Server};
use serde_json::json;

use super::samples::{frame, message_events, message_request};

const BUSY: &str =
    r#"{"error": {"type": "overloaded_error", "code": "overloaded", "message": "busy"}}"#;
const BUSY_HEADERS: &str = "Content-Type: application/json\r\nRetry-After-Ms: 1\r\n";
const MODEL: &str = r#"{"id": "m"}"#;

/// Refuses the first request, then answers.
fn busy_once(number: usize, _: &Received, connection: &mut Connection) {
    match number {
        0 => connection.respond(503, BUSY_HEADERS, BUSY),
        _ => connection.json(404, BUSY),
    }
}

fn streams(_: usize, _: &Received, connection: &mut Connection) {
    connection.begin_events();
    connection.chunk(&message_events().iter().map(frame).collect::<String>());
    connection.end();
}

type Told = Arc<Mutex<Vec<String>>>;

fn lines(told: &Told) -> Vec<String> {
    told.lock().expect("no panic").clone()
}

/// Writes down what it is told, and sends a header of its own.
struct Diary(&'static str, Told);

impl Diary {
    fn note(&self, line: impl fmt::Display) {
        let line = format!("{} {line}", self.0);
        self.1.lock().expect("no panic").push(line);
    }
}

impl Interceptor for Diary {
    fn before_request(&self, attempt: &mut Attempt) -> Seen {
        let name = format!("x-{}", self.0).parse::<headgate_sdk::HeaderName>()?;
        attempt.headers.append(name, attempt.number.into());
        self.note(format_args!("before {} {}", attempt.method, attempt.number));
        Ok(())
    }

    fn after_response(&self, _: &Attempt, response: &ResponseInfo) -> Seen {
        self.note(format_args!("after {}", response.status()));
        Ok(())
    }

    fn on_retry(&self, _: &Attempt, error: &Error, delay: Duration) -> Seen {
        self.note(format_args!("retry {:?} {delay:?}", error.kind()));
        Ok(())
    }

    fn on_error(&self, attempt: &Attempt, error: &Error) {
        self.note(format_args!("error {:?} {}", error.kind(), attempt.number));
    }

    fn on_stream_event(&self, event: SeenEvent<'_>) -> Seen {
        assert!(event.event::<MessageStreamEvent>().is_some());
        self.note(event.name());
        Ok(())
    }
}

/// Every attempt is told to all in order, the client's before the call's; what they add is sent.
#[tokio::test]
async fn all_attempts_are_seen_in_order() {
    let server = Server::start(busy_once);
    let told = Told::default();
    let builder = server.builder().interceptor(Diary("a", told.clone()));
    let client = builder.build().expect("a client");

    let call = client
        .models()
        .get("m")
        .interceptor(Diary("b", told.clone()));
    call.await.expect_err("a refusal");

    let expected = [
        ["a before GET 1", "b before GET 1"],
        ["a after 503", "b after 503"],
        ["a retry Overloaded 1ms", "b retry Overloaded 1ms"],
        ["a before GET 2", "b before GET 2"],
        ["a after 404", "b after 404"],
        ["a error Overloaded 2", "b error Overloaded 2"],
    ];
    assert_eq!(lines(&told), expected.concat());
    let sent: Vec<_> = server.received();
    let values: Vec<_> = sent.iter().map(|request| request.header("x-b")).collect();
    assert_eq!(values, [Some("1"), Some("2")]);
}

/// An answer that does not parse is told as the error that it gives.
#[tokio::test]
async fn an_unreadable_answer_is_told() {
    let server = Server::start(|_, _, connection| connection.json(200, "{"));
    let told = Told::default();
    let builder = server.builder().interceptor(Diary("a", told.clone()));

    let client = builder.build().expect("a client");
    client.models().get("m").await.expect_err("no model");

    let last = lines(&told).pop();
    assert_eq!(last.as_deref(), Some("a error ResponseDecode 1"));
}

/// An event is seen before it is given out, by its name and with its type.
#[tokio::test]
async fn events_are_seen_before_they_are_given_out() {
    let server = Server::start(streams);
    let told = Told::default();
    let builder = server.builder().interceptor(Diary("a", told.clone()));
    let client = builder.build().expect("a client");

    let mut stream = client
        .messages()
        .stream(message_request())
        .await
        .expect("a stream");
    let mut given = 0;
    while let Some(event) = stream.next().await {
        event.expect("an event");
        given += 1;
        assert_eq!(lines(&told).len(), 2 + given);
    }

    assert_eq!(lines(&told)[2], "a message_start");
    assert_eq!(
        lines(&told).last().map(String::as_str),
        Some("a message_stop")
    );
}

/// Ends the call at one of its hooks.
struct Fault(&'static str);

impl Fault {
    fn at(&self, hook: &str) -> Seen {
        match hook == self.0 {
            true => Err("of the caller's own".into()),
            false => Ok(()),
        }
    }
}

impl Interceptor for Fault {
    fn before_request(&self, _: &mut Attempt) -> Seen {
        self.at("before_request")
    }

    fn after_response(&self, _: &Attempt, _: &ResponseInfo) -> Seen {
        self.at("after_response")
    }

    fn on_retry(&self, _: &Attempt, _: &Error, _: Duration) -> Seen {
        self.at("on_retry")
    }

    fn on_error(&self, _: &Attempt, error: &Error) {
        panic!("told of {error}");
    }

    fn on_stream_event(&self, _: SeenEvent<'_>) -> Seen {
        self.at("on_stream_event")
    }
}

/// What an interceptor raises reaches the caller, and nothing is repeated.
#[tokio::test]
async fn an_interceptor_may_end_a_call() {
    for (hook, sent) in [
        ("before_request", 0),
        ("after_response", 1),
        ("on_retry", 1),
    ] {
        let server = Server::start(busy_once);
        let builder = server.builder().interceptor(Fault(hook));
        let client = builder.build().expect("a client");

        let error = client.models().get("m").await.expect_err("a fault");

        assert_eq!(error.kind(), ErrorKind::Interceptor, "{hook}");
        let source = std::error::Error::source(&error).map(ToString::to_string);
        assert_eq!(source.as_deref(), Some("of the caller's own"));
        assert_eq!(server.received().len(), sent, "{hook}");
    }
}

/// What an interceptor raises about an event ends the stream.
#[tokio::test]
async fn an_interceptor_may_end_a_stream() {
    let server = Server::start(streams);
    let builder = server.builder().interceptor(Fault("on_stream_event"));
    let client = builder.build().expect("a client");

    let mut stream = client
        .messages()
        .stream(message_request())
        .await
        .expect("a stream");
    let error = stream.next().await.expect("an item").expect_err("a fault");

    assert_eq!(error.kind(), ErrorKind::Interceptor);
    assert!(stream.next().await.is_none());
}

/// The headers of the present trace are sent, and the call's own win.
#[tokio::test]
async fn the_present_trace_is_sent() {
    let server = Server::start(|_, _, connection| connection.json(200, MODEL));
    let builder = server.builder().trace_context(|| [("traceparent", "00-1")]);
    let client = builder.build().expect("a client");

    let _ = client.models().get("m").await;
    let _ = client
        .models()
        .get("m")
        .header("traceparent", "00-own")
        .await;

    let sent = server.received();
    let parents: Vec<_> = sent
        .iter()
        .map(|request| request.header("traceparent"))
        .collect();
    assert_eq!(parents, [Some("00-1"), Some("00-own")]);
}

fn logged(builder: ClientBuilder) -> (Client, Told) {
    let told = Told::default();
    let book = told.clone();
    let write = move |record: &LogRecord| {
        let line = format!("{} {record}", record.level.as_str());
        book.lock().expect("no panic").push(line);
    };
    let client = builder.logger(write).build().expect("a client");
    (client, told)
}

fn starts(told: &Told) -> Vec<String> {
    let begin = |line: String| line.split(['=', '{']).next().unwrap_or_default().to_owned();
    lines(told).into_iter().map(begin).collect()
}

/// Answers, repetitions and errors are logged at their levels.
#[tokio::test]
async fn calls_are_logged_at_their_levels() {
    let all = [
        "debug answered attempt",
        "info trying again attempt",
        "debug answered attempt",
        "info failed attempt",
    ];
    for (level, expected) in [
        (LogLevel::Debug, &all[..]),
        (LogLevel::Info, &[all[1], all[3]]),
        (LogLevel::Warn, &[]),
        (LogLevel::Off, &[]),
    ] {
        let server = Server::start(busy_once);
        let (client, told) = logged(server.builder().log_level(level));

        client.models().get("m").await.expect_err("a refusal");

        assert_eq!(starts(&told), expected, "{level:?}");
    }
}

/// The end of a stream is logged, and that it was left.
#[tokio::test]
async fn ends_of_streams_are_logged() {
    let server = Server::start(streams);
    let (client, told) = logged(server.builder().log_level(LogLevel::Debug));

    let stream = client
        .messages()
        .stream(message_request())
        .await
        .expect("a stream");
    stream.collect_final().await.expect("a message");
    let stream = client
        .messages()
        .stream(message_request())
        .await
        .expect("a stream");
    drop(stream);

    let ends: Vec<_> = lines(&told)
        .into_iter()
        .filter(|line| line.starts_with("debug stream ended"))
        .collect();
    assert_eq!(ends.len(), 2, "{ends:?}");
    assert!(ends[0].contains(r#"ending="complete""#), "{ends:?}");
    assert!(ends[1].contains(r#"ending="closed""#), "{ends:?}");
}

const CANARIES: [&str; 8] = [
    "canary-api-key",
    "canary-admin-key",
    "canary-provider-key",
    "canary-client-header",
    "canary-call-header",
    "canary-call-provider",
    "canary-query",
    "canary-cookie",
];

/// Everything of an error that a program may print.
fn printed(error: &Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?} {}", error.message());
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        text.push_str(&format!(" {cause} {cause:?}"));
        next = cause.source();
    }
    text
}

/// No secret is shown in a log, an error or a debug text, wherever the server repeats it.
#[tokio::test]
async fn no_secret_is_shown() {
    let said = CANARIES.join(" ");
    let (note, cookie) = (
        format!("X-Note: {said}\r\n"),
        format!("Set-Cookie: {said}\r\n"),
    );
    let told = json!({"error": {"code": "invalid", "message": said}}).to_string();
    let details = json!({"error": {"code": "invalid", "details": {"said": said}}}).to_string();
    for (status, headers, body) in [
        (400, String::new(), told.clone()),
        (400, String::new(), details),
        (400, format!("{note}{cookie}"), String::new()),
        (400, String::new(), said.clone()),
        (
            200,
            "Content-Type: application/json\r\n".to_owned(),
            format!("{{{said}"),
        ),
        (
            200,
            "Content-Type: application/json\r\n".to_owned(),
            format!(r#"["{said}"]"#),
        ),
        (503, "Retry-After-Ms: 1\r\n".to_owned(), told),
    ] {
        let server = Server::start(move |_, _, connection| {
            connection.respond(status, &headers, &body);
        });
        let builder = Client::builder()
            .base_url(&server.url)
            .api_key(CANARIES[0])
            .admin_key(CANARIES[1])
            .provider_key("openai", CANARIES[2])
            .header("X-Client-Token", CANARIES[3])
            .log_level(LogLevel::Debug);
        let shown = format!("{builder:?}");
        let (client, told) = logged(builder);
        let call = client.models().list(Default::default());
        let call = call
            .header("X-Call-Secret", CANARIES[4])
            .provider_key("groq", CANARIES[5])
            .extra_query("access_token", CANARIES[6])
            .header("Cookie", CANARIES[7]);
        let shown = format!("{shown} {client:?} {call:?}");

        let error = call.await.expect_err("an error");

        let request = server.received().remove(0);
        assert!(request.target.contains(CANARIES[6]));
        assert_eq!(request.header("cookie"), Some(CANARIES[7]));
        assert!(!lines(&told).is_empty());
        let shown = format!("{shown} {} {}", printed(&error), lines(&told).join("\n"));
        for secret in CANARIES {
            assert!(!shown.contains(secret), "{secret}: {shown}");
        }
    }
}
