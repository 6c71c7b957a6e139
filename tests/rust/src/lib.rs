//! Holds the tests of the generated Rust SDK; see `tests/`.
