//! Part of the generated SDK's fixed runtime: what environment variables set.

use std::time::Duration;

use super::config::{NamedHeaders, Secret, Timeouts};
use super::error::Error;
use super::logging::LogLevel;
use super::retry::RetryPolicy;

/// The environment variables of one prefix.
pub(super) struct Environment(pub(super) &'static str);

impl Environment {
    pub(super) fn get(&self, name: &str) -> Option<String> {
        let value = std::env::var(format!("{}_{}", self.0, name.to_uppercase())).ok();
        value.filter(|value| !value.is_empty())
    }

    fn seconds(&self, name: &str, default: Duration) -> Result<Duration, Error> {
        let Some(text) = self.get(name) else {
            return Ok(default);
        };
        let seconds = text.parse().ok();
        seconds
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .ok_or_else(|| self.bad(name, "a number of seconds"))
    }

    pub(super) fn timeouts(&self) -> Result<Timeouts, Error> {
        let default = Timeouts::default();
        Ok(Timeouts {
            connect: self.seconds("TIMEOUT_CONNECT", default.connect)?,
            first_byte: self.seconds("TIMEOUT_FIRST_BYTE", default.first_byte)?,
            idle: self.seconds("TIMEOUT_IDLE", default.idle)?,
            total: self.seconds("TIMEOUT_TOTAL", default.total)?,
        })
    }

    pub(super) fn retry(&self) -> Result<RetryPolicy, Error> {
        let policy = RetryPolicy::default();
        let Some(text) = self.get("MAX_ATTEMPTS") else {
            return Ok(policy);
        };
        match text.parse() {
            Ok(attempts) => Ok(policy.max_attempts(attempts)),
            Err(_) => Err(self.bad("MAX_ATTEMPTS", "a whole number")),
        }
    }

    pub(super) fn log_level(&self) -> Option<LogLevel> {
        LogLevel::parse(&self.get("LOG")?)
    }

    /// Gives the name and value of each variable that sets a header of `map`.
    pub(super) fn named(&self, map: &NamedHeaders) -> Vec<(String, Secret)> {
        let prefix = format!("{}_{}_", self.0, map.option.to_uppercase());
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            let name = name.to_str()?.strip_prefix(&prefix)?.to_lowercase();
            let value = value.into_string().ok().filter(|value| !value.is_empty())?;
            Some((name, Secret::new(value)))
        });
        variables.collect()
    }

    fn bad(&self, name: &str, wanted: &str) -> Error {
        Error::configuration(format!("{}_{name} must be {wanted}", self.0))
    }
}
