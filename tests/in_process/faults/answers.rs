//! What the destination answers, or does not.

use super::*;

#[tokio::test]
async fn success_status_is_delivered() {
    for status in [200, 201, 202, 204] {
        assert_eq!(
            outcome(on_orders(Answer::status(status))).await,
            Outcome::Delivered,
            "{status}"
        );
    }
}

#[tokio::test]
async fn status_400_413_or_422_is_rejected_with_quote() {
    for status in [400, 413, 422] {
        let problem = json!({"title": "Order refused", "detail": "no\u{7} such\nregion", "status": status});
        let answer = Answer::status(status).body("application/problem+json", problem.to_string());
        let expected = [
            ("reason", "rejected_by_destination".to_owned()),
            ("detail", "Order refused: no such region".to_owned()),
            ("http_status", status.to_string()),
            ("order_id", "ORD-20231015-EXZV056RS124HCJN".to_owned()),
        ];
        let expected = expected
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        assert_eq!(outcome(on_orders(answer)).await, Outcome::DeadLetter(expected));
    }
    let silent = outcome(on_orders(Answer::status(422).body("text/plain", ""))).await;
    let Outcome::DeadLetter(attributes) = silent else {
        panic!("{silent:?}")
    };
    assert_eq!(
        attributes["detail"],
        "the destination answered 422 Unprocessable Entity"
    );
}

#[tokio::test]
async fn unauthorized_is_repeated_once_with_new_token() {
    let bridge = bridge().await;
    bridge
        .sandbox
        .set_faults([on_orders(Answer::status(401)).attempts(1)]);
    assert_eq!(deliver_one(&bridge).await, Outcome::Delivered);
    let counters = bridge.sandbox.counters();
    assert_eq!(
        (
            counters.order_posts,
            counters.token_requests,
            counters.orders_stored
        ),
        (2, 2, 1)
    );
}

#[tokio::test]
async fn redirect_is_not_followed() {
    let elsewhere = Sandbox::start(Settings::default()).await.unwrap();
    let bridge = bridge().await;
    bridge.sandbox.set_faults([
        on_orders(Answer::redirect(elsewhere.orders_url())),
        Rule::on(Endpoint::Token, Answer::redirect(elsewhere.token_url())).calls(2..),
    ]);
    assert_first_step(&deliver_one(&bridge).await, "a redirect of the POST");
    let bridge = Bridge::start(Settings::default(), |environment| environment).await;
    bridge
        .sandbox
        .set_faults([Rule::on(Endpoint::Token, Answer::redirect(elsewhere.token_url()))]);
    assert_first_step(&deliver_one(&bridge).await, "a redirect of the token request");
    let counters = elsewhere.counters();
    assert_eq!((counters.order_posts, counters.token_requests), (0, 0));
}

#[tokio::test]
async fn transient_status_is_retried_with_circuit_closed() {
    for status in [408, 425, 429, 500, 501, 502, 503, 504, 599] {
        let bridge = bridge().await;
        bridge
            .sandbox
            .set_faults([on_orders(Answer::status(status)).customer("1")]);
        assert_first_step(&deliver_one(&bridge).await, &status.to_string());
        assert_eq!(posts_of_another_batch(&bridge).await, 5, "{status}");
    }
}

#[tokio::test]
async fn retry_after_is_a_floor_in_both_its_forms() {
    let the_models_now = integration_tests::aws::Aws::default().wall_clock();
    let in_two_hours = httpdate::fmt_http_date(the_models_now + Duration::from_secs(7200));
    let last_year = httpdate::fmt_http_date(the_models_now - Duration::from_secs(365 * 86_400));
    let hidden_for =
        async |value: &str| match outcome(on_orders(Answer::status(503).retry_after(value))).await {
            Outcome::Retry { hidden_for } => hidden_for,
            other @ (Outcome::Delivered | Outcome::DeadLetter(_)) => panic!("{value}: {other:?}"),
        };
    assert_eq!(hidden_for("120").await, 120);
    // A second may have passed since the model's clock began.
    assert!((7199..=7200).contains(&hidden_for(&in_two_hours).await));
    // What is past, what cannot be read, and what asks for more than a day leave the message's own backoff.
    for value in [
        "0",
        "5",
        &last_year,
        "soon",
        "-1",
        "86401",
        "99999999999999999999999999",
    ] {
        assert!((15..=30).contains(&hidden_for(value).await), "{value}");
    }
    // SQS's 12 hours, less the batching window, less what has passed.
    let most = 12 * 3600 - 300;
    assert!((most - 2..=most).contains(&hidden_for("86400").await));
}

