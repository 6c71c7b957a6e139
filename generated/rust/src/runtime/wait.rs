//! Part of the generated SDK's fixed runtime: asking until something is decided.

use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde::Serialize;
use serde_json::Value;
use tokio::time::sleep;

use super::call::{Call, Json};
use super::error::{Error, TimeLimit};

/// How long to wait before asking a server again that did not wait itself.
const PAUSE: Duration = Duration::from_millis(500);

/// Asks again and again, each time for so many seconds, until `field` of what is answered
/// is no longer one of `pending`; fails when the time is over.
pub async fn until_decided<T>(
    limit: Duration,
    most: u64,
    (field, pending): (&str, &[&str]),
    ask: impl Fn(u64) -> Call<Json<T>>,
) -> Result<T, Error>
where
    T: DeserializeOwned + Serialize + Send + 'static,
{
    let waits = |shown: &Value| {
        let value = shown.get(field).and_then(Value::as_str);
        value.is_some_and(|value| pending.contains(&value))
    };
    let decided = ask_until(Instant::now() + limit, most, waits, ask).await?;
    decided.ok_or_else(|| Error::timeout(TimeLimit::Total))
}

/// Asks again and again, while what is answered says to wait; `None`: the time is over.
pub(super) async fn ask_until<T>(
    deadline: Instant,
    most: u64,
    waits: impl Fn(&Value) -> bool,
    ask: impl Fn(u64) -> Call<Json<T>>,
) -> Result<Option<T>, Error>
where
    T: DeserializeOwned + Serialize + Send + 'static,
{
    loop {
        let asked = Instant::now();
        let left = deadline.saturating_duration_since(asked);
        if left.is_zero() {
            return Ok(None);
        }
        let seconds = seconds_left(left, most);
        let answer = ask(seconds).waiting(Duration::from_secs(seconds)).await?;
        let shown = serde_json::to_value(&answer).unwrap_or_default();
        if !waits(&shown) {
            return Ok(Some(answer));
        }
        if asked.elapsed() < PAUSE {
            sleep(PAUSE.min(deadline.saturating_duration_since(Instant::now()))).await;
        }
    }
}

/// Gives a time in whole seconds, and not more than the most.
pub(super) fn seconds_left(left: Duration, most: u64) -> u64 {
    let seconds = left.as_millis().div_ceil(1000).try_into();
    most.min(seconds.unwrap_or(most))
}
