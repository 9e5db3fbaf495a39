//! When one order is not let through, and when none is.

use super::*;

const BLOCKED: u16 = 403;

/// The receive at which an order is rejected that is blocked alone.
const LAST_RECEIVE: u64 = 5;

fn blocked_customer(id: u64) -> Rule {
    let answer = Answer::status(BLOCKED).body("text/html", "<h1>Request blocked</h1>");
    on_orders(answer).customer(id.to_string())
}

/// Delivers a batch of these customers, which were all received so often.
async fn deliver_batch(bridge: &Bridge, customers: impl IntoIterator<Item = u64>, receives: u64) -> usize {
    let record = |id: u64| {
        json!({"messageId": format!("m{id}"), "receiptHandle": format!("m{id}#1"), "body": message(id),
               "attributes": {"ApproximateReceiveCount": receives.to_string()}})
    };
    let records: Vec<Value> = customers.into_iter().map(record).collect();
    let event = raw(&json!({"Records": records}));
    let deadline = Instant::now() + FUNCTION_TIMEOUT;
    let answer = bridge.submit.handle(&event, until(deadline)).await.unwrap();
    answer.batch_item_failures.len()
}

#[tokio::test]
async fn one_blocked_order_does_not_open_the_circuit() {
    let bridge = bridge().await;
    bridge.sandbox.set_faults([blocked_customer(1)]);
    assert_first_step(&deliver_one(&bridge).await, "blocked");
    assert_eq!(posts_of_another_batch(&bridge).await, 5);
}

#[tokio::test]
async fn two_different_blocked_orders_open_the_circuit() {
    for status in [
        402, 403, 404, 405, 406, 410, 415, 451, 499, 300, 301, 302, 303, 307, 308,
    ] {
        let bridge = one_at_a_time().await;
        bridge.sandbox.set_faults([on_orders(Answer::status(status))]);
        assert_eq!(deliver_batch(&bridge, 1..=10, 1).await, 10);
        assert_eq!(bridge.sandbox.counters().order_posts, 2, "{status}");
        assert_eq!(posts_of_another_batch(&bridge).await, 0, "{status}");
    }
}

#[tokio::test]
async fn same_blocked_order_twice_keeps_circuit_closed() {
    let bridge = one_at_a_time().await;
    bridge.sandbox.set_faults([blocked_customer(1)]);
    for receives in 1..=3 {
        assert_eq!(deliver_batch(&bridge, [1], receives).await, 1);
    }
    assert_eq!(posts_of_another_batch(&bridge).await, 5);
}

#[tokio::test]
async fn blocked_among_delivered_orders_keeps_circuit_closed() {
    let bridge = one_at_a_time().await;
    bridge.sandbox.set_faults([2, 3, 5, 6, 7].map(blocked_customer));
    assert_eq!(deliver_batch(&bridge, 1..=10, 1).await, 5);
    assert_eq!(bridge.sandbox.counters().order_posts, 10);
}

#[tokio::test]
async fn order_blocked_alone_is_rejected_at_fifth_receive() {
    for (before, last) in [([1, 2, 3], [1, 12, 13]), ([3, 2, 1], [13, 12, 1])] {
        let bridge = one_at_a_time().await;
        bridge.sandbox.set_faults([blocked_customer(1)]);
        assert_eq!(deliver_batch(&bridge, before, LAST_RECEIVE - 1).await, 1);
        assert_eq!(bridge.dead_letters().len(), 0);
        assert_eq!(deliver_batch(&bridge, last, LAST_RECEIVE).await, 0);
        let letters = bridge.dead_letters();
        assert_eq!(letters.len(), 1);
        assert_eq!(letters[0].body, message(1));
        assert_eq!(letters[0].attributes["reason"], "rejected_by_destination");
        assert_eq!(letters[0].attributes["http_status"], "403");
        assert_eq!(
            letters[0].attributes["detail"],
            "the destination answered 403 Forbidden at attempt 5, but accepts other orders: \
             <h1>Request blocked</h1>"
        );
    }
}

#[tokio::test]
async fn order_blocked_alone_before_is_rejected_later() {
    let bridge = one_at_a_time().await;
    bridge.sandbox.set_faults([blocked_customer(1)]);
    assert_eq!(deliver_batch(&bridge, [1, 2], 1).await, 1);
    pass(Duration::from_secs(600)).await;
    assert_eq!(deliver_batch(&bridge, [1], LAST_RECEIVE).await, 0);
    assert_eq!(bridge.dead_letters().len(), 1);
}

#[tokio::test]
async fn misconfiguration_rejects_no_order() {
    let bridge = bridge().await;
    bridge.sandbox.set_faults([on_orders(Answer::status(BLOCKED))]);
    for receives in 1..=20 {
        assert_eq!(deliver_batch(&bridge, 1..=10, receives).await, 10);
        pass(Duration::from_secs(60)).await;
    }
    assert_eq!(bridge.dead_letters().len(), 0);
}

#[tokio::test]
async fn misconfiguration_at_the_fifth_receive_rejects_no_order() {
    let bridge = one_at_a_time().await;
    deliver_batch(&bridge, 1..=10, 1).await;
    bridge.sandbox.set_faults([on_orders(Answer::status(BLOCKED))]);
    assert_eq!(deliver_batch(&bridge, 11..=20, LAST_RECEIVE).await, 10);
    assert_eq!(bridge.dead_letters().len(), 0);
}

#[tokio::test]
async fn misconfiguration_in_mid_run_rejects_no_order() {
    let bridge = one_at_a_time().await;
    deliver_batch(&bridge, 1..=10, 1).await;
    bridge.sandbox.set_faults([on_orders(Answer::status(BLOCKED))]);
    // A moment after the last delivery, it might be these orders' own.
    assert_eq!(deliver_batch(&bridge, 11..=20, 1).await, 10);
    for receives in 2..=20 {
        pass(Duration::from_secs(60)).await;
        assert_eq!(deliver_batch(&bridge, 11..=20, receives).await, 10);
    }
    assert_eq!(bridge.dead_letters().len(), 0);
}

#[tokio::test]
async fn unauthorized_twice_is_repeated_after_a_second() {
    let bridge = bridge().await;
    bridge
        .sandbox
        .set_faults([on_orders(Answer::status(401)).calls(1..=2)]);
    bridge.enqueue([message(1)]);
    assert_eq!(bridge.deliver(1).await.1, [""; 0]);
    let counters = bridge.sandbox.counters();
    assert_eq!((counters.order_posts, counters.token_requests), (3, 2));
}

#[tokio::test]
async fn unauthorized_for_all_opens_the_circuit() {
    let bridge = one_at_a_time().await;
    bridge.sandbox.set_faults([on_orders(Answer::status(401))]);
    assert_eq!(deliver_batch(&bridge, 1..=3, 1).await, 3);
    let counters = bridge.sandbox.counters();
    // Of two orders, each with three POSTs and a new token.
    assert_eq!((counters.order_posts, counters.token_requests), (6, 3));
    assert_eq!(posts_of_another_batch(&bridge).await, 0);
}
