//! A server whose connections are played from a vector, and a network that fails by it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use headgate_sdk_tests::server::{Connection, Received};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use serde_json::{json, Value};

use super::vectors::{self, joined, list, recording, text};

/// The connections to come: the resolver takes those that fail, the server the others.
pub struct Script {
    pub connections: Vec<Value>,
    pub recording: String,
    pub next: AtomicUsize,
    pub seen: Mutex<Vec<Option<Received>>>,
}

impl Script {
    fn connection(&self, number: usize) -> Option<&Value> {
        self.connections.get(number)
    }
}

/// Finds the server, unless the script says that it cannot be reached now.
pub struct Resolver(pub Arc<Script>);

impl Resolve for Resolver {
    fn resolve(&self, _name: Name) -> Resolving {
        let number = self.0.next.load(Ordering::SeqCst);
        let fails = self
            .0
            .connection(number)
            .map(|connection| connection["fails"].clone());
        let fails = fails.unwrap_or_default();
        if matches!(
            fails.as_str(),
            Some("connect" | "timeout_connect" | "timeout_total")
        ) {
            self.0.next.fetch_add(1, Ordering::SeqCst);
            self.0.seen.lock().expect("no panic").push(None);
        }
        Box::pin(async move {
            match fails.as_str() {
                Some("connect") => return Err("unreachable".into()),
                Some("timeout_connect" | "timeout_total") => std::future::pending().await,
                _ => {}
            }
            let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
            Ok(Box::new(std::iter::once(address)) as Addrs)
        })
    }
}

pub fn answer(script: &Script, request: &Received, connection: &mut Connection) {
    let number = script.next.fetch_add(1, Ordering::SeqCst);
    script
        .seen
        .lock()
        .expect("no panic")
        .push(Some(request.clone()));
    let Some(planned) = script.connection(number) else {
        return;
    };
    match planned["fails"].as_str() {
        None => {}
        Some("reset_before_first_byte") => return,
        Some("timeout_first_byte") => return connection.wait_for_close(),
        Some(other) => panic!("unknown failure {other}"),
    }
    let own = vectors::headers(&planned["headers"]);
    let mut lines: String = own
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let status = planned["status"].as_u64().expect("a status") as u16;
    if planned.get("frames").is_none() {
        let body = match planned.get("json") {
            Some(value) => value.to_string(),
            None => text(&planned["body"]).unwrap_or_default(),
        };
        return connection.respond(status, &lines, &body);
    }
    if !own
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("content-type"))
    {
        lines.push_str("Content-Type: text/event-stream\r\n");
    }
    connection.send(format!(
        "HTTP/1.1 200 OK\r\n{lines}X-Request-ID: req_1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    ));
    let played = text(&planned["recording"]).unwrap_or_else(|| script.recording.clone());
    for frame in list(&planned["frames"]) {
        let bytes = frame_bytes(frame, &played);
        if !bytes.is_empty() {
            connection.chunk(&bytes);
        }
    }
    match planned["ends"].as_str() {
        Some("clean") => connection.end(),
        Some("short") => {}
        // A chunk that is shorter than announced: the break comes after all frames.
        Some("reset") => connection.send("ff\r\n: half"),
        Some("idle" | "total") => connection.wait_for_close(),
        other => panic!("unknown end {other:?}"),
    }
}

fn frame_bytes(frame: &Value, played: &str) -> String {
    if let Some(raw) = frame["raw"].as_str() {
        return raw.to_owned();
    }
    if let Some(parts) = frame.get("raw_parts") {
        return joined(parts);
    }
    if let Some(number) = frame.as_u64() {
        return recorded(played, number, None);
    }
    if let Some(other) = frame["of"].as_str() {
        return recorded(other, frame["frame"].as_u64().expect("a number"), None);
    }
    if let Some(number) = frame["edited"].as_u64() {
        return recorded(played, number, Some(frame));
    }
    let bytes = frame["bytes"].as_i64().expect("a number");
    let cut = |whole: &str| {
        if bytes < 0 {
            whole.len() - bytes.unsigned_abs() as usize
        } else {
            bytes as usize
        }
    };
    if let Some(number) = frame["cut"].as_u64() {
        let whole = recorded(played, number, None);
        return whole[..cut(&whole)].to_owned();
    }
    let whole = recorded(played, frame["rest"].as_u64().expect("a number"), None);
    whole[cut(&whole)..].to_owned()
}

/// Writes a frame of a recording, edited if wanted.
fn recorded(name: &str, number: u64, edits: Option<&Value>) -> String {
    let recording = recording(name);
    let frame = &recording["frames"][number as usize - 1];
    let none = json!({});
    let edits = edits.unwrap_or(&none);
    let event = text(edits.get("event").unwrap_or(&frame["event"])).expect("a name");
    let id = text(edits.get("id").unwrap_or(&frame["id"]));
    let mut data = text(&frame["data"]).expect("data");
    if let Some(set) = edits.get("set").and_then(Value::as_object) {
        let mut fields: Value = serde_json::from_str(&data).expect("JSON");
        fields
            .as_object_mut()
            .expect("an object")
            .extend(set.clone());
        data = fields.to_string();
    }
    let id = id.map_or(String::new(), |id| format!("id: {id}\n"));
    format!("event: {event}\n{id}data: {data}\n\n")
}
