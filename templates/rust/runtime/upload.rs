//! Part of the generated SDK's fixed runtime: files that are sent, and the forms they are in.

use std::fmt;
use std::path::Path;

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::content::media_type_of;
use super::error::Error;
use super::parameters::text;
use super::payload::{Payload, Piece, Stored};
use super::retry::random_bits;

/// What is sent as a file: bytes, or a file that is read while it is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Upload {
    data: Piece,
    file_name: Option<String>,
    content_type: Option<String>,
}

impl Upload {
    /// Takes the bytes.
    pub fn new(data: impl Into<Bytes>) -> Self {
        Self {
            data: Piece::Bytes(data.into()),
            file_name: None,
            content_type: None,
        }
    }

    /// Takes a file, whose name goes with it.
    ///
    /// It is not read before it is sent, and then piece by piece, once for each attempt;
    /// it has to stay as it is until then. Fails if it cannot be read.
    pub fn file(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let name = path.file_name().and_then(|name| name.to_str());
        Ok(Self {
            data: Piece::Stored(Stored::new(path)?),
            file_name: name.map(str::to_owned),
            content_type: None,
        })
    }

    /// Sets the file's name.
    pub fn file_name(mut self, name: impl Into<String>) -> Self {
        self.file_name = Some(name.into());
        self
    }

    /// Sets the media type; without it, the name tells.
    pub fn content_type(mut self, media_type: impl Into<String>) -> Self {
        self.content_type = Some(media_type.into());
        self
    }

    /// The bytes, if it is not a file that is still to be read.
    pub fn data(&self) -> Option<&Bytes> {
        match &self.data {
            Piece::Bytes(bytes) => Some(bytes),
            Piece::Stored(_) => None,
        }
    }

    /// Gives the media type that was set, and what is sent.
    pub(super) fn into_parts(self) -> (Option<String>, Piece) {
        (self.content_type, self.data)
    }
}

impl Default for Upload {
    fn default() -> Self {
        Self::new(Bytes::new())
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Upload")
            .field("bytes", &self.data.length())
            .field("file_name", &self.file_name)
            .finish()
    }
}

impl From<Vec<u8>> for Upload {
    fn from(data: Vec<u8>) -> Self {
        Self::new(data)
    }
}

impl From<Bytes> for Upload {
    fn from(data: Bytes) -> Self {
        Self::new(data)
    }
}

impl From<String> for Upload {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for Upload {
    fn from(text: &str) -> Self {
        Self::new(text.to_owned())
    }
}

impl From<&[u8]> for Upload {
    fn from(data: &[u8]) -> Self {
        Self::new(data.to_vec())
    }
}

impl<const N: usize> From<&[u8; N]> for Upload {
    fn from(data: &[u8; N]) -> Self {
        Self::new(data.to_vec())
    }
}

/// Within JSON, a file is a text.
impl Serialize for Upload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let read;
        let data: &[u8] = match &self.data {
            Piece::Bytes(bytes) => bytes,
            Piece::Stored(file) => {
                read = std::fs::read(file.path()).map_err(serde::ser::Error::custom)?;
                &read
            }
        };
        serializer.serialize_str(&String::from_utf8_lossy(data))
    }
}

impl<'de> Deserialize<'de> for Upload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::new(String::deserialize(deserializer)?))
    }
}

/// What is sent as files: one, several, or none.
pub trait Files {
    /// Adds them to a form.
    fn add_to(&self, form: &mut Multipart, name: &str, content_type: Option<&str>);
}

impl Files for Upload {
    fn add_to(&self, form: &mut Multipart, name: &str, content_type: Option<&str>) {
        let file_name = self.file_name.as_deref().unwrap_or(name);
        let own = self.content_type.as_deref().or(content_type);
        let known = own.or_else(|| media_type_of(file_name));
        let media_type = known.unwrap_or("application/octet-stream");
        form.head(name, Some(file_name), Some(media_type));
        form.add(self.data.clone());
        form.add_bytes(b"\r\n");
    }
}

impl Files for String {
    fn add_to(&self, form: &mut Multipart, name: &str, content_type: Option<&str>) {
        Upload::from(self.as_str()).add_to(form, name, content_type);
    }
}

impl<F: Files> Files for Option<F> {
    fn add_to(&self, form: &mut Multipart, name: &str, content_type: Option<&str>) {
        if let Some(file) = self {
            file.add_to(form, name, content_type);
        }
    }
}

impl<F: Files> Files for Vec<F> {
    fn add_to(&self, form: &mut Multipart, name: &str, content_type: Option<&str>) {
        for file in self {
            file.add_to(form, name, content_type);
        }
    }
}

