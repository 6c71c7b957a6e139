//! Conversations that people watch.

use headgate_sdk::resources::workspaces;
use headgate_sdk::types::{
    DraftDecisionRequest, DraftVerdict, SendMessageRequest, TypingPreviewRequest,
    WorkspaceCreateRequest, WorkspaceModeChoice, WorkspaceUpdateRequest,
};

use super::gateway::client;
use super::samples::unique;

/// A draft is agreed to in other words, and the stream ends with the conversation.
pub async fn a_person_agrees_to_a_draft() {
    let resource = client().workspaces();
    let name = unique("client");
    let wanted = WorkspaceCreateRequest::new().client_id(name.clone());
    let wanted = wanted.mode(WorkspaceModeChoice::Shadow);
    let made = resource.create(wanted).await.expect("a workspace");
    let id = made.workspace.id;
    let preview = TypingPreviewRequest::new("Hel");
    let previewed = resource.send_typing_preview(&id, preview).await;
    let sent = resource.send_message(&id, SendMessageRequest::new("Hello"));
    let draft = sent.await.expect("a draft").approval_id.expect("an id");
    let verdict = DraftDecisionRequest::new(DraftVerdict::Approved).edited_content("Good day");
    let decided = resource.decide_draft(&id, &draft, verdict).await;
    let messages = resource.get_messages(&id, workspaces::GetMessagesParams::new());
    let messages = messages.await.expect("messages");
    let found = resource.get_by_client_id(&name).await.expect("an answer");
    let change = WorkspaceUpdateRequest::new().mode(WorkspaceModeChoice::Takeover);
    resource.update(&id, change).await.expect("a workspace");
    resource.end_conversation(&id, None).await.expect("an end");
    let events = resource.events(&id, workspaces::EventsParams::new()).await;
    let mut events = events.expect("a stream");
    let mut last = None;
    while let Some(event) = events.next().await {
        last = Some(serde_json::to_value(event.expect("an event")).expect("JSON"));
    }
    let listed = resource.list(workspaces::ListParams::new().client_id(name));

    previewed.expect("nothing");
    assert_eq!(decided.expect("a message").content, "Good day");
    let contents: Vec<_> = messages.data.iter().map(|each| &each.content).collect();
    assert_eq!(contents, ["Hello", "Good day"]);
    assert!(found.exists);
    assert_eq!(last.expect("an event")["type"], "workspace.ended");
    let read = resource.get(&id).await.expect("a workspace");
    assert_eq!(listed.await.expect("workspaces").data, [read]);
}
