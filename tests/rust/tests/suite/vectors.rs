//! Reading the shared vectors, strictly: nothing is passed over.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

/// A file of vectors.
pub struct VectorFile {
    pub class: String,
    pub whole: Value,
}

impl VectorFile {
    /// Its vectors, each with a label for failures.
    pub fn vectors(&self) -> impl Iterator<Item = (String, &Value)> {
        list(&self.whole["vectors"]).iter().map(|vector| {
            let name = vector["name"].as_str().expect("a name");
            (format!("{}/{name}", self.class), vector)
        })
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../spec/vectors")
}

/// Reads every file of a folder, and holds the number of vectors to the manifest.
pub fn read(name: &str) -> Vec<VectorFile> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder().join(name))
        .expect("the vectors")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    let files: Vec<VectorFile> = paths.into_iter().map(read_file).collect();
    let manifest = parse(folder().join("manifest.json"));
    let listed = manifest[name].as_object().expect("the folder");
    for (class, count) in listed {
        let file = files.iter().find(|file| file.class == *class);
        let found = file.expect("the file").vectors().count();
        assert_eq!(Some(found as u64), count.as_u64(), "{name}/{class}");
    }
    assert_eq!(files.len(), listed.len(), "{name}");
    files
}

fn read_file(path: PathBuf) -> VectorFile {
    let whole = parse(path);
    let class = whole["class"].as_str().expect("a class").to_owned();
    VectorFile { class, whole }
}

/// Reads a recording, which vectors refer to by name.
pub fn recording(name: &str) -> Value {
    parse(folder().join("recordings").join(format!("{name}.json")))
}

fn parse(path: PathBuf) -> Value {
    let text = fs::read_to_string(&path).expect("a file");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Fails on a key that the runner does not know.
pub fn check_keys(label: &str, object: &Value, known: &[&str]) {
    let keys: BTreeSet<&str> = object
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    let known: BTreeSet<&str> = known.iter().copied().collect();
    let unknown: Vec<&&str> = keys.difference(&known).collect();
    assert!(unknown.is_empty(), "{label}: unknown keys {unknown:?}");
}

pub fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

pub fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// Joins `[[text, times], …]`.
pub fn joined(parts: &Value) -> String {
    let piece = |part: &Value| {
        let times = part[1].as_u64().expect("a number") as usize;
        part[0].as_str().expect("a text").repeat(times)
    };
    list(parts).iter().map(piece).collect()
}

/// Reads headers out of an object.
pub fn headers(object: &Value) -> Vec<(String, String)> {
    let Some(object) = object.as_object() else {
        return Vec::new();
    };
    let pair = |(name, value): (&String, &Value)| (name.clone(), text(value).expect("a text"));
    object.iter().map(pair).collect()
}

pub fn decode_base64(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        let value = ALPHABET.iter().position(|known| *known == byte);
        bits = bits << 6 | value.expect("Base64") as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    bytes
}
