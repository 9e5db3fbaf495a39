//! The destination API: `POST /orders`.

use std::collections::btree_map::Entry;
use std::sync::Arc;

use axum::extract::State as Shares;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::action::Action;
use crate::connection::Wire;
use crate::echo::Sent;
use crate::faults::Rule;
use crate::order;
use crate::problem::Problem;
use crate::record::LedgerEntry;
use crate::source::check_static_headers;
use crate::state::{Shared, State};
use crate::strict_json::StrictJson;
use crate::{misbehave, under_way};

pub(crate) async fn post(
    Shares(shared): Shares<Arc<Shared>>,
    Extension(wire): Extension<Wire>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (key, example) = shared.read(|state| {
        let key = header(&headers, &state.settings.idempotency_key_header);
        (key, state.settings.example)
    });
    let order = parse(&body);
    let json = order.as_ref().unwrap_or(&Value::Null);
    let order_id = example
        .order_id(json)
        .or(key.as_deref())
        .unwrap_or_default()
        .to_owned();
    let customer_id = example.customer_id(json).unwrap_or_default().to_owned();
    let (request, rule) = shared.change(|state| state.order_arrived(&order_id, &customer_id, &body));
    let _in_flight = InFlight(&shared);
    let process = {
        let (shared, headers, body) = (shared.clone(), headers.clone(), body.clone());
        move || shared.change(|state| process(state, &headers, key, order, body))
    };
    let response = match rule {
        Some(Rule {
            action: Action::UnderWay(under_way),
            latency_ms,
            ..
        }) => {
            misbehave::wait(latency_ms).await;
            under_way::process::answer(under_way, &shared, &wire, &order_id, process).await
        }
        rule => {
            let sent = Sent {
                headers: &headers,
                body: &body,
            };
            misbehave::answer(rule, &wire, &sent, process).await
        }
    };
    shared.change(|state| state.order_answered(request, &order_id, response.status()));
    response
}

/// Counts a POST down, also when its client goes away in the middle.
struct InFlight<'a>(&'a Shared);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.change(|state| state.record.counters.posts_in_flight -= 1);
    }
}

fn process(
    state: &mut State,
    headers: &HeaderMap,
    key: Option<String>,
    order: Result<Value, Problem>,
    body: Bytes,
) -> Response {
    if let Some((name, value)) = &state.settings.destination_api_key {
        if header(headers, name).as_ref() != Some(value) {
            let detail = format!("{name} is missing or wrong");
            return Problem::new(StatusCode::UNAUTHORIZED, detail).into_response();
        }
    } else if let Err(challenge) = check_token(state, headers) {
        let problem = Problem::new(
            StatusCode::UNAUTHORIZED,
            "the bearer token is missing or not valid",
        );
        return ([(WWW_AUTHENTICATE, challenge)], problem).into_response();
    }
    let stored = check(state, headers, key, order).map(|order| store(state, order, body));
    stored.unwrap_or_else(IntoResponse::into_response)
}

/// The challenge to answer with (RFC 6750 §3) where the token is refused.
fn check_token(state: &mut State, headers: &HeaderMap) -> Result<(), &'static str> {
    let header = header(headers, AUTHORIZATION.as_str());
    let Some(token) = header
        .as_deref()
        .and_then(|header| header.strip_prefix("Bearer "))
    else {
        return Err("Bearer realm=\"sandbox\"");
    };
    let limit = state.settings.token_uses;
    let now = Instant::now();
    match state.tokens.get_mut(token) {
        Some(token)
            if token.valid_from <= now && now < token.expires && (limit == 0 || token.uses < limit) =>
        {
            token.uses += 1;
            Ok(())
        }
        Some(_) | None => Err("Bearer realm=\"sandbox\", error=\"invalid_token\""),
    }
}

fn check(
    state: &State,
    headers: &HeaderMap,
    key: Option<String>,
    order: Result<Value, Problem>,
) -> Result<Value, Problem> {
    let content_type = header(headers, CONTENT_TYPE.as_str()).unwrap_or_default();
    if content_type.split(';').next().map(str::trim) != Some("application/json") {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "send application/json",
        ));
    }
    check_static_headers(headers, &state.settings.destination_headers)?;
    let name = &state.settings.idempotency_key_header;
    let Some(key) = key else {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            format!("{name} is missing"),
        ));
    };
    let order = order?;
    if let Some(rule) = order::broken_rule(state.settings.example, &order) {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, rule));
    }
    if Some(key.as_str()) != state.settings.example.order_id(&order) {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            format!("{name} is not the orderId"),
        ));
    }
    Ok(order)
}

fn store(state: &mut State, order: Value, body: Bytes) -> Response {
    let example = state.settings.example;
    let order_id = example.order_id(&order).unwrap_or_default().to_owned();
    if state.under_way.contains(&order_id) {
        return under_way::process::conflict();
    }
    match state.record.ledger.entry(order_id) {
        Entry::Occupied(mut entry) => {
            entry.get_mut().posts += 1;
            state.record.counters.orders_duplicate += 1;
            match &state.settings.duplicate_answer {
                Some(answer) => answer.clone().into_response(),
                None => {
                    Problem::new(StatusCode::CONFLICT, "an order with this orderId exists").into_response()
                }
            }
        }
        Entry::Vacant(place) => {
            let answer = json!({ "orderId": place.key() });
            place.insert(LedgerEntry {
                order_date: example.order_date_of(&order).unwrap_or_default().to_owned(),
                order,
                body,
                posts: 1,
            });
            state.record.counters.orders_stored += 1;
            (StatusCode::CREATED, Json(answer)).into_response()
        }
    }
}

fn parse(body: &[u8]) -> Result<Value, Problem> {
    let order = serde_json::from_slice(body).map_err(|error| {
        let status = if error.is_data() {
            StatusCode::UNPROCESSABLE_ENTITY
        } else {
            StatusCode::BAD_REQUEST
        };
        Problem::new(status, error.to_string())
    });
    order.map(|StrictJson(order)| order)
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
}
