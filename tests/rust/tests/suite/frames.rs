//! The event-stream decoder against `spec/vectors/sse`.

use std::collections::BTreeSet;

use headgate_sdk::sse::{Decoder, LimitExceeded, Limits};
use serde::Deserialize;

use super::vectors::{self, decode_base64};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VectorFile {
    class: String,
    #[serde(rename = "about")]
    _about: String,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    name: String,
    input: Option<String>,
    input_base64: Option<String>,
    input_parts: Option<Parts>,
    limits: Option<VectorLimits>,
    events: Vec<VectorEvent>,
    last_event_id: String,
    retry: Option<u64>,
    error: Option<String>,
    #[serde(rename = "note")]
    _note: Option<String>,
}

type Parts = Vec<(String, usize)>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VectorLimits {
    line: Option<usize>,
    event: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VectorEvent {
    event: String,
    data: Option<String>,
    data_parts: Option<Parts>,
    id: Option<String>,
    id_parts: Option<Parts>,
    times: Option<usize>,
}

#[derive(Debug, PartialEq)]
struct Outcome {
    events: Vec<(String, String, String)>,
    last_event_id: String,
    retry: Option<u64>,
    error: Option<String>,
}

impl Vector {
    fn bytes(&self) -> Vec<u8> {
        match (&self.input, &self.input_base64, &self.input_parts) {
            (Some(text), None, None) => text.clone().into_bytes(),
            (None, Some(text), None) => decode_base64(text),
            (None, None, Some(parts)) => join(parts).into_bytes(),
            _ => panic!("{} has not exactly one input", self.name),
        }
    }

    fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        if let Some(own) = &self.limits {
            limits.line = own.line.unwrap_or(limits.line);
            limits.event = own.event.unwrap_or(limits.event);
        }
        limits
    }

    fn expected(&self) -> Outcome {
        let mut events = Vec::new();
        for event in &self.events {
            let data = text(&event.data, &event.data_parts);
            let id = text(&event.id, &event.id_parts);
            for _ in 0..event.times.unwrap_or(1) {
                events.push((event.event.clone(), data.clone(), id.clone()));
            }
        }
        Outcome {
            events,
            last_event_id: self.last_event_id.clone(),
            retry: self.retry,
            error: self.error.clone(),
        }
    }
}

fn text(whole: &Option<String>, parts: &Option<Parts>) -> String {
    parts
        .as_ref()
        .map_or_else(|| whole.clone().unwrap_or_default(), join)
}

fn join(parts: &Parts) -> String {
    parts
        .iter()
        .map(|(text, times)| text.repeat(*times))
        .collect()
}

fn decode<'a>(limits: Limits, chunks: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut decoder = Decoder::new(limits);
    let mut events = Vec::new();
    let mut error = None;
    'chunks: for chunk in chunks {
        decoder.feed(chunk);
        loop {
            match decoder.next_frame() {
                Ok(Some(frame)) => events.push((
                    frame.event.into_owned(),
                    frame.data.into_owned(),
                    frame.last_event_id.to_owned(),
                )),
                Ok(None) => break,
                Err(limit) => {
                    error = Some(error_name(limit).to_owned());
                    break 'chunks;
                }
            }
        }
    }
    Outcome {
        events,
        last_event_id: decoder.last_event_id().to_owned(),
        retry: decoder.retry(),
        error,
    }
}

fn error_name(limit: LimitExceeded) -> &'static str {
    match limit {
        LimitExceeded::Line(_) => "line-too-long",
        LimitExceeded::Event(_) => "event-too-long",
        _ => panic!("a limit that the vectors do not name"),
    }
}

/// Each vector comes out the same whole, by 1, 2 and 3 bytes, and cut anywhere.
#[test]
fn vectors_decode_alike_however_they_arrive() {
    let mut classes = BTreeSet::new();
    for file in vectors::read("sse") {
        let file: VectorFile = serde_json::from_value(file.whole).expect("a file of vectors");
        for vector in &file.vectors {
            replay(vector, &format!("{}/{}", file.class, vector.name));
        }
        classes.insert(file.class);
    }

    assert!(classes.len() >= 13, "only {classes:?}");
}

fn replay(vector: &Vector, name: &str) {
    let (bytes, limits, expected) = (vector.bytes(), vector.limits(), vector.expected());
    assert_eq!(decode(limits, [&bytes[..]]), expected, "{name}, whole");
    for size in 1..=3 {
        let outcome = decode(limits, bytes.chunks(size));
        assert_eq!(outcome, expected, "{name}, by {size}");
    }
    let step = if bytes.len() > 2048 { 997 } else { 1 };
    for cut in (0..=bytes.len()).step_by(step) {
        let (before, after) = bytes.split_at(cut);
        let outcome = decode(limits, [before, &[], after]);
        assert_eq!(outcome, expected, "{name}, cut at {cut}");
    }
}

/// A decoder that has given up yields nothing more.
#[test]
fn nothing_follows_a_limit() {
    let limits = Limits { line: 4, event: 4 };
    let mut decoder = Decoder::new(limits);

    decoder.feed(b"data: long\n\ndata\n\n");
    let first = decoder.next_frame().map(|_| ());
    let second = decoder.next_frame().map(|_| ());

    assert_eq!(first, Err(LimitExceeded::Line(4)));
    assert_eq!(second, first);
}
