//! Policies, approvals, and what the audit log keeps.

use std::future::IntoFuture;
use std::time::Duration;

use headgate_sdk::resources::{
    admin_approvals, admin_audit_logs, admin_policies, admin_sessions, approvals,
};
use headgate_sdk::types::{
    ApprovalDecision, ApprovalDecisionRequest, ApprovalStatus, AuditStreamEvent, MessageRequest,
    PolicyCreateRequest, PolicyEvaluateRequest, PolicyMode, PolicyPhase, PolicyReplaceRequest,
    PolicyRuleList, PolicyUpdateRequest, SampleRequest,
};
use headgate_sdk::{ApprovalPendingDetails, ErrorKind};
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

/// A request that waits is withdrawn, or performed once it is approved; a call may wait itself.
pub async fn a_request_waits_for_a_person() {
    let (caller, project, _) = tenant().await;
    let rules = always(json!({"type": "require_approval"}));
    let (mode, phase) = (PolicyMode::Enforce, PolicyPhase::Pre);
    let policy = PolicyCreateRequest::new("Ask", &*project, mode, phase, rules);
    let made = client().admin().policies().create(policy).await;
    made.expect("a policy");
    let request = || MessageRequest::new("mock/echo", hello());
    let ask = || async {
        let asked = caller.messages().create(request()).await;
        let error = asked.expect_err("no answer yet");
        assert_eq!(error.kind(), ErrorKind::ApprovalPending);
        let details: ApprovalPendingDetails = error.details().expect("details");
        details.approval_id.expect("an id")
    };
    let (first, second) = (ask().await, ask().await);
    let admin = client().admin().approvals();
    let decision = || ApprovalDecisionRequest::new(ApprovalDecision::Approved);

    let withdrawn = caller.approvals().cancel(&second).await;
    let decided = admin.decide(&first, decision()).await;
    let params = approvals::GetParams::new().wait(20);
    let done = caller.approvals().get(&first, params).await;
    let waiting = caller.messages().create(request());
    let waiting = waiting.wait_for_approval(Duration::from_secs(60));
    let waiting = tokio::spawn(waiting.into_future());
    let third = loop {
        let wanted = admin_approvals::ListParams::new().project_id(&*project);
        let listed = admin.list(wanted.status(ApprovalStatus::Pending)).await;
        if let Some(third) = listed.expect("approvals").data.first() {
            break third.id.clone();
        }
    };
    admin.decide(&third, decision()).await.expect("an approval");
    let answer = waiting.await.expect("no panic").expect("an answer");

    assert_eq!(withdrawn.expect("an approval").id, second);
    assert_eq!(decided.expect("an approval").id, first);
    let done = done.expect("an approval");
    assert_eq!(done.status.as_str(), "approved");
    assert_eq!(done.response.expect("an answer").status_code, 200);
    assert_eq!(answer.stop_reason.expect("a reason").as_str(), "end_turn");
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

    let behind = admin_audit_logs::StreamParams::new()
        .after(&*entry)
        .follow(false);
    let mut log = admin.audit_logs().stream(behind).await.expect("a stream");
    let mut closed = None;
    while let Some(event) = log.next().await {
        if let AuditStreamEvent::AuditLogClosed(event) = event.expect("an event") {
            closed = Some(event);
        }
    }
    assert!(closed.expect("an end").last_id >= Some(entry.clone()));
    let entry = admin.audit_logs().get(&entry).await.expect("an entry");
    let found = admin.sessions().get(&found).await.expect("a session");

    assert_eq!(entry.operation, "messages.create");
    assert_eq!(entry.output_tokens, answer.usage.output_tokens);
    assert_eq!(found.request_count, 1);
}
