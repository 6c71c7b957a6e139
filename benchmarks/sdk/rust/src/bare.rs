//! What serde_json does by itself: the same events into plain structs, no fields kept
//! that the structs do not name, frames cut at the blank line and nothing else.

#![allow(dead_code)] // What is decoded is measured, not looked at.

use serde::Deserialize;

#[derive(Deserialize)]
pub struct Chunk {
    pub id: String,
    pub object: String,
    pub created: i64,
    pub model: String,
    pub service_tier: Option<String>,
    pub system_fingerprint: Option<String>,
    pub choices: Vec<Choice>,
}

#[derive(Deserialize)]
pub struct Choice {
    pub index: i64,
    pub delta: ChunkDelta,
    pub finish_reason: Option<String>,
}

#[derive(Deserialize)]
pub struct ChunkDelta {
    pub role: Option<String>,
    pub content: Option<String>,
}

#[derive(Deserialize)]
pub struct BlockDelta {
    pub index: i64,
    pub delta: TextDelta,
}

#[derive(Deserialize)]
pub struct TextDelta {
    pub r#type: String,
    pub text: String,
}

/// The names and data of a body's frames.
pub fn frames(body: &str) -> impl Iterator<Item = (&str, &str)> {
    body.split_terminator("\n\n").map(|block| {
        let (head, data) = block.rsplit_once('\n').unwrap_or(("", block));
        let name = head.strip_prefix("event: ").unwrap_or_default();
        (name, data.strip_prefix("data: ").unwrap_or_default())
    })
}
