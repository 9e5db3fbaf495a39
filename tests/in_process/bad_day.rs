//! A day with every kind of failure, for tests of logs and metrics.

use integration_tests::{
    aws::Fault,
    bridge::{Bridge, DESTINATION_SECRET},
};
use sandbox::{Action, Answer, Endpoint, Rule, Settings, customers};
use serde_json::json;

fn message(id: u64) -> String {
    fixture::message(&fixture::customer_with_id(id))
}

/// Runs 200 customers through every kind of failure, and returns how many messages `submit-orders` received, each as often
/// as it came.
pub(crate) async fn bad_day() -> (Bridge, usize) {
    let settings = Settings {
        customers: customers::generate(200, 5).into(),
        page_size: 50,
        ..Settings::default()
    };
    let bridge = Bridge::start(settings, |environment| environment).await;
    let mut calls = 0_u64;
    bridge.aws.set_faults(move |call| {
        calls += 1;
        match (calls % 7, call.action.as_str()) {
            (3, "SendMessageBatch") => Some(Fault::FailEntries {
                entries: vec![1],
                sender_fault: false,
            }),
            (5, "SendMessageBatch") => Some(Fault::FailEntries {
                entries: vec![2],
                sender_fault: true,
            }),
            (2, "SendMessage") => Some(Fault::Refuse(400, "AccessDeniedException")),
            (2 | 4, "ChangeMessageVisibilityBatch") => Some(Fault::Refuse(400, "AccessDeniedException")),
            _ => None,
        }
    });
    let run = json!({"order_date": "2023-10-15T14:30:00Z"});
    bridge.run(run.clone()).await.unwrap();
    let orders = |action: Action, percent| Rule::on(Endpoint::Orders, action).chance(percent, percent);
    bridge.sandbox.set_faults([
        orders(Action::Reset, 5),
        orders(Answer::status(503).retry_after(1).into(), 10),
        orders(Answer::status(422).into(), 11),
        orders(Action::LoseAnswer, 12),
    ]);
    let mut received = 0;
    for round in 0..40 {
        match round {
            10 => bridge
                .aws
                .set_secret(DESTINATION_SECRET, "fixture-client-secret, but no JSON"),
            11 | 15 => bridge.enqueue((round * 100..round * 100 + 40).map(message)),
            12 => {
                bridge.sandbox.rotate_client_secret("fixture-client-secret-2");
                bridge.sandbox.revoke_tokens();
            }
            14 => {
                let client =
                    json!({"client_id": "fixture-client", "client_secret": "fixture-client-secret-2"});
                bridge.aws.set_secret(DESTINATION_SECRET, client.to_string());
            }
            16 => bridge
                .sandbox
                .set_faults([Rule::on(Endpoint::Orders, Answer::status(403))]),
            17 => bridge.sandbox.set_faults([]),
            _ => {}
        }
        received += bridge.deliver(20).await.0.len();
        tokio::time::pause();
        tokio::time::advance(submit_orders::destination::circuit_breaker::OPEN_DURATION).await;
        tokio::time::resume();
    }
    bridge
        .sandbox
        .set_faults([Rule::on(Endpoint::Customers, Answer::status(404)).calls(6..)]);
    bridge.run(run).await.unwrap_err();
    bridge
        .run(json!({"order_date": "yesterday", "customer_ids": "Given1 Family1"}))
        .await
        .unwrap_err();
    (bridge, received)
}
