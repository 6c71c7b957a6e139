//! The generated Rust SDK against shared vectors and servers that misbehave.

mod calls;
mod configuration;
mod error_vectors;
mod errors;
mod folding_vectors;
mod frames;
mod pages;
mod resume_vectors;
mod retries;
mod retry_vectors;
mod server;
mod streams;
mod types;
mod vectors;
