//! The decoder gives what each vector states, whole and byte by byte.

#[path = "../src/runtime/sse.rs"]
#[allow(dead_code, reason = "the crate uses more of the decoder than a test")]
mod sse;

use serde_json::Value;

fn decoded(chunks: &[&[u8]]) -> Value {
    let mut decoder = sse::Decoder::new(sse::Limits::default());
    let mut events = Vec::new();
    for chunk in chunks {
        decoder.feed(chunk);
        while let Some(frame) = decoder.next_frame().expect("no vector hits a limit") {
            events.push(serde_json::json!([
                frame.event,
                frame.data,
                frame.last_event_id
            ]));
        }
    }
    Value::Array(events)
}

fn bytes(base64: &str) -> Vec<u8> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut found = Vec::new();
    let (mut held, mut bits) = (0_u32, 0);
    for digit in base64.bytes().filter(|digit| *digit != b'=') {
        let value = alphabet.iter().position(|known| *known == digit);
        let value = value.expect("base64 digit");
        held = (held << 6) | u32::try_from(value).expect("below 64");
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            found.push(u8::try_from((held >> bits) & 0xFF).expect("one byte"));
        }
    }
    found
}

#[test]
fn vectors() {
    let vectors: Value =
        serde_json::from_str(include_str!("vectors/sse.json")).expect("vectors are JSON");
    for vector in vectors.as_array().expect("a list of vectors") {
        let body = bytes(vector["body"].as_str().expect("a body"));
        assert_eq!(decoded(&[&body]), vector["events"], "{}", vector["name"]);
        let cut: Vec<&[u8]> = body.chunks(1).collect();
        assert_eq!(decoded(&cut), vector["events"], "{}", vector["name"]);
    }
}
