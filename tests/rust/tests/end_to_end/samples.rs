//! Requests that several tests make.

use headgate_sdk::types::{
    KeyCreateRequest, MessageParam, MessageRequest, Metadata, Project, ProjectCreateRequest,
    RunMessageRequest, RunRequest, UserMessageParam,
};
use headgate_sdk::Client;
use serde_json::Value;

use super::gateway;

pub fn hello() -> Vec<MessageParam> {
    vec![UserMessageParam::new("Hello there").into()]
}

pub fn script(script: Value) -> Metadata {
    let mut metadata = Metadata::new();
    metadata.insert("script".to_owned(), script);
    metadata
}

pub fn scripted(value: Value) -> MessageRequest {
    MessageRequest::new("mock/script", hello()).metadata(script(value))
}

pub fn scripted_run(value: Value) -> RunRequest {
    let request = RunMessageRequest::new("mock/script", hello());
    RunRequest::new(request.metadata(script(value)))
}

/// A name that no other test has.
pub fn unique(name: &str) -> String {
    use std::time::{SystemTime, UNIX_EPOCH};

    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    format!("{name}-{}", now.expect("a clock").as_nanos())
}

pub async fn project(client: &Client) -> Project {
    let request = ProjectCreateRequest::new(unique("project"));
    let call = client.admin().projects().create(request);
    call.await.expect("a project")
}

/// The project of a client that has a key of it, and that key's id.
pub async fn tenant() -> (Client, String, String) {
    let client = gateway::client();
    let project = project(&client).await.id;
    let request = KeyCreateRequest::new("a key", project.clone());
    let key = client.admin().keys().create(request).await.expect("a key");
    let own = gateway::settings().api_key(key.secret);
    (own.build().expect("a client"), project, key.id)
}
