//! Part of the generated SDK's fixed runtime: objects whose JSON arrives in pieces.

use std::collections::BTreeMap;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::error::Error;
use super::stream::{EventStream, StreamKind};

/// How a stream's events make such objects. Events that do not count give `None`.
pub struct Assembly<K: StreamKind, Key: 'static, O: 'static> {
    /// The key and the object of an event that begins one.
    pub begin: (Pick<K, Key>, Pick<K, O>),
    /// The key and the text of an event that brings a piece.
    pub piece: (Pick<K, Key>, Pick<K, str>),
    /// The key of an event that says that an object is complete.
    pub end: Pick<K, Key>,
    /// Puts what the text says into the object.
    pub put: fn(&mut O, &str) -> Result<(), serde_json::Error>,
    /// The events that drop all that are not complete.
    pub discarded_by: &'static [&'static str],
}

/// Finds something in an event.
pub type Pick<K, T> = fn(&<K as StreamKind>::Event) -> Option<&T>;

/// The complete objects out of a stream's events. The stream stays the caller's.
#[must_use = "objects are put together as they are asked for"]
pub struct Assembled<'a, K: StreamKind, Key: 'static, O: 'static> {
    stream: &'a mut EventStream<K>,
    how: &'static Assembly<K, Key, O>,
    open: BTreeMap<Key, (O, String)>,
}

impl<'a, K: StreamKind, Key: Clone + Ord, O: Clone> Assembled<'a, K, Key, O> {
    pub(super) fn new(stream: &'a mut EventStream<K>, how: &'static Assembly<K, Key, O>) -> Self {
        let open = BTreeMap::new();
        Self { stream, how, open }
    }

    /// Gives the next object that is complete.
    pub async fn next(&mut self) -> Option<Result<O, Error>> {
        poll_fn(|context| self.poll(context)).await
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<O, Error>>> {
        loop {
            match Pin::new(&mut *self.stream).poll_next(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(Some(Ok(event))) => {
                    if let Some(complete) = self.take(&event) {
                        return Poll::Ready(Some(complete));
                    }
                }
            }
        }
    }

    fn take(&mut self, event: &K::Event) -> Option<Result<O, Error>> {
        let Assembly { begin, piece, .. } = self.how;
        if self.how.discarded_by.contains(&K::name(event)) {
            self.open.clear();
        }
        if let (Some(key), Some(object)) = (begin.0(event), begin.1(event)) {
            let fresh = (object.clone(), String::new());
            self.open.insert(key.clone(), fresh);
        }
        if let (Some(key), Some(text)) = (piece.0(event), piece.1(event)) {
            if let Some((_, whole)) = self.open.get_mut(key) {
                whole.push_str(text);
            }
        }
        let (object, text) = self.open.remove((self.how.end)(event)?)?;
        Some(self.complete(object, &text))
    }

    /// No text at all stands for an empty object.
    fn complete(&self, mut object: O, text: &str) -> Result<O, Error> {
        let whole = if text.is_empty() { "{}" } else { text };
        match (self.how.put)(&mut object, whole) {
            Ok(()) => Ok(object),
            Err(error) => Err(self.stream.placed(Error::decode(text, error))),
        }
    }
}

impl<K: StreamKind, Key: Clone + Ord + Unpin, O: Clone + Unpin> Stream
    for Assembled<'_, K, Key, O>
{
    type Item = Result<O, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll(context)
    }
}

impl<K: StreamKind, Key, O> fmt::Debug for Assembled<'_, K, Key, O> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Assembled")
    }
}

impl<K: StreamKind, Key, O> fmt::Debug for Assembly<K, Key, O> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Assembly")
    }
}
