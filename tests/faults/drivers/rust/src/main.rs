//! Drives the generated Rust SDK through cases of the fault server:
//! `headgate-faults URL FIRST LAST WORKERS`. What was seen goes to the server; what was
//! left open is printed.

use std::collections::VecDeque;
use std::error::Error as StdError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use headgate_sdk::resources::runs::EventsParams;
use headgate_sdk::runtime::stream::StreamKind;
use headgate_sdk::types::{MessageRequest, RunRequest};
use headgate_sdk::{
    Attempt, Call, Client, Error, EventStream, Failure, Interceptor, RetryPolicy, TimeLimit,
    Timeouts,
};
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};
use sha2::{Digest, Sha256};

type Anything = Box<dyn StdError + Send + Sync>;
type Queue = Arc<Mutex<VecDeque<Case>>>;

const WATCHDOG: Duration = Duration::from_secs(60);
const BATCH: usize = 100;

#[derive(Clone, Deserialize)]
struct Case {
    case: u64,
    operation: String,
    run_id: String,
    starting_after: Option<i64>,
    leave_after: Option<u64>,
    pause: Option<(u64, f64)>,
    timeouts: Limits,
}

#[derive(Clone, Copy, Deserialize)]
struct Limits {
    connect: f64,
    first_byte: f64,
    idle: f64,
    total: f64,
}

impl Limits {
    fn set(self) -> Timeouts {
        Timeouts::default()
            .connect(Duration::from_secs_f64(self.connect))
            .first_byte(Duration::from_secs_f64(self.first_byte))
            .idle(Duration::from_secs_f64(self.idle))
            .total(Duration::from_secs_f64(self.total))
    }
}

/// How a case ended.
enum Ending {
    Complete,
    Left,
    Hung,
    Failed(Error),
}

/// How many events a caller has been given, said in each of its requests.
#[derive(Clone, Default)]
struct Delivered(Arc<AtomicU64>);

impl Delivered {
    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Counts one more, and gives its place.
    fn one(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }
}

impl Interceptor for Delivered {
    fn before_request(&self, attempt: &mut Attempt) -> Result<(), Anything> {
        let count = self.get().into();
        attempt.headers.insert("x-fault-delivered", count);
        Ok(())
    }
}

/// What arrives of one case.
#[derive(Default)]
struct Seen {
    count: Delivered,
    ranges: Vec<[u64; 2]>,
    digest: Sha256,
}

impl Seen {
    fn take(&mut self, event: &Value) {
        if event["type"] == "ping" {
            return;
        }
        let count = self.count.one();
        let inner = match &event["event"] {
            Value::Null => event,
            inner => inner,
        };
        let delta = &inner["delta"];
        let text = ["text", "thinking", "partial_json"]
            .iter()
            .find_map(|name| delta[name].as_str())
            .unwrap_or_default();
        let number = event["sequence_number"].as_u64();
        let shown = number.map_or_else(|| "-".to_owned(), |number| number.to_string());
        let name = event["type"].as_str().unwrap_or_default();
        self.digest.update(format!("{shown}:{name}:{text}\n"));
        self.extend(number.unwrap_or(count));
    }

    fn extend(&mut self, number: u64) {
        match self.ranges.last_mut() {
            Some(last) if last[1] + 1 == number => last[1] = number,
            _ => self.ranges.push([number, number]),
        }
    }

    fn result(self, case: u64, ending: &Ending) -> Value {
        let digest: String = self.digest.finalize()[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let mut told = json!({
            "case": case,
            "ranges": self.ranges,
            "digest": digest,
            "ending": name_of(ending),
        });
        if let Ending::Failed(error) = ending {
            told["message"] = json!(error.to_string());
            told["last_event_id"] = json!(error.last_event_id());
            told["events_seen"] = json!(error.events_seen());
            if let Failure::Timeout(limit) = error.failure() {
                told["phase"] = json!(phase(*limit));
            }
        }
        told
    }
}

/// The name that the error has in the languages with classes.
fn name_of(ending: &Ending) -> String {
    let error = match ending {
        Ending::Complete => return "complete".to_owned(),
        Ending::Left => return "left".to_owned(),
        Ending::Hung => return "hung".to_owned(),
        Ending::Failed(error) => error,
    };
    let kind = format!("{:?}", error.kind());
    match kind.as_str() {
        "Api" => "APIError".to_owned(),
        "ApiConnection" => "APIConnectionError".to_owned(),
        "ApiTimeout" => "APITimeoutError".to_owned(),
        _ => format!("{kind}Error"),
    }
}

fn phase(limit: TimeLimit) -> &'static str {
    match limit {
        TimeLimit::Connect => "connect",
        TimeLimit::FirstByte => "first_byte",
        TimeLimit::Idle => "idle",
        TimeLimit::Total => "total",
        _ => "another",
    }
}

async fn play(client: &Client, case: &Case) -> Value {
    let mut seen = Seen::default();
    let reading = read(client, case, &mut seen);
    let ending = match tokio::time::timeout(WATCHDOG, reading).await {
        Ok(Ok(ending)) => ending,
        Ok(Err(error)) => Ending::Failed(error),
        Err(_) => Ending::Hung,
    };
    seen.result(case.case, &ending)
}

