//! The Lambda Runtime API (AWS Lambda Developer Guide, "Using the Lambda runtime API").

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use tokio::sync::{Mutex, mpsc, watch};

use super::answer::{Answer, json};

/// The prefix of its paths.
pub(super) const PREFIX: &str = "/2018-06-01/runtime/";

/// The time-out of an invocation: Lambda's maximum, which nothing here should reach.
const TIMEOUT: Duration = Duration::from_secs(15 * 60);

/// The function's answer, or its error.
pub(crate) type Outcome = Result<Bytes, Bytes>;

/// Hands out events, and takes their outcomes.
pub(crate) struct Runtime {
    events: mpsc::Sender<Bytes>,
    waiting: Mutex<mpsc::Receiver<Bytes>>,
    outcomes: mpsc::Sender<Outcome>,
    settled: Mutex<mpsc::Receiver<Outcome>>,
    /// How often the function has asked for an event.
    asked: watch::Sender<u64>,
    /// How many events it was given.
    given: watch::Sender<u64>,
}

impl Default for Runtime {
    fn default() -> Self {
        let (events, waiting) = mpsc::channel(1);
        let (outcomes, settled) = mpsc::channel(1);
        Self {
            events,
            waiting: Mutex::new(waiting),
            outcomes,
            settled: Mutex::new(settled),
            asked: watch::Sender::new(0),
            given: watch::Sender::new(0),
        }
    }
}

impl Runtime {
    /// Hands the function an event, and waits for the outcome.
    pub(crate) async fn invoke(&self, event: Bytes) -> Outcome {
        let gone = || Bytes::from_static(b"the runtime API is gone");
        self.events.send(event).await.map_err(|_| gone())?;
        let outcome = self.settled.lock().await.recv().await;
        outcome.unwrap_or_else(|| Err(gone()))
    }

    /// Waits until the function is done and asks for another event.
    pub(crate) async fn idle(&self) {
        let given = *self.given.borrow();
        // The sender lives as long as `self`.
        let _ = self.asked.subscribe().wait_for(|asked| *asked > given).await;
    }

    pub(super) async fn call(&self, path: &str, body: Bytes) -> Answer {
        match path.rsplit('/').next() {
            Some("next") => self.next().await,
            Some("response") => self.settle(Ok(body)).await,
            // Of an invocation, or of the start.
            _ => self.settle(Err(body)).await,
        }
    }

    async fn next(&self) -> Answer {
        self.asked.send_modify(|asked| *asked += 1);
        let event = self.waiting.lock().await.recv().await.unwrap_or_default();
        self.given.send_modify(|given| *given += 1);
        let mut answer = json(StatusCode::OK, event);
        let headers = answer.headers_mut();
        for (name, value) in [
            (
                "lambda-runtime-aws-request-id",
                "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
            ),
            (
                "lambda-runtime-invoked-function-arn",
                "arn:aws:lambda:eu-west-1:123456789012:function:bench",
            ),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let deadline = (SystemTime::now() + TIMEOUT).duration_since(UNIX_EPOCH);
        let deadline = deadline.unwrap_or_default().as_millis().to_string();
        if let Ok(deadline) = deadline.parse() {
            headers.insert("lambda-runtime-deadline-ms", deadline);
        }
        answer
    }

    async fn settle(&self, outcome: Outcome) -> Answer {
        // Without a listener the run is over.
        let _ = self.outcomes.send(outcome).await;
        json(StatusCode::ACCEPTED, r#"{"status":"OK"}"#)
    }
}
