//! Part of the generated SDK's fixed runtime: tokens that a client gets for something else.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use reqwest::Url;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::base64;
use super::config::{Place, Scheme, Secret, Service, Timeouts};
use super::environment::Environment;
use super::error::{ApiError, Error, Failure, TimeLimit};
use super::parameters::{encode_pairs, percent_encoded};

/// How long before its end a token counts as used up.
const MARGIN: Duration = Duration::from_secs(30);

/// What is told of tokens that are new.
type OnRefresh = Arc<dyn Fn(&RefreshedTokens) + Send + Sync>;

/// A refresh token, and whom it was given to (RFC 6749 section 6).
#[derive(Clone)]
#[must_use = "a refresh token does nothing until a client has it"]
pub struct RefreshToken {
    token: Secret,
    client_id: Option<String>,
    client_secret: Option<Secret>,
    access_token: Option<Secret>,
    on_refresh: Option<OnRefresh>,
}

/// What a refresh token was exchanged for.
#[derive(Clone)]
#[non_exhaustive]
pub struct RefreshedTokens {
    /// The token that calls carry from now on.
    pub access_token: String,
    /// The refresh token for the next time: a new one, or the same.
    pub refresh_token: String,
    /// How long the access token is good, if the server says that.
    pub expires_in: Option<Duration>,
}

impl fmt::Debug for RefreshedTokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RefreshedTokens")
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}

impl RefreshToken {
    /// Begins with the refresh token alone.
    pub fn new(refresh_token: impl Into<String>) -> Self {
        Self {
            token: Secret::new(refresh_token.into()),
            client_id: None,
            client_secret: None,
            access_token: None,
            on_refresh: None,
        }
    }

    /// Sets the id of the client that the token was given to.
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.client_id = Some(id.into());
        self
    }

    /// Sets the secret of that client.
    pub fn client_secret(mut self, secret: impl Into<String>) -> Self {
        self.client_secret = Some(Secret::new(secret.into()));
        self
    }

    /// Sets the access token to begin with; without one, the first call gets one.
    pub fn access_token(mut self, token: impl Into<String>) -> Self {
        self.access_token = Some(Secret::new(token.into()));
        self
    }

    /// Sets who is told of new tokens, to keep them.
    pub fn on_refresh(mut self, told: impl Fn(&RefreshedTokens) + Send + Sync + 'static) -> Self {
        self.on_refresh = Some(Arc::new(told));
        self
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RefreshToken")
    }
}

/// What tokens are got for (RFC 6749 sections 4.4 and 6).
#[derive(Clone, Debug)]
pub(super) enum Grant {
    Client { id: String, secret: Secret },
    Refresh(RefreshToken),
}

/// Where tokens come from, and the last one.
pub(super) struct TokenSource {
    url: Url,
    scopes: &'static str,
    grant: Grant,
    last: Mutex<Option<Token>>,
    /// The refresh token that came in the place of the first one.
    newer: Mutex<Option<Secret>>,
}

/// Gives where each credential's tokens come from, if there is something to get them for.
pub(super) fn token_sources(
    mut given: BTreeMap<&'static str, Grant>,
    credentials: &BTreeMap<&'static str, Secret>,
    environment: &Environment,
    service: &Service,
    base_url: &Url,
) -> Result<Vec<Option<TokenSource>>, Error> {
    let own = || {
        let secret = environment.get("CLIENT_SECRET").map(Secret::new)?;
        let id = environment.get("CLIENT_ID")?;
        Some(Grant::Client { id, secret })
    };
    let source = |scheme: &Scheme| {
        let Place::Token {
            url,
            renewal,
            scopes,
        } = scheme.place
        else {
            return Ok(None);
        };
        let grant = given.remove(scheme.option);
        // A token that was given empty says that none is to be sent.
        let token = credentials.get(scheme.option);
        let url_of_own = url.filter(|_| token.is_none_or(|token| !token.reveal().is_empty()));
        let Some(grant) = grant.or_else(|| url_of_own.and_then(|_| own())) else {
            return Ok(None);
        };
        let url = match &grant {
            Grant::Client { .. } => url,
            Grant::Refresh(_) => renewal,
        };
        let url = base_url.join(url.unwrap_or_default()).map_err(|error| {
            Error::configuration("the token's address is no URL").caused_by(error)
        })?;
        Ok(Some(TokenSource::new(url, scopes, grant)))
    };
    service.schemes.iter().map(source).collect()
}

