//! One page of the source: an answer's body, split into customers while it arrives.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use reqwest::Response;

use super::{
    body::Body,
    error::{Format, SourceError},
    json_array::Element,
    list::{End, InvalidList, ListReader},
    member::Captured,
    paging::Paging,
    pointer::Pointer,
};

/// A page whose reading has begun.
pub struct Page {
    /// From 1.
    number: u64,
    headers: HeaderMap,
    body: Body,
    list: ListReader,
    /// Where the list is, for errors.
    items: Option<Pointer>,
    chunk: Bytes,
    /// The first byte that is no blank.
    first_byte: Option<u8>,
    /// Read ahead by [`Page::begin`].
    first: Option<Element>,
}

impl Page {
    /// Reads the answer up to the first customer, so that a failure before it can be retried without a customer
    /// being returned twice.
    ///
    /// # Errors
    /// It is no page.
    pub async fn begin(
        number: u64,
        answer: Response,
        paging: &Paging,
        max_customer_bytes: usize,
    ) -> Result<Self, SourceError> {
        let headers = answer.headers().clone();
        let body = if answer.status() == StatusCode::NO_CONTENT {
            Body::None
        } else {
            let body = Body::new(answer).await;
            body.map_err(|error| SourceError::body(number, 0, error))?
        };
        let mut page = Self {
            number,
            headers,
            body,
            list: ListReader::new(paging, max_customer_bytes),
            items: paging.items.clone(),
            chunk: Bytes::new(),
            first_byte: None,
            first: None,
        };
        page.first = page.next().await?;
        Ok(page)
    }

    /// The next customer; `None` after the last one. The source is read no faster than this is called.
    ///
    /// # Errors
    /// The rest cannot be read, or there is no list where it should be.
    pub async fn next(&mut self) -> Result<Option<Element>, SourceError> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        if matches!(self.body, Body::None) {
            return Ok(None);
        }
        let page = self.number;
        loop {
            if self.first_byte.is_none() {
                let blank = |byte: &&u8| !b" \t\r\n\xef\xbb\xbf".contains(byte);
                self.first_byte = self.chunk.iter().find(blank).copied();
            }
            let element = self.list.next(&mut self.chunk);
            if let Some(element) = element.map_err(|invalid| {
                let items = self.items.clone();
                no_list(page, items, invalid, self.first_byte.unwrap_or_default())
            })? {
                return Ok(Some(element));
            }
            let at = self.list.position();
            match self.body.chunk().await {
                Ok(Some(chunk)) => self.chunk = chunk,
                Ok(None) => {
                    return match (self.list.end(), &self.items) {
                        (End::Complete, _) => Ok(None),
                        // On the first page it would be an answer that was lost.
                        (End::Blank, _) if page > 1 => Ok(None),
                        (End::NoList, Some(items)) => Err(SourceError::NoList {
                            page,
                            items: items.clone(),
                        }),
                        (End::Blank | End::CutShort | End::NoList, _) => {
                            Err(SourceError::CutShort { page, at })
                        }
                    };
                }
                Err(error) => return Err(SourceError::body(page, at, error)),
            }
        }
    }

    /// How many bytes of its body were read, up to the end of the last element.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.list.position()
    }

    #[must_use]
    pub const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// A member of the object that holds the list. It is known once the page was read to its end.
    #[must_use]
    pub fn member(&self, pointer: Option<&Pointer>) -> &Captured {
        pointer.map_or(&Captured::Absent, |pointer| self.list.member(pointer))
    }
}

/// `first` is the page's first byte.
fn no_list(page: u64, items: Option<Pointer>, invalid: InvalidList, first: u8) -> SourceError {
    match (invalid, items) {
        (InvalidList::Envelope(invalid), Some(items)) if invalid.is_no_list => {
            SourceError::NoList { page, items }
        }
        (InvalidList::Array(invalid), None) => SourceError::InvalidJson {
            page,
            expected: "array",
            at: invalid.at,
            format: Format::of(first, b'['),
        },
        (InvalidList::Array(invalid), Some(items)) => SourceError::InvalidList {
            page,
            items,
            at: invalid.at,
        },
        (InvalidList::Envelope(invalid), _) => SourceError::InvalidJson {
            page,
            expected: "object",
            at: invalid.at,
            format: Format::of(first, b'{'),
        },
    }
}
