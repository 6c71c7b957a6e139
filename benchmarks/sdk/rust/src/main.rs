//! `decode CHAT MESSAGE EVENTS`: CPU a streamed event, no network.
//!
//! CHAT and MESSAGE are files with the bytes of EVENTS events each. Prints a JSON object
//! of the microseconds of each repeat by who decoded what; the readers take turns.

mod bare;

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::hint::black_box;

use async_openai::types::chat::CreateChatCompletionStreamResponse;
use cpu_time::ProcessTime;
use headgate_bench_chat::streams::CompletionKind;
use headgate_sdk::streams::MessageKind;

const PIECE: usize = 16 * 1024;
const PASSES: usize = 20;
const REPEATS: usize = 7;
const SENTINEL: &str = "[DONE]";

/// Reads a body through an SDK's frame decoder, its event types and its fold.
macro_rules! through_sdk {
    ($sdk:ident, $kind:ty, $body:expr) => {{
        use $sdk::runtime::fold::Fold;
        use $sdk::runtime::stream::StreamKind;
        let mut decoder = $sdk::sse::Decoder::default();
        let mut fold = <$kind as StreamKind>::Fold::default();
        let mut seen = 0;
        for piece in $body.as_bytes().chunks(PIECE) {
            decoder.feed(piece);
            while let Some(frame) = decoder.next_frame().expect("within the limits") {
                if Some(&*frame.data) == <$kind>::DESCRIPTOR.sentinel {
                    continue;
                }
                let event = <$kind>::decode(Some(&frame.event), &frame.data).expect("typed");
                black_box(<$kind>::name(&event));
                fold.push(&event);
                black_box(event);
                seen += 1;
            }
        }
        black_box(fold);
        seen
    }};
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [chat, message, events] = &arguments[..] else {
        panic!("three arguments: CHAT MESSAGE EVENTS");
    };
    let chat = fs::read_to_string(chat).expect("a file");
    let message = fs::read_to_string(message).expect("a file");
    let events: usize = events.parse().expect("a number");
    let readers: [(&str, &dyn Fn() -> usize); 5] = [
        ("headgate-chat", &|| {
            through_sdk!(headgate_bench_chat, CompletionKind, chat)
        }),
        ("headgate-messages", &|| {
            through_sdk!(headgate_sdk, MessageKind, message)
        }),
        ("serde_json-chat", &|| bare_chat(&chat)),
        ("serde_json-messages", &|| bare_messages(&message)),
        ("async-openai", &|| async_openai(&chat)),
    ];
    let mut times: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for round in 0..=REPEATS {
        for (name, read) in readers {
            let microseconds = microseconds(read, events);
            if round > 0 {
                times.entry(name).or_default().push(microseconds);
            }
        }
    }
    println!("{}", serde_json::to_string(&times).expect("JSON"));
}

fn microseconds(read: &dyn Fn() -> usize, events: usize) -> f64 {
    let start = ProcessTime::now();
    for _ in 0..PASSES {
        assert!(read() >= events, "an event is missing");
    }
    start.elapsed().as_secs_f64() * 1e6 / (PASSES * events) as f64
}

fn bare_chat(body: &str) -> usize {
    let data = bare::frames(body).map(|(_, data)| data);
    data.filter(|data| *data != SENTINEL)
        .map(|data| black_box(serde_json::from_str::<bare::Chunk>(data).expect("typed")))
        .count()
}

fn bare_messages(body: &str) -> usize {
    bare::frames(body)
        .map(|(name, data)| {
            if name == "content_block_delta" {
                black_box(serde_json::from_str::<bare::BlockDelta>(data).expect("typed"));
            }
        })
        .count()
}

/// The vendor crate's types, its frames cut for nothing.
fn async_openai(body: &str) -> usize {
    let data = bare::frames(body).map(|(_, data)| data);
    data.filter(|data| *data != SENTINEL)
        .map(|data| serde_json::from_str::<CreateChatCompletionStreamResponse>(data))
        .map(|chunk| black_box(chunk.expect("typed")))
        .count()
}
