//! Part of the generated SDK's fixed runtime: the body of an answer, within its time limits.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{ready, Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::Body as _;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use super::error::{Error, TimeLimit};

/// The bytes of an answer as they arrive. Dropping it closes the connection.
pub struct Body {
    bytes: Pin<Box<reqwest::Body>>,
    /// The place that its request has among those in flight, free once this is dropped.
    _place: Option<OwnedSemaphorePermit>,
}

impl std::fmt::Debug for Body {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Body")
    }
}

impl Body {
    /// A body that arrives.
    pub(super) fn arriving(body: reqwest::Body, place: Option<OwnedSemaphorePermit>) -> Self {
        Self {
            bytes: Box::pin(body),
            _place: place,
        }
    }

    /// A body that is there already.
    pub(super) fn of(bytes: Bytes) -> Self {
        Self::arriving(bytes.into(), None)
    }

    /// Gives the next bytes; trailers are passed over.
    pub(super) fn poll_chunk(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, reqwest::Error>>> {
        loop {
            match ready!(self.bytes.as_mut().poll_frame(context)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(error.without_url()))),
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data() {
                        return Poll::Ready(Some(Ok(bytes)));
                    }
                }
            }
        }
    }

    /// Reads the whole body within the time limits.
    pub(super) async fn read(mut self, idle: Duration, deadline: Instant) -> Result<Bytes, Error> {
        let mut whole = Vec::new();
        loop {
            let (limit, kind) = sooner(idle, TimeLimit::Idle, deadline);
            let next = poll_fn(|context| self.poll_chunk(context));
            match timeout(limit, next).await {
                Err(_) => return Err(Error::timeout(kind)),
                Ok(None) => return Ok(whole.into()),
                Ok(Some(Ok(bytes))) => whole.extend_from_slice(&bytes),
                Ok(Some(Err(error))) => {
                    return Err(Error::connection("the answer broke off").caused_by(error));
                }
            }
        }
    }
}

/// Gives the limit that runs out first, and which one it is.
pub(super) fn sooner(limit: Duration, kind: TimeLimit, deadline: Instant) -> (Duration, TimeLimit) {
    let left = deadline.saturating_duration_since(Instant::now());
    if left < limit {
        (left, TimeLimit::Total)
    } else {
        (limit, kind)
    }
}
