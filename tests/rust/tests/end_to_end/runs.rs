//! Runs: carried out, streamed, followed, cut and cancelled.

use std::time::Duration;

use headgate_sdk::resources::runs;
use headgate_sdk::streams::RunStream;
use headgate_sdk::types::{RunCancelRequest, RunStreamEvent};
use headgate_sdk::Error;
use serde_json::json;

use super::gateway::client;
use super::samples::{scripted_run, unique};

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

/// A tool-using run gives its result, and is there to be read afterwards.
pub async fn a_run_is_carried_out() {
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
pub async fn a_streamed_run_comes_to_its_end() {
    let call = client().runs().stream(scripted_run(json!("research")));

    let (numbers, last) = read(call.await.expect("a stream"))
        .await
        .expect("a whole run");

    assert_eq!(numbers, counted(&numbers));
    assert!(matches!(last, Some(RunStreamEvent::RunComplete(_))));
}

/// A run's final object is its result.
pub async fn a_streamed_run_gives_its_result() {
    let call = client().runs().stream(scripted_run(json!("research")));

    let result = call.await.expect("a stream").collect_final().await;

    assert_eq!(result.expect("a result").tool_call_count, 2);
}

/// The server cuts the connection twice, and each event still comes once.
pub async fn a_stream_survives_two_cuts() {
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

/// A reader that comes later goes on where another left.
pub async fn a_run_is_followed_from_a_cursor() {
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
pub async fn a_run_is_read_as_far_as_it_is() {
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
pub async fn a_run_is_cancelled() {
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
pub async fn runs_are_listed() {
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

/// A stream that is left is left by the gateway's run as well: it can be followed later.
pub async fn a_run_outlives_its_reader() {
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
