//! What the gateway tells a receiver, verified and read.

use std::sync::{mpsc, Mutex};
use std::time::Duration;

use headgate_sdk::resources::admin_webhooks;
use headgate_sdk::types::{WebhookCreateRequest, WebhookRotateRequest, WebhookUpdateRequest};
use headgate_sdk::webhooks::{unwrap, WebhookEvent};
use headgate_sdk::{ErrorKind, HeaderMap, HeaderName, HeaderValue};
use headgate_sdk_tests::server::{Received, Server};

use super::gateway::client;
use super::samples::project;

fn headers(request: &Received) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        headers.insert(name, HeaderValue::from_str(value).expect("a value"));
    }
    headers
}

/// A trial is signed with the secret that was shown, and again when it is sent again.
pub async fn a_webhook_is_told_and_changed() {
    let (sender, told) = mpsc::channel();
    let sender = Mutex::new(sender);
    let receiver = Server::start(move |_, request, connection| {
        connection.respond(204, "", "");
        let sender = sender.lock().expect("no panic");
        sender.send(request.clone()).expect("a listener");
    });
    let next = || {
        let told = told.recv_timeout(Duration::from_secs(20));
        told.expect("a request")
    };
    let project = project(&client()).await.id;
    let webhooks = client().admin().webhooks();

    let wanted = WebhookCreateRequest::new(project.clone(), receiver.url.clone());
    let made = webhooks.create(wanted).await.expect("a webhook");
    let trial = webhooks.test(&made.id).await.expect("a delivery");
    let came = next();
    let body = came.body.as_bytes();
    let event = unwrap(body, &headers(&came), &made.secret).expect("an event");
    let stranger = unwrap(body, &headers(&came), "whsec_b3RoZXI=").expect_err("an error");
    let rotate = WebhookRotateRequest::new().grace_s(60);
    let rotated = webhooks.rotate(&made.id, Some(rotate)).await;
    let rotated = rotated.expect("a webhook");
    let again = webhooks.redeliver(&made.id, &trial.id).await;
    again.expect("a delivery");
    let second = next();
    let secrets = [made.secret, rotated.secret];
    for secret in &secrets {
        unwrap(second.body.as_bytes(), &headers(&second), secret).expect("an event");
    }
    unwrap(body, &headers(&came), &secrets).expect("an event");
    let change = WebhookUpdateRequest::new().description("changed");
    let changed = webhooks.update(&made.id, change).await.expect("a webhook");
    let read = webhooks.get(&made.id).await.expect("a webhook");
    let mine = admin_webhooks::ListParams::new().project_id(&*project);
    let listed = webhooks.list(mine).await.expect("webhooks");
    let params = admin_webhooks::DeliveriesParams::new();
    let deliveries = webhooks.deliveries(&made.id, params).await;
    let deliveries = deliveries.expect("deliveries").data.len();
    webhooks.delete(&made.id).await.expect("a deletion");

    let WebhookEvent::WebhookTest(event) = event else {
        panic!("not a trial: {event:?}");
    };
    assert_eq!(
        (&event.id, &event.data.webhook_id),
        (&trial.event_id, &made.id)
    );
    assert_eq!(stranger.kind(), ErrorKind::WebhookVerification);
    assert_eq!((second.body, deliveries), (came.body, 1));
    assert_eq!(changed.description, "changed");
    assert_eq!(listed.data[0].id, read.id);
}
