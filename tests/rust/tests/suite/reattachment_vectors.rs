//! Decisions about cut streams against `spec/vectors/resume`.

use headgate_sdk::retry::{decide_reattachment, Failure, Reason, Reattachment};
use headgate_sdk::RetryPolicy;
use serde_json::json;

use super::retry_vectors::{assert_near, failure, moment, seconds};
use super::vectors::{self, check_keys};

/// Whether and when a stream is taken up again is as stated.
#[test]
fn decisions_are_as_stated() {
    let files = vectors::read("resume");
    let file = files
        .iter()
        .find(|file| file.class == "decisions")
        .expect("it");
    let base = &file.whole["policy"];
    for (label, vector) in file.vectors() {
        let keys = [
            "name", "note", "attempt", "failure", "policy", "random", "now", "expect",
        ];
        check_keys(&label, vector, &keys);
        let own = vector["policy"].get("resume_attempts");
        let attempts = own.unwrap_or(&base["resume_attempts"]);
        let mut policy =
            RetryPolicy::default().max_resumes(attempts.as_u64().expect("a number") as u32);
        policy.base = seconds(&base["base_s"]);
        policy.throttled_base = seconds(&base["throttled_base_s"]);
        policy.cap = seconds(&base["cap_s"]);
        let jitter = vector["policy"].get("jitter").unwrap_or(&base["jitter"]);
        policy.jitter = jitter.as_f64().expect("a number");
        policy.retry_after_cap = seconds(&base["retry_after_cap_s"]);
        let failure = failure(&label, &vector["failure"], moment(&vector["now"]));
        let asked = match &failure {
            Failure::Status { retry_after, .. } => *retry_after,
            _ => None,
        };
        let attempt = vector["attempt"].as_u64().expect("a number") as u32;
        let random = vector["random"].as_f64().expect("a number");

        let decision = decide_reattachment(&failure, &policy, attempt, random);

        let expect = &vector["expect"];
        check_keys(
            &label,
            expect,
            &["reattach", "delay_s", "reason", "retry_after_s"],
        );
        let reason = match decision {
            Reattachment::After(delay) => {
                assert_near(&label, delay, &expect["delay_s"]);
                if asked.is_some() {
                    "retry_after"
                } else {
                    "backoff"
                }
            }
            Reattachment::Raise(Reason::NotRetryable) => "final",
            Reattachment::Raise(Reason::Attempts) => "attempts",
            Reattachment::Raise(Reason::RetryAfter) => "retry_after",
            Reattachment::Raise(other) => panic!("{label}: {other:?}"),
        };
        let again = matches!(decision, Reattachment::After(_));
        assert_eq!(
            (&expect["reattach"], &expect["reason"]),
            (&json!(again), &json!(reason)),
            "{label}"
        );
    }
}