#[tokio::test]
async fn no_answer_is_retried() {
    for (what, action) in [
        ("reset before the answer", Action::Reset),
        ("closed before the answer", Action::Close),
        ("stored, answer lost", Action::LoseAnswer),
        ("hangs", Action::Hang),
    ] {
        assert_first_step(&outcome(on_orders(action)).await, what);
    }
    for url in [sandbox::refused_url(), "https://no-such-host.invalid".to_owned()] {
        let bridge = Bridge::start(Settings::default(), |environment| {
            environment.with("DESTINATION_URL", format!("{url}/orders"))
        })
        .await;
        assert_first_step(&deliver_one(&bridge).await, &url);
    }
}

/// Half of a body, or one that does not end in time.
fn broken_bodies(answer: &Answer) -> [Action; 3] {
    let instead = Some(answer.clone().body("text/plain", "x".repeat(50)));
    let truncate = |reset| Action::Truncate {
        reset,
        instead: instead.clone(),
    };
    let slow = Action::Slow {
        delay_ms: 200,
        instead: instead.clone(),
    };
    [truncate(false), truncate(true), slow]
}

#[tokio::test]
async fn answer_with_broken_body_is_its_status() {
    for action in broken_bodies(&Answer::status(201)) {
        let what = format!("{action:?}");
        assert_eq!(outcome(on_orders(action)).await, Outcome::Delivered, "{what}");
    }
    for action in broken_bodies(&Answer::status(422)) {
        let what = format!("{action:?}");
        let Outcome::DeadLetter(attributes) = outcome(on_orders(action)).await else {
            panic!("{what}")
        };
        assert_eq!(attributes["http_status"], "422", "{what}");
    }
    for action in broken_bodies(&Answer::status(503).retry_after(77)) {
        let what = format!("{action:?}");
        assert_eq!(
            outcome(on_orders(action)).await,
            Outcome::Retry { hidden_for: 77 },
            "{what}"
        );
    }
}

#[tokio::test]
async fn destination_without_tls_is_retried() {
    let settings = Settings::default();
    let aws = account(&settings);
    let sandbox = Sandbox::start(settings).await.unwrap();
    let environment =
        Environment::of(&sandbox).with("DESTINATION_URL", format!("{}/orders", sandbox.not_tls_url()));
    let submit = integration_tests::bridge::submit_orders(&environment, &aws);
    let fetch = integration_tests::bridge::fetch_customers(&environment, &aws);
    let bridge = Bridge {
        sandbox,
        aws,
        fetch,
        submit,
    };
    assert_first_step(&deliver_one(&bridge).await, "TLS");
}

#[tokio::test]
async fn large_answer_is_read_up_to_a_bound() {
    let oversize = |status: u16| Action::Oversize {
        bytes: 50_000_000,
        instead: Some(Answer::status(status)),
    };
    assert_eq!(outcome(on_orders(oversize(201))).await, Outcome::Delivered);
    let Outcome::DeadLetter(attributes) = outcome(on_orders(oversize(422))).await else {
        panic!("no dead letter")
    };
    assert!(attributes["detail"].chars().count() <= shared::text::MAX_LINE);
    assert_first_step(
        &outcome(Rule::on(Endpoint::Token, oversize(200))).await,
        "a token answer",
    );
}

#[tokio::test]
async fn quote_of_destination_repeats_no_token() {
    for wrap in [
        |text: String| text,
        |text: String| json!({"title": "refused", "detail": text}).to_string(),
        |text: String| json!({"you": {"sent": text.to_uppercase()}}).to_string(),
    ] {
        let bridge = spoilt(move |request| {
            let order = String::from_utf8_lossy(body_of(request));
            let token = request.headers()["authorization"].to_str().unwrap();
            let mut answer = transport::Answer::new(wrap(format!("{token} {order}")).into());
            *answer.status_mut() = http::StatusCode::UNPROCESSABLE_ENTITY;
            Some(answer)
        })
        .await;
        let Outcome::DeadLetter(attributes) = deliver_one(&bridge).await else {
            panic!("no dead letter")
        };
        let detail = attributes["detail"].to_lowercase();
        assert!(detail.contains("ord-"), "{detail}");
        for credential in bridge.sandbox.credentials() {
            assert!(
                !detail.contains(&credential.to_lowercase()),
                "{credential} is in {detail}"
            );
        }
    }
}
