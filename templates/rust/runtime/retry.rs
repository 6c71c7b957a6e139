//! Part of the generated SDK's fixed runtime: whether and when to try again.
//!
//! [`decide`] is a pure function of what happened, the policy, the quota that is
//! left, a random number and the time, so every decision can be stated as data.

use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::header::HeaderMap;

use super::error::Error;

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
    /// How much of such a delay is left to chance: 1 all of it, 0.5 half, 0 none.
    pub jitter: f64,
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
            jitter: 1.0,
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

    /// Sets how much of a delay of our own is left to chance, from 0 to 1.
    pub fn jitter(mut self, jitter: f64) -> Self {
        self.jitter = jitter;
        self
    }

    /// Sets how often a cut stream is taken up again without a new event in between.
    pub fn max_resumes(mut self, max_resumes: u32) -> Self {
        self.max_resumes = max_resumes;
        self
    }

    pub(super) fn checked(self) -> Result<Self, Error> {
        if (0.0..=1.0).contains(&self.jitter) {
            Ok(self)
        } else {
            Err(Error::configuration("jitter is a number from 0 to 1"))
        }
    }
}

/// The code of a conflict that says: the first request with this key is still at work.
const IN_PROGRESS: &str = "idempotency_in_progress";

/// What became of an attempt that did not succeed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Failure {
    /// No connection was made: the server has seen nothing.
    Connect,
    /// The connection broke before the first byte of an answer.
    Reset,
    /// The connection broke, or the body ended, in the middle of an answer.
    Broken,
    /// An answer did not begin, or did not go on, in time.
    Stalled,
    /// The server answered with an error.
    Status {
        /// The HTTP status.
        status: u16,
        /// The error's code.
        code: Option<String>,
        /// How long the server asks to wait.
        retry_after: Option<Duration>,
    },
    /// Anything that another attempt would not change.
    Final,
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
    Raise(Reason),
}

/// Why there is no other attempt; where several hold, the first of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// Another attempt would fare no better.
    NotRetryable,
    /// The call must not arrive twice, and may have arrived.
    NotRepeatable,
    /// There were enough attempts.
    Attempts,
    /// The server asks for a longer wait than a caller should be left in.
    RetryAfter,
    /// The time of the call would be over.
    Deadline,
    /// The client has spent its quota.
    Quota,
}

/// Decides whether to repeat a call that failed.
pub fn decide(failure: &Failure, policy: &RetryPolicy, at: &Circumstances) -> Decision {
    let delay = delay_after(failure, policy, at.attempt, at.random);
    let cost = if is_throttling(failure) {
        policy.throttled_cost
    } else {
        policy.transient_cost
    };
    let reason = if !may_pass(failure) {
        Reason::NotRetryable
    } else if !at.repeatable && !came_to_nothing(failure) {
        Reason::NotRepeatable
    } else if at.attempt >= policy.max_attempts {
        Reason::Attempts
    } else if asks_too_much(failure, policy) {
        Reason::RetryAfter
    } else if at.remaining.is_some_and(|remaining| delay >= remaining) {
        Reason::Deadline
    } else if at.quota < cost {
        Reason::Quota
    } else {
        return Decision::Retry { delay, cost };
    };
    Decision::Raise(reason)
}

/// What to do about a stream that was cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reattachment {
    /// Take the stream up again after this time.
    After(Duration),
    /// Give the error to the caller.
    Raise(Reason),
}

/// Decides whether to take up a cut stream; `attempt` counts from 1 since the last progress.
///
/// A server that cannot be reached is treated like one that says it is overloaded.
pub fn decide_reattachment(
    failure: &Failure,
    policy: &RetryPolicy,
    attempt: u32,
    random: f64,
) -> Reattachment {
    let passes = match failure {
        Failure::Connect | Failure::Reset | Failure::Broken | Failure::Stalled => true,
        Failure::Status { status, .. } => is_passing(*status),
        Failure::Final => false,
    };
    if !passes {
        return Reattachment::Raise(Reason::NotRetryable);
    }
    if attempt > policy.max_resumes {
        return Reattachment::Raise(Reason::Attempts);
    }
    if asks_too_much(failure, policy) {
        return Reattachment::Raise(Reason::RetryAfter);
    }
    if matches!(failure, Failure::Connect) {
        return Reattachment::After(backoff(policy, true, attempt, random));
    }
    Reattachment::After(delay_after(failure, policy, attempt, random))
}

