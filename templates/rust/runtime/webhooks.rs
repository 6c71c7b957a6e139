//! Part of the generated SDK's fixed runtime: whether a webhook comes from the API.
//!
//! Standard Webhooks: an HMAC-SHA-256 over the id, the time and the body.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, Mac};
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;
use sha2::Sha256;

use super::base64;
use super::error::{Error, Failure};
use super::numbers;

/// How far a webhook's time may be from ours.
pub const TOLERANCE: Duration = Duration::from_secs(300);

/// What webhooks are signed with: one secret, or several, as in a rotation.
pub trait Secrets {
    /// Each of them: Base64, after `whsec_` if that is there.
    fn each(&self) -> Vec<&str>;
}

impl Secrets for str {
    fn each(&self) -> Vec<&str> {
        vec![self]
    }
}

impl Secrets for String {
    fn each(&self) -> Vec<&str> {
        vec![self]
    }
}

impl<S: AsRef<str>> Secrets for [S] {
    fn each(&self) -> Vec<&str> {
        self.iter().map(AsRef::as_ref).collect()
    }
}

impl<S: AsRef<str>, const N: usize> Secrets for [S; N] {
    fn each(&self) -> Vec<&str> {
        self.as_slice().each()
    }
}

impl<S: AsRef<str>> Secrets for Vec<S> {
    fn each(&self) -> Vec<&str> {
        self.as_slice().each()
    }
}

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
    /// Checks a webhook's time, and that one of the secrets signed it.
    pub fn verify(
        &self,
        body: &[u8],
        headers: &HeaderMap,
        secrets: &(impl Secrets + ?Sized),
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
        let mut expected = authenticators(secrets.each())?;
        for each in &mut expected {
            each.update(format!("{id}.{timestamp}.").as_bytes());
            each.update(body);
        }
        let versions = signatures.split_ascii_whitespace();
        let known = versions.filter_map(|signature| signature.strip_prefix("v1,"));
        let mut given = known.filter_map(base64::decode);
        let is = |made: &Hmac<Sha256>, bytes: &[u8]| made.clone().verify_slice(bytes).is_ok();
        if given.any(|bytes| expected.iter().any(|each| is(each, &bytes))) {
            return Ok(());
        }
        Err(refused("no signature of the webhook is right"))
    }

    /// Checks a webhook, then reads its body.
    pub fn unwrap<T: DeserializeOwned>(
        &self,
        body: &[u8],
        headers: &HeaderMap,
        secrets: &(impl Secrets + ?Sized),
    ) -> Result<T, Error> {
        self.verify(body, headers, secrets, TOLERANCE)?;
        let raw = || String::from_utf8_lossy(body);
        numbers::read(body).map_err(|error| Error::decode(&raw(), error))
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, Error> {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.ok_or_else(|| refused(&format!("the webhook has no header `{name}`")))
}

fn refused(problem: &str) -> Error {
    Error::new(Failure::Webhook, problem)
}

/// Reads the secrets. Anybody can sign with an empty one, so none may be.
fn authenticators(secrets: Vec<&str>) -> Result<Vec<Hmac<Sha256>>, Error> {
    if secrets.is_empty() {
        return Err(Error::configuration("the webhook's secret is missing"));
    }
    secrets.into_iter().map(authenticator).collect()
}

fn authenticator(secret: &str) -> Result<Hmac<Sha256>, Error> {
    let text = secret.strip_prefix("whsec_").unwrap_or(secret);
    let key = base64::decode(text).filter(|key| !key.is_empty());
    let key = key.ok_or_else(|| Error::configuration("the webhook's secret is no Base64"))?;
    Hmac::new_from_slice(&key).map_err(|_| Error::configuration("the webhook's secret is no key"))
}
