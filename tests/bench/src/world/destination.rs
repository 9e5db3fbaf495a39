//! The destination API.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header::AUTHORIZATION};

use super::{
    answer::{Answer, json, status, wait},
    token::TOKEN,
};

/// Stores orders as they came, and answers after its latency.
#[derive(Default)]
pub(crate) struct Destination {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    latency: Duration,
    posted: Vec<Posted>,
    statuses: HashMap<HeaderValue, StatusCode>,
}

/// A POST with a good token.
#[derive(Clone)]
pub(crate) struct Posted {
    /// Its `Idempotency-Key`.
    pub(crate) key: Option<HeaderValue>,
    pub(crate) body: Bytes,
}

impl Destination {
    /// Answers after `latency` from now on.
    pub(crate) fn set_latency(&self, latency: Duration) {
        self.change(|state| state.latency = latency);
    }

    /// Answers the orders with these ids with these statuses.
    pub(crate) fn set_statuses(&self, statuses: HashMap<HeaderValue, StatusCode>) {
        self.change(|state| state.statuses = statuses);
    }

    /// The POSTs since the last call.
    pub(crate) fn take_posted(&self) -> Vec<Posted> {
        self.change(|state| std::mem::take(&mut state.posted))
    }

    pub(super) async fn post(&self, headers: &HeaderMap, body: Bytes) -> Answer {
        let token = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
        if token.and_then(|token| token.strip_prefix(b"Bearer ")) != Some(TOKEN.as_bytes()) {
            return status(StatusCode::UNAUTHORIZED);
        }
        let key = headers.get("idempotency-key").cloned();
        let (latency, refusal) = self.change(|state| {
            let refusal = key.as_ref().and_then(|key| state.statuses.get(key)).copied();
            state.posted.push(Posted { key, body });
            (state.latency, refusal)
        });
        wait(latency).await;
        match refusal {
            Some(refusal) => status(refusal),
            None => json(StatusCode::CREATED, r#"{"status":"created"}"#),
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
