//! The source API: `GET /customers`.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, HOST, LINK};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::{StreamExt, stream};

use crate::connection::Wire;
use crate::customers::Customers;
use crate::echo::Sent;
use crate::faults::Endpoint;
use crate::misbehave;
use crate::problem::Problem;
use crate::settings::{LinkTargets, Settings};
use crate::state::Shared;

/// Bytes gathered before they are sent: memory does not grow with the number of customers.
const CHUNK: usize = 64 * 1024;

pub(crate) async fn get(
    State(shared): State<Arc<Shared>>,
    Extension(wire): Extension<Wire>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let rule = shared.change(|state| state.arrived(Endpoint::Customers));
    let process = || process(&shared, &headers, &uri).unwrap_or_else(IntoResponse::into_response);
    let sent = Sent {
        headers: &headers,
        body: &[],
    };
    let response = misbehave::answer(rule, &wire, &sent, process).await;
    shared.change(|state| state.answered(Endpoint::Customers, response.status()));
    response
}

fn process(shared: &Arc<Shared>, headers: &HeaderMap, uri: &Uri) -> Result<Response, Problem> {
    let settings = shared.read(|state| state.settings.clone());
    let key = headers
        .get(&settings.api_key_header)
        .map(|value| value.as_bytes());
    if key != Some(settings.api_key.as_bytes()) {
        let detail = format!("{} is missing or wrong", settings.api_key_header);
        return Err(Problem::new(StatusCode::UNAUTHORIZED, detail));
    }
    check_static_headers(headers, &settings.source_headers)?;
    let number = page(uri)?;
    let count = settings.customers.count();
    let page = settings.empty_pages.real_page(number);
    let (start, end) = match (page, settings.page_size) {
        (Some(_), 0) => (0, count),
        (Some(page), size) => (
            (page - 1).saturating_mul(size).min(count),
            page.saturating_mul(size).min(count),
        ),
        (None, _) => (0, 0),
    };
    let has_next = end < count || settings.empty_pages.follow(number);
    let body = Page {
        shared: shared.clone(),
        customers: settings.customers.clone(),
        start,
        next: start,
        end,
        open: true,
    };
    let body = Body::from_stream(stream::iter(body).map(Ok::<_, axum::Error>));
    let mut response = ([(CONTENT_TYPE, "application/json")], body).into_response();
    if has_next
        && let Ok(link) = HeaderValue::from_bytes(link(&settings, headers, uri.path(), number + 1).as_bytes())
    {
        response.headers_mut().insert(LINK, link);
    }
    Ok(response)
}

/// The page asked for, from 1.
fn page(uri: &Uri) -> Result<u64, Problem> {
    let query = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    match query.into_iter().find(|(name, _)| name == "page") {
        None => Ok(1),
        Some((_, page)) => page
            .parse()
            .ok()
            .filter(|page| *page > 0)
            .ok_or_else(|| Problem::new(StatusCode::BAD_REQUEST, "page must be a whole number from 1")),
    }
}

fn link(settings: &Settings, headers: &HeaderMap, path: &str, page: u64) -> String {
    let origin = match settings.link_targets {
        LinkTargets::Relative => String::new(),
        LinkTargets::Absolute => {
            let host = headers
                .get(HOST)
                .and_then(|host| host.to_str().ok())
                .unwrap_or_default();
            format!("http://{host}")
        }
    };
    let target = format!("{path}?page={page}");
    settings
        .link
        .replace("{target}", &format!("{origin}{target}"))
        .replace("{path}", &target)
}

/// The headers that an API asks for beside its key.
pub(crate) fn check_static_headers(
    headers: &HeaderMap,
    required: &[(String, String)],
) -> Result<(), Problem> {
    let has = |(name, value): &&(String, String)| {
        headers
            .get(name)
            .is_some_and(|sent| sent.as_bytes() == value.as_bytes())
    };
    match required.iter().find(|header| !has(header)) {
        Some((name, _)) => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            format!("{name} is missing or wrong"),
        )),
        None => Ok(()),
    }
}

/// The JSON array of one page, chunk by chunk.
struct Page {
    shared: Arc<Shared>,
    customers: Customers,
    start: u64,
    next: u64,
    end: u64,
    open: bool,
}

impl Iterator for Page {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        if !self.open {
            return None;
        }
        let mut chunk = Vec::with_capacity(CHUNK);
        let before = self.next;
        if self.next == self.start {
            chunk.push(b'[');
        }
        while self.next < self.end && chunk.len() < CHUNK {
            if self.next > self.start {
                chunk.push(b',');
            }
            chunk.extend_from_slice(&self.customers.json(self.next));
            self.next += 1;
        }
        if self.next == self.end {
            chunk.push(b']');
            self.open = false;
        }
        let served = self.next - before;
        self.shared
            .change(|state| state.record.counters.customers_served += served);
        Some(chunk.into())
    }
}
