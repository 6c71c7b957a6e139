//! Models, providers, and how the gateway is.

use headgate_sdk::resources::models;
use headgate_sdk::types::{TokenCostRequest, TokenCountRequest};
use headgate_sdk::ErrorKind;
use serde_json::json;

use super::gateway::{client, settings};

/// A model's id has a slash, in its path too.
pub async fn models_are_listed_and_read() {
    let resource = client().models();

    let listed = resource
        .list(models::ListParams::new())
        .await
        .expect("models");
    let model = resource.get("mock/script").await.expect("a model");

    assert!(listed.data.iter().any(|each| each.id == model.id));
}

/// The cheaper model is recommended, and what it costs is exact.
pub async fn models_are_recommended_and_tokens_priced() {
    let wanted = json!({"strategy": "cost", "candidates": ["gpt-4o", "gpt-4o-mini"]});
    let wanted = serde_json::from_value(wanted).expect("a request");
    let best = client().models().recommend(wanted).await.expect("a model");
    let asked = TokenCountRequest::new("echo").texts(vec!["abcde".to_owned(), String::new()]);
    let counted = client().tokens().count(asked).await.expect("a count");
    let asked = TokenCostRequest::new(best.model.id.clone(), 10, 1);
    let cost = client().tokens().cost(asked).await.expect("a cost");

    assert_eq!(best.model.id, "openai/gpt-4o-mini");
    assert_eq!(counted.per_item, Some(vec![2, 0]));
    assert!((cost.total_cost - 0.000_002_1).abs() < f64::EPSILON);
}

/// A manifest is validated, set, listed and deleted.
pub async fn a_provider_is_set_and_taken_away() {
    let wrong = json!({"name": "Nowhere", "dialect": "openai-chat"});
    let sound = json!({"name": "Boathouse", "dialect": "openai-chat",
        "base_url": "http://127.0.0.1:11434/v1"});
    let protocols = client().admin().protocols();
    let wrong = wrong.as_object().expect("an object").clone();
    let verdict = protocols.validate(wrong).await.expect("a verdict");
    let sound = serde_json::from_value(sound).expect("a manifest");
    protocols.put("boathouse", sound).await.expect("a manifest");
    let listed = client().protocols().list().await.expect("manifests");
    protocols.delete("boathouse").await.expect("deleted");
    let gone = client().protocols().get("boathouse").await;

    assert_eq!(verdict.issues[0].pointer, "/base_url");
    assert!(listed.data.iter().any(|each| each.id == "boathouse"));
    assert_eq!(gone.expect_err("a refusal").kind(), ErrorKind::NotFound);
}

/// Liveness, readiness and both documents are open.
pub async fn health_needs_no_key() {
    let health = settings().build().expect("a client").health();

    let live = health.live().await.expect("text");
    let ready = health.ready().await.expect("readiness");
    let spec = health.spec().await.expect("a document");
    let events = health.event_spec().await.expect("a document");

    assert_eq!(live.trim(), "ok");
    assert!(ready.ok);
    assert!(spec["openapi"]
        .as_str()
        .is_some_and(|version| version.starts_with("3.1")));
    assert!(events.contains_key("$defs"));
}
