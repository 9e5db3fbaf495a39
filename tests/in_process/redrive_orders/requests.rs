//! Filters, discards, and invalid requests.

use super::*;

#[tokio::test(start_paused = true)]
async fn filter_selects_what_is_redriven() {
    for (filter, expected) in [
        (json!({}), 0b11_1111),
        (json!({"reason": "invalid_customer"}), 0b00_0110),
        (json!({"reason": "attempts_used_up"}), 0b01_0001),
        (json!({"reason": "malformed_message"}), 0b00_1000),
        (json!({"reason": "unknown"}), 0b10_0000),
        (json!({"reason": "expired"}), 0),
        (json!({"order_date": "2023-10-15T16:30:00+02:00"}), 0b11_0011),
        (json!({"order_date": "2023-10-16T14:30:00Z"}), 0b00_0100),
        (json!({"customer_id": "1"}), 0b00_0110),
        (json!({"customer_id": 1}), 0b00_0110),
        (
            json!({"customer_id": 1, "order_date": ORDER_DATE, "reason": "invalid_customer"}),
            0b00_0010,
        ),
        (json!({"customer_id": 7}), 0),
    ] {
        let aws = account();
        let letters = [
            (body(0), None),
            (body(1), Some("invalid_customer")),
            (body(1).replace("10-15", "10-16"), Some("invalid_customer")),
            ("no JSON".to_owned(), Some("malformed_message")),
            (body(4), None),
            (body(5), Some("by hand")),
        ];
        for (body, reason) in &letters {
            add_dead_letter(&aws, body, *reason);
        }
        let mut input = filter.clone();
        let of = |matching: bool| {
            let all = letters.iter().enumerate();
            let mut bodies: Vec<String> = all
                .filter(|(at, _)| (expected >> at & 1 == 1) == matching)
                .map(|(_, (body, _))| body.clone())
                .collect();
            bodies.sort();
            bodies
        };
        let count = of(true).len() as u64;

        let dry = redrive(&aws, input.clone()).await.unwrap();
        assert_eq!(
            numbers(&dry),
            Numbers {
                examined: 6,
                matched: count,
                left: 6,
                ..ZERO
            },
            "{filter}"
        );
        assert_eq!(visible_dead_letters(&aws), 6);

        input["dry_run"] = json!(false);
        let summary = redrive(&aws, input).await.unwrap();
        assert_eq!(
            numbers(&summary),
            Numbers {
                examined: 6,
                matched: count,
                redriven: count,
                left: 6 - count,
                ..ZERO
            },
            "{filter}"
        );
        for same in ["by_reason", "by_age", "by_order_date", "complete"] {
            assert_eq!(summary[same], dry[same], "{filter}");
        }
        assert_eq!(bodies(&aws, QUEUE_URL), of(true), "{filter}");
        assert_eq!(bodies(&aws, DEAD_LETTER_QUEUE_URL), of(false), "{filter}");
        visible_dead_letters(&aws);
    }
}

#[tokio::test(start_paused = true)]
async fn discarded_letters_are_deleted_and_not_copied() {
    let aws = account();
    for id in 0..25 {
        add_dead_letter(
            &aws,
            &body(id),
            (id % 2 == 0).then_some("rejected_by_destination"),
        );
    }
    let mut input = json!({"action": "discard", "reason": "rejected_by_destination"});
    let dry = redrive(&aws, input.clone()).await.unwrap();
    assert_eq!(
        numbers(&dry),
        Numbers {
            examined: 25,
            matched: 13,
            left: 25,
            ..ZERO
        }
    );
    assert_eq!(visible_dead_letters(&aws), 25);
    input["dry_run"] = json!(false);
    let summary = redrive(&aws, input.clone()).await.unwrap();
    assert_eq!(
        numbers(&summary),
        Numbers {
            examined: 25,
            matched: 13,
            discarded: 13,
            left: 12,
            ..ZERO
        }
    );
    assert_eq!(summary["action"], "discard");
    assert_eq!(visible_dead_letters(&aws), 12);
    assert_eq!(on(&aws, QUEUE_URL).len(), 0);
    let again = redrive(&aws, input).await.unwrap();
    assert_eq!(
        numbers(&again),
        Numbers {
            examined: 12,
            left: 12,
            ..ZERO
        }
    );
}

#[tokio::test(start_paused = true)]
async fn invalid_request_makes_no_call() {
    let aws = account();
    add_dead_letters(&aws, 1);
    for input in [
        json!({"action": "discard", "dry_run": false}),
        json!({"dry_run": false, "reason": "all"}),
        json!([]),
    ] {
        let error = redrive(&aws, input).await.unwrap_err();
        assert!(
            error.starts_with("the input of redrive-orders is invalid: "),
            "{error}"
        );
    }
    assert_eq!(aws.calls("ReceiveMessage").len(), 0);
    assert_eq!(visible_dead_letters(&aws), 1);
}

/// An element of the source that is not JSON, which `fetch-customers` dead-letters as it is.
#[tokio::test(start_paused = true)]
async fn malformed_element_is_reported_and_redriven_unchanged() {
    let aws = account();
    let element = r#"{"balance": NaN}"#;
    let detail = "page 1, index 3, byte 412: not JSON";
    let attributes = [("reason", "malformed_message"), ("detail", detail)];
    let attributes = attributes.map(|(name, value)| (name.to_owned(), value.to_owned()));
    aws.queues(|queues| queues.send(DEAD_LETTER_QUEUE_URL, element, attributes.into(), None))
        .unwrap();
    let mut input = json!({"reason": "malformed_message"});
    let dry = redrive(&aws, input.clone()).await.unwrap();
    assert_eq!(
        dry["examples"],
        json!([{"message_id": "message-1", "reason": "malformed_message", "detail": detail, "customer_id": null,
                "order_id": null, "order_date": null, "age_secs": 0}])
    );
    input["dry_run"] = json!(false);
    let summary = redrive(&aws, input).await.unwrap();
    assert_eq!(number(&summary, "redriven"), 1);
    assert_eq!(bodies(&aws, QUEUE_URL), [element]);
    assert_eq!(visible_dead_letters(&aws), 0);
}
