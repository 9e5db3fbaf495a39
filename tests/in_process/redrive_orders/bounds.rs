//! Limits, deadlines, and when a queue counts as empty.

use integration_tests::aws::Call;

use super::*;

#[tokio::test(start_paused = true)]
async fn queue_counts_as_empty_after_two_long_polls() {
    let aws = account();
    let began = Instant::now();
    let summary = redrive(&aws, json!({})).await.unwrap();
    assert_eq!(numbers(&summary), ZERO);
    assert_eq!(summary["complete"], true);
    let calls = aws.calls("ReceiveMessage");
    let waited = |secs: u64| {
        calls
            .iter()
            .filter(|call| call.input["WaitTimeSeconds"] == secs)
            .count()
    };
    // Four at once, of which each waits, does not, and waits again.
    assert_eq!((calls.len(), waited(2), waited(0)), (12, 8, 4));
    assert_eq!(began.elapsed(), Duration::from_secs(4));
}

#[tokio::test(start_paused = true)]
async fn received_letters_are_hidden_until_the_deadline() {
    let aws = account();
    add_dead_letters(&aws, 1);
    redrive(&aws, json!({})).await.unwrap();
    let calls = aws.calls("ReceiveMessage");
    let hidden_for = |call: Option<&Call>| call.unwrap().input["VisibilityTimeout"].as_u64();
    assert_eq!(
        (hidden_for(calls.first()), hidden_for(calls.last())),
        (Some(900), Some(898))
    );
}

#[tokio::test(start_paused = true)]
async fn limit_is_kept_and_the_rest_visible() {
    for limit in [0, 1, 7, 10, 24] {
        let aws = account();
        aws.set_latency(|| Duration::from_millis(3));
        add_dead_letters(&aws, 25);
        let count = limit as u64;
        let dry = redrive(&aws, json!({"limit": limit})).await.unwrap();
        assert_eq!((number(&dry, "matched"), visible_dead_letters(&aws)), (count, 25));
        let summary = redrive(&aws, json!({"limit": limit, "dry_run": false}))
            .await
            .unwrap();
        assert_eq!(
            (number(&summary, "matched"), number(&summary, "redriven")),
            (count, count)
        );
        assert_eq!(summary["complete"], false);
        assert_eq!(
            summary["notes"],
            json!(["the limit was reached: there may be more: invoke it again to continue"])
        );
        assert_eq!(
            (on(&aws, QUEUE_URL).len(), visible_dead_letters(&aws)),
            (limit, 25 - limit)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn limit_above_the_count_completes() {
    let aws = account();
    add_dead_letters(&aws, 25);
    let summary = redrive(&aws, json!({"limit": 26, "dry_run": false}))
        .await
        .unwrap();
    assert_eq!(
        (number(&summary, "redriven"), &summary["complete"]),
        (25, &json!(true))
    );
}

#[tokio::test(start_paused = true)]
async fn sweep_ends_at_in_flight_limit() {
    let aws = account();
    let settings = QueueSettings {
        max_in_flight: 25,
        retention: 14 * DAY,
        ..QueueSettings::default()
    };
    aws.create_queue(DEAD_LETTER_QUEUE_URL, settings);
    add_dead_letters(&aws, 60);
    let dry = redrive(&aws, json!({})).await.unwrap();
    assert_eq!(
        numbers(&dry),
        Numbers {
            examined: 25,
            matched: 25,
            left: 25,
            ..ZERO
        }
    );
    assert_eq!(dry["complete"], false);
    assert_eq!(
        dry["notes"],
        json!(["no more messages can be in flight: there may be more dead letters than are counted here"])
    );
    assert_eq!(visible_dead_letters(&aws), 60);
    // Redriven letters are deleted, and no longer in flight: the limit is never reached.
    let summary = redrive(&aws, json!({"dry_run": false})).await.unwrap();
    assert_eq!(
        (number(&summary, "redriven"), &summary["complete"]),
        (60, &json!(true))
    );
}

#[tokio::test(start_paused = true)]
async fn held_letters_are_bounded() {
    let aws = account();
    add_dead_letters(&aws, 200);
    let mut handler = redrive_orders(&aws);
    handler.max_held = 100;
    let dry = invoke(&handler, json!({}), TIMEOUT).await.unwrap();
    assert!((100..=130).contains(&number(&dry, "examined")), "{dry}");
    assert_eq!(
        (&dry["complete"], visible_dead_letters(&aws)),
        (&json!(false), 200)
    );
    let summary = invoke(&handler, json!({"dry_run": false}), TIMEOUT)
        .await
        .unwrap();
    assert_eq!(
        (number(&summary, "redriven"), &summary["complete"]),
        (200, &json!(true))
    );
}

#[tokio::test(start_paused = true)]
async fn sweep_ends_in_time_and_another_continues() {
    let aws = account();
    // A call takes 200 ms, a receive with all that follows from it three calls.
    aws.set_latency(|| Duration::from_millis(100));
    add_dead_letters(&aws, 2_000);
    let (mut invocations, mut redriven) = (0, 0);
    let input = json!({"dry_run": false});
    loop {
        let began = Instant::now();
        let time = Duration::from_secs(10);
        let summary = invoke(&redrive_orders(&aws), input.clone(), time).await.unwrap();
        assert!(began.elapsed() < time);
        invocations += 1;
        redriven += number(&summary, "redriven");
        assert_eq!(visible_dead_letters(&aws) as u64, 2_000 - redriven);
        if summary["complete"] == true {
            break;
        }
        assert!(number(&summary, "redriven") > 0, "no progress: {summary}");
        assert_eq!(
            summary["notes"][0],
            "the function's time was nearly up: there may be more: invoke it again to continue"
        );
    }
    assert_eq!((redriven, on(&aws, QUEUE_URL).len()), (2_000, 2_000));
    assert!(invocations > 2, "{invocations}");
}

#[tokio::test(start_paused = true)]
async fn no_copy_starts_in_the_reserved_time() {
    let aws = account();
    aws.set_latency(|| Duration::from_millis(1_500));
    for _ in 0..40 {
        // Each is a call of its own.
        add_dead_letter(&aws, &"x".repeat(1_000_000), None);
    }
    let began = Instant::now();
    let calls = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let noted = calls.clone();
    aws.set_faults(move |call| {
        if call.action == "SendMessageBatch" {
            noted.lock().unwrap().push(began.elapsed().as_secs());
        }
        None
    });
    let time = Duration::from_secs(60);
    let summary = invoke(&redrive_orders(&aws), json!({"dry_run": false}), time)
        .await
        .unwrap();
    // A fifth of the minute is kept; a call that had been begun just before arrives one and a half seconds later.
    let last = calls.lock().unwrap().iter().max().copied();
    assert!((Some(40)..=Some(49)).contains(&last), "{calls:?}");
    let redriven = number(&summary, "redriven");
    assert_eq!(number(&summary, "failed"), 40 - redriven, "{summary}");
    assert_eq!(visible_dead_letters(&aws) as u64, 40 - redriven);
}
