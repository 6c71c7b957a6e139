//! Part of the generated SDK's fixed runtime: the texts inside a stream's events.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::error::Error;
use super::stream::{EventStream, StreamKind};

/// The texts out of a stream's events. The stream stays the caller's.
#[must_use = "texts are read as they are asked for"]
pub struct Deltas<'a, K: StreamKind> {
    stream: &'a mut EventStream<K>,
    pick: fn(&K::Event) -> Option<&str>,
}

impl<'a, K: StreamKind> Deltas<'a, K> {
    pub(super) fn new(stream: &'a mut EventStream<K>, pick: fn(&K::Event) -> Option<&str>) -> Self {
        Self { stream, pick }
    }

    /// Gives the next text.
    pub async fn next(&mut self) -> Option<Result<String, Error>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl<K: StreamKind> Stream for Deltas<'_, K> {
    type Item = Result<String, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            match Pin::new(&mut *this.stream).poll_next(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(Some(Ok(event))) => {
                    if let Some(text) = (this.pick)(&event) {
                        return Poll::Ready(Some(Ok(text.to_owned())));
                    }
                }
            }
        }
    }
}

impl<K: StreamKind> fmt::Debug for Deltas<'_, K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Deltas")
    }
}