impl<F: Files> Files for Box<F> {
    fn add_to(&self, form: &mut Multipart, name: &str, content_type: Option<&str>) {
        (**self).add_to(form, name, content_type);
    }
}

/// A body of several parts (RFC 7578).
#[derive(Debug)]
pub struct Multipart {
    boundary: String,
    pieces: Vec<Piece>,
    text: Vec<u8>,
    problem: Option<String>,
}

impl Default for Multipart {
    fn default() -> Self {
        Self::new()
    }
}

impl Multipart {
    /// Begins a body, with a boundary that no part can hold but by chance.
    pub fn new() -> Self {
        Self {
            boundary: format!("{:016x}{:016x}", random_bits(), random_bits()),
            pieces: Vec::new(),
            text: Vec::new(),
            problem: None,
        }
    }

    /// Adds files.
    pub fn files(&mut self, name: &str, files: &impl Files, content_type: Option<&str>) {
        files.add_to(self, name, content_type);
    }

    /// Adds a text, or each text of a list; null and `None` add nothing.
    pub fn text(
        &mut self,
        name: &str,
        value: &(impl Serialize + ?Sized),
        content_type: Option<&str>,
    ) {
        self.each(value, |form, value| {
            form.part(name, content_type, text(value).as_bytes());
        });
    }

    /// Adds JSON, one part for each item if there may be `many`.
    pub fn json(
        &mut self,
        name: &str,
        value: &(impl Serialize + ?Sized),
        content_type: Option<&str>,
        many: bool,
    ) {
        let media_type = content_type.unwrap_or("application/json");
        let add = |form: &mut Self, value: &Value| {
            let data = value.to_string();
            form.part(name, Some(media_type), data.as_bytes());
        };
        if many {
            self.each(value, add);
        } else if let Some(value) = self.value(value) {
            add(self, &value);
        }
    }

    /// Adds every property of an object whose parts are not known.
    pub fn properties(&mut self, object: &(impl Serialize + ?Sized)) {
        let Some(Value::Object(fields)) = self.value(object) else {
            return;
        };
        for (name, value) in &fields {
            match value {
                Value::Array(items) if items.iter().any(Value::is_object) => {
                    self.json(name, value, None, true);
                }
                Value::Object(_) => self.json(name, value, None, false),
                _ => self.text(name, value, None),
            }
        }
    }

    fn value(&mut self, value: &(impl Serialize + ?Sized)) -> Option<Value> {
        match serde_json::to_value(value) {
            Ok(Value::Null) => None,
            Ok(value) => Some(value),
            Err(error) => {
                self.problem = Some(format!("the body: {error}"));
                None
            }
        }
    }

    fn each(&mut self, value: &(impl Serialize + ?Sized), add: impl Fn(&mut Self, &Value)) {
        match self.value(value) {
            Some(Value::Array(items)) => items.iter().for_each(|item| add(self, item)),
            Some(value) => add(self, &value),
            None => {}
        }
    }

    fn part(&mut self, name: &str, content_type: Option<&str>, data: &[u8]) {
        self.head(name, None, content_type);
        self.add_bytes(data);
        self.add_bytes(b"\r\n");
    }

    fn add_bytes(&mut self, bytes: &[u8]) {
        self.text.extend_from_slice(bytes);
    }

    /// Adds what is not copied: a file's bytes, or the file itself.
    fn add(&mut self, piece: Piece) {
        let text = std::mem::take(&mut self.text);
        self.pieces.extend([Piece::Bytes(text.into()), piece]);
    }

    fn head(&mut self, name: &str, file_name: Option<&str>, content_type: Option<&str>) {
        let mut head = format!(
            "--{}\r\nContent-Disposition: form-data; name=\"{}\"",
            self.boundary,
            quoted(name)
        );
        if let Some(file_name) = file_name {
            head.push_str(&format!("; filename=\"{}\"", quoted(file_name)));
        }
        if let Some(content_type) = content_type {
            let shown: String = content_type.chars().filter(|c| !c.is_control()).collect();
            head.push_str(&format!("\r\nContent-Type: {shown}"));
        }
        head.push_str("\r\n\r\n");
        self.add_bytes(head.as_bytes());
    }

    /// Gives the media type and the body, or what is wrong with it.
    pub(super) fn finish(mut self) -> Result<(String, Payload), String> {
        if let Some(problem) = self.problem {
            return Err(problem);
        }
        let end = format!("--{}--\r\n", self.boundary);
        self.add_bytes(end.as_bytes());
        self.pieces.push(Piece::Bytes(self.text.into()));
        let content_type = format!("multipart/form-data; boundary={}", self.boundary);
        Ok((content_type, Payload::new(self.pieces)))
    }
}

/// Writes a name as the HTML standard does in a multipart body.
fn quoted(name: &str) -> String {
    name.replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}
