//! Every operation of the Rust SDK against the gateway, over real HTTP.

mod gateway;

use std::time::Duration;

use gateway::{client, Gateway};
use headgate_sdk::resources::{admin_keys, admin_projects, models, runs};
use headgate_sdk::streams::RunStream;
use headgate_sdk::types::{
    ChatCompletion, ChatCompletionRequest, ChatStreamOptions, ChatUserMessageParam, ContentBlock,
    CountTokensRequest, EmbeddingEncoding, EmbeddingRequest, Key, KeyCreateRequest,
    KeyRotateRequest, KeyUpdateRequest, MessageParam, MessageRequest, Metadata, Project,
    ProjectCreateRequest, ProjectUpdateRequest, RunCancelRequest, RunMessageRequest, RunRequest,
    RunStreamEvent, TokenCostRequest, TokenCountRequest, UserMessageParam,
};
use headgate_sdk::{vectors, Client, Error, ErrorKind};
use serde_json::{json, Value};

fn hello() -> Vec<MessageParam> {
    vec![UserMessageParam::new("Hello there").into()]
}

fn script(script: Value) -> Metadata {
    let mut metadata = Metadata::new();
    metadata.insert("script".to_owned(), script);
    metadata
}

fn scripted(value: Value) -> MessageRequest {
    MessageRequest::new("mock/script", hello()).metadata(script(value))
}

fn scripted_run(value: Value) -> RunRequest {
    let request = RunMessageRequest::new("mock/script", hello());
    RunRequest::new(request.metadata(script(value)))
}

/// A name that no other test has.
fn unique(name: &str) -> String {
    use std::time::{SystemTime, UNIX_EPOCH};

    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    format!("{name}-{}", now.expect("a clock").as_nanos())
}

async fn project(client: &Client) -> Project {
    let request = ProjectCreateRequest::new(unique("project"));
    let call = client.admin().projects().create(request);
    call.await.expect("a project")
}

/// Reads a run to its end: the numbers of its events, and the last of them.
async fn read(mut stream: RunStream) -> Result<(Vec<i64>, Option<RunStreamEvent>), Error> {
    let (mut numbers, mut last) = (Vec::new(), None);
    while let Some(event) = stream.next().await {
        let event = event?;
        let value = serde_json::to_value(&event).expect("JSON");
        numbers.extend(value["sequence_number"].as_i64());
        last = Some(event);
    }
    Ok((numbers, last))
}

fn counted(numbers: &[i64]) -> Vec<i64> {
    (1..=numbers.len() as i64).collect()
}

/// The whole answer, its usage and its request id.
#[tokio::test]
async fn a_message_is_answered() {
    let request = MessageRequest::new("mock/echo", hello());
    let call = client().messages().create(request);

    let answer = call.with_response().await.expect("an answer");

    let ContentBlock::Text(block) = &answer.value.content[0] else {
        panic!("not a text: {:?}", answer.value);
    };
    assert_eq!(block.text, "Hello there");
    assert_eq!(answer.value.usage.total_tokens, 9);
    let id = answer.response.request_id().expect("a request id");
    assert!(id.starts_with("req_"), "{id}");
}

/// What the events build equals the answer without streaming, its id aside.
#[tokio::test]
async fn a_streamed_message_folds_to_the_answer() {
    let turn = json!({"thinking": "Well, well.", "text": "Good day to you.", "chunk": 3,
                      "tools": [{"name": "lookup", "id": "tool_1", "input": {"deep": [1, {"a": "ü"}]}}]});
    let request = || scripted(json!({"turns": [turn.clone()]}));
    let messages = client().messages();

    let mut whole = messages.create(request()).await.expect("an answer");
    let stream = messages.stream(request()).await.expect("a stream");
    let folded = stream.collect_final().await.expect("an answer");

    whole.id.clone_from(&folded.id);
    assert_eq!(folded, whole);
}

/// Texts and thoughts arrive in pieces that add up.
#[tokio::test]
async fn texts_and_thoughts_arrive_in_pieces() {
    let turn = json!({"thinking": "Well, well.", "text": "Good day to you.", "chunk": 3});
    let request = scripted(json!({"turns": [turn]}));
    let mut stream = client().messages().stream(request).await.expect("a stream");

    let thought = stream.thinking_deltas().next().await.expect("a piece");
    let mut text = String::new();
    let mut pieces = stream.text_deltas();
    while let Some(piece) = pieces.next().await {
        text.push_str(&piece.expect("a piece"));
    }

    assert_eq!(thought.expect("a piece"), "Wel");
    assert_eq!(text, "Good day to you.");
}

