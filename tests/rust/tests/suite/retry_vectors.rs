//! Retry decisions against `spec/vectors/retry`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use headgate_sdk::retry::{asked_delay, decide, Circumstances, Decision, Failure, Quota, Reason};
use headgate_sdk::RetryPolicy;
use serde_json::Value;

use super::vectors::{self, check_keys, list, text};

pub fn seconds(value: &Value) -> Duration {
    Duration::from_secs_f64(value.as_f64().expect("a number"))
}

/// Reads a policy, and the total time that goes with it.
fn policy(file: &Value, own: &Value) -> (RetryPolicy, Option<Duration>) {
    let value = |name: &str| match own.get(name) {
        Some(own) => own,
        None => &file[name],
    };
    let whole = |name: &str| value(name).as_u64().expect("a number") as u32;
    let mut policy = RetryPolicy::default().max_attempts(whole("max_attempts"));
    policy.base = seconds(value("base_s"));
    policy.throttled_base = seconds(value("throttled_base_s"));
    policy.cap = seconds(value("cap_s"));
    policy.jitter = value("jitter").as_f64().expect("a number");
    policy.retry_after_cap = seconds(value("retry_after_cap_s"));
    policy.quota = whole("quota");
    policy.transient_cost = whole("transient_cost");
    policy.throttled_cost = whole("throttled_cost");
    let total = Some(value("total_s")).filter(|total| !total.is_null());
    (policy, total.map(seconds))
}

/// Reads a failure as the SDK sees it.
pub fn failure(label: &str, value: &Value, now: SystemTime) -> Failure {
    match value["kind"].as_str().expect("a kind") {
        "connect" | "timeout_connect" => Failure::Connect,
        "reset_before_first_byte" => Failure::Reset,
        "reset_after_first_byte" | "end_of_body" => Failure::Broken,
        "timeout_first_byte" | "timeout_idle" => Failure::Stalled,
        "timeout_total" | "cancelled" | "decode" => Failure::Final,
        "gap" | "foreign" | "limit" | "error_event" => Failure::Final,
        "status" => {
            let known = [
                "kind",
                "status",
                "headers",
                "code",
                "retryable",
                "body_retry_after",
            ];
            check_keys(label, value, &known);
            Failure::Status {
                status: value["status"].as_u64().expect("a status") as u16,
                code: text(&value["code"]),
                retry_after: asked(value, now),
            }
        }
        other => panic!("{label}: unknown failure {other}"),
    }
}

fn asked(value: &Value, now: SystemTime) -> Option<Duration> {
    let mut headers = headgate_sdk::HeaderMap::new();
    for (name, value) in vectors::headers(&value["headers"]) {
        let name: headgate_sdk::HeaderName = name.parse().expect("a header name");
        headers.insert(name, value.parse().expect("a header value"));
    }
    let said = value["body_retry_after"].as_f64();
    let said = said.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    asked_delay(&headers, now).or(said)
}

pub fn moment(value: &Value) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs_f64(value.as_f64().unwrap_or_default())
}

fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::NotRetryable => "not_retryable",
        Reason::NotRepeatable => "not_repeatable",
        Reason::Attempts => "attempts",
        Reason::RetryAfter => "retry_after",
        Reason::Deadline => "deadline",
        Reason::Quota => "quota",
        _ => panic!("a reason that the vectors do not name"),
    }
}

pub fn assert_near(label: &str, found: Duration, expected: &Value) {
    let difference = found.abs_diff(seconds(expected));
    assert!(
        difference <= Duration::from_micros(1),
        "{label}: {found:?} is not {expected}"
    );
}

/// Every decision, delay, reason and price is as stated.
#[test]
fn decisions_are_as_stated() {
    for file in vectors::read("retry") {
        if file.class == "calls" {
            continue;
        }
        for (label, vector) in file.vectors() {
            check_decision(&label, &file.whole, vector);
        }
    }
}

