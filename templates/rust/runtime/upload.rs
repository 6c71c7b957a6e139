//! Part of the generated SDK's fixed runtime: files that are sent, and the forms they are in.

use std::fmt;
use std::path::Path;

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::content::media_type_of;
use super::error::Error;
use super::parameters::text;
use super::retry::random_bits;

/// Bytes that are sent as a file.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Upload {
    data: Bytes,
    file_name: Option<String>,
    content_type: Option<String>,
}

impl Upload {
    /// Takes the bytes.
    pub fn new(data: impl Into<Bytes>) -> Self {
        Self {
            data: data.into(),
            ..Self::default()
        }
    }

    /// Reads a file; its name goes with it.
    pub fn file(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let data = std::fs::read(path).map_err(|error| {
            let path = path.display();
            Error::configuration(format!("path: `{path}` cannot be read")).caused_by(error)
        })?;
        let name = path.file_name().and_then(|name| name.to_str());
        let file = Self::new(data);
        Ok(match name {
            Some(name) => file.file_name(name),
            None => file,
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

    /// The bytes.
    pub fn data(&self) -> &Bytes {
        &self.data
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Upload")
            .field("bytes", &self.data.len())
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

/// Outside of a form, a file is a text.
impl Serialize for Upload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&String::from_utf8_lossy(&self.data))
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
        form.part(name, Some(file_name), Some(media_type), &self.data);
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
    body: Vec<u8>,
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
            body: Vec::new(),
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
            form.part(name, None, content_type, text(value).as_bytes());
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
            form.part(name, None, Some(media_type), data.as_bytes());
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

    fn part(
        &mut self,
        name: &str,
        file_name: Option<&str>,
        content_type: Option<&str>,
        data: &[u8],
    ) {
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
        self.body.extend_from_slice(head.as_bytes());
        self.body.extend_from_slice(b"\r\n\r\n");
        self.body.extend_from_slice(data);
        self.body.extend_from_slice(b"\r\n");
    }

    /// Gives the media type and the body, or what is wrong with it.
    pub(super) fn finish(mut self) -> Result<(String, Bytes), String> {
        if let Some(problem) = self.problem {
            return Err(problem);
        }
        let end = format!("--{}--\r\n", self.boundary);
        self.body.extend_from_slice(end.as_bytes());
        let content_type = format!("multipart/form-data; boundary={}", self.boundary);
        Ok((content_type, self.body.into()))
    }
}

/// Writes a name as the HTML standard does in a multipart body.
fn quoted(name: &str) -> String {
    name.replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}