async fn read(client: &Client, case: &Case, seen: &mut Seen) -> Result<Ending, Error> {
    let message = json!({
        "model": "mock/script",
        "messages": [{"role": "user", "content": "Say something."}],
        "max_tokens": 100,
    });
    match case.operation.as_str() {
        "runs.events" => {
            let mut params = EventsParams::new();
            if let Some(number) = case.starting_after {
                params = params.starting_after(number);
            }
            let call = client.runs().events(&case.run_id, params);
            drain(prepared(call, case, seen).await?, case, seen).await
        }
        "runs.stream" => {
            let body: RunRequest = typed(json!({ "request": message }));
            drain(
                prepared(client.runs().stream(body), case, seen).await?,
                case,
                seen,
            )
            .await
        }
        _ => {
            let body: MessageRequest = typed(message);
            let call = client.messages().stream(body);
            drain(prepared(call, case, seen).await?, case, seen).await
        }
    }
}

fn typed<T: for<'de> Deserialize<'de>>(value: Value) -> T {
    serde_json::from_value(value).expect("the request is one of the API's")
}

fn prepared<R, W>(call: Call<R, W>, case: &Case, seen: &Seen) -> Call<R, W>
where
    R: headgate_sdk::runtime::call::Reply,
{
    call.header("X-Fault-Case", case.case.to_string())
        .timeouts(case.timeouts.set())
        .interceptor(seen.count.clone())
}

async fn drain<K>(mut stream: EventStream<K>, case: &Case, seen: &mut Seen) -> Result<Ending, Error>
where
    K: StreamKind,
    K::Event: Serialize,
{
    pause(case, seen).await;
    while let Some(event) = stream.next().await {
        let event = serde_json::to_value(event?).expect("events are JSON");
        seen.take(&event);
        if Some(seen.count.get()) == case.leave_after {
            return Ok(Ending::Left);
        }
        pause(case, seen).await;
    }
    Ok(Ending::Complete)
}

async fn pause(case: &Case, seen: &Seen) {
    match case.pause {
        Some((after, seconds)) if after == seen.count.get() => {
            tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
        }
        _ => {}
    }
}

/// Takes cases from the server, plays them, and reports in batches.
struct Campaign {
    url: String,
    client: Client,
    server: reqwest::Client,
    results: Mutex<Vec<Value>>,
}

impl Campaign {
    fn new(url: &str) -> Result<Self, Anything> {
        let quick = Duration::from_millis(2);
        let mut policy = RetryPolicy::default();
        policy.base = quick;
        policy.throttled_base = quick;
        policy.cap = 5 * quick;
        policy.quota = u32::MAX;
        let client = Client::builder().base_url(url).api_key("key").retry(policy);
        Ok(Self {
            url: url.to_owned(),
            client: client.build()?,
            server: reqwest::Client::builder()
                .pool_max_idle_per_host(0)
                .build()?,
            results: Mutex::default(),
        })
    }

    async fn get(&self, path: &str) -> Result<String, Anything> {
        let answer = self
            .server
            .get(format!("{}{path}", self.url))
            .send()
            .await?;
        Ok(answer.text().await?)
    }

    async fn cases(&self, first: u64, last: u64) -> Result<Queue, Anything> {
        let text = self
            .get(&format!("/faults/cases?from={first}&to={last}"))
            .await?;
        let cases: Result<_, _> = text.lines().map(serde_json::from_str).collect();
        Ok(Arc::new(Mutex::new(cases?)))
    }

    async fn work(self: Arc<Self>, queue: Queue) -> Result<(), Anything> {
        while let Some(case) = next(&queue) {
            let result = play(&self.client, &case).await;
            self.results.lock().expect("no holder panics").push(result);
            self.report(BATCH).await?;
        }
        Ok(())
    }

    async fn report(&self, least: usize) -> Result<(), Anything> {
        let lines = {
            let mut results = self.results.lock().expect("no holder panics");
            if results.len() < least {
                return Ok(());
            }
            let lines: Vec<String> = results.drain(..).map(|value| value.to_string()).collect();
            lines.join("\n")
        };
        let results = format!("{}/faults/results", self.url);
        self.server.post(results).body(lines).send().await?;
        Ok(())
    }
}

fn next(queue: &Queue) -> Option<Case> {
    queue.lock().expect("no holder panics").pop_front()
}

/// How many sockets this process holds.
fn open_sockets() -> usize {
    let Ok(names) = std::fs::read_dir("/proc/self/fd") else {
        return 0;
    };
    names
        .filter_map(|name| std::fs::read_link(name.ok()?.path()).ok())
        .filter(|target| target.to_string_lossy().starts_with("socket:"))
        .count()
}

async fn run(url: &str, first: u64, last: u64, workers: u64) -> Result<Value, Anything> {
    let before = open_sockets();
    let campaign = Arc::new(Campaign::new(url)?);
    for start in (first..last).step_by(1000) {
        let queue = campaign.cases(start, last.min(start + 1000)).await?;
        let work: Vec<_> = (0..workers)
            .map(|_| tokio::spawn(Arc::clone(&campaign).work(Arc::clone(&queue))))
            .collect();
        for worker in work {
            worker.await??;
        }
    }
    campaign.report(1).await?;
    let settled: Value = serde_json::from_str(&campaign.get("/faults/settled").await?)?;
    drop(campaign);
    for _ in 0..50 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        if open_sockets() == before && alive() == 0 {
            break;
        }
    }
    Ok(json!({
        "serving": settled["serving"],
        "sockets": open_sockets() - before,
        "tasks": alive(),
    }))
}

fn alive() -> usize {
    tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Anything> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, first, last, workers] = &arguments[..] else {
        return Err("URL FIRST LAST WORKERS".into());
    };
    let left = run(url, first.parse()?, last.parse()?, workers.parse()?).await?;
    println!("{left}");
    Ok(())
}
