//! Part of the generated SDK's fixed runtime: the event-stream decoder.
//!
//! Bytes go in, frames come out, as the WHATWG HTML standard interprets an event
//! stream (section 9.2.6). The decoder works on bytes and turns a value into text
//! only when its block is complete, so a chunk may end anywhere, even inside a
//! character.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// How much a decoder keeps before it gives up, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest line.
    pub line: usize,
    /// The most data of one event.
    pub event: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line: 1 << 20,
            event: 16 << 20,
        }
    }
}

/// Why a decoder gave up. Once it has, it yields nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LimitExceeded {
    /// A line is longer than this many bytes.
    Line(usize),
    /// The data of an event is longer than this many bytes.
    Event(usize),
}

impl fmt::Display for LimitExceeded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(limit) => write!(formatter, "a line of the stream exceeds {limit} bytes"),
            Self::Event(limit) => write!(formatter, "an event of the stream exceeds {limit} bytes"),
        }
    }
}

impl std::error::Error for LimitExceeded {}

/// One dispatched event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The event's name; `message` where the stream gave none.
    pub event: Cow<'a, str>,
    /// The event's data, its lines joined by line feeds.
    pub data: Cow<'a, str>,
    /// The last event id at dispatch, which an earlier block may have set.
    pub last_event_id: &'a str,
    /// Whether this block itself carried an id.
    pub has_id: bool,
}

/// Turns chunks of an event stream into frames.
#[derive(Debug, Default)]
pub struct Decoder {
    limits: Limits,
    buffer: Vec<u8>,
    start: usize,
    scanned: usize,
    begun: bool,
    after_return: bool,
    block: Block,
    last_event_id: String,
    retry: Option<u64>,
    failed: Option<LimitExceeded>,
}

impl Decoder {
    /// Makes a decoder with the given limits.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            ..Self::default()
        }
    }

    /// Takes in the next bytes of the stream.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.start);
        self.scanned -= self.start;
        self.start = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// Gives the next complete event, or `None` until more bytes are fed.
    ///
    /// What is left when the body ends is an incomplete block: it is never
    /// dispatched and its id never counts.
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, LimitExceeded> {
        if let Some(failure) = self.failed {
            return Err(failure);
        }
        self.block.forget_dispatched();
        if let Some(plain) = self.take_plain_block() {
            return Ok(Some(self.plain_frame(plain)));
        }
        while let Some(line) = self.take_line()? {
            if line.is_empty() {
                if self.end_block() {
                    return Ok(Some(self.block.frame(&self.last_event_id)));
                }
                continue;
            }
            self.block.take_line(&self.buffer[line]);
            self.retry = self.block.retry.take().or(self.retry);
            if self.block.data.len() > self.limits.event {
                return self.fail(LimitExceeded::Event(self.limits.event));
            }
        }
        Ok(None)
    }

    /// The id to resume after: that of the last complete block that had one.
    pub fn last_event_id(&self) -> &str {
        &self.last_event_id
    }

    /// The reconnection time the stream asked for, in milliseconds.
    pub fn retry(&self) -> Option<u64> {
        self.retry
    }

    /// Takes a block that lies in the buffer whole and in its commonest form: lines of
    /// `id`, `event` and `data`, each at most once, ended by line feeds.
    ///
    /// Nothing of it is copied. Any other block is left to be read line by line; bytes
    /// that were looked at for that are not looked at here again.
    fn take_plain_block(&mut self) -> Option<PlainBlock> {
        let untouched = self.begun && !self.after_return && self.scanned == self.start;
        if !untouched || !self.block.is_empty() {
            return None;
        }
        let mut plain = PlainBlock::default();
        let mut at = self.start;
        loop {
            let rest = &self.buffer[at..];
            let end = at + find_line_end(rest)?;
            if self.buffer[end] != b'\n' || end - at > self.limits.line {
                return None;
            }
            if end == at {
                break;
            }
            let (place, name) = match rest[0] {
                b'd' => (&mut plain.data, &b"data: "[..]),
                b'e' => (&mut plain.event, &b"event: "[..]),
                b'i' => (&mut plain.id, &b"id: "[..]),
                _ => return None,
            };
            if place.is_some() || !rest.starts_with(name) {
                return None;
            }
            *place = Some(at + name.len()..end);
            at = end + 1;
        }
        let id = plain.id.clone().map(|id| &self.buffer[id]);
        let within = plain.data.as_ref()?.len() <= self.limits.event;
        if !within || id.is_some_and(|id| id.contains(&0)) {
            return None;
        }
        self.start = at + 1;
        self.scanned = self.start;
        Some(plain)
    }

    fn plain_frame(&mut self, plain: PlainBlock) -> Frame<'_> {
        let has_id = plain.id.is_some();
        if let Some(id) = plain.id {
            self.last_event_id.clear();
            let id = String::from_utf8_lossy(&self.buffer[id]);
            self.last_event_id.push_str(&id);
        }
        let event = plain.event.filter(|event| !event.is_empty());
        Frame {
            event: event.map_or(Cow::Borrowed("message"), |event| {
                String::from_utf8_lossy(&self.buffer[event])
            }),
            data: String::from_utf8_lossy(&self.buffer[plain.data.unwrap_or_default()]),
            last_event_id: &self.last_event_id,
            has_id,
        }
    }

    fn fail<T>(&mut self, failure: LimitExceeded) -> Result<T, LimitExceeded> {
        self.failed = Some(failure);
        Err(failure)
    }

    fn take_line(&mut self) -> Result<Option<Range<usize>>, LimitExceeded> {
        if self.after_return && self.start < self.buffer.len() {
            self.after_return = false;
            if self.buffer[self.start] == b'\n' {
                self.start += 1;
                self.scanned = self.start;
            }
        }
        let Some(offset) = find_line_end(&self.buffer[self.scanned..]) else {
            self.scanned = self.buffer.len();
            if self.scanned - self.start > self.limits.line {
                return self.fail(LimitExceeded::Line(self.limits.line));
            }
            return Ok(None);
        };
        let end = self.scanned + offset;
        let mut line = self.start..end;
        self.after_return = self.buffer[end] == b'\r';
        self.start = end + 1;
        self.scanned = self.start;
        if line.len() > self.limits.line {
            return self.fail(LimitExceeded::Line(self.limits.line));
        }
        if !self.begun {
            self.begun = true;
            if self.buffer[line.clone()].starts_with(BYTE_ORDER_MARK) {
                line.start += BYTE_ORDER_MARK.len();
            }
        }
        Ok(Some(line))
    }

    /// Commits the block's id and says whether there is an event to dispatch.
    fn end_block(&mut self) -> bool {
        if self.block.has_id {
            self.last_event_id.clear();
            let id = String::from_utf8_lossy(&self.block.id);
            self.last_event_id.push_str(&id);
        }
        self.block.dispatched = true;
        let dispatch = self.block.has_data;
        if !dispatch {
            self.block.forget_dispatched();
        }
        dispatch
    }
}

