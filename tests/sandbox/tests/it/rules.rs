//! Rules: the requests that they choose.

use sandbox::{Answer, Endpoint, Rule, Settings};

use crate::caller::{ask_for_token, get_customers, order, post, start, statuses, token};

#[tokio::test]
async fn rule_counts_attempts_of_each_order() {
    let sandbox = start(Settings::default()).await;
    let token = token(&sandbox).await;
    sandbox.set_faults([Rule::on(Endpoint::Orders, Answer::status(503)).attempts([1, 3])]);
    assert_eq!(
        statuses(&sandbox, &token, [1, 2, 1, 2, 1, 1]).await,
        [503, 503, 201, 201, 503, 409]
    );
    assert_eq!(sandbox.read(|record| record.rule_hits.clone()), [3]);
}

#[tokio::test]
async fn rule_counts_calls_of_the_endpoint() {
    let sandbox = start(Settings::default()).await;
    let token = token(&sandbox).await;
    sandbox.set_faults([
        Rule::on(Endpoint::Orders, Answer::status(500)).calls(1),
        Rule::on(Endpoint::Orders, Answer::status(502)).calls(1..=2),
        Rule::on(Endpoint::Orders, Answer::status(504)).calls(5..),
    ]);
    assert_eq!(
        statuses(&sandbox, &token, 1..=6).await,
        [500, 502, 201, 201, 504, 504]
    );
    assert_eq!(sandbox.read(|record| record.rule_hits.clone()), [1, 1, 2]);
}

#[tokio::test]
async fn rule_matches_an_order_or_customer() {
    let sandbox = start(Settings::default()).await;
    let token = token(&sandbox).await;
    sandbox.set_faults([
        Rule::on(Endpoint::Orders, Answer::status(400)).customer("2"),
        Rule::on(Endpoint::Orders, Answer::status(422)).order("ORD-20231015-0000000000000003"),
    ]);
    assert_eq!(statuses(&sandbox, &token, 1..=4).await, [201, 400, 422, 201]);
}

#[tokio::test]
async fn chance_depends_on_seed_order_and_attempt() {
    let sandbox = start(Settings::default()).await;
    let token = token(&sandbox).await;
    let rule = |seed| Rule::on(Endpoint::Orders, Answer::status(500)).chance(50, seed);
    sandbox.set_faults([rule(1)]);
    let forwards = statuses(&sandbox, &token, 1..=40).await;
    sandbox.reset();
    let token = crate::caller::token(&sandbox).await;
    sandbox.set_faults([rule(1)]);
    let mut backwards = statuses(&sandbox, &token, (1..=40).rev()).await;
    backwards.reverse();
    assert_eq!(forwards, backwards);
    let failed = forwards.iter().filter(|status| **status == 500).count();
    assert!((10..=30).contains(&failed), "{failed}");
    sandbox.reset();
    let token = crate::caller::token(&sandbox).await;
    sandbox.set_faults([rule(2)]);
    assert_ne!(statuses(&sandbox, &token, 1..=40).await, forwards);
}

#[tokio::test]
async fn chance_of_0_and_100_percent_is_certain() {
    let sandbox = start(Settings::default()).await;
    let token = token(&sandbox).await;
    sandbox.set_faults([Rule::on(Endpoint::Orders, Answer::status(500)).chance(0, 1)]);
    assert_eq!(statuses(&sandbox, &token, 1..=10).await, [201; 10]);
    sandbox.set_faults([Rule::on(Endpoint::Orders, Answer::status(500)).chance(100, 1)]);
    assert_eq!(statuses(&sandbox, &token, 1..=10).await, [500; 10]);
}

#[tokio::test]
async fn rule_of_one_endpoint_spares_others() {
    let sandbox = start(Settings::default()).await;
    sandbox.set_faults([
        Rule::on(Endpoint::Orders, Answer::status(500)),
        // Neither the source nor the token endpoint knows of attempts.
        Rule::on(Endpoint::Token, Answer::status(500)).attempts(1..),
        Rule::on(Endpoint::Customers, Answer::status(500)).customer("1"),
    ]);
    assert_eq!(get_customers(&sandbox).send().await.unwrap().status(), 200);
    assert_eq!(ask_for_token(&sandbox).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn same_orders_are_chosen_on_every_attempt() {
    const ORDERS: u32 = 200;
    const PERCENT: u64 = 10;
    let sandbox = start(Settings::default()).await;
    let token = token(&sandbox).await;
    let blocked = Rule::on(Endpoint::Orders, Answer::status(403)).share_of_orders(PERCENT, 1);
    sandbox.set_faults([blocked]);
    let first = statuses(&sandbox, &token, 1..=ORDERS).await;
    let second = statuses(&sandbox, &token, 1..=ORDERS).await;
    let blocked = |statuses: &[u16]| {
        let status = |(at, status): (usize, &u16)| (*status == 403).then_some(at);
        statuses.iter().enumerate().filter_map(status).collect::<Vec<_>>()
    };
    assert_eq!(blocked(&first), blocked(&second));
    let count = blocked(&first).len();
    assert!((5..=40).contains(&count), "{count}");
}

#[tokio::test]
async fn rule_matches_text_in_the_body() {
    let sandbox = start(Settings::default()).await;
    let token = token(&sandbox).await;
    let firewall = Rule::on(Endpoint::Orders, Answer::status(403)).body_contains("-0000000000000001");
    sandbox.set_faults([firewall]);
    let response = post(&sandbox, &token, &order(1)).send().await.unwrap();
    assert_eq!(response.status(), 403);
    assert_eq!(statuses(&sandbox, &token, [2]).await, [201]);
}
