//! The generated Rust SDK against shared vectors and servers that misbehave.

mod calls;
mod cancelling;
mod chat;
mod embeddings;
mod error_vectors;
mod errors;
mod folding_vectors;
mod frames;
mod header_vectors;
mod helpers;
mod observing;
mod pages;
mod paging_vectors;
mod partial_json;
mod reattachment_vectors;
mod redaction_vectors;
mod resume_vectors;
mod retries;
mod retry_vectors;
mod samples;
mod scripted;
mod shapes;
mod streams;
mod surface;
mod types;
mod vectors;
