//! Every row of the failure table, over real HTTP, and what follows from it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::future::BoxFuture;
use integration_tests::{
    aws::Fault,
    bridge::{
        Bridge, DESTINATION_SECRET, Environment, FUNCTION_TIMEOUT, QUEUE_URL, account, raw,
        submit_orders_over,
    },
};
use sandbox::{Action, Answer, Endpoint, ExpiresIn, Rule, Sandbox, Settings};
use serde_json::{Value, json};
use submit_orders::transport::{self, Transport, Unreachable};
use tokio::time::Instant;

const ORDER_DATE: &str = "2023-10-15T14:30:00Z";

/// A function that has so little time left has this long for its one POST.
const LITTLE_TIME: Duration = Duration::from_millis(1_500);

fn message(id: u64) -> String {
    let customer = json!({
        "customer_id": id, "first_name": "Given", "last_name": "Family", "email": "customer-1@example.com",
        "address": {"street": "1 Fixture Street", "city": "Anytown", "state": "CA", "zip": "12345"},
        "phone": "555-0101"
    });
    json!({"order_date": ORDER_DATE, "customer": customer}).to_string()
}

async fn bridge() -> Bridge {
    Bridge::start(Settings::default(), |environment| environment).await
}

/// The visibilities that were set, in the order of the calls.
fn visibilities(bridge: &Bridge) -> Vec<u64> {
    bridge
        .aws
        .calls("ChangeMessageVisibilityBatch")
        .iter()
        .flat_map(|call| call.input["Entries"].as_array().unwrap().clone())
        .map(|entry| entry["VisibilityTimeout"].as_u64().unwrap())
        .collect()
}

/// What became of one message.
#[derive(Debug, PartialEq)]
enum Outcome {
    Delivered,
    DeadLetter(BTreeMap<String, String>),
    Retry { hidden_for: u64 },
}

/// Delivers one message through a bridge that was spoilt, with little time for it.
async fn deliver_one(bridge: &Bridge) -> Outcome {
    bridge.enqueue([message(1)]);
    let event = bridge.aws.queues(|queues| {
        let received = queues.receive(QUEUE_URL, 1, |_| 0);
        queues.event(&received)
    });
    let deadline = Instant::now() + submit_orders::submission::WRAP_UP + LITTLE_TIME;
    let answer = bridge.submit.handle(&raw(&event), deadline).await.unwrap();
    let letters = bridge.dead_letters();
    if answer.batch_item_failures.is_empty() {
        return letters.into_iter().next().map_or(Outcome::Delivered, |letter| {
            Outcome::DeadLetter(letter.attributes)
        });
    }
    assert_eq!(letters.len(), 0);
    assert_eq!(answer.batch_item_failures.len(), 1);
    assert_eq!(answer.batch_item_failures[0].item_identifier, "message-1");
    let visibilities = visibilities(bridge);
    assert_eq!(visibilities.len(), 1);
    Outcome::Retry {
        hidden_for: visibilities[0],
    }
}

async fn outcome(rule: Rule) -> Outcome {
    let bridge = bridge().await;
    bridge.sandbox.set_faults([rule]);
    deliver_one(&bridge).await
}

fn on_orders(action: impl Into<Action>) -> Rule {
    Rule::on(Endpoint::Orders, action)
}

fn assert_first_step(outcome: &Outcome, what: &str) {
    let Outcome::Retry { hidden_for } = outcome else {
        panic!("{what}: {outcome:?}")
    };
    assert!((15..=30).contains(hidden_for), "{what}: {hidden_for} s");
}

#[tokio::test]
async fn a_2xx_is_delivered() {
    for status in [200, 201, 202, 204] {
        assert_eq!(
            outcome(on_orders(Answer::status(status))).await,
            Outcome::Delivered,
            "{status}"
        );
    }
}

#[tokio::test]
async fn a_409_is_delivered_unless_it_says_retry_after() {
    assert_eq!(outcome(on_orders(Answer::status(409))).await, Outcome::Delivered);
    let busy = outcome(on_orders(Answer::status(409).retry_after(60))).await;
    assert_eq!(busy, Outcome::Retry { hidden_for: 60 });
    assert_first_step(
        &outcome(on_orders(Answer::status(409).retry_after("soon"))).await,
        "409, soon",
    );
}

