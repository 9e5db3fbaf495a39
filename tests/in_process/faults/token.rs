//! The token, and the credentials that it is requested with.

use std::sync::LazyLock;

use sandbox::Alteration;

use super::*;
use crate::logs::{LOGGING, lines, logged};

#[tokio::test]
async fn missing_token_is_retried_or_opens_circuit() {
    let json = |body: &str| Answer::status(200).body("application/json", body.to_owned());
    for (action, calls, opens_circuit) in [
        (Action::Answer(Answer::status(400)), 1, true),
        (Action::Answer(Answer::status(401)), 1, true),
        (Action::Answer(Answer::status(403)), 1, true),
        (Action::Answer(json("no JSON")), 1, true),
        (Action::Answer(json("{}")), 1, true),
        (Action::Answer(json(r#"{"access_token": ""}"#)), 1, true),
        (
            Action::Answer(json(r#"{"access_token": "a\nb", "token_type": "Bearer"}"#)),
            1,
            true,
        ),
        (Action::Answer(Answer::status(503)), 1, false),
        (Action::Answer(Answer::status(429)), 1, false),
        (Action::Reset, 2, false),
        (Action::Hang, 1, false),
        (
            Action::Truncate {
                reset: false,
                instead: None,
            },
            1,
            false,
        ),
    ] {
        let bridge = bridge().await;
        let what = format!("{action:?}");
        bridge
            .sandbox
            // The second call is the repetition of a request that broke without an answer.
            .set_faults([Rule::on(Endpoint::Token, action).calls(1..=calls)]);
        assert_first_step(&deliver_one(&bridge).await, &what);
        assert_eq!(
            posts_of_another_batch(&bridge).await,
            if opens_circuit { 0 } else { 5 },
            "{what}"
        );
    }
    for status in [400, 429, 503] {
        let refused = outcome(Rule::on(Endpoint::Token, Answer::status(status).retry_after(77))).await;
        assert_eq!(refused, Outcome::Retry { hidden_for: 77 }, "{status}");
    }
}

/// Ways in which real token endpoints answer with a token.
fn odd_grants() -> [Alteration; 5] {
    let content_type = |value: &'static str| Alteration::default().header("content-type", value);
    [
        Alteration::default().status(201),
        content_type("text/html; charset=utf-8").byte_order_mark(),
        content_type("text/plain"),
        content_type("application/vnd.example.token+json"),
        Alteration::default().without("content-type"),
    ]
}

#[tokio::test]
async fn token_is_read_by_its_content() {
    for alteration in odd_grants() {
        let what = format!("{alteration:?}");
        let action = Action::from(alteration);
        let outcome = outcome(Rule::on(Endpoint::Token, action)).await;
        assert_eq!(outcome, Outcome::Delivered, "{what}");
    }
    for case in ["token-201.http", "token-text-html.http"] {
        let bridge = bridge().await;
        bridge.sandbox.set_faults([
            Rule::on(Endpoint::Token, Action::raw(sandbox::case(case).unwrap())),
            on_orders(Answer::status(201)),
        ]);
        assert_eq!(deliver_one(&bridge).await, Outcome::Delivered, "{case}");
    }
}

#[tokio::test]
async fn token_url_may_have_a_query() {
    let bridge = Bridge::start(Settings::default(), |environment| {
        let url = environment.get("TOKEN_URL").unwrap();
        environment.with("TOKEN_URL", format!("{url}?tenant=7"))
    })
    .await;
    assert_eq!(deliver_one(&bridge).await, Outcome::Delivered);
}

#[tokio::test]
async fn short_token_serves_more_than_one_order() {
    let bridge = bridge().await;
    let token = r#"{"access_token": "fixture-token", "expires_in": 0}"#;
    bridge.sandbox.set_faults([
        Rule::on(
            Endpoint::Token,
            Answer::status(200).body("application/json", token),
        ),
        on_orders(Answer::status(201)),
    ]);
    bridge.enqueue((1..=20).map(message));
    bridge.drain().await;
    assert_eq!(bridge.sandbox.counters().token_requests, 1);
}

/// What is logged of one message whose token request is answered like this.
async fn logged_with(answer: Answer) -> serde_json::Value {
    LazyLock::force(&LOGGING);
    let bridge = bridge().await;
    bridge.sandbox.set_faults([Rule::on(Endpoint::Token, answer)]);
    let outcome = deliver_one(&bridge).await;
    assert!(matches!(outcome, Outcome::Retry { .. }), "{outcome:?}");
    let lines = lines(&logged());
    let retried = lines.iter().find(|line| line["event"] == "order_retried");
    retried.unwrap().clone()
}

#[tokio::test]
async fn token_error_is_logged_by_status_and_code() {
    let error = r#"{"error": "invalid_client", "error_description": "Client is disabled.", "more": "text"}"#;
    for (status, reason) in [(200, "200 OK"), (401, "401 Unauthorized")] {
        let line = logged_with(Answer::status(status).body("application/json", error)).await;
        assert_eq!(
            (&line["status"], &line["error_code"], &line["reason"]),
            (&json!(status), &json!("invalid_client"), &json!("misconfigured"))
        );
        let detail = format!("the token endpoint refused with {reason}: invalid_client: Client is disabled.");
        assert_eq!(line["detail"], detail);
    }
}

#[tokio::test]
async fn unusable_token_is_logged_by_its_status() {
    for (body, why) in [
        ("{}", "but without an access token: check TokenUrl"),
        (
            r#"{"access_token": "a\nb"}"#,
            "but no HTTP header can carry the access token",
        ),
    ] {
        let line = logged_with(Answer::status(201).body("application/json", body)).await;
        assert_eq!(
            (&line["status"], &line["reason"]),
            (&json!(201), &json!("misconfigured"))
        );
        assert_eq!(
            line["detail"],
            format!("the token endpoint answered 201 Created, {why}")
        );
    }
}

#[tokio::test]
async fn bad_secret_opens_circuit_until_corrected() {
    for secret in [
        "hunter2",
        "{}",
        r#"{"client_id": "fixture-client"}"#,
        r#"{"client_id": "x", "client_secret": "y"}"#,
    ] {
        let bridge = bridge().await;
        let client = json!({"client_id": "fixture-client", "client_secret": "fixture-client-secret"});
        bridge.aws.set_secret(DESTINATION_SECRET, secret);
        assert_first_step(&deliver_one(&bridge).await, secret);
        assert_eq!(posts_of_another_batch(&bridge).await, 0);
        bridge.aws.set_secret(DESTINATION_SECRET, client.to_string());
        pass(submit_orders::destination::circuit_breaker::OPEN_DURATION).await;
        // The messages of before are visible again too; a batch has ten.
        assert_eq!(posts_of_another_batch(&bridge).await, 10, "{secret}");
    }
}

#[tokio::test]
async fn rotated_secret_is_read_without_restart() {
    let bridge = bridge().await;
    bridge.enqueue([message(1)]);
    bridge.drain().await;
    bridge.sandbox.rotate_client_secret("fixture-client-secret-2");
    bridge.sandbox.revoke_tokens();
    // The gap of a rotation: the destination's side knows the new secret, Secrets Manager does not yet.
    bridge.enqueue([message(2)]);
    assert_eq!(bridge.deliver(10).await.1, ["message-2"]);
    let client = json!({"client_id": "fixture-client", "client_secret": "fixture-client-secret-2"});
    bridge.aws.set_secret(DESTINATION_SECRET, client.to_string());
    pass(Duration::from_secs(30)).await;
    bridge.drain().await;
    assert_eq!(bridge.sandbox.ledger().len(), 2);
    assert_eq!(bridge.waiting().len(), 0);
}
