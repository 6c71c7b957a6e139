//! Part of the generated SDK's fixed runtime: lists that come in pages.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;
use std::task::{ready, Context, Poll};

use futures_core::Stream;
use serde::de::DeserializeOwned;

use super::call::{BoxFuture, Call, Json, Reply};
use super::error::Error;
use super::response::{ResponseInfo, WithResponse};
use super::transport::{Opened, Sender};

/// The body of a page.
pub trait PageBody: DeserializeOwned + Send + Unpin + 'static {
    /// What is listed.
    type Item: Send + Unpin + 'static;

    /// The query parameter that continues the list.
    const CURSOR: &'static str;

    /// Whether there is a page after this one.
    fn has_more(&self) -> bool;

    /// Where that page begins.
    fn next_cursor(&self) -> Option<String>;

    /// Gives the items.
    fn into_items(self) -> Vec<Self::Item>;
}

/// One page of a list. It derefs to the page's body.
#[derive(Debug)]
pub struct Page<L> {
    body: L,
    response: ResponseInfo,
    sender: Sender,
    asked: Vec<String>,
}

impl<L: PageBody> Page<L> {
    /// Fetches the page after this one; `None` if this is the last.
    pub async fn next_page(&self) -> Result<Option<Self>, Error> {
        match self.following()? {
            Some((sender, asked)) => fetch(sender, asked).await.map(Some),
            None => Ok(None),
        }
    }

    /// The status and headers of the response.
    pub fn response(&self) -> &ResponseInfo {
        &self.response
    }

    /// Gives the page's body.
    pub fn into_body(self) -> L {
        self.body
    }

    /// Gives the call for the next page, with the cursors that were asked for so far.
    ///
    /// A list that goes on from nowhere, or in a circle, is an error.
    fn following(&self) -> Result<Option<(Sender, Vec<String>)>, Error> {
        if !self.body.has_more() {
            return Ok(None);
        }
        let Some(cursor) = self.body.next_cursor() else {
            return Err(self.broken("the page says that there is more, but not from where"));
        };
        let mut asked = self.asked.clone();
        asked.extend(self.sender.request.query_value(L::CURSOR));
        if asked.contains(&cursor) {
            return Err(self.broken("the page leads back to one that was asked for before"));
        }
        let mut sender = self.sender.clone();
        sender.request = sender.request.with_cursor(L::CURSOR, cursor);
        Ok(Some((sender, asked)))
    }

    fn broken(&self, problem: &str) -> Error {
        Error::decode("", problem).with_response(self.response.clone())
    }
}

impl<L> Deref for Page<L> {
    type Target = L;

    fn deref(&self) -> &L {
        &self.body
    }
}

/// An answer that is a page of a list.
#[derive(Debug)]
pub struct Paged<L>(PhantomData<fn() -> L>);

impl<L: PageBody> Reply for Paged<L> {
    type Output = Page<L>;

    const ACCEPT: &'static str = "application/json";

    fn receive(opened: Opened) -> BoxFuture<Result<WithResponse<Page<L>>, Error>> {
        Box::pin(async {
            let sender = opened.sender.clone();
            let WithResponse { value, response } = Json::<L>::receive(opened).await?;
            let page = Page {
                body: value,
                response: response.clone(),
                sender,
                asked: Vec::new(),
            };
            Ok(WithResponse {
                value: page,
                response,
            })
        })
    }
}

impl<L: PageBody> Call<Paged<L>> {
    /// Gives all items, fetching page after page as they are asked for.
    pub fn items(self) -> Items<L> {
        Items {
            pages: self.pages(),
            ready: VecDeque::new(),
        }
    }

    /// Gives the pages, each fetched when it is asked for.
    pub fn pages(self) -> Pages<L> {
        Pages {
            fetching: Some(fetch(self.into_sender(), Vec::new())),
        }
    }
}

fn fetch<L: PageBody>(sender: Sender, asked: Vec<String>) -> BoxFuture<Result<Page<L>, Error>> {
    Box::pin(async {
        let mut page = sender.answer::<Paged<L>>().await?.value;
        page.asked = asked;
        Ok(page)
    })
}

/// The pages of a list. It ends after an error.
#[must_use = "pages are fetched as they are asked for"]
pub struct Pages<L> {
    fetching: Option<BoxFuture<Result<Page<L>, Error>>>,
}

impl<L: PageBody> Pages<L> {
    /// Gives the next page.
    pub async fn next(&mut self) -> Option<Result<Page<L>, Error>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl<L: PageBody> Stream for Pages<L> {
    type Item = Result<Page<L>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(fetching) = &mut self.fetching else {
            return Poll::Ready(None);
        };
        let fetched = ready!(fetching.as_mut().poll(context));
        self.fetching = match fetched.as_ref().map(Page::following) {
            Ok(Ok(Some((sender, asked)))) => Some(fetch(sender, asked)),
            Ok(Err(error)) => Some(Box::pin(async { Err(error) })),
            Ok(Ok(None)) | Err(_) => None,
        };
        Poll::Ready(Some(fetched))
    }
}

impl<L> fmt::Debug for Pages<L> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Pages")
    }
}

/// The items of a list, across its pages. It ends after an error.
#[must_use = "items are fetched as they are asked for"]
pub struct Items<L: PageBody> {
    pages: Pages<L>,
    ready: VecDeque<L::Item>,
}

impl<L: PageBody> Items<L> {
    /// Gives the next item.
    pub async fn next(&mut self) -> Option<Result<L::Item, Error>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl<L: PageBody> Stream for Items<L> {
    type Item = Result<L::Item, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(Pin::new(&mut self.pages).poll_next(context)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(page)) => self.ready = page.into_body().into_items().into(),
            }
        }
    }
}

impl<L: PageBody> fmt::Debug for Items<L> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Items")
    }
}