fn check_decision(label: &str, file: &Value, vector: &Value) {
    let known = [
        "name",
        "note",
        "attempt",
        "elapsed_s",
        "policy",
        "quota",
        "failure",
        "idempotency",
        "random",
        "now",
        "expect",
    ];
    check_keys(label, vector, &known);
    let (policy, total) = policy(&file["policy"], &vector["policy"]);
    let failure = failure(label, &vector["failure"], moment(&vector["now"]));
    let quota = vector["quota"].as_u64().expect("a quota") as u32;
    let at = Circumstances {
        attempt: vector["attempt"].as_u64().expect("an attempt") as u32,
        repeatable: vector["idempotency"] != "none",
        quota,
        remaining: total.map(|total| total.saturating_sub(seconds(&vector["elapsed_s"]))),
        random: vector["random"].as_f64().expect("a number"),
    };
    let asked = match &failure {
        Failure::Status { retry_after, .. } => *retry_after,
        _ => None,
    };

    let decision = decide(&failure, &policy, &at);

    let expect = &vector["expect"];
    let keys = ["retry", "delay_s", "reason", "quota_after", "retry_after_s"];
    check_keys(label, expect, &keys);
    match decision {
        Decision::Retry { delay, cost } => {
            let why = if asked.is_some() {
                "retry_after"
            } else {
                "backoff"
            };
            assert_eq!(expect["retry"], true, "{label}");
            assert_eq!(expect["reason"], why, "{label}");
            assert_eq!(expect["quota_after"], quota - cost, "{label}");
            assert_near(label, delay, &expect["delay_s"]);
        }
        Decision::Raise(why) => {
            assert_eq!(expect["retry"], false, "{label}");
            assert_eq!(expect["reason"], reason(why), "{label}");
            assert_eq!(expect["quota_after"], quota, "{label}");
        }
    }
    if let Some(expected) = expect.get("retry_after_s") {
        assert_near(label, asked.expect("a wish"), expected);
    }
}

/// Whole calls of one client: the waits, the attempts, the quota.
#[test]
fn calls_spend_and_give_back() {
    let files = vectors::read("retry");
    let file = files.iter().find(|file| file.class == "calls").expect("it");
    for (label, vector) in file.vectors() {
        let keys = [
            "name",
            "note",
            "random",
            "calls",
            "attempts",
            "total_retries",
        ];
        check_keys(&label, vector, &keys);
        let (policy, _) = policy(&file.whole["policy"], &Value::Null);
        let quota = Quota::new(policy.quota);
        let random = vector["random"].as_f64().expect("a number");
        let (mut waits, mut total) = (Vec::new(), 0);
        for call in list(&vector["calls"]) {
            check_keys(
                &label,
                call,
                &["times", "outcomes", "retries", "ends", "quota_after"],
            );
            for _ in 0..call["times"].as_u64().unwrap_or(1) {
                let made = make_call(call, &policy, &quota, random);
                assert_eq!(call["retries"], made.len() - 1, "{label}");
                total += made.len() - 1;
                waits = made;
            }
            assert_eq!(call["quota_after"], quota.left(), "{label}");
        }
        if let Some(attempts) = vector["attempts"].as_array() {
            assert_eq!(waits.len(), attempts.len(), "{label}");
            for (number, (wait, attempt)) in waits.iter().zip(attempts).enumerate() {
                assert_near(&label, *wait, &attempt["wait_s"]);
                assert_eq!(attempt["attempt"], (number + 1).to_string(), "{label}");
            }
        }
        if let Some(expected) = vector.get("total_retries") {
            assert_eq!(*expected, total, "{label}");
        }
    }
}

/// Makes the attempts of a call; gives the wait before each.
fn make_call(call: &Value, policy: &RetryPolicy, quota: &Quota, random: f64) -> Vec<Duration> {
    let (mut waits, mut paid) = (vec![Duration::ZERO], 0);
    let outcomes = list(&call["outcomes"]);
    for (number, outcome) in outcomes.iter().enumerate() {
        let outcome = outcome.as_str().expect("an outcome");
        if outcome == "200" {
            quota.refund(paid.max(1));
            assert_eq!(
                (number + 1, &call["ends"]),
                (outcomes.len(), &Value::from("200"))
            );
            break;
        }
        let failure = match outcome {
            "connect" => Failure::Connect,
            status => Failure::Status {
                status: status.parse().expect("a status"),
                code: None,
                retry_after: None,
            },
        };
        let at = Circumstances {
            attempt: number as u32 + 1,
            repeatable: true,
            quota: quota.left(),
            remaining: None,
            random,
        };
        match decide(&failure, policy, &at) {
            Decision::Retry { delay, cost } => {
                assert!(quota.take(cost));
                paid += cost;
                waits.push(delay);
            }
            Decision::Raise(_) => {
                assert_eq!(
                    (number + 1, &call["ends"]),
                    (outcomes.len(), &outcomes[number])
                );
                break;
            }
        }
    }
    waits
}
