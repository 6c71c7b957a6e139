//! What the tests of the generated Rust SDK share; the tests are in `tests/`.

pub mod server;
