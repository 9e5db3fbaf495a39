//! One token, and one request for it, for all orders in flight.

use std::sync::atomic::{AtomicU64, Ordering};

use http::StatusCode;
use integration_tests::aws::Aws;
use submit_orders::{
    handler::Handler,
    submission::WRAP_UP,
    verdict::{Deferral, Retry, RetryReason, Verdict},
};

use super::*;

#[tokio::test]
async fn token_expired_in_batch_is_replaced_once() {
    let settings = || Settings {
        token_uses: 7,
        ..Settings::default()
    };
    let bridge = Bridge::start(settings(), |environment| environment.with("MAX_IN_FLIGHT", "7")).await;
    bridge.enqueue((1..=10).map(message));
    assert_eq!(bridge.deliver(10).await.1, [""; 0]);
    let counters = bridge.sandbox.counters();
    assert_eq!((counters.orders_stored, counters.token_requests), (10, 2));
    bridge.sandbox.revoke_tokens();
    bridge.enqueue((11..=17).map(message));
    assert_eq!(bridge.deliver(10).await.1, [""; 0]);
    let counters = bridge.sandbox.counters();
    assert_eq!((counters.orders_stored, counters.token_requests), (17, 3));
}

#[tokio::test]
async fn token_is_reused_until_shortly_before_it_expires() {
    for (expires_in, still, over) in [
        // 100 s, less 30.
        (ExpiresIn::Number, 69, 2),
        (ExpiresIn::Text, 69, 2),
        // Absent: 300 s, less 30.
        (ExpiresIn::Absent, 269, 2),
    ] {
        let settings = Settings {
            expires_in,
            token_ttl: Duration::from_secs(100),
            ..Settings::default()
        };
        let bridge = Bridge::start(settings, |environment| environment).await;
        let token_requests_after = async |id: u64, secs: u64| {
            pass(Duration::from_secs(secs)).await;
            // What the sandbox thinks of the token's age is another matter.
            bridge.sandbox.set_faults([on_orders(Answer::status(201))]);
            bridge.enqueue([message(id)]);
            bridge.drain().await;
            bridge.sandbox.counters().token_requests
        };
        assert_eq!(token_requests_after(1, 0).await, 1);
        assert_eq!(token_requests_after(2, still - 1).await, 1, "{expires_in:?}");
        assert_eq!(token_requests_after(3, over).await, 2, "{expires_in:?}");
    }
}

#[tokio::test]
async fn token_endpoint_down_gets_one_request() {
    let bridge = Bridge::start(Settings::default(), |environment| {
        environment.with("MAX_IN_FLIGHT", "10")
    })
    .await;
    bridge
        .sandbox
        .set_faults([Rule::on(Endpoint::Token, Answer::status(503))]);
    bridge.enqueue((1..=10).map(message));
    assert_eq!(bridge.deliver(10).await.1.len(), 10);
    assert_eq!(bridge.sandbox.counters().token_requests, 1);
    assert_eq!(bridge.aws.calls("GetSecretValue").len(), 1);
}

/// Delivers twenty messages at once, after a token request that fails like this, and returns how many more POSTs there are
/// then: none if the circuit is open.
async fn posts_after_one_token_failure(answer: Answer) -> u64 {
    const WAITING: usize = 20;
    let bridge = Bridge::start(Settings::default(), |environment| {
        environment.with("MAX_IN_FLIGHT", WAITING.to_string())
    })
    .await;
    bridge
        .sandbox
        .set_faults([Rule::on(Endpoint::Token, answer).calls(1)]);
    bridge.enqueue((1..=WAITING as u64).map(message));
    assert_eq!(bridge.deliver(WAITING).await.1.len(), WAITING);
    let counters = bridge.sandbox.counters();
    assert_eq!((counters.token_requests, counters.order_posts), (1, 0));
    posts_of_another_batch(&bridge).await
}

#[tokio::test]
async fn failed_token_request_is_one_failure_for_all_who_waited() {
    for status in [429, 500, 503] {
        let posts = posts_after_one_token_failure(Answer::status(status)).await;
        assert_eq!(posts, 5, "{status}");
    }
}

