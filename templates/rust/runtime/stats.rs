//! Part of the generated SDK's fixed runtime: what a call took, beside its result.

use std::marker::PhantomData;
use std::time::Duration;

use super::call::{BoxFuture, Call, Reply};
use super::error::Error;
use super::response::WithResponse;
use super::transport::{Opened, Sender};

/// What a call took, and of the answer that it came to what is not its body.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallStats {
    /// From the call to its whole answer.
    pub duration: Duration,
    /// All attempts, the first one included.
    pub attempts: u32,
    /// The HTTP status.
    pub status: u16,
    /// The server's id of the request.
    pub request_id: Option<String>,
}

/// An answer, together with what the call took; a failure is one also where it is told to the
/// log alone otherwise.
#[derive(Debug)]
pub struct WithStats<R>(PhantomData<fn() -> R>);

impl<R: Reply> Reply for WithStats<R> {
    type Output = (R::Output, CallStats);

    const ACCEPT: &'static str = R::ACCEPT;

    fn cursor(sender: &Sender) -> Option<String> {
        R::cursor(sender)
    }

    fn receive(opened: Opened) -> BoxFuture<Result<WithResponse<Self::Output>, Error>> {
        Box::pin(async {
            let begun = opened.begun;
            let WithResponse { value, response } = R::receive(opened).await?;
            let stats = CallStats {
                duration: begun.elapsed(),
                attempts: response.attempts(),
                status: response.status(),
                request_id: response.request_id().map(str::to_owned),
            };
            let value = (value, stats);
            Ok(WithResponse { value, response })
        })
    }
}

impl<R: Reply, W> Call<R, W> {
    /// Gives what the call took as well.
    #[doc(hidden)]
    pub fn with_stats(self) -> Call<WithStats<R>, W> {
        Call::of(self.into_sender())
    }
}
