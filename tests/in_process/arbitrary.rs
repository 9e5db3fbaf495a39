//! Any input has a verdict: nothing panics, and nothing is acknowledged that was neither delivered nor dead-lettered.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderValue, StatusCode, header::RETRY_AFTER};
use integration_tests::{
    bridge::{
        DEAD_LETTER_QUEUE_URL, DESTINATION_SECRET, Environment, FUNCTION_TIMEOUT, account, raw,
        submit_orders_over, until,
    },
    sqs::StoredMessage,
};
use proptest::prelude::*;
use reqwest::Request;
use sandbox::Settings;
use serde_json::json;
use submit_orders::{
    destination::transport::{Answer, Transport, Unreachable},
    verdict::{ResponseClass, classify},
};
use tokio::time::Instant;

/// A token endpoint and a destination that always answer the same.
struct Scripted {
    token: Answer,
    order: Answer,
    posts: AtomicU64,
}

impl Transport for Scripted {
    fn send(&self, request: Request, _within: Duration) -> BoxFuture<'_, Result<Answer, Unreachable>> {
        let is_order = request.url().path() == "/orders";
        self.posts.fetch_add(u64::from(is_order), Ordering::Relaxed);
        Box::pin(std::future::ready(Ok(if is_order {
            self.order.clone()
        } else {
            self.token.clone()
        })))
    }
}

fn answer(status: u16, body: impl Into<Bytes>) -> Answer {
    let mut answer = Answer::new(body.into());
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    answer
}

fn good_token() -> Answer {
    answer(
        200,
        json!({"access_token": "fixture-token", "token_type": "Bearer"}).to_string(),
    )
}

fn good_message() -> String {
    fixture::message(&fixture::customer())
}

/// What became of one message.
#[derive(Debug)]
struct End {
    acknowledged: bool,
    letters: Vec<StoredMessage>,
    posts: u64,
}

impl End {
    fn reason(&self) -> Option<&str> {
        self.letters
            .first()
            .map(|letter| letter.attributes["reason"].as_str())
    }
}

/// Delivers one message. The handler turns a panic into a retry, so it is looked for apart.
fn deliver(body: &str, secret: Option<&str>, token: Answer, order: Answer) -> End {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let aws = account(&Settings::default());
        if let Some(secret) = secret {
            aws.set_secret(DESTINATION_SECRET, secret);
        }
        let transport = Arc::new(Scripted {
            token,
            order,
            posts: AtomicU64::new(0),
        });
        let environment = Environment::at(
            "https://s.example.com/",
            "https://t.example.com/",
            "https://d.example.com/orders",
        );
        let submit = submit_orders_over(&environment, &aws, transport.clone());
        let deadline = Instant::now() + FUNCTION_TIMEOUT;
        // As the handler does, but without its net under a panic.
        submit.submission.submit(body, None, deadline).await;
        transport.posts.store(0, Ordering::Relaxed);

        let submit = submit_orders_over(&environment, &aws, transport.clone());
        let event = json!({"Records": [{"messageId": "a", "receiptHandle": "a#1", "body": body}]});
        let answer = submit.handle(&raw(&event), until(deadline)).await.unwrap();
        End {
            acknowledged: answer.batch_item_failures.is_empty(),
            letters: aws.queues(|queues| queues.messages(DEAD_LETTER_QUEUE_URL)),
            posts: transport.posts.load(Ordering::Relaxed),
        }
    })
}

/// Bytes as an API may send them: noise, text, or JSON of about the right shape.
fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    let json = prop_oneof![
        any::<String>().prop_map(|text| json!({"title": text, "detail": text})),
        any::<String>().prop_map(|text| json!({"access_token": text, "expires_in": text, "token_type": 5})),
        any::<f64>().prop_map(|number| json!({"access_token": "fixture-token", "expires_in": number})),
        any::<i64>().prop_map(|number| json!({"error": number, "client_id": number, "client_secret": ""})),
    ];
    prop_oneof![
        any::<Vec<u8>>(),
        any::<String>().prop_map(String::into_bytes),
        json.prop_map(|json| json.to_string().into_bytes()),
    ]
}

/// A body as it may come: noise, JSON, or a message whose customer is noise.
fn any_body() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[\\[\\]{}\",:0-9a-z\\\\ ]{0,40}",
        any::<String>().prop_map(|text| json!({"order_date": text, "customer": text}).to_string()),
        "[\\[\\]{}\",:0-9a-z\\\\ ]{0,40}"
            .prop_map(|text| format!(r#"{{"order_date":"2023-10-15T14:30:00Z","customer":{text}}}"#)),
    ]
}

proptest! {
    #[test]
    fn any_body_is_dead_lettered_or_stays_queued(body in any_body()) {
        let end = deliver(&body, None, good_token(), answer(201, ""));
        prop_assert_eq!(end.posts, 0);
        prop_assert_eq!(end.letters.len(), usize::from(end.acknowledged), "{:?}", end);
        if end.acknowledged {
            prop_assert!(matches!(end.reason(), Some("malformed_message" | "invalid_customer")), "{:?}", end);
            prop_assert_eq!(&end.letters[0].body, &body);
        } else {
            // SQS itself would not take it: it can have come from no queue.
            let refused = |c: char| c < ' ' && !"\t\n\r".contains(c) || "\u{fffe}\u{ffff}".contains(c);
            prop_assert!(body.is_empty() || body.contains(refused), "{:?}", body);
        }
    }

    #[test]
    fn any_destination_answer_has_its_status_verdict(
        status in 200_u16..600,
        retry_after in proptest::option::of(prop_oneof![any::<u32>().prop_map(|s| s.to_string()), "[ -~]{0,30}"]),
        body in any_bytes(),
    ) {
        let mut order = answer(status, body);
        if let Some(value) = retry_after.and_then(|value| HeaderValue::from_str(&value).ok()) {
            order.headers_mut().insert(RETRY_AFTER, value);
        }
        let class = classify(order.status());
        let end = deliver(&good_message(), None, good_token(), order);
        let (acknowledged, reason, posts) = match class {
            ResponseClass::Stored => (true, None, 1),
            ResponseClass::Refused => (true, Some("rejected_by_destination"), 1),
            ResponseClass::Unauthorized => (false, None, 3),
            ResponseClass::Blocked | ResponseClass::Conflict | ResponseClass::Transient => (false, None, 1),
        };
        prop_assert_eq!((end.acknowledged, end.reason(), end.posts), (acknowledged, reason, posts));
    }

    #[test]
    fn any_token_answer_is_token_or_retry(status in 200_u16..600, body in any_bytes()) {
        let end = deliver(&good_message(), None, answer(status, body), answer(201, ""));
        prop_assert_eq!(end.acknowledged, end.posts == 1);
        prop_assert_eq!(end.letters.len(), 0);
        prop_assert!((200..300).contains(&status) || end.posts == 0);
    }

    #[test]
    fn any_secret_text_is_client_or_retry(secret in any_bytes().prop_map(|b| String::from_utf8_lossy(&b).into_owned())) {
        let end = deliver(&good_message(), Some(&secret), good_token(), answer(201, ""));
        prop_assert_eq!(end.acknowledged, end.posts == 1);
        prop_assert_eq!(end.letters.len(), 0);
    }
}