#[tokio::test]
async fn refused_token_request_opens_the_circuit_for_all_who_waited() {
    let error = Answer::status(401).body("application/json", r#"{"error": "invalid_client"}"#);
    assert_eq!(posts_after_one_token_failure(error).await, 0);
}

#[tokio::test]
async fn fifth_failed_token_request_opens_the_circuit() {
    let bridge = one_at_a_time().await;
    bridge
        .sandbox
        .set_faults([Rule::on(Endpoint::Token, Answer::status(503))]);
    bridge.enqueue((1..=10).map(message));
    assert_eq!(bridge.deliver(10).await.1.len(), 10);
    assert_eq!(bridge.sandbox.counters().token_requests, 5);
}

/// How long the token endpoint of [`Slow`] takes.
const SLOW: Duration = Duration::from_secs(10);

/// The time of an order that does not wait for it.
const IMPATIENT: Duration = Duration::from_secs(3);

/// A token endpoint that refuses the client after [`SLOW`], on a controlled clock.
#[derive(Default)]
struct Slow {
    token_requests: AtomicU64,
}

impl Transport for Slow {
    fn send(&self, _: Request, timeout: Duration) -> BoxFuture<'_, Result<transport::Answer, Unreachable>> {
        self.token_requests.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            if timeout < SLOW {
                tokio::time::sleep(timeout).await;
                return Err(Unreachable::TimedOut);
            }
            tokio::time::sleep(SLOW).await;
            let mut refused = transport::Answer::new(Bytes::from_static(br#"{"error": "invalid_client"}"#));
            *refused.status_mut() = StatusCode::UNAUTHORIZED;
            Ok(refused)
        })
    }
}

fn with_slow_token(aws: &Aws) -> (Handler, Arc<Slow>) {
    let environment = Environment::at(
        "https://s.example.com/",
        "https://t.example.com/token",
        "https://d.example.com/orders",
    );
    let slow = Arc::new(Slow::default());
    let transport: Arc<dyn Transport> = Arc::clone(&slow) as _;
    (submit_orders_over(&environment, aws, transport), slow)
}

/// The verdict on an order that has so much time.
async fn verdict(function: &Handler, id: u64, time: Duration) -> Verdict {
    let deadline = Instant::now() + WRAP_UP + time;
    function.submission.submit(&message(id), None, deadline).await.1
}

fn retry(verdict: &Verdict) -> &Retry {
    let Verdict::Retried(retry) = verdict else {
        panic!("{verdict:?}")
    };
    retry
}

fn reason(verdict: &Verdict) -> RetryReason {
    retry(verdict).reason
}

#[tokio::test(start_paused = true)]
async fn refusal_counts_after_a_waiting_order_gave_up() {
    let (function, slow) = with_slow_token(&account(&Settings::default()));
    let patient = verdict(&function, 1, FUNCTION_TIMEOUT);
    let impatient = verdict(&function, 2, IMPATIENT);
    let (patient, impatient) = futures::join!(patient, impatient);
    assert_eq!(reason(&impatient), RetryReason::Unreachable);
    assert_eq!(reason(&patient), RetryReason::Misconfigured);
    assert_eq!(slow.token_requests.load(Ordering::Relaxed), 1);
    let next = verdict(&function, 3, FUNCTION_TIMEOUT).await;
    assert!(
        matches!(next, Verdict::Deferred(Deferral::CircuitOpen { .. })),
        "{next:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn request_given_up_is_one_failure_for_all_who_waited() {
    let (function, slow) = with_slow_token(&account(&Settings::default()));
    let impatient = verdict(&function, 1, IMPATIENT);
    let patient = (2..=10).map(|id| verdict(&function, id, FUNCTION_TIMEOUT));
    let (impatient, patient) = futures::join!(impatient, futures::future::join_all(patient));
    for verdict in patient.iter().chain([&impatient]) {
        assert_eq!(reason(verdict), RetryReason::Unreachable);
    }
    assert_eq!(slow.token_requests.load(Ordering::Relaxed), 1);
    // The circuit is closed.
    let next = verdict(&function, 11, FUNCTION_TIMEOUT).await;
    assert_eq!(reason(&next), RetryReason::Misconfigured);
    assert_eq!(slow.token_requests.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn who_did_not_answer_in_time_is_named() {
    let aws = account(&Settings::default());
    let (function, slow) = with_slow_token(&aws);
    aws.set_latency(|| SLOW);
    let first = verdict(&function, 1, IMPATIENT);
    let second = verdict(&function, 2, IMPATIENT - Duration::from_secs(1));
    let (first, second) = futures::join!(first, second);
    let detail = |verdict| (reason(verdict), retry(verdict).detail.clone());
    let secret =
        format!("cannot read the secret {DESTINATION_SECRET}: Secrets Manager did not answer in time");
    assert_eq!(detail(&first), (RetryReason::Transient, secret));
    let waited = "the token or API key, which another order's request was to get, was not there in time";
    assert_eq!(detail(&second), (RetryReason::Unreachable, waited.to_owned()));
    assert_eq!(slow.token_requests.load(Ordering::Relaxed), 0);
}
