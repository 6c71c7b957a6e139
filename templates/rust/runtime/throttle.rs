//! Part of the generated SDK's fixed runtime: a client that holds itself back.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout_at};

use super::error::{Error, TimeLimit};

/// How much a client asks of a server, over all its calls and their attempts.
///
/// Who has to wait goes in the order of the calls, within the total time of each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Throttle {
    in_flight: Option<usize>,
    per_second: Option<f64>,
    burst: Option<u32>,
}

impl Throttle {
    /// Allows so many requests at once.
    ///
    /// One is in flight until its answer is read, a stream until it ends or is dropped.
    pub fn in_flight(mut self, count: usize) -> Self {
        self.in_flight = Some(count);
        self
    }

    /// Allows so many requests a second.
    pub fn per_second(mut self, rate: f64) -> Self {
        self.per_second = Some(rate);
        self
    }

    /// Lets so many of them go together after a rest; one, if nothing is said.
    pub fn burst(mut self, count: u32) -> Self {
        self.burst = Some(count);
        self
    }
}

/// What all requests of a client go through.
#[derive(Debug)]
pub(super) struct Gate {
    places: Option<Arc<Semaphore>>,
    pace: Option<Mutex<Pace>>,
    begun: Instant,
}

impl Gate {
    /// Makes what keeps to a throttle, if it makes sense.
    pub(super) fn new(throttle: &Throttle) -> Result<Self, Error> {
        let (count, rate) = (throttle.in_flight, throttle.per_second);
        let burst = throttle.burst.unwrap_or(1);
        let wrong = if count.is_some_and(|count| !(1..=Semaphore::MAX_PERMITS).contains(&count)) {
            Some("in_flight is a whole number from 1 on")
        } else if rate.is_some_and(|rate| !(rate > 0.0 && rate.is_finite())) {
            Some("per_second is a number above 0")
        } else if burst < 1 {
            Some("burst is a whole number from 1 on")
        } else {
            None
        };
        match wrong {
            Some(wrong) => Err(Error::configuration(wrong)),
            None => Ok(Self {
                places: count.map(|count| Arc::new(Semaphore::new(count))),
                pace: rate.map(|rate| Mutex::new(Pace::new(rate, burst))),
                begun: Instant::now(),
            }),
        }
    }

    /// Waits for the turn of a request, no longer than its call may take.
    ///
    /// The place of a request in flight is free again once what this gives is dropped.
    pub(super) async fn pass(
        &self,
        deadline: Instant,
    ) -> Result<Option<OwnedSemaphorePermit>, Error> {
        let turn = timeout_at(deadline.into(), self.turn());
        turn.await.map_err(|_| Error::timeout(TimeLimit::Total))
    }

    async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        let place = match &self.places {
            // Nobody closes it.
            Some(places) => Arc::clone(places).acquire_owned().await.ok(),
            None => None,
        };
        let ahead = self.ahead();
        if !ahead.is_zero() {
            sleep(ahead).await;
        }
        place
    }

    /// How far away the next turn is, which is taken.
    fn ahead(&self) -> Duration {
        let Some(pace) = &self.pace else {
            return Duration::ZERO;
        };
        let now = self.begun.elapsed().as_secs_f64();
        let mut pace = pace.lock().unwrap_or_else(PoisonError::into_inner);
        Duration::try_from_secs_f64(pace.turn(now)).unwrap_or(Duration::MAX)
    }
}

/// Turns at a rate, some of them together after a rest. Times are in seconds.
#[derive(Debug)]
pub struct Pace {
    interval: f64,
    ahead: f64,
    /// When the next turn would be, if none came together.
    next: f64,
}

impl Pace {
    /// A rate of which nothing is used up yet.
    pub fn new(per_second: f64, burst: u32) -> Self {
        let interval = 1.0 / per_second;
        Self {
            interval,
            ahead: f64::from(burst - 1) * interval,
            next: f64::NEG_INFINITY,
        }
    }

    /// Takes the next turn; gives how many seconds it is away.
    pub fn turn(&mut self, now: f64) -> f64 {
        let due = self.next.max(now);
        self.next = due + self.interval;
        (due - self.ahead - now).max(0.0)
    }
}
