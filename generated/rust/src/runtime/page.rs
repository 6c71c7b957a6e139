//! Part of the generated SDK's fixed runtime: lists that come in pages.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;
use std::task::{ready, Context, Poll};

use futures_core::Stream;
use reqwest::Url;
use serde::de::DeserializeOwned;
use serde::Serialize;

use super::call::{BoxFuture, Call, Json, Reply};
use super::error::Error;
use super::response::{ResponseInfo, WithResponse};
use super::transport::{Opened, Sender};

/// The body of a page.
pub trait PageBody: DeserializeOwned + Send + Unpin + 'static {
    /// What is listed.
    type Item: Send + Unpin + 'static;

    /// Gives the items.
    fn into_items(self) -> Vec<Self::Item>;

    /// How many items there are.
    fn count(&self) -> usize;

    /// Whether the page says that there is one after it; `None`: it does not say.
    fn has_more(&self) -> Option<bool> {
        None
    }

    /// Where the next page begins, if the page says that.
    fn next_cursor(&self) -> Option<String> {
        None
    }

    /// How many items, or pages, there are in all, if the page says that.
    fn total(&self) -> Option<u64> {
        None
    }
}

impl<T: DeserializeOwned + Send + Unpin + 'static> PageBody for Vec<T> {
    type Item = T;

    fn into_items(self) -> Self {
        self
    }

    fn count(&self) -> usize {
        self.len()
    }
}

/// How a list goes on.
#[derive(Clone, Copy, Debug)]
pub enum Walk {
    /// The page's cursor goes into this query parameter.
    Cursor(&'static str),
    /// The number of items so far goes into a query parameter.
    Offset {
        /// That parameter.
        offset: &'static str,
        /// The parameter that asks for so many items at most.
        limit: Option<&'static str>,
    },
    /// The number of the page goes into a query parameter.
    Number {
        /// That parameter.
        page: &'static str,
        /// The number of the first page.
        first: u64,
    },
    /// The header `Link` has the address of the next page (RFC 8288).
    Link,
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
        let next = match self.sender.request.walk {
            None => None,
            Some(Walk::Cursor(parameter)) => self.cursor()?.map(|cursor| (parameter, cursor)),
            Some(Walk::Offset { offset, limit }) => {
                let next = self.offset(offset, limit);
                next.map(|next| (offset, next.to_string()))
            }
            Some(Walk::Number { page, first }) => {
                let next = self.number(page, first);
                next.map(|next| (page, next.to_string()))
            }
            Some(Walk::Link) => self.link()?.map(|link| ("", link.to_string())),
        };
        let Some((parameter, next)) = next else {
            return Ok(None);
        };
        let mut asked = self.asked.clone();
        asked.extend(self.sender.asked(parameter));
        if asked.contains(&next) {
            return Err(self.broken("the page leads back to one that was asked for before"));
        }
        let mut sender = self.sender.clone();
        sender.request = if parameter.is_empty() {
            sender.request.with_address(next)
        } else {
            sender.options.query.retain(|(name, _)| name != parameter);
            sender.request.with_cursor(parameter, &next)
        };
        Ok(Some((sender, asked)))
    }

    fn cursor(&self) -> Result<Option<String>, Error> {
        let next = self.body.next_cursor();
        match (self.body.has_more(), next) {
            (Some(false), _) => Ok(None),
            (Some(true), None) => {
                Err(self.broken("the page says that there is more, but not from where"))
            }
            (None, _) if self.body.count() == 0 => Ok(None),
            (_, next) => Ok(next),
        }
    }

    fn offset(&self, offset: &str, limit: Option<&str>) -> Option<u64> {
        let number = |name: &str| self.sender.asked(name)?.parse::<u64>().ok();
        let count = self.body.count() as u64;
        let next = number(offset).unwrap_or_default() + count;
        let is_short = || limit.and_then(number).is_some_and(|limit| count < limit);
        let is_last = match self.body.total() {
            Some(total) => next >= total,
            None => is_short(),
        };
        (count > 0 && !is_last).then_some(next)
    }

    fn number(&self, page: &str, first: u64) -> Option<u64> {
        let asked = self.sender.asked(page);
        let number: Option<u64> = asked.and_then(|asked| asked.parse().ok());
        let next = number.unwrap_or(first) + 1;
        let total = self.body.total();
        let is_last = total.is_some_and(|total| next >= first + total);
        (self.body.count() > 0 && !is_last).then_some(next)
    }

    /// Gives the address of the next page; one elsewhere would be sent the credentials.
    fn link(&self) -> Result<Option<Url>, Error> {
        let links = self.response.headers().get_all("link");
        let mut links = links.iter().filter_map(|value| value.to_str().ok());
        let Some(target) = links.find_map(next_link) else {
            return Ok(None);
        };
        let here = self.sender.template()?.url().clone();
        let link = here.join(target);
        match link {
            Ok(link) if link.origin() == here.origin() => Ok(Some(link)),
            _ => Err(self.broken("the next page is on another server")),
        }
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

impl<L: PageBody, W> Call<Paged<L>, W> {
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

/// Gives a text of an item that is one of several types, by its name on the wire.
pub fn text_of<T: Serialize>(item: &T, name: &str) -> Option<String> {
    let fields = serde_json::to_value(item).ok()?;
    fields.get(name)?.as_str().map(str::to_owned)
}

/// Finds the target of the relation `next` in a `Link` header.
fn next_link(header: &str) -> Option<&str> {
    let mut rest = header;
    loop {
        let (_, after) = rest.split_once('<')?;
        let (target, after) = after.split_once('>')?;
        let (parameters, following) = split_at_comma(after);
        let is_next = |relation: &str| relation.eq_ignore_ascii_case("next");
        let relations = parameters.split(';').filter_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            let value = value.trim().trim_matches('"');
            name.trim().eq_ignore_ascii_case("rel").then_some(value)
        });
        if relations
            .take(1)
            .any(|value| value.split_ascii_whitespace().any(is_next))
        {
            return Some(target);
        }
        rest = following;
    }
}

/// Splits at the first comma outside quotes.
fn split_at_comma(text: &str) -> (&str, &str) {
    let mut quoted = false;
    for (at, letter) in text.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            ',' if !quoted => return (&text[..at], &text[at + 1..]),
            _ => {}
        }
    }
    (text, "")
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