/// Gives the delay before the retry that follows `attempt`: a doubling bound, less what chance
/// takes of the part that is left to it.
fn backoff(policy: &RetryPolicy, throttled: bool, attempt: u32, random: f64) -> Duration {
    let base = if throttled {
        policy.throttled_base
    } else {
        policy.base
    };
    let doubled = base.saturating_mul(1 << attempt.saturating_sub(1).min(30));
    let share = 1.0 - policy.jitter + policy.jitter * random;
    doubled.min(policy.cap).mul_f64(share.clamp(0.0, 1.0))
}

fn delay_after(failure: &Failure, policy: &RetryPolicy, attempt: u32, random: f64) -> Duration {
    asked(failure).unwrap_or_else(|| backoff(policy, is_throttling(failure), attempt, random))
}

fn asked(failure: &Failure) -> Option<Duration> {
    match failure {
        Failure::Status { retry_after, .. } => *retry_after,
        _ => None,
    }
}

fn asks_too_much(failure: &Failure, policy: &RetryPolicy) -> bool {
    asked(failure).is_some_and(|asked| asked > policy.retry_after_cap)
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

fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

fn may_pass(failure: &Failure) -> bool {
    match failure {
        Failure::Connect | Failure::Reset => true,
        Failure::Status {
            status: 409, code, ..
        } => code.as_deref() == Some(IN_PROGRESS),
        Failure::Status { status, .. } => is_passing(*status),
        Failure::Broken | Failure::Stalled | Failure::Final => false,
    }
}

/// Says whether the server cannot have acted on the request.
fn came_to_nothing(failure: &Failure) -> bool {
    matches!(failure, Failure::Connect) || is_throttling(failure)
}

/// Reads how long the server asks to wait: `retry-after-ms`, else `Retry-After`.
pub fn asked_delay(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = |name| headers.get(name)?.to_str().ok();
    let precise = value("retry-after-ms").and_then(number);
    precise
        .map(|milliseconds| duration(milliseconds / 1000.0))
        .or_else(|| parse_retry_after(value("retry-after")?, now))
}

/// Reads `Retry-After` in seconds (a fraction is allowed) or as an HTTP date.
///
/// A date in the past asks for no delay; anything else that is no time is ignored.
pub fn parse_retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    if let Some(seconds) = number(value) {
        return Some(duration(seconds));
    }
    let present = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let date = UNIX_EPOCH + Duration::from_secs(parse_http_date(value.trim(), present)?);
    Some(date.duration_since(now).unwrap_or_default())
}

/// Reads a plain decimal number: digits, and after a point digits again.
fn number(value: &str) -> Option<f64> {
    let value = value.trim_matches([' ', '\t']);
    let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    value.parse().ok()
}

/// Gives seconds as a duration; what is too large to hold is too long, not malformed.
fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

/// Reads the three date forms of RFC 9110 section 5.6.7 as seconds since 1970.
fn parse_http_date(value: &str, now: u64) -> Option<u64> {
    let value = value.split_once(", ").map_or(value, |(_, date)| date);
    let words: Vec<&str> = value
        .split([' ', '-'])
        .filter(|word| !word.is_empty())
        .collect();
    match words[..] {
        [day, month, year, time, "GMT"] if year.len() == 2 => {
            let number: u64 = year.parse().ok()?;
            let full = century(now) + number;
            // What is more than fifty years ahead is of the century before, and so over.
            seconds_since_1970(full.max(1970), month, day, time).map(|date| {
                if date.saturating_sub(now) > FIFTY_YEARS {
                    0
                } else {
                    date
                }
            })
        }
        [day, month, year, time, "GMT"] => seconds_since_1970(full_year(year)?, month, day, time),
        [_, month, day, time, year] => seconds_since_1970(full_year(year)?, month, day, time),
        _ => None,
    }
}

/// Seconds ahead from which on a year of two digits is one of the century before.
const FIFTY_YEARS: u64 = 50 * 31_557_600;

/// Gives the first year of the century of a moment.
fn century(now: u64) -> u64 {
    (1970 + now / 31_556_952) / 100 * 100
}

/// The clock began in 1970.
fn full_year(year: &str) -> Option<u64> {
    let number = year.parse().ok()?;
    Some(number).filter(|year| (1970..=9999).contains(year))
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
