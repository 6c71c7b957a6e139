//! Part of the generated SDK's fixed runtime: whether and when to try again.
//!
//! [`decide`] is a pure function of what happened, the policy, the quota that is
//! left, a random number and the time, so every decision can be stated as data.

use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How calls are repeated.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// How often a call is attempted in all; 1 means no retry.
    pub max_attempts: u32,
    /// The longest delay before the first retry.
    pub base: Duration,
    /// The same after 429 and 503.
    pub throttled_base: Duration,
    /// The longest delay of our own making.
    pub cap: Duration,
    /// The longest delay a server may ask for; a longer one ends the call.
    pub retry_after_cap: Duration,
    /// The tokens of a client's retry quota.
    pub quota: u32,
    /// What a retry costs.
    pub transient_cost: u32,
    /// What a retry after 429 or 503 costs.
    pub throttled_cost: u32,
    /// How often a cut stream is taken up again without a new event in between.
    pub max_resumes: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 3,
            base: Duration::from_millis(50),
            throttled_base: Duration::from_secs(1),
            cap: Duration::from_secs(20),
            retry_after_cap: Duration::from_secs(60),
            quota: 500,
            transient_cost: 14,
            throttled_cost: 5,
            max_resumes: 5,
        }
    }
}

impl RetryPolicy {
    /// Sets how often a call is attempted in all.
    pub fn max_attempts(mut self, max_attempts: u32) -> Self {
        self.max_attempts = max_attempts;
        self
    }

    /// Sets how often a cut stream is taken up again without a new event in between.
    pub fn max_resumes(mut self, max_resumes: u32) -> Self {
        self.max_resumes = max_resumes;
        self
    }
}

/// What became of an attempt that did not succeed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Failure {
    /// No connection was made: the server has seen nothing.
    Connect,
    /// The connection broke before the first byte of an answer.
    Reset,
    /// A time limit other than that of connecting ran out.
    Timeout,
    /// The server answered with an error.
    Status {
        /// The HTTP status.
        status: u16,
        /// Whether the body says that the same call may be sent again.
        retryable: bool,
        /// The value of `Retry-After`.
        retry_after: Option<String>,
        /// The value of `retry-after-ms`.
        retry_after_ms: Option<String>,
    },
}

/// The circumstances a decision depends on, beside the failure.
#[derive(Clone, Debug, PartialEq)]
pub struct Circumstances {
    /// The number of the attempt that failed, from 1.
    pub attempt: u32,
    /// Whether the call may reach the server twice.
    pub repeatable: bool,
    /// The tokens left in the client's quota.
    pub quota: u32,
    /// How much of the call's total time is left.
    pub remaining: Option<Duration>,
    /// A number from 0 to 1 that spreads the delays.
    pub random: f64,
    /// The present time, for dates in `Retry-After`.
    pub now: SystemTime,
}

/// What to do about a failure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Decision {
    /// Try again after `delay`, paying `cost` from the quota.
    Retry {
        /// How long to wait.
        delay: Duration,
        /// The tokens to take.
        cost: u32,
    },
    /// Give the error to the caller.
    Raise,
}

/// Decides whether to repeat a call that failed.
pub fn decide(failure: &Failure, policy: &RetryPolicy, at: &Circumstances) -> Decision {
    let throttled = is_throttling(failure);
    let cost = if throttled {
        policy.throttled_cost
    } else {
        policy.transient_cost
    };
    if at.attempt >= policy.max_attempts || at.quota < cost || !may_repeat(failure, at.repeatable) {
        return Decision::Raise;
    }
    let delay = match asked_delay(failure, at.now) {
        Some(asked) if asked > policy.retry_after_cap => return Decision::Raise,
        Some(asked) => asked,
        None => backoff(policy, throttled, at.attempt, at.random),
    };
    if at.remaining.is_some_and(|remaining| delay >= remaining) {
        return Decision::Raise;
    }
    Decision::Retry { delay, cost }
}

/// Gives the delay before the retry that follows `attempt`: full jitter over a doubling bound.
pub fn backoff(policy: &RetryPolicy, throttled: bool, attempt: u32, random: f64) -> Duration {
    let base = if throttled {
        policy.throttled_base
    } else {
        policy.base
    };
    let doubled = base.saturating_mul(1 << attempt.saturating_sub(1).min(30));
    doubled.min(policy.cap).mul_f64(random.clamp(0.0, 1.0))
}

