//! Limits, deadlines, what comes meanwhile, and others at work at the same time.

use integration_tests::aws::Call;

use super::*;

/// What a redriven order comes to that is refused again.
async fn refuse_everything(aws: &Aws) {
    loop {
        tokio::time::sleep(Duration::from_millis(5)).await;
        let received = aws.queues(|queues| queues.receive(QUEUE_URL, 10, |_| 0));
        for message in received {
            lay_down(aws, &message.body, Some("refused_by_destination"));
            aws.queues(|queues| queues.delete(QUEUE_URL, &message.receipt_handle()))
                .unwrap();
        }
    }
}

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
async fn what_becomes_a_dead_letter_again_meanwhile_does_not_go_round_in_circles() {
    let aws = account();
    aws.set_latency(|| Duration::from_millis(10));
    lay_down_many(&aws, 100);
    advance(Duration::from_secs(1)).await;
    let input = json!({"dry_run": false});
    let summary = tokio::select! {
        summary = redrive(&aws, input.clone()) => summary.unwrap(),
        () = refuse_everything(&aws) => unreachable!(),
    };
    assert_eq!(numbers(&summary), [100, 100, 100, 0, 0, 0, 0, 0]);
    assert_eq!(summary["complete"], true);
    assert_eq!(visible_dead_letters(&aws), 100);
    let letters = on(&aws, DEAD_LETTER_QUEUE_URL);
    assert!(
        letters
            .iter()
            .all(|letter| letter.attributes["reason"] == "refused_by_destination")
    );
    // Another invocation takes them.
    advance(Duration::from_secs(1)).await;
    assert_eq!(number(&redrive(&aws, input).await.unwrap(), "redriven"), 100);
    assert_eq!(visible_dead_letters(&aws), 0);
}

#[tokio::test(start_paused = true)]
async fn while_new_dead_letters_keep_coming_it_ends_and_says_so() {
    let aws = account();
    lay_down_many(&aws, 100);
    let outage = async {
        for id in 100.. {
            tokio::time::sleep(Duration::from_millis(50)).await;
            lay_down(&aws, &body(id), None);
        }
    };
    let began = Instant::now();
    let summary = tokio::select! {
        summary = redrive(&aws, json!({})) => summary.unwrap(),
        () = outage => unreachable!(),
    };
    assert_eq!(numbers(&summary), [100, 100, 0, 0, 100, 0, 0, 0]);
    assert_eq!(
        (&summary["complete"], &summary["notes"]),
        (
            &json!(false),
            &json!(["new dead letters keep coming: there may be more than are counted here"])
        )
    );
    assert!((10..15).contains(&began.elapsed().as_secs()));
    assert!(visible_dead_letters(&aws) >= 300);
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
    handler.most_held = 100;
    let dry = invoke(&handler, &aws, json!({}), TIMEOUT).await.unwrap();
    assert!((100..=130).contains(&number(&dry, "examined")), "{dry}");
    assert_eq!(
        (&dry["complete"], visible_dead_letters(&aws)),
        (&json!(false), 200)
    );
    let summary = invoke(&handler, &aws, json!({"dry_run": false}), TIMEOUT)
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
        let summary = invoke(&redrive_orders(&aws), &aws, input.clone(), time)
            .await
            .unwrap();
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
async fn two_at_once_share_the_work_and_redrive_nothing_twice() {
    let aws = account();
    let mut latency = fastrand::Rng::with_seed(1);
    aws.set_latency(move || Duration::from_millis(latency.u64(..30)));
    lay_down_many(&aws, 500);
    let input = json!({"dry_run": false});
    let (one, other) = tokio::join!(redrive(&aws, input.clone()), redrive(&aws, input));
    let (one, other) = (
        number(&one.unwrap(), "redriven"),
        number(&other.unwrap(), "redriven"),
    );
    assert!(one > 0 && other > 0 && one + other == 500, "{one} {other}");
    let mut all: Vec<String> = (0..500).map(body).collect();
    all.sort();
    assert_eq!(bodies(&aws, QUEUE_URL), all);
    assert_eq!(visible_dead_letters(&aws), 0);
}

/// Makes every third dead letter that is in flight visible again, again and again.
async fn deliver_again(aws: &Aws) {
    loop {
        tokio::time::sleep(Duration::from_millis(7)).await;
        aws.queues(|queues| {
            for letter in queues.messages(DEAD_LETTER_QUEUE_URL).iter().step_by(3) {
                // Those that are not in flight cannot be made visible.
                let _ = queues.hide(DEAD_LETTER_QUEUE_URL, &letter.receipt_handle(), Duration::ZERO);
            }
        });
    }
}

#[tokio::test(start_paused = true)]
async fn what_sqs_delivers_again_is_counted_once_and_visible_in_the_end() {
    for dry_run in [true, false] {
        let aws = account();
        let mut latency = fastrand::Rng::with_seed(1);
        aws.set_latency(move || Duration::from_millis(latency.u64(..40)));
        lay_down_many(&aws, 100);
        let summary = tokio::select! {
            summary = redrive(&aws, json!({"dry_run": dry_run})) => summary.unwrap(),
            () = deliver_again(&aws) => unreachable!(),
        };
        let redriven = if dry_run { 0 } else { 100 };
        assert_eq!(
            numbers(&summary)[..5],
            [100, 100, redriven, 0, 100 - redriven],
            "{summary}"
        );
        let letters = on(&aws, DEAD_LETTER_QUEUE_URL);
        assert!(
            letters.iter().any(|letter| letter.receives > 1),
            "nothing was delivered again"
        );
        // A delete by a receipt that is not the last one does nothing.
        let left = visible_dead_letters(&aws);
        assert!(left == 100 || !dry_run && left > 0, "{left}");
        assert_eq!(on(&aws, QUEUE_URL).len() as u64, redriven);
    }
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
    let summary = invoke(&redrive_orders(&aws), &aws, json!({"dry_run": false}), time)
        .await
        .unwrap();
    // A fifth of the minute is kept; a call that had been begun just before arrives one and a half seconds later.
    let last = calls.lock().unwrap().iter().max().copied();
    assert!((Some(40)..=Some(49)).contains(&last), "{calls:?}");
    let redriven = number(&summary, "redriven");
    assert_eq!(number(&summary, "failed"), 40 - redriven, "{summary}");
    assert_eq!(visible_dead_letters(&aws) as u64, 40 - redriven);
}
