//! The list of one page, whether the page is the list or an object that holds it.

use bytes::Bytes;

use super::{
    envelope::{Envelope, InvalidEnvelope, Step},
    json_array::{Element, InvalidJsonArray, JsonArraySplitter},
    member::Captured,
    more,
    paging::Paging,
    pointer::Pointer,
};

/// Takes chunks, split anywhere, and returns the elements of the list.
#[derive(Debug)]
pub struct ListReader {
    max_element_bytes: usize,
    splitter: JsonArraySplitter,
    envelope: Option<Envelope>,
    in_list: bool,
}

/// The page has no list where it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidList {
    Array(InvalidJsonArray),
    Envelope(InvalidEnvelope),
}

/// How a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Complete,
    /// Its JSON continues.
    CutShort,
    /// There was nothing but blanks.
    Blank,
    /// It is an object without the list.
    NoList,
}

impl ListReader {
    #[must_use]
    pub fn new(paging: &Paging, max_element_bytes: usize) -> Self {
        let envelope = paging.items.as_ref();
        let members = || paging.members().chain(more::members());
        Self {
            max_element_bytes,
            splitter: JsonArraySplitter::new(max_element_bytes),
            envelope: envelope.map(|list| Envelope::new(list.clone(), members())),
            in_list: envelope.is_none(),
        }
    }

    /// The next element, taken from the front of `chunk`; `None` when it needs the next chunk.
    ///
    /// # Errors
    /// There is no list where it should be. No further element can be found then.
    pub fn next(&mut self, chunk: &mut Bytes) -> Result<Option<Element>, InvalidList> {
        loop {
            if self.in_list {
                let element = self.splitter.next(chunk).map_err(InvalidList::Array)?;
                let envelope = self.envelope.as_mut().filter(|_| self.splitter.is_complete());
                let (None, Some(envelope)) = (&element, envelope) else {
                    return Ok(element);
                };
                envelope.list_ended(self.splitter.position());
                self.in_list = false;
            }
            let Some(envelope) = &mut self.envelope else {
                return Ok(None);
            };
            match envelope.consume(chunk).map_err(InvalidList::Envelope)? {
                Step::NeedsChunk => return Ok(None),
                Step::List => {
                    self.splitter = JsonArraySplitter::part(self.max_element_bytes, envelope.position());
                    self.in_list = true;
                }
            }
        }
    }

    /// Bytes consumed so far.
    #[must_use]
    pub fn position(&self) -> u64 {
        match &self.envelope {
            Some(envelope) if !self.in_list => envelope.position(),
            _ => self.splitter.position(),
        }
    }

    /// What it means that there is no further chunk.
    #[must_use]
    pub fn end(&self) -> End {
        let (is_blank, is_complete, has_list) = match &self.envelope {
            Some(envelope) => (envelope.is_blank(), envelope.is_complete(), envelope.has_list()),
            None => (self.splitter.is_blank(), self.splitter.is_complete(), true),
        };
        if is_blank {
            End::Blank
        } else if !is_complete {
            End::CutShort
        } else if !has_list {
            End::NoList
        } else {
            End::Complete
        }
    }

    /// A member of the object that holds the list.
    #[must_use]
    pub fn member(&self, pointer: &Pointer) -> &Captured {
        let envelope = self.envelope.as_ref();
        envelope.map_or(&Captured::Absent, |envelope| envelope.kept(pointer))
    }
}

#[cfg(test)]
mod tests;
