//! POSTs that go on when their client has gone, and the answers to a second one meanwhile.

use sandbox::{Answer, Endpoint, Rule, Sandbox, Settings, UnderWay};
use serde_json::json;

use crate::caller::{json_of, order, post, soon, start, token};

async fn orders_with(under_way: UnderWay) -> (Sandbox, String) {
    let sandbox = start(Settings::default()).await;
    let token = token(&sandbox).await;
    sandbox.set_faults([Rule::on(Endpoint::Orders, under_way).attempts(1)]);
    (sandbox, token)
}

async fn status(sandbox: &Sandbox, token: &str) -> u16 {
    let response = post(sandbox, token, &order(1)).send().await.unwrap();
    response.status().as_u16()
}

#[tokio::test]
async fn second_post_meets_the_first_one_under_way() {
    let (sandbox, token) = orders_with(UnderWay::new().lose_answer()).await;
    assert!(post(&sandbox, &token, &order(1)).send().await.is_err());
    let response = post(&sandbox, &token, &order(1)).send().await.unwrap();
    assert_eq!(response.status(), 409);
    let message = "a first request with this key is still running";
    assert_eq!(
        json_of(response).await,
        json!({"error": {"type": "idempotency_error", "message": message}})
    );
    assert_eq!(sandbox.counters().orders_duplicate, 0);
    sandbox.set_faults([]);
    let another = post(&sandbox, &token, &order(2)).send().await.unwrap();
    assert_eq!(another.status(), 201);
}

#[tokio::test]
async fn post_under_way_is_stored_in_the_end() {
    let (sandbox, token) = orders_with(UnderWay::new().lose_answer()).await;
    assert!(post(&sandbox, &token, &order(1)).send().await.is_err());
    assert_eq!(status(&sandbox, &token).await, 409);
    sandbox.finish_requests();
    soon(sandbox.until(|record| record.counters.orders_stored == 1)).await;
    assert_eq!(status(&sandbox, &token).await, 409);
    assert_eq!(sandbox.counters().orders_duplicate, 1);
}

#[tokio::test]
async fn failed_post_leaves_the_next_one_to_store() {
    let (sandbox, token) = orders_with(UnderWay::new().fails()).await;
    let first = tokio::spawn(post(&sandbox, &token, &order(1)).send());
    soon(sandbox.until(|record| record.counters.order_posts == 1)).await;
    assert_eq!(status(&sandbox, &token).await, 409);
    sandbox.finish_requests();
    let response = soon(first).await.unwrap().unwrap();
    assert_eq!(response.status(), 500);
    assert_eq!(sandbox.counters().orders_stored, 0);
    assert_eq!(status(&sandbox, &token).await, 201);
}

#[tokio::test]
async fn post_under_way_ends_after_its_time() {
    let (sandbox, token) = orders_with(UnderWay::new().ends_after_ms(10)).await;
    assert_eq!(status(&sandbox, &token).await, 201);
    assert_eq!(status(&sandbox, &token).await, 409);
}

#[tokio::test]
async fn disconnected_client_does_not_end_its_post() {
    let (sandbox, token) = orders_with(UnderWay::new()).await;
    let first = tokio::spawn(post(&sandbox, &token, &order(1)).send());
    soon(sandbox.until(|record| record.counters.posts_in_flight == 1)).await;
    first.abort();
    soon(sandbox.until(|record| record.counters.posts_in_flight == 0)).await;
    assert_eq!(status(&sandbox, &token).await, 409);
    sandbox.finish_requests();
    soon(sandbox.until(|record| record.counters.orders_stored == 1)).await;
}

#[tokio::test]
async fn duplicate_is_answered_as_set() {
    let text = r#"{"error":"order already exists"}"#;
    let duplicate_answer = Some(Answer::status(422).body("application/json", text));
    let sandbox = start(Settings {
        duplicate_answer,
        ..Settings::default()
    })
    .await;
    let token = token(&sandbox).await;
    assert_eq!(status(&sandbox, &token).await, 201);
    let response = post(&sandbox, &token, &order(1)).send().await.unwrap();
    assert_eq!(response.status(), 422);
    assert_eq!(response.text().await.unwrap(), text);
    assert_eq!(sandbox.counters().orders_duplicate, 1);
}
