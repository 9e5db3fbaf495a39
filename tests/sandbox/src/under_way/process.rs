//! Carries out a POST that is under way.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::UnderWay;
use crate::answer::Answer;
use crate::connection::{Ending, Wire};
use crate::state::Shared;

/// The answer to a second POST.
pub(crate) fn conflict() -> Response {
    let error = json!({
        "error": {
            "type": "idempotency_error",
            "message": "a first request with this key is still running",
        },
    });
    (StatusCode::CONFLICT, Json(error)).into_response()
}

/// Goes on with the POST of `order_id` in a task of its own, and waits for its answer.
pub(crate) async fn answer(
    under_way: UnderWay,
    shared: &Arc<Shared>,
    wire: &Wire,
    order_id: &str,
    process: impl FnOnce() -> Response + Send + 'static,
) -> Response {
    let order_id = order_id.to_owned();
    if !shared.change(|state| state.under_way.insert(order_id.clone())) {
        return conflict();
    }
    let UnderWay {
        ends_after_ms,
        fails,
        lose_answer,
    } = under_way;
    let mut finished = shared.finishes();
    let shared = shared.clone();
    let request = tokio::spawn(async move {
        let end = async {
            match ends_after_ms {
                Some(milliseconds) => tokio::time::sleep(Duration::from_millis(milliseconds)).await,
                None => pending().await,
            }
        };
        tokio::select! {
            () = end => {}
            // An error is the end of the sandbox.
            _ = finished.changed() => {}
        }
        shared.change(|state| state.under_way.remove(&order_id));
        if fails {
            Answer::status(500).into_response()
        } else {
            process()
        }
    });
    if lose_answer {
        return wire.end(Ending::Reset).await;
    }
    // Nothing in it panics, and nothing aborts it.
    request
        .await
        .unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}
