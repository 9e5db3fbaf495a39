//! The source API: `GET /customers`.

mod page;
mod style;

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use futures::stream;

use crate::connection::Wire;
use crate::echo::Sent;
use crate::faults::Endpoint;
use crate::misbehave;
use crate::problem::Problem;
use crate::settings::LinkTargets;
use crate::state::Shared;

use page::Page;
use style::{PageInfo, Start};

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
    let start = settings.source_style.start(uri).ok_or_else(|| {
        let detail = "the page must be a whole number from 1, or a cursor of this source";
        Problem::new(StatusCode::BAD_REQUEST, detail)
    })?;
    let total = settings.customers.count();
    let (number, range) = match start {
        Start::Page(number) => (number, settings.page_range(number)),
        Start::After(id) => {
            let index = settings
                .customers
                .index_of(&id, settings.example.id)
                .ok_or_else(|| Problem::new(StatusCode::BAD_REQUEST, "starting_after: no such customer"))?;
            let start = index + 1;
            (0, start..start.saturating_add(settings.page_size).min(total))
        }
    };
    let origin = match settings.link_targets {
        LinkTargets::Relative if settings.source_style.links_in_headers() => String::new(),
        LinkTargets::Relative | LinkTargets::Absolute => {
            let host = headers.get(HOST).and_then(|host| host.to_str().ok());
            format!("http://{}", host.unwrap_or_default())
        }
    };
    let envelope = settings.source_style.envelope(&PageInfo {
        settings: &settings,
        origin: &origin,
        number,
        count: range.end - range.start,
        total,
        has_next: range.end < total || settings.empty_pages.follow(number),
    });
    let page = Page::new(shared.clone(), settings.customers.clone(), range, &envelope);
    let body = Body::from_stream(stream::iter(page.map(Ok::<_, axum::Error>)));
    let mut response = ([(CONTENT_TYPE, "application/json")], body).into_response();
    for (name, value) in envelope.headers {
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    }
    Ok(response)
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
