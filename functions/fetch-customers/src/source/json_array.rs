//! Splits a JSON array into its elements while it arrives.
//!
//! `reqwest-streams` has such a stream, but this function could not rely on it (0.20): a body that ends in the
//! middle of the array looks complete, `{…}` in place of `[…]` looks like one element, missing and additional
//! commas pass, an element over its limit ends the stream, and an error does not say where it is.

use bytes::{Buf, Bytes};
use serde_json::{Deserializer, value::RawValue};

use super::scanner::Scanner;

/// A byte order mark is no JSON, but some write it (RFC 8259 §8.1 lets a reader ignore it).
pub(super) const BYTE_ORDER_MARK: [u8; 3] = *b"\xef\xbb\xbf";

/// An element of the array.
#[derive(Debug)]
pub enum Element {
    /// Verbatim.
    Json(Box<RawValue>),
    /// An element that is no JSON, but whose end was found.
    Malformed(Malformed),
    /// An element with more bytes than the limit. Whether it is JSON is not known, only where it ends.
    TooLarge(TooLarge),
}

/// An element that is no JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// Verbatim: perhaps not even UTF-8.
    pub text: Vec<u8>,
    /// The byte of the page, from 0, at which it stops being JSON.
    pub at: u64,
}

/// An element that is not held as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooLarge {
    /// Its beginning, of as many bytes as the limit is.
    pub beginning: Vec<u8>,
    /// Its length.
    pub bytes: u64,
    /// The byte of the page, from 0, at which it begins.
    pub at: u64,
}

/// The input is not a JSON array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidJsonArray {
    /// The byte at which it stops being one, from 0.
    pub at: u64,
}

/// Takes chunks, split anywhere, and returns elements.
///
/// Holds at most one element, up to the limit. Finds where an element ends by its brackets and strings alone;
/// `serde_json` checks whether it is JSON.
#[derive(Debug)]
pub struct JsonArraySplitter {
    limit: usize,
    state: State,
    /// Bytes consumed so far.
    position: u64,
    /// The beginning of an element that continues in the next chunk.
    partial: Vec<u8>,
    /// Bytes of that element, including those that are not held because it is too large.
    length: usize,
    scanner: Scanner,
    /// It is a part of a larger document, and its end is not the end of the input.
    is_part: bool,
}

/// What the splitter expects next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The byte order mark from this byte on, or what comes after it.
    Mark(usize),
    Array,
    ElementOrEnd,
    Element,
    RestOfElement,
    CommaOrEnd,
    Nothing,
}

