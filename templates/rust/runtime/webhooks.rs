//! Part of the generated SDK's fixed runtime: whether a webhook comes from the API.
//!
//! Standard Webhooks: an HMAC-SHA-256 over the id, the time and the body.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, Mac};
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;
use sha2::Sha256;

use super::error::{Error, Failure};
use super::transport::base64;

/// How far a webhook's time may be from ours.
pub const TOLERANCE: Duration = Duration::from_secs(300);

/// The headers that sign a webhook.
#[derive(Clone, Copy, Debug)]
pub struct Scheme {
    /// The header with the webhook's id.
    pub id: &'static str,
    /// The header with the time, in seconds since 1970.
    pub timestamp: &'static str,
    /// The header with the signatures.
    pub signature: &'static str,
}

impl Scheme {
    /// Checks a webhook's signature and time.
    pub fn verify(
        &self,
        body: &[u8],
        headers: &HeaderMap,
        secret: &str,
        tolerance: Duration,
    ) -> Result<(), Error> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let id = header(headers, self.id)?;
        let timestamp = header(headers, self.timestamp)?;
        let signatures = header(headers, self.signature)?;
        let sent: u64 = timestamp
            .parse()
            .map_err(|_| refused("the webhook's time is no number"))?;
        if now.unwrap_or_default().as_secs().abs_diff(sent) > tolerance.as_secs() {
            return Err(refused("the webhook's time is too far from now"));
        }
        let key = key(secret)?;
        let mut expected = Hmac::<Sha256>::new_from_slice(&key)
            .map_err(|_| Error::configuration("the webhook's secret is no key"))?;
        expected.update(format!("{id}.{timestamp}.").as_bytes());
        expected.update(body);
        let versions = signatures.split_ascii_whitespace();
        let known = versions.filter_map(|signature| signature.strip_prefix("v1,"));
        let matches = |signature: &str| {
            unbase64(signature).is_some_and(|bytes| expected.clone().verify_slice(&bytes).is_ok())
        };
        if known.into_iter().any(matches) {
            return Ok(());
        }
        Err(refused("no signature of the webhook is right"))
    }

    /// Checks a webhook, then reads its body.
    pub fn unwrap<T: DeserializeOwned>(
        &self,
        body: &[u8],
        headers: &HeaderMap,
        secret: &str,
    ) -> Result<T, Error> {
        self.verify(body, headers, secret, TOLERANCE)?;
        let raw = || String::from_utf8_lossy(body);
        serde_json::from_slice(body).map_err(|error| Error::decode(&raw(), error))
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, Error> {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.ok_or_else(|| refused(&format!("the webhook has no header `{name}`")))
}

fn refused(problem: &str) -> Error {
    Error::new(Failure::Webhook, problem)
}

/// Reads a secret: Base64, after `whsec_` if that is there.
fn key(secret: &str) -> Result<Vec<u8>, Error> {
    let text = secret.strip_prefix("whsec_").unwrap_or(secret);
    let key = unbase64(text).filter(|key| !key.is_empty());
    key.ok_or_else(|| Error::configuration("the webhook's secret is no Base64"))
}

/// Reads Base64 with its padding (RFC 4648 section 4), and only its canonical form.
fn unbase64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for letter in text.trim_end_matches('=').bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xFF) as u8);
        }
    }
    (base64(&bytes) == text).then_some(bytes)
}
