//! Part of the generated SDK's fixed runtime: tokens that a client gets by its id and secret.

use std::fmt;
use std::time::{Duration, Instant};

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use reqwest::Url;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::base64;
use super::config::{Secret, Timeouts};
use super::error::{ApiError, Error, Failure, TimeLimit};
use super::parameters::{encode_pairs, percent_encoded};

/// How long before its end a token counts as used up.
const MARGIN: Duration = Duration::from_secs(30);

/// Where tokens come from (RFC 6749 section 4.4), and the last one.
pub(super) struct TokenSource {
    pub(super) url: Url,
    pub(super) scopes: &'static str,
    pub(super) id: String,
    pub(super) secret: Secret,
    pub(super) last: Mutex<Option<Token>>,
}

/// A token, and when it ends.
pub(super) struct Token {
    value: Secret,
    ends: Option<Instant>,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: Option<f64>,
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TokenSource")
    }
}

impl TokenSource {
    /// Gives a token that is good; calls that come meanwhile wait for the same one.
    pub(super) async fn token(
        &self,
        http: &reqwest::Client,
        timeouts: &Timeouts,
    ) -> Result<Secret, Error> {
        let mut last = self.last.lock().await;
        let now = Instant::now();
        if let Some(token) = &*last {
            if token.ends.is_none_or(|ends| now < ends) {
                return Ok(token.value.clone());
            }
        }
        let limit = timeouts.first_byte;
        let granted = timeout(limit, self.ask(http)).await;
        let granted = granted.map_err(|_| Error::timeout(TimeLimit::FirstByte))??;
        let value = Secret::new(granted.access_token);
        let lasts = granted.expires_in.and_then(|seconds| {
            let lasts = Duration::try_from_secs_f64(seconds).ok()?;
            Some(lasts.saturating_sub(MARGIN))
        });
        *last = Some(Token {
            value: value.clone(),
            ends: lasts.and_then(|lasts| now.checked_add(lasts)),
        });
        Ok(value)
    }

    /// Forgets a token that the server has refused, unless there is another by now.
    pub(super) async fn forget(&self, refused: &Secret) {
        let mut last = self.last.lock().await;
        if last
            .as_ref()
            .is_some_and(|token| token.value.reveal() == refused.reveal())
        {
            *last = None;
        }
    }

    async fn ask(&self, http: &reqwest::Client) -> Result<Granted, Error> {
        let mut fields = vec![("grant_type".to_owned(), "client_credentials".to_owned())];
        if !self.scopes.is_empty() {
            fields.push(("scope".to_owned(), self.scopes.to_owned()));
        }
        let secret = percent_encoded(self.secret.reveal());
        let login = base64::encode(format!("{}:{secret}", percent_encoded(&self.id)));
        let request = http
            .post(self.url.clone())
            .header(AUTHORIZATION, format!("Basic {login}"))
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(encode_pairs(&fields, &[]));
        let unsent = |error: reqwest::Error| {
            let message = "no token could be asked for";
            Error::new(Failure::Connection, message).caused_by(error.without_url())
        };
        let answer = request.send().await.map_err(unsent)?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(unsent)?;
        let text = String::from_utf8_lossy(&body);
        if !status.is_success() {
            return Err(refused(status.as_u16(), &text));
        }
        serde_json::from_str(&text).map_err(|error| Error::decode("", error))
    }
}

fn refused(status: u16, body: &str) -> Error {
    let object: Value = serde_json::from_str(body).unwrap_or_default();
    let text = |name: &str| object[name].as_str().map(str::to_owned);
    let said = ApiError {
        status,
        code: text("error"),
        message: text("error_description"),
        ..ApiError::default()
    };
    Error::api(said, Some(body.to_owned()))
}
