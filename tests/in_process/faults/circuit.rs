//! When no call is made: an open circuit, deadlines, the rate limit.

use super::*;

/// Ten other messages, once those of earlier batches are gone.
async fn another_batch(bridge: &Bridge, first_customer: u64) {
    bridge.aws.queues(|queues| {
        let messages = queues.messages(QUEUE_URL);
        for old in messages.iter().filter(|message| message.receives > 0) {
            queues.delete(QUEUE_URL, &old.receipt_handle()).unwrap();
        }
    });
    bridge.enqueue((first_customer..first_customer + 10).map(message));
    bridge.deliver(10).await;
}

#[tokio::test]
async fn open_circuit_defers_the_rest_of_the_batch() {
    let bridge = one_at_a_time().await;
    bridge.sandbox.set_faults([on_orders(Answer::status(403))]);
    bridge.enqueue((1..=10).map(message));
    assert_eq!(bridge.deliver(10).await.1.len(), 10);
    assert_eq!(bridge.sandbox.counters().order_posts, 2);
    let hidden = visibilities(&bridge);
    let (posted, deferred) = hidden.split_at(2);
    assert!(posted.iter().all(|secs| (15..=30).contains(secs)), "{posted:?}");
    // A deferred message stays invisible at least until the circuit is half-open.
    assert_eq!(deferred, [30; 8]);
}

#[tokio::test]
async fn half_open_circuit_posts_one_probe() {
    let bridge = one_at_a_time().await;
    bridge.sandbox.set_faults([
        on_orders(Answer::status(403)).calls(1..=3),
        on_orders(Answer::status(403).retry_after(90)).calls(4),
    ]);
    bridge.enqueue((1..=10).map(message));
    bridge.deliver(10).await;
    assert_eq!(bridge.sandbox.counters().order_posts, 2);
    // The probe's own `Retry-After` keeps the circuit open for longer.
    let batches = [(29, 2), (1, 3), (30, 4), (30, 4), (59, 4), (1, 10 + 4)];
    for ((secs, posts), first_customer) in batches.into_iter().zip((100..).step_by(10)) {
        pass(Duration::from_secs(secs)).await;
        another_batch(&bridge, first_customer).await;
        let counters = bridge.sandbox.counters();
        assert_eq!(counters.order_posts, posts, "after {secs} s more");
    }
}

#[tokio::test]
async fn fifth_failure_in_a_row_opens_the_circuit() {
    let bridge = one_at_a_time().await;
    bridge.sandbox.set_faults([
        on_orders(Answer::status(503)).calls(1..=4),
        on_orders(Answer::status(503)).calls(6..),
    ]);
    bridge.enqueue((1..=20).map(message));
    let (received, failed) = bridge.deliver(20).await;
    assert_eq!((received.len(), failed.len()), (20, 19));
    // Four failures, one success, five failures; the other ten are deferred.
    assert_eq!(bridge.sandbox.counters().order_posts, 10);
}

#[tokio::test]
async fn late_delivery_leaves_the_circuit_open_for_retry_after() {
    const RETRY_AFTER: u64 = 120;
    const IN_FLIGHT: u64 = 6;
    let bridge = Bridge::start(Settings::default(), |environment| {
        environment.with("MAX_IN_FLIGHT", IN_FLIGHT.to_string())
    })
    .await;
    bridge.sandbox.set_faults([
        // Answered long after the others.
        on_orders(Action::Pass).customer("1").latency_ms(500),
        on_orders(Answer::status(429).retry_after(RETRY_AFTER)),
    ]);
    bridge.enqueue((1..=IN_FLIGHT).map(message));
    let (_, failed) = bridge.deliver(10).await;
    assert_eq!(failed.len() as u64, IN_FLIGHT - 1);
    bridge.sandbox.set_faults([]);
    pass(Duration::from_secs(RETRY_AFTER - 2)).await;
    assert_eq!(posts_of_another_batch(&bridge).await, 0);
    pass(Duration::from_secs(2)).await;
    assert_ne!(posts_of_another_batch(&bridge).await, 0);
}

#[tokio::test]
async fn order_without_time_left_is_deferred() {
    let bridge = bridge().await;
    bridge.enqueue((1..=3).map(message));
    let event = bridge.aws.queues(|queues| {
        let received = queues.receive(QUEUE_URL, 10, |_| 0);
        queues.event(&received)
    });
    for left in [0, 1, 5, 6] {
        let deadline = Instant::now() + Duration::from_secs(left);
        let answer = bridge.submit.handle(&raw(&event), until(deadline)).await.unwrap();
        assert_eq!(answer.batch_item_failures.len(), 3, "{left} s left");
    }
    assert_eq!(bridge.sandbox.counters().order_posts, 0);
    assert_eq!(bridge.sandbox.counters().token_requests, 0);
    assert!(visibilities(&bridge).iter().all(|secs| *secs == 0));
}

/// A destination that is always there, in no time.
struct Instantly;

impl Transport for Instantly {
    fn send(
        &self,
        request: Request,
        _within: Duration,
    ) -> BoxFuture<'_, Result<transport::Answer, Unreachable>> {
        let token = json!({"access_token": "fixture-token", "token_type": "Bearer"}).to_string();
        let body = if request.url().path() == "/orders" {
            Bytes::new()
        } else {
            token.into()
        };
        Box::pin(std::future::ready(Ok(transport::Answer::new(body))))
    }
}

#[tokio::test(start_paused = true)]
async fn rate_limit_spaces_orders_and_respects_deadline() {
    let aws = account(&Settings::default());
    let environment = Environment::at(
        "https://s.example.com/",
        "https://t.example.com/",
        "https://d.example.com/orders",
    )
    .with("ORDERS_PER_SECOND", "0.5");
    let submit = submit_orders_over(&environment, &aws, Arc::new(Instantly));
    let event = |count: u64| {
        let record = |id: u64| json!({"messageId": id.to_string(), "body": message(id)});
        raw(&json!({"Records": (1..=count).map(record).collect::<Vec<_>>()}))
    };
    let began = Instant::now();
    let answer = submit
        .handle(&event(10), until(began + FUNCTION_TIMEOUT))
        .await
        .unwrap();
    assert_eq!(answer.batch_item_failures.len(), 0);
    // The first at once, each other 2 s after the one before.
    assert_eq!(began.elapsed().as_secs(), 18);

    // Less than 54 s are left for POSTs to begin in: 26 turns, the first of them 2 s from now.
    let began = Instant::now();
    let answer = submit
        .handle(&event(40), until(began + FUNCTION_TIMEOUT))
        .await
        .unwrap();
    assert_eq!(answer.batch_item_failures.len(), 40 - 26);
    assert!(
        began.elapsed() <= Duration::from_secs(54),
        "{:?}",
        began.elapsed()
    );
}
