//! What the sandbox requires of its clients, and how it answers where APIs differ.

use std::ops::Range;
use std::time::Duration;

use fixture::Example;
use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::customers::Customers;
use crate::links;

/// The defaults are obvious fixtures, so that a log can be searched for them.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    pub customers: Customers,
    /// How `GET /customers` lists them.
    pub source_style: SourceStyle,
    /// Customers per page; 0 is a single page.
    pub page_size: u64,
    /// What the `Link` header of a page points to.
    pub link_targets: LinkTargets,
    /// The `Link` header of a page that is not the last: `{target}` is the next page's URL, `{path}` its path and
    /// query. [`links`](crate::links) has what servers make of it.
    pub link: String,
    /// Pages without customers, each with a link to the next.
    pub empty_pages: EmptyPages,
    /// The content coding of the source's answers, if the client accepts it.
    pub compression: Option<Compression>,
    pub api_key_header: String,
    /// The whole value of that header.
    pub api_key: String,
    /// Further headers that `GET /customers` requires.
    pub source_headers: Vec<(String, String)>,
    pub client_id: String,
    pub client_secret: String,
    /// The only accepted client authentication.
    pub client_auth: ClientAuth,
    /// How long a token is accepted, on tokio's clock.
    pub token_ttl: Duration,
    /// How many requests a token is accepted for; 0 is unlimited.
    pub token_uses: u64,
    /// How long after it was issued a token is accepted for the first time (the claim `nbf` of a JWT).
    pub token_delay: Duration,
    /// How an answer states a token's lifetime.
    pub expires_in: ExpiresIn,
    /// Name and value of the header that `POST /orders` requires instead of a token.
    pub destination_api_key: Option<(String, String)>,
    /// Further headers that `POST /orders` requires.
    pub destination_headers: Vec<(String, String)>,
    /// The answer to an order that exists; without it, 409 with a problem.
    pub duplicate_answer: Option<Answer>,
    /// A connection is closed when it has been idle for so long after a request.
    pub keep_alive_timeout: Option<Duration>,
    /// A connection that has answered so many requests is closed when the next one arrives, without an answer: what a
    /// client meets whose request crosses the server's close.
    pub requests_per_connection: Option<u64>,
    /// The header whose value must be the `orderId`.
    pub idempotency_key_header: String,
    /// What customers and orders look like.
    pub example: &'static Example,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            port: 0,
            customers: Customers::default(),
            source_style: SourceStyle::Array,
            page_size: 0,
            link_targets: LinkTargets::Relative,
            link: links::STANDARD.to_owned(),
            empty_pages: EmptyPages::default(),
            compression: None,
            api_key_header: "x-api-key".to_owned(),
            api_key: "fixture-api-key".to_owned(),
            source_headers: Vec::new(),
            client_id: "fixture-client".to_owned(),
            client_secret: "fixture-client-secret".to_owned(),
            client_auth: ClientAuth::Basic,
            token_ttl: Duration::from_secs(3600),
            token_uses: 0,
            token_delay: Duration::ZERO,
            expires_in: ExpiresIn::Number,
            destination_api_key: None,
            destination_headers: Vec::new(),
            duplicate_answer: None,
            keep_alive_timeout: None,
            requests_per_connection: None,
            idempotency_key_header: "Idempotency-Key".to_owned(),
            example: fixture::example(),
        }
    }
}

impl Settings {
    /// The `Link` header to `target`, a path with its query.
    pub(crate) fn link_to(&self, origin: &str, target: &str) -> String {
        self.link
            .replace("{target}", &format!("{origin}{target}"))
            .replace("{path}", target)
    }

    /// The customers on page `number`, from 1.
    pub(crate) fn page_range(&self, number: u64) -> Range<u64> {
        let total = self.customers.count();
        match (self.empty_pages.real_page(number), self.page_size) {
            (Some(_), 0) => 0..total,
            (Some(page), size) => {
                (page - 1).saturating_mul(size).min(total)..page.saturating_mul(size).min(total)
            }
            (None, _) => 0..0,
        }
    }
}

/// The API whose style of listing customers the source follows. The customers themselves are the same in each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum SourceStyle {
    /// A JSON array; `Link` (RFC 8288).
    #[default]
    Array,
    /// `{"customers": […]}`; `Link` with a cursor in `page_info`.
    Shopify,
    /// `{"object": "list", "data": […], "has_more": true}`; the last customer's id in `starting_after`.
    Stripe,
    /// `{"results": […], "paging": {"next": {"after": …, "link": …}}}`; the cursor in `after`.
    Hubspot,
    /// `{"data": […], "meta": {"pagination": {"links": {"next": "?page=2&limit=50"}}}}`.
    Bigcommerce,
    /// `{"totalSize": …, "done": false, "nextRecordsUrl": "/…", "records": […]}`.
    Salesforce,
    /// `{"customers": […], "cursor": …}`; the cursor in `cursor`.
    Square,
    /// `{"@odata.context": …, "value": […], "@odata.nextLink": …}`.
    Odata,
    /// `{"count": …, "next": …, "previous": …, "results": […]}`.
    Django,
    /// A JSON array; nothing says where it goes on: `page` counts up to an empty one.
    PageNumbers,
    /// A JSON array; `X-WP-Total`, `X-WP-TotalPages`, `Link` with `prev` and `next`.
    Woocommerce,
}

/// Pages without customers, each with a link to the next: `count` of them after the first `after` pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EmptyPages {
    pub after: u64,
    pub count: u64,
}

impl EmptyPages {
    /// Empty pages without end after the first `after` pages.
    pub fn endless(after: u64) -> Self {
        Self {
            after,
            count: u64::MAX,
        }
    }

    /// The page with customers that is served as page `number`, from 1 each; `None` for an empty one.
    pub(crate) fn real_page(self, number: u64) -> Option<u64> {
        if number <= self.after {
            Some(number)
        } else if number - self.after <= self.count {
            None
        } else {
            Some(number - self.count)
        }
    }

    /// Whether an empty page follows page `number`.
    pub(crate) fn follow(self, number: u64) -> bool {
        self.real_page(number.saturating_add(1)).is_none()
    }
}

/// A content coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// RFC 1952
    Gzip,
    /// RFC 7932
    Brotli,
    /// RFC 8878
    Zstd,
}

/// The two kinds of target that RFC 8288 allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkTargets {
    /// `</customers?page=2>`
    Relative,
    /// `<http://127.0.0.1:4010/customers?page=2>`, with the host that the caller asked for.
    Absolute,
}

/// Client authentication (RFC 6749 §2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    /// `Authorization: Basic`, of the form-encoded id and secret.
    Basic,
    /// `client_id` and `client_secret` among the parameters.
    Post,
}

/// How a token answer states the token's lifetime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpiresIn {
    /// `"expires_in": 3600` (RFC 6749 §5.1).
    Number,
    /// `"expires_in": "3600"`, as some servers write it.
    Text,
    /// Left out: RFC 6749 only recommends it.
    Absent,
}
