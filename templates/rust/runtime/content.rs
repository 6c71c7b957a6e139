//! Part of the generated SDK's fixed runtime: files as content, and content as values.

use std::path::Path;

use serde::de::DeserializeOwned;

use super::base64;
use super::error::Error;
use super::numbers;

/// Bytes ready to be sent, with their media type.
#[derive(Clone, Debug, PartialEq, Eq)]
#[doc(hidden)]
pub struct Media {
    /// The media type.
    pub media_type: String,
    /// The bytes in base64.
    pub data: String,
}

impl Media {
    /// Reads a file; its type is told by its name, else by its first bytes.
    pub fn file(argument: &str, path: &Path, wanted: &str) -> Result<Self, Error> {
        let bytes = std::fs::read(path).map_err(|error| {
            let path = path.display();
            Error::configuration(format!("{argument}: `{path}` cannot be read")).caused_by(error)
        })?;
        let suffix = path.extension().and_then(|suffix| suffix.to_str());
        let named = suffix.and_then(by_suffix);
        Self::of(argument, named, &bytes, wanted)
    }

    /// Takes bytes, whose type their beginning tells.
    pub fn bytes(argument: &str, bytes: &[u8], wanted: &str) -> Result<Self, Error> {
        Self::of(argument, None, bytes, wanted)
    }

    fn of(
        argument: &str,
        named: Option<&'static str>,
        bytes: &[u8],
        wanted: &str,
    ) -> Result<Self, Error> {
        let found = named.or_else(|| by_beginning(bytes));
        let found = found.filter(|media_type| is_of(media_type, wanted));
        let media_type = found.ok_or_else(|| {
            Error::configuration(format!("{argument}: it is not known to be of `{wanted}`"))
        })?;
        Ok(Self {
            media_type: media_type.to_owned(),
            data: base64::encode(bytes),
        })
    }
}

/// Reads a JSON text that may be fenced as code.
pub fn parse_output<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    numbers::read(unfenced(text).as_bytes()).map_err(|error| Error::decode(text, error))
}

/// Gives what stands within a fence of backticks, if the text is one.
fn unfenced(text: &str) -> &str {
    let whole = text.trim();
    let Some(inner) = whole
        .strip_prefix("```")
        .and_then(|rest| rest.strip_suffix("```"))
    else {
        return whole;
    };
    inner
        .split_once('\n')
        .map_or(inner, |(_, inside)| inside)
        .trim()
}

fn is_of(media_type: &str, wanted: &str) -> bool {
    match wanted.split_once('/') {
        Some(("*", _)) => true,
        Some((kind, "*")) => media_type.split('/').next() == Some(kind),
        _ => media_type == wanted,
    }
}

/// Tells a file's type by its name.
pub(super) fn media_type_of(file_name: &str) -> Option<&'static str> {
    by_suffix(file_name.rsplit_once('.')?.1)
}

fn by_suffix(suffix: &str) -> Option<&'static str> {
    Some(match &*suffix.to_ascii_lowercase() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "svg" => "image/svg+xml",
        "bmp" => "image/bmp",
        "tif" | "tiff" => "image/tiff",
        "avif" => "image/avif",
        "heic" => "image/heic",
        "mp3" => "audio/mpeg",
        "wav" => "audio/wav",
        "ogg" | "oga" | "opus" => "audio/ogg",
        "flac" => "audio/flac",
        "m4a" => "audio/mp4",
        "aac" => "audio/aac",
        "weba" => "audio/webm",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "pdf" => "application/pdf",
        "json" => "application/json",
        "txt" => "text/plain",
        "md" => "text/markdown",
        "csv" => "text/csv",
        "html" | "htm" => "text/html",
        "xml" => "application/xml",
        _ => return None,
    })
}

/// Tells a file's type by its magic bytes.
fn by_beginning(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [0xFF, 0xD8, 0xFF, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        [b'B', b'M', ..] => Some("image/bmp"),
        [b'I', b'I', 0x2A, 0, ..] | [b'M', b'M', 0, 0x2A, ..] => Some("image/tiff"),
        [b'R', b'I', b'F', b'F', _, _, _, _, kind @ ..] => match kind {
            [b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
            [b'W', b'A', b'V', b'E', ..] => Some("audio/wav"),
            _ => None,
        },
        [b'I', b'D', b'3', ..] | [0xFF, 0xFB | 0xF3 | 0xF2, ..] => Some("audio/mpeg"),
        [b'O', b'g', b'g', b'S', ..] => Some("audio/ogg"),
        [b'f', b'L', b'a', b'C', ..] => Some("audio/flac"),
        [b'%', b'P', b'D', b'F', ..] => Some("application/pdf"),
        [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] => match brand {
            [b'a', b'v', b'i', b'f', ..] => Some("image/avif"),
            [b'h', b'e', b'i', b'c', ..] => Some("image/heic"),
            [b'M', b'4', b'A', ..] => Some("audio/mp4"),
            _ => Some("video/mp4"),
        },
        _ => None,
    }
}
