//! REST APIs behind the gateway, and the secrets that open them.

use headgate_sdk::resources::{
    admin_credentials, admin_services, proxy_services, proxy_upstream, services,
};
use headgate_sdk::types::{
    CredentialCreateRequest, CredentialRotateRequest, CredentialUpdateRequest,
    ServiceCreateRequest, ServiceUpdateRequest,
};
use headgate_sdk::{Error, ErrorKind};

use super::gateway::client;
use super::samples::{project, tenant};

/// A service and its credential are kept, changed and deleted.
pub async fn a_service_has_a_credential() {
    let admin = client().admin();
    let project = project(&client()).await.id;
    let (credentials, services) = (admin.credentials(), admin.services());
    let wanted = CredentialCreateRequest::new("mine", &*project, "s3cr3t-of-mine");
    let stored = credentials.create(wanted).await.expect("a credential").id;
    let change = CredentialUpdateRequest::new().host(Some("api.example.com".to_owned()));
    let changed = credentials.update(&stored, change).await;
    let change = CredentialRotateRequest::new().secret("another-secret");
    let rotated = credentials.rotate(&stored, Some(change)).await;
    let url = "https://api.example.com";
    let wanted = ServiceCreateRequest::new("mine", &*project, url).credential_id(&*stored);
    let service = services.create(wanted).await.expect("a service").id;
    let change = ServiceUpdateRequest::new().description("Boats.");
    services.update(&service, change).await.expect("a service");
    let kept = credentials.list(admin_credentials::ListParams::new().project_id(&*project));
    let named = services.list(admin_services::ListParams::new().project_id(&*project));
    let kept = kept.await.expect("credentials");
    let named = named.await.expect("services");
    let read = credentials.get(&stored).await.expect("a credential");
    let served = services.get(&service).await.expect("a service");
    services.delete(&service).await.expect("a deletion");
    credentials.delete(&stored).await.expect("a deletion");
    let gone = services.get(&service).await.expect_err("nothing");

    assert_eq!(changed.expect("a credential").id, stored);
    assert_eq!(rotated.expect("a credential").last4, "ret");
    assert_eq!((&kept.data, &named.data), (&vec![read], &vec![served]));
    assert_eq!(gone.kind(), ErrorKind::NotFound);
}

/// Nothing is called where nothing is behind a name or a key.
pub async fn a_call_of_no_service_is_refused() {
    let (caller, _, _) = tenant().await;
    let proxy = caller.proxy();
    let (named, upstream) = (proxy.services(), proxy.upstream());
    let kind = |answer: Result<_, Error>| answer.expect_err("a refusal").kind();
    macro_rules! each {
        ($($verb:ident: $params:ident $(, $body:expr)?;)*) => {$(
            let params = proxy_services::$params::new();
            let unknown = named.$verb("none", "x", $($body,)? params).await;
            let params = proxy_upstream::$params::new();
            let nothing = upstream.$verb("x", $($body,)? params).await;
            assert_eq!(kind(unknown), ErrorKind::NotFound);
            assert_eq!(kind(nothing), ErrorKind::Conflict);
        )*};
    }

    each! {
        get: GetParams;
        post: PostParams, None;
        put: PutParams, None;
        patch: PatchParams, None;
        delete: DeleteParams;
    }
    let listed = caller.services().list(services::ListParams::new()).await;

    assert_eq!(listed.expect("services").data, []);
}