impl JsonArraySplitter {
    /// For a document that is an array. Elements of more than `limit` bytes are [`Element::TooLarge`].
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self {
            limit,
            state: State::Mark(0),
            position: 0,
            partial: Vec::new(),
            length: 0,
            scanner: Scanner::new(b']'),
            is_part: false,
        }
    }

    /// For an array that begins at byte `position` of a document.
    #[must_use]
    pub fn part(limit: usize, position: u64) -> Self {
        Self {
            state: State::Array,
            position,
            is_part: true,
            ..Self::new(limit)
        }
    }

    /// Whether nothing but blanks was consumed.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        matches!(self.state, State::Mark(0 | 3) | State::Array)
    }

    /// Bytes consumed so far.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// Whether the array has ended.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.state == State::Nothing
    }

    /// The next element, taken from the front of `chunk`; `None` when it needs the next chunk.
    ///
    /// # Errors
    /// It is not a JSON array. No further element can be found then.
    pub fn next(&mut self, chunk: &mut Bytes) -> Result<Option<Element>, InvalidJsonArray> {
        while let Some(&byte) = chunk.first() {
            match (self.state, byte) {
                (State::Mark(at), _) if BYTE_ORDER_MARK.get(at) == Some(&byte) => {
                    self.state = State::Mark(at + 1);
                }
                (State::Mark(0 | 3), _) => {
                    self.state = State::Array;
                    continue;
                }
                (State::RestOfElement, _) => {
                    if let Some(element) = self.take_element(chunk) {
                        return Ok(Some(element));
                    }
                    continue;
                }
                (State::Mark(_), _) => return Err(InvalidJsonArray { at: self.position }),
                (_, b' ' | b'\t' | b'\n' | b'\r') => {}
                (State::Array, b'[') => self.state = State::ElementOrEnd,
                (State::ElementOrEnd | State::CommaOrEnd, b']') => {
                    self.state = State::Nothing;
                    if self.is_part {
                        chunk.advance(1);
                        self.position += 1;
                        break;
                    }
                }
                (State::CommaOrEnd, b',') => self.state = State::Element,
                (State::Element, b',' | b']') | (State::ElementOrEnd, b',') => {
                    return Err(InvalidJsonArray { at: self.position });
                }
                (State::Element | State::ElementOrEnd, _) => {
                    self.state = State::RestOfElement;
                    continue;
                }
                (State::Array | State::CommaOrEnd | State::Nothing, _) => {
                    return Err(InvalidJsonArray { at: self.position });
                }
            }
            chunk.advance(1);
            self.position += 1;
        }
        Ok(None)
    }

    fn take_element(&mut self, chunk: &mut Bytes) -> Option<Element> {
        if self.length == 0
            && let Some(element) = whole(chunk)
        {
            let bytes = element.get().len();
            let element = match element.get().as_bytes().get(..self.limit) {
                Some(beginning) if bytes > self.limit => Element::TooLarge(TooLarge {
                    beginning: beginning.to_vec(),
                    bytes: bytes as u64,
                    at: self.position,
                }),
                Some(_) | None => Element::Json(element.to_owned()),
            };
            chunk.advance(bytes);
            self.position += bytes as u64;
            self.state = State::CommaOrEnd;
            return Some(element);
        }
        let (bytes, ended) = self.scanner.scan(chunk, self.length == 0);
        let part = chunk.get(..bytes).unwrap_or_default();
        let start = self.position - self.length as u64;
        self.position += bytes as u64;
        self.length += bytes;
        let element = if ended && self.partial.is_empty() && self.length <= self.limit {
            Some(parse(part, start))
        } else {
            let space = self.limit.saturating_sub(self.partial.len());
            self.partial.extend_from_slice(part.get(..space).unwrap_or(part));
            ended.then(|| {
                if self.length > self.limit {
                    return Element::TooLarge(TooLarge {
                        beginning: std::mem::take(&mut self.partial),
                        bytes: self.length as u64,
                        at: start,
                    });
                }
                let element = parse(&self.partial, start);
                self.partial.clear();
                element
            })
        };
        chunk.advance(bytes);
        let element = element?;
        self.length = 0;
        self.scanner = Scanner::new(b']');
        self.state = State::CommaOrEnd;
        Some(element)
    }
}

/// The element that `chunk` begins with, if it ends there too, as nearly all do: in one go, where [`Scanner::scan`] and
/// [`parse`] need two. A number or a word has no end of its own, and errors are found by those two.
fn whole(chunk: &[u8]) -> Option<&RawValue> {
    if !matches!(chunk.first(), Some(b'{' | b'[' | b'"')) {
        return None;
    }
    Deserializer::from_slice(chunk).into_iter().next()?.ok()
}

/// Checks an element whose first byte is byte `start` of the document.
fn parse(element: &[u8], start: u64) -> Element {
    match serde_json::from_slice(element) {
        Ok(element) => Element::Json(element),
        Err(error) => {
            // serde_json reports the line, from 1, and how many of its bytes it read, the invalid one included.
            let lines = element.split_inclusive(|byte| *byte == b'\n');
            let before: usize = lines.take(error.line().saturating_sub(1)).map(<[u8]>::len).sum();
            // Of a control character in a string it reads all before it.
            let is_before = error.to_string().starts_with("control character");
            let at = (before + error.column() + usize::from(is_before)).saturating_sub(1);
            Element::Malformed(Malformed {
                text: element.to_vec(),
                at: start + at as u64,
            })
        }
    }
}

#[cfg(test)]
mod tests;
