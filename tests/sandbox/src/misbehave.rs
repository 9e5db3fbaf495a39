//! Carries out what a rule says.

use std::future::pending;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::{StreamExt, stream};

use crate::action::{Action, Answer};
use crate::connection::{Ending, Wire};
use crate::faults::Rule;
use crate::problem::Problem;

/// The answer to a request that `rule` applies to, where `process` makes the genuine one.
/// Does not return where the rule leaves the request without an answer.
pub(crate) async fn answer(rule: Option<Rule>, wire: &Wire, process: impl FnOnce() -> Response) -> Response {
    let Some(Rule {
        action, latency_ms, ..
    }) = rule
    else {
        return process();
    };
    if latency_ms > 0 {
        tokio::time::sleep(Duration::from_millis(latency_ms)).await;
    }
    let given = |instead: Option<Answer>| instead.map_or_else(process, Answer::into_response);
    match action {
        Action::Pass => given(None),
        Action::Answer(answer) => given(Some(answer)),
        Action::Reset => wire.end(Ending::Reset).await,
        Action::Close => wire.end(Ending::Close).await,
        Action::Hang => pending().await,
        Action::LoseAnswer => {
            given(None);
            wire.end(Ending::Reset).await
        }
        Action::Truncate { reset, instead } => {
            let ending = if reset { Ending::Reset } else { Ending::Close };
            truncated(given(instead), wire.clone(), ending).await
        }
        Action::Slow { delay_ms, instead } => slow(given(instead), Duration::from_millis(delay_ms)).await,
        Action::Oversize { bytes, instead } => oversized(given(instead), bytes),
    }
}

async fn truncated(response: Response, wire: Wire, ending: Ending) -> Response {
    let (mut response, whole) = in_memory(response).await;
    if whole.is_empty() {
        response
            .headers_mut()
            .insert(CONTENT_LENGTH, HeaderValue::from(1));
    }
    let half = whole.slice(..whole.len() / 2);
    let cut = stream::once(async move {
        // One turn without a chunk, in which hyper sends what it has.
        tokio::task::yield_now().await;
        wire.end(ending).await
    });
    *response.body_mut() = Body::from_stream(stream::iter([Ok::<_, axum::Error>(half)]).chain(cut));
    response
}

async fn slow(response: Response, delay: Duration) -> Response {
    let (mut response, whole) = in_memory(response).await;
    let bytes = stream::iter(0..whole.len()).then(move |at| {
        let byte = whole.slice(at..=at);
        async move {
            tokio::time::sleep(delay).await;
            Ok::<_, axum::Error>(byte)
        }
    });
    *response.body_mut() = Body::from_stream(bytes);
    response
}

fn oversized(mut response: Response, bytes: u64) -> Response {
    let blanks = Bytes::from(vec![b' '; 64 * 1024]);
    let chunk = blanks.len() as u64;
    let chunks = (0..bytes.div_ceil(chunk)).map(move |number| {
        let rest = usize::try_from(bytes - number * chunk).unwrap_or(usize::MAX);
        Ok(blanks.slice(..rest.min(blanks.len())))
    });
    response.headers_mut().remove(CONTENT_LENGTH);
    let answer = std::mem::take(response.body_mut());
    *response.body_mut() = Body::from_stream(stream::iter(chunks).chain(answer.into_data_stream()));
    response
}

/// The response with its length in its head, and its body apart.
async fn in_memory(response: Response) -> (Response, Bytes) {
    let (mut head, body) = response.into_parts();
    // The bodies are the sandbox's own, and none of them fails.
    let whole = to_bytes(body, usize::MAX).await.unwrap_or_default();
    head.headers.remove(TRANSFER_ENCODING);
    head.headers
        .insert(CONTENT_LENGTH, HeaderValue::from(whole.len()));
    (Response::from_parts(head, Body::empty()), whole)
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut builder = Response::builder().status(self.status);
        for (name, value) in &self.headers {
            builder = builder.header(name, value);
        }
        let body = self.body.clone().map(Body::from);
        match builder.body(body.unwrap_or_default()) {
            Ok(response) if self.body.is_none() && response.status().as_u16() >= 400 => {
                let mut problem =
                    Problem::new(response.status(), "as a rule of the sandbox says").into_response();
                // The rule's own headers win.
                problem.headers_mut().extend(response.headers().clone());
                problem
            }
            Ok(response) => response,
            // A mistake in a rule shows itself in the first answer.
            Err(error) => {
                let detail = format!("a rule's answer is not HTTP: {error}");
                Problem::new(StatusCode::INTERNAL_SERVER_ERROR, detail).into_response()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header::CONTENT_TYPE;

    use super::*;

    #[test]
    fn a_rules_own_headers_replace_those_of_the_problem() {
        let response = Answer::status(503)
            .header("content-type", "text/plain")
            .into_response();
        let types: Vec<_> = response.headers().get_all(CONTENT_TYPE).iter().collect();
        assert_eq!(types, ["text/plain"]);
    }

    #[test]
    fn an_answer_that_is_not_http_is_a_500_which_says_so() {
        for wrong in [
            Answer::status(99),
            Answer::status(200).header("bad name", "x"),
            Answer::status(200).retry_after("a\nb"),
        ] {
            assert_eq!(wrong.into_response().status(), 500);
        }
    }
}
