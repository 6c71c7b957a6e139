//! Settings: what callers give, what the environment gives, what is left.
//!
//! A process of its own: its variables must not reach other tests.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use headgate_sdk::{Client, ErrorKind, LogLevel, LogRecord, RetryPolicy, Timeouts};

use headgate_sdk_tests::server::Server;

/// Tests of the environment must not see each other's variables.
static ENVIRONMENT: Mutex<()> = Mutex::new(());

fn client_with(variables: &[(&str, &str)]) -> Result<Client, headgate_sdk::Error> {
    with_variables(variables, Client::from_env)
}

fn with_variables<T>(variables: &[(&str, &str)], make: impl FnOnce() -> T) -> T {
    let guard = ENVIRONMENT
        .lock()
        .unwrap_or_else(|poison| poison.into_inner());
    for (name, value) in variables {
        std::env::set_var(name, value);
    }
    let made = make();
    for (name, _) in variables {
        std::env::remove_var(name);
    }
    drop(guard);
    made
}

/// The environment sets the address, the credentials and the provider keys.
#[tokio::test]
async fn the_environment_sets_what_callers_do_not() {
    let server = Server::start(|_, _, connection| connection.json(200, "{}"));
    let client = client_with(&[
        ("HEADGATE_BASE_URL", &server.url),
        ("HEADGATE_API_KEY", "gateway"),
        ("HEADGATE_ADMIN_KEY", "operator"),
        ("HEADGATE_PROVIDER_KEY_OPENAI", "sk"),
        ("HEADGATE_AGENT_NAME", "mail"),
        ("HEADGATE_MAX_ATTEMPTS", "1"),
        ("HEADGATE_TIMEOUT_IDLE", "2.5"),
    ]);
    let client = client.expect("a client");

    let _ = client.models().get("m").await;
    let _ = client.admin().keys().get("k").await;

    let received = server.received();
    assert_eq!(received[0].header("authorization"), Some("Bearer gateway"));
    assert_eq!(received[0].header("x-provider-key-openai"), Some("sk"));
    assert_eq!(received[0].header("x-agent-name"), Some("mail"));
    assert_eq!(received[1].header("x-admin-key"), Some("operator"));
}

/// A credential that was given empty is not sent, whatever the environment has.
#[tokio::test]
async fn an_empty_credential_is_none() {
    let server = Server::start(|_, _, connection| connection.json(200, "{}"));
    let variables = [("HEADGATE_API_KEY", "gateway")];
    let builder = server.builder().api_key("");
    let client = with_variables(&variables, || builder.build()).expect("a client");

    let _ = client.models().get("m").await;

    assert_eq!(server.received()[0].header("authorization"), None);
}

/// A variable that is no number is told by name.
#[test]
fn a_bad_variable_is_told() {
    let error = client_with(&[("HEADGATE_TIMEOUT_TOTAL", "soon")]);

    let error = error.expect_err("a refusal");
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert_eq!(
        error.message(),
        "HEADGATE_TIMEOUT_TOTAL must be a number of seconds"
    );
}

/// The environment says how much is logged; what it does not know changes nothing.
#[tokio::test]
async fn the_environment_sets_what_is_logged() {
    let lines = |level: &'static str| async move {
        let server = Server::start(|_, _, connection| connection.json(400, "{}"));
        let told = Arc::new(Mutex::new(Vec::new()));
        let write = {
            let told = Arc::clone(&told);
            move |record: &LogRecord| told.lock().expect("no panic").push(record.level)
        };
        let builder = server.builder().logger(write);
        let client = with_variables(&[("HEADGATE_LOG", level)], || builder.build());
        let _ = client.expect("a client").models().get("m").await;
        let told = told.lock().expect("no panic").clone();
        told
    };

    assert_eq!(lines("DEBUG").await, [LogLevel::Debug, LogLevel::Info]);
    assert_eq!(lines("info").await, [LogLevel::Info]);
    for silent in ["warn", "off", "loud", ""] {
        assert_eq!(lines(silent).await, []);
    }
}

/// An address that is none, or not one of HTTP, is refused.
#[test]
fn a_bad_address_is_refused() {
    for url in ["nonsense", "ftp://example.invalid", ""] {
        let error = Client::builder().base_url(url).build();

        assert_eq!(
            error.expect_err("a refusal").kind(),
            ErrorKind::Configuration
        );
    }
}

/// A path in the address comes before the path of a call.
#[tokio::test]
async fn a_path_in_the_address_is_kept() {
    let server = Server::start(|_, _, connection| connection.json(200, "{}"));
    let url = format!("{}/prefix/", server.url);
    let client = Client::builder().base_url(url).build().expect("a client");

    let _ = client.health().ready().await;

    assert_eq!(server.received()[0].target, "/prefix/readyz");
}

/// Vendors' own clients are given the address, with the path that each expects.
#[test]
fn vendors_clients_are_given_their_address() {
    let client = Client::builder()
        .base_url("http://127.0.0.1:8080/below/")
        .build()
        .expect("a client");

    assert_eq!(client.openai_base_url(), "http://127.0.0.1:8080/below/v1");
    assert_eq!(client.anthropic_base_url(), "http://127.0.0.1:8080/below");
}

/// Headers of the client go with every call; known providers have their own spelling.
#[tokio::test]
async fn headers_of_the_client_go_with_every_call() {
    let server = Server::start(|_, _, connection| connection.json(200, "{}"));
    let builder = server.builder().header("X-Own", "1");
    let builder = builder
        .provider_key("vertex_ai", "a")
        .provider_key("new", "b");
    let client = builder.build().expect("a client");

    let _ = client.models().get("m").await;

    let request = server.received().remove(0);
    assert_eq!(request.header("x-own"), Some("1"));
    assert_eq!(request.header("x-provider-key-vertexai"), Some("a"));
    assert_eq!(request.header("x-provider-key-new"), Some("b"));
}

/// The defaults are those of the contract.
#[test]
fn defaults_are_those_of_the_contract() {
    let limits = Timeouts::default();
    let seconds = [limits.connect, limits.first_byte, limits.idle, limits.total];

    assert_eq!(seconds, [5, 60, 60, 600].map(Duration::from_secs));
}

/// A policy that leaves more than all or less than nothing to chance is refused.
#[test]
fn what_is_no_share_is_no_jitter() {
    for jitter in [-0.1, 1.1, f64::NAN] {
        let policy = RetryPolicy::default().jitter(jitter);
        let made = Client::builder().retry(policy).build();
        let error = made.expect_err("an error");
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains("jitter"), "{error}");
    }
}
