//! Part of the generated SDK's fixed runtime: streams whose frames are JSON texts.
//!
//! Either a text a line (JSON Lines, NDJSON), or texts each begun by a record
//! separator (RFC 7464). Bytes go in, frames come out, wherever a chunk ends.

use std::borrow::Cow;

use super::sse::{Decoder, Frame, LimitExceeded, Limits};

/// How a stream's body is cut into frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// An event stream of the HTML standard.
    EventStream,
    /// A JSON text a line.
    Lines,
    /// JSON texts, each after a record separator.
    Sequence,
}

/// Cuts a body into frames.
#[derive(Debug)]
pub enum Frames {
    /// Those of an event stream.
    Events(Decoder),
    /// JSON texts.
    Records(Records),
}

impl Frames {
    /// Begins to read a body.
    pub fn new(framing: Framing, limits: Limits) -> Self {
        match framing {
            Framing::EventStream => Self::Events(Decoder::new(limits)),
            Framing::Lines => Self::Records(Records::new(b'\n', limits.event)),
            Framing::Sequence => Self::Records(Records::new(0x1E, limits.event)),
        }
    }

    /// Takes in the next bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        match self {
            Self::Events(decoder) => decoder.feed(bytes),
            Self::Records(records) => records.feed(bytes),
        }
    }

    /// Gives the next frame, or `None` until more bytes are fed.
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, LimitExceeded> {
        match self {
            Self::Events(decoder) => decoder.next_frame(),
            Self::Records(records) => records.next_frame(),
        }
    }

    /// Notes that the body is over; says whether that may have completed a frame.
    ///
    /// An event that its blank line does not end never counts.
    pub fn end(&mut self) -> bool {
        match self {
            Self::Events(_) => false,
            Self::Records(records) => records.end(),
        }
    }
}

/// Cuts a body at one byte.
#[derive(Debug)]
pub struct Records {
    separator: u8,
    limit: usize,
    buffer: Vec<u8>,
    start: usize,
    scanned: usize,
    ended: bool,
}

impl Records {
    fn new(separator: u8, limit: usize) -> Self {
        Self {
            separator,
            limit,
            buffer: Vec::new(),
            start: 0,
            scanned: 0,
            ended: false,
        }
    }

    fn feed(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.start);
        self.scanned -= self.start;
        self.start = 0;
        self.buffer.extend_from_slice(bytes);
    }

    fn end(&mut self) -> bool {
        let left = !self.ended && self.start < self.buffer.len();
        self.ended = true;
        left
    }

    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, LimitExceeded> {
        while let Some(end) = self.find_end() {
            let record = &self.buffer[self.start..end];
            let from = end - record.trim_ascii_start().len();
            let to = from + record.trim_ascii().len();
            self.start = (end + 1).min(self.buffer.len());
            self.scanned = self.start;
            if to - from > self.limit {
                return Err(LimitExceeded::Event(self.limit));
            }
            if from < to {
                return Ok(Some(Frame {
                    event: Cow::Borrowed("message"),
                    data: String::from_utf8_lossy(&self.buffer[from..to]),
                    last_event_id: "",
                    has_id: false,
                }));
            }
        }
        if self.buffer.len() - self.start > self.limit {
            return Err(LimitExceeded::Event(self.limit));
        }
        Ok(None)
    }

    /// Finds where the record ends; the end of the body ends the last one.
    fn find_end(&mut self) -> Option<usize> {
        let rest = &self.buffer[self.scanned..];
        let found = rest.iter().position(|byte| *byte == self.separator);
        match found {
            Some(offset) => Some(self.scanned + offset),
            None => {
                self.scanned = self.buffer.len();
                let last = self.ended && self.start < self.buffer.len();
                last.then_some(self.buffer.len())
            }
        }
    }
}
