//! Part of the generated SDK's fixed runtime: JSON that is read while it arrives.

use serde::de::IgnoredAny;
use serde_json::Value;

use super::error::Error;
use super::numbers;

/// Puts JSON together that arrives in pieces, and says at any time what it comes to so far.
///
/// Every piece is looked at once; [`value`](Self::value) reads the whole text anew.
#[derive(Clone, Debug, Default)]
pub struct PartialJson {
    text: String,
    scanned: usize,
    /// What closes the open arrays and objects, the innermost last.
    closers: Vec<char>,
    /// How much of the text makes a value once everything open is closed.
    whole: usize,
    place: Place,
    broken: bool,
}

/// Where in the text the scanner stands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Place {
    /// Before a value.
    #[default]
    Value,
    /// Before the first item, or the end of the array.
    Item,
    /// Before a key; `first`: or the end of the object.
    Key { first: bool },
    /// After a key.
    Colon,
    /// After a value.
    Next,
    /// In a number or a word.
    Word { start: usize },
    /// In a string; `whole` is where its last complete character ended.
    Text {
        key: bool,
        whole: usize,
        escape: Escape,
    },
}

/// How much of an escape sequence there was.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Escape {
    No,
    Begun,
    /// After `\u`: how many digits there were, their value, and the first half of a pair.
    Digits(u8, u32, bool),
    /// After the first half of a pair; `true`: after the backslash too.
    Half(bool),
}

impl PartialJson {
    /// Begins with no text.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a piece.
    pub fn feed(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        while !self.broken {
            let Some(letter) = self.text[self.scanned..].chars().next() else {
                break;
            };
            self.step(letter, self.scanned + letter.len_utf8());
        }
        self
    }

    /// The text so far.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Gives the value so far, if there is any.
    ///
    /// What is open is closed: strings, arrays and objects. A key without its value and
    /// the beginning of a number or a word are left out.
    pub fn value(&self) -> Option<Value> {
        let (end, quote) = match self.place {
            Place::Text {
                key: false, whole, ..
            } => (whole, "\""),
            _ => (self.whole, ""),
        };
        let mut text = format!("{}{quote}", &self.text[..end]);
        text.extend(self.closers.iter().rev());
        serde_json::from_str(&text).ok()
    }

    /// Reads the text as it is; the error has it.
    pub fn finish(&self) -> Result<Value, Error> {
        numbers::read(self.text.as_bytes()).map_err(|error| Error::decode(&self.text, error))
    }

    /// Takes the letter that ends at `end`.
    fn step(&mut self, letter: char, end: usize) {
        match self.place {
            Place::Text { key, whole, escape } => self.in_text(letter, end, key, whole, escape),
            Place::Word { start } => {
                if letter.is_ascii_alphanumeric() || matches!(letter, '+' | '-' | '.') {
                    self.scanned = end;
                } else {
                    self.end_of_word(start);
                }
                return;
            }
            _ if matches!(letter, ' ' | '\t' | '\n' | '\r') => {}
            Place::Item if letter == ']' => self.close(letter, end),
            Place::Value | Place::Item => self.begin_value(letter, end),
            Place::Key { first } => match letter {
                '"' => self.begin_text(end, true),
                '}' if first => self.close(letter, end),
                _ => self.broken = true,
            },
            Place::Colon => match letter {
                ':' => self.place = Place::Value,
                _ => self.broken = true,
            },
            Place::Next => match (letter, self.closers.last()) {
                (',', Some('}')) => self.place = Place::Key { first: false },
                (',', Some(_)) => self.place = Place::Value,
                _ => self.close(letter, end),
            },
        }
        self.scanned = end;
    }

    fn begin_value(&mut self, letter: char, end: usize) {
        match letter {
            '"' => self.begin_text(end, false),
            '{' => self.open('}', end, Place::Key { first: true }),
            '[' => self.open(']', end, Place::Item),
            '-' | '0'..='9' | 'a'..='z' => {
                let start = end - 1;
                self.place = Place::Word { start };
            }
            _ => self.broken = true,
        }
    }

    fn begin_text(&mut self, end: usize, key: bool) {
        self.place = Place::Text {
            key,
            whole: end,
            escape: Escape::No,
        };
    }

    fn open(&mut self, closer: char, end: usize, place: Place) {
        self.closers.push(closer);
        self.whole = end;
        self.place = place;
    }

    fn close(&mut self, letter: char, end: usize) {
        if self.closers.last() != Some(&letter) {
            self.broken = true;
            return;
        }
        self.closers.pop();
        self.whole = end;
        self.place = Place::Next;
    }

    /// A number or a word is over when something else follows.
    fn end_of_word(&mut self, start: usize) {
        let word: Result<IgnoredAny, _> = serde_json::from_str(&self.text[start..self.scanned]);
        if word.is_err() {
            self.broken = true;
            return;
        }
        self.whole = self.scanned;
        self.place = Place::Next;
    }

    fn in_text(&mut self, letter: char, end: usize, key: bool, whole: usize, escape: Escape) {
        let escape = match (escape, letter) {
            (Escape::No, '"') => {
                if key {
                    self.place = Place::Colon;
                } else {
                    self.whole = end;
                    self.place = Place::Next;
                }
                return;
            }
            (Escape::No, '\\') => Escape::Begun,
            (Escape::Begun, 'u') => Escape::Digits(0, 0, false),
            (Escape::Half(false), '\\') => Escape::Half(true),
            (Escape::Half(true), 'u') => Escape::Digits(0, 0, true),
            (Escape::Half(_), _) => {
                self.broken = true;
                Escape::No
            }
            (Escape::Digits(count, value, second), _) => match letter.to_digit(16) {
                Some(digit) => escaped(count + 1, value * 16 + digit, second),
                None => {
                    self.broken = true;
                    Escape::No
                }
            },
            (Escape::No | Escape::Begun, _) => Escape::No,
        };
        let whole = if escape == Escape::No && !self.broken {
            end
        } else {
            whole
        };
        self.place = Place::Text { key, whole, escape };
    }
}

/// Says what follows the digits of an escape: the first half of a pair waits for its second.
fn escaped(count: u8, value: u32, second: bool) -> Escape {
    match count {
        4 if !second && (0xD800..0xDC00).contains(&value) => Escape::Half(false),
        4 => Escape::No,
        _ => Escape::Digits(count, value, second),
    }
}
