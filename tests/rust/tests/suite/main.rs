//! The generated Rust SDK against shared vectors and servers that misbehave.

mod calls;
mod configuration;
mod errors;
mod frames;
mod pages;
mod retries;
mod server;
mod streams;
mod types;