fn is_throttling(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::Status {
            status: 429 | 503,
            ..
        }
    )
}

/// A call that must not arrive twice is repeated only when it cannot have been acted on.
fn may_repeat(failure: &Failure, repeatable: bool) -> bool {
    match failure {
        Failure::Connect => true,
        Failure::Reset => repeatable,
        Failure::Timeout => false,
        Failure::Status {
            status: 429 | 503, ..
        } => true,
        Failure::Status {
            status: 409,
            retryable,
            ..
        } => repeatable && *retryable,
        Failure::Status { status, .. } => repeatable && matches!(status, 408 | 500 | 502 | 504),
    }
}

/// Reads the delay the server asked for: `retry-after-ms`, else `Retry-After`.
fn asked_delay(failure: &Failure, now: SystemTime) -> Option<Duration> {
    let Failure::Status {
        retry_after,
        retry_after_ms,
        ..
    } = failure
    else {
        return None;
    };
    let precise = retry_after_ms.as_deref().and_then(number);
    precise
        .map(|milliseconds| milliseconds / 1000.0)
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .or_else(|| parse_retry_after(retry_after.as_deref()?, now))
}

/// Reads `Retry-After` in seconds (a fraction is allowed) or as an HTTP date.
///
/// A date in the past asks for no delay; anything else that is no time is ignored.
pub fn parse_retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    if let Some(seconds) = number(value) {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = UNIX_EPOCH + Duration::from_secs(parse_http_date(value.trim())?);
    Some(date.duration_since(now).unwrap_or_default())
}

/// Reads a plain decimal number: no sign, no exponent, no infinity.
fn number(value: &str) -> Option<f64> {
    let value = value.trim();
    let plain = value
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    if !plain {
        return None;
    }
    value.parse().ok()
}

/// Reads the three date forms of RFC 9110 section 5.6.7 as seconds since 1970.
fn parse_http_date(value: &str) -> Option<u64> {
    let value = value.split_once(", ").map_or(value, |(_, date)| date);
    let words: Vec<&str> = value
        .split([' ', '-'])
        .filter(|word| !word.is_empty())
        .collect();
    match words[..] {
        [day, month, year, time, "GMT"] => seconds_since_1970(full_year(year)?, month, day, time),
        [_, month, day, time, year] => seconds_since_1970(full_year(year)?, month, day, time),
        _ => None,
    }
}

/// A year of two digits lies within fifty years of now; the clock began in 1970.
fn full_year(year: &str) -> Option<u64> {
    let number: u64 = year.parse().ok()?;
    match year.len() {
        2 if number < 70 => Some(2000 + number),
        2 => Some(1900 + number),
        _ => Some(number).filter(|year| (1970..=9999).contains(year)),
    }
}

fn seconds_since_1970(year: u64, month: &str, day: &str, time: &str) -> Option<u64> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let month = MONTHS.iter().position(|name| *name == month)? as u64 + 1;
    let day: u64 = day.parse().ok().filter(|day| (1..=31).contains(day))?;
    let mut clock = time.split(':').map(|part| part.parse::<u64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    if clock.next().is_some() || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    Some(((days_since_1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second)
}

/// Counts days by the civil calendar, with years that begin in March.
fn days_since_1970(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468
}

/// The tokens a client may spend on retries, so that an outage is not made worse.
#[derive(Debug)]
pub struct Quota {
    limit: u32,
    left: Mutex<u32>,
}

impl Quota {
    /// Makes a full quota.
    pub fn new(limit: u32) -> Self {
        Self {
            limit,
            left: Mutex::new(limit),
        }
    }

    /// Gives the tokens that are left.
    pub fn left(&self) -> u32 {
        *self.lock()
    }

    /// Takes tokens, if there are enough.
    pub fn take(&self, cost: u32) -> bool {
        let mut left = self.lock();
        let enough = *left >= cost;
        if enough {
            *left -= cost;
        }
        enough
    }

    /// Gives tokens back after a success.
    pub fn refund(&self, tokens: u32) {
        let mut left = self.lock();
        *left = left.saturating_add(tokens).min(self.limit);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, u32> {
        self.left
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Gives a number from 0 to 1; its quality is enough to spread delays.
pub(super) fn random() -> f64 {
    random_bits() as f64 / u64::MAX as f64
}

/// Gives random bits from the keys the standard library draws for its hash maps.
pub(super) fn random_bits() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};

    RandomState::new().build_hasher().finish()
}