/// Counting costs no answer.
#[tokio::test]
async fn tokens_are_counted() {
    let request = CountTokensRequest::new("mock/echo", hello());

    let count = client().messages().count_tokens(request).await;

    assert_eq!(count.expect("a count").input_tokens, 6);
}

/// A tool-using run gives its result, and is there to be read afterwards.
#[tokio::test]
async fn a_run_is_carried_out() {
    let runs = client().runs();

    let done = runs
        .create(scripted_run(json!("research")))
        .await
        .expect("a run");
    let read = runs.get(&done.run.id).await.expect("a run");

    let result = done.result.as_ref().expect("a result");
    assert_eq!(result.stop_reason.as_str(), "end_turn");
    assert_eq!(result.tool_call_count, 2);
    assert_eq!(done.run.status.as_str(), "completed");
    assert_eq!(read, done);
}

/// Events are numbered from 1 without a gap, and the last completes the run.
#[tokio::test]
async fn a_streamed_run_comes_to_its_end() {
    let call = client().runs().stream(scripted_run(json!("research")));

    let (numbers, last) = read(call.await.expect("a stream"))
        .await
        .expect("a whole run");

    assert_eq!(numbers, counted(&numbers));
    assert!(matches!(last, Some(RunStreamEvent::RunComplete(_))));
}

/// A run's final object is its result.
#[tokio::test]
async fn a_streamed_run_gives_its_result() {
    let call = client().runs().stream(scripted_run(json!("research")));

    let result = call.await.expect("a stream").collect_final().await;

    assert_eq!(result.expect("a result").tool_call_count, 2);
}

/// The server cuts the connection twice, and each event still comes once.
#[tokio::test]
async fn a_stream_survives_two_cuts() {
    let turn = json!({"text": "One two three four five six seven eight nine ten.", "chunk": 4});
    let request = scripted_run(json!({"turns": [turn], "cut_after": [3, 7]}));
    let mut stream = client().runs().stream(request).await.expect("a stream");
    let first = stream.next().await.expect("one").expect("an event");
    let RunStreamEvent::RunStart(start) = first else {
        panic!("not a start: {first:?}");
    };

    let (rest, _) = read(stream).await.expect("a whole run");
    let params = runs::EventsParams::new();
    let again = client().runs().events(&start.run_id, params).await;
    let (again, _) = read(again.expect("a stream")).await.expect("a whole run");

    let numbers = [&[1], &rest[..]].concat();
    assert_eq!(numbers, counted(&numbers));
    assert_eq!(again, numbers);
}

/// A cut answer of a message is an error: it cannot be resumed.
#[tokio::test]
async fn a_cut_message_is_an_error() {
    let turn = json!({"text": "One two three four five six.", "chunk": 4});
    let request = scripted(json!({"turns": [turn], "cut_after": [3]}));
    let stream = client().messages().stream(request).await.expect("a stream");

    let error = stream.collect_final().await.expect_err("an error");

    assert_eq!(error.kind(), ErrorKind::StreamTruncated);
    assert_eq!(error.events_seen(), 3);
    assert!(error.request_id().is_some());
}

/// An error of the provider in mid-stream is an error of ours.
#[tokio::test]
async fn an_error_in_mid_stream_is_an_error() {
    let script = json!({"turns": [{"text": "One two three."}], "faults": {"error_after": 2}});
    let stream = client().messages().stream(scripted(script)).await;

    let error = stream.expect("a stream").collect_final().await;

    let error = error.expect_err("an error");
    assert_eq!(error.code(), Some("overloaded"));
    assert_eq!(error.kind(), ErrorKind::Overloaded);
}

/// A reader that comes later goes on where another left.
#[tokio::test]
async fn a_run_is_followed_from_a_cursor() {
    let runs = client().runs();
    let turn = json!({"text": "The sea is calm.", "chunk": 4, "delay_ms": 50});
    let request = scripted_run(json!({"turns": [turn]})).background(true);
    let queued = runs.create(request).await.expect("a run");
    let follow = |params: runs::EventsParams| runs.events(&queued.run.id, params);

    let whole = follow(runs::EventsParams::new()).await.expect("a stream");
    let (whole, _) = read(whole).await.expect("a whole run");
    let rest = follow(runs::EventsParams::new().starting_after(3)).await;
    let (rest, _) = read(rest.expect("a stream")).await.expect("the rest");
    let last = whole.len() as i64;
    let nothing = follow(runs::EventsParams::new().starting_after(last)).await;
    let (nothing, _) = read(nothing.expect("a stream")).await.expect("nothing");

    assert_eq!(queued.result, None);
    assert_eq!(rest, whole[3..]);
    assert_eq!(nothing, Vec::<i64>::new());
}