#[tokio::test]
async fn a_400_413_or_422_is_a_dead_letter_with_the_destinations_own_words() {
    for status in [400, 413, 422] {
        let problem = json!({"title": "Order refused", "detail": "no\u{7} such\nregion", "status": status});
        let answer = Answer::status(status).body("application/problem+json", problem.to_string());
        let expected = [
            ("reason", "refused_by_destination".to_owned()),
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
async fn a_401_is_repeated_once_with_a_new_token() {
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
async fn a_401_that_stays_is_a_misconfiguration() {
    let bridge = bridge().await;
    bridge.sandbox.set_faults([on_orders(Answer::status(401))]);
    assert_first_step(&deliver_one(&bridge).await, "401");
    let counters = bridge.sandbox.counters();
    assert_eq!((counters.order_posts, counters.token_requests), (2, 2));
    assert_eq!(posts_of_another_batch(&bridge).await, 0);
}

/// How many POSTs five more messages lead to: none while a halt is on.
async fn posts_of_another_batch(bridge: &Bridge) -> u64 {
    let before = bridge.sandbox.counters().order_posts;
    bridge.enqueue((100..105).map(message));
    bridge.deliver(10).await;
    bridge.sandbox.counters().order_posts - before
}

#[tokio::test]
async fn any_other_4xx_and_a_3xx_are_retried_later_and_halt() {
    for status in [
        402, 403, 404, 405, 406, 410, 415, 451, 499, 300, 301, 302, 303, 307, 308,
    ] {
        let bridge = bridge().await;
        bridge.sandbox.set_faults([on_orders(Answer::status(status))]);
        assert_first_step(&deliver_one(&bridge).await, &status.to_string());
        assert_eq!(posts_of_another_batch(&bridge).await, 0, "{status}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
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
async fn a_408_425_429_or_5xx_is_retried_and_one_of_them_does_not_halt() {
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
    for value in ["0", "5", &last_year, "soon", "-1"] {
        assert!((15..=30).contains(&hidden_for(value).await), "{value}");
    }
    // SQS's 12 hours, less the batching window, less what has passed.
    let most = 12 * 3600 - 300;
    for value in ["99999999", "99999999999999999999999999"] {
        assert!((most - 2..=most).contains(&hidden_for(value).await), "{value}");
    }
}

#[tokio::test]
async fn no_whole_answer_is_retried() {
    let stored = Some(Answer::status(201));
    for (what, action) in [
        ("reset before the answer", Action::Reset),
        ("closed before the answer", Action::Close),
        ("stored, answer lost", Action::LoseAnswer),
        (
            "cut in the middle",
            Action::Truncate {
                reset: false,
                instead: None,
            },
        ),
        (
            "reset in the middle",
            Action::Truncate {
                reset: true,
                instead: None,
            },
        ),
        ("hangs", Action::Hang),
        (
            "body too slow",
            Action::Slow {
                delay_ms: 200,
                instead: stored.map(|a| a.body("text/plain", "x".repeat(50))),
            },
        ),
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

#[tokio::test]
async fn a_destination_without_tls_where_it_should_have_it_is_retried() {
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
async fn an_answer_of_any_size_is_read_up_to_a_bound() {
    let oversize = |status: u16| Action::Oversize {
        bytes: 50_000_000,
        instead: Some(Answer::status(status)),
    };
    assert_eq!(outcome(on_orders(oversize(201))).await, Outcome::Delivered);
    let Outcome::DeadLetter(attributes) = outcome(on_orders(oversize(422))).await else {
        panic!("no dead letter")
    };
    assert!(attributes["detail"].chars().count() <= submit_orders::problem::LONGEST_LINE);
    assert_first_step(
        &outcome(Rule::on(Endpoint::Token, oversize(200))).await,
        "a token answer",
    );
}

#[tokio::test]
async fn no_token_is_a_retry_and_what_is_wrong_with_the_client_halts() {
    let json = |body: &str| Answer::status(200).body("application/json", body.to_owned());
    for (action, halts) in [
        (Action::Answer(Answer::status(400)), true),
        (Action::Answer(Answer::status(401)), true),
        (Action::Answer(Answer::status(403)), true),
        (Action::Answer(json("no JSON")), true),
        (Action::Answer(json("{}")), true),
        (Action::Answer(json(r#"{"access_token": ""}"#)), true),
        (
            Action::Answer(json(r#"{"access_token": "a\nb", "token_type": "Bearer"}"#)),
            true,
        ),
        (Action::Answer(Answer::status(503)), false),
        (Action::Answer(Answer::status(429)), false),
        (Action::Reset, false),
        (Action::Hang, false),
        (
            Action::Truncate {
                reset: false,
                instead: None,
            },
            false,
        ),
    ] {
        let bridge = bridge().await;
        let what = format!("{action:?}");
        bridge
            .sandbox
            .set_faults([Rule::on(Endpoint::Token, action).calls(1)]);
        assert_first_step(&deliver_one(&bridge).await, &what);
        assert_eq!(
            posts_of_another_batch(&bridge).await,
            if halts { 0 } else { 5 },
            "{what}"
        );
    }
    let busy = outcome(Rule::on(Endpoint::Token, Answer::status(503).retry_after(77))).await;
    assert_eq!(busy, Outcome::Retry { hidden_for: 77 });
}

#[tokio::test]
async fn a_bad_secret_halts_and_heals_by_itself() {
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
        pass(submit_orders::halt::HALT).await;
        // The messages of before are visible again too; a batch has ten.
        assert_eq!(posts_of_another_batch(&bridge).await, 10, "{secret}");
    }
}

/// Lets time pass, without waiting for it.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_rotated_secret_is_picked_up_without_a_restart() {
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

#[tokio::test]
async fn a_token_that_ends_in_mid_batch_is_replaced_once_for_all_who_wait() {
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
async fn a_token_is_kept_until_shortly_before_its_end_however_that_is_told() {
    for (expires_in, still, over) in [
        // 100 s, less 30.
        (ExpiresIn::Number, 69, 2),
        (ExpiresIn::Text, 69, 2),
        // Not told: 300 s, less 30.
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
async fn a_token_endpoint_that_is_down_is_asked_once_by_all_who_wait() {
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
                queues.delete(QUEUE_URL, &old.receipt_handle());
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
        let answer = bridge.submit.handle(&raw(&event), deadline).await.unwrap();
        assert_eq!(answer.batch_item_failures.len(), 3, "{left} s left");
    }
    assert_eq!(bridge.sandbox.counters().order_posts, 0);
    assert_eq!(bridge.sandbox.counters().token_requests, 0);
    assert!(visibilities(&bridge).iter().all(|secs| *secs == 0));
}

#[tokio::test]
async fn a_rejected_message_is_acknowledged_only_when_its_copy_is_confirmed() {
    for fault in [
        Fault::Refuse(400, "AccessDeniedException"),
        Fault::Refuse(500, "InternalFailure"),
        Fault::LoseAnswer,
    ] {
        let bridge = bridge().await;
        let what = format!("{fault:?}");
        bridge
            .aws
            .set_faults(move |call| (call.action == "SendMessage").then(|| fault.clone()));
        bridge.enqueue(["no JSON".to_owned()]);
        assert_eq!(bridge.deliver(1).await.1, ["message-1"], "{what}");
        let hidden = visibilities(&bridge);
        assert!((15..=30).contains(&hidden[0]), "{what}: {hidden:?}");
    }
}

#[tokio::test]
async fn visibilities_that_cannot_be_set_change_nothing_else() {
    for fault in [
        Fault::Refuse(500, "InternalFailure"),
        Fault::FailEntries {
            entries: vec![0, 2],
            sender_fault: true,
        },
        Fault::FailEntries {
            entries: vec![1],
            sender_fault: false,
        },
    ] {
        let bridge = bridge().await;
        let what = format!("{fault:?}");
        let mut calls = 0;
        bridge.aws.set_faults(move |call| {
            calls += u64::from(call.action == "ChangeMessageVisibilityBatch");
            (call.action == "ChangeMessageVisibilityBatch" && calls <= 4).then(|| fault.clone())
        });
        bridge.sandbox.set_faults([on_orders(Answer::status(503))]);
        bridge.enqueue((1..=3).map(message));
        assert_eq!(
            bridge.deliver(10).await.1,
            ["message-1", "message-2", "message-3"],
            "{what}"
        );
    }
}

#[tokio::test]
async fn visibilities_are_set_in_tens_and_a_failed_entry_is_sent_once_more() {
    let bridge = Bridge::start(Settings::default(), |environment| {
        environment.with("MAX_IN_FLIGHT", "1")
    })
    .await;
    let mut calls = 0;
    bridge.aws.set_faults(move |call| {
        calls += u64::from(call.action == "ChangeMessageVisibilityBatch");
        (calls == 1).then(|| Fault::FailEntries {
            entries: vec![3],
            sender_fault: false,
        })
    });
    bridge.sandbox.set_faults([on_orders(Answer::status(503))]);
    bridge.enqueue((1..=23).map(message));
    bridge.deliver(23).await;
    let mut sizes: Vec<usize> = bridge
        .aws
        .calls("ChangeMessageVisibilityBatch")
        .iter()
        .map(|call| call.input["Entries"].as_array().unwrap().len())
        .collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [1, 3, 10, 10]);
}

#[tokio::test]
async fn a_message_that_the_queue_would_delete_before_its_next_try_is_laid_down_as_expired() {
    let retention = 4 * 24 * 3600;
    for (age, expired) in [
        (retention - 15 * 60 - 40, false),
        (retention - 15 * 60 - 10, true),
    ] {
        let bridge = bridge().await;
        bridge.sandbox.set_faults([on_orders(Answer::status(503))]);
        bridge.enqueue([message(1)]);
        pass(Duration::from_secs(age)).await;
        let (received, failed) = bridge.deliver(1).await;
        assert_eq!((received.len(), failed.is_empty()), (1, expired));
        let letters = bridge.dead_letters();
        assert_eq!(letters.len(), usize::from(expired));
        for letter in letters {
            assert_eq!(letter.body, message(1));
            assert_eq!(letter.attributes["reason"], "expired");
            assert_eq!(letter.attributes["http_status"], "503");
            assert_eq!(letter.attributes["order_id"], "ORD-20231015-EXZV056RS124HCJN");
            assert_eq!(
                letter.attributes["detail"],
                "the queue's retention ends before another try; the last one: the destination answered 503 Service \
                 Unavailable"
            );
        }
    }
}

/// The real network, but for what a test puts in the way of a POST.
struct Spoilt<F>(reqwest::Client, F);

impl<F> Transport for Spoilt<F>
where
    F: Fn(&http::Request<Bytes>) -> Option<transport::Answer> + Send + Sync,
{
    fn send(
        &self,
        request: http::Request<Bytes>,
        within: Duration,
    ) -> BoxFuture<'_, Result<transport::Answer, Unreachable>> {
        match (request.uri().path() == "/orders")
            .then(|| (self.1)(&request))
            .flatten()
        {
            Some(answer) => Box::pin(std::future::ready(Ok(answer))),
            None => self.0.send(request, within),
        }
    }
}

async fn spoilt<F>(spoil: F) -> Bridge
where
    F: Fn(&http::Request<Bytes>) -> Option<transport::Answer> + Send + Sync + 'static,
{
    let mut bridge = bridge().await;
    let http = shared::http::client().build().unwrap();
    let environment = Environment::of(&bridge.sandbox);
    bridge.submit = submit_orders_over(&environment, &bridge.aws, Arc::new(Spoilt(http, spoil)));
    bridge
}

#[tokio::test]
async fn what_the_destination_repeats_of_the_customer_or_the_token_is_in_no_attribute() {
    for wrap in [
        |text: String| text,
        |text: String| json!({"title": "refused", "detail": text}).to_string(),
        |text: String| json!({"you": {"sent": text.to_uppercase()}}).to_string(),
    ] {
        let bridge = spoilt(move |request| {
            let order = String::from_utf8_lossy(request.body());
            let token = request.headers()["authorization"].to_str().unwrap();
            let mut answer = transport::Answer::new(wrap(format!("{order} {token}")).into());
            *answer.status_mut() = http::StatusCode::UNPROCESSABLE_ENTITY;
            Some(answer)
        })
        .await;
        let Outcome::DeadLetter(attributes) = deliver_one(&bridge).await else {
            panic!("no dead letter")
        };
        let detail = attributes["detail"].to_lowercase();
        assert!(detail.contains("contactemail"), "{detail}");
        let private = [
            "given",
            "family",
            "customer-1",
            "1 fixture",
            "anytown",
            "12345",
            "555-0101",
        ];
        let canaries = bridge.sandbox.canaries();
        for private in private
            .into_iter()
            .map(str::to_owned)
            .chain(canaries.iter().map(|c| c.to_lowercase()))
        {
            assert!(!detail.contains(&private), "{private} is in {detail}");
        }
    }
}

#[tokio::test]
async fn a_panic_over_one_message_fails_that_message_alone() {
    let bridge = spoilt(|request| {
        let order: Value = serde_json::from_slice(request.body()).unwrap();
        assert!(order["customerInfo"]["id"] != "3", "a bug");
        None
    })
    .await;
    bridge.enqueue((1..=5).map(message));
    assert_eq!(bridge.deliver(10).await.1, ["message-3"]);
    assert_eq!(bridge.sandbox.ledger().len(), 4);
    let hidden = visibilities(&bridge);
    assert!(hidden.len() == 1 && (15..=30).contains(&hidden[0]), "{hidden:?}");
}

#[tokio::test]
async fn a_batch_of_any_shape_is_handled() {
    let bridge = bridge().await;
    let handle = async |event: Value| {
        let deadline = Instant::now() + FUNCTION_TIMEOUT;
        let answer = bridge
            .submit
            .handle(&raw(&event), deadline)
            .await
            .map_err(|error| error.to_string())?;
        Ok::<Value, String>(serde_json::to_value(answer).unwrap())
    };
    let nothing_failed = json!({"batchItemFailures": []});
    assert_eq!(handle(json!({"Records": []})).await, Ok(nothing_failed.clone()));

    for event in [
        json!({}),
        json!([]),
        json!("Given Family"),
        json!({"Records": "Given Family"}),
        json!({"Records": [{"body": 5}]}),
    ] {
        let error = handle(event).await.unwrap_err();
        assert!(error.starts_with("the input is not an SQS event: "), "{error}");
        assert!(!error.contains("Given"), "{error}");
    }

    // Without an id nothing is wrong as long as nothing has to be named.
    assert_eq!(
        handle(json!({"Records": [{"body": message(1)}]})).await,
        Ok(nothing_failed.clone())
    );
    bridge
        .sandbox
        .set_faults([on_orders(Answer::status(503)).customer("2")]);
    for id in [json!(null), json!("")] {
        let record = json!({"messageId": id, "receiptHandle": "gone#1", "body": message(2)});
        let error = handle(json!({"Records": [record, {"messageId": "x", "body": message(3)}]}))
            .await
            .unwrap_err();
        assert!(
            error.contains("a message without an id must be tried again"),
            "{error}"
        );
    }
    // Without a body it is no message; without a receipt its visibility stays as it is.
    for record in [
        json!({"messageId": "a"}),
        json!({"messageId": "a", "body": null}),
        json!({"messageId": "a", "body": message(2)}),
    ] {
        let failed = json!({"batchItemFailures": [{"itemIdentifier": "a"}]});
        assert_eq!(handle(json!({"Records": [record]})).await, Ok(failed));
    }
}

#[tokio::test]
async fn ten_thousand_messages_and_one_of_a_mebibyte_are_handled_in_one_batch() {
    let bridge = spoilt(|_| Some(transport::Answer::default())).await;
    let mut large: Value = serde_json::from_str(&message(0)).unwrap();
    large["customer"]["note"] = json!("x".repeat(1_048_576 - message(0).len() - r#","note":"""#.len()));
    assert_eq!(large.to_string().len(), 1_048_576);
    bridge.enqueue((1..10_000).map(message).chain([large.to_string()]));
    let (received, failed) = bridge.deliver(10_000).await;
    assert_eq!((received.len(), failed.len()), (10_000, 0));
    assert_eq!(bridge.dead_letters().len(), 0);
}

#[tokio::test]
async fn a_message_too_large_to_be_laid_down_with_its_reason_stays_for_the_redrive_policy() {
    let bridge = bridge().await;
    bridge.enqueue(["x".repeat(1_048_576)]);
    assert_eq!(bridge.deliver(1).await.1, ["message-1"]);
    assert_eq!(bridge.dead_letters().len(), 0);
}

/// A destination that is always there, in no time.
struct Instantly;

impl Transport for Instantly {
    fn send(
        &self,
        request: http::Request<Bytes>,
        _within: Duration,
    ) -> BoxFuture<'_, Result<transport::Answer, Unreachable>> {
        let token = json!({"access_token": "fixture-token", "token_type": "Bearer"}).to_string();
        let body = if request.uri().path() == "/orders" {
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
    let answer = submit.handle(&event(10), began + FUNCTION_TIMEOUT).await.unwrap();
    assert_eq!(answer.batch_item_failures.len(), 0);
    // The first at once, each other 2 s after the one before.
    assert_eq!(began.elapsed().as_secs(), 18);

    // Less than 54 s are left for POSTs to begin in: 26 turns, the first of them 2 s from now.
    let began = Instant::now();
    let answer = submit.handle(&event(40), began + FUNCTION_TIMEOUT).await.unwrap();
    assert_eq!(answer.batch_item_failures.len(), 40 - 26);
    assert!(
        began.elapsed() <= Duration::from_secs(54),
        "{:?}",
        began.elapsed()
    );
}
