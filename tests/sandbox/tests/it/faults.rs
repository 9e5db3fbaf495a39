//! Faults above HTTP: other answers, slow ones, oversized ones.

use std::time::Duration;

use sandbox::{Action, Answer, Customers, Endpoint, Rule, Settings};
use serde_json::json;

use crate::caller::{
    ask_for_token, client, client_that_waits, get_customers, json_of, order, post, post_with, problem, soon,
    start, statuses, token,
};

#[tokio::test]
async fn made_up_answer_stores_nothing() {
    let sandbox = start(Settings::default()).await;
    let token = token(&sandbox).await;
    for value in ["7", "Sun, 06 Nov 1994 08:49:37 GMT", "soon"] {
        sandbox.set_faults([Rule::on(Endpoint::Orders, Answer::status(429).retry_after(value))]);
        let response = post(&sandbox, &token, &order(1)).send().await.unwrap();
        assert_eq!(response.headers()["retry-after"], value);
        assert_eq!(problem(response, 429).await, "as a rule of the sandbox says");
    }
    let refusal = Answer::status(422).body("application/problem+json", r#"{"title":"No"}"#);
    sandbox.set_faults([Rule::on(Endpoint::Orders, refusal)]);
    let response = post(&sandbox, &token, &order(1)).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert_eq!(
        (response.status().as_u16(), response.text().await.unwrap()),
        (422, r#"{"title":"No"}"#.to_owned())
    );
    assert_eq!(sandbox.counters().orders_stored, 0);
}

#[tokio::test]
async fn source_and_token_answers_are_replaced() {
    let sandbox = start(Settings::default()).await;
    sandbox.set_faults([
        Rule::on(
            Endpoint::Customers,
            Answer::status(200).body("text/html", &b"<\xff>"[..]),
        )
        .calls(1),
        Rule::on(
            Endpoint::Token,
            Answer::status(200).body("application/json", "{}"),
        )
        .calls(1),
    ]);
    // Before the key is looked at.
    let response = client().get(sandbox.customers_url()).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/html");
    assert_eq!(response.bytes().await.unwrap(), &b"<\xff>"[..]);
    assert_eq!(
        json_of(ask_for_token(&sandbox).send().await.unwrap()).await,
        json!({})
    );
    assert_eq!(
        get_customers(&sandbox)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap(),
        "[]"
    );
    assert_eq!(sandbox.counters().token_grants, 0);
}

#[tokio::test]
async fn redirect_names_its_location() {
    let sandbox = start(Settings::default()).await;
    let token = token(&sandbox).await;
    let elsewhere = "http://127.0.0.1:1/elsewhere";
    sandbox.set_faults([Rule::on(Endpoint::Orders, Answer::redirect(elsewhere))]);
    let response = post(&sandbox, &token, &order(1)).send().await.unwrap();
    assert_eq!(
        (
            response.status().as_u16(),
            response.headers()["location"].to_str().unwrap()
        ),
        (307, elsewhere)
    );
    assert_eq!(response.text().await.unwrap(), "");
    assert_eq!(sandbox.counters().orders_stored, 0);
}

#[tokio::test]
async fn latency_precedes_processing() {
    let sandbox = start(Settings::default()).await;
    let token = token(&sandbox).await;
    let hour = 3_600_000;
    sandbox.set_faults([Rule::on(Endpoint::Orders, Action::Pass)
        .latency_ms(hour)
        .attempts(1)]);
    let hasty = client_that_waits(Duration::from_millis(50));
    let error = post_with(hasty, &sandbox, &token, &order(1))
        .send()
        .await
        .unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    soon(sandbox.until(|record| record.counters.posts_in_flight == 0)).await;
    assert_eq!(sandbox.counters().orders_stored, 0);
    assert_eq!(statuses(&sandbox, &token, [1]).await, [201]);
}

#[tokio::test]
async fn latency_combines_with_an_action() {
    let sandbox = start(Settings::default()).await;
    let token = token(&sandbox).await;
    sandbox.set_faults([Rule::on(Endpoint::Orders, Answer::status(503))
        .latency_ms(1)
        .attempts(1)]);
    assert_eq!(statuses(&sandbox, &token, [1, 1]).await, [503, 201]);
}

#[tokio::test]
async fn slow_answer_is_genuine() {
    let customers = Customers::parse(b"[1,2,3]").unwrap();
    let sandbox = start(Settings {
        customers,
        ..Settings::default()
    })
    .await;
    let slow = Action::Slow {
        delay_ms: 1,
        instead: None,
    };
    sandbox.set_faults([Rule::on(Endpoint::Customers, slow)]);
    let mut response = get_customers(&sandbox).send().await.unwrap();
    assert_eq!(response.content_length(), Some(7));
    let mut chunks = Vec::new();
    while let Some(chunk) = response.chunk().await.unwrap() {
        chunks.push(chunk);
    }
    assert_eq!(chunks.concat(), b"[1,2,3]");
    assert!(chunks.len() > 1, "{chunks:?}");
}

#[tokio::test]
async fn slow_answer_is_replaced() {
    let sandbox = start(Settings::default()).await;
    let token = token(&sandbox).await;
    let refusal = Answer::status(422).body("application/problem+json", "{}");
    let slow = Action::Slow {
        delay_ms: 1,
        instead: Some(refusal),
    };
    sandbox.set_faults([Rule::on(Endpoint::Orders, slow)]);
    let response = post(&sandbox, &token, &order(1)).send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), response.text().await.unwrap()),
        (422, "{}".to_owned())
    );
    assert_eq!(sandbox.counters().orders_stored, 0);
}

#[tokio::test]
async fn oversized_answer_stays_json() {
    let sandbox = start(Settings::default()).await;
    let token = token(&sandbox).await;
    for bytes in [0, 1, 65_535, 65_536, 200_000] {
        sandbox.reset();
        let token = crate::caller::token(&sandbox).await;
        sandbox.set_faults([Rule::on(
            Endpoint::Orders,
            Action::Oversize { bytes, instead: None },
        )]);
        let response = post(&sandbox, &token, &order(1)).send().await.unwrap();
        assert_eq!(response.status(), 201);
        assert_eq!(response.headers().get("content-length"), None);
        let body = response.text().await.unwrap();
        assert_eq!(
            body.trim_start(),
            r#"{"orderId":"ORD-20231015-0000000000000001"}"#
        );
        assert_eq!((body.len() - body.trim_start().len()) as u64, bytes);
        assert_eq!(sandbox.counters().orders_stored, 1);
    }
    let instead = Some(Answer::status(422).body("application/problem+json", "{}"));
    sandbox.set_faults([Rule::on(Endpoint::Orders, Action::Oversize { bytes: 3, instead })]);
    let response = post(&sandbox, &token, &order(2)).send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), response.text().await.unwrap()),
        (422, "   {}".to_owned())
    );
}
