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
use crate::order::{self, Order};
use crate::problem::Problem;
use crate::record::LedgerEntry;
use crate::source::check_static_headers;
use crate::state::{Shared, State};
use crate::{misbehave, under_way};

pub(crate) async fn post(
    Shares(shared): Shares<Arc<Shared>>,
    Extension(wire): Extension<Wire>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let order = parse(&body);
    let key = shared.read(|state| header(&headers, &state.settings.idempotency_key_header));
    let (order_id, customer_id) = match &order {
        Ok(order) => (order.order_id.clone(), order.customer_info.id.clone()),
        Err(_) => ids_of_a_broken_order(&body, key.as_deref()),
    };
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
    order: Result<Order, Problem>,
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
    order: Result<Order, Problem>,
) -> Result<Order, Problem> {
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
    if key != order.order_id {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            format!("{name} is not the orderId"),
        ));
    }
    match order::broken_rule(&order) {
        Some(rule) => Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, rule)),
        None => Ok(order),
    }
}

fn store(state: &mut State, order: Order, body: Bytes) -> Response {
    if state.under_way.contains(&order.order_id) {
        return under_way::process::conflict();
    }
    match state.record.ledger.entry(order.order_id.clone()) {
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
            let answer = json!({ "orderId": order.order_id });
            place.insert(LedgerEntry {
                order,
                body,
                posts: 1,
            });
            state.record.counters.orders_stored += 1;
            (StatusCode::CREATED, Json(answer)).into_response()
        }
    }
}

fn parse(body: &[u8]) -> Result<Order, Problem> {
    let refused = |field: &str, error: &serde_json::Error| {
        let status = if error.is_data() {
            StatusCode::UNPROCESSABLE_ENTITY
        } else {
            StatusCode::BAD_REQUEST
        };
        Problem::new(status, format!("{field}: {error}"))
    };
    let mut json = serde_json::Deserializer::from_slice(body);
    let order = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| refused(&error.path().to_string(), error.inner()))?;
    json.end().map_err(|error| refused(".", &error))?;
    Ok(order)
}

fn ids_of_a_broken_order(body: &[u8], key: Option<&str>) -> (String, String) {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let order_id = text("/orderId").or_else(|| key.map(str::to_owned));
    (
        order_id.unwrap_or_default(),
        text("/customerInfo/id").unwrap_or_default(),
    )
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
}