/// What a run has so far is read without waiting for more.
#[tokio::test]
async fn a_run_is_read_as_far_as_it_is() {
    let runs = client().runs();
    let turn = json!({"text": "A long story. ".repeat(50), "chunk": 1, "delay_ms": 50});
    let request = scripted_run(json!({"turns": [turn]})).background(true);
    let run = runs.create(request).await.expect("a run").run;
    let following = runs.events(&run.id, runs::EventsParams::new()).await;
    following.expect("a stream").next().await;

    let params = runs::EventsParams::new().follow(false);
    let stream = runs.events(&run.id, params).await;
    let (numbers, last) = read(stream.expect("a stream")).await.expect("so far");
    runs.cancel(&run.id, None).await.expect("a run");

    assert_eq!(numbers, counted(&numbers));
    assert!(!matches!(last, None | Some(RunStreamEvent::RunComplete(_))));
}

/// Cancelling ends the stream with a result that says so.
#[tokio::test]
async fn a_run_is_cancelled() {
    let runs = client().runs();
    let turn = json!({"text": "A long story. ".repeat(50), "chunk": 1, "delay_ms": 50});
    let request = scripted_run(json!({"turns": [turn]})).background(true);
    let queued = runs.create(request).await.expect("a run");

    let reason = RunCancelRequest::new().reason("enough");
    let cancelled = runs.cancel(&queued.run.id, Some(reason)).await;
    let stream = runs.events(&queued.run.id, runs::EventsParams::new()).await;
    let (_, last) = read(stream.expect("a stream")).await.expect("a whole run");

    assert_eq!(cancelled.expect("a run").id, queued.run.id);
    let Some(RunStreamEvent::RunComplete(complete)) = last else {
        panic!("not the end: {last:?}");
    };
    assert_eq!(complete.result.stop_reason.as_str(), "cancelled");
}

/// A filter finds the runs of a session, over as many pages as they take.
#[tokio::test]
async fn runs_are_listed() {
    let runs = client().runs();
    let session = unique("session");
    for _ in 0..3 {
        let request = scripted_run(json!("text")).session_id(session.clone());
        runs.create(request).await.expect("a run");
    }

    let params = runs::ListParams::new().session_id(session).limit(2);
    let mut items = runs.list(params).items();
    let mut found = 0;
    while let Some(run) = items.next().await {
        run.expect("a run");
        found += 1;
    }

    assert_eq!(found, 3);
}

/// A model's id has a slash, in its path too.
#[tokio::test]
async fn models_are_listed_and_read() {
    let resource = client().models();

    let listed = resource
        .list(models::ListParams::new())
        .await
        .expect("models");
    let model = resource.get("mock/script").await.expect("a model");

    assert!(listed.data.iter().any(|each| each.id == model.id));
}

