//! What is spent, and how the gateway fares.

use headgate_sdk::resources::{admin_keys, admin_usage, usage};
use headgate_sdk::types::{MessageRequest, SpendCapRequest, SpendPeriod, UsageDimension};

use super::gateway::client;
use super::samples::{hello, tenant};

/// A cap is set, read, listed and removed; sums are read by key and by project.
pub async fn spending_is_bounded_and_summed_up() {
    let (caller, project, key) = tenant().await;
    let keys = client().admin().keys();
    let caps = keys.spend_caps();
    let daily = SpendPeriod::Daily;
    let set = caps.set(&key, &daily, SpendCapRequest::new("2.50")).await;
    let set = set.expect("a cap");
    let listed = caps.list(&key).await.expect("caps").data;
    let read = caps.get(&key, &daily).await.expect("a cap");
    caps.delete(&key, &daily).await.expect("a deletion");
    let asked = MessageRequest::new("mock/echo", hello());
    caller.messages().create(asked).await.expect("an answer");
    let by_model = || usage::GetParams::new().group_by(UsageDimension::Model);
    let mine = loop {
        let mine = caller.usage().get(by_model()).await.expect("sums");
        if mine.requests > 0 {
            break mine;
        }
    };
    let of_key = keys.usage(&key, admin_keys::UsageParams::new()).await;
    let params = admin_usage::GetParams::new()
        .project_id(project)
        .group_by("tag:team");
    let of_project = client().admin().usage().get(params).await;

    assert_eq!(set.remaining_usd, "2.5");
    assert_eq!((listed, read), (vec![set.clone()], set));
    assert_eq!((mine.requests, mine.groups.len()), (1, 1));
    assert_eq!(of_key.expect("sums").requests, 1);
    let of_project = of_project.expect("sums");
    assert_eq!((of_project.requests, of_project.groups.len()), (1, 1));
    assert_eq!(of_project.groups[0].value, None);
}

/// Signals of a key's limits and of the upstreams, none of which failed; an empty cache.
pub async fn the_gateway_tells_how_it_fares() {
    let (caller, _, _) = tenant().await;
    let cache = client().admin().cache();

    let signals = caller.resilience().get().await.expect("signals");
    let upstreams = caller.health().upstreams().await.expect("upstreams");
    let stats = cache.stats().await.expect("figures");
    let flushed = cache.flush(None).await.expect("a figure");

    assert!((signals.health_score - 1.0).abs() < f64::EPSILON);
    assert_eq!(upstreams.data, []);
    assert_eq!((stats.entries, flushed.deleted), (0, 0));
}