/// A token, and when it ends.
pub(super) struct Token {
    value: Secret,
    ends: Option<Instant>,
}

/// What the token's server has said; what is no such thing was not said.
struct Granted {
    access_token: String,
    expires_in: Option<f64>,
    refresh_token: Option<String>,
}

impl Granted {
    fn read(body: &str) -> Option<Self> {
        let said: Value = serde_json::from_str(body).ok()?;
        let text = |name: &str| said[name].as_str().filter(|text| !text.is_empty());
        Some(Self {
            access_token: text("access_token")?.to_owned(),
            expires_in: said["expires_in"].as_f64(),
            refresh_token: text("refresh_token").map(str::to_owned),
        })
    }
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TokenSource")
    }
}

impl TokenSource {
    fn new(url: Url, scopes: &'static str, grant: Grant) -> Self {
        let first = match &grant {
            Grant::Client { .. } => None,
            Grant::Refresh(token) => token.access_token.clone(),
        };
        let first = first.map(|value| Token { value, ends: None });
        Self {
            url,
            scopes,
            grant,
            last: Mutex::new(first),
            newer: Mutex::new(None),
        }
    }

    /// What nobody may see.
    pub(super) fn secrets(&self) -> Vec<Secret> {
        match &self.grant {
            Grant::Client { secret, .. } => vec![secret.clone()],
            Grant::Refresh(given) => {
                let others = [&given.client_secret, &given.access_token];
                let others = others.into_iter().flatten();
                others.chain([&given.token]).cloned().collect()
            }
        }
    }

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
        let value = Secret::new(granted.access_token.clone());
        let expires_in = granted.expires_in;
        let expires_in = expires_in.and_then(|time| Duration::try_from_secs_f64(time).ok());
        let lasts = expires_in.map(|time| time.saturating_sub(MARGIN));
        *last = Some(Token {
            value: value.clone(),
            ends: lasts.and_then(|lasts| now.checked_add(lasts)),
        });
        if let Grant::Refresh(given) = &self.grant {
            self.renewed(given, granted, expires_in).await;
        }
        Ok(value)
    }

    /// Keeps the refresh token for the next time, and tells the caller.
    async fn renewed(&self, given: &RefreshToken, granted: Granted, expires_in: Option<Duration>) {
        let mut kept = self.newer.lock().await;
        *kept = granted.refresh_token.map(Secret::new).or(kept.take());
        let refresh_token = kept.as_ref().unwrap_or(&given.token);
        if let Some(told) = &given.on_refresh {
            told(&RefreshedTokens {
                access_token: granted.access_token,
                refresh_token: refresh_token.reveal().to_owned(),
                expires_in,
            });
        }
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

    /// Gives who asks, and the form that is sent.
    async fn asked_for(&self) -> (Option<(&str, &Secret)>, Vec<(String, String)>) {
        let mut fields = Vec::new();
        let mut add = |name: &str, value: &str| fields.push((name.to_owned(), value.to_owned()));
        let login = match &self.grant {
            Grant::Client { id, secret } => {
                add("grant_type", "client_credentials");
                if !self.scopes.is_empty() {
                    add("scope", self.scopes);
                }
                Some((&**id, secret))
            }
            Grant::Refresh(given) => {
                let newer = self.newer.lock().await;
                let token = newer.as_ref().unwrap_or(&given.token);
                add("grant_type", "refresh_token");
                add("refresh_token", token.reveal());
                let login = given.client_id.as_deref().zip(given.client_secret.as_ref());
                if let (Some(id), None) = (&given.client_id, &login) {
                    add("client_id", id);
                }
                login
            }
        };
        (login, fields)
    }

    async fn ask(&self, http: &reqwest::Client) -> Result<Granted, Error> {
        let (login, fields) = self.asked_for().await;
        let mut request = http
            .post(self.url.clone())
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(encode_pairs(&fields));
        if let Some((id, secret)) = login {
            let secret = percent_encoded(secret.reveal());
            let login = base64::encode(format!("{}:{secret}", percent_encoded(id)));
            request = request.header(AUTHORIZATION, format!("Basic {login}"));
        }
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
        // What came may hold a secret all the same, so it is not shown.
        Granted::read(&text).ok_or_else(|| Error::decode("", "there is no access token in it"))
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
