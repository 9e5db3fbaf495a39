//! One page of the source: an answer's body, split into customers while it arrives.

use bytes::Bytes;
use http::{HeaderMap, header::CONTENT_TYPE};
use reqwest::Response;

use super::{
    error::SourceError,
    json_array::{Element, JsonArraySplitter},
};

/// A page whose reading has begun.
pub struct Page {
    /// Counted from 1.
    number: u64,
    answer: Response,
    splitter: JsonArraySplitter,
    chunk: Bytes,
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
        max_customer_bytes: usize,
    ) -> Result<Self, SourceError> {
        if let Some(content_type) = foreign_content_type(answer.headers()) {
            return Err(SourceError::ContentType {
                page: number,
                content_type,
            });
        }
        let mut page = Self {
            number,
            answer,
            splitter: JsonArraySplitter::new(max_customer_bytes),
            chunk: Bytes::new(),
            first: None,
        };
        page.first = page.next().await?;
        Ok(page)
    }

    /// The next customer; `None` after the last one. The source is read no faster than this is called.
    ///
    /// # Errors
    /// The rest cannot be read, or is not a JSON array.
    pub async fn next(&mut self) -> Result<Option<Element>, SourceError> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        let page = self.number;
        loop {
            let element = self.splitter.next(&mut self.chunk);
            if let Some(element) =
                element.map_err(|invalid| SourceError::InvalidJsonArray { page, at: invalid.at })?
            {
                return Ok(Some(element));
            }
            let at = self.splitter.position();
            match self.answer.chunk().await {
                Ok(Some(chunk)) => self.chunk = chunk,
                Ok(None) if self.splitter.is_complete() => return Ok(None),
                Ok(None) => return Err(SourceError::CutShort { page, at }),
                Err(error) => return Err(SourceError::unreachable(page, at, &error)),
            }
        }
    }
}

/// What the answer says that it is, if that is not JSON. An answer that says nothing is taken at its word.
fn foreign_content_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_TYPE)?;
    let name = value.to_str().unwrap_or_default();
    let name = name
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let is_json = name == "application/json"
        || name == "text/json"
        || (name.starts_with("application/") && name.ends_with("+json"));
    (!is_json).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_goes_by_several_names() {
        for (value, foreign) in [
            (None, None),
            (Some("application/json"), None),
            (Some("Application/JSON ; charset=utf-8"), None),
            (Some("text/json"), None),
            (Some("application/hal+json"), None),
            (Some("text/html; charset=utf-8"), Some("text/html")),
            (Some("application/problem+xml"), Some("application/problem+xml")),
            (Some("application/x-ndjson"), Some("application/x-ndjson")),
            (Some("application/json-seq"), Some("application/json-seq")),
            (Some(""), Some("")),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(value) = value {
                headers.insert(CONTENT_TYPE, value.parse().unwrap());
            }
            assert_eq!(foreign_content_type(&headers).as_deref(), foreign, "{value:?}");
        }
    }
}
