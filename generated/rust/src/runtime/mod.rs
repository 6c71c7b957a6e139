//! Part of the generated SDK's fixed runtime: everything that no specification changes.
//!
//! The crate's root names what callers need. The rest is reachable only because the
//! generated modules use it, and may change at any time.

pub mod assembly;
mod base64;
mod body;
pub mod call;
pub mod cancel;
pub mod config;
pub mod content;
pub mod declared;
pub mod deltas;
mod environment;
pub mod error;
pub mod fold;
pub mod interceptors;
pub mod logging;
mod numbers;
#[cfg(feature = "otel")]
pub mod otel;
pub mod page;
pub mod parameters;
pub mod partial_json;
pub mod passing;
mod payload;
pub mod pending;
mod progress;
pub mod records;
pub mod redaction;
pub mod request;
pub mod response;
pub mod retry;
pub mod scopes;
mod servers;
pub mod shape;
pub mod sse;
pub mod stats;
pub mod stream;
pub mod sum;
pub mod tagged;
pub mod throttle;
pub mod tokens;
pub mod transport;
pub mod tuple;
pub mod upload;
pub mod vectors;
pub mod wait;
#[cfg(feature = "webhooks")]
pub mod webhooks;