/// Where the fields of a block lie in the buffer.
#[derive(Default)]
struct PlainBlock {
    id: Option<Range<usize>>,
    event: Option<Range<usize>>,
    data: Option<Range<usize>>,
}

/// The fields of the block being read.
#[derive(Debug, Default)]
struct Block {
    event: Vec<u8>,
    data: Vec<u8>,
    id: Vec<u8>,
    retry: Option<u64>,
    has_data: bool,
    has_id: bool,
    dispatched: bool,
}

impl Block {
    fn take_line(&mut self, line: &[u8]) {
        let (name, value) = split_field(line);
        match name {
            b"data" => self.add_data(value),
            b"event" => replace(&mut self.event, value),
            b"id" if !value.contains(&0) => {
                self.has_id = true;
                replace(&mut self.id, value);
            }
            b"retry" => self.retry = milliseconds(value),
            _ => {}
        }
    }

    fn is_empty(&self) -> bool {
        self.event.is_empty() && !self.has_data && !self.has_id
    }

    fn add_data(&mut self, value: &[u8]) {
        if self.has_data {
            self.data.push(b'\n');
        }
        self.has_data = true;
        self.data.extend_from_slice(value);
    }

    fn frame<'a>(&'a self, last_event_id: &'a str) -> Frame<'a> {
        let event = if self.event.is_empty() {
            Cow::Borrowed("message")
        } else {
            String::from_utf8_lossy(&self.event)
        };
        Frame {
            event,
            data: String::from_utf8_lossy(&self.data),
            last_event_id,
            has_id: self.has_id,
        }
    }

    fn forget_dispatched(&mut self) {
        if self.dispatched {
            self.event.clear();
            self.data.clear();
            self.has_data = false;
            self.has_id = false;
            self.dispatched = false;
        }
    }
}

fn replace(target: &mut Vec<u8>, value: &[u8]) {
    target.clear();
    target.extend_from_slice(value);
}

/// Splits at the first colon and drops the one space after it; a line without a
/// colon is a name with an empty value. A comment has an empty name.
fn split_field(line: &[u8]) -> (&[u8], &[u8]) {
    let Some(colon) = line.iter().position(|byte| *byte == b':') else {
        return (line, b"");
    };
    let value = &line[colon + 1..];
    (&line[..colon], value.strip_prefix(b" ").unwrap_or(value))
}

/// Reads ASCII digits, up to the largest whole number that every language holds exactly.
fn milliseconds(value: &[u8]) -> Option<u64> {
    const LARGEST: u64 = (1 << 53) - 1;
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let text = std::str::from_utf8(value).ok()?;
    Some(
        text.parse()
            .map_or(LARGEST, |number: u64| number.min(LARGEST)),
    )
}

/// Finds the first CR or LF, eight bytes at a time.
fn find_line_end(bytes: &[u8]) -> Option<usize> {
    let words = bytes.chunks_exact(8);
    let tail = words.remainder();
    for (index, word) in words.enumerate() {
        let Ok(word) = word.try_into().map(u64::from_le_bytes) else {
            break;
        };
        let hit = zero_bytes(word ^ repeat(b'\n')) | zero_bytes(word ^ repeat(b'\r'));
        if hit != 0 {
            return Some(index * 8 + hit.trailing_zeros() as usize / 8);
        }
    }
    let found = tail.iter().position(|byte| matches!(byte, b'\n' | b'\r'))?;
    Some(bytes.len() - tail.len() + found)
}

const fn repeat(byte: u8) -> u64 {
    u64::MAX / 255 * byte as u64
}

/// Sets the high bit of the lowest zero byte (bits above it may be set as well).
const fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(repeat(1)) & !word & repeat(128)
}
