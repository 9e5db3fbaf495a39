//! Splits a JSON array into its elements while it arrives.
//!
//! `reqwest-streams` has such a stream, but this function could not rely on it (0.20): a body that ends in the
//! middle of the array looks complete, `{…}` in place of `[…]` looks like one element, missing and additional
//! commas pass, an element over its limit ends the stream, and an error does not say where it is.

use bytes::{Buf, Bytes};
use memchr::memchr2;
use serde_json::{Deserializer, value::RawValue};

/// A byte order mark is no JSON, but some write it (RFC 8259 §8.1 lets a reader ignore it).
const BYTE_ORDER_MARK: [u8; 3] = *b"\xef\xbb\xbf";

/// An element of the array.
#[derive(Debug)]
pub enum Element {
    /// As it is written.
    Json(Box<RawValue>),
    /// More bytes than the limit: skipped without being held together. Whether it is JSON is not known, only where
    /// it ends.
    TooLarge,
}

/// The input is not a JSON array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidJsonArray {
    /// The byte at which it stops being one, from 0; within an element, perhaps the one before.
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

/// Finds the end of an element: the position of its last byte among brackets and strings.
#[derive(Debug, Clone, Copy, Default)]
struct Scanner {
    depth: usize,
    string: bool,
    escape: bool,
}

impl JsonArraySplitter {
    /// Elements of more than `limit` bytes are [`Element::TooLarge`].
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self {
            limit,
            state: State::Mark(0),
            position: 0,
            partial: Vec::new(),
            length: 0,
            scanner: Scanner {
                depth: 0,
                string: false,
                escape: false,
            },
        }
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
                    if let Some(element) = self.take_element(chunk)? {
                        return Ok(Some(element));
                    }
                    continue;
                }
                (State::Mark(_), _) => return Err(InvalidJsonArray { at: self.position }),
                (_, b' ' | b'\t' | b'\n' | b'\r') => {}
                (State::Array, b'[') => self.state = State::ElementOrEnd,
                (State::ElementOrEnd | State::CommaOrEnd, b']') => self.state = State::Nothing,
                (State::CommaOrEnd, b',') => self.state = State::Element,
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

    fn take_element(&mut self, chunk: &mut Bytes) -> Result<Option<Element>, InvalidJsonArray> {
        if self.length == 0
            && let Some(element) = whole(chunk)
        {
            let bytes = element.get().len();
            let element = if bytes > self.limit {
                Element::TooLarge
            } else {
                Element::Json(element.to_owned())
            };
            chunk.advance(bytes);
            self.position += bytes as u64;
            self.state = State::CommaOrEnd;
            return Ok(Some(element));
        }
        let (bytes, ended) = self.scanner.scan(chunk, self.length == 0);
        let part = chunk.get(..bytes).unwrap_or_default();
        let start = self.position - self.length as u64;
        self.position += bytes as u64;
        self.length += bytes;
        let element = if self.length > self.limit {
            self.partial = Vec::new();
            Element::TooLarge
        } else if ended && self.partial.is_empty() {
            Element::Json(parse(part, start)?)
        } else {
            self.partial.extend_from_slice(part);
            if !ended {
                chunk.advance(bytes);
                return Ok(None);
            }
            let element = parse(&self.partial, start)?;
            self.partial.clear();
            Element::Json(element)
        };
        chunk.advance(bytes);
        if !ended {
            return Ok(None);
        }
        self.length = 0;
        self.scanner = Scanner::default();
        self.state = State::CommaOrEnd;
        Ok(Some(element))
    }
}

impl Scanner {
    /// How many of `bytes` belong to the element, and whether it ends with them. `first`: it begins with them.
    fn scan(&mut self, bytes: &[u8], first: bool) -> (usize, bool) {
        let mut at = 0;
        if first {
            match bytes.first() {
                Some(b'{' | b'[') => (at, self.depth) = (1, 1),
                Some(b'"') => (at, self.string) = (1, true),
                Some(_) | None => {}
            }
        }
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            if self.escape {
                self.escape = false;
                at += 1;
                continue;
            }
            let found = if self.string {
                memchr2(b'"', b'\\', rest)
            } else if self.depth > 0 {
                rest.iter()
                    .position(|byte| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']'))
            } else {
                // A number, or a word: it ends where something else begins.
                let end = rest
                    .iter()
                    .position(|byte| matches!(byte, b',' | b']' | b' ' | b'\t' | b'\n' | b'\r'));
                return end.map_or((bytes.len(), false), |end| (at + end, true));
            };
            let Some((found, byte)) = found.and_then(|found| Some((found, rest.get(found)?))) else {
                break;
            };
            at += found + 1;
            match byte {
                b'"' => self.string = !self.string,
                b'\\' => self.escape = true,
                b'{' | b'[' => self.depth += 1,
                _ => self.depth -= 1,
            }
            if self.depth == 0 && !self.string {
                return (at, true);
            }
        }
        (bytes.len(), false)
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

/// Checks an element whose first byte is the array's byte `start`.
fn parse(element: &[u8], start: u64) -> Result<Box<RawValue>, InvalidJsonArray> {
    serde_json::from_slice(element).map_err(|error| {
        // serde_json reports the line, from 1, and how many of its bytes it read, the invalid one included.
        let lines = element.split_inclusive(|byte| *byte == b'\n');
        let before: usize = lines.take(error.line().saturating_sub(1)).map(<[u8]>::len).sum();
        let at = (before + error.column()).saturating_sub(1);
        InvalidJsonArray {
            at: start + at as u64,
        }
    })
}

#[cfg(test)]
mod tests;
