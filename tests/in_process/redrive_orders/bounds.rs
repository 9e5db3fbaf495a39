//! Limits, deadlines, and when a queue is believed to be empty.

use integration_tests::aws::Call;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_queue_is_believed_to_be_empty_after_two_receives_that_waited() {
    let aws = account();
    let began = Instant::now();
    let summary = redrive(&aws, json!({})).await.unwrap();
    assert_eq!(numbers(&summary), [0; 8]);
    assert_eq!(summary["complete"], true);
    let calls = aws.calls("ReceiveMessage");
    let waited = |secs: u64| {
        calls
            .iter()
            .filter(|call| call.input["WaitTimeSeconds"] == secs)
            .count()
    };
    // Four at once, of which each waits, looks, and waits again.
    assert_eq!((calls.len(), waited(2), waited(0)), (12, 8, 4));
    assert_eq!(began.elapsed(), Duration::from_secs(4));
}

#[tokio::test(start_paused = true)]
async fn each_receive_hides_until_the_deadline_and_no_longer() {
    let aws = account();
    lay_down_many(&aws, 1);
    redrive(&aws, json!({})).await.unwrap();
    let calls = aws.calls("ReceiveMessage");
    let hidden_for = |call: Option<&Call>| call.unwrap().input["VisibilityTimeout"].as_u64();
    assert_eq!(
        (hidden_for(calls.first()), hidden_for(calls.last())),
        (Some(900), Some(898))
    );
}

#[tokio::test(start_paused = true)]
async fn a_limit_is_not_exceeded_and_the_rest_is_visible() {
    for limit in [0, 1, 7, 10, 24] {
        let aws = account();
        aws.set_latency(|| Duration::from_millis(3));
        lay_down_many(&aws, 25);
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
            json!(["its limit was reached: there may be more: invoke it again to go on"])
        );
        assert_eq!(
            (on(&aws, QUEUE_URL).len(), visible_dead_letters(&aws)),
            (limit, 25 - limit)
        );
    }
    let aws = account();
    lay_down_many(&aws, 25);
    let summary = redrive(&aws, json!({"limit": 26, "dry_run": false}))
        .await
        .unwrap();
    assert_eq!(
        (number(&summary, "redriven"), &summary["complete"]),
        (25, &json!(true))
    );
}

#[tokio::test(start_paused = true)]
async fn at_sqss_limit_of_messages_in_flight_it_ends_and_says_so() {
    let aws = account();
    let settings = QueueSettings {
        most_in_flight: 25,
        retention: 14 * DAY,
        ..QueueSettings::default()
    };
    aws.create_queue(DEAD_LETTER_QUEUE_URL, settings);
    lay_down_many(&aws, 60);
    let dry = redrive(&aws, json!({})).await.unwrap();
    assert_eq!(numbers(&dry), [25, 25, 0, 0, 25, 0, 0, 0]);
    assert_eq!(dry["complete"], false);
    assert_eq!(
        dry["notes"],
        json!(["so many were looked at as SQS can hide at a time: there may be more than are counted here"])
    );
    assert_eq!(visible_dead_letters(&aws), 60);
    // What is redriven is hidden no more: the limit is never reached.
    let summary = redrive(&aws, json!({"dry_run": false})).await.unwrap();
    assert_eq!(
        (number(&summary, "redriven"), &summary["complete"]),
        (60, &json!(true))
    );
}

#[tokio::test(start_paused = true)]
async fn it_holds_no_more_than_it_has_memory_for() {
    let aws = account();
    lay_down_many(&aws, 200);
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
async fn near_its_deadline_it_stops_gives_back_what_it_holds_and_another_one_goes_on() {
    let aws = account();
    // A call takes 200 ms, a receive with all that follows from it three calls.
    aws.set_latency(|| Duration::from_millis(100));
    lay_down_many(&aws, 2_000);
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
            "its time was nearly up: there may be more: invoke it again to go on"
        );
    }
    assert_eq!((redriven, on(&aws, QUEUE_URL).len()), (2_000, 2_000));
    assert!(invocations > 2, "{invocations}");
}

#[tokio::test(start_paused = true)]
async fn no_call_that_changes_something_begins_when_the_time_is_nearly_up() {
    let aws = account();
    aws.set_latency(|| Duration::from_millis(1_500));
    for _ in 0..40 {
        // Each is a call of its own.
        lay_down(&aws, &"x".repeat(1_000_000), None);
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
