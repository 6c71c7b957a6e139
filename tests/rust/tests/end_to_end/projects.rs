//! Projects and keys.

use headgate_sdk::resources::{admin_keys, admin_projects};
use headgate_sdk::types::{
    AdminKeySource, AdminRole, Key, KeyCreateRequest, KeyRotateRequest, KeyUpdateRequest,
    ProjectCreateRequest, ProjectUpdateRequest,
};
use headgate_sdk::ErrorKind;

use super::gateway::{client, settings};
use super::samples::{project, unique};

/// An admin key says what it may do, and that the settings hold it.
pub async fn an_admin_key_says_what_it_is() {
    let seen = client().admin().whoami().await.expect("an identity");

    assert_eq!(seen.scopes, ["*"]);
    assert_eq!(seen.role, AdminRole::Admin);
    assert_eq!(seen.source, AdminKeySource::Settings);
}

/// A project is made, found, changed, purged and deleted; then it is gone.
pub async fn a_project_lives_and_dies() {
    let projects = client().admin().projects();
    let made = project(&client()).await;

    let name = unique("renamed");
    let change = ProjectUpdateRequest::new().name(name.clone());
    let changed = projects.update(&made.id, change).await.expect("a project");
    let read = projects.get(&made.id).await.expect("a project");
    let mut items = projects.list(admin_projects::ListParams::new()).items();
    let mut listed = false;
    while let Some(each) = items.next().await {
        listed |= each.expect("a project").id == made.id;
    }
    let purged = projects.purge(&made.id).await.expect("a purge");
    let params = admin_projects::DeleteParams::new();
    projects.delete(&made.id, params).await.expect("a deletion");
    let gone = projects.get(&made.id).await.expect_err("nothing");

    assert_eq!((&changed.name, &read), (&name, &changed));
    assert!(listed);
    assert_eq!((&purged.project_id, purged.deleted.runs), (&made.id, 0));
    assert_eq!(gone.kind(), ErrorKind::NotFound);
}

/// A key's secret opens the gateway until it is rotated, and none does once it is revoked.
pub async fn a_key_lives_and_dies() {
    let keys = client().admin().keys();
    let project = project(&client()).await;
    let request = KeyCreateRequest::new("key", project.id);
    let opens = |secret: String| async move {
        let client = settings().api_key(secret).build().expect("a client");
        client.models().get("mock/echo").await.map(|_| ())
    };

    let made = keys.create(request).await.expect("a key");
    let first = opens(made.secret.clone()).await;
    let change = KeyUpdateRequest::new().name("renamed");
    let changed: Key = keys.update(&made.id, change).await.expect("a key");
    let read = keys.get(&made.id).await.expect("a key");
    let rotated = keys.rotate(&made.id, Some(KeyRotateRequest::new())).await;
    let rotated = rotated.expect("a key");
    let second = opens(rotated.secret.clone()).await;
    let revoked = keys.revoke(&made.id).await.expect("a key");
    let third = opens(rotated.secret).await.expect_err("a refusal");
    keys.delete(&made.id).await.expect("a deletion");
    let gone = keys.get(&made.id).await.expect_err("nothing");

    assert!(first.is_ok() && second.is_ok());
    assert_eq!((changed.name.as_str(), read.id), ("renamed", made.id));
    assert_eq!(revoked.status.as_str(), "revoked");
    assert_eq!(third.kind(), ErrorKind::Authentication);
    assert_eq!(gone.kind(), ErrorKind::NotFound);
}

/// Keys are listed by project.
pub async fn keys_are_listed() {
    let keys = client().admin().keys();
    let project = project(&client()).await;
    for name in ["a", "b"] {
        let request = KeyCreateRequest::new(name, project.id.clone());
        keys.create(request).await.expect("a key");
    }

    let params = admin_keys::ListParams::new().project_id(project.id);
    let page = keys.list(params).await.expect("keys");

    assert_eq!(page.data.len(), 2);
}

/// A call repeated with its key is answered with what the first one made.
pub async fn a_repeated_call_is_answered_once() {
    let projects = client().admin().projects();
    let (name, key) = (unique("project"), unique("key"));
    let create = || {
        let request = ProjectCreateRequest::new(name.clone());
        projects.create(request).idempotency_key(key.clone())
    };

    let first = create().await.expect("a project");
    let second = create().with_response().await.expect("a project");

    assert_eq!(second.value.id, first.id);
    assert_eq!(second.response.header("idempotent-replayed"), Some("true"));
}
