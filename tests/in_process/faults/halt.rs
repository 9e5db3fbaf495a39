//! When no call is made: halts, deadlines, the rate limit.

use super::*;

#[tokio::test]
async fn a_misconfiguration_leaves_the_rest_of_the_batch_unstarted_and_then_one_probe_goes_ahead() {
    let bridge = Bridge::start(Settings::default(), |environment| {
        environment.with("MAX_IN_FLIGHT", "1")
    })
    .await;
    bridge.sandbox.set_faults([
        on_orders(Answer::status(403)).calls(1..=2),
        on_orders(Answer::status(403).retry_after(90)).calls(3),
    ]);
    bridge.enqueue((1..=10).map(message));
    assert_eq!(bridge.deliver(10).await.1.len(), 10);
    assert_eq!(bridge.sandbox.counters().order_posts, 1);
    let hidden = visibilities(&bridge);
    assert_eq!(hidden.len(), 10);
    assert!(
        hidden[..1].iter().all(|secs| (15..=30).contains(secs)),
        "{hidden:?}"
    );
    // What a halt returns waits at least until the halt ends.
    assert!(hidden[1..].iter().all(|secs| *secs == 30), "{hidden:?}");

    // One probe each time the halt ends; the destination's own wait prolongs it.
    for (wait, posts) in [(29, 1), (1, 2), (30, 3), (30, 3), (59, 3), (1, 9 + 3)] {
        pass(Duration::from_secs(wait)).await;
        bridge.enqueue((200..209).map(message));
        bridge.aws.queues(|queues| {
            for old in queues
                .messages(QUEUE_URL)
                .iter()
                .filter(|message| message.receives > 0)
            {
                queues.delete(QUEUE_URL, &old.receipt_handle()).unwrap();
            }
        });
        bridge.deliver(10).await;
        assert_eq!(
            bridge.sandbox.counters().order_posts,
            posts,
            "after {wait} s more"
        );
    }
}

#[tokio::test]
async fn five_failures_of_the_environment_in_a_row_halt() {
    let bridge = Bridge::start(Settings::default(), |environment| {
        environment.with("MAX_IN_FLIGHT", "1")
    })
    .await;
    bridge.sandbox.set_faults([
        on_orders(Answer::status(503)).calls(1..=4),
        on_orders(Answer::status(503)).calls(6..),
    ]);
    bridge.enqueue((1..=20).map(message));
    let (received, failed) = bridge.deliver(20).await;
    assert_eq!((received.len(), failed.len()), (20, 19));
    // Four failures, one success, five failures; the other ten are not started.
    assert_eq!(bridge.sandbox.counters().order_posts, 10);
}

#[tokio::test]
async fn what_cannot_be_finished_before_the_deadline_is_not_started_and_returned_at_once() {
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
async fn orders_are_posted_no_faster_than_allowed_and_waiting_counts_against_the_deadline() {
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
