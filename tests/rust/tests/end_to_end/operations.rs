//! Which operations of the specification the tests have called.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Mutex;

use headgate_sdk::{Attempt, Interceptor, Seen};
use serde_json::Value;

static CALLS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Writes down every request, as `METHOD /path`.
pub struct Recorder;

impl Interceptor for Recorder {
    fn before_request(&self, attempt: &mut Attempt) -> Seen {
        let call = format!("{} {}", attempt.method, attempt.url.path());
        CALLS.lock().expect("no panic").insert(call);
        Ok(())
    }
}

struct Declared {
    id: String,
    /// The method and the path's segments; one with a parameter is any.
    pattern: Vec<Option<String>>,
}

impl Declared {
    fn new(method: &str, path: &str, operation: &Value) -> Self {
        let pattern = format!("{} {path}", method.to_uppercase());
        let literal = |each: &str| (!each.contains('{')).then(|| each.to_owned());
        Self {
            id: operation["operationId"].as_str().expect("an id").to_owned(),
            pattern: pattern.split('/').map(literal).collect(),
        }
    }

    fn fits(&self, call: &str) -> bool {
        let called = call.split('/');
        called.clone().count() == self.pattern.len()
            && self
                .pattern
                .iter()
                .zip(called)
                .all(|(wanted, segment)| wanted.as_ref().is_none_or(|each| each == segment))
    }

    fn parameters(&self) -> usize {
        self.pattern.iter().filter(|each| each.is_none()).count()
    }
}

/// Every operation of the document that the gateway serves.
fn declared() -> Vec<Declared> {
    let document = "../../gateway/headgate_gateway/spec/openapi.json";
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join(document);
    let document = fs::read(document).expect("the document");
    let document: Value = serde_json::from_slice(&document).expect("JSON");
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        let operations = item.as_object().expect("operations").iter();
        let operations = operations.filter(|(_, each)| each.get("operationId").is_some());
        found.extend(operations.map(|(method, each)| Declared::new(method, path, each)));
    }
    found
}

/// The operations that nobody has called in this process, by their ids.
pub fn missing() -> Vec<String> {
    let declared = declared();
    let calls = CALLS.lock().expect("no panic");
    let operation = |call: &String| {
        let fitting = declared.iter().filter(|each| each.fits(call));
        fitting.min_by_key(|each| each.parameters())
    };
    let called: BTreeSet<_> = calls
        .iter()
        .filter_map(operation)
        .map(|one| &one.id)
        .collect();
    let missing = declared.iter().filter(|each| !called.contains(&each.id));
    missing.map(|each| each.id.clone()).collect()
}