/// The cheaper model is recommended, and what it costs is exact.
#[tokio::test]
async fn models_are_recommended_and_tokens_priced() {
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
#[tokio::test]
async fn a_provider_is_set_and_taken_away() {
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
#[tokio::test]
async fn health_needs_no_key() {
    let url = &Gateway::shared().url;
    let health = Client::builder()
        .base_url(url)
        .build()
        .expect("a client")
        .health();

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

/// A project is made, found, changed and deleted; then it is gone.
#[tokio::test]
async fn a_project_lives_and_dies() {
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
    let params = admin_projects::DeleteParams::new();
    projects.delete(&made.id, params).await.expect("a deletion");
    let gone = projects.get(&made.id).await.expect_err("nothing");

    assert_eq!((&changed.name, &read), (&name, &changed));
    assert!(listed);
    assert_eq!(gone.kind(), ErrorKind::NotFound);
}

/// A key's secret opens the gateway until it is rotated, and none does once it is revoked.
#[tokio::test]
async fn a_key_lives_and_dies() {
    let keys = client().admin().keys();
    let project = project(&client()).await;
    let request = KeyCreateRequest::new("key", project.id);
    let opens = |secret: String| async move {
        let builder = Client::builder().base_url(&Gateway::shared().url);
        let client = builder.api_key(secret).build().expect("a client");
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
#[tokio::test]
async fn keys_are_listed() {
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

/// What is refused says why: no key, a key of the wrong kind, a bad request.
#[tokio::test]
async fn refusals_say_why() {
    let url = &Gateway::shared().url;
    let stranger = Client::builder().base_url(url).build().expect("a client");
    let request = || MessageRequest::new("mock/echo", hello());

    let keyless = stranger.messages().create(request()).await;
    let unknown = client()
        .messages()
        .create(MessageRequest::new("no/such", hello()))
        .await;
    let bad = client().messages().create(request().max_tokens(-1)).await;

    assert_eq!(keyless.expect_err("a refusal").code(), Some("key_missing"));
    assert_eq!(unknown.expect_err("a refusal").kind(), ErrorKind::NotFound);
    let bad = bad.expect_err("a refusal");
    assert_eq!(
        (bad.kind(), bad.param()),
        (ErrorKind::BadRequest, Some("max_tokens"))
    );
}

/// A call repeated with its key is answered with what the first one made.
#[tokio::test]
async fn a_repeated_call_is_answered_once() {
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

/// A stream that is left is left by the gateway's run as well: it can be followed later.
#[tokio::test]
async fn a_run_outlives_its_reader() {
    let turn = json!({"text": "One two three four five six.", "chunk": 2, "delay_ms": 20});
    let call = client()
        .runs()
        .stream(scripted_run(json!({"turns": [turn]})));
    let mut stream = call.await.expect("a stream");
    let first = stream.next().await.expect("one").expect("an event");
    let RunStreamEvent::RunStart(start) = first else {
        panic!("not a start: {first:?}");
    };
    stream.close();

    let params = runs::EventsParams::new().starting_after(1);
    let call = client().runs().events(&start.run_id, params);
    let rest = tokio::time::timeout(Duration::from_secs(20), read(call.await.expect("a stream")));
    let (_, last) = rest.await.expect("no hang").expect("the rest");

    assert!(matches!(last, Some(RunStreamEvent::RunComplete(_))));
}

/// A completion without what is another's each time.
fn without_ids(completion: &ChatCompletion) -> Value {
    let mut value = serde_json::to_value(completion).expect("JSON");
    value["id"] = Value::Null;
    value["created"] = Value::Null;
    for choice in value["choices"].as_array_mut().expect("choices") {
        let calls = choice["message"].get_mut("tool_calls");
        for call in calls.and_then(Value::as_array_mut).into_iter().flatten() {
            call["id"] = Value::Null;
        }
    }
    value
}

#[tokio::test]
async fn the_chunks_of_a_chat_add_up_to_its_answer() {
    let completions = client().chat().completions();
    for name in ["text", "tools", "thinking"] {
        let messages = vec![ChatUserMessageParam::new("Hello").into()];
        let mut request = ChatCompletionRequest::new("mock/script", messages);
        request.metadata = Some(Some(script(json!(name))));
        request.n = Some(Some(2));
        let whole = completions.create(request.clone()).await.expect("a chat");
        request.stream_options = Some(Some(ChatStreamOptions::new().include_usage(true)));
        let stream = completions.stream(request).await.expect("a stream");
        let added = stream.collect_final().await.expect("a chat");

        assert_eq!(without_ids(&added), without_ids(&whole));
    }
}

#[tokio::test]
async fn the_vectors_of_an_answer_are_the_same_in_both_encodings() {
    let texts = vec!["one text".to_owned(), "another".to_owned()];
    let mut request = EmbeddingRequest::new("mock/embed", texts);
    let plain = client().embeddings().create(request.clone()).await;
    request.encoding_format = Some(EmbeddingEncoding::Base64);
    let packed = client().embeddings().create(request).await;

    let plain = vectors::vectors_of(&plain.expect("an answer")).expect("numbers");
    let packed = vectors::vectors_of(&packed.expect("an answer")).expect("numbers");
    let rounded = |vector: &Vec<f64>| vector.iter().map(|x| *x as f32).collect::<Vec<_>>();
    assert_eq!(
        packed.iter().map(rounded).collect::<Vec<_>>(),
        plain.iter().map(rounded).collect::<Vec<_>>()
    );
    let metric = vectors::Metric::default();
    let found = vectors::find_most_similar(&plain[1], &plain, metric, Some(1));
    assert_eq!(found.expect("a match")[0].index, 1);
}
