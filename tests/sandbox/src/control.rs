//! The control interface: the library's operations over HTTP, for people and other processes.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, State as Shares};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use bytes::Bytes;
use serde::Deserialize;

use crate::customers::Customers;
use crate::faults::Rule;
use crate::problem::Problem;
use crate::state::{Shared, State};

type SharedState = Shares<Arc<Shared>>;

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/control/state", get(state))
        .route("/control/faults", put(faults))
        .route("/control/customers", put(customers))
        .route("/control/tokens/revoke", post(revoke_tokens))
        .route("/control/client-secret", post(client_secret))
        .route("/control/api-key", post(api_key))
        .route("/control/freeze", post(freeze))
        .route("/control/requests/finish", post(finish_requests))
        .route("/control/reset", post(reset))
        // A list may hold a hundred thousand customers.
        .layer(DefaultBodyLimit::disable())
}

async fn state(Shares(shared): SharedState) -> Response {
    shared.read(|state| Json(&state.record).into_response())
}

async fn faults(Shares(shared): SharedState, Json(rules): Json<Vec<Rule>>) -> StatusCode {
    shared.change(|state| state.set_rules(rules));
    StatusCode::NO_CONTENT
}

async fn customers(Shares(shared): SharedState, body: Bytes) -> Response {
    match Customers::parse(&body) {
        Ok(customers) => {
            shared.change(|state| state.set_customers(customers));
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => {
            let detail = format!("send a JSON array of customers: {error}");
            Problem::new(StatusCode::BAD_REQUEST, detail).into_response()
        }
    }
}

async fn revoke_tokens(Shares(shared): SharedState) -> StatusCode {
    shared.change(State::revoke_tokens);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClientSecret {
    client_secret: String,
}

async fn client_secret(Shares(shared): SharedState, Json(new): Json<ClientSecret>) -> StatusCode {
    shared.change(|state| state.rotate_client_secret(new.client_secret));
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApiKey {
    api_key: String,
}

async fn api_key(Shares(shared): SharedState, Json(new): Json<ApiKey>) -> StatusCode {
    shared.change(|state| state.rotate_api_key(new.api_key));
    StatusCode::NO_CONTENT
}

async fn freeze(Shares(shared): SharedState) -> StatusCode {
    shared.freeze();
    StatusCode::NO_CONTENT
}

async fn finish_requests(Shares(shared): SharedState) -> StatusCode {
    shared.finish_requests();
    StatusCode::NO_CONTENT
}

async fn reset(Shares(shared): SharedState) -> StatusCode {
    shared.change(State::reset);
    StatusCode::NO_CONTENT
}
