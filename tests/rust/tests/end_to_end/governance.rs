//! Policies, approvals, and what the audit log keeps.

use headgate_sdk::resources::{
    admin_approvals, admin_audit_logs, admin_policies, admin_sessions, approvals,
};
use headgate_sdk::types::{
    ApprovalDecision, ApprovalDecisionRequest, MessageRequest, PolicyCreateRequest,
    PolicyEvaluateRequest, PolicyMode, PolicyPhase, PolicyReplaceRequest, PolicyRuleList,
    PolicyUpdateRequest, SampleRequest,
};
use headgate_sdk::ErrorKind;
use serde_json::{json, Value};

use super::gateway::client;
use super::samples::{hello, project, tenant, unique};

/// Rules that do one thing to every request.
fn always(action: Value) -> PolicyRuleList {
    let rules = json!([{"when": {"type": "always"}, "then": [action]}]);
    serde_json::from_value(rules).expect("rules")
}

/// A policy is tried, enforced, and gone; each of its versions is kept.
pub async fn a_policy_is_tried_and_enforced() {
    let policies = client().admin().policies();
    let project = project(&client()).await.id;
    let (shadow, phase) = (PolicyMode::Shadow, PolicyPhase::Pre);
    let rules = always(json!({"type": "deny", "message": "No."}));
    let decide = || async {
        let sample = SampleRequest::new("messages.create");
        let asked = PolicyEvaluateRequest::new(project.clone(), sample);
        let tried = policies.evaluate(asked).await.expect("a verdict");
        tried.decision.as_str().to_owned()
    };

    let wanted = PolicyCreateRequest::new("No", &*project, shadow.clone(), phase.clone(), rules);
    let made = policies.create(wanted.clone()).await.expect("a policy");
    let tried = decide().await;
    let change = PolicyReplaceRequest::new("None", shadow, phase, wanted.rules);
    let replaced = policies.replace(&made.id, change).await.expect("a policy");
    let change = PolicyUpdateRequest::new().mode(PolicyMode::Enforce);
    let enforced = policies.update(&made.id, change).await.expect("a policy");
    let refused = decide().await;
    let read = policies.get(&made.id).await.expect("a policy");
    let listed = policies.list(admin_policies::ListParams::new().project_id(&*project));
    let listed = listed.await.expect("policies");
    let versions = policies.versions(&made.id, admin_policies::VersionsParams::new());
    let versions = versions.await.expect("versions");
    policies.delete(&made.id).await.expect("a deletion");
    let gone = policies.get(&made.id).await.expect_err("nothing");

    assert_eq!((&*tried, &*refused), ("allow", "deny"));
    assert_eq!((&*replaced.name, enforced.version), ("None", 3));
    assert_eq!((versions.data.len(), &listed.data[..]), (3, &[read][..]));
    assert_eq!(gone.kind(), ErrorKind::NotFound);
}

/// One of two waiting requests is withdrawn, the other performed once it is approved.
pub async fn a_request_waits_for_a_person() {
    let (caller, project, _) = tenant().await;
    let rules = always(json!({"type": "require_approval"}));
    let (mode, phase) = (PolicyMode::Enforce, PolicyPhase::Pre);
    let policy = PolicyCreateRequest::new("Ask", &*project, mode, phase, rules);
    let made = client().admin().policies().create(policy).await;
    made.expect("a policy");
    for _ in 0..2 {
        let asked = caller
            .messages()
            .create(MessageRequest::new("mock/echo", hello()));
        asked.await.expect_err("no answer yet");
    }
    let admin = client().admin().approvals();
    let waiting = admin.list(admin_approvals::ListParams::new().project_id(project));
    let waiting = waiting.await.expect("approvals");
    let [second, first] = &waiting.data[..] else {
        panic!("not two: {waiting:?}");
    };

    let withdrawn = caller.approvals().cancel(&second.id).await;
    let decision = ApprovalDecisionRequest::new(ApprovalDecision::Approved);
    let decided = admin.decide(&first.id, decision).await;
    let params = approvals::GetParams::new().wait(20);
    let done = caller.approvals().get(&first.id, params).await;

    assert_eq!(withdrawn.expect("an approval").id, second.id);
    assert_eq!(decided.expect("an approval").id, first.id);
    let done = done.expect("an approval");
    assert_eq!(done.status.as_str(), "approved");
    assert_eq!(done.response.expect("an answer").status_code, 200);
}

/// The session of a request counts it, and the log's entry shows what it cost.
pub async fn what_was_asked_is_read_again() {
    let session = unique("session");
    let asked = client().messages();
    let asked = asked.create(MessageRequest::new("mock/echo", hello()));
    let answer = asked.header("X-Session-ID", &session).await;
    let answer = answer.expect("an answer");
    let admin = client().admin();
    let entry = loop {
        let wanted = admin_audit_logs::ListParams::new().session_id(&*session);
        let page = admin.audit_logs().list(wanted).await.expect("entries");
        if let Some(entry) = page.data.first() {
            break entry.id.clone();
        }
    };
    let found = loop {
        let wanted = admin_sessions::ListParams::new().session_id(&*session);
        let page = admin.sessions().list(wanted).await.expect("sessions");
        if let Some(found) = page.data.first() {
            break found.id.clone();
        }
    };

    let entry = admin.audit_logs().get(&entry).await.expect("an entry");
    let found = admin.sessions().get(&found).await.expect("a session");

    assert_eq!(entry.operation, "messages.create");
    assert_eq!(entry.output_tokens, answer.usage.output_tokens);
    assert_eq!(found.request_count, 1);
}
