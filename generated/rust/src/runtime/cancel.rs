//! Part of the generated SDK's fixed runtime: stopping calls from elsewhere.

use std::error::Error as StdError;
use std::fmt;
use std::future::{poll_fn, Future};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use tokio::sync::watch;

use super::error::{Error, Failure};

/// Why something was cancelled.
#[derive(Clone)]
struct Reason(Arc<dyn StdError + Send + Sync>);

impl fmt::Debug for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl StdError for Reason {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

/// Stops the calls and streams that it was given to, and tells them why.
///
/// Clones stop the same calls. Once cancelled it stays so. What it stops fails with an
/// error that keeps the reason; the connection is freed at once.
#[derive(Clone, Debug)]
pub struct CancelToken(watch::Sender<Option<Reason>>);

impl CancelToken {
    /// Makes a token.
    pub fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    /// Stops everything the token was given to. The first reason stays.
    pub fn cancel(&self, reason: impl Into<Box<dyn StdError + Send + Sync>>) {
        let reason = Reason(Arc::from(reason.into()));
        self.0.send_if_modified(|known| {
            let first = known.is_none();
            if first {
                *known = Some(reason);
            }
            first
        });
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// Waits until it is cancelled, and gives the error for that.
    pub(super) async fn cancelled(self) -> Error {
        let mut changes = self.0.subscribe();
        // The sender is held here, so that waiting cannot fail.
        let reason = match changes.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone(),
            Err(_) => None,
        };
        let error = Error::new(Failure::Cancelled, "the request was cancelled");
        match reason {
            Some(reason) => error.caused_by(reason),
            None => error,
        }
    }
}

impl Default for CancelToken {
    fn default() -> Self {
        Self::new()
    }
}

/// Gives the reason that a cancelling left in an error.
pub(super) fn reason_in<'a>(
    source: &'a (dyn StdError + Send + Sync + 'static),
) -> Option<&'a (dyn StdError + 'static)> {
    let reason = source.downcast_ref::<Reason>()?;
    Some(&*reason.0)
}

/// Waits for `work`, or for the token to be cancelled, whichever comes first.
pub(super) async fn unless_cancelled<T>(
    token: Option<&CancelToken>,
    work: impl Future<Output = T>,
) -> Result<T, Error> {
    let Some(token) = token else {
        return Ok(work.await);
    };
    let mut cancelled = pin!(token.clone().cancelled());
    let mut work = pin!(work);
    poll_fn(|context| match cancelled.as_mut().poll(context) {
        Poll::Ready(error) => Poll::Ready(Err(error)),
        Poll::Pending => work.as_mut().poll(context).map(Ok),
    })
    .await
}
