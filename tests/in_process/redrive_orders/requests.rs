//! What is asked for: filters, discards, and what is no request.

use super::*;

#[tokio::test(start_paused = true)]
async fn only_what_is_asked_for_is_redriven_and_all_else_stays() {
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
            lay_down(&aws, body, *reason);
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
        assert_eq!(numbers(&dry), [6, count, 0, 0, 6, 0, 0, 0], "{filter}");
        assert_eq!(visible_dead_letters(&aws), 6);

        input["dry_run"] = json!(false);
        let summary = redrive(&aws, input).await.unwrap();
        assert_eq!(
            numbers(&summary),
            [6, count, count, 0, 6 - count, 0, 0, 0],
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
async fn what_is_discarded_is_gone_and_nothing_is_put_on_the_queue() {
    let aws = account();
    for id in 0..25 {
        lay_down(
            &aws,
            &body(id),
            (id % 2 == 0).then_some("rejected_by_destination"),
        );
    }
    let mut input = json!({"action": "discard", "reason": "rejected_by_destination"});
    let dry = redrive(&aws, input.clone()).await.unwrap();
    assert_eq!(numbers(&dry), [25, 13, 0, 0, 25, 0, 0, 0]);
    assert_eq!(visible_dead_letters(&aws), 25);
    input["dry_run"] = json!(false);
    let summary = redrive(&aws, input.clone()).await.unwrap();
    assert_eq!(numbers(&summary), [25, 13, 0, 13, 12, 0, 0, 0]);
    assert_eq!(summary["action"], "discard");
    assert_eq!(visible_dead_letters(&aws), 12);
    assert_eq!(on(&aws, QUEUE_URL).len(), 0);
    let again = redrive(&aws, input).await.unwrap();
    assert_eq!(numbers(&again), [12, 0, 0, 0, 12, 0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_request_is_refused_and_nothing_is_called() {
    let aws = account();
    lay_down_many(&aws, 1);
    for input in [
        json!({"action": "discard", "dry_run": false}),
        json!({"dry_run": false, "reason": "all"}),
        json!([]),
    ] {
        let error = redrive(&aws, input).await.unwrap_err();
        assert!(
            error.starts_with("the input of redrive-orders cannot be used: "),
            "{error}"
        );
    }
    assert_eq!(aws.calls("ReceiveMessage").len(), 0);
    assert_eq!(visible_dead_letters(&aws), 1);
}
