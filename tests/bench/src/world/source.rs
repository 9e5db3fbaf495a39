//! The source API: customers, made while they are sent.

use std::convert::Infallible;

use bytes::Bytes;
use futures::stream;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;

use super::answer::{Answer, status};
use crate::customers::Customers;

/// The key that it asks for.
pub(crate) const API_KEY: &str = "fixture-api-key";

/// Bytes gathered before they are sent.
const CHUNK: usize = 64 * 1024;

/// Serves all of them on one page.
#[derive(Default)]
pub(crate) struct Source {
    pub(crate) customers: Customers,
    /// Puts them into an object, at [`ENVELOPE_ITEMS`].
    pub(crate) envelope: bool,
}

/// Where the list is in an envelope.
pub(crate) const ENVELOPE_ITEMS: &str = "/data";

/// What stands before and after the list: members as Stripe has them.
const ENVELOPE: [&str; 2] = [
    r#"{"object":"list","data":["#,
    r#"],"has_more":false,"url":"/customers"}"#,
];

impl Source {
    pub(super) fn get(&self, headers: &HeaderMap) -> Answer {
        if headers.get("x-api-key").map(HeaderValue::as_bytes) != Some(API_KEY.as_bytes()) {
            return status(StatusCode::UNAUTHORIZED);
        }
        let chunks = Chunks {
            customers: self.customers.clone(),
            around: if self.envelope { ENVELOPE } else { ["[", "]"] },
            next: Some(0),
        };
        let frames = chunks.map(|chunk| Ok::<_, Infallible>(Frame::data(chunk)));
        let mut answer = Response::new(BodyExt::boxed(StreamBody::new(stream::iter(frames))));
        let json = HeaderValue::from_static("application/json");
        answer.headers_mut().insert(CONTENT_TYPE, json);
        answer
    }
}

struct Chunks {
    customers: Customers,
    /// Text before and after the customers.
    around: [&'static str; 2],
    /// The next customer; `None` after the end of the array.
    next: Option<u64>,
}

impl Iterator for Chunks {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let mut index = self.next?;
        let [before, after] = self.around;
        let mut chunk = String::with_capacity(CHUNK + CHUNK / 8);
        if index == 0 {
            chunk.push_str(before);
        }
        while index < self.customers.count() && chunk.len() < CHUNK {
            if index > 0 {
                chunk.push(',');
            }
            self.customers.write(index, &mut chunk);
            index += 1;
        }
        self.next = (index < self.customers.count()).then_some(index);
        if self.next.is_none() {
            chunk.push_str(after);
        }
        Some(chunk.into())
    }
}
