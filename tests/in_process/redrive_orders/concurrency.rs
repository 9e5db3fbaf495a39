//! Other invocations at the same time, new arrivals, and redeliveries.

use super::*;

/// Rejects each redriven order again.
async fn reject_everything(aws: &Aws) {
    loop {
        tokio::time::sleep(Duration::from_millis(5)).await;
        let received = aws.queues(|queues| queues.receive(QUEUE_URL, 10, |_| 0));
        for message in received {
            add_dead_letter(aws, &message.body, Some("rejected_by_destination"));
            aws.queues(|queues| queues.delete(QUEUE_URL, &message.receipt_handle()))
                .unwrap();
        }
    }
}

/// Makes every third dead letter that is in flight visible again, up to three times.
async fn redeliver(aws: &Aws) {
    loop {
        tokio::time::sleep(Duration::from_millis(7)).await;
        aws.queues(|queues| {
            // Without a bound the same ones could be delivered for ever, and the rest never.
            let letters = queues.messages(DEAD_LETTER_QUEUE_URL);
            for letter in letters.iter().step_by(3).filter(|letter| letter.receives < 4) {
                // Those that are not in flight cannot be made visible.
                let _ =
                    queues.change_visibility(DEAD_LETTER_QUEUE_URL, &letter.receipt_handle(), Duration::ZERO);
            }
        });
    }
}

#[tokio::test(start_paused = true)]
async fn letter_rejected_again_is_left_to_another_sweep() {
    let aws = account();
    aws.set_latency(|| Duration::from_millis(10));
    add_dead_letters(&aws, 100);
    advance(Duration::from_secs(1)).await;
    let input = json!({"dry_run": false});
    let summary = tokio::select! {
        summary = redrive(&aws, input.clone()) => summary.unwrap(),
        () = reject_everything(&aws) => unreachable!(),
    };
    assert_eq!(
        numbers(&summary),
        Numbers {
            examined: 100,
            matched: 100,
            redriven: 100,
            ..ZERO
        }
    );
    assert_eq!(summary["complete"], true);
    assert_eq!(visible_dead_letters(&aws), 100);
    let letters = on(&aws, DEAD_LETTER_QUEUE_URL);
    assert!(
        letters
            .iter()
            .all(|letter| letter.attributes["reason"] == "rejected_by_destination")
    );
    // Another invocation takes them.
    advance(Duration::from_secs(1)).await;
    assert_eq!(number(&redrive(&aws, input).await.unwrap(), "redriven"), 100);
    assert_eq!(visible_dead_letters(&aws), 0);
}

#[tokio::test(start_paused = true)]
async fn sweep_ends_while_new_letters_keep_arriving() {
    let aws = account();
    add_dead_letters(&aws, 100);
    let outage = async {
        for id in 100.. {
            tokio::time::sleep(Duration::from_millis(50)).await;
            add_dead_letter(&aws, &body(id), None);
        }
    };
    let began = Instant::now();
    let summary = tokio::select! {
        summary = redrive(&aws, json!({})) => summary.unwrap(),
        () = outage => unreachable!(),
    };
    assert_eq!(
        numbers(&summary),
        Numbers {
            examined: 100,
            matched: 100,
            left: 100,
            ..ZERO
        }
    );
    assert_eq!(
        (&summary["complete"], &summary["notes"]),
        (
            &json!(false),
            &json!(["new dead letters keep arriving: there may be more dead letters than are counted here"])
        )
    );
    assert!((10..15).contains(&began.elapsed().as_secs()));
    assert!(visible_dead_letters(&aws) >= 300);
}

#[tokio::test(start_paused = true)]
async fn two_sweeps_at_once_redrive_nothing_twice() {
    let aws = account();
    let mut latency = fastrand::Rng::with_seed(1);
    aws.set_latency(move || Duration::from_millis(latency.u64(..30)));
    add_dead_letters(&aws, 500);
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

#[tokio::test(start_paused = true)]
async fn redelivered_letter_is_counted_once() {
    for dry_run in [true, false] {
        let aws = account();
        let mut latency = fastrand::Rng::with_seed(1);
        aws.set_latency(move || Duration::from_millis(latency.u64(..40)));
        add_dead_letters(&aws, 100);
        let summary = tokio::select! {
            summary = redrive(&aws, json!({"dry_run": dry_run})) => summary.unwrap(),
            () = redeliver(&aws) => unreachable!(),
        };
        let redriven = if dry_run { 0 } else { 100 };
        let expected = Numbers {
            examined: 100,
            matched: 100,
            redriven,
            left: 100 - redriven,
            ..ZERO
        };
        let actual = Numbers {
            failed: 0,
            undeleted: 0,
            hidden: 0,
            ..numbers(&summary)
        };
        assert_eq!(actual, expected, "{summary}");
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
